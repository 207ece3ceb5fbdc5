"""Hessians, and products with them, by differentiating forward what reverse mode gives."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from .._op import strong
from .._plain import plain
from .._types import PyTree
from ._arguments import Argnames, Argnums, Choice, choose, require_callable, select
from ._chunks import in_chunks
from ._dense import Blocks, by_columns, by_rows, require_chunk, size, slope, split, unit
from ._factored import chosen_inputs, vectors_like
from ._outputs import Traced, as_raised, lacks_derivative, require_scalar, split_aux
from ._propagation import columns

__all__ = ["hessian", "hvp", "value_grad_and_hessian", "vhp"]

Function: TypeAlias = Callable[..., Any]


@plain
def hessian(
    func: Function,
    argnums: Argnums = None,
    has_aux: bool = False,
    *,
    argnames: Argnames = None,
    chunk_size: int | None = None,
    holomorphic: bool = False,
) -> Function:
    r"""The function that computes second derivatives: $H_{ij} = \partial^2 f / \partial x_i \partial x_j$.

    The gradient is linearized once, and its derivative applied to all unit vectors: the cheapest order for scalar
    functions.

    Args:
        func: a function whose output is floating, usually a scalar.
        argnums: the argument to differentiate by position, or a sequence of them; the first by default.
        has_aux: `func` returns ``(output, aux)``; aux is handed through.
        argnames: the same by name, path or pattern; see ``grad``.
        chunk_size: how many columns are computed together; by default all.
        holomorphic: `func` is holomorphic; see ``jacobian``.

    Returns:
        A function of the same arguments. Its result has the structure of the output, in it that of what was selected,
        and in it the same again; each leaf has the shape output.shape + input.shape + input.shape. With `has_aux` it
        is the pair (hessian, aux).

    Raises:
        DtypeError: what is selected has no floating leaf, or a leaf of the output is not floating.
        ArgumentError: there is no such argument or path, or `chunk_size` is not positive.

    >>> fg.hessian(lambda x: x[0] ** 2 * x[1])(fg.tensor([1.0, 2.0]))
    Array([[4., 2.],
           [2., 0.]], dtype=float32)

    Source: ``torch.func.hessian``.
    """
    require_callable("hessian", func)
    require_chunk("hessian", chunk_size)
    selection = select("hessian", argnums, argnames)

    @functools.wraps(func)
    def second_derivatives(*args: Any, **kwargs: Any) -> Any:
        choice = choose(selection, func, args, kwargs, "complex" if holomorphic else "real")
        traced = Traced(choice, has_aux, holomorphic)

        def first(leaves: Sequence[jax.Array]) -> tuple[list[jax.Array], Any]:
            blocks, arrays = _first(traced, leaves)
            return [block for row in blocks for block in row], arrays

        with as_raised():
            _, flat, arrays = _linearized(first, choice.leaves, chunk_size)
        n = len(choice.leaves)
        rows = [_matrix(choice, flat[i : i + n]) for i in range(0, len(flat), n)]
        result, aux = traced.output(rows, arrays)
        return (result, aux) if has_aux else result

    return second_derivatives


@plain
def value_grad_and_hessian(
    func: Function,
    argnums: Argnums = None,
    has_aux: bool = False,
    *,
    argnames: Argnames = None,
    chunk_size: int | None = None,
) -> Function:
    r"""The function that computes `func`, its gradient and its Hessian at once: $(f, \nabla f, \nabla^2 f)$.

    Args:
        func: a function that returns a real floating scalar (or a pair, with `has_aux`).
        argnums: the argument to differentiate by position, or a sequence of them; the first by default.
        has_aux: `func` returns ``(output, aux)``; aux is handed through.
        argnames: the same by name, path or pattern; see ``grad``.
        chunk_size: how many columns of the Hessian are computed together; by default all.

    Returns:
        A function that returns (value, gradient, hessian), or with `has_aux` ((value, aux), gradient, hessian). The
        gradient is as in ``grad``, the Hessian as in ``hessian``.

    Raises:
        DtypeError: what is selected has no floating leaf, or the output is not floating.
        ShapeError: the output is not a scalar.
        ArgumentError: there is no such argument or path, or `chunk_size` is not positive.

    >>> value, gradient, hessian = fg.value_grad_and_hessian(lambda x: x[0] ** 2 * x[1])(fg.tensor([1.0, 2.0]))
    >>> value, gradient
    (Array(2., dtype=float32), Array([4., 1.], dtype=float32))
    >>> hessian
    Array([[4., 2.],
           [2., 0.]], dtype=float32)

    Source: ``torch.func.grad_and_value`` and ``torch.func.hessian`` in one pass.
    """
    name = "value_grad_and_hessian"
    require_callable(name, func)
    require_chunk(name, chunk_size)
    selection = select(name, argnums, argnames)

    @functools.wraps(func)
    def all_three(*args: Any, **kwargs: Any) -> Any:
        choice = choose(selection, func, args, kwargs)
        with as_raised():
            gradients, flat, (value, aux) = _linearized(_gradient(choice, has_aux), choice.leaves, chunk_size)
        gradient = choice.assemble([strong(g) for g in gradients])
        value = strong(value)
        return (value, aux) if has_aux else value, gradient, _matrix(choice, flat)

    return all_three


@plain
def hvp(
    func: Function,
    inputs: PyTree,
    v: PyTree = None,
    *,
    has_aux: bool = False,
    argnums: Argnums = None,
    argnames: Argnames = None,
    batched: bool = False,
    chunk_size: int | None = None,
) -> tuple[Any, ...]:
    r"""The value of `func`, and the product of its Hessian with a vector: $H v$.

    One derivative forward of the gradient; no Hessian is formed.

    Args:
        func: a function of `inputs` that returns a real floating scalar.
        inputs: where to differentiate: a tuple of arguments, or the only argument.
        v: the direction, with the structure, shapes and dtypes of what is differentiated: a tuple where `inputs` is
            one, None at leaves that are not floating. It may be left out where that is a single number.
        has_aux: `func` returns ``(output, aux)``; aux is handed through.
        argnums: which of `inputs` to differentiate; all by default.
        argnames: the same by name, path or pattern; see ``grad``.
        batched: each leaf of `v` is a stack of directions, one for each entry of its first dimension, and so is the
            product; the gradient is linearized once for all of them.
        chunk_size: how many directions are multiplied together where `batched`; by default all.

    Returns:
        (value, product), or with `has_aux` (value, product, aux). The product is like `v`.

    Raises:
        DtypeError: what is differentiated has no floating leaf, or the output is not floating.
        ShapeError: the output is not a scalar, or `v` does not have the shape of what is differentiated.
        ArgumentError: `v` is left out where there is more than one number.

    >>> x = fg.tensor([1.0, 2.0])
    >>> fg.hvp(lambda x: x[0] ** 2 * x[1], x, fg.tensor([1.0, 0.0]))
    (Array(2., dtype=float32), Array([4., 2.], dtype=float32))
    >>> fg.hvp(lambda x: x[0] ** 2 * x[1], x, fg.eye(2), batched=True)[1]
    Array([[4., 2.],
           [2., 0.]], dtype=float32)

    Source: ``torch.autograd.functional.hvp``.
    """
    return _product("hvp", func, inputs, v, (_pushed, _pulled), has_aux, argnums, argnames, batched, chunk_size)


@plain
def vhp(
    func: Function,
    inputs: PyTree,
    v: PyTree = None,
    *,
    has_aux: bool = False,
    argnums: Argnums = None,
    argnames: Argnames = None,
    batched: bool = False,
    chunk_size: int | None = None,
) -> tuple[Any, ...]:
    r"""The value of `func`, and the product of a vector with its Hessian: $v^T H$.

    It differentiates the gradient in reverse. A Hessian is symmetric, so that the result is that of ``hvp``, which is
    faster. Each of the two takes the mode of the other where its own does not exist.

    Args:
        func: a function of `inputs` that returns a real floating scalar.
        inputs: where to differentiate: a tuple of arguments, or the only argument.
        v: the vector, with the structure, shapes and dtypes of what is differentiated; see ``hvp``.
        has_aux: `func` returns ``(output, aux)``; aux is handed through.
        argnums: which of `inputs` to differentiate; all by default.
        argnames: the same by name, path or pattern; see ``grad``.
        batched: each leaf of `v` is a stack of vectors; see ``hvp``.
        chunk_size: how many vectors are multiplied together where `batched`; by default all.

    Returns:
        (value, product), or with `has_aux` (value, product, aux). The product is like `v`.

    Raises:
        DtypeError: what is differentiated has no floating leaf, or the output is not floating.
        ShapeError: the output is not a scalar, or `v` does not have the shape of what is differentiated.
        ArgumentError: `v` is left out where there is more than one number.

    >>> fg.vhp(lambda x, y: x**2 * y, (1.0, 2.0), (1.0, 0.0))
    (Array(2., dtype=float32), (Array(4., dtype=float32), Array(2., dtype=float32)))

    Source: ``torch.autograd.functional.vhp``.
    """
    return _product("vhp", func, inputs, v, (_pulled, _pushed), has_aux, argnums, argnames, batched, chunk_size)


def _product(
    name: str,
    func: Function,
    inputs: PyTree,
    v: PyTree,
    ways: tuple[Function, Function],
    has_aux: bool,
    argnums: Argnums,
    argnames: Argnames,
    batched: bool,
    chunk_size: int | None,
) -> tuple[Any, ...]:
    require_chunk(name, chunk_size)
    choice = chosen_inputs(name, func, inputs, argnums, argnames)
    vectors = vectors_like(name, choice, v, batched)
    with as_raised():
        given = _gradient(choice, has_aux), choice.leaves, vectors, batched, chunk_size
        try:
            products, (value, aux) = ways[0](*given)
        except Exception as error:  # a Hessian is symmetric: the other mode gives the same
            if not lacks_derivative(error):
                raise
            try:
                products, (value, aux) = ways[1](*given)
            except Exception:
                raise error from None
    result = choice.assemble([strong(p) for p in products])
    return (strong(value), result, aux) if has_aux else (strong(value), result)


def _pushed(gradient: Any, x: list[jax.Array], v: list[jax.Array], batched: bool, chunk_size: int | None) -> Any:
    """The derivative of a gradient along `v`, and what else it gives."""
    if not batched:
        _, products, rest = jax.jvp(gradient, (x,), (v,), has_aux=True)
        return products, rest
    _, push, rest = jax.linearize(gradient, x, has_aux=True)
    return in_chunks(push, v, v[0].shape[0], chunk_size), rest


def _pulled(gradient: Any, x: list[jax.Array], v: list[jax.Array], batched: bool, chunk_size: int | None) -> Any:
    """The same in reverse mode."""
    _, pull, rest = jax.vjp(gradient, x, has_aux=True)
    if not batched:
        return pull(v)[0], rest
    return in_chunks(lambda one: pull(one)[0], v, v[0].shape[0], chunk_size), rest


def _gradient(choice: Choice, has_aux: bool) -> Callable[[list[jax.Array]], tuple[list[jax.Array], Any]]:
    """From leaves to the gradient at them, and apart (value, aux)."""
    name = choice.selection.name

    def scalar(leaves: list[jax.Array]) -> tuple[jax.Array, Any]:
        output, aux = split_aux(name, choice.call(leaves), has_aux)
        return require_scalar(name, output, False), aux

    def gradient(leaves: list[jax.Array]) -> tuple[list[jax.Array], Any]:
        gradients, value, aux = slope(scalar, leaves)
        return gradients, (value, aux)

    return gradient


def _first(traced: Traced, leaves: Sequence[jax.Array]) -> tuple[Blocks, Any]:
    """The Jacobian by rows, or by columns where there is no reverse derivative, as through a while_loop."""
    try:
        return _rows(traced, leaves)
    except Exception as error:
        if not lacks_derivative(error):
            raise
        try:
            return by_columns(traced, list(leaves), None)
        except Exception:
            raise error from None


def _rows(traced: Traced, leaves: Sequence[jax.Array]) -> tuple[Blocks, Any]:
    """The Jacobian by rows; a single row is pulled back as it is."""
    y, pull, rest = jax.vjp(traced, leaves, has_aux=True)
    if size(y) != 1:
        return by_rows(traced, leaves, None)
    (own,) = [i for i, leaf in enumerate(y) if leaf.size]
    gradients = pull([jnp.ones_like(leaf) for leaf in y])[0]
    return [
        [
            g.reshape(*leaf.shape, *g.shape) if i == own else jnp.zeros((*leaf.shape, *g.shape), g.dtype)
            for g in gradients
        ]
        for i, leaf in enumerate(y)
    ], rest


def _linearized(first: Any, x: Sequence[jax.Array], chunk_size: int | None) -> tuple[Any, Blocks, Any]:
    """The results of `first`, its derivative by columns in blocks, and what else it gives.

    It is linearized once, so that what does not depend on the column is computed once.
    """
    try:
        results, push, rest = jax.linearize(first, x, has_aux=True)
        count = size(x)
        if chunk_size is None or chunk_size >= count:
            stacked = columns(push, x)
        else:
            stacked = in_chunks(lambda index: push(unit(x, index)), jax.lax.iota(np.int32, count), count, chunk_size)
    except Exception as error:  # a gradient that holds a custom_vjp has no forward derivative
        if not lacks_derivative(error):
            raise
        try:
            blocks, (results, rest) = by_rows(lambda leaves: _kept(*first(leaves)), list(x), chunk_size)
        except Exception:
            raise error from None
        return results, blocks, rest
    lines = [jnp.moveaxis(line, 0, -1) for line in stacked]
    return results, [split(line, x, line.ndim - 1) for line in lines], rest


def _kept(results: list[jax.Array], rest: Any) -> tuple[list[jax.Array], Any]:
    """The results once more, beside what else there is."""
    return results, (results, rest)


def _matrix(choice: Choice, blocks: Sequence[Sequence[jax.Array]]) -> Any:
    """Blocks for each pair of leaves, in the structure selected and in it the same again."""
    return choice.assemble([choice.assemble(row) for row in blocks])

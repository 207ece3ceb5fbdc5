"""Sums of second derivatives without the matrix: the Laplacian, the diagonal of the Hessian, the divergence."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from .._checks import fail
from .._errors import ShapeError
from .._op import strong
from .._plain import plain
from ._arguments import Argnames, Argnums, choose, require_callable, select
from ._chunks import in_chunks
from ._dense import Leaves, by_rows, require_chunk, size, split, unit
from ._outputs import Traced, as_raised, lacks_derivative
from ._propagation import NoForwardRule, lacks_forward, laplacians

__all__ = ["divergence", "hessian_diagonal", "laplacian"]

Function: TypeAlias = Callable[..., Any]


@plain
def laplacian(
    func: Function,
    argnums: Argnums = None,
    has_aux: bool = False,
    *,
    argnames: Argnames = None,
    chunk_size: int | None = None,
) -> Function:
    r"""The function that computes the Laplacian of `func`: $\Delta f = \sum_i \partial^2 f / \partial x_i^2$.

    One pass forward carries values, first derivatives and the Laplacian together; no Hessian is formed, and where
    everything goes through a narrow layer, only the directions of that layer are carried on. The result is exact.
    What is selected is one point; for a batch of points map it: ``fg.vmap(fg.laplacian(f))``.

    Args:
        func: a function whose output is floating; usually a scalar.
        argnums: the argument to differentiate by position, or a sequence of them; the first by default.
        has_aux: `func` returns ``(output, aux)``; aux is handed through.
        argnames: the same by name, path or pattern; see ``grad``.
        chunk_size: how many directions are carried together, one chunk after the other; by default all. It bounds the
            memory and costs time: leave it out where the memory suffices.

    Returns:
        A function of the same arguments. Its result has the structure and shapes of the output: the Laplacian of each
        element, over all floating leaves of what was selected. With `has_aux` it is the pair (laplacian, aux).

    Raises:
        DtypeError: what is selected has no floating leaf, or a leaf of the output is not floating.
        ArgumentError: there is no such argument or path, or `chunk_size` is not positive.

    >>> fg.laplacian(lambda x: (x**3).sum())(fg.arange(4.0))
    Array(36., dtype=float32)
    >>> wave = lambda x, t: fg.sin(x) * fg.sin(t)
    >>> fg.vmap(fg.laplacian(wave, argnums=(0, 1)))(fg.zeros(2), fg.zeros(2))
    Array([0., 0.], dtype=float32)

    Source: Li et al., Forward Laplacian: a new computational framework for neural network wavefunctions, 2023.
    """
    require_callable("laplacian", func)
    require_chunk("laplacian", chunk_size)
    selection = select("laplacian", argnums, argnames)

    @functools.wraps(func)
    def sum_of_second_derivatives(*args: Any, **kwargs: Any) -> Any:
        choice = choose(selection, func, args, kwargs)
        traced = Traced(choice, has_aux, False)
        with as_raised():
            try:
                found, arrays = laplacians(traced, choice.leaves, chunk_size)
            except Exception as error:
                if not isinstance(error, NoForwardRule) and not lacks_derivative(error):
                    raise
                # Python control flow on values cannot be traced, a custom_vjp not be carried forward.
                lines, arrays = _second_derivatives(traced, choice.leaves, chunk_size)
                found = [line.sum(-1) for line in lines]
        result, aux = traced.output(found, arrays)
        return (result, aux) if has_aux else result

    return sum_of_second_derivatives


@plain
def hessian_diagonal(
    func: Function,
    argnums: Argnums = None,
    has_aux: bool = False,
    *,
    argnames: Argnames = None,
    chunk_size: int | None = None,
) -> Function:
    r"""The function that computes the diagonal of the Hessian: $h_i = \partial^2 f / \partial x_i^2$.

    It is exact and takes two forward derivatives along each axis, all of them together or in chunks. For a few
    products with random vectors instead see ``estimate_diagonal``.

    Args:
        func: a function whose output is floating; usually a scalar.
        argnums: the argument to differentiate by position, or a sequence of them; the first by default.
        has_aux: `func` returns ``(output, aux)``; aux is handed through.
        argnames: the same by name, path or pattern; see ``grad``.
        chunk_size: how many axes are computed together, one chunk after the other; by default all.

    Returns:
        A function of the same arguments. Its result has the structure of the output, and in the place of each output
        leaf that of what was selected; each leaf has the shape output.shape + input.shape, as in ``jacobian``: for a
        scalar function that of the input. With `has_aux` it is the pair (diagonal, aux).

    Raises:
        DtypeError: what is selected has no floating leaf, or a leaf of the output is not floating.
        ArgumentError: there is no such argument or path, or `chunk_size` is not positive.

    >>> fg.hessian_diagonal(lambda x: (x**3).sum() + x[0] * x[1])(fg.arange(3.0))
    Array([ 0.,  6., 12.], dtype=float32)

    Source: the diagonal of ``torch.func.hessian``.
    """
    require_callable("hessian_diagonal", func)
    require_chunk("hessian_diagonal", chunk_size)
    selection = select("hessian_diagonal", argnums, argnames)

    @functools.wraps(func)
    def diagonal(*args: Any, **kwargs: Any) -> Any:
        choice = choose(selection, func, args, kwargs)
        traced = Traced(choice, has_aux, False)
        with as_raised():
            lines, arrays = _second_derivatives(traced, choice.leaves, chunk_size)
        blocks = [choice.assemble(split(line, choice.leaves, line.ndim - 1)) for line in lines]
        result, aux = traced.output(blocks, arrays)
        return (result, aux) if has_aux else result

    return diagonal


@plain
def divergence(
    func: Function,
    argnums: Argnums = None,
    has_aux: bool = False,
    *,
    argnames: Argnames = None,
    chunk_size: int | None = None,
) -> Function:
    r"""The function that computes the divergence of a field: $\nabla \cdot f = \sum_i \partial f_i / \partial x_i$.

    It is the trace of the Jacobian, exact, of which one chunk of columns at a time is computed and only the diagonal
    kept. For a few products with random vectors instead see ``estimate_trace``.

    Args:
        func: a function whose output has the shapes of what is selected, leaf by leaf.
        argnums: the argument to differentiate by position, or a sequence of them; the first by default.
        has_aux: `func` returns ``(output, aux)``; aux is handed through.
        argnames: the same by name, path or pattern; see ``grad``.
        chunk_size: how many columns are computed together, one chunk after the other; by default all.

    Returns:
        A function of the same arguments that returns a 0-d array, or with `has_aux` the pair (divergence, aux).

    Raises:
        ShapeError: the output does not have the shapes of what is selected.
        DtypeError: what is selected has no floating leaf, or a leaf of the output is not floating.
        ArgumentError: there is no such argument or path, or `chunk_size` is not positive.

    >>> fg.divergence(lambda x: x**2)(fg.arange(3.0))
    Array(6., dtype=float32)

    Source: vector calculus; the trace of ``torch.func.jacfwd``.
    """
    require_callable("divergence", func)
    require_chunk("divergence", chunk_size)
    selection = select("divergence", argnums, argnames)

    @functools.wraps(func)
    def trace(*args: Any, **kwargs: Any) -> Any:
        choice = choose(selection, func, args, kwargs)
        traced = Traced(choice, has_aux, False)
        x = choice.leaves

        def field(leaves: Sequence[jax.Array]) -> tuple[list[jax.Array], Any]:
            outputs, rest = traced(leaves)
            if [y.shape for y in outputs] != [leaf.shape for leaf in x]:
                fail(
                    ShapeError,
                    "divergence",
                    "the output must have the shapes of what is selected",
                    f"got {_shapes(outputs)} for {_shapes(x)}",
                    "select the argument that the field is a function of",
                )
            return outputs, rest

        with as_raised():
            found, arrays = _trace_of_jacobian(field, x, chunk_size)
        # The trace is one number whatever the output's structure; aux goes together as for any output.
        _, aux = traced.output([found] * sum(traced.floating), arrays)
        return (found, aux) if has_aux else found

    return trace


def _shapes(leaves: Sequence[Any]) -> str:
    shapes = [str(tuple(leaf.shape)) for leaf in leaves]
    return shapes[0] if len(shapes) == 1 else f"[{', '.join(shapes)}]"


def _trace_of_jacobian(f: Leaves, x: Sequence[jax.Array], chunk_size: int | None) -> tuple[jax.Array, Any]:
    def picked(vectors: Sequence[jax.Array], index: jax.Array) -> jax.Array:
        parts = [jnp.vdot(u.astype(v.dtype), v) for u, v in zip(unit(x, index), vectors, strict=True)]
        return jnp.asarray(functools.reduce(jnp.add, parts))

    numbers = jax.lax.iota(np.int32, size(x))

    def summed(product: Callable[[list[jax.Array]], Sequence[jax.Array]]) -> jax.Array:
        each = in_chunks(lambda index: picked(product(unit(x, index)), index), numbers, numbers.size, chunk_size)
        return strong(each.sum())

    if not lacks_forward(f, x):
        try:
            _, push, rest = jax.linearize(f, x, has_aux=True)
            return summed(push), rest
        except Exception as error:
            if not lacks_derivative(error):
                raise
    _, pull, rest = jax.vjp(f, x, has_aux=True)
    return summed(lambda u: pull(u)[0]), rest


def _second_derivatives(f: Leaves, x: Sequence[jax.Array], chunk_size: int | None) -> tuple[list[jax.Array], Any]:
    """For each output its second derivatives along all axes, in a last dimension."""
    if lacks_forward(f, x):
        return _forward_over_reverse(f, x, chunk_size)
    try:
        return _forward_over_forward(f, x, chunk_size)
    except Exception as error:
        if not lacks_derivative(error):
            raise
        try:
            return _forward_over_reverse(f, x, chunk_size)
        except Exception:
            raise error from None


def _forward_over_forward(f: Leaves, x: Sequence[jax.Array], chunk_size: int | None) -> tuple[list[jax.Array], Any]:
    numbers = jax.lax.iota(np.int32, size(x))

    def along(index: jax.Array) -> tuple[list[jax.Array], Any]:
        axis = unit(x, index)

        def first(leaves: Sequence[jax.Array]) -> tuple[list[jax.Array], Any]:
            _, slopes, rest = jax.jvp(f, (leaves,), (axis,), has_aux=True)
            return slopes, rest

        _, bends, rest = jax.jvp(first, (x,), (axis,), has_aux=True)
        return bends, rest

    if chunk_size is None or chunk_size >= numbers.size:
        return jax.vmap(along, out_axes=(-1, None))(numbers)
    stacked = in_chunks(lambda index: along(index)[0], numbers, numbers.size, chunk_size)
    return [jnp.moveaxis(lines, 0, -1) for lines in stacked], f(x)[1]


def _forward_over_reverse(f: Leaves, x: Sequence[jax.Array], chunk_size: int | None) -> tuple[list[jax.Array], Any]:
    def rows(leaves: Sequence[jax.Array]) -> tuple[Any, Any]:
        return by_rows(f, leaves, None)

    _, push, rest = jax.linearize(rows, x, has_aux=True)

    def along(index: jax.Array) -> list[jax.Array]:
        axis = unit(x, index)
        return [
            functools.reduce(jnp.add, [jnp.tensordot(j, u, u.ndim) for j, u in zip(row, axis, strict=True)])
            for row in push(axis)
        ]

    numbers = jax.lax.iota(np.int32, size(x))
    stacked = in_chunks(along, numbers, numbers.size, chunk_size)
    return [jnp.moveaxis(lines, 0, -1) for lines in stacked], rest

"""Gradients, and the products with a Jacobian that they are made of."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from .._checks import describe, fail
from .._errors import ArgumentError, ArgumentTypeError
from .._op import strong
from .._plain import plain
from .._types import PyTree
from ._arguments import Argnames, Argnums, Selection, choose, flatten, inexact_dtype, require_callable, select
from ._outputs import Traced, as_raised, require_scalar, split_aux
from ._vectors import cotangent_leaves, tangent_leaves

__all__ = [
    "detach",
    "grad",
    "grad_and_value",
    "jvp",
    "linearize",
    "stop_gradient",
    "value_and_grad",
    "vjp",
]

Function = Callable[..., Any]


@plain
def grad(
    func: Function,
    argnums: Argnums = None,
    has_aux: bool = False,
    *,
    argnames: Argnames = None,
    holomorphic: bool = False,
) -> Function:
    r"""The function that computes the gradient of `func`: $x \mapsto \nabla f(x)$.

    What is selected is differentiated and nothing else; the rest of the call is constant. Nothing is stored anywhere:
    where torch adds to ``x.grad``, the gradient is what the new function returns.

    Args:
        func: a function that returns a real floating scalar (or a pair, with `has_aux`). Its arguments may be given by
            position or by keyword.
        argnums: the argument to differentiate by position, or a sequence of them; the first by default.
        has_aux: `func` returns ``(output, aux)``; aux is handed through.
        argnames: the same by name, instead of `argnums`. A name is a whole argument. A dotted path,
            ``"params.encoder.w"``, is a part of one, and the gradient has its structure. A pattern with ``*`` (any
            characters, dots too), ``"params.encoder.*"``, gives the structure of the whole argument with None at what
            it leaves out. A sequence gives a tuple in its order.
        holomorphic: `func` is holomorphic: arguments and output are complex, and the result is the complex derivative.

    Returns:
        A function of the same arguments. Its result has the structure, shapes and dtypes of what was selected, with
        None at leaves that are not floating; with `has_aux` it is the pair (gradient, aux).

    Raises:
        DtypeError: what is selected has no floating leaf, or the output is not floating.
        ShapeError: the output is not a scalar.
        ArgumentError: there is no such argument or path.

    >>> fg.grad(lambda x: 2 * x @ x)(fg.arange(4.0))
    Array([ 0.,  4.,  8., 12.], dtype=float32)
    >>> loss = lambda params, x: (params["w"] * x + params["b"]) ** 2
    >>> fg.grad(loss, argnames="params.w")({"w": 2.0, "b": 1.0}, 3.0)
    Array(42., dtype=float32)
    >>> fg.grad(loss, argnames="params.w*")({"w": 2.0, "b": 1.0}, x=3.0)
    {'b': None, 'w': Array(42., dtype=float32)}

    Source: ``torch.func.grad``, ``jax.grad``.
    """
    compute = _value_and_gradient("grad", func, argnums, argnames, has_aux, holomorphic)

    @functools.wraps(func)
    def gradient(*args: Any, **kwargs: Any) -> Any:
        _, aux, gradients = compute(args, kwargs)
        return (gradients, aux) if has_aux else gradients

    return gradient


@plain
def value_and_grad(
    func: Function,
    argnums: Argnums = None,
    has_aux: bool = False,
    *,
    argnames: Argnames = None,
    holomorphic: bool = False,
) -> Function:
    r"""The function that computes `func` and its gradient at once: $x \mapsto (f(x), \nabla f(x))$.

    Args:
        func: as for ``grad``.
        argnums: the argument to differentiate by position, or a sequence of them; the first by default.
        has_aux: `func` returns ``(output, aux)``; aux is handed through.
        argnames: the same by name, path or pattern; see ``grad``.
        holomorphic: `func` is holomorphic; see ``grad``.

    Returns:
        A function that returns (value, gradient), or with `has_aux` ((value, aux), gradient).

    Raises:
        DtypeError: what is selected has no floating leaf, or the output is not floating.
        ShapeError: the output is not a scalar.
        ArgumentError: there is no such argument or path.

    >>> fg.value_and_grad(lambda x: 2 * x @ x)(fg.arange(4.0))
    (Array(28., dtype=float32), Array([ 0.,  4.,  8., 12.], dtype=float32))

    Source: ``jax.value_and_grad``; ``grad_and_value`` has torch's order.
    """
    compute = _value_and_gradient("value_and_grad", func, argnums, argnames, has_aux, holomorphic)

    @functools.wraps(func)
    def value_and_gradient(*args: Any, **kwargs: Any) -> Any:
        value, aux, gradients = compute(args, kwargs)
        return ((value, aux), gradients) if has_aux else (value, gradients)

    return value_and_gradient


@plain
def grad_and_value(
    func: Function,
    argnums: Argnums = None,
    has_aux: bool = False,
    *,
    argnames: Argnames = None,
    holomorphic: bool = False,
) -> Function:
    r"""The function that computes the gradient of `func` and its value: $x \mapsto (\nabla f(x), f(x))$.

    Args:
        func: as for ``grad``.
        argnums: the argument to differentiate by position, or a sequence of them; the first by default.
        has_aux: `func` returns ``(output, aux)``; aux is handed through.
        argnames: the same by name, path or pattern; see ``grad``.
        holomorphic: `func` is holomorphic; see ``grad``.

    Returns:
        A function that returns (gradient, value), or with `has_aux` (gradient, (value, aux)).

    Raises:
        DtypeError: what is selected has no floating leaf, or the output is not floating.
        ShapeError: the output is not a scalar.
        ArgumentError: there is no such argument or path.

    >>> fg.grad_and_value(lambda x: x**3)(2.0)
    (Array(12., dtype=float32), Array(8., dtype=float32))

    Source: ``torch.func.grad_and_value``.
    """
    compute = _value_and_gradient("grad_and_value", func, argnums, argnames, has_aux, holomorphic)

    @functools.wraps(func)
    def gradient_and_value(*args: Any, **kwargs: Any) -> Any:
        value, aux, gradients = compute(args, kwargs)
        return (gradients, (value, aux)) if has_aux else (gradients, value)

    return gradient_and_value


def _value_and_gradient(
    name: str, func: Function, argnums: Argnums, argnames: Argnames, has_aux: bool, holomorphic: bool
) -> Callable[[tuple[Any, ...], dict[str, Any]], tuple[Any, Any, Any]]:
    """From the arguments of a call to (value, aux, gradient): what the three words share."""
    require_callable(name, func)
    selection = select(name, argnums, argnames)

    def compute(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any, Any]:
        choice = choose(selection, func, args, kwargs, "complex" if holomorphic else "real")

        def scalar(leaves: list[Any]) -> tuple[jax.Array, Any]:
            output, aux = split_aux(name, choice.call(leaves), has_aux)
            return require_scalar(name, output, holomorphic), aux

        differentiated = jax.value_and_grad(scalar, has_aux=True, holomorphic=holomorphic)
        with as_raised():
            (value, aux), gradients = differentiated(choice.leaves)
        return strong(value), aux, choice.assemble([strong(gradient) for gradient in gradients])

    return compute


@plain
def vjp(
    func: Function, *primals: PyTree, has_aux: bool = False, argnums: Argnums = None, argnames: Argnames = None
) -> tuple[Any, ...]:
    r"""The output of `func`, and the function that multiplies its Jacobian from the left: $v \mapsto v^T J$.

    It is torch's ``y.backward(gradient=v)`` in two steps. The second may be taken any number of times.

    Args:
        func: a function of `primals`, whose output may be any pytree.
        *primals: where to differentiate.
        has_aux: `func` returns ``(output, aux)``; aux is handed through.
        argnums: which of `primals` to differentiate; all by default.
        argnames: the same by name, path or pattern; see ``grad``.

    Returns:
        (output, vjp_fn), or with `has_aux` (output, vjp_fn, aux). ``vjp_fn(v)`` takes the structure, shapes and dtypes
        of the output (None at leaves that are not floating) and returns a tuple with one entry for each primal, also
        where there is only one; where `argnums` or `argnames` selects a single one, that entry alone.

    Raises:
        DtypeError: a primal has no floating leaf, or the output has none.

    >>> y, vjp_fn = fg.vjp(lambda x: x * x, fg.arange(3.0))
    >>> vjp_fn(fg.ones(3))
    (Array([0., 2., 4.], dtype=float32),)

    Source: ``torch.func.vjp``.
    """
    require_callable("vjp", func)
    selection = select("vjp", argnums, argnames, default=tuple(range(len(primals))))
    traced = Traced(choose(selection, func, primals, {}, "any"), has_aux)
    with as_raised():
        floats, pull, arrays = jax.vjp(traced, traced.choice.leaves, has_aux=True)
    output, aux = traced.output(floats, arrays)
    structure = flatten(output)[1]
    choice, floating = traced.choice, list(traced.floating)

    def vjp_fn(cotangents: PyTree) -> Any:
        given = cotangent_leaves("vjp_fn", cotangents, structure, floats, floating)
        # torch's gradient of a complex number is the conjugate of JAX's: the direction of steepest ascent.
        (pulled,) = pull([_conjugated(v) for v in given])
        return choice.assemble([strong(_conjugated(gradient)) for gradient in pulled])

    return (output, vjp_fn, aux) if has_aux else (output, vjp_fn)


def _conjugated(x: jax.Array) -> jax.Array:
    return jnp.conj(x) if jnp.iscomplexobj(x) else x


@plain
def jvp(
    func: Function, primals: Sequence[PyTree], tangents: Sequence[PyTree], *, has_aux: bool = False
) -> tuple[Any, ...]:
    r"""The output of `func`, and its directional derivative: $J v$, in one pass forward.

    Args:
        func: a function of `primals`, whose output may be any pytree.
        primals: a tuple, where to differentiate.
        tangents: a tuple, the direction $v$: for each primal its structure, shapes and dtypes. None stands for a
            direction of zero, for a whole primal or a leaf, and must stand at leaves that are not floating.
        has_aux: `func` returns ``(output, aux)``; aux is handed through.

    Returns:
        (output, tangent), or with `has_aux` (output, tangent, aux); the tangent is None at output leaves that are not
        floating.

    Raises:
        ArgumentTypeError: `primals` and `tangents` are not tuples of one structure.
        ShapeError: a tangent does not have the shape of its primal.

    >>> fg.jvp(lambda x, y: x * y, (2.0, 3.0), (1.0, 0.0))
    (Array(6., dtype=float32), Array(3., dtype=float32))
    >>> fg.jvp(lambda x, n: x**n, (2.0, 3), (1.0, None))
    (Array(8., dtype=float32), Array(12., dtype=float32))

    Source: ``torch.func.jvp``.
    """
    require_callable("jvp", func)
    for argument, given in (("primals", primals), ("tangents", tangents)):
        if not isinstance(given, tuple | list):
            fail(
                ArgumentTypeError,
                "jvp",
                f"{argument} must be a tuple",
                f"got {describe(given)}",
                f"write ({argument.removesuffix('s')},) with a comma for a single one",
            )
    if len(primals) != len(tangents):
        fail(
            ArgumentError,
            "jvp",
            "there must be one tangent for each primal",
            f"got {len(primals)} primals and {len(tangents)} tangents",
            "write None for a primal that does not move",
        )
    # A primal that stands still is a constant: only the others are selected, and of those only the moving leaves.
    moving = [i for i, tangent in enumerate(tangents) if tangent is not None]
    if not moving:
        fail(ArgumentError, "jvp", "there must be a tangent", "got None for every primal", "give one a direction")
    choice = choose(Selection("jvp", tuple(moving), True), func, primals, {}, "any")
    directions = tangent_leaves("jvp", choice, [tangents[i] for i in moving])
    traced = Traced(choice, has_aux)
    with as_raised():
        floats, moved, arrays = jax.jvp(traced, (choice.leaves,), (directions,), has_aux=True)
    output, aux = traced.output(floats, arrays)
    tangent = traced.like_output(moved)
    return (output, tangent, aux) if has_aux else (output, tangent)


@plain
def linearize(func: Function, *primals: PyTree, has_aux: bool = False) -> tuple[Any, ...]:
    r"""The output of `func`, and its derivative there as a linear function: $v \mapsto J v$.

    Use it for many directions at one point: `func` is evaluated once. For one direction ``jvp`` needs less memory.

    Args:
        func: a function of `primals`, whose output may be any pytree.
        *primals: where to differentiate.
        has_aux: `func` returns ``(output, aux)``; aux is handed through.

    Returns:
        (output, jvp_fn), or with `has_aux` (output, jvp_fn, aux). ``jvp_fn(*tangents)`` takes one tangent for each
        primal, as ``jvp`` does, and returns the tangent of the output.

    Raises:
        DtypeError: a primal has no floating leaf, or the output has none.

    >>> y, jvp_fn = fg.linearize(lambda x: x**2, fg.arange(3.0))
    >>> jvp_fn(fg.ones(3))
    Array([0., 2., 4.], dtype=float32)

    Source: ``torch.func.linearize``.
    """
    require_callable("linearize", func)
    selection = select("linearize", None, None, default=tuple(range(len(primals))))
    traced = Traced(choose(selection, func, primals, {}, "any"), has_aux)
    with as_raised():
        floats, push, arrays = jax.linearize(traced, traced.choice.leaves, has_aux=True)
    output, aux = traced.output(floats, arrays)

    def jvp_fn(*tangents: PyTree) -> Any:
        if len(tangents) != len(primals):
            fail(
                ArgumentError,
                "jvp_fn",
                "there must be one tangent for each primal",
                f"got {len(primals)} primals and {len(tangents)} tangents",
                "give as many as linearize was given",
            )
        return traced.like_output(push(tangent_leaves("jvp_fn", traced.choice, tangents)))

    return (output, jvp_fn, aux) if has_aux else (output, jvp_fn)


@plain
def stop_gradient(input: PyTree, /) -> PyTree:
    """`input` as a constant: its values, through which no derivative passes. ``detach`` is another name for it.

    Args:
        input: an array or a pytree; leaves that are not floating arrays are returned as they are.

    Returns:
        The same values in the same structure.

    >>> fg.grad(lambda x: fg.detach(x * x) * x)(3.0)
    Array(9., dtype=float32)

    Source: ``Tensor.detach``, ``jax.lax.stop_gradient``.
    """
    return jax.tree.map(_stopped, input)


def _stopped(leaf: Any) -> Any:
    return jax.lax.stop_gradient(leaf) if isinstance(leaf, jax.Array) and inexact_dtype(leaf) is not None else leaf


detach = stop_gradient

"""Derivatives along one direction: of a curve, and of a function of many numbers."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp

from .._checks import describe, fail, is_concrete
from .._errors import ArgumentError, ArgumentTypeError, ShapeError
from .._plain import plain
from .._types import PyTree
from ._arguments import Argnames, Argnums, Choice, choose, require_callable, select
from ._independence import require_one_array
from ._outputs import Traced, as_raised
from ._vectors import tangent_leaves

__all__ = ["derivative", "directional_derivative"]

Function: TypeAlias = Callable[..., Any]


@plain
def derivative(
    func: Function, argnums: int | None = None, has_aux: bool = False, *, argnames: str | None = None
) -> Function:
    r"""The derivative of a function of one number, whatever it returns: $t \mapsto df/dt$, in one pass forward.

    Args:
        func: a function of a floating scalar (and of anything else), whose output may be an array or a pytree.
        argnums: the argument to differentiate by position; the first by default.
        has_aux: `func` returns ``(output, aux)``; aux is handed through.
        argnames: the same by name or path.

    Returns:
        A function of the same arguments. Its result has the structure, shapes and dtypes of the output, with None at
        leaves that are not floating; with `has_aux` it is the pair (derivative, aux).

    Raises:
        ShapeError: the argument is not a scalar.

    >>> fg.derivative(lambda t: fg.stack([t, t**2, t**3]))(2.0)
    Array([ 1.,  4., 12.], dtype=float32)

    Source: HIPS autograd's ``deriv``; ``torch.func.jvp`` in the direction 1.
    """
    name = "derivative"
    require_callable(name, func)
    selection = select(name, argnums, argnames)

    @functools.wraps(func)
    def derivative_of(*args: Any, **kwargs: Any) -> Any:
        choice = choose(selection, func, args, kwargs, "any")
        if len(choice.leaves) != 1:
            require_one_array(name, len(choice.leaves), "argument")
        if choice.leaves[0].shape:
            fail(
                ShapeError,
                name,
                "the argument must be a scalar",
                f"got {describe(choice.leaves[0])}",
                "use fg.elementwise_grad, fg.directional_derivative or fg.jacobian",
            )
        return _pushed(choice, [jnp.ones_like(choice.leaves[0])], has_aux)

    return derivative_of


def _pushed(choice: Choice, directions: list[jax.Array], has_aux: bool) -> Any:
    traced = Traced(choice, has_aux)
    with as_raised():
        floats, moved, arrays = jax.jvp(traced, (choice.leaves,), (directions,), has_aux=True)
    result = traced.like_output(moved)
    return (result, traced.output(floats, arrays)[1]) if has_aux else result


@plain
def directional_derivative(
    func: Function,
    direction: PyTree,
    argnums: Argnums = None,
    has_aux: bool = False,
    *,
    argnames: Argnames = None,
    unit: bool = False,
) -> Function:
    r"""How fast the output changes along a direction: $x \mapsto J(x)\, v$, for a scalar $\nabla f(x) \cdot v$.

    Args:
        func: a function whose output may be an array or a pytree.
        direction: $v$, in the structure of what is selected (a tuple where several arguments are), with None at leaves
            that are not floating or do not move. NumPy arrays and numbers take the dtype of what they belong to.
        argnums: the argument to differentiate by position, or a sequence of them; the first by default.
        has_aux: `func` returns ``(output, aux)``; aux is handed through.
        argnames: the same by name, path or pattern; see ``grad``.
        unit: divide $v$ by its length (over all leaves), as textbooks do where the rate is per unit of length.

    Returns:
        A function of the arguments of `func`. Its result has the structure, shapes and dtypes of the output, with None
        at leaves that are not floating; with `has_aux` it is the pair (derivative, aux).

    Raises:
        ShapeError: the direction does not have the shape of what it belongs to.
        ArgumentError: the direction is 0 and `unit` asks for its length.

    >>> f = lambda x: x[0] ** 2 + 3 * x[1]
    >>> fg.directional_derivative(f, fg.tensor([3.0, 4.0]))(fg.ones(2))
    Array(18., dtype=float32)
    >>> fg.directional_derivative(f, fg.tensor([0.0, 2.0]), unit=True)(fg.ones(2))
    Array(3., dtype=float32)

    Source: ``torch.func.jvp``.
    """
    name = "directional_derivative"
    require_callable(name, func)
    selection = select(name, argnums, argnames)

    @functools.wraps(func)
    def derivative_of(*args: Any, **kwargs: Any) -> Any:
        choice = choose(selection, func, args, kwargs, "any")
        given = direction if selection.several else (direction,)
        if not isinstance(given, tuple | list) or len(given) != len(choice.results):
            fail(
                ArgumentTypeError,
                name,
                f"direction must be a tuple of {len(choice.results)}, one for each argument selected",
                f"got {describe(direction)}",
                "write None for one that does not move",
            )
        given = [
            jax.tree.unflatten(tree, [None] * tree.num_leaves) if v is None else v
            for v, (tree, _) in zip(given, choice.results, strict=True)
        ]
        moving = tangent_leaves(name, choice, given)
        if unit:
            length = jnp.sqrt(sum(jnp.sum(jnp.abs(v) ** 2) for v in moving))
            if is_concrete(length) and not bool(length > 0):
                required = "direction must not be 0 where unit=True"
                fail(ArgumentError, name, required, "got a direction of length 0", "leave unit out")
            moving = [(v / length).astype(v.dtype) for v in moving]
        return _pushed(choice, moving, has_aux)

    return derivative_of

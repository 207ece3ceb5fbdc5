"""Choices and loops that depend on values, inside compiled functions."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._checks import describe, fail, is_concrete
from .._claims import claim, visible
from .._convert import from_host
from .._errors import ArgumentError, ArgumentTypeError, ConvergenceError, ShapeError
from .._op import strong
from .._plain import plain
from .._types import ArrayLike, PyTree
from ._alike import require_alike
from ._arguments import require_callable
from ._outputs import as_raised

__all__ = ["cond", "while_loop"]

_GIVEN = jax.Array | np.ndarray | np.generic | bool | int | float | complex


@plain
def cond(
    pred: ArrayLike,
    true_fn: Callable[..., PyTree],
    false_fn: Callable[..., PyTree],
    operands: Sequence[PyTree] = (),
) -> PyTree:
    """``true_fn(*operands)`` where `pred` is true and ``false_fn(*operands)`` where not; only one of them is run.

    Both are traced, and so must return arrays of the same shapes and dtypes. Gradients flow through the one that ran.
    Under ``vmap`` with a different `pred` for each example both are run, and ``where`` chooses.
    The condition number of a matrix is ``fg.linalg.cond``.

    Args:
        pred: a bool, a number or an array with one element; numbers other than 0 are true.
        true_fn: a function of arrays or pytrees.
        false_fn: a function of the same arguments.
        operands: a tuple or list of the arguments.

    Returns:
        The result of the function that was chosen.

    Raises:
        ArgumentTypeError: `operands` is not a tuple or list, or the results differ in structure.
        ShapeError: `pred` has not one element, or the results differ in shape.
        DtypeError: the results differ in dtype.

    >>> fg.cond(fg.tensor(3.0) > 2, lambda x: x + 1, lambda x: x - 1, (fg.ones(2),))
    Array([2., 2.], dtype=float32)

    Source: ``torch.cond``, ``jax.lax.cond``.
    """
    require_callable("cond", true_fn)
    require_callable("cond", false_fn)
    values = _arrays("cond", "operands", operands)
    chosen = _truth("cond", "pred", pred)
    branches = [_strong(function) for function in (true_fn, false_fn)]
    with as_raised():
        first, second = (jax.eval_shape(branch, *values) for branch in branches)
        require_alike("cond", "both functions must return", first, second, ("true_fn", "false_fn"))
        return jax.lax.cond(chosen, *branches, *values)


@plain
def while_loop(
    cond_fn: Callable[..., ArrayLike],
    body_fn: Callable[..., Sequence[PyTree]],
    carried_inputs: Sequence[PyTree],
    *,
    max_steps: int | None = None,
) -> tuple[PyTree, ...]:
    """``carried = body_fn(*carried)`` as long as ``cond_fn(*carried)`` is true.

    It has forward derivatives (``jvp``, ``jacfwd``), and with `max_steps` reverse ones as well (``grad``, ``vjp``).
    These remember about ``2 * max_steps**0.5`` states and take each turn twice more; turns that are not needed cost
    next to nothing.

    Args:
        cond_fn: returns a bool, or an array with one element.
        body_fn: returns a tuple or list like `carried_inputs`, of the same shapes and dtypes.
        carried_inputs: a tuple or list of arrays or pytrees, what the loop starts from.
        max_steps: the most turns that the loop may take; as many as it needs by default.

    Returns:
        A tuple, what the last turn returned. In a compiled program a loop that is not done after `max_steps` turns
        gives NaN at floating leaves.

    Raises:
        ArgumentTypeError: `carried_inputs` is not a tuple or list, or `body_fn` returns something of another structure.
        ShapeError: the truth has not one element, or `body_fn` changes a shape.
        DtypeError: `body_fn` changes a dtype.
        ConvergenceError: the loop is not done after `max_steps` turns; under ``fg.jit`` only with ``fg.checked``.

    >>> fg.while_loop(lambda i, x: i < 3, lambda i, x: (i + 1, x * 2), (0, fg.ones(2)))
    (Array(3, dtype=int32), Array([8., 8.], dtype=float32))
    >>> double = lambda x: fg.while_loop(lambda x: x < 100, lambda x: (2 * x,), (x,), max_steps=20)[0]
    >>> fg.grad(double)(3.0)
    Array(64., dtype=float32)

    Source: ``torch.while_loop``, ``jax.lax.while_loop``.
    """
    require_callable("while_loop", cond_fn)
    require_callable("while_loop", body_fn)
    values = _arrays("while_loop", "carried_inputs", carried_inputs)
    if max_steps is not None and (not hasattr(max_steps, "__index__") or max_steps < 0):
        required, remedy = "max_steps must be an int that is not negative", "leave it out for a loop without bound"
        fail(ArgumentError, "while_loop", required, f"got {max_steps!r}", remedy)

    def goes_on(carried: tuple[Any, ...]) -> Any:
        return _truth("while_loop", "the result of cond_fn", cond_fn(*carried))

    def turn(*carried: Any) -> tuple[Any, ...]:
        result = body_fn(*carried)
        if not isinstance(result, tuple | list):
            required = "body_fn must return a tuple or list like carried_inputs"
            fail(ArgumentTypeError, "while_loop", required, f"got {describe(result)}", "write a comma: return (x,)")
        return tuple(result)

    body = _strong(turn)
    with as_raised():
        after = jax.eval_shape(body, *values)
        before = jax.eval_shape(lambda *v: v, *values)
        require_alike("while_loop", "body_fn must return what it got:", before, after, ("carried_inputs", "body_fn"))
        if max_steps is not None:
            return _bounded(goes_on, body, values, int(max_steps))
        result: tuple[PyTree, ...] = jax.lax.while_loop(goes_on, lambda carried: body(*carried), values)
        return result


def _bounded(
    goes_on: Callable[[tuple[Any, ...]], Any], body: Callable[..., Any], start: tuple[Any, ...], max_steps: int
) -> tuple[PyTree, ...]:
    """The loop as two nested scans, of which the inner one is run again when it is differentiated."""
    inner = max(1, math.isqrt(max_steps))
    outer = -(-max_steps // inner)

    def once(carried: tuple[Any, ...], number: Any) -> tuple[tuple[Any, ...], None]:
        more = jnp.logical_and(goes_on(carried), number < max_steps)
        # Mapped over a batch both branches are run. A turn from where the loop began has a derivative; one from where
        # it ended may have none, and 0 times infinity would spoil the others.
        safe = jax.tree.map(lambda now, first: jnp.where(more, now, first), carried, start)
        return jax.lax.cond(more, lambda old, from_: body(*from_), lambda old, from_: old, carried, safe), None

    def several(carried: tuple[Any, ...], first: Any) -> tuple[tuple[Any, ...], None]:
        def run(carried: tuple[Any, ...]) -> tuple[Any, ...]:
            turned: tuple[Any, ...] = jax.lax.scan(once, carried, first + jnp.arange(inner))[0]
            return turned

        return jax.lax.cond(goes_on(carried), jax.checkpoint(run), lambda carried: carried, carried), None

    result = jax.lax.scan(several, start, inner * jnp.arange(outer))[0]
    done = jnp.logical_not(goes_on(jax.tree.map(jax.lax.stop_gradient, result)))
    known = visible(done)
    if known is not None:
        given = f"it was not after {max_steps} turns"
        claim(ConvergenceError, "while_loop", "the loop must be done", given, "pass a larger max_steps", known)
    return jax.tree.map(
        lambda leaf: jnp.where(done, leaf, jnp.nan).astype(leaf.dtype) if _moves(leaf) else leaf, result
    )


def _moves(leaf: Any) -> bool:
    return bool(jnp.issubdtype(leaf.dtype, jnp.inexact))


def _arrays(name: str, argument: str, given: Any) -> tuple[Any, ...]:
    """The arguments of a function, their numbers and NumPy arrays made strongly typed arrays."""
    if not isinstance(given, tuple | list):
        required = f"{argument} must be a tuple or list"
        fail(ArgumentTypeError, name, required, f"got {describe(given)}", "write a comma: (x,)")
    for leaf in jax.tree.leaves(tuple(given)):
        if not isinstance(leaf, _GIVEN):
            required = f"{argument} must be made of arrays and numbers"
            fail(ArgumentTypeError, name, required, f"got {describe(leaf)}", "let the functions close over the rest")
    return jax.tree.map(
        lambda leaf: strong(jnp.asarray(from_host(name, leaf) if isinstance(leaf, np.ndarray) else leaf)), tuple(given)
    )


def _truth(name: str, argument: str, value: Any) -> Any:
    """One truth value, of anything with one element."""
    if not isinstance(value, _GIVEN):
        required = f"{argument} must be a bool or an array with one element"
        fail(ArgumentTypeError, name, required, f"got {describe(value)}", "compare numbers, for example x.sum() > 0")
    if np.size(value) != 1:
        required = f"{argument} must have one element"
        fail(ShapeError, name, required, f"got shape {np.shape(value)}", "reduce it with fg.any or fg.all")
    if is_concrete(value) and not isinstance(value, jax.Array):
        return bool(np.reshape(value, ()))
    return jnp.reshape(jnp.asarray(value) != 0, ())


def _strong(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args: jax.tree.map(lambda leaf: strong(jnp.asarray(leaf)), function(*args))

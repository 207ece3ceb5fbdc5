"""Whether derivatives are right, decided by the values of the function alone."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from .._checks import fail
from .._errors import ArgumentError
from ._arguments import Argnames, Argnums, require_callable
from ._examining import judge
from ._outputs import lacks_derivative
from ._trials import Trial

__all__ = ["check_grad"]

_MODES = ("forward", "reverse")
_WITHOUT = {  # what has no derivative in a mode, and the other one
    "forward": ("a jax.custom_vjp", "reverse"),
    "reverse": ("a loop of unknown length", "forward"),
}


def check_grad(
    func: Callable[..., Any],
    /,
    *args: Any,
    order: int = 1,
    modes: Sequence[str] | None = None,
    rtol: float = 1e-7,
    atol: float = 1e-9,
    argnums: Argnums = None,
    argnames: Argnames = None,
    seed: int = 0,
) -> list[str]:
    r"""Raise AssertionError unless the derivatives of `func` at `args` are those of its values.

    All is computed in float64, whatever the dtype of the arguments, and there is no step to choose. The derivative $d$
    along a direction $u$ is right if $f(x + hu) - f(x) - hd$ falls with order 2 in $h$, and wrong if with order 1: the
    linear part is extrapolated from a ladder of steps, and compared. Where that does not settle it and `func` is made
    of analytic functions, $\mathrm{Im} f(x + ihu) / h$ decides, which is exact.

    There is a random direction for each leaf, in which every element moves, and one over all leaves at right angles
    to $J^T w$, for a random $w$. Forward every element of $J u$ is compared; in reverse $u^T (J^T w)$. So what a rule
    gets wrong by a factor of 1.000001 is found at any size, and so is one wrong element among 10,000, unless the
    function's own rounding hides it; a fault that cancels along both directions has probability 0.

    Where one-sided derivatives differ, any derivative between them passes, and the kink is told. Where `func` itself
    computes in float32 or bfloat16, what is compared is what their rounding leaves: some 1e-5 or 1e-1 of the output.

    Args:
        func: a function of arrays or pytrees, which is called with float64 in the place of other floats.
        *args: where to differentiate; leaves that are not floating are passed as they are.
        order: 2 checks the derivatives of the derivatives too.
        modes: which derivatives to check, ``"forward"`` and ``"reverse"``; by default those that `func` has: with a
            `jax.custom_vjp` it has none forward, with a loop of unknown length none in reverse.
        rtol: relative tolerance; below 1e-9 only analytic functions can meet it.
        atol: absolute tolerance.
        argnums: which arguments to check; all that have floating leaves by default.
        argnames: the same by name, path or pattern; see ``grad``.
        seed: of the random directions.

    Returns:
        What there is to know of kinks at `args`, a list of strings; empty at most points.

    Raises:
        AssertionError: a table of the leaves and modes with expected and found derivatives along the directions, and
            the element that is wrong; or the values of `func` are not finite, or jump.
        ArgumentError: no argument has a floating leaf, a mode is not known, or `func` has no derivative in it.

    >>> fg.check_grad(lambda x: jnp.sin(x) * x, fg.arange(4.0))
    []
    >>> fg.check_grad(fg.relu, fg.zeros(1))
    ['kink near input[0]: slopes 0 and 1 on its two sides']

    Source: ``torch.autograd.gradcheck``, ``jax.test_util.check_grads``; complex steps: Squire and Trapp, 1998.
    """
    __tracebackhide__ = True
    require_callable("check_grad", func)
    if modes is not None and not (modes and set(modes) <= set(_MODES)):
        required, remedy = "modes must be among 'forward' and 'reverse'", "leave it out for both"
        fail(ArgumentError, "check_grad", required, f"got {modes!r}", remedy)
    if order not in (1, 2):
        fail(ArgumentError, "check_grad", "order must be 1 or 2", f"got {order!r}", "leave it out for 1")
    with jax.enable_x64(True):
        trial = Trial(func, args, modes or _MODES, seed, argnums, argnames)
        try:
            told = _conduct(trial, rtol, atol)
        except Exception as error:
            if not lacks_derivative(error):
                raise
            trial = Trial(func, args, _modes_left(trial, modes, error), seed, argnums, argnames)
            told = _conduct(trial, rtol, atol)
        modes = trial.modes
        at, u, _, w = trial.operands
        derivatives = {
            "forward": lambda *leaves: trial.forward(list(leaves), [jnp.asarray(d) for d in u]),
            "reverse": lambda *leaves: list(trial.reverse(list(leaves), w)),
        }
        for mode in modes if order == 2 else ():
            try:
                second = Trial(derivatives[mode], at, modes, seed + 1)
                second.names = trial.names
                told += [f"of the {mode} derivative: {kink}" for kink in _conduct(second, 10 * rtol, 10 * atol)]
            except AssertionError as error:
                raise AssertionError(f"of the {mode} derivative, {error}") from None
    return told


def _modes_left(trial: Trial, asked: Sequence[str] | None, error: Exception) -> list[str]:
    """The modes in which there is a derivative; raises where one that was asked for, or both, are missing."""
    at, u, _, w = trial.operands
    products = {"forward": (trial.forward, u), "reverse": (trial.reverse, w)}
    left = []
    for mode in trial.modes:
        product, along = products[mode]
        with contextlib.suppress(TypeError, ValueError, NotImplementedError):
            jax.jit(product).lower(at, along) if trial.traced else product([*map(jnp.asarray, at)], along)
            left.append(mode)
    missing = [mode for mode in trial.modes if mode not in left]
    if not missing or (asked is None and not left):
        raise error
    if asked is not None:
        reason, other = _WITHOUT[missing[0]]
        required = f"the function must have a derivative in {missing[0]} mode"
        remedy = f'pass modes=["{other}"]'
        fail(ArgumentError, "check_grad", required, f"it has none, as with {reason}", remedy)
    return left


def _conduct(trial: Trial, rtol: float, atol: float) -> list[str]:
    __tracebackhide__ = True
    measured = (jax.jit(trial.measure) if trial.traced else trial.measure)(*trial.operands)
    return judge(trial, measured, rtol, atol)

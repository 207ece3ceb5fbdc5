"""Solutions of equations as functions of what the equations hold: differentiated without the solver."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from .._checks import describe, fail
from .._claims import claim, visible
from .._errors import ArgumentTypeError, ConvergenceError, DtypeError, ShapeError
from .._plain import plain
from .._types import PyTree
from ._arguments import inexact_dtype, require_callable
from ._outputs import as_raised

__all__ = ["fixed_point", "implicit", "root"]

Residual = Callable[..., PyTree]
Solve = Callable[[Callable[[Any], Any], Any], Any]


@plain
def root(
    residual: Residual,
    x0: PyTree,
    /,
    *args: PyTree,
    solver: Callable[[Callable[[Any], Any], Any], Any] | None = None,
    solve: Solve | None = None,
    tol: float | None = None,
    max_steps: int = 100,
) -> PyTree:
    r"""An $x$ where $F(x, a) = 0$, as a differentiable function of $a$.

    By the implicit function theorem $\dot x = -(\partial F / \partial x)^{-1} (\partial F / \partial a)\, \dot a$, in
    forward and reverse mode and to any order. The solver is not differentiated, and need not be differentiable.

    Args:
        residual: the function $F$ of ``(x, *args)``, whose output has the structure and shapes of `x`.
        x0: where the solver starts: an array or a pytree of floating leaves. The result does not depend on it smoothly.
        *args: what `residual` depends on besides, arrays or pytrees.
        solver: a function of ``(f, x0)`` that returns a root of ``f(x)``; by default Newton's method, with steps that
            are halved until the residual falls.
        solve: a function of ``(matvec, b)`` that solves a linear system, for example
            ``lambda A, b: jax.scipy.sparse.linalg.gmres(A, b)[0]``; by default the matrix is formed and factorised.
        tol: Newton stops when a step is below ``tol * (1 + max|x|)``, by default the 2/3rd power of the rounding error.
            With a `solver`, how large a residual may remain relative to that, by default its square root.
        max_steps: the most steps that Newton's method takes.

    Returns:
        The root, with the structure, shapes and dtypes of `x0`. Where the solver did not converge a compiled program
        gives NaN.

    Raises:
        ConvergenceError: the solver did not converge; under ``fg.jit`` only with ``fg.checked``.
        ShapeError: the residual does not have the shapes of `x0`.
        DtypeError: a leaf of `x0` is not floating.

    >>> square_root = lambda a: fg.root(lambda x, a: x * x - a, 1.0, a)
    >>> print(f"{square_root(4.0):.4f} {fg.grad(square_root)(4.0):.4f}")
    2.0000 0.2500

    Source: the implicit function theorem; damping by Armijo's rule (1966); ``jax.lax.custom_root``.
    """
    require_callable("root", residual)
    start = _floating("root", x0)

    def of(x: Any, *args: Any) -> Any:
        return _fitting("root", residual(x, *args), x, "the residual", "x0")

    with as_raised():
        _fitting("root", jax.eval_shape(residual, start, *args), start, "the residual", "x0")
        at_rest = _stopped(args)
        if solver is not None:
            found = _stopped(solver(lambda x: of(x, *at_rest), start))
            return _attached("root", of, found, args, solve, _confirmed("root", of, found, at_rest, tol))
        found, held, left, taken = _newton(lambda x: of(x, *at_rest), start, solve, tol, max_steps)
        _said("root", held, left, taken, "start nearer to the root, or pass max_steps=, tol= or solver=")
        return _attached("root", of, found, args, solve, held)


@plain
def fixed_point(
    func: Callable[..., PyTree],
    x0: PyTree,
    /,
    *args: PyTree,
    solve: Solve | None = None,
    tol: float | None = None,
    max_steps: int = 1000,
) -> PyTree:
    r"""The $x$ where $x = f(x, a)$, found by iteration, as a differentiable function of $a$.

    The iterations are not differentiated: the derivative is that of the root of $x - f(x, a)$, see ``root``.

    Args:
        func: a function $f$ of ``(x, *args)`` whose output is like `x`, and that brings points nearer to each other.
        x0: where the iteration starts: an array or a pytree of floating leaves.
        *args: what `func` depends on besides.
        solve: as for ``root``: how the linear system of the derivative is solved.
        tol: the iteration stops when a step is below ``tol * (1 + max|x|)``; by default the 2/3rd power of the
            rounding error.
        max_steps: the most iterations.

    Returns:
        The fixed point, with the structure, shapes and dtypes of `x0`. Where the iteration did not converge a compiled
        program gives NaN.

    Raises:
        ConvergenceError: the iteration did not converge; under ``fg.jit`` only with ``fg.checked``.
        ShapeError: `func` returns other shapes than those of `x0`.
        DtypeError: a leaf of `x0` is not floating.

    >>> print(f"{fg.fixed_point(lambda x: fg.cos(x), 1.0):.4f}")
    0.7391

    Source: Banach's fixed point theorem; ``root`` finds those that repel.
    """
    require_callable("fixed_point", func)
    start = _floating("fixed_point", x0)

    def of(x: Any, *args: Any) -> Any:
        return jax.tree.map(jnp.subtract, x, func(x, *args))

    with as_raised():
        _fitting("fixed_point", jax.eval_shape(func, start, *args), start, "the result of func", "x0")
        at_rest = _stopped(args)
        enough = _tolerance(start, tol, 2 / 3)

        def turn(state: Any) -> Any:
            x, _, n, _ = state
            moved = jax.tree.map(lambda a, b: jnp.asarray(b, a.dtype), x, func(x, *at_rest))
            step = _largest(jax.tree.map(jnp.subtract, moved, x))
            return moved, step, n + 1, jnp.isfinite(step) & (step <= enough * (1 + _largest(moved)))

        first = start, jnp.asarray(jnp.inf, _real(start)), jnp.asarray(0), jnp.asarray(False)
        found, left, taken, held = _stopped(
            jax.lax.while_loop(lambda s: ~s[3] & (s[2] < max_steps) & ((s[2] == 0) | jnp.isfinite(s[1])), turn, first)
        )
        _said("fixed_point", held, left, taken, "pass max_steps= or tol=, or use fg.root, which needs no contraction")
        return _attached("fixed_point", of, found, args, solve, held)


@plain
def implicit(
    residual: Residual, /, *, solve: Solve | None = None, tol: float | None = None
) -> Callable[[Callable[..., PyTree]], Callable[..., PyTree]]:
    r"""A decorator for a solver of $F(x, a) = 0$: its result becomes a differentiable function of its arguments.

    The solver itself is called with constants, and not differentiated: it may loop, call NumPy or SciPy (not under
    ``fg.jit``), and stop when it likes. Derivatives come from `residual`, see ``root``.

    Args:
        residual: the function $F$ of ``(x, *args)``, 0 at what the solver returns for ``(*args)``. For a minimum it is
            the gradient.
        solve: as for ``root``: how the linear system of the derivative is solved.
        tol: how large a residual may remain, relative to ``1 + max|x|``; by default the square root of the rounding
            error.

    Returns:
        The decorator. What it returns is called as the solver is; keywords are options for the solver alone.

    Raises:
        ConvergenceError: what the solver returns is no root; under ``fg.jit`` only with ``fg.checked``.

    >>> @fg.implicit(lambda x, a: x**3 - a)
    ... def cube_root(a):
    ...     return np.cbrt(a)
    >>> print(f"{fg.grad(cube_root)(8.0):.4f}")
    0.0833

    Source: the implicit function theorem; ``jax.lax.custom_root``.
    """
    require_callable("implicit", residual)

    def decorate(solver: Callable[..., PyTree]) -> Callable[..., PyTree]:
        @functools.wraps(solver)
        def solved(*args: Any, **options: Any) -> Any:
            def of(x: Any, *args: Any) -> Any:
                return _fitting("implicit", residual(x, *args), x, "the residual", "the solution")

            with as_raised():
                at_rest = _stopped(args)
                found = _stopped(_floating("implicit", solver(*at_rest, **options)))
                return _attached("implicit", of, found, args, solve, _confirmed("implicit", of, found, at_rest, tol))

        return solved

    return decorate


def _floating(name: str, x: Any) -> Any:
    for leaf in jax.tree.leaves(x):
        if inexact_dtype(leaf) is None:
            required, remedy = "what is solved for must be floating", "write 1.0 for 1, or convert it"
            fail(DtypeError, name, required, f"got {describe(leaf)}", remedy)
    return jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.result_type(leaf)), x)


def _fitting(name: str, output: Any, x: Any, what: str, owner: str) -> Any:
    """`output`, which must be like `x` leaf by leaf."""
    if jax.tree.structure(output) != jax.tree.structure(x):  # type: ignore[operator]
        required, remedy = f"{what} must have the structure of {owner}", "return one equation for each unknown"
        fail(ArgumentTypeError, name, required, "got another structure", remedy)
    for a, b in zip(jax.tree.leaves(output), jax.tree.leaves(x), strict=True):
        if jnp.shape(a) != jnp.shape(b):
            required, remedy = f"{what} must have the shape of {owner}", "return one equation for each unknown"
            fail(ShapeError, name, required, f"got {jnp.shape(a)} for {jnp.shape(b)}", remedy)
    return output


def _stopped(tree: Any) -> Any:
    return jax.tree.map(lambda leaf: jax.lax.stop_gradient(leaf) if isinstance(leaf, jax.Array) else leaf, tree)


def _largest(x: Any) -> Any:
    sizes = [jnp.max(jnp.abs(leaf), initial=0.0) for leaf in jax.tree.leaves(x)]
    return functools.reduce(jnp.maximum, sizes) if sizes else jnp.asarray(0.0)


def _real(x: Any) -> Any:
    return _largest(x).dtype


def _tolerance(x: Any, tol: float | None, power: float) -> float:
    coarsest = max((float(jnp.finfo(leaf.dtype).eps) for leaf in jax.tree.leaves(x)), default=0.0)
    return coarsest**power if tol is None else float(tol)


def _solved(solve: Solve | None, matvec: Callable[[Any], Any], b: Any) -> Any:
    """The solution of a linear system in the structure of `b`."""
    if solve is not None:
        return jax.lax.custom_linear_solve(matvec, b, solve, transpose_solve=solve)
    given, restore = ravel_pytree(b)
    flat = given.astype(jnp.promote_types(given.dtype, "float32"))  # no factorisation takes less

    def unravel(v: Any) -> Any:
        return restore(v.astype(given.dtype))

    def product(v: Any) -> Any:
        return ravel_pytree(matvec(unravel(v)))[0].astype(flat.dtype)

    matrix = jax.jacfwd(product, holomorphic=jnp.iscomplexobj(flat))(jnp.zeros_like(flat))
    return unravel(jnp.linalg.solve(matrix, flat))


def _newton(f: Callable[[Any], Any], x0: Any, solve: Solve | None, tol: float | None, max_steps: int) -> Any:
    """Newton's method: the root, whether it is one, the residual, and how many steps were taken."""
    enough = _tolerance(x0, tol, 2 / 3)

    def moved(x: Any, step: Any, share: Any) -> Any:
        return jax.tree.map(lambda a, d: (a + share * d).astype(a.dtype), x, step)

    def size(r: Any) -> Any:
        return sum(jnp.sum(jnp.abs(leaf) ** 2) for leaf in jax.tree.leaves(r))

    def turn(state: Any) -> Any:
        x, n, _, _ = state
        r, push = jax.linearize(f, x)
        step = _solved(solve, push, jax.tree.map(jnp.negative, r))
        before = size(r)

        def worse(share: Any) -> Any:
            after = size(f(moved(x, step, share)))
            return ~(after <= (1 - 1e-4 * share) * before) & (share > 1e-6)

        share = jax.lax.while_loop(worse, lambda share: share / 2, jnp.ones((), _real(x)))
        # Where no step helps, the residual is rounding if Newton's step is small; otherwise this is no root.
        stuck = share <= 1e-6
        reached = _largest(step) <= jnp.where(stuck, 100 * enough, enough) * (1 + _largest(x))
        held = (reached & jnp.isfinite(before)) | (before == 0)
        new = moved(x, step, jnp.where(stuck | (before == 0), 0, share))
        return new, n + 1, held, stuck & ~held

    start = x0, jnp.asarray(0), jnp.asarray(False), jnp.asarray(False)
    found, taken, held, _ = _stopped(jax.lax.while_loop(lambda s: ~s[2] & ~s[3] & (s[1] < max_steps), turn, start))
    return found, held, _largest(f(found)), taken


def _said(name: str, held: Any, left: Any, taken: Any, remedy: str) -> None:
    """Raise, now or in a checked program, unless the solver converged."""
    known = [visible(value) for value in (held, left, taken)]
    if any(value is None for value in known):
        return
    given = "it did not in {steps} steps, where {left:.3g} was left"
    claim(ConvergenceError, name, "the iteration must converge", given, remedy, known[0], left=known[1], steps=known[2])


def _confirmed(name: str, of: Residual, found: Any, args: Any, tol: float | None) -> Any:
    """Whether a solver's result is a root; raises where it is not."""
    left = _largest(of(found, *args))
    held = left <= _tolerance(found, tol, 1 / 2) * (1 + _largest(found))
    known = visible(held), visible(left)
    if known[0] is not None and known[1] is not None:
        required = "the residual must be 0 at what the solver returns"
        remedy = "let the solver go on, or pass tol="
        claim(ConvergenceError, name, required, "got {left:.3g}", remedy, known[0], left=known[1])
    return held


def _attached(name: str, of: Residual, found: Any, args: Any, solve: Solve | None, held: Any) -> Any:
    """`found`, NaN where it is no root, with the derivatives of the root."""

    def tangent(matvec: Callable[[Any], Any], b: Any) -> Any:
        return _solved(solve, matvec, b)

    given = jax.tree.map(lambda leaf: jnp.where(held, leaf, jnp.nan).astype(leaf.dtype), found)
    return jax.lax.custom_root(lambda x: of(x, *args), given, lambda _, x: x, tangent)

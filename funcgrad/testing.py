"""Assertions that this project's tests use, and that users may.

Each compares shape and dtype before values, takes its tolerance from one table, and fails on the smallest fault it
exists to find: ``tests/test_testing.py`` plants them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ._checks import describe, fail
from ._errors import ArgumentError

__all__ = ["TOLERANCES", "assert_close", "assert_no_retrace", "check_grad"]

TOLERANCES: dict[str, tuple[float, float]] = {
    # dtype: (relative, absolute). Never scaled by the size of the array.
    "float64": (1e-7, 1e-9),
    "complex128": (1e-7, 1e-9),
    "float32": (2e-6, 1e-6),
    "complex64": (2e-6, 1e-6),
    "bfloat16": (1.6e-2, 1e-5),
    "float16": (1e-3, 1e-5),
}


def assert_close(
    actual: Any,
    expected: Any,
    /,
    *,
    rtol: float | None = None,
    atol: float | None = None,
    check_dtype: bool = True,
) -> None:
    """Raise AssertionError unless two pytrees agree in structure, shapes, dtypes and values.

    Values agree if |actual - expected| <= atol + rtol * |expected|; integers and booleans must be equal, NaN agrees
    with NaN and infinities with themselves; random keys are compared by their bits. Without `rtol` and `atol` the
    tolerances are those of the dtype in ``TOLERANCES``.

    Args:
        actual: a pytree of arrays or numbers.
        expected: a pytree of the same structure.
        rtol: relative tolerance; give both or none.
        atol: absolute tolerance.
        check_dtype: whether the dtypes must be equal too.

    Raises:
        AssertionError: naming the leaf and the largest difference.
        ArgumentError: one tolerance was given without the other.

    >>> fg.testing.assert_close(fg.ones(2), fg.ones(2) + 1e-7)
    >>> fg.testing.assert_close(fg.ones(2), fg.ones(2, 1))
    Traceback (most recent call last):
    AssertionError: shapes differ at the root: (2,) and (2, 1)

    Source: ``torch.testing.assert_close``.
    """
    __tracebackhide__ = True
    if (rtol is None) != (atol is None):
        fail(
            ArgumentError,
            "assert_close",
            "rtol and atol go together",
            f"got rtol={rtol}, atol={atol}",
            "give both",
        )
    structures = jax.tree.structure(actual), jax.tree.structure(expected)
    if structures[0] != structures[1]:  # type: ignore[operator]
        raise AssertionError(f"structures differ: {structures[0]} and {structures[1]}")
    leaves = zip(jax.tree_util.tree_leaves_with_path(actual), jax.tree.leaves(expected), strict=True)
    for (path, left), right in leaves:
        where = "at " + jax.tree_util.keystr(path) if path else "at the root"
        _assert_leaf_close(_readable(left), _readable(right), where, rtol, atol, check_dtype)


def _readable(leaf: Any) -> np.ndarray:
    """A leaf in NumPy; of random keys, their bits."""
    if isinstance(leaf, jax.Array) and jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key):
        leaf = jax.random.key_data(leaf)
    return np.asarray(leaf)


def _assert_leaf_close(
    left: np.ndarray, right: np.ndarray, where: str, rtol: float | None, atol: float | None, check_dtype: bool
) -> None:
    __tracebackhide__ = True
    if left.shape != right.shape:
        raise AssertionError(f"shapes differ {where}: {left.shape} and {right.shape}")
    if check_dtype and left.dtype != right.dtype:
        raise AssertionError(f"dtypes differ {where}: {left.dtype} and {right.dtype}")
    if rtol is None or atol is None:
        # Of two dtypes the coarser one decides.
        rtol, atol = max(TOLERANCES.get(d.name, (0.0, 0.0)) for d in (left.dtype, right.dtype))
    if left.dtype.kind in "USO" or right.dtype.kind in "USO":  # strings and objects among the leaves
        if not np.array_equal(left, right):
            raise AssertionError(f"values differ {where}: {left} and {right}")
        return
    wide = np.complex128 if "c" in left.dtype.kind + right.dtype.kind else np.float64
    if left.dtype.kind in "iub" and right.dtype.kind in "iub":
        wrong = left != right
        gap = np.abs(left.astype(object) - right.astype(object)) if wrong.any() else left
    else:
        left, right = left.astype(wide), right.astype(wide)
        with np.errstate(invalid="ignore"):
            gap = np.abs(left - right)
            same = (left == right) | (np.isnan(left) & np.isnan(right))
            wrong = ~same & ~(np.isfinite(gap) & (gap <= atol + rtol * np.abs(right)))
    if wrong.any():
        first = tuple(int(i) for i in np.argwhere(wrong)[0])
        raise AssertionError(
            f"values differ {where}: {int(wrong.sum())} of {wrong.size}, first at index {first}: "
            f"{left[first]} and {right[first]}, a difference of {gap[first]} (rtol {rtol}, atol {atol})"
        )


def check_grad(
    f: Callable[..., Any],
    /,
    *args: Any,
    rtol: float = 1e-7,
    atol: float = 1e-9,
    eps: float = 1e-5,
    seed: int = 0,
    modes: Sequence[str] = ("forward", "reverse"),
    compiled: bool = False,
) -> None:
    r"""Raise AssertionError unless the derivatives of `f` at `args` agree with central differences in float64.

    Along a random unit direction $u$ it compares $(f(x + \epsilon u) - f(x - \epsilon u)) / 2\epsilon$ with the
    forward derivative $J u$, and for a random $w$ of unit length $w^T (J u)$ with the reverse derivative
    $(J^T w)^T u$. Float32 arguments are widened, so `f` must not narrow them itself.

    Args:
        f: a function of arrays or pytrees whose floating leaves are differentiated.
        *args: where to differentiate, away from kinks.
        rtol: relative tolerance; in float64 the differences themselves err by less than 1e-9.
        atol: absolute tolerance.
        eps: the step.
        seed: of the random directions.
        modes: which derivatives to check; ``["reverse"]`` for a function with a `jax.custom_vjp`.
        compiled: compile the function and its derivatives as one program, which is faster where it can be jitted.

    Raises:
        AssertionError: naming the mode that disagrees and both numbers, or the differences are not finite.
        ArgumentError: no argument has a floating leaf, or a mode is not known.

    >>> fg.testing.check_grad(lambda x: jnp.sin(x) * x, fg.arange(4.0))

    Source: ``torch.autograd.gradcheck``.
    """
    __tracebackhide__ = True
    unknown = [mode for mode in modes if mode not in ("forward", "reverse")]
    if unknown or not modes:
        fail(
            ArgumentError,
            "check_grad",
            "modes must be among 'forward' and 'reverse'",
            f"got {modes!r}",
            "leave it out for both",
        )
    with jax.enable_x64(True):
        trial = _Trial(f, args, eps, seed, modes, traced=compiled)
        measure = jax.jit(trial.measure) if compiled else trial.measure
        trial.judge(measure(*trial.operands), rtol, atol)


class _Trial:
    """A function, a point and a random direction: `measure` computes what `judge` compares; both in 64-bit mode.

    Two steps, so that many trials may be measured by one compiled program.
    """

    def __init__(
        self, f: Callable[..., Any], args: tuple[Any, ...], eps: float, seed: int, modes: Sequence[str], traced: bool
    ):
        leaves, self.tree = jax.tree.flatten(args)
        self.f, self.leaves, self.eps, self.modes = f, leaves, eps, modes
        self.floats = [i for i, leaf in enumerate(leaves) if jnp.issubdtype(jnp.result_type(leaf), jnp.floating)]
        if not self.floats:
            given = ", ".join(describe(leaf) for leaf in leaves) or "no arguments"
            fail(ArgumentError, "check_grad", "an argument must be floating", f"got {given}", "convert one")
        rng = np.random.default_rng(seed)
        at = [jnp.asarray(np.asarray(leaves[i], np.float64)) for i in self.floats]
        direction = [jnp.asarray(u) for u in _unit([rng.standard_normal(p.shape) for p in at])]
        outputs = jax.eval_shape(self.flat, *at) if traced else self.flat(*at)
        drawn = _unit([rng.standard_normal(np.shape(out)) for out in outputs])
        weights = [jnp.asarray(w, out.dtype) for w, out in zip(drawn, outputs, strict=True)]
        self.operands = (at, direction, weights)

    def flat(self, *values: Any) -> list[Any]:
        """The floating outputs as a function of the floating leaves; a complex one is its two parts."""
        filled = list(self.leaves)
        for i, value in zip(self.floats, values, strict=True):
            filled[i] = value
        outputs = jax.tree.leaves(self.f(*jax.tree.unflatten(self.tree, filled)))
        inexact = [out for out in outputs if jnp.issubdtype(jnp.result_type(out), jnp.inexact)]
        return [part for out in inexact for part in ((out.real, out.imag) if jnp.iscomplexobj(out) else (out,))]

    def measure(self, at: list[Any], u: list[Any], w: list[Any]) -> tuple[Any, ...]:
        """Outputs on both sides of the point, $J u$ and $J^T w$."""
        sides = [self.flat(*[p + sign * self.eps * v for p, v in zip(at, u, strict=True)]) for sign in (1, -1)]
        forward = jax.jvp(self.flat, at, u)[1] if "forward" in self.modes else []
        reverse = jax.vjp(self.flat, *at)[1](w) if "reverse" in self.modes else ()
        return *sides, forward, reverse

    def judge(self, measured: tuple[Any, ...], rtol: float, atol: float) -> None:
        """Raise AssertionError where the derivatives and the differences disagree."""
        __tracebackhide__ = True
        ahead, behind, forward, reverse = measured
        differences = [
            (np.asarray(a, np.float64) - np.asarray(b, np.float64)) / (2 * self.eps)
            for a, b in zip(ahead, behind, strict=True)
        ]
        if not all(np.isfinite(difference).all() for difference in differences):
            raise AssertionError("central differences are not finite: choose a point inside the function's domain")
        _, direction, weights = self.operands
        if "forward" in self.modes:
            _compare("forward", differences, forward, rtol, atol)
        if "reverse" in self.modes:
            through = sum(float(np.vdot(u, g)) for u, g in zip(direction, reverse, strict=True))
            along = sum(float(np.vdot(w, d)) for w, d in zip(weights, differences, strict=True))
            _compare("reverse", [along], [through], rtol, atol)


def _unit(vectors: list[np.ndarray]) -> list[np.ndarray]:
    length = np.sqrt(sum(float(np.vdot(v, v)) for v in vectors)) or 1.0
    return [v / length for v in vectors]


def _compare(mode: str, differences: list[Any], derivatives: Any, rtol: float, atol: float) -> None:
    __tracebackhide__ = True
    try:
        assert_close([np.asarray(d) for d in derivatives], [np.asarray(d) for d in differences], rtol=rtol, atol=atol)
    except AssertionError as error:
        message = f"the {mode} derivative disagrees with central differences: {error}"
        raise AssertionError(message) from None


_COMPILED: list[str] = []  # grows by one for each program that XLA compiles, once the listener is on
_LISTENING: list[bool] = []


@contextlib.contextmanager
def assert_no_retrace(allowed: int = 0) -> Iterator[None]:
    """A block in which at most `allowed` programs may be compiled.

    Args:
        allowed: how many compilations are expected.

    Returns:
        A context manager.

    Raises:
        AssertionError: more programs were compiled; the message says how many.

    >>> x = fg.ones(3)
    >>> y = fg.zeros_like(x)
    >>> with fg.testing.assert_no_retrace():
    ...     y = fg.zeros_like(x)

    Source: the recompilation checks of jit test suites.
    """
    __tracebackhide__ = True
    if not _LISTENING:
        jax.monitoring.register_event_duration_secs_listener(_count_compilation)
        _LISTENING.append(True)
    before = len(_COMPILED)
    yield
    compiled = len(_COMPILED) - before
    if compiled > allowed:
        raise AssertionError(f"{compiled} programs were compiled where {allowed} may be")


def _count_compilation(event: str, duration_secs: float, **_: str | int) -> None:
    if event == "/jax/core/compile/jaxpr_to_mlir_module_duration":  # also when the binary comes from a cache
        _COMPILED.append(event)

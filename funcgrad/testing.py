"""Assertions that this project's tests use, and that users may.

Each compares shape and dtype before values, takes its tolerance from one table, and fails on the smallest fault it
exists to find: ``tests/test_testing.py`` plants them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ._checks import fail
from ._errors import ArgumentError
from .autodiff.checking import check_grad

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

"""The types of matrices in which a pattern is given and a sparse Jacobian is returned."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental import sparse as jax_sparse

from .._checks import describe, fail, is_concrete
from .._errors import ArgumentTypeError, TracedValueError
from .sparsity import SparsityPattern

__all__ = ["OUTPUTS", "as_pattern", "finish"]

OUTPUTS = ("bcoo", "bcsr", "csr", "dense")


def as_pattern(name: str, given: Any) -> SparsityPattern:
    """A pattern that was given, as a SparsityPattern or any matrix."""
    if isinstance(given, SparsityPattern):
        return given
    if isinstance(given, jax_sparse.BCOO) and given.n_batch == given.n_dense == 0 and given.ndim == 2:
        indices = np.asarray(given.indices)
        inside = (indices < np.asarray(given.shape)).all(1)  # the padding of a BCOO is outside
        return SparsityPattern.from_coo(indices[inside, 0], indices[inside, 1], given.shape)
    if hasattr(given, "tocoo"):
        return SparsityPattern.from_scipy(given)
    if isinstance(given, np.ndarray | jax.Array | list | tuple):
        return SparsityPattern.from_dense(given)
    required = "pattern must be a SparsityPattern, a sparse matrix or a dense one"
    fail(ArgumentTypeError, name, required, f"got {describe(given)}", "leave it out to have it found")


def finish(name: str, output: str, pattern: SparsityPattern) -> Callable[[jax.Array], Any]:
    """From the entries, in the order of the pattern, to a matrix."""
    shape = pattern.shape
    if output == "csr":
        return functools.partial(_scipy, name, pattern)
    with jax.ensure_compile_time_eval():
        rows, cols = jnp.asarray(pattern.rows), jnp.asarray(pattern.cols)
        indices = jnp.asarray(np.stack([pattern.rows, pattern.cols], axis=1))
        starts = jnp.asarray(pattern.indptr, np.int32)
    if output == "dense":
        place = jax.jit(lambda data: jnp.zeros(shape, data.dtype).at[rows, cols].set(data, unique_indices=True))
        return lambda data: place(data)
    sorted_once: dict[str, Any] = {"shape": shape, "indices_sorted": True, "unique_indices": True}
    if output == "bcsr":
        matrix: Any = jax_sparse.BCSR((cols, cols, starts), **sorted_once)
        others = [cols, starts]
    else:
        matrix, others = jax_sparse.BCOO((cols, indices), **sorted_once), [indices]
    tree = jax.tree.structure(matrix)
    return lambda data: jax.tree.unflatten(tree, [data, *others])  # several times as fast as to construct it


def _scipy(name: str, pattern: SparsityPattern, data: jax.Array) -> Any:
    from scipy import sparse

    if not is_concrete(data):
        required = "output='csr' is a SciPy matrix, which needs values"
        given = "it is asked for where the function is being traced"
        fail(TracedValueError, name, required, given, "ask for 'bcoo', or call it outside fg.jit")
    values = np.array(data)
    if values.dtype.kind not in "fc" or values.dtype.itemsize < 4:  # SciPy knows no half precision
        values = values.astype(np.float32)
    return sparse.csr_array((values, pattern.cols.copy(), pattern.indptr.astype(np.int32)), shape=pattern.shape)

"""What processes that train together ask of each other."""

from __future__ import annotations

import hashlib
from typing import Any, NoReturn

import jax
import jax.numpy as jnp
import numpy as np

from .._checks import fail
from .._errors import ArgumentError, ProcessError
from .._types import PyTree

__all__ = ["explain_loss", "require_same_everywhere"]

_SIGNS_OF_DEATH = ("gloo", "connection", "unavailable", "heartbeat", "deadline", "nccl", "peer")


def explain_loss(name: str, error: Exception) -> NoReturn:
    """Raise `error`, which a program of several processes ended in, as what it means."""
    if jax.process_count() == 1 or not any(sign in str(error).lower() for sign in _SIGNS_OF_DEATH):
        raise error
    fail(
        ProcessError,
        name,
        f"all {jax.process_count()} processes must be alive",
        f"process {jax.process_index()} lost the connection to another",
        "look for the first error in the output of the others, and start all again from the last checkpoint",
    )


def require_same_everywhere(name: str, argument: str, tree: PyTree) -> None:
    """Raise unless every process passes the same arrays; those that are spread over all of them already are."""
    from jax.experimental import multihost_utils  # only many processes pay for the import

    local = [(p, x) for p, x in jax.tree_util.tree_leaves_with_path(tree) if getattr(x, "is_fully_addressable", True)]
    marks = np.stack([_mark(b"", repr(jax.tree.structure(tree)).encode()), *(_mark_of(leaf) for _, leaf in local)])
    counts = np.asarray(multihost_utils.process_allgather(np.array([len(marks)]))).ravel()
    places = [argument] + [argument + jax.tree_util.keystr(path) for path, _ in local]
    if (counts != counts[0]).any():
        different = [0]
    else:
        everywhere = np.asarray(multihost_utils.process_allgather(marks)).reshape(len(counts), len(marks), -1)
        different = np.flatnonzero((everywhere != everywhere[:1]).any(axis=(0, 2))).tolist()
    if different:
        fail(
            ArgumentError,
            name,
            "every process must pass the same arrays",
            f"got others at {places[different[0]]} in some of the {len(counts)} processes",
            "make them from the same key, or pass the rows of each process to par.from_local",
        )


def _mark_of(leaf: Any) -> np.ndarray:
    if isinstance(leaf, jax.Array) and jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key):
        leaf = jax.random.key_data(leaf)
    array = np.ascontiguousarray(leaf)
    return _mark(f"{array.dtype}{array.shape}".encode(), array.tobytes())


def _mark(*parts: bytes) -> np.ndarray:
    """64 bits that differ where the bytes do."""
    digest = hashlib.blake2b(b"|".join(parts), digest_size=8).digest()
    return np.frombuffer(digest, np.uint32)

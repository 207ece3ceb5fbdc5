"""The order of an epoch: a permutation of the rows that a key and the epoch's number decide."""

from __future__ import annotations

import functools

import jax
import numpy as np

from ..._types import Array
from ...arrays.random_integers import randperm

__all__ = ["HUGE", "Order"]

HUGE = 2**24  # rows, beyond which the order is computed where it is asked for, and takes no memory
_ROUNDS = 8


class Order:
    """Which row stands where. Without a key they stand as they are.

    Up to ``HUGE`` rows it is ``fg.randperm``. Beyond, it is a Feistel network on the numbers of rows (Luby
    and Rackoff 1988), walked along its cycles until it is inside (Black and Rogaway 2002): some permutation that looks
    like a random one, of which any part is known without the rest.
    """

    def __init__(self, key: Array | None, epoch: int, rows: int):
        self.rows = rows
        self.all = self.rounds = None
        if key is None:
            return
        if rows <= HUGE:
            self.all = np.asarray(_permuted(key, epoch, rows))
        else:
            self.rounds = np.asarray(_round_keys(key, epoch)).astype(np.uint64)

    def __getitem__(self, part: slice) -> np.ndarray:
        if self.all is not None:
            return self.all[part]
        places = np.arange(part.start, part.stop)
        return places if self.rounds is None else _feistel(places.astype(np.uint64), self.rounds, self.rows)


@functools.partial(jax.jit, static_argnums=2)
def _permuted(key: Array, epoch: int, rows: int) -> Array:
    return randperm(rows, key=jax.random.fold_in(key, epoch))


@jax.jit
def _round_keys(key: Array, epoch: int) -> Array:
    return jax.random.bits(jax.random.fold_in(key, epoch), (_ROUNDS,), "uint32")


def _feistel(places: np.ndarray, rounds: np.ndarray, rows: int) -> np.ndarray:
    half = np.uint64(((rows - 1).bit_length() + 1) // 2)
    mask = np.uint64((1 << int(half)) - 1)
    found = places
    outside = np.ones(places.shape, bool)
    while outside.any():
        left, right = found[outside] >> half, found[outside] & mask
        for key in rounds:
            left, right = right, left ^ (_mixed(right + (key << np.uint64(32))) & mask)
        found[outside] = (left << half) | right
        outside = found >= rows
    return found.astype(np.int64)


def _mixed(x: np.ndarray) -> np.ndarray:
    """64 bits, each of which depends on all of `x` (the finalizer of SplitMix64, Steele, Lea and Flood 2014)."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))

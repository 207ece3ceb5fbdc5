"""A digest of an array that does not depend on where its parts live: a sum over its elements.

Each element is mixed with its place, by a function that is one-to-one for each place, so that a change of one element
always changes the sum; any other change goes unnoticed once in 2^64 times. On devices no part is moved.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._types import Array

__all__ = ["sums"]

_SALTS = (np.uint32(0x9E3779B9), np.uint32(0x85EBCA6B))
_AT_ONCE = 2**20  # elements on the host


def sums(arrays: Mapping[str, Any]) -> dict[str, str]:
    """The digest of each array, of JAX or NumPy; the same for the same values of one dtype and shape."""
    found = {name: _of_host(array) for name, array in arrays.items() if not isinstance(array, jax.Array)}
    together: dict[Any, list[str]] = {}
    for name, array in arrays.items():
        if name not in found:
            together.setdefault(frozenset(array.sharding.device_set), []).append(name)
    for names in together.values():  # by list, because names are no part of a program; each process has the result
        found |= dict(zip(names, jax.device_get(_of_devices([arrays[name] for name in names])), strict=True))
    return {name: "".join(f"{int(number):08x}" for number in found[name]) for name in arrays}


@jax.jit
def _of_devices(arrays: list[Array]) -> list[list[Array]]:
    return [_of_words(*_words(array)) for array in arrays]


def _words(x: Array) -> tuple[Array, Array]:
    """The bits of `x` as unsigned integers, and the number of each in the order of memory."""
    if jnp.issubdtype(x.dtype, jnp.complexfloating):
        x = jnp.stack([x.real, x.imag], -1)
    if x.dtype == bool or x.dtype.itemsize == 1:
        bits = jax.lax.bitcast_convert_type(_bytes(x), jnp.uint8)
    else:
        bits = jax.lax.bitcast_convert_type(x, jnp.uint16 if x.dtype.itemsize == 2 else jnp.uint32)
    number, stride = jnp.zeros(bits.shape, jnp.uint32), 1
    for dim in reversed(range(bits.ndim)):
        number += jax.lax.broadcasted_iota(jnp.uint32, bits.shape, dim) * np.uint32(stride % 2**32)
        stride *= bits.shape[dim]
    return bits.astype(jnp.uint32), number


def _bytes(x: Any) -> Any:
    """`x` in a dtype of a whole byte: narrower ones are packed on some devices."""
    if x.dtype == bool:
        return x.astype(np.uint8)
    integer = jnp.issubdtype(x.dtype, jnp.integer)
    narrow = (jnp.iinfo if integer else jnp.finfo)(x.dtype).bits < 8
    return x.astype(jnp.int8 if integer else jnp.float8_e4m3fn) if narrow else x


def _of_host(array: np.ndarray) -> list[np.uint32]:
    whole = np.ascontiguousarray(array).reshape(-1)
    whole = _bytes(whole) if whole.dtype.itemsize == 1 else whole
    words = whole.view(np.dtype(f"u{min(whole.dtype.itemsize, 4)}"))
    total = np.zeros(len(_SALTS), np.uint32)
    for first in range(0, words.size, _AT_ONCE):
        part = words[first : first + _AT_ONCE].astype(np.uint32)
        number = np.arange(first, first + part.size, dtype=np.uint64).astype(np.uint32)
        total += np.array(_of_words(part, number), np.uint32)
    return [*total]


def _of_words(words: Any, number: Any) -> list[Any]:
    return [_mixed(words ^ _mixed(number ^ salt)).sum(dtype=np.uint32) for salt in _SALTS]


def _mixed(x: Any) -> Any:
    """A permutation of 32 bits, each of which depends on all (a finalizer of the kind of MurmurHash3's)."""
    x = (x ^ (x >> np.uint32(16))) * np.uint32(0x7FEB352D)
    x = (x ^ (x >> np.uint32(15))) * np.uint32(0x846CA68B)
    return x ^ (x >> np.uint32(16))

"""Keys, and uniform and normal numbers; every draw takes `key=`.

A key stands for the numbers it gives: the same key gives the same numbers, on any machine and on any number of
devices. So each draw needs a key of its own, from ``keys`` or, by name, from ``fold_in``.
"""

from __future__ import annotations

import hashlib
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._checks import default_float, describe, fail, require_key, resolve_dtype, sizes
from .._errors import ArgumentError, ArgumentTypeError, ConversionError, DtypeError
from .._op import op
from .._plain import plain
from .._types import Array, ArrayLike, DtypeLike, Shape

__all__ = [
    "fold_in",
    "key",
    "keys",
    "rand",
    "rand_like",
    "randn",
    "randn_like",
]


@plain
def key(seed: Any, /) -> Array:
    """A key that stands for a stream of random numbers.

    Args:
        seed: any int of up to 64 bits; all of its bits count, also where JAX would cut it to 32. An integer array
            where it is traced.

    Returns:
        A 0-d array of keys (``jax.random.key``).

    Raises:
        ArgumentTypeError: `seed` is not an integer.
        ConversionError: `seed` has more than 64 bits.

    >>> fg.rand(2, key=fg.key(0)).shape
    (2,)

    Source: ``jax.random.key``; the functional spelling of ``torch.manual_seed``.
    """
    if isinstance(seed, jax.Array):
        if seed.ndim or not jnp.issubdtype(seed.dtype, jnp.integer):
            fail(ArgumentTypeError, "key", "seed must be an integer", f"got {describe(seed)}", "pass an int")
        return jax.random.key(seed)
    if isinstance(seed, bool) or not hasattr(seed, "__index__"):
        fail(ArgumentTypeError, "key", "seed must be an integer", f"got {describe(seed)}", "write fg.key(0)")
    number = seed.__index__()
    if not -(2**63) <= number < 2**64:
        fail(ConversionError, "key", "seed must fit in 64 bits", f"got {number}", "choose a smaller one")
    if 0 <= number < 2**32:
        return jax.random.key(np.uint32(number))
    low, high = number % 2**32, (number >> 32) % 2**32
    return jax.random.fold_in(jax.random.key(np.uint32(low)), np.uint32(high))


@op
def keys(key: Array, n: int = 2, /) -> Array:
    """New keys, independent of each other and of `key`, which is used up.

    Args:
        key: one key.
        n: how many, 0 or more.

    Returns:
        An array of `n` keys, to be indexed, unpacked or mapped over.

    Raises:
        ArgumentTypeError: `key` is not a key.
        ShapeError: `n` is negative.

    >>> first, second = fg.keys(fg.key(0))
    >>> bool(fg.rand(key=first) == fg.rand(key=second))
    False

    Source: ``jax.random.split``.
    """
    (count,) = sizes("keys", (n,))
    return jax.random.split(require_key("keys", key), count)


@plain
def fold_in(key: Array, /, *names: str | ArrayLike) -> Array:
    """The key of a named stream: ``fold_in(key, "dropout", step)``.

    The same key and names give the same stream, on any machine and in any order of asking, so that a training run
    that resumes at a step continues as if it had not stopped.

    Args:
        key: one key; it may be used for other names, but not for a draw.
        *names: strings, and ints from 0 to 2**31 - 1 (or integer arrays, also traced).

    Returns:
        One key.

    Raises:
        ArgumentTypeError: `key` is not a key, or a name is neither a string nor an integer.
        ArgumentError: there is no name, or an int is out of range.

    >>> step = fg.fold_in(fg.key(0), "dropout", 3)
    >>> bool(fg.rand(key=step) == fg.rand(key=fg.fold_in(fg.key(0), "dropout", 3)))
    True

    Source: ``jax.random.fold_in``.
    """
    if not names:
        required = "at least one name is needed"
        fail(ArgumentError, "fold_in", required, "got none", "write for example fg.fold_in(key, 'dropout', step)")
    words: list[Any] = []
    for name in names:
        if isinstance(name, str):
            # Two words of 31 bits: Python's own hash differs from run to run, and int32 has no more.
            digest = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
            words += [digest % 2**31, (digest >> 31) % 2**31]
        elif isinstance(name, jax.Array | np.ndarray) and jnp.issubdtype(name.dtype, jnp.integer) and name.ndim == 0:
            words.append(name)
        elif isinstance(name, bool) or not hasattr(name, "__index__"):
            required = "names must be strings or integers"
            fail(ArgumentTypeError, "fold_in", required, f"got {describe(name)}", "write it as a string")
        elif not 0 <= name.__index__() < 2**31:
            required = "an integer name must be in [0, 2147483647]"
            fail(ArgumentError, "fold_in", required, f"got {name.__index__()}", "write it as a string")
        else:
            words.append(name.__index__())
    return _fold_in(key, *words)


@op
def _fold_in(key: Array, /, *words: ArrayLike) -> Array:
    key = require_key("fold_in", key)
    for word in words:
        key = jax.random.fold_in(key, word)
    return key


def _float_dtype(name: str, dtype: DtypeLike | None) -> Any:
    kind = default_float() if dtype is None else resolve_dtype(name, dtype)
    if not jnp.issubdtype(kind, jnp.floating):
        fail(DtypeError, name, "dtype must be floating", f"got {kind}", "use fg.randint for integers")
    return kind


@op(places=True)
def rand(*size: int, key: Array | None = None, dtype: DtypeLike | None = None) -> Array:
    """Numbers drawn evenly from [0, 1).

    Args:
        *size: the shape, as ``rand(2, 3, key=key)`` or ``rand((2, 3), key=key)``.
        key: a key from ``fg.key``.
        dtype: the dtype; float32 by default.
        device: where to put it.

    Returns:
        The array, of shape `size`.

    Raises:
        ArgumentTypeError: there is no key.
        DtypeError: the dtype is not floating.

    >>> fg.rand(2, 3, key=fg.key(0)).shape
    (2, 3)

    Source: ``torch.rand``.
    """
    return jax.random.uniform(require_key("rand", key), sizes("rand", size), _float_dtype("rand", dtype))


@op(places=True)
def randn(*size: int, key: Array | None = None, dtype: DtypeLike | None = None) -> Array:
    """Numbers drawn from the normal distribution with mean 0 and variance 1.

    Args:
        *size: the shape, as ``randn(2, 3, key=key)`` or ``randn((2, 3), key=key)``.
        key: a key from ``fg.key``.
        dtype: the dtype, floating or complex; float32 by default. Of a complex number both parts have variance 1/2.
        device: where to put it.

    Returns:
        The array, of shape `size`.

    Raises:
        ArgumentTypeError: there is no key.
        DtypeError: the dtype is an integer.

    >>> fg.randn(2, 3, key=fg.key(0)).shape
    (2, 3)

    Source: ``torch.randn``.
    """
    return _normal("randn", key, sizes("randn", size), dtype)


def _normal(name: str, key: Any, shape: Shape, dtype: DtypeLike | None) -> Array:
    kind = default_float() if dtype is None else resolve_dtype(name, dtype)
    if not jnp.issubdtype(kind, jnp.inexact):
        fail(DtypeError, name, "dtype must be floating or complex", f"got {kind}", "use fg.randint for integers")
    return jax.random.normal(require_key(name, key), shape, kind)


@op(places=True)
def rand_like(input: ArrayLike, /, *, key: Array | None = None, dtype: DtypeLike | None = None) -> Array:
    """Numbers drawn evenly from [0, 1), in the shape of `input`.

    Args:
        input: any shape; its values are not looked at.
        key: a key from ``fg.key``.
        dtype: the dtype; by default that of `input`.
        device: where to put it.

    Returns:
        The array, in the shape of `input`.

    Raises:
        ArgumentTypeError: there is no key.
        DtypeError: the dtype is not floating.

    >>> fg.rand_like(fg.ones(2, 3), key=fg.key(0)).shape
    (2, 3)

    Source: ``torch.rand_like``.
    """
    kind = _float_dtype("rand_like", jnp.result_type(input) if dtype is None else dtype)
    return jax.random.uniform(require_key("rand_like", key), jnp.shape(input), kind)


@op(places=True)
def randn_like(input: ArrayLike, /, *, key: Array | None = None, dtype: DtypeLike | None = None) -> Array:
    """Numbers drawn from the normal distribution with mean 0 and variance 1, in the shape of `input`.

    Args:
        input: any shape; its values are not looked at.
        key: a key from ``fg.key``.
        dtype: the dtype, floating or complex; by default that of `input`.
        device: where to put it.

    Returns:
        The array, in the shape of `input`.

    Raises:
        ArgumentTypeError: there is no key.
        DtypeError: the dtype is an integer.

    >>> fg.randn_like(fg.ones(2, 3), key=fg.key(0)).shape
    (2, 3)

    Source: ``torch.randn_like``.
    """
    return _normal("randn_like", key, jnp.shape(input), jnp.result_type(input) if dtype is None else dtype)

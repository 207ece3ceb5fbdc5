"""Random integers and permutations; every draw takes `key=`."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._checks import default_int, describe, fail, is_concrete, require_key, resolve_dtype, sizes
from .._claims import checking, claim, looked_at
from .._convert import resolve_device
from .._errors import ArgumentError, ArgumentTypeError, ConversionError, DtypeError
from .._op import op
from .._plain import plain
from .._types import Array, ArrayLike, DtypeLike, Shape
from ._order import LARGE

__all__ = ["randint", "randint_like", "randperm"]


@plain
def randint(
    *bounds: Any,
    low: ArrayLike | None = None,
    high: ArrayLike | None = None,
    size: Any = None,
    key: Array | None = None,
    dtype: DtypeLike | None = None,
    device: Any = None,
) -> Array:
    """Integers drawn evenly from [low, high).

    Args:
        *bounds: ``randint(high, size, key=key)`` or ``randint(low, high, size, key=key)``.
        low: the smallest, by name; 0 by default.
        high: one above the largest, by name.
        size: the shape, by name.
        key: a key from ``fg.key``.
        dtype: the dtype, an integer or floating one; int32 by default.
        device: where to put it.

    Returns:
        The array, of shape `size`.

    Raises:
        ArgumentTypeError: there is no key, or the bounds are not as above.
        ArgumentError: no integer is in [low, high).
        ConversionError: a bound does not fit the dtype.

    >>> bool((fg.randint(2, 5, (100,), key=fg.key(0)) < 5).all())
    True

    Source: ``torch.randint``.
    """
    given = _named("randint", bounds, {"low": low, "high": high, "size": size})
    shape = sizes("randint", (given["size"],))
    return _integers("randint", given, shape, key, default_int() if dtype is None else dtype, device)


def _named(name: str, given: tuple[Any, ...], parameters: dict[str, Any]) -> dict[str, Any]:
    """Positional arguments by name, where the first parameter, low, may be left out."""
    free = [parameter for parameter, value in parameters.items() if value is None]
    if len(given) == len(free) - 1 and "low" in free:
        free.remove("low")
    if len(given) != len(free):
        words = list(parameters)
        required = f"the call must be {name}({', '.join(words[1:])}) or {name}({', '.join(words)})"
        fail(
            ArgumentTypeError, name, required, f"got {len(given)} positional for {', '.join(free)}", "correct the call"
        )
    return {"low": 0} | {k: v for k, v in parameters.items() if v is not None} | dict(zip(free, given, strict=True))


_ORDERED = ("low must be below high, which is not included", "exchange or widen them")
_WIDER = "choose a wider dtype or other bounds"


def _claim_bounds(name: str, low: Any, high: Any, kind: np.dtype[Any]) -> None:
    """The checks of bounds that are traced, for `checked`."""
    low, high = jnp.asarray(low), jnp.asarray(high)
    given = "got low={low} and high={high}"
    claim(ArgumentError, name, _ORDERED[0], given, _ORDERED[1], low < high, low=low, high=high)
    limits = jnp.iinfo(kind if jnp.issubdtype(kind, jnp.integer) else default_int())
    for bound in (low, high - 1):
        own = jnp.iinfo(bound.dtype)
        holds = jnp.ones(bound.shape, bool)
        if own.min < limits.min:
            holds &= bound >= int(limits.min)
        if own.max > limits.max:
            holds &= bound <= int(limits.max)
        claim(ConversionError, name, f"every value must fit in {limits.dtype}", "got {n}", _WIDER, holds, n=bound)


def _integers(name: str, bounds: dict[str, Any], shape: Shape, key: Any, dtype: DtypeLike, device: Any) -> Array:
    kind = resolve_dtype(name, dtype)
    if kind.kind in "bc":
        fail(DtypeError, name, "dtype must be an integer or floating", f"got {kind}", "use fg.bernoulli for booleans")
    low, high = (bounds[word] for word in ("low", "high"))
    for word, bound in (("low", low), ("high", high)):
        if isinstance(bound, bool) or (
            not isinstance(bound, int) and not jnp.issubdtype(getattr(bound, "dtype", bool), jnp.integer)
        ):
            fail(ArgumentTypeError, name, f"{word} must be an integer", f"got {describe(bound)}", "round it first")
    wide = None
    if checking() and not (is_concrete(low) and is_concrete(high)):
        _claim_bounds(name, low, high, kind)
    if is_concrete(low) and is_concrete(high):
        plain = isinstance(low, int) and isinstance(high, int)
        if (low >= high if plain else np.any(np.asarray(low) >= np.asarray(high))) and looked_at():
            fail(ArgumentError, name, _ORDERED[0], f"got low={low} and high={high}", _ORDERED[1])
        integers = kind.kind in "iu" or jnp.issubdtype(kind, jnp.integer)  # the latter also knows int4
        limits = jnp.iinfo(kind if integers else default_int())
        least, last = (low, high - 1) if plain else (int(np.min(low)), int(np.max(high)) - 1)
        if least < limits.min or last > limits.max:
            outside = least if least < limits.min else last
            fail(ConversionError, name, f"every value must fit in {limits.dtype}", f"got {outside}", _WIDER)
        narrow = np.iinfo(default_int())
        if np.ndim(low) == np.ndim(high) == 0 and (least < narrow.min or last >= narrow.max):
            # No operand can hold these.
            wide, low, high = (least, last + 1), None, None
    made = _randint(low, high, shape, name, kind.name, wide, key=key)
    return made if device is None else jax.device_put(made, resolve_device(name, device))


def _integer_kind(kind: Any) -> Any:
    return kind if kind.kind in "iu" else default_int()


@op
def _randint(
    low: ArrayLike | None,
    high: ArrayLike | None,
    size: Shape,
    name: str,
    dtype: str,
    wide: tuple[int, int] | None,
    *,
    key: Array | None = None,
) -> Array:
    kind = np.dtype(jnp.dtype(dtype))
    drawn = _integer_kind(kind)
    key = require_key(name, key)
    if wide is None:
        return jax.random.randint(key, size, jnp.asarray(low), jnp.asarray(high), drawn).astype(kind)
    unsigned = np.dtype(f"uint{8 * drawn.itemsize}")
    least, span, full = wide[0], wide[1] - wide[0], 2 ** (8 * drawn.itemsize)
    if span == full:
        offset = jax.random.bits(key, size, unsigned)
    else:
        offset = jax.random.randint(key, size, unsigned.type(0), unsigned.type(span), unsigned)
    return jax.lax.bitcast_convert_type(offset + unsigned.type(least % full), drawn).astype(kind)


@plain
def randint_like(
    input: ArrayLike,
    /,
    *bounds: ArrayLike,
    low: ArrayLike | None = None,
    high: ArrayLike | None = None,
    key: Array | None = None,
    dtype: DtypeLike | None = None,
    device: Any = None,
) -> Array:
    """Integers drawn evenly from [low, high), in the shape and dtype of `input`.

    Args:
        input: any shape; its values are not looked at.
        *bounds: ``randint_like(x, high, key=key)`` or ``randint_like(x, low, high, key=key)``.
        low: the smallest, by name; 0 by default.
        high: one above the largest, by name.
        key: a key from ``fg.key``.
        dtype: the dtype; by default that of `input`.
        device: where to put it.

    Returns:
        The array, in the shape of `input`.

    Raises:
        ArgumentTypeError: there is no key, or the bounds are not as above.
        ArgumentError: no integer is in [low, high).

    >>> fg.randint_like(fg.ones(2), 5, key=fg.key(0)).dtype
    dtype('float32')

    Source: ``torch.randint_like``.
    """
    given = _named("randint_like", bounds, {"low": low, "high": high})
    kind = jnp.result_type(input) if dtype is None else dtype
    return _integers("randint_like", given, tuple(jnp.shape(input)), key, kind, device)


@op(places=True)
def randperm(n: int, /, *, key: Array | None = None, dtype: DtypeLike | None = None) -> Array:
    """The numbers from 0 to n - 1 in random order; ``x[fg.randperm(len(x), key=key)]`` shuffles rows.

    Args:
        n: how many.
        key: a key from ``fg.key``.
        dtype: the dtype; int32 by default.
        device: where to put it.

    Returns:
        A 1-D array of `n` elements.

    Raises:
        ArgumentTypeError: there is no key.
        ShapeError: `n` is negative.
        ConversionError: the numbers do not fit the dtype.

    >>> jnp.sort(fg.randperm(4, key=fg.key(0)))
    Array([0, 1, 2, 3], dtype=int32)

    Source: ``torch.randperm``.
    """
    (count,) = sizes("randperm", (n,))
    kind = default_int() if dtype is None else resolve_dtype("randperm", dtype)
    if jnp.issubdtype(kind, jnp.integer) and count - 1 > np.iinfo(kind).max:
        remedy = "choose a wider dtype"
        fail(ConversionError, "randperm", f"every value must fit in {kind}", f"got {count - 1}", remedy)
    return _permutation(require_key("randperm", key), count).astype(kind)


def _permutation(key: Array, count: int) -> Array:
    """The numbers below `count` in random order.

    In between, one sort of random numbers with the places in their low bits takes half as long as JAX's two rounds
    of pairs, and is the same on every platform. Where two random numbers are equal, which is seen, it is drawn anew.
    """
    if not LARGE <= count <= 1 << 20:  # above, equal numbers are no longer rare
        return jax.random.permutation(key, count)
    first, second = jax.random.split(key)
    high, low = jax.random.bits(first, (2, count), np.uint32)
    bits = np.uint32(count.bit_length())
    mask = np.uint32((1 << int(bits)) - 1)
    low = low & ~mask | jax.lax.iota(np.uint32, count)
    with jax.enable_x64(True):  # inside it only what lowers alike outside: no indexing, no functions of jnp
        pairs = jax.lax.sort(high.astype(np.uint64) << np.uint64(32) | low.astype(np.uint64), is_stable=False)
        high, low = (pairs >> np.uint64(32)).astype(np.uint32), (pairs & np.uint64(0xFFFFFFFF)).astype(np.uint32)
    equal = jnp.any((high[1:] == high[:-1]) & (low[1:] >> bits == low[:-1] >> bits))
    drawn = (low & mask).astype(np.int32)
    return jax.lax.cond(equal, lambda: jax.random.permutation(second, jnp.arange(count, dtype=np.int32)), lambda: drawn)

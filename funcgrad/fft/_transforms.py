"""What every transform checks, and how torch's arguments reach ``jax.numpy.fft``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp

from .._checks import describe, fail, integer, listed
from .._errors import ArgumentError, DtypeError, ShapeError
from .._types import Array, ArrayLike, Shape

__all__ = ["along", "half_spectrum", "half_spectrum_over", "over", "real_spectrum", "real_spectrum_over"]

_NORMS = {None: None, "backward": "forward", "ortho": "ortho", "forward": "backward"}
_WHOLE = {"rfft": "fft", "rfft2": "fft2", "rfftn": "fftn", "ihfft": "ifft", "ihfft2": "ifft2", "ihfftn": "ifftn"}


def real_spectrum(x: Array, n: int | None, dim: int, norm: str | None) -> Array:
    return jnp.fft.irfft(jnp.conj(x), n, dim, _turned(norm))


def half_spectrum(x: Array, n: int | None, dim: int, norm: str | None) -> Array:
    return jnp.conj(jnp.fft.rfft(x, n, dim, _turned(norm)))


def real_spectrum_over(x: Array, s: Shape | None, dims: Shape, norm: str | None) -> Array:
    return jnp.fft.irfftn(jnp.conj(x), s, dims, _turned(norm))


def half_spectrum_over(x: Array, s: Shape | None, dims: Shape, norm: str | None) -> Array:
    return jnp.conj(jnp.fft.rfftn(x, s, dims, _turned(norm)))


def _turned(norm: str | None) -> str | None:
    """The scaling that a transform has where it is computed by the one in the other direction."""
    return _NORMS["backward" if norm is None else norm]


def along(
    name: str, transform: Callable[..., Array], input: ArrayLike, n: int | None, dim: int, norm: str | None
) -> Array:
    """A transform along one dimension."""
    x = _operand(name, input, norm)
    if not x.ndim:
        fail(ShapeError, name, "input must have at least 1 dimension", "got a 0-d array", "add one with fg.unsqueeze")
    return transform(x, *_lengths(name, x, None if n is None else (n,), (dim,), "n"), dim, norm)


def over(name: str, transform: Callable[..., Array], input: ArrayLike, s: Any, dim: Any, norm: str | None) -> Array:
    """A transform over several dimensions: those of `dim`, or as many of the last as `s` has sizes, or all."""
    x = _operand(name, input, norm)
    dims = (dim,) if isinstance(dim, int) else dim
    lengths = s if s is None or isinstance(s, Sequence) else (s,)
    if lengths is not None and dims is not None and len(lengths) != len(dims):
        fail(
            ArgumentError,
            name,
            "s and dim must have the same length",
            f"got s={tuple(lengths)} and dim={tuple(dims)}",
            "give a size, or -1 for the size there is, for each dimension",
        )
    if lengths is not None and len(lengths) > x.ndim:
        fail(
            ShapeError,
            name,
            f"s must have at most {x.ndim} size{'' if x.ndim == 1 else 's'}, one for each dimension",
            f"got {tuple(lengths)} for shape {x.shape}",
            "drop the others",
        )
    if dims is None:
        dims = tuple(range(x.ndim - len(lengths), x.ndim)) if lengths is not None else tuple(range(x.ndim))
    if not dims:
        if "r" in name or "h" in name:
            given = f"got shape {x.shape} and dim=()"
            fail(ArgumentError, name, "there must be a dimension to transform", given, "name one in dim=")
        return x.astype(jnp.result_type(x, jnp.complex64))
    return transform(x, _lengths(name, x, lengths, dims, "s"), dims, norm)


def _operand(name: str, input: ArrayLike, norm: str | None) -> Array:
    """`input` as the transforms take it: 16-bit numbers are transformed in 32."""
    if norm not in _NORMS:
        names = listed(key for key in _NORMS if key)
        fail(ArgumentError, name, f"norm must be one of {names}", f"got {norm!r}", "choose one of them")
    x = jnp.asarray(input)
    if name in _WHOLE and jnp.issubdtype(x.dtype, jnp.complexfloating):
        given = f"got {describe(x)}"
        fail(DtypeError, name, "input must be real", given, f"use fg.fft.{_WHOLE[name]}, or take fg.real(x)")
    return x.astype(jnp.float32) if x.dtype in (jnp.float16, jnp.bfloat16) else x


def _lengths(name: str, x: Array, given: Sequence[Any] | None, dims: Shape, argument: str) -> Any:
    """How many points are transformed along each of `dims`, checked; None, as given, for those there are."""
    halves = name.startswith(("irfft", "hfft"))  # these read n // 2 + 1 points, and make n
    have = [x.shape[dim] for dim in dims]
    if halves:
        have[-1] = 2 * (have[-1] - 1)
    lengths = list(have)
    for place, length in enumerate(given or ()):
        label = argument if argument == "n" else f"s[{place}]"
        if argument == "s" and length == -1 and not isinstance(length, bool):
            continue
        lengths[place] = integer(name, label, length, 1)
    for dim, length in zip(dims, lengths, strict=True):
        if length < 1:
            fail(
                ShapeError,
                name,
                f"there must be a point to make along dim {dim}",
                f"got shape {x.shape}",
                f"pass {argument}=, which pads with zeros",
            )
    if given is None:
        return (None,) if argument == "n" else None
    return tuple(lengths)

"""The frequencies of a spectrum, and their order."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np

from .._checks import default_float, describe, fail, integer, resolve_dtype
from .._convert import from_host
from .._errors import ArgumentTypeError, DtypeError, ShapeError
from .._op import op
from .._types import Array, ArrayLike, Dims, DtypeLike

__all__ = ["fftfreq", "fftshift", "ifftshift", "rfftfreq"]


@op(places=True)
def fftfreq(n: int, d: float = 1.0, *, dtype: DtypeLike | None = None) -> Array:
    r"""The frequencies of ``fft``: $0, 1, \dots, -2, -1$ divided by n d, in cycles per unit of `d`.

    Args:
        n: how many points the transform has.
        d: the distance between two samples.
        dtype: the dtype; float32 by default.
        device: where to put it.

    Returns:
        A 1-D array of n frequencies; for even n the middle one is -1 / (2 d).

    Raises:
        ArgumentError: `n` is negative.
        DtypeError: the dtype is not floating point.

    >>> fg.fft.fftfreq(4, 0.5)
    Array([ 0. ,  0.5, -1. , -0.5], dtype=float32)

    Source: ``torch.fft.fftfreq``.
    """
    count = integer("fftfreq", "n", n, 0)
    places = np.arange(count)
    return _frequencies("fftfreq", np.where(places < (count + 1) // 2, places, places - count), count, d, dtype)


@op(places=True)
def rfftfreq(n: int, d: float = 1.0, *, dtype: DtypeLike | None = None) -> Array:
    r"""The frequencies of ``rfft``: $0, 1, \dots, n / 2$ divided by n d, in cycles per unit of `d`.

    Args:
        n: how many points the signal has.
        d: the distance between two samples.
        dtype: the dtype; float32 by default.
        device: where to put it.

    Returns:
        A 1-D array of n // 2 + 1 frequencies.

    Raises:
        ArgumentError: `n` is less than 1.
        DtypeError: the dtype is not floating point.

    >>> fg.fft.rfftfreq(4, 0.5)
    Array([0. , 0.5, 1. ], dtype=float32)

    Source: ``torch.fft.rfftfreq``.
    """
    count = integer("rfftfreq", "n", n, 1)
    return _frequencies("rfftfreq", np.arange(count // 2 + 1), count, d, dtype)


def _frequencies(name: str, steps: np.ndarray, n: int, d: float, dtype: DtypeLike | None) -> Array:
    kind = default_float() if dtype is None else resolve_dtype(name, dtype)
    if not jnp.issubdtype(kind, jnp.floating):
        given = f"got {kind.name}"
        fail(DtypeError, name, "dtype must be floating point", given, "convert the result with fg.to(x, dtype)")
    if isinstance(d, bool) or not isinstance(d, int | float) or d == 0:
        given = f"got {describe(d)}"
        fail(ArgumentTypeError, name, "d must be a number other than 0", given, "pass the distance of two samples")
    # On the host in float64, so that each frequency is rounded once.
    return from_host(name, steps / (n * d), kind, lossy=True) if n else jnp.zeros(0, kind)


@op
def fftshift(input: ArrayLike, dim: Dims | None = None) -> Array:
    """The spectrum of ``fft`` with frequency 0 in the middle, the negative ones before it.

    Args:
        input: at least one dimension.
        dim: one or several dimensions to turn; all by default.

    Returns:
        An array in the shape and dtype of `input`.

    Raises:
        ShapeError: there is no dimension to turn.
        DimError: a dimension is out of range or named twice.

    >>> fg.fft.fftshift(fg.fft.fftfreq(4, 0.25))
    Array([-2., -1.,  0.,  1.], dtype=float32)

    Source: ``torch.fft.fftshift``.
    """
    return _turned("fftshift", input, dim, 1)


@op
def ifftshift(input: ArrayLike, dim: Dims | None = None) -> Array:
    """The inverse of ``fftshift``: frequency 0 from the middle to the front.

    Args:
        input: at least one dimension.
        dim: one or several dimensions to turn; all by default.

    Returns:
        An array in the shape and dtype of `input`.

    Raises:
        ShapeError: there is no dimension to turn.
        DimError: a dimension is out of range or named twice.

    >>> fg.fft.ifftshift(fg.tensor([-2, -1, 0, 1, 2]))
    Array([ 0,  1,  2, -2, -1], dtype=int32)

    Source: ``torch.fft.ifftshift``.
    """
    return _turned("ifftshift", input, dim, -1)


def _turned(name: str, input: ArrayLike, dim: Dims | None, way: int) -> Array:
    x = jnp.asarray(input)
    dims = tuple(range(x.ndim)) if dim is None else (dim,) if isinstance(dim, int) else tuple(dim)
    if not dims or not x.ndim:
        given = f"got shape {x.shape}" + ("" if dim is None else f" and dim={dim}")
        fail(ShapeError, name, "there must be a dimension to turn", given, "name one in dim=")
    # Forward by half the size rounded down, back by half the size rounded up the other way.
    return jnp.roll(x, [way * (x.shape[axis] // 2) for axis in dims], dims)

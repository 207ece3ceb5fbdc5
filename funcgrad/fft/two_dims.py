"""Fourier transforms over two dimensions. 16-bit input is transformed in 32 bits."""

from __future__ import annotations

from collections.abc import Sequence

import jax.numpy as jnp

from .._op import op
from .._types import Array, ArrayLike, Dims
from ._transforms import half_spectrum_over, over, real_spectrum_over

__all__ = ["fft2", "hfft2", "ifft2", "ihfft2", "irfft2", "rfft2"]


@op
def fft2(
    input: ArrayLike, s: int | Sequence[int] | None = None, dim: Dims = (-2, -1), norm: str | None = None
) -> Array:
    """The discrete Fourier transform over two dimensions.

    Args:
        input: any shape.
        s: how many points in each of `dim`: the input is cut or padded with zeros; -1 for all there are.
        dim: the dimensions to transform.
        norm: "backward" (the default), "ortho" or "forward": a scale of 1, 1/√N and 1/N, for N points in all.

    Returns:
        A complex array with the sizes `s` in `dim`.

    Raises:
        ShapeError: there is no point to transform, or too few dimensions.
        ArgumentError: a size is less than 1, `s` and `dim` do not fit, or `norm` is unknown.
        DimError: a dimension is out of range or named twice.

    >>> fg.fft.fft2(fg.tensor([[1.0, 0.0], [0.0, 0.0]]))
    Array([[1.+0.j, 1.+0.j],
           [1.+0.j, 1.+0.j]], dtype=complex64)

    Source: ``torch.fft.fft2``.
    """
    return over("fft2", jnp.fft.fftn, input, s, dim, norm)


@op
def ifft2(
    input: ArrayLike, s: int | Sequence[int] | None = None, dim: Dims = (-2, -1), norm: str | None = None
) -> Array:
    """The inverse of ``fft2``.

    Args:
        input: any shape.
        s: how many points in each of `dim`: the input is cut or padded with zeros; -1 for all there are.
        dim: the dimensions to transform.
        norm: "backward" (the default), "ortho" or "forward": a scale of 1/N, 1/√N and 1, for N points in all.

    Returns:
        A complex array with the sizes `s` in `dim`.

    Raises:
        ShapeError: there is no point to transform, or too few dimensions.
        ArgumentError: a size is less than 1, `s` and `dim` do not fit, or `norm` is unknown.
        DimError: a dimension is out of range or named twice.

    >>> fg.fft.ifft2(fg.ones(3, 5), s=(4, -1)).shape
    (4, 5)

    Source: ``torch.fft.ifft2``.
    """
    return over("ifft2", jnp.fft.ifftn, input, s, dim, norm)


@op
def rfft2(
    input: ArrayLike, s: int | Sequence[int] | None = None, dim: Dims = (-2, -1), norm: str | None = None
) -> Array:
    """The half of ``fft2`` that says all of it where the input is real.

    Args:
        input: real, any shape.
        s: how many points in each of `dim`: the input is cut or padded with zeros; -1 for all there are.
        dim: the dimensions to transform.
        norm: "backward" (the default), "ortho" or "forward": a scale of 1, 1/√N and 1/N, for N points in all.

    Returns:
        A complex array with the sizes `s` in `dim`, but n // 2 + 1 for n in the last.

    Raises:
        ShapeError: there is no point to transform, or too few dimensions.
        ArgumentError: a size is less than 1, `s` and `dim` do not fit, or `norm` is unknown.
        DtypeError: `input` is complex.
        DimError: a dimension is out of range or named twice.

    >>> fg.fft.rfft2(fg.ones(3, 5)).shape
    (3, 3)

    Source: ``torch.fft.rfft2``.
    """
    return over("rfft2", jnp.fft.rfftn, input, s, dim, norm)


@op
def irfft2(
    input: ArrayLike, s: int | Sequence[int] | None = None, dim: Dims = (-2, -1), norm: str | None = None
) -> Array:
    """The inverse of ``rfft2``: a real signal of its half spectrum.

    Args:
        input: any shape; in the last of `dim` points 0 to n // 2 of a spectrum.
        s: how many points in each of `dim`: the input is cut or padded with zeros; -1 for all there are.
        dim: the dimensions to transform.
        norm: "backward" (the default), "ortho" or "forward": a scale of 1/N, 1/√N and 1, for N points in all.

    Returns:
        A real array with the sizes `s` in `dim`.

    Raises:
        ShapeError: there is no point to transform, or too few dimensions.
        ArgumentError: a size is less than 1, `s` and `dim` do not fit, or `norm` is unknown.
        DimError: a dimension is out of range or named twice.

    >>> fg.fft.irfft2(fg.ones(3, 5)).shape
    (3, 8)

    Source: ``torch.fft.irfft2``.
    """
    return over("irfft2", jnp.fft.irfftn, input, s, dim, norm)


@op
def hfft2(
    input: ArrayLike, s: int | Sequence[int] | None = None, dim: Dims = (-2, -1), norm: str | None = None
) -> Array:
    """The real spectrum of a signal of which a half is given, because the other half is its conjugate.

    Args:
        input: any shape; in the last of `dim` points 0 to n // 2 of a signal.
        s: how many points in each of `dim`: the input is cut or padded with zeros; -1 for all there are.
        dim: the dimensions to transform.
        norm: "backward" (the default), "ortho" or "forward": a scale of 1, 1/√N and 1/N, for N points in all.

    Returns:
        A real array with the sizes `s` in `dim`.

    Raises:
        ShapeError: there is no point to transform, or too few dimensions.
        ArgumentError: a size is less than 1, `s` and `dim` do not fit, or `norm` is unknown.
        DimError: a dimension is out of range or named twice.

    >>> fg.fft.hfft2(fg.ones(3, 5)).shape
    (3, 8)

    Source: ``torch.fft.hfft2``.
    """
    return over("hfft2", real_spectrum_over, input, s, dim, norm)


@op
def ihfft2(
    input: ArrayLike, s: int | Sequence[int] | None = None, dim: Dims = (-2, -1), norm: str | None = None
) -> Array:
    """The inverse of ``hfft2``: half the signal of a real spectrum.

    Args:
        input: real, any shape.
        s: how many points in each of `dim`: the input is cut or padded with zeros; -1 for all there are.
        dim: the dimensions to transform.
        norm: "backward" (the default), "ortho" or "forward": a scale of 1/N, 1/√N and 1, for N points in all.

    Returns:
        A complex array with the sizes `s` in `dim`, but n // 2 + 1 for n in the last.

    Raises:
        ShapeError: there is no point to transform, or too few dimensions.
        ArgumentError: a size is less than 1, `s` and `dim` do not fit, or `norm` is unknown.
        DtypeError: `input` is complex.
        DimError: a dimension is out of range or named twice.

    >>> fg.fft.ihfft2(fg.ones(3, 5)).shape
    (3, 3)

    Source: ``torch.fft.ihfft2``.
    """
    return over("ihfft2", half_spectrum_over, input, s, dim, norm)

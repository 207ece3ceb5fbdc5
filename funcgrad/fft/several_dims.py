"""Fourier transforms over several dimensions. 16-bit input is transformed in 32 bits."""

from __future__ import annotations

from collections.abc import Sequence

import jax.numpy as jnp

from .._op import op
from .._types import Array, ArrayLike, Dims
from ._transforms import half_spectrum_over, over, real_spectrum_over

__all__ = ["fftn", "hfftn", "ifftn", "ihfftn", "irfftn", "rfftn"]


@op
def fftn(
    input: ArrayLike, s: int | Sequence[int] | None = None, dim: Dims | None = None, norm: str | None = None
) -> Array:
    """The discrete Fourier transform over several dimensions.

    Args:
        input: any shape.
        s: how many points in each of `dim`: the input is cut or padded with zeros; -1 for all there are.
        dim: the dimensions to transform; by default as many of the last as `s` has sizes, or all.
        norm: "backward" (the default), "ortho" or "forward": a scale of 1, 1/√N and 1/N, for N points in all.

    Returns:
        A complex array with the sizes `s` in `dim`.

    Raises:
        ShapeError: there is no point to transform, or too few dimensions.
        ArgumentError: a size is less than 1, `s` and `dim` do not fit, or `norm` is unknown.
        DimError: a dimension is out of range or named twice.

    >>> fg.fft.fftn(fg.tensor([[1.0, 0.0], [0.0, 0.0]]))
    Array([[1.+0.j, 1.+0.j],
           [1.+0.j, 1.+0.j]], dtype=complex64)

    Source: ``torch.fft.fftn``.
    """
    return over("fftn", jnp.fft.fftn, input, s, dim, norm)


@op
def ifftn(
    input: ArrayLike, s: int | Sequence[int] | None = None, dim: Dims | None = None, norm: str | None = None
) -> Array:
    """The inverse of ``fftn``.

    Args:
        input: any shape.
        s: how many points in each of `dim`: the input is cut or padded with zeros; -1 for all there are.
        dim: the dimensions to transform; by default as many of the last as `s` has sizes, or all.
        norm: "backward" (the default), "ortho" or "forward": a scale of 1/N, 1/√N and 1, for N points in all.

    Returns:
        A complex array with the sizes `s` in `dim`.

    Raises:
        ShapeError: there is no point to transform, or too few dimensions.
        ArgumentError: a size is less than 1, `s` and `dim` do not fit, or `norm` is unknown.
        DimError: a dimension is out of range or named twice.

    >>> fg.fft.ifftn(fg.ones(3, 5), s=(4, -1)).shape
    (4, 5)

    Source: ``torch.fft.ifftn``.
    """
    return over("ifftn", jnp.fft.ifftn, input, s, dim, norm)


@op
def rfftn(
    input: ArrayLike, s: int | Sequence[int] | None = None, dim: Dims | None = None, norm: str | None = None
) -> Array:
    """The half of ``fftn`` that says all of it where the input is real.

    Args:
        input: real, any shape.
        s: how many points in each of `dim`: the input is cut or padded with zeros; -1 for all there are.
        dim: the dimensions to transform; by default as many of the last as `s` has sizes, or all.
        norm: "backward" (the default), "ortho" or "forward": a scale of 1, 1/√N and 1/N, for N points in all.

    Returns:
        A complex array with the sizes `s` in `dim`, but n // 2 + 1 for n in the last.

    Raises:
        ShapeError: there is no point to transform, or too few dimensions.
        ArgumentError: a size is less than 1, `s` and `dim` do not fit, or `norm` is unknown.
        DtypeError: `input` is complex.
        DimError: a dimension is out of range or named twice.

    >>> fg.fft.rfftn(fg.ones(3, 5)).shape
    (3, 3)

    Source: ``torch.fft.rfftn``.
    """
    return over("rfftn", jnp.fft.rfftn, input, s, dim, norm)


@op
def irfftn(
    input: ArrayLike, s: int | Sequence[int] | None = None, dim: Dims | None = None, norm: str | None = None
) -> Array:
    """The inverse of ``rfftn``: a real signal of its half spectrum.

    Args:
        input: any shape; in the last of `dim` points 0 to n // 2 of a spectrum.
        s: how many points in each of `dim`: the input is cut or padded with zeros; -1 for all there are.
        dim: the dimensions to transform; by default as many of the last as `s` has sizes, or all.
        norm: "backward" (the default), "ortho" or "forward": a scale of 1/N, 1/√N and 1, for N points in all.

    Returns:
        A real array with the sizes `s` in `dim`.

    Raises:
        ShapeError: there is no point to transform, or too few dimensions.
        ArgumentError: a size is less than 1, `s` and `dim` do not fit, or `norm` is unknown.
        DimError: a dimension is out of range or named twice.

    >>> fg.fft.irfftn(fg.ones(3, 5)).shape
    (3, 8)

    Source: ``torch.fft.irfftn``.
    """
    return over("irfftn", jnp.fft.irfftn, input, s, dim, norm)


@op
def hfftn(
    input: ArrayLike, s: int | Sequence[int] | None = None, dim: Dims | None = None, norm: str | None = None
) -> Array:
    """The real spectrum of a signal of which a half is given, because the other half is its conjugate.

    Args:
        input: any shape; in the last of `dim` points 0 to n // 2 of a signal.
        s: how many points in each of `dim`: the input is cut or padded with zeros; -1 for all there are.
        dim: the dimensions to transform; by default as many of the last as `s` has sizes, or all.
        norm: "backward" (the default), "ortho" or "forward": a scale of 1, 1/√N and 1/N, for N points in all.

    Returns:
        A real array with the sizes `s` in `dim`.

    Raises:
        ShapeError: there is no point to transform, or too few dimensions.
        ArgumentError: a size is less than 1, `s` and `dim` do not fit, or `norm` is unknown.
        DimError: a dimension is out of range or named twice.

    >>> fg.fft.hfftn(fg.ones(3, 5)).shape
    (3, 8)

    Source: ``torch.fft.hfftn``.
    """
    return over("hfftn", real_spectrum_over, input, s, dim, norm)


@op
def ihfftn(
    input: ArrayLike, s: int | Sequence[int] | None = None, dim: Dims | None = None, norm: str | None = None
) -> Array:
    """The inverse of ``hfftn``: half the signal of a real spectrum.

    Args:
        input: real, any shape.
        s: how many points in each of `dim`: the input is cut or padded with zeros; -1 for all there are.
        dim: the dimensions to transform; by default as many of the last as `s` has sizes, or all.
        norm: "backward" (the default), "ortho" or "forward": a scale of 1/N, 1/√N and 1, for N points in all.

    Returns:
        A complex array with the sizes `s` in `dim`, but n // 2 + 1 for n in the last.

    Raises:
        ShapeError: there is no point to transform, or too few dimensions.
        ArgumentError: a size is less than 1, `s` and `dim` do not fit, or `norm` is unknown.
        DtypeError: `input` is complex.
        DimError: a dimension is out of range or named twice.

    >>> fg.fft.ihfftn(fg.ones(3, 5)).shape
    (3, 3)

    Source: ``torch.fft.ihfftn``.
    """
    return over("ihfftn", half_spectrum_over, input, s, dim, norm)

"""Fourier transforms along one dimension. 16-bit input is transformed in 32 bits."""

from __future__ import annotations

import jax.numpy as jnp

from .._op import op
from .._types import Array, ArrayLike, Dim
from ._transforms import along, half_spectrum, real_spectrum

__all__ = ["fft", "hfft", "ifft", "ihfft", "irfft", "rfft"]


@op
def fft(input: ArrayLike, n: int | None = None, dim: Dim = -1, norm: str | None = None) -> Array:
    r"""The discrete Fourier transform along one dimension.

    $y_k = \sum_j x_j e^{-2 \pi i jk/n}$

    Args:
        input: any shape.
        n: how many points: the input is cut or padded with zeros; all by default.
        dim: the dimension to transform.
        norm: "backward" (the default), "ortho" or "forward": a scale of 1, 1/√n and 1/n.

    Returns:
        A complex array of size n in `dim`.

    Raises:
        ShapeError: there is no point to transform, or no dimension.
        ArgumentError: `n` is less than 1, or `norm` unknown.
        DimError: `dim` is out of range.

    >>> fg.fft.fft(fg.tensor([1.0, 0.0, 0.0, 0.0]))
    Array([1.+0.j, 1.+0.j, 1.+0.j, 1.+0.j], dtype=complex64)

    Source: ``torch.fft.fft``.
    """
    return along("fft", jnp.fft.fft, input, n, dim, norm)


@op
def ifft(input: ArrayLike, n: int | None = None, dim: Dim = -1, norm: str | None = None) -> Array:
    r"""The inverse of ``fft``.

    $y_k = \frac{1}{n} \sum_j x_j e^{2 \pi i jk/n}$

    Args:
        input: any shape.
        n: how many points: the input is cut or padded with zeros; all by default.
        dim: the dimension to transform.
        norm: "backward" (the default), "ortho" or "forward": a scale of 1/n, 1/√n and 1.

    Returns:
        A complex array of size n in `dim`.

    Raises:
        ShapeError: there is no point to transform, or no dimension.
        ArgumentError: `n` is less than 1, or `norm` unknown.
        DimError: `dim` is out of range.

    >>> fg.fft.ifft(fg.tensor([4.0, 0.0, 0.0, 0.0]))
    Array([1.+0.j, 1.+0.j, 1.+0.j, 1.+0.j], dtype=complex64)

    Source: ``torch.fft.ifft``.
    """
    return along("ifft", jnp.fft.ifft, input, n, dim, norm)


@op
def rfft(input: ArrayLike, n: int | None = None, dim: Dim = -1, norm: str | None = None) -> Array:
    r"""The half of ``fft`` that says all of it where the input is real.

    $y_k = \sum_j x_j e^{-2 \pi i jk/n}, 0 \le k \le n/2$

    Args:
        input: real, any shape.
        n: how many points: the input is cut or padded with zeros; all by default.
        dim: the dimension to transform.
        norm: "backward" (the default), "ortho" or "forward": a scale of 1, 1/√n and 1/n.

    Returns:
        A complex array of size n // 2 + 1 in `dim`.

    Raises:
        ShapeError: there is no point to transform, or no dimension.
        ArgumentError: `n` is less than 1, or `norm` unknown.
        DtypeError: `input` is complex.
        DimError: `dim` is out of range.

    >>> fg.fft.rfft(fg.tensor([1.0, 0.0, 0.0, 0.0]))
    Array([1.+0.j, 1.+0.j, 1.+0.j], dtype=complex64)

    Source: ``torch.fft.rfft``.
    """
    return along("rfft", jnp.fft.rfft, input, n, dim, norm)


@op
def irfft(input: ArrayLike, n: int | None = None, dim: Dim = -1, norm: str | None = None) -> Array:
    """The inverse of ``rfft``: a real signal of its half spectrum.

    Args:
        input: any shape; points 0 to n // 2 of a spectrum.
        n: how many points there are in the signal; by default 2 (m - 1) for an input of m.
        dim: the dimension to transform.
        norm: "backward" (the default), "ortho" or "forward": a scale of 1/n, 1/√n and 1.

    Returns:
        A real array of size n in `dim`.

    Raises:
        ShapeError: there is no point to transform, or no dimension.
        ArgumentError: `n` is less than 1, or `norm` unknown.
        DimError: `dim` is out of range.

    >>> fg.fft.irfft(fg.tensor([4.0, 0.0, 0.0]))
    Array([1., 1., 1., 1.], dtype=float32)

    Source: ``torch.fft.irfft``.
    """
    return along("irfft", jnp.fft.irfft, input, n, dim, norm)


@op
def hfft(input: ArrayLike, n: int | None = None, dim: Dim = -1, norm: str | None = None) -> Array:
    """The real spectrum of a signal of which a half is given, because the other half is its conjugate.

    Args:
        input: any shape; points 0 to n // 2 of a signal.
        n: how many points there are in the signal; by default 2 (m - 1) for an input of m.
        dim: the dimension to transform.
        norm: "backward" (the default), "ortho" or "forward": a scale of 1, 1/√n and 1/n.

    Returns:
        A real array of size n in `dim`.

    Raises:
        ShapeError: there is no point to transform, or no dimension.
        ArgumentError: `n` is less than 1, or `norm` unknown.
        DimError: `dim` is out of range.

    >>> fg.fft.hfft(fg.tensor([1.0, 0.0, 0.0]))
    Array([1., 1., 1., 1.], dtype=float32)

    Source: ``torch.fft.hfft``.
    """
    return along("hfft", real_spectrum, input, n, dim, norm)


@op
def ihfft(input: ArrayLike, n: int | None = None, dim: Dim = -1, norm: str | None = None) -> Array:
    """The inverse of ``hfft``: half the signal of a real spectrum.

    Args:
        input: real, any shape.
        n: how many points: the input is cut or padded with zeros; all by default.
        dim: the dimension to transform.
        norm: "backward" (the default), "ortho" or "forward": a scale of 1/n, 1/√n and 1.

    Returns:
        A complex array of size n // 2 + 1 in `dim`.

    Raises:
        ShapeError: there is no point to transform, or no dimension.
        ArgumentError: `n` is less than 1, or `norm` unknown.
        DtypeError: `input` is complex.
        DimError: `dim` is out of range.

    >>> fg.fft.ihfft(fg.tensor([4.0, 0.0, 0.0, 0.0]))
    Array([1.-0.j, 1.-0.j, 1.-0.j], dtype=complex64)

    Source: ``torch.fft.ihfft``.
    """
    return along("ihfft", half_spectrum, input, n, dim, norm)

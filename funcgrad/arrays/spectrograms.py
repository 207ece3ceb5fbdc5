"""Short-time Fourier transforms: the spectrum of a signal as it changes."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._checks import describe, fail, integer, listed, require_ndim
from .._claims import claim, visible
from .._errors import ArgumentError, DtypeError, ShapeError
from .._op import op
from .._types import Array, ArrayLike
from .slicing import _windows

__all__ = ["istft", "stft"]

_PADS = {"reflect": "reflect", "constant": "constant", "replicate": "edge", "circular": "wrap"}


@op
def stft(
    input: ArrayLike,
    n_fft: int,
    hop_length: int | None = None,
    win_length: int | None = None,
    window: ArrayLike | None = None,
    center: bool = True,
    pad_mode: str = "reflect",
    normalized: bool = False,
    onesided: bool | None = None,
    return_complex: bool | None = None,
    align_to_window: bool | None = None,
) -> Array:
    r"""The short-time Fourier transform $X_{k,m} = \sum_j w_j\, x_{j + m h} e^{-2 \pi i jk/n}$.

    Args:
        input: (t) or (batch, t), real or complex.
        n_fft: n, how many samples a frame has.
        hop_length: h, how many samples the next frame is further on; ``n_fft // 4`` by default.
        win_length: how many weights the window has, at most `n_fft`; n_fft by default.
        window: the weights, padded with zeros on both sides to n; ones by default.
        center: whether frame m is centred at sample m h: the signal is padded with n // 2 samples on both sides.
        pad_mode: "reflect", "constant" (zeros), "replicate" or "circular".
        normalized: whether the result is divided by √n.
        onesided: whether only frequencies 0 to n // 2 are returned; by default where signal and window are real.
        return_complex: must be True where signal and window are real.
        align_to_window: without `center`, whether frames begin where the window does, so that there may be more.

    Returns:
        A complex array (frequencies, frames) or (batch, frequencies, frames).

    Raises:
        ShapeError: the signal is shorter than a frame or the padding, or the window does not fit.
        ArgumentError: an option is out of range, or contradicts another.
        DtypeError: `input` is not floating point.

    >>> x = fg.sin(fg.arange(32.0))
    >>> fg.stft(x, 8, window=fg.hann_window(8), return_complex=True).shape
    (5, 17)

    Source: ``torch.stft``; Griffin & Lim, "Signal Estimation from Modified Short-Time Fourier Transform" (1984).
    """
    x = jnp.asarray(input)
    if not jnp.issubdtype(x.dtype, jnp.inexact) or x.dtype in (jnp.float16, jnp.bfloat16):
        required = "input must be floating point of at least 32 bits, or complex"
        fail(DtypeError, "stft", required, f"got {describe(x)}", "convert it with fg.to(x, 'float')")
    require_ndim("stft", x, (1, 2), remedy="put the batch in one dimension with fg.reshape")
    size, hop, weights, length = _frame("stft", n_fft, hop_length, win_length, window)
    whole = jnp.iscomplexobj(x) or (weights is not None and jnp.iscomplexobj(weights))
    if whole and onesided:
        given = "got a complex signal or window"
        fail(ArgumentError, "stft", "onesided is for real signals and windows", given, "leave onesided out")
    if not return_complex and (return_complex is False or not whole):
        given = "got none" if return_complex is None else "got False"
        remedy = "pass return_complex=True, and take the parts with fg.real and fg.imag"
        fail(ArgumentError, "stft", "return_complex must be True", given, remedy)
    if center and align_to_window is not None:
        given = "got center=True"
        fail(ArgumentError, "stft", "align_to_window is for frames that are not centred", given, "pass center=False")
    if pad_mode not in _PADS:
        fail(ArgumentError, "stft", f"pad_mode must be one of {listed(_PADS)}", f"got {pad_mode!r}", "choose one")
    if center:
        x = _padded(x, size // 2, pad_mode)
    if align_to_window:  # what a frame has beside the window is weighted with 0, and may lie outside the signal
        x = jnp.pad(x, [(0, 0)] * (x.ndim - 1) + [_beside(size, length)])
    if x.shape[-1] < size:
        required = f"input must have at least {size} samples, one frame"
        fail(ShapeError, "stft", required, f"got shape {jnp.shape(input)}", "take a smaller n_fft, or pad the signal")
    frames = _windows(x, size, hop)
    frames = frames if weights is None else frames * weights
    half = not jnp.iscomplexobj(frames) and onesided is not False
    spectrum = jnp.fft.rfft(frames) if half else jnp.fft.fft(frames)
    return jnp.swapaxes(spectrum / np.sqrt(size) if normalized else spectrum, -1, -2)


def _check_istft(
    input: Any,
    n_fft: int,
    hop_length: int | None = None,
    win_length: int | None = None,
    window: Any = None,
    center: bool = True,
    length: int | None = None,
) -> None:
    """Raise where no window reaches a sample that is to be returned: there is nothing to compute it from."""
    size, hop, _, width = _frame("istft", n_fft, hop_length, win_length, window)
    given = np.ones(width) if window is None else visible(window)
    if given is None or np.ndim(input) < 2 or hop > width:
        return
    xp: Any = jnp if isinstance(given, jax.core.Tracer) else np
    weights = xp.pad(given, _beside(size, width))
    frames, blocks = np.shape(input)[-1], -(-size // hop)
    squares = xp.pad(weights**2, (0, blocks * hop - size)).reshape(blocks, hop)
    row, block = np.arange(frames + blocks)[:, None], np.arange(blocks)
    envelope = ((block <= row) & (row < block + frames)) @ squares  # each block stands once in each frame
    total = size + hop * (frames - 1)
    kept = abs(envelope.ravel()[:total][_kept(size, total, center, length)])
    claim(
        ArgumentError,
        "istft",
        "the windows must overlap so that each sample has some weight",
        "got none for sample {sample}",
        "take the window and the hop_length of stft, with center=True",
        kept >= 1e-11,
        sample=np.arange(kept.size),
    )


@op(check=_check_istft)
def istft(
    input: ArrayLike,
    n_fft: int,
    hop_length: int | None = None,
    win_length: int | None = None,
    window: ArrayLike | None = None,
    center: bool = True,
    normalized: bool = False,
    onesided: bool | None = None,
    length: int | None = None,
    return_complex: bool = False,
) -> Array:
    r"""The inverse of ``stft``: frames are added where they overlap, and divided by the sum of the squared windows.

    Args:
        input: (frequencies, frames) or (batch, frequencies, frames), complex.
        n_fft: how many samples a frame has.
        hop_length: how many samples the next frame is further on; ``n_fft // 4`` by default.
        win_length: how many weights the window has, at most `n_fft`; n_fft by default.
        window: the weights that ``stft`` had; ones by default.
        center: whether frames were centred; n_fft // 2 samples at both ends are then dropped.
        normalized: whether ``stft`` was normalized.
        onesided: whether the frequencies are 0 to n_fft // 2; by default known from their number.
        length: how many samples to return, cut or padded with zeros; all by default.
        return_complex: whether the signal is complex; it then needs all frequencies.

    Returns:
        A signal (t) or (batch, t).

    Raises:
        ShapeError: the frequencies do not fit `n_fft`, there is no sample, or the window does not fit.
        ArgumentError: an option is out of range, contradicts another, or a sample has no weight. The last is not
            known of a traced window: such samples are then NaN or infinite.
        DtypeError: `input` is not complex, or the window is while the signal is not.

    >>> x, w = fg.sin(fg.arange(32.0)), fg.hann_window(8)
    >>> spectrum = fg.stft(x, 8, window=w, return_complex=True)
    >>> fg.allclose(fg.istft(spectrum, 8, window=w), x, atol=1e-5)
    True

    Source: ``torch.istft``; Griffin & Lim, "Signal Estimation from Modified Short-Time Fourier Transform" (1984).
    """
    x = jnp.asarray(input)
    if not jnp.iscomplexobj(x):
        remedy = "pass the result of fg.stft(x, n_fft, return_complex=True)"
        fail(DtypeError, "istft", "input must be complex", f"got {describe(x)}", remedy)
    require_ndim("istft", x, (2, 3), remedy="put the batch in one dimension with fg.reshape")
    size, hop, weights, width = _frame("istft", n_fft, hop_length, win_length, window)
    if hop > width:
        given = f"got {hop}"
        fail(ArgumentError, "istft", f"hop_length must be at most the window's {width}", given, "samples would be lost")
    if not return_complex and weights is not None and jnp.iscomplexobj(weights):
        fail(DtypeError, "istft", "window must be real", f"got {weights.dtype}", "pass return_complex=True")
    half = (not return_complex and x.shape[-2] != size) if onesided is None else onesided
    if half and return_complex:
        given = "got onesided=True"
        fail(ArgumentError, "istft", "a complex signal needs all frequencies", given, "leave onesided out")
    if x.shape[-2] != (size // 2 + 1 if half else size):
        required = f"there must be {size // 2 + 1 if half else size} frequencies for n_fft={size}"
        fail(ShapeError, "istft", required, f"got shape {x.shape}", "pass the n_fft and onesided of stft")
    frames = x.shape[-1]
    total = size + hop * (frames - 1)
    kept = _kept(size, total, center, None if length is None else integer("istft", "length", length, 1))
    if not frames or kept.start >= min(kept.stop, total):
        fail(ShapeError, "istft", "there must be a sample to return", f"got shape {x.shape}", "pass more frames")
    x = jnp.swapaxes(x * np.sqrt(size) if normalized else x, -1, -2)
    pieces = jnp.fft.ifft(x) if return_complex else jnp.fft.irfft(x[..., : size // 2 + 1], size)
    squares = jnp.ones(size, pieces.real.dtype) if weights is None else weights**2
    pieces = pieces if weights is None else pieces * weights
    signal = _overlapped(pieces, hop)[..., kept] / _overlapped(jnp.tile(squares, (frames, 1)), hop)[kept]
    missing = kept.stop - kept.start - signal.shape[-1]
    return jnp.pad(signal, [(0, 0)] * (signal.ndim - 1) + [(0, missing)]) if missing else signal


def _overlapped(pieces: Array, hop: int) -> Array:
    """The sum of (..., frames, n), each frame `hop` places further on: what the windows of a signal transpose to."""
    *outer, frames, size = pieces.shape
    signal = jax.ShapeDtypeStruct((*outer, size + hop * (frames - 1)), pieces.dtype)
    (total,) = jax.linear_transpose(lambda x: _windows(x, size, hop), signal)(pieces)
    return jnp.asarray(total)


def _kept(size: int, total: int, center: bool, length: int | None) -> slice:
    """Which samples of the overlapped frames are returned; `stop` may be beyond them."""
    start = size // 2 if center else 0
    return slice(start, total - start if length is None else start + length)


def _beside(size: int, length: int) -> tuple[int, int]:
    """How many zeros stand before and after a window of `length` weights in the middle of a frame."""
    before = (size - length) // 2
    return before, size - length - before


def _frame(name: str, n_fft: Any, hop_length: Any, win_length: Any, window: Any) -> tuple[int, int, Any, int]:
    """The size of a frame, the hop, the weights of a frame (None for ones) and how long the window is; checked."""
    size = integer(name, "n_fft", n_fft, 1)
    hop = integer(name, "hop_length", size // 4 if hop_length is None else hop_length, 1)
    length = integer(name, "win_length", size if win_length is None else win_length, 1)
    if length > size:
        given = f"got {length}"
        fail(ArgumentError, name, f"win_length must be at most n_fft={size}", given, "take a larger n_fft")
    if window is None:
        ones = None if length == size else jnp.ones(length)
        return size, hop, None if ones is None else jnp.pad(ones, _beside(size, length)), length
    if jnp.shape(window) != (length,):
        given = f"got shape {jnp.shape(window)}"
        fail(ShapeError, name, f"window must have shape ({length},)", given, f"pass fg.hann_window({length})")
    return size, hop, jnp.pad(jnp.asarray(window), _beside(size, length)), length


def _padded(x: Array, by: int, mode: str) -> Array:
    """The last dimension with `by` more samples on both sides."""
    most = {"reflect": x.shape[-1] - 1, "circular": x.shape[-1]}.get(
        mode, by if x.shape[-1] or mode == "constant" else 0
    )
    if by > most:
        remedy = "take a smaller n_fft, or pad_mode='constant'"
        required = f"pad_mode={mode!r} can add at most {max(most, 0)} samples on a side"
        fail(ShapeError, "stft", required, f"got shape {x.shape}, and {by} to add", remedy)
    return jnp.pad(x, [(0, 0)] * (x.ndim - 1) + [(by, by)], mode=_PADS[mode])

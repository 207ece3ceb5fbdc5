"""Windows and short-time Fourier transforms: messages, accuracy, laws."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from harness import raises

import funcgrad as fg
from funcgrad.testing import assert_close

x = fg.sin(fg.arange(20.0))
z = x + 1j
w = fg.hann_window(8)
spectrum = fg.stft(x, 8, window=w, return_complex=True)
WINDOWS = {
    "bartlett": np.bartlett,
    "blackman": np.blackman,
    "hamming": np.hamming,
    "hann": np.hanning,
    "kaiser": lambda n: np.kaiser(n, 12.0),
}


@pytest.mark.parametrize("name", WINDOWS)
def test_a_window_is_right_to_rounding(name):
    exact = WINDOWS[name]
    word = getattr(fg, f"{name}_window")
    assert_close(word(1000, False), exact(1000).astype(np.float32), rtol=1.2e-7, atol=1e-16)
    assert_close(word(999), exact(1000)[:-1].astype(np.float32), rtol=1.2e-7, atol=1e-16)
    assert bool((word(1000) >= 0).all())


@pytest.mark.parametrize("name", WINDOWS)
def test_a_window_has_a_length_and_a_floating_dtype(name):
    word = getattr(fg, f"{name}_window")
    with raises(fg.ArgumentError, f"{name}_window(): window_length must be at least 0; got -1; correct it."):
        word(-1)
    for dtype in ("int32", "complex64"):
        with raises(
            fg.DtypeError,
            f"{name}_window(): dtype must be floating point; got {dtype}; convert the result with fg.to(x, dtype).",
        ):
            word(5, dtype=dtype)
    assert word(5, dtype="bfloat16").dtype == jnp.bfloat16


def test_the_parameters_of_a_window_are_numbers():
    with raises(fg.ArgumentTypeError, "hamming_window(): alpha must be a number; got str 'a'; pass an int or a float."):
        fg.hamming_window(5, True, "a")
    with raises(
        fg.ArgumentError, "kaiser_window(): beta must be between -700 and 700; got 1000.0; take a smaller one."
    ):
        fg.kaiser_window(5, beta=1000.0)
    assert bool(jnp.isfinite(fg.kaiser_window(9, beta=600.0)).all())


STFT = [
    (lambda: fg.stft(x, 0), "ArgumentError", "n_fft must be at least 1; got 0; correct it"),
    (lambda: fg.stft(x, 8, 0), "ArgumentError", "hop_length must be at least 1; got 0; correct it"),
    (lambda: fg.stft(x, 3), "ArgumentError", "hop_length must be at least 1; got 0; correct it"),
    (
        lambda: fg.stft(x, 8, win_length=9),
        "ArgumentError",
        "win_length must be at most n_fft=8; got 9; take a larger n_fft",
    ),
    (
        lambda: fg.stft(x, 8, window=w[:6]),
        "ShapeError",
        "window must have shape (8,); got shape (6,); pass fg.hann_window(8)",
    ),
    (
        lambda: fg.stft(x, 8),
        "ArgumentError",
        "return_complex must be True; got none; pass return_complex=True, and take the parts with fg.real and fg.imag",
    ),
    (
        lambda: fg.stft(z, 8, return_complex=False),
        "ArgumentError",
        "return_complex must be True; got False; pass return_complex=True, and take the parts with fg.real and fg.imag",
    ),
    (
        lambda: fg.stft(z, 8, onesided=True),
        "ArgumentError",
        "onesided is for real signals and windows; got a complex signal or window; leave onesided out",
    ),
    (
        lambda: fg.stft(z, 8, align_to_window=False),
        "ArgumentError",
        "align_to_window is for frames that are not centred; got center=True; pass center=False",
    ),
    (
        lambda: fg.stft(z, 8, pad_mode="edge"),
        "ArgumentError",
        "pad_mode must be one of 'reflect', 'constant', 'replicate' and 'circular'; got 'edge'; choose one",
    ),
    (
        lambda: fg.stft(z, 40),
        "ShapeError",
        "pad_mode='reflect' can add at most 19 samples on a side; got shape (20,), and 20 to add; take a smaller "
        "n_fft, or pad_mode='constant'",
    ),
    (
        lambda: fg.stft(z[:0], 8, pad_mode="replicate"),
        "ShapeError",
        "pad_mode='replicate' can add at most 0 samples on a side; got shape (0,), and 4 to add; take a smaller "
        "n_fft, or pad_mode='constant'",
    ),
    (
        lambda: fg.stft(z, 21, center=False),
        "ShapeError",
        "input must have at least 21 samples, one frame; got shape (20,); take a smaller n_fft, or pad the signal",
    ),
    (
        lambda: fg.stft(fg.arange(20), 8),
        "DtypeError",
        "input must be floating point of at least 32 bits, or complex; got int32 of shape (20,); convert it with "
        "fg.to(x, 'float')",
    ),
    (
        lambda: fg.stft(x[None, None], 8),
        "ShapeError",
        "input must have 1 or 2 dimensions; got shape (1, 1, 20); put the batch in one dimension with fg.reshape",
    ),
]
ISTFT = [
    (
        lambda: fg.istft(x, 8),
        "DtypeError",
        "input must be complex; got float32 of shape (20,); pass the result of fg.stft(x, n_fft, return_complex=True)",
    ),
    (
        lambda: fg.istft(spectrum[0], 8),
        "ShapeError",
        "input must have 2 or 3 dimensions; got shape (11,); put the batch in one dimension with fg.reshape",
    ),
    (
        lambda: fg.istft(spectrum, 12),
        "ShapeError",
        "there must be 7 frequencies for n_fft=12; got shape (5, 11); pass the n_fft and onesided of stft",
    ),
    (
        lambda: fg.istft(spectrum, 8, return_complex=True),
        "ShapeError",
        "there must be 8 frequencies for n_fft=8; got shape (5, 11); pass the n_fft and onesided of stft",
    ),
    (
        lambda: fg.istft(spectrum, 8, onesided=True, return_complex=True),
        "ArgumentError",
        "a complex signal needs all frequencies; got onesided=True; leave onesided out",
    ),
    (
        lambda: fg.istft(spectrum, 8, window=w * 1j),
        "DtypeError",
        "window must be real; got complex64; pass return_complex=True",
    ),
    (
        lambda: fg.istft(spectrum, 8, window=w, center=False),
        "ArgumentError",
        "the windows must overlap so that each sample has some weight; got none for sample 0; take the window and the "
        "hop_length of stft, with center=True",
    ),
    (
        lambda: fg.istft(spectrum, 8, 9),
        "ArgumentError",
        "hop_length must be at most the window's 8; got 9; samples would be lost",
    ),
    (
        lambda: fg.istft(spectrum, 8, win_length=4, center=False),
        "ArgumentError",
        "the windows must overlap so that each sample has some weight; got none for sample 0; take the window and the "
        "hop_length of stft, with center=True",
    ),
    (lambda: fg.istft(spectrum, 8, length=0), "ArgumentError", "length must be at least 1; got 0; correct it"),
    (
        lambda: fg.istft(spectrum[:, :1], 8),
        "ShapeError",
        "there must be a sample to return; got shape (5, 1); pass more frames",
    ),
]


@pytest.mark.parametrize(("call", "kind", "message"), [*STFT, *ISTFT])
def test_frames_fit_the_signal(call, kind, message):
    word = "stft" if (call, kind, message) in STFT else "istft"
    with raises(getattr(fg, kind), f"{word}(): {message}."):
        call()


def test_a_signal_comes_back_from_its_frames():
    near = {"rtol": 1e-5, "atol": 1e-6}
    assert_close(fg.istft(spectrum, 8, window=w), x, **near)
    longer = fg.istft(spectrum, 8, window=w, length=30)
    assert_close(longer[:20], x, **near)
    assert_close(longer[24:], fg.zeros(6))  # after the last frame
    assert_close(fg.istft(fg.stft(x, 8, window=w + 0.5j), 8, window=w + 0.5j, return_complex=True), x + 0j, **near)
    there = fg.stft(z, 8, 3, normalized=True)
    assert_close(fg.istft(there, 8, 3, normalized=True, return_complex=True, length=20), z, **near)


def test_a_sample_without_weight_is_seen_in_a_compiled_program():
    found = jax.jit(lambda s, w: fg.istft(s, 8, window=w, center=False))(spectrum, w)
    assert not bool(jnp.isfinite(found[0]))
    assert bool(jnp.isfinite(found[1:]).all())

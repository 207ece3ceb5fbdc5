"""Fourier transforms: messages, edges, and complex gradients."""

import jax
import jax.numpy as jnp
import pytest
from harness import raises

import funcgrad as fg
from funcgrad.testing import assert_close

x = fg.tensor([[1.0, 4.0, 2.0], [8.0, 5.0, 7.0]])
z = x + 1j * fg.flip(x, 1)
ONE = ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft")
SEVERAL = [f"{name}{form}" for name in ONE for form in ("2", "n")]


@pytest.mark.parametrize("name", ONE)
def test_along_one_dimension_there_are_points(name):
    word = getattr(fg.fft, name)
    with raises(fg.ArgumentError, f"{name}(): n must be at least 1; got 0; correct it."):
        word(x, n=0)
    with raises(fg.ArgumentTypeError, f"{name}(): n must be an int; got float 2.0; write for example 1."):
        word(x, 2.0)
    with raises(
        fg.ShapeError,
        f"{name}(): there must be a point to make along dim 1; got shape (2, 0); pass n=, which pads with zeros.",
    ):
        word(fg.zeros(2, 0))
    with raises(
        fg.ShapeError,
        f"{name}(): input must have at least 1 dimension; got a 0-d array; add one with fg.unsqueeze.",
    ):
        word(1.0)
    with raises(
        fg.DimError, f"{name}(): dim must be in [-2, 1] for 2 dimensions; got 2; check the shape of the input."
    ):
        word(x, dim=2)
    with raises(
        fg.ArgumentTypeError, f"{name}(): dim must be an int; got a tuple; count from 0, or from -1 at the end."
    ):
        word(x, dim=(0, 1))


@pytest.mark.parametrize("name", SEVERAL)
def test_over_several_dimensions_sizes_and_dimensions_fit(name):
    word = getattr(fg.fft, name)
    with raises(fg.ArgumentError, f"{name}(): s[0] must be at least 1; got 0; correct it."):
        word(x, s=(0, 3))
    with raises(fg.ArgumentError, f"{name}(): s[1] must be at least 1; got -2; correct it."):
        word(x, s=(-1, -2))
    with raises(
        fg.ArgumentError,
        f"{name}(): s and dim must have the same length; got s=(2, 3) and dim=(0,); give a size, or -1 for the size "
        "there is, for each dimension.",
    ):
        word(x, s=(2, 3), dim=(0,))
    with raises(
        fg.ShapeError,
        f"{name}(): s must have at most 2 sizes, one for each dimension; got (2, 3, 4) for shape (2, 3); drop the "
        "others.",
    ):
        word(x, (2, 3, 4), None)
    with raises(fg.DimError, f"{name}(): each dim may be named once; got (0, -2); drop the repeated one."):
        word(x, dim=(0, -2))
    with raises(
        fg.ShapeError,
        f"{name}(): there must be a point to make along dim 1; got shape (2, 0); pass s=, which pads with zeros.",
    ):
        word(fg.zeros(2, 0))
    if name in ("fft2", "ifft2", "fftn", "ifftn"):
        assert_close(word(x, dim=()), x + 0j)
    else:
        with raises(
            fg.ArgumentError,
            f"{name}(): there must be a dimension to transform; got shape (2, 3) and dim=(); name one in dim=.",
        ):
            word(x, dim=())


@pytest.mark.parametrize("name", [*ONE, *SEVERAL])
def test_a_scale_has_one_of_three_names(name):
    with raises(
        fg.ArgumentError,
        f"{name}(): norm must be one of 'backward', 'ortho' and 'forward'; got 'backwards'; choose one of them.",
    ):
        getattr(fg.fft, name)(x, norm="backwards")


@pytest.mark.parametrize("name", [name for name in [*ONE, *SEVERAL] if name.startswith(("rfft", "ihfft"))])
def test_half_a_spectrum_is_that_of_a_real_signal(name):
    whole = name.replace("ihfft", "ifft").replace("rfft", "fft")
    with raises(
        fg.DtypeError,
        f"{name}(): input must be real; got complex64 of shape (2, 3); use fg.fft.{whole}, or take fg.real(x).",
    ):
        getattr(fg.fft, name)(z)


def test_one_point_of_a_spectrum_says_no_length():
    for word in (fg.fft.irfft, fg.fft.hfft):
        assert_close(word(x[:, :1], 1), x[:, :1])
        with pytest.raises(fg.ShapeError, match="there must be a point to make along dim 1"):
            word(x[:, :1])


def test_frequencies_need_a_count_a_distance_and_a_dtype():
    with raises(fg.ArgumentError, "fftfreq(): n must be at least 0; got -1; correct it."):
        fg.fft.fftfreq(-1)
    with raises(fg.ArgumentError, "rfftfreq(): n must be at least 1; got 0; correct it."):
        fg.fft.rfftfreq(0)
    for d, shown in ((0, "int 0"), (1j, "complex 1j")):
        with raises(
            fg.ArgumentTypeError,
            f"fftfreq(): d must be a number other than 0; got {shown}; pass the distance of two samples.",
        ):
            fg.fft.fftfreq(4, d)
    with raises(
        fg.DtypeError,
        "rfftfreq(): dtype must be floating point; got int32; convert the result with fg.to(x, dtype).",
    ):
        fg.fft.rfftfreq(4, dtype="int")
    assert fg.fft.fftfreq(4, dtype="bfloat16").dtype == jnp.bfloat16


def test_every_frequency_is_rounded_once():
    ours = fg.fft.fftfreq(1000, 0.1)
    assert float(ours[3]) == float(jnp.float32(0.03))


@pytest.mark.parametrize("name", ["fftshift", "ifftshift"])
def test_nothing_can_be_turned_without_a_dimension(name):
    word = getattr(fg.fft, name)
    with raises(fg.ShapeError, f"{name}(): there must be a dimension to turn; got shape (); name one in dim=."):
        word(1.0)
    with raises(
        fg.ShapeError, f"{name}(): there must be a dimension to turn; got shape (2, 3) and dim=(); name one in dim=."
    ):
        word(x, dim=())
    with raises(fg.DimError, f"{name}(): each dim may be named once; got (0, 0); drop the repeated one."):
        word(x, (0, 0))


def test_a_batch_of_nothing_has_a_spectrum():
    assert fg.fft.rfft(fg.zeros(0, 3)).shape == (0, 2)
    assert fg.fft.fft2(fg.zeros(0, 3, 3)).shape == (0, 3, 3)


def test_sixteen_bit_numbers_are_transformed_in_thirty_two():
    for dtype in ("half", "bfloat16"):
        assert_close(fg.fft.rfft(fg.to(x, dtype)), fg.fft.rfft(x))
        assert fg.fft.irfft(fg.to(x, dtype)).dtype == jnp.float32


@pytest.mark.parametrize("name", ["fft", "ifftn", "irfft", "hfft2"])
def test_the_gradient_of_a_complex_signal_is_the_conjugate_of_torchs(name):
    word = getattr(fg.fft, name)

    def energy(z):
        return jnp.sum(jnp.abs(word(z)) ** 3)

    def of_parts(re, im):
        return energy(re + 1j * im)

    # torch's is d/d re + i d/d im; JAX's has the other sign.
    re, im = jax.grad(of_parts, (0, 1))(fg.real(z), fg.imag(z))
    assert_close(jax.grad(energy)(z), re - 1j * im, rtol=1e-5, atol=1e-4)  # cubes of sums around 20


def test_a_transform_and_its_inverse():
    near = {"rtol": 1e-5, "atol": 1e-6}
    assert_close(fg.fft.ifft(fg.fft.fft(z, norm="ortho"), norm="ortho"), z, **near)
    assert_close(fg.fft.irfft2(fg.fft.rfft2(x), s=(2, 3)), x, **near)
    assert_close(fg.fft.hfftn(fg.fft.ihfftn(x, norm="forward"), s=(-1, 3), norm="forward"), x, **near)

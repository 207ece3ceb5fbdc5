"""Floating point numbers in parts, and complex numbers from theirs: messages, and derivatives torch gives by hand."""

import jax
import jax.numpy as jnp
import numpy as np
from harness import raises

import funcgrad as fg
from funcgrad.testing import assert_close


def test_frexp_is_taken_back_by_ldexp():
    x = fg.tensor([1.5, -6.0, 0.0, 1e30])
    parts = fg.frexp(x)
    np.testing.assert_array_equal(fg.ldexp(parts.mantissa, parts.exponent), x)
    assert_close(jax.grad(lambda x: fg.frexp(x).mantissa.sum())(x[:2]), np.float32([0.5, 0.125]))
    with raises(
        fg.DtypeError,
        "frexp(): input must be floating point; got int32 of shape (2,); convert it with fg.to(x, 'float').",
    ):
        fg.frexp(fg.tensor([1, 2]))


def test_nextafter_moves_with_its_first_operand():
    x, y = fg.tensor([1.0, 2.0]), fg.tensor([0.0, 3.0])
    first, second = jax.grad(lambda x, y: fg.nextafter(x, y).sum(), (0, 1))(x, y)
    assert_close((first, second), (np.float32([1, 1]), np.float32([0, 0])))


def test_float_power_takes_the_widest_dtype():
    assert fg.float_power(fg.tensor([2.0], dtype="half"), 0.5).dtype == jnp.float32
    assert fg.float_power(fg.tensor([2j]), 2).dtype == jnp.complex64
    assert_close(fg.float_power(2, fg.tensor([-1, -2])), np.float32([0.5, 0.25]))
    with jax.enable_x64(True):
        assert fg.float_power(fg.tensor([2.0], dtype="float32"), 0.5).dtype == jnp.float64


def test_complex_numbers_are_made_of_real_parts():
    assert fg.complex(1, fg.tensor([2])).dtype == jnp.complex64
    assert fg.polar(fg.tensor([1.0], dtype="half"), 0.0).dtype == jnp.complex64
    z = fg.tensor([1j])
    for name in ("complex", "polar"):
        with raises(
            fg.DtypeError,
            f"{name}(): operands must be real, this is not defined for complex numbers; got complex64 of shape (1,); "
            "take fg.real, fg.imag or fg.abs first.",
        ):
            getattr(fg, name)(z, 1.0)


def test_views_of_complex_numbers():
    with raises(
        fg.DtypeError,
        "view_as_real(): input must be complex; got float32 of shape (2,); make it complex with fg.complex(x, 0.0).",
    ):
        fg.view_as_real(fg.ones(2))
    with raises(
        fg.ShapeError,
        "view_as_complex(): the last dimension must be 2; got shape (2, 3); stack the parts with "
        "fg.stack([re, im], -1).",
    ):
        fg.view_as_complex(fg.ones(2, 3))
    with raises(
        fg.DtypeError,
        "view_as_complex(): input must be real floating point; got int32 of shape (2,); "
        "convert it with fg.to(x, 'float').",
    ):
        fg.view_as_complex(fg.tensor([1, 2]))


def test_nothing_is_pending():
    z = fg.conj(fg.tensor([1j]))
    assert fg.is_conj(z) is False
    assert fg.is_neg(fg.imag(z)) is False
    assert fg.conj_physical is fg.conj


def test_booleans_are_not_subtracted_the_other_way_round():
    true = fg.tensor([True])
    with raises(
        fg.DtypeError,
        "rsub(): operands must be numbers; got two of booleans; "
        "use fg.logical_xor, or fg.logical_not to invert a mask.",
    ):
        fg.rsub(true, true)


def test_a_quotient_rounded_to_0_has_the_sign_of_the_quotient():
    x, y = [0.0, -0.0, 0.0, -0.0, -0.0, 1.0, -1.0], [1.0, 1.0, -1.0, -1.0, -np.inf, 4.0, -4.0]
    negative = [False, True, True, False, False, False, False]
    for found in (
        fg.floor_divide(fg.tensor(x), fg.tensor(y)),
        jax.jit(lambda x, y: fg.div(x, y, rounding_mode="floor"))(fg.tensor(x), fg.tensor(y)),
    ):
        np.testing.assert_array_equal(found, np.zeros(7))
        np.testing.assert_array_equal(np.signbit(found), negative)
    assert np.signbit(fg.floor_divide(fg.tensor(-0.0), 2))
    assert not np.signbit(fg.floor_divide(0, fg.tensor(2.0)))


def test_of_zeros_the_positive_one_is_the_larger():
    x, y = fg.tensor([0.0, -0.0]), fg.tensor([-0.0, 0.0])
    np.testing.assert_array_equal(np.signbit(fg.maximum(x, y)), [False, False])
    np.testing.assert_array_equal(np.signbit(fg.minimum(x, y)), [True, True])


def test_powers_of_complex_0():
    """To the power of 0 it is 1, as of every number; torch gives NaN for an array of exponents."""
    w = fg.tensor([0, 1, 2, 1 + 1j, 3 - 2j])
    z = fg.zeros_like(w)
    expected = np.array([1, 0, 0, 0, 0], np.complex64)
    assert_close((fg.pow(z, w), fg.float_power(z, w), fg.pow(0.0, w)), (expected,) * 3)
    by_both = jax.grad(lambda z, w: fg.pow(z, w).sum(), (0, 1), holomorphic=True)(z, w)
    at = [0, 1, 2, 4]  # 0**1j has no limit
    assert_close(by_both[0][np.array(at)], np.array([0, 1, 0, 0], np.complex64))
    assert_close(by_both[1], np.zeros(5, np.complex64))


def test_complex_logaddexp_is_on_the_principal_branch():
    x, y = np.array([3j, 1 - 3j, -1000 + 3j]), np.array([5j, 1 - 2.9j, 4j])
    found = fg.logaddexp(fg.tensor(x, dtype="complex64"), fg.tensor(y, dtype="complex64"))
    assert_close(found, np.log(np.exp(x) + np.exp(y)).astype(np.complex64), rtol=1e-5, atol=1e-6)

"""Derivatives at kinks, poles and jumps: in reverse and forward."""

import jax
import numpy as np
import pytest
from harness import check_grad
from kinks import KINKS, OURS

import funcgrad as fg
from funcgrad.testing import assert_close

IDS = [f"{i}-{word}" for i, (word, *_) in enumerate(KINKS + OURS)]


@pytest.mark.parametrize(("word", "arrays", "options", "expected"), KINKS + OURS, ids=IDS)
def test_derivative(word, arrays, options, expected):
    function = getattr(fg, word)
    points = [fg.tensor(a) for a in arrays]
    expected = [np.asarray(e, np.float32) for e in expected]

    def total(*values):
        return function(*values, **options).sum()

    @jax.jit
    def slopes(*values):
        forward = []  # by each operand, where the others are constants
        for i, value in enumerate(values):

            def of_one(moved, i=i):
                return function(*values[:i], moved, *values[i + 1 :], **options)

            forward.append(jax.jvp(of_one, [value], [fg.ones_like(value)])[1])
        return list(jax.grad(total, tuple(range(len(values))))(*values)), forward

    reverse, forward = slopes(*points)
    assert_close(reverse, expected)
    assert_close(forward, expected)


SMOOTH = [
    "sinc",
    "lgamma",
    "digamma",
    "i0",
    "atan2",
    "hypot",
    "xlogy",
    "logaddexp",
    "logaddexp2",
    "pow",
    "clamp",
    "abs",
]


@pytest.mark.parametrize("word", SMOOTH)
def test_second_and_third_derivatives_agree_with_differences(word):
    function = getattr(fg, word)
    several = word in ("atan2", "hypot", "xlogy", "logaddexp", "logaddexp2", "pow")
    points = [fg.tensor([0.7, 1.3, 2.9, 0.02])] + ([fg.tensor([1.9, 0.6, 3.1, 2.2])] if several else [])
    options = {"min": 0.5, "max": 2.0} if word == "clamp" else {}

    def first(*values):
        return jax.grad(lambda *v: function(*v, **options).sum(), tuple(range(len(values))))(*values)

    def second(*values):
        return jax.grad(lambda *v: sum((g * g).sum() for g in first(*v)), tuple(range(len(values))))(*values)

    check_grad(first, *points, rtol=1e-6)
    check_grad(second, *points, rtol=1e-5, atol=1e-7)


def test_a_constant_exponent_does_not_meet_the_logarithm_of_a_negative_base():
    x = fg.tensor([-2.0, -3.0])
    assert_close(jax.grad(lambda x: fg.pow(x, 3.0).sum())(x), np.array([12.0, 27.0], np.float32))
    assert_close(jax.grad(lambda x: fg.pow(x, fg.tensor([2.0, 3.0])).sum())(x), np.array([-4.0, 27.0], np.float32))


def test_digamma_has_the_right_derivative_below_0():
    # mpmath.psi(1, x)
    x, expected = [-0.3, -1.7, -4.25], [13.9451603, 14.6322016, 19.5294484]
    assert_close(
        jax.grad(lambda x: fg.digamma(x).sum())(fg.tensor(x)), np.asarray(expected, np.float32), rtol=1e-5, atol=0.0
    )


def test_complex_abs_and_angle_have_derivative_0_at_0():
    z = fg.tensor([0j, 3 + 4j])
    assert_close(jax.grad(lambda z: fg.abs(z).sum())(z), np.array([0, 0.6 - 0.8j], np.complex64))


def test_integers_on_the_way_carry_no_derivative():
    x = fg.tensor([0.5, 1.5, -2.5])

    def total(x):
        whole = x.astype("int32")
        return (x * fg.clamp(whole, 0, 1) + fg.abs(whole) + fg.maximum(whole, 1)).sum()

    assert_close(jax.grad(total)(x), np.array([0, 1, 0], np.float32))
    assert_close(jax.vmap(jax.grad(lambda v: total(v[None])))(x), np.array([0, 1, 0], np.float32))


def test_hessians_in_both_orders_of_modes():
    x = fg.tensor([0.5, 1.5, -2.5])

    def total(x):
        return (fg.clamp(x, 0, 1) * fg.atan2(x, 2.0) + fg.pow(x, 3.0) + fg.sinc(x) + fg.hypot(x, 1)).sum()

    assert_close(jax.jacfwd(jax.grad(total))(x), jax.jacrev(jax.grad(total))(x))
    assert_close(jax.grad(jax.checkpoint(total))(x), jax.grad(total)(x))

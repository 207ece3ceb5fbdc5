"""Rectifiers, shrinking functions and samples of categories: kinks, NaN, laws of what is random, messages."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from harness import raises

import funcgrad as fg
from funcgrad.testing import assert_close

key = jax.random.key(0)
WORDS = {
    "celu": (),
    "hardshrink": (),
    "softshrink": (),
    "tanhshrink": (),
    "rrelu": (),
    "prelu": (np.float32([0.25]),),
    "threshold": (0.5, 9.0),
}


@pytest.mark.parametrize(
    ("word", "args", "point", "slope"),
    [
        ("celu", (0.5,), 0.0, 1.0),
        ("hardshrink", (0.5,), 0.5, 0.0),
        ("hardshrink", (0.5,), -0.5, 0.0),
        ("softshrink", (0.5,), 0.5, 0.0),
        ("softshrink", (0.5,), -0.5, 0.0),
        ("threshold", (0.5, 9.0), 0.5, 0.0),
        ("rrelu", (0.2, 0.4), 0.0, 0.3),
        ("prelu", (np.float32([0.25]),), 0.0, 0.25),
    ],
)
def test_slopes_at_kinks_are_those_of_torch(word, args, point, slope):
    function = getattr(fg.nn, word)
    assert float(jax.grad(lambda x: function(x, *args))(jnp.float32(point))) == pytest.approx(slope, rel=1e-6)


@pytest.mark.parametrize("word", WORDS)
def test_far_out_all_is_finite_and_nan_stays(word):
    function = getattr(fg.nn, word)
    values, slopes = jax.vmap(jax.value_and_grad(lambda x: function(x, *WORDS[word])))(jnp.array([-1e30, 1e4, 1e30]))
    assert jnp.isfinite(values).all()
    assert jnp.isfinite(slopes).all()
    assert np.isnan(function(jnp.float32(np.nan), *WORDS[word]))


def test_prelu_has_a_gradient_by_its_weight_below_0_only():
    x = jnp.array([[-1.0, 2.0], [-3.0, -4.0]])
    assert_close(jax.grad(lambda w: fg.nn.prelu(x, w).sum())(jnp.array([0.5, 0.5])), jnp.array([-4.0, -4.0]))


def test_rrelu_draws_slopes_in_training():
    x = -jnp.ones(1000)
    y = fg.nn.rrelu(x, 0.2, 0.4, True, key=key)
    assert 0.2 <= float(-y.max()) < 0.21
    assert 0.39 < float(-y.min()) < 0.4
    assert_close(jax.grad(lambda x: fg.nn.rrelu(x, 0.2, 0.4, True, key=key).sum())(x), -y)
    assert_close(fg.nn.rrelu(-x, 0.2, 0.4, True, key=key), -x)


def test_gumbel_softmax_samples_the_softmax():
    logits = jnp.log(jnp.array([0.2, 0.5, 0.3]))
    hard = fg.nn.gumbel_softmax(jnp.broadcast_to(logits, (4000, 3)), hard=True, key=key)
    assert set(np.unique(hard)) == {0.0, 1.0}
    assert_close(hard.sum(-1), jnp.ones(4000))
    assert_close(hard.mean(0), jnp.exp(logits), rtol=0.0, atol=0.03)  # four standard deviations


def test_a_hard_sample_has_the_gradient_of_the_soft_one():
    logits, weights = jnp.array([[0.5, -1.0, 2.0]]), jnp.array([1.0, 2.0, 3.0])
    soft, hard = [
        jax.grad(lambda x, h=h: (fg.nn.gumbel_softmax(x, 0.7, h, key=key) * weights).sum())(logits) for h in (0, 1)
    ]
    assert_close(soft, hard)
    assert soft.any()


def test_messages():
    x = jnp.ones((2, 3))
    with raises(fg.ArgumentError, "celu(): alpha must not be 0; got 0; use fg.nn.relu, which is the limit."):
        fg.nn.celu(x, 0.0)
    with raises(fg.ArgumentError, "softshrink(): lambd must not be negative; got -1.0; choose 0 or more."):
        fg.nn.softshrink(x, -1.0)
    message = "rrelu(): lower must not exceed upper; got lower=0.5, upper=0.2; exchange them."
    with raises(fg.ArgumentError, message):
        fg.nn.rrelu(x, 0.5, 0.2)
    message = (
        "prelu(): weight must have shape (), (1,) or (3,) for input of shape (2, 3); got (2,); channels are dimension "
        "1 of input."
    )
    with raises(fg.ShapeError, message):
        fg.nn.prelu(x, jnp.ones(2))
    message = "threshold(): value must be an integer for input of int32; got 0.5; convert input with fg.to(x, 'float')."
    with raises(fg.ArgumentError, message):
        fg.nn.threshold(x.astype(int), 1, 0.5)
    with raises(fg.ArgumentError, "gumbel_softmax(): tau must be positive; got 0.0; choose for example 1.0."):
        fg.nn.gumbel_softmax(x, 0.0, key=key)
    message = (
        "gumbel_softmax(): key= is required, because no generator is kept here; got none; pass key=fg.key(0), and a "
        "new one from fg.keys each time."
    )
    with raises(fg.ArgumentTypeError, message):
        fg.nn.gumbel_softmax(x)


def test_the_flat_words_are_the_same_words():
    for word in ("celu", "selu", "prelu", "rrelu", "threshold", "hardshrink", "dropout", "alpha_dropout"):
        assert getattr(fg, word) is getattr(fg.nn, word)

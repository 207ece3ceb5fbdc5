"""Dropout: what is dropped together, how often, the moments that stay, and what is refused."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from harness import raises

import funcgrad as fg
from funcgrad.testing import assert_close

key = jax.random.key(0)
CHANNELS = {
    "feature_dropout": (50, 40, 3, 2),
    "dropout1d": (50, 40, 6),
    "dropout2d": (50, 40, 3, 2),
    "dropout3d": (50, 40, 3, 2, 1),
}


@pytest.mark.parametrize("word", CHANNELS)
def test_channels_are_dropped_as_a_whole(word):
    y = np.asarray(getattr(fg.nn, word)(jnp.ones(CHANNELS[word]), 0.25, key=key)).reshape(2000, 6)
    assert (y == y[:, :1]).all()
    assert_close(np.unique(y), np.array([0, 4 / 3], np.float32))
    assert abs((y[:, 0] == 0).mean() - 0.25) < 0.04  # four standard deviations of 2000 draws


def test_without_a_batch_the_first_dimension_is_the_channels():
    y = np.asarray(fg.nn.dropout1d(jnp.ones((200, 6)), 0.5, key=key))
    assert (y == y[:, :1]).all()
    assert 0 < (y == 0).mean() < 1
    y = np.asarray(fg.nn.dropout3d(jnp.ones((200, 3, 2, 1)), 0.5, key=key)).reshape(200, 6)
    assert (y == y[:, :1]).all()
    # As in torch an input of three dimensions is a batch of sequences for dropout2d, and not one image.
    y = np.asarray(fg.nn.dropout2d(jnp.ones((20, 30, 6)), 0.5, key=key))
    assert len(np.unique(y[0, :, 0])) == 2


@pytest.mark.parametrize("word", ["alpha_dropout", "feature_alpha_dropout"])
def test_alpha_dropout_keeps_mean_and_variance(word):
    x = jax.random.normal(jax.random.key(1), (100, 1000, 2))
    y = getattr(fg.nn, word)(x, 0.3, True, key=key)
    assert abs(float(y.mean())) < 0.02
    assert abs(float(y.var()) - 1) < 0.02
    values, times = np.unique(y, return_counts=True)
    dropped = np.asarray(y) == values[times.argmax()]  # one value, the limit of the SELU scaled and shifted
    assert abs(dropped.mean() - 0.3) < 0.02
    if word == "feature_alpha_dropout":
        assert (dropped[..., 0] == dropped[..., 1]).all()


def test_all_can_be_dropped():
    for word in ("alpha_dropout", "feature_dropout", "feature_alpha_dropout"):
        assert not getattr(fg.nn, word)(jnp.ones((2, 3)), 1.0, True, key=key).any()


def test_the_gradient_is_the_mask():
    x = jnp.arange(1.0, 7.0).reshape(1, 3, 2)
    dropped = fg.nn.dropout1d(x, 0.5, key=key)
    assert_close(jax.grad(lambda x: fg.nn.dropout1d(x, 0.5, key=key).sum())(x), dropped / x)


def test_messages():
    x = jnp.ones((2, 3))
    with raises(fg.ArgumentError, "alpha_dropout(): p must be in [0, 1]; got 1.5; choose a probability."):
        fg.nn.alpha_dropout(x, 1.5)
    message = (
        "dropout1d(): key= is required, because no generator is kept here; got none; pass key=fg.key(0), and a new one "
        "from fg.keys each time."
    )
    with raises(fg.ArgumentTypeError, message):
        fg.nn.dropout1d(x)
    message = (
        "feature_dropout(): input must have shape (N, C, *), two or more dimensions; got shape (3,); reshape it, or "
        "use fg.nn.dropout."
    )
    with raises(fg.ShapeError, message):
        fg.nn.feature_dropout(x[0], key=key)
    for word, numbers, shape, remedy in (
        ("dropout1d", "2 or 3", (3,), "(N, C, L) or (C, L)"),
        ("dropout2d", "3 or 4", (2, 3), "(N, C, H, W) or (N, C, L)"),
        ("dropout3d", "4 or 5", (2, 3), "(N, C, D, H, W) or (C, D, H, W)"),
    ):
        message = f"{word}(): input must have {numbers} dimensions; got shape {shape}; give {remedy}, or use "
        with raises(fg.ShapeError, message + "fg.nn.dropout."):
            getattr(fg.nn, word)(jnp.ones(shape), key=key)
    message = (
        "feature_dropout(): input must be floating point; got int32 of shape (2, 3); convert it with fg.to(x, 'float')."
    )
    with raises(fg.DtypeError, message):
        fg.nn.feature_dropout(x.astype(int), key=key)

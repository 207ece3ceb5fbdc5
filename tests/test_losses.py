"""Losses: what they refuse, laws they keep, and their gradients at kinks."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from harness import raises

import funcgrad as fg
from funcgrad.testing import assert_close

three, column = np.zeros(3, np.float32), np.zeros((3, 1), np.float32)
SAME_SHAPE = ("mse_loss", "l1_loss", "huber_loss", "smooth_l1_loss", "binary_cross_entropy")


@pytest.mark.parametrize("word", [*SAME_SHAPE, "binary_cross_entropy_with_logits", "kl_div"])
def test_nothing_is_broadcast(word):
    message = (
        f"{word}(): input and target must have the same shape; got input of shape (3,) and target of shape (3, 1); "
        "reshape one of them; nothing is broadcast here."
    )
    with raises(fg.ShapeError, message):
        getattr(fg.nn, word)(three, column)
    with raises(fg.ShapeError, message):
        jax.jit(getattr(fg.nn, word))(three, column)


@pytest.mark.parametrize("word", [*SAME_SHAPE, "binary_cross_entropy_with_logits", "cross_entropy", "nll_loss"])
def test_an_unknown_reduction_is_named(word):
    target = np.array(0) if word in ("cross_entropy", "nll_loss") else three
    message = f"{word}(): reduction must be 'mean', 'sum' or 'none'; got 'avg'; choose one."
    with raises(fg.ArgumentError, message):
        getattr(fg.nn, word)(three, target, reduction="avg")


def test_kl_div_has_one_reduction_more():
    message = "kl_div(): reduction must be 'mean', 'sum', 'batchmean' or 'none'; got 'avg'; choose one."
    with raises(fg.ArgumentError, message):
        fg.nn.kl_div(three, three, reduction="avg")
    assert_close(fg.nn.kl_div(three - 1, three + 0.5), fg.nn.kl_div(three - 1, three + 0.5, reduction="sum") / 3)


def test_numbers_are_needed():
    message = "mse_loss(): target must be numbers; got bool of shape (3,); convert it with fg.to(x, 'float')."
    with raises(fg.DtypeError, message):
        fg.nn.mse_loss(three, np.zeros(3, bool))
    message = (
        "mse_loss(): input or target must be floating point or complex; got int32 of shape (3,); convert it with "
        "fg.to(x, 'float')."
    )
    with raises(fg.DtypeError, message):
        fg.nn.mse_loss(np.arange(3), np.arange(3))
    assert_close(fg.nn.mse_loss(three, np.arange(3)), jnp.float32(5 / 3))
    message = (
        "binary_cross_entropy_with_logits(): target must be floating point; got int32 of shape (3,); convert it with "
        "fg.to(x, 'float')."
    )
    with raises(fg.DtypeError, message):
        fg.nn.binary_cross_entropy_with_logits(three, np.array([0, 1, 1]))


def test_probabilities_are_checked():
    message = (
        "binary_cross_entropy(): input must be probabilities in [0, 1]; got 1.5; pass them through a sigmoid, or pass "
        "logits to fg.nn.binary_cross_entropy_with_logits."
    )
    with raises(fg.ArgumentError, message):
        fg.nn.binary_cross_entropy(three + 1.5, three)


def test_weights_fit():
    message = (
        "mse_loss(): input and weight must have the same shape; got input of shape (3,) and weight of shape (3, 1); "
        "reshape one of them; nothing is broadcast here."
    )
    with raises(fg.ShapeError, message):
        fg.nn.mse_loss(three, three, weight=column)
    message = (
        "binary_cross_entropy(): weight must broadcast to the shape of input; got weight of shape (3, 1) and input of "
        "shape (3,); reshape one of them."
    )
    with raises(fg.ShapeError, message):
        fg.nn.binary_cross_entropy(three, three, column)
    message = "cross_entropy(): weight must have one factor for each of 3 classes; got shape (2,); correct it."
    with raises(fg.ShapeError, message):
        fg.nn.cross_entropy(three, np.array(0), np.ones(2, np.float32))


def test_parameters_are_in_range():
    with raises(fg.ArgumentError, "huber_loss(): delta must be positive; got 0; choose a larger one."):
        fg.nn.huber_loss(three, three, delta=0)
    with raises(fg.ArgumentError, "smooth_l1_loss(): beta must not be negative; got -1.0; choose 0 or more."):
        fg.nn.smooth_l1_loss(three, three, beta=-1.0)
    message = "cross_entropy(): label_smoothing must be in [0, 1]; got 1.5; choose one there."
    with raises(fg.ArgumentError, message):
        fg.nn.cross_entropy(three, np.array(0), label_smoothing=1.5)


def test_gradients_at_kinks_are_those_of_torch():
    zero = jnp.zeros(())
    for word in ("l1_loss", "huber_loss", "smooth_l1_loss", "mse_loss"):
        assert float(jax.grad(getattr(fg.nn, word))(zero, zero)) == 0.0
    assert float(jax.grad(fg.nn.huber_loss)(jnp.float32(1.0), zero)) == 1.0
    assert float(jax.grad(fg.nn.binary_cross_entropy_with_logits)(zero, zero)) == 0.5
    saturated = jax.grad(fg.nn.binary_cross_entropy)(zero, jnp.float32(1.0))
    assert float(saturated) == pytest.approx(-1e12)


def test_extreme_logits_stay_finite():
    logits = jnp.array([[1e4, -1e4], [-1e4, 1e4]])
    labels = jnp.array([0, 0])
    value, gradient = jax.value_and_grad(fg.nn.cross_entropy)(logits, labels)
    assert float(value) == 1e4
    assert_close(gradient, jnp.array([[0.0, 0.0], [-0.5, 0.5]]))
    value, gradient = jax.value_and_grad(fg.nn.binary_cross_entropy_with_logits)(logits, jnp.zeros((2, 2)))
    assert float(value) == 5e3
    assert jnp.isfinite(gradient).all()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_means_do_not_overflow(dtype):
    logits, labels = jnp.zeros((70000, 2), dtype), jnp.zeros(70000, int)
    for result in (
        fg.nn.cross_entropy(logits, labels),
        fg.nn.cross_entropy(logits, labels, jnp.ones(2, dtype)),
        fg.nn.mse_loss(logits, logits + 1, weight=jnp.ones((70000, 2), dtype)) * np.float32(np.log(2)).astype(dtype),
    ):
        assert result.dtype == dtype
        assert float(result) == pytest.approx(np.log(2), rel=1e-2)


# Labels


def test_a_label_out_of_range_is_an_error():
    logits = np.zeros((3, 2), np.float32)
    for word in ("cross_entropy", "nll_loss"):
        for label in (2, -1, -100 if word == "nll_loss" else 7):
            message = (
                f"{word}(): target must be in [0, 1] along dimension 1 of size 2; got {label}; correct the index; "
                "nothing is clamped or wrapped."
            )
            with raises(fg.IndexRangeError, message):
                getattr(fg.nn, word)(logits, np.array([0, label, 1]), ignore_index=-7)


@pytest.mark.parametrize("word", ["cross_entropy", "nll_loss"])
@pytest.mark.parametrize("label", [2, -1, 2**31 - 1])
def test_under_jit_a_label_out_of_range_gives_nan_and_so_does_its_gradient(word, label):
    logits, labels = jnp.zeros((3, 2)), jnp.array([0, label, 1])
    losses = jax.jit(lambda x, y: getattr(fg.nn, word)(x, y, reduction="none"))(logits, labels)
    assert np.isnan(losses).tolist() == [False, True, False]
    value, gradient = jax.jit(jax.value_and_grad(getattr(fg.nn, word)))(logits, labels)
    assert np.isnan(value)
    assert np.isnan(gradient).any()
    if word == "cross_entropy":
        assert np.isnan(jax.jit(lambda x, y: fg.nn.cross_entropy(x, y, label_smoothing=1.0))(logits, labels))


def test_ignored_labels_count_nowhere():
    logits = jnp.array([[1.0, 2.0], [3.0, -1.0], [0.0, 0.0]])
    few = fg.nn.cross_entropy(logits[:2], jnp.array([1, 0]))
    assert_close(fg.nn.cross_entropy(logits, jnp.array([1, 0, -100])), few)
    assert_close(fg.nn.cross_entropy(logits, jnp.array([1, 0, 255], jnp.uint8), ignore_index=255), few)
    assert np.isnan(fg.nn.cross_entropy(logits, jnp.full(3, -100)))


def test_labels_are_integers_of_the_right_shape():
    logits = np.zeros((3, 2), np.float32)
    message = (
        "cross_entropy(): labels must have an integer dtype; got float32 of shape (3,); convert them with "
        "fg.to(target, 'long')."
    )
    with raises(fg.DtypeError, message):
        fg.nn.cross_entropy(logits, three)
    message = (
        "cross_entropy(): target must have shape (3,) for input of shape (3, 2), or (3, 2) of probabilities; got "
        "(3, 1); reshape one of them; nothing is broadcast here."
    )
    with raises(fg.ShapeError, message):
        fg.nn.cross_entropy(logits, np.zeros((3, 1), int))
    message = (
        "nll_loss(): target must have shape (3,) for input of shape (3, 2); got (3, 2); reshape one of them; nothing "
        "is broadcast here."
    )
    with raises(fg.ShapeError, message):
        fg.nn.nll_loss(logits, logits)
    message = (
        "cross_entropy(): a target in the shape of input holds probabilities and must be floating point; got int32 of "
        "shape (3, 2); drop the dimension of classes for labels, or convert it with fg.to(target, 'float')."
    )
    with raises(fg.DtypeError, message):
        fg.nn.cross_entropy(logits, np.zeros((3, 2), int))
    message = (
        "cross_entropy(): input must have a dimension of classes: (N, C), (N, C, d1, ...) or (C,); got shape (); "
        "reshape it with fg.reshape."
    )
    with raises(fg.ShapeError, message):
        fg.nn.cross_entropy(np.array(1.0, np.float32), np.array(0))
    message = (
        "cross_entropy(): input must be floating point; got int32 of shape (2,); convert it with fg.to(x, 'float')."
    )
    with raises(fg.DtypeError, message):
        fg.nn.cross_entropy(np.zeros(2, int), np.array(0))


def test_labels_and_probabilities_agree():
    logits, labels = jnp.array([[1.0, 2.0, 0.0], [3.0, -1.0, 0.5]]), jnp.array([2, 0])
    shares = fg.nn.one_hot(labels, 3).astype(float)
    for options in ({}, {"label_smoothing": 0.3}, {"reduction": "none"}):
        assert_close(fg.nn.cross_entropy(logits, labels, **options), fg.nn.cross_entropy(logits, shares, **options))


def test_a_loss_lowers_to_what_one_would_write():
    def mse(x, y):
        error = x - y
        return jnp.mean(error * error)

    def cross_entropy(x, y):
        return optax.softmax_cross_entropy_with_integer_labels(x, y).mean()

    x, labels = jnp.ones((4, 3)), jnp.zeros(4, int)
    assert operations(fg.nn.mse_loss, x, x) == operations(mse, x, x)
    # The price of labels that are not clamped and of those to be ignored: no exponential, product or gather more.
    ours, theirs = operations(fg.nn.cross_entropy, x, labels), operations(cross_entropy, x, labels)
    for costly in ("exponential", "log", "gather"):
        assert ours.count(costly) <= theirs.count(costly)


def operations(function, *args):
    return re.findall(r"stablehlo\.(\w+)", jax.jit(function).lower(*args).as_text())

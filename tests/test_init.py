"""Initial values: their distributions against the formulas, and what they refuse."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from harness import raises

import funcgrad as fg
from funcgrad.testing import assert_close

key = jax.random.key(0)
SHAPE, FAN_IN, FAN_OUT = (64, 32, 3, 3), 288, 576


def test_the_source_says_it_in_numbers():
    # For kernels of 3 by 3 and 64 outputs, sqrt(2 / (3 * 3 * 64)) = 0.058926.
    w = fg.nn.init.kaiming_normal(SHAPE, mode="fan_out", nonlinearity="relu", key=key)
    assert float(w.std()) == pytest.approx(0.058926, rel=0.01)
    assert float(w.mean()) == pytest.approx(0, abs=0.001)


@pytest.mark.parametrize(
    ("word", "options", "std"),
    [
        ("xavier", {}, math.sqrt(2 / (FAN_IN + FAN_OUT))),
        ("xavier", {"gain": 2.0}, 2 * math.sqrt(2 / (FAN_IN + FAN_OUT))),
        ("kaiming", {}, math.sqrt(2 / FAN_IN)),
        ("kaiming", {"mode": "fan_out"}, math.sqrt(2 / FAN_OUT)),
        ("kaiming", {"a": 1.0}, math.sqrt(1 / FAN_IN)),
        ("kaiming", {"a": 1.0, "nonlinearity": "relu"}, math.sqrt(2 / FAN_IN)),
        ("kaiming", {"nonlinearity": "tanh"}, 5 / 3 / math.sqrt(FAN_IN)),
    ],
)
def test_the_variance_is_that_of_the_formula(word, options, std):
    uniform = getattr(fg.nn.init, f"{word}_uniform")(SHAPE, key=key, **options)
    normal = getattr(fg.nn.init, f"{word}_normal")(SHAPE, key=key, **options)
    for w in (uniform, normal):
        assert w.shape == SHAPE
        assert float(w.std()) == pytest.approx(std, rel=0.02)
    bound = math.sqrt(3) * std
    assert float(abs(uniform).max()) <= bound * (1 + 1e-6)
    assert float(abs(uniform).max()) > 0.999 * bound
    assert float(abs(normal).max()) > 3 * std


def test_the_simple_ones():
    w = fg.nn.init.uniform((10000,), -2, 3, key=key)
    assert (float(w.min()) >= -2, float(w.max()) < 3) == (True, True)
    assert float(w.mean()) == pytest.approx(0.5, abs=0.05)
    w = fg.nn.init.normal((10000,), 5.0, 0.1, key=key)
    assert (float(w.mean()), float(w.std())) == (pytest.approx(5, abs=0.01), pytest.approx(0.1, rel=0.05))
    w = fg.nn.init.trunc_normal((10000,), 1.0, 2.0, 0.0, 2.5, key=key)
    assert (float(w.min()) >= 0, float(w.max()) <= 2.5) == (True, True)
    assert_close(fg.nn.init.constant([2], 3), jnp.array([3.0, 3.0]))
    assert fg.nn.init.zeros((2, 0)).shape == (2, 0)
    assert_close(fg.nn.init.ones((2,), dtype="half"), jnp.ones(2, jnp.float16))


@pytest.mark.parametrize("shape", [(3, 3), (2, 5), (5, 2), (4, 3, 2, 2), (16, 3, 2, 2)])
def test_orthogonal_is(shape):
    w = fg.nn.init.orthogonal(shape, 2.0, key=key)
    assert w.shape == shape
    flat = np.asarray(w).reshape(shape[0], -1) / 2
    gram = flat @ flat.T if flat.shape[0] <= flat.shape[1] else flat.T @ flat
    np.testing.assert_allclose(gram, np.eye(len(gram)), atol=1e-6)
    assert fg.nn.init.orthogonal(shape, key=key, dtype="bfloat16").dtype == jnp.bfloat16


def test_the_key_decides():
    for word in ("uniform", "normal", "xavier_uniform", "kaiming_normal", "orthogonal"):
        draw = getattr(fg.nn.init, word)
        assert_close(draw((3, 2), key=key), draw((3, 2), key=key))
        assert not np.array_equal(draw((3, 2), key=key), draw((3, 2), key=jax.random.key(1)))


def test_what_they_refuse():
    message = (
        "xavier_uniform(): shape must be that of a weight: (out, in) or (out, in, *kernel); got (3,); for a bias use "
        "fg.nn.init.zeros."
    )
    with raises(fg.ShapeError, message):
        fg.nn.init.xavier_uniform((3,), key=key)
    with raises(fg.ArgumentError, "kaiming_normal(): mode must be 'fan_in' or 'fan_out'; got 'in'; choose one."):
        fg.nn.init.kaiming_normal((3, 2), mode="in", key=key)
    message = (
        "calculate_gain(): nonlinearity must be one of 'linear', 'conv1d', 'conv2d', 'conv3d', 'conv_transpose1d', "
        "'conv_transpose2d', 'conv_transpose3d', 'sigmoid', 'tanh', 'relu', 'selu', 'leaky_relu'; got 'swish'; choose "
        "one, or pass a gain."
    )
    with raises(fg.ArgumentError, message):
        fg.nn.init.calculate_gain("swish")
    message = (
        "orthogonal(): key= is required, because no generator is kept here; got none; pass key=fg.key(0), and a new "
        "one from fg.keys each time."
    )
    with raises(fg.ArgumentTypeError, message):
        fg.nn.init.orthogonal((3, 2))
    message = "normal(): dtype must be floating point; got int32; choose for example 'float'."
    with raises(fg.DtypeError, message):
        fg.nn.init.normal((3,), key=key, dtype="int")


def test_gains():
    gain = fg.nn.init.calculate_gain
    assert [gain("linear"), gain("sigmoid"), gain("tanh"), gain("selu")] == [1.0, 1.0, 5 / 3, 3 / 4]
    assert gain("leaky_relu") == pytest.approx(math.sqrt(2 / 1.0001))
    assert gain("leaky_relu", 0) == gain("relu") == math.sqrt(2)

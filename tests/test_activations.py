"""Activations: gradients at kinks and far out, and what they refuse."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from harness import raises

import funcgrad as fg
from funcgrad.testing import assert_close

FLOATING = ("leaky_relu", "elu", "selu", "gelu", "silu", "mish", "softplus", "hardsigmoid", "hardswish", "logsigmoid")
WORDS = (*FLOATING, "softsign", "hardtanh", "relu6")


@pytest.mark.parametrize("word", [*WORDS, "relu", "sigmoid", "tanh"])
def test_far_out_everything_is_finite(word):
    x = jnp.array([-1e30, -1e4, 1e4, 1e30])
    values, slopes = jax.vmap(jax.value_and_grad(getattr(fg.nn, word)))(x)
    assert jnp.isfinite(values).all()
    assert jnp.isfinite(slopes).all()


# torch's one-sided choices, which differ from JAX's for leaky_relu, elu, selu and hardtanh.
@pytest.mark.parametrize(
    ("word", "point", "slope"),
    [
        ("relu", 0.0, 0.0),
        ("leaky_relu", 0.0, 0.01),
        ("elu", 0.0, 1.0),
        ("selu", 0.0, 1.0507009873554805 * 1.6732632423543772),
        ("hardtanh", 1.0, 0.0),
        ("hardtanh", -1.0, 0.0),
        ("relu6", 0.0, 0.0),
        ("relu6", 6.0, 0.0),
        ("hardsigmoid", -3.0, 0.0),
        ("hardsigmoid", 3.0, 0.0),
        ("softsign", 0.0, 1.0),
        ("softplus", 0.0, 0.5),
        ("logsigmoid", 0.0, 0.5),
    ],
)
def test_slopes_at_kinks_are_those_of_torch(word, point, slope):
    assert float(jax.grad(getattr(fg.nn, word))(jnp.float32(point))) == pytest.approx(slope, rel=1e-6, abs=0)


def test_nan_stays_nan():
    for word in WORDS:
        assert np.isnan(getattr(fg.nn, word)(jnp.float32(np.nan))), word


@pytest.mark.parametrize("word", FLOATING)
def test_integers_are_refused(word):
    kind = "floating point or complex" if word == "silu" else "floating point"
    message = f"{word}(): input must be {kind}; got int32 of shape (2,); convert it with fg.to(x, 'float')."
    with raises(fg.DtypeError, message):
        getattr(fg.nn, word)(np.array([1, 2]))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("word", WORDS)
def test_the_dtype_is_kept(word, dtype):
    assert getattr(fg.nn, word)(jnp.ones(2, dtype)).dtype == dtype


def test_options_are_checked():
    with raises(fg.ArgumentError, "gelu(): approximate must be 'none' or 'tanh'; got True; choose one."):
        fg.nn.gelu(jnp.ones(2), approximate=True)
    message = "hardtanh(): min_val must not exceed max_val; got min_val=2.0, max_val=1.0; exchange them."
    with raises(fg.ArgumentError, message):
        fg.nn.hardtanh(jnp.ones(2), 2.0)
    message = (
        "hardtanh(): min_val and max_val must be integers for input of int32; got -1.5 and 1.0; convert input with "
        "fg.to(x, 'float')."
    )
    with raises(fg.ArgumentError, message):
        fg.nn.hardtanh(jnp.arange(2), -1.5)
    message = "glu(): input must have an even size along dim; got shape (2, 3) and dim=1; choose another dim."
    with raises(fg.ShapeError, message):
        fg.nn.glu(jnp.ones((2, 3)))
    with raises(fg.ShapeError, "glu(): input must have an even size along dim; got shape (); choose another dim."):
        fg.nn.glu(jnp.float32(1.0))


def test_gelu_is_exact_by_default():
    x = jnp.linspace(-3, 3, 7)
    assert_close(fg.nn.gelu(x), jax.nn.gelu(x, approximate=False))
    assert float(abs(fg.nn.gelu(x) - fg.nn.gelu(x, approximate="tanh")).max()) > 1e-4


def test_the_flat_words_are_the_same_words():
    for word in ("relu", "sigmoid", "softmax", "log_softmax", "tanh"):
        assert getattr(fg.nn, word) is getattr(fg, word)

"""Normalisation: the statistics that come out, half precision, vectors of zeros, and what is refused."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from harness import raises

import funcgrad as fg
from funcgrad.testing import assert_close

x = jnp.asarray(np.random.default_rng(0).standard_normal((4, 3, 5)), jnp.float32)
mean, var = jnp.array([1.0, 2.0, 3.0]), jnp.array([4.0, 5.0, 6.0])


def test_batch_norm_returns_the_new_statistics():
    y, (new_mean, new_var) = fg.nn.batch_norm(x, mean, var, training=True, momentum=0.25)
    assert_close(y, fg.nn.batch_norm(x, None, None, training=True))
    assert_close(new_mean, 0.75 * mean + 0.25 * x.mean((0, 2)))
    assert_close(new_var, 0.75 * var + 0.25 * x.var((0, 2), ddof=1))
    assert_close(fg.nn.batch_norm(x, new_mean, new_var)[:, 0], (x[:, 0] - new_mean[0]) / (new_var[0] + 1e-5) ** 0.5)


def test_instance_norm_averages_its_statistics_over_the_batch():
    y, (new_mean, new_var) = fg.nn.instance_norm(x, mean, var, momentum=0.25)
    assert_close(y, fg.nn.instance_norm(x))
    assert_close(new_mean, 0.75 * mean + 0.25 * x.mean((0, 2)))
    assert_close(new_var, 0.75 * var + 0.25 * x.var(2, ddof=1).mean(0))


def test_no_gradient_flows_through_the_new_statistics():
    def through(x, mean, var):
        _, stats = fg.nn.batch_norm(x, mean, var, training=True)
        return stats[0].sum() + stats[1].sum()

    gradients = jax.grad(through, (0, 1, 2))(x, mean, var)
    assert not any(g.any() for g in gradients)


def test_the_variance_is_exact_far_from_0():
    # The mean of squares less the square of the mean has no correct digit here.
    assert_close(fg.nn.layer_norm(x + 4096, (5,)), fg.nn.layer_norm(x, (5,)), rtol=0.0, atol=1e-3)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_is_rounded_once(dtype):
    half = (100 * x).astype(dtype)  # whose squares float16 cannot hold
    wide = half.astype(jnp.float32)
    for norm in (
        lambda a: fg.nn.batch_norm(a, None, None, training=True),
        lambda a: fg.nn.batch_norm(a, mean, var, mean, var),
        fg.nn.instance_norm,
        lambda a: fg.nn.group_norm(a, 1),
        lambda a: fg.nn.layer_norm(a, (5,), jnp.ones(5, dtype)),
        lambda a: fg.nn.rms_norm(a, (5,)),
    ):
        result = norm(half)
        assert result.dtype == dtype
        assert_close(result, norm(wide).astype(dtype))


def test_the_statistics_keep_their_dtype():
    _, stats = fg.nn.batch_norm(x.astype("bfloat16"), mean, var, training=True)
    assert [s.dtype for s in stats] == [jnp.float32] * 2


def test_vectors_of_zeros_stay_and_have_a_gradient():
    zeros = jnp.zeros((2, 3))
    assert_close(fg.nn.normalize(zeros), zeros)
    assert_close(jax.grad(lambda a: fg.nn.normalize(a)[0, 1])(zeros), zeros.at[0, 1].set(1e12))
    # At the bound itself torch divides by the norm, whose slope counts.
    assert_close(jax.grad(lambda a: fg.nn.normalize(a, dim=0, eps=2.0)[0])(jnp.array([2.0, 0.0])), jnp.zeros(2))


SHAPES = [
    ("batch_norm", (x, mean, var, mean[:2]), "weight must have shape (3,), one number for each channel of input"),
    ("instance_norm", (x, mean, var[:2]), "running_var must have shape (3,), one number for each channel of input"),
    ("group_norm", (x, 1, None, mean[:2]), "bias must have shape (3,), one number for each channel of input"),
]


@pytest.mark.parametrize(("word", "args", "required"), SHAPES)
def test_one_number_for_each_channel(word, args, required):
    with raises(fg.ShapeError, f"{word}(): {required}; got (2,) beside input of shape (4, 3, 5); correct it."):
        getattr(fg.nn, word)(*args)


def test_shapes_are_checked():
    message = (
        "layer_norm(): normalized_shape must be the sizes of one or more last dimensions of input; got (4,) and input "
        "of shape (4, 3, 5); write for example x.shape[-1:]."
    )
    with raises(fg.ShapeError, message):
        fg.nn.layer_norm(x, (4,))
    with raises(fg.ShapeError, message.replace("(4,)", "()")):
        fg.nn.layer_norm(x, ())
    with raises(fg.ShapeError, "rms_norm(): weight must have normalized_shape (5,); got (1, 5); correct it."):
        fg.nn.rms_norm(x, 5, jnp.ones((1, 5)))
    message = (
        "batch_norm(): input must have shape (N, C, *), two or more dimensions; got shape (3,); reshape it with "
        "fg.reshape."
    )
    with raises(fg.ShapeError, message):
        fg.nn.batch_norm(x[0, :, 0], mean, var)
    message = (
        "local_response_norm(): input must have shape (N, C, *), three or more dimensions; got shape (4, 3); reshape "
        "it with fg.reshape."
    )
    with raises(fg.ShapeError, message):
        fg.nn.local_response_norm(x[..., 0], 2)
    with raises(fg.ArgumentError, "local_response_norm(): size must be at least 1; got 0; correct it."):
        fg.nn.local_response_norm(x, 0)
    message = "group_norm(): num_groups must divide the number of channels, 3; got 2; choose a divisor."
    with raises(fg.ArgumentError, message):
        fg.nn.group_norm(x, 2)


def test_one_value_has_no_variance():
    end = "got input of shape {}; its variance is 0 and the result would be too."
    message = "batch_norm(): a channel must have more than one value in training; " + end
    with raises(fg.ShapeError, message.format((1, 3))):
        fg.nn.batch_norm(x[:1, :, 0], None, None, training=True)
    message = "instance_norm(): a channel must have more than one value in each element of the batch; " + end
    with raises(fg.ShapeError, message.format((4, 3, 1))):
        fg.nn.instance_norm(x[..., :1])
    with raises(fg.ShapeError, "group_norm(): a group must have more than one value; " + end.format((1, 3, 1))):
        fg.nn.group_norm(x[:1, :, :1], 3)


def test_statistics_are_asked_for():
    message = "batch_norm(): running_mean and running_var must be given where training is False; got None; pass both."
    with raises(fg.ArgumentError, message):
        fg.nn.batch_norm(x, None, None)
    message = "batch_norm(): running_mean and running_var must both be given or both be None; got running_mean alone; "
    with raises(fg.ArgumentError, message + "pass both."):
        fg.nn.batch_norm(x, mean, None, training=True)
    message = (
        "instance_norm(): running_mean and running_var must be given where use_input_stats is False; got None; pass "
        "both."
    )
    with raises(fg.ArgumentError, message):
        fg.nn.instance_norm(x, use_input_stats=False)


def test_eps_is_checked():
    with raises(fg.ArgumentError, "layer_norm(): eps must not be negative; got -1.0; choose for example 1e-5."):
        fg.nn.layer_norm(x, (5,), eps=-1.0)
    message = "batch_norm(): eps must be positive in training; got 0.0; choose for example 1e-5."
    with raises(fg.ArgumentError, message):
        fg.nn.batch_norm(x, None, None, training=True, eps=0.0)


def test_integers_are_refused():
    for word, args in (("batch_norm", (mean, var)), ("layer_norm", ((5,),)), ("normalize", ())):
        message = f"{word}(): input must be floating point; got int32 of shape (4, 3, 5); "
        if word == "normalize":
            message = message.replace("floating point", "floating point or complex")
        with raises(fg.DtypeError, message + "convert it with fg.to(x, 'float')."):
            getattr(fg.nn, word)(x.astype(int), *args)


def test_the_flat_words_are_those_whose_arguments_agree():
    for word in ("layer_norm", "group_norm", "rms_norm"):
        assert getattr(fg, word) is getattr(fg.nn, word)
    message = (
        "funcgrad has no `batch_norm`: it is fg.nn.batch_norm(x, running_mean, running_var, weight, bias, training)."
    )
    with raises(AttributeError, message):
        _ = fg.batch_norm

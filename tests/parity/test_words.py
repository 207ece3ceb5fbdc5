"""Every case against torch: values, shapes, kind of dtype, and gradients."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from cases import ALL
from harness import as_function, case, differentiable, parametrize, tolerance
from oracle import gradients, leaves, run

import funcgrad as fg
from funcgrad.testing import assert_close

COMMON = [case for case in ALL if case.torch is not None]


def check_against_torch(case, function=None):
    call, arrays = as_function(case, function)
    ours = [np.asarray(leaf) for leaf in leaves(call(*[fg.tensor(a) for a in arrays]))]
    theirs = run(case)
    assert [a.dtype.kind for a in ours] == [b.dtype.kind for b in theirs]
    # torch's default integer has 64 bits and JAX's 32: kinds are compared above, values here.
    for a, b in zip(ours, theirs, strict=True):
        assert_close(a, b.astype(a.dtype), **tolerance(case))


def check_gradients_against_torch(case, function=None):
    call, arrays = as_function(case, function)
    rng = np.random.default_rng(0)
    tensors = [fg.tensor(a) for a in arrays]
    floating = [i for i, a in enumerate(arrays) if a.dtype.kind == "f" and i not in case.constant]

    def outputs(*values):
        filled = list(tensors)
        for i, value in zip(floating, values, strict=True):
            filled[i] = value
        return [leaf for leaf in leaves(call(*filled)) if np.dtype(leaf.dtype).kind == "f"]

    @jax.jit
    def pulled(at, weights):
        return jax.vjp(outputs, *at)[1](weights)

    at = [tensors[i] for i in floating]
    weights = [np.asarray(rng.standard_normal(v.shape), np.float32) for v in jax.eval_shape(outputs, *at)]
    ours = pulled(at, [fg.tensor(w) for w in weights])
    rtol, atol = case.tolerance or (1e-5, 2e-6)  # a gradient is a sum of roundings of the values it passes
    for a, b in zip(ours, gradients(case, weights), strict=True):
        assert_close(a, b, rtol=rtol, atol=atol)


@parametrize(COMMON)
def test_word_agrees_with_torch(case):
    check_against_torch(case)
    if differentiable(case):
        check_gradients_against_torch(case)


def test_a_wrong_value_and_a_wrong_gradient_are_found():
    sine = case("sin", np.array([0.5, 1.5], np.float32))
    with pytest.raises(AssertionError, match="values differ"):
        check_against_torch(sine, lambda x: jnp.sin(x) * 1.0001)
    with pytest.raises(AssertionError, match="values differ"):
        check_gradients_against_torch(sine, lambda x: jnp.sin(x) * 1.001)

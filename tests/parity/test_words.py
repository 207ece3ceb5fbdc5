"""Every case against torch: values, shapes, kind of dtype, and gradients."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from cases import ALL
from harness import about, as_function, case, differentiable, parametrize_words, tolerance
from oracle import gradients, leaves, parts, run

import funcgrad as fg
from funcgrad.testing import assert_close

COMMON = [case for case in ALL if case.torch is not None]


class Trial:
    """A case's operands, and what one program is to compute for it: its values, and gradients of a weighting."""

    def __init__(self, case, function=None):
        self.case = case
        self.call, arrays = as_function(case, function)
        self.tensors = [fg.tensor(a) for a in arrays]
        self.floating = [i for i, a in enumerate(arrays) if a.dtype.kind in "fc" and i not in case.constant]
        self.at = [self.tensors[i] for i in self.floating]
        self.weights = None
        if differentiable(case, "fc"):
            rng = np.random.default_rng(0)
            with about(case):
                outputs = jax.eval_shape(self.outputs, self.at, self.tensors)
            self.weights = [fg.tensor(np.asarray(rng.standard_normal(v.shape), np.float32)) for v in outputs]
        self.operands = (self.tensors, self.at, self.weights)

    def outputs(self, at, tensors):
        filled = list(tensors)
        for i, value in zip(self.floating, at, strict=True):
            filled[i] = value
        return parts(leaves(self.call(*filled)), lambda leaf: np.dtype(leaf.dtype).kind)

    def measure(self, tensors, at, weights):
        with about(self.case):
            values = leaves(self.call(*tensors))
            pulled = jax.vjp(lambda at: self.outputs(at, tensors), at)[1](weights)[0] if weights is not None else None
            return values, pulled

    def judge(self, measured):
        values, pulled = measured
        with about(self.case):
            ours, theirs = [np.asarray(leaf) for leaf in values], run(self.case)
            assert [a.dtype.kind for a in ours] == [b.dtype.kind for b in theirs]
            # torch's default integer has 64 bits and JAX's 32: kinds are compared above, values here.
            for a, b in zip(ours, theirs, strict=True):
                assert_close(a, b.astype(a.dtype), **tolerance(self.case))
            if pulled is None:
                return
            weights = [np.asarray(w) for w in self.weights]
            rtol, atol = self.case.tolerance or (1e-5, 2e-6)  # a gradient sums the roundings of the values it passes
            for a, b in zip(pulled, gradients(self.case, weights), strict=True):
                assert_close(a.conj(), b, rtol=rtol, atol=atol)  # torch's complex gradient is the conjugate of JAX's


def check_against_torch(cases, function=None):
    trials = [Trial(case, function) for case in cases]
    together = jax.jit(lambda operands: [t.measure(*o) for t, o in zip(trials, operands, strict=True)])
    for trial, measured in zip(trials, together([t.operands for t in trials]), strict=True):
        trial.judge(measured)


@parametrize_words(COMMON)
def test_word_agrees_with_torch(cases):
    check_against_torch(cases)


def test_a_wrong_value_and_a_wrong_gradient_are_found():
    sine = case("sin", np.array([0.5, 1.5], np.float32))
    with pytest.raises(AssertionError, match="values differ"):
        check_against_torch([sine], lambda x: jnp.sin(x) * 1.0001)

    @jax.custom_jvp
    def faulty(x):
        return jnp.sin(x)

    faulty.defjvp(lambda p, t: (faulty(*p), 1.001 * jnp.cos(p[0]) * t[0]))
    with pytest.raises(AssertionError, match="values differ"):
        check_against_torch([sine], faulty)

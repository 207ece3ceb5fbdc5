"""The checks can fail: one planted fault each."""

import itertools

import jax
import numpy as np
import pytest
from harness import case, check_compiled, check_gradient, raises

import funcgrad as fg

x = np.array([0.5, 1.5, 2.5], np.float32)


def test_check_compiled_finds_a_value_that_depends_on_tracing():
    def faulty(x):
        return x + 1 if isinstance(x, jax.core.Tracer) else x

    with pytest.raises(AssertionError, match="values differ"):
        check_compiled([case("sin", x)], faulty)


def test_check_compiled_finds_recompilation():
    numbers = itertools.count()

    def faulty(x):
        number = next(numbers)
        return jax.jit(lambda x: x * number)(x)

    with pytest.raises(AssertionError, match="programs were compiled"):
        check_compiled([case("sin", x)], faulty)


def test_check_compiled_finds_a_mix_of_examples():
    @jax.custom_batching.custom_vmap
    def faulty(x):
        return x

    @faulty.def_vmap
    def rule(size, batched, x):
        return x[::-1], True

    with pytest.raises(AssertionError, match="values differ"):
        check_compiled([case("sin", x)], faulty)


@pytest.mark.parametrize("factor", [1.000001, 2.0])
def test_check_gradient_finds_a_wrong_factor(factor):
    @jax.custom_jvp
    def faulty(x):
        return jax.numpy.sin(x)

    faulty.defjvp(lambda p, t: (faulty(*p), factor * jax.numpy.cos(p[0]) * t[0]))

    with pytest.raises(AssertionError, match="the forward and reverse derivatives disagree"):
        check_gradient([case("sin", x)], faulty)


@pytest.mark.parametrize("check", [check_compiled, check_gradient])
def test_a_fault_in_one_of_several_cases_is_found_and_named(check):
    @jax.custom_jvp
    def faulty(x):
        return x + (x.shape == (3,) and isinstance(x, jax.core.Tracer))

    faulty.defjvp(lambda p, t: (faulty(*p), t[0] * (1.000001 if p[0].shape == (3,) else 1.0)))

    with pytest.raises(AssertionError) as caught:
        check([case("sin", x[:2]), case("sin", x), case("sin", x[:1])], faulty)
    assert caught.value.__notes__ == ["in the case sin(float32[3])"]


def test_raises_matches_the_whole_message():
    with pytest.raises(AssertionError), raises(ValueError, "a message"):
        raise ValueError("a message, and more")


def test_tensor_is_what_cases_are_made_of():
    assert fg.tensor(x).dtype == fg.float32

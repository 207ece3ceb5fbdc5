"""Sums, products, means, variances and logical reductions: messages, edges, and what differs from torch on purpose."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from harness import raises

import funcgrad as fg
from funcgrad.testing import assert_close, assert_no_retrace

x = fg.ones(2, 3)
REMEDY = "pass dtype='float', or run jax.config.update(\"jax_enable_x64\", True) first."


def test_a_dimension_out_of_range_is_named():
    with raises(fg.DimError, "sum(): dim must be in [-2, 1] for 2 dimensions; got 2; check the shape of the input."):
        fg.sum(x, 2)
    with raises(fg.DimError, "var(): dim must be in [-2, 1] for 2 dimensions; got 2; check the shape of the input."):
        fg.var(x, 2)
    with raises(fg.DimError, "sum(): each dim may be named once; got (0, -2); drop the repeated one."):
        fg.sum(x, (0, -2))
    with raises(fg.DimError, "std(): each dim may be named once; got (0, -2); drop the repeated one."):
        fg.std(x, axis=[0, -2])


def test_a_word_that_needs_a_dimension_says_so():
    with raises(
        fg.ArgumentTypeError,
        "logsumexp(): the call must fit logsumexp(input, /, dim, keepdim=False, *, axis=None, keepdims=False); "
        "got missing a required argument: 'dim'; correct the call.",
    ):
        fg.logsumexp(x)


def test_a_mean_of_integers_names_the_remedy():
    with raises(
        fg.DtypeError,
        "mean(): a mean must be floating point or complex; got int32 of shape (3,); "
        "convert it with fg.to(x, 'float'), or pass dtype='float'.",
    ):
        fg.mean(fg.arange(3))
    with raises(
        fg.DtypeError,
        "nanmean(): a mean must be floating point or complex; got float32 of shape (2, 3) and dtype=int32; "
        "convert it with fg.to(x, 'float'), or pass dtype='float'.",
    ):
        fg.nanmean(x, dtype="int")
    assert_close(fg.mean(fg.arange(4), dtype="float"), fg.tensor(1.5))


@pytest.mark.parametrize("word", [fg.var, fg.std, fg.var_mean, fg.std_mean])
def test_a_variance_of_integers_and_two_corrections_are_refused(word):
    name = word.__name__
    with raises(
        fg.DtypeError,
        f"{name}(): input must be floating point or complex; got int32 of shape (3,); convert it with "
        "fg.to(x, 'float').",
    ):
        word(fg.arange(3))
    with raises(
        fg.ArgumentError,
        f"{name}(): correction and unbiased are two names of one option; got correction=1 and unbiased=True; "
        "pass only correction.",
    ):
        word(x, unbiased=True, correction=1)


@pytest.mark.parametrize(
    ("call", "value"),
    [
        (lambda: fg.sum(fg.tensor([2**31 - 1, 1])), "2147483648"),
        (lambda: fg.sum(fg.tensor([[-(2**31), -1]]), 1), "-2147483649"),
        (lambda: fg.nansum(fg.tensor([2**31 - 1, 1])), "2147483648"),
        (lambda: fg.prod(fg.arange(1, 14)), "6227020800"),
        (lambda: fg.cumsum(fg.tensor([2**31 - 1, 1]), 0), "2147483648"),
        (lambda: fg.cumprod(fg.arange(1, 14), 0), "6227020800"),
    ],
)
def test_integers_that_overflow_raise_where_torch_has_64_bits(call, value):
    name = call.__code__.co_names[1]
    with raises(fg.ConversionError, f"{name}(): every result must fit in int32; got {value}; {REMEDY}"):
        call()


def test_unsigned_integers_that_overflow_raise_too():
    with raises(fg.ConversionError, f"sum(): every result must fit in uint32; got 4294967296; {REMEDY}"):
        fg.sum(fg.tensor([2**32 - 1, 1], dtype="uint32"))


def test_integers_that_fit_do_not_raise():
    assert int(fg.sum(fg.tensor([2**31 - 1, 1, -1]))) == 2**31 - 1
    assert_close(fg.sum(fg.tensor([[2**31 - 1, 1]]), 0), fg.tensor([2**31 - 1, 1]))
    assert int(fg.prod(fg.arange(1, 13))) == 479001600
    assert int(fg.sum(fg.tensor(5), 0)) == 5
    assert int(fg.cumsum(fg.tensor(5), 0)) == 5
    assert float(fg.sum(fg.tensor([2**31 - 1, 1]), dtype="float")) == 2.0**31


def test_integers_wrap_where_values_are_not_known():
    assert int(jax.jit(fg.sum)(fg.tensor([2**31 - 1, 1]))) == -(2**31)


def test_integers_count_in_64_bits_in_64_bit_mode():
    with jax.enable_x64(True):
        total = fg.sum(fg.tensor([2**31 - 1, 1], dtype="int32"))
        assert total.dtype == jnp.int64
        assert int(total) == 2**31


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint8", "int16", "uint16"])
def test_narrow_integers_count_in_int32(dtype):
    for word in (fg.sum, fg.prod, fg.nansum):
        assert word(fg.ones(3, dtype=dtype)).dtype == jnp.int32
    assert fg.cumsum(fg.ones(3, dtype=dtype), 0).dtype == jnp.int32


def test_dtype_converts_before_the_sum():
    assert int(fg.sum(fg.tensor([1.5, 2.5]), dtype="int")) == 3


def test_python_numbers_and_numpy_arrays_are_operands():
    assert_close(fg.sum(3.5), fg.tensor(3.5))
    assert_close(fg.sum(np.ones((2, 3), np.float32), 1), fg.tensor([3.0, 3.0]))


def test_all_and_any_over_no_dimension_are_elementwise_as_in_torch():
    mask = fg.tensor([[True, False]])
    assert fg.all(mask, ()).shape == fg.any(mask, ()).shape == (1, 2)
    assert fg.all(mask, None).shape == ()


def test_truth_is_always_boolean():
    assert fg.all(fg.tensor([1, 2], dtype="uint8")).dtype == bool


def test_a_masked_out_row_has_no_gradient():
    row = fg.tensor([[-jnp.inf, -jnp.inf], [0.0, -jnp.inf]])
    value, gradient = jax.value_and_grad(lambda x: jnp.sum(jnp.exp(fg.logsumexp(x, 1))))(row)
    assert_close(value, fg.tensor(1.0))
    assert_close(gradient, fg.tensor([[0.0, 0.0], [1.0, 0.0]]))


def test_sixteen_bits_are_accumulated_in_more():
    many = fg.ones(70_000, dtype="float16")
    assert float(fg.mean(many)) == 1.0
    assert float(fg.var(many)) == 0.0
    assert float(fg.cumsum(fg.ones(4096, dtype="bfloat16"), 0)[-1]) == 4096.0
    noise = np.random.default_rng(0).standard_normal(1000).astype(np.float16)
    assert_close(fg.std(fg.tensor(noise)), fg.tensor(np.float16(noise.astype(np.float64).std(ddof=1))))


def test_variances_keep_the_shift_apart():
    shifted = fg.tensor([10000.0, 10000.5, 10001.0])
    assert_close(fg.var(shifted), fg.tensor(0.25))


def test_a_constant_has_a_deviation_without_a_slope():
    flat = jnp.full((2, 4), 3.0)
    assert_close(jax.grad(lambda x: fg.sum(fg.std(x, 1)))(flat), jnp.zeros((2, 4)))
    assert_close(jax.jvp(fg.std, (flat,), (flat,))[1], fg.tensor(0.0))
    assert_close(jax.grad(lambda x: fg.std_mean(x)[0])(flat), jnp.zeros((2, 4)))


def test_second_derivatives_of_a_product_through_zeros():
    hessian = jax.hessian(fg.prod)(fg.tensor([0.0, 0.0, 3.0]))
    assert_close(hessian, fg.tensor([[0.0, 3.0, 0.0], [3.0, 0.0, 0.0], [0.0, 0.0, 0.0]]))


def test_spellings_of_one_call_share_a_program():
    fg.sum(x, dim=1, keepdim=True)
    fg.sum(x, axis=1, keepdims=True)
    fg.sum(x, -1, True)
    fg.sum(x, [1], True)
    with assert_no_retrace():
        fg.sum(x, axis=1, keepdims=True)
        fg.sum(x, -1, True)
        fg.sum(x, [1], True)


def test_a_compiled_sum_is_the_sum_of_jax():
    ours, theirs = (jax.jit(f).lower(x).as_text() for f in (lambda x: fg.sum(x, 1), lambda x: jnp.sum(x, 1)))
    assert ours == theirs


def test_complex_numbers_are_not_cut():
    problem = "complex numbers are not cut to real ones; got complex64 and dtype=float32; take fg.real(x) first."
    for word in ("sum", "prod", "nansum"):
        with raises(fg.DtypeError, f"{word}(): {problem}"):
            getattr(fg, word)(fg.tensor([1j]), dtype="float")


@pytest.mark.parametrize("kind", ["bfloat16", "float16"])
def test_half_precision_is_added_up_in_single(kind):
    values = fg.full((4, 1000), 1.01, dtype=kind)
    sums = np.asarray(values[0], np.float32).sum()
    for result in (fg.sum(values, 1), fg.nansum(values, 1), jax.jit(lambda x: fg.sum(x, 1))(values)):
        assert_close(result, fg.full((4,), float(sums), dtype=kind), rtol=0.0, atol=0.0)
    factors = fg.full((4, 30), 1.01, dtype=kind)
    assert_close(fg.prod(factors, 1)[0], fg.to(np.asarray(factors[0], np.float32).prod(), kind), rtol=0.0, atol=0.0)

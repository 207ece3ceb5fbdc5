"""The assertions can fail: a planted fault for everything they exist to find."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from harness import raises

import funcgrad as fg
from funcgrad.testing import TOLERANCES, assert_close, assert_no_retrace

x = np.linspace(0.5, 1.5, 6, dtype=np.float32).reshape(2, 3)


# assert_close


def test_equal_things_are_close():
    tree = {"f": x, "i": np.arange(3), "b": [np.array(True), None], "c": 1 + 2j, "s": "text", "p": 2.5}
    assert_close(tree, dict(tree))
    assert_close(np.array([np.nan, np.inf, -np.inf]), np.array([np.nan, np.inf, -np.inf]))
    assert_close(np.zeros((0, 3)), np.zeros((0, 3)))
    assert_close(jax.random.key(1), jax.random.key(1))
    assert_close(jnp.ones(2, "bfloat16"), jnp.ones(2, "bfloat16"))


@pytest.mark.parametrize(
    ("actual", "expected", "message"),
    [
        ([x], (x,), "structures differ: PyTreeDef([*]) and PyTreeDef((*,))"),
        ({"a": 1}, {"b": 1}, "structures differ: PyTreeDef({'a': *}) and PyTreeDef({'b': *})"),
        ([1, None], [1, 2], "structures differ: PyTreeDef([*, None]) and PyTreeDef([*, *])"),
        (x, x[:1], "shapes differ at the root: (2, 3) and (1, 3)"),
        (np.float32(1), np.ones(1, np.float32), "shapes differ at the root: () and (1,)"),
        ({"a": [x, x.T]}, {"a": [x, x]}, "shapes differ at ['a'][1]: (3, 2) and (2, 3)"),
        (np.ones(2), np.ones(2, np.float32), "dtypes differ at the root: float64 and float32"),
        (np.ones(2, np.int32), np.ones(2, bool), "dtypes differ at the root: int32 and bool"),
        (
            np.array([1, 2, 4]),
            np.array([1, 3, 5]),
            "values differ at the root: 2 of 3, first at index (1,): 2 and 3, a difference of 1 (rtol 0.0, atol 0.0)",
        ),
        (
            np.array([True]),
            np.array([False]),
            "values differ at the root: 1 of 1, first at index (0,): True and False, "
            "a difference of 1 (rtol 0.0, atol 0.0)",
        ),
        (
            np.array([2**62 + 1]),
            np.array([2**62]),
            "values differ at the root: 1 of 1, first at index (0,): 4611686018427387905 and 4611686018427387904, "
            "a difference of 1 (rtol 0.0, atol 0.0)",
        ),
        (
            np.array([1.0, np.nan]),
            np.array([1.0, 2.0]),
            "values differ at the root: 1 of 2, first at index (1,): nan and 2.0, a difference of nan "
            "(rtol 1e-07, atol 1e-09)",
        ),
        (
            np.array([np.inf]),
            np.array([-np.inf]),
            "values differ at the root: 1 of 1, first at index (0,): inf and -inf, a difference of inf "
            "(rtol 1e-07, atol 1e-09)",
        ),
        (
            np.array([np.inf]),
            np.array([1e300]),
            "values differ at the root: 1 of 1, first at index (0,): inf and 1e+300, a difference of inf "
            "(rtol 1e-07, atol 1e-09)",
        ),
        (
            np.array([1.0]),
            np.array([np.inf]),
            "values differ at the root: 1 of 1, first at index (0,): 1.0 and inf, a difference of inf "
            "(rtol 1e-07, atol 1e-09)",
        ),
        ("a", "b", "values differ at the root: a and b"),
    ],
)
def test_assert_close_finds(actual, expected, message):
    with raises(AssertionError, message):
        assert_close(actual, expected)


def test_assert_close_finds_another_key():
    with pytest.raises(AssertionError, match=r"^values differ at the root: 1 of 2"):
        assert_close(jax.random.key(1), jax.random.key(2))


@pytest.mark.parametrize("dtype", TOLERANCES)
def test_the_tolerance_of_each_dtype_is_as_tight_as_it_says(dtype):
    rtol, atol = TOLERANCES[dtype]
    expected = np.ones(10_000, jnp.dtype(dtype))
    wide = np.complex128 if dtype.startswith("complex") else np.float64
    inside, outside = (expected.astype(wide) for _ in range(2))
    inside[7777] += 0.5 * (rtol + atol)
    outside[7777] += 2.0 * (rtol + atol)
    assert_close(inside, expected, check_dtype=False)
    with pytest.raises(AssertionError, match=r"^values differ at the root: 1 of 10000, first at index \(7777,\)"):
        assert_close(outside, expected, check_dtype=False)


def test_of_two_dtypes_the_coarser_decides():
    assert_close(np.full(2, 1.001, np.float32), jnp.ones(2, "bfloat16"), check_dtype=False)
    assert_close(jnp.ones(2, "bfloat16"), np.full(2, 1.001, np.float32), check_dtype=False)
    assert_close(np.ones(2, np.int32), np.ones(2, np.float32), check_dtype=False)


def test_tolerances_go_together():
    assert_close(1.0, 1.4, rtol=0.0, atol=0.5)
    for given in ({"rtol": 0.1}, {"atol": 0.1}):
        values = ", ".join(f"{name}={given.get(name)}" for name in ("rtol", "atol"))
        with raises(fg.ArgumentError, f"assert_close(): rtol and atol go together; got {values}; give both."):
            assert_close(1.0, 1.0, **given)


# assert_no_retrace


def test_assert_no_retrace_finds_a_compilation():
    square = jax.jit(lambda x: x * x + 0.123)
    small, large = jnp.ones(2), jnp.ones(3)
    with assert_no_retrace(allowed=1):
        square(small)
    with assert_no_retrace():
        square(small)
    with raises(AssertionError, "1 programs were compiled where 0 may be"), assert_no_retrace():
        square(large)
    with raises(AssertionError, "2 programs were compiled where 1 may be"), assert_no_retrace(allowed=1):
        jax.jit(lambda x: x * 0.456)(small)
        jax.jit(lambda x: x * 0.789)(small)


def test_assert_no_retrace_lets_other_errors_through():
    with raises(KeyError, "'mine'"), assert_no_retrace():
        raise KeyError("mine")

"""Which calls share a program and which must not: what is equal in Python is not always one option."""

from __future__ import annotations

import concurrent.futures
import math
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from harness import raises

import funcgrad as fg
from funcgrad._op import op
from funcgrad._types import Array, ArrayLike, Dim, Dims
from funcgrad.testing import assert_close, assert_no_retrace

TRACED: list[str] = []  # what was traced, option by option


@op(dims=())
def spoken(input: ArrayLike, /, a: Any = None, b: Any = None, c: Any = None) -> Array:
    TRACED.append(repr((a, b, c)))
    return jnp.asarray(len(TRACED) - 1)


@op(dims=())
def spoken_of(tensors: Sequence[ArrayLike], /, a: Any = None) -> Array:
    TRACED.append(repr(a))
    return jnp.asarray(len(TRACED) - 1)


@op(dims=())
def made(*sizes: Any) -> Array:
    TRACED.append(repr(sizes))
    return jnp.asarray(len(TRACED) - 1)


@op
def reduced(input: ArrayLike, /, dim: Dims | None = -1, keepdim: bool = False) -> Array:
    return jnp.sum(jnp.atleast_1d(input), dim, keepdims=keepdim)


@op
def unsafe(input: ArrayLike, /, dim: Dim = 0) -> Array:
    """Would not notice a dimension that is not there."""
    return jnp.asarray(input) * dim


X = jnp.arange(6.0).reshape(2, 3)
ALIKE = [1, True, 1.0, 1 + 0j, "1", (1,), (True,), (1.0,), ((1,),), ((True,),), ((1.0, "a"),), (1, (1,)), (1, (True,))]
ZEROS = [0, False, 0.0, -0.0, 0j, complex(0.0, -0.0), None, (), (0.0,), (-0.0,), ((-0.0,),)]
FORMS = {
    "f(x, a)": lambda a: spoken(X, a),
    "f(x, a=a)": lambda a: spoken(X, a=a),
    "f(x, 1, a)": lambda a: spoken(X, 1, a),
    "f(x, a, 1)": lambda a: spoken(X, a, 1),
    "f(x, 1, 1, a)": lambda a: spoken(X, 1, 1, a),
    "f(x, 1, c=a)": lambda a: spoken(X, 1, c=a),
    "f(x, a=1, c=a)": lambda a: spoken(X, a=1, c=a),
    "f([x, y], a)": lambda a: spoken_of([X, X], a),
    "f([x, y], a=a)": lambda a: spoken_of((X, X), a=a),
    "f(a)": lambda a: made(a, 2),
    "f(a, b, c)": lambda a: made(1, a, 2),
}


@pytest.mark.parametrize("form", FORMS)
def test_options_that_python_holds_to_be_equal_are_told_apart(form):
    call = FORMS[form]
    for options in (ALIKE, ZEROS):
        for _ in range(2):
            said = [TRACED[int(call(option))] for option in options]
            assert len(set(said)) == len(options), said
            assert all(repr(option).strip("()") in text for option, text in zip(options, said, strict=True))


def test_lists_and_tuples_are_one_option_and_compile_once():
    for option in ([1, 2], (1, 2), [1, (2, 3)], (1, [2, 3])):
        spoken(X, option)
    with assert_no_retrace():
        assert int(spoken(X, [1, 2])) == int(spoken(X, (1, 2))) == int(spoken(X, a=[1, 2]))
        assert int(spoken(X, [1, (2, 3)])) == int(spoken(X, (1, [2, 3])))


def test_a_spelling_is_read_anew_for_other_numbers_of_dimensions():
    cube = jnp.ones((2, 3, 4))
    for _ in range(3):  # slowly, found, found again
        assert (
            reduced(X).shape == reduced(X, -1).shape == reduced(X, dim=-1).shape == reduced(X, axis=[-1]).shape == (2,)
        )
        assert reduced(cube).shape == reduced(cube, -1).shape == reduced(cube, dim=(-1,)).shape == (2, 3)
        assert reduced(cube, 1).shape == reduced(cube, -2).shape == (2, 4)
        assert reduced(X[0]).shape == reduced(2.0).shape == reduced(2.0, 0).shape == ()
        assert reduced(cube, (0, -1)).shape == (3,)
        assert reduced(X, (0, -1)).shape == ()
        with raises(
            fg.DimError,
            "reduced(): each dim may be named once; got (0, -1); drop the repeated one.",
        ):
            reduced(X[0], (0, -1))


@pytest.mark.parametrize("word", [reduced, unsafe])
def test_a_dimension_found_for_more_dimensions_is_out_of_range_for_fewer(word):
    for _ in range(3):
        word(X, 1), word(X, dim=1)
        for call in (lambda: word(X[0], 1), lambda: word(X[0], dim=1), lambda: word(X[0], axis=1)):
            text = f"{word.__name__}(): dim must be in [-1, 0] for 1 dimension; got 1; check the shape of the input."
            with raises(fg.DimError, text):
                call()


def test_other_forms_of_a_call_compile_nothing_new():
    calls = [
        lambda: fg.cat([X, X], 1),
        lambda: fg.cat(tensors=(X, X), dim=1),
        lambda: fg.cat([X, X], dim=-1),
        lambda: fg.sub(X, X),
        lambda: fg.sub(X, other=X),
        lambda: fg.sub(input=X, other=X),
        lambda: fg.clamp(X, None, 1.0),
        lambda: fg.clamp(X, max=1.0),
        lambda: fg.zeros(2, 3),
        lambda: fg.zeros(2, 3, device="cpu"),
        lambda: fg.full((2,), 1.5),
        lambda: fg.transpose(X, 0, 1),
        lambda: fg.sum(X, 1, True),
    ]
    expected = [np.asarray(call()) for call in calls for _ in range(2)][::2]
    with assert_no_retrace():
        for call, result in zip(calls, expected, strict=True):
            assert_close(call(), result)
    assert_close(fg.sub(other=X, input=2 * X), X)
    assert_close(fg.clamp(X, 2.0, None), jnp.maximum(X, 2.0))
    assert_close(fg.clamp(X, None, 2.0), jnp.minimum(X, 2.0))


def test_numbers_seen_before_keep_their_sign_kind_and_width():
    ints = jnp.arange(3)
    for _ in range(4):
        assert fg.div(1.0, 0.0) == math.inf
        assert fg.div(1.0, -0.0) == -math.inf
        assert fg.div(X, -0.0)[0, 1] == -math.inf
        assert fg.div(X, 0)[0, 1] == fg.div(X, 0.0)[0, 1] == math.inf
        assert fg.add(ints, 1).dtype == fg.add(ints, True).dtype == jnp.int32
        assert fg.add(ints, 1.0).dtype == jnp.float32
        assert fg.mul(X.astype(jnp.bfloat16), 0.1).dtype == jnp.bfloat16
        assert fg.isnan(fg.add(X, math.nan)).all()
        assert fg.isnan(fg.add(X, float("nan"))).all()
        with jax.enable_x64(True):
            assert fg.add(jnp.float64(0.0), 0.1) == 0.1
            assert fg.add(jnp.int64(0), 2**40) == 2**40
            assert fg.add(1, 0.1).dtype == jnp.float64
        assert fg.add(1, 0.1).dtype == jnp.float32
        text = "add(): a Python int must fit the array's int32; got 1099511627776; convert the array first, "
        with raises(fg.ConversionError, text + "for example with fg.to(x, 'int32')."):
            fg.add(ints, 2**40)


def test_the_same_spelling_means_the_width_of_the_moment():
    for _ in range(3):
        assert fg.zeros(2).dtype == jnp.float32
        assert fg.full((2,), 1).dtype == jnp.int32
        assert fg.zeros(2, dtype="long").dtype == jnp.int32
        with jax.enable_x64(True):
            assert fg.zeros(2).dtype == jnp.float64
            assert fg.full((2,), 1).dtype == jnp.int64
            assert fg.zeros(2, dtype="long").dtype == jnp.int64
        assert fg.linspace(0.0, 1.0, 3).dtype == jnp.float32


def test_tracers_leave_nothing_behind():
    number, y = 0.7306, jnp.ones(3)  # a number that no other test has seen

    def body(x: Array) -> Array:
        return fg.add(x, number) + fg.add(y, number) + fg.add(y, number) + fg.add(y, number) + reduced(x, 0)

    with jax.checking_leaks():
        for _ in range(2):
            assert_close(jax.jit(lambda x: body(x))(y), body(y))
            assert_close(jax.vmap(body)(jnp.ones((2, 3)))[0], body(y))
            assert_close(jax.grad(lambda x: body(x).sum())(y), jnp.full(3, 4.0))


def test_checks_are_asked_at_each_call_and_only_then():
    index, bad = jnp.array([0, 2]), jnp.array([0, 5])
    for _ in range(3):
        assert_close(fg.take(X, index), jnp.array([0.0, 2.0]))
        with pytest.raises(fg.IndexRangeError):
            fg.take(X, bad + 2)
        with fg.unchecked():
            assert np.isnan(np.asarray(fg.take(X, bad + 2))[1])
        with pytest.raises(fg.IndexRangeError):
            fg.select(X, 0, 2)
        with pytest.raises(fg.ConversionError):
            fg.sum(jnp.full(4, 2**30))
        with pytest.raises(fg.ArgumentError):
            fg.div(jnp.arange(3), jnp.arange(3), rounding_mode="floor")
        with pytest.raises(fg.ConversionError):
            fg.add(jnp.zeros(2, jnp.uint8), 300)
        with pytest.raises(fg.ConversionError):
            fg.clamp(X, 300, jnp.zeros(3, jnp.uint8))
        assert fg.sum(X, 1)[0] == 3.0
        assert fg.add(X, 300)[0, 0] == 300.0


def test_a_range_is_known_for_few_elements_as_for_many():
    for count in (1, 3, 32, 33, 1000):
        for at in {0, count // 2, count - 1}:
            for wrong in (math.nan, -0.25, 1.25, math.inf, -math.inf):
                q = np.full(count, 0.5, np.float32)
                q[at] = wrong
                with pytest.raises(fg.ArgumentError):
                    fg.bernoulli(fg.tensor(q), key=fg.key(0))
            places = np.zeros(count, np.int32)
            for wrong in (-count - 1, count):
                places[at] = wrong
                with pytest.raises(fg.IndexRangeError):
                    fg.take(fg.zeros(count), fg.tensor(places))
            places[at] = -count
            fg.take(fg.zeros(count), fg.tensor(places))


def test_threads_find_their_own_programs():
    def work(seed: int) -> bool:
        x = jnp.arange(24.0).reshape(2, 3, 4) + seed
        plain = np.asarray(x)
        return all(
            np.allclose(fg.sum(x, d % 3 if seed % 2 else d % 3 - 3), plain.sum(d % 3))
            and np.allclose(fg.add(x, d + 0.5), plain + d + 0.5)
            and np.array_equal(fg.reshape(x, (4, -1)), plain.reshape(4, -1))
            for d in range(40)
        )

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        assert all(pool.map(work, range(8)))


def test_a_call_without_arguments_shares_no_program_with_one_whose_operand_is_named():
    with pytest.raises(fg.ArgumentTypeError):
        fg.exponential()
    assert fg.exponential(fg.ones(2, 3), key=fg.key(0)).shape == (2, 3)


def test_a_dimension_that_another_array_had_is_refused_in_the_same_words():
    cube, matrix = fg.zeros(2, 3, 4), fg.zeros(2, 3)
    message = "{}(): dim must be in [-2, 1] for 2 dimensions; got 2; check the shape of the input."
    places = fg.tensor([0])
    calls = {
        "narrow": lambda x: fg.narrow(x, 2, 0, 1),
        "select": lambda x: fg.select(x, 2, 0),
        "index_select": lambda x: fg.index_select(x, 2, places),
        "cumsum": lambda x: fg.cumsum(x, 2),
        "sum": lambda x: fg.sum(x, 2),
    }
    for name, call in calls.items():
        for _ in range(3):
            call(cube)
        with raises(fg.DimError, message.format(name)):
            call(matrix)

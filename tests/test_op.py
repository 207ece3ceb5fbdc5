"""The decorator: spellings share programs, operands are checked, errors have one voice, jit sees plain JAX."""

from __future__ import annotations

import inspect
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from harness import raises

import funcgrad as fg
from funcgrad._checks import indices_in_range
from funcgrad._op import op
from funcgrad._types import Array, ArrayLike, Dims
from funcgrad.testing import assert_close, assert_no_retrace


@op
def total(
    input: ArrayLike, /, dim: Dims | None = None, keepdim: bool = False, *, scale: ArrayLike | None = None
) -> Array:
    """Scaled sum."""
    result = jnp.sum(input, axis=dim, keepdims=keepdim)
    return result if scale is None else result * scale


@op
def joined(tensors: Sequence[ArrayLike], /, dim: int = 0) -> Array:
    return jnp.concatenate(tensors, axis=dim)


@op(places=True)
def blank(*size: int) -> Array:
    return jnp.zeros(size)


@op
def formula(equation: str, /, *operands: ArrayLike) -> Array:
    return jnp.einsum(equation, *operands)


def _bounds(index: Array, size: int) -> None:
    indices_in_range("pick", index, size, 0)


@op(check=_bounds)
def pick(input: ArrayLike, index: ArrayLike, /, *, size: int = 3) -> Array:
    return jnp.asarray(input)[index]


X = jnp.arange(6.0).reshape(2, 3)


def test_spellings_of_one_call_share_a_program():
    dim = jnp.int32(1)
    total(X, 1)
    with assert_no_retrace():
        for spelled in (
            total(X, -1),
            total(X, dim=1),
            total(X, axis=-1),
            total(X, axis=1, keepdims=False),
            total(X, np.int64(1)),
            total(X, dim),
        ):
            assert_close(spelled, np.array([3.0, 12.0], np.float32))


def test_lists_and_tuples_share_a_program():
    total(X, (0, 1))
    with assert_no_retrace():
        assert float(total(X, [0, 1])) == float(total(X, [0, -1])) == 15.0


def test_sizes_come_one_by_one_or_as_one():
    blank(2, 3)
    with assert_no_retrace():
        assert blank((2, 3)).shape == blank([2, 3]).shape == (2, 3)


def test_under_jit_only_the_definition_is_left():
    ours = str(jax.make_jaxpr(lambda x: total(x, axis=-1, scale=2.0))(X))
    plain = str(jax.make_jaxpr(lambda x: jnp.sum(x, axis=1) * 2.0)(X))
    assert ours == plain


def test_operands_may_be_sequences_variadic_and_keyword():
    assert joined([X, X], dim=-1).shape == (2, 6)
    assert_close(formula("ij,kj->ik", X, X), X @ X.T)
    assert_close(total(X, scale=jnp.float32(2.0)), jnp.float32(30.0))


def test_numpy_operands_are_copied_and_numpy_numbers_are_weak():
    buffer = np.ones(3, np.float32)
    result = total(buffer)
    buffer[:] = 7
    assert result == 3.0
    half = jnp.ones(2, jnp.float16)
    assert total(half, scale=np.float64(2.0)).dtype == jnp.float16


def test_results_are_strongly_typed():
    assert not total(2.0).weak_type


def test_it_composes_with_transforms():
    assert_close(jax.vmap(lambda row: total(row, 0))(X), jnp.array([3.0, 12.0]))
    assert_close(jax.grad(lambda x: total(x, scale=3.0))(X), jnp.full((2, 3), 3.0))


def test_values_are_checked_before_each_dispatch():
    index = jnp.array([0, 2])
    for _ in range(3):
        assert_close(pick(jnp.arange(3.0), index), jnp.array([0.0, 2.0]))
    for _ in range(2):
        text = (
            "pick(): index must be in [0, 2] along dimension 0 of size 3; got 5; "
            "correct the index; nothing is clamped or wrapped."
        )
        with raises(fg.IndexRangeError, text):
            pick(jnp.arange(3.0), jnp.array([0, 5]))


def test_help_shows_the_aliases():
    assert list(inspect.signature(total).parameters) == ["input", "dim", "keepdim", "scale", "axis", "keepdims"]
    assert total.__doc__ == "Scaled sum."


CALLS = {
    "total(): input must be an array or a number; got a list; wrap it in fg.tensor(...).": (
        fg.ArgumentTypeError,
        lambda: total([1.0, 2.0]),
    ),
    "total(): input must be an array or a number; got str 'a'; pass an array.": (
        fg.ArgumentTypeError,
        lambda: total("a"),
    ),
    "total(): dim must be in [-2, 1] for 2 dimensions; got 2; check the shape of the input.": (
        fg.DimError,
        lambda: total(X, 2),
    ),
    "total(): dim must be in [-1, 0] for 0 dimensions; got 1; check the shape of the input.": (
        fg.DimError,
        lambda: total(1.0, 1),
    ),
    "total(): each dim may be named once; got (0, -2); drop the repeated one.": (
        fg.DimError,
        lambda: total(X, (0, -2)),
    ),
    "total(): dim must be an int; got float 1.0; count from 0, or from -1 at the end.": (
        fg.ArgumentTypeError,
        lambda: total(X, 1.0),
    ),
    "total(): dim must be an int; got bool True; count from 0, or from -1 at the end.": (
        fg.ArgumentTypeError,
        lambda: total(X, True),
    ),
    "total(): dim and axis are two names of one option; got both; pass only dim.": (
        fg.ArgumentError,
        lambda: total(X, dim=0, axis=0),
    ),
    "total(): there is no out=, a result is a new array; got out=; assign the result instead.": (
        fg.ArgumentTypeError,
        lambda: total(X, out=X),
    ),
    "total(): the call must fit total(input, /, dim=None, keepdim=False, *, scale=None, axis=None, keepdims=False); "
    "got an unexpected keyword argument 'foo'; correct the call.": (fg.ArgumentTypeError, lambda: total(X, foo=1)),
    "total(): every Python int must fit in int32; got 1099511627776; write it as a float, or run "
    'jax.config.update("jax_enable_x64", True) first.': (fg.ConversionError, lambda: total(X, scale=2**40)),
    "total(): every value must fit in int32; got 1099511627776 at index 0; ask for dtype='int64' after "
    'jax.config.update("jax_enable_x64", True), or pass lossy=True.': (
        fg.ConversionError,
        lambda: total(np.array([2**40])),
    ),
    "total(): dim must be known when the function is traced; got a traced int32 of shape (); pass a Python value, or "
    "make dim a static argument of jit.": (fg.TracedValueError, lambda: jax.jit(lambda d: total(X, d))(1)),
    "joined(): tensors must be a list or tuple of arrays; got float32 of shape (2, 3); put the arrays in a list.": (
        fg.ArgumentTypeError,
        lambda: joined(X),
    ),
    "joined(): tensors[1] must be an array or a number; got a list; wrap it in fg.tensor(...).": (
        fg.ArgumentTypeError,
        lambda: joined([X, [1]]),
    ),
    "blank(): device must be present on this machine; got 'tpu:7'; choose from 'cpu:0', or see fg.devices().": (
        fg.ArgumentError,
        lambda: blank(2, device="tpu:7"),
    ),
}


@pytest.mark.parametrize("text", CALLS)
def test_messages(text):
    kind, call = CALLS[text]
    with raises(kind, text):
        call()


def test_errors_of_the_libraries_below_are_put_in_our_voice():
    with pytest.raises(
        fg.FuncgradError, match=r"^formula\(\): the operands must fit the operation; got float32 of shape"
    ):
        formula("ij,jj", X, X)


@pytest.mark.parametrize("wrapped", [lambda f: f, jax.jit], ids=["eager", "jitted"])
def test_an_error_comes_without_the_frames_and_causes_below(wrapped):
    with pytest.raises(fg.FuncgradError) as caught:
        wrapped(lambda x: formula("ij,jj", x, x))(X)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_arguments_beyond_the_last_are_not_dropped():
    A = fg.eye(2)
    assert fg.linalg.matrix_rank(A) == 2  # the spelling that a shorter reading of the next call would find
    message = "matrix_rank(): the call must fit matrix_rank(A, *, atol=None, rtol=None, hermitian=False); "
    with raises(fg.ArgumentTypeError, message + "got too many positional arguments; correct the call."):
        fg.linalg.matrix_rank(A, 2.0)

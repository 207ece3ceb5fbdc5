"""Evenly spaced numbers: messages, and what a case cannot say."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from harness import raises

import funcgrad as fg
from funcgrad.testing import assert_close

REFUSED = [
    (
        lambda: fg.arange(),
        fg.ArgumentTypeError,
        "arange(): end must be a finite number; got None; pass an int or a float.",
    ),
    (lambda: fg.arange(0, 5, 0), fg.ArgumentError, "arange(): step must not be 0; got start=0, end=5; give a step."),
    (
        lambda: fg.arange(0, 5, -1),
        fg.ArgumentError,
        "arange(): step must lead from start to end; got start=0, end=5, step=-1; turn the sign of step.",
    ),
    (
        lambda: fg.arange("5"),
        fg.ArgumentTypeError,
        "arange(): end must be a finite number; got str '5'; pass an int or a float.",
    ),
    (
        lambda: fg.arange(True),
        fg.ArgumentTypeError,
        "arange(): end must be a finite number; got bool True; pass an int or a float.",
    ),
    (
        lambda: fg.arange(float("inf")),
        fg.ArgumentTypeError,
        "arange(): end must be a finite number; got float inf; pass an int or a float.",
    ),
    (
        lambda: fg.arange(0, 2, 0.5, dtype="int"),
        fg.ConversionError,
        "arange(): start and step must be whole numbers where dtype is int32; "
        "got start=0, step=0.5; round them first, or keep a floating dtype.",
    ),
    (
        lambda: fg.arange(0.5, 2, dtype="int"),
        fg.ConversionError,
        "arange(): start and step must be whole numbers where dtype is int32; "
        "got start=0.5, step=1; round them first, or keep a floating dtype.",
    ),
    (
        lambda: fg.arange(-3, 3, dtype="uint8"),
        fg.ConversionError,
        "arange(): every value must fit in uint8; got -3; use a wider dtype.",
    ),
    (
        lambda: fg.arange(2**31 - 1, 2**31 + 1),
        fg.ConversionError,
        "arange(): every value must fit in int32; got 2147483648; use a wider dtype.",
    ),
    (
        lambda: fg.arange(2**40),
        fg.ConversionError,
        "arange(): every value must fit in int32; got 1099511627775; use a wider dtype.",
    ),
    (
        lambda: fg.arange(3, dtype="bool"),
        fg.DtypeError,
        "arange(): dtype must be a number; got bool; compare: fg.arange(2) > 0.",
    ),
    (
        lambda: fg.arange(0, 1e39, 5e38),
        fg.ConversionError,
        "arange(): every value must fit in float32; got 5e+38 at index 1; "
        "ask for dtype='float64' after jax.config.update(\"jax_enable_x64\", True).",
    ),
    (
        lambda: fg.arange(3, out=None),
        fg.ArgumentTypeError,
        "arange(): there is no out=, a result is a new array; got out=; assign the result instead.",
    ),
    (
        lambda: fg.arange(3, requires_grad=True),
        fg.ArgumentTypeError,
        "arange(): there is no requires_grad=; got requires_grad=; "
        "say what to differentiate in fg.grad(f, argnums=...).",
    ),
    (
        lambda: fg.arange(3, device="tpux"),
        fg.ArgumentError,
        "arange(): device must be present on this machine; got 'tpux'; choose from 'cpu:0', or see fg.devices().",
    ),
    (
        lambda: jax.jit(fg.arange)(3),
        fg.TracedValueError,
        "arange(): start must be known when the function is traced; "
        "got a traced int32 of shape (); pass a Python value, or make start a static argument of jit.",
    ),
    (lambda: fg.linspace(0, 1, -1), fg.ArgumentError, "linspace(): steps must be at least 0; got -1; correct it."),
    (
        lambda: fg.linspace(0, 1, 2.5),
        fg.ArgumentTypeError,
        "linspace(): steps must be an int; got float 2.5; write for example 1.",
    ),
    (
        lambda: fg.linspace(fg.zeros(2), 1, 3),
        fg.ShapeError,
        "linspace(): start must be a number or a 0-d array; got float32 of shape (2,); use fg.vmap for several.",
    ),
    (
        lambda: fg.logspace(0, fg.zeros(2), 3),
        fg.ShapeError,
        "logspace(): end must be a number or a 0-d array; got float32 of shape (2,); use fg.vmap for several.",
    ),
    (
        lambda: fg.linspace(0, 1),
        fg.ArgumentTypeError,
        "linspace(): the call must fit linspace(start, end, steps, *, dtype=None, device=None); "
        "got missing a required argument: 'steps'; correct the call.",
    ),
]


@pytest.mark.parametrize(("call", "kind", "message"), REFUSED, ids=[row[2] for row in REFUSED])
def test_a_call_that_cannot_be_right_says_what_to_do(call, kind, message):
    with raises(kind, message):
        call()


def test_numbers_may_be_arrays():
    assert_close(fg.arange(fg.tensor(3)), fg.arange(3))
    assert_close(fg.arange(np.float32(0), np.array(1.0), np.float64(0.5)), fg.tensor([0.0, 0.5]))
    assert fg.arange(np.int64(3)).dtype == "int32"
    assert_close(fg.linspace(fg.tensor(0.0), np.float32(1), 3), fg.tensor([0.0, 0.5, 1.0]))


def test_ends_may_be_traced_where_they_do_not_decide_the_shape():
    assert_close(jax.grad(lambda end: fg.linspace(0.0, end, 3).sum())(2.0), fg.tensor(1.5))


def test_integers_are_exact_at_the_ends_of_their_dtype():
    assert_close(fg.arange(2**31 - 3, 2**31), fg.tensor([2**31 - 3, 2**31 - 2, 2**31 - 1]))
    assert_close(fg.arange(-(2**31), -(2**31) + 2), fg.tensor([-(2**31), -(2**31) + 1]))
    everything = np.arange(-128, 128).astype(np.int8)
    assert_close(fg.arange(-128, 128, dtype="int8"), everything)
    assert_close(fg.arange(127, -129, -1, dtype="int8"), everything[::-1])
    assert_close(fg.arange(0, 256, dtype="uint8"), np.arange(256).astype(np.uint8))
    assert fg.arange(5, 5, dtype="uint8").shape == (0,)
    assert fg.arange(-1, -1, dtype="uint8").shape == (0,)


def test_fractions_are_rounded_once():
    assert_close(fg.arange(0, 1, 0.1), np.arange(0, 1, 0.1).astype(np.float32), rtol=0, atol=0)
    assert_close(fg.arange(1e6, 1e6 + 1, 0.25), np.arange(1e6, 1e6 + 1, 0.25).astype(np.float32), rtol=0, atol=0)
    long = np.arange(0, 300_000, 0.25)
    assert_close(fg.arange(0, 300_000, 0.25), long.astype(np.float32))


@pytest.mark.parametrize("kind", ["float32", "float16", "bfloat16"])
def test_evenly_spaced_numbers_are_within_rounding(kind):
    steps = float(jnp.finfo(kind).eps)
    for start, end, count in ((50, 1, 50), (-3, 4, 50), (0.1, 100, 333), (0, 1, 1000)):
        exact = np.linspace(np.float32(start), np.float32(end), count)
        found = np.asarray(fg.linspace(start, end, count, dtype=kind), np.float64)
        # One rounding to the dtype, and those of float32, in which they are counted.
        assert np.all(np.abs(found - exact) <= steps / 2 * np.abs(exact) + 1.2e-7 * max(abs(start), abs(end)))
        assert found[0] == fg.full((), start, dtype=kind)
        assert found[-1] == fg.full((), end, dtype=kind)
    powers = fg.to(10 ** np.linspace(-1, 3, 20), kind, lossy=True)
    assert_close(fg.logspace(-1, 3, 20, dtype=kind), powers, rtol=8 * steps if kind == "float32" else steps, atol=0.0)


def test_a_long_range_is_not_a_constant_of_the_program():
    for make in (lambda: fg.arange(10_000_000), lambda: fg.arange(10_000_000.0), lambda: fg.arange(0, 3e6, 0.5)):
        assert len(jax.jit(make).lower().as_text()) < 10_000


def test_64_bit_mode():
    with jax.enable_x64(True):
        assert fg.arange(2**40, 2**40 + 2).dtype == "int64"
        assert fg.arange(0, 1, 0.5).dtype == fg.linspace(0, 1, 3).dtype == "float64"
        assert_close(fg.arange(0, 1, 0.1), np.arange(0, 1, 0.1))
    assert fg.arange(2).dtype == "int32"


def test_devices():
    assert fg.arange(3, device="cpu").devices() == {jax.devices("cpu")[0]}
    assert fg.linspace(0, 1, 3, device="cpu:0").shape == (3,)

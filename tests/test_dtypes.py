"""Dtypes under torch's names; words that cannot be here say what to write instead."""

import functools
import importlib
import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from harness import raises

import funcgrad as fg
from funcgrad._absent import ABSENT

NAMES = {
    "float": "float32",
    "double": "float64",
    "half": "float16",
    "byte": "uint8",
    "char": "int8",
    "short": "int16",
    "int": "int32",
    "bool": "bool",
    "cfloat": "complex64",
    "cdouble": "complex128",
}


@pytest.mark.parametrize(("short", "full"), NAMES.items())
def test_short_names_are_dtypes(short, full):
    kind = getattr(fg, short)
    assert kind == np.dtype(full)
    assert kind is getattr(fg, full if full != "bool" else "bool_")
    if full not in ("float64", "complex128"):
        assert fg.ones(2, dtype=kind).dtype == full
        assert fg.ones(2, dtype=short).dtype == full
        assert jnp.ones(2, kind).dtype == full, "JAX takes them too"
    with jax.enable_x64(True):
        assert fg.ones(2, dtype=kind).dtype == full


def test_long_is_the_default_integer_at_the_moment_it_is_asked_for():
    assert fg.long == np.int32
    assert fg.tensor([1], dtype=fg.long).dtype == np.int32
    with jax.enable_x64(True):
        assert fg.long == np.int64
        assert fg.tensor([2**40], dtype=fg.long).item() == 2**40


def test_double_needs_64_bit_mode():
    message = (
        "ones(): dtype float64 needs 64-bit mode; jax_enable_x64 is off; "
        "run jax.config.update(\"jax_enable_x64\", True) first, or ask for dtype='float32'."
    )
    for spelled in (fg.double, "double", "float64", np.float64, "torch.float64"):
        with raises(fg.DtypeError, message):
            fg.ones(2, dtype=spelled)


@pytest.mark.parametrize("dtype", ["flaot", "str", np.dtype("U3"), object, 3, "datetime64[s]"])
def test_unknown_dtypes(dtype):
    message = (
        f"ones(): dtype must be a dtype or its name; got {dtype!r}; "
        "write for example fg.float32 or 'float32'; fg.dtypes() lists them."
    )
    with raises(fg.DtypeError, message):
        fg.ones(2, dtype=dtype)


def test_questions_about_dtypes():
    assert fg.dtype(1) == fg.int32
    assert fg.dtype(1.0) == fg.float32
    assert fg.dtype(True) == fg.bool
    assert fg.dtype(fg.ones(2, dtype="bfloat16")) == fg.bfloat16
    assert [fg.is_floating_point(x) for x in (1.0, 1, True, 1j, fg.ones(1, dtype="bfloat16"))] == [1, 0, 0, 0, 1]
    assert [fg.is_complex(x) for x in (1.0, 1, 1j)] == [False, False, True]
    assert jax.jit(lambda x: x * fg.is_floating_point(x))(2.0) == 2.0
    assert fg.finfo("half").max == 65504
    assert fg.iinfo("char").min == -128
    assert [fg.finfo().bits, fg.iinfo().bits] == [32, 32]


def test_the_table_names_every_dtype_and_what_long_means():
    table = fg.dtypes()
    for short, full in NAMES.items():
        assert any(line.startswith(full) and (short in line) for line in table.splitlines())
    assert "64-bit mode ('long' alone means int32 now)" in table
    with jax.enable_x64(True):
        assert "64-bit mode ('long' alone means int64 now)" in fg.dtypes()


# Words that are not there


def without(name, advice):
    return raises(AttributeError, f"funcgrad has no `{name}`: {advice}.")


@pytest.mark.parametrize("name", ABSENT)
def test_absent_words_say_what_to_write_instead(name):
    with without(name, ABSENT[name]):
        getattr(fg, name)


def test_absent_words_are_absent():
    assert sorted(set(ABSENT) & set(fg.__all__)) == []


def test_advice_that_tutorials_need():
    with without("manual_seed", "pass key=fg.key(0) to the sampler"):
        fg.manual_seed
    advice = "write fg.tensor(data, dtype='float') from data, or fg.empty(2, 3, dtype='float') from sizes"
    with without("FloatTensor", advice):
        fg.FloatTensor
    with without("clone_", "arrays do not change in place; write x = fg.clone(x, ...)"):
        fg.clone_
    with without("frob_", "arrays do not change in place; write its pure form, which returns the new array"):
        fg.frob_
    with without("assert_close", "it is fg.testing.assert_close"):
        fg.assert_close


def test_advice_on_the_second_form_is_that_on_the_first():
    with without("resize_", ABSENT["resize"]):
        fg.resize_


def test_misspelt_words_get_suggestions():
    with without("index_selct", "the nearest names are fg.index_select, fg.index_put, fg.index_reduce"):
        fg.index_selct
    with without("qqqqqq", "fg follows torch's names; dir(fg) lists those there are"):
        fg.qqqqqq


def test_probing_is_answered_plainly():
    with raises(AttributeError, "module 'funcgrad' has no attribute '__wrapped__'"):
        fg.__wrapped__
    assert not hasattr(fg, "no_grad")
    with pytest.raises(ImportError):
        from funcgrad import no_such_word  # noqa: F401


def test_advice_names_words_that_are_there():
    named = {word for advice in ABSENT.values() for word in re.findall(r"\bfg\.([a-z_.]*[a-z_])", advice)}
    missing = []
    for path in named:
        try:
            functools.reduce(getattr, path.split("."), fg)
        except AttributeError:
            missing.append(path)
    assert missing == []


POINTWISE = ["arithmetic", "elementary", "floats", "rounding", "signs", "special", "trigonometry"]
WIDER = {"float_power", "frexp"}  # by their meaning: the widest dtype, and a pair


@pytest.mark.parametrize("topic", POINTWISE)
def test_pointwise_words_keep_bfloat16(topic):
    """As torch does; from the signature, without a program."""
    module = importlib.import_module(f"funcgrad.arrays.{topic}")
    x = jax.ShapeDtypeStruct((2, 3), jnp.bfloat16)
    kept = 0
    for name in filter(str.islower, set(module.__all__) - WIDER):
        for count in (1, 2, 3):
            try:
                found = jax.eval_shape(getattr(module, name), *[x] * count)
            except (fg.FuncgradError, TypeError):  # another number of operands, or it is not defined for real ones
                continue
            assert found.dtype in (jnp.bfloat16, jnp.bool_), name
            kept += 1
    assert kept >= len(module.__all__) / 3

"""Messages, edges and laws of the pointwise words; values and derivatives are in the cases."""

import inspect

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from harness import raises

import funcgrad as fg
from funcgrad.testing import assert_close

x = fg.tensor([1.0, 2.0, 3.0])
n = fg.tensor([1, 2, 3])
small = fg.tensor([1, 200], dtype="uint8")
z = fg.tensor([1 + 2j, 0j])
BINARY = [
    "add",
    "sub",
    "mul",
    "div",
    "floor_divide",
    "remainder",
    "fmod",
    "pow",
    "maximum",
    "minimum",
    "fmax",
    "fmin",
    "atan2",
    "hypot",
    "logaddexp",
    "logaddexp2",
    "xlogy",
    "copysign",
    "heaviside",
    "eq",
    "ne",
    "lt",
    "le",
    "gt",
    "ge",
    "isclose",
    "allclose",
    "logical_and",
    "logical_or",
    "logical_xor",
    "clamp_min",
    "clamp_max",
]
INTEGER = ["bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_left_shift", "bitwise_right_shift", "gcd", "lcm"]
ALIASES = {
    "subtract": "sub",
    "multiply": "mul",
    "divide": "div",
    "true_divide": "div",
    "negative": "neg",
    "absolute": "abs",
    "fix": "trunc",
    "clip": "clamp",
    "expit": "sigmoid",
    "arcsin": "asin",
    "arccos": "acos",
    "arctan": "atan",
    "arctan2": "atan2",
    "arcsinh": "asinh",
    "arccosh": "acosh",
    "arctanh": "atanh",
    "not_equal": "ne",
    "less": "lt",
    "less_equal": "le",
    "greater": "gt",
    "greater_equal": "ge",
}


@pytest.mark.parametrize(("alias", "word"), ALIASES.items())
def test_a_second_name_is_the_same_word(alias, word):
    assert getattr(fg, alias) is getattr(fg, word)


# Shapes


@pytest.mark.parametrize("word", BINARY + INTEGER)
def test_shapes_that_do_not_fit_are_named(word):
    kind = "int" if word in INTEGER else "float"
    message = (
        f"{word}(): shapes must agree or be 1 in each dimension, counted from the end; "
        "got (2, 3) and (4,), which differ in dimension 1 (3 and 4); "
        "reshape one of them, for example with fg.unsqueeze."
    )
    left, right = fg.ones(2, 3, dtype=kind), fg.ones(4, dtype=kind)
    with raises(fg.ShapeError, message):
        getattr(fg, word)(left, right)
    with raises(fg.ShapeError, message):
        jax.jit(getattr(fg, word))(left, right)


@pytest.mark.parametrize("word", ["addcmul", "addcdiv", "lerp", "where", "clamp"])
def test_shapes_of_three_operands(word):
    first = fg.ones(2, 3, dtype=bool if word == "where" else "float")
    message = (
        f"{word}(): shapes must agree or be 1 in each dimension, counted from the end; "
        "got (2, 3) and (3,) and (2,), which differ in dimension 1 (2 and 3); "
        "reshape one of them, for example with fg.unsqueeze."
    )
    with raises(fg.ShapeError, message):
        getattr(fg, word)(first, fg.ones(3), fg.ones(2))


# Dtypes


@pytest.mark.parametrize(
    "word",
    [
        "floor_divide",
        "remainder",
        "fmod",
        "maximum",
        "minimum",
        "fmax",
        "fmin",
        "atan2",
        "hypot",
        "xlogy",
        "copysign",
        "heaviside",
        "lt",
        "le",
        "gt",
        "ge",
    ],
)
def test_complex_numbers_have_no_order(word):
    with raises(
        fg.DtypeError,
        f"{word}(): operands must be real, this is not defined for complex numbers; got complex64 of shape (2,); "
        "take fg.real, fg.imag or fg.abs first.",
    ):
        getattr(fg, word)(1.0, z)


@pytest.mark.parametrize(
    "word",
    [
        "sign",
        "signbit",
        "floor",
        "ceil",
        "round",
        "trunc",
        "frac",
        "relu",
        "logit",
        "erf",
        "erfc",
        "erfinv",
        "lgamma",
        "digamma",
        "i0",
        "isposinf",
        "isneginf",
    ],
)
def test_words_of_real_numbers_alone(word):
    with raises(
        fg.DtypeError,
        f"{word}(): operands must be real, this is not defined for complex numbers; got complex64 of shape (2,); "
        "take fg.real, fg.imag or fg.abs first.",
    ):
        getattr(fg, word)(z)


@pytest.mark.parametrize("word", INTEGER)
def test_words_of_integers_alone(word):
    booleans = " or booleans" if word in INTEGER[:3] else ""
    with raises(
        fg.DtypeError,
        f"{word}(): operands must be integers{booleans}; got float32 of shape (3,); convert it with fg.to(x, 'int').",
    ):
        getattr(fg, word)(n, x)


def test_bitwise_not_is_for_integers():
    with raises(
        fg.DtypeError,
        "bitwise_not(): operands must be integers or booleans; got float32 of shape (3,); "
        "convert it with fg.to(x, 'int').",
    ):
        fg.bitwise_not(x)


def test_booleans_are_not_subtracted():
    with raises(
        fg.DtypeError,
        "sub(): operands must be numbers; got two of booleans; use fg.logical_xor, or fg.logical_not to invert a mask.",
    ):
        fg.sub(x > 1, x > 2)
    with raises(fg.DtypeError, "neg(): input must be numbers; got booleans; use fg.logical_not to invert a mask."):
        fg.neg(x > 1)
    assert_close(fg.sub(x, x > 2), np.array([1, 2, 2], np.float32))


def test_a_condition_is_boolean():
    with raises(
        fg.DtypeError,
        "where(): condition must be boolean; got int32 of shape (3,); compare it, for example condition != 0.",
    ):
        fg.where(n, x, x)
    for arguments in [(x > 1,), (x > 1, x)]:
        with raises(
            fg.ArgumentTypeError,
            "where(): condition, input and other are needed; got fewer; "
            "pass all three, or find where the condition holds with fg.nonzero(condition, as_tuple=True).",
        ):
            fg.where(*arguments)


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int8", "int16", "int32"])
@pytest.mark.parametrize(
    "word",
    [
        "exp",
        "exp2",
        "expm1",
        "log",
        "log2",
        "log10",
        "log1p",
        "sqrt",
        "rsqrt",
        "reciprocal",
        "sin",
        "cos",
        "tan",
        "asin",
        "acos",
        "atan",
        "sinh",
        "cosh",
        "tanh",
        "asinh",
        "acosh",
        "atanh",
        "sinc",
        "deg2rad",
        "rad2deg",
        "sigmoid",
        "logit",
        "erf",
        "erfc",
        "erfinv",
        "lgamma",
        "digamma",
        "i0",
        "angle",
    ],
)
def test_integers_give_float32(word, dtype):
    assert getattr(fg, word)(fg.ones(2, dtype=dtype)).dtype == jnp.float32
    assert getattr(fg, word)(1).dtype == jnp.float32


@pytest.mark.parametrize("dtype", ["half", "bfloat16"])
@pytest.mark.parametrize(
    "word",
    [
        "exp",
        "log",
        "sqrt",
        "rsqrt",
        "reciprocal",
        "square",
        "sin",
        "cos",
        "tanh",
        "sinc",
        "sigmoid",
        "relu",
        "erf",
        "lgamma",
        "digamma",
        "i0",
        "abs",
        "sign",
        "neg",
        "floor",
        "round",
        "frac",
        "positive",
        "angle",
    ],
)
def test_narrow_floats_stay_narrow_and_are_as_exact_as_they_can_be(word, dtype):
    values = fg.tensor([0.25, 1.5, 2.75], dtype=dtype)
    narrow = getattr(fg, word)(values)
    wide = getattr(fg, word)(fg.tensor(np.asarray(values, np.float32)))
    assert narrow.dtype == values.dtype
    assert_close(narrow, wide, check_dtype=False)


@pytest.mark.parametrize("word", ["softmax", "log_softmax"])
def test_softmax_converts_first(word):
    function = getattr(fg, word)
    assert function(fg.tensor([1, 2]), 0).dtype == jnp.float32
    assert function(x, 0, dtype="half").dtype == jnp.float16
    assert_close(function(fg.tensor(3.0), -1), np.float32(word == "softmax"))
    assert_close(function(x, axis=0), function(x, 0))
    with raises(fg.DimError, f"{word}(): dim must be in [-1, 0] for 1 dimension; got 1; check the shape of the input."):
        function(x, 1)


# Python numbers


@pytest.mark.parametrize(
    "word",
    [
        "add",
        "sub",
        "mul",
        "div",
        "floor_divide",
        "remainder",
        "fmod",
        "pow",
        "maximum",
        "minimum",
        "fmax",
        "fmin",
        "eq",
        "ne",
        "lt",
        "le",
        "gt",
        "ge",
        "bitwise_and",
        "gcd",
        "lcm",
        "bitwise_left_shift",
        "isclose",
        "allclose",
        "clamp_min",
        "clamp_max",
    ],
)
@pytest.mark.parametrize("number", [300, -1])
def test_a_python_int_that_does_not_fit_is_not_cut(word, number):
    function = getattr(fg, word)
    message = (
        f"{word}(): a Python int must fit the array's uint8; got {number}; "
        "convert the array first, for example with fg.to(x, 'int32')."
    )
    for _ in range(2):  # the second call takes the fast path
        with raises(fg.ConversionError, message):
            function(small, number)
    with raises(fg.ConversionError, message):
        jax.jit(lambda x: function(x, number))(small)


def test_a_python_int_that_does_not_fit_where_or_clamp():
    for call in (lambda v: fg.where(v > 0, v, 300), lambda v: fg.clamp(v, max=300), lambda v: fg.clamp(v, 300)):
        with pytest.raises(fg.ConversionError, match="a Python int must fit the array's uint8; got 300"):
            call(small)
        with pytest.raises(fg.ConversionError, match="a Python int must fit the array's uint8; got 300"):
            jax.jit(call)(small)


def test_a_python_number_does_not_widen():
    assert fg.add(small, 1).dtype == jnp.uint8
    assert fg.add(fg.ones(2, dtype="half"), 2.5).dtype == jnp.float16
    assert fg.add(n, 2.5).dtype == jnp.float32
    assert fg.mul(2, 3).dtype == jnp.int32
    assert fg.clamp(n, 0, 2).dtype == jnp.int32
    assert fg.clamp(n, 0, 2.5).dtype == jnp.float32


def test_operands_by_name():
    assert_close(fg.add(input=x, other=x), x + x)
    assert_close(fg.sub(other=1, input=x), x - 1)
    assert_close(fg.pow(x, exponent=2), x * x)
    assert_close(fg.where(condition=x > 1, other=x, input=0.0), jnp.where(x > 1, 0.0, x))
    assert_close(fg.clamp(x, max=2, min=1), jnp.clip(x, 1, 2))


# Values that are errors


@pytest.mark.parametrize("word", ["floor_divide", "remainder", "fmod"])
def test_an_integer_is_not_divided_by_0(word):
    function = getattr(fg, word)
    message = word + "(): an integer cannot be divided by 0; got a divisor of 0{}; "
    message += "mask the zeros first, or convert to float."
    with raises(fg.ArgumentError, message.format(" at index 1")):
        function(n, fg.tensor([1, 0, 2]))
    with raises(fg.ArgumentError, message.format(" at index (0, 2)")):
        function(n, fg.tensor([[1, 2, 0]]))
    with raises(fg.ArgumentError, message.format("")):
        function(n, 0)
    assert fg.isnan(function(x, 0.0)).all() or word == "floor_divide"
    assert function(fg.zeros(0, dtype="int"), 0).shape == (0,)


def test_division_with_rounding():
    for mode in ("trunc", "floor"):
        with raises(
            fg.ArgumentError,
            "div(): an integer cannot be divided by 0; got a divisor of 0; mask the zeros first, or convert to float.",
        ):
            fg.div(n, 0, rounding_mode=mode)
    assert_close(fg.div(n, 0), np.full(3, np.inf, np.float32))
    with raises(
        fg.ArgumentError,
        "div(): rounding_mode must be None, 'trunc' or 'floor'; got 'round'; choose one of them.",
    ):
        fg.div(x, x, rounding_mode="round")


def test_an_integer_to_a_negative_integer():
    message = (
        "pow(): an integer cannot be raised to a negative integer; got a negative exponent; "
        "convert the base to float first."
    )
    for base, exponent in [(n, -1), (n, fg.tensor([1, -1, 2])), (2, fg.tensor([-1]))]:
        with raises(fg.ArgumentError, message):
            fg.pow(base, exponent)
    with raises(fg.ArgumentError, message):
        jax.jit(lambda n: fg.pow(n, -1))(n)
    assert_close(fg.pow(x, -1), 1 / x)


def test_clamp_needs_a_bound():
    with raises(fg.ArgumentError, "clamp(): there must be a bound; got neither min nor max; pass min=, max= or both."):
        fg.clamp(x)


def test_integers_are_not_rounded_before_the_point():
    with raises(
        fg.DtypeError,
        "round(): input must be floating point to be rounded before the point; got int32 and decimals=-1; "
        "convert it with fg.to(x, 'float').",
    ):
        fg.round(n, decimals=-1)


@pytest.mark.parametrize("word", ["isclose", "allclose"])
def test_tolerances_are_not_negative(word):
    for option in ("rtol", "atol"):
        with raises(fg.ArgumentError, f"{word}(): {option} must be 0 or more; got -1; give another tolerance."):
            getattr(fg, word)(x, x, **{option: -1})


# Whole arrays


def test_equal_and_allclose_are_bools_and_arrays_under_a_transform():
    assert fg.equal(x, n) is True
    assert fg.equal(x, x + 1) is False
    assert fg.equal(x, fg.ones(2)) is False
    assert fg.equal(fg.tensor([np.nan]), fg.tensor([np.nan])) is False
    assert fg.equal(fg.zeros(0), fg.zeros(0)) is True
    assert fg.allclose(x, x + 1e-6) is True
    assert fg.allclose(x, x + 1e-2) is False
    assert fg.allclose(fg.tensor([np.nan]), fg.tensor([np.nan]), equal_nan=True) is True
    assert fg.equal(small, 300) is False
    with pytest.raises(fg.ConversionError, match="a Python int must fit the array's uint8; got 300"):
        fg.equal(small[0], 300)
    for word in (fg.equal, fg.allclose):
        assert_close(jax.jit(word)(x, x), np.array(True))
        assert_close(jax.vmap(word)(jnp.stack([x, x]), jnp.stack([x, -x])), np.array([True, False]))


def test_errors_of_a_part_name_the_word():
    with raises(
        fg.ArgumentTypeError,
        "equal(): input must be an array or a number; got a list; wrap it in fg.tensor(...).",
    ):
        fg.equal([1, 2], x)


# Exactness


def test_rounding_to_decimals_gives_the_nearest_float():
    values = np.linspace(-9.999, 9.999, 4001, dtype=np.float32)
    for decimals in (1, 2, 3):
        rounded = np.asarray(fg.round(fg.tensor(values), decimals=decimals))
        shown = [float(f"{v:.{decimals}f}") for v in rounded]
        np.testing.assert_array_equal(rounded, np.asarray(shown, np.float32))
    large = fg.tensor([3e38, -3e38, np.inf])
    np.testing.assert_array_equal(fg.round(large, decimals=2), large)


def test_powers_of_2_are_exact():
    exponents = np.arange(-20, 21).astype(np.float32)
    np.testing.assert_array_equal(fg.exp2(fg.tensor(exponents)), 2.0 ** exponents.astype(np.float64))


def test_float64_is_computed_in_float64():
    with jax.enable_x64(True):
        value = fg.tensor(0.3, dtype="float64")
        for word in [
            "sinc",
            "sigmoid",
            "logit",
            "erf",
            "lgamma",
            "digamma",
            "i0",
            "exp",
            "log",
            "sin",
            "atan2",
            "hypot",
            "logaddexp",
            "xlogy",
            "pow",
            "round",
        ]:
            wide = getattr(fg, word)
            several = len([p for p in inspect.signature(wide).parameters.values() if p.default is p.empty]) > 1
            result = wide(value, value) if several else wide(value)
            assert result.dtype == jnp.float64, word


# Compiled


def lowered(function, *operands):
    return jax.jit(function).lower(*operands).compile().as_text()


@pytest.mark.parametrize(
    ("word", "twin"),
    [
        ("add", jnp.add),
        ("pow", jnp.power),
        ("maximum", jnp.maximum),
        ("abs", jnp.abs),
        ("atan2", jnp.arctan2),
        ("sigmoid", jax.nn.sigmoid),
        ("relu", jax.nn.relu),
        ("remainder", jnp.remainder),
        ("hypot", jnp.hypot),
        ("logaddexp", jnp.logaddexp),
    ],
)
def test_a_compiled_word_is_the_jax_word(word, twin):
    function = getattr(fg, word)
    operands = (x,) if word in ("abs", "sigmoid", "relu") else (x, x)
    ours, theirs = (
        sorted(line.split(" = ")[1].split(", metadata")[0].split("(")[0] for line in text.splitlines() if " = " in line)
        for text in (lowered(function, *operands), lowered(twin, *operands))
    )
    assert ours == theirs


def test_clamp_compiles_to_two_operations():
    text = lowered(lambda x: fg.clamp(x, 0, 1), x)
    assert text.count(" maximum(") + text.count(" minimum(") + text.count(" clamp(") <= 2
    assert " select(" not in text


BOUNDED = {
    "asin": (-1, 1),
    "acos": (-1, 1),
    "acosh": (1, 9),
    "atanh": (-0.9, 0.9),
    "log2": (0.1, 9),
    "log10": (0.1, 9),
}
ONCE = {
    **{word: getattr(fg, word) for word in (*BOUNDED, "asinh", "sigmoid", "i0")},
    **{word: getattr(fg.nn, word) for word in ("elu", "selu", "celu", "gelu", "silu", "mish", "softplus", "glu")},
    **{word: getattr(fg.nn, word) for word in ("logsigmoid", "hardsigmoid", "hardswish", "normalize")},
    "hypot": lambda x: fg.hypot(x, fg.flip(x, 0)),
    "lerp": lambda x: fg.lerp(x, fg.flip(x, 0), 0.3),
    "logaddexp": lambda x: fg.logaddexp(x, fg.flip(x, 0)),
    "logaddexp2": lambda x: fg.logaddexp2(x, fg.flip(x, 0)),
    "norm": lambda x: fg.norm(x, 3, 1),
    "std": lambda x: fg.std(x, 1),
    "softmax": lambda x: fg.softmax(x, 1),
    "log_softmax": lambda x: fg.log_softmax(x, 1),
}


@pytest.mark.parametrize("word", ONCE)
def test_half_precision_is_rounded_once(word):
    low, high = BOUNDED.get(word, (-9, 9))
    values = np.random.default_rng(0).uniform(low, high, (16, 16))
    for kind in ("bfloat16", "float16"):
        half = fg.to(values, kind, lossy=True)
        wide = np.asarray(ONCE[word](fg.to(half, "float32")), np.float64)
        unit = float(jnp.finfo(kind).eps) * 2.0 ** np.floor(np.log2(np.maximum(np.abs(wide), 1e-4)))
        assert np.all(np.abs(np.asarray(ONCE[word](half), np.float64) - wide) <= 0.51 * unit)


def test_half_precision_asked_to_be_single_is():
    half = fg.ones(3, dtype="bfloat16")
    assert fg.softmax(half, 0, dtype="float32").dtype == fg.logaddexp(half, fg.ones(3)).dtype == "float32"
    assert jax.grad(lambda x: fg.softmax(x, 0)[0])(half).dtype == "bfloat16"

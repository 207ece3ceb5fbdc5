"""Host data becomes an array without loss, and without sharing memory; what would be lost is an error that names it."""

import array
import datetime
import fractions
import time

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from harness import raises

import funcgrad as fg
from funcgrad.testing import assert_close

X64 = 'jax.config.update("jax_enable_x64", True)'
LOSSY = "or pass lossy=True."
bf16 = jnp.bfloat16


def lost(value, dtype, remedy):
    return f"tensor(): every value must fit in {dtype}; got {value}; {remedy}, {LOSSY}"


# What does not survive

REFUSED = [
    # data, dtype, value and where, target, remedy
    ([2**40], None, "1099511627776 at index 0", "int32", f"ask for dtype='int64' after {X64}"),
    (np.array([2**40]), None, "1099511627776 at index 0", "int32", f"ask for dtype='int64' after {X64}"),
    (2**40, None, "1099511627776", "int32", f"ask for dtype='int64' after {X64}"),
    ([[1, 2], [3, -(2**40)]], "int", "-1099511627776 at index (1, 1)", "int32", f"ask for dtype='int64' after {X64}"),
    (np.uint64(2**64 - 1), None, "18446744073709551615", "uint32", f"ask for dtype='uint64' after {X64}"),
    (np.array([5, 2**32], np.uint64), None, "4294967296 at index 1", "uint32", f"ask for dtype='int64' after {X64}"),
    ([2**63], None, "9223372036854775808 at index 0", "uint32", f"ask for dtype='uint64' after {X64}"),
    ([1e300], None, "1e+300 at index 0", "float32", f"ask for dtype='float64' after {X64}"),
    (np.array([1e300]), None, "1e+300 at index 0", "float32", f"ask for dtype='float64' after {X64}"),
    ([-1e300 + 0j], None, "(-1e+300+0j) at index 0", "complex64", f"ask for dtype='complex128' after {X64}"),
    ([1.0, 3.7], "int", "3.7 at index 1", "int32", "round it first, or keep a floating dtype"),
    (np.float32(3.5), "byte", "3.5", "uint8", "round it first, or keep a floating dtype"),
    ([np.nan], "int", "nan at index 0", "int32", "replace it first, with fg.nan_to_num"),
    ([[np.inf]], "short", "inf at index (0, 0)", "int16", "replace it first, with fg.nan_to_num"),
    ([-np.inf], "int", "-inf at index 0", "int32", "replace it first, with fg.nan_to_num"),
    ([1e300], "int", "1e+300 at index 0", "int32", "keep a floating dtype"),
    ([2.0**31], "int", "2147483648.0 at index 0", "int32", f"ask for dtype='int64' after {X64}"),
    ([-1], "byte", "-1 at index 0", "uint8", "ask for dtype='int32'"),
    ([256], "byte", "256 at index 0", "uint8", "ask for dtype='int32'"),
    ([-129], "char", "-129 at index 0", "int8", "ask for dtype='int32'"),
    ([2**40], "char", "1099511627776 at index 0", "int8", f"ask for dtype='int64' after {X64}"),
    ([-1.0], "uint32", "-1.0 at index 0", "uint32", "ask for dtype='int32'"),
    ([70000.0], "half", "70000.0 at index 0", "float16", "ask for dtype='float32'"),
    ([70000], "half", "70000 at index 0", "float16", "ask for dtype='float32'"),
    ([1e39], "bfloat16", "1e+39 at index 0", "bfloat16", f"ask for dtype='float64' after {X64}"),
    (np.array([8], np.int8), "int4", "8 at index 0", "int4", "ask for dtype='int32'"),
    (np.array([0.5], bf16), "int4", "0.5 at index 0", "int4", "round it first, or keep a floating dtype"),
    (np.array([1e6], bf16), "half", "999424.0 at index 0", "float16", "ask for dtype='float32'"),
    ([500.0], jnp.float8_e4m3fn, "500.0 at index 0", "float8_e4m3fn", "ask for dtype='float32'"),
    ([np.inf], jnp.float8_e4m3fn, "inf at index 0", "float8_e4m3fn", "ask for dtype='float32'"),
    ([-np.inf], jnp.float8_e4m3fn, "-inf at index 0", "float8_e4m3fn", "ask for dtype='float32'"),
    ([1e9], jnp.float8_e5m2, "1000000000.0 at index 0", "float8_e5m2", "ask for dtype='float32'"),
    ([6.5], jnp.float4_e2m1fn, "6.5 at index 0", "float4_e2m1fn", "ask for dtype='float32'"),
    ([np.nan], jnp.float4_e2m1fn, "nan at index 0", "float4_e2m1fn", "ask for dtype='float32'"),
    ([-1.0], jnp.float8_e8m0fnu, "-1.0 at index 0", "float8_e8m0fnu", "ask for dtype='float32'"),
    ([1 + 2j], "float", "(1+2j) at index 0", "float32", "take the real part first"),
    ([complex(0, float("nan"))], "int", "nanj at index 0", "int32", "take the real part first"),
    ([2.5 + 0j], "int", "(2.5+0j) at index 0", "int32", "round it first, or keep a floating dtype"),
]


@pytest.mark.parametrize(("data", "dtype", "value", "target", "remedy"), REFUSED)
def test_a_value_that_does_not_survive_is_named(data, dtype, value, target, remedy):
    with raises(fg.ConversionError, lost(value, target, remedy)):
        fg.tensor(data, dtype)


@pytest.mark.parametrize(("data", "dtype", "value", "target", "remedy"), REFUSED)
def test_lossy_allows_it(data, dtype, value, target, remedy):
    made = fg.tensor(data, dtype, lossy=True)
    assert made.dtype.name == target
    assert made.shape == np.shape(data)


def test_lossy_cuts_wraps_and_truncates_as_numpy_does():
    assert fg.tensor([2**40 + 5], lossy=True).item() == 5
    assert fg.tensor([300, -1], "byte", lossy=True).tolist() == [44, 255]
    assert fg.tensor([3.7, -3.7], "int", lossy=True).tolist() == [3, -3]
    assert fg.tensor([1e300], lossy=True).tolist() == [float("inf")]
    assert fg.tensor([1 + 2j], "float", lossy=True).tolist() == [1.0]


def test_the_same_data_are_accepted_in_64_bit_mode():
    with jax.enable_x64(True):
        assert fg.tensor([2**40]).dtype == np.int64
        assert fg.tensor([2**40]).item() == 2**40
        assert fg.tensor(np.uint64(2**64 - 1)).item() == 2**64 - 1
        assert fg.tensor([1e300]).item() == 1e300
        assert fg.tensor([1e300 + 0j]).dtype == np.complex128
        assert fg.tensor([2**40], "long").dtype == np.int64
        with raises(fg.ConversionError, lost("1099511627776 at index 0", "int32", "ask for dtype='int64'")):
            fg.tensor([2**40], "int")
        with raises(fg.ConversionError, lost("1e+300 at index 0", "float32", "ask for dtype='float64'")):
            fg.tensor([1e300], "float")
        with raises(fg.ConversionError, lost("1e+20 at index 0", "int64", "keep a floating dtype")):
            fg.tensor([1e20], "int64")
        with raises(fg.ConversionError, lost("9.223372036854776e+18 at index 0", "int64", "ask for dtype='uint64'")):
            fg.tensor([2.0**63], "int64")


@pytest.mark.parametrize("enabled", [False, True])
@pytest.mark.parametrize("data", [[2**64], [2**70, 1.5], [2**63, -1], [2**63, 0], [np.uint64(2**63), -1], 2**100])
def test_integers_that_no_integer_dtype_holds(data, enabled):
    numbers = data if isinstance(data, list) else [data]
    wide = next(n for n in numbers if n >= 2**63)
    message = f"tensor(): integers must fit in 64 bits together; got {wide}; write them as floats."
    with jax.enable_x64(enabled), raises(fg.ConversionError, message):
        fg.tensor(data)


def test_an_integer_beyond_every_float():
    message = "tensor(): integers must fit in 64 bits together; got one of more than 40 digits; write them as floats."
    for data in ([10**400], [10**400, 1.5], 10**400):
        with raises(fg.ConversionError, message):
            fg.tensor(data)


# What survives

EXACT = [
    # data, dtype asked for, dtype and values made
    (3, None, "int32", 3),
    (True, None, "bool", True),
    (2.5, None, "float32", 2.5),
    (1j, None, "complex64", 1j),
    ([], None, "float32", []),
    ([[], []], None, "float32", [[], []]),
    ([[[]]], "int", "int32", [[[]]]),
    ([True, 2], None, "int32", [1, 2]),
    ([True, 2.5], None, "float32", [1.0, 2.5]),
    ([1, 2.5, 1j], None, "complex64", [1, 2.5, 1j]),
    ([2**53 + 1, 0.5], None, "float32", [2.0**53, 0.5]),
    ([2**63, 0.5], None, "float32", [2.0**63, 0.5]),
    (range(3), None, "int32", [0, 1, 2]),
    ((1, (2)), None, "int32", [1, 2]),
    ([np.float32(1.5), 2], None, "float32", [1.5, 2]),
    ([np.int8(3), np.int8(4)], None, "int8", [3, 4]),
    ([np.float16(1.5)], None, "float16", [1.5]),
    ([np.array(1), np.array(2)], None, "int32", [1, 2]),
    ([np.arange(2), [5, 6]], None, "int32", [[0, 1], [5, 6]]),
    (array.array("d", [1.5, 2.5]), None, "float32", [1.5, 2.5]),
    (bytearray(b"ab"), None, "uint8", [97, 98]),
    (np.array([1.5], ">f4"), None, "float32", [1.5]),
    (np.array([1.5], ">f8"), None, "float32", [1.5]),
    (np.array([7], ">i2"), None, "int16", [7]),
    (np.array([7], ">i8"), None, "int32", [7]),
    (np.array([1 + 2j], ">c8"), None, "complex64", [1 + 2j]),
    ([1.5], np.dtype(">f4"), "float32", [1.5]),
    (np.ma.array([1, 2], mask=False), None, "int32", [1, 2]),
    ([2.0, -3.0], "int", "int32", [2, -3]),
    ([2.0**31 - 1], "int", "int32", [2**31 - 1]),
    ([-(2.0**31)], "int", "int32", [-(2**31)]),
    ([2**31 - 1, -(2**31)], None, "int32", [2**31 - 1, -(2**31)]),
    (np.array([2**32 - 1], np.uint64), None, "uint32", [2**32 - 1]),
    ([-0.0], "int", "int32", [0]),
    ([65504.0, 65519.0], "half", "float16", [65504.0, 65504.0]),
    ([7, -8], "int4", "int4", [7, -8]),
    ([6.0, -6.0], jnp.float4_e2m1fn, "float4_e2m1fn", [6.0, -6.0]),
    ([448.0], jnp.float8_e4m3fn, "float8_e4m3fn", [448.0]),
    ([0, 3, 0.5], "bool", "bool", [False, True, True]),
    ([np.nan, 0.0], "bool", "bool", [True, False]),
    ([1 + 0j, 0j], "bool", "bool", [True, False]),
    ([True], "half", "float16", [1.0]),
    ([2.5 + 0j], "float", "float32", [2.5]),
    ([1.5], "complex64", "complex64", [1.5 + 0j]),
    ([float("inf"), float("-inf"), 1e-300], None, "float32", [float("inf"), float("-inf"), 0.0]),
    (np.float64(0.1), None, "float32", float(np.float32(0.1))),
    (np.int64(7), None, "int32", 7),
]


@pytest.mark.parametrize(("data", "asked", "dtype", "values"), EXACT)
def test_a_value_that_survives_does(data, asked, dtype, values):
    made = fg.tensor(data, asked)
    assert made.dtype.name == dtype
    assert not made.weak_type
    assert made.dtype.byteorder in "=|"
    assert np.asarray(made).astype(bool if dtype == "bool" else complex).tolist() == values


@pytest.mark.parametrize("kind", [*"?bBhHiIlLqQefdFD", bf16, jnp.int4, jnp.uint4, jnp.float8_e4m3fn, jnp.float8_e5m2])
@pytest.mark.parametrize("enabled", [False, True])
def test_every_dtype_of_numpy(kind, enabled):
    source = np.array([[0, 1], [1, 0], [1, 1]]).astype(kind)
    with jax.enable_x64(enabled):
        made = fg.tensor(source)
        narrow = {"int64": "int32", "uint64": "uint32", "float64": "float32", "complex128": "complex64"}
        assert made.dtype.name == (source.dtype.name if enabled else narrow.get(source.dtype.name, source.dtype.name))
        assert np.array_equal(np.asarray(made).astype(complex), source.astype(complex))


def test_nan_infinities_signs_of_zero_and_subnormal_numbers_keep_their_bits():
    bits = np.array([0x7FC00000, 0x7FC12345, 0x7F800000, 0xFF800000, 0x80000000, 1, 0x80000001, 0x007FFFFF], np.uint32)
    floats = bits.view(np.float32)
    assert np.array_equal(np.asarray(fg.tensor(floats)).view(np.uint32), bits)
    assert np.array_equal(fg.to_numpy(fg.as_tensor(floats)).view(np.uint32), bits)


@pytest.mark.parametrize(
    "view",
    [
        lambda a: a[::-1],
        lambda a: a[:, ::2],
        lambda a: a.T,
        lambda a: np.asfortranarray(a),
        lambda a: np.broadcast_to(a[0], (5, 6)),
        lambda a: a[1, 2],
        lambda a: a[1:1],
        lambda a: np.lib.stride_tricks.sliding_window_view(a, (2, 2)),
    ],
)
def test_every_layout_in_memory(view):
    source = view(np.arange(24.0, dtype=np.float32).reshape(4, 6))
    assert_close(fg.tensor(source), np.ascontiguousarray(source).reshape(source.shape))
    source = np.array(source)
    source.flags.writeable = False
    assert_close(fg.from_numpy(source), source)


# What is not numbers


@pytest.mark.parametrize(
    ("data", "given"),
    [
        ("abc", "str 'abc'"),
        (["a", "b"], "<U1 of shape (2,)"),
        (b"ab", "a bytes"),
        (None, "None"),
        ([1, None], "a list"),
        ({"a": 1}, "a dict"),
        ({1, 2}, "a set"),
        ([fractions.Fraction(1, 2)], "a list"),
        (np.array([1, 2], object), "object of shape (2,)"),
        (np.datetime64("2020-01-01"), "datetime64 np.datetime64('2020-01-01')"),
        (np.array(["2020-01-01"], "datetime64[D]"), "datetime64[D] of shape (1,)"),
        (np.array([1], "timedelta64[s]"), "timedelta64[s] of shape (1,)"),
        (datetime.date(2020, 1, 1), "a datetime.date"),
        (np.zeros(2, [("a", "f4"), ("b", "i4")]), "[('a', '<f4'), ('b', '<i4')] of shape (2,)"),
        (np.zeros(2, "V8"), "|V8 of shape (2,)"),
    ],
)
def test_what_is_not_numbers_is_refused(data, given):
    message = f"tensor(): data must be numbers or booleans; got {given}; convert it to numbers first."
    with raises(fg.DtypeError, message):
        fg.tensor(data)


@pytest.mark.skipif(np.dtype(np.longdouble).itemsize == 8, reason="long double is double here")
def test_extended_precision_is_refused_with_the_way_out():
    wide, complex_wide = np.dtype(np.longdouble).name, np.dtype(np.clongdouble).name
    message = (
        f"tensor(): data must be numbers or booleans; got {wide} of shape (2,); "
        "convert it first, with .astype('float64')."
    )
    with raises(fg.DtypeError, message):
        fg.tensor(np.ones(2, np.longdouble))
    scalar = message.replace("tensor", "clone", 1).replace(f"{wide} of shape (2,)", f"longdouble {np.longdouble(1)!r}")
    with raises(fg.DtypeError, scalar):
        fg.clone(np.longdouble(1))
    message = message.replace(wide, complex_wide).replace("'float64'", "'complex128'")
    with raises(fg.DtypeError, message):
        fg.tensor(np.ones(2, np.clongdouble))


def test_masked_values_are_refused():
    message = (
        "tensor(): a masked array must have no masked values; got 1 of them; fill them first, with data.filled(value)."
    )
    with raises(fg.ConversionError, message):
        fg.tensor(np.ma.array([1, 2], mask=[True, False]))


@pytest.mark.parametrize(
    "data", [[[1, 2], [3]], [1, [2]], [[1], 2], [np.ones(2), np.ones(3)], [jnp.array(1), [jnp.array(2)]]]
)
def test_ragged_lists_are_refused(data):
    message = (
        "tensor(): nested lists must have equal lengths at each level; got lists of different lengths; "
        "pad the shorter ones, or build one array for each."
    )
    with raises(fg.ConversionError, message):
        fg.tensor(data)


# Nothing is shared. JAX reads a NumPy buffer after the call that received it has returned, or aliases it for good.


def aligned(size: int) -> np.ndarray:
    """A buffer at an address that JAX would alias."""
    raw = np.zeros(size * 4 + 64, np.uint8)
    start = -raw.ctypes.data % 64
    return raw[start : start + size * 4].view(np.float32)


def corrupted(make, size: int, seconds: float = 0.3, tries: int = 300) -> int:
    """In how many of some tries an array changed because its source was overwritten right after."""
    buffer = aligned(size)
    wrong = 0
    end = time.monotonic() + seconds
    for _ in range(tries):
        buffer[:] = 1.0
        made = make(buffer)
        buffer[:] = 2.0
        wrong += float(np.asarray(made).max()) != float(np.asarray(made).min()) or float(np.asarray(made)[0]) != 1.0
        if time.monotonic() > end:
            break
    return wrong


@pytest.mark.parametrize("size", [65_536, 1_000_000])
@pytest.mark.parametrize(
    "make",
    [
        fg.tensor,
        fg.as_tensor,
        fg.from_numpy,
        fg.from_dlpack,
        lambda buffer: fg.to(buffer, "cpu"),
        lambda buffer: fg.clone(buffer),
        lambda buffer: fg.mul(buffer, 1),
        lambda buffer: fg.index(buffer, ...),
    ],
    ids=["tensor", "as_tensor", "from_numpy", "from_dlpack", "to", "clone", "mul", "index"],
)
def test_a_buffer_overwritten_at_once_changes_nothing(make, size):
    assert corrupted(make, size) == 0


def test_the_check_above_sees_corruption():
    assert corrupted(lambda buffer: jnp.from_dlpack(buffer), 65_536) > 0
    assert corrupted(lambda buffer: buffer, 65_536) > 0


def test_indices_and_values_are_copied_too():
    x = fg.zeros(1000)
    for _ in range(50):
        places, values = np.arange(100), np.ones(100, np.float32)
        made = fg.set(x, places, values), fg.index(x, places), fg.gather(fg.arange(1000), 0, places)
        places[:], values[:] = 7, 9
        assert made[0].sum() == 100
        assert made[2].tolist() == list(range(100))

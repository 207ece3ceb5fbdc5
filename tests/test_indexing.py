"""Reading and updating parts: torch's and NumPy's values, checked places, and programs that are compiled once."""

import copy

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from cases.indexing import CASES
from harness import arrays_of, check_grad, parametrize, raises

import funcgrad as fg
from funcgrad.testing import assert_close, assert_no_retrace

x = fg.tensor(np.arange(12, dtype=np.float32).reshape(3, 4))
n = fg.tensor(np.arange(12).reshape(3, 4))
WRITES = [c for c in CASES if c.word in ("set", "update")]


@parametrize([c for c in CASES if c.word == "index"])
def test_index_reads_what_numpy_reads(case):
    source, part = case.args
    assert_close(fg.index(fg.tensor(source), part), source[part])
    assert_close(fg.index(source, part), source[part])


@parametrize(WRITES)
def test_writes_are_what_numpy_writes(case):
    source, part, value, *how = case.args
    expected = copy.copy(source)
    if case.word == "set":
        expected[part] = value
    else:
        by = {"add": np.add, "mul": np.multiply, "min": np.minimum, "max": np.maximum}[(how or ["add"])[0]]
        by.at(expected, part, value)
    arrays, _ = arrays_of(case)
    assert_close(getattr(fg, case.word)(source, part, value, *how), expected)
    assert arrays[0] is source


@pytest.mark.parametrize(
    "mask",
    [np.arange(12).reshape(3, 4) % 3 == 0, np.array([True, False, True]), np.zeros((3, 4), bool), np.ones(3, bool)],
)
def test_masks(mask):
    source = np.array(x)
    assert_close(fg.index(x, mask), source[mask])
    assert_close(fg.index(x, fg.tensor(mask)), source[mask])
    if mask.ndim == 1:
        assert_close(fg.index(x, (mask, 1)), source[mask, 1])
        assert_close(fg.index(x.T, (slice(1, 3), mask)), source.T[1:3, mask])
    for value in (5.0, source[mask] * 2):
        expected = source.copy()
        expected[mask] = value
        assert_close(fg.set(x, mask, value), expected)
        expected = source.copy()
        expected[mask] += value
        assert_close(fg.update(x, mask, value), expected)
    expected = source.copy()
    expected[mask] *= 3
    assert_close(fg.update(x, mask, 3, op="mul"), expected)
    wide = mask.reshape(mask.shape + (1,) * (2 - mask.ndim))
    assert_close(fg.update(x, mask, 3, op="min"), np.where(wide, np.minimum(source, 3), source))
    assert_close(fg.update(x, mask, 3, op="max"), np.where(wide, np.maximum(source, 3), source))
    assert_close(fg.index_put(x, (mask,), 7.0), np.where(wide, np.float32(7), source))


def test_a_mask_may_be_traced_where_the_value_does_not_depend_on_how_many_it_selects():
    def f(x):
        return fg.update(fg.set(x, x > 5, 0.0), x < 2, 10)

    assert_close(jax.jit(f)(x), f(x))
    rows = fg.tensor([True, False, True])
    assert_close(jax.jit(lambda x, rows: fg.set(x, rows, fg.arange(4.0)))(x, rows), x.at[rows].set(jnp.arange(4.0)))
    message = (
        "{}(): a mask must be known when the function is traced, because it decides the shape; "
        "got a traced bool of shape (3, 4); use fg.where or fg.masked_fill, or fg.nonzero with size=."
    )
    with raises(fg.TracedValueError, message.format("index")):
        jax.jit(lambda x: fg.index(x, x > 5))(x)
    with raises(fg.TracedValueError, message.format("set")):
        jax.jit(lambda x: fg.set(x, x > 5, fg.ones(6)))(x)


# Places out of range

OUTSIDE = [
    (3, 3, 0, 3),
    (-4, -4, 0, 3),
    ((0, 4), 4, 1, 4),
    ((..., -5), -5, 1, 4),
    ((None, 3), 3, 0, 3),
    ([0, 3], 3, 0, 3),
    (np.array([[-4]]), -4, 0, 3),
    ((slice(None), np.array([0, 4])), 4, 1, 4),
    ((fg.tensor([0]), fg.tensor([9])), 9, 1, 4),
    (fg.tensor(3), 3, 0, 3),
    (2**40, 2**40, 0, 3),
]


@pytest.mark.parametrize(("part", "place", "dim", "size"), OUTSIDE)
@pytest.mark.parametrize("word", ["index", "set", "update", "traced", "differentiated"])
def test_a_place_out_of_range_is_named(word, part, place, dim, size):
    calls = {
        "index": lambda: fg.index(x, part),
        "set": lambda: fg.set(x, part, 0.0),
        "update": lambda: fg.update(x, part, 0.0),
        "traced": lambda: jax.jit(lambda x: fg.index(x, part))(x),
        "differentiated": lambda: jax.grad(lambda x: fg.set(x, part, 0.0).sum())(x),
    }
    name = {"traced": "index", "differentiated": "set"}.get(word, word)
    message = (
        f"{name}(): index must be in [{-size}, {size - 1}] along dimension {dim} of size {size}; got {place}; "
        "correct the index; nothing is clamped or wrapped."
    )
    with raises(fg.IndexRangeError, message):
        calls[word]()


def test_an_empty_dimension_has_no_places():
    message = (
        "index(): index must be in [0, -1] along dimension 0 of size 0; got 0; "
        "correct the index; nothing is clamped or wrapped."
    )
    with raises(fg.IndexRangeError, message):
        fg.index(fg.zeros(0, 2), 0)


def test_a_traced_place_out_of_range_reads_nan_and_writes_nothing():
    read = jax.jit(lambda x, i: fg.index(x, i))
    assert_close(read(x, 2), x[2])
    assert_close(read(x, -1), x[2])
    assert bool(jnp.isnan(read(x, 3)).all())
    assert_close(jax.jit(lambda x, i: fg.set(x, i, 0.0))(x, 3), x)
    assert_close(jax.jit(lambda x, i: fg.update(x, (i, 1), 5.0, "mul"))(x, 3), x)
    assert_close(jax.vmap(lambda i: fg.index(x, i))(fg.arange(3)), x)


BAD = [
    (1.0, fg.DtypeError, "float 1.0"),
    ("a", fg.ArgumentTypeError, "str 'a'"),
    (True, fg.ArgumentTypeError, "bool True"),
    (np.True_, fg.ArgumentTypeError, "bool np.True_"),
    (fg.tensor(True), fg.ArgumentTypeError, "bool of shape ()"),
    ({}, fg.ArgumentTypeError, "a dict"),
    ((0, (1, 2)), fg.ArgumentTypeError, "a tuple"),
    (np.array(["a"]), fg.ArgumentTypeError, "<U1 of shape (1,)"),
]


@pytest.mark.parametrize(("part", "kind", "given"), BAD)
def test_what_is_no_index(part, kind, given):
    message = (
        "index(): an index must be made of ints, slices, ..., None, arrays of integers and masks; "
        f"got {given}; write it as fg.s[...]."
    )
    with raises(kind, message):
        fg.index(x, part)


def test_indices_are_integers():
    for part in (np.array([0.0]), fg.tensor([1.0]), [1.5]):
        dtype = "float32" if isinstance(part, jax.Array) else "float64"
        message = (
            f"set(): index must have an integer dtype; got {dtype} of shape (1,); convert it with fg.to(x, 'int')."
        )
        with raises(fg.DtypeError, message):
            fg.set(x, part, 0.0)


def test_as_many_indices_as_dimensions():
    message = "index(): there may be as many indices as the 2 dimensions and one ...; got 3; drop some."
    with raises(fg.DimError, message):
        fg.index(x, (0, 0, 0))
    with raises(fg.DimError, message):
        fg.index(x, (np.ones((3, 4), bool), 0))
    message = message.replace("got 3", "got ... more than once")
    with raises(fg.DimError, message):
        fg.index(x, (..., 0, ...))
    message = "index(): there may be as many indices as the 0 dimensions and one ...; got 1; drop some."
    with raises(fg.DimError, message):
        fg.index(fg.tensor(1.0), 0)
    assert fg.index(2.5, ()).dtype == fg.float32


def test_indices_broadcast_and_masks_fit():
    message = (
        "index(): shapes must agree or be 1 in each dimension, counted from the end; "
        "got (2,) and (3,), which differ in dimension 0 (2 and 3); reshape one of them, for example with fg.unsqueeze."
    )
    with raises(fg.ShapeError, message):
        fg.index(x, ([0, 1], [0, 1, 2]))
    message = (
        "index(): a mask must have the shape of the dimensions it selects from, (3,); got (4,); "
        "broadcast or index the mask first."
    )
    with raises(fg.ShapeError, message):
        fg.index(x, np.ones(4, bool))


def test_slices_are_made_of_ints_that_are_known():
    message = (
        "index(): the bounds of a slice must be known when the function is traced, because they decide the shape; "
        "got a traced int32 of shape (); use fg.narrow(x, dim, start, length), whose start may be traced."
    )
    with raises(fg.TracedValueError, message):
        jax.jit(lambda i: fg.index(x, slice(i, i + 2)))(1)
    message = (
        "index(): a slice must be made of ints; got slice(0.5, None, None) "
        "(slice indices must be integers or None or have an __index__ method); correct it."
    )
    with raises(fg.ArgumentTypeError, message):
        fg.index(x, slice(0.5, None))
    message = "index(): a slice must be made of ints; got slice(None, None, 0) (slice step cannot be zero); correct it."
    with raises(fg.ArgumentTypeError, message):
        fg.index(x, slice(None, None, 0))
    assert_close(fg.index(x, slice(fg.tensor(1), np.int64(3))), x[1:3])


# Values


@pytest.mark.parametrize(
    ("array", "value", "given", "dtype"),
    [
        (n, 0.5, "float 0.5", "float32"),
        (n, 2.0, "float 2.0", "float32"),
        (n, np.array([0.5], np.float32), "float32 of shape (1,)", "float32"),
        (fg.tensor([True]), 1, "int 1", "int32"),
        (x, 1j, "complex 1j", "complex64"),
        (n, np.float32(0.5), "float 0.5", "float32"),
    ],
)
def test_a_value_keeps_its_kind(array, value, given, dtype):
    for word in ("set", "update"):
        message = (
            f"{word}(): value must fit in {array.dtype}, the dtype of the array; got {given}; "
            f"convert the array first, with fg.to(x, '{dtype}')."
        )
        with raises(fg.DtypeError, message):
            getattr(fg, word)(array, 0, value)
        with raises(fg.DtypeError, message):
            jax.jit(lambda a, word=word: getattr(fg, word)(a, 0, value))(array)


@pytest.mark.parametrize(
    ("dtype", "value", "given", "wider"),
    [
        ("byte", 300, "300", "int32"),
        ("byte", -1, "-1", "int32"),
        ("char", np.array([1, 200]), "200 at index 1", "int32"),
        ("half", 70000.0, "70000.0", "float32"),
        ("half", fg.tensor([1e6]), "1000000.0 at index 0", "float32"),
    ],
)
def test_a_value_fits_the_dtype(dtype, value, given, wider):
    message = (
        f"set(): every value must fit in {fg.empty(1, dtype=dtype).dtype}; got {given}; "
        f"convert the array first, with fg.to(x, '{wider}')."
    )
    with raises(fg.ConversionError, message):
        fg.set(fg.zeros(2, dtype=dtype), slice(None), value)


def test_values_that_fit_are_converted():
    assert_close(fg.set(x, 0, n[0] + 10), x.at[0].set(n[0] + 10))
    assert_close(fg.set(n, 0, True), n.at[0].set(1))
    assert fg.set(fg.zeros(2, dtype="half"), 0, float("inf")).tolist() == [float("inf"), 0]
    assert fg.set(fg.zeros(2, dtype="byte"), 0, 255).tolist() == [255, 0]
    assert fg.set(x, 0, fg.tensor(0.1, dtype="bfloat16")).dtype == fg.float32


@pytest.mark.parametrize(("part", "shape", "target"), [(0, (3,), (4,)), (slice(2), (3, 4), (2, 4)), ((0, 0), (2,), ())])
def test_a_value_broadcasts_to_the_part(part, shape, target):
    for traced in (False, True):
        message = (
            f"set(): value must broadcast to shape {target}; got shape {shape}; reshape value, or correct the index."
        )
        write = lambda x: fg.set(x, part, fg.ones(shape))  # noqa: E731
        with raises(fg.ShapeError, message):
            (jax.jit(write) if traced else write)(x)
    assert_close(fg.set(x, 0, fg.ones(1, 1, 4)), x.at[0].set(1.0))


def test_update_knows_four_operations():
    message = "update(): op must be 'add', 'mul', 'min' or 'max'; got 'sub'; correct the name."
    with raises(fg.ArgumentError, message):
        fg.update(x, 0, 1.0, op="sub")


def test_nothing_is_changed_in_place():
    before = np.array(x)
    fg.set(x, 0, 7.0), fg.update(x, 0, 7.0), fg.index_put(x, (fg.tensor([0]),), 7.0)
    assert_close(x, before)


# Derivatives


def test_products_differentiate_exactly_at_zeros_and_twice():
    factors = np.array([2.0, 0.0, 3.0, 0.0, 5.0])

    def f(x, v):
        return fg.update(x, np.array([0, 0, 1, 1, 2]), v, op="mul") * np.array([1.0, 10.0, 100.0])

    check_grad(f, np.array([1.5, 0.0, -2.0]), factors)
    total = lambda v: f(jnp.ones(3), v).sum()  # noqa: E731
    hessian = jax.hessian(total)(fg.tensor(factors))
    expected = np.zeros((5, 5), np.float32)
    expected[0, 1] = expected[1, 0] = 1
    expected[2, 3] = expected[3, 2] = 10
    assert_close(hessian, expected)


def test_a_repeated_place_gets_the_sum_of_gradients():
    weights = jnp.array([[1.0], [10.0], [100.0]])
    gradient = jax.grad(lambda x: (fg.index(x, fg.tensor([0, 0, 2])) * weights).sum())(x)
    assert_close(gradient[:, 0], fg.tensor([11.0, 0.0, 100.0]))


# Programs


def test_other_places_are_read_and_written_by_the_same_program():
    x = fg.reshape(fg.arange(93.0), 3, 31)  # no other test's: of 2048 programs JAX forgets the one not used for longest
    for i in range(2):
        fg.index(x, i), fg.set(x, (i, 0), 1.0)
        fg.index(x, (slice(i, i + 2), [i, 1])), fg.update(x, slice(i, i + 1), 2.0)
    with assert_no_retrace():
        assert_close(fg.index(x, -1), np.array(x)[-1])
        fg.set(x, (2, -1), 1.0)
        fg.index(x, (slice(1, 3), [3, 2]))
        fg.update(x, slice(2, 3), 2.0)


def test_compiled_it_is_what_jax_writes():
    def lowered(f, *args):
        return jax.jit(f).lower(*args).as_text().split("\n", 1)[1]

    parts = [1, (slice(0, 2), 1), slice(None, None, 2), (..., None)]
    for part in parts:
        assert lowered(lambda x, part=part: fg.index(x, part), x) == lowered(lambda x, part=part: x[part], x)
        mine, jaxs = (lambda x, part=part: fg.set(x, part, 1.0)), (lambda x, part=part: x.at[part].set(1.0))
        assert lowered(mine, x) == lowered(jaxs, x)


def test_index_put_takes_a_tuple():
    message = "index_put(): indices must be a tuple of arrays; got int32 of shape (1,); write (index,)."
    with raises(fg.ArgumentTypeError, message):
        fg.index_put(x, fg.tensor([0]), 1.0)


def test_a_part_is_replaced_by_its_own_shape():
    message = (
        "{}(): src must have the shape of the part it replaces, {}; got {}; reshape it, or correct dim and the bounds."
    )
    with raises(fg.ShapeError, message.format("select_scatter", (4,), (1, 4))):
        fg.select_scatter(x, fg.ones(1, 4), 0, 1)
    with raises(fg.ShapeError, message.format("slice_scatter", (3, 2), (3, 3))):
        fg.slice_scatter(x, fg.ones(3, 3), 1, 0, 2)
    with raises(fg.ArgumentError, "slice_scatter(): step must be at least 1; got 0; correct it."):
        fg.slice_scatter(x, x, step=0)
    one_dim = "slice_scatter(): input must have at least 1 dimension; got shape (); add one with fg.unsqueeze."
    with raises(fg.ShapeError, one_dim):
        fg.slice_scatter(fg.ones(()), fg.ones(()))
    with raises(fg.ShapeError, message.format("diagonal_scatter", (3,), (4,))):
        fg.diagonal_scatter(x, fg.ones(4))
    message = (
        "select_scatter(): index must be in [-3, 2] along dimension 0 of size 3; got 3; "
        "correct the index; nothing is clamped or wrapped."
    )
    with raises(fg.IndexRangeError, message):
        fg.select_scatter(x, fg.ones(4), 0, 3)
    assert_close(jax.jit(lambda i: fg.select_scatter(x, fg.ones(4), 0, i))(1), x.at[1].set(1.0))
    message = (
        "diagonal_scatter(): src must fit in int32, the dtype of the array; got float32 of shape (3,); "
        "convert the array first, with fg.to(x, 'float32')."
    )
    with raises(fg.DtypeError, message):
        fg.diagonal_scatter(n, fg.ones(3))
    message = (
        "diagonal_scatter(): every value must fit in uint8; got 300 at index 0; "
        "convert the array first, with fg.to(x, 'int32')."
    )
    with raises(fg.ConversionError, message):
        fg.diagonal_scatter(fg.zeros(1, 1, dtype="byte"), fg.tensor([300]))

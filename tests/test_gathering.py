"""Places, dtypes and shapes of what words read and write through: each mistake has its message."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from harness import check_grad, raises

import funcgrad as fg
from funcgrad.testing import assert_close

x = fg.tensor(np.arange(12, dtype=np.float32).reshape(3, 4))
n = fg.tensor(np.arange(12).reshape(3, 4))

# word: a call with an index that may be replaced, along dimension 1 of size 4; whether negative places are allowed
CALLS = {
    "gather": (lambda x, i: fg.gather(x, 1, i), False),
    "index_select": (lambda x, i: fg.index_select(x, 1, i[0]), False),
    "take_along_dim": (lambda x, i: fg.take_along_dim(x, i, 1), True),
    "scatter": (lambda x, i: fg.scatter(x, 1, i, 0.0), False),
    "scatter_add": (lambda x, i: fg.scatter_add(x, 1, i, x), False),
    "scatter_reduce": (lambda x, i: fg.scatter_reduce(x, 1, i, x, "sum"), False),
    "index_add": (lambda x, i: fg.index_add(x, 1, i[0], x[:, :2]), False),
    "index_copy": (lambda x, i: fg.index_copy(x, 1, i[0], x[:, :2]), False),
    "index_fill": (lambda x, i: fg.index_fill(x, 1, i[0], 0.0), True),
    "index_reduce": (lambda x, i: fg.index_reduce(x, 1, i[0], x[:, :2], "amax"), False),
}
FLAT = {
    "take": lambda x, i: fg.take(x, i),
    "put": lambda x, i: fg.put(x, i, fg.zeros(i.shape)),
}


def outside(word, place, low, high, dim, size, argument="index"):
    return raises(
        fg.IndexRangeError,
        f"{word}(): {argument} must be in [{low}, {high}] along dimension {dim} of size {size}; got {place}; "
        "correct the index; nothing is clamped or wrapped.",
    )


@pytest.mark.parametrize("word", CALLS)
@pytest.mark.parametrize("place", [4, -1, -5])
def test_a_place_out_of_range_is_named(word, place):
    call, negative = CALLS[word]
    index = fg.tensor([[1, place]])
    argument = "indices" if word == "take_along_dim" else "index"
    if negative and place == -1:
        call(x, index)
        return
    for attempt in (call, jax.jit(lambda x, i: call(x, np.array([[1, place]])))):
        with outside(word, place, -4 if negative else 0, 3, 1, 4, argument):
            attempt(x, index)
        call(x, fg.tensor([[1, 0]]))
        with outside(word, place, -4 if negative else 0, 3, 1, 4, argument):
            attempt(x, index)  # also on the path of a spelling seen before


@pytest.mark.parametrize("word", FLAT)
@pytest.mark.parametrize("place", [12, -13])
def test_a_flat_place_out_of_range_is_named(word, place):
    with outside(word, place, -12, 11, 0, 12):
        FLAT[word](x, fg.tensor([0, place]))


@pytest.mark.parametrize("word", [*CALLS, *FLAT])
def test_an_index_is_of_integers(word):
    call = CALLS[word][0] if word in CALLS else FLAT[word]
    argument = "indices" if word == "take_along_dim" else "index"
    shape = "(2,)" if word.startswith("index") else "(1, 2)"
    for index, remedy in [
        (fg.tensor([[0.0, 1.0]]), "convert it with fg.to(x, 'int')"),
        (fg.tensor([[True, False]]), "use fg.masked_select, fg.masked_fill or fg.where for a mask"),
    ]:
        message = f"{word}(): {argument} must have an integer dtype; got {index.dtype} of shape {shape}; {remedy}."
        with raises(fg.DtypeError, message):
            call(x, index)


@pytest.mark.parametrize("word", ["gather", "index_select", "take_along_dim"])
def test_a_traced_place_out_of_range_reads_nan(word):
    read = jax.jit(CALLS[word][0])(x, fg.tensor([[1, 9]]))
    assert_close(jnp.isnan(read).any(0), fg.tensor([False, True]))
    assert bool(jnp.isnan(jax.jit(fg.take)(x, fg.tensor(99))))


@pytest.mark.parametrize("word", ["scatter", "scatter_add", "index_fill", "index_add", "index_copy", "index_reduce"])
def test_a_traced_place_out_of_range_writes_nothing(word):
    call = CALLS[word][0]
    assert_close(jax.jit(call)(x, fg.tensor([[9, 9]])), x)


def test_shapes_of_an_index():
    message = (
        "gather(): index must have as many dimensions as input; got shapes (2,) and (3, 4); "
        "add dimensions with fg.unsqueeze, or use fg.index_select."
    )
    with raises(fg.ShapeError, message):
        fg.gather(x, 0, fg.tensor([0, 1]))
    message = (
        "gather(): index must be no larger than input except along dimension 1; "
        "got shapes (4, 1) and (3, 4), which differ in dimension 0; cut index."
    )
    with raises(fg.ShapeError, message):
        fg.gather(x, 1, fg.zeros(4, 1, dtype="int"))
    message = (
        "take_along_dim(): input and indices must have the same number of dimensions; "
        "got shapes (3, 4) and (1,); add dimensions with fg.unsqueeze."
    )
    with raises(fg.ShapeError, message):
        fg.take_along_dim(x, fg.tensor([0]), 1)
    with raises(fg.ShapeError, message.replace("(3, 4)", "()")):
        fg.take_along_dim(fg.ones(()), fg.tensor([0]), 0)
    message = (
        "index_select(): index must have at most 1 dimension; got shape (1, 1); "
        "flatten it, or use fg.gather or fg.index."
    )
    with raises(fg.ShapeError, message):
        fg.index_select(x, 0, fg.tensor([[0]]))
    message = (
        "index_add(): index must have at most 1 dimension; got shape (1, 1); flatten it, or use fg.scatter or fg.set."
    )
    with raises(fg.ShapeError, message):
        fg.index_add(x, 0, fg.tensor([[0]]), x)


def test_shapes_of_what_is_written():
    places = fg.tensor([[0, 1], [1, 0]])
    message = (
        "scatter(): src must have as many dimensions as index, and be no smaller in any; "
        "got src of shape (1, 4) and index of shape (2, 2); expand src, or write a single number."
    )
    with raises(fg.ShapeError, message):
        fg.scatter(x, 1, places, x[:1])
    message = (
        "index_copy(): source must have a slice of input for each index, shape (2, 4); got shape (3, 4); "
        "reshape source, or correct index."
    )
    with raises(fg.ShapeError, message):
        fg.index_copy(x, 0, fg.tensor([0, 1]), x)
    with raises(
        fg.ShapeError, "put(): index and source must have as many elements; got 1 and 2; give one value for each index."
    ):
        fg.put(x, fg.tensor([0]), fg.ones(2))
    message = "index_fill(): value must be a number or a 0-d array; got shape (1,); use fg.index_copy for slices."
    with raises(fg.ShapeError, message):
        fg.index_fill(x, 0, fg.tensor([0]), fg.ones(1))


WRITES = {
    "scatter": (lambda v: fg.scatter(n, 0, n[:1] * 0, v[:1]), "src"),
    "scatter_add": (lambda v: fg.scatter_add(n, 0, n[:1] * 0, v[:1]), "src"),
    "scatter_reduce": (lambda v: fg.scatter_reduce(n, 0, n[:1] * 0, v[:1], "sum"), "src"),
    "index_add": (lambda v: fg.index_add(n, 0, fg.tensor([0]), v[:1]), "source"),
    "index_copy": (lambda v: fg.index_copy(n, 0, fg.tensor([0]), v[:1]), "source"),
    "index_reduce": (lambda v: fg.index_reduce(n, 0, fg.tensor([0]), v[:1], "amin"), "source"),
    "put": (lambda v: fg.put(n, fg.tensor([[0, 1, 2, 3]]), v[:1]), "source"),
}


@pytest.mark.parametrize("word", WRITES)
def test_what_is_written_keeps_its_kind(word):
    write, argument = WRITES[word]
    message = (
        f"{word}(): {argument} must fit in int32, the dtype of the array; got float32 of shape (1, 4); "
        "convert the array first, with fg.to(x, 'float32')."
    )
    with raises(fg.DtypeError, message):
        write(x)
    with raises(fg.DtypeError, message):
        jax.jit(lambda n: write(x))(n)
    write(n)


def test_numbers_that_are_written_keep_their_kind_and_fit():
    places = fg.tensor([[0, 0]])
    message = (
        "{}(): {} must fit in int32, the dtype of the array; got float 2.5; "
        "convert the array first, with fg.to(x, 'float32')."
    )
    for name, argument, write in [
        ("scatter", "src", lambda: fg.scatter(n, 1, places, 2.5)),
        ("scatter", "value", lambda: fg.scatter(n, 1, places, value=2.5)),
        ("index_fill", "value", lambda: fg.index_fill(n, 1, places[0], 2.5)),
        ("index_add", "alpha", lambda: fg.index_add(n, 1, places[0], n[:, :2], alpha=2.5)),
    ]:
        with raises(fg.DtypeError, message.format(name, argument)):
            write()
    message = "scatter(): every value must fit in uint8; got 300; convert the array first, with fg.to(x, 'int32')."
    with raises(fg.ConversionError, message):
        fg.scatter(fg.to(n, "byte"), 1, places, 300)


def test_options():
    places = fg.tensor([[0, 0]])
    with raises(fg.ArgumentTypeError, "scatter(): one of src and value must be given; got neither; pass one."):
        fg.scatter(x, 1, places)
    with raises(fg.ArgumentTypeError, "scatter(): one of src and value must be given; got both; pass one."):
        fg.scatter(x, 1, places, x, value=1.0)
    message = "scatter(): reduce must be 'add', 'multiply' or None; got 'amax'; use fg.scatter_reduce for the others."
    with raises(fg.ArgumentError, message):
        fg.scatter(x, 1, places, x, reduce="amax")
    message = (
        "scatter_reduce(): reduce must be one of 'sum', 'prod', 'mean', 'amax', 'amin'; got 'max'; correct the name."
    )
    with raises(fg.ArgumentError, message):
        fg.scatter_reduce(x, 1, places, x, "max")
    message = "index_reduce(): reduce must be one of 'prod', 'mean', 'amax', 'amin'; got 'sum'; correct the name."
    with raises(fg.ArgumentError, message):
        fg.index_reduce(x, 0, fg.tensor([0]), x[:1], "sum")
    assert_close(fg.gather(x, axis=1, index=fg.tensor([[0]])), fg.tensor([[0.0]]))


def test_gradients_where_torch_defines_them():
    zero = fg.zeros(2)
    places = fg.tensor([0, 0, 1])

    def gradients(reduce, source, include_self=True):
        def total(x, source):
            return fg.scatter_reduce(x, 0, places, source, reduce, include_self=include_self).sum()

        return [g.tolist() for g in jax.grad(total, (0, 1))(zero, fg.tensor(source))]

    assert gradients("amax", [1.0, 1.0, 0.0]) == [[0.0, 0.5], [0.5, 0.5, 0.5]], "ties share"
    assert gradients("amin", [-1.0, 2.0, 3.0]) == [[0.0, 1.0], [1.0, 0.0, 0.0]]
    assert gradients("prod", [2.0, 3.0, 5.0]) == [[6.0, 5.0], [0.0, 0.0, 0.0]], "exact where a factor is zero"
    assert gradients("prod", [2.0, 0.0, 5.0], include_self=False) == [[0.0, 0.0], [0.0, 2.0, 1.0]]
    assert gradients("mean", [2.0, 3.0, 5.0], include_self=False) == [[0.0, 0.0], [0.5, 0.5, 1.0]]


def test_products_of_many_groups_differentiate():
    rng = np.random.default_rng(0)
    start, factors = rng.standard_normal((4, 5)), rng.standard_normal((9, 5))
    factors[::3] = 0
    groups = rng.integers(0, 4, (9, 5))
    check_grad(lambda x, v: fg.scatter_reduce(x, 0, groups, v, "prod"), start, factors)

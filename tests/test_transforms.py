"""vmap and jit: dimensions, chunks, composition, and every message."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from harness import raises

import funcgrad as fg
from funcgrad.testing import assert_close

x = jnp.arange(6.0).reshape(2, 3)
y = jnp.arange(12.0).reshape(3, 4)
chunks = pytest.mark.parametrize("chunk_size", [None, 1, 2, 7])


@chunks
@pytest.mark.parametrize("out_dims", [0, 1, -1])
@pytest.mark.parametrize(
    ("in_dims", "args"),
    [(0, (x, x)), (1, (x, y[:2, :3])), ((1, 0), (x, y)), ((None, -1), (x, x)), ([1, None], (x, 2.0))],
)
def test_dims_and_chunks_agree_with_jax(in_dims, out_dims, args, chunk_size):
    f = lambda a, b: jnp.outer(a, jnp.asarray(b)).sum(1) * jnp.ones(2)[0]  # noqa: E731
    expected = jax.vmap(f, tuple(in_dims) if isinstance(in_dims, list) else in_dims, out_dims)(*args)
    assert_close(fg.vmap(f, in_dims, out_dims, chunk_size=chunk_size)(*args), expected)
    assert_close(fg.vmap(f, in_axes=in_dims, out_axes=out_dims)(*args), expected)
    assert_close(fg.jit(fg.vmap(f, in_dims, out_dims, chunk_size=chunk_size))(*args), expected)


@chunks
def test_trees_in_and_out(chunk_size):
    params = {"w": x, "b": [y.T, None], "name": "f", "act": jnp.tanh}
    f = lambda p, s: {"h": p["act"](p["w"] * s), "b": (p["b"][0].sum(),)}  # noqa: E731
    dims = ({"w": 1, "b": 1, "name": None, "act": None}, None)
    found = fg.vmap(f, dims, {"h": 1, "b": 0}, chunk_size=chunk_size)(params, 2.0)
    assert_close(found, {"h": jnp.tanh(2 * x), "b": (y.T.sum(0),)})


@chunks
def test_keyword_arguments_are_shared_as_in_torch(chunk_size):
    found = fg.vmap(lambda a, b: a * b.sum(), chunk_size=chunk_size)(x, b=jnp.ones(5))
    assert_close(found, 5 * x)


def test_functions_and_strings_among_the_arguments_are_shared():
    assert_close(fg.vmap(lambda f, x: f(x))(jnp.sum, x), x.sum(1))


@chunks
def test_different_keys_give_different_numbers(chunk_size):
    keys = jax.random.split(jax.random.key(0), 4)
    found = fg.vmap(lambda key, n: jax.random.normal(key) + n, chunk_size=chunk_size)(keys, jnp.zeros(4))
    assert len(set(found.tolist())) == 4
    shared = fg.vmap(lambda n, key: jax.random.normal(key) + n, (0, None), randomness="same")(jnp.zeros(4), keys[0])
    assert len(set(shared.tolist())) == 1


def test_numpy_arrays_are_converted_where_mapped_and_kept_where_shared():
    seen = []
    shared = np.ones(3)
    found = fg.vmap(lambda a, b: seen.append(b) or a * 2, (0, None))(np.ones((2, 3)), shared)
    assert_close(found, jnp.full((2, 3), 2.0))
    assert seen == [shared] or seen[0] is shared
    with raises(
        fg.ConversionError,
        "vmap(): every value must fit in int32; got 1099511627776 at index 0; "
        "ask for dtype='int64' after jax.config.update(\"jax_enable_x64\", True), or pass lossy=True.",
    ):
        fg.vmap(lambda a: a)(np.array([2**40]))


def test_results_without_elements():
    for chunk_size in (None, 2):
        assert fg.vmap(lambda v: v[:0], chunk_size=chunk_size)(y).shape == (3, 0)
    assert fg.vmap(jnp.sin)(jnp.zeros((0, 3))).shape == (0, 3)


def test_nested_and_differentiated():
    assert_close(fg.vmap(fg.vmap(lambda a, b: a * b, (None, 0)), (0, None))(x[0], y[0]), jnp.outer(x[0], y[0]))
    assert_close(fg.grad(lambda x: fg.vmap(jnp.sin, chunk_size=1)(x).sum())(x), jnp.cos(x))
    per_example = fg.vmap(fg.grad(lambda w, x: (w @ x) ** 2), in_dims=(None, 0))(jnp.ones(3), x)
    assert_close(per_example, 2 * x.sum(1, keepdims=True) * x)


def test_chunks_bound_the_memory():
    big = jnp.ones((256, 200))

    def peak(chunk_size):
        f = fg.vmap(lambda v: jnp.sort(jnp.outer(v, v), 0).sum(1).max(), chunk_size=chunk_size)
        return fg.jit(f).lower(big).compile().memory_analysis().temp_size_in_bytes

    assert peak(8) < peak(None) / 8


def test_errors_of_the_function_pass_through():
    def f(x):
        raise KeyError("mine")

    for chunk_size in (None, 1):
        with pytest.raises(KeyError, match=r"^'mine'$"):
            fg.vmap(f, chunk_size=chunk_size)(x)


def first(*args):
    return args[0]["w"] if isinstance(args[0], dict) else args[0]


@pytest.mark.parametrize(
    ("options", "args", "kind", "message"),
    [
        (
            {},
            (x, y),
            fg.ShapeError,
            "all arguments must have one size along the dimensions mapped; got 2 in dimension 0 of argument 0 and "
            "3 in dimension 0 of argument 1; correct in_dims, with None for what all examples share.",
        ),
        (
            {},
            ({"w": x, "b": [y]},),
            fg.ShapeError,
            "all arguments must have one size along the dimensions mapped; got 3 in dimension 0 of argument 0.b.0 and "
            "2 in dimension 0 of argument 0.w; correct in_dims, with None for what all examples share.",
        ),
        (
            {},
            (x, 2.0),
            fg.ShapeError,
            "argument 1 must be an array with a dimension to map over; got float 2.0; "
            "write None for it in in_dims to share it.",
        ),
        (
            {"in_dims": (0, 2)},
            (x, x),
            fg.DimError,
            "the dimension of argument 1 must be in [-2, 1]; got 2 for shape (2, 3); correct in_dims.",
        ),
        (
            {"in_dims": (0, None)},
            (x,),
            fg.ArgumentError,
            "in_dims must have one entry for each positional argument; got 2 for 1 argument; "
            "write None for what all examples share.",
        ),
        (
            {"in_dims": ({"v": 0},)},
            ({"w": x},),
            fg.ArgumentError,
            "in_dims[0] must have the upper structure of argument 0; got {'v': 0}; "
            "write one int, or a tree of ints in the structure of argument 0.",
        ),
        (
            {"in_dims": "a"},
            (x,),
            fg.ArgumentTypeError,
            "in_dims must be made of ints and None; got str 'a'; count from 0, or from -1 at the end.",
        ),
        (
            {"in_dims": None},
            (x,),
            fg.ArgumentError,
            "there must be something to map over; every argument is shared; give at least one a dimension in in_dims.",
        ),
        (
            {"out_dims": 3},
            (x,),
            fg.DimError,
            "out_dims must be in [-2, 1] for an example's result of shape (3,); got 3; correct out_dims.",
        ),
        (
            {"out_dims": (0, 1)},
            (x,),
            fg.ArgumentError,
            "out_dims must have the upper structure of the output; got (0, 1); "
            "write one int, or a tree of ints in the structure of the output.",
        ),
        (
            {"out_dims": None},
            (x,),
            fg.ArgumentTypeError,
            "out_dims must be made of ints; got None; count from 0, or from -1 at the end.",
        ),
    ],
)
@pytest.mark.parametrize("chunk_size", [None, 1])
def test_what_cannot_be_mapped(options, args, kind, message, chunk_size):
    with raises(kind, f"vmap(): {message}"):
        fg.vmap(first, **options, chunk_size=chunk_size)(*args)


def test_options_that_cannot_be():
    message = (
        "vmap(): randomness must be 'error' or 'same', because random numbers come from keys; got 'different'; "
        "map over different keys, made with fg.keys(key, n)."
    )
    with raises(fg.ArgumentError, message):
        fg.vmap(jnp.sin, randomness="different")
    message = (
        "vmap(): randomness must be 'error' or 'same', because random numbers come from keys; got 'x'; leave it out."
    )
    with raises(fg.ArgumentError, message):
        fg.vmap(jnp.sin, randomness="x")
    for chunk_size in (0, 1.5):
        message = f"vmap(): chunk_size must be a positive int; got {chunk_size}; leave it out to map all at once."
        with raises(fg.ArgumentError, message):
            fg.vmap(jnp.sin, chunk_size=chunk_size)
    message = "vmap(): in_dims and in_axes are two names of one option; got both; pass only in_dims."
    with raises(fg.ArgumentError, message):
        fg.vmap(jnp.sin, in_dims=1, in_axes=1)


# jit


def test_jit_is_jaxs():
    compiled = fg.jit(lambda x: x * 2)
    assert type(compiled) is type(jax.jit(lambda x: x))
    assert_close(compiled(x), 2 * x)
    assert "stablehlo" in compiled.lower(x).as_text()


def test_jit_as_a_decorator_with_and_without_options():
    @fg.jit
    def twice(x):
        """Two of it."""
        return 2 * x

    @fg.jit(static_argnames=("n",), donate_argnums=0)
    def power(x, n):
        return x**n if n > 1 else x * 1

    assert (twice.__name__, twice.__doc__) == ("twice", "Two of it.")
    assert_close(twice(x), 2 * x)
    given = x + 0
    assert_close(power(given, n=2), x**2)
    assert given.is_deleted()


def test_options_that_jit_does_not_have():
    with pytest.raises(fg.ArgumentTypeError) as caught:
        fg.jit(jnp.sin, fullgraph=True)
    assert str(caught.value).startswith("jit(): options must be those of jax.jit; got 'fullgraph'; choose from ")
    assert "static_argnames" in str(caught.value)
    message = (
        "jit(): func must be a function; got float32 of shape (2, 3); "
        "pass the function itself and call what comes back, as in fg.jit(f)(x)."
    )
    with raises(fg.ArgumentTypeError, message):
        fg.jit(x)

"""Layers: what they refuse, which gradients they let pass, and the statistics of what is random."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from harness import raises

import funcgrad as fg
from funcgrad.testing import assert_close

key = jax.random.key(0)
table = jnp.arange(10.0).reshape(5, 2)


# linear


def test_linear_says_which_shapes_do_not_fit():
    message = (
        "linear(): input of shape (*, in) needs weight of shape (out, in) or (in,); got input of shape (3, 4) and "
        "weight of shape (4, 2); transpose the weight if it is (in, out)."
    )
    with raises(fg.ShapeError, message):
        fg.nn.linear(np.ones((3, 4), np.float32), np.ones((4, 2), np.float32))
    message = (
        "linear(): bias must have shape (2,) for weight of shape (2, 4); got (1, 2); give one number for each output."
    )
    with raises(fg.ShapeError, message):
        fg.nn.linear(jnp.ones((3, 4)), jnp.ones((2, 4)), jnp.ones((1, 2)))


def test_linear_multiplies_matrices_on_cpu():
    # The gradient of a product of three dimensions is up to twice as slow there.
    x, w = jnp.ones((2, 3, 4)), jnp.ones((5, 4))
    program = str(jax.make_jaxpr(jax.grad(lambda w: fg.nn.linear(x, w).sum()))(w))
    assert ("f32[6,5]" in program) == (jax.default_backend() == "cpu")
    assert fg.nn.linear(x[:, :0], w).shape == (2, 0, 5)


# embedding and one_hot


def test_indices_are_checked():
    message = (
        "embedding(): input must be in [0, 4] along dimension 0 of size 5; got 5; correct the index; nothing is "
        "clamped or wrapped."
    )
    with raises(fg.IndexRangeError, message):
        fg.nn.embedding(np.array([0, 5]), table)
    with raises(fg.IndexRangeError, message.replace("got 5", "got -1")):
        fg.nn.embedding(np.array([0, -1]), table)
    message = (
        "one_hot(): index must be in [0, 2] along dimension -1 of size 3; got 3; correct the index; nothing is clamped "
        "or wrapped."
    )
    with raises(fg.IndexRangeError, message):
        fg.nn.one_hot(np.array([0, 3]), 3)
    with raises(fg.IndexRangeError, message.replace("got 3", "got -1")):
        fg.nn.one_hot(np.array([-1, 2]))
    for word, args in (("embedding", (table,)), ("one_hot", (3,))):
        message = (
            f"{word}(): input must hold indices of an integer dtype; got float32 of shape (2,); convert it with "
            "fg.to(x, 'long')."
        )
        with raises(fg.DtypeError, message):
            getattr(fg.nn, word)(np.zeros(2, np.float32), *args)


def test_under_jit_an_index_out_of_range_is_seen():
    rows = jax.jit(fg.nn.embedding)(jnp.array([0, 5, -1]), table)
    assert np.isnan(rows).tolist() == [[False] * 2, [True] * 2, [True] * 2]
    # Integers have no NaN: a row of zeros, which stands for no class, is documented and not silent.
    assert_close(jax.jit(fg.nn.one_hot, static_argnums=1)(jnp.array([3, -1]), 3), jnp.zeros((2, 3), int))


def test_embedding_asks_for_a_table():
    message = "embedding(): weight must have shape (n, d), a row for each index; got shape (10,); reshape it."
    with raises(fg.ShapeError, message):
        fg.nn.embedding(np.array([0]), table.reshape(-1))
    message = "embedding(): padding_idx must be in [-5, 4] for 5 rows; got 5; name a row of weight."
    with raises(fg.IndexRangeError, message):
        fg.nn.embedding(np.array([0]), table, padding_idx=5)


@pytest.mark.parametrize("padding", [1, -4])
def test_the_padding_row_has_no_gradient(padding):
    gradient = jax.grad(lambda w: fg.nn.embedding(jnp.array([1, 2, 1]), w, padding).sum())(table)
    assert_close(gradient, jnp.zeros((5, 2)).at[2].set(1.0))


def test_one_hot_counts_the_classes():
    assert_close(fg.nn.one_hot(jnp.array([0, 2])), jnp.array([[1, 0, 0], [0, 0, 1]]))
    assert fg.nn.one_hot(jnp.array(1)).dtype == fg.arange(1).dtype
    message = (
        "one_hot(): num_classes must be given when the function is traced, because it decides the shape; got -1; pass "
        "the number of classes."
    )
    with raises(fg.TracedValueError, message):
        jax.jit(fg.nn.one_hot)(jnp.array([0]))
    message = "one_hot(): num_classes must be given for no indices; got int32 of shape (0,); pass a number."
    with raises(fg.ArgumentError, message):
        fg.nn.one_hot(jnp.zeros(0, int))
    with raises(fg.ArgumentError, "one_hot(): num_classes must be positive, or -1; got 0; pass a number."):
        fg.nn.one_hot(jnp.zeros(0, int), 0)


# dropout


def test_dropout_keeps_the_mean_and_its_gradient():
    x = jnp.ones(100_000)
    dropped = fg.nn.dropout(x, 0.25, key=key)
    assert sorted({*np.asarray(dropped).tolist()}) == [0.0, pytest.approx(1 / 0.75)]
    assert float((dropped == 0).mean()) == pytest.approx(0.25, abs=0.005)
    assert_close(jax.grad(lambda x: fg.nn.dropout(x, 0.25, key=key).sum())(x), dropped)
    assert_close(fg.nn.dropout(x, 1.0, key=key), jnp.zeros(100_000))
    assert float(jax.grad(lambda x: fg.nn.dropout(x, 1.0, key=key))(jnp.float32(1.0))) == 0.0


def test_dropout_is_off_without_training():
    x = jnp.ones(5)
    assert_close(fg.nn.dropout(x, 0.5, training=False), x)
    assert_close(fg.nn.dropout(x, 0.0), x)


def test_dropout_says_what_it_needs():
    message = (
        "dropout(): key= is required, because no generator is kept here; got none; pass key=fg.key(0), and a new one "
        "from fg.keys each time."
    )
    with raises(fg.ArgumentTypeError, message):
        fg.nn.dropout(jnp.ones(3))
    with raises(fg.ArgumentError, "dropout(): p must be in [0, 1]; got 1.5; choose a probability."):
        fg.nn.dropout(jnp.ones(3), 1.5, key=key)
    message = "dropout(): input must be floating point; got int32 of shape (3,); convert it with fg.to(x, 'float')."
    with raises(fg.DtypeError, message):
        fg.nn.dropout(jnp.arange(3), key=key)


# mlp


def test_mlp_is_the_layers_in_a_row():
    params = fg.nn.mlp_init([3, 4, 5, 2], key=key)
    x = jax.random.normal(key, (7, 3))
    hidden = x
    for layer in params[:-1]:
        hidden = jnp.tanh(hidden @ layer["weight"].T + layer["bias"])
    expected = hidden @ params[-1]["weight"].T + params[-1]["bias"]
    assert_close(fg.nn.mlp(params, x, activation=jnp.tanh), expected)
    assert_close(fg.nn.mlp(params[:1], x), x @ params[0]["weight"].T + params[0]["bias"])
    assert fg.nn.mlp([{"weight": jnp.ones((2, 3))}], x).shape == (7, 2)


def test_mlp_starts_as_in_torch():
    (layer,) = fg.nn.mlp_init([400, 300], key=key)
    for leaf in layer.values():
        assert float(abs(leaf).max()) == pytest.approx(1 / 20, rel=1e-2)
        assert float(leaf.std()) == pytest.approx(1 / 20 / 3**0.5, rel=0.05)
    assert fg.nn.mlp_init([2, 1], key=key, dtype="half")[0]["weight"].dtype == jnp.float16


def test_mlp_init_says_what_it_needs():
    for sizes in ([3], [3, 0]):
        message = f"mlp_init(): sizes must be two or more positive ints; got {sizes}; write for example [3, 4, 2]."
        with raises(fg.ArgumentError, message):
            fg.nn.mlp_init(sizes, key=key)
    with raises(fg.ArgumentTypeError, "mlp_init(): key must be a key; got int 0; pass key=fg.key(0)."):
        fg.nn.mlp_init([3, 2], key=0)


def test_parameters_that_are_no_layers():
    required, remedy = "params must be a list of dicts with a weight", "make them with fg.nn.mlp_init(...)"
    with raises(fg.ArgumentTypeError, f"mlp(): {required}; got a dict; {remedy}."):
        fg.nn.mlp({"weight": jnp.ones((2, 3))}, jnp.ones(3))
    with raises(fg.ArgumentTypeError, f"mlp(): {required}; got a list; {remedy}."):
        fg.nn.mlp([jnp.ones((2, 3))], jnp.ones(3))

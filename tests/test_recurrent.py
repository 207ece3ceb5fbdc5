"""Recurrent networks: sequences against their cells, dropout between layers, and what is refused."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from harness import raises

import funcgrad as fg
from funcgrad.testing import assert_close

rng = np.random.default_rng(0)
key = jax.random.key(0)


def draw(*shape):
    return jnp.asarray(rng.standard_normal(shape), jnp.float32)


x, h, c = draw(4, 2, 3), draw(1, 2, 5), draw(1, 2, 5)
GATES = {"rnn_tanh": 1, "rnn_relu": 1, "gru": 3, "lstm": 4}
params = {w: [draw(5 * n, 3), draw(5 * n, 5), draw(5 * n), draw(5 * n)] for w, n in GATES.items()}


@pytest.mark.parametrize("word", GATES)
def test_a_sequence_is_its_cell_step_by_step(word):
    first = (h, c) if word == "lstm" else h
    output, *last = getattr(fg, word)(x, first, params[word])
    state = (h[0], c[0]) if word == "lstm" else h[0]
    for t in range(4):
        state = getattr(fg, f"{word}_cell")(x[t], state, *params[word])
        assert_close(output[t], state[0] if word == "lstm" else state)
    assert_close([a[0] for a in last], list(state) if word == "lstm" else [state])


def test_one_element_needs_no_batch():
    weights = params["gru"]
    assert_close(fg.gru_cell(x[0, 0], h[0, 0], *weights), fg.gru_cell(x[0], h[0], *weights)[0])


def test_dropout_is_between_layers_and_in_training_only():
    upper = [draw(15, 5), draw(15, 5), draw(15), draw(15)]
    states = jnp.concatenate([h, h])
    options = (params["gru"] + upper, True, 2, 0.5)
    plain, _ = fg.gru(x, states, *options)
    dropped, last = fg.gru(x, states, *options, True, key=key)
    assert float(abs(dropped - plain).max()) > 1e-3
    _, below = fg.gru(x, h, params["gru"])
    assert_close(last[0], below[0])  # the states are those before anything is dropped
    alone, _ = fg.gru(x, h, params["gru"], True, 1, 0.5, True)  # there is nothing between one layer, and no key
    assert_close(alone, fg.gru(x, h, params["gru"])[0])


def test_a_longer_sequence_compiles_no_more():
    sizes = [len(jax.make_jaxpr(lambda a: fg.lstm(a, (h, c), params["lstm"]))(draw(n, 2, 3)).eqns) for n in (10, 50)]
    assert sizes[0] == sizes[1]


def test_half_precision_is_kept():
    half = [p.astype("bfloat16") for p in params["lstm"]]
    output, *_ = fg.lstm(x.astype("bfloat16"), (h.astype("bfloat16"), c.astype("bfloat16")), half)
    assert output.dtype == jnp.bfloat16
    assert_close(output.astype("float32"), fg.lstm(x, (h, c), params["lstm"])[0], rtol=0.1, atol=0.05)


def test_messages():
    weights = params["gru"]
    message = "gru(): input must have 3 dimensions; got shape (4, 3); give (T, N, in), or (N, T, in) with "
    with raises(fg.ShapeError, message + "batch_first=True."):
        fg.gru(x[:, 0], h, weights)
    message = (
        "gru(): params must be 8 arrays, 4 for each layer and direction; got 4; check has_biases, num_layers and "
        "bidirectional."
    )
    with raises(fg.ArgumentError, message):
        fg.gru(x, jnp.concatenate([h, h]), weights, num_layers=2)
    message = (
        "gru(): hx must have shape (2, 2, hidden): layers times directions, batch; got (1, 2, 5); check num_layers, "
        "bidirectional and batch_first."
    )
    with raises(fg.ShapeError, message):
        fg.gru(x, h, weights, bidirectional=True)
    message = "lstm(): w_ih must have shape (20, 3) for 3 inputs and a state of 5; got (15, 3); transpose or slice it."
    with raises(fg.ShapeError, message):
        fg.lstm(x, (h, c), weights)
    with raises(fg.ArgumentError, "lstm(): hx must be the two states h and c; got 1; write (h, c)."):
        fg.lstm(x, (h,), params["lstm"])
    message = "lstm(): w_hr must have shape (2, 5); got (5, 2); check the shapes of hx."
    with raises(fg.ShapeError, message):
        projected = [draw(20, 3), draw(20, 2), draw(20), draw(20), draw(5, 2)]
        fg.lstm(x, (h[..., :2], c), projected)
    with raises(fg.ArgumentError, "gru(): dropout must be in [0, 1]; got 2.0; choose a probability."):
        fg.gru(x, h, weights, dropout=2.0, train=True)
    message = (
        "gru(): key= is required, because no generator is kept here; got none; pass key=fg.key(0), and a new one from "
        "fg.keys each time."
    )
    with raises(fg.ArgumentTypeError, message):
        fg.gru(x, jnp.concatenate([h, h]), [*weights, draw(15, 5), *weights[1:]], True, 2, 0.5, True)
    with raises(fg.ArgumentError, "rnn_relu(): num_layers must be at least 1; got 0; correct it."):
        fg.rnn_relu(x, h, params["rnn_relu"], num_layers=0)
    message = "gru_cell(): hx must have shape (2, hidden) for input of shape (2, 3); got (3, 5); reshape it."
    with raises(fg.ShapeError, message):
        fg.gru_cell(x[0], draw(3, 5), *weights)
    message = "gru_cell(): input must have 1 or 2 dimensions; got shape (4, 2, 3); give (N, in) or (in,)."
    with raises(fg.ShapeError, message):
        fg.gru_cell(x, h, *weights)
    message = "lstm_cell(): hx[1] must be floating point; got int32 of shape (2, 5); convert it with fg.to(x, 'float')."
    with raises(fg.DtypeError, message):
        fg.lstm_cell(x[0], (h[0], c[0].astype(int)), *params["lstm"])

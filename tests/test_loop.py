"""A loop over any state: what it computes and records, when it ends, and what it says."""

import gc
import importlib
import io
import signal
import sys
import weakref

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from harness import raises

import funcgrad as fg
from funcgrad.testing import assert_close, assert_no_retrace


def logistic(state, number):
    x = 3.7 * state["x"] * (1 - state["x"])
    return {"x": x, "sum": state["sum"] + number}, {"x": x, "pair": jnp.stack([x, -x])}


START = {"x": 0.3, "sum": 0}


def by_hand(turns):
    x, seen = np.float32(0.3), []
    for _ in range(turns):
        x = np.float32(3.7) * x * (1 - x)
        seen.append(x)
    return np.array(seen)


@pytest.fixture
def small_looks(monkeypatch):
    """Records for a few turns at most, so that the host looks often."""
    monkeypatch.setattr(importlib.import_module("funcgrad.train.loop"), "_MOST_AT_ONCE", 4)


@pytest.mark.parametrize("every", [1, 3, 7, 50])
def test_it_is_the_loop_written_out_however_often_the_host_looks(small_looks, every):
    def step(state, number):  # its own, so that it is compiled with little room
        return logistic(state, number)

    state, records = fg.loop(step, START, 45, every=every)
    seen = by_hand(45)
    assert_close(state, {"x": jnp.asarray(seen[-1]), "sum": jnp.array(45 * 44 // 2)}, rtol=1e-3, atol=1e-3)
    kept = seen[every - 1 :: every]
    assert records["x"].shape == (45 // every,)
    assert records["pair"].shape == (45 // every, 2)
    np.testing.assert_allclose(records["x"][:20], kept[:20], rtol=1e-3)
    assert isinstance(records["x"], np.ndarray)
    traced, stacked = jax.jit(lambda s: fg.loop(step, s, 45, every=every))(START)
    assert_close(traced, state)
    assert_close(stacked, jax.tree.map(jnp.asarray, records))


def test_a_step_may_return_the_state_alone_and_the_state_of_the_caller_stays():
    start = (jnp.zeros(3), jnp.array(1.0))
    state, records = fg.loop(lambda state: (state[0] + state[1], state[1] * 2), start, 4)
    assert_close(state, (jnp.full(3, 15.0), jnp.array(16.0)))
    assert records is None
    assert_close(start, (jnp.zeros(3), jnp.array(1.0)))
    assert fg.loop(lambda x: (x + 1, None), 0, 3) == (3, None)
    state, records = fg.loop(lambda x: (x + 1, x), np.float32(0), 0)
    assert float(state) == 0.0
    assert_close(records, np.zeros(0, np.float32))
    assert fg.loop(lambda x, scale=2: x * scale, 1, 3)[0] == 8


def test_it_ends_after_the_first_turn_where_until_holds(small_looks):
    state, records = fg.loop(lambda x: (x + 1, x), 0, 1000, until=lambda x: x >= 10)
    assert int(state) == 10
    np.testing.assert_array_equal(records, np.arange(10))
    state, records = fg.loop(lambda x: (x + 1, x), 0, 1000, every=4, until=lambda x: x >= 10)
    assert int(state) == 10
    np.testing.assert_array_equal(records, [3, 7])


def test_a_function_is_compiled_once_and_not_kept_alive():
    def step(x):
        return x + 1, x

    fg.loop(step, 0.0, 5)
    with assert_no_retrace():
        fg.loop(step, 1.0, 6)
    state, _ = fg.loop(step, jnp.zeros(2), 5)  # another form
    assert_close(state, jnp.full(2, 5.0))
    alive = weakref.ref(step)
    del step
    gc.collect()
    assert alive() is None


def test_it_has_derivatives_of_both_modes():
    def final(a):
        state, records = fg.loop(lambda x: (x * a, x), a, 3)
        return state + records.sum()

    expected = 4 * 2.0**3 + 1 + 2 * 2.0 + 3 * 2.0**2
    assert float(jax.grad(final)(2.0)) == float(jax.jvp(final, (2.0,), (1.0,))[1]) == expected
    assert_close(jax.vmap(lambda a: fg.loop(lambda x: x * a, a, 2)[0])(jnp.arange(3.0)), jnp.arange(3.0) ** 3)


def test_a_training_step_is_one_of_its_steps():
    x = np.linspace(-1, 1, 8, dtype=np.float32)
    train = fg.train.step(lambda p, x, *, key: fg.mean((p * x - 2 * x) ** 2), optax.sgd(0.5))
    one = train.init(0.0, key=fg.key(0))
    for _ in range(5):
        one, metrics = train(one, x)
    looped, records = fg.loop(lambda state: train(state, x), train.init(0.0, key=fg.key(0)), 5)
    assert_close(looped, one)
    assert_close(records["loss"][-1], np.asarray(metrics["loss"]))


def test_what_is_shown(capsys, monkeypatch):
    fg.loop(lambda x: (x + 1, {"value": x, "many": jnp.ones(2)}), 0, 20, progress=True)
    assert capsys.readouterr().out.startswith("loop: value 19")
    terminal = io.StringIO()
    terminal.isatty = lambda: True
    monkeypatch.setattr(sys, "stderr", terminal)
    fg.loop(lambda x: (x + 1, {"value": x}), 0, 20, progress=True)
    assert "loop: 20/20 |" in terminal.getvalue()
    assert capsys.readouterr().out == ""


def test_ctrl_c_returns_what_there_is(small_looks, capsys, monkeypatch):
    progress = importlib.import_module("funcgrad.train._progress").Progress
    advance = progress.advance

    def asking(self, steps, metrics):
        advance(self, steps, metrics)
        if self.steps > 4:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(progress, "advance", asking)
    state, records = fg.loop(lambda x: (x + 1, x), 0, 1000, progress=True)
    assert int(state) == 8
    np.testing.assert_array_equal(records, np.arange(8))
    assert capsys.readouterr().out.endswith("interrupted after turn 8: the state of that turn is returned\n")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_the_part_that_a_step_changes_is_named():
    start = {"a": [jnp.ones(2), {"b": 1}]}
    required = "loop(): step must return a state of the shapes and dtypes it got; "
    message = (
        f"{required}state.a.1.b was int32 of shape () and came back as float32 of shape (); start from one of dtype "
        "'float32', or convert what step returns."
    )
    with raises(fg.DtypeError, message):
        fg.loop(lambda s: {"a": [s["a"][0], {"b": s["a"][1]["b"] * 0.5}]}, start, 3)
    message = (
        f"{required}state.a.0 was float32 of shape (2,) and came back as float32 of shape (3,); keep its shape, for "
        "example by writing into an array of full length."
    )
    with raises(fg.ShapeError, message):
        fg.loop(lambda s: {"a": [jnp.append(s["a"][0], 1.0), s["a"][1]]}, start, 3)
    message = (
        "loop(): step must return a state like the one it got, or (state, record); got [*] for *; return the same "
        "structure in each turn."
    )
    with raises(fg.ArgumentTypeError, message):
        fg.loop(lambda x: [x], 1, 3)


def test_what_it_asks_for():
    message = "loop(): step must be a function; got int 1; write for example def step(state): return state + 1."
    with raises(fg.ArgumentTypeError, message):
        fg.loop(1, 0, 3)
    message = "loop(): until must be a function; got bool True; write for example until=lambda state: state > 3."
    with raises(fg.ArgumentTypeError, message):
        fg.loop(lambda x: x, 0, 3, until=True)
    with raises(fg.ArgumentError, "loop(): n must be at least 0; got -1; correct it."):
        fg.loop(lambda x: x, 0, -1)
    with raises(fg.ArgumentError, "loop(): every must be at least 1; got 0; correct it."):
        fg.loop(lambda x: x, 0, 1, every=0)
    message = (
        "loop(): the state must be a pytree of arrays and numbers; got str 'relu' at state.act; let step close over "
        "the rest."
    )
    with raises(fg.ArgumentTypeError, message):
        fg.loop(lambda s: s, {"act": "relu"}, 3)
    message = (
        "loop(): until must return a bool or a 0-d array; got bool of shape (2,); reduce it with fg.any or fg.all."
    )
    with raises(fg.ShapeError, message):
        fg.loop(lambda x: x, np.zeros(2), 3, until=lambda x: np.zeros(2, bool))
    message = (
        "loop(): until= needs values, because it decides how many records there are; got a state that is being traced; "
        "call fg.loop outside of the transform, or use fg.while_loop in it."
    )
    with raises(fg.ArgumentError, message):
        jax.eval_shape(lambda x: fg.loop(lambda x: x, x, 3, until=lambda x: x > 0), 1.0)

"""The training loop: what it computes and records, what it shows, and how it ends."""

import csv
import dataclasses
import io
import json
import signal
import sys
import threading
import types

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from harness import raises

import funcgrad as fg
from funcgrad.testing import assert_close, assert_no_retrace
from funcgrad.train._blocks import batch_of
from funcgrad.train._feeding import taken_together

x = np.linspace(-1, 1, 12, dtype=np.float32)
y = 2 * x + 1
optimizer = optax.sgd(0.1)


def loss(params, x, y):
    predicted = params["w"] * x + params["b"]
    return fg.nn.mse_loss(predicted, y), {"bias": params["b"], "predicted": predicted}


@pytest.fixture
def step():
    return fg.train.step(loss, optimizer)


def fresh():
    return fg.train.init({"w": 0.0, "b": 0.0}, optimizer)


def batches(epoch=0):
    return [(x[i : i + 4], y[i : i + 4]) for i in (0, 4, 8)]


def fit(step, *args, **options):
    return fg.train.fit(step, *args, **({"progress": False} | options))


class Terminal(io.StringIO):
    def isatty(self):
        return True


# What it computes and records


def test_it_is_the_loop_a_user_would_write(step):
    expected, losses = fresh(), []
    for _ in range(3):
        for batch in batches():
            expected, metrics = step(expected, *batch)
            losses.append(float(metrics["loss"]))
    state, history = fit(step, fresh(), batches(), epochs=3)
    assert_close(state.params, expected.params)
    np.testing.assert_array_equal(history["loss"], np.float32(losses))
    np.testing.assert_array_equal(history["step"], np.arange(1, 10))
    np.testing.assert_array_equal(history["epoch"], np.repeat([0, 1, 2], 3))
    assert list(history) == ["step", "epoch", "loss", "bias"]
    assert len(history) == 4
    assert "predicted" not in history
    assert history.last("step") == 9
    assert type(history.last("loss")) is float
    assert not history.interrupted


def test_the_state_of_the_caller_stays(step):
    state = fresh()
    fit(step, state, batches())
    assert_close(state.params, {"w": jnp.array(0.0), "b": jnp.array(0.0)})


def test_data_are_asked_for_each_epoch(step):
    asked = []

    def data(epoch):
        asked.append(epoch)
        return iter(batches())

    _, history = fit(step, fresh(), data, epochs=2, first_epoch=5)
    assert asked == [5, 6]
    np.testing.assert_array_equal(history["epoch"], [5, 5, 5, 6, 6, 6])


def test_it_goes_on_where_a_run_ended(step):
    whole, _ = fit(step, fresh(), batches(), epochs=4)
    half, _ = fit(step, fresh(), batches(), epochs=2)
    both, history = fit(step, half, batches(), epochs=2, first_epoch=2)
    assert_close(both.params, whole.params)
    np.testing.assert_array_equal(history["step"], np.arange(7, 13))


def test_batches_of_this_package_and_single_arguments():
    data = fg.data.batches(x, y, batch_size=5, key=jax.random.key(0))
    state, history = fit(fg.train.step(loss, optimizer), fresh(), data, epochs=2)
    assert history["loss"].shape == (6,)
    assert int(state.step) == 6
    for batch in (jnp.ones(3), {"x": jnp.ones(3)}):
        single = fg.train.step(lambda p, batch: p * jax.tree.leaves(batch)[0].sum(), optimizer)
        state, _ = fit(single, fg.train.init(1.0, optimizer), [batch])
        assert_close(state.params, jnp.array(1 - 0.3))


def test_evaluations_are_recorded_for_each_epoch(step):
    def evaluate(params):
        return {"distance": abs(params["w"] - 2), "loss": 0.5, "count": 3}

    state, history = fit(step, fresh(), batches(), epochs=2, evaluate=evaluate)
    assert list(history) == ["step", "epoch", "loss", "bias", "distance", "eval_loss", "count"]
    assert history["distance"].shape == (2,)
    assert history.last("distance") == pytest.approx(abs(float(state.params["w"]) - 2))
    np.testing.assert_array_equal(history["eval_loss"], [0.5, 0.5])
    np.testing.assert_array_equal(history["count"], [3, 3])
    assert history["loss"].shape == (6,)


def test_metrics_that_come_and_go_leave_nan():
    def take(state, batch):
        metrics = {"loss": jnp.array(1.0)} | ({"late": jnp.array(2.0)} if batch >= 2 else {})
        return state, metrics

    _, history = fit(take, fresh(), [0, 1, 2, 3], evaluate=lambda p: {"n": 1})
    np.testing.assert_array_equal(history["late"], [np.nan, np.nan, 2, 2])
    evaluations = iter([{"a": 1}, {"b": 2}, {"a": 3}])
    _, history = fit(take, fresh(), [0], epochs=3, evaluate=lambda p: next(evaluations))
    np.testing.assert_array_equal(history["a"], [1, np.nan, 3])
    np.testing.assert_array_equal(history["b"], [np.nan, 2, np.nan])


def test_a_long_epoch_is_fetched_in_parts():
    def take(state, batch):
        return state, {"loss": jnp.asarray(batch, jnp.float32)}

    _, history = fit(take, fresh(), range(3000))
    np.testing.assert_array_equal(history["loss"], np.arange(3000, dtype=np.float32))


class Watched:
    """A 0-d metric that tells when its value is read."""

    shape, ndim, dtype = (), 0, np.dtype("float32")

    def __init__(self, events):
        self.events = events

    def __array__(self, dtype=None, copy=None):
        self.events.append("read")
        return np.asarray(1.0, dtype)


@pytest.mark.parametrize("progress", [False, True])
def test_nothing_is_read_between_steps(progress):
    events = []

    def take(state, batch):
        events.append("step")
        return state, {"loss": Watched(events)}

    fit(take, fresh(), range(50), epochs=2, progress=progress)
    assert events == 2 * (50 * ["step"] + 50 * ["read"])


def test_a_history_is_written_as_csv(step, tmp_path):
    _, history = fit(step, fresh(), batches(), epochs=2, evaluate=lambda p: {"w": p["w"]})
    history.to_csv(tmp_path / "history.csv")
    with open(tmp_path / "history.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["step", "epoch", "loss", "bias", "w"]
    np.testing.assert_array_equal(np.float32([row["loss"] for row in rows]), history["loss"])
    assert [row["step"] for row in rows] == ["1", "2", "3", "4", "5", "6"]
    assert [bool(row["w"]) for row in rows] == [False, False, True, False, False, True]
    np.testing.assert_array_equal(np.float32([row["w"] for row in rows if row["w"]]), history["w"])


def test_an_unknown_metric_is_named(step):
    _, history = fit(step, fresh(), batches())
    with raises(KeyError, "\"there is no metric 'accuracy'; there are 'step', 'epoch', 'loss' and 'bias'\""):
        history["accuracy"]
    assert history.get("accuracy") is None
    assert repr(history).startswith("History(step=3, epoch=0, loss=")
    assert repr(fg.train.History()) == "History()"


def test_a_history_is_written_as_json_lines(step, tmp_path):
    def take(state, batch):
        return state, {"loss": jnp.array(batch)}

    _, history = fit(take, fresh(), [0.1, np.inf, -np.inf, np.nan], evaluate=lambda p: {"w": 3})
    history.to_jsonl(tmp_path / "history.jsonl")
    with open(tmp_path / "history.jsonl", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    assert rows[0] == {"step": 1, "epoch": 0, "loss": 0.1}
    assert [row["loss"] for row in rows[1:]] == ["Infinity", "-Infinity", "NaN"]
    assert rows[3]["w"] == 3


# Several steps in one dispatch


@pytest.mark.parametrize("together", [2, 4, "auto"])
def test_several_steps_in_a_call_are_the_steps_one_by_one(together):
    step = fg.train.step(loss, optax.adam(0.1))
    rows = fg.data.batches(x[:11], y[:11], batch_size=2, key=fg.key(1))
    evaluated = {"evaluate": lambda p: {"w": p["w"]}, "evaluate_every": 4}
    state, expected = fit(step, step.init({"w": 0.0, "b": 0.0}), rows, epochs=3, **evaluated)
    for data in (rows, lambda epoch: (tuple(map(np.asarray, batch)) for batch in rows(epoch))):
        start = step.init({"w": 0.0, "b": 0.0})
        found, history = fit(step, start, data, epochs=3, steps_per_call=together, **evaluated)
        assert_close(found.params, state.params)
        assert list(history) == list(expected)
        for name in expected:
            np.testing.assert_allclose(history[name], expected[name], rtol=1e-5, atol=1e-6)
        assert_close(start.params["w"], jnp.array(0.0))
    dropped = dataclasses.replace(rows, drop_last=True)
    _, history = fit(step, step.init({"w": 0.0, "b": 0.0}), dropped, steps_per_call=together)
    assert history.last("step") == 5


def test_the_rest_of_an_epoch_needs_no_program_of_its_own(step):
    data = [(x[:2], y[:2])] * 5
    fit(step, fresh(), data, steps_per_call=3)
    assert fit(step, fresh(), data[:1], steps_per_call=3)[1].last("step") == 1
    with assert_no_retrace():
        _, history = fit(step, fresh(), data * 2, epochs=2, steps_per_call=3)
    np.testing.assert_array_equal(history["step"], np.arange(1, 21))
    assert len({*history["epoch"].tolist()}) == 2


def test_several_steps_are_taken_where_nobody_can_tell(step):
    class Counted(fg.train.Step):
        def __init__(self):
            self.__dict__.update(vars(step), calls=[])

        def __call__(self, state, *batch):
            self.calls.append(1)
            return super().__call__(state, *batch)

        def many(self, state, *blocks, count):
            self.calls.append(int(count))
            return super().many(state, *blocks, count=count)

    def calls(data, wrap=lambda step: step, **options):
        counted = Counted()
        state, history = fit(wrap(counted), fresh(), data, **options)
        assert int(state.step) == history.last("step") == len(history["loss"]) == sum(counted.calls)
        return counted.calls

    rows = fg.data.batches(x, y, batch_size=3)  # 12 rows
    kept = Kept(every=3)
    assert calls(batches(), epochs=2) == [3, 3]
    assert calls(rows) == calls(lambda epoch: rows(epoch)) == [4]
    assert calls(rows, checkpoint=kept) == [3, 1]
    assert calls(rows, start=kept.saved[0][1]) == [1]
    assert calls(iter(batches())) == calls(fg.data.prefetch(batches())) == [1, 1, 1]
    assert calls(fg.data.batches(x, y, batch_size=4, load=lambda x, y: (x, y))) == [1, 1, 1]
    assert calls(batches(), callbacks=[lambda event: None]) == [1, 1, 1]
    assert calls(batches(), wrap=lambda step: lambda state, *batch: step(state, *batch)) == [1, 1, 1]
    assert calls(batches(), steps_per_call=1) == [1, 1, 1]
    # A run that goes on in the middle of an epoch takes the program of one that was not stopped, told or not.
    whole = fit(step, fresh(), rows)[0]
    half = fit(step, fresh(), rows, checkpoint=(stopped := Kept(every=2)), epochs=1)[0]
    assert_close(half, whole, rtol=0.0, atol=0.0)
    assert stopped.saved[0][1]["steps_per_call"] == 4
    fit(step, fresh(), rows, checkpoint=(going_on := Kept()), start={"epoch": 0, "batch": 2})
    assert going_on.saved[0][1]["steps_per_call"] == 4


def test_large_batches_on_the_device_stay_where_they_are():
    def spread(params, x, y):
        return fg.nn.mse_loss(params * x, y)

    step = fg.train.step(spread, optax.sgd(0.1))
    xs = [jnp.full((2**14,), 0.1 * i) for i in range(1, 6)]
    data = [*((x, 2 * x) for x in xs), (xs[0][:7], xs[1][:7])]
    state, expected = fit(step, step.init(0.0), data, epochs=2)
    options = {"evaluate": lambda p: {"p": p}, "evaluate_every": 3}
    found, history = fit(step, step.init(0.0), data, epochs=2, steps_per_call=4, **options)
    assert_close(found.params, state.params)
    np.testing.assert_allclose(history["loss"], expected["loss"], rtol=1e-5)
    assert len(history["p"]) == 4
    assert not any(leaf.is_deleted() for leaf in jax.tree.leaves(data))


@pytest.mark.parametrize("stacked", [True, False])
@pytest.mark.parametrize("convert", [np.array, jnp.array])
@pytest.mark.parametrize("key", [None, fg.key(3)])
def test_rows_of_several_batches_are_those_of_each(convert, key, stacked):
    """Also where some arrays are on the host and some on the device, and the last batches are fewer or smaller."""
    numbers, tree = np.arange(23), {"on": jnp.arange(46.0).reshape(23, 2), "off": np.arange(23, dtype=np.int8)}
    for rows in (16, 18, 23):
        part = {name: array[:rows] for name, array in tree.items()}
        data = fg.data.batches(convert(numbers[:rows]), part, batch_size=4, key=key)
        for start in (0, 1, 2):
            taken = taken_together(data(2, start=start), 3, lambda: 2, stacked)  # dispatches are cut
            found = [batch_of(t.batch, i) if t.steps else t.batch for t in taken for i in range(t.steps or 1)]
            for one, batch in zip(found, data(2, start=start), strict=True):
                jax.tree.map(np.testing.assert_array_equal, one, batch)


@pytest.mark.parametrize("key", [None, fg.key(3)])
def test_rows_of_large_batches_are_taken_by_the_step_itself(key, monkeypatch):
    x = fg.randn(40, 2**12, key=fg.key(0))
    step = fg.train.step(lambda params, x, y: fg.nn.mse_loss(x @ params, y), optax.sgd(1e-3))
    data = fg.data.batches(x, x.sum(1), batch_size=8, key=key)
    expected, history = fit(step, step.init(fg.zeros(2**12)), lambda epoch: list(data(epoch)), steps_per_call=1)
    monkeypatch.delattr("funcgrad.train.data.batching.gathered")
    monkeypatch.delattr("funcgrad.train.data.batching._sliced")
    for together in (1, 2):
        found, measured = fit(step, step.init(fg.zeros(2**12)), data, steps_per_call=together)
        assert_close(found.params, expected.params)
        np.testing.assert_allclose(measured["loss"], history["loss"], rtol=1e-5)


def test_batches_that_come_slowly_are_not_waited_for(step, monkeypatch):
    monkeypatch.setattr("funcgrad.train._feeding._WAITED", 0.0)
    told = []
    options = {"steps_per_call": 3, "callbacks": [lambda event: told.append((event.name, event.step))]}
    state, _ = fit(step, fresh(), lambda epoch: iter(batches()), **options)
    assert told == [("step", 1), ("step", 2), ("step", 3), ("epoch", 3), ("end", 3)]
    monkeypatch.undo()
    with assert_no_retrace():
        together, _ = fit(step, fresh(), lambda epoch: iter(batches()), steps_per_call=3)
    assert_close(together.params, state.params, rtol=0.0, atol=0.0)


def test_what_several_steps_in_a_call_ask_for(step):
    message = (
        "fit(): several steps in a call need a step of fg.train.step; got steps_per_call=4 with a function; leave "
        "steps_per_call out."
    )
    with raises(fg.ArgumentError, message):
        fit(lambda state, *batch: (state, {}), fresh(), batches(), steps_per_call=4)
    with raises(fg.ArgumentError, "fit(): steps_per_call must be at least 1; got 0; correct it."):
        fit(step, fresh(), batches(), steps_per_call=0)
    message = "fit(): steps_per_call must be a number of steps or 'auto'; got 'fast'; write 'auto' to have it chosen."
    with raises(fg.ArgumentError, message):
        fit(step, fresh(), batches(), steps_per_call="fast")
    message = (
        "step(): a batch must be made of arrays; got str 'one' at batch[1]; convert it with fg.tensor, or leave it out."
    )
    with raises(fg.ArgumentTypeError, message):
        fit(step, fresh(), [(x, "one")], steps_per_call="auto")


# Evaluation, early stopping, checkpoints, callbacks


def test_evaluations_may_come_after_some_steps_and_be_given_the_state():
    step = fg.train.step(loss, optimizer, ema=0.5)
    seen = []

    def evaluate(state):
        seen.append(int(state.step))
        return {"w": state.ema_params["w"]}

    _, history = fit(step, step.init({"w": 0.0, "b": 0.0}), batches(), epochs=2, evaluate=evaluate, evaluate_every=2)
    assert seen == [2, 4, 6]
    assert history["w"].shape == (3,)

    def counted(params, x, y, model_state):
        return loss(params, x, y)[0], model_state + 1

    step = fg.train.step(counted, optimizer)
    state = step.init({"w": 0.0, "b": 0.0}, model_state=0)

    def keyword(params, *, model_state):
        return {"n": model_state}

    _, history = fit(step, state, batches(), evaluate=keyword)
    assert history["n"].tolist() == [3]
    message = "fit(): evaluate_every says when evaluate= is called; got evaluate_every=2 alone; pass evaluate= too."
    with raises(fg.ArgumentError, message):
        fit(step, state, batches(), evaluate_every=2)


def test_a_run_ends_when_it_becomes_no_better_and_returns_the_best(step):
    scores = iter([0.1, 0.5, 0.4, np.nan, 0.9, 0.9])
    states = []

    def evaluate(params):
        states.append(jax.tree.map(np.asarray, params))
        return {"score": next(scores)}

    options = {"evaluate": evaluate, "patience": 2, "monitor": "score", "mode": "max"}
    state, history = fit(step, fresh(), batches(), epochs=6, **options)
    assert history.stopped
    assert not history.interrupted
    assert history["score"].shape == (4,)
    assert history.best_step == int(state.step) == 6
    assert_close(state.params, jax.tree.map(jnp.asarray, states[1]))
    scores = iter([3.0, 2.0, 1.95, 1.9])
    options |= {"mode": "min", "min_delta": 0.5, "restore_best": False}
    state, history = fit(step, fresh(), batches(), epochs=6, **options)
    assert (history.best_step, int(state.step)) == (6, 12)
    _, history = fit(step, fresh(), batches(), epochs=3, patience=1)  # the mean loss, which falls
    assert not history.stopped
    assert history.best_step == 9


def test_what_early_stopping_asks_for(step):
    message = "fit(): mode must be 'min' or 'max'; got 'best'; write mode='max' for accuracy."
    with raises(fg.ArgumentError, message):
        fit(step, fresh(), batches(), mode="best")
    message = "fit(): monitor= says what patience= watches; got monitor='loss' alone; pass patience=5 too."
    with raises(fg.ArgumentError, message):
        fit(step, fresh(), batches(), monitor="loss")
    message = (
        "fit(): monitor must name a metric of an epoch or of evaluate; got 'score'; choose from 'loss' and 'bias'."
    )
    with raises(fg.ArgumentError, message):
        fit(step, fresh(), batches(), monitor="score", patience=1)


class Kept:
    """A folder of checkpoints, as far as fit knows."""

    def __init__(self, every=None):
        self.every, self.saved = every, []

    def save(self, state, *, data, metrics):
        self.saved.append((int(state.step), data, metrics))


def test_a_run_is_saved_and_goes_on_bit_for_bit():
    data = fg.data.batches(x, y, batch_size=4, key=fg.key(0))

    def noisy(params, x, y, *, key):
        return loss(params, x + 0.1 * jax.random.normal(key, x.shape), y)

    step = fg.train.step(noisy, optax.adam(0.1), ema=0.9)

    class Saved(Kept):
        def save(self, state, *, data, metrics):
            super().save(state, data=data, metrics=metrics)
            if len(self.saved) == 1:
                self.state = jax.tree.map(jnp.copy, state)

    def start():
        return step.init({"w": 0.0, "b": 0.0}, key=fg.key(5))

    whole, _ = fit(step, start(), data, epochs=4)
    for sliced in (data, lambda epoch: iter(list(data(epoch)))):
        kept = Saved(every=5)
        fit(step, start(), data, epochs=2, checkpoint=kept)
        number, place = kept.saved[0][:2]
        assert (number, place["epoch"], place["batch"]) == (5, 1, 2)
        assert place["so_far"].keys() == {"loss", "bias"}
        resumed, history = fit(step, kept.state, sliced, epochs=4, start=kept.saved[0][1])
        assert_close(resumed, whole, rtol=0.0, atol=0.0)
        np.testing.assert_array_equal(history["step"], np.arange(6, 13))
        np.testing.assert_array_equal(history["epoch"], [1, 2, 2, 2, 3, 3, 3])
    kept = Kept()
    fit(step, start(), data, epochs=2, checkpoint=kept, evaluate=lambda p: {"score": 2}, steps_per_call=1)
    assert [entry[:2] for entry in kept.saved] == [(3, {"epoch": 1, "batch": 0}), (6, {"epoch": 2, "batch": 0})]
    assert list(kept.saved[0][2]) == ["loss", "bias", "score"]
    finished, history = fit(step, kept and whole, data, epochs=2, start={"epoch": 2, "batch": 0})
    assert finished is whole
    assert len(history["step"]) == 0


def test_a_run_that_is_interrupted_is_saved(step):
    kept = Kept()
    fit(step, fresh(), lambda epoch: interrupted_at(4, lambda: signal.raise_signal(signal.SIGINT)), checkpoint=kept)
    ((number, place, metrics),) = kept.saved
    assert (number, place["epoch"], place["batch"], metrics) == (5, 0, 5, None)


def test_nothing_that_is_not_finite_is_saved():
    def poisoned(params, x):
        return (params * x).sum()

    step, kept = fg.train.step(poisoned, optimizer, on_nan="raise"), Kept(every=2)
    message = (
        "step(): the loss and its gradient must be finite; at step 3 the loss and the gradient of params were not; "
        "look there for log(0), 0/0 or too large a learning rate; on_nan='skip' leaves such steps out."
    )
    with raises(fg.NonFiniteError, message):
        fit(step, step.init(1.0), [1.0, 1.0, np.nan, 1.0, 1.0], checkpoint=kept)
    assert [entry[0] for entry in kept.saved] == [2]
    with raises(fg.NonFiniteError, message.replace("step 3", "step 1")):
        fit(step, step.init(1.0), np.float32([[np.nan], [1.0]]), steps_per_call=2)


def test_callbacks_are_told_what_happens_and_may_end_the_run(step):
    told = []

    def callback(event):
        told.append((event.name, event.step, event.epoch))
        if event.name == "epoch":
            assert float(event.metrics["loss"]) == pytest.approx(event.history["loss"][-3:].mean())
            assert int(event.state.step) == event.step
        return event.name == "epoch" and event.step >= 6

    _, history = fit(step, fresh(), batches(), epochs=5, callbacks=[callback], evaluate=lambda p: {"score": 1})
    steps = [("step", i, 0) for i in (1, 2, 3)]
    assert told[:5] == [*steps, ("evaluation", 3, 1), ("epoch", 3, 1)]
    assert told[-1] == ("end", 6, 2)
    assert history.stopped
    ended, _ = fit(step, fresh(), batches(), epochs=5, callbacks=[lambda event: event.step == 2])
    assert int(ended.step) == 2


def test_what_its_hooks_must_be(step):
    cases = [
        ({"evaluate": 1}, "evaluate must be a function; got int 1; write def evaluate(params): return {'accuracy': "
         "...}"),
        ({"callbacks": print}, "callbacks must be a list of functions; got a builtin_function_or_method; write "
         "callbacks=[function]"),
        ({"callbacks": [1]}, "a callback must be a function; got int 1; write def callback(event): ..."),
        ({"checkpoint": "runs"}, "checkpoint must have a method save; got str 'runs'; pass for example "
         "fg.train.Checkpoints('runs/first')"),
        ({"start": 3}, "start must be a dict of 'epoch' and 'batch'; got int 3; write for example start={'epoch': 2, "
         "'batch': 17}"),
    ]  # fmt: skip
    for options, message in cases:
        with raises(fg.ArgumentTypeError, f"fit(): {message}."):
            fit(step, fresh(), batches(), **options)
    with raises(fg.ArgumentTypeError, "fit(): epochs must be an int; got str '2'; write for example 1."):
        fit(step, fresh(), batches(), epochs="2")
    with raises(fg.ArgumentError, "fit(): start must be at least 1; got 0; correct it."):
        fit(step, fresh(), batches(), first_epoch=1, start={"epoch": 0})


# What it shows


def test_a_line_for_each_epoch_where_there_is_no_terminal(step, capsys):
    options = {"evaluate": lambda p: {"score": 0.25}, "steps_per_call": 1}
    _, history = fit(step, fresh(), batches(), epochs=2, progress=True, **options)
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert err == ""
    assert len(lines) == 2
    means = history["loss"].reshape(2, 3).mean(1)
    for i, line in enumerate(lines):
        parts = line.split(", ")
        assert parts[0] == f"epoch {i + 1}/2: loss {means[i]:.4g}"
        assert parts[1].startswith("bias ")
        assert parts[2] == "score 0.25"
        assert line.endswith(" examples/s")
        assert " steps/s, " in line
        assert (" first step after " in line) == (i == 0)
    assert history.first_step_seconds > 0


def test_lines_inside_a_long_epoch_where_there_is_no_terminal(step, capsys, monkeypatch):
    monkeypatch.setattr("funcgrad.train._progress._LINE_EVERY", 0.0)
    _, history = fit(step, fresh(), batches(), progress=True, steps_per_call=1)
    fit(step, fresh(), batches(), progress=True, steps_per_call=3)
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].startswith(f"epoch 1/1, 2/3: loss {history['loss'][1]:.4g}, bias ")
    assert lines[4].startswith(f"epoch 1/1, 3/3: loss {history['loss'][2]:.4g}, bias ")
    assert len(lines) == 6


def test_nothing_without_progress(step, capsys):
    fit(step, fresh(), batches())
    assert capsys.readouterr() == ("", "")


def test_a_bar_on_a_terminal(step, monkeypatch, capsys):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr("funcgrad.train._progress._REFRESHED_EVERY", 0.0)
    _, history = fit(step, fresh(), lambda epoch: iter(batches()), epochs=2, progress=True)
    shown = terminal.getvalue()
    assert f"loss {history['loss'][0]:.4g}" in shown
    assert "epoch 1/2: 3 00:0" in shown
    assert f"loss {history['loss'][3:].mean():.4g}" in shown
    assert capsys.readouterr().out == ""


def test_a_bar_knows_how_far_it_is(step, monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    fit(step, fresh(), batches(), progress=True)
    assert "epoch 1/1: 3/3 |" in terminal.getvalue()


def test_metrics_are_fetched_when_the_bar_is_refreshed_and_not_at_each_step(step, monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setattr("funcgrad.train._progress._REFRESHED_EVERY", 1e9)
    fetched = []
    monkeypatch.setattr("funcgrad.train._progress.jax.device_get", lambda tree: fetched.append(tree))
    monkeypatch.setattr("funcgrad.train.history.jax.device_get", lambda tree: jax.tree.map(np.asarray, tree))
    fit(step, fresh(), batches() * 20, progress=True)
    assert fetched == []


def test_curves_are_drawn_while_it_runs_in_a_notebook_alone(step, monkeypatch):
    pytest.importorskip("matplotlib")
    shown = []

    class Handle:
        def update(self, figure):
            shown.append(("update", figure))

    def display(figure, display_id):
        shown.append(("new", figure))
        return Handle()

    fit(step, fresh(), batches(), callbacks=[fg.inspect.live_plot(every=0.0)])
    assert shown == []
    kernel = types.SimpleNamespace(kernel=object())
    shell = {"get_ipython": lambda: kernel, "version_info": (9, 0)}
    notebook = types.SimpleNamespace(display=types.SimpleNamespace(display=display), **shell)
    monkeypatch.setitem(sys.modules, "IPython", notebook)
    evaluation = {"evaluate": lambda p: {"score": 1}, "evaluate_every": 2}
    fit(step, fresh(), batches(), epochs=2, callbacks=[fg.inspect.live_plot(every=0.0)], **evaluation)
    assert [kind for kind, _ in shown] == ["new", *["update"] * (len(shown) - 1)]
    assert len(shown) == 6 + 3 + 2 + 1
    assert "score" in [axes.get_ylabel() for axes in shown[-1][1].axes]
    del shown[:]
    fit(step, fresh(), batches(), epochs=2, callbacks=[fg.inspect.live_plot(every=1e9)])
    assert len(shown) == 1
    with raises(fg.ArgumentError, "live_plot(): every must not be negative; got -1; write for example every=2.0."):
        fg.inspect.live_plot(every=-1)
    message = "live_plot(): every must be a number of seconds; got str 'x'; write for example every=2.0."
    with raises(fg.ArgumentTypeError, message):
        fg.inspect.live_plot(every="x")


# How it ends


def interrupted_at(count, ask):
    for i, batch in enumerate(batches() * 5):
        if i == count:
            ask()
        yield batch


@pytest.mark.parametrize("how", ["signal", "raise"])
def test_ctrl_c_returns_what_there_is(step, capsys, how):
    def ask():
        if how == "raise":
            raise KeyboardInterrupt
        signal.raise_signal(signal.SIGINT)

    state, history = fit(step, fresh(), lambda epoch: interrupted_at(4, ask), epochs=3, progress=True)
    taken = 5 if how == "signal" else 4  # a signal lets the step under way be taken
    assert history.interrupted
    assert int(state.step) == taken == history.last("step")
    assert len(history["loss"]) == taken
    assert np.isfinite(float(state.params["w"]))
    note = f"interrupted in epoch 1 after step {taken}: the state of that step is returned\n"
    assert capsys.readouterr().out == note
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert repr(history).endswith(", interrupted)")


def test_a_second_ctrl_c_does_not_wait(step):
    def twice():
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    state, history = fit(step, fresh(), lambda epoch: interrupted_at(2, twice))
    assert history.interrupted
    assert int(state.step) == 2


def test_it_runs_in_another_thread(step):
    results = []
    thread = threading.Thread(target=lambda: results.append(fit(step, fresh(), batches())))
    thread.start()
    thread.join()
    assert int(results[0][0].step) == 3


def test_an_error_is_passed_on(step):
    def broken(epoch):
        yield batches()[0]
        raise OSError("disk")

    with pytest.raises(OSError, match=r"^disk$"):
        fit(step, fresh(), broken)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_what_it_asks_for(step):
    message = (
        "fit(): every epoch must have batches; got none in epoch 0; pass data that can be iterated again, or a "
        "function of the epoch."
    )
    with raises(fg.ArgumentError, message):
        fit(step, fresh(), [])
    message = (
        "fit(): data must give batches in each of 2 epochs; got a list_iterator, which ends after the first; pass a "
        "list, or a function of the epoch."
    )
    with raises(fg.ArgumentError, message):
        fit(step, fresh(), iter(batches()), epochs=2)
    fit(step, fresh(), iter(batches()))
    message = (
        "fit(): data must be batches, or a function of the epoch that gives them; got int 3; pass for example "
        "fg.data.batches(x, y, batch_size=32)."
    )
    with raises(fg.ArgumentTypeError, message):
        fit(step, fresh(), 3)
    with raises(fg.ArgumentTypeError, message.replace("int 3", "a dict")):  # which would give its keys
        fit(step, fresh(), {"x": x, "y": y})
    with raises(fg.ArgumentTypeError, "fit(): step must be a function; got None; pass fg.train.step(loss, optimizer)."):
        fit(None, fresh(), batches())
    message = "fit(): state must be a TrainState; got a dict; pass fg.train.init(params, optimizer)."
    with raises(fg.ArgumentTypeError, message):
        fit(step, {}, batches())
    message = "fit(): evaluate must return a dict of metrics; got float 0.5; return for example {'accuracy': value}."
    with raises(fg.ArgumentTypeError, message):
        fit(step, fresh(), batches(), evaluate=lambda p: 0.5)

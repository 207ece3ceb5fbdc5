"""The training step: what it computes, whose memory it reuses, and what it says when something does not fit."""

import copy
import dataclasses
import functools
import pickle
import sys

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from harness import raises

import funcgrad as fg
from funcgrad.testing import assert_close, assert_no_retrace

x = np.array([[1.0, 2.0], [0.5, -1.0], [0.0, 3.0]], np.float32)
y = np.array([1.0, 0.0, 2.0], np.float32)


def loss(params, x, y):
    return fg.nn.mse_loss(x @ params["w"] + params["b"], y)


def fresh(optimizer=None, key=None):
    params = {"w": fg.tensor([0.5, -0.5]), "b": fg.tensor(0.1)}
    return fg.train.init(params, optimizer or optax.sgd(0.1), key=key)


# What it computes


def test_it_is_the_gradient_and_the_update():
    params = {"w": jnp.array([0.5, -0.5]), "b": jnp.array(0.1)}
    value, gradient = jax.value_and_grad(loss)(params, x, y)
    state, metrics = fg.train.step(loss, optax.sgd(0.1))(fresh(), x, y)
    assert_close(state.params, jax.tree.map(lambda p, g: p - 0.1 * g, params, gradient))
    assert_close(metrics, {"loss": value})
    assert state.step.dtype == jnp.int32
    assert int(state.step) == 1


@pytest.mark.parametrize("name", ["adam", "adamw", "sgd", "rmsprop", "adagrad", "lion", "lamb", "adafactor"])
def test_every_step_is_what_optax_does(name):
    optimizer = getattr(optax, name)(1e-2)
    params, step = fresh(optimizer).params, fg.train.step(loss, optimizer)
    opt_state, state = optimizer.init(params), fresh(optimizer)
    for _ in range(3):
        updates, opt_state = optimizer.update(jax.grad(loss)(params, x, y), opt_state, params)
        params = optax.apply_updates(params, updates)
        state, _ = step(state, x, y)
    assert_close(state.params, params)


def test_optimizers_that_look_at_the_loss_are_given_it():
    state, step = fresh(optax.lbfgs()), fg.train.step(loss, optax.lbfgs())
    for _ in range(15):
        state, metrics = step(state, x, y)
    assert metrics["loss"] < 1e-9
    plateau = optax.chain(optax.sgd(0.1), optax.contrib.reduce_on_plateau())
    state, metrics = fg.train.step(loss, plateau)(fresh(plateau), x, y)
    assert_close(state.opt_state[1].best_value, metrics["loss"])


def test_states_that_hold_the_parameters_twice_can_be_donated():
    for optimizer in (optax.contrib.schedule_free_sgd(0.1), optax.apply_if_finite(optax.adam(0.1), 2)):
        state, step = fresh(optimizer), fg.train.step(loss, optimizer)
        for _ in range(3):
            state, _ = step(state, x, y)
        assert int(state.step) == 3
    tied = jnp.ones(2)
    step = fg.train.step(lambda params: ((params["a"] - params["b"] + 1) ** 2).sum(), optax.sgd(0.1))
    state = fg.train.init({"a": tied, "b": tied}, optax.sgd(0.1))
    for _ in range(3):
        state, _ = step(state)
    assert_close(tied, jnp.ones(2))


def test_metrics_come_from_the_loss():
    def with_metrics(params, x, y):
        return loss(params, x, y), {"norm": jnp.abs(params["w"]).sum(), "constant": 3}

    for has_aux in (None, True):
        _, metrics = fg.train.step(with_metrics, optax.sgd(0.1), has_aux=has_aux)(fresh(), x, y)
        assert list(metrics) == ["loss", "constant", "norm"]
        assert_close(metrics["norm"], jnp.array(1.0))
        assert all(isinstance(value, jax.Array) for value in metrics.values())


def test_what_is_not_floating_point_is_carried_along():
    params = {"w": jnp.ones(2), "steps": jnp.arange(3), "mask": jnp.array([True, False]), "none": None}
    optimizer = optax.adam(0.1)
    step = fg.train.step(lambda p: (p["w"] * p["mask"]).sum() + p["steps"].sum(), optimizer)
    state = fg.train.init(params, optimizer)
    for _ in range(2):
        state, _ = step(state)
    assert_close(state.params["steps"], jnp.arange(3))
    assert_close(state.params["mask"], jnp.array([True, False]))
    assert state.params["none"] is None
    assert float(state.params["w"][0]) != 1.0


def test_complex_parameters_go_downhill():
    step = fg.train.step(lambda p, z: (jnp.abs(p - z) ** 2).sum(), optax.sgd(0.1))
    state = fg.train.init(jnp.array([0j, 1 + 1j], jnp.complex64), optax.sgd(0.1))
    for _ in range(100):
        state, metrics = step(state, jnp.array([1 + 2j, -1j]))
    assert metrics["loss"] < 1e-6


def test_a_loss_with_a_key_has_another_in_each_step_and_the_same_in_each_run():
    def noisy(params, x, *, key):
        return (params * x).sum(), {"noise": jax.random.normal(key)}

    def run(donate):
        step = fg.train.step(noisy, optax.sgd(0.0), donate=donate)
        state, noise = fg.train.init(jnp.ones(2), optax.sgd(0.0), key=jax.random.key(7)), []
        for _ in range(3):
            state, metrics = step(state, jnp.ones(2))
            noise.append(float(metrics["noise"]))
        return noise

    first = run(True)
    assert len({*first}) == 3
    assert run(False) == first
    key = jax.random.key(7)
    assert first == [float(jax.random.normal(fg.fold_in(key, "loss", i))) for i in range(3)]
    bound = functools.partial(noisy, key=key)
    _, metrics = fg.train.step(bound, optax.sgd(0.0))(fg.train.init(jnp.ones(2), optax.sgd(0.0)), jnp.ones(2))
    assert float(metrics["noise"]) == float(jax.random.normal(key))


def test_the_second_call_compiles_nothing():
    # Also from parameters of weak type and from NumPy, which would otherwise change type on the way round.
    weak = jnp.asarray(1.0)
    assert weak.weak_type
    for params in ({"w": jnp.ones(2), "b": weak}, {"w": np.ones(2), "b": 1.0}):
        optimizer = optax.adamw(optax.cosine_decay_schedule(0.1, 100))
        state, step = fg.train.init(params, optimizer), fg.train.step(loss, optimizer)
        state, _ = step(state, x, y)
        with assert_no_retrace():
            for _ in range(3):
                state, _ = step(state, x, y)


def test_it_runs_inside_other_transforms():
    step, state = fg.train.step(loss, optax.sgd(0.1)), fresh()
    xs, ys = jnp.stack([x, x]), jnp.stack([y, y])
    scanned, metrics = jax.lax.scan(lambda s, batch: step(s, *batch), state, (xs, ys))
    for _ in range(2):
        state, _ = step(state, x, y)
    assert_close(scanned.params, state.params)
    assert metrics["loss"].shape == (2,)
    batched = jax.vmap(step, in_axes=(None, 0, 0))(fresh(), xs, ys)[0]
    assert batched.params["w"].shape == (2, 2)
    lowered = jax.jit(step).lower(fresh(), x, y)
    assert "stablehlo" in lowered.as_text()


def test_batches_of_numpy_are_copied():
    step = fg.train.step(lambda p, x: (p * x).sum(), optax.sgd(1.0), donate=False)
    state, buffer = fg.train.init(jnp.zeros(65536), optax.sgd(1.0)), np.ones(65536, np.float32)
    for _ in range(20):
        new, _ = step(state, buffer)
        buffer[:] = 7.0
        assert float(new.params.min()) == -1.0
        buffer[:] = 1.0


def test_a_batch_may_be_any_pytree():
    step = fg.train.step(lambda p, batch, scale: (p * batch["x"]).sum() * scale, optax.sgd(1.0))
    state, metrics = step(fg.train.init(jnp.ones(3), optax.sgd(1.0)), {"x": np.ones(3), "y": None}, 2.0)
    assert float(metrics["loss"]) == 6.0
    assert_close(state.params, -jnp.ones(3))


# Parts of a batch


def features(rows, columns=3):
    rng = np.random.default_rng(0)
    return rng.standard_normal((rows, columns)), rng.standard_normal(rows)


def curved(params, x, y, scale):
    predicted = jnp.tanh(x @ params["w"]) * scale
    metrics = {
        "predicted": predicted,
        "positive": (predicted > 0).sum(),
        "wrong": jnp.abs(predicted - y).mean(),
        "k": 3,
    }
    return fg.nn.mse_loss(predicted, y), metrics


@pytest.mark.parametrize("parts", [4, 5])
def test_microbatches_are_the_whole_batch_to_rounding(parts):
    # The clipping would tell the mean of clipped gradients from the clipped mean.
    optimizer = optax.chain(optax.clip_by_global_norm(0.1), optax.adam(0.1))
    with jax.enable_x64(True):
        states, measured = [], []
        for microbatches in (1, parts):
            step = fg.train.step(curved, optimizer, microbatches=microbatches, metrics="grad_norm")
            state = step.init({"w": np.linspace(-1, 1, 3)})
            for _ in range(2):
                state, metrics = step(state, *features(12), 2.0)
            states.append(state.params)
            measured.append(metrics)
        assert_close(states[1], states[0], rtol=1e-12, atol=1e-12)
        assert_close(measured[1], measured[0], rtol=1e-12, atol=1e-12)
        assert measured[0]["grad_norm"] > 0.2


def test_more_microbatches_than_rows_are_the_rows():
    step = fg.train.step(lambda p, x: (p * x).mean(), optax.sgd(1.0), microbatches=7)
    for rows in (1, 2):
        state, _ = step(step.init(1.0), jnp.arange(1.0, rows + 1))
        assert_close(state.params, 1 - jnp.arange(1.0, rows + 1).mean())


def test_each_microbatch_has_its_key_and_the_model_state_of_the_one_before():
    def noisy(params, x, *, key, model_state):
        return (params * x).mean(), model_state + x.sum(), {"noise": jax.random.normal(key, x.shape)}

    step = fg.train.step(noisy, optax.sgd(0.0), microbatches=2)
    state, metrics = step(step.init(1.0, key=fg.key(0), model_state=0.0), jnp.arange(4.0))
    own = fg.fold_in(fg.key(0), "loss", 0)
    expected = [jax.random.normal(fg.fold_in(own, i), (2,)) for i in range(2)]
    assert_close(metrics["noise"], jnp.concatenate(expected))
    assert float(state.model_state) == 6.0


def test_microbatches_of_convolutions_are_written_out():
    def convolved(params, x):
        return fg.nn.conv1d(x, params).mean()

    step, x = fg.train.step(convolved, optax.sgd(0.1), microbatches=2), jnp.ones((4, 1, 8))
    text = jax.jit(step).lower(step.init(jnp.ones((1, 1, 3))), x).as_text()
    assert "while" not in text or jax.default_backend() != "cpu"
    limits = {"most": 64, "ready": False}
    assert step.steps_that_pay(step.init(jnp.ones((1, 1, 3))), x, **limits) == 1 or jax.default_backend() != "cpu"
    small = fg.train.step(lambda p, x: (p * x).mean(), optax.sgd(0.1), microbatches=2)
    assert "while" in jax.jit(small).lower(small.init(1.0), jnp.ones(4)).as_text()
    assert small.steps_that_pay(small.init(1.0), jnp.ones(4), **limits) == 64


@pytest.mark.skipif(jax.default_backend() != "cpu", reason="elsewhere only what a dispatch costs is saved")
def test_how_many_steps_pay_goes_by_time_and_memory():
    step = fg.train.step(lambda p, x: ((x @ p) ** 2).mean(), optax.sgd(0.1))

    def pays(rows, width, **limits):
        limits = {"most": 64, "ready": False} | limits
        return step.steps_that_pay(step.init(jnp.zeros((width, width))), jnp.zeros((rows, width)), **limits)

    assert pays(8, 16) == 64
    assert 1 < pays(64, 2048) < 64  # the time of a dispatch
    assert pays(2**12, 2048) == 1
    assert 1 < pays(2**14, 16) < pays(2**12, 16)  # the memory of its batches
    assert pays(2**14, 16, ready=True) > pays(2**14, 16)
    assert pays(8, 16, most=1024) == 1024


def test_what_microbatches_ask_for():
    message = (
        "step(): with microbatches=2 all arrays of a batch must have the same number of rows; got float32 of shape "
        "(4, 2) at batch[0] and float32 of shape (3,) at batch[1]; pass what is no row with functools.partial(loss, "
        "...), or as a number."
    )
    wide = jnp.ones((4, 2))
    error_of(lambda p, x, w: p.sum(), wide, jnp.ones(3), message=message, kind=fg.ShapeError, microbatches=2)
    message = (
        "step(): with microbatches=2 a batch must have rows; got no array with a dimension; leave microbatches out."
    )
    error_of(lambda p, x: p.sum() * x, 2.0, message=message, kind=fg.ShapeError, microbatches=2)
    message = (
        "step(): with microbatches= a metric must be a number, or have a value for each row; got shapes (1, 2) for 2 "
        "rows and (1, 1) for 1; reduce it, or choose microbatches that divide the batch."
    )
    error_of(lambda p, x: (p.sum(), {"m": x[None]}), jnp.ones(3), message=message, kind=fg.ShapeError, microbatches=2)


# What else a state holds


def test_the_model_state_goes_in_and_comes_out():
    def normalized(params, x, y, model_state):
        h, stats = fg.nn.batch_norm(x, *model_state["stats"], training=True)
        return fg.nn.mse_loss(h @ params["w"] + params["b"], y), {"stats": stats, "count": model_state["count"] + 1}

    step = fg.train.step(normalized, optax.sgd(0.1), compute_dtype="bfloat16")
    before = {"stats": (np.zeros(2, np.float32), np.ones(2, np.float32)), "count": 0}
    state = first = step.init({"w": jnp.ones(2), "b": 0.0}, model_state=before)
    for _ in range(2):
        state, metrics = step(state, x, y)
    mean = 0.1 * x.mean(0)
    assert_close(state.model_state["stats"][0], 0.9 * mean + mean, rtol=1e-2, atol=1e-2)
    assert int(state.model_state["count"]) == 2
    assert list(metrics) == ["loss"]
    assert_close(first.model_state["stats"][0], jnp.zeros(2))
    assert_close(fg.train.init(0.0, optax.sgd(0.1), model_state=before).model_state["count"], jnp.array(0))


def test_what_a_loss_with_model_state_must_return():
    message = (
        "step(): a loss that takes model_state= needs a state with one; got none; make the state with "
        "fg.train.init(params, optimizer, model_state=...)."
    )
    error_of(lambda p, model_state: p.sum(), message=message, kind=fg.ArgumentError)

    def step_with(returned):
        step = fg.train.step(lambda p, model_state: returned(p, model_state), optax.sgd(0.1))
        step(step.init(jnp.ones(2), model_state={"n": jnp.ones(2)}))

    message = (
        "step(): a loss that takes model_state= must return (loss, model_state) or (loss, model_state, metrics); got "
        "float32 of shape (); return the next model state beside the loss."
    )
    with raises(fg.ArgumentTypeError, message):
        step_with(lambda p, s: p.sum())
    message = (
        "step(): the loss must return a model_state like the one it got: the same shapes; got (2,) of the state and "
        "(1,) of the loss at ['n']; correct one of them."
    )
    with raises(fg.ShapeError, message):
        step_with(lambda p, s: (p.sum(), {"n": s["n"][:1]}))
    message = (
        "step(): the loss must return a model_state like the one it got: the same structure; got {'n': *} of the state "
        "and * of the loss; correct one of them."
    )
    with raises(fg.ArgumentTypeError, message):
        step_with(lambda p, s: (p.sum(), s["n"]))


def test_the_moving_average_is_its_formula():
    def run(decay, **options):
        step = fg.train.step(loss, optax.sgd(0.3), ema=decay, **options)
        state = step.init(fresh().params)
        means = [state.ema]
        seen = [state.params]
        for _ in range(4):
            state, _ = step(state, x, y)
            means.append(jax.tree.map(np.asarray, state.ema))
            seen.append(jax.tree.map(lambda leaf: np.asarray(leaf, np.float32), state.params))
        return state, means, seen

    for decay in (0.75, lambda number: 1 - 1 / (2 + number)):
        state, means, seen = run(decay)
        expected = jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), means[0])
        for number, params in enumerate(seen[1:]):
            d = decay if isinstance(decay, float) else float(decay(number))
            expected = jax.tree.map(lambda m, p, d=d: d * m + (1 - d) * p, expected, params)
            assert_close(means[number + 1], expected, rtol=1e-6, atol=1e-6, check_dtype=False)
        assert_close(state.ema_params, state.ema)
    narrow = fg.train.init(jnp.ones(2, jnp.bfloat16), optax.sgd(0.3), ema=True)
    assert narrow.ema.dtype == jnp.float32
    assert narrow.ema_params.dtype == jnp.bfloat16
    step = fg.train.step(loss, optax.sgd(0.3), ema=0.9)
    started, _ = step(fresh(optax.sgd(0.3)), x, y)  # of a state without one, it starts there
    assert_close(step(step.init(fresh().params), x, y)[0].ema, started.ema)
    message = (
        "step(): a state with a moving average needs a step that updates it; got one; pass ema= to fg.train.step, or "
        "drop it with dataclasses.replace(state, ema=None)."
    )
    with raises(fg.ArgumentError, message):
        fg.train.step(loss, optax.sgd(0.3))(started, x, y)


def test_frozen_parameters_stay_and_nothing_is_computed_for_them():
    def deep(params, x, y):
        hidden = jnp.tanh(x @ params["body"]["w"])
        return fg.nn.mse_loss(hidden @ params["head"]["w"] + params["head"]["b"], y)

    params = {"body": {"w": jnp.ones((2, 4))}, "head": {"w": jnp.ones(4), "b": jnp.array(0.0)}}
    step = fg.train.step(deep, optax.adam(0.1), trainable="head.*", ema=0.9)
    state = step.init(params)
    assert len(jax.tree.leaves(state.opt_state)) == 5  # of the head alone: two moments of two leaves, and a count
    assert state.ema["body"]["w"] is None
    for _ in range(3):
        state, _ = step(state, x, y)
    np.testing.assert_array_equal(state.params["body"]["w"], params["body"]["w"])
    assert not np.array_equal(state.params["head"]["w"], params["head"]["w"])
    assert state.ema_params["body"]["w"] is state.params["body"]["w"]

    def products(**options):
        step = fg.train.step(deep, optax.adam(0.1), **options)
        return jax.jit(step).lower(step.init(params), x, y).as_text().count("dot_general")

    assert products() - products(trainable="head.*") == 2  # back through the head's product, and the body's gradient
    assert products(trainable=["head.w", "body.*"]) == products()
    both = fg.train.init(params, optax.adam(0.1), trainable=("head.w", "body"), ema=True)
    assert both.ema["head"]["b"] is None
    message = (
        "step(): the state must have been made for this optimizer; its opt_state has another structure; make the state "
        "and the step with one optimizer and one trainable=, as step.init(params) does."
    )
    with raises(fg.ArgumentError, message):
        step(fg.train.init(params, optax.adam(0.1)), x, y)
    for trainable, given in (("tail.*", "got 'tail.*'"), (["head.*", "n"], "got 'n'"), ([], "got an empty sequence")):
        message = (
            f"init(): trainable must name floating-point parts of params; {given}; choose from 'body.w', 'head.b' and "
            "'head.w'."
        )
        with raises(fg.ArgumentError, message):
            fg.train.init(params, optax.adam(0.1), trainable=trainable)
    message = (
        "init(): trainable must be a path in params or a sequence of them; got int 1; write for example "
        "trainable='head.*'."
    )
    with raises(fg.ArgumentTypeError, message):
        fg.train.init(params, optax.adam(0.1), trainable=1)


# What it computes in, measures and leaves out


def test_the_loss_is_computed_in_the_dtype_asked_for():
    seen = []

    def spying(params, x, n):
        seen.append((params["w"].dtype, x.dtype, n.dtype))
        return (params["w"] * x).mean() * n

    step = fg.train.step(spying, optax.sgd(0.1), compute_dtype="bfloat16", metrics=("grad_norm", "update_norm"))
    state, metrics = step(step.init({"w": jnp.ones(2), "n": 1}), jnp.full(2, 1.001), jnp.array(2))
    assert seen[0] == (jnp.bfloat16, jnp.bfloat16, jnp.int32)
    assert metrics["loss"].dtype == state.params["w"].dtype == jnp.float32
    assert_close(metrics["grad_norm"], jnp.sqrt(2.0))
    assert_close(metrics["update_norm"], 0.1 * jnp.sqrt(2.0))
    assert_close(state.params["w"], jnp.full(2, 0.9))  # which no bfloat16 is


def test_the_learning_rate_is_among_the_metrics_where_it_can_be_known():
    schedule = optax.linear_schedule(1.0, 0.0, 4)
    known = fg.train.step(loss, optax.chain(optax.identity(), optax.inject_hyperparams(optax.sgd)(schedule)))
    told = fg.train.step(loss, optax.sgd(schedule), schedule=schedule)
    for step in (known, told):
        state, rates = step.init(fresh().params), []
        for _ in range(3):
            state, metrics = step(state, x, y)
            rates.append(float(metrics["learning_rate"]))
        assert rates == [1.0, 0.75, 0.5]


def poisoned(params, x):
    return (jnp.sqrt(params["a"]) * x + params["b"]).mean(), {}


def test_a_step_that_is_not_finite_can_be_skipped():
    step = fg.train.step(poisoned, optax.adam(0.1), on_nan="skip", ema=0.5, metrics="param_norm")
    state = step.init({"a": 1.0, "b": 1.0})
    good, _ = fg.train.step(poisoned, optax.adam(0.1), on_nan="skip", ema=0.5, donate=False)(state, 1.0)
    state, _ = step(state, 1.0)
    state, metrics = step(state, jnp.inf)
    assert_close((state.params, state.opt_state, state.ema), (good.params, good.opt_state, good.ema))
    assert (int(state.step), int(state.skipped), int(metrics["skipped"])) == (2, 1, 1)
    assert np.isfinite(metrics["param_norm"])
    state, metrics = step(state, 1.0)
    assert (int(state.step), int(state.skipped), int(metrics["skipped"])) == (3, 1, 0)
    assert float(state.params["b"]) < float(good.params["b"])


def test_a_step_that_is_not_finite_is_named(monkeypatch):
    step = fg.train.step(poisoned, optax.sgd(1.0), on_nan="raise")

    def run(state, inputs):
        for value in inputs:
            state, _ = step(state, value)
        step.check(state)
        return state

    state = run(step.init({"a": 4.0, "b": 1.0}), [1.0, 1.0])
    end = "; look there for log(0), 0/0 or too large a learning rate; on_nan='skip' leaves such steps out."
    start = "step(): the loss and its gradient must be finite; at step "
    with raises(fg.NonFiniteError, f"{start}3 the loss and the gradient of params.a were not{end}"):
        run(state, [jnp.nan, 1.0])
    with raises(fg.NonFiniteError, f"{start}1 the gradient of params.a was not{end}"):
        run(step.init({"a": 0.0, "b": 1.0}), [1.0])
    run(step.init({"a": 4.0, "b": 1.0}), [1.0])
    with raises(fg.NonFiniteError, f"{start}1 the loss was not{end}"):
        run(step.init({"a": 4.0, "b": np.inf}), [1.0])
    monkeypatch.setattr(sys.modules["funcgrad.train.step"], "_LOOKED_EVERY", 0.0)
    states = [step.init({"a": 4.0, "b": 1.0})]

    def keep_on():
        for value in (1.0, jnp.nan, 1.0, 1.0, 1.0):
            states.append(step(states[-1], value)[0])

    with raises(fg.NonFiniteError, f"{start}2 the loss and the gradient of params.a were not{end}"):
        keep_on()
    assert int(states[-1].step) == 3
    message = (
        "step(): with on_nan='raise' a step must be called with values; got arrays that are being traced; call it "
        "outside of the transform, or choose on_nan='skip' or None."
    )
    with raises(fg.ArgumentError, message):
        jax.eval_shape(step, step.init({"a": 4.0, "b": 1.0}), 1.0)


# Several steps in one dispatch


def test_many_steps_are_the_steps_one_by_one():
    rng = np.random.default_rng(1)
    xs, ys = rng.standard_normal((5, 8, 2)).astype(np.float32), rng.standard_normal((5, 8)).astype(np.float32)

    def noisy(params, x, y, *, key):
        return loss(params, x + jax.random.normal(key, x.shape), y), {"second": x[1, 0]}

    params = fresh().params
    for options in ({"on_nan": "skip", "ema": 0.9, "microbatches": 2}, {"on_nan": "raise"}):
        step = fg.train.step(noisy, optax.adam(0.1), **options)
        one, losses = step.init(params, key=fg.key(3)), []
        for i in range(5):
            one, metrics = step(one, xs[i], ys[i])
            losses.append(metrics["loss"])
        many, measured = step.many(step.init(params, key=fg.key(3)), xs, ys)
        assert_close(jax.tree.leaves(many), jax.tree.leaves(one))  # compiled apart, so to rounding
        assert_close(measured["loss"], jnp.stack(losses))
        assert measured["second"].shape == (5,)
        # In parts they are the same program.
        with assert_no_retrace():
            parted = step.init(params, key=fg.key(3))
            for piece, count in ((xs, 2), (np.roll(xs, -2, 0), 3)):
                target = ys if count == 2 else np.roll(ys, -2, 0)
                parted, _ = step.many(parted, piece, target, count=count)
        assert_close(parted, many, rtol=0.0, atol=0.0)


def test_odd_batches_and_states():
    quiet = fg.train.step(lambda p, x: ((p["w"] * x) ** 2).mean(), optax.adam(0.1), ema=0.9, on_nan="skip")
    params = {"w": jnp.ones(3), "n": None, "i": 3}
    for batch in (np.arange(3), np.array([True, False, True]), 2.0, np.float32(2)):
        state, metrics = quiet(quiet.init(params), batch)
        assert int(metrics["skipped"]) == 0
    state, metrics = quiet(quiet.init(params), np.zeros((0, 3), np.float32))  # the mean of nothing
    assert int(state.skipped) == 1
    losses = quiet.many(quiet.init(params), np.arange(4.0))[1]["loss"]
    assert_close(jax.jit(quiet.many)(quiet.init(params), jnp.arange(4.0))[1]["loss"], losses)
    each = jax.vmap(lambda p, x: quiet(quiet.init(p), x))({"w": jnp.ones((4, 3))}, jnp.ones((4, 3)))[1]
    assert each["loss"].shape == (4,)
    widths = fg.train.step(lambda p, x: jnp.abs(p * x).mean(), optax.sgd(1.0), microbatches=2, metrics=["grad_norm"])
    state, metrics = widths(widths.init(np.complex64(2j)), np.arange(4.0))
    assert_close(state.params, jnp.array(0.5j, jnp.complex64))
    assert_close(metrics["grad_norm"], jnp.array(1.5))


def test_what_many_asks_for():
    step, state = fg.train.step(loss, optax.sgd(0.1)), fresh()
    end = "; stack the batches of several steps, for example with fg.stack."
    required = "many(): all arrays must have one first dimension, that of the steps; "
    with raises(fg.ShapeError, f"{required}got no arrays{end}"):
        step.many(state)
    with raises(fg.ShapeError, f"{required}got float32 of shape (3, 2), float32 of shape (4,){end}"):
        step.many(state, x, jnp.ones(4))
    message = "many(): count must be at most 3, the batches there are; got 4; lower it."
    with raises(fg.ArgumentError, message):
        step.many(state, x[:, None], y[:, None], count=4)


# Whose memory it reuses


def test_no_array_of_the_caller_is_deleted():
    params = {"w": jnp.ones(2), "b": jnp.array(0.0)}
    step, first = fg.train.step(loss, optax.adam(0.1)), fg.train.init(params, optax.adam(0.1))
    second, _ = step(first, x, y)
    again, _ = step(first, x, y)
    assert_close(again.params, second.params)
    assert_close(params, {"w": jnp.ones(2), "b": jnp.array(0.0)})
    by_hand = fg.train.TrainState(params, first.opt_state, first.step)
    replaced = dataclasses.replace(again, params=params)
    for state in (by_hand, replaced, jax.tree.map(lambda leaf: leaf, first)):
        step(state, x, y)
    assert not any(leaf.is_deleted() for leaf in jax.tree.leaves((params, by_hand.opt_state)))


def test_a_state_that_a_step_returned_gives_its_memory_to_the_next():
    step = fg.train.step(loss, optax.adam(0.1))
    state, _ = step(fresh(optax.adam(0.1)), x, y)
    arrays = jax.tree.leaves((state.params, state.opt_state))
    step(state, x, y)
    assert all(leaf.is_deleted() for leaf in arrays)


SPENT = (
    "step(): a state can be used until it was given to a step; this one was given to step() at step 1, and its arrays "
    "were reused; use the state that call returned, or step(..., donate=False)."
)


def test_a_spent_state_says_so():
    step = fg.train.step(loss, optax.sgd(0.1))
    spent, _ = step(fresh(), x, y)
    step(spent, x, y)
    for use in (
        lambda: step(spent, x, y),
        lambda: spent.params,
        lambda: spent.opt_state,
        lambda: jax.tree.leaves(spent),
        lambda: dataclasses.replace(spent, key=None),
    ):
        with raises(fg.ArgumentError, SPENT):
            use()
    assert int(spent.step) == 1
    assert repr(spent) == "TrainState(step=1, spent)"
    with pytest.raises(AttributeError, match=r"^'TrainState' object has no attribute 'parameters'$"):
        spent.parameters


def test_a_state_that_shares_arrays_with_a_spent_one_says_so():
    step = fg.train.step(loss, optax.sgd(0.1))
    state, _ = step(fresh(), x, y)
    twin = dataclasses.replace(state, key=jax.random.key(0))
    step(state, x, y)
    message = (
        "step(): every array of the state must be alive; the memory of some was reused by an earlier step, to which a "
        "state that held them too was given; use the state that call returned, or copy arrays that you keep with "
        "jax.tree.map(jnp.copy, ...)."
    )
    with raises(fg.ArgumentError, message):
        step(twin, x, y)


def test_without_donation_every_state_stays():
    step = fg.train.step(loss, optax.sgd(0.1), donate=False)
    first, _ = step(fresh(), x, y)
    second, _ = step(first, x, y)
    again, _ = step(first, x, y)
    assert_close(again.params, second.params)


def test_an_error_spends_nothing():
    step = fg.train.step(loss, optax.sgd(0.1))
    state, _ = step(fresh(), x, y)
    with pytest.raises(fg.ShapeError):
        step(state, x, y[:2])
    state, _ = step(state, x, y)
    assert int(state.step) == 2


def test_a_state_can_be_copied_and_pickled():
    state = fresh()
    for other in (copy.copy(state), copy.deepcopy(state), pickle.loads(pickle.dumps(state))):
        assert_close(other.params, state.params)
    assert repr(state).startswith("TrainState(params={'b': Array(0.1, dtype=float32)") or "params={'w'" in repr(state)


# What it says


def error_of(loss, *batch, message, kind, params=None, **options):
    params = jnp.ones(3) if params is None else params
    step, state = fg.train.step(loss, optax.sgd(0.1), **options), fg.train.init(params, optax.sgd(0.1))
    with raises(kind, message):
        step(state, *batch)


def test_a_loss_must_be_a_scalar():
    message = "step(): loss must return a 0-d array; got float32 of shape (3,); take its mean or its sum."
    error_of(lambda p: p, message=message, kind=fg.ShapeError)
    message = (
        "step(): loss must return a floating-point number; got int32 of shape (); return a real, differentiable number."
    )
    error_of(lambda p: p.argmax(), message=message, kind=fg.DtypeError)
    message = (
        "step(): loss must return a 0-d array; got float 1.0; return a 0-d array that depends on the parameters, and "
        "metrics beside it in a dict."
    )
    error_of(lambda p: 1.0, message=message, kind=fg.ArgumentTypeError)


def test_metrics_must_be_a_dict_by_name():
    def returning(metrics):
        return lambda p: (p.sum(), metrics)

    message = "step(): metrics must be a dict by name; got a list; return loss, {'name': value}."
    error_of(returning([1]), message=message, kind=fg.ArgumentTypeError)
    message = "step(): metrics must not be called 'loss', which is the loss; got one; choose another name."
    error_of(returning({"loss": 1}), message=message, kind=fg.ArgumentError)
    message = (
        "step(): with has_aux=False the loss must return a 0-d array; got a pair; return the loss alone, or leave "
        "has_aux out."
    )
    error_of(returning({}), message=message, kind=fg.ArgumentTypeError, has_aux=False)
    message = (
        "step(): with has_aux=True the loss must return (loss, metrics); got float32 of shape (); "
        "return loss, {'name': value}."
    )
    error_of(lambda p: p.sum(), message=message, kind=fg.ArgumentTypeError, has_aux=True)


def test_the_batch_must_fit_the_loss():
    def named(params, x, y):
        return params.sum()

    message = (
        "step(): the batch must fit named(params, x, y); got params and 1 argument (missing a required argument: 'y'); "
        "pass step(state, *batch) what the loss takes after params."
    )
    error_of(named, x, message=message, kind=fg.ArgumentTypeError)
    message = (
        "step(): a batch must be made of arrays; got str 'one' at batch[1]['name']; convert it with fg.tensor, or "
        "leave it out."
    )
    error_of(named, x, {"name": "one"}, message=message, kind=fg.ArgumentTypeError)
    message = (
        "step(): every value must fit in int32; got 1099511627776 at index 0; ask for dtype='int64' after "
        'jax.config.update("jax_enable_x64", True), or pass lossy=True.'
    )
    error_of(named, x, np.array([2**40]), message=message, kind=fg.ConversionError)


def test_a_loss_with_a_key_needs_one():
    message = (
        "step(): a loss that takes key= needs a state with a key; got none; make the state with "
        "fg.train.init(params, optimizer, key=fg.key(0))."
    )
    error_of(lambda p, key: p.sum(), message=message, kind=fg.ArgumentError)


def test_what_a_step_is_made_of():
    message = "step(): loss must be a function; got float 1.0; write for example def loss(params, x, y)."
    with raises(fg.ArgumentTypeError, message):
        fg.train.step(1.0, optax.sgd(0.1))
    message = (
        "step(): optimizer must be an optax GradientTransformation; got float 0.1; pass for example optax.adam(1e-3)."
    )
    with raises(fg.ArgumentTypeError, message):
        fg.train.step(loss, 0.1)
    with raises(fg.ArgumentTypeError, message.replace("step()", "init()")):
        fg.train.init({"w": x}, 0.1)
    message = (
        "step(): the first argument must be a TrainState; got a dict; make the first with "
        "fg.train.init(params, optimizer)."
    )
    with raises(fg.ArgumentTypeError, message):
        fg.train.step(loss, optax.sgd(0.1))({}, x, y)
    message = (
        "step(): the state must have been made for this optimizer; its opt_state has another structure; make the state "
        "and the step with one optimizer and one trainable=, as step.init(params) does."
    )
    with raises(fg.ArgumentError, message):
        fg.train.step(loss, optax.adam(0.1))(fresh(optax.sgd(0.1)), x, y)


def test_what_a_state_is_made_of():
    message = (
        "init(): params must be a pytree of arrays; got str 'relu' at params['act']; leave out what is not a number: "
        "functions and strings belong to the loss."
    )
    with raises(fg.ArgumentTypeError, message):
        fg.train.init({"w": x, "act": "relu"}, optax.sgd(0.1))
    message = "init(): key must be a key; got int 0; pass key=fg.key(0)."
    with raises(fg.ArgumentTypeError, message):
        fg.train.init({"w": x}, optax.sgd(0.1), key=0)
    message = (
        "init(): params must have a floating-point array, which can be trained; got int32 of shape (3,); convert them "
        "with fg.to(x, 'float')."
    )
    with raises(fg.ArgumentError, message):
        fg.train.init({"n": jnp.arange(3)}, optax.sgd(0.1))


def test_options_are_checked_when_the_step_is_made():
    error, wrong = fg.ArgumentError, fg.ArgumentTypeError
    cases = [
        (
            error,
            {"on_nan": "stop"},
            "on_nan must be 'raise', 'skip' or None; got 'stop'; leave it out to look for nothing",
        ),
        (error, {"microbatches": 0}, "microbatches must be at least 1; got 0; correct it"),
        (
            fg.DtypeError,
            {"compute_dtype": "half"},
            "compute_dtype must be bfloat16, float32 or float64; got float16; write compute_dtype='bfloat16', whose "
            "range is that of float32",
        ),
        (error, {"ema": 1.0}, "ema must be in [0, 1); got 1.0; write for example ema=0.999"),
        (wrong, {"ema": "0.9"}, "ema must be a number or a function; got str '0.9'; write ema=0.999"),
        (
            error,
            {"metrics": "norm"},
            "metrics must be among 'grad_norm', 'param_norm' and 'update_norm'; got 'norm'; return other metrics from "
            "the loss, as (loss, {'name': value})",
        ),
        (
            wrong,
            {"metrics": 3},
            "metrics must be a name or a sequence of them; got int 3; write for example metrics='grad_norm'",
        ),
        (
            wrong,
            {"schedule": 0.1},
            "schedule must be a function; got float 0.1; pass for example optax.cosine_decay_schedule(1e-3, 1000)",
        ),
    ]
    for kind, options, message in cases:
        with raises(kind, f"step(): {message}."):
            fg.train.step(loss, optax.sgd(0.1), **options)
    message = (
        "step(): metrics of the loss must not be named like those of the step; got 'grad_norm' from the loss; choose "
        "another name there."
    )
    error_of(lambda p: (p.sum(), {"grad_norm": 1}), message=message, kind=fg.ArgumentError, metrics=["grad_norm"])


def test_an_error_of_the_loss_is_its_own():
    def broken(params):
        raise ValueError("mine")

    with pytest.raises(ValueError) as raised:
        fg.train.step(broken, optax.sgd(0.1))(fresh())
    assert str(raised.value) == "mine"

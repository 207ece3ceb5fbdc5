"""The training step: what it computes, whose memory it reuses, and what it says when something does not fit."""

import copy
import dataclasses
import functools
import pickle

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
        "and the step with one optimizer."
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


def test_an_error_of_the_loss_is_its_own():
    def broken(params):
        raise ValueError("mine")

    with pytest.raises(ValueError) as raised:
        fg.train.step(broken, optax.sgd(0.1))(fresh())
    assert str(raised.value) == "mine"

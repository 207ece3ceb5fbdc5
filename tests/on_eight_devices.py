"""What ``test_parallel.py`` checks where there are eight devices: a process of its own runs all of it at once.

Every function whose name starts with ``check_`` is a test. Programs are few and shared, because they compile.
"""

import functools
import json
import re
import tempfile
import traceback

import jax
import numpy as np
import optax

import funcgrad as fg
from funcgrad.testing import assert_close, assert_no_retrace

OPTIMIZER = optax.adam(1e-2)
RNG = np.random.default_rng(0)
PARAMS = {
    "w1": fg.tensor(RNG.normal(size=(64, 128)) / 8, "float"),
    "b1": fg.zeros(128),
    "w2": fg.tensor(RNG.normal(size=(128, 32)) / 8, "float"),
}
BATCHES = [(RNG.normal(size=(32, 64)).astype("f"), RNG.integers(0, 16, 32)) for _ in range(4)]


def loss(params, x, y, *, model_state, key):
    """With dropout, statistics over the batch and a metric of each row."""
    mean = x.mean(0)
    h = fg.nn.dropout(fg.nn.relu((x - mean) @ params["w1"] + params["b1"]), 0.5, key=key)
    value = fg.nn.cross_entropy(h @ params["w2"], y)
    return value, 0.9 * model_state + 0.1 * mean, {"of_rows": h.sum(1), "kept": (h > 0).sum()}


def start():
    return fg.train.init(PARAMS, OPTIMIZER, key=fg.key(0), model_state=fg.zeros(64), ema=True)


@functools.cache
def step_on(par):
    return fg.train.step(loss, OPTIMIZER, parallel=par, ema=0.9, metrics="grad_norm")


@functools.cache
def run_on(par):
    """The state and all metrics of four steps; from the second on nothing is compiled."""
    state, found = start(), []
    for number, batch in enumerate(BATCHES):
        with assert_no_retrace(1000 if number < 1 else 0):
            state, metrics = step_on(par)(state, *batch)
        found.append(jax.device_get(metrics))
    return state, found


@functools.cache
def collectives(par):
    state = par.place(start())
    text = jax.jit(lambda s, *b: step_on(par)(s, *b)).lower(state, *par.shard(BATCHES[0])).compile().as_text()
    return set(re.findall(r" (all-reduce|all-gather|reduce-scatter)(?:-start)?\(", text))


def refusal(call, *args):
    try:
        call(*args)
    except fg.FuncgradError as error:
        return f"{type(error).__name__}: {error}"
    raise AssertionError("nothing was raised")


DP, FSDP, GROUPS = fg.parallel(), fg.parallel(fsdp=True), fg.parallel(fsdp=4)


def check_every_layout_computes_what_one_device_does():
    one, expected = run_on(None)
    for par in (DP, FSDP, GROUPS):
        state, found = run_on(par)
        assert_close([m["loss"] for m in found], [m["loss"] for m in expected], rtol=1e-6, atol=0)
        # The numbers of dropout are those of one device: another mask would change which rows add up to what.
        assert_close(found, expected, rtol=2e-5, atol=2e-5)
        assert_close(par.gather(state), jax.device_get(one), rtol=2e-4, atol=2e-5)


def check_parameters_live_where_they_belong():
    state, _ = run_on(DP)
    assert {len(leaf.addressable_shards) for leaf in jax.tree.leaves(state)} == {8}
    assert all(leaf.sharding == DP.whole for leaf in jax.tree.leaves(state))
    state, _ = run_on(FSDP)
    adam = state.opt_state[0]
    for tree in (state.params, adam.mu, adam.nu, state.ema):
        assert tree["w1"].addressable_shards[0].data.shape == (64, 16), "the longest dimension is cut"
        assert tree["b1"].sharding == FSDP.whole, "small arrays stay whole"
    held = sum(x.addressable_shards[0].data.nbytes for x in jax.tree.leaves((state.params, adam)))
    whole = sum(x.nbytes for x in jax.tree.leaves((state.params, adam)))
    assert held * 7 < whole
    state, _ = run_on(GROUPS)
    for tree in (state.params, state.opt_state[0].mu, state.ema):
        assert tree["w1"].addressable_shards[0].data.shape == (64, 32), "in four parts"
        kept = [shard.replica_id for shard in tree["w1"].addressable_shards]
        assert kept == [0, 0, 0, 0, 1, 1, 1, 1], "and twice: groups are neighbours"
    assert GROUPS.shard(np.ones((16, 3))).addressable_shards[5].data.shape == (2, 3)
    assert repr(GROUPS) == "Parallel(8 cpu devices, fsdp=4)"


def check_the_compiled_step_communicates_as_it_should():
    assert "all-reduce" in collectives(DP)
    assert collectives(FSDP) & {"all-reduce", "reduce-scatter"}
    assert "all-gather" in collectives(FSDP)
    assert {"all-reduce", "all-gather"} <= collectives(GROUPS)


def check_the_arrays_of_the_caller_stay():
    for par in (DP, FSDP):
        placed = par.place(PARAMS)
        assert not any(fg.same_buffer(a, b) for a, b in zip(*map(jax.tree.leaves, (placed, PARAMS)), strict=True))
        state = fg.train.init(placed, OPTIMIZER, key=fg.key(0), model_state=fg.zeros(64), ema=True)
        second, _ = step_on(par)(state, *BATCHES[0])
        step_on(par)(second, *BATCHES[0])
        assert second.__dict__["_spent"]
        assert not any(leaf.is_deleted() for leaf in jax.tree.leaves((PARAMS, placed, state)))


def check_a_state_moves_between_layouts():
    """A state that another step returned is copied to where this one works, and can still be used."""
    one, _ = step_on(None)(start(), *BATCHES[0])
    spread, _ = step_on(FSDP)(one, *BATCHES[1])
    again, _ = step_on(DP)(spread, *BATCHES[2])
    back, _ = step_on(None)(again, *BATCHES[3])
    assert_close(DP.gather(back.params), DP.gather(run_on(None)[0].params), rtol=2e-4, atol=2e-5)
    assert not any(leaf.is_deleted() for leaf in jax.tree.leaves(spread.params))


def check_without_donation_every_state_can_be_used():
    step = fg.train.step(lambda p, x: ((x @ p["w1"]) ** 2).mean(), optax.sgd(0.1), parallel=FSDP, donate=False)
    state = fg.train.init(PARAMS, optax.sgd(0.1))
    second, first_metrics = step(state, BATCHES[0][0])
    third, _ = step(second, BATCHES[0][0])
    _, again = step(state, BATCHES[0][0])
    assert first_metrics["loss"] == again["loss"]
    assert third.params["w1"].sharding == FSDP.sharding(PARAMS["w1"])
    assert not second.params["w1"].is_deleted()


def check_microbatches_and_several_steps_in_one_dispatch():
    def mean_square(params, x):
        return ((x @ params["w1"]) ** 2).mean()

    data = [x for x, _ in BATCHES]
    plain = fg.train.step(mean_square, optax.sgd(0.1))
    state = fg.train.init(PARAMS, optax.sgd(0.1))
    for x in data:
        state, _ = plain(state, x)
    in_parts = fg.train.step(mean_square, optax.sgd(0.1), parallel=DP, microbatches=2)
    found, metrics = in_parts.many(fg.train.init(PARAMS, optax.sgd(0.1)), np.stack(data))
    assert metrics["loss"].shape == (4,)
    assert_close(DP.gather(found.params), jax.device_get(state.params), rtol=1e-5, atol=1e-6)
    # Each part is shared among all devices: none of them multiplies more rows than its own.
    text = jax.jit(lambda s, x: in_parts(s, x)).lower(DP.place(found), DP.shard(data[0])).compile().as_text()
    assert "f32[2,128]" in text, "16 rows of a part on 8 devices"


def check_fit_runs_unchanged():
    data = fg.data.batches(*map(np.concatenate, zip(*BATCHES, strict=True)), batch_size=32, drop_last=True)
    _, history = fg.train.fit(step_on(FSDP), start(), data, progress=False)
    assert_close(history["loss"], np.array([m["loss"] for m in run_on(None)[1]]), rtol=1e-6, atol=0)
    placed = fg.data.batches(BATCHES[0][0], batch_size=32, device=DP.rows)
    assert next(iter(placed))[0].sharding == DP.rows


def check_a_checkpoint_of_one_layout_is_loaded_in_another():
    state, _ = run_on(FSDP)
    with tempfile.TemporaryDirectory() as folder:
        path = fg.train.save(f"{folder}/state.safetensors", state)
        for par in (FSDP, DP, GROUPS):
            loaded = fg.train.load(path, like=par.place(start()))
            assert loaded.params["w1"].sharding == par.sharding(PARAMS["w1"])
            assert_close(par.gather(loaded), FSDP.gather(state), rtol=0, atol=0)
        assert_close(fg.train.load(path, like=start()).params, FSDP.gather(state.params), rtol=0, atol=0)


def check_shard_replicate_place_gather_create():
    batch = {"x": np.arange(16.0).reshape(16, 1), "temperature": 2.0, "none": None, "scale": np.float32(3)}
    shared = DP.shard(batch)
    assert shared["x"].addressable_shards[3].data.tolist() == [[6.0], [7.0]]
    assert shared["temperature"] == 2.0
    assert shared["scale"].sharding == DP.whole
    batch["x"][:] = 0
    assert shared["x"].sum() == 120, "memory of its own"
    assert DP.shard(shared)["x"] is shared["x"]
    assert DP.from_local(np.ones((8, 2))).sharding == DP.rows
    key = DP.replicate(fg.key(3))
    assert_close(fg.rand(3, key=key), fg.rand(3, key=fg.key(3)))
    assert_close(jax.random.key_data(DP.gather(key)), jax.random.key_data(fg.key(3)))
    made = FSDP.create(lambda key: fg.train.init({"w": fg.randn(64, 128, key=key)}, OPTIMIZER), fg.key(1))
    assert made.params["w"].addressable_shards[0].data.shape == (64, 16)
    assert_close(FSDP.gather(made.params), {"w": np.asarray(fg.randn(64, 128, key=fg.key(1)))}, rtol=0, atol=0)
    odd = FSDP.place({"whole": fg.ones(65, 127), "half": fg.ones(64, 127, dtype="bfloat16"), "n": 3})
    assert odd["whole"].sharding == FSDP.whole, "no dimension can be divided"
    assert odd["half"].addressable_shards[0].data.shape == (8, 127)
    assert not odd["n"].weak_type
    assert jax.tree.leaves(DP.place({"empty": fg.zeros(0, 3), "none": None}))[0].shape == (0, 3)


def check_equal_layouts_are_equal():
    assert fg.parallel() == DP != FSDP
    assert len({fg.parallel(), DP, FSDP}) == 2
    assert (len(DP), len(fg.parallel(["cpu:3", "cpu:1"]))) == (8, 2)
    assert repr(FSDP) == "Parallel(8 cpu devices, fsdp=True)"
    assert repr(fg.parallel(1)) == "Parallel(1 cpu device, fsdp=False)"


def check_what_does_not_fit_is_refused():
    rows = "the rows of a batch must divide evenly among the 8 devices; got shape {} at batch{}; make batch_size a "
    rows += "multiple of 8 with drop_last=True, or pass par.replicate(array) where there are no rows."
    assert refusal(DP.shard, np.ones((10, 3))) == "ShapeError: shard(): " + rows.format((10, 3), "")
    assert refusal(step_on(DP), start(), np.ones((9, 64)), np.ones(9)) == "ShapeError: step(): " + rows.format(
        (9, 64), "[0]"
    )
    assert refusal(step_on(DP).many, start(), np.ones((2, 9, 64)), np.ones((2, 9))) == (
        "ShapeError: step(): " + rows.format((2, 9, 64), "[0]")
    )
    assert refusal(fg.parallel, 9) == (
        "ArgumentError: parallel(): devices must be at most 8, which is how many there are; got 9; see fg.info(), or "
        "leave it out for all."
    )
    assert refusal(lambda: fg.parallel(6, fsdp=4)) == (
        "ArgumentError: parallel(): fsdp must divide the number of devices, which is 6; got 4; write fsdp=True to use "
        "all of them."
    )
    assert refusal(fg.parallel, ["cpu:1", "cpu:1"]) == (
        "ArgumentError: parallel(): devices must be different ones; got 2, of which 1 are different; "
        "leave it out for all."
    )
    assert refusal(DP.place, {"f": len}) == (
        "ArgumentTypeError: place(): a tree must be made of arrays; got a builtin_function_or_method at tree['f']; "
        "convert it with fg.tensor, or leave it out."
    )


def check_what_is_exported_runs_on_one_device():
    def spread(x):
        return jax.lax.with_sharding_constraint(2 * x, DP.rows)

    try:
        import flatbuffers  # noqa: F401
    except ImportError:
        return
    assert refusal(fg.export, spread, fg.ones(8)) == (
        "ArgumentError: export(): f must be written for one device; got one that spreads arrays over 8; "
        "leave out what says where they live."
    )
    weight = FSDP.place(fg.ones(64, 64))
    call = fg.load_exported(fg.export(lambda x: fg.nn.linear(x, weight), fg.ones(2, 64), platforms=("cpu",)))
    assert_close(call(fg.ones(3, 64)), fg.full((3, 64), 64.0))


if __name__ == "__main__":
    results = {}
    for name, check in list(globals().items()):
        if name.startswith("check_"):
            try:
                check()
                results[name] = ""
            except BaseException:
                results[name] = traceback.format_exc()
            print(json.dumps(results), flush=True)  # what was found is not lost with the process

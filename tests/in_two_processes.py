"""What ``test_parallel.py`` checks where two processes with two devices each train together, started with an address
and a number. Every function whose name starts with ``check_`` is a test; both processes run all of them in this order.
"""

import importlib.util
import json
import os
import shutil
import sys
import tempfile
import traceback
import warnings

import jax
import numpy as np
import optax

import funcgrad as fg
from funcgrad.testing import assert_close

ADDRESS, NUMBER = sys.argv[1], int(sys.argv[2])
fg.train.distributed(ADDRESS, processes=2, process=NUMBER, timeout=40, silence=20)
PAR = fg.parallel(fsdp=True)
RNG = np.random.default_rng(0)
PARAMS = {"w": RNG.normal(size=(64, 64)).astype("f") / 8, "b": np.zeros(64, "f")}
BATCHES = [RNG.normal(size=(8, 64)).astype("f") for _ in range(3)]
OPTIMIZER = optax.sgd(0.1, momentum=0.9)


def loss(params, x, *, key):
    h = fg.nn.dropout(x @ params["w"] + params["b"], 0.5, key=key)
    return (h**2).mean(), {"of_rows": h.sum(1)}


def mine(batch):
    return batch[4 * NUMBER : 4 * NUMBER + 4]


def start():
    return fg.train.init(PARAMS, OPTIMIZER, key=fg.key(0))


STEP = fg.train.step(loss, OPTIMIZER, parallel=PAR)


W = "tree['w']"


def refusal(call, *args):
    try:
        call(*args)
    except fg.FuncgradError as error:
        return f"{type(error).__name__}: {error}"
    raise AssertionError("nothing was raised")


def check_all_devices_are_there():
    assert (len(PAR), jax.process_count(), fg.info().process) == (4, 2, (NUMBER, 2))
    assert repr(PAR) == "Parallel(4 cpu devices of 2 processes, fsdp=True)"


def check_rows_of_each_process_make_the_step_of_one():
    state, plain = start(), start()
    alone = fg.train.step(loss, OPTIMIZER)
    for batch in BATCHES:
        state, found = STEP(state, *PAR.from_local((mine(batch),)))
        plain, expected = alone(plain, batch)
        assert_close(np.asarray(found["loss"]), np.asarray(expected["loss"]), rtol=1e-6, atol=0)
        assert_close(np.asarray(found["of_rows"]), np.asarray(expected["of_rows"]), rtol=1e-5, atol=1e-5)
    assert not state.params["w"].is_fully_addressable
    assert_close(PAR.gather(state.params), jax.device_get(plain.params), rtol=1e-5, atol=1e-6)


def check_fit_runs_on_whole_batches():
    state, history = fg.train.fit(STEP, start(), lambda epoch: map(PAR.shard, BATCHES), progress=False)
    assert history.last("step") == 3
    assert PAR.gather(state.key).shape == ()


def check_what_differs_between_processes_is_refused():
    told = "every process must pass the same arrays; got others at {} in some of the 2 processes; "
    told += "make them from the same key, or pass the rows of each process to par.from_local."
    assert refusal(PAR.place, {"w": np.full(3, NUMBER)}) == f"ArgumentError: place(): {told.format(W)}"
    assert refusal(PAR.shard, np.full(4, NUMBER)) == f"ArgumentError: shard(): {told.format('batch')}"
    assert refusal(PAR.replicate, {"ab"[NUMBER]: 1}) == f"ArgumentError: replicate(): {told.format('tree')}"
    assert refusal(STEP, start(), BATCHES[0]) == (
        "ArgumentError: step(): a batch of 2 processes must say whose rows it holds; got arrays of this process alone; "
        "pass par.from_local(array) for the rows of this process, or par.shard(array) for the same in each."
    )
    assert refusal(PAR.from_local, np.ones(3)).startswith(
        "ShapeError: from_local(): the rows of a batch must divide evenly among the 2 devices of this process; got "
    )
    assert refusal(fg.train.distributed, ADDRESS) == (
        f"ArgumentError: distributed(): a process joins once; this one is process {NUMBER} of 2 already; "
        "call it once, before everything else."
    )
    assert refusal(fg.save_weights, "nowhere", PAR.place(PARAMS)) == (
        "ArgumentError: save_weights(): this process must hold all weights; those of 'w' are spread over several; "
        "pass par.gather(params)."
    )


def check_a_state_in_parts_is_saved_and_restored():
    folder = f"{tempfile.gettempdir()}/funcgrad-{ADDRESS.rpartition(':')[2]}"
    state = STEP(start(), *PAR.from_local((mine(BATCHES[0]),)))[0]
    told = refusal(fg.train.save, f"{folder}.safetensors", state)
    assert told == (
        "ArgumentError: save(): every array must be whole in this process; got params.w, of which other processes hold "
        "parts; save it with fg.train.ShardedCheckpoints, or gather it first with par.gather(tree)."
    )
    if importlib.util.find_spec("orbax") is None:
        return  # tests/test_sharded.py says what to install
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of processes that are many, of files that are few: orbax is another package
        checkpoints = fg.train.ShardedCheckpoints(folder, keep=1)
        for number in (1, 1, 2):
            checkpoints.save(state, step=number, data={"epoch": 0, "batch": number})
        checkpoints.save(state, step=3, data={"epoch": 0, "batch": 3})
        for like in (PAR.place(start()), start()):
            found, place = checkpoints.resume(like)
            assert place == {"epoch": 0, "batch": 3}
            assert_close(PAR.gather(found.opt_state), PAR.gather(state.opt_state), rtol=0, atol=0)
            after, _ = STEP(found, *PAR.from_local((mine(BATCHES[1]),)))
            expected, _ = STEP(PAR.place(state), *PAR.from_local((mine(BATCHES[1]),)))
            assert_close(PAR.gather(after.params), PAR.gather(expected.params), rtol=0, atol=0)
    if NUMBER == 0:
        shutil.rmtree(folder)


def check_a_dead_process_is_noticed():
    """Last: process 1 ends without a word, and the steps of process 0 say so within a few."""
    state, _ = STEP(start(), *PAR.from_local((mine(BATCHES[0]),)))
    jax.block_until_ready(state)
    if NUMBER == 1:
        finish()
    batch = PAR.from_local((mine(BATCHES[0]),))

    def go_on():
        nonlocal state
        for _ in range(10):
            state, _ = STEP(state, *batch)

    assert refusal(go_on) == (
        "ProcessError: step(): all 2 processes must be alive; process 0 lost the connection to another; "
        "look for the first error in the output of the others, and start all again from the last checkpoint."
    )


RESULTS = {}


def finish():
    os._exit(0)  # without the farewell of JAX, which waits for the other


for name, check in list(globals().items()):
    if name.startswith("check_"):
        try:
            check()
            RESULTS[name] = ""
        except BaseException:
            RESULTS[name] = traceback.format_exc()
        print(json.dumps(RESULTS), flush=True)  # what was found is not lost with a process that JAX ends
finish()

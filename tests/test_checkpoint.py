"""Checkpoints: what goes in comes out bit by bit; what is torn, changed or foreign is an error and never an array."""

import os
import re
import stat
import threading
import warnings
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from bounded import said
from harness import raises
from safetensors.numpy import load_file, save_file

import funcgrad as fg
from funcgrad.train import _checkpoint_file as files


class Pair(NamedTuple):
    first: object
    second: object


def same(a, b):
    """Equal in type, dtype, shape and every bit, leaf by leaf."""
    assert jax.tree.structure(a) == jax.tree.structure(b)
    for one, other in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True):
        assert type(one) is type(other)
        if isinstance(one, jax.Array) and jnp.issubdtype(one.dtype, jax.dtypes.prng_key):
            assert one.dtype == other.dtype
            one, other = map(jax.random.key_data, (one, other))
        if hasattr(one, "dtype"):
            assert (one.dtype, one.shape) == (other.dtype, other.shape)
            assert getattr(one, "weak_type", None) == getattr(other, "weak_type", None)
            assert np.asarray(one).tobytes() == np.asarray(other).tobytes()
        else:
            assert one == other if isinstance(one, int) else repr(one) == repr(other)
    return True


@pytest.fixture
def path(tmp_path):
    return tmp_path / "x.safetensors"


NAN = np.array([0x7FC12345, 0xFF800001, 0x80000000], np.uint32).view(np.float32)  # payloads, and a negative zero
TREE = {
    "arrays": [
        jnp.asarray(NAN),
        jnp.arange(6).reshape(2, 3).T,
        jnp.zeros((0, 3)),
        jnp.array(True),
        jnp.ones((), "int8"),
    ],
    "narrow": (
        jnp.array([1.5, -0.0], jnp.bfloat16),
        jnp.ones(3, jnp.float8_e4m3fn),
        jnp.arange(-3, 3).astype(jnp.int4),
    ),
    "complex": jnp.array([1 + 2j, complex("nan")]),
    "weak": (jnp.asarray(2.5), jnp.full((2,), 3)),
    "host": [
        np.arange(4.0)[::2],
        np.float64(0.1),
        np.array(3, ">i4").astype("=i4"),
        np.array([2**40]),
        np.ones(2, "c16"),
    ],
    "python": {
        "n": -(2**70),
        "long": 10**5000,
        "x": 0.1,
        "minus": -0.0,
        "inf": -float("inf"),
        "z": 1e-320 + 2j,
        "yes": True,
        "text": "é\n",
    },
    "keys": (jax.random.key(3), jax.random.split(jax.random.key(0, impl="rbg"), (2, 2)), jax.random.PRNGKey(1)),
    "none": None,
    "empty": ({}, [], ()),
    "a.b": 1,
    "a": {"b": 2},
    "__metadata__": jnp.ones(1),
    "\udcff": jnp.ones(1),
    7: {"deep": [{"er": Pair(jnp.ones(1), None)}]},
}
TREE = {str(name): part for name, part in TREE.items()} | {"7": {3: TREE[7], 4: 1.0}}


# What goes in comes out


def test_every_kind_of_leaf_comes_back_bit_by_bit(path):
    assert fg.train.save(path, TREE) == path
    assert same(fg.train.load(path, TREE), TREE)
    plain = fg.train.load(path)
    pair = plain["7"][3]["deep"][0]
    assert pair["er"].keys() == {"first", "second"}  # no class is looked up by name
    assert pair["er"]["second"] is None
    pair["er"] = Pair(**pair["er"])
    assert same(plain, TREE)


@pytest.mark.parametrize("tree", [jnp.arange(3), 1.5, None, (), {}, [None, ()], np.ones((2, 0))], ids=repr)
def test_any_tree_is_one(path, tree):
    fg.train.save(path, tree)
    assert same(fg.train.load(path, tree), tree)
    assert same(fg.train.load(path), tree)


def test_what_is_loaded_belongs_to_the_caller(path):
    fg.train.save(path, {"x": np.zeros(2)})
    loaded = fg.train.load(path)
    loaded["x"] += 1
    assert fg.train.load(path)["x"].tolist() == [0, 0]


def test_other_programs_read_the_arrays_by_name(path):
    fg.train.save(path, {"fc": [{"weight": jnp.ones((2, 3), jnp.bfloat16)}]}, metadata={"epochs": 3, "tags": ["a"]})
    assert load_file(path)["fc.0.weight"].dtype == jnp.bfloat16
    manifest = fg.train.read_manifest(path)
    assert manifest["metadata"] == {"epochs": 3, "tags": ["a"]}
    assert manifest["versions"].keys() == {"funcgrad", "jax", "numpy", "optax", "python"}
    assert manifest["leaves"][0]["name"] == "fc.0.weight"


def test_the_same_state_gives_the_same_bytes(path, tmp_path):
    fg.train.save(path, TREE)
    fg.train.save(tmp_path / "y", TREE)
    assert path.read_bytes() == (tmp_path / "y").read_bytes()


def test_nothing_here_imports_pickle():
    room = Path(fg.train.__path__[0])
    assert [p.name for p in room.rglob("*.py") if re.search(r"import (pickle|marshal|shelve)", p.read_text())] == []


def state_of(optimizer, **more):
    return fg.train.init({"w": jnp.ones((3, 2)), "n": 4}, optimizer, key=fg.key(0), **more)


def test_a_state_with_all_of_optax_comes_back(path):
    optimizer = optax.chain(
        optax.clip_by_global_norm(1.0), optax.adamw(optax.cosine_decay_schedule(0.1, 10)), optax.ema(0.9)
    )
    state = state_of(optimizer)
    step = fg.train.step(lambda params, x: (x @ params["w"]).sum() ** 2, optimizer)
    state, _ = step(state, np.ones((4, 3), np.float32))
    fg.train.save(path, state)
    back = fg.train.load(path, state_of(optimizer))
    assert same(back, state)
    expected, _ = step(state, np.ones((4, 3), np.float32))
    actual, _ = step(back, np.ones((4, 3), np.float32))
    assert same(actual, expected)
    with raises(
        fg.ArgumentError,
        "step(): a state can be used until it was given to a step; this one was given to step() at step 1, and its "
        "arrays were reused; use the state that call returned, or step(..., donate=False).",
    ):
        fg.train.save(path, state)


def test_an_abstract_tree_is_enough_to_say_what_is_wanted(path):
    optimizer = optax.adam(1e-3)
    fg.train.save(path, state_of(optimizer))
    like = jax.eval_shape(lambda: state_of(optimizer))
    assert same(fg.train.load(path, like), state_of(optimizer))


def test_like_decides_between_host_and_device(path):
    fg.train.save(path, {"x": np.arange(3, dtype=np.int32), "y": jnp.ones(2), "s": np.float32(2)})
    loaded = fg.train.load(path, {"x": jnp.zeros(3, int), "y": np.zeros(2, np.float32), "s": jnp.zeros(())})
    assert isinstance(loaded["x"], jax.Array)
    assert isinstance(loaded["y"], np.ndarray)
    assert isinstance(loaded["s"], jax.Array)


def test_states_move_between_numbers_of_devices(path, tmp_path):
    code = f"""
import jax, jax.numpy as jnp, numpy as np
jax.config.update("jax_num_cpu_devices", 4)
import funcgrad as fg
def tree(n, value):
    mesh = jax.make_mesh((n,), ("data",), axis_types=(jax.sharding.AxisType.Auto,), devices=jax.devices()[:n])
    sharding = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec("data"))
    whole = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec())
    x = value * jnp.arange(8.0).reshape(4, 2)
    key = jax.device_put(jax.random.key(value), whole)
    return {{"x": jax.device_put(x, sharding), "k": key, "free": jnp.ones(2) * value}}
fg.train.save({str(path)!r}, tree(4, 1))
for n in (1, 2, 4):
    back = fg.train.load({str(path)!r}, tree(n, 0))
    print(len(back["x"].sharding.device_set), back["x"].sharding == tree(n, 0)["x"].sharding,
          np.array_equal(back["x"], tree(1, 1)["x"]), back["k"].sharding == tree(n, 0)["k"].sharding,
          np.array_equal(jax.random.bits(back["k"]), jax.random.bits(jax.random.key(1))), back["free"].committed)
like = jax.eval_shape(lambda: tree(1, 0))
sharded = jax.tree.map(lambda a: a.sharding, tree(2, 0))
like = {{"x": jax.ShapeDtypeStruct((4, 2), "float32", sharding=sharded["x"]), "k": like["k"], "free": like["free"]}}
print(len(fg.train.load({str(path)!r}, like)["x"].sharding.device_set))
"""
    assert said("-c", code).splitlines() == [f"{n} True True True True False" for n in (1, 2, 4)] + ["2"]
    assert fg.train.load(path, {"x": jnp.zeros((4, 2)), "k": fg.key(0), "free": jnp.zeros(2)})["x"].sum() == 28


# What does not fit


def test_the_leaves_that_differ_are_named(path):
    fg.train.save(path, {"w": jnp.ones((2, 3)), "b": jnp.ones(3), "key": fg.key(0), "rate": 0.1})
    with raises(
        fg.ArgumentError,
        "load(): like must have the leaves of the checkpoint; 'x.safetensors' lacks bias (float32 of shape (3,)), has "
        "key as key<fry> of shape () instead of key<rbg> of shape (), rate as Python float instead of float32 of shape "
        "(), w as float32 of shape (2, 3) instead of bfloat16 of shape (2, 4) and also has b (float32 of shape (3,)); "
        "pass a tree made as the one that was saved, or load without like and take what fits.",
    ):
        fg.train.load(
            path,
            {
                "w": jnp.ones((2, 4), jnp.bfloat16),
                "bias": jnp.ones(3),
                "key": jax.random.key(0, impl="rbg"),
                "rate": jnp.array(0.1),
            },
        )
    fg.train.save(path, list(range(9)))
    with raises(
        fg.ArgumentError,
        "load(): like must have the leaves of the checkpoint; 'x.safetensors' also has 0 (Python int), 1 (Python int), "
        "2 (Python int), 3 (Python int) and 5 more; pass a tree made as the one that was saved, or load without like "
        "and take what fits.",
    ):
        fg.train.load(path, ())


def test_another_optimizer_is_another_tree(path):
    fg.train.save(path, state_of(optax.adam(1e-3)))
    with pytest.raises(fg.ArgumentError, match=r"also has opt_state.0.count \(int32 of shape \(\)\), opt_state.0.mu.w"):
        fg.train.load(path, state_of(optax.sgd(0.1)))


def test_save_says_what_it_cannot_keep(path):
    for leaf in (jax.nn.relu, object(), {1}):
        with pytest.raises(
            fg.ArgumentTypeError, match=r"^save\(\): leaves must be arrays, numbers, text or None; got "
        ):
            fg.train.save(path, {"f": leaf})
    with raises(
        fg.ArgumentTypeError,
        "save(): leaves must be arrays, numbers, text or None; got a bytes at f.0; leave it out of the tree: code "
        "is not stored, and nothing is pickled.",
    ):
        fg.train.save(path, {"f": [b"x"]})
    for array, dtype in (
        (np.array(["a"]), "<U1"),
        (np.array([None]), "object"),
        (np.zeros(1, "M8[s]"), "datetime64[s]"),
    ):
        with raises(
            fg.DtypeError,
            f"save(): arrays must hold numbers or truth values; got {dtype} at x; convert it to numbers first, or "
            "leave it out.",
        ):
            fg.train.save(path, {"x": array})
    with pytest.raises(fg.DtypeError):
        fg.train.save(path, {"x": np.zeros(1, [("a", "f4")])})
    dead = jnp.ones(2)
    dead.delete()
    with raises(
        fg.ArgumentError,
        "save(): every array must be alive; the memory of x was reused by the step that it was given to; save the "
        "state which that step returned.",
    ):
        fg.train.save(path, {"x": dead})
    with raises(
        fg.ArgumentTypeError,
        "save(): leaves must be known; got a traced value at x; call it outside of jit, grad and vmap.",
    ):
        jax.jit(lambda x: fg.train.save(path, {"x": x}))(1.0)
    for metadata in ({"a": (1, 2)}, {1: 2}, {"a": float("nan")}, {"a": np.float32(1)}, [1], {"a": {2: 1}}):
        with raises(
            fg.ArgumentError,
            "save(): metadata must be a dict of text, numbers, None, lists and dicts by text; got what JSON would "
            "change or refuse; convert it, for example with float(x) or list(x).",
        ):
            fg.train.save(path, {}, metadata=metadata)
    assert os.listdir(path.parent) == []


def test_places_that_cannot_be_written_or_read(path, tmp_path):
    for word in ("load", "read_manifest"):
        with raises(
            fg.ArgumentTypeError,
            f"{word}(): path must be a path; got int 3; write for example 'runs/model.safetensors'.",
        ):
            getattr(fg.train, word)(3)
    away = tmp_path / "no" / "x"
    with raises(
        fg.ArgumentError,
        f"save(): the folder must be there; there is no {str(away.parent)!r}; make it with "
        "pathlib.Path(folder).mkdir(parents=True).",
    ):
        fg.train.save(away, {})
    with raises(fg.ArgumentError, f"save(): path must be a file; got the folder {str(tmp_path)!r}; name a file in it."):
        fg.train.save(tmp_path, {})
    for missing in (away, path):
        with raises(
            fg.CheckpointError, f"load(): path must be a checkpoint; there is no {str(missing)!r}; correct the path."
        ):
            fg.train.load(missing)
    with pytest.raises(fg.CheckpointError, match=r"^load\(\): the checkpoint must be whole; .* is not: "):
        fg.train.load(tmp_path)
    save_file({"w": np.ones(2)}, path)
    with raises(
        fg.CheckpointError,
        f"load(): path must be a checkpoint that fg.train.save wrote; got {str(path)!r}, a safetensors file without "
        "its manifest; read it with fg.load_weights.",
    ):
        fg.train.load(path)


def test_64_bits_come_back_only_where_they_fit(path):
    with jax.enable_x64(True):
        fg.train.save(path, {"x": jnp.ones(2)})
    with raises(
        fg.DtypeError,
        'load(): dtype float64 needs 64-bit mode; jax_enable_x64 is off; run jax.config.update("jax_enable_x64", True) '
        "first, or ask for dtype='float32'.",
    ):
        fg.train.load(path)
    assert fg.train.load(path, {"x": np.zeros(2)})["x"].dtype == np.float64
    with pytest.raises(fg.ArgumentError, match="x as float64 of shape \\(2,\\) instead of float32"):
        fg.train.load(path, {"x": jnp.zeros(2)})


def test_a_newer_format_is_not_guessed(path, monkeypatch):
    monkeypatch.setattr("funcgrad.train._checkpoint_file.FORMAT", 2)
    fg.train.save(path, {})
    monkeypatch.undo()
    with raises(
        fg.CheckpointError,
        f"load(): path must have format 1 or older; it was written by funcgrad {fg.__version__} in format 2; install "
        "that version.",
    ):
        fg.train.load(path)


# What is torn


def test_a_thousand_mutations_are_errors_or_change_nothing(path, rng):
    tree = {"w": jnp.arange(6.0), "k": fg.key(1), "n": 3, "z": jnp.array([1j]), "t": (np.ones(2, np.int16), "text")}
    fg.train.save(path, tree)
    whole = path.read_bytes()
    outcomes = {"error": 0, "same": 0}
    for trial in range(1000):
        changed = bytearray(whole)
        kind = trial % 5
        at = int(rng.integers(len(whole)))
        if kind == 0:
            changed[at] ^= 1 << int(rng.integers(8))
        elif kind == 1:
            del changed[at:]
        elif kind == 2:
            end = min(len(whole), at + int(rng.integers(1, 64)))
            changed[at:end] = rng.bytes(end - at)
        elif kind == 3:
            del changed[at : at + int(rng.integers(1, 16))]
        else:
            changed[at:at] = rng.bytes(int(rng.integers(1, 16)))
        path.write_bytes(changed)
        try:
            loaded = fg.train.load(path, tree if trial % 2 else None)
        except fg.CheckpointError:
            outcomes["error"] += 1
        else:
            assert same(loaded, tree)
            outcomes["same"] += 1
    assert outcomes["same"] < 20  # a space in the header that became another blank


def test_two_files_mixed_are_no_checkpoint(path, tmp_path):
    """A header that fits, over the arrays of another step."""
    fg.train.save(path, {"w": jnp.zeros(64)})
    fg.train.save(tmp_path / "y", {"w": jnp.ones(64)})
    first, second = path.read_bytes(), (tmp_path / "y").read_bytes()
    path.write_bytes(first[:-256] + second[-256:])
    with raises(
        fg.CheckpointError,
        f"load(): the checkpoint must be whole; {str(path)!r} is not: the bytes of w are not those that were saved; "
        "use another checkpoint; fg.train.Checkpoints keeps several and falls back to the last whole one.",
    ):
        fg.train.load(path)


@pytest.mark.skipif(os.name != "posix", reason="elsewhere files have no such modes")
@pytest.mark.parametrize("write", [fg.train.save, fg.save_weights])
def test_who_may_read_new_files_may_read_these(path, write):
    before = os.umask(0o027)
    try:
        write(path, {"w": jnp.zeros(2)})
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_failing_write_leaves_what_was_there(path, monkeypatch):
    fg.train.save(path, {"w": jnp.zeros(2)})

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    for place in ("funcgrad.train._checkpoint_file.save_file", "os.fsync", "os.replace"):
        with monkeypatch.context() as patched:
            patched.setattr(place, full)
            with raises(
                fg.CheckpointError,
                f"save(): the file must be written; got 'No space left on device' for {str(path)!r}; free some "
                "space, or choose another folder; what was there before is unchanged.",
            ):
                fg.train.save(path, {"w": jnp.ones(2)})
        assert fg.train.load(path)["w"].tolist() == [0, 0]
        assert os.listdir(path.parent) == [path.name]


# A folder of them


def test_the_latest_and_the_best_are_kept(tmp_path):
    folder = fg.train.Checkpoints(tmp_path / "a" / "run", keep=2, best="accuracy", mode="max")
    assert (folder.latest(), folder.best(), folder.steps()) == (None, None, [])
    for step, accuracy in enumerate((0.1, float("nan"), 0.9, 0.9, float("-inf"), 0.2), 1):
        folder.save({"w": jnp.full(2, step)}, step=step, metrics={"accuracy": jnp.array(accuracy), "loss": 1})
    assert folder.steps() == [3, 5, 6]
    assert folder.latest() == folder.path(6)
    assert folder.best() == folder.path(3)
    assert folder.restore()["w"].tolist() == [6, 6]
    assert folder.restore({"w": np.zeros(2, np.int32)}, best=True)["w"].tolist() == [3, 3]
    assert folder.restore(step=5)["w"].tolist() == [5, 5]
    assert repr(folder) == f"Checkpoints({str(tmp_path / 'a' / 'run')!r}, steps=[3, 5, 6])"
    assert fg.train.read_manifest(folder.path(5))["metrics"] == {"accuracy": "-inf", "loss": 1}
    everything = fg.train.Checkpoints(tmp_path / "all", keep=None)
    for step in range(5):
        everything.save({}, step=step)
    assert everything.steps() == list(range(5))


def test_resume_gives_the_place_in_the_data(tmp_path):
    folder = fg.train.Checkpoints(tmp_path)
    state = state_of(optax.sgd(0.1))
    assert folder.resume(state) == (state, {})
    path = folder.save(state, data={"epoch": 2, "batch": 5}, metadata={"note": "x"})
    assert path == folder.path(0)
    found, place = folder.resume(state)
    assert same(found, state)
    assert place == {"epoch": 2, "batch": 5}
    assert fg.train.read_manifest(path)["metadata"] == {"note": "x"}


def test_what_is_torn_is_passed_over_with_the_reason(tmp_path):
    folder = fg.train.Checkpoints(tmp_path, keep=4, best="loss")
    for step in range(4):
        folder.save({"w": jnp.full(8, step)}, step=step, data={}, metrics={"loss": -step})
    flipped = bytearray(folder.path(3).read_bytes())
    flipped[-3] ^= 4
    folder.path(3).write_bytes(flipped)
    folder.path(2).write_bytes(folder.path(2).read_bytes()[:-1])
    (tmp_path / "step-0000000009.safetensors").write_bytes(b"")
    (tmp_path / "notes.txt").write_text("not ours")
    for call, word in (
        (folder.latest, "latest"),
        (folder.restore, "restore"),
        (lambda: folder.resume(None)[0], "resume"),
    ):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            found = call()
        assert found == folder.path(1) if word == "latest" else found["w"].tolist() == [1] * 8
        texts = [str(w.message) for w in caught]
        assert [text.partition("safetensors' is not: ")[2].partition(";")[0] for text in texts] == [
            "Error while deserializing header: header too small",
            "the bytes of w are not those that were saved",
            "Error while deserializing header: incomplete metadata, file not fully covered",
        ]
        assert texts[1] == (
            f"a checkpoint was passed over: {word}(): the checkpoint must be whole; {str(folder.path(3))!r} is not: "
            "the bytes of w are not those that were saved; use another checkpoint; fg.train.Checkpoints keeps "
            "several and falls back to the last whole one."
        )
    with pytest.warns(UserWarning, match="the bytes of w"):
        assert folder.best() == folder.path(1)
    # The run goes on where it was whole, and writes over what was not.
    folder.save({"w": jnp.full(8, 2)}, step=2, metrics={"loss": 0})
    folder.save({"w": jnp.full(8, 3)}, step=3, metrics={"loss": 0})
    assert folder.restore(step=3)["w"].tolist() == [3] * 8
    for step in folder.steps():
        folder.path(step).write_bytes(b"x")
    with (
        pytest.warns(UserWarning, match="a checkpoint was passed over"),
        raises(
            fg.CheckpointError,
            f"resume(): there must be a whole checkpoint; none of the {len(folder.steps())} in {str(tmp_path)!r} is; "
            "save one first, or correct the folder.",
        ),
    ):
        folder.resume(None)


def test_what_a_dead_process_left_is_removed(tmp_path):
    folder = fg.train.Checkpoints(tmp_path)
    code = f"""
import os, signal
import funcgrad as fg
os.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
fg.train.Checkpoints({str(tmp_path)!r}).save({{"a": 1}}, step=3)
"""
    said("-c", code, status=-9)
    (left,) = tmp_path.iterdir()
    assert left.name.startswith(".step-0000000003.safetensors.")
    assert folder.latest() is None
    folder.save({"a": 1}, step=1)
    assert [entry.name for entry in tmp_path.iterdir()] == ["step-0000000001.safetensors"]


def test_a_run_does_not_write_among_those_of_another(tmp_path):
    folder = fg.train.Checkpoints(tmp_path)
    folder.save({}, step=300)
    with raises(
        fg.ArgumentError,
        f"save(): the step must come after those in the folder; got step 10, and {str(tmp_path)!r} has step 300; "
        "resume from it, remove it, or choose another folder.",
    ):
        folder.save({}, step=10)


def test_the_folder_says_what_is_wrong(tmp_path):
    folder = fg.train.Checkpoints(tmp_path / "run", best="loss")
    with raises(
        fg.CheckpointError,
        f"restore(): there must be a whole checkpoint; {str(tmp_path / 'run')!r} has none; save one first, or "
        "correct the folder.",
    ):
        folder.restore()
    with raises(
        fg.ArgumentTypeError,
        "save(): the step must be known; got a dict without one; pass step=, or a TrainState.",
    ):
        folder.save({"w": 1})
    with raises(fg.ArgumentError, "save(): metrics must hold 'loss', which decides; got 'accuracy'; pass it too."):
        folder.save({}, step=1, metrics={"accuracy": 1.0})
    for value, given in (
        (np.ones(2), "float64 of shape (2,)"),
        ("x", "str 'x'"),
        (1j, "complex 1j"),
        (True, "bool True"),
    ):
        with raises(
            fg.ArgumentTypeError,
            f"save(): metrics must be real numbers; got {given} for 'a'; reduce it, or leave it out.",
        ):
            folder.save({}, step=1, metrics={"a": value})
    with raises(
        fg.ArgumentTypeError,
        "save(): metrics must be a dict of numbers; got a list; write for example metrics={'loss': 0.3}.",
    ):
        folder.save({}, step=1, metrics=[1])
    with raises(fg.ArgumentError, "restore(): step or best may be asked for; got both; leave one out."):
        folder.restore(step=1, best=True)
    with pytest.raises(fg.ArgumentError, match=r"^save\(\): data must be a dict of text"):
        folder.save({}, step=1, data={"batch": np.int32(3)})
    with raises(
        fg.ArgumentError,
        "best(): there must be a metric that decides; got none; write Checkpoints(folder, best='loss').",
    ):
        fg.train.Checkpoints(tmp_path).best()
    with raises(fg.ArgumentError, "Checkpoints(): mode must be 'min' or 'max'; got 'up'; choose what the best is."):
        fg.train.Checkpoints(tmp_path, mode="up")
    with raises(fg.ArgumentError, "Checkpoints(): keep must be at least 1; got 0; correct it."):
        fg.train.Checkpoints(tmp_path, keep=0)
    with raises(fg.ArgumentError, "Checkpoints(): every must be at least 1; got 0; correct it."):
        fg.train.Checkpoints(tmp_path, every=0)
    with raises(fg.ArgumentTypeError, "Checkpoints(): folder must be a path; got int 3; write 'runs/first'."):
        fg.train.Checkpoints(3)
    with raises(fg.ArgumentTypeError, "Checkpoints(): best must be a metric's name; got bool True; write best='loss'."):
        fg.train.Checkpoints(tmp_path, best=True)
    (tmp_path / "file").touch()
    with raises(
        fg.ArgumentError,
        f"Checkpoints(): folder must be a folder; got the file {str(tmp_path / 'file')!r}; name another.",
    ):
        fg.train.Checkpoints(tmp_path / "file")


# In the background


def test_what_is_written_beside_the_run_is_what_was_given(tmp_path, monkeypatch):
    folder, slow = fg.train.Checkpoints(tmp_path, keep=2), threading.Event()
    write = files.write

    def waits(*args):
        assert slow.wait(20)
        write(*args)

    monkeypatch.setattr(files, "write", waits)
    buffer = np.zeros(3)
    path = folder.save({"x": buffer, "n": 1}, step=1, wait=False)
    buffer[:] = 5  # as the memory of a state is reused
    assert not path.exists()
    slow.set()
    assert folder.steps() == [1]
    assert folder.restore()["x"].tolist() == [0, 0, 0]
    for step in (2, 3):
        folder.save({"x": buffer + step, "n": fg.ones(2, dtype="bfloat16")}, step=step, wait=False)
    folder.wait()
    assert folder.steps() == [2, 3]
    assert [folder.restore(step=step)["x"][0] for step in (2, 3)] == [7, 8]


def test_what_goes_wrong_beside_the_run_is_raised_by_the_next_call(tmp_path, monkeypatch):
    folder = fg.train.Checkpoints(tmp_path)
    message = "save(): the file must be written; got 'no space' for .*; free some space, or choose another folder"

    def full(*args):
        raise OSError(28, "no space")

    for call in (folder.wait, folder.latest, folder.steps, lambda: folder.save({}, step=3), folder.restore):
        with monkeypatch.context() as disk:
            disk.setattr(files, "save_file", full)
            folder.save({"x": np.ones(1)}, step=1, wait=False)
            folder._background._thread.join()
        with pytest.raises(fg.CheckpointError, match=message.replace("(", r"\(").replace(")", r"\)")):
            call()
        folder.wait()  # it is said once
    assert list(tmp_path.iterdir()) == []
    optimizer = optax.sgd(0.1)
    step = fg.train.step(lambda params, x: (params * x).sum(), optimizer)
    monkeypatch.setattr(files, "save_file", full)
    with pytest.raises(fg.CheckpointError, match="no space"):  # by the last epoch too
        fg.train.fit(step, fg.train.init(1.0, optimizer), [1.0], checkpoint=folder, progress=False)


def test_a_program_ends_when_its_checkpoint_is_written(tmp_path):
    code = f"""
import time
import numpy as np
import funcgrad as fg
import funcgrad.train._checkpoint_file as files
write = files.write
files.write = lambda *args: (time.sleep(0.3), write(*args))
fg.train.Checkpoints({str(tmp_path)!r}).save({{"x": np.ones(3)}}, step=1, wait=False)
"""
    said("-c", code)
    assert fg.train.Checkpoints(tmp_path).restore()["x"].tolist() == [1, 1, 1]

"""Checkpoints in parts, through orbax: what goes in comes out, on other devices too, and a run resumes to the bit."""

import importlib.util
import sys

import numpy as np
import optax
import pytest
from bounded import said
from harness import raises
from test_checkpoint import TREE, same
from test_resume import ended, fresh, judged

import funcgrad as fg
from funcgrad.train._sums import sums

needs_orbax = pytest.mark.skipif(
    importlib.util.find_spec("orbax") is None, reason="pip install 'funcgrad[orbax]', of 100 MB, to run this"
)


def test_without_orbax_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "orbax.checkpoint", None)
    with raises(
        fg.MissingModuleError,
        "ShardedCheckpoints(): orbax must be installed; it is not; run pip install 'funcgrad[orbax]', or use "
        "fg.train.Checkpoints.",
    ):
        fg.train.ShardedCheckpoints(tmp_path)


@needs_orbax
def test_every_kind_of_leaf_comes_back_bit_by_bit(tmp_path):
    folder = fg.train.ShardedCheckpoints(tmp_path)
    tree = {**TREE, "a/b": fg.ones(1), "..": np.ones(2)}
    folder.save(tree, step=3)
    assert same(folder.restore(tree), tree)
    assert folder.restore()["7"][3]["deep"][0]["er"].keys() == {"first", "second"}
    folder.save([None, ()], step=4)
    assert folder.restore([None, ()]) == [None, ()]


@needs_orbax
def test_the_latest_and_the_best_are_kept_and_what_is_saved_again_takes_its_place(tmp_path):
    folder = fg.train.ShardedCheckpoints(tmp_path, keep=2, best="loss")
    for step, loss in enumerate([3.0, 1.0, 2.0, 4.0]):
        folder.save({"x": fg.ones(2) * step}, step=step, metrics={"loss": loss})
    assert repr(folder) == f"ShardedCheckpoints({str(tmp_path)!r}, steps=[1, 2, 3])"
    assert folder.best() == tmp_path / "step-0000000001"
    assert folder.restore(best=True)["x"].tolist() == [1, 1]
    folder.save({"x": fg.ones(3)}, step=3, metrics={"loss": 0.5})
    assert folder.latest() == folder.best() == tmp_path / "step-0000000003-again-1"
    assert folder.restore()["x"].shape == (3,)
    assert len(list(tmp_path.iterdir())) == 2


@needs_orbax
def test_what_is_torn_is_passed_over(tmp_path):
    folder = fg.train.ShardedCheckpoints(tmp_path)
    for step in (1, 2):
        folder.save({"x": np.arange(1000.0) + step}, step=step)
    (tmp_path / "step-0000000009.orbax-checkpoint-tmp").mkdir()  # what a process leaves that was killed
    assert folder.steps() == [1, 2]
    parts = [p for p in (folder.path(2) / "arrays").rglob("*") if p.is_file() and p.stat().st_size > 500]
    for part in parts:
        part.write_bytes(part.read_bytes()[: part.stat().st_size // 2])
    with pytest.warns(UserWarning, match=r"a checkpoint was passed over: restore\(\): the checkpoint must be whole"):
        assert folder.restore()["x"][0] == 1
    manifest = folder.path(1) / "manifest" / "manifest.json"
    manifest.write_text(manifest.read_text().replace("float64", "float32"))
    with pytest.raises(fg.CheckpointError, match="none"), pytest.warns(UserWarning, match="passed over"):
        folder.restore()
    folder.save({"x": 1}, step=3)
    assert folder.steps() == [2, 3]
    assert len(list(tmp_path.iterdir())) == 2


# orbax closes its event loop before what it still does with a torn file ends, and Python says so.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@needs_orbax
def test_no_bit_that_is_wrong_comes_back(tmp_path, rng):
    folder = fg.train.ShardedCheckpoints(tmp_path)
    tree = {"x": fg.tensor(rng.normal(size=2000), "float"), "n": np.arange(300)}
    folder.save(tree, step=1)
    files = [entry for entry in folder.path(1).rglob("*") if entry.is_file() and entry.stat().st_size]
    largest = max(files, key=lambda file: file.stat().st_size)
    refused = 0
    for number in range(60):
        file = largest if number % 2 else files[number // 2 % len(files)]
        content = file.read_bytes()
        place = int(rng.integers(len(content)))
        file.write_bytes(content[:place] + bytes([content[place] ^ 1 << number % 8]) + content[place + 1 :])
        try:
            assert same(folder.restore(tree, step=1), tree)
        except fg.CheckpointError:
            refused += 1
        file.write_bytes(content)
    assert refused >= 25


def test_digests_are_those_of_the_bits_wherever_they_are(rng):
    names = ("float32", "bfloat16", "float16", "float8_e4m3fn", "int4", "int8", "int32", "bool", "complex64")
    values = {name: fg.to(fg.tensor(rng.normal(size=(3, 5)) + 2, "float"), name, lossy=True) for name in names}
    values["bool"] = values["float32"] > 2
    values["none"], values["one"], values["nan"] = fg.zeros(0), fg.ones(()), fg.full(2, float("nan"))
    found = sums(values)
    assert sums({name: np.asarray(value) for name, value in values.items()}) == found
    assert len(set(found.values())) == len(found)
    changed = {name: value[::-1] for name, value in values.items() if value.size > 2}
    assert [name for name, digest in sums(changed).items() if digest == found[name]] == []


@needs_orbax
@pytest.mark.parametrize("every", [None, 2])
def test_a_run_that_stopped_goes_on_to_the_same_bits(tmp_path, every):
    def kept(name):
        return fg.train.ShardedCheckpoints(tmp_path / name, every=every, keep=1)

    options = {"epochs": 12, "patience": 2, "evaluate": judged, "monitor": "distance"}
    assert ended(kept("stopped"), 4, 3, **options) == ended(kept("whole"), **options)


@needs_orbax
def test_another_tree_is_named(tmp_path):
    folder = fg.train.ShardedCheckpoints(tmp_path)
    folder.save(fresh(), data={})
    message = r"^resume\(\): like must have the leaves of the checkpoint; 'step-0000000000' lacks params.v "
    with pytest.raises(fg.ArgumentError, match=message):
        folder.resume(fg.train.init({"v": 1.0}, optax.adam(0.1), key=fg.key(0)))


@needs_orbax
def test_parts_go_to_another_number_of_devices(tmp_path):
    code = f"""
import jax
jax.config.update("jax_num_cpu_devices", 8)
import numpy as np
import funcgrad as fg
folder = fg.train.ShardedCheckpoints({str(tmp_path)!r})
tree = {{"w": fg.rand(64, 128, key=fg.key(0)), "h": fg.ones(128, 64, dtype="bfloat16"), "k": fg.key(3)}}
spread = fg.parallel(fsdp=True).place(tree)
folder.save(spread, step=1)
for n in (8, 4, 1):
    like = fg.parallel(n, fsdp=True).place({{**tree, "w": tree["w"] * 0}})
    back = folder.restore(like)
    print(n, jax.tree.map(lambda a, b: a.sharding == b.sharding, back, like) == {{"w": True, "h": True, "k": True}},
          np.array_equal(back["w"], tree["w"]), back["h"].dtype, jax.random.key_data(back["k"]))
"""
    assert said("-W", "error", "-c", code).splitlines() == [f"{n} True True bfloat16 [0 3]" for n in (8, 4, 1)]

"""What a run depends on is told; what it may choose is chosen in one call."""

import dataclasses
import json
import sys

import jax
import numpy as np
import pytest
from bounded import all_ended, with_package
from harness import raises

import funcgrad as fg


def test_info_tells_what_results_depend_on():
    found = fg.info()
    assert found.versions["funcgrad"] == fg.__version__
    assert found.versions["jax"] == jax.__version__
    assert found.versions["numpy"] == np.__version__
    assert found.devices == fg.devices()
    assert len(found.kinds) == len(found.devices)
    assert found.process == (0, 1)
    assert found.default_float == "float32"
    assert found.precision == "default"
    assert json.loads(json.dumps(dataclasses.asdict(found)))["random"] == "threefry2x32"
    shown = str(found)
    assert all(word in shown for word in ("python", "jaxlib", "devices", "cpu", "default float  float32", "cache"))


def test_info_sees_what_was_changed(monkeypatch):
    monkeypatch.setenv("XLA_FLAGS", "--xla_something=1")
    with jax.enable_x64(True), fg.precision("float32"), jax.debug_nans(True), jax.threefry_partitionable(False):
        found = fg.info()
    assert found.default_float == "float64"
    assert found.precision == "highest"
    assert found.checks == ["debug_nans"]
    assert found.random == "threefry2x32, by layout"
    assert found.flags["XLA_FLAGS"] == "--xla_something=1"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("float32", "HIGHEST"),
        ("highest", "HIGHEST"),
        ("tensorfloat32", "HIGH"),
        ("high", "HIGH"),
        ("medium", "DEFAULT"),
    ],
)
def test_precision_is_that_of_what_is_traced_inside(name, shown):
    def product(x):
        return fg.matmul(x, x) + fg.nn.linear(x, x)

    def precisions():
        jaxpr = jax.make_jaxpr(lambda x: product(x))(fg.eye(2))
        return {
            str(p) for e in jaxpr.eqns if e.primitive.name == "dot_general" for p in e.params["precision"] or [None]
        }

    outside = precisions()
    with fg.precision(name):
        assert precisions() == {shown}
    assert precisions() == outside
    assert fg.precision(name)(precisions)() == {shown}, "it decorates a function too"


def test_precision_refuses_what_it_does_not_know():
    with raises(
        fg.ArgumentError,
        "precision(): name must be among highest, float32, high, tensorfloat32, medium, bfloat16, default; "
        "got 'int8'; choose 'float32'.",
    ):
        fg.precision("int8")


def test_the_cache_serves_a_second_process(tmp_path):
    code = f"""
import sys, jax
found = []
jax.monitoring.register_event_listener(lambda name, **_: found.append(name.rsplit("/", 1)[-1]))
import funcgrad as fg
fg.ones(1) + 1  # what was compiled before is no obstacle
assert fg.cache({str(tmp_path / "new" / "folder")!r}).is_dir()
assert fg.info().cache == {str(tmp_path / "new" / "folder")!r}
jax.jit(lambda x: fg.softmax(x, dim=0))(fg.arange(3.0))
print(found.count("cache_hits"), found.count("cache_misses"))
"""
    environment = {k: v for k, v in with_package().items() if "CACHE" not in k}

    def run():
        (done,) = all_ended({"the process": [sys.executable, "-c", code]}, env=environment)
        assert (done.status, done.err) == (0, ""), str(done)
        return tuple(map(int, done.out.split()))

    hits, misses = run()
    assert hits == 0
    assert misses > 0
    assert run() == (misses, 0)


def test_a_cache_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with raises(
        fg.ArgumentError,
        f"cache(): folder must be one that can be written; got {str(tmp_path / 'file')!r} (File exists); "
        "choose another.",
    ):
        fg.cache(tmp_path / "file")


def test_the_cache_is_in_the_users_folder_by_default(tmp_path, monkeypatch):
    settings = {
        name: getattr(jax.config, f"jax_{name}")
        for name in (
            "compilation_cache_dir",
            "persistent_cache_min_compile_time_secs",
            "persistent_cache_min_entry_size_bytes",
            "enable_compilation_cache",
        )
    }
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    try:
        assert fg.cache() == tmp_path / "funcgrad"
    finally:
        for name, value in settings.items():
            jax.config.update(f"jax_{name}", value)

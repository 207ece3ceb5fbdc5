"""The public surface: what is listed is there, what is there is listed, and importing it changes nothing."""

import dataclasses
import importlib
import inspect
import pkgutil
import subprocess
import sys
from pathlib import Path

import optax
import pytest
from harness import raises

import funcgrad as fg

PACKAGE = Path(fg.__file__).parent
MODULES = [importlib.import_module(m.name) for m in pkgutil.walk_packages(fg.__path__, "funcgrad.")]


@pytest.mark.parametrize("module", MODULES, ids=lambda m: m.__name__)
def test_all_lists_what_the_module_defines(module):
    if module.__name__.split(".")[-1].startswith("_") or module.__file__.endswith("__init__.py"):
        return
    defined = {
        name
        for name, value in vars(module).items()
        if not name.startswith("_")
        and (inspect.isfunction(value) or inspect.isclass(value))
        and value.__module__ == module.__name__
    }
    assert defined - set(module.__all__) == set(), "public functions that __all__ does not list"
    assert [name for name in module.__all__ if not hasattr(module, name)] == []
    assert len(module.__all__) == len(set(module.__all__))


def test_layers_import_downward_only():
    order = [
        "_types",
        "_errors",
        "_checks",
        "_convert",
        "_op",
        "arrays",
        "linalg",
        "fft",
        "special",
        "autodiff",
        "nn",
        "train",
        "deploy",
        "inspect",
    ]
    rank = {f"funcgrad.{name}": i for i, name in enumerate(order)}
    upward = []
    for module in MODULES:
        layer = ".".join(module.__name__.split(".")[:2])
        source = inspect.getsource(module)
        for other, position in rank.items():
            name = other.removeprefix("funcgrad.")
            imports = [f"from .{name}", f"from ..{name}", f"from funcgrad.{name}"]
            if layer in rank and position > rank[layer] and any(text in source for text in imports):
                upward.append(f"{module.__name__} imports {other}")
    assert upward == []


def test_only_public_jax_is_used():
    private = [
        p.name for p in PACKAGE.rglob("*.py") if "jax._src" in p.read_text() or "jax.interpreters" in p.read_text()
    ]
    assert private == []


def test_no_file_has_outgrown_a_reader():
    long = {str(p): n for p in PACKAGE.rglob("*.py") if (n := len(p.read_text().splitlines())) > 420}
    assert long == {}


def run(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


EVERYTHING = "import funcgrad; [getattr(funcgrad, name) for name in funcgrad.__all__]"


def test_import_starts_no_backend_and_sets_nothing():
    code = f"""
import jax
before = dict(jax.config.values)
{EVERYTHING}
assert dict(jax.config.values) == before, "import changed the configuration"
jax.config.update("jax_num_cpu_devices", 3)  # raises once a backend has started
print(jax.device_count())
"""
    assert run(code) == "3"


def test_import_leaves_the_heavy_libraries_alone():
    code = "import sys; {}; print([m for m in ('matplotlib', 'torch', 'pandas') if m in sys.modules])"
    assert run(code.format(EVERYTHING)) == run(code.format("import jax, optax"))


def test_import_loads_the_words_that_are_used():
    code = "import sys, funcgrad; {}; print([m for m in sys.modules if m.split('.')[0] in ('funcgrad', 'jax')])"
    assert run(code.format("funcgrad.__all__, dir(funcgrad)")) == "['funcgrad']"
    assert "'funcgrad.arrays.creation'" in run(code.format("funcgrad.ones"))
    assert "'funcgrad.nn" not in run(code.format("funcgrad.ones"))


def test_every_public_name_is_listed_once_and_there():
    assert len(fg.__all__) == len(set(fg.__all__))
    flat = [m for m in MODULES if m.__name__.startswith(("funcgrad.arrays.", "funcgrad.autodiff.", "funcgrad._errors"))]
    flat = [m for m in flat if not m.__name__.split(".")[-1].startswith("_") or m.__name__ == "funcgrad._errors"]
    flat += [m for m in MODULES if m.__name__.startswith("funcgrad.deploy.")]
    flat += [sys.modules[f"funcgrad.{room}.flat"] for room in ("linalg", "nn", "special", "train")]
    words = {name for module in flat for name in module.__all__}
    rooms = {"autodiff", "data", "fft", "inspect", "linalg", "nn", "special", "testing", "train", "x64_enabled"}
    assert set(fg.__all__) == words | rooms
    assert [name for name in fg.__all__ if not hasattr(fg, name)] == []


CLASSES = {
    value
    for module in MODULES
    if not module.__name__.split(".")[-1].startswith("_")
    for name in getattr(module, "__all__", ())
    if inspect.isclass(value := getattr(module, name)) and value.__module__.startswith("funcgrad")
}


@pytest.mark.parametrize("kind", sorted(CLASSES, key=lambda kind: kind.__qualname__), ids=lambda kind: kind.__name__)
def test_a_constructor_says_which_call_it_takes(kind):
    if issubclass(kind, BaseException | tuple) or kind.__module__.split(".")[-1].startswith("_"):
        return  # named tuples are Python's, and JAX makes new ones at each call
    with pytest.raises(fg.ArgumentTypeError) as told:
        kind(nonsense=1)
    assert str(told.value).startswith(f"{kind.__name__}(): the call must fit {kind.__name__}(")


def test_a_constructor_that_does_not_fit():
    message = (
        "Checkpoints(): the call must fit Checkpoints(folder, *, keep=3, best=None, mode='min', every=None); "
        "got an unexpected keyword argument 'keeps'; correct the call."
    )
    with raises(fg.ArgumentTypeError, message):
        fg.train.Checkpoints("runs", keeps=3)
    state = fg.train.init({"w": fg.ones(1)}, optax.sgd(0.1))
    message = (
        "TrainState(): the call must fit TrainState(params, opt_state, step, key=None, model_state=None, ema=None, "
        "skipped=None); got an unexpected keyword argument 'param'; correct the call."
    )
    with raises(fg.ArgumentTypeError, message):
        dataclasses.replace(state, param=1)

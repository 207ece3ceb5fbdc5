"""Programs and weights that leave: artefacts that run without this package, and names and files that torch reads."""

import collections
import functools
import importlib.util
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from bounded import said
from harness import raises

import funcgrad as fg
from funcgrad.testing import assert_close

needs_flatbuffers = pytest.mark.skipif(
    importlib.util.find_spec("flatbuffers") is None, reason="the extra 'export' is not installed"
)


def apply(params, x):
    h = fg.nn.relu(fg.nn.linear(x, params["fc"]["weight"], params["fc"]["bias"]))
    return fg.softmax(h, dim=1)


@pytest.fixture
def params(rng):
    return {"fc": {"weight": fg.tensor(rng.normal(size=(3, 4)), "float"), "bias": fg.arange(3.0)}}


# Artefacts


@needs_flatbuffers
def test_an_artefact_runs_without_this_package_for_any_batch_on_every_platform(params, rng, tmp_path):
    x = fg.tensor(rng.normal(size=(5, 4)), "float")
    artefact = fg.export(apply, params, fg.ones(2, 4), in_dims=(None, 0), path=tmp_path / "model.bin")
    assert (tmp_path / "model.bin").read_bytes() == artefact
    np.savez(tmp_path / "given.npz", weight=params["fc"]["weight"], bias=params["fc"]["bias"], x=x)
    code = f"""
import sys
sys.modules["funcgrad"] = sys.modules["optax"] = None
import jax, numpy as np
given = np.load({str(tmp_path / "given.npz")!r})
loaded = jax.export.deserialize(bytearray(open({str(tmp_path / "model.bin")!r}, "rb").read()))
assert loaded.platforms == ("cpu", "cuda", "tpu"), loaded.platforms
params = {{"fc": {{"weight": given["weight"], "bias": given["bias"]}}}}
out = loaded.call(params, given["x"])
assert loaded.call(params, given["x"][:1]).shape == (1, 3)
np.save({str(tmp_path / "out.npy")!r}, out)
"""
    said("-c", code)
    assert_close(np.load(tmp_path / "out.npy"), np.asarray(apply(params, x)))
    assert_close(fg.load_exported(tmp_path / "model.bin")(params, np.asarray(x)), apply(params, x))


@needs_flatbuffers
def test_parameters_can_be_part_of_the_artefact(params):
    call = fg.load_exported(fg.export(functools.partial(apply, params), fg.ones(2, 4), platforms=("cpu",)))
    assert_close(call(fg.ones(7, 4)), apply(params, fg.ones(7, 4)))


@needs_flatbuffers
def test_words_whose_formulation_or_message_looks_at_sizes_leave_the_batch_open():
    """Each was found to ask how many rows there are: shapes made of them, large operands, counts."""
    conv = fg.ones(4, 3, 3, 3)

    def several(x, image, ids):
        b = x.shape[0]
        return {
            "reshape": fg.reshape(image, (b, -1)) + fg.view(image, b, -1) + fg.flatten(image, 1),
            "made": fg.zeros(b, 6) + fg.ones((b, 1)) + fg.expand(fg.ones(6), b, 6) + fg.arange(b)[:, None],
            "moments": (fg.std(x, 0), fg.var(x), fg.mean(x)),
            "order": (fg.max(x, 1), fg.argmax(x, 0), fg.sort(x, 1).values, fg.topk(x, 2).indices, fg.median(x, 1)),
            "sums": (fg.cumsum(x, 0), fg.bmm(image[:, 0], image[:, 1])),
            "index": fg.index(x, fg.s[:, 0]),
            "net": fg.nn.max_pool2d(fg.nn.conv2d(image, conv, padding=1), 2),
            "loss": fg.nn.cross_entropy(x, ids),
            "noise": fg.randn(b, 2, key=fg.key(0)),
        }

    def given(rows):
        rng = np.random.default_rng(rows)
        image = rng.normal(size=(rows, 3, 4, 4)).astype("f")
        return tuple(map(fg.tensor, (rng.normal(size=(rows, 6)).astype("f"), image, np.arange(rows) % 6)))

    call = fg.load_exported(fg.export(several, *given(2)))
    found, wanted = call(*given(5)), several(*given(5))
    assert isinstance(found["order"][0], tuple)
    assert not hasattr(found["order"][0], "values"), "named tuples become plain ones"
    assert_close(jax.tree.leaves(found), jax.tree.leaves(wanted))


@needs_flatbuffers
def test_derivatives_are_exported_when_asked_for():
    def cubes(x):
        return fg.sum(x**3)

    with_gradient = fg.load_exported(fg.export(cubes, fg.ones(2), derivatives=1, platforms=("cpu",)))
    assert_close(fg.grad(with_gradient)(fg.arange(3.0)), 3 * fg.arange(3.0) ** 2)
    without = fg.load_exported(fg.export(cubes, fg.ones(2), platforms=("cpu",)))
    with raises(
        fg.ArgumentError,
        "load_exported(): the artefact must hold the derivatives that are taken; it has none; "
        "pass derivatives=1, or as many as are taken in a row, to fg.export.",
    ):
        fg.grad(without)(fg.arange(3.0))


@needs_flatbuffers
def test_keys_and_fixed_sizes_can_be_exported():
    def noisy(key, x):
        return fg.nn.dropout(x, 0.5, key=key)

    call = fg.load_exported(fg.export(noisy, fg.key(0), fg.ones(3, 2), in_dims=None, platforms=("cpu",)))
    assert_close(call(fg.key(1), fg.ones(3, 2)), noisy(fg.key(1), fg.ones(3, 2)))
    with raises(
        fg.ShapeError,
        "load_exported(): the arguments must fit f(key<fry>[], float32[3,2]); "
        "got key<fry> of shape (), float32 of shape (2, 2); correct them.",
    ):
        call(fg.key(1), fg.ones(2, 2))


@needs_flatbuffers
def test_what_does_not_fit_an_artefact_is_refused(params, tmp_path):
    call = fg.load_exported(fg.export(lambda x, y: x + y, fg.ones(2, 3), fg.ones(2, 3), platforms=("cpu",)))
    takes = (
        "load_exported(): the arguments must fit f(float32[batch,3], float32[batch,3]), where batch is at least 1; got "
    )
    for args, got in [
        ((fg.ones(2, 3), fg.ones(4, 3)), "float32 of shape (2, 3), float32 of shape (4, 3)"),
        ((fg.ones(0, 3), fg.ones(0, 3)), "float32 of shape (0, 3), float32 of shape (0, 3)"),
        ((fg.ones(2, 3),), "float32 of shape (2, 3)"),
        ((fg.ones(2, 3), fg.ones(2, 3, dtype="half")), "float32 of shape (2, 3), float16 of shape (2, 3)"),
        ((), "nothing"),
    ]:
        with raises(fg.ShapeError, f"{takes}{got}; correct them."):
            call(*args)
    with raises(
        fg.ArgumentError,
        "load_exported(): the artefact must be for this platform; it runs on tpu, and this is cpu; "
        "export it with platforms=.",
    ):
        fg.load_exported(fg.export(apply, params, fg.ones(1, 4), in_dims=(None, 0), platforms=("tpu",)))
    with raises(
        fg.ArgumentError,
        "load_exported(): source must be an artefact of fg.export; 4 bytes are not one, or were written by a newer "
        f"JAX than {jax.__version__}; export it again.",
    ):
        fg.load_exported(b"junk")
    with raises(
        fg.ArgumentError,
        f"load_exported(): source must be an artefact or its file; got {str(tmp_path / 'x')!r} (No such file or "
        "directory); correct the path.",
    ):
        fg.load_exported(tmp_path / "x")


Point = collections.namedtuple("Point", "x y")


@needs_flatbuffers
@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (
            lambda: fg.export(lambda w, x: x @ w, fg.ones(3, 2), fg.ones(8, 3)),
            fg.ArgumentError,
            "all arguments must have one size of the batch; got 3 at argument 0 and 8 at argument 1; "
            "say where it is, for example in_dims=(None, 0) for apply(params, x)",
        ),
        (
            lambda: fg.export(lambda x: x, fg.ones(3), in_dims=(0, 0)),
            fg.ArgumentError,
            "in_dims must be an int or None, or one for each argument; got (0, 0) for 1; "
            "write for example in_dims=(None, 0)",
        ),
        (
            lambda: fg.export(lambda x: x, fg.ones(3), in_dims=1),
            fg.ArgumentError,
            "in_dims must name a dimension; got 1 for shape (3,) at argument 0; pass None for that argument",
        ),
        (
            lambda: fg.export(lambda x: x if x.shape[0] > 3 else 2 * x, fg.ones(3)),
            fg.ArgumentError,
            "f must not decide by the size of the batch, which is left open; got Symbolic dimension comparison "
            "'batch' > '3' is inconclusive; pass in_dims=None for fixed sizes",
        ),
        (
            lambda: fg.export(fg.linalg.eigvals, fg.eye(3), in_dims=None),
            fg.ArgumentError,
            "f must run on all platforms; got MLIR translation rule for primitive 'eig' not found for platforms "
            "['tpu']; pass platforms=('cpu',)",
        ),
        (
            lambda: fg.export(lambda p: p.x, Point(fg.ones(2), fg.ones(2))),
            fg.ArgumentTypeError,
            "arguments and results must be arrays in dicts, lists and tuples; got Point; "
            "convert it in f, or make it part of f with functools.partial",
        ),
        (
            lambda: fg.export(lambda x: x, "text"),
            fg.ArgumentTypeError,
            "arguments must be arrays; got str 'text' at argument 0; close over what is none",
        ),
        (
            lambda: fg.export(lambda x: x, fg.ones(1), platforms=("metal",)),
            fg.ArgumentError,
            "platforms must be among cpu, cuda, rocm, tpu; got ('metal',); leave it out for the CPU, CUDA and TPU",
        ),
        (
            lambda: fg.export(lambda x: x, fg.ones(1), path="/nowhere/at/all"),
            fg.ArgumentError,
            "path must be a file that can be written; got '/nowhere/at/all' (No such file or directory); "
            "choose another folder",
        ),
    ],
)
def test_what_cannot_be_exported_is_refused(call, kind, message):
    with raises(kind, f"export(): {message}."):
        call()


def test_an_error_of_the_function_itself_is_left_alone():
    pytest.importorskip("flatbuffers")
    with pytest.raises(ZeroDivisionError):
        fg.export(lambda x: x / (1 // 0), fg.ones(2))


@pytest.mark.parametrize("word", ["export", "load_exported"])
def test_the_missing_library_is_named_with_its_extra(word, monkeypatch):
    monkeypatch.setitem(sys.modules, "flatbuffers", None)
    with raises(
        fg.MissingModuleError,
        f"{word}(): flatbuffers must be installed; it is not; run pip install 'funcgrad[export]'.",
    ):
        getattr(fg, word)(lambda x: x)


# Weights


def test_names_are_paths_and_lead_back():
    params = {"layers": [Point(fg.ones(3, 2), None), Point(fg.zeros(1), fg.ones(1))], "n": jnp.int32(3), "none": None}
    state = fg.to_state_dict(params)
    assert {name: np.shape(x) for name, x in state.items()} == {
        "layers.0.x": (3, 2),
        "layers.1.x": (1,),
        "layers.1.y": (1,),
        "n": (),
    }
    assert_close(fg.from_state_dict(state, like=params), params)
    nested = fg.from_state_dict(state)
    assert isinstance(nested["layers"], list)
    assert_close(fg.to_state_dict(nested), state)
    gaps = fg.from_state_dict({"0.w": np.ones(1), "2.w": np.ones(2)})  # as of torch's Sequential
    assert list(gaps) == ["0", "2"]
    assert fg.from_state_dict({}) == {}


@pytest.mark.parametrize("kind", ["float32", "bfloat16", "float16", "int8", "uint8", "int32", "bool"])
def test_files_keep_every_bit(kind, tmp_path):
    params = {
        "a": fg.to(fg.tensor([0.0, 1.5, 3.0]), kind),
        "empty": fg.zeros(0, 2, dtype=kind),
        "n": fg.ones(dtype=kind),
    }
    path = fg.save_weights(tmp_path / "w.safetensors", params)
    assert_close(fg.load_weights(path), params, rtol=0, atol=0)
    assert_close(fg.load_weights(str(path), like=params), params, rtol=0, atol=0)
    assert [p.name for p in tmp_path.iterdir()] == ["w.safetensors"]


def test_arrays_take_the_dtype_of_like_and_memory_of_their_own():
    given = np.ones(2)
    params = fg.from_state_dict({"w": given}, like={"w": fg.zeros(2, dtype="bfloat16")})
    given[:] = 7
    assert params["w"].dtype == jnp.bfloat16
    assert params["w"].tolist() == [1, 1]


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (
            lambda path: fg.to_state_dict({"a.b": 1.0}),
            fg.ArgumentError,
            "to_state_dict(): every array must have a name without dots; got ['a.b']; "
            "call it otherwise: a dot divides the parts of a name.",
        ),
        (
            lambda path: fg.to_state_dict(fg.ones(2)),
            fg.ArgumentError,
            "to_state_dict(): every array must have a name without dots; got an array without a name; "
            "call it otherwise: a dot divides the parts of a name.",
        ),
        (
            lambda path: fg.to_state_dict({"a": {0: 1.0, 1: 2.0}, "b": len}),
            fg.ArgumentTypeError,
            "to_state_dict(): params must be a pytree of arrays; got a builtin_function_or_method at params['b']; "
            "leave out what is no number.",
        ),
        (
            lambda path: fg.to_state_dict({(1, 2): 1.0}),
            fg.ArgumentTypeError,
            "to_state_dict(): keys must be text or whole numbers; got (1, 2); call it otherwise.",
        ),
        (
            lambda path: fg.from_state_dict({"a": 1.0, "a.b": 2.0}),
            fg.ArgumentError,
            "from_state_dict(): no name may be the beginning of another; got 'a.b' beside another; rename one of them.",
        ),
        (
            lambda path: fg.from_state_dict([1.0]),
            fg.ArgumentTypeError,
            "from_state_dict(): state must be a dict of arrays by name; got a list; pass model.state_dict().",
        ),
        (
            lambda path: fg.from_state_dict({"a": "x"}),
            fg.ArgumentTypeError,
            "from_state_dict(): state must be a dict of arrays by name; got str 'x' under 'a'; "
            "leave out what is no number.",
        ),
        (
            lambda path: fg.from_state_dict({"a": np.ones(2), "c": np.ones(1)}, like={"a": 1.0, "b": 1.0}),
            fg.ArgumentError,
            "from_state_dict(): the names must be those of like; what was given lacks b and also has c; "
            "rename them: state is a dict, so {new[name]: x for name, x in state.items()} does it.",
        ),
        (
            lambda path: fg.from_state_dict({"w": np.ones((2, 3))}, like={"w": np.ones((3, 2))}),
            fg.ShapeError,
            "from_state_dict(): shapes must be those of like; got (2, 3) for 'w', which has (3, 2); "
            "transpose it yourself; nothing is guessed here.",
        ),
        (
            lambda path: fg.save_weights(path / "w", {"k": fg.key(0)}),
            fg.DtypeError,
            "save_weights(): weights must be real numbers of 8 to 64 bits, or bfloat16; got key<fry> of shape () "
            "under 'k'; leave it out or convert it.",
        ),
        (
            lambda path: fg.load_weights("nowhere"),
            fg.ArgumentError,
            "load_weights(): path must be a safetensors file; got 'nowhere' (there is none); correct the path.",
        ),
    ],
)
def test_weights_that_do_not_fit_are_refused(call, kind, message, tmp_path):
    with raises(kind, message):
        call(tmp_path)


def test_files_that_cannot_be_written_or_read_are_refused(tmp_path):
    (tmp_path / "junk").write_text("junk")
    for call in (
        lambda: fg.save_weights(tmp_path / "no" / "w", {"w": fg.ones(1)}),
        lambda: fg.save_weights(tmp_path, {"w": fg.ones(1)}),
        lambda: fg.load_weights(tmp_path / "junk"),
        lambda: fg.load_weights(tmp_path),
    ):
        with pytest.raises(fg.ArgumentError, match=r"path must be a (safetensors file|file that can be written); got"):
            call()

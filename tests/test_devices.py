"""Where arrays live, and moving and casting them."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from bounded import said
from harness import check_grad, raises

import funcgrad as fg
from funcgrad.testing import assert_close

only_a_cpu = pytest.mark.skipif(jax.default_backend() != "cpu" or jax.device_count() > 1, reason="names other devices")


@only_a_cpu
def test_a_machine_with_one_cpu():
    assert fg.devices() == ["cpu"]
    assert fg.device(fg.ones(2)) == "cpu"
    assert fg.device("cpu:0") == "cpu"
    assert fg.device(jax.devices()[0]) == "cpu"
    assert fg.device(np.ones(2)) == "cpu"
    assert fg.device_count() == 1
    assert [fg.device_count("gpu"), fg.device_count("cuda"), fg.device_count("tpu")] == [0, 0, 0]
    assert [fg.is_available(), fg.is_available("cuda"), fg.is_available("cpu")] == [False, False, True]
    assert fg.try_gpu() == fg.try_gpu(5) == fg.try_gpu(-1) == "cpu"
    assert fg.try_all_gpus() == ["cpu"]
    assert fg.device(fg.ones(2, device=fg.try_gpu())) == "cpu"


@only_a_cpu
@pytest.mark.parametrize("name", ["gpu", "cuda:0", "tpu", "cpu:1", "cpu:-1", "cpu:x", "abacus"])
def test_a_device_that_is_not_there(name):
    message = (
        f"device(): device must be present on this machine; got '{name}'; choose from 'cpu:0', or see fg.devices()."
    )
    with raises(fg.ArgumentError, message):
        fg.device(name)
    with raises(fg.ArgumentError, message.replace("device()", "ones()", 1)):
        fg.ones(2, device=name)


def test_what_has_no_device():
    message = (
        "device(): the array must exist already; got a traced float32 of shape (2,); ask outside the compiled function."
    )
    with raises(fg.TracedValueError, message):
        jax.jit(fg.device)(fg.ones(2))
    message = "device(): the argument must be an array or the name of a device; got a list; wrap it in fg.tensor(...)."
    with raises(fg.ArgumentTypeError, message):
        fg.device([1.0])
    with raises(
        fg.ArgumentTypeError,
        "ones(): device must be a name, a jax.Device or a sharding; got int 0; write for example 'cpu' or 'gpu:0'.",
    ):
        fg.ones(2, device=0)


def test_platforms_are_named_rightly():
    message = (
        "device_count(): platform must be one of 'cpu', 'cuda', 'gpu', 'rocm', 'tpu'; got 'gpus'; correct the name."
    )
    with raises(fg.ArgumentError, message):
        fg.is_available("gpus")


def test_several_devices():
    code = """
import jax
jax.config.update("jax_num_cpu_devices", 4)
import funcgrad as fg
assert fg.devices() == ["cpu", "cpu:1", "cpu:2", "cpu:3"], fg.devices()
assert fg.device_count() == fg.device_count("cpu") == 4
x = fg.to(fg.ones(4), "cpu:2")
assert fg.device(x) == "cpu:2"
assert fg.device(fg.tensor(x)) == fg.device(fg.tensor(x, dtype="half")) == fg.device(fg.to(x, "half")) == "cpu:2"
assert fg.device(fg.to(fg.ones(4, dtype="int"), x)) == "cpu:2" and fg.to(fg.ones(4, dtype="int"), x).dtype == "float32"
with fg.default_device("cpu:3"):
    assert fg.device(fg.ones(2)) == fg.device(fg.tensor([1.0])) == fg.device(fg.arange(3)) == "cpu:3"
assert fg.device(fg.ones(2)) == "cpu"
mesh = jax.sharding.Mesh(jax.devices(), "batch")
split = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec("batch"))
y = fg.to(fg.ones(4), split)
assert fg.device(y) == "cpu, cpu:1, cpu:2, cpu:3", fg.device(y)
assert fg.same_buffer(y, y) and not fg.same_buffer(y, fg.ones(4))
assert fg.device(fg.to({"w": fg.ones(2), "n": fg.arange(2)}, "cpu:1")["n"]) == "cpu:1"
assert fg.device(fg.tensor([1.0], device="cpu:1")) == "cpu:1"
assert fg.device(fg.clone(x)) == "cpu:2"
try:
    fg.default_device(split)
except fg.ArgumentTypeError as error:
    assert str(error) == ("default_device(): the default must be one device; got a jax.NamedSharding; "
                          "move arrays to a sharding with fg.to(x, sharding)."), error
print("fine")
"""
    assert said("-c", code) == "fine\n"


# Casting

CASTS = [
    (np.array([1.9, -1.9, 0.5, -0.0], np.float32), "int", [1, -1, 0, 0]),
    (np.array([255.9, 0, -0.9], np.float32), "byte", [255, 0, 0]),
    (np.array([1.5, -3.0], np.float32), "half", [1.5, -3.0]),
    (np.array([0.0, 2.0, np.nan], np.float32), "bool", [False, True, True]),
    (np.array([0, 3], np.int32), "bool", [False, True]),
    (np.array([True, False]), "float", [1.0, 0.0]),
    (np.array([True, False]), "int", [1, 0]),
    (np.array([1, 2], np.int32), "cfloat", [1, 2]),
    (np.array([127, -128], np.int32), "char", [127, -128]),
    (np.array([np.inf, np.nan], np.float32), "bfloat16", [np.inf, np.nan]),
    (np.array([2.0**31 - 128, -(2.0**31)], np.float32), "int", [2**31 - 128, -(2**31)]),
    (np.array([7.5], np.float32), "int4", [7]),
]


@pytest.mark.parametrize(("source", "dtype", "values"), CASTS)
def test_to_casts_as_torch_does(source, dtype, values):
    for x in (fg.tensor(source), source):
        made = fg.to(x, dtype)
        assert made.dtype == fg.to(x, dtype=dtype).dtype == fg.empty(1, dtype=dtype).dtype
        assert np.array_equal(np.asarray(made).astype(complex), np.array(values, complex), equal_nan=True)
    assert_close(jax.jit(lambda x: fg.to(x, dtype))(fg.tensor(source)), made)


LOST = [
    (np.array([1.0, np.nan], np.float32), "int", "nan at index 1", "replace it first, with fg.nan_to_num"),
    (np.array([[np.inf]], np.float32), "byte", "inf at index (0, 0)", "replace it first, with fg.nan_to_num"),
    (np.array(256.0, np.float32), "byte", "256.0", "ask for dtype='int32'"),
    (np.array([-1.0], np.float32), "byte", "-1.0 at index 0", "ask for dtype='int32'"),
    (np.array([2.0**40], np.float32), "int", "1099511627776.0 at index 0", "ask for dtype='int64' after X64"),
    (np.array([300], np.int32), "byte", "300 at index 0", "ask for dtype='int32'"),
    (np.array([-1], np.int8), "uint32", "-1 at index 0", "ask for dtype='int32'"),
    (np.array([2**31], np.uint32), "int", "2147483648 at index 0", "ask for dtype='int64' after X64"),
    (np.array([70000.0], np.float32), "half", "70000.0 at index 0", "ask for dtype='float32'"),
    (np.array([70000], np.int32), "half", "70000 at index 0", "ask for dtype='float32'"),
    (np.array([8], np.int32), "int4", "8 at index 0", "ask for dtype='int32'"),
    (np.array([7.0], np.float32), jnp.float4_e2m1fn, "7.0 at index 0", "ask for dtype='float32'"),
    (np.array([np.inf], np.float32), jnp.float8_e4m3fn, "inf at index 0", "ask for dtype='float32'"),
]


@pytest.mark.parametrize(("source", "dtype", "value", "remedy"), LOST)
def test_to_names_a_value_that_does_not_fit(source, dtype, value, remedy):
    target = fg.empty(1, dtype=dtype).dtype
    remedy = remedy.replace("X64", 'jax.config.update("jax_enable_x64", True)')
    message = f"to(): every value must fit in {target}; got {value}; {remedy}, or pass lossy=True."
    for x in (fg.tensor(source), source):
        with raises(fg.ConversionError, message):
            fg.to(x, dtype)
        assert fg.to(x, dtype, lossy=True).dtype == target
    assert jax.jit(lambda x: fg.to(x, dtype))(fg.tensor(source)).dtype == target, "not known under jit"


def test_to_returns_what_needs_no_change():
    x = fg.ones(2)
    assert fg.to(x) is x
    assert fg.to(x, "float") is x
    assert fg.to(x, fg.zeros(1), device=None).dtype == x.dtype


def test_to_takes_targets_in_any_order():
    x, half = fg.ones(2), fg.ones(1, dtype="half")
    for targets in [("half", "cpu"), ("cpu", "half"), (half,), (jnp.float16,), (np.float16,), ("cpu", np.dtype("f2"))]:
        made = fg.to(x, *targets)
        assert made.dtype == fg.float16
    assert fg.to(x, float).dtype == fg.float32
    assert fg.to(2.7, "int").item() == 2
    with raises(fg.ArgumentError, "to(): dtype may be given once; got str 'half' and str 'int'; drop one of them."):
        fg.to(x, "int", "half")
    with raises(fg.ArgumentError, "to(): device may be given once; got str 'cpu' and str 'cpu'; drop one of them."):
        fg.to(x, "cpu", device="cpu")
    message = (
        "to(): dtype must be a dtype or its name; got 'gpux'; "
        "write for example fg.float32 or 'float32'; fg.dtypes() lists them."
    )
    with raises(fg.DtypeError, message):
        fg.to(x, "gpux")


def test_complex_becomes_real_by_choice_only():
    z = fg.tensor([1 + 2j])
    message = (
        "to(): a complex array becomes real by a choice of yours; got complex64 of shape (1,) for float32; "
        "write fg.real(x) or fg.abs(x), or pass lossy=True."
    )
    with raises(fg.DtypeError, message):
        fg.to(z, "float")
    with raises(fg.DtypeError, message):
        jax.jit(lambda z: fg.to(z, "float"))(z)
    assert fg.to(z, "float", lossy=True).tolist() == [1.0]
    assert fg.to(z, "bool").tolist() == [True]


def test_gradients_flow_through_a_cast():
    x = fg.arange(3.0)
    assert_close(jax.grad(lambda x: (fg.to(x, "half") * 2).sum().astype("float32"))(x), fg.full(3, 2.0))
    assert_close(jax.vmap(lambda x: fg.to(x, "half"))(x), fg.to(x, "half"))
    with jax.enable_x64(True):
        check_grad(lambda x: fg.to(x, "float64") ** 2, x)


class Model(NamedTuple):
    weight: jax.Array
    steps: jax.Array
    mask: jax.Array
    buffer: np.ndarray
    rate: float
    name: None


def test_of_a_pytree_the_floating_leaves_are_cast():
    model = Model(fg.ones(2), fg.tensor(3), fg.tensor([True]), np.ones(2), 0.5, None)
    made = fg.to([model, {"key": jax.random.key(0)}], "half", "cpu")[0]
    assert isinstance(made, Model)
    assert [made.weight.dtype, made.steps.dtype, made.mask.dtype] == [fg.float16, fg.int32, fg.bool]
    assert made.buffer.dtype == fg.float16
    assert made.rate == 0.5
    assert made.name is None
    assert fg.to({}, "half") == {}
    assert fg.to({"z": fg.tensor([1j])}, "half")["z"].dtype == fg.complex64
    assert jax.jit(lambda tree: fg.to(tree, "half"))({"w": fg.ones(2)})["w"].dtype == fg.float16


def test_pytrees_are_not_cast_to_integers():
    message = (
        "to(): the dtype for a pytree must be floating point or complex; got int32; "
        "convert single arrays, with jax.tree.map where all are meant."
    )
    with raises(fg.DtypeError, message):
        fg.to({"w": fg.ones(2)}, "int")
    message = (
        "to(): the first argument must be an array or a pytree with arrays; got a list of numbers; "
        "wrap it in fg.tensor(...)."
    )
    with raises(fg.ArgumentTypeError, message):
        fg.to([1.0, 2.0], "half")
    message = (
        "to(): every value must fit in float16; got 70000.0 at index 0; ask for dtype='float32', or pass lossy=True."
    )
    with raises(fg.ConversionError, message):
        fg.to({"w": fg.full(2, 70000.0)}, "half")


def test_same_buffer():
    x = fg.ones(3)
    assert fg.same_buffer(x, x)
    assert not fg.same_buffer(x, x + 0)
    assert not fg.same_buffer(x, np.ones(3, np.float32))
    assert not fg.same_buffer(fg.zeros(0), fg.zeros(0))
    view = np.arange(4)
    assert fg.same_buffer(view, view[:2])
    message = (
        "same_buffer(): the arrays must exist already; got a traced float32 of shape (3,); "
        "ask outside the compiled function."
    )
    with raises(fg.TracedValueError, message):
        jax.jit(lambda x: fg.same_buffer(x, x))(x)
    with raises(
        fg.ArgumentTypeError, "same_buffer(): the arguments must be arrays; got float 1.0; wrap it in fg.tensor(...)."
    ):
        fg.same_buffer(1.0, x)

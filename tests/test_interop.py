"""In and out: what goes in comes out, nothing is shared, and what is not known yet is said to be so."""

import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from harness import raises

import funcgrad as fg
from funcgrad.testing import assert_close

WIDE = (
    "(): every value must fit in int32; got 1099511627776{}; "
    "ask for dtype='int64' after jax.config.update(\"jax_enable_x64\", True), or pass lossy=True."
)


def traced(f):
    return jax.jit(f)(fg.ones(2))


def test_tensor_copies_an_array():
    x = fg.ones(3)
    assert not fg.same_buffer(x, fg.tensor(x))
    assert not fg.same_buffer(x, fg.tensor(x, dtype=x.dtype))


def test_tensor_makes_weak_arrays_strong():
    weak = jnp.asarray(2.0)
    assert weak.weak_type
    assert not fg.tensor(weak).weak_type
    assert not fg.as_tensor(weak).weak_type
    assert not jax.jit(lambda x: fg.tensor(x))(2.0).weak_type


def test_tensor_converts_an_array_by_the_rules_of_host_data():
    message = (
        "tensor(): every value must fit in int32; got 3.5 at index 1; "
        "round it first, or keep a floating dtype, or pass lossy=True."
    )
    with raises(fg.ConversionError, message):
        fg.tensor(fg.tensor([1.0, 3.5]), "int")
    assert_close(fg.tensor(fg.tensor([1.0, 2.0]), "int"), np.array([1, 2], np.int32))


def test_lists_of_arrays_are_stacked_and_differentiable():
    def f(x):
        return fg.tensor([[x * 2, 1.0], [x, x * x]])

    assert_close(f(fg.tensor(3.0)), np.array([[6, 1], [3, 9]], np.float32))
    assert_close(jax.jacfwd(f)(3.0), np.array([[2, 0], [1, 6]], np.float32))
    assert fg.tensor([fg.tensor(1), 2.5]).dtype == fg.float32
    assert fg.tensor([fg.tensor(1), fg.tensor(2)], dtype="half").dtype == fg.float16
    message = (
        "tensor(): arrays inside a list must be 0-d; got one of shape (2,); join larger arrays with fg.stack or fg.cat."
    )
    with raises(fg.ShapeError, message):
        fg.tensor([fg.ones(2), fg.ones(2)])


def test_options_of_torch_that_have_no_place_say_so():
    message = (
        "tensor(): there is no requires_grad=; got requires_grad=; "
        "say what to differentiate in fg.grad(f, argnums=...)."
    )
    with raises(fg.ArgumentTypeError, message):
        fg.tensor([1.0], requires_grad=True)
    with raises(fg.ArgumentTypeError, "tensor(): there is no pin_memory=; got pin_memory=; leave it out."):
        fg.tensor([1.0], pin_memory=True)
    message = "to(): there is no non_blocking=, transfers never block; got non_blocking=; leave it out."
    with raises(fg.ArgumentTypeError, message):
        fg.to(fg.ones(2), "cpu", non_blocking=True)
    message = "clone(): there is no memory_format=, the compiler chooses it; got memory_format=; leave it out."
    with raises(fg.ArgumentTypeError, message):
        fg.clone(fg.ones(2), memory_format=None)


def test_as_tensor_is_itself_where_nothing_changes():
    x = fg.ones(3)
    assert fg.as_tensor(x) is x
    assert fg.as_tensor(x, "float") is x
    assert fg.as_tensor(x, "half").dtype == fg.float16
    assert fg.asarray is fg.as_tensor
    with raises(fg.ConversionError, "as_tensor" + WIDE.format("")):
        fg.as_tensor(2**40)


def test_from_numpy_takes_numpy_arrays_only():
    for data, given in [([1.0], "a list"), (fg.ones(2), "float32 of shape (2,)"), (1.5, "float 1.5")]:
        message = (
            f"from_numpy(): the argument must be a NumPy array; got {given}; "
            "use fg.tensor for numbers, lists and torch tensors."
        )
        with raises(fg.ArgumentTypeError, message):
            fg.from_numpy(data)
    assert fg.from_numpy(np.ones(5)).dtype == fg.float32
    with jax.enable_x64(True):
        assert fg.from_numpy(np.ones(5)).dtype == np.float64


@pytest.mark.parametrize(
    "dtype", ["float", "half", "bfloat16", "int", "byte", "bool", "cfloat", jnp.float8_e5m2, "int4"]
)
def test_to_numpy_there_and_back(dtype):
    x = fg.tensor([[0, 1, 1], [1, 0, 1]], dtype)
    host = fg.to_numpy(x)
    assert host.dtype == x.dtype
    assert host.flags.writeable
    assert_close(fg.from_numpy(host), x)
    host[...] = 0
    assert bool(x[0, 1]), "the copy is private"


def test_to_numpy_without_a_copy_is_read_only():
    x = fg.arange(1000.0)
    view = fg.to_numpy(x, writable=False)
    assert fg.same_buffer(x, view)
    with pytest.raises(ValueError, match="read-only"):
        view[0] = 1
    source = np.ones(2)
    assert not fg.to_numpy(source, writable=False).flags.writeable
    assert source.flags.writeable
    assert fg.to_numpy(source).dtype == np.float64
    assert fg.to_numpy(2.5).shape == ()


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (fg.zeros(1, 1, 1) + 3.5, float),
        (fg.tensor(7), int),
        (fg.tensor([True]), bool),
        (fg.tensor([1 + 2j]), complex),
        (fg.tensor([0.5], "bfloat16"), float),
        (fg.tensor([0.5], jnp.float8_e5m2), float),
        (fg.tensor([-3], "int4"), int),
        (np.float64(0.1), float),
        (np.array([2**40]), int),
        (4, int),
    ],
)
def test_item_is_a_python_number(value, kind):
    number = fg.item(value)
    assert type(number) is kind
    assert number == np.asarray(value).reshape(())[()]
    assert type(np.ravel(np.array(fg.tolist(value), object))[0]) is kind


def test_item_needs_one_element():
    for shape in [(2,), (0,), (1, 2)]:
        message = (
            f"item(): the array must have exactly one element; got shape {shape}; index it first, or use fg.tolist."
        )
        with raises(fg.ShapeError, message):
            fg.item(fg.ones(shape))


def test_tolist_nests_as_deep_as_there_are_dimensions():
    assert fg.tolist(fg.arange(3)) == [0, 1, 2]
    assert fg.tolist(fg.zeros(2, 0)) == [[], []]
    assert fg.tolist(fg.tensor(True)) is True
    assert fg.tolist(fg.tensor([[0.5]], "bfloat16")) == [[0.5]]


@pytest.mark.parametrize("word", ["item", "tolist", "to_numpy", "to_dlpack"])
def test_values_that_are_not_known_yet(word):
    message = (
        f"{word}(): the values must be known; got a traced float32 of shape (2,); "
        "return the array from the function, and call this word on the result."
    )
    with raises(fg.TracedValueError, message):
        traced(getattr(fg, word))


def test_clone_is_a_copy_that_differentiates():
    x = fg.arange(3.0)
    y = fg.clone(x)
    assert_close(y, x)
    assert not fg.same_buffer(x, y)
    assert_close(jax.grad(lambda x: (fg.clone(x) * x).sum())(x), 2 * x)


def test_from_dlpack_copies():
    x = fg.arange(5.0)
    assert not fg.same_buffer(x, fg.from_dlpack(x))

    class Foreign:
        """A library's array that is neither JAX's nor NumPy's."""

        def __init__(self, array):
            self.array = array

        def __dlpack__(self, **kwargs):
            return self.array.__dlpack__(**kwargs)

        def __dlpack_device__(self):
            return self.array.__dlpack_device__()

    source = np.arange(5, dtype=np.float32)
    made = fg.from_dlpack(Foreign(source))
    source[:] = 9
    assert_close(made, x)
    with raises(fg.ConversionError, "from_dlpack" + WIDE.format(" at index 0")):
        fg.from_dlpack(Foreign(np.array([2**40])))
    message = (
        "from_dlpack(): the argument must have __dlpack__ and __dlpack_device__; got a list; "
        "pass the array itself, not a capsule."
    )
    with raises(fg.ArgumentTypeError, message):
        fg.from_dlpack([1.0])


def test_is_tensor():
    assert fg.is_tensor(fg.ones(2))
    assert not any(fg.is_tensor(other) for other in (np.ones(2), [1.0], 1.0, None))
    assert traced(lambda x: x * fg.is_tensor(x)).tolist() == [1.0, 1.0]


def test_torch_is_not_imported_to_find_out():
    code = "import sys, funcgrad as fg; fg.tensor([1.0]); fg.to(fg.ones(2), 'half'); print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"

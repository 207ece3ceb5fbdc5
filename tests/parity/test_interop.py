"""torch tensors in and out: every dtype and layout, never sharing memory."""

import warnings

import jax.numpy as jnp
import numpy as np
import pytest
import torch
from harness import raises

import funcgrad as fg
from funcgrad.testing import assert_close

NARROW = {
    "int64": "int32",
    "float64": "float32",
    "uint64": "uint32",
    "complex128": "complex64",
    "complex32": "complex64",
}
KINDS = (
    *("bool", "uint8", "int8", "int16", "int32", "int64", "uint16", "uint32", "uint64"),
    *("float16", "bfloat16", "float32", "float64", "complex32", "complex64", "complex128"),
    *("float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz"),
)
WAYS = {"tensor": fg.tensor, "as_tensor": fg.as_tensor, "from_dlpack": fg.from_dlpack}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_dtype(kind, way):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch calls its complex32 experimental
        source = torch.tensor([[0.0, 1.0, 1.0], [1.0, 0.0, 1.0]]).to(getattr(torch, kind))
    made = WAYS[way](source)
    assert made.dtype.name == NARROW.get(kind, kind)
    assert np.asarray(made).astype(complex).tolist() == [[0, 1, 1], [1, 0, 1]]


def test_dtypes_and_devices_of_torch_are_understood():
    assert fg.tensor([1.5], dtype=torch.float16).dtype == fg.float16
    assert fg.tensor([1.0], device=torch.device("cpu")).dtype == fg.float32
    assert fg.to(fg.ones(2), torch.bfloat16).dtype == fg.bfloat16
    assert fg.to(fg.ones(2), torch.device("cpu"), torch.int8).dtype == fg.int8
    assert fg.device(torch.device("cpu")) == "cpu"
    assert fg.to(torch.ones(2), "half").dtype == fg.float16


@pytest.mark.parametrize(
    "view",
    [
        lambda t: t,
        lambda t: t.T,
        lambda t: t[:, ::2],
        lambda t: t.expand(2, 3, 4),
        lambda t: t[0, 0],
        lambda t: t[:0],
        lambda t: t.flip(0),
        lambda t: t.bfloat16().T,
        lambda t: torch.complex(t, -t).conj(),
        lambda t: torch.complex(t, -t).conj().imag,
        lambda t: torch._neg_view(t),
        lambda t: torch.nn.Parameter(t, requires_grad=False),
    ],
)
def test_every_layout(view):
    source = view(torch.arange(12.0).reshape(3, 4))
    expected = source.resolve_conj().resolve_neg()
    expected = expected.float() if expected.dtype == torch.bfloat16 else expected
    assert_close(fg.tensor(source), expected.detach().numpy(), check_dtype=False)


def test_bits_of_bfloat16_survive():
    bits = torch.arange(-(2**15), 2**15, dtype=torch.int32).to(torch.int16)
    made = fg.tensor(bits.view(torch.bfloat16))
    assert np.array_equal(np.asarray(made).view(np.int16), bits.numpy())


def test_values_are_checked():
    message = (
        "tensor(): every value must fit in int32; got 1099511627776 at index 0; "
        "ask for dtype='int64' after jax.config.update(\"jax_enable_x64\", True), or pass lossy=True."
    )
    with raises(fg.ConversionError, message):
        fg.tensor(torch.tensor([2**40]))


@pytest.mark.parametrize("tensor", [torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True) * 2])
def test_gradients_do_not_flow_between_libraries(tensor):
    message = (
        "tensor(): a torch tensor must not require gradients; got one with requires_grad=True; "
        "pass tensor.detach(); gradients do not flow between the two libraries."
    )
    with raises(fg.ArgumentTypeError, message):
        fg.tensor(tensor)


@pytest.mark.parametrize(
    ("make", "given", "remedy"),
    [
        (lambda: torch.eye(2).to_sparse(), "one of layout sparse_coo", "pass tensor.to_dense()"),
        (lambda: torch.ones(2, device="meta"), "one on the meta device", "make it on a real device"),
    ],
)
def test_tensors_without_values_of_their_own(make, given, remedy):
    message = f"tensor(): a torch tensor must be dense and hold values; got {given}; {remedy}."
    with raises(fg.ArgumentTypeError, message):
        fg.tensor(make())


def test_lists_of_tensors():
    assert_close(fg.tensor([torch.tensor(1.0), 2]), np.array([1, 2], np.float32))
    assert_close(fg.tensor([[torch.tensor(1)], [fg.tensor(2)]]), np.array([[1], [2]], np.int32))


def test_a_tensor_overwritten_at_once_changes_nothing():
    source = torch.ones(65_536)
    for make in WAYS.values():
        for _ in range(50):
            source.fill_(1.0)
            made = make(source)
            source.fill_(2.0)
            assert float(made.max()) == 1.0


@pytest.mark.parametrize("dtype", ["float", "bfloat16", "int", "bool", "cfloat", "half"])
def test_to_dlpack_gives_torch_a_copy_of_its_own(dtype):
    x = fg.tensor([[0, 1, 1], [1, 0, 1]], dtype)
    taken = torch.from_dlpack(fg.to_dlpack(x))
    assert str(taken.dtype).removeprefix("torch.") == x.dtype.name
    assert_close(fg.tensor(taken), x)
    taken.zero_()
    assert np.asarray(x).astype(complex).tolist() == [[0, 1, 1], [1, 0, 1]]


def test_words_refuse_a_tensor_with_the_remedy():
    message = "clone(): input must be an array or a number; got a torch.Tensor; wrap it in fg.tensor(...)."
    with raises(fg.ArgumentTypeError, message):
        fg.clone(torch.ones(2))


@pytest.mark.parametrize("value", [torch.tensor([[3.5]]), torch.tensor(7), torch.tensor(True), torch.tensor(1 + 2j)])
def test_item_and_tolist_agree(value):
    assert fg.item(value) == value.item()
    assert type(fg.item(fg.tensor(value))) is type(value.item())
    assert fg.tolist(fg.tensor(value)) == value.tolist()
    assert fg.is_tensor(jnp.ones(1))

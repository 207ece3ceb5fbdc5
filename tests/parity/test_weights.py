"""Weights go to torch and come back: its modules load what is saved here, and the other way round."""

import jax
import numpy as np
import safetensors.torch
import torch

import funcgrad as fg
from funcgrad.testing import assert_close


def apply(params, x):
    h = fg.nn.relu(fg.nn.conv2d(x, params["conv"]["weight"], params["conv"]["bias"], padding=1))
    h = fg.nn.relu(fg.nn.linear(fg.flatten(h, 1), params["layers"][0]["weight"], params["layers"][0]["bias"]))
    return fg.nn.linear(h, params["layers"][1]["weight"], params["layers"][1]["bias"])


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(1, 3, 3, padding=1)
        self.layers = torch.nn.ModuleList([torch.nn.Linear(3 * 16, 5), torch.nn.Linear(5, 2)])

    def forward(self, x):
        h = torch.relu(self.conv(x)).flatten(1)
        return self.layers[1](torch.relu(self.layers[0](h)))


def test_torch_loads_what_is_saved_here(rng, tmp_path):
    params = {
        "conv": {"weight": rng.normal(size=(3, 1, 3, 3)), "bias": rng.normal(size=3)},
        "layers": [
            {"weight": rng.normal(size=(5, 48)), "bias": rng.normal(size=5)},
            {"weight": rng.normal(size=(2, 5)), "bias": rng.normal(size=2)},
        ],
    }
    params = jax.tree.map(lambda x: fg.tensor(x, "float"), params)
    net = Net()
    path = fg.save_weights(tmp_path / "net.safetensors", params)
    net.load_state_dict(safetensors.torch.load_file(path))
    x = rng.normal(size=(4, 1, 4, 4)).astype("f")
    with torch.no_grad():
        assert_close(apply(params, fg.tensor(x)), net(torch.tensor(x)).numpy(), rtol=1e-5, atol=1e-5)


def test_what_torch_saved_is_loaded_here(rng, tmp_path):
    torch.manual_seed(0)
    net = Net()
    safetensors.torch.save_file(net.state_dict(), tmp_path / "net.safetensors")
    x = rng.normal(size=(4, 1, 4, 4)).astype("f")
    with torch.no_grad():
        expected = net(torch.tensor(x)).numpy()
    from_file = fg.load_weights(tmp_path / "net.safetensors")
    assert_close(apply(from_file, fg.tensor(x)), expected, rtol=1e-5, atol=1e-5)
    assert_close(fg.from_state_dict(net.state_dict(), like=from_file), from_file, rtol=0, atol=0)
    assert list(fg.to_state_dict(from_file)) == sorted(net.state_dict())


def test_dtypes_and_buffers_survive(tmp_path):
    state = {
        "half": torch.ones(2, dtype=torch.bfloat16),
        "num_batches_tracked": torch.tensor(3),
        "mask": torch.tensor([True, False]),
    }
    safetensors.torch.save_file(state, tmp_path / "s.safetensors")
    for found in (fg.load_weights(tmp_path / "s.safetensors"), fg.from_state_dict(state)):
        assert {name: (str(x.dtype), np.shape(x)) for name, x in found.items()} == {
            "half": ("bfloat16", (2,)),
            "num_batches_tracked": ("int32", ()),
            "mask": ("bool", (2,)),
        }
    back = safetensors.torch.load_file(fg.save_weights(tmp_path / "b.safetensors", found))
    assert back["half"].dtype == torch.bfloat16

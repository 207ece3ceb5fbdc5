"""The networks that training is timed on, as plain functions over `fg.nn`, and the same in torch."""

import itertools
from dataclasses import dataclass, field
from typing import Any

import jax
import numpy as np

import funcgrad as fg


@dataclass
class Network:
    """What is trained: parameters, ``apply(params, x)``, and batches that lie on the device, stacked."""

    name: str
    params: Any
    apply: Any
    x: jax.Array
    y: jax.Array
    torch: Any  # makes the same network in torch
    sizes: list[int] = field(default_factory=list)  # of a multilayer perceptron


def mlp(rows: int, steps: int) -> Network:
    sizes, key = [784, 512, 256, 10], fg.key(0)

    def in_torch(torch):
        layers = [part for i, o in itertools.pairwise(sizes) for part in (torch.nn.Linear(i, o), torch.nn.ReLU())]
        return torch.nn.Sequential(*layers[:-1])

    x, y = fg.randn(steps, rows, sizes[0], key=key), fg.randint(0, sizes[-1], (steps, rows), key=key)
    name = f"MLP 784-512-256-10, {rows} rows"
    return Network(name, fg.nn.mlp_init(sizes, key=key), fg.nn.mlp, x, y, in_torch, sizes)


def lenet(rows: int, steps: int) -> Network:
    keys = fg.keys(fg.key(0), 6)
    shapes = {"c1": (6, 1, 5, 5), "c2": (16, 6, 5, 5), "f1": (120, 400), "f2": (84, 120), "f3": (10, 84)}
    params = {
        name: {"weight": fg.nn.init.kaiming_uniform(shape, key=key), "bias": fg.zeros(shape[0])}
        for (name, shape), key in zip(shapes.items(), keys[:5], strict=True)
    }

    def apply(params, x):
        x = fg.nn.max_pool2d(fg.nn.relu(fg.nn.conv2d(x, **params["c1"], padding=2)), 2)
        x = fg.flatten(fg.nn.max_pool2d(fg.nn.relu(fg.nn.conv2d(x, **params["c2"])), 2), 1)
        for name in ("f1", "f2"):
            x = fg.nn.relu(fg.nn.linear(x, **params[name]))
        return fg.nn.linear(x, **params["f3"])

    def in_torch(torch):
        nn = torch.nn
        first = [nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU()]
        last = [nn.MaxPool2d(2), nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU()]
        return nn.Sequential(*first, *last, nn.Linear(84, 10))

    x, y = fg.randn(steps, rows, 1, 28, 28, key=keys[5]), fg.randint(0, 10, (steps, rows), key=keys[5])
    return Network(f"LeNet 1×28×28, {rows} rows", params, apply, x, y, in_torch)


def transformer(rows: int, steps: int, width: int = 128, heads: int = 4, length: int = 64) -> Network:
    keys = fg.keys(fg.key(0), 10)
    words = 256

    def layer(keys):
        shapes = {
            "qkv": (3 * width, width),
            "out": (width, width),
            "up": (4 * width, width),
            "down": (width, 4 * width),
        }
        weights = {
            name: {"weight": fg.nn.init.xavier_uniform(shape, key=key), "bias": fg.zeros(shape[0])}
            for (name, shape), key in zip(shapes.items(), keys, strict=True)
        }
        norms = {name: {"weight": fg.ones(width), "bias": fg.zeros(width)} for name in ("norm1", "norm2")}
        return weights | norms

    params = {
        "embed": 0.1 * fg.randn(words, width, key=keys[8]),
        "layers": [layer(keys[:4]), layer(keys[4:8])],
        "head": {"weight": fg.nn.init.xavier_uniform((words, width), key=keys[9]), "bias": fg.zeros(words)},
    }

    def block(layer, x):
        split = fg.nn.linear(fg.nn.layer_norm(x, (width,), **layer["norm1"]), **layer["qkv"])
        q, k, v = fg.unbind(fg.reshape(split, (*x.shape[:2], 3, heads, width // heads)), 2)
        q, k, v = (fg.transpose(part, 1, 2) for part in (q, k, v))
        seen = fg.nn.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + fg.nn.linear(fg.reshape(fg.transpose(seen, 1, 2), x.shape), **layer["out"])
        inner = fg.nn.gelu(fg.nn.linear(fg.nn.layer_norm(x, (width,), **layer["norm2"]), **layer["up"]))
        return x + fg.nn.linear(inner, **layer["down"])

    def apply(params, x):
        x = params["embed"][x]
        for layer in params["layers"]:
            x = block(layer, x)
        return fg.transpose(fg.nn.linear(x, **params["head"]), 1, 2)

    def in_torch(torch):
        nn = torch.nn

        class Model(nn.Module):
            def __init__(self):
                super().__init__()
                options = {"dropout": 0.0, "activation": "gelu", "batch_first": True, "norm_first": True}
                one = nn.TransformerEncoderLayer(width, heads, 4 * width, **options)
                self.embed, self.head = nn.Embedding(words, width), nn.Linear(width, words)
                self.layers = nn.TransformerEncoder(one, 2, enable_nested_tensor=False)
                self.mask = nn.Transformer.generate_square_subsequent_mask(length)

            def forward(self, x):
                return self.head(self.layers(self.embed(x), mask=self.mask, is_causal=True)).transpose(1, 2)

        return Model()

    x = fg.randint(0, words, (steps, rows, length), key=keys[0])
    name = f"transformer of 2 layers, {width} wide, {length} words, {rows} rows"
    return Network(name, params, apply, x, fg.flip(x, 2), in_torch)


def batches(network: Network) -> list:
    return [(network.x[i], network.y[i]) for i in range(len(network.x))]


def in_torch(network: Network, torch: Any, fused: bool, compiled: bool) -> Any:
    """One epoch of it in torch, every loss kept."""
    tensors = [(torch.tensor(np.asarray(x)), torch.tensor(np.asarray(y)).long()) for x, y in batches(network)]
    if network.x.dtype == np.int32:
        tensors = [(x.long(), y) for x, y in tensors]
    model = network.torch(torch)
    optimizer = torch.optim.Adam(model.parameters(), 1e-3, fused=fused)
    apply = torch.compile(model) if compiled else model

    def run():
        losses = []
        for x, y in tensors:
            optimizer.zero_grad()
            value = torch.nn.functional.cross_entropy(apply(x), y)
            value.backward()
            optimizer.step()
            losses.append(value.detach())
        return torch.stack(losses).numpy()

    return run

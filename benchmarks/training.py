"""Whole runs: ``fit`` with history and progress, and ``loop``, against loops written by hand and other libraries."""

import atexit
import contextlib
import importlib.util
import io
import itertools
import shutil
import sys
import tempfile
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import optax

import funcgrad as fg

from . import networks
from .timing import interleaved, ratio, spread

FITS = ("fit", "fit, saved", "fit, shuffled, saved", "fit, a list", "fit, on the host", "fit, a step a call")


class Terminal(io.StringIO):
    """What a bar is drawn on."""

    def isatty(self) -> bool:
        """It is one."""
        return True


def contenders_on(network: networks.Network, compiled: bool) -> dict:
    """One epoch of Adam on rows that lie on the device, every loss kept."""
    optimizer, params, listed = optax.adam(1e-3), network.params, networks.batches(network)
    size, arrays = network.x.shape[1], [array.reshape(-1, *array.shape[2:]) for array in (network.x, network.y)]
    order = np.asarray(fg.randperm(len(arrays[0]), key=fg.key(1))).reshape(-1, size)
    rows = fg.data.batches(*arrays, batch_size=size)
    shuffled = fg.data.batches(*arrays, batch_size=size, key=fg.key(1))
    on_host = fg.data.batches(*map(np.asarray, arrays), batch_size=size, key=fg.key(1))

    def loss(params, x, y):
        return fg.nn.cross_entropy(network.apply(params, x), y)

    def plain(params, opt_state, x, y):
        value, gradients = jax.value_and_grad(loss)(params, x, y)
        updates, opt_state = optimizer.update(gradients, opt_state, params)
        return optax.apply_updates(params, updates), opt_state, value

    jitted = jax.jit(plain, donate_argnums=(0, 1))
    by_hand = [jax.tree.map(jnp.copy, params), optimizer.init(params)]

    def loop():
        losses = []
        for batch in listed:
            by_hand[0], by_hand[1], value = jitted(*by_hand, *batch)
            losses.append(value)
        return jax.device_get(losses)

    @jax.jit
    def scan(params, opt_state):
        def turn(carried, batch):
            *carried, value = plain(*carried, *batch)
            return tuple(carried), value

        return jax.lax.scan(turn, (params, opt_state), (network.x, network.y))

    @jax.jit
    def scan_shuffled(params, opt_state, order):
        def turn(carried, rows):
            *carried, value = plain(*carried, *(array[rows] for array in arrays))
            return tuple(carried), value

        return jax.lax.scan(turn, (params, opt_state), order)

    step = fg.train.step(loss, optimizer)
    states: dict = {}
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)

    def fit(name, data, **options):
        kept = fg.train.Checkpoints(f"{folder}/{name}", keep=2) if "saved" in name else None
        state = states.get(name) or step.init(params)
        with contextlib.redirect_stderr(Terminal()):
            states[name], history = fg.train.fit(step, state, data, checkpoint=kept, **options)
        return history["loss"]

    contenders = {
        "loop by hand": loop,
        "scan by hand": lambda: jax.device_get(scan(*by_hand)[1]),
        "scan by hand, shuffled": lambda: jax.device_get(scan_shuffled(*by_hand, order)[1]),
        "fit": lambda: fit("fit", rows),
        "fit, saved": lambda: fit("fit, saved", rows),
        "fit, shuffled, saved": lambda: fit("fit, shuffled, saved", shuffled),
        "fit, a list": lambda: fit("fit, a list", listed),
        "fit, on the host": lambda: fit("fit, on the host", on_host),
        "fit, a step a call": lambda: fit("fit, a step a call", listed, steps_per_call=1),
    }
    return contenders | others(network, compiled)


def others(network: networks.Network, compiled: bool) -> dict:
    """The same in torch, Equinox and Flax, where they are installed."""
    found = {}
    if importlib.util.find_spec("torch"):
        import torch

        found["torch, Adam"] = networks.in_torch(network, torch, False, False)
        found["torch, fused Adam"] = networks.in_torch(network, torch, True, False)
        if compiled:
            found["torch, compiled, fused Adam"] = networks.in_torch(network, torch, True, True)
    if network.sizes and importlib.util.find_spec("equinox"):
        found["equinox"] = in_equinox(network)
    if network.sizes and importlib.util.find_spec("flax"):
        found["flax"] = in_flax(network)
    return found


def in_equinox(network: networks.Network) -> Callable[[], object]:
    import equinox as eqx

    sizes, data = network.sizes, networks.batches(network)
    pairs = list(itertools.pairwise(sizes))
    linear = [eqx.nn.Linear(i, o, key=key) for (i, o), key in zip(pairs, fg.keys(fg.key(0), len(pairs)), strict=True)]
    model = eqx.nn.Sequential([part for layer in linear for part in (layer, eqx.nn.Lambda(jax.nn.relu))][:-1])
    optimizer = optax.adam(1e-3)
    kept = [model, optimizer.init(eqx.filter(model, eqx.is_array))]

    @eqx.filter_jit
    def step(model, opt_state, x, y):
        loss = eqx.filter_value_and_grad(lambda model: fg.nn.cross_entropy(jax.vmap(model)(x), y))
        value, gradients = loss(model)
        updates, opt_state = optimizer.update(gradients, opt_state)
        return eqx.apply_updates(model, updates), opt_state, value

    def run():
        losses = []
        for x, y in data:
            kept[0], kept[1], value = step(*kept, x, y)
            losses.append(value)
        return jax.device_get(losses)

    return run


def in_flax(network: networks.Network) -> Callable[[], object]:
    from flax import nnx

    sizes, data = network.sizes, networks.batches(network)

    class Model(nnx.Module):
        def __init__(self):
            rngs = nnx.Rngs(0)
            self.layers = nnx.List([nnx.Linear(i, o, rngs=rngs) for i, o in itertools.pairwise(sizes)])

        def __call__(self, x):
            for layer in self.layers[:-1]:
                x = jax.nn.relu(layer(x))
            return self.layers[-1](x)

    model = Model()
    optimizer = nnx.Optimizer(model, optax.adam(1e-3), wrt=nnx.Param)

    @nnx.jit
    def step(model, optimizer, x, y):
        value, gradients = nnx.value_and_grad(lambda model: fg.nn.cross_entropy(model(x), y))(model)
        optimizer.update(model, gradients)
        return value

    return lambda: jax.device_get([step(model, optimizer, x, y) for x, y in data])


def regression(steps: int) -> dict:
    """Adam on the same 64 rows with 8 weights, `steps` times, every loss kept."""
    x = fg.randn(64, 8, key=fg.key(0))
    y, optimizer = x.sum(1), optax.adam(1e-2)

    def loss(params, x, y):
        return fg.nn.mse_loss(x @ params["w"], y)

    @jax.jit
    def jitted(params, opt_state):
        value, gradients = jax.value_and_grad(loss)(params, x, y)
        updates, opt_state = optimizer.update(gradients, opt_state, params)
        return optax.apply_updates(params, updates), opt_state, value

    start = {"w": jnp.zeros(8)}
    step = fg.train.step(loss, optimizer)

    def turn(state):
        return step(state, x, y)

    def by_hand():
        params, opt_state, losses = start, optimizer.init(start), []
        for _ in range(steps):
            params, opt_state, value = jitted(params, opt_state)
            losses.append(value)
        return jax.device_get(losses)

    @jax.jit
    def scan(params, opt_state):
        def one(carried, _):
            *carried, value = jitted(*carried)
            return tuple(carried), value

        return jax.lax.scan(one, (params, opt_state), None, length=steps)

    rows = fg.data.batches(fg.tile(x, (steps, 1)), fg.tile(y, (steps,)), batch_size=64)
    contenders = {
        "jitted loop": by_hand,
        "scan by hand": lambda: jax.device_get(scan(start, optimizer.init(start))),
        "fg.loop": lambda: fg.loop(turn, step.init(start), steps)[1]["loss"],
        "fit": lambda: fg.train.fit(step, step.init(start), rows, progress=False)[1]["loss"],
    }
    if importlib.util.find_spec("torch"):
        import torch

        inputs, targets = torch.tensor(np.asarray(x)), torch.tensor(np.asarray(y))
        count = steps // 10

        def run():  # a tenth of the steps
            weights = torch.zeros(8, requires_grad=True)
            adam = torch.optim.Adam([weights], 1e-2, fused=True)
            losses = []
            for _ in range(count):
                adam.zero_grad()
                value = torch.nn.functional.mse_loss(inputs @ weights, targets)
                value.backward()
                adam.step()
                losses.append(value.detach())
            return torch.stack(losses).numpy()

        contenders["torch, fused Adam (a tenth)"] = run
    return contenders


def report(contenders: dict, steps: int, rounds: int, against: tuple[tuple[str, str], ...]) -> None:
    seconds = interleaved(contenders, rounds, 1)
    for name, values in seconds.items():
        share = 10 if "a tenth" in name else 1
        seconds[name] = [share * value / steps for value in values]
        print(f"| {name} | {spread(seconds[name])} |")
    for slow, fast in against:
        if slow in seconds:
            print(f"{slow} / {fast}: {ratio(seconds[slow], seconds[fast]):.3f}")
    print(flush=True)


def main(
    rounds: int = 9,
    cases: tuple[tuple[str, int, int], ...] = (
        ("mlp", 128, 469),  # an epoch of 60 000 rows
        ("mlp", 1024, 59),
        ("lenet", 128, 32),
        ("transformer", 32, 16),
    ),
    steps: int = 20_000,
    compiled: bool = True,
) -> None:
    print("microseconds a step, median [quartiles]; an epoch with its losses, history and bar\n", file=sys.stdout)
    libraries = ("torch, Adam", "torch, fused Adam", "torch, compiled, fused Adam", "equinox", "flax")
    for name, rows, count in cases:
        network = getattr(networks, name)(rows, count)
        print(f"{network.name}\n")
        fits = [(fit, bare) for fit in FITS for bare in ("loop by hand", "scan by hand")]
        fits.append(("fit, shuffled, saved", "scan by hand, shuffled"))
        report(
            contenders_on(network, compiled), count, rounds, (*fits, *((other, "fit, saved") for other in libraries))
        )
    print("linear regression, 8 weights, 64 rows\n")
    names = ("jitted loop", "scan by hand", "torch, fused Adam (a tenth)")
    pairs = [(name, fast) for fast in ("fg.loop", "fit") for name in names]
    report(regression(steps), steps, rounds, tuple(pairs))

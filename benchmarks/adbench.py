"""The problems of ADBench in float64: objectives, their derivatives by funcgrad, JAX and (where installed) torch.

Gaussian mixture (gradient), bundle adjustment (a 2 × 15 block for each observation) and D-LSTM (gradient), with data
made here of the published sizes. Source: Srajer, Kukelova, Fitzgibbon, A benchmark of selected algorithmic
differentiation tools on some problems in computer vision and machine learning, 2018.
"""

import time

import jax
import jax.numpy as jnp
import numpy as np

import funcgrad as fg

from .timing import interleaved, peer, ratio, spread

_PAUSE = "pause"


def mixture(count: int, d: int, k: int):
    """The likelihood of a Gaussian mixture with a Wishart prior, as quadratic forms: one product of matrices.

    Q (x - m) is squared and summed, which is x'Ax - 2 m'Ax + m'Am with A = Q'Q: linear in the products of pairs of
    the coordinates of x, which are constants.
    """
    rng = np.random.default_rng(0)
    x = rng.standard_normal((count, d))
    rows, cols = np.tril_indices(d, -1)
    upper = np.triu_indices(d)
    pairs = x[:, upper[0]] * x[:, upper[1]] * np.where(upper[0] == upper[1], 1.0, 2.0)
    features = jnp.asarray(np.concatenate([pairs, x, np.ones((count, 1))], axis=1))
    points = jnp.asarray(x)

    def prior(q, lower):
        return 0.5 * (jnp.sum(jnp.exp(2 * q)) + jnp.sum(lower**2)) - jnp.sum(q)

    def factors(q, lower):
        eye = jnp.eye(d)
        return jnp.exp(q)[:, :, None] * eye + jnp.zeros((k, d, d)).at[:, rows, cols].set(lower)

    def objective(params):
        logits, means, q, lower = params
        factor = factors(q, lower)
        square = jnp.swapaxes(factor, 1, 2) @ factor
        pulled = (square @ means[:, :, None])[:, :, 0]
        weights = jnp.concatenate(
            [square[:, upper[0], upper[1]], -2 * pulled, jnp.sum(pulled * means, 1, keepdims=True)], axis=1
        )
        inner = (logits + q.sum(1)) - 0.5 * features @ weights.T
        return jax.nn.logsumexp(inner, axis=1).sum() - count * jax.nn.logsumexp(logits) - prior(q, lower)

    def textbook(params):
        """As the tools' own implementations have it."""
        logits, means, q, lower = params
        whitened = jnp.einsum("kij,nkj->nki", factors(q, lower), points[:, None] - means)
        inner = (logits + q.sum(1)) - 0.5 * jnp.sum(whitened**2, axis=-1)
        return jax.nn.logsumexp(inner, axis=1).sum() - count * jax.nn.logsumexp(logits) - prior(q, lower)

    sizes = (k,), (k, d), (k, d), (k, d * (d - 1) // 2)
    params = tuple(jnp.asarray(rng.standard_normal(size) / d**0.5) for size in sizes)

    def by_torch(torch):
        data, eye = torch.tensor(x), torch.eye(d, dtype=torch.float64)
        at = [torch.tensor(np.asarray(p), requires_grad=True) for p in params]

        def objective(logits, means, q, lower):
            strict = torch.zeros((k, d, d), dtype=torch.float64)
            strict[:, rows, cols] = lower
            factor = torch.exp(q)[:, :, None] * eye + strict
            whitened = torch.einsum("kij,nkj->nki", factor, data[:, None] - means)
            inner = (logits + q.sum(1)) - 0.5 * (whitened**2).sum(-1)
            prior = 0.5 * (torch.exp(2 * q).sum() + (lower**2).sum()) - q.sum()
            return torch.logsumexp(inner, 1).sum() - count * torch.logsumexp(logits, 0) - prior

        return lambda: torch.autograd.grad(objective(*at), at)

    return objective, textbook, params, by_torch


def bundle(cameras: int = 49, points: int = 7776, observations: int = 31843):
    """Reprojection errors: 11 numbers of a camera, 3 of a point and a weight for each observation."""
    rng = np.random.default_rng(0)
    fixed = np.array([0, 0, -6, 500, 300, 200, 0.01, 0.001])
    scales = np.array([0.1] * 3 + [10, 5, 5, 1e-3, 1e-4])
    camera = np.concatenate(
        [rng.normal(size=(cameras, 3)) * 0.3, fixed + rng.normal(size=(cameras, 8)) * scales], axis=1
    )
    place = rng.uniform(-1, 1, (points, 3))
    of_camera, of_point = rng.integers(0, cameras, observations), rng.integers(0, points, observations)
    weight = jnp.asarray(rng.uniform(0.5, 1, observations))
    seen = jnp.asarray(rng.normal(size=(observations, 2)))
    given = jnp.asarray(camera)[of_camera], jnp.asarray(place)[of_point], weight

    def one(camera, point, weight, seen):
        turn, point = camera[:3], point - camera[3:6]
        angle = jnp.sqrt(jnp.sum(turn**2))
        axis, cosine = turn / angle, jnp.cos(angle)
        turned = cosine * point + jnp.sin(angle) * jnp.cross(axis, point) + (1 - cosine) * jnp.dot(axis, point) * axis
        flat = turned[:2] / turned[2]
        square = jnp.sum(flat**2)
        bent = flat * (1 + camera[9] * square + camera[10] * square**2)
        return weight * (camera[7:9] + camera[6] * bent - seen)

    def columns(*numbers):
        """The same with a vector of all observations for each number, which is how a processor's lanes are filled."""
        a, b, e, *centre, focus, u, v, bend, more, x, y, z, w = numbers
        angle = jnp.sqrt(a**2 + b**2 + e**2)
        cosine, sine, a, b, e = jnp.cos(angle), jnp.sin(angle), a / angle, b / angle, e / angle
        f, g, h = x - centre[0], y - centre[1], z - centre[2]
        along = (1 - cosine) * (a * f + b * g + e * h)
        x = cosine * f + sine * (b * h - e * g) + along * a
        y = cosine * g + sine * (e * f - a * h) + along * b
        depth = 1 / (cosine * h + sine * (a * g - b * f) + along * e)
        x, y = x * depth, y * depth
        square = x**2 + y**2
        scale = focus * (1 + square * (bend + more * square))
        return w * (u + scale * x - seen[:, 0]), w * (v + scale * y - seen[:, 1])

    numbers = (*given[0].T, *given[1].T, weight)
    mapped = lambda *z: jax.vmap(one)(*z, seen)  # noqa: E731
    each = jax.vmap(jax.jacrev(one, argnums=(0, 1, 2)))
    return mapped, columns, (lambda *z: each(*z, seen)), given, numbers


def lstm(layers: int = 2, steps: int = 1024, width: int = 14):
    """The loss of a network of diagonal LSTM cells that predicts the next letter."""
    rng = np.random.default_rng(0)
    letters = jnp.asarray(rng.integers(0, 2, (steps, width)).astype(float))
    params = {
        "cells": jnp.asarray(rng.uniform(-0.5, 0.5, (layers, 2, 4, width))),
        "ends": jnp.asarray(rng.uniform(-0.5, 0.5, (3, width))),
    }

    def objective(params):
        weights, biases = params["cells"][:, 0], params["cells"][:, 1]
        before, scale, shift = params["ends"]

        def step(state, letter):
            x, new = letter * before, []
            for number, (hidden, cell) in enumerate(state):
                w, b = weights[number], biases[number]
                forget, result = jax.nn.sigmoid(x * w[0] + b[0]), jax.nn.sigmoid(x * w[2] + b[2])
                cell = cell * forget + jax.nn.sigmoid(hidden * w[1] + b[1]) * jnp.tanh(hidden * w[3] + b[3])
                x = result * jnp.tanh(cell)
                new.append((x, cell))
            return new, x * scale + shift

        start = [(jnp.zeros(width), jnp.zeros(width))] * layers
        _, found = jax.lax.scan(step, start, letters[:-1])
        return -jnp.mean(jnp.sum(letters[1:] * jax.nn.log_softmax(found), axis=1))

    return objective, params


def show(title: str, contenders: dict, objective: str, rounds: int, calls: int) -> None:
    """Milliseconds, and times the objective of the same run."""
    seconds = interleaved(contenders, rounds, calls)
    for name, values in seconds.items():
        if name == _PAUSE:
            continue
        print(f"| {title} | {name} | {spread(values, 1e3)} | {ratio(values, seconds[objective]):.2f} |", flush=True)


def compiled(functions: dict, *x) -> dict:
    programs = {name: jax.jit(f) for name, f in functions.items()}
    return {name: lambda f=f: jax.block_until_ready(f(*x)) for name, f in programs.items()}


def main(rounds: int = 9, calls: int = 3) -> None:
    print("milliseconds a call in float64, median [quartiles]; the last column is relative to the first row\n")
    print("| problem | what | ms | times the objective |")
    print("|---|---|---|---|")
    torch = peer("torch")
    with jax.enable_x64(True):
        for d in (10, 32):
            objective, textbook, params, by_torch = mixture(10_000, d, 25)
            functions = {
                "objective": objective,
                "fg.grad": fg.grad(objective),
                "objective, textbook": textbook,
                "jax.grad, textbook": jax.grad(textbook),
            }
            runs = compiled(functions, params)
            if torch:  # its threads keep spinning after their turn: ours waits until they rest
                theirs = by_torch(torch)
                runs |= {"torch, textbook": theirs, _PAUSE: lambda: time.sleep(0.05)}
            show(f"GMM 10k, d {d}, K 25", runs, "objective", rounds, 1)
        mapped, columns, jacrev, given, numbers = bundle()
        by_column = fg.batch_jacobian(columns, argnums=tuple(range(15)), chunk_size=1)
        runs = compiled({"objective, vmap": mapped}, *given)
        runs |= compiled({"fg.batch_jacobian, columns": by_column}, *numbers)
        runs |= compiled({"fg.batch_jacobian, vmap": fg.batch_jacobian(mapped, argnums=(0, 1, 2))}, *given)
        runs |= compiled({"jax.vmap(jacrev)": jacrev}, *given) | compiled({"objective, columns": columns}, *numbers)
        show("BA, 31843 observations", runs, "objective, vmap", rounds, calls)
        objective, params = lstm()
        functions = {"objective": objective, "fg.grad": fg.grad(objective), "jax.grad": jax.grad(objective)}
        show("D-LSTM, l 2, T 1024, b 14", compiled(functions, params), "objective", rounds, calls)

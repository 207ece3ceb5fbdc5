"""Sparse Jacobians: detection and colouring, evaluation against the products alone, asdex (if installed) and dense."""

import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import funcgrad as fg

from .timing import interleaved, peer, ratio, spread


def brusselator(n: int) -> tuple[Callable[[Any], Any], int]:
    """Two fields on a periodic n × n grid."""

    def f(x):
        u, v = x.reshape(2, n, n)

        def lap(w):
            return jnp.roll(w, 1, 0) + jnp.roll(w, -1, 0) + jnp.roll(w, 1, 1) + jnp.roll(w, -1, 1) - 4 * w

        return jnp.stack([1 + u * u * v - 4.4 * u + 0.1 * lap(u), 3.4 * u - u * u * v + 0.1 * lap(v)]).ravel()

    return f, 2 * n * n


def broyden(n: int) -> tuple[Callable[[Any], Any], int]:
    """Broyden's tridiagonal equations."""

    def f(x):
        left, right = jnp.pad(x[:-1], (1, 0)), jnp.pad(x[1:], (0, 1))
        return (3 - 2 * x) * x - left - 2 * right + 1

    return f, n


def rosenbrock(n: int) -> tuple[Callable[[Any], Any], int]:
    """The gradient of Rosenbrock's chain."""
    return jax.grad(lambda x: jnp.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)), n


def convolution(n: int) -> tuple[Callable[[Any], Any], int]:
    """A 3 × 3 convolution of an n × n picture, and tanh."""
    w = jnp.asarray(np.random.default_rng(1).standard_normal((1, 1, 3, 3)), jnp.float32)
    return lambda x: jnp.tanh(jax.lax.conv(x.reshape(1, 1, n, n), w, (1, 1), "VALID")).ravel(), n * n


PROBLEMS = {
    "Brusselator 32²": brusselator(32),
    "Brusselator 256²": brusselator(256),
    "Broyden 1e3": broyden(1_000),
    "Broyden 1e4": broyden(10_000),
    "Broyden 1e5": broyden(100_000),
    "Rosenbrock 1e5": rosenbrock(100_000),
    "conv 3×3 100²": convolution(100),
    "conv 3×3 316²": convolution(316),
}


def fastest(f: Callable[..., Any], *args: Any, rounds: int = 3) -> tuple[float, Any]:
    """The shortest time of some calls, and what the last one gave."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        result = f(*args)
        times.append(time.perf_counter() - start)
    return min(times), result


def blocked(f: Callable[[Any], Any], x: Any) -> Callable[[], Any]:
    return lambda: jax.block_until_ready(f(x))


def data_of(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda x: f(x).data


def products_of(f: Callable[[Any], Any], coloring: fg.Coloring) -> Callable[[Any], Any]:
    """The products that the coloring asks for and nothing else, with seeds as constants of the program."""
    seeds = jnp.asarray(coloring.columns == np.arange(coloring.count)[:, None], jnp.float32)
    return jax.jit(lambda x: jax.vmap(lambda seed: jax.jvp(f, (x,), (seed,))[1])(seeds))


def row(asdex: Any, f: Callable[[Any], Any], n: int, rounds: int, calls: int) -> list[str]:
    x = jnp.asarray(np.random.default_rng(0).random(n, np.float32))
    found, pattern = fastest(fg.jacobian_pattern, f, x)
    colored, coloring = fastest(fg.color, pattern)
    ours = fg.sparse_jacobian(f, coloring=coloring)
    contenders = {
        "funcgrad": blocked(data_of(ours), x),
        "jit": blocked(data_of(jax.jit(ours)), x),
        "products": blocked(products_of(f, coloring), x),
        "f": blocked(jax.jit(f), x),
    }
    theirs = ["", ""]
    if asdex:
        both, colors = fastest(lambda: asdex.jacobian_coloring_from_sparsity(asdex.jacobian_sparsity(f, x)), rounds=2)
        theirs = [f"{both * 1e3:.0f}", str(colors.num_colors)]
        contenders["asdex"] = blocked(data_of(jax.jit(asdex.jacobian_from_coloring(f, colors))), x)
    times = interleaved(contenders, rounds, calls)
    cells = [f"{found * 1e3:.1f}", f"{colored * 1e3:.1f}", str(coloring.count), *theirs]
    cells += [spread(times[key]) if key in times else "" for key in ("funcgrad", "jit", "products", "f", "asdex")]
    cells.append(f"{ratio(times['funcgrad'], times['products']):.2f}")
    cells.append(f"{ratio(times['asdex'], times['funcgrad']):.1f}" if asdex else "")
    return cells


def main(rounds: int = 15, calls: int = 5) -> None:
    asdex = peer("asdex")
    print("pattern and colours in milliseconds; a call in microseconds, median [quartiles]\n")
    heads = ["problem", "pattern", "colours", "how many", "asdex: both", "how many", "funcgrad", "under jit"]
    heads += ["products alone", "f", "asdex", "funcgrad / products", "asdex / funcgrad"]
    print(f"| {' | '.join(heads)} |\n{'|---' * len(heads)}|")
    for name, (f, n) in PROBLEMS.items():
        print(f"| {name} |", " | ".join(row(asdex, f, n, rounds, calls)), "|", flush=True)
    print("\nagainst the dense Jacobian, compiled; an empty program is the least that a call can take\n")
    print(f"| chain | dense | sparse | its entries under jit | f | empty | dense / sparse |\n{'|---' * 7}|")
    empty = blocked(jax.jit(lambda x: x[0]), jnp.ones(2))
    for n in (300, 1_000, 3_000, 5_000):
        f, _ = rosenbrock(n)
        x = jnp.ones(n)
        sparse = data_of(fg.sparse_jacobian(f))
        dense = {"dense": blocked(jax.jit(jax.jacfwd(f)), x)}  # apart, because it leaves the caches full of its own
        contenders = {
            "sparse": blocked(sparse, x),
            "jit": blocked(jax.jit(sparse), x),
            "f": blocked(jax.jit(f), x),
            "empty": empty,
        }
        times = interleaved(dense, rounds, 2) | interleaved(contenders, rounds, 20)
        cells = [spread(times[key]) for key in times] + [f"{ratio(times['dense'], times['sparse']):.0f}"]
        print(f"| {n} |", " | ".join(cells), "|", flush=True)

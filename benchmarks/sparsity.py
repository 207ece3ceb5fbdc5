"""Detecting patterns: milliseconds from the function to the pattern, and (where installed) the same by asdex."""

import importlib.util
import platform
import resource

import jax
import jax.numpy as jnp
import numpy as np

import funcgrad as fg

from .timing import interleaved, ratio, spread

KERNEL = np.random.default_rng(0).normal(size=(1, 1, 3, 3)).astype(np.float32)


def broyden(x):
    zero = jnp.zeros(1, x.dtype)
    return (3 - 2 * x) * x + 1 - jnp.concatenate([zero, x[:-1]]) - 2 * jnp.concatenate([x[1:], zero])


def rosenbrock(x):
    return jnp.concatenate([10 * (x[1:] - x[:-1] ** 2), 1 - x[:-1]])


def rosenbrock_sum(x):
    return jnp.sum(rosenbrock(x) ** 2)


def brusselator(x):
    n = int(np.sqrt(x.size // 2))
    u, v = x.reshape(2, n, n)

    def spread_out(w):
        return jnp.roll(w, 1, 0) + jnp.roll(w, -1, 0) + jnp.roll(w, 1, 1) + jnp.roll(w, -1, 1) - 4 * w

    return jnp.stack([1 + u * u * v - 4.4 * u + spread_out(u), 3.4 * u - u * u * v + spread_out(v)]).ravel()


def convolution(x):
    n = int(np.sqrt(x.size))
    return jax.lax.conv_general_dilated(x.reshape(1, 1, n, n), KERNEL, (1, 1), "SAME").ravel()


JACOBIANS = {
    "Broyden tridiagonal": (broyden, (100_000, 1_000_000)),
    "Rosenbrock chain": (rosenbrock, (100_000, 1_000_000)),
    "Brusselator 2-D": (brusselator, (2 * 256**2, 2 * 724**2)),
    "convolution 3 × 3": (convolution, (316**2, 1000**2)),
}


def main(rounds: int = 5) -> None:
    peer = __import__("asdex") if importlib.util.find_spec("asdex") else None
    print(f"jax {jax.__version__}, Python {platform.python_version()}, milliseconds, median [quartiles]\n")
    print("| problem | unknowns | entries | funcgrad | asdex | asdex / funcgrad |")
    print("|---|---|---|---|---|---|")
    for name, (function, sizes) in JACOBIANS.items():
        for size in sizes:
            row(name, size, fg.jacobian_pattern, peer and peer.jacobian_sparsity, function, rounds)
    row("Hessian of Rosenbrock", 100_000, fg.hessian_pattern, None, rosenbrock_sum, rounds)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"\nmost memory in use: {memory:.2f} GB")


def row(name, size, detect, peer, function, rounds) -> None:
    x = np.zeros(size, np.float32)
    like = jax.ShapeDtypeStruct(x.shape, x.dtype)
    contenders = {"funcgrad": lambda: detect(function, like)}
    if peer and size < 200_000:  # beyond, a minute a call
        contenders["asdex"] = lambda: peer(function, x)
    seconds = interleaved(contenders, rounds, 1)
    cells = [spread(seconds[each], 1e3) if each in seconds else "" for each in ("funcgrad", "asdex")]
    behind = f"{ratio(seconds['asdex'], seconds['funcgrad']):.0f}" if "asdex" in seconds else ""
    print(f"| {name} | {size} | {detect(function, like).nnz} | {' | '.join(cells)} | {behind} |", flush=True)


if __name__ == "__main__":
    main()

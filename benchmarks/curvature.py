"""Second derivatives of a tanh network n → 64 → 64 → 1, compiled: funcgrad, JAX and (if installed) torch and folx."""

import importlib.util

import jax
import jax.numpy as jnp
import numpy as np

import funcgrad as fg

from .timing import interleaved, ratio, spread


def network(n: int):
    rng = np.random.default_rng(0)
    weights = [
        rng.standard_normal(shape).astype(np.float32) / shape[0] ** 0.5 for shape in [(n, 64), (64, 64), (64, 1)]
    ]

    own = tuple(map(jnp.asarray, weights))

    def f(x, library=jnp, weights=own):
        w, v, u = weights
        return (library.tanh(library.tanh(x @ w) @ v) @ u)[0]

    return f, weights


def of_torch(f, weights, x) -> dict:
    if not importlib.util.find_spec("torch"):
        return {}
    torch = __import__("torch")
    tensors = tuple(map(torch.tensor, weights))
    hessian = torch.func.hessian(lambda x: f(x, torch, tensors))
    return {"torch.func.hessian": lambda: hessian(torch.tensor(np.asarray(x)))}


def by_hand(weights):
    """The forward Laplacian of the network as one would write it down: with all slopes, and with a metric of 64."""
    w, v, u = map(jnp.asarray, weights)

    def slopes(x):
        h = jnp.tanh(x @ w)
        e, own = 1 - h * h, -2 * h * (1 - h * h) * (w**2).sum(0)
        g = jnp.tanh(h @ v)
        return (((1 - g * g) * (own @ v) - 2 * g * (1 - g * g) * (((w * e) @ v) ** 2).sum(0)) @ u)[0]

    def metric(x):
        h = jnp.tanh(x @ w)
        e, own = 1 - h * h, -2 * h * (1 - h * h) * (w**2).sum(0)
        g = jnp.tanh(h @ v)
        square = (v * (((w.T @ w) * e[:, None] * e) @ v)).sum(0)
        return (((1 - g * g) * (own @ v) - 2 * g * (1 - g * g) * square) @ u)[0]

    return {"by hand": slopes, "by hand, through the narrow layer": metric}


def of_folx(f) -> dict:
    """The forward Laplacian of folx, densely and with its bound for sparse slopes, where it is installed."""
    if not importlib.util.find_spec("folx"):
        return {}
    folx = __import__("folx")
    return {
        "folx, dense": lambda x: folx.forward_laplacian(f, 0)(x).laplacian,
        "folx, sparsity 6": lambda x: folx.forward_laplacian(f, 6)(x).laplacian,
    }


def timed(functions: dict, x) -> dict:
    compiled = {name: jax.jit(f) for name, f in functions.items()}
    return {name: lambda f=f: jax.block_until_ready(f(x)) for name, f in compiled.items()}


def show(title: str, ours: str, contenders: dict, rounds: int, calls: int) -> None:
    seconds = interleaved(contenders, rounds, calls)
    for name, values in seconds.items():
        print(f"| {title} | {name} | {spread(values)} | {ratio(values, seconds[ours]):.2f} |", flush=True)


def main(rounds: int = 15, calls: int = 5) -> None:
    print("microseconds a call, median [quartiles]\n")
    print("| what | by | µs | times ours |")
    print("|---|---|---|---|")
    rng = np.random.default_rng(1)
    for n in (100, 1000):
        f, weights = network(n)
        x = jnp.asarray(rng.standard_normal(n), "float32")
        jax_trace = lambda x, f=f: jnp.trace(jax.hessian(f)(x))  # noqa: E731
        hessians = {"fg.hessian": fg.hessian(f), "jax.hessian": jax.hessian(f)}
        show(f"Hessian, n = {n}", "fg.hessian", timed(hessians, x), rounds, calls)
        theirs = of_torch(f, weights, x)
        if theirs:  # apart, because its threads keep spinning into the turn of whoever comes next
            ours = timed({"fg.hessian": fg.hessian(f)}, x)
            show(f"Hessian, n = {n}, beside torch", "fg.hessian", ours | theirs, rounds, calls)
        laplacians = {
            "fg.laplacian": fg.laplacian(f),
            "trace(jax.hessian)": jax_trace,
            "sum(fg.hessian_diagonal)": lambda x, f=f: fg.hessian_diagonal(f)(x).sum(),
        }
        peers = by_hand(weights) | of_folx(f)
        laplacians |= peers
        show(f"Laplacian, n = {n}", "fg.laplacian", timed(laplacians, x), rounds, calls)
    batch = jnp.asarray(rng.standard_normal((64, n)), "float32")
    points = {"fg.laplacian": fg.laplacian(f), "trace(jax.hessian)": jax_trace} | peers
    mapped = {name: jax.vmap(one) for name, one in points.items()}
    show(f"Laplacian, n = {n}, 64 points", "fg.laplacian", timed(mapped, batch), max(3, rounds // 5), 1)

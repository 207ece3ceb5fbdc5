"""Second derivatives of a tanh network n → 64 → 64 → 1, compiled: funcgrad, JAX and (where installed) torch."""

import importlib.util
import platform

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


def timed(functions: dict, x) -> dict:
    compiled = {name: jax.jit(f) for name, f in functions.items()}
    return {name: lambda f=f: jax.block_until_ready(f(x)) for name, f in compiled.items()}


def show(title: str, ours: str, contenders: dict, rounds: int, calls: int) -> None:
    seconds = interleaved(contenders, rounds, calls)
    for name, values in seconds.items():
        print(f"| {title} | {name} | {spread(values)} | {ratio(values, seconds[ours]):.2f} |", flush=True)


def main(rounds: int = 15, calls: int = 5) -> None:
    print(f"jax {jax.__version__}, Python {platform.python_version()}, {jax.devices()[0].device_kind}")
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
        show(f"Laplacian, n = {n}", "fg.laplacian", timed(laplacians, x), rounds, calls)
    batch = jnp.asarray(rng.standard_normal((64, n)), "float32")
    mapped = {"fg.laplacian": jax.vmap(fg.laplacian(f)), "trace(jax.hessian)": jax.vmap(jax_trace)}
    show(f"Laplacian, n = {n}, 64 points", "fg.laplacian", timed(mapped, batch), max(3, rounds // 5), 1)

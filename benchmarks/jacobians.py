"""Jacobians, compiled: fg.jacobian against JAX and (where installed) torch.func, autograd, asdex and sparsejac."""

import functools
import statistics
import time
import warnings

import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental.sparse import BCOO

import funcgrad as fg

from .timing import interleaved, missing, peer, ratio, spread

LAYERS = [
    (64, 256, 64),
    (784, 256, 10),
    (10, 256, 784),
    (2000, 256, 2000),
    (300, 300, 300, 300),
    (784, 256, 16, 256, 784),
]


def weights(sizes):
    rng = np.random.default_rng(0)
    pairs = zip(sizes[1:], sizes, strict=False)
    return [(rng.standard_normal(pair) / pair[1] ** 0.5).astype(np.float32) for pair in pairs]


def network(ws, tanh):
    def f(x):
        for w in ws[:-1]:
            x = tanh(w @ x)
        return ws[-1] @ x

    return f


def recurrence(w, last, tanh, x):
    for _ in range(20):
        x = tanh(w @ x)
    return last @ x


def functions():
    """Name, function, number of inputs, and the function for torch and for autograd where they are there."""
    torch, numpy = peer("torch"), peer("autograd.numpy")
    for sizes in LAYERS:
        ws = weights(sizes)
        theirs = torch and network([torch.tensor(w) for w in ws], torch.tanh)
        his = numpy and network(ws, numpy.tanh)
        yield "→".join(map(str, sizes)), network([jnp.asarray(w) for w in ws], jnp.tanh), sizes[0], theirs, his
    elements = lambda np, x: np.sin(x) * np.exp(-x) + x * x[::-1]  # noqa: E731
    sums = lambda np, x: np.sum(np.sin(np.outer(np.arange(1.0, 257.0) / 256, x)), 1)  # noqa: E731
    for name, f, n in (
        ("elements, 512→512", elements, 512),
        ("elements, 512→128", lambda np, x: elements(np, x)[:128], 512),
        ("sums, 256→256", sums, 256),
    ):
        yield name, functools.partial(f, jnp), n, None, numpy and functools.partial(f, numpy)
    w, last = weights((64, 64, 64))
    ws = [jnp.asarray(w), jnp.asarray(last)]
    step = lambda h, _: (jnp.tanh(ws[0] @ h), None)  # noqa: E731
    scan = lambda x: ws[1] @ jax.lax.scan(step, x, None, length=20)[0]  # noqa: E731
    yield "scan of 20, 64→64", scan, 64, None, numpy and functools.partial(recurrence, w, last, numpy.tanh)


def best_of_torch(theirs, x, ours, rounds: int) -> float:
    """How many times as long torch takes. Its threads wait for more in a loop: they are let go before ours runs."""
    torch = peer("torch")
    at = torch.tensor(np.asarray(x))
    runs = {"pause": lambda: time.sleep(0.02), "warm": ours, "fg": ours}
    runs |= {mode: functools.partial(getattr(torch.func, mode)(theirs), at) for mode in ("jacfwd", "jacrev")}
    took = interleaved(runs, rounds, 1)
    return min(ratio(took[mode], took["fg"]) for mode in ("jacfwd", "jacrev"))


def autograd_takes(his, x, expected, ours, rounds: int) -> float:
    """How many times as long autograd takes, which has reverse mode for Jacobians, a row at a time."""
    theirs, at = peer("autograd").jacobian(his), np.asarray(x)
    np.testing.assert_allclose(theirs(at), expected, rtol=1e-2, atol=1e-4)
    took = interleaved({"autograd": lambda: theirs(at), "warm": ours, "fg": ours}, rounds, 1)
    return ratio(took["autograd"], took["fg"])


def main(rounds: int = 11, calls: int = 3) -> None:
    print("milliseconds a call, median [quartiles]; then times as long as fg.jacobian\n")
    heads = ["function", "fg.jacobian", "jacfwd", "jacrev", "torch.func best", "autograd", "value_and_jacobian"]
    print(f"| {' | '.join([*heads, 'chunk_size=64'])} |\n{'|---' * (len(heads) + 1)}|")
    for name, f, n, theirs, his in functions():
        x = jnp.asarray(np.random.default_rng(1).standard_normal(n), jnp.float32)
        programs = {
            "fg": fg.jacobian(f),
            "jacfwd": jax.jacfwd(f),
            "jacrev": jax.jacrev(f),
            "value": fg.value_and_jacobian(f),
            "chunks": fg.jacobian(f, chunk_size=64),
        }
        compiled = {key: jax.jit(program) for key, program in programs.items()}
        expected = np.asarray(compiled["jacrev"](x))
        for program in ("fg", "chunks"):
            np.testing.assert_allclose(compiled[program](x), expected, rtol=1e-2, atol=1e-4)
        runs = {key: lambda p=program, x=x: jax.block_until_ready(p(x)) for key, program in compiled.items()}
        took = interleaved(runs, rounds, calls)
        against = [f"{ratio(took[key], took['fg']):.2f}" for key in ("jacfwd", "jacrev")]
        against.append(f"{best_of_torch(theirs, x, runs['fg'], rounds):.2f}" if theirs else "")
        against.append(f"{autograd_takes(his, x, expected, runs['fg'], min(rounds, 5)):.0f}" if his else "")
        against += [f"{ratio(took[key], took['fg']):.2f}" for key in ("value", "chunks")]
        print(f"| {name} | {spread(took['fg'], 1e3)} |", " | ".join(against), "|", flush=True)
    sparse(rounds, calls)
    if missing():
        print(f"\nNot measured: {missing()}.")
    budget()


def structured():
    """Name, function and number of inputs where few entries of the Jacobian are nonzero, or half of them, or all."""
    w = [jnp.asarray(v) for v in weights((16, 16, 16))]

    def brusselator(y):
        u, v = y.reshape(2, 16, 16)
        lap = lambda z: sum(jnp.roll(z, by, axis) for by in (1, -1) for axis in (0, 1)) - 4 * z  # noqa: E731
        return jnp.stack([1 + u * u * v - 4.4 * u + 10 * lap(u), 3.4 * u - u * u * v + 10 * lap(v)]).ravel()

    def heat(x):
        step = lambda h, _: (h + 0.1 * h * (jnp.roll(h, 1) - 2 * h + jnp.roll(h, -1)), None)  # noqa: E731
        return jax.lax.scan(step, x, None, length=5)[0]

    for n in (64, 256, 1000):
        yield f"chain, {n}", lambda x: jnp.concatenate([10 * (x[1:] - x[:-1] ** 2), 1 - x[:-1]]), n
    yield "Brusselator, 16²", brusselator, 512
    yield "heat, 5 steps in a scan, 256", heat, 256
    for n in (64, 256, 1024):
        yield f"blocks of 16, {n}", lambda x: jax.vmap(lambda v: w[1] @ jnp.tanh(w[0] @ v))(x.reshape(-1, 16)), n
    yield "outer products of halves, 128", lambda x: jnp.sin(x.reshape(2, 64, 1) * x.reshape(2, 1, 64)).sum(1), 128
    yield "elements, 512→512", lambda x: jnp.sin(x) * jnp.exp(-x) + x * x[::-1], 512
    dense = network([jnp.asarray(v) for v in weights((256, 256, 256))], jnp.tanh)
    yield "256→256→256", dense, 256


def in_colours(f, x):
    """For each peer that computes Jacobians by colours: the program that gives a dense matrix."""
    found = {}
    if asdex := peer("asdex"):
        with warnings.catch_warnings(action="ignore"):  # it says where colours do not pay
            colors = asdex.jacobian_coloring_from_sparsity(asdex.jacobian_sparsity(f, x))
        found["asdex"] = asdex.jacobian_from_coloring(f, colors)
    if sparsejac := peer("sparsejac"):  # which is given a pattern: ours
        pattern = fg.jacobian_pattern(f, x)
        places = jnp.stack([jnp.asarray(pattern.rows), jnp.asarray(pattern.cols)], 1)
        entries = BCOO((jnp.ones(pattern.nnz), places), shape=pattern.shape)
        found["sparsejac"] = sparsejac.jacfwd(f, entries)
    return {key: jax.jit(lambda x, program=program: program(x).todense()) for key, program in found.items()}


def sparse(rounds: int, calls: int) -> None:
    print('\nsparse="auto", in microseconds, and times as long as the better of dense and sparse;')
    print('then times as long as sparse="auto", all with a dense matrix as the result:\n')
    print(f"| function | auto | dense | sparse | auto / better | asdex | sparsejac |\n{'|---' * 7}|")
    for name, f, n in structured():
        x = jnp.asarray(np.random.default_rng(1).standard_normal(n), jnp.float32)
        flat = lambda x, f=f: f(x).ravel()  # noqa: E731
        options = {"auto": "auto", "dense": False, "sparse": True}
        compiled = {key: jax.jit(fg.jacobian(flat, sparse=option)) for key, option in options.items()}
        compiled |= in_colours(flat, x)
        for key, program in compiled.items():
            np.testing.assert_allclose(program(x), compiled["dense"](x), rtol=1e-2, atol=1e-4, err_msg=key)
        runs = {key: lambda p=program, x=x: jax.block_until_ready(p(x)) for key, program in compiled.items()}
        took = interleaved(runs, rounds, calls)
        better = min(("dense", "sparse"), key=lambda key: statistics.median(took[key]))
        cells = [spread(took[key]) for key in options] + [f"{ratio(took['auto'], took[better]):.2f}"]
        cells += [f"{ratio(took[key], took['auto']):.2f}" if key in took else "" for key in ("asdex", "sparsejac")]
        print(f"| {name} |", " | ".join(cells), "|", flush=True)


def budget(outputs: int = 20_000, inputs: int = 2_000, limit: str = "1GB") -> None:
    """A large Jacobian of a function that needs eight times as much on the way, which is sorted and cannot be fused."""
    w = [jnp.asarray(v) for v in weights((inputs, 256, outputs))]
    f = lambda x: jnp.sort(jnp.outer(w[1] @ jnp.tanh(w[0] @ x), jnp.arange(1.0, 9.0)), 1).sum(1)  # noqa: E731
    x = jnp.linspace(-1.0, 1.0, inputs)
    print(f"\n{outputs} × {inputs} in {limit}:\n")
    for plan in (fg.plan_jacobian(f, x), fg.plan_jacobian(f, x, max_bytes=limit)):
        seconds = []
        for _ in range(3):
            start = time.perf_counter()
            jax.block_until_ready(plan(x))
            seconds.append(time.perf_counter() - start)
        print(f"{plan}\n  time    {statistics.median(seconds):.2f} s")

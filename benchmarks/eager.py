"""What one eager call costs, against jnp, NumPy and (where installed) torch, on 3 × 4 arrays."""

import importlib.util
import platform
import statistics

import jax
import jax.numpy as jnp
import numpy as np

import funcgrad as fg

from .timing import interleaved, ratio, spread

n = np.arange(12, dtype=np.float32).reshape(3, 4)
x = fg.tensor(n)
mask = x > 5

# word: (funcgrad, jnp, NumPy, torch's code with t the tensor and m the mask)
WORDS = {
    "add": (lambda: fg.add(x, x), lambda: jnp.add(x, x), lambda: np.add(n, n), "add(t, t)"),
    "sum": (lambda: fg.sum(x, 1), lambda: jnp.sum(x, 1), lambda: np.sum(n, 1), "sum(t, 1)"),
    "matmul": (lambda: fg.matmul(x, x.T), lambda: jnp.matmul(x, x.T), lambda: n @ n.T, "matmul(t, t.T)"),
    "where": (
        lambda: fg.where(mask, x, 0.0),
        lambda: jnp.where(mask, x, 0.0),
        lambda: np.where(n > 5, n, 0),
        "where(m, t, 0.0)",
    ),
    "reshape": (
        lambda: fg.reshape(x, 4, 3),
        lambda: jnp.reshape(x, (4, 3)),
        lambda: n.reshape(4, 3),
        "reshape(t, (4, 3))",
    ),
    "cat": (lambda: fg.cat([x, x]), lambda: jnp.concatenate([x, x]), lambda: np.concatenate([n, n]), "cat([t, t])"),
    "stack": (lambda: fg.stack([x, x]), lambda: jnp.stack([x, x]), lambda: np.stack([n, n]), "stack([t, t])"),
    "zeros": (
        lambda: fg.zeros(3, 4),
        lambda: jnp.zeros((3, 4)),
        lambda: np.zeros((3, 4), np.float32),
        "zeros(3, 4)",
    ),
    "softmax": (lambda: fg.softmax(x, 1), lambda: jax.nn.softmax(x, 1), None, "softmax(t, 1)"),
    "einsum": (
        lambda: fg.einsum("ij,kj->ik", x, x),
        lambda: jnp.einsum("ij,kj->ik", x, x),
        lambda: np.einsum("ij,kj->ik", n, n),
        "einsum('ij,kj->ik', t, t)",
    ),
}


def main(rounds: int = 25, calls: int = 200) -> None:
    torch = __import__("torch") if importlib.util.find_spec("torch") else None
    floor = jax.jit(lambda x: x + 1)
    print(f"jax {jax.__version__}, Python {platform.python_version()}, {jax.devices()[0].device_kind}")
    print("microseconds a call, median [quartiles]\n")
    columns = ["one jitted call", "funcgrad", "jnp", "NumPy", "torch"]
    print("| word |", " | ".join(columns), "| jnp / funcgrad |")
    print("|---" * 7 + "|")
    gains = []
    for word, (ours, theirs, numpy, code) in WORDS.items():
        contenders = {"one jitted call": lambda: floor(x).block_until_ready()}
        contenders["funcgrad"] = lambda ours=ours: ours().block_until_ready()
        contenders["jnp"] = lambda theirs=theirs: theirs().block_until_ready()
        if numpy is not None:
            contenders["NumPy"] = numpy
        if torch is not None:
            t = torch.tensor(n)
            contenders["torch"] = eval(f"lambda: {code}", vars(torch) | {"t": t, "m": t > 5})
        seconds = interleaved(contenders, rounds, calls)
        gains.append(ratio(seconds["jnp"], seconds["funcgrad"]))
        cells = [spread(seconds[name]) if name in seconds else "" for name in columns]
        print("|", " | ".join([word, *cells, f"{gains[-1]:.2f}"]), "|")
    print(f"\ngeometric mean of jnp / funcgrad: {statistics.geometric_mean(gains):.2f}")


if __name__ == "__main__":
    main()

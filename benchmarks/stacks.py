"""Products of many small matrices and their gradients, compiled: funcgrad, jnp and (where installed) torch."""

import jax
import jax.numpy as jnp
import numpy as np

import funcgrad as fg

from .timing import interleaved, peer, ratio, spread

SHAPES = [(10_000, 2), (10_000, 3), (10_000, 4), (10_000, 5), (10_000, 7), (10_000, 8), (1_000, 4), (100, 4)]


def timed(functions, operands, torch=None, arrays=()) -> dict:
    contenders = {name: lambda f=f: jax.block_until_ready(f(*operands)) for name, f in functions.items()}
    if torch:
        tensors = [torch.tensor(x) for x in arrays]
        contenders["torch"] = lambda: torch.bmm(*tensors)
    return contenders


def main(rounds: int = 15, calls: int = 5) -> None:
    torch = peer("torch")
    print("microseconds a call, median [quartiles]\n")
    print("| stack | funcgrad | jnp | torch | jnp / funcgrad | gradient: funcgrad | jnp | jnp / funcgrad |")
    print("|---|---|---|---|---|---|---|---|")
    rng = np.random.default_rng(0)
    for count, size in SHAPES:
        arrays = [rng.standard_normal((count, size, size)).astype(np.float32) for _ in range(2)]
        a, b = (fg.tensor(x) for x in arrays)
        products = {"funcgrad": jax.jit(fg.bmm), "jnp": jax.jit(jnp.matmul)}
        slopes = {
            name: jax.jit(jax.grad(lambda a, b, f=f: (f(a, b) ** 2).sum(), (0, 1))) for name, f in products.items()
        }
        forward = interleaved(timed(products, (a, b), torch, arrays), rounds, calls)
        backward = interleaved(timed(slopes, (a, b)), rounds, calls)
        row = [spread(forward[name]) if name in forward else "" for name in ("funcgrad", "jnp", "torch")]
        row.append(f"{ratio(forward['jnp'], forward['funcgrad']):.1f}")
        row += [spread(backward[name]) for name in ("funcgrad", "jnp")]
        row.append(f"{ratio(backward['jnp'], backward['funcgrad']):.1f}")
        print(f"| {count} × {size} × {size} |", " | ".join(row), "|", flush=True)

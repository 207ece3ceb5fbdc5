"""Heavy words at 10**6 elements, against jnp's plain formulation and (where installed) torch."""

import jax
import jax.numpy as jnp
import numpy as np

import funcgrad as fg

from .eager import heading, torch, write
from .timing import interleaved, ratio, spread

rng = np.random.default_rng(0)
FLAT = rng.standard_normal(10**6).astype(np.float32)
ARRAYS = {"f": FLAT, "m": FLAT.reshape(1000, 1000), "r": FLAT[: 3906 * 256].reshape(3906, 256)}

# what is written under fg and under torch, and in jnp
CALLS = {
    "median(f)": "jnp.sort(f)[(f.size - 1) // 2]",
    "nanmedian(f)": "jnp.sort(f)[(f.size - 1) // 2]",
    "median(m, 1)": "jnp.argsort(m, 1)[:, 499]",
    "kthvalue(m, 9, 1)": "jnp.argsort(m, 1)[:, 8]",
    "quantile(f, 0.3)": "jnp.quantile(f, 0.3)",
    "sort(f)": "jax.lax.sort((f, jnp.arange(f.size)), num_keys=1)",
    "sort(r, 1)": "(jnp.sort(r, 1), jnp.argsort(r, 1))",
    "sort(m, 0)": "(jnp.sort(m, 0), jnp.argsort(m, 0))",
    "argsort(f)": "jnp.argsort(f)",
    "msort(m)": "jnp.sort(m, 0)",
    "topk(m, 9, 1)": "jax.lax.top_k(m, 9)",
    "argmax(f)": "jnp.argmax(f)",
    "argmax(m, 0)": "jnp.argmax(m, 0)",
    "argmax(m, 1)": "jnp.argmax(m, 1)",
    "max(m, 1)": "(jnp.max(m, 1), jnp.argmax(m, 1))",
    "amax(m, 1)": "jnp.max(m, 1)",
    "sum(m, 1)": "jnp.sum(m, 1)",
    "var(m, 1)": "jnp.var(m, 1, ddof=1)",
    "cumsum(m, 0)": "jnp.cumsum(m, 0)",
    "cumsum(m, 1)": "jnp.cumsum(m, 1)",
    "sin(f)": "jnp.sin(f)",
    "exp(f)": "jnp.exp(f)",
    "tanh(f)": "jnp.tanh(f)",
    "softmax(m, 1)": "jax.nn.softmax(m, 1)",
    "matmul(m, m)": "jnp.matmul(m, m)",
    "randperm(1000000)": "jax.random.permutation(key, 1000000)",
}

WORDS = {name: getattr(fg, name) for name in fg.__all__}


def main(rounds: int = 5) -> None:
    ours = {name: fg.tensor(value) for name, value in ARRAYS.items()} | {"key": fg.key(0)}
    columns = ["funcgrad", "jnp", "torch"]
    lines = [heading("Large arrays"), "Milliseconds a call at 10⁶ elements (float32), median [quartiles].\n"]
    lines += [f"| call | {' | '.join(columns)} | jnp / funcgrad | funcgrad / torch |", "|---" * 6 + "|"]
    for call, plain in CALLS.items():
        spelled = call.replace("(1000000)", "(1000000, key=key)")
        eager = eval(f"lambda: {spelled}", WORDS | ours)
        program = eval(f"jax.jit(lambda f, m, r, key: {plain})", {"jax": jax, "jnp": jnp})
        contenders = {
            "funcgrad": lambda eager=eager: jax.block_until_ready(eager()),
            "jnp": lambda program=program: jax.block_until_ready(program(**ours)),
        }
        if torch:
            tensors = {name: torch.tensor(value) for name, value in ARRAYS.items()}
            contenders["torch"] = eval(f"lambda: {call}", vars(torch) | tensors)
        seconds = interleaved(contenders, rounds, 1)
        cells = [spread(seconds[column], 1e3) if column in seconds else "" for column in columns]
        behind = f"{ratio(seconds['funcgrad'], seconds['torch']):.2f}" if torch else ""
        lines.append(f"| {call} | {' | '.join(cells)} | {ratio(seconds['jnp'], seconds['funcgrad']):.2f} | {behind} |")
    write("large", lines)


if __name__ == "__main__":
    main()

"""Heavy words at 10**6 elements, against jnp's plain formulation and (where installed) torch."""

import jax
import jax.numpy as jnp
import numpy as np

import funcgrad as fg

from .eager import torch
from .timing import interleaved, ratio, spread

rng = np.random.default_rng(0)
FLAT = rng.standard_normal(10**6).astype(np.float32)
UNIT = rng.uniform(0.01, 0.99, 10**6).astype(np.float32)
ARRAYS = {
    "f": FLAT,
    "m": FLAT.reshape(1000, 1000),
    "r": FLAT[: 3906 * 256].reshape(3906, 256),
    "u": UNIT,
    "p": 1 + 4 * UNIT,
    "w": 0.99 + 0.02 * UNIT.reshape(1000, 1000),
}

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
    "topk(m, 9, 1, False)": "jax.lax.top_k(-m, 9)",
    "argmax(f)": "jnp.argmax(f)",
    "argmax(m, 0)": "jnp.argmax(m, 0)",
    "argmax(m, 1)": "jnp.argmax(m, 1)",
    "max(m, 1)": "(jnp.max(m, 1), jnp.argmax(m, 1))",
    "amax(m, 1)": "jnp.max(m, 1)",
    "sum(m, 1)": "jnp.sum(m, 1)",
    "prod(w, 1)": "jnp.prod(w, 1)",
    "norm(m, dim=1)": "jnp.linalg.norm(m, axis=1)",
    "logsumexp(m, 1)": "jax.nn.logsumexp(m, 1)",
    "var(m, 1)": "jnp.var(m, 1, ddof=1)",
    "cumsum(m, 0)": "jnp.cumsum(m, 0)",
    "cumsum(m, 1)": "jnp.cumsum(m, 1)",
    "cumsum(f, 0)": "jnp.cumsum(f)",
    "cumprod(w, 0)": "jnp.cumprod(w, 0)",
    "cumprod(w, 1)": "jnp.cumprod(w, 1)",
    "cummax(m, 0)": "jax.lax.cummax(m, 0)",
    "cummax(m, 1)": "jax.lax.cummax(m, 1)",
    "cumprod(f, 0)": "jnp.cumprod(f)",
    "cummax(f, 0)": "jax.lax.cummax(f, 0)",
    "logcumsumexp(m, 0)": "jax.lax.cumlogsumexp(m, 0)",
    "logcumsumexp(m, 1)": "jax.lax.cumlogsumexp(m, 1)",
    "sin(f)": "jnp.sin(f)",
    "cos(f)": "jnp.cos(f)",
    "tan(f)": "jnp.tan(f)",
    "asin(u)": "jnp.arcsin(u)",
    "acos(u)": "jnp.arccos(u)",
    "atan(f)": "jnp.arctan(f)",
    "atan2(f, u)": "jnp.arctan2(f, u)",
    "fmod(f, u)": "jnp.fmod(f, u)",
    "remainder(f, u)": "jnp.remainder(f, u)",
    "exp(f)": "jnp.exp(f)",
    "exp2(f)": "jnp.exp2(f)",
    "expm1(f)": "jnp.expm1(f)",
    "log(p)": "jnp.log(p)",
    "log1p(p)": "jnp.log1p(p)",
    "sqrt(p)": "jnp.sqrt(p)",
    "rsqrt(p)": "jax.lax.rsqrt(p)",
    "pow(f, 3)": "f**3",
    "pow(p, 0.5)": "p**0.5",
    "pow(p, u)": "p**u",
    "sinh(f)": "jnp.sinh(f)",
    "cosh(f)": "jnp.cosh(f)",
    "tanh(f)": "jnp.tanh(f)",
    "sigmoid(f)": "jax.nn.sigmoid(f)",
    "erf(f)": "jax.lax.erf(f)",
    "erfinv(u)": "jax.lax.erf_inv(u)",
    "lgamma(p)": "jax.lax.lgamma(p)",
    "digamma(p)": "jax.lax.digamma(p)",
    "nn.functional.softplus(f)": "jax.nn.softplus(f)",
    "nn.functional.silu(f)": "jax.nn.silu(f)",
    "nn.functional.gelu(f)": "jax.nn.gelu(f, approximate=False)",
    "softmax(m, 1)": "jax.nn.softmax(m, 1)",
    "log_softmax(m, 1)": "jax.nn.log_softmax(m, 1)",
    "flip(m, (1,))": "jnp.flip(m, 1)",
    "roll(m, 1, 1)": "jnp.roll(m, 1, 1)",
    "tril(m)": "jnp.tril(m)",
    "cat([m, m], 1)": "jnp.concatenate([m, m], 1)",
    "where(m > 0, m, w)": "jnp.where(m > 0, m, w)",
    "matmul(m, m)": "jnp.matmul(m, m)",
    "randperm(1000000)": "jax.random.permutation(key, 1000000)",
}

WORDS = {name: getattr(fg, name) for name in fg.__all__}


def main(rounds: int = 5) -> None:
    ours = {name: fg.tensor(value) for name, value in ARRAYS.items()} | {"key": fg.key(0)}
    columns = ["funcgrad", "jnp", "torch"]
    lines = ["Milliseconds a call at 10⁶ elements (float32), median [quartiles].\n"]
    lines += [f"| call | {' | '.join(columns)} | jnp / funcgrad | funcgrad / torch |", "|---" * 6 + "|"]
    for call, plain in CALLS.items():
        spelled = call.replace("(1000000)", "(1000000, key=key)")
        eager = eval(f"lambda: {spelled.replace('nn.functional.', 'nn.')}", WORDS | {"nn": fg.nn} | ours)
        program = eval(f"jax.jit(lambda {', '.join(ours)}: {plain})", {"jax": jax, "jnp": jnp})
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
    print("\n".join(lines))


if __name__ == "__main__":
    main()

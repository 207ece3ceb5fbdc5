"""Where a derivative is a convention, or plain JAX gives NaN: one expression in torch, JAX and funcgrad, at one point.

`parity/test_edges.py` computes all three, holds funcgrad to torch, and writes ``docs/gradients-at-edges.md``.
"""

from dataclasses import dataclass

nan, inf = float("nan"), float("inf")


@dataclass(frozen=True, eq=False)  # each is itself, so that results can be kept by edge
class Edge:
    """`torch`, `jnp` and `fg` are expressions of ``x`` (and of ``y`` where `at` has two parts); the sum is derived.

    Attributes:
        at: the point.
        note: what the page says of the row; required where funcgrad's derivative is NaN.
    """

    what: str
    torch: str
    jnp: str
    fg: str
    at: tuple[list[float], ...]
    note: str = ""


def same(what: str, call: str, *at: list[float], jnp: str = "", note: str = "") -> Edge:
    """An edge whose expression is `call` under torch and funcgrad, and unless `jnp` is given under jax.numpy too."""
    return Edge(what, f"torch.{call}", jnp or f"jnp.{call}", f"fg.{call}", at, note)


EDGES = [
    same("norm at 0", "norm(x)", [0.0, 0.0], jnp="jnp.linalg.norm(x)"),
    same("1-norm at 0", "norm(x, 1)", [0.0, 2.0], jnp="jnp.linalg.norm(x, 1)"),
    same("inf-norm, a tie", "linalg.vector_norm(x, inf)", [2.0, -2.0, 1.0], jnp="jnp.linalg.norm(x, inf)"),
    same("3-norm at 0", "norm(x, 3)", [0.0, 0.0], jnp="jnp.linalg.norm(x, 3)"),
    same("distance of equal points", "dist(x, y)", [1.0, 2.0], [1.0, 2.0], jnp="jnp.linalg.norm(x - y)"),
    Edge(
        "pairwise distances of equal points",
        "torch.cdist(x[:, None], x[:, None])",
        "jnp.linalg.norm(x[:, None, None] - x[None, :, None], axis=-1)",
        "fg.cdist(x[:, None], x[:, None])",
        ([1.0, 1.0, 3.0],),
    ),
    same("sqrt at 0", "sqrt(x)", [0.0, 4.0]),
    same("standard deviation of a constant", "std(x)", [2.0, 2.0, 2.0], jnp="jnp.std(x, ddof=1)"),
    same("variance of a constant", "var(x)", [2.0, 2.0, 2.0], jnp="jnp.var(x, ddof=1)"),
    same("hypot at 0", "hypot(x, y)", [0.0], [0.0]),
    same("abs at 0", "abs(x)", [0.0, -0.0]),
    same("sign at 0", "sign(x)", [0.0, 1.0]),
    same("relu at 0", "relu(x)", [0.0, -1.0, 1.0], jnp="jax.nn.relu(x)"),
    same("clamp at its bounds", "clamp(x, 0, 1)", [0.0, 1.0, 0.5, 2.0], jnp="jnp.clip(x, 0, 1)"),
    same("max of all, a tie", "max(x)", [1.0, 3.0, 3.0]),
    same("amax, a tie", "amax(x, 0)", [1.0, 3.0, 3.0]),
    same("max along a dimension, a tie", "max(x, 0)[0]", [1.0, 3.0, 3.0], jnp="jnp.max(x, 0)"),
    same("min along a dimension, a tie", "min(x, 0)[0]", [1.0, 1.0, 3.0], jnp="jnp.min(x, 0)"),
    same("the larger of two equal numbers", "maximum(x, y)", [1.0], [1.0]),
    same("the larger of a number and itself", "fmax(x, y)", [1.0], [1.0]),
    same("median, a tie", "median(x)", [2.0, 2.0, 1.0, 3.0]),
    same(
        "sorting equal numbers", "sort(x, stable=True)[0] * y", [2.0, 1.0, 2.0], [1.0, 2.0, 3.0], jnp="jnp.sort(x) * y"
    ),
    same("topk, a tie", "topk(x, 1)[0]", [2.0, 2.0, 1.0], jnp="jax.lax.top_k(x, 1)[0]"),
    same("cummax, a tie", "cummax(x, 0)[0]", [2.0, 2.0, 1.0], jnp="jax.lax.cummax(x)"),
    same("atan2(0, 0)", "atan2(x, y)", [0.0], [0.0]),
    same("x**0 at 0", "pow(x, 0.0)", [0.0, 2.0]),
    same("0**y", "pow(x, y)", [0.0, 0.0, 0.0], [0.0, 1.0, 2.0]),
    same("x**y below 0", "pow(x, y)", [-2.0], [2.0], note="There is no real derivative with respect to y"),
    same("prod with one zero", "prod(x)", [0.0, 2.0, 3.0]),
    same("prod with two zeros", "prod(x)", [0.0, 0.0, 3.0]),
    same("cumprod with a zero", "cumprod(x, 0)", [2.0, 0.0, 3.0]),
    same("logsumexp beside -inf", "logsumexp(x, 0)", [-inf, 1.0], jnp="jax.nn.logsumexp(x, 0)"),
    same("logsumexp of -inf", "logsumexp(x, 0)", [-inf, -inf], jnp="jax.nn.logsumexp(x, 0)"),
    same("softmax beside -inf", "softmax(x, 0)[1:]", [-inf, 1.0, 2.0], jnp="jax.nn.softmax(x, 0)[1:]"),
    same("logaddexp of -inf", "logaddexp(x, y)", [-inf], [-inf]),
    Edge(
        "where around a bad branch",
        "torch.where(x > 0, torch.sqrt(x), 0.0)",
        "jnp.where(x > 0, jnp.sqrt(x), 0.0)",
        "fg.where(x > 0, fg.sqrt(x), 0.0)",
        ([0.0, 4.0],),
        note="Both branches are differentiated, and 0 times the infinite slope is NaN: the next row is the remedy",
    ),
    Edge(
        "the safe form of it",
        "torch.where(x > 0, torch.sqrt(torch.where(x > 0, x, 1.0)), 0.0)",
        "jnp.where(x > 0, jnp.sqrt(jnp.where(x > 0, x, 1.0)), 0.0)",
        "fg.where(x > 0, fg.sqrt(fg.where(x > 0, x, 1.0)), 0.0)",
        ([0.0, 4.0],),
    ),
    same("x log y at 0", "xlogy(x, y)", [0.0], [0.0], jnp="jax.scipy.special.xlogy(x, y)"),
    same("sinc at 0", "sinc(x)", [0.0, 1.0]),
    same("asin at 1", "asin(x)", [1.0, 0.0]),
    same("logit at its bound", "logit(x, 0.25)", [0.25, 0.5], jnp="jax.scipy.special.logit(jnp.clip(x, 0.25, 0.75))"),
    same("rounding", "round(x)", [0.5, 1.2]),
    same("remainder at a jump", "remainder(x, y)", [4.0], [2.0]),
    same("nan_to_num", "nan_to_num(x)", [nan, 1.0, inf]),
    same("nansum", "nansum(x)", [nan, 1.0]),
    same("mean without NaN", "nanmean(x)", [nan, 1.0, 3.0]),
    Edge(
        "cosine similarity of a zero vector",
        "torch.nn.functional.cosine_similarity(x, y, dim=0)",
        "x @ y / (jnp.linalg.norm(x) * jnp.linalg.norm(y))",
        "fg.nn.cosine_similarity(x, y, dim=0)",
        ([0.0, 0.0], [3.0, 4.0]),
    ),
    Edge(
        "a zero vector normalized",
        "torch.nn.functional.normalize(x, dim=0)",
        "x / jnp.linalg.norm(x)",
        "fg.nn.normalize(x, dim=0)",
        ([0.0, 0.0],),
    ),
    same("determinant, singular", "linalg.det(x.reshape(2, 2))", [1.0, 2.0, 2.0, 4.0]),
    same(
        "eigenvalues that repeat",
        "linalg.eigvalsh(x.reshape(2, 2)).sum()",
        [1.0, 0.0, 0.0, 1.0],
        note="A second derivative divides by the gaps, and single values have none",
    ),
    same(
        "singular values that repeat",
        "linalg.svdvals(x.reshape(2, 2)).sum()",
        [1.0, 0.0, 0.0, 1.0],
        jnp="jnp.linalg.svd(x.reshape(2, 2), compute_uv=False).sum()",
        note="As for eigenvalues",
    ),
]

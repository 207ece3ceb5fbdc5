"""Trace, diagonal and log-determinant of operators known by their products: exact, or estimated with an error."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from .._checks import describe, fail, require_key
from .._claims import claim, visible
from .._errors import ArgumentError, ArgumentTypeError, LinAlgError
from .._op import strong
from .._plain import plain
from .._types import PyTree
from ._dense import require_chunk
from ._operators import LinearOperator, Operator

__all__ = ["Estimate", "estimate_diagonal", "estimate_logdet", "estimate_trace"]


class Estimate(NamedTuple):
    """What the estimators return: the mean, and its standard error (0 where the value is exact)."""

    value: Any
    error: Any


@plain
def estimate_trace(
    operator: LinearOperator,
    like: PyTree = None,
    *,
    key: jax.Array | None = None,
    products: int = 60,
    method: str = "hutchinson",
    probes: str = "rademacher",
    chunk_size: int | None = None,
) -> Estimate:
    r"""The trace of a linear operator from a few products with it: $\operatorname{tr} A = E[z^T A z]$.

    The trace of a Hessian is that of ``fg.linearize(fg.grad(f), x)[1]``, the divergence of a field that of
    ``fg.linearize(f, x)[1]``.

    Args:
        operator: a square matrix, or a linear function whose result is like its argument, an array or a pytree.
        like: with a function, an array or pytree with the shapes and dtypes of its argument; values do not matter.
        key: a random key; not needed where `method` is ``"exact"``.
        products: how many products with the operator are computed in all.
        method: ``"hutchinson"`` is the mean of $z^T A z$, with an error that falls like $1 / \sqrt{k}$;
            ``"hutch++"`` takes the part of a random subspace exactly, and so does ``"xtrace"``, which uses each
            product twice: best where eigenvalues decay. Both keep a third or half of `products` vectors in memory.
            ``"exact"`` multiplies all unit vectors.
        probes: random vectors ``"rademacher"`` (signs) or ``"normal"``.
        chunk_size: how many products are computed together; by default all.

    Returns:
        ``Estimate(value, error)``: an unbiased estimate and its standard error, 0-d arrays. The error is itself
        estimated, from the spread of the samples; those of ``"xtrace"`` are not quite independent, and the error is
        up to a third too small where most of the trace lies in its subspace.

    Raises:
        ArgumentError: the method or the probes are not known, or there are too few products for it.
        ShapeError: the operator is not square.

    >>> a = fg.diag(fg.arange(4.0))
    >>> fg.estimate_trace(a, method="exact")
    Estimate(value=Array(6., dtype=float32), error=Array(0., dtype=float32))
    >>> x = fg.ones(3)
    >>> fg.estimate_trace(fg.linearize(fg.grad(lambda x: (x**3).sum()), x)[1], x, key=fg.key(0), products=2)
    Estimate(value=Array(18., dtype=float32), error=Array(0., dtype=float32))

    Source: Hutchinson 1990; Meyer, Musco, Musco & Woodruff, Hutch++, 2021; Epperly, Tropp & Webber, XTrace, 2024.
    """
    name = "estimate_trace"
    require_chunk(name, chunk_size)
    least = _one_of(name, "method", method, {"hutchinson": 2, "hutch++": 6, "xtrace": 4, "exact": 1})
    a = Operator(name, operator, like, chunk_size)
    if method == "exact":
        total = a.in_pieces(lambda unit: jnp.vdot(unit, a.times(unit))).sum()
        return Estimate(strong(total), jnp.zeros_like(total))
    draw = _probes(name, key, probes, products, least, a)
    if method == "hutchinson":
        z = draw(0, products)
        return _mean(jnp.sum(z * a.times_rows(z), 1))
    if method == "hutch++":
        third = min(products // 3, a.size)
        q = _basis(a.times_rows(draw(0, third)))
        captured = jnp.sum(q * a.times_rows(q))
        z = draw(1, products - 2 * third)
        rest = z - (z @ q.T) @ q
        found = _mean(jnp.sum(rest * a.times_rows(rest), 1))
        return Estimate(strong(captured + found.value), found.error)
    left = _LeftOut(a, draw(0, min(products // 2, a.size)))
    return left.trace()


@plain
def estimate_diagonal(
    operator: LinearOperator,
    like: PyTree = None,
    *,
    key: jax.Array | None = None,
    products: int = 60,
    method: str = "hutchinson",
    chunk_size: int | None = None,
) -> Estimate:
    r"""The diagonal of a linear operator from a few products with it: $\operatorname{diag} A = E[z \odot A z]$.

    Args:
        operator: a square matrix, or a linear function whose result is like its argument, an array or a pytree.
        like: with a function, an array or pytree with the shapes and dtypes of its argument; values do not matter.
        key: a random key; not needed where `method` is ``"exact"``.
        products: how many products with the operator are computed in all.
        method: ``"hutchinson"`` is the mean of $z \odot A z$ over random signs $z$; ``"xdiag"`` takes the part of a
            random subspace exactly, with half of the products by the transposed operator; ``"exact"`` multiplies all
            unit vectors.
        chunk_size: how many products are computed together; by default all.

    Returns:
        ``Estimate(value, error)``: an unbiased estimate and its standard error, element by element, in the structure
        and shapes of `like` (None at leaves that are not floating). That of ``"xdiag"`` is somewhat too small, as in
        ``estimate_trace``.

    Raises:
        ArgumentError: the method is not known, or there are too few products for it.
        ShapeError: the operator is not square.

    >>> fg.estimate_diagonal(fg.diag(fg.arange(3.0)), key=fg.key(0), products=2)
    Estimate(value=Array([0., 1., 2.], dtype=float32), error=Array([0., 0., 0.], dtype=float32))

    Source: Bekas, Kokiopoulou & Saad 2007; Epperly, Tropp & Webber, XTrace (XDiag), 2024.
    """
    name = "estimate_diagonal"
    require_chunk(name, chunk_size)
    least = _one_of(name, "method", method, {"hutchinson": 2, "xdiag": 4, "exact": 1})
    a = Operator(name, operator, like, chunk_size)
    if method == "exact":
        value = a.in_pieces(lambda unit: jnp.vdot(unit, a.times(unit)))
        return Estimate(a.shaped(value), a.shaped(jnp.zeros_like(value)))
    draw = _probes(name, key, "rademacher", products, least, a)
    if method == "hutchinson":
        z = draw(0, products)
        found = _mean(z * a.times_rows(z))
    else:
        found = _LeftOut(a, draw(0, min(products // 2, a.size))).diagonal()
    return Estimate(a.shaped(found.value), a.shaped(found.error))


@plain
def estimate_logdet(
    operator: LinearOperator,
    like: PyTree = None,
    *,
    key: jax.Array | None = None,
    samples: int = 10,
    steps: int = 20,
    method: str = "lanczos",
    chunk_size: int | None = None,
) -> Estimate:
    r"""The log-determinant of a positive definite operator from products with it: $\operatorname{tr} \log A$.

    Each sample runs the Lanczos process from a random vector of signs and integrates the logarithm by the quadrature
    that it defines.

    Args:
        operator: a symmetric positive definite matrix, or such a linear function whose result is like its argument.
        like: with a function, an array or pytree with the shapes and dtypes of its argument; values do not matter.
        key: a random key; not needed where `method` is ``"exact"``.
        samples: how many random vectors.
        steps: how many products for each. Few are enough where the operator is well conditioned; the error of the
            quadrature, which falls geometrically with them, is not part of the standard error.
        method: ``"lanczos"``, or ``"exact"``, which multiplies all unit vectors and factors the matrix.
        chunk_size: how many samples are computed together; by default all.

    Returns:
        ``Estimate(value, error)``: the estimate and its standard error, 0-d arrays.

    Raises:
        ArgumentError: the method is not known, or there are less than 2 samples or 1 step.
        LinAlgError: the operator is not positive definite.
        ShapeError: the operator is not square.

    >>> a = fg.diag(fg.tensor([1.0, 2.0, 4.0]))
    >>> value, error = fg.estimate_logdet(a, key=fg.key(0), samples=4)
    >>> bool(abs(value - np.log(8)) < 1e-4), bool(error < 1e-4)
    (True, True)

    Source: Ubaru, Chen & Saad, Fast estimation of tr(f(A)) via stochastic Lanczos quadrature, 2017.
    """
    name = "estimate_logdet"
    require_chunk(name, chunk_size)
    _one_of(name, "method", method, {"lanczos": 0, "exact": 0})
    a = Operator(name, operator, like, chunk_size)
    if method == "exact":
        factor = jnp.linalg.cholesky(a.in_pieces(a.times))
        pivots = jnp.diagonal(factor)
        _require_positive(name, pivots)
        return Estimate(strong(2 * jnp.log(pivots).sum()), jnp.zeros((), a.dtype))
    _require_count(name, "steps", steps, 1)
    draw = _probes(name, key, "rademacher", samples, 2, a, "samples")
    nodes, weights = _quadrature(a, draw(0, samples), min(steps, a.size))
    _require_positive(name, jnp.where(weights > jnp.finfo(a.dtype).eps ** 2, nodes, 1))
    safe = jnp.where(nodes > 0, nodes, jnp.where(weights > 0, jnp.nan, 1))
    return _mean(a.size * jnp.sum(jnp.where(weights > 0, weights * jnp.log(safe), 0), 1))


def _one_of(name: str, argument: str, given: Any, known: dict[str, int]) -> int:
    if not isinstance(given, str) or given not in known:
        words = " or ".join(map(repr, known))
        kind = ArgumentError if isinstance(given, str) else ArgumentTypeError
        fail(kind, name, f"{argument} must be {words}", f"got {describe(given)}", "choose one of them")
    return known[given]


def _require_count(name: str, argument: str, given: Any, least: int) -> None:
    if isinstance(given, bool) or not hasattr(given, "__index__"):
        fail(ArgumentTypeError, name, f"{argument} must be an int", f"got {describe(given)}", "pass for example 60")
    if given < least:
        fail(ArgumentError, name, f"{argument} must be at least {least} here", f"got {given}", "ask for more")


def _require_positive(name: str, values: jax.Array) -> None:
    seen = visible(values)
    if seen is not None:
        required = "the operator must be positive definite"
        remedy = "add a multiple of the identity, or correct it"
        claim(LinAlgError, name, required, "it is not", remedy, (seen > 0).all())


def _probes(
    name: str, key: Any, kind: str, count: Any, least: int, a: Operator, argument: str = "products"
) -> Callable[[int, int], jax.Array]:
    """What draws random vectors in rows, each call of another stream."""
    _one_of(name, "probes", kind, {"rademacher": 0, "normal": 0})
    _require_count(name, argument, count, least)
    own = require_key(name, key)
    sample = jax.random.rademacher if kind == "rademacher" else jax.random.normal

    def draw(stream: int, rows: int) -> jax.Array:
        return sample(jax.random.fold_in(own, stream), (rows, a.size), a.dtype)

    return draw


def _mean(samples: jax.Array) -> Estimate:
    """The mean over the first dimension and its standard error."""
    count = samples.shape[0]
    value = samples.mean(0)
    if count < 2:
        return Estimate(strong(value), jnp.full_like(value, jnp.nan))
    squares = jnp.square(samples - value).sum(0) / (count - 1)
    safe = jnp.where(squares > 0, squares, 1)  # a spread of 0 has a gradient too
    return Estimate(strong(value), strong(jnp.where(squares > 0, jnp.sqrt(safe / count), 0)))


def _basis(rows: jax.Array) -> jax.Array:
    """Orthonormal rows with the span of `rows`."""
    return jnp.linalg.qr(rows.T)[0].T


class _LeftOut:
    r"""A random subspace, and for each probe the subspace that the others span: the probe tests what that one misses.

    With the products $Y = A \Omega = Q R$, the subspace without probe $i$ is that of $Q$ less the direction
    $Q s_i$, where $s_i$ is the $i$-th column of $R^{-T}$, normalized.
    """

    def __init__(self, a: Operator, probes: jax.Array):
        self.a, self.probes = a, probes
        self.products = a.times_rows(probes)
        q, r = jnp.linalg.qr(self.products.T)
        self.q, self.r = q, r
        # Where the products are dependent, a pivot is 0 up to rounding: the direction left out is then any of those.
        pivots = jnp.abs(jnp.diagonal(r))
        tiny = jnp.finfo(a.dtype).eps * jnp.max(pivots) + jnp.finfo(a.dtype).tiny
        lifted = r + jnp.diag(jnp.where(pivots < tiny, tiny, 0))
        inverse = jax.scipy.linalg.solve_triangular(lifted, jnp.eye(r.shape[0], dtype=a.dtype))
        scaled = inverse / jnp.max(jnp.abs(inverse), 1, keepdims=True)
        self.s = (scaled / jnp.linalg.norm(scaled, axis=1, keepdims=True)).T  # in columns

    def trace(self) -> Estimate:
        q, r, s = self.q, self.r, self.s
        z = self.a.times_rows(q.T).T
        h = q.T @ z
        w = q.T @ self.probes.T
        x = w - s * jnp.sum(s * w, 0)  # of each probe, what lies in the subspace of the others
        inside = jnp.trace(h) - jnp.sum(s * (h @ s), 0)
        outside = jnp.sum(self.probes * self.products, 1) - jnp.sum((z.T @ self.probes.T) * x, 0)
        outside = outside - jnp.sum(x * r, 0) + jnp.sum(x * (h @ x), 0)
        return _mean(inside + outside)

    def diagonal(self) -> Estimate:
        q, r, s = self.q, self.r, self.s
        back = self.a.transposed_times_rows(q.T).T
        inside = jnp.sum(q * back, 1)
        left_out = (q @ s).T * (back @ s).T
        tested = self.probes * (q @ s).T * jnp.sum(s * r, 0)[:, None]
        return _mean(inside - left_out + tested)


def _quadrature(a: Operator, probes: jax.Array, steps: int) -> tuple[jax.Array, jax.Array]:
    """Nodes and weights of the Gauss quadrature of each probe, by the Lanczos process, fully reorthogonalized."""
    count = probes.shape[0]
    start = probes / jnp.linalg.norm(probes, axis=1, keepdims=True)
    tiny = 100 * jnp.finfo(a.dtype).eps

    def step(carry: Any, number: jax.Array) -> tuple[Any, Any]:
        basis, vector, alive = carry  # (probes, steps, n), (probes, n), (probes,)
        basis = basis.at[:, number].set(vector)
        product = a.times_rows(vector)
        alpha = jnp.sum(product * vector, 1)
        scale = jnp.linalg.norm(product, axis=1)
        for _ in range(2):  # twice is enough
            along = jnp.einsum("psn,pn->ps", basis, product)
            product = product - jnp.einsum("psn,ps->pn", basis, along)
        beta = jnp.linalg.norm(product, axis=1)
        goes_on = alive & (beta > tiny * scale)
        following = jnp.where(goes_on[:, None], product / jnp.where(goes_on, beta, 1)[:, None], 0)
        # Once a space is exhausted, what follows is a block of its own, of weight 0.
        return (basis, following, goes_on), (jnp.where(alive, alpha, 1), jnp.where(goes_on, beta, 0))

    state = (jnp.zeros((count, steps, a.size), a.dtype), start, jnp.ones(count, bool))
    _, (alphas, betas) = jax.lax.scan(step, state, jax.lax.iota(np.int32, steps))
    off = betas[:-1].T
    tridiagonal = jax.vmap(jnp.diag)(alphas.T)
    if steps > 1:
        tridiagonal = tridiagonal + jax.vmap(lambda b: jnp.diag(b, 1) + jnp.diag(b, -1))(off)
    nodes, vectors = jnp.linalg.eigh(tridiagonal)
    return nodes, vectors[:, 0, :] ** 2

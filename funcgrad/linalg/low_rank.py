"""A few eigenvalues or singular values: principal components, and approximations of low rank."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp

from .._checks import fail, integer, require_key
from .._errors import ArgumentError, ShapeError
from .._op import op
from .._types import Array, ArrayLike
from ._matrices import adjoint, hermitian, matrix, require_wide, square

__all__ = ["LowRank", "lobpcg", "pca_lowrank", "svd_lowrank"]


class LowRank(NamedTuple):
    """What ``svd_lowrank`` and ``pca_lowrank`` return."""

    U: Array
    S: Array
    V: Array


@op
def svd_lowrank(
    A: ArrayLike, q: int | None = 6, niter: int | None = 2, M: ArrayLike | None = None, *, key: Array | None = None
) -> LowRank:
    r"""The largest singular values and their vectors, $A - M \approx U \operatorname{diag}(S) V^H$.

    A random subspace of q dimensions is turned towards the vectors by powers of A. The result is exact where the
    rank is at most q, and the closer the faster the singular values fall; ``fg.linalg.svd`` is exact always.

    Args:
        A: shape (..., m, n), floating or complex.
        q: how many, at most min(m, n) are returned; some more than are wanted make them better.
        niter: how often the subspace is turned.
        M: what is taken away from A, of a shape that broadcasts with it, for example its mean.
        key: a random key; it is required.

    Returns:
        A named tuple ``(U, S, V)``: shapes (..., m, k), (..., k) and (..., n, k) with k = min(q, m, n); V is not
        transposed.

    Raises:
        ShapeError: `A` has fewer than 2 dimensions, or `M` does not broadcast.
        ArgumentError: `q` or `niter` is negative.

    >>> rows = fg.outer(fg.arange(5.0), fg.ones(4))
    >>> U, S, V = fg.svd_lowrank(rows, q=2, key=fg.key(0))
    >>> U.shape, S.shape, V.shape
    ((5, 2), (2,), (4, 2))

    Source: Halko, Martinsson, Tropp, "Finding structure with randomness", 2011, algorithms 4.4 and 5.1;
    ``torch.svd_lowrank``.
    """
    x = matrix("svd_lowrank", A)
    if M is not None:
        require_wide("svd_lowrank", M, "M")
        try:
            shift = jnp.broadcast_to(M, x.shape)
        except ValueError:
            given = f"got {jnp.shape(M)} for {x.shape}"
            fail(ShapeError, "svd_lowrank", "M must broadcast to the shape of A", given, "reshape it")
        x = x - shift
    return _low_rank("svd_lowrank", x, 6 if q is None else q, niter, key)


def _low_rank(name: str, x: Array, q: int, niter: int | None, key: Array | None) -> LowRank:
    q = integer(name, "q", q, 0)
    turns = integer(name, "niter", 2 if niter is None else niter, 0)
    key = require_key(name, key)
    wide = x.shape[-2] < x.shape[-1]
    tall = adjoint(x) if wide else x
    real = jnp.finfo(x.dtype).dtype
    start = jax.random.normal(key, (x.shape[-1] if not wide else x.shape[-2], q), real).astype(x.dtype)
    Q = jnp.linalg.qr(tall @ start).Q
    for _ in range(turns):
        Q = jnp.linalg.qr(adjoint(tall) @ Q).Q
        Q = jnp.linalg.qr(tall @ Q).Q
    U, S, Vh = jnp.linalg.svd(adjoint(Q) @ tall, full_matrices=False)
    left, right = Q @ U, adjoint(Vh)
    return LowRank(right, S, left) if wide else LowRank(left, S, right)


@op
def pca_lowrank(
    A: ArrayLike, q: int | None = None, center: bool = True, niter: int = 2, *, key: Array | None = None
) -> LowRank:
    r"""Principal components: ``svd_lowrank`` of rows from which their mean is taken.

    The columns of V are the directions of most variance, $S^2 / (m - 1)$ the variances, and ``A @ V`` the
    coordinates.

    Args:
        A: m observations in rows, shape (..., m, n), floating or complex.
        q: how many components; min(6, m, n) by default.
        center: take away the mean of the rows.
        niter: as for ``svd_lowrank``.
        key: a random key; it is required.

    Returns:
        A named tuple ``(U, S, V)``: shapes (..., m, q), (..., q) and (..., n, q).

    Raises:
        ShapeError: `A` has fewer than 2 dimensions.
        ArgumentError: `q` is more than min(m, n), or `q` or `niter` is negative.

    >>> points = fg.tensor([[0.0, 0.0], [1.0, 2.0], [2.0, 4.0]])
    >>> U, S, V = fg.pca_lowrank(points, q=1, key=fg.key(0))
    >>> (S**2 / 2).round(4)
    Array([5.], dtype=float32)

    Source: ``torch.pca_lowrank``.
    """
    x = matrix("pca_lowrank", A)
    most = min(x.shape[-2:])
    count = min(6, most) if q is None else integer("pca_lowrank", "q", q, 0)
    if count > most:
        given = f"got {count} for shape {x.shape}"
        fail(ArgumentError, "pca_lowrank", "q must be at most min(m, n)", given, "ask for fewer components")
    if center:
        x = x - jnp.mean(x, axis=-2, keepdims=True)
    return _low_rank("pca_lowrank", x, count, niter, key)


@op
def lobpcg(
    A: ArrayLike,
    k: int | None = None,
    B: ArrayLike | None = None,
    X: ArrayLike | None = None,
    n: int | None = None,
    iK: ArrayLike | None = None,
    niter: int | None = None,
    tol: float | None = None,
    largest: bool | None = None,
    method: str | None = None,
) -> tuple[Array, Array]:
    r"""The k largest or smallest eigenvalues of a symmetric positive definite problem, $A X = B X \Lambda$.

    It is computed by ``eigh`` of the whole matrix, which is exact and needs no start: `X` only says how many are
    wanted, and `iK`, `niter`, `tol` and `method`, which steer torch's iteration, change nothing.
    ``jax.experimental.sparse.linalg.lobpcg_standard`` iterates, for matrices that are too large or only known as
    functions.

    Args:
        A: shape (..., n, n), symmetric or Hermitian; the lower triangle is read.
        k: how many; the columns of `X` by default, or 1.
        B: positive definite, shape (..., n, n); the identity by default.
        X: shape (..., n, at least k).
        n: how many columns a start would have.
        iK: a preconditioner.
        niter: a number of iterations.
        tol: a tolerance.
        largest: the largest, in descending order (the default), or the smallest, in ascending order.
        method: ``"basic"`` or ``"ortho"``.

    Returns:
        A pair ``(E, X)``: the eigenvalues, shape (..., k), and in columns the eigenvectors, shape (..., n, k), with
        $X^H B X = I$.

    Raises:
        ShapeError: the matrices are not square, or differ in shape.
        ArgumentError: `k` is not in [1, n], or the method is not known.

    >>> E, X = fg.lobpcg(fg.diag(fg.tensor([1.0, 5.0, 3.0])), k=2)
    >>> E
    Array([5., 3.], dtype=float32)

    Source: ``torch.lobpcg``.
    """
    a = hermitian(square("lobpcg", A), False)
    size = a.shape[-1]
    count = (1 if X is None else jnp.shape(X)[-1]) if k is None else integer("lobpcg", "k", k)
    if not 1 <= count <= size:
        given = f"got {count} for shape {a.shape}"
        fail(ArgumentError, "lobpcg", "k must be in [1, n] for n × n matrices", given, "ask for fewer eigenvalues")
    if method not in (None, "basic", "ortho"):
        fail(ArgumentError, "lobpcg", "method must be 'basic' or 'ortho'", f"got {method!r}", "leave it out")
    if B is None:
        E, V = jnp.linalg.eigh(a, symmetrize_input=False)
    else:
        b = hermitian(square("lobpcg", B, "B"), False)
        if b.shape[-1] != size:
            fail(ShapeError, "lobpcg", "B must have the shape of A", f"got {a.shape} and {b.shape}", "correct B")
        # With B = L L^H the vectors L^H X are those of L^-1 A L^-H.
        L = jnp.linalg.cholesky(b, symmetrize_input=False)
        L = jnp.broadcast_to(L, (*jnp.broadcast_shapes(L.shape[:-2], a.shape[:-2]), size, size))
        a = jnp.broadcast_to(a, L.shape)
        left = jax.lax.linalg.triangular_solve(L, a, left_side=True, lower=True)
        inner = jax.lax.linalg.triangular_solve(L, left, lower=True, transpose_a=True, conjugate_a=True)
        E, V = jnp.linalg.eigh(hermitian(inner, False), symmetrize_input=False)
        V = jax.lax.linalg.triangular_solve(L, V, left_side=True, lower=True, transpose_a=True, conjugate_a=True)
    if largest is None or largest:
        E, V = jnp.flip(E, -1), jnp.flip(V, -1)
    return E[..., :count], V[..., :count]

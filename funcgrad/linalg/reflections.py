"""Orthogonal matrices as products of reflections, the compact form of a QR decomposition."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from .._checks import fail
from .._errors import ArgumentError, ShapeError
from .._op import op
from .._types import Array, ArrayLike
from ._matrices import matrix, require_wide

__all__ = ["Reflections", "geqrf", "householder_product", "ormqr"]


class Reflections(NamedTuple):
    """What ``geqrf`` returns."""

    a: Array
    tau: Array


@op
def geqrf(input: ArrayLike, /) -> Reflections:
    r"""The QR decomposition in the compact form that ``householder_product`` and ``ormqr`` take.

    $Q = H_1 \cdots H_k$ with $H_i = I - \tau_i v_i v_i^H$, where $v_i$ has zeros before its place i, a one there, and
    the rest below the diagonal of `a`. It has no derivative; differentiate ``fg.linalg.qr``.

    Args:
        input: shape (..., m, n), floating or complex.

    Returns:
        A named tuple ``(a, tau)``: shape (..., m, n), with R in the upper triangle; and (..., min(m, n)).

    Raises:
        ShapeError: `input` has fewer than 2 dimensions.
        DtypeError: `input` is not floating point.
        ArgumentError: it is differentiated.

    >>> a, tau = fg.geqrf(fg.tensor([[3.0, 1.0], [4.0, 2.0]]))
    >>> a.shape, tau.shape
    ((2, 2), (2,))

    Source: ``torch.geqrf``.
    """
    x = matrix("geqrf", input, "input")
    if 0 in x.shape:
        return Reflections(x, jnp.zeros((*x.shape[:-2], min(x.shape[-2:])), x.dtype))
    return Reflections(*_raw(x))


@jax.custom_jvp
def _raw(x: Array) -> tuple[Array, Array]:
    a, tau = jnp.linalg.qr(x, mode="raw")
    return jnp.swapaxes(a, -1, -2), tau


@_raw.defjvp
def _raw_jvp(primals: Any, tangents: Any) -> Any:
    fail(ArgumentError, "geqrf", "it has no derivative", "it was differentiated", "differentiate fg.linalg.qr instead")


@op
def householder_product(A: ArrayLike, tau: ArrayLike) -> Array:
    r"""The first n columns of $H_1 \cdots H_k$, a product of reflections $H_i = I - \tau_i v_i v_i^H$.

    Args:
        A: shape (..., m, n) with m >= n; column i below the diagonal is $v_i$ after its one.
        tau: shape (..., k) with k <= n.

    Returns:
        An array of shape (..., m, n), with orthonormal columns if the factors come from ``geqrf``.

    Raises:
        ShapeError: the shapes do not fit.
        DtypeError: an operand is not floating point.

    >>> a, tau = fg.geqrf(fg.tensor([[3.0], [4.0]]))
    >>> [round(float(x), 4) for x in fg.linalg.householder_product(a, tau)[:, 0]]
    [-0.6, -0.8]

    Source: ``torch.linalg.householder_product``, ``torch.orgqr``.
    """
    a, t = _reflections("householder_product", A, tau)
    m, n = a.shape[-2:]
    if m < n:
        required = "A must have at least as many rows as columns"
        fail(ShapeError, "householder_product", required, f"got {a.shape}", "pass the columns that are wanted")
    if 0 in a.shape:
        return a
    return _product(a, jnp.pad(t, [(0, 0)] * (t.ndim - 1) + [(0, n - t.shape[-1])]))


@op
def ormqr(input: ArrayLike, tau: ArrayLike, other: ArrayLike, left: bool = True, transpose: bool = False) -> Array:
    """The whole m × m product Q of reflections times a matrix, without making Q.

    Args:
        input: shape (..., m, k), as from ``geqrf``.
        tau: shape (..., k') with k' <= min(m, k).
        other: C, of shape (..., m, n), or (..., n, m) with ``left=False``.
        left: Q C; False gives C Q.
        transpose: take the conjugate transpose of Q.

    Returns:
        An array of the shape of `other`.

    Raises:
        ShapeError: the shapes do not fit.
        DtypeError: an operand is not floating point.

    >>> a, tau = fg.geqrf(fg.tensor([[3.0], [4.0]]))
    >>> fg.ormqr(a, tau, fg.tensor([[5.0], [0.0]]), transpose=True).round(4)
    Array([[-3.],
           [-4.]], dtype=float32)

    Source: ``torch.ormqr``.
    """
    a, t = _reflections("ormqr", input, tau, "input")
    require_wide("ormqr", other, "other")
    c = jnp.asarray(other)
    if c.ndim != a.ndim or c.shape[:-2] != a.shape[:-2] or c.shape[-2 if left else -1] != a.shape[-2]:
        required = f"other must have as many {'rows' if left else 'columns'} as input has rows, and its stack"
        fail(ShapeError, "ormqr", required, f"got {a.shape} and {c.shape}", "reshape or expand one of them")
    kind = jnp.result_type(a, t, c)
    a, t, c = a.astype(kind), t.astype(kind), c.astype(kind)
    if 0 in c.shape or 0 in t.shape:
        return c
    return _applied(a[..., : t.shape[-1]], t, c, left, transpose)


def _reflections(name: str, A: ArrayLike, tau: ArrayLike, argument: str = "A") -> tuple[Array, Array]:
    a = matrix(name, A, argument)
    require_wide(name, tau, "tau")
    t = jnp.asarray(tau)
    if t.ndim != a.ndim - 1 or t.shape[:-1] != a.shape[:-2] or t.shape[-1] > min(a.shape[-2:]):
        required = f"tau must have the stack of {argument}, and at most a number for each row and column"
        fail(ShapeError, name, required, f"got {a.shape} and {t.shape}", "pass what geqrf returned")
    kind = jnp.result_type(a, t)
    return a.astype(kind), t.astype(kind)


# LAPACK applies the reflections and has no derivative in JAX: that is taken of one reflection after another.


def _one_by_one(a: Array, tau: Array, c: Array, left: bool, transpose: bool) -> Array:
    m, k = a.shape[-2:]
    vectors = jnp.tril(a, -1) + jnp.eye(m, k, dtype=a.dtype)
    c = c if left else jnp.swapaxes(c, -1, -2)  # C H = (H^T C^T)^T, where H^T has the conjugate vectors
    v = vectors if left else jnp.conj(vectors)
    t = jnp.conj(tau) if transpose else tau

    def reflected(c: Array, one: tuple[Array, Array]) -> tuple[Array, None]:
        v, t = one
        along = jnp.sum(jnp.conj(v)[..., None] * c, axis=-2, keepdims=True)
        return c - t[..., None, None] * v[..., None] * along, None

    each = jnp.moveaxis(v, -1, 0), jnp.moveaxis(t, -1, 0)
    c, _ = jax.lax.scan(reflected, c, each, reverse=left != transpose)
    return c if left else jnp.swapaxes(c, -1, -2)


def _apply(a: Array, tau: Array, c: Array, left: bool, transpose: bool) -> Array:
    return jax.lax.linalg.ormqr(a, tau, c, left=left, transpose=transpose)


_applied = jax.custom_jvp(_apply, nondiff_argnums=(3, 4))


@_applied.defjvp
def _applied_jvp(left: bool, transpose: bool, primals: Any, tangents: Any) -> tuple[Array, Array]:
    slope = jax.jvp(lambda a, t, c: _one_by_one(a, t, c, left, transpose), primals, tangents)[1]
    return _applied(*primals, left, transpose), slope


@jax.custom_jvp
def _product(a: Array, tau: Array) -> Array:
    return jax.lax.linalg.householder_product(a, tau)


@_product.defjvp
def _product_jvp(primals: Any, tangents: Any) -> tuple[Array, Array]:
    def columns(a: Array, t: Array) -> Array:
        start = jnp.broadcast_to(jnp.eye(a.shape[-2], a.shape[-1], dtype=a.dtype), a.shape)
        return _one_by_one(a, t, start, True, False)

    return _product(*primals), jax.jvp(columns, primals, tangents)[1]

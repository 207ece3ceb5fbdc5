"""Positive curvature: Gauss-Newton and Fisher matrices as products with them, and their diagonals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from .._checks import canonical_dim, describe, fail
from .._errors import ArgumentError, ArgumentTypeError, ShapeError
from .._op import strong
from .._plain import plain
from .._types import PyTree
from ._arguments import Argnames, Argnums, require_callable
from ._chunks import in_chunks
from ._dense import require_chunk, size, unit
from ._factored import Factored, summed, vectors_like

__all__ = [
    "empirical_fisher_diagonal",
    "empirical_fisher_product",
    "fisher_diagonal",
    "fisher_product",
    "gauss_newton_diagonal",
    "gauss_newton_product",
]

Function: TypeAlias = Callable[..., Any]


@plain
def gauss_newton_product(
    model: Function,
    loss: Function,
    inputs: PyTree,
    v: PyTree,
    *,
    has_aux: bool = False,
    argnums: Argnums = None,
    argnames: Argnames = None,
    batched: bool = False,
    chunk_size: int | None = None,
) -> tuple[Any, ...]:
    r"""The loss, and the product of its generalized Gauss-Newton matrix with a vector: $J^T H_\ell J v$.

    $J$ is the Jacobian of the model and $H_\ell$ the Hessian of the loss by the model's output, so that the matrix is
    positive semidefinite where the loss is convex in the output. It is the Hessian less the curvature of the model.

    Args:
        model: a function of `inputs`, for example ``lambda params: net(params, x)``.
        loss: a function of the model's output alone that returns a scalar, with any reduction:
            ``lambda output: fg.nn.cross_entropy(output, y)``.
        inputs: where to differentiate: a tuple of arguments, or the only argument.
        v: the vector, with the structure, shapes and dtypes of what is differentiated; see ``hvp``.
        has_aux: `model` returns ``(output, aux)``; aux is handed through.
        argnums: which of `inputs` to differentiate; all by default.
        argnames: the same by name, path or pattern; see ``grad``.
        batched: each leaf of `v` is a stack of vectors; see ``hvp``.
        chunk_size: how many vectors are multiplied together where `batched`; by default all.

    Returns:
        (loss, product), or with `has_aux` (loss, product, aux). The product is like `v`.

    Raises:
        DtypeError: what is differentiated has no floating leaf, or an output is not floating.
        ShapeError: the loss is not a scalar, or `v` does not have the shape of what is differentiated.

    >>> x, y = fg.tensor([[1.0, 2.0], [0.0, 1.0]]), fg.zeros(2)
    >>> fg.gauss_newton_product(lambda w: x @ w, lambda out: ((out - y) ** 2).sum() / 2, fg.ones(2), fg.ones(2))
    (Array(5., dtype=float32), Array([3., 7.], dtype=float32))

    Source: Schraudolph 2002; Martens, Deep learning via Hessian-free optimization, 2010.
    """
    name = "gauss_newton_product"
    require_callable(name, loss)
    parts = Factored(name, model, inputs, has_aux, argnums, argnames)
    value, metric = parts.hessian_of(loss)
    return _multiplied(parts, value, metric, v, batched, chunk_size)


@plain
def gauss_newton_diagonal(
    model: Function,
    loss: Function,
    inputs: PyTree,
    *,
    has_aux: bool = False,
    argnums: Argnums = None,
    argnames: Argnames = None,
    chunk_size: int | None = None,
) -> PyTree:
    r"""The diagonal of the generalized Gauss-Newton matrix: $\sum_{ab} J_{ai} (H_\ell)_{ab} J_{bi}$, exact.

    Args:
        model: a function of `inputs`; see ``gauss_newton_product``.
        loss: a function of the model's output alone that returns a scalar.
        inputs: where to differentiate: a tuple of arguments, or the only argument.
        has_aux: `model` returns ``(output, aux)``; aux is handed through.
        argnums: which of `inputs` to differentiate; all by default.
        argnames: the same by name, path or pattern; see ``grad``.
        chunk_size: how many products are computed together, one for each element of the output or of what is
            differentiated, whichever are fewer; by default all.

    Returns:
        The diagonal, with the structure and shapes of what is differentiated; with `has_aux` the pair (diagonal, aux).

    Raises:
        DtypeError: what is differentiated has no floating leaf, or an output is not floating.
        ShapeError: the loss is not a scalar.

    >>> x = fg.tensor([[1.0, 2.0], [0.0, 1.0]])
    >>> fg.gauss_newton_diagonal(lambda w: x @ w, lambda out: (out**2).sum() / 2, fg.ones(2))
    Array([1., 5.], dtype=float32)

    Source: Schraudolph, Fast curvature matrix-vector products for second-order gradient descent, 2002.
    """
    name = "gauss_newton_diagonal"
    require_callable(name, loss)
    parts = Factored(name, model, inputs, has_aux, argnums, argnames)
    _, metric = parts.hessian_of(loss)
    return _diagonal(parts, metric, chunk_size)


@plain
def fisher_product(
    model: Function,
    likelihood: str,
    inputs: PyTree,
    v: PyTree,
    *,
    reduction: str = "mean",
    dim: int = -1,
    has_aux: bool = False,
    argnums: Argnums = None,
    argnames: Argnames = None,
    batched: bool = False,
    chunk_size: int | None = None,
) -> tuple[Any, ...]:
    r"""The model's output, and the product of the Fisher information with a vector: $J^T F J v$, exact.

    $F$ is the Fisher information of the output as the natural parameter of a likelihood, an expectation over targets
    drawn from the model: no targets are needed. With the matching loss it is the Gauss-Newton matrix: cross entropy,
    binary cross entropy with logits, the Poisson loss, and half the squared error.

    Args:
        model: a function of `inputs` that returns one array, a row for each example.
        likelihood: what the output means: ``"categorical"`` (logits), ``"bernoulli"`` (logits), ``"poisson"``
            (logarithms of rates) or ``"normal"`` (means, with a variance of 1).
        inputs: where to differentiate: a tuple of arguments, or the only argument.
        v: the vector, with the structure, shapes and dtypes of what is differentiated; see ``hvp``.
        reduction: over examples, the first dimension of the output: ``"mean"`` or ``"sum"``.
        dim: the dimension of the classes, for ``"categorical"``.
        has_aux: `model` returns ``(output, aux)``; aux is handed through.
        argnums: which of `inputs` to differentiate; all by default.
        argnames: the same by name, path or pattern; see ``grad``.
        batched: each leaf of `v` is a stack of vectors; see ``hvp``.
        chunk_size: how many vectors are multiplied together where `batched`; by default all.

    Returns:
        (output, product), or with `has_aux` (output, product, aux). The product is like `v`.

    Raises:
        ArgumentError: the likelihood or the reduction is not known.
        ShapeError: `v` does not have the shape of what is differentiated, or the output has no rows.

    >>> x = fg.tensor([[1.0, 2.0], [0.0, 1.0]])
    >>> fg.fisher_product(lambda w: x @ w, "normal", fg.ones(2), fg.ones(2), reduction="sum")
    (Array([3., 1.], dtype=float32), Array([3., 7.], dtype=float32))

    Source: Amari, Natural gradient works efficiently in learning, 1998; Martens, New insights and perspectives on the
    natural gradient method, 2020.
    """
    parts = Factored("fisher_product", model, inputs, has_aux, argnums, argnames)
    output, metric = _information(parts, likelihood, reduction, dim)
    return _multiplied(parts, output, metric, v, batched, chunk_size)


@plain
def fisher_diagonal(
    model: Function,
    likelihood: str,
    inputs: PyTree,
    *,
    reduction: str = "mean",
    dim: int = -1,
    has_aux: bool = False,
    argnums: Argnums = None,
    argnames: Argnames = None,
    chunk_size: int | None = None,
) -> PyTree:
    r"""The diagonal of the Fisher information: $\sum_{ab} J_{ai} F_{ab} J_{bi}$, exact.

    Args:
        model: a function of `inputs` that returns one array, a row for each example; see ``fisher_product``.
        likelihood: ``"categorical"``, ``"bernoulli"``, ``"poisson"`` or ``"normal"``.
        inputs: where to differentiate: a tuple of arguments, or the only argument.
        reduction: over examples, the first dimension of the output: ``"mean"`` or ``"sum"``.
        dim: the dimension of the classes, for ``"categorical"``.
        has_aux: `model` returns ``(output, aux)``; aux is handed through.
        argnums: which of `inputs` to differentiate; all by default.
        argnames: the same by name, path or pattern; see ``grad``.
        chunk_size: how many products are computed together; see ``gauss_newton_diagonal``.

    Returns:
        The diagonal, with the structure and shapes of what is differentiated; with `has_aux` the pair (diagonal, aux).

    Raises:
        ArgumentError: the likelihood or the reduction is not known.
        ShapeError: the output has no rows.

    >>> x = fg.tensor([[1.0, 2.0], [0.0, 1.0]])
    >>> fg.fisher_diagonal(lambda w: x @ w, "bernoulli", fg.zeros(2), reduction="sum")
    Array([0.25, 1.25], dtype=float32)

    Source: Kirkpatrick et al., Overcoming catastrophic forgetting in neural networks, 2017, with exact expectations.
    """
    parts = Factored("fisher_diagonal", model, inputs, has_aux, argnums, argnames)
    _, metric = _information(parts, likelihood, reduction, dim)
    return _diagonal(parts, metric, chunk_size)


@plain
def empirical_fisher_product(
    losses: Function,
    inputs: PyTree,
    v: PyTree,
    *,
    reduction: str = "mean",
    has_aux: bool = False,
    argnums: Argnums = None,
    argnames: Argnames = None,
    batched: bool = False,
    chunk_size: int | None = None,
) -> tuple[Any, ...]:
    r"""The losses, and the product of the empirical Fisher matrix with a vector: $\sum_n g_n (g_n^T v)$.

    $g_n$ is the gradient of the loss of example $n$ at its own target. The matrix is not the Fisher information, whose
    targets are drawn from the model: see ``fisher_product``.

    Args:
        losses: a function of `inputs` that returns one loss for each example, for example
            ``lambda params: fg.nn.cross_entropy(net(params, x), y, reduction="none")``.
        inputs: where to differentiate: a tuple of arguments, or the only argument.
        v: the vector, with the structure, shapes and dtypes of what is differentiated; see ``hvp``.
        reduction: over examples: ``"mean"`` or ``"sum"``.
        has_aux: `losses` returns ``(output, aux)``; aux is handed through.
        argnums: which of `inputs` to differentiate; all by default.
        argnames: the same by name, path or pattern; see ``grad``.
        batched: each leaf of `v` is a stack of vectors; see ``hvp``.
        chunk_size: how many vectors are multiplied together where `batched`; by default all.

    Returns:
        (losses, product), or with `has_aux` (losses, product, aux). The product is like `v`.

    Raises:
        ArgumentError: the reduction is not known.
        ShapeError: the losses are not an array of one dimension, or `v` does not have the shape of the inputs.

    >>> x, y = fg.tensor([[1.0, 2.0], [0.0, 1.0]]), fg.tensor([2.0, 0.0])
    >>> fg.empirical_fisher_product(lambda w: (x @ w - y) ** 2 / 2, fg.ones(2), fg.ones(2), reduction="sum")
    (Array([0.5, 0.5], dtype=float32), Array([3., 7.], dtype=float32))

    Source: Kunstner, Balles & Hennig, Limitations of the empirical Fisher approximation, 2019.
    """
    parts = Factored("empirical_fisher_product", losses, inputs, has_aux, argnums, argnames)
    output, metric = _scaled(parts, reduction, one_dimension=True)
    return _multiplied(parts, output, metric, v, batched, chunk_size)


@plain
def empirical_fisher_diagonal(
    losses: Function,
    inputs: PyTree,
    *,
    reduction: str = "mean",
    has_aux: bool = False,
    argnums: Argnums = None,
    argnames: Argnames = None,
    chunk_size: int | None = None,
) -> PyTree:
    r"""The diagonal of the empirical Fisher matrix, the sum of squared gradients: $\sum_n g_n^2$, exact.

    Args:
        losses: a function of `inputs` that returns one loss for each example; see ``empirical_fisher_product``.
        inputs: where to differentiate: a tuple of arguments, or the only argument.
        reduction: over examples: ``"mean"`` or ``"sum"``.
        has_aux: `losses` returns ``(output, aux)``; aux is handed through.
        argnums: which of `inputs` to differentiate; all by default.
        argnames: the same by name, path or pattern; see ``grad``.
        chunk_size: how many products are computed together; see ``gauss_newton_diagonal``.

    Returns:
        The diagonal, with the structure and shapes of what is differentiated; with `has_aux` the pair (diagonal, aux).

    Raises:
        ArgumentError: the reduction is not known.
        ShapeError: the losses are not an array of one dimension.

    >>> x = fg.tensor([[1.0, 2.0], [0.0, 1.0]])
    >>> fg.empirical_fisher_diagonal(lambda w: x @ w, fg.ones(2), reduction="sum")
    Array([1., 5.], dtype=float32)

    Source: Kunstner, Balles & Hennig, Limitations of the empirical Fisher approximation, 2019.
    """
    parts = Factored("empirical_fisher_diagonal", losses, inputs, has_aux, argnums, argnames)
    _, metric = _scaled(parts, reduction, one_dimension=True)
    return _diagonal(parts, metric, chunk_size)


_Metric: TypeAlias = Callable[[list[jax.Array]], list[jax.Array]]
_INFORMATION: dict[str, Callable[[jax.Array, jax.Array, int], jax.Array]] = {
    "normal": lambda f, u, dim: u,
    "bernoulli": lambda f, u, dim: jax.nn.sigmoid(f) * jax.nn.sigmoid(-f) * u,
    "poisson": lambda f, u, dim: jnp.exp(f) * u,
    "categorical": lambda f, u, dim: (
        jax.nn.softmax(f, dim) * (u - (jax.nn.softmax(f, dim) * u).sum(dim, keepdims=True))
    ),
}


def _information(parts: Factored, likelihood: str, reduction: str, dim: int) -> tuple[jax.Array, _Metric]:
    """The output, and its Fisher information as a product."""
    if not isinstance(likelihood, str) or likelihood not in _INFORMATION:
        fail(
            ArgumentError if isinstance(likelihood, str) else ArgumentTypeError,
            parts.name,
            "likelihood must be 'categorical', 'bernoulli', 'poisson' or 'normal'",
            f"got {describe(likelihood)}",
            "choose what the output means, or write the loss and use fg.gauss_newton_product",
        )
    output, scaled = _scaled(parts, reduction, one_dimension=False)
    over = canonical_dim(parts.name, dim, output.ndim) if likelihood == "categorical" else 0
    of = _INFORMATION[likelihood]
    return output, lambda u: [of(output, each, over) for each in scaled(u)]


def _scaled(parts: Factored, reduction: str, one_dimension: bool) -> tuple[jax.Array, _Metric]:
    """The only output, and the division by the number of examples, if any."""
    if reduction not in ("mean", "sum"):
        fail(ArgumentError, parts.name, "reduction must be 'mean' or 'sum'", f"got {reduction!r}", "choose one of them")
    shapes = [tuple(leaf.shape) for leaf in parts.floats]
    if len(shapes) != 1 or not shapes[0] or (one_dimension and len(shapes[0]) != 1):
        required = (
            "one loss for each example, of shape (n,)" if one_dimension else "one array with a row for each example"
        )
        given = f"it returned shape {shapes[0]}" if len(shapes) == 1 else f"it returned {len(shapes)} arrays"
        remedy = (
            'pass reduction="none" to the loss' if one_dimension else "write the loss and use fg.gauss_newton_product"
        )
        fail(ShapeError, parts.name, f"the function must return {required}", given, remedy)
    count = max(shapes[0][0], 1) if reduction == "mean" else 1
    return strong(parts.floats[0]), lambda u: [each / count for each in u]


def _multiplied(
    parts: Factored, value: Any, metric: _Metric, v: PyTree, batched: bool, chunk_size: int | None
) -> tuple[Any, ...]:
    require_chunk(parts.name, chunk_size)
    vectors = vectors_like(parts.name, parts.choice, v, batched)

    def product(one: list[jax.Array]) -> list[jax.Array]:
        return parts.pull(metric(parts.push(one)))

    products = in_chunks(product, vectors, vectors[0].shape[0], chunk_size) if batched else product(vectors)
    result = parts.choice.assemble([strong(p) for p in products])
    return (value, result, parts.aux) if parts.has_aux else (value, result)


def _diagonal(parts: Factored, metric: _Metric, chunk_size: int | None) -> PyTree:
    require_chunk(parts.name, chunk_size)
    x, y = parts.choice.leaves, parts.floats
    if size(x) <= size(y):

        def column(index: jax.Array) -> jax.Array:
            moved = parts.push(unit(x, index))
            return sum((jnp.vdot(a, b) for a, b in zip(moved, metric(moved), strict=True)), start=jnp.zeros(()))

        line = in_chunks(column, jax.lax.iota(np.int32, size(x)), size(x), chunk_size)
        ends = np.cumsum([leaf.size for leaf in x])[:-1]
        cut = zip(jnp.split(line, ends), x, strict=True)
        found = [part.reshape(leaf.shape).astype(leaf.dtype) for part, leaf in cut]
        return _with_aux(parts, found)

    def row(index: jax.Array) -> list[jax.Array]:
        at = unit(y, index)
        return [a * b for a, b in zip(parts.pull(at), parts.pull(metric(at)), strict=True)]

    return _with_aux(parts, summed(row, size(y), x, chunk_size))


def _with_aux(parts: Factored, diagonal: Sequence[jax.Array]) -> PyTree:
    result = parts.choice.assemble([strong(part) for part in diagonal])
    return (result, parts.aux) if parts.has_aux else result

"""Losses with a margin: what is on the right side by that much costs nothing. Nothing is broadcast."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._checks import fail, require_real, require_same_shape
from .._claims import claim, visible
from .._errors import ArgumentError, ShapeError
from .._op import op
from .._plain import plain
from .._types import Array, ArrayLike
from ..arrays._pointwise import as_float
from ..arrays.distances import pairwise_distance
from ._reduction import reduced

__all__ = [
    "cosine_embedding_loss",
    "hinge_embedding_loss",
    "margin_ranking_loss",
    "soft_margin_loss",
    "triplet_margin_loss",
    "triplet_margin_with_distance_loss",
]


def _signs(name: str) -> Callable[[Any], None]:
    def check(target: Any) -> None:
        values = visible(target)
        if values.__class__ is np.ndarray and values.size <= 32 and {1, -1}.issuperset(values.ravel().tolist()):
            return
        if values is not None:
            remedy = "write 2 * target - 1 for labels 0 and 1"
            holds = (values == 1) | (values == -1)
            claim(ArgumentError, name, "target must be 1 or -1", "got {label}", remedy, holds, label=values)

    return check


@op(check=_signs("margin_ranking_loss"))
def margin_ranking_loss(
    input1: ArrayLike, input2: ArrayLike, target: ArrayLike, margin: float = 0.0, *, reduction: str = "mean"
) -> Array:
    r"""$\max(0, m - y\,(x_1 - x_2))$: $x_1$ should exceed $x_2$ where $y$ is 1 and fall below it where it is -1.

    Args:
        input1: scores, any shape.
        input2: other scores, in the shape of `input1`.
        target: 1 or -1, in the shape of `input1`.
        margin: by how much they should differ.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Returns:
        A 0-d array, or the losses in the shape of `input1` for ``"none"``.

    Raises:
        ArgumentError: `target` is neither 1 nor -1 (eagerly), or `reduction` is another word.
        DtypeError: a score is complex.
        ShapeError: the shapes differ.

    >>> fg.nn.margin_ranking_loss(fg.tensor([1.0, 2.0]), fg.tensor([0.0, 5.0]), fg.tensor([1, 1]), reduction="none")
    Array([0., 3.], dtype=float32)

    Source: ``torch.nn.functional.margin_ranking_loss``.
    """
    name = "margin_ranking_loss"
    require_same_shape(name, input1=input1, input2=input2, target=target)
    x1, x2 = _floats(name, input1=input1, input2=input2)
    return reduced(name, _positive(margin - jnp.asarray(target) * (x1 - x2)), reduction)


@op(check=_signs("hinge_embedding_loss"))
def hinge_embedding_loss(input: ArrayLike, target: ArrayLike, margin: float = 1.0, *, reduction: str = "mean") -> Array:
    r"""$x$ where $y$ is 1, $\max(0, m - x)$ where it is -1, for distances $x$.

    Args:
        input: distances, any shape.
        target: 1 for pairs that should be near and -1 for those that should not, in the shape of `input`.
        margin: how far apart those should be.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Returns:
        A 0-d array, or the losses in the shape of `input` for ``"none"``.

    Raises:
        ArgumentError: `target` is neither 1 nor -1 (eagerly), or `reduction` is another word.
        DtypeError: `input` is complex.
        ShapeError: the shapes differ.

    >>> fg.nn.hinge_embedding_loss(fg.tensor([0.5, 0.5]), fg.tensor([1, -1]), margin=2.0, reduction="none")
    Array([0.5, 1.5], dtype=float32)

    Source: ``torch.nn.functional.hinge_embedding_loss``.
    """
    name = "hinge_embedding_loss"
    require_same_shape(name, input=input, target=target)
    (x,) = _floats(name, input=input)
    return reduced(name, jnp.where(jnp.asarray(target) == 1, x, _positive(margin - x)), reduction)


@op(check=_signs("soft_margin_loss"))
def soft_margin_loss(input: ArrayLike, target: ArrayLike, *, reduction: str = "mean") -> Array:
    r"""$\log(1 + e^{-y x})$ for scores $x$ and labels $y$ of 1 or -1, without overflow.

    Args:
        input: scores, any shape.
        target: 1 or -1, in the shape of `input`.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Returns:
        A 0-d array, or the losses in the shape of `input` for ``"none"``.

    Raises:
        ArgumentError: `target` is neither 1 nor -1 (eagerly), or `reduction` is another word.
        DtypeError: `input` is complex.
        ShapeError: the shapes differ.

    >>> fg.nn.soft_margin_loss(fg.tensor([0.0, -1000.0]), fg.tensor([1, 1]), reduction="none")
    Array([6.931472e-01, 1.000000e+03], dtype=float32)

    Source: ``torch.nn.functional.soft_margin_loss``.
    """
    require_same_shape("soft_margin_loss", input=input, target=target)
    (x,) = _floats("soft_margin_loss", input=input)
    return reduced("soft_margin_loss", jax.nn.softplus(-x * jnp.asarray(target).astype(x.dtype)), reduction)


@op(check=_signs("cosine_embedding_loss"))
def cosine_embedding_loss(
    input1: ArrayLike, input2: ArrayLike, target: ArrayLike, margin: float = 0.0, *, reduction: str = "mean"
) -> Array:
    r"""$1 - \cos(x_1, x_2)$ where $y$ is 1, $\max(0, \cos(x_1, x_2) - m)$ where it is -1.

    Args:
        input1: vectors, shape (N, D) or (D,).
        input2: other vectors, in the shape of `input1`.
        target: 1 for pairs that should be alike and -1 for those that should not, shape (N,) or ().
        margin: how alike those may be.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Returns:
        A 0-d array, or the losses in the shape of `target` for ``"none"``.

    Raises:
        ArgumentError: `target` is neither 1 nor -1 (eagerly), or `reduction` is another word.
        DtypeError: a vector is complex.
        ShapeError: the shapes do not fit each other.

    >>> x = fg.tensor([[1.0, 0.0], [0.0, 2.0]])
    >>> fg.nn.cosine_embedding_loss(x, fg.tensor([[3.0, 0.0], [0.0, 1.0]]), fg.tensor([1, -1]), reduction="none")
    Array([0., 1.], dtype=float32)

    Source: ``torch.nn.functional.cosine_embedding_loss``.
    """
    name = "cosine_embedding_loss"
    require_same_shape(name, input1=input1, input2=input2)
    x1, x2 = _floats(name, input1=input1, input2=input2)
    if x1.ndim not in (1, 2) or jnp.shape(target) != x1.shape[:-1]:
        fail(
            ShapeError,
            name,
            "input1 and input2 of shape (N, D) need target of shape (N,), those of shape (D,) one of shape ()",
            f"got {x1.shape} and target of shape {jnp.shape(target)}",
            "reshape them",
        )
    # As torch writes it: the bound under the root makes vectors of zeros orthogonal to all.
    squares = ((x1 * x1).sum(-1) + 1e-12) * ((x2 * x2).sum(-1) + 1e-12)
    cosine = (x1 * x2).sum(-1) / jnp.sqrt(squares)
    return reduced(name, jnp.where(jnp.asarray(target) == 1, 1 - cosine, _positive(cosine - margin)), reduction)


@op
def triplet_margin_loss(
    anchor: ArrayLike,
    positive: ArrayLike,
    negative: ArrayLike,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    *,
    reduction: str = "mean",
) -> Array:
    r"""$\max(0, d(a, p) - d(a, n) + m)$ with the distances $d(x, y) = \lVert x - y + \epsilon \rVert_p$.

    Args:
        anchor: vectors, shape (N, D) or (D,).
        positive: vectors that should be nearer to them, in the shape of `anchor`.
        negative: vectors that should be farther away, in the shape of `anchor`.
        margin: by how much, above 0.
        p: the order of the norm.
        eps: what is added to each difference.
        swap: whether the distance of `positive` from `negative` takes the place of d(a, n) where it is smaller.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Returns:
        A 0-d array, or the losses, shape (N,) or (), for ``"none"``.

    Raises:
        ArgumentError: `margin` is not positive, or `reduction` is another word.
        ShapeError: the shapes differ, or they are 0-d.

    >>> anchor, near, far = fg.tensor([[0.0, 0.0]]), fg.tensor([[3.0, 4.0]]), fg.tensor([[0.0, 4.0]])
    >>> round(float(fg.nn.triplet_margin_loss(anchor, near, far)), 4)
    2.0

    Source: Balntas et al. (2016), doi:10.5244/C.30.119; ``torch.nn.functional.triplet_margin_loss``.
    """
    name = "triplet_margin_loss"
    vectors = [as_float(x) for x in (anchor, positive, negative)]
    require_same_shape(name, anchor=anchor, positive=positive, negative=negative)
    if not vectors[0].ndim:
        fail(ShapeError, name, "anchor must have shape (N, D) or (D,)", "got shape ()", "reshape it with fg.reshape")
    a, b, c = vectors
    return _triplet(name, a, b, c, lambda x, y: pairwise_distance(x, y, p, eps), margin, swap, reduction)


@plain
def triplet_margin_with_distance_loss(
    anchor: ArrayLike,
    positive: ArrayLike,
    negative: ArrayLike,
    *,
    distance_function: Callable[[Any, Any], Array] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Array:
    r"""$\max(0, d(a, p) - d(a, n) + m)$ with a distance of your own.

    Args:
        anchor: what the distance takes.
        positive: what should be nearer to it.
        negative: what should be farther away.
        distance_function: $d$, a function of two of them; by default $\lVert x - y + 10^{-6} \rVert_2$.
        margin: by how much, above 0.
        swap: whether the distance of `positive` from `negative` takes the place of d(a, n) where it is smaller.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Returns:
        A 0-d array, or the losses in the shape of the distances for ``"none"``.

    Raises:
        ArgumentError: `margin` is not positive, or `reduction` is another word.

    >>> distance = lambda x, y: fg.amax(abs(x - y), -1)
    >>> anchor, near, far = fg.tensor([[0.0, 0.0]]), fg.tensor([[3.0, 4.0]]), fg.tensor([[0.0, 4.5]])
    >>> fg.nn.triplet_margin_with_distance_loss(anchor, near, far, distance_function=distance)
    Array(0.5, dtype=float32)

    Source: ``torch.nn.functional.triplet_margin_with_distance_loss``.
    """
    name = "triplet_margin_with_distance_loss"
    if distance_function is None:
        require_same_shape(name, anchor=anchor, positive=positive, negative=negative)
    distance = distance_function or pairwise_distance
    return _triplet(name, anchor, positive, negative, distance, margin, swap, reduction)


def _triplet(
    name: str,
    anchor: Any,
    positive: Any,
    negative: Any,
    distance: Callable[[Any, Any], Array],
    margin: float,
    swap: bool,
    reduction: str,
) -> Array:
    if not margin > 0:
        fail(ArgumentError, name, "margin must be positive", f"got {margin}", "choose a larger one")
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = jnp.minimum(far, distance(positive, negative))
    return reduced(name, _positive(margin + near - far), reduction)


def _positive(x: Array) -> Array:
    return jnp.where(x < 0, 0, x)  # torch's clamp_min: slope 1 at 0


def _floats(name: str, **arguments: ArrayLike) -> list[Array]:
    for argument, x in arguments.items():
        require_real(name, x, argument)
    return [as_float(x) for x in arguments.values()]

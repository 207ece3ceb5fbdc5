"""Vectors brought to length 1, and activations divided by those of the channels around them."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from .._checks import fail, integer, require_float
from .._errors import ShapeError
from .._op import op
from .._types import Array, ArrayLike, Dims
from ..arrays._pointwise import in_single
from ..arrays.distances import norm

__all__ = ["local_response_norm", "normalize"]


@op
def local_response_norm(input: ArrayLike, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Array:
    r"""$x_c / (k + \frac{\alpha}{n} \sum_i x_i^2)^\beta$ with the sum over the $n$ channels around $c$.

    Args:
        input: shape (N, C, *), of three or more dimensions.
        size: $n$; of an even number one more lies before $c$ than after. Outside there are zeros, which count.
        alpha: the factor of the mean square.
        beta: the exponent.
        k: what is added.

    Returns:
        An array in the shape and dtype of `input`.

    Raises:
        ArgumentError: `size` is not positive.
        DtypeError: `input` is not floating point.
        ShapeError: `input` has fewer than three dimensions.

    >>> fg.nn.local_response_norm(fg.ones(1, 3, 1), 3, alpha=3.0, beta=1.0)
    Array([[[0.33333334],
            [0.25      ],
            [0.33333334]]], dtype=float32)

    Source: Krizhevsky, Sutskever, Hinton (2012), doi:10.1145/3065386; ``torch.nn.functional.local_response_norm``.
    """
    require_float("local_response_norm", input, complex_ok=False)
    x = jnp.asarray(input)
    if x.ndim < 3:
        required, remedy = "input must have shape (N, C, *), three or more dimensions", "reshape it with fg.reshape"
        fail(ShapeError, "local_response_norm", required, f"got shape {x.shape}", remedy)
    n = integer("local_response_norm", "size", size, 1)
    window = [1, n] + [1] * (x.ndim - 2)
    padding = [(0, 0), (n // 2, (n - 1) // 2)] + [(0, 0)] * (x.ndim - 2)
    squares = jax.lax.reduce_window(x * x, np.zeros((), x.dtype), jax.lax.add, window, [1] * x.ndim, padding)
    return x / (squares / n * alpha + k) ** beta


@op
@in_single
def normalize(input: ArrayLike, p: float = 2.0, dim: Dims = 1, eps: float = 1e-12) -> Array:
    r"""$x / \max(\lVert x \rVert_p, \epsilon)$ along `dim`; vectors of zeros stay zeros.

    Args:
        input: any shape, floating or complex.
        p: the order of the norm, also infinity.
        dim: the dimension along which the vectors lie, or several.
        eps: the least number to divide by; below it the gradient is $1 / \epsilon$.

    Returns:
        An array in the shape and dtype of `input`.

    Raises:
        DtypeError: `input` is not floating point.

    >>> fg.nn.normalize(fg.tensor([[3.0, 4.0], [0.0, 0.0]]))
    Array([[0.6, 0.8],
           [0. , 0. ]], dtype=float32)

    Source: ``torch.nn.functional.normalize``.
    """
    require_float("normalize", input)
    length = norm(input, p, dim, keepdim=True)
    return jnp.asarray(input) / jnp.where(length < eps, eps, length).astype(length.dtype)

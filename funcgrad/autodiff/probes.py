"""Names for what is computed on the way, by which derivatives can be asked for."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._checks import describe, fail
from .._errors import ArgumentTypeError
from .._op import strong
from .._plain import plain
from .._types import Array, ArrayLike
from ._probing import met

__all__ = ["probe"]


@plain
def probe(name: str, input: ArrayLike, /) -> Array:
    r"""`input` itself, under a name by which derivatives can be asked for: $\partial f / \partial h$ by ``"@h"``.

    Wherever arguments are selected by name, ``argnames="@h"`` selects the value that was given the name "h" inside the
    function: in ``grad``, ``jacobian`` and all others. ``"@*"`` selects all, as a dict. Without that it does nothing
    and costs nothing. Where one name is met several times, in a loop or under ``vmap``, the derivative is the sum of
    theirs, as for a parameter that is used several times.

    Args:
        name: any text without ``*``.
        input: an array.

    Returns:
        `input` as an array.

    Raises:
        ArgumentTypeError: the name is not a text, or `input` not an array.
        ShapeError: one name was given to arrays of different shapes, when it is selected.

    >>> def loss(w, x):
    ...     h = fg.probe("h", w * x)
    ...     return (h**2).sum()
    >>> fg.grad(loss, argnames="@h")(2.0, fg.arange(3.0))
    Array([0., 4., 8.], dtype=float32)

    Source: ``Tensor.retain_grad`` of an intermediate; flax's ``perturb``.
    """
    given: tuple[Any, Any] = name, input
    if not isinstance(given[0], str) or not name or "*" in name:
        fail(ArgumentTypeError, "probe", "name must be a text without '*'", f"got {name!r}", "write for example 'h1'")
    if not isinstance(given[1], jax.Array | np.ndarray | np.generic | bool | int | float | complex):
        remedy = "give each array a name of its own"
        fail(ArgumentTypeError, "probe", "input must be an array", f"got {describe(input)}", remedy)
    return met(name, strong(jnp.asarray(input)))

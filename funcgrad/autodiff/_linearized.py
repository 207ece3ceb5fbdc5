"""Products with a Jacobian in the modes that a function has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import jax

from ._dense import Leaves
from ._outputs import lacks_derivative
from ._propagation import lacks_forward

__all__ = ["Linear"]

_Product: TypeAlias = Callable[[list[jax.Array]], list[jax.Array]]


class Linear:
    """A function at a point.

    Attributes:
        y: its floating outputs.
        rest: what else it gives.
        forward: whether it has a forward derivative of its own: a custom_vjp has none.
        push: the Jacobian times tangents of `x`.
    """

    def __init__(self, f: Leaves, x: Sequence[jax.Array]):
        self._f, self._x = f, list(x)
        self.forward = not lacks_forward(f, self._x)
        self.push: _Product
        if self.forward:
            self.y, self.push, self.rest = jax.linearize(f, self._x, has_aux=True)
        else:
            self.y, pull, self.rest = jax.vjp(f, self._x, has_aux=True)
            self._pull: Any = pull
            back = jax.linear_transpose(lambda u: pull(u)[0], self.y)
            self.push = lambda v: back(v)[0]

    @property
    def pull(self) -> _Product | None:
        """Cotangents of `y` times the Jacobian; None where there is no reverse derivative, as through a while_loop."""
        if self.forward:
            try:
                _, pull, _ = jax.vjp(self._f, self._x, has_aux=True)
            except Exception as error:
                if not lacks_derivative(error):
                    raise
                return None
            return lambda u: pull(u)[0]
        return lambda u: self._pull(u)[0]

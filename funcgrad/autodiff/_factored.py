"""A model linearized at a point: its output, the products with its Jacobian, and the Hessian of a loss above it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._checks import describe, fail
from .._errors import ArgumentError, ArgumentTypeError
from .._op import strong
from .._types import PyTree
from ._arguments import Argnames, Argnums, Choice, choose, require_callable, select
from ._dense import size
from ._outputs import Traced, as_raised, require_scalar
from ._propagation import lacks_forward
from ._vectors import tangent_leaves

__all__ = ["Factored", "chosen_inputs", "summed", "vectors_like"]


def chosen_inputs(name: str, func: Any, inputs: PyTree, argnums: Argnums, argnames: Argnames) -> Choice:
    """What is differentiated of `inputs`, a tuple of arguments or the only argument: all of them by default."""
    require_callable(name, func)
    several = isinstance(inputs, tuple)
    selection = select(name, argnums, argnames, default=tuple(range(len(inputs))) if several else 0)
    return choose(selection, func, inputs if several else (inputs,), {})


def vectors_like(name: str, choice: Choice, v: PyTree, batched: bool) -> list[jax.Array]:
    """The vector of each leaf from `v`, which has the structure of what is differentiated, or stacks of them."""
    if v is None:
        if size(choice.leaves) != 1 or batched:
            fail(
                ArgumentError,
                name,
                "v must be given, because what is differentiated is more than one number",
                "got none",
                "pass a direction with the shape of the inputs",
            )
        return [jnp.ones_like(leaf) for leaf in choice.leaves]
    if not choice.selection.several:
        return tangent_leaves(name, choice, (v,), stacked=batched)
    count = len(choice.results)
    if not isinstance(v, tuple | list) or len(v) != count:
        fail(
            ArgumentTypeError,
            name,
            f"v must be a tuple of {count}, with one entry for each input that is differentiated",
            f"got a tuple of {len(v)}" if isinstance(v, tuple | list) else f"got {describe(v)}",
            "build it like the inputs",
        )
    return tangent_leaves(name, choice, v, stacked=batched)


class Factored:
    """A model at `inputs`.

    Attributes:
        choice: what is differentiated.
        floats: the floating leaves of the output.
        aux: what the model returned beside it.
        push: the Jacobian times tangents of the leaves.
        pull: cotangents of `floats` times the Jacobian.
    """

    def __init__(self, name: str, model: Any, inputs: PyTree, has_aux: bool, argnums: Argnums, argnames: Argnames):
        self.name = name
        self.has_aux = has_aux
        self.choice = chosen_inputs(name, model, inputs, argnums, argnames)
        self.traced = Traced(self.choice, has_aux, False)
        x = self.choice.leaves
        self.push: Callable[[list[jax.Array]], list[jax.Array]]
        self.pull: Callable[[list[jax.Array]], list[jax.Array]]
        with as_raised():
            if not lacks_forward(self.traced, x):
                self.floats, self.push, self.arrays = jax.linearize(self.traced, x, has_aux=True)
                transposed = jax.linear_transpose(self.push, x)
                self.pull = lambda u: transposed(u)[0]
            else:  # a custom_vjp: its reverse derivative is transposed
                self.floats, pull, self.arrays = jax.vjp(self.traced, x, has_aux=True)
                self.pull = lambda u: pull(u)[0]
                back = jax.linear_transpose(self.pull, self.floats)
                self.push = lambda v: back(v)[0]
        _, self.aux = self.traced.output(self.floats, self.arrays)

    def hessian_of(self, loss: Any) -> tuple[jax.Array, Callable[[list[jax.Array]], list[jax.Array]]]:
        """The loss of the output, and the product of its Hessian with a tangent of `floats`."""

        def scalar(floats: list[jax.Array]) -> jax.Array:
            return require_scalar(self.name, loss(self.traced.output(floats, self.arrays)[0]), False)

        with as_raised():
            value = scalar(self.floats)
        slope = jax.grad(scalar)
        return strong(value), lambda u: jax.jvp(slope, (self.floats,), (u,))[1]


def summed(
    row: Callable[[jax.Array], list[jax.Array]], count: int, like: Sequence[jax.Array], chunk_size: int | None
) -> list[jax.Array]:
    """The sum of `row` over numbers below `count`, of which one chunk is in memory at a time."""
    width = count if chunk_size is None else min(chunk_size, count)
    if not count:
        return [jnp.zeros_like(leaf) for leaf in like]
    together = lambda numbers: [rows.sum(0) for rows in jax.vmap(row)(numbers)]  # noqa: E731
    numbers = jax.lax.iota(np.int32, count)
    whole = count - count % width
    start = together(numbers[:width])
    add = lambda total, chunk: ([a + b for a, b in zip(total, together(chunk), strict=True)], None)  # noqa: E731
    total, _ = jax.lax.scan(add, start, numbers[width:whole].reshape(-1, width))
    return add(total, numbers[whole:])[0] if whole < count else total

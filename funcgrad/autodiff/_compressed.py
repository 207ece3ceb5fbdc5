"""A sparse Jacobian from few products, as its coloring says, and its entries read off them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ._chunks import in_chunks
from ._dense import Leaves
from .coloring import Coloring

__all__ = ["Compressed"]


class Compressed:
    """The products that a coloring asks for, of a function from leaves to leaves.

    Attributes:
        coloring: which columns and rows are computed together.
        seeds: for each input leaf the sums of unit vectors, one for each colour of columns, in front of its shape; then
            for each output leaf the same for the colours of rows.
        places: where each entry of the pattern stands in the products.
        dtype: that of the entries.

    Args:
        coloring: a coloring of the pattern of the Jacobian.
        inputs: arrays like those that the function takes.
        outputs: arrays like those that it gives.
        chunk_size: how many products are computed together; by default all.
    """

    def __init__(
        self, coloring: Coloring, inputs: Sequence[Any], outputs: Sequence[Any], chunk_size: int | None = None
    ):
        self.coloring, self.chunk_size = coloring, chunk_size
        self.dtype = jnp.result_type(*[leaf.dtype for leaf in outputs])
        self._inputs, self._outputs = len(inputs), len(outputs)
        self.seeds: list[jax.Array] = []
        with jax.ensure_compile_time_eval():
            if coloring.columns is not None and coloring.column_count:
                self.seeds += _sums(coloring.columns, coloring.column_count, inputs)
            if coloring.rows is not None and coloring.row_count:
                self.seeds += _sums(coloring.rows, coloring.row_count, outputs)
            self.places = jnp.asarray(coloring.places)

    def products(
        self, f: Leaves, x: Sequence[jax.Array], seeds: Sequence[jax.Array]
    ) -> tuple[list[jax.Array], list[jax.Array], Any]:
        """The products, the value of `f`, and the rest that it gives.

        Products are of columns for each output leaf, then of rows for each input leaf, colours in front of its shape.
        """
        if not self.coloring.count:
            y, rest = f(x)
            return [], y, rest
        found: list[jax.Array] = []
        columns = seeds[: self._inputs] if self.coloring.column_count else ()
        rows = seeds[len(columns) :]
        x = list(x)
        if columns and self._at_once(self.coloring.column_count):

            def column(seed: list[jax.Array]) -> tuple[list[jax.Array], list[jax.Array], Any]:
                y, moved, rest = jax.jvp(f, (x,), (seed,), has_aux=True)
                return moved, y, rest

            lines, y, rest = jax.vmap(column, out_axes=(0, None, None))(list(columns))
            found += lines
        elif columns:
            y, push, rest = jax.linearize(f, x, has_aux=True)
            lines = in_chunks(push, list(columns), self.coloring.column_count, self.chunk_size)
            found += lines
        if rows:
            y, pull, rest = jax.vjp(f, x, has_aux=True)
            lines = in_chunks(lambda seed: pull(seed)[0], list(rows), self.coloring.row_count, self.chunk_size)
            found += lines
        return found, y, rest

    def entries(self, products: Sequence[jax.Array], places: jax.Array) -> jax.Array:
        """The entries of the pattern, in its order."""
        if not places.size:
            return jnp.zeros(0, self.dtype)
        columns = products[: self._outputs] if self.coloring.column_count else []
        groups = [group for group in (columns, products[len(columns) :]) if group]
        flat = [self._raveled(group) for group in groups]
        whole = jnp.concatenate(flat) if len(flat) > 1 else flat[0]
        return whole.at[places].get(mode="promise_in_bounds")

    def _at_once(self, count: int) -> bool:
        return self.chunk_size is None or self.chunk_size >= count

    def _raveled(self, lines: Sequence[jax.Array]) -> jax.Array:
        flat = [line.reshape(line.shape[0], -1).astype(self.dtype) for line in lines]
        return (jnp.concatenate(flat, axis=1) if len(flat) > 1 else flat[0]).ravel()


def _sums(colors: np.ndarray, count: int, like: Sequence[Any]) -> list[jax.Array]:
    """For each array in `like`: the sum of the unit vectors of each colour, there."""
    sums, first = [], 0
    for leaf in like:
        own = colors[first : first + int(np.prod(leaf.shape))]
        first += own.size
        where = own == np.arange(count, dtype=np.int32)[:, None]
        sums.append(jnp.asarray(where.reshape(count, *leaf.shape), leaf.dtype))
    return sums

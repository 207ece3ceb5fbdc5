"""A sparse Jacobian from few products, as its coloring says, and its entries read off them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ._chunks import in_chunks
from ._dense import Leaves, size
from ._hoisting import Hoisted
from .coloring import Coloring

__all__ = ["Compressed", "Products"]


class Compressed:
    """The products that a coloring asks for, of a function from leaves to leaves.

    Attributes:
        coloring: which columns and rows are computed together.
        seeds: for each input leaf the sums of unit vectors, one for each colour of columns, in front of its shape; then
            for each output leaf the same for the colours of rows.
        places: where each entry of the pattern stands in the products, raveled, one after the other.
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
        self._groups = [  # how many products of columns there are and how they are split, and the same of rows
            (count, [size([leaf]) for leaf in leaves])
            for count, leaves in ((coloring.column_count, outputs), (coloring.row_count, inputs))
        ]
        self.seeds: list[jax.Array] = []
        with jax.ensure_compile_time_eval():
            if coloring.columns is not None and coloring.column_count:
                self.seeds += _sums(coloring.columns, coloring.column_count, inputs)
            if coloring.rows is not None and coloring.row_count:
                self.seeds += _sums(coloring.rows, coloring.row_count, outputs)

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

    @functools.cached_property
    def places(self) -> jax.Array:
        return self.places_in([None] * (self._outputs + self._inputs))

    def places_in(self, maps: Sequence[np.ndarray | None]) -> jax.Array:
        """The same where `maps` say of each product where its elements have gone; None where they have not."""
        places = self.coloring.places
        columns, rows = ([(count, wide) for wide in sizes if count] for count, sizes in self._groups)
        shapes = [*columns, *rows]
        if places.size and (len(shapes) > 1 or maps[0] is not None):
            groups: dict[bool, list[np.ndarray]] = {}
            first = 0
            for number, ((count, wide), map) in enumerate(zip(shapes, maps, strict=False)):
                where = np.arange(count * wide, dtype=np.int32) if map is None else map
                groups.setdefault(number >= len(columns), []).append((first + where).reshape(count, wide))
                first += count * wide
            whole = [np.concatenate(group, axis=1).ravel() for group in groups.values()]
            places = (np.concatenate(whole) if len(whole) > 1 else whole[0])[places]
        with jax.ensure_compile_time_eval():
            return jnp.asarray(places)

    def entries(self, products: Sequence[jax.Array], places: jax.Array) -> jax.Array:
        """The entries of the pattern, in its order."""
        if not places.size:
            return jnp.zeros(0, self.dtype)
        flat = [line.astype(self.dtype).ravel() for line in products]
        whole = jnp.concatenate(flat) if len(flat) > 1 else flat[0]
        # Counting from the end, which places never do, would cost a third of the time.
        return whole.at[places].get(mode="promise_in_bounds", wrap_negative_indices=False)

    def _at_once(self, count: int) -> bool:
        return self.chunk_size is None or self.chunk_size >= count


def _sums(colors: np.ndarray, count: int, like: Sequence[Any]) -> list[jax.Array]:
    """For each array in `like`: the sum of the unit vectors of each colour, there."""
    sums, first = [], 0
    for leaf in like:
        own = colors[first : first + int(np.prod(leaf.shape))]
        first += own.size
        where = own == np.arange(count, dtype=np.int32)[:, None]
        sums.append(jnp.asarray(where.reshape(count, *leaf.shape), leaf.dtype))
    return sums


class Products:
    """The entries of the Jacobian of a function of some arrays, read off products.

    Attributes:
        compressed: the products and their places.
        kept: arrays that a compiled program is given besides the values.

    Args:
        compressed: the products.
        function: from arrays to the choice of leaves to differentiate by, and to the function of them.
        values: arrays like those that it takes.
    """

    def __init__(
        self, compressed: Compressed, function: Callable[[Sequence[Any]], tuple[Any, Leaves]], values: Sequence[Any]
    ):
        self.compressed, self._function = compressed, function
        self._hoisted = Hoisted(self._all, values, compressed.seeds)
        places = compressed.places_in(self._hoisted.unmoved(self._lines))
        self.kept = self._hoisted.kept, places

    def computed(
        self, values: Sequence[jax.Array], kept: tuple[Sequence[jax.Array], jax.Array], value: bool
    ) -> tuple[jax.Array, list[jax.Array]]:
        """The entries, and with `value` what else the function gives.

        The products are kept apart, because XLA computes a product again for each entry if it sees how they are read.
        """
        seeds, places = kept
        products = self._hoisted.rest_apart(values, seeds, None if value else self._lines)
        return self.compressed.entries(products[: self._lines], places), products[self._lines :]

    def anew(self, values: Sequence[jax.Array]) -> tuple[jax.Array, list[jax.Array]]:
        """The same with the function traced again."""
        found = self._all(values, self.compressed.seeds)
        return self.compressed.entries(found[: self._lines], self.compressed.places), found[self._lines :]

    def _all(self, values: Sequence[Any], seeds: Sequence[jax.Array]) -> list[jax.Array]:
        choice, f = self._function(values)
        products, y, rest = self.compressed.products(f, choice.leaves, seeds)
        self._lines = len(products)
        return [*products, *y, *rest]

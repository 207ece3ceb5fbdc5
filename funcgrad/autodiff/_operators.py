"""A linear operator as products with it: a square matrix, or a linear function of an array or a pytree."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from .._checks import describe, fail, require_float
from .._convert import from_host
from .._errors import ArgumentError, ArgumentTypeError, DtypeError, ShapeError
from .._op import strong
from .._types import PyTree
from ._arguments import flatten, inexact_dtype
from ._chunks import in_chunks
from ._outputs import as_raised

__all__ = ["LinearOperator", "Operator"]

LinearOperator: TypeAlias = Callable[[Any], Any] | jax.Array | np.ndarray


class Operator:
    """Products of a linear operator with vectors, and with vectors in rows.

    Attributes:
        size: how many elements a vector has.
        dtype: the dtype of vectors.
    """

    def __init__(self, name: str, operator: LinearOperator, like: PyTree, chunk_size: int | None):
        self.name = name
        self.chunk_size = chunk_size
        self.matrix = None if callable(operator) else _square(name, operator)
        self.function: Any = operator
        if self.matrix is not None:
            if like is not None:
                given = f"got a matrix and {describe(like)}"
                fail(ArgumentError, name, "like belongs to an operator that is a function", given, "leave it out")
            like = jax.ShapeDtypeStruct(self.matrix.shape[1:], self.matrix.dtype)
        leaves, self.structure = flatten(like)
        self.given = leaves
        self.places = [i for i, leaf in enumerate(leaves) if _dtype(leaf) is not None]
        if not self.places:
            fail(
                DtypeError,
                name,
                "like must have floating leaves, which say what vectors the operator takes",
                f"got {describe(like)}",
                "pass an array or a pytree with their shapes",
            )
        self.dtypes = [_dtype(leaves[i]) for i in self.places]
        self.shapes = [tuple(np.shape(leaves[i])) for i in self.places]
        self.ends = np.cumsum([int(np.prod(shape)) for shape in self.shapes])
        self.size = int(self.ends[-1])
        self.dtype = jnp.result_type(*self.dtypes)
        if jnp.issubdtype(self.dtype, jnp.complexfloating):
            given = f"got {self.dtype}"
            fail(DtypeError, name, "the operator must be real", given, "estimate its real and imaginary parts")
        if not self.size:
            fail(ArgumentError, name, "the operator must have a size of at least 1", "got 0", "pass elements")

    def shaped(self, vector: jax.Array) -> PyTree:
        """A vector in the structure of `like`, None at leaves that are not floating."""
        leaves: list[Any] = [None] * len(self.given)
        parts = jnp.split(vector, self.ends[:-1])
        for i, part, shape, dtype in zip(self.places, parts, self.shapes, self.dtypes, strict=True):
            leaves[i] = strong(part.reshape(shape).astype(dtype))
        return jax.tree.unflatten(self.structure, leaves)

    def times(self, vector: jax.Array) -> jax.Array:
        """The product with one vector."""
        if self.matrix is not None:
            return self.matrix @ vector
        with as_raised():
            product = self.function(self.shaped(vector))
        leaves = [leaf for leaf in flatten(product)[0] if leaf is not None]
        if [np.shape(leaf) for leaf in leaves] != self.shapes:
            shapes = [np.shape(leaf) for leaf in leaves]
            fail(
                ShapeError,
                self.name,
                f"the operator must return what it takes, leaves of shape {self.shapes}",
                f"it returned {shapes}",
                "a trace and a diagonal belong to square operators",
            )
        return jnp.concatenate([jnp.ravel(leaf).astype(self.dtype) for leaf in leaves])

    def times_rows(self, rows: jax.Array) -> jax.Array:
        """The products with vectors in rows, in rows."""
        return in_chunks(self.times, rows, rows.shape[0], self.chunk_size)

    def transposed_times_rows(self, rows: jax.Array) -> jax.Array:
        """The products of the transposed operator."""
        example = jax.ShapeDtypeStruct((self.size,), self.dtype)
        with as_raised():
            transposed = jax.linear_transpose(self.times, example)
        return in_chunks(lambda row: transposed(row)[0], rows, rows.shape[0], self.chunk_size)

    def in_pieces(self, example: Callable[[jax.Array], Any]) -> Any:
        """The results of `example` for each unit vector, stacked in front."""

        def at(index: jax.Array) -> Any:
            return example((jax.lax.iota(np.int32, self.size) == index).astype(self.dtype))

        return in_chunks(at, jax.lax.iota(np.int32, self.size), self.size, self.chunk_size)


def _dtype(leaf: Any) -> Any:
    if isinstance(leaf, jax.ShapeDtypeStruct):
        return leaf.dtype if jnp.issubdtype(leaf.dtype, jnp.inexact) else None
    return inexact_dtype(leaf)


def _square(name: str, matrix: Any) -> jax.Array:
    if not isinstance(matrix, jax.Array | np.ndarray):
        fail(
            ArgumentTypeError,
            name,
            "operator must be a square matrix or a linear function",
            f"got {describe(matrix)}",
            "pass for example fg.linearize(fg.grad(f), x)[1]",
        )
    array = matrix if isinstance(matrix, jax.Array) else from_host(name, matrix)
    if array.ndim != 2 or array.shape[0] != array.shape[1]:
        given = f"got shape {tuple(array.shape)}"
        fail(ShapeError, name, "a matrix must be square", given, "map over a stack of matrices with fg.vmap")
    require_float(name, array, "operator", complex_ok=False)
    return array

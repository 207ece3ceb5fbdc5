"""Jacobians as one plain matrix, whose rows and columns say what they belong to."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, overload

import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental import sparse as jax_sparse

from .._checks import describe, fail
from .._errors import ArgumentError
from .._plain import fitting, plain
from ._arguments import Argnames, Argnums
from ._request import Answer, request

__all__ = ["JacobianMatrix", "Labels", "ravel_jacobian"]

Function: TypeAlias = Callable[..., Any]


@fitting
@dataclass(frozen=True)
class Labels(Sequence[str]):
    """What each row or column of a matrix belongs to, "params.w[2]", written out where it is asked for.

    Attributes:
        parts: name and shape of each array, in order.
    """

    parts: tuple[tuple[str, tuple[int, ...]], ...]

    def __len__(self) -> int:
        return sum(math.prod(shape) for _, shape in self.parts)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self[i] for i in range(len(self))[index]]
        number = range(len(self))[index]  # IndexError where there is none
        for name, shape in self.parts:
            if number < math.prod(shape):
                place = ", ".join(str(int(i)) for i in np.unravel_index(number, shape))
                return f"{name}[{place}]" if shape else name
            number -= math.prod(shape)
        raise AssertionError

    def __iter__(self) -> Iterator[str]:
        return (self[i] for i in range(len(self)))

    def span(self, name: str) -> slice:
        """The rows or columns of one array, or of one element of it.

        Args:
            name: as in `parts`, or a label.

        Returns:
            Where they are.
        """
        start = 0
        for own, shape in self.parts:
            if own == name:
                return slice(start, start + math.prod(shape))
            start += math.prod(shape)
        if name in self:
            return slice(self.index(name), self.index(name) + 1)
        names = ", ".join(f"'{own}'" for own, _ in self.parts)
        fail(ArgumentError, "span", "name must be an array or a label of the matrix", f"got {name!r}", f"see {names}")

    def __repr__(self) -> str:
        return f"Labels({list(self) if len(self) < 9 else [*self[:3], '...', *self[-2:]]})"


@fitting
@functools.partial(jax.tree_util.register_dataclass, data_fields=["matrix"], meta_fields=["rows", "columns"])
@dataclass(frozen=True)
class JacobianMatrix:
    """A Jacobian as a matrix.

    Attributes:
        matrix: of shape (m, n): a row for each element of the output, a column for each element of what was selected;
            an array, or the sparse matrix that was asked for.
        rows: their labels, as "out['a'][0, 1]".
        columns: their labels, as "params.w[2]".
    """

    matrix: Any
    rows: Labels
    columns: Labels

    def block(self, row: str, column: str) -> Any:
        """The part for one output and one input, named as in the labels with or without the index.

        Args:
            row: for example "out['a']".
            column: for example "params.w".

        Returns:
            A matrix of the same type; a BCOO where it is a BCSR.
        """
        matrix = self.matrix.to_bcoo() if isinstance(self.matrix, jax_sparse.BCSR) else self.matrix
        return matrix[self.rows.span(row), self.columns.span(column)]

    def __repr__(self) -> str:
        shown = describe(self.matrix) if isinstance(self.matrix, jax.Array) else repr(self.matrix)
        return f"JacobianMatrix({shown}, rows={self.rows}, columns={self.columns})"


@plain
def ravel_jacobian(
    func: Function,
    argnums: Argnums = None,
    has_aux: bool = False,
    *,
    argnames: Argnames = None,
    mode: str = "auto",
    chunk_size: int | None = None,
    max_bytes: int | str | None = None,
    sparse: Any = "auto",
    output: str = "dense",
    holomorphic: bool = False,
) -> Function:
    r"""The function that computes the Jacobian as one matrix, $m \times n$, whatever pytrees go in and out.

    Args:
        func: as for ``jacobian``.
        argnums: the argument to differentiate by position, or a sequence of them; the first by default.
        has_aux: `func` returns ``(output, aux)``; aux is handed through.
        argnames: the same by name, path or pattern; see ``grad``.
        mode: ``"forward"``, ``"reverse"`` or ``"auto"``; see ``jacobian``.
        chunk_size: how many columns or rows are computed together; by default all.
        max_bytes: how much memory the blocks of the matrix may take; see ``jacobian``.
        sparse: whether to compute only the entries that can be nonzero; see ``jacobian``.
        output: the type of the matrix: ``"dense"``, ``"bcoo"``, ``"bcsr"`` or ``"csr"``; see ``sparse_jacobian``.
        holomorphic: `func` is holomorphic; see ``jacobian``.

    Returns:
        A function that returns a JacobianMatrix: `matrix` of shape (m, n) with the elements of all floating output
        leaves and of all leaves selected, in order, and the labels `rows` and `columns`. Its dtype is what those of
        the blocks promote to. With `has_aux` it is the pair (matrix, aux).

    Raises:
        DtypeError: what is selected has no floating leaf, or a leaf of the output is not floating.
        ArgumentError: there is no such argument, path or mode, or an option is not allowed.

    >>> f = lambda p: {"a": p["w"] * p["b"], "s": p["w"].sum()}
    >>> J = fg.ravel_jacobian(f)({"w": fg.arange(2.0), "b": 3.0})
    >>> J.matrix
    Array([[0., 3., 0.],
           [1., 0., 3.],
           [0., 1., 1.]], dtype=float32)
    >>> list(J.rows), list(J.columns)
    (["out['a'][0]", "out['a'][1]", "out['s']"], ['p.b', 'p.w[0]', 'p.w[1]'])

    Source: ``jax.flatten_util.ravel_pytree``, for both sides.
    """
    name = "ravel_jacobian"
    options = (mode, chunk_size, max_bytes, holomorphic, sparse, output)
    wish = request(name, func, argnums, has_aux, argnames, *options, whole=True)

    @functools.wraps(func)
    def matrix(*args: Any, **kwargs: Any) -> Any:
        answer = wish(args, kwargs, value=output != "dense")
        found = _matrix(answer, None if output == "dense" else answer.handed()[0][0])
        return (found, answer.aux()) if has_aux else found

    return matrix


def _matrix(answer: Answer, whole: Any) -> JacobianMatrix:
    """The blocks side by side, unless they are one matrix already."""
    names = answer.choice.names()
    columns = [(name, tuple(leaf.shape)) for name, leaf in zip(names, answer.choice.leaves, strict=True)]
    rows, parts = [], []
    if whole is not None:
        shapes = [tuple(leaf.shape) for leaf in answer.floats]
        rows = list(zip(answer.traced.names(), shapes, strict=True))
        return JacobianMatrix(whole, Labels(tuple(rows)), Labels(tuple(columns)))
    for name, row in zip(answer.traced.names(), answer.blocks, strict=True):
        shape = row[0].shape[: row[0].ndim - len(columns[0][1])]
        rows.append((name, shape))
        flat = [block.reshape(math.prod(shape), math.prod(own)) for block, (_, own) in zip(row, columns, strict=True)]
        parts.append(jnp.concatenate(flat, 1) if len(flat) > 1 else flat[0])
    matrix = jnp.concatenate(parts) if len(parts) > 1 else parts[0]
    return JacobianMatrix(matrix, Labels(tuple(rows)), Labels(tuple(columns)))

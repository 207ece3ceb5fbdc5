"""Jacobians, in the cheaper direction and in pieces that fit in memory."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeAlias

from .._checks import fail
from .._errors import ArgumentError
from .._plain import plain
from ._arguments import Argnames, Argnums, choose, require_callable, select
from ._dense import by_columns, by_fewer, by_rows, require_chunk
from ._outputs import Traced, as_raised

__all__ = ["jacfwd", "jacobian", "jacrev"]

Function: TypeAlias = Callable[..., Any]


@plain
def jacobian(
    func: Function,
    argnums: Argnums = None,
    has_aux: bool = False,
    *,
    argnames: Argnames = None,
    mode: str = "auto",
    chunk_size: int | None = None,
    holomorphic: bool = False,
) -> Function:
    r"""The function that computes the Jacobian of `func`: $J_{ij} = \partial f_i / \partial x_j$.

    Args:
        func: a function whose output is floating, an array or a pytree of any shapes.
        argnums: the argument to differentiate by position, or a sequence of them; the first by default.
        has_aux: `func` returns ``(output, aux)``; aux is handed through.
        argnames: the same by name, path or pattern; see ``grad``.
        mode: ``"forward"`` computes it by columns, one pass for each input; ``"reverse"`` by rows, one pass for each
            output; ``"auto"`` takes forward if there are no more inputs than outputs. To count the outputs it traces
            `func` once more, without computing (or, where tracing alone cannot, evaluates it).
        chunk_size: how many columns or rows are computed together, one chunk after the other; by default all.
            It bounds the memory that they need. Compile the function with ``jit`` to use it more than once.
        holomorphic: `func` is holomorphic: arguments and output are complex, and so are the derivatives.

    Returns:
        A function of the same arguments. Its result has the structure of the output, and in the place of each output
        leaf the structure of what was selected; each leaf has the shape output.shape + input.shape. With `has_aux` it
        is the pair (jacobian, aux).

    Raises:
        DtypeError: what is selected has no floating leaf, or a leaf of the output is not floating.
        ArgumentError: there is no such argument, path or mode, or `chunk_size` is not positive.

    >>> fg.jacobian(lambda x: x[1:] * x[:-1])(fg.arange(4.0))
    Array([[1., 0., 0., 0.],
           [0., 2., 1., 0.],
           [0., 0., 3., 2.]], dtype=float32)

    Source: ``torch.autograd.functional.jacobian``, ``jax.jacobian``.
    """
    return _jacobian("jacobian", func, argnums, has_aux, argnames, mode, chunk_size, holomorphic)


@plain
def jacfwd(
    func: Function,
    argnums: Argnums = None,
    has_aux: bool = False,
    *,
    argnames: Argnames = None,
    chunk_size: int | None = None,
    holomorphic: bool = False,
) -> Function:
    """The function that computes the Jacobian of `func` by columns: ``jacobian(func, mode="forward")``.

    Args:
        func: a function whose output is floating, an array or a pytree of any shapes.
        argnums: the argument to differentiate by position, or a sequence of them; the first by default.
        has_aux: `func` returns ``(output, aux)``; aux is handed through.
        argnames: the same by name, path or pattern; see ``grad``.
        chunk_size: how many columns are computed together; by default all.
        holomorphic: `func` is holomorphic; see ``jacobian``.

    Returns:
        A function of the same arguments that returns the Jacobian; see ``jacobian``.

    Raises:
        DtypeError: what is selected has no floating leaf, or a leaf of the output is not floating.
        ArgumentError: there is no such argument or path, or `chunk_size` is not positive.

    >>> fg.jacfwd(lambda x: x**2)(fg.arange(2.0))
    Array([[0., 0.],
           [0., 2.]], dtype=float32)

    Source: ``torch.func.jacfwd``.
    """
    return _jacobian("jacfwd", func, argnums, has_aux, argnames, "forward", chunk_size, holomorphic)


@plain
def jacrev(
    func: Function,
    argnums: Argnums = None,
    has_aux: bool = False,
    *,
    argnames: Argnames = None,
    chunk_size: int | None = None,
    holomorphic: bool = False,
) -> Function:
    """The function that computes the Jacobian of `func` by rows: ``jacobian(func, mode="reverse")``.

    Args:
        func: a function whose output is floating, an array or a pytree of any shapes.
        argnums: the argument to differentiate by position, or a sequence of them; the first by default.
        has_aux: `func` returns ``(output, aux)``; aux is handed through.
        argnames: the same by name, path or pattern; see ``grad``.
        chunk_size: how many rows are computed together; by default all.
        holomorphic: `func` is holomorphic; see ``jacobian``.

    Returns:
        A function of the same arguments that returns the Jacobian; see ``jacobian``.

    Raises:
        DtypeError: what is selected has no floating leaf, or a leaf of the output is not floating.
        ArgumentError: there is no such argument or path, or `chunk_size` is not positive.

    >>> fg.jacrev(lambda x: x @ x)(fg.arange(3.0))
    Array([0., 2., 4.], dtype=float32)

    Source: ``torch.func.jacrev``.
    """
    return _jacobian("jacrev", func, argnums, has_aux, argnames, "reverse", chunk_size, holomorphic)


def _jacobian(
    name: str,
    func: Function,
    argnums: Argnums,
    has_aux: bool,
    argnames: Argnames,
    mode: str,
    chunk_size: int | None,
    holomorphic: bool,
) -> Function:
    require_callable(name, func)
    require_chunk(name, chunk_size)
    if mode not in ("auto", "forward", "reverse"):
        fail(
            ArgumentError,
            name,
            "mode must be 'auto', 'forward' or 'reverse'",
            f"got {mode!r}",
            "leave it out to have it chosen",
        )
    selection = select(name, argnums, argnames)

    @functools.wraps(func)
    def derivatives(*args: Any, **kwargs: Any) -> Any:
        choice = choose(selection, func, args, kwargs, "complex" if holomorphic else "real")
        traced = Traced(choice, has_aux, holomorphic)
        with as_raised():
            if mode == "auto":
                blocks, arrays = by_fewer(traced, choice.leaves, chunk_size)
            else:
                blocks, arrays = (by_columns if mode == "forward" else by_rows)(traced, choice.leaves, chunk_size)
        result, aux = traced.output([choice.assemble(row) for row in blocks], arrays)
        return (result, aux) if has_aux else result

    return derivatives

"""Sparse Jacobians and Hessians: few products give all entries, or none."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeAlias

from .._checks import describe, fail
from .._errors import ArgumentError, ArgumentTypeError
from .._plain import plain
from ._arguments import Argnames, Argnums, require_callable, select
from ._dense import require_chunk
from ._matrix_types import OUTPUTS, as_pattern, finish
from ._sparse import Programs, Wanted
from .coloring import Coloring

__all__ = ["sparse_hessian", "sparse_jacobian"]

Function: TypeAlias = Callable[..., Any]

_MODES = {1: ("auto", "forward", "reverse", "bidirectional"), 2: ("auto", "symmetric", "forward")}


@plain
def sparse_jacobian(
    func: Function,
    pattern: Any = None,
    *,
    argnums: Argnums = None,
    argnames: Argnames = None,
    has_aux: bool = False,
    coloring: Coloring | None = None,
    mode: str = "auto",
    output: str = "bcoo",
    chunk_size: int | None = None,
    check: bool = False,
) -> Function:
    r"""The function that computes the Jacobian of `func` as a sparse matrix, in as many products as it has colours.

    Where `func` only moves, scales and adds elements after its nonlinear steps, as chains and stencils do, there are no
    products: the entries are carried through its program, which takes about as long as `func` and one copy of them.

    The pattern and the colours are found at the first call with arguments of a shape, where the program is compiled
    too, and kept in the function that is returned: make it once and call it often.

    Args:
        func: a function whose output is floating, an array or a pytree of any shapes. It is traced as under ``jit``.
        pattern: where the matrix may be nonzero, for all arguments: a SparsityPattern, a SciPy sparse matrix, a BCOO or
            a dense matrix; found by ``jacobian_pattern`` if it is left out. What it lacks makes other entries wrong:
            see `check`.
        argnums: the argument to differentiate by position, or a sequence of them; the first by default.
        argnames: the same by name, path or pattern; see ``grad``.
        has_aux: `func` returns ``(output, aux)``; aux is handed through.
        coloring: of the pattern, instead of the one that ``color`` finds, for where there are products.
        mode: ``"forward"`` computes sums of columns, ``"reverse"`` sums of rows, ``"bidirectional"`` both; ``"auto"``
            carries the entries where it can, and otherwise takes what needs the fewest.
        output: ``"bcoo"`` or ``"bcsr"`` of ``jax.experimental.sparse``, ``"csr"`` for a ``scipy.sparse.csr_array`` on
            the host, or ``"dense"``.
        chunk_size: how many products are computed together, one chunk after the other; by default all. It bounds the
            memory that they need.
        check: whether to compare, at each call, the matrix times a fixed random direction with the derivative along
            it. In a compiled program that is done only under ``checked``.

    Returns:
        A function of the same arguments that returns a matrix of shape (m, n): a row for each of the m elements of the
        floating output leaves, a column for each of the n elements of the floating leaves selected, each in the order
        of the tree, raveled. Its entries are in the order of their rows, and of columns in them. With `has_aux` it is
        the pair (matrix, aux). It may be called under ``jit`` and ``vmap``. A compiled program that returns the matrix
        copies its indices at each call, which a call outside does not.

    Raises:
        DtypeError: what is selected has no floating leaf, or a leaf of the output is not floating or is complex.
        ShapeError: the pattern does not have the shape of the matrix.
        ArgumentError: there is no such argument, mode or output; or `check` found that the pattern lacks an entry.
        TracedValueError: ``output="csr"`` where the function is traced; or `func` asks for values of its arguments.

    >>> jac = fg.sparse_jacobian(lambda x: x[1:] * x[:-1], output="csr")
    >>> matrix = jac(fg.arange(5.0))
    >>> matrix.data, matrix.indices
    (array([1., 0., 2., 1., 3., 2., 4., 3.], dtype=float32), array([0, 1, 1, 2, 2, 3, 3, 4], dtype=int32))
    >>> fg.sparse_jacobian(lambda x: x[1:] * x[:-1])(fg.arange(5.0)) @ fg.ones(5)
    Array([1., 3., 5., 7.], dtype=float32)

    Source: A. Curtis, M. Powell, J. Reid, On the estimation of sparse Jacobian matrices (1974).
    """
    name = "sparse_jacobian"
    programs = Programs(
        _wanted(name, func, 1, pattern, argnums, argnames, has_aux, coloring, mode, output, chunk_size, check)
    )

    @functools.wraps(func)
    def derivatives(*args: Any, **kwargs: Any) -> Any:
        return programs(args, kwargs)

    return derivatives


@plain
def sparse_hessian(
    func: Function,
    pattern: Any = None,
    *,
    argnums: Argnums = None,
    argnames: Argnames = None,
    has_aux: bool = False,
    coloring: Coloring | None = None,
    mode: str = "auto",
    output: str = "bcoo",
    chunk_size: int | None = None,
    check: bool = False,
) -> Function:
    r"""The function that computes the Hessian of a scalar function as a sparse matrix, from few products with it.

    Each product differentiates the gradient forward along a sum of unit vectors. As the matrix is symmetric, fewer are
    needed than for a Jacobian with the same pattern.

    Args:
        func: a function that returns a floating scalar. It is traced as under ``jit``.
        pattern: where the matrix may be nonzero, for all arguments; found by ``hessian_pattern`` if it is left out. See
            ``sparse_jacobian``.
        argnums: the argument to differentiate by position, or a sequence of them; the first by default.
        argnames: the same by name, path or pattern; see ``grad``.
        has_aux: `func` returns ``(output, aux)``; aux is handed through.
        coloring: of the pattern, instead of the one that ``color`` finds.
        mode: ``"symmetric"`` reads an entry off its column or off its row; ``"auto"`` does the same where there are
            products; ``"forward"`` does without the symmetry, which a pattern given by hand may lack.
        output: ``"bcoo"``, ``"bcsr"``, ``"csr"`` or ``"dense"``; see ``sparse_jacobian``.
        chunk_size: how many products are computed together, one chunk after the other; by default all.
        check: whether to compare, at each call, the matrix times a fixed random direction with the derivative of the
            gradient along it.

    Returns:
        A function of the same arguments that returns a matrix of shape (n, n): a row and a column for each of the n
        elements of the floating leaves selected, in the order of the tree, raveled. With `has_aux` it is the pair
        (matrix, aux).

    Raises:
        DtypeError: what is selected has no floating leaf, or the output is not floating or is complex.
        ShapeError: the output is not a scalar, or the pattern does not fit.
        ArgumentError: there is no such argument, mode or output; or `check` found that the pattern lacks an entry.
        TracedValueError: ``output="csr"`` where the function is traced; or `func` asks for values of its arguments.

    >>> rosenbrock = lambda x: fg.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)
    >>> fg.sparse_hessian(rosenbrock, output="csr")(fg.zeros(4)).toarray()
    array([[  2.,   0.,   0.,   0.],
           [  0., 202.,   0.,   0.],
           [  0.,   0., 202.,   0.],
           [  0.,   0.,   0., 200.]], dtype=float32)

    Source: T. Coleman, J. Moré, Estimation of sparse Hessian matrices and graph coloring problems (1984).
    """
    name = "sparse_hessian"
    programs = Programs(
        _wanted(name, func, 2, pattern, argnums, argnames, has_aux, coloring, mode, output, chunk_size, check)
    )

    @functools.wraps(func)
    def second_derivatives(*args: Any, **kwargs: Any) -> Any:
        return programs(args, kwargs)

    return second_derivatives


def _wanted(
    name: str,
    func: Any,
    order: int,
    pattern: Any,
    argnums: Argnums,
    argnames: Argnames,
    has_aux: bool,
    coloring: Any,
    mode: str,
    output: str,
    chunk_size: int | None,
    check: bool,
) -> Wanted:
    """The options, checked."""
    require_callable(name, func)
    require_chunk(name, chunk_size)
    for option, given, known in (("mode", mode, _MODES[order]), ("output", output, OUTPUTS)):
        if given not in known:
            allowed = ", ".join(map(repr, known[:-1])) + f" or {known[-1]!r}"
            fail(ArgumentError, name, f"{option} must be {allowed}", f"got {given!r}", "leave it out")
    places = None if pattern is None else as_pattern(name, pattern)
    if coloring is not None:
        if not isinstance(coloring, Coloring):
            given = f"got {describe(coloring)}"
            fail(ArgumentTypeError, name, "coloring must be a Coloring", given, "make one with fg.color(pattern)")
        if mode not in ("auto", coloring.mode):
            given = f"got mode {mode!r} and a coloring for {coloring.mode!r}"
            fail(ArgumentError, name, "a coloring decides the mode", given, "leave mode out")
        if order == 2 and coloring.mode not in _MODES[2]:
            given = f"got one for {coloring.mode!r}"
            remedy = "make one with fg.color(pattern, 'symmetric')"
            fail(ArgumentError, name, "coloring must be symmetric or forward", given, remedy)
        if places is not None and places != coloring.pattern:
            given = "got two that differ"
            fail(ArgumentError, name, "coloring must be of the pattern", given, "leave the pattern out")
        places = coloring.pattern
    made = functools.partial(finish, name, output)
    selection = select(name, argnums, argnames)
    return Wanted(func, selection, order, has_aux, places, coloring, mode, chunk_size, check, made)

"""Jacobians, in the cheaper direction and in pieces that fit in memory."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeAlias

from .._plain import plain
from ._arguments import Argnames, Argnums
from ._request import Request, request

__all__ = ["jacfwd", "jacobian", "jacrev", "value_and_jacobian"]

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
    max_bytes: int | str | None = None,
    sparse: Any = "auto",
    output: str = "dense",
    holomorphic: bool = False,
) -> Function:
    r"""The function that computes the Jacobian of `func`: $J_{ij} = \partial f_i / \partial x_j$.

    How it is computed is chosen for you: by columns or by rows, starting from the entries of the first or last matrix
    that `func` multiplies with instead of multiplying unit vectors by it, or as a product of two Jacobians where only
    few values lie between inputs and outputs; and where few entries can be nonzero, from few products that show all of
    them. ``fg.plan_jacobian`` shows what was chosen. Nothing of `func` is kept from call to call, because it may use
    what has changed meanwhile: compile it with ``jit`` to use it more than once.

    Args:
        func: a function whose output is floating, an array or a pytree of any shapes.
        argnums: the argument to differentiate by position, or a sequence of them; the first by default.
        has_aux: `func` returns ``(output, aux)``; aux is handed through.
        argnames: the same by name, path or pattern; see ``grad``.
        mode: ``"forward"`` computes it by columns, one pass for each input; ``"reverse"`` by rows, one pass for each
            output; ``"auto"`` takes what needs less work. To find out it traces `func` once or twice more, without
            computing (or, where tracing alone cannot, evaluates it).
        chunk_size: how many columns or rows are computed together, one chunk after the other; by default all.
            It bounds the memory that they need to that of the result and one chunk.
        max_bytes: how much memory it may take, the result included and the arguments not: a number of bytes, or a text
            as ``"1GB"`` or ``"200 MiB"``. The chunk is the largest that fits, as the compiler's analysis of a few
            trials tells; inside ``jit`` it is estimated from shapes, on the safe side. An eager call is compiled.
        sparse: whether to compute only the entries that can be nonzero, from sums of columns or rows. ``"auto"``
            reads the program of `func` for its pattern where that can pay, in Jacobians of at least 2¹² elements inside
            ``jit``, where it is done once, and of 2¹⁸ in an eager call; and does so where at most half of the products
            are needed. Where the pattern cannot be found, it is dense. True always does, False never does. A pattern,
            as ``sparse_jacobian`` takes, is used as it is: what it lacks makes other entries wrong, which
            ``check_pattern`` finds.
        output: the type of the result: ``"dense"``, or matrices as ``sparse_jacobian`` returns, ``"bcoo"``, ``"bcsr"``
            or ``"csr"``.
        holomorphic: `func` is holomorphic: arguments and output are complex, and so are the derivatives.

    Returns:
        A function of the same arguments. Its result has the structure of the output, and in the place of each output
        leaf the structure of what was selected; each leaf has the shape output.shape + input.shape, and where `output`
        is sparse it is a matrix, a row for each element of the output leaf and a column for each of the input leaf.
        With `has_aux` it is the pair (jacobian, aux).

    Raises:
        DtypeError: what is selected has no floating leaf, or a leaf of the output is not floating.
        ArgumentError: there is no such argument, path, mode or output, `chunk_size` is not positive, or `max_bytes`
            cannot hold the result; the message says how many bytes would.
        ShapeError: the pattern given does not have the shape of the Jacobian.
        TracedValueError: `func` asks for values of its arguments, and ``sparse=True`` or a sparse output was asked
            for; or ``output="csr"`` where the function is traced.

    >>> fg.jacobian(lambda x: x[1:] * x[:-1])(fg.arange(4.0))
    Array([[1., 0., 0., 0.],
           [0., 2., 1., 0.],
           [0., 0., 3., 2.]], dtype=float32)
    >>> fg.jacobian(lambda x: x[1:] * x[:-1], output="csr")(fg.arange(4.0)).data
    array([1., 0., 2., 1., 3., 2.], dtype=float32)

    Source: ``torch.autograd.functional.jacobian``, ``jax.jacobian``; A. Griewank, A. Walther, Evaluating Derivatives,
    2008, chapter 10, on elimination in other orders.
    """
    return _derivatives(
        request("jacobian", func, argnums, has_aux, argnames, mode, chunk_size, max_bytes, holomorphic, sparse, output)
    )


@plain
def value_and_jacobian(
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
    r"""The function that computes `func` and its Jacobian at once: $x \mapsto (f(x), \partial f / \partial x)$.

    One evaluation gives both: the value takes at most as long as `func` alone, and less where the Jacobian needs it.

    Args:
        func: as for ``jacobian``.
        argnums: the argument to differentiate by position, or a sequence of them; the first by default.
        has_aux: `func` returns ``(output, aux)``; aux is handed through.
        argnames: the same by name, path or pattern; see ``grad``.
        mode: ``"forward"``, ``"reverse"`` or ``"auto"``; see ``jacobian``.
        chunk_size: how many columns or rows are computed together; by default all.
        max_bytes: how much memory it may take; see ``jacobian``.
        sparse: whether to compute only the entries that can be nonzero; see ``jacobian``.
        output: the type of the Jacobian; see ``jacobian``.
        holomorphic: `func` is holomorphic; see ``jacobian``.

    Returns:
        A function that returns (value, jacobian), or with `has_aux` ((value, aux), jacobian).

    Raises:
        DtypeError: what is selected has no floating leaf, or a leaf of the output is not floating.
        ArgumentError: there is no such argument, path or mode, or an option is not allowed.

    >>> fg.value_and_jacobian(lambda x: x**2)(fg.arange(2.0))
    (Array([0., 1.], dtype=float32), Array([[0., 0.],
           [0., 2.]], dtype=float32))

    Source: ``jax.value_and_grad``, for outputs of any shape.
    """
    name = "value_and_jacobian"
    wish = request(name, func, argnums, has_aux, argnames, mode, chunk_size, max_bytes, holomorphic, sparse, output)

    @functools.wraps(func)
    def value_and_derivatives(*args: Any, **kwargs: Any) -> Any:
        answer = wish(args, kwargs, value=True)
        (value, aux), (result, _) = answer.value(), answer.jacobian()
        return ((value, aux) if has_aux else value), result

    return value_and_derivatives


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
    return _derivatives(request("jacfwd", func, argnums, has_aux, argnames, "forward", chunk_size, None, holomorphic))


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
    return _derivatives(request("jacrev", func, argnums, has_aux, argnames, "reverse", chunk_size, None, holomorphic))


def _derivatives(wish: Request) -> Function:
    @functools.wraps(wish.func)
    def derivatives(*args: Any, **kwargs: Any) -> Any:
        result, aux = wish(args, kwargs).jacobian()
        return (result, aux) if wish.has_aux else result

    return derivatives

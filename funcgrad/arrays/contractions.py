"""Sums of products named by an equation or by dimensions, and products added to an array."""

from __future__ import annotations

import string
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

from .._checks import broadcast_shapes, canonical_dims, describe, fail, require_ndim
from .._errors import ArgumentError, ArgumentTypeError, DtypeError, ShapeError
from .._op import op
from .._plain import plain
from .._types import Array, ArrayLike, Shape
from . import _stacks
from ._pointwise import in_single
from .products import _require_inner, _require_ndims, _require_numbers

__all__ = ["addbmm", "addmm", "addmv", "addr", "baddbmm", "bilinear", "einsum", "tensordot"]


@plain
def einsum(equation: Any, *operands: Any) -> Array:
    """Sums of products in Einstein's notation: ``"ik,kj->ij"`` is the matrix product, $Σ_k A_{ik} B_{kj}$.

    A letter that is missing behind ``->`` is summed over, a letter repeated in one group takes the diagonal, ``...``
    stands for dimensions that broadcast. Without ``->`` the result has the letters that occur once, in order.

    Args:
        equation: one group of letters an operand, joined by commas, and after ``->`` those of the result.
        *operands: the arrays, also as one list. Or no equation, and each array followed by a list of the numbers of
            its dimensions, in [0, 52), with ``...`` for those that broadcast; one more list for the result.

    Returns:
        An array with the dimensions that the equation names, of the common dtype.

    Raises:
        ArgumentError: the equation is not well formed, or the number of operands differs.
        ShapeError: a shape does not fit its group, or a letter has two sizes.

    >>> fg.einsum("ij,j->i", fg.ones(2, 3), fg.arange(3.0))
    Array([3., 3.], dtype=float32)
    >>> fg.einsum("ij,jk->ik", fg.ones(2, 3), fg.ones(4, 2))
    Traceback (most recent call last):
    funcgrad._errors.ShapeError: einsum(): a letter must have one size, or 1; got j of size 3 and 4 in 'ij,jk->ik' \
with shapes (2, 3) and (4, 2); correct the equation or transpose an operand.

    Source: ``torch.einsum``.
    """
    if not isinstance(equation, str):
        equation, operands = _spelled_out(equation, operands)
    return _einsum(equation, *operands)


# The numbers 0 to 51 stand for these.
_LETTERS = string.ascii_uppercase + string.ascii_lowercase


def _spelled_out(first: Any, rest: tuple[Any, ...]) -> tuple[str, tuple[Any, ...]]:
    """The equation and the operands of ``einsum(x, [0, 1], y, [1, 2], [0, 2])``."""
    given = (first, *rest)
    arrays, lists = given[: len(given) // 2 * 2 : 2], given[1::2]
    result = given[-1] if len(given) % 2 and rest else None
    if not rest or any(not isinstance(item, list | tuple) for item in (*lists, *([result] if len(given) % 2 else []))):
        required = "the equation must be a string like 'ij,jk->ik'"
        fail(ArgumentTypeError, "einsum", required, f"got {describe(first)}", "write the operands after it")

    def letters(numbers: Any) -> str:
        for number in numbers:
            if number is not Ellipsis and (not hasattr(number, "__index__") or not 0 <= number.__index__() < 52):
                required = "lists must be made of ints in [0, 51] and ..."
                fail(ArgumentError, "einsum", required, f"got {number!r}", "number the dimensions from 0")
        return "".join("..." if n is Ellipsis else _LETTERS[n.__index__()] for n in numbers)

    equation = ",".join(map(letters, lists))
    return equation if result is None else f"{equation}->{letters(result)}", arrays


@op
def _einsum(equation: str, *operands: ArrayLike) -> Array:
    plain = equation.replace(" ", "")
    _check_equation(plain, [tuple(jnp.shape(x)) for x in operands])
    inputs, arrow, output = plain.partition("->")
    _require_numbers("einsum", *operands)
    if "..." in inputs and arrow and "..." not in output:  # torch sums over what the dots stand for
        result = jnp.einsum(f"{inputs}->...{output}", *operands)
        return jnp.sum(result, axis=tuple(range(result.ndim - len(output))))
    return jnp.einsum(plain, *operands)


def _check_equation(equation: str, shapes: list[Shape]) -> None:
    inputs, _, output = equation.partition("->")
    groups = inputs.split(",")
    letters = equation.replace("...", "").replace("->", "").replace(",", "")
    if any(letter not in string.ascii_letters for letter in letters) or "," in output:
        required = "the equation must be made of letters, commas, '...' and one '->'"
        fail(ArgumentError, "einsum", required, f"got {equation!r}", "write it like 'ij,jk->ik'")
    given = f"{equation!r} with shapes {' and '.join(map(str, shapes))}"
    if len(groups) != len(shapes):
        required = "the equation must have one group of letters for each operand"
        numbers = f"got {len(groups)} group{'s' * (len(groups) > 1)} in {equation!r} and {len(shapes)} operand"
        fail(ArgumentError, "einsum", required, numbers + "s" * (len(shapes) != 1), "separate groups by commas")
    sizes: dict[str, int] = {}
    for group, shape in zip(groups, shapes, strict=True):
        head, dots, tail = group.partition("...")
        if len(head + tail) > len(shape) or (len(head + tail) < len(shape) and not dots):
            required = "each group must have a letter for each dimension"
            remedy = "name every dimension, or put '...' for those that broadcast"
            fail(ShapeError, "einsum", required, f"got {group!r} for shape {shape} in {equation!r}", remedy)
        named = [*zip(head, shape, strict=False), *zip(tail, shape[len(shape) - len(tail) :], strict=True)]
        within: dict[str, int] = {}
        for letter, size in named:
            if within.setdefault(letter, size) != size:
                required = "a letter repeated in one group must have one size"
                remedy = "correct the equation, or expand the operand"
                fail(
                    ShapeError,
                    "einsum",
                    required,
                    f"got {letter} of size {within[letter]} and {size} in {given}",
                    remedy,
                )
            known = sizes.get(letter, 1)
            if size != known and 1 not in (size, known):
                required = "a letter must have one size, or 1"
                remedy = "correct the equation or transpose an operand"
                fail(ShapeError, "einsum", required, f"got {letter} of size {known} and {size} in {given}", remedy)
            sizes[letter] = size if known == 1 else known
    result = output.replace("...", "")
    wrong = next((letter for letter in result if letter not in sizes or result.count(letter) > 1), None)
    if wrong is not None:
        required = "each letter of the result must occur in an operand's group, and once in the result"
        fail(ArgumentError, "einsum", required, f"got {wrong!r} in {equation!r}", "correct the letters after '->'")


@op
def tensordot(a: ArrayLike, b: ArrayLike, dims: int | Sequence[Sequence[int]] = 2) -> Array:
    r"""Sums of products over several dimensions of two arrays.

    Args:
        a: any shape.
        b: any shape.
        dims: a number n contracts the last n dimensions of `a` with the first n of `b` (0 gives all products); two
            lists name the dimensions of `a` and those of `b`, pair by pair.

    Returns:
        The dimensions of `a` that were not contracted, then those of `b`.

    Raises:
        ShapeError: paired dimensions have different sizes, or there are fewer than `dims`.
        DimError: a dimension is out of range or named twice.
        ArgumentError: the lists have different lengths.

    >>> fg.tensordot(fg.ones(2, 3, 4), fg.ones(4, 3, 5), dims=([1, 2], [1, 0])).shape
    (2, 5)

    Source: ``torch.tensordot``.
    """
    shapes = tuple(jnp.shape(a)), tuple(jnp.shape(b))
    if isinstance(dims, int):
        if not 0 <= dims <= min(len(shapes[0]), len(shapes[1])):
            required = "dims must be 0 or more and at most the number of dimensions of both"
            fail(ShapeError, "tensordot", required, f"got dims={dims} for {shapes[0]} and {shapes[1]}", "lower dims")
        pairs = tuple(range(len(shapes[0]) - dims, len(shapes[0]))), tuple(range(dims))
    else:
        if len(dims) != 2 or any(not isinstance(side, Sequence) for side in dims) or len(dims[0]) != len(dims[1]):
            required = "dims must be a number or two lists of equal length"
            fail(ArgumentError, "tensordot", required, f"got {dims}", "write it like dims=([0, 1], [1, 0])")
        left = canonical_dims("tensordot", dims[0], len(shapes[0]), "dims[0]")
        pairs = left, canonical_dims("tensordot", dims[1], len(shapes[1]), "dims[1]")
    for i, j in zip(*pairs, strict=True):
        if shapes[0][i] != shapes[1][j]:
            required = "contracted dimensions must have equal sizes"
            given = f"got {shapes[0]} and {shapes[1]}, where dimension {i} of a has {shapes[0][i]}"
            fail(ShapeError, "tensordot", required, f"{given} and dimension {j} of b {shapes[1][j]}", "correct dims")
    _require_numbers("tensordot", a, b)
    return jnp.tensordot(a, b, pairs)


@op
def bilinear(input1: ArrayLike, input2: ArrayLike, weight: ArrayLike, bias: ArrayLike | None = None) -> Array:
    r"""A form that is linear in each of two vectors: $z_o = \sum_{ij} x_i W_{oij} y_j + b_o$.

    Args:
        input1: x, shape (*, n).
        input2: y, shape (*, m), with the same dimensions but the last.
        weight: W, shape (out, n, m).
        bias: b, shape (out,); none by default.

    Returns:
        An array of shape (*, out).

    Raises:
        ShapeError: the shapes do not fit.
        DtypeError: all are boolean.

    >>> fg.bilinear(fg.ones(5, 2), fg.ones(5, 3), fg.ones(4, 2, 3)).shape
    (5, 4)

    Source: ``torch.nn.functional.bilinear``.
    """
    x, y, W = (tuple(jnp.shape(a)) for a in (input1, input2, weight))
    if not x or not y or len(W) != 3 or x[:-1] != y[:-1] or W[1:] != (x[-1], y[-1]):
        required = "input1, input2 and weight must be (*, n), (*, m) and (out, n, m)"
        fail(ShapeError, "bilinear", required, f"got {x}, {y} and {W}", "reshape or expand one of them")
    _require_numbers("bilinear", input1, input2, weight)
    result = jnp.einsum("...i,oij,...j->...o", input1, weight, input2)
    if bias is None:
        return result
    if jnp.shape(bias) != W[:1]:
        fail(ShapeError, "bilinear", f"bias must have shape {W[:1]}", f"got {jnp.shape(bias)}", "reshape it")
    return result + jnp.asarray(bias)


@op
def addmm(input: ArrayLike, mat1: ArrayLike, mat2: ArrayLike, *, beta: ArrayLike = 1, alpha: ArrayLike = 1) -> Array:
    r"""A matrix product added to an array: $\beta\, C + \alpha\, A B$.

    Args:
        input: C, broadcast to (n, m).
        mat1: A, of shape (n, k).
        mat2: B, of shape (k, m).
        beta: a number; where it is 0, NaN and infinity in `input` do not spread.
        alpha: a number.

    Returns:
        An array of shape (n, m).

    Raises:
        ShapeError: the shapes do not fit.
        DtypeError: an integer product is to be scaled by a fraction.

    >>> fg.addmm(fg.ones(2), fg.ones(1, 3), fg.ones(3, 2), alpha=2)
    Array([[7., 7.]], dtype=float32)

    Source: ``torch.addmm``.
    """
    _require_ndims("addmm", (2, 2), "use fg.matmul for other shapes", mat1=mat1, mat2=mat2)
    _require_inner("addmm", "the last dimension of mat1 must equal the first of mat2", mat1, mat2, 0)
    _require_numbers("addmm", mat1, mat2)
    return _add_scaled("addmm", input, jnp.matmul(mat1, mat2), beta, alpha)


@op
def addmv(input: ArrayLike, mat: ArrayLike, vec: ArrayLike, *, beta: ArrayLike = 1, alpha: ArrayLike = 1) -> Array:
    r"""A matrix times a vector, added to an array: $\beta\, c + \alpha\, A x$.

    Args:
        input: c, broadcast to (n,).
        mat: A, of shape (n, m).
        vec: x, of shape (m,).
        beta: a number; where it is 0, NaN and infinity in `input` do not spread.
        alpha: a number.

    Returns:
        An array of shape (n,).

    Raises:
        ShapeError: the shapes do not fit.
        DtypeError: an integer product is to be scaled by a fraction.

    >>> fg.addmv(fg.ones(2), fg.ones(2, 3), fg.ones(3))
    Array([4., 4.], dtype=float32)

    Source: ``torch.addmv``.
    """
    _require_ndims("addmv", (2, 1), "use fg.matmul for other shapes", mat=mat, vec=vec)
    _require_inner("addmv", "the last dimension of mat must equal the length of vec", mat, vec, -1)
    _require_numbers("addmv", mat, vec)
    return _add_scaled("addmv", input, jnp.matmul(mat, vec), beta, alpha)


@op
@in_single
def addr(input: ArrayLike, vec1: ArrayLike, vec2: ArrayLike, *, beta: ArrayLike = 1, alpha: ArrayLike = 1) -> Array:
    r"""An outer product added to an array: $\beta\, C + \alpha\, x y^T$.

    Args:
        input: C, broadcast to (n, m).
        vec1: x, of shape (n,).
        vec2: y, of shape (m,).
        beta: a number; where it is 0, NaN and infinity in `input` do not spread.
        alpha: a number.

    Returns:
        An array of shape (n, m).

    Raises:
        ShapeError: the shapes do not fit.
        DtypeError: an integer product is to be scaled by a fraction.

    >>> fg.addr(fg.zeros(2, 2), fg.tensor([1.0, 2.0]), fg.tensor([3.0, 4.0]))
    Array([[3., 4.],
           [6., 8.]], dtype=float32)

    Source: ``torch.addr``.
    """
    _require_ndims("addr", (1, 1), "flatten them with fg.flatten", vec1=vec1, vec2=vec2)
    _require_numbers("addr", vec1, vec2)
    return _add_scaled("addr", input, jnp.asarray(vec1)[:, None] * jnp.asarray(vec2), beta, alpha)


@op
def baddbmm(
    input: ArrayLike, batch1: ArrayLike, batch2: ArrayLike, *, beta: ArrayLike = 1, alpha: ArrayLike = 1
) -> Array:
    r"""The products of two stacks of matrices, added to an array: $\beta\, C_i + \alpha\, A_i B_i$.

    Args:
        input: C, broadcast to (b, n, m).
        batch1: A, of shape (b, n, k).
        batch2: B, of shape (b, k, m).
        beta: a number; where it is 0, NaN and infinity in `input` do not spread.
        alpha: a number.

    Returns:
        An array of shape (b, n, m).

    Raises:
        ShapeError: the shapes do not fit.
        DtypeError: an integer product is to be scaled by a fraction.

    >>> fg.baddbmm(fg.ones(1), fg.ones(5, 2, 3), fg.ones(5, 3, 4)).shape
    (5, 2, 4)

    Source: ``torch.baddbmm``.
    """
    _check_stacks("baddbmm", batch1, batch2)
    return _add_scaled("baddbmm", input, _stacks.matmul(batch1, batch2), beta, alpha)


@op
def addbmm(
    input: ArrayLike, batch1: ArrayLike, batch2: ArrayLike, *, beta: ArrayLike = 1, alpha: ArrayLike = 1
) -> Array:
    r"""The sum of the products of two stacks of matrices, added to an array: $\beta\, C + \alpha \sum_i A_i B_i$.

    Args:
        input: C, broadcast to (n, m).
        batch1: A, of shape (b, n, k).
        batch2: B, of shape (b, k, m).
        beta: a number; where it is 0, NaN and infinity in `input` do not spread.
        alpha: a number.

    Returns:
        An array of shape (n, m).

    Raises:
        ShapeError: the shapes do not fit.
        DtypeError: an integer product is to be scaled by a fraction.

    >>> fg.addbmm(fg.zeros(1), fg.ones(5, 1, 3), fg.ones(5, 3, 2))
    Array([[15., 15.]], dtype=float32)

    Source: ``torch.addbmm``.
    """
    _check_stacks("addbmm", batch1, batch2)
    return _add_scaled("addbmm", input, jnp.einsum("bnk,bkm->nm", batch1, batch2), beta, alpha)


def _check_stacks(name: str, left: ArrayLike, right: ArrayLike) -> None:
    _require_ndims(name, (3, 3), "use fg.matmul for other shapes", batch1=left, batch2=right)
    if jnp.shape(left)[0] != jnp.shape(right)[0]:
        required = "batch1 and batch2 must have the same first dimension"
        fail(ShapeError, name, required, f"got {jnp.shape(left)} and {jnp.shape(right)}", "repeat one of them")
    _require_inner(name, "the last dimension of batch1 must equal the second of batch2", left, right, 1)
    _require_numbers(name, left, right)


def _add_scaled(name: str, input: ArrayLike, product: Array, beta: ArrayLike, alpha: ArrayLike) -> Array:
    """``beta * input + alpha * product`` in the shape of the product; `input` is not looked at where `beta` is 0."""
    for argument, factor in (("beta", beta), ("alpha", alpha)):
        require_ndim(name, factor, 0, argument, "pass a number")
    if broadcast_shapes(name, jnp.shape(input), product.shape) != product.shape:
        required = f"input must broadcast to the shape of the product, {product.shape}"
        fail(ShapeError, name, required, f"got {jnp.shape(input)}", f"add it to the result of {name} instead")
    common = jnp.result_type(input, product)
    if not jnp.issubdtype(common, jnp.inexact) and jnp.issubdtype(jnp.result_type(common, beta, alpha), jnp.inexact):
        required = "beta and alpha must be integers where the operands are"
        fail(DtypeError, name, required, f"got {common} operands", "convert them with fg.to(x, 'float')")
    scaled = product if isinstance(alpha, int) and alpha == 1 else jnp.multiply(alpha, product)
    if isinstance(beta, int) and beta == 1:
        return jnp.add(input, scaled)
    if jnp.issubdtype(common, jnp.inexact):
        input = jnp.where(jnp.isfinite(input) | (jnp.asarray(beta) != 0), input, 0)
    return jnp.add(jnp.multiply(beta, input), scaled)

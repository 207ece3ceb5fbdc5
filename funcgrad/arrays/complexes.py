"""Complex numbers from their parts and back, and the views that are values here."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from .._checks import fail
from .._errors import DtypeError, ShapeError
from .._op import op
from .._plain import plain
from .._types import Array, ArrayLike
from ._pointwise import promoted
from .signs import conj

__all__ = [
    "complex",
    "polar",
    "view_as_complex",
    "view_as_real",
    "conj_physical",
    "resolve_conj",
    "resolve_neg",
    "is_conj",
    "is_neg",
]


@op
def complex(real: ArrayLike, imag: ArrayLike) -> Array:
    """The complex numbers with these parts.

    Args:
        real: the real parts, an array or number.
        imag: the imaginary parts, an array or number that broadcasts with `real`.

    Returns:
        The array, in the common shape: complex128 for float64, otherwise complex64.

    Raises:
        ShapeError: the shapes do not broadcast.
        DtypeError: an operand is complex.

    >>> fg.complex(fg.tensor([1.0, 0.0]), fg.tensor([2.0, -1.0]))
    Array([1.+2.j, 0.-1.j], dtype=complex64)

    Source: ``torch.complex``.
    """
    return jax.lax.complex(*_parts("complex", real, imag))


@op
def polar(abs: ArrayLike, angle: ArrayLike) -> Array:
    r"""The complex numbers with this absolute value and angle, $r e^{i t}$.

    Args:
        abs: $r$, an array or number.
        angle: $t$ in radians, an array or number that broadcasts with `abs`.

    Returns:
        The array, in the common shape: complex128 for float64, otherwise complex64.

    Raises:
        ShapeError: the shapes do not broadcast.
        DtypeError: an operand is complex.

    >>> fg.polar(2.0, fg.tensor([0.0]))
    Array([2.+0.j], dtype=complex64)

    Source: ``torch.polar``.
    """
    size, turn = _parts("polar", abs, angle)
    return jax.lax.complex(size * jnp.cos(turn), size * jnp.sin(turn))


def _parts(name: str, *operands: Any) -> list[Array]:
    """Two real arrays of a dtype that complex numbers can be made of."""
    parts = promoted(name, *operands, real=True)
    return [part.astype(jnp.promote_types(part.dtype, jnp.float32)) for part in parts]


@op
def view_as_real(input: ArrayLike) -> Array:
    """The real and the imaginary parts, along a new last dimension of 2.

    Args:
        input: complex, any shape.

    Returns:
        An array of the shape of `input` and 2; a copy, as every result.

    Raises:
        DtypeError: `input` is not complex.

    >>> fg.view_as_real(fg.tensor([1 + 2j]))
    Array([[1., 2.]], dtype=float32)

    Source: ``torch.view_as_real``.
    """
    if not jnp.iscomplexobj(input):
        fail(
            DtypeError,
            "view_as_real",
            "input must be complex",
            f"got {jnp.result_type(input)} of shape {jnp.shape(input)}",
            "make it complex with fg.complex(x, 0.0)",
        )
    return jnp.stack([jnp.real(input), jnp.imag(input)], -1)


@op
def view_as_complex(input: ArrayLike) -> Array:
    """The complex numbers whose parts stand along the last dimension, of 2.

    Args:
        input: real floating point, shape (..., 2).

    Returns:
        An array of shape (...); a copy, as every result.

    Raises:
        DtypeError: `input` is not real floating point.
        ShapeError: its last dimension is not 2.

    >>> fg.view_as_complex(fg.tensor([[1.0, 2.0]]))
    Array([1.+2.j], dtype=complex64)

    Source: ``torch.view_as_complex``.
    """
    dtype, shape = jnp.result_type(input), jnp.shape(input)
    if not jnp.issubdtype(dtype, jnp.floating):
        required, remedy = "input must be real floating point", "convert it with fg.to(x, 'float')"
        fail(DtypeError, "view_as_complex", required, f"got {dtype} of shape {shape}", remedy)
    if shape[-1:] != (2,):
        remedy = "stack the parts with fg.stack([re, im], -1)"
        fail(ShapeError, "view_as_complex", "the last dimension must be 2", f"got shape {shape}", remedy)
    x = jnp.asarray(input)
    return jax.lax.complex(*_parts("view_as_complex", x[..., 0], x[..., 1]))


conj_physical = conj


@op
def resolve_conj(input: ArrayLike) -> Array:
    """The array itself: a conjugate is computed when it is asked for, nothing is pending.

    Args:
        input: any shape.

    Returns:
        The array, in the shape and dtype of `input`.

    >>> fg.resolve_conj(fg.conj(fg.tensor([1j])))
    Array([0.-1.j], dtype=complex64)

    Source: ``torch.resolve_conj``.
    """
    return jnp.asarray(input)


@op
def resolve_neg(input: ArrayLike) -> Array:
    """The array itself: a negative is computed when it is asked for, nothing is pending.

    Args:
        input: any shape.

    Returns:
        The array, in the shape and dtype of `input`.

    >>> fg.resolve_neg(fg.tensor([1.0]))
    Array([1.], dtype=float32)

    Source: ``torch.resolve_neg``.
    """
    return jnp.asarray(input)


@plain
def is_conj(input: Any, /) -> bool:
    """Whether a conjugation is pending, which it never is.

    Args:
        input: an array.

    Returns:
        False.

    >>> fg.is_conj(fg.conj(fg.tensor([1j])))
    False

    Source: ``torch.is_conj``.
    """
    return False


@plain
def is_neg(input: Any, /) -> bool:
    """Whether a negation is pending, which it never is.

    Args:
        input: an array.

    Returns:
        False.

    >>> fg.is_neg(fg.imag(fg.conj(fg.tensor([1j]))))
    False

    Source: ``torch.is_neg``.
    """
    return False

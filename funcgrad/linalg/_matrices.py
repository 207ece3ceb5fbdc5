"""Checks that the words of linear algebra share."""

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np

from .._checks import fail, is_concrete, require_float
from .._claims import all_finite, claim, looked_at, visible
from .._errors import ArgumentError, DtypeError, LinAlgError, ShapeError
from .._types import Array, ArrayLike

__all__ = [
    "adjoint",
    "finite_or_raise",
    "hermitian",
    "matrix",
    "require_finite",
    "require_pivots",
    "require_success",
    "square",
]

Word = TypeVar("Word", bound=Callable[..., Any])
_READ_IN_PLACE = 1 << 14  # elements; above, several cores are faster than a read
_SINGULAR = "use fg.linalg.pinv or lstsq, and see fg.linalg.cond(A)"


def matrix(name: str, A: ArrayLike, argument: str = "A") -> Array:
    """`A` as an array of matrices that LAPACK can take; raises otherwise."""
    if jnp.ndim(A) < 2:
        required = f"{argument} must be a matrix or a stack of them"
        fail(ShapeError, name, required, f"got shape {jnp.shape(A)}", "reshape it to at least 2 dimensions")
    require_wide(name, A, argument)
    return jnp.asarray(A)


def require_wide(name: str, x: ArrayLike, argument: str) -> None:
    """Raise unless `x` is floating or complex, of at least 32 bits."""
    require_float(name, x, argument)
    kind = jnp.result_type(x)
    if jnp.finfo(kind).bits < 32:
        required = f"{argument} must have at least 32 bits"
        fail(DtypeError, name, required, f"got {kind}", "convert it with fg.to(x, 'float') and the result back")


def square(name: str, A: ArrayLike, argument: str = "A") -> Array:
    """`A` as an array of square matrices; raises otherwise."""
    array = matrix(name, A, argument)
    if array.shape[-1] != array.shape[-2]:
        required = f"{argument} must be square in its last two dimensions"
        fail(ShapeError, name, required, f"got {array.shape}", "use fg.linalg.lstsq or pinv for other shapes")
    return array


def adjoint(A: Array) -> Array:
    """The conjugate transpose of the last two dimensions."""
    return jnp.conj(jnp.swapaxes(A, -1, -2))


@functools.partial(jax.custom_jvp, nondiff_argnums=(1,))
def hermitian(A: Array, upper: bool) -> Array:
    """The symmetric matrix of which `A` holds one triangle; its derivative is symmetric, as in torch.

    JAX averages the two triangles instead, which for a matrix stored as one triangle is another matrix.
    """
    triangle = jnp.triu if upper else jnp.tril
    return triangle(A) + adjoint(triangle(A, 1 if upper else -1))


@hermitian.defjvp
def _hermitian_jvp(upper: bool, primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
    return hermitian(primals[0], upper), (tangents[0] + adjoint(tangents[0])) / 2


def require_finite(
    name: str,
    result: Any,
    operands: Sequence[Any],
    required: str = "A must be invertible",
    remedy: str = _SINGULAR,
    nan: bool = False,
) -> None:
    """Raise LinAlgError where `result` is NaN or infinite though no operand is (with `nan`, though none is infinite).

    The first operand is the matrix to be blamed. That the result is looked at, and not the matrix, costs one
    comparison and finds exactly what would go unnoticed.
    """
    if visible(result) is None or _known_finite(result):
        return
    shape = np.shape(operands[0])
    inner = 2 if result.ndim >= len(shape) else 1  # the result is a matrix, or a vector
    solved = _finite(result).all(axis=tuple(range(result.ndim - inner, result.ndim)))
    given = jnp.stack([(~jnp.isinf(x) if nan else _finite(x)).all() for x in operands]).all()
    _blame(name, solved | ~given, shape, required, remedy)


def require_success(name: str, info: Any, shape: Sequence[int], required: str, remedy: str = _SINGULAR) -> None:
    """Raise LinAlgError where `info` is not 0; `shape` is that of the matrices it speaks of."""
    failed = visible(info)
    if failed is not None:
        _blame(name, failed == 0, shape, required, remedy, "one that is")


def require_pivots(name: str, pivots: Any, packed: Any, argument: str = "pivots", maker: str = "lu_factor") -> None:
    """Raise where pivots (from 1 on; negative in blocks of two) name a row that the matrices `packed` have not."""
    rows = visible(pivots) if np.ndim(packed) >= 2 and jnp.issubdtype(jnp.result_type(pivots), jnp.integer) else None
    if rows is not None:
        count = np.shape(packed)[-2]
        required, remedy = f"{argument} must number rows from 1 to {count}", f"pass what {maker} returned"
        claim(ArgumentError, name, required, "got {row}{where}", remedy, (rows != 0) & (abs(rows) <= count), row=rows)


def _blame(
    name: str, holds: Any, shape: Sequence[int], required: str, remedy: str, given: str = "one that is not"
) -> None:
    where = "{where} of the stack" if holds.ndim else ""
    claim(LinAlgError, name, required, f"got {given}{where} (shape {tuple(shape)})", remedy, holds)


def _finite(x: Any) -> Array:
    return jnp.isfinite(jnp.asarray(x))


_all_finite = jax.jit(lambda x: jnp.isfinite(x).all())


def _known_finite(result: Any) -> bool:
    """Whether `result` is concrete and finite; on the host it is read in place."""
    if not is_concrete(result):
        return False
    if result.size <= _READ_IN_PLACE:
        return all_finite(np.asarray(result))
    return bool(_all_finite(result))


def finite_or_raise(
    required: str = "A must be invertible", remedy: str = _SINGULAR, *, nan: bool = False
) -> Callable[[Word], Word]:
    """A decorator for a word whose result is checked by `require_finite`."""

    def decorate(word: Word) -> Word:
        @functools.wraps(word)
        def call(*args: Any, **kwargs: Any) -> Any:
            result = word(*args, **kwargs)
            if not is_concrete(result) or (looked_at() and not _known_finite(result)):
                bound = inspect.signature(inspect.unwrap(word)).bind(*args, **kwargs).arguments
                operands = [x for x in bound.values() if np.ndim(x)]
                require_finite(word.__name__, result, operands, required, remedy, nan)
            return result

        call.__signature__ = inspect.signature(word)  # type: ignore[attr-defined]
        return call  # type: ignore[return-value]

    return decorate

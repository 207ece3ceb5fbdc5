"""What the pointwise words share: operands that fit each other, and derivatives given by hand."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._checks import broadcast_shapes, default_float, fail
from .._claims import claim, visible
from .._dispatch import spares
from .._errors import ArgumentError, ConversionError, DtypeError
from .._types import Array

__all__ = [
    "as_float",
    "fit",
    "fits",
    "in_single",
    "is_exact",
    "larger",
    "no_zero_divisor",
    "partials",
    "promoted",
    "require_integers",
    "require_ints_fit",
    "smaller",
]


def fit(name: str, *operands: Any, real: bool = False) -> None:
    """Raise unless `operands` broadcast, Python ints among them fit the others, and, if `real`, none is complex."""
    broadcast_shapes(name, *(jnp.shape(operand) for operand in operands))
    require_ints_fit(name, operands)
    if real:
        for operand in operands:
            if jnp.iscomplexobj(operand):
                fail(
                    DtypeError,
                    name,
                    "operands must be real, this is not defined for complex numbers",
                    f"got {jnp.result_type(operand)} of shape {jnp.shape(operand)}",
                    "take fg.real, fg.imag or fg.abs first",
                )


def require_integers(name: str, *operands: Any, booleans: bool = True) -> None:
    """Raise unless every operand is of integers (or of booleans, if they are allowed)."""
    for operand in operands:
        dtype = jnp.result_type(operand)
        if not (jnp.issubdtype(dtype, jnp.integer) or (booleans and jnp.issubdtype(dtype, jnp.bool_))):
            fail(
                DtypeError,
                name,
                f"operands must be integers{' or booleans' if booleans else ''}",
                f"got {dtype} of shape {jnp.shape(operand)}",
                "convert it with fg.to(x, 'int')",
            )


def fits(name: str, *arguments: str) -> Callable[..., None]:
    """A check for `op`: Python ints given for `arguments` fit the integer arrays given for the others.

    In the compiled program such an int has lost its value; here it is still known.
    """

    def check(*given: Any, **named: Any) -> None:
        require_ints_fit(name, (*given, *named.values()) if named else given)

    check.__signature__ = _signature(arguments)  # type: ignore[attr-defined]
    # Of two operands a floating one leaves the int nothing to fit.
    return spares(check, without=int, inexact=len(arguments) == 2)


def no_zero_divisor(name: str) -> Callable[..., None]:
    """A check for `op`: an integer is not divided by 0, and Python ints fit."""

    def check(input: Any, other: Any, rounding_mode: str | None = "floor") -> None:
        require_ints_fit(name, (input, other))
        if rounding_mode is None or not (is_exact(input) and is_exact(other)):
            return
        divisors = visible(other)
        if divisors is not None and np.size(input):
            claim(
                ArgumentError,
                name,
                "an integer cannot be divided by 0",
                "got a divisor of 0{where}",
                "mask the zeros first, or convert to float",
                divisors != 0,
            )

    return spares(check, inexact=True)


def is_exact(operand: Any) -> bool:
    """Whether `operand` is of integers or booleans; asked at each eager call, so in the quickest way."""
    dtype = getattr(operand, "dtype", None)
    if dtype is None:
        return isinstance(operand, int)
    # NumPy does not know the kind of the narrowest types.
    return dtype.kind in "iub" or (dtype.kind == "V" and jnp.issubdtype(dtype, jnp.integer))


def _signature(arguments: tuple[str, ...]) -> inspect.Signature:
    return inspect.Signature([inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in arguments])


def require_ints_fit(name: str, operands: tuple[Any, ...]) -> None:
    exact = [other.dtype for other in operands if hasattr(other, "dtype") and other.dtype.kind not in "fcb"]
    for dtype in exact:
        least, most = _limits(dtype)
        for number in operands:
            if number.__class__ is int and not least <= number <= most:
                fail(
                    ConversionError,
                    name,
                    f"a Python int must fit the array's {dtype}",
                    f"got {number}",
                    "convert the array first, for example with fg.to(x, 'int32')",
                )


@functools.cache
def _limits(dtype: Any) -> tuple[float, float]:
    if not jnp.issubdtype(dtype, jnp.integer):  # NumPy does not know the kind of the narrowest types
        return -math.inf, math.inf
    limits = jnp.iinfo(dtype)
    return int(limits.min), int(limits.max)


def as_float(x: Any) -> Array:
    """`x` as floating or complex: integers and booleans become the default float."""
    inexact = jnp.issubdtype(jnp.result_type(x), jnp.inexact)
    return jnp.asarray(x) if inexact else jnp.asarray(x, default_float())


def in_single(body: Callable[..., Any]) -> Callable[..., Any]:
    """`body`, where its arrays have half precision in float32, and only the result rounded: as torch computes.

    Unless there is a ``dtype`` to be returned. JAX rounds each step, and of ``log(exp(x) + exp(y))`` little is left.
    """
    signature = inspect.signature(body)

    @functools.wraps(body)
    def computed(*args: Any, **options: Any) -> Any:
        arrays = [x for x in jax.tree.leaves(args) if hasattr(x, "dtype") and not getattr(x, "weak_type", False)]
        kinds = {x.dtype for x in arrays if jnp.issubdtype(x.dtype, jnp.inexact)}
        if len(kinds) != 1 or not kinds <= _HALF or signature.bind(*args, **options).arguments.get("dtype") is not None:
            return body(*args, **options)
        (half,) = kinds
        result = body(*jax.tree.map(lambda x: _converted(x, half, np.float32), args), **options)
        return jax.tree.map(lambda x: _converted(x, np.float32, half), result)

    return computed


_HALF = {np.dtype(np.float16), np.dtype(jnp.bfloat16)}


def _converted(x: Any, kind: Any, to: Any) -> Any:
    return x.astype(to) if getattr(x, "dtype", None) == kind else x


def promoted(name: str, *operands: Any, real: bool = False) -> list[Array]:
    """`operands` in one floating (or complex) dtype and one shape."""
    fit(name, *operands, real=real)
    dtype = jnp.result_type(*operands)
    if not jnp.issubdtype(dtype, jnp.inexact):
        dtype = default_float()
    return jnp.broadcast_arrays(*(jnp.asarray(operand, dtype) for operand in operands))


def partials(*rules: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a pointwise definition its derivative: ``rules[i](out, *args)`` is that of `out` by ``args[i]``.

    A rule that returns booleans says where the tangent passes: unlike a factor of 0, a mask also stops infinities.
    A constant argument is left out, so that its derivative, which may be NaN, does not meet its tangent of 0.
    """

    def decorate(body: Callable[..., Any]) -> Callable[..., Any]:
        function = jax.custom_jvp(body)

        def derivative(primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> tuple[Any, Any]:
            out = function(*primals)
            total = None
            for rule, tangent in zip(rules, tangents, strict=True):
                if isinstance(tangent, jax.custom_derivatives.SymbolicZero):
                    continue
                factor = rule(out, *primals)
                term = jnp.where(factor, tangent, 0) if jnp.issubdtype(factor.dtype, jnp.bool_) else factor * tangent
                total = term if total is None else total + term
            return out, jnp.zeros_like(out) if total is None else total

        function.defjvp(derivative, symbolic_zeros=True)
        return function

    return decorate


def larger(name: str, input: Any, other: Any) -> Array:
    """The larger of two for the word `name`; NaN where either is."""
    return _chosen(name, jnp.maximum, _larger, input, other)


def smaller(name: str, input: Any, other: Any) -> Array:
    """The smaller of two for the word `name`; NaN where either is."""
    return _chosen(name, jnp.minimum, _smaller, input, other)


def _chosen(name: str, whole: Callable[..., Array], floating: Callable[..., Array], input: Any, other: Any) -> Array:
    fit(name, input, other, real=True)
    if not jnp.issubdtype(jnp.result_type(input, other), jnp.floating):
        return whole(input, other)
    return floating(*promoted(name, input, other))


# Where an operand is NaN both have the derivative 1, as in torch; with JAX both have 0.
@partials(lambda out, x, y: _part(x, y, x < y), lambda out, x, y: _part(x, y, y < x))
def _larger(x: Array, y: Array) -> Array:
    return jnp.maximum(x, y)


@partials(lambda out, x, y: _part(x, y, x > y), lambda out, x, y: _part(x, y, y > x))
def _smaller(x: Array, y: Array) -> Array:
    return jnp.minimum(x, y)


def _part(x: Array, y: Array, lost: Array) -> Array:
    return jnp.where(lost, 0, jnp.where(x == y, 0.5, 1)).astype(x.dtype)

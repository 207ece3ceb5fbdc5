"""Derivatives other than the function's own: what goes forward is untouched to the last bit."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._checks import describe, fail
from .._convert import from_host
from .._errors import ArgumentError, ArgumentTypeError, DtypeError, ShapeError
from .._plain import plain
from .._types import PyTree
from ._arguments import inexact_dtype
from ._outputs import NoForwardDerivative

__all__ = ["clip_gradient", "reverse_gradient", "scale_gradient", "straight_through"]


@plain
def straight_through(hard: Any, soft: Any = None) -> Any:
    r"""The value of one thing with the derivative of another: $y = h(x)$, $\partial y / \partial x = s'(x)$.

    With arrays it is the value `hard`, to the last bit, differentiated as if it were `soft`; the usual
    ``soft + stop_gradient(hard - soft)`` rounds. With a function it is that function, differentiated as the identity
    of its first argument, or as the function `soft`.

    Args:
        hard: a floating array, or a function of an array that returns one.
        soft: an array with the shape of `hard` whose derivative is taken; with a function `hard`, a function of the
            same arguments, or nothing for the identity.

    Returns:
        `hard` in its dtype; with a function, a function of the same arguments.

    Raises:
        ShapeError: `hard` and `soft` differ in shape.
        DtypeError: one of them is not floating.
        ArgumentTypeError: one is a function and the other is not, or `soft` is missing.

    >>> fg.grad(lambda x: (fg.straight_through(fg.round)(x) * fg.arange(3.0)).sum())(fg.tensor([0.4, 0.6, 1.2]))
    Array([0., 1., 2.], dtype=float32)
    >>> x = fg.tensor([0.5, -2.0])
    >>> fg.value_and_grad(lambda x: fg.straight_through(fg.sign(x), fg.tanh(x))[1])(x)
    (Array(-1., dtype=float32), Array([0.        , 0.07065082], dtype=float32))

    Source: Bengio, Léonard & Courville, Estimating or propagating gradients through stochastic neurons, 2013.
    """
    if not callable(hard):
        if callable(soft):
            _mixed(f"got {describe(hard)} and a function")
        if soft is None:
            _mixed(f"got {describe(hard)} alone")
        return _joined(hard, soft)
    if soft is not None and not callable(soft):
        _mixed(f"got a function and {describe(soft)}")
    smooth = soft

    @functools.wraps(hard)
    def estimated(*args: Any, **kwargs: Any) -> Any:
        if smooth is None and not args:
            fail(
                ArgumentError,
                "straight_through",
                "the array whose derivative is taken must be passed by position",
                "the call gave none",
                "pass it first",
            )
        value = jax.lax.stop_gradient(hard(*args, **kwargs))
        return _joined(value, args[0] if smooth is None else smooth(*args, **kwargs))

    return estimated


def _mixed(given: str) -> None:
    fail(
        ArgumentTypeError,
        "straight_through",
        "it takes two arrays, one function or two",
        given,
        "write fg.straight_through(f)(x), or fg.straight_through(hard, soft)",
    )


def _joined(hard: Any, soft: Any) -> jax.Array:
    for argument, value in (("hard", hard), ("soft", soft)):
        if inexact_dtype(value) is None:
            fail(
                DtypeError,
                "straight_through",
                f"{argument} must be a floating array",
                f"got {describe(value)}",
                "convert it with fg.to(x, 'float')",
            )
    if np.shape(hard) != np.shape(soft):
        fail(
            ShapeError,
            "straight_through",
            "the value and what stands in for its derivative must have one shape",
            f"got {np.shape(hard)} and {np.shape(soft)}",
            "give soft, whose derivative is taken, the shape of hard",
        )
    return _value_of(_array("straight_through", hard), _array("straight_through", soft))


def _array(name: str, value: Any) -> jax.Array:
    return value if isinstance(value, jax.Array) else from_host(name, value)


@jax.custom_jvp
def _value_of(hard: jax.Array, soft: jax.Array) -> jax.Array:
    return hard


@_value_of.defjvp
def _derivative_of_soft(primals: tuple[Any, Any], tangents: tuple[Any, Any]) -> tuple[jax.Array, jax.Array]:
    hard, soft = primals
    # The value comes from the same rule, so that derivatives of derivatives meet it too.
    return _value_of(hard, soft), tangents[1].astype(hard.dtype)


@plain
def scale_gradient(input: PyTree, scale: Any, /) -> PyTree:
    r"""`input` unchanged, with its derivative multiplied by `scale`: $\partial y / \partial x = s$.

    Args:
        input: an array or a pytree; leaves that are not floating are returned as they are.
        scale: a number or a 0-d array.

    Returns:
        The same values in the same structure, to the last bit.

    Raises:
        ArgumentTypeError: `scale` is not a number.

    >>> fg.value_and_grad(lambda x: fg.scale_gradient(x, 0.1) ** 2)(3.0)
    (Array(9., dtype=float32), Array(0.6, dtype=float32))

    Source: ``Tensor.register_hook(lambda g: g * scale)``.
    """
    factor = _factor("scale_gradient", scale)
    return jax.tree.map(lambda leaf: _scaled_leaf("scale_gradient", leaf, factor), input)


@plain
def reverse_gradient(input: PyTree, scale: Any = 1.0, /) -> PyTree:
    r"""`input` unchanged, with its derivative reversed: $\partial y / \partial x = -s$.

    Placed between a feature extractor and a domain classifier, what trains the classifier untrains the features.

    Args:
        input: an array or a pytree; leaves that are not floating are returned as they are.
        scale: how much of the gradient is passed on, a number or a 0-d array.

    Returns:
        The same values in the same structure, to the last bit.

    Raises:
        ArgumentTypeError: `scale` is not a number.

    >>> fg.grad(lambda x: fg.reverse_gradient(x) ** 2)(3.0)
    Array(-6., dtype=float32)

    Source: Ganin & Lempitsky, Unsupervised domain adaptation by backpropagation, 2015.
    """
    factor = -_factor("reverse_gradient", scale)
    return jax.tree.map(lambda leaf: _scaled_leaf("reverse_gradient", leaf, factor), input)


def _factor(name: str, scale: Any) -> Any:
    number = isinstance(scale, int | float | np.ndarray | np.generic | jax.Array) and not isinstance(scale, bool)
    if not number or np.shape(scale) or not _is_real(scale):
        fail(ArgumentTypeError, name, "scale must be a real number", f"got {describe(scale)}", "pass for example 0.1")
    return scale


def _is_real(value: Any) -> bool:
    dtype = jnp.result_type(value)
    return bool(jnp.issubdtype(dtype, jnp.integer) or jnp.issubdtype(dtype, jnp.floating))


def _scaled_leaf(name: str, leaf: Any, factor: Any) -> Any:
    if inexact_dtype(leaf) is None:
        return leaf
    array = _array(name, leaf)
    return _scaled(array, jnp.asarray(factor, jnp.finfo(array.dtype).dtype))


@jax.custom_jvp
def _scaled(x: jax.Array, factor: jax.Array) -> jax.Array:
    return x


@_scaled.defjvp
def _scaled_derivative(primals: tuple[Any, Any], tangents: tuple[Any, Any]) -> tuple[jax.Array, jax.Array]:
    x, factor = primals
    return _scaled(x, factor), tangents[0] * factor


@plain
def clip_gradient(
    input: PyTree, /, *, clip_value: float | None = None, max_norm: float | None = None, norm_type: float = 2.0
) -> PyTree:
    r"""`input` unchanged, with the gradient that comes back to this place clipped.

    By value, $g \mapsto \min(\max(g, -c), c)$; by norm, $g \mapsto g \min(1, m / \|g\|)$, where the norm is that of all
    leaves together. Clipping is not linear, so that it exists in reverse mode alone: ``grad``, ``vjp``, ``jacrev``,
    and ``hessian``, which differentiates a gradient forward; ``jvp`` and ``jacfwd`` have nothing to clip.

    Args:
        input: an array or a pytree; leaves that are not floating are returned as they are.
        clip_value: the largest absolute value of an element of the gradient.
        max_norm: the largest norm of the gradient. Under ``vmap`` it is the norm for one example.
        norm_type: the order of the norm, at least 1; ``inf`` for the largest absolute value.

    Returns:
        The same values in the same structure, to the last bit.

    Raises:
        ArgumentError: neither or both of `clip_value` and `max_norm` are given, or one is negative.
        ArgumentTypeError: it is differentiated forward.

    >>> fg.grad(lambda x: (fg.clip_gradient(x, clip_value=1.0) ** 2).sum())(fg.tensor([0.25, 3.0]))
    Array([0.5, 1. ], dtype=float32)
    >>> fg.grad(lambda x: (fg.clip_gradient(x, max_norm=1.0) ** 2).sum())(fg.tensor([3.0, 4.0]))
    Array([0.6, 0.8], dtype=float32)

    Source: ``torch.nn.utils.clip_grad_value_`` and ``clip_grad_norm_``, as a hook on one tensor.
    """
    if (clip_value is None) == (max_norm is None):
        fail(
            ArgumentError,
            "clip_gradient",
            "one of clip_value and max_norm must be given",
            "got none" if clip_value is None else "got both",
            "write for example fg.clip_gradient(x, max_norm=1.0)",
        )
    for argument, limit in (("clip_value", clip_value), ("max_norm", max_norm), ("norm_type", norm_type)):
        lowest = 1.0 if argument == "norm_type" else 0.0
        wrong = not isinstance(limit, int | float | np.number) or isinstance(limit, bool)
        if limit is not None and (wrong or not limit >= lowest):
            fail(
                ArgumentTypeError if wrong else ArgumentError,
                "clip_gradient",
                f"{argument} must be a number of at least {lowest:g}",
                f"got {describe(limit)}",
                "pass for example 1.0",
            )
    leaves, structure = jax.tree.flatten(input)
    floating = [i for i, leaf in enumerate(leaves) if inexact_dtype(leaf) is not None]
    if floating:
        arrays = [_array("clip_gradient", leaves[i]) for i in floating]
        clip = _by_value(float(clip_value)) if clip_value is not None else _by_norm(float(max_norm or 0), norm_type)
        try:
            passed = _clipped(clip, arrays)
        except (TypeError, NotImplementedError):
            fail(
                NoForwardDerivative,
                "clip_gradient",
                "a gradient is clipped where it comes back, in reverse mode",
                "got a derivative forward",
                "use fg.grad, fg.vjp or fg.jacrev, or clip what fg.jvp returns",
            )
        for i, leaf in zip(floating, passed, strict=True):
            leaves[i] = leaf
    return jax.tree.unflatten(structure, leaves)


_Clip = Callable[[list[jax.Array]], list[jax.Array]]


def _by_value(limit: float) -> _Clip:
    def clip(gradients: list[jax.Array]) -> list[jax.Array]:
        # Of a complex number, as in torch, both parts.
        return [
            jax.lax.complex(jnp.clip(g.real, -limit, limit), jnp.clip(g.imag, -limit, limit))
            if jnp.iscomplexobj(g)
            else jnp.clip(g, -limit, limit)
            for g in gradients
        ]

    return clip


def _by_norm(limit: float, order: float) -> _Clip:
    def clip(gradients: list[jax.Array]) -> list[jax.Array]:
        # Measured in the largest element, whose powers neither overflow nor vanish; and in float32 at least.
        wide = [jnp.abs(g).astype(jnp.promote_types(jnp.finfo(g.dtype).dtype, jnp.float32)) for g in gradients]
        sizes = [jnp.max(size, initial=0) for size in wide]
        largest = jax.lax.stop_gradient(functools.reduce(jnp.maximum, sizes))
        unit = jnp.where((largest > 0) & jnp.isfinite(largest), largest, 1)
        if order == float("inf"):
            length = functools.reduce(jnp.maximum, sizes) / unit
        else:
            total = sum(jnp.sum((size / unit) ** order) for size in wide)
            length = jnp.where(total > 0, total, 1) ** (1 / order) * (total > 0)
        outside = length * unit > limit
        factor = jnp.where(outside, limit / (jnp.where(outside, length, 1) * unit), 1)
        return [g * factor.astype(jnp.finfo(g.dtype).dtype) for g in gradients]

    return clip


@functools.partial(jax.custom_vjp, nondiff_argnums=(0,))
def _clipped(clip: _Clip, arrays: list[jax.Array]) -> list[jax.Array]:
    return arrays


def _forward(clip: _Clip, arrays: list[jax.Array]) -> tuple[list[jax.Array], None]:
    return arrays, None


def _backward(clip: _Clip, _: None, gradients: list[jax.Array]) -> tuple[list[jax.Array]]:
    return (clip(gradients),)


_clipped.defvjp(_forward, _backward)

"""Convolutions and their transposes, channels first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from .._checks import describe, fail, integer, require_float, require_ndim
from .._errors import ArgumentError, DtypeError, ShapeError
from .._op import op
from .._types import Array, ArrayLike, Shape
from ._windows import Size, batched, each, family

__all__ = [
    "conv1d",
    "conv2d",
    "conv3d",
    "conv_tbc",
    "conv_transpose1d",
    "conv_transpose2d",
    "conv_transpose3d",
]

_EXAMPLES = {
    1: ("fg.ones(1, 1, 4), fg.tensor([[[1.0, 2.0]]])", "Array([[[3., 3., 3.]]], dtype=float32)"),
    2: (
        "fg.ones(1, 1, 3, 3), fg.ones(1, 1, 2, 2)",
        "Array([[[[4., 4.],\n             [4., 4.]]]], dtype=float32)",
    ),
    3: ("fg.ones(1, 1, 1, 2, 3), fg.ones(1, 1, 1, 2, 2)", "Array([[[[[4., 4.]]]]], dtype=float32)"),
}
_TRANSPOSED = {
    1: ("fg.ones(1, 1, 2), fg.tensor([[[1.0, 2.0]]])", "Array([[[1., 3., 2.]]], dtype=float32)"),
    2: (
        "fg.ones(1, 1, 1, 2), fg.ones(1, 1, 2, 2)",
        "Array([[[[1., 2., 1.],\n             [1., 2., 1.]]]], dtype=float32)",
    ),
    3: ("fg.ones(1, 1, 1, 1, 2), fg.ones(1, 1, 1, 1, 2)", "Array([[[[[1., 2., 1.]]]]], dtype=float32)"),
}


def _convolution(n: int) -> Callable[..., Array]:
    def conv(
        input: ArrayLike,
        weight: ArrayLike,
        bias: ArrayLike | None = None,
        stride: Size = 1,
        padding: Size | str = 0,
        dilation: Size = 1,
        groups: int = 1,
    ) -> Array:
        r"""The cross-correlation of `input` with the kernels in `weight`: $y_o = b_o + \sum_c w_{oc} \star x_c$.

        Args:
            input: shape (N, C, DIMS), or (C, DIMS) for one example.
            weight: shape (O, C / groups, KERNEL): O kernels.
            bias: shape (O,).
            stride: the step from one window to the next, one int or one for each spatial dimension.
            padding: zeros added on both sides of each dimension; ``"valid"`` for none, ``"same"`` for as many as keep
                the size, the odd one at the end.
            dilation: the step between the elements of a kernel.
            groups: channels fall into this many groups, each with kernels of its own.

        Returns:
            An array of shape (N, O, OUT), or (O, OUT).

        Raises:
            DtypeError: `input` is not floating point, or the dtypes differ.
            ShapeError: the shapes do not fit each other, or the kernel does not fit in the padded input.
            ArgumentError: an option is not allowed.

        >>> fg.nn.NAME(GIVEN)
        RESULT

        Source: ``torch.nn.functional.NAME``.
        """
        name = conv.__name__
        x, w, alone = _operands(name, input, weight, bias, n)
        steps, holes = each(name, "stride", stride, n, 1), each(name, "dilation", dilation, n, 1)
        out, groups = w.shape[0], integer(name, "groups", groups, 1)
        if out % groups or x.shape[1] != w.shape[1] * groups:
            fail(
                ShapeError,
                name,
                "weight must have shape (O, C / groups, ...), with O divisible by groups",
                f"got weight of shape {w.shape}, input of shape {jnp.shape(input)} and groups={groups}",
                "correct the weight or groups",
            )
        _require_bias(name, bias, out)
        extent = tuple(d * (k - 1) + 1 for k, d in zip(w.shape[2:], holes, strict=True))
        pads = _pads(name, padding, n, extent, steps)
        _require_room(name, x.shape[2:], extent, pads)
        y = jax.lax.conv_general_dilated(
            x, w, steps, pads, rhs_dilation=holes, dimension_numbers=_numbers(n), feature_group_count=groups
        )
        return _finish(y, bias, alone)

    given, result = _EXAMPLES[n]
    return family(conv, f"conv{n}d", n, KERNEL=_kernel(n), GIVEN=given, RESULT=result)


def _transposed(n: int) -> Callable[..., Array]:
    def conv_transpose(
        input: ArrayLike,
        weight: ArrayLike,
        bias: ArrayLike | None = None,
        stride: Size = 1,
        padding: Size = 0,
        output_padding: Size = 0,
        groups: int = 1,
        dilation: Size = 1,
    ) -> Array:
        r"""The transpose of the convolution with `weight`: each element of `input` adds a multiple of the kernel.

        The size of a spatial dimension becomes
        ``(size - 1) * stride - 2 * padding + dilation * (kernel - 1) + output_padding + 1``.

        Args:
            input: shape (N, C, DIMS), or (C, DIMS) for one example.
            weight: shape (C, O / groups, KERNEL).
            bias: shape (O,).
            stride: the step of the convolution: what lies between neighbours here.
            padding: the padding of the convolution: what is cut off here, on both sides.
            output_padding: what is added at the end, because several sizes convolve to one; less than `stride` or
                `dilation`.
            groups: channels fall into this many groups, each with kernels of its own.
            dilation: the step between the elements of a kernel.

        Returns:
            An array of shape (N, O, OUT), or (O, OUT).

        Raises:
            DtypeError: `input` is not floating point, or the dtypes differ.
            ShapeError: the shapes do not fit each other, or nothing is left of the result.
            ArgumentError: an option is not allowed.

        >>> fg.nn.NAME(GIVEN)
        RESULT

        Source: ``torch.nn.functional.NAME``.
        """
        name = conv_transpose.__name__
        x, w, alone = _operands(name, input, weight, bias, n)
        steps, holes = each(name, "stride", stride, n, 1), each(name, "dilation", dilation, n, 1)
        cut, added = each(name, "padding", padding, n, 0), each(name, "output_padding", output_padding, n, 0)
        groups = integer(name, "groups", groups, 1)
        if x.shape[1] % groups or x.shape[1] != w.shape[0]:
            fail(
                ShapeError,
                name,
                "weight must have shape (C, O / groups, ...), with C divisible by groups",
                f"got weight of shape {w.shape}, input of shape {jnp.shape(input)} and groups={groups}",
                "correct the weight or groups",
            )
        out = w.shape[1] * groups
        _require_bias(name, bias, out)
        if any(a >= max(s, d) for a, s, d in zip(added, steps, holes, strict=True)):
            required = "output_padding must be less than stride or dilation"
            given = f"got output_padding {added}, stride {steps} and dilation {holes}"
            fail(ArgumentError, name, required, given, "pad the result with fg.nn.pad instead")
        # A convolution of the input with zeros between its elements, by the kernels turned round.
        reach = [d * (k - 1) for k, d in zip(w.shape[2:], holes, strict=True)]
        pads = [(r - p, r - p + a) for r, p, a in zip(reach, cut, added, strict=True)]
        spread = tuple((size - 1) * s + 1 for size, s in zip(x.shape[2:], steps, strict=True))
        _require_room(name, spread, tuple(r + 1 for r in reach), pads)
        w = w.reshape(groups, -1, *w.shape[1:]).swapaxes(1, 2).reshape(out, -1, *w.shape[2:])
        y = jax.lax.conv_general_dilated(
            x,
            jnp.flip(w, range(2, n + 2)),
            (1,) * n,
            pads,
            lhs_dilation=steps,
            rhs_dilation=holes,
            dimension_numbers=_numbers(n),
            feature_group_count=groups,
        )
        return _finish(y, bias, alone)

    given, result = _TRANSPOSED[n]
    return family(conv_transpose, f"conv_transpose{n}d", n, KERNEL=_kernel(n), GIVEN=given, RESULT=result)


@op
def conv_tbc(input: ArrayLike, weight: ArrayLike, bias: ArrayLike, pad: int = 0) -> Array:
    """The 1-D convolution of sequences laid out as (time, batch, channels).

    Args:
        input: shape (T, B, C).
        weight: shape (K, C, O).
        bias: shape (O,).
        pad: zeros added at both ends of the time.

    Returns:
        An array of shape (T + 2 pad - K + 1, B, O).

    Raises:
        DtypeError: `input` is not floating point, or the dtypes differ.
        ShapeError: the shapes do not fit each other, or the kernel does not fit in the padded input.

    >>> fg.nn.conv_tbc(fg.ones(3, 1, 2), fg.ones(2, 2, 1), fg.zeros(1)).shape
    (2, 1, 1)

    Source: ``torch.nn.functional.conv_tbc``.
    """
    name = "conv_tbc"
    require_ndim(name, input, 3, remedy="give (T, B, C)")
    x, w, _ = _operands(name, input, weight, bias, 1)
    if x.shape[2] != w.shape[1]:
        required = "input of shape (T, B, C) needs weight of shape (K, C, O)"
        given = f"got input of shape {x.shape} and weight of shape {w.shape}"
        fail(ShapeError, name, required, given, "transpose the weight if it is (O, C, K)")
    _require_bias(name, bias, w.shape[2])
    ends = integer(name, "pad", pad, 0)
    _require_room(name, x.shape[:1], w.shape[:1], [(ends, ends)])
    numbers = ("WNC", "WIO", "WNC")
    return jax.lax.conv_general_dilated(x, w, (1,), [(ends, ends)], dimension_numbers=numbers) + jnp.asarray(bias)


def _kernel(n: int) -> str:
    return ", ".join(["K", "L", "M"][:n])


def _numbers(n: int) -> tuple[str, str, str]:
    letters = "DHW"[-n:]
    return f"NC{letters}", f"OI{letters}", f"NC{letters}"


def _operands(name: str, input: Any, weight: Any, bias: Any, n: int) -> tuple[Array, Array, bool]:
    """Input with a batch, weight, and whether the input came without a batch."""
    require_float(name, input)
    x, alone = batched(name, input, n)
    require_ndim(name, weight, n + 2, "weight")
    dtypes = {"input": x.dtype, "weight": jnp.result_type(weight)}
    if bias is not None:
        dtypes["bias"] = jnp.result_type(bias)
    if len(set(dtypes.values())) > 1:
        required = "operands must have one dtype"
        given = "got " + " and ".join(f"{argument} of {dtype}" for argument, dtype in dtypes.items())
        fail(DtypeError, name, required, given, "convert them with fg.to")
    w = jnp.asarray(weight)
    if 0 in w.shape[2:] or w.shape[0] == 0:
        fail(ShapeError, name, "weight must hold a kernel", f"got shape {w.shape}", "give it elements")
    return x, w, alone


def _require_bias(name: str, bias: Any, out: int) -> None:
    if bias is not None and jnp.shape(bias) != (out,):
        required = f"bias must have shape ({out},), a number for each channel of the result"
        fail(ShapeError, name, required, f"got {jnp.shape(bias)}", "reshape it")


def _pads(name: str, padding: Any, n: int, extent: Shape, steps: Shape) -> list[tuple[int, int]]:
    """What is added before and after each spatial dimension."""
    if not isinstance(padding, str):
        return [(p, p) for p in each(name, "padding", padding, n, 0)]
    if padding not in ("same", "valid"):
        required = "padding must be ints, 'same' or 'valid'"
        fail(ArgumentError, name, required, f"got {describe(padding)}", "choose one")
    if padding == "valid":
        return [(0, 0)] * n
    if max(steps) > 1:
        required = "padding='same' needs stride 1"
        fail(ArgumentError, name, required, f"got stride {steps}", "give the padding as ints")
    return [((width - 1) // 2, width // 2) for width in extent]


def _require_room(name: str, spatial: Shape, extent: Shape, pads: list[tuple[int, int]]) -> None:
    """Raise unless a kernel of `extent` fits in the padded input."""
    room = tuple(size + before + after for size, (before, after) in zip(spatial, pads, strict=True))
    if any(size < width for size, width in zip(room, extent, strict=True)):
        transposed = "transpose" in name
        fail(
            ShapeError,
            name,
            "something must be left of the result" if transposed else "the kernel must fit in the padded input",
            f"got an input that spans {room} for a kernel that spans {extent}",
            "cut off less with padding" if transposed else "pad more, or take a smaller kernel",
        )


def _finish(y: Array, bias: Any, alone: bool) -> Array:
    if bias is not None:
        y = y + jnp.asarray(bias).reshape(-1, *[1] * (y.ndim - 2))
    return y[0] if alone else y


conv1d, conv2d, conv3d = _convolution(1), _convolution(2), _convolution(3)
conv_transpose1d, conv_transpose2d, conv_transpose3d = _transposed(1), _transposed(2), _transposed(3)

"""In and out: NumPy, torch, DLPack, Python numbers and lists."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._checks import describe, fail, is_concrete, resolve_dtype
from .._convert import from_host, is_torch, resolve_device
from .._errors import ArgumentTypeError, ConversionError, ShapeError, TracedValueError
from .._op import op
from .._plain import plain
from .._types import Array, ArrayLike, DtypeLike

__all__ = [
    "tensor",
    "as_tensor",
    "asarray",
    "from_numpy",
    "to_numpy",
    "is_nonzero",
    "item",
    "tolist",
    "clone",
    "from_dlpack",
    "to_dlpack",
    "is_tensor",
]


@plain
def tensor(data: Any, /, dtype: DtypeLike | None = None, device: Any = None, *, lossy: bool = False) -> Array:
    """An array with the values of `data`, never sharing memory with it.

    Args:
        data: a number, nested lists of numbers or of 0-d arrays, a NumPy array, a torch tensor (of any dtype, layout
            in memory or device, without ``requires_grad``), or an array.
        dtype: the dtype wanted; by default that of `data`, with 64 bits narrowed to 32 unless JAX's 64-bit mode is
            on (Python floats become float32, ints int32).
        device: where to put it: ``"cpu"``, ``"gpu:0"``, a `jax.Device` or a sharding; by default where `data` is if
            it is an array, otherwise JAX's default.
        lossy: allow values to be cut, wrapped or truncated. Rounding to a narrower float is always allowed.

    Returns:
        The array, in the shape of `data`.

    Raises:
        ConversionError: a value does not fit the dtype: out of range, a fraction or NaN to an integer; or the lists
            are ragged.
        DtypeError: `data` are not numbers, or the dtype needs 64-bit mode.

    >>> fg.tensor([[1, 2, 3], [4, 5, 6]], dtype="float")
    Array([[1., 2., 3.],
           [4., 5., 6.]], dtype=float32)
    >>> fg.tensor([2**40])
    Traceback (most recent call last):
    funcgrad._errors.ConversionError: tensor(): every value must fit in int32; got 1099511627776 at index 0; \
ask for dtype='int64' after jax.config.update("jax_enable_x64", True), or pass lossy=True.

    Source: ``torch.tensor``.
    """
    return _made("tensor", data, dtype, device, lossy)


def _made(name: str, data: Any, dtype: DtypeLike | None, device: Any, lossy: bool = False) -> Array:
    place = None if device is None else resolve_device(name, device)
    if isinstance(data, list | tuple):
        leaves = jax.tree.leaves(data)
        if any(isinstance(leaf, jax.Array) or is_torch(leaf) for leaf in leaves):
            data = _stacked(name, data)
    if not isinstance(data, jax.Array):
        return from_host(name, data, dtype, lossy=lossy, device=place)
    target = data.dtype if dtype is None else resolve_dtype(name, dtype)
    if is_concrete(data) and target != data.dtype:
        return from_host(name, np.asarray(data), target, lossy=lossy, device=place or data.sharding)
    copied = jnp.array(data, dtype=target, copy=True)  # the dtype is named so that the result is strongly typed
    return copied if place is None else jax.device_put(copied, place)


def _stacked(name: str, data: Any) -> Any:
    """Nested lists with arrays among the leaves as one array (torch allows 0-d leaves only)."""
    if not isinstance(data, list | tuple):
        made = data if isinstance(data, jax.Array) else from_host(name, data)
        if made.ndim:
            fail(
                ShapeError,
                name,
                "arrays inside a list must be 0-d",
                f"got one of shape {made.shape}",
                "join larger arrays with fg.stack or fg.cat",
            )
        return made
    items = [_stacked(name, item) for item in data]
    if len({jnp.shape(item) for item in items}) > 1:
        fail(
            ConversionError,
            name,
            "nested lists must have equal lengths at each level",
            "got lists of different lengths",
            "pad the shorter ones, or build one array for each",
        )
    return jnp.stack(items) if items else jnp.zeros(0)


@plain
def as_tensor(data: Any, /, dtype: DtypeLike | None = None, device: Any = None) -> Array:
    """`data` as an array: itself if it is one already of that dtype and place, otherwise ``tensor(data)``.

    Unlike torch's, it never shares memory with a NumPy array: a buffer overwritten later cannot change the result.

    Args:
        data: as for ``tensor``.
        dtype: the dtype wanted.
        device: where to put it.

    Returns:
        The array, in the shape of `data`.

    Raises:
        ConversionError: a value does not fit the dtype.
        DtypeError: `data` are not numbers, or the dtype needs 64-bit mode.

    >>> x = fg.ones(2)
    >>> fg.as_tensor(x) is x
    True

    Source: ``torch.as_tensor``, ``torch.asarray``.
    """
    same = isinstance(data, jax.Array) and not data.weak_type and device is None
    if same and (dtype is None or resolve_dtype("as_tensor", dtype) == data.dtype):
        return data
    return _made("as_tensor", data, dtype, device)


asarray = as_tensor


@plain
def from_numpy(ndarray: np.ndarray, /) -> Array:
    """A NumPy array as an array of its own: overwriting `ndarray` later does not change it.

    Args:
        ndarray: a NumPy array of numbers or booleans, in any layout and byte order.

    Returns:
        The array, in the dtype of `ndarray`, with 64 bits narrowed to 32 unless JAX's 64-bit mode is on.

    Raises:
        ArgumentTypeError: `ndarray` is not a NumPy array.
        ConversionError: a value does not fit in 32 bits.

    >>> buffer = np.ones(2)
    >>> x = fg.from_numpy(buffer)
    >>> buffer[:] = 7
    >>> x
    Array([1., 1.], dtype=float32)

    Source: ``torch.from_numpy``, which shares the memory.
    """
    if not isinstance(ndarray, np.ndarray):
        fail(
            ArgumentTypeError,
            "from_numpy",
            "the argument must be a NumPy array",
            f"got {describe(ndarray)}",
            "use fg.tensor for numbers, lists and torch tensors",
        )
    return from_host("from_numpy", ndarray)


@plain
def to_numpy(x: ArrayLike, /, writable: bool = True) -> np.ndarray:
    """`x` as a NumPy array.

    Args:
        x: an array of any shape, or a number.
        writable: whether the result may be written to. If so it is a copy; otherwise a read-only view, without a
            copy where `x` is on the CPU.

    Returns:
        A NumPy array in the shape and dtype of `x` (bfloat16 and the 8-bit floats as NumPy extension dtypes).

    Raises:
        TracedValueError: the values are not known, because a function is being traced.

    >>> x = fg.ones(2)
    >>> fg.to_numpy(x) + 1
    array([2., 2.], dtype=float32)
    >>> fg.to_numpy(x, writable=False).flags.writeable
    False

    Source: ``Tensor.numpy``.
    """
    host = np.asarray(_known("to_numpy", x))
    if writable:
        return np.array(host)
    view = host.view()
    view.flags.writeable = False
    return view


@plain
def item(x: ArrayLike, /) -> Any:
    """The one element of `x` as a Python number.

    Args:
        x: an array with one element, of any number of dimensions.

    Returns:
        A bool, int, float or complex.

    Raises:
        ShapeError: `x` does not have exactly one element.
        TracedValueError: the value is not known, because a function is being traced.

    >>> fg.item(fg.tensor([[3.5]]))
    3.5

    Source: ``Tensor.item``.
    """
    host = np.asarray(_known("item", x))
    if host.size != 1:
        fail(
            ShapeError,
            "item",
            "the array must have exactly one element",
            f"got shape {host.shape}",
            "index it first, or use fg.tolist",
        )
    value: Any = _python(host).item()
    return value


@plain
def is_nonzero(x: ArrayLike, /) -> bool:
    """Whether the one element of `x` is not zero.

    Args:
        x: an array of one element.

    Returns:
        A Python bool; True for NaN.

    Raises:
        ShapeError: there is not one element.
        TracedValueError: `x` is traced, so its value is not known.

    >>> fg.is_nonzero(fg.tensor([0.5]))
    True

    Source: ``torch.is_nonzero``.
    """
    known = np.asarray(_known("is_nonzero", x))
    if known.size != 1:
        given = f"got shape {known.shape}"
        fail(ShapeError, "is_nonzero", "x must have one element", given, "reduce it with fg.any or fg.all")
    return bool(known.reshape(()))


@plain
def tolist(x: ArrayLike, /) -> Any:
    """`x` as nested lists of Python numbers, or one number if it is 0-d.

    Args:
        x: an array of any shape.

    Returns:
        Nested lists, as deep as `x` has dimensions.

    Raises:
        TracedValueError: the values are not known, because a function is being traced.

    >>> fg.tolist(fg.eye(2))
    [[1.0, 0.0], [0.0, 1.0]]

    Source: ``Tensor.tolist``.
    """
    return _python(np.asarray(_known("tolist", x))).tolist()


def _known(name: str, x: Any) -> Any:
    """`x`, if it is an array or a number whose values are known; NumPy and torch data keep their full width."""
    if not is_concrete(x):
        fail(
            TracedValueError,
            name,
            "the values must be known",
            f"got a traced {describe(x)}",
            "return the array from the function, and call this word on the result",
        )
    if isinstance(x, jax.Array | np.ndarray | np.generic | bool | int | float | complex):
        return x
    return _made(name, x, None, None)


def _python(host: np.ndarray) -> np.ndarray:
    """`host` in a dtype whose elements NumPy turns into Python numbers."""
    if host.dtype.kind in "biufc" and host.dtype.name in np.sctypeDict:
        return host
    return host.astype(np.int64 if jnp.issubdtype(host.dtype, jnp.integer) else np.float64)


@op
def clone(input: ArrayLike, /) -> Array:
    """A copy of `input` in new memory; gradients flow through it.

    Args:
        input: any shape.

    Returns:
        The copy, in the shape and dtype of `input`.

    >>> x = fg.ones(2)
    >>> fg.same_buffer(x, fg.clone(x))
    False

    Source: ``torch.clone``.
    """
    return jnp.copy(input)


@plain
def from_dlpack(ext_tensor: Any, /) -> Array:
    """An array of another library, through DLPack. The values are copied: writing to the original changes nothing.

    Args:
        ext_tensor: anything with ``__dlpack__``: a torch tensor, a CuPy array, an array.

    Returns:
        The array, with 64 bits narrowed to 32 unless JAX's 64-bit mode is on.

    Raises:
        ArgumentTypeError: there is no ``__dlpack__``.
        ConversionError: a value does not fit in 32 bits.

    >>> fg.from_dlpack(np.arange(3.0))
    Array([0., 1., 2.], dtype=float32)

    Source: ``torch.from_dlpack``, which shares the memory.
    """
    if isinstance(ext_tensor, jax.Array | np.ndarray) or is_torch(ext_tensor):
        return _made("from_dlpack", ext_tensor, None, None)
    if not hasattr(ext_tensor, "__dlpack__") or not hasattr(ext_tensor, "__dlpack_device__"):
        fail(
            ArgumentTypeError,
            "from_dlpack",
            "the argument must have __dlpack__ and __dlpack_device__",
            f"got {describe(ext_tensor)}",
            "pass the array itself, not a capsule",
        )
    if ext_tensor.__dlpack_device__()[0] == 1:  # kDLCPU
        return from_host("from_dlpack", np.from_dlpack(ext_tensor))
    shared = jax.dlpack.from_dlpack(ext_tensor)
    return jnp.copy(shared).block_until_ready()  # the owner may write as soon as this returns


@plain
def to_dlpack(x: ArrayLike, /) -> Any:
    """A DLPack capsule with a copy of `x`, for another library to take. Each capsule can be taken once.

    Args:
        x: an array of any shape.

    Returns:
        A capsule, as ``torch.from_dlpack`` takes it. It holds a copy because the taker may write to it.

    Raises:
        TracedValueError: the values are not known, because a function is being traced.

    >>> type(fg.to_dlpack(fg.ones(2))).__name__
    'PyCapsule'

    Source: ``torch.utils.dlpack.to_dlpack``.
    """
    return _made("to_dlpack", _known("to_dlpack", x), None, None).__dlpack__()


@plain
def is_tensor(obj: Any, /) -> bool:
    """Whether `obj` is an array of JAX, or stands for one under a transform.

    Args:
        obj: anything.

    Returns:
        A Python bool; False for NumPy arrays, lists and numbers.

    >>> fg.is_tensor(fg.ones(2)), fg.is_tensor(np.ones(2))
    (True, False)

    Source: ``torch.is_tensor``.
    """
    return isinstance(obj, jax.Array)

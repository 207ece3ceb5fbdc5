"""Devices: which there are, where an array lives, and moving it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._checks import describe, fail, is_concrete, resolve_dtype
from .._claims import visible
from .._convert import from_host, is_torch, require_lossless, resolve_device
from .._errors import ArgumentError, ArgumentTypeError, DtypeError, TracedValueError
from .._op import op
from .._plain import plain
from .._types import Array, ArrayLike, DtypeLike, PyTree

__all__ = [
    "devices",
    "device",
    "device_count",
    "is_available",
    "try_gpu",
    "try_all_gpus",
    "default_device",
    "to",
    "same_buffer",
]

_PLATFORMS = ("cpu", "gpu", "cuda", "rocm", "tpu")


def _of(platform: str) -> list[jax.Device]:
    """The devices of a platform; none if it is absent."""
    try:
        return jax.devices(platform)
    except RuntimeError:
        return []


def _present() -> list[jax.Device]:
    """Every device of every platform, the default one last to be found but listed where torch users look: CPU first."""
    found = [*_of("cpu"), *_of("gpu"), *_of("tpu"), *jax.devices()]
    return list(dict.fromkeys(found))


def _name(device: jax.Device) -> str:
    return "cpu" if device.platform == "cpu" and device.id == 0 else f"{device.platform}:{device.id}"


@plain
def devices() -> list[str]:
    """The names of the devices that JAX can use here, the CPU first.

    Returns:
        Names such as ``"cpu"`` and ``"gpu:0"``, which every ``device=`` takes.

    >>> "cpu" in fg.devices()
    True

    Source: ``torch.cuda.device_count``, ``jax.devices``.
    """
    return [_name(each) for each in _present()]


@plain
def device(x: ArrayLike | str, /) -> str:
    """Where an array lives; or the name of a device, once it is known to be there.

    Args:
        x: an array, or the name of a device as torch users write it (``"cuda"``, ``"cuda:0"``).

    Returns:
        ``"cpu"`` or ``"gpu:0"``; the names of all its devices, separated by commas, where an array is sharded.

    Raises:
        ArgumentError: there is no such device.
        TracedValueError: a function is being traced; where its values will live is the compiler's affair.

    >>> fg.device(fg.ones(3, device="cpu"))
    'cpu'
    >>> x = fg.ones(3, device=fg.device("cuda" if fg.is_available("cuda") else "cpu"))

    Source: ``Tensor.device``, ``torch.device``.
    """
    if isinstance(x, str) or (type(x).__module__ == "torch" and not is_torch(x)):
        return _name(resolve_device("device", x))
    if isinstance(x, jax.Device):
        return _name(x)
    if not is_concrete(x):
        given, remedy = f"got a traced {describe(x)}", "ask outside the compiled function"
        fail(TracedValueError, "device", "the array must exist already", given, remedy)
    if isinstance(x, jax.Array):
        return ", ".join(_name(each) for each in x.sharding.addressable_devices_indices_map(x.shape))
    if isinstance(x, np.ndarray | np.generic | bool | int | float | complex):
        return "cpu"
    fail(
        ArgumentTypeError,
        "device",
        "the argument must be an array or the name of a device",
        f"got {describe(x)}",
        "wrap it in fg.tensor(...)",
    )


@plain
def device_count(platform: str | None = None, /) -> int:
    """How many devices there are.

    Args:
        platform: ``"cpu"``, ``"gpu"`` (or ``"cuda"``) or ``"tpu"``; by default the one that JAX uses.

    Returns:
        A Python int, 0 where the platform is absent.

    Raises:
        ArgumentError: there is no platform of that name.

    >>> fg.device_count("cpu") >= 1
    True

    Source: ``torch.cuda.device_count``.
    """
    if platform is None:
        return len(jax.devices())
    known = {*_PLATFORMS, *(each.platform for each in _present())}
    if platform not in known:
        fail(
            ArgumentError,
            "device_count",
            "platform must be one of " + ", ".join(repr(each) for each in sorted(known)),
            f"got {platform!r}",
            "correct the name",
        )
    return len(_of("gpu" if platform == "cuda" else platform))


@plain
def is_available(platform: str = "gpu", /) -> bool:
    """Whether there is a device of that kind.

    Args:
        platform: ``"cpu"``, ``"gpu"`` (or ``"cuda"``) or ``"tpu"``.

    Returns:
        A Python bool.

    Raises:
        ArgumentError: there is no platform of that name.

    >>> fg.is_available("cpu")
    True

    Source: ``torch.cuda.is_available``.
    """
    return device_count(platform) > 0


@plain
def try_gpu(i: int = 0, /) -> str:
    """The name of the i-th accelerator, or that of the CPU where there is no such accelerator.

    Args:
        i: which, counted from 0.

    Returns:
        A name that every ``device=`` takes.

    >>> fg.try_gpu(1000)
    'cpu'

    Source: ``d2l.try_gpu``.
    """
    found = _accelerators()
    return found[i] if 0 <= i < len(found) else "cpu"


@plain
def try_all_gpus() -> list[str]:
    """The names of all accelerators, or that of the CPU alone where there is none.

    Returns:
        Names that every ``device=`` takes.

    >>> len(fg.try_all_gpus()) >= 1
    True

    Source: ``d2l.try_all_gpus``.
    """
    return _accelerators() or ["cpu"]


def _accelerators() -> list[str]:
    return [_name(each) for each in _present() if each.platform != "cpu"]


@plain
def default_device(device: Any, /) -> AbstractContextManager[Any]:
    """A block in which new arrays are made on `device`.

    Args:
        device: ``"cpu"``, ``"gpu:0"`` or a `jax.Device`.

    Returns:
        A context manager.

    Raises:
        ArgumentError: there is no such device.

    >>> with fg.default_device("cpu"):
    ...     print(fg.device(fg.ones(2)))
    cpu

    Source: ``torch.device`` as a context manager.
    """
    place = resolve_device("default_device", device)
    if not isinstance(place, jax.Device):
        fail(
            ArgumentTypeError,
            "default_device",
            "the default must be one device",
            f"got {describe(place)}",
            "move arrays to a sharding with fg.to(x, sharding)",
        )
    context: AbstractContextManager[Any] = jax.default_device(place)
    return context


@plain
def to(x: PyTree, /, *targets: Any, dtype: DtypeLike | None = None, device: Any = None, lossy: bool = False) -> PyTree:
    """`x` in another dtype, on another device, or both; differentiable between floating dtypes.

    Args:
        x: an array, or a pytree such as a model. Of a pytree only the floating leaves change dtype, as torch's
            modules do, and every array moves.
        *targets: in any order: a dtype or its name, a device or its name, or an array to imitate in both.
        dtype: the dtype wanted.
        device: where to put it: a name, a `jax.Device` or a sharding.
        lossy: allow values that do not fit the dtype.

    Returns:
        The array or pytree. A float becomes an integer by dropping its fraction.

    Raises:
        ConversionError: a value does not fit: NaN, infinite or out of range for an integer, finite but too large for
            a narrower float. Not raised under a transform, where values are not known.
        DtypeError: complex to real, or a pytree to an integer dtype.

    >>> fg.to(fg.tensor([1.5, -2.5]), "int")
    Array([ 1, -2], dtype=int32)
    >>> fg.to({"w": fg.ones(2), "steps": fg.tensor(3)}, "half", "cpu")["w"].dtype
    dtype('float16')

    Source: ``Tensor.to``, ``nn.Module.to``.
    """
    for target in targets:
        if isinstance(target, jax.Array | np.ndarray):
            given = {"dtype": target.dtype}
            if isinstance(target, jax.Array) and is_concrete(target):
                given["device"] = target.sharding
        else:
            given = {"device" if _names_device(target) else "dtype": target}
        for word, value in given.items():
            if {"dtype": dtype, "device": device}[word] is not None:
                fail(
                    ArgumentError,
                    "to",
                    f"{word} may be given once",
                    f"got {describe(value)} and {describe(dtype if word == 'dtype' else device)}",
                    "drop one of them",
                )
        dtype, device = given.get("dtype", dtype), given.get("device", device)
    kind = None if dtype is None else resolve_dtype("to", dtype)
    place = None if device is None else resolve_device("to", device)
    if _single(x):
        return _moved(x, kind, place, lossy)
    leaves = jax.tree.leaves(x)
    if leaves and all(isinstance(leaf, bool | int | float | complex) for leaf in leaves):
        fail(
            ArgumentTypeError,
            "to",
            "the first argument must be an array or a pytree with arrays",
            f"got {describe(x)} of numbers",
            "wrap it in fg.tensor(...)",
        )
    if kind is not None and not jnp.issubdtype(kind, jnp.inexact):
        fail(
            DtypeError,
            "to",
            "the dtype for a pytree must be floating point or complex",
            f"got {kind.name}",
            "convert single arrays, with jax.tree.map where all are meant",
        )

    def moved(leaf: Any) -> Any:
        if not isinstance(leaf, jax.Array | np.ndarray) and not is_torch(leaf):
            return leaf
        array = leaf if isinstance(leaf, jax.Array) else from_host("to", leaf)
        change = jnp.issubdtype(array.dtype, jnp.floating) or (
            kind is not None and kind.kind == "c" and jnp.issubdtype(array.dtype, jnp.complexfloating)
        )
        return _moved(array, kind if change else None, place, lossy)

    return jax.tree.map(moved, x)


def _single(x: Any) -> bool:
    return isinstance(x, jax.Array | np.ndarray | np.generic | bool | int | float | complex) or is_torch(x)


def _names_device(target: Any) -> bool:
    """Whether a target of `to` is a device; the others are dtypes."""
    if isinstance(target, str):
        platform = target.partition(":")[0]
        return platform in _PLATFORMS or platform in {each.platform for each in _present()}
    is_torch_device = type(target).__module__ == "torch" and type(target).__name__ == "device"
    return is_torch_device or isinstance(target, jax.Device | jax.sharding.Sharding)


def _moved(x: Any, kind: np.dtype[Any] | None, place: Any, lossy: bool) -> Array:
    if not isinstance(x, jax.Array):
        return from_host("to", x, kind, lossy=lossy, truncate=True, device=place)
    if kind is not None and kind != x.dtype:
        if not lossy and kind.kind not in "bc" and jnp.issubdtype(x.dtype, jnp.complexfloating):
            fail(
                DtypeError,
                "to",
                "a complex array becomes real by a choice of yours",
                f"got {describe(x)} for {kind.name}",
                "write fg.real(x) or fg.abs(x), or pass lossy=True",
            )
        seen = None if lossy else visible(x)
        if seen is not None and (isinstance(x, jax.core.Tracer) or _unfit(x, dtype=kind.name)):
            require_lossless("to", seen, kind, truncate=True)
        x = _cast(x, dtype=kind.name)
    return x if place is None else jax.device_put(x, place)


@op
def _cast(x: ArrayLike, /, *, dtype: str) -> Array:
    if dtype == "bool":
        return jnp.not_equal(x, 0)
    if jnp.iscomplexobj(x) and not dtype.startswith("complex"):
        x = jnp.real(x)
    return jax.lax.convert_element_type(x, dtype)


@op
def _unfit(x: ArrayLike, /, *, dtype: str) -> Array:
    """Whether any value does not fit, on the device where `x` is: only then is it fetched, to name the culprit."""
    array, target = jnp.asarray(x), jnp.dtype(dtype)
    if target.kind == "b" or array.dtype.kind == "b":
        return jnp.zeros((), bool)
    if not jnp.issubdtype(target, jnp.integer):
        cast = array.astype(target)
        saturates = np.isfinite(np.array(np.inf).astype(target))
        largest = float(jnp.finfo(target).max) if saturates else np.inf
        wrong = (jnp.isfinite(array) != jnp.isfinite(cast)) | (jnp.isnan(array) != jnp.isnan(cast))
        return (wrong | (jnp.abs(array) > largest) & jnp.isfinite(array)).any()
    low, high = int(jnp.iinfo(target).min), int(jnp.iinfo(target).max)
    if jnp.issubdtype(array.dtype, jnp.integer):
        own = jnp.iinfo(array.dtype)
        return ((array < max(low, int(own.min))) | (array > min(high, int(own.max)))).any()
    wide = array.astype(jnp.promote_types(array.dtype, jnp.float32))
    whole = jnp.trunc(wide)
    return ~((whole >= low) & (whole < float(high + 1))).all()  # also where NaN makes both comparisons false


@plain
def same_buffer(a: ArrayLike, b: ArrayLike, /) -> bool:
    """Whether two arrays are one piece of memory, as ``id`` and ``data_ptr`` tell in torch.

    Args:
        a: an array.
        b: an array.

    Returns:
        A Python bool. Arithmetic always gives new memory; assignment never does.

    Raises:
        TracedValueError: a function is being traced, where there is no memory yet.

    >>> x = fg.ones(2)
    >>> y = x
    >>> fg.same_buffer(x, y), fg.same_buffer(x, x + 0)
    (True, False)

    Source: ``Tensor.data_ptr``.
    """
    first, second = _addresses(a), _addresses(b)
    return a is b or bool(first & second)


def _addresses(x: Any) -> set[tuple[str, int]]:
    """Where the parts of an array begin, by device; empty arrays begin nowhere."""
    if not is_concrete(x):
        fail(
            TracedValueError,
            "same_buffer",
            "the arrays must exist already",
            f"got a traced {describe(x)}",
            "ask outside the compiled function",
        )
    if isinstance(x, np.ndarray):
        return {("cpu", x.__array_interface__["data"][0])} if x.size else set()
    if not isinstance(x, jax.Array):
        fail(
            ArgumentTypeError,
            "same_buffer",
            "the arguments must be arrays",
            f"got {describe(x)}",
            "wrap it in fg.tensor(...)",
        )
    parts = [shard.data for shard in x.addressable_shards] if x.size else []
    return {
        ("cpu" if part.device.platform == "cpu" else _name(part.device), part.unsafe_buffer_pointer()) for part in parts
    }

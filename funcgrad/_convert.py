"""Host data to `jax.Array` without loss: the one gate through which NumPy buffers and Python numbers enter.

JAX may read a NumPy buffer after the call that received it has returned, or alias it for good, and it cuts 64-bit
values to 32 bits without a word. Here every buffer is copied before JAX sees it, and a value that would not survive
the conversion is an error that names it.
"""

import sys
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ._checks import ENABLE_X64, NARROW, describe, fail, resolve_dtype, x64_enabled
from ._errors import ArgumentError, ArgumentTypeError, ConversionError, DtypeError
from ._types import DtypeLike

__all__ = ["from_host", "is_torch", "kept_dtype", "resolve_device"]


def from_host(
    name: str, data: Any, dtype: DtypeLike | None = None, *, lossy: bool = False, device: Any = None
) -> jax.Array:
    """Python numbers, nested lists, a NumPy array or a CPU torch tensor as an array that shares no memory with them.

    Raises:
        ConversionError: a value does not survive: an integer out of range, a finite float that would become
            infinite, NaN, infinity or a fraction to an integer, a complex number to a real one. Rounding to a
            narrower float is not an error. `lossy` allows all of it.
        DtypeError: the data are not numbers (strings, dates, objects).
    """
    source = _from_torch(name, data) if is_torch(data) else _as_numpy(name, data)
    target = kept_dtype(source.dtype) if dtype is None else resolve_dtype(name, dtype)
    if not lossy:
        _require_lossless(name, source, target)
    with np.errstate(all="ignore"):  # loss was asked for, so an overflow here is no news
        private = source.astype(target, copy=True)
    return jax.device_put(private, device)


def kept_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The dtype that JAX keeps for host data of `dtype`: 32 bits instead of 64 unless 64-bit mode is on."""
    return dtype if x64_enabled() else np.dtype(NARROW.get(dtype.name, dtype))


def resolve_device(name: str, device: Any) -> Any:
    """What `jax.device_put` takes, from "cpu", "gpu:0", "cuda", a device or a sharding."""
    if not isinstance(device, str):
        if isinstance(device, jax.Device | jax.sharding.Sharding):
            return device
        fail(
            ArgumentTypeError,
            name,
            "device must be a name, a jax.Device or a sharding",
            f"got {describe(device)}",
            "write for example 'cpu' or 'gpu:0'",
        )
    platform, _, number = device.partition(":")
    try:
        found = jax.devices("gpu" if platform == "cuda" else platform)
        return found[int(number or 0)]
    except (RuntimeError, ValueError, IndexError):
        present = ", ".join(f"'{d.platform}:{d.id}'" for d in jax.devices())
        fail(
            ArgumentError,
            name,
            "device must be present on this machine",
            f"got '{device}'",
            f"choose from {present}, or see fg.devices()",
        )


def is_torch(data: Any) -> bool:
    """Whether `data` is a torch tensor; torch is never imported to find out."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(data, getattr(torch, "Tensor", ()))


def _as_numpy(name: str, data: Any) -> np.ndarray:
    """`data` as a NumPy array of numbers, which may share memory with it."""
    try:
        array = np.asarray(data)
    except ValueError as error:
        if "inhomogeneous" not in str(error):
            raise
        fail(
            ConversionError,
            name,
            "nested lists must have equal lengths at each level",
            "got lists of different lengths",
            "pad the shorter ones, or build one array for each",
        )
    if array.dtype == object and array.size and all(isinstance(item, int) for item in array.flat):
        wide = next(item for item in array.flat if not -(2**63) <= item < 2**64)
        fail(ConversionError, name, "an integer must fit in 64 bits", f"got {wide}", "write it as a float")
    if not (array.dtype == bool or jnp.issubdtype(array.dtype, jnp.number)) or array.dtype.name not in _KNOWN:
        fail(
            DtypeError,
            name,
            "data must be numbers or booleans",
            f"got {describe(data)}",
            "convert it to numbers first",
        )
    return array


_KNOWN = {np.dtype(kind).name for kind in "?bBhHiIlLqQefdFD"} | {
    jnp.dtype(kind).name
    for kind in (
        jnp.bfloat16,
        jnp.int4,
        jnp.uint4,
        jnp.float8_e4m3fn,
        jnp.float8_e5m2,
        jnp.float8_e4m3b11fnuz,
    )
}


def _from_torch(name: str, data: Any) -> np.ndarray:
    """A torch tensor as a NumPy array; bfloat16, which NumPy lacks, travels as its bits."""
    if data.requires_grad:
        fail(
            ArgumentTypeError,
            name,
            "a torch tensor must not require gradients",
            "got one with requires_grad=True",
            "pass tensor.detach(); gradients do not flow between the two libraries",
        )
    host = data.resolve_conj().resolve_neg().cpu().contiguous()
    torch = sys.modules["torch"]
    if host.dtype == torch.bfloat16:
        return np.asarray(host.view(torch.int16)).view(jnp.bfloat16)
    return np.asarray(host)


def _require_lossless(name: str, source: np.ndarray, target: np.dtype[Any]) -> None:
    """Raise ConversionError naming the first element of `source` that `target` cannot hold."""
    if source.size == 0 or source.dtype == target or target.kind == "b" or source.dtype.kind == "b":
        return
    if source.dtype.kind == "c" and target.kind != "c":
        _reject(name, source, source.imag != 0, target, "take the real part first")
        source = source.real
    from_float = jnp.issubdtype(source.dtype, jnp.inexact)
    if target.kind in "iu":
        limits = np.iinfo(target)
        if from_float:
            _reject(name, source, ~np.isfinite(source), target, "replace it first, for example with np.nan_to_num")
            _reject(name, source, source != np.trunc(source), target, "round it first, or keep a floating dtype")
            # 2.0**k is exact in every float wide enough to reach it, while limits.max itself would round up to it.
            bound = 2.0 ** (limits.bits - (limits.min < 0))
            wide = source.astype(np.float64)
            outside = (wide < limits.min) | (wide >= bound)
        else:
            outside = (source < limits.min) | (source > limits.max)
        _reject(name, source, outside, target, _widen("int64", target))
    else:
        with np.errstate(all="ignore"):
            overflow = np.isfinite(source) & ~np.isfinite(source.astype(target))
        _reject(name, source, overflow, target, _widen("float64", target))


def _reject(name: str, source: np.ndarray, bad: np.ndarray, target: np.dtype[Any], remedy: str) -> None:
    if not bad.any():
        return
    where = tuple(int(i) for i in np.unravel_index(int(bad.argmax()), bad.shape))
    place = f" at index {where[0] if len(where) == 1 else where}" if where else ""
    fail(
        ConversionError,
        name,
        f"every value must fit in {target.name}",
        f"got {source[where].item()!r}{place}",
        f"{remedy}, or pass lossy=True",
    )


def _widen(wide: str, target: np.dtype[Any]) -> str:
    if target.name == wide:
        return "scale it down"
    if target.itemsize < 4:
        return f"ask for dtype='{NARROW[wide]}'"
    return f"ask for dtype='{wide}'" + ("" if x64_enabled() else f" after {ENABLE_X64}")

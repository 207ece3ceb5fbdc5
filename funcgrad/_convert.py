"""Host data to `jax.Array` without loss: the one gate through which NumPy buffers and Python numbers enter.

JAX may read a NumPy buffer after the call that received it has returned, or alias it for good, and it cuts 64-bit
values to 32 bits without a word. Here every buffer is copied before JAX sees it, and a value that would not survive
the conversion is an error that names it.
"""

import sys
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ._checks import ENABLE_X64, NARROW, describe, fail, resolve_dtype, x64_enabled
from ._claims import claim
from ._errors import ArgumentError, ArgumentTypeError, ConversionError, DtypeError
from ._types import DtypeLike

__all__ = ["from_host", "host_copy", "is_torch", "kept_dtype", "require_lossless", "resolve_device"]


def from_host(
    name: str,
    data: Any,
    dtype: DtypeLike | None = None,
    *,
    lossy: bool = False,
    truncate: bool = False,
    device: Any = None,
    private: bool = False,
) -> jax.Array:
    """Python numbers, nested lists, a NumPy array or a CPU torch tensor as an array that shares no memory with them.

    With `private`, `data` is an array that nobody else holds, and may share it.

    Raises:
        ConversionError: a value does not survive: an integer out of range, a finite float that would become
            infinite, NaN, infinity or a fraction to an integer, a complex number to a real one. Rounding to a
            narrower float is not an error. `lossy` allows all of it, `truncate` fractions.
        DtypeError: the data are not numbers (strings, dates, objects).
    """
    own = host_copy(name, data, dtype, lossy=lossy, truncate=truncate, private=private)
    if device is not None:
        return jax.device_put(own, device)
    with jax.ensure_compile_time_eval():  # a constant is known, also where a function is being traced
        return jax.device_put(own)


def host_copy(
    name: str,
    data: Any,
    dtype: DtypeLike | None = None,
    *,
    lossy: bool = False,
    truncate: bool = False,
    private: bool = False,
) -> np.ndarray:
    """What `from_host` gives to JAX: a NumPy array of a dtype that JAX keeps, which nobody else holds."""
    source = _from_torch(name, data) if is_torch(data) else _as_numpy(name, data)
    target = kept_dtype(source.dtype) if dtype is None else resolve_dtype(name, dtype)
    if not lossy:
        require_lossless(name, source, target, truncate=truncate)
    if source.dtype.kind == "c" and not jnp.issubdtype(target, jnp.complexfloating) and target.kind != "b":
        source = source.real
    with np.errstate(all="ignore"):  # loss was asked for, or is rounding, so an overflow here is no news
        return source.astype(target, order="C", copy=not private)


def kept_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The dtype that JAX keeps for host data of `dtype`: 32 bits instead of 64 unless 64-bit mode is on."""
    native = dtype.newbyteorder("=")  # JAX refuses the other byte order
    return native if x64_enabled() else np.dtype(NARROW.get(dtype.name, native))


def resolve_device(name: str, device: Any) -> Any:
    """What `jax.device_put` takes, from "cpu", "gpu:0", "cuda", a device or a sharding."""
    if type(device).__module__ == "torch":
        device = str(device)
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
        return {str(place): each for place, each in enumerate(found)}[number or "0"]
    except (RuntimeError, KeyError):
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


# What JAX has beside NumPy's own dtypes; which of them depends on its version.
_EXTENDED = (
    *("bfloat16", "int2", "uint2", "int4", "uint4", "float4_e2m1fn"),
    *("float8_e3m4", "float8_e4m3", "float8_e4m3fn", "float8_e4m3fnuz", "float8_e4m3b11fnuz"),
    *("float8_e5m2", "float8_e5m2fnuz", "float8_e8m0fnu"),
)
_KNOWN = {np.dtype(kind).name for kind in "?bBhHiIlLqQefdFD"} | {n for n in _EXTENDED if hasattr(jnp, n)}


def _as_numpy(name: str, data: Any) -> np.ndarray:
    """`data` as a NumPy array of numbers, which may share memory with it."""
    if np.ma.isMaskedArray(data) and np.ma.is_masked(data):
        fail(
            ConversionError,
            name,
            "a masked array must have no masked values",
            f"got {int(np.ma.count_masked(data))} of them",
            "fill them first, with data.filled(value)",
        )
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
    except OverflowError:  # an integer beyond every float among floats
        _require_64_bits(name, data)
        raise
    # Integers that no integer dtype holds together become objects, or float64 without a word.
    if array.dtype == object:
        _require_64_bits(name, data)
    elif array.dtype == np.float64 and isinstance(data, list | tuple) and (np.abs(array) >= 2.0**63).any():
        _require_64_bits(name, data, together=True)
    if array.dtype.name not in _KNOWN:
        hint = "convert it to numbers first"
        if array.dtype.kind in "fc":
            hint = f"convert it first, with .astype('{'float64' if array.dtype.kind == 'f' else 'complex128'}')"
        given = describe(array if array.ndim and array.dtype != object else data)
        fail(DtypeError, name, "data must be numbers or booleans", f"got {given}", hint)
    return array


def _require_64_bits(name: str, data: Any, together: bool = False) -> None:
    """Raise where Python ints in `data` need more than 64 bits, one alone or all `together`."""
    leaves = jax.tree.leaves(data.tolist() if isinstance(data, np.ndarray) else data)
    numbers: list[Any] = [leaf for leaf in leaves if isinstance(leaf, int | np.integer)]
    if together and len(numbers) < len(leaves):
        return  # there are floats among them, so that the integers are meant to be rounded
    wide = next((n for n in numbers if not -(2**63) <= n < 2**64 or (together and n >= 2**63)), None)
    if wide is not None:
        shown = f"{wide}" if abs(wide) < 10**40 else "one of more than 40 digits"
        fail(ConversionError, name, "integers must fit in 64 bits together", f"got {shown}", "write them as floats")


def _from_torch(name: str, data: Any) -> np.ndarray:
    """A torch tensor as a NumPy array; what NumPy lacks travels as its bits."""
    if data.requires_grad:
        fail(
            ArgumentTypeError,
            name,
            "a torch tensor must not require gradients",
            "got one with requires_grad=True",
            "pass tensor.detach(); gradients do not flow between the two libraries",
        )
    torch = sys.modules["torch"]
    kind = str(data.dtype).removeprefix("torch.")
    if data.layout != torch.strided or data.is_quantized or data.is_meta:
        given, remedy = f"one of layout {str(data.layout).removeprefix('torch.')}", "pass tensor.to_dense()"
        if data.is_quantized:
            given, remedy = "a quantized one", "pass tensor.dequantize()"
        elif data.is_meta:
            given, remedy = "one on the meta device", "make it on a real device"
        fail(ArgumentTypeError, name, "a torch tensor must be dense and hold values", f"got {given}", remedy)
    host = data.resolve_conj().resolve_neg().cpu().contiguous()
    if kind == "complex32":
        host = host.to(torch.complex64)
    elif kind in _EXTENDED and kind in _KNOWN and data.element_size() in (1, 2):
        bits = torch.int16 if data.element_size() == 2 else torch.uint8
        return host.view(bits).numpy().view(jnp.dtype(kind))
    try:
        return np.asarray(host.numpy())
    except TypeError:
        fail(DtypeError, name, "data must be numbers or booleans", f"got torch.{kind}", "convert it to numbers first")


def require_lossless(
    name: str,
    source: Any,
    target: np.dtype[Any],
    *,
    truncate: bool = False,
    wider: str = "ask for dtype='{}'",
    remedy: str = "pass lossy=True",
) -> None:
    """Raise ConversionError naming the first element of `source` that `target` cannot hold.

    Args:
        name: the word that speaks.
        source: numbers of a dtype in `_KNOWN`.
        target: the dtype wanted.
        truncate: whether a fraction may be cut on the way to an integer.
        wider: how a user comes to a wider dtype.
        remedy: the way out beside that.
    """
    if source.size == 0 or source.dtype == target or target.kind == "b" or source.dtype.kind == "b":
        return
    if isinstance(source, jax.core.Tracer):
        _claim_lossless(name, source, target, truncate, wider, remedy)
        return
    values = source
    if source.dtype.kind == "c" and not jnp.issubdtype(target, jnp.complexfloating):
        _reject(name, source, source.imag != 0, target, "take the real part first", remedy)
        values = source.real
    from_integers = jnp.issubdtype(source.dtype, jnp.integer)
    if source.dtype.name in _EXTENDED:
        values = source.astype(np.int64 if from_integers else np.float64)
    if jnp.issubdtype(target, jnp.integer):
        limits = jnp.iinfo(target)
        low, high = int(limits.min), int(limits.max)
        if from_integers:
            if values.min() < low or values.max() > high:
                _reject(name, source, (values < low) | (values > high), target, wider, remedy)
            return
        _reject(name, source, ~np.isfinite(values), target, "replace it first, with fg.nan_to_num", remedy)
        whole = np.trunc(values)
        if not truncate:
            _reject(name, source, values != whole, target, "round it first, or keep a floating dtype", remedy)
        # high + 1 is a power of two, exact in float64, while high itself might round up to it.
        wide = whole.astype(np.float64)
        _reject(name, source, (wide < low) | (wide >= float(high + 1)), target, wider, remedy)
        return
    with np.errstate(all="ignore"):
        kept = values.astype(target)
        finite = np.isfinite(values)
        lost = (finite != np.isfinite(kept)) | (np.isnan(values) != np.isnan(kept))
        if np.isfinite(np.array(np.inf).astype(target)):  # a dtype without infinity, which saturates
            lost |= finite & (np.abs(values) > float(jnp.finfo(target).max))
    _reject(name, source, lost, target, wider, remedy)


def _claim_lossless(name: str, source: Any, target: np.dtype[Any], truncate: bool, wider: str, remedy: str) -> None:
    """The same for a traced `source`, in a function that is traced by `checked`."""
    values = source
    if jnp.issubdtype(source.dtype, jnp.complexfloating) and not jnp.issubdtype(target, jnp.complexfloating):
        _reject(name, source, source.imag != 0, target, "take the real part first", remedy)
        values = source.real
    if not jnp.issubdtype(target, jnp.integer):
        kept = values.astype(target)
        lost = (jnp.isfinite(values) != jnp.isfinite(kept)) | (jnp.isnan(values) != jnp.isnan(kept))
        _reject(name, source, lost, target, wider, remedy)
        return
    limits = jnp.iinfo(target)
    low, high = int(limits.min), int(limits.max)
    if jnp.issubdtype(source.dtype, jnp.integer):
        own = jnp.iinfo(source.dtype)  # a limit beyond it cannot be written in this dtype, nor be passed
        outside = (values < low) if own.min < low else jnp.zeros(values.shape, bool)
        _reject(name, source, outside | (values > high) if own.max > high else outside, target, wider, remedy)
        return
    _reject(name, source, ~jnp.isfinite(values), target, "replace it first, with fg.nan_to_num", remedy)
    whole = jnp.trunc(values)
    if not truncate:
        _reject(name, source, values != whole, target, "round it first, or keep a floating dtype", remedy)
    _reject(name, source, (whole < low) | (whole >= float(high + 1)), target, wider, remedy)


def _reject(name: str, source: Any, bad: Any, target: np.dtype[Any], first: str, last: str) -> None:
    required = f"every value must fit in {target.name}"
    claim(ConversionError, name, required, _lost, _Remedy(target, first, last), ~bad, value=source)


def _python(value: Any) -> Any:
    kinds = {"integer": int, "complexfloating": complex, "floating": float}
    return next(make(value) for kind, make in kinds.items() if jnp.issubdtype(value.dtype, getattr(jnp, kind)))


def _lost(value: Any, where: str) -> str:
    return f"got {_python(value)!r}{where}"


@dataclass(frozen=True)
class _Remedy:
    """What to do about a value that `target` does not hold."""

    target: np.dtype[Any]
    first: str
    last: str

    def __call__(self, value: Any, **_: Any) -> str:
        advice = _wider(_python(value), self.target, self.first) if "{}" in self.first else self.first
        return ", or ".join(each for each in (advice, self.last) if each)


def _wider(value: Any, target: np.dtype[Any], ask: str) -> str:
    """The advice to `ask` for a dtype that holds `value`, which `target` does not."""
    if not np.isfinite(value):
        return ask.format("float32")
    if jnp.issubdtype(target, jnp.integer):
        limits = [(n, jnp.iinfo(n)) for n in ("int32", "int64", "uint64")]
        wide = next((n for n, limit in limits if limit.min <= value <= limit.max), None)
    else:
        narrow = abs(value) <= float(jnp.finfo("float32").max)
        wide = "float32" if narrow else "float64"
        wide = {"float32": "complex64", "float64": "complex128"}[wide] if isinstance(value, complex) else wide
    if wide is None:
        return "keep a floating dtype"
    return ask.format(wide) + (f" after {ENABLE_X64}" if wide in NARROW and not x64_enabled() else "")

"""What a checkpoint holds of a pytree: its leaves as NumPy arrays and JSON, and its structure as JSON."""

from __future__ import annotations

import hashlib
import itertools
import math
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import NamedSharding, PartitionSpec

from .._checks import describe, fail, resolve_dtype
from .._convert import from_host, is_torch, kept_dtype
from .._errors import ArgumentError, ArgumentTypeError, DtypeError
from .._types import PyTree

__all__ = [
    "Place",
    "Record",
    "array_of",
    "described",
    "digested",
    "dtype_of",
    "on_host",
    "places",
    "rebuilt",
    "restored",
    "saved_form",
    "skeleton",
    "wanted_form",
]

# Other dtypes (complex, fp8, int4, …) are stored as their bytes: not every safetensors knows them.
_NATIVE = {
    *("bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"),
    *("float16", "bfloat16", "float32", "float64"),
}
_NUMBERS = {bool: "bool", int: "int", float: "float", complex: "complex", str: "str"}

Record = dict[str, Any]


@dataclass
class Place:
    """Where a leaf stands in a tree."""

    identity: str  # the same in every version of JAX, different for every leaf
    name: str  # dotted, as users write it
    leaf: Any


def places(tree: PyTree) -> list[Place]:
    """The leaves of `tree` in order."""
    used = {"__metadata__"}
    found = []
    for keys, leaf in jax.tree_util.tree_leaves_with_path(tree):
        dotted = jax.tree_util.keystr(keys, simple=True, separator=".") or "value"
        name = first = dotted.encode("utf-8", "backslashreplace").decode()
        count = 1
        while name in used:  # {"a.b": x, "a": {"b": y}}
            count += 1
            name = f"{first}~{count}"
        used.add(name)
        found.append(Place("".join(map(_step, keys)), name, leaf))
    return found


def _step(key: Any) -> str:
    if isinstance(key, jax.tree_util.GetAttrKey):
        return f".{key.name}"
    return f"[{_label(key)!r}]"


def _label(key: Any) -> Any:
    """What a key of a path says: a name, an index or the key of a dict."""
    for attribute in ("name", "idx", "key"):
        if hasattr(key, attribute):
            return getattr(key, attribute)
    return str(key)


def skeleton(tree: PyTree) -> Any:
    """The structure of `tree`, the leaves numbered in order; custom nodes become what their children are called."""
    number = itertools.count()

    def of(node: Any) -> Any:
        children = jax.tree_util.tree_flatten_with_path(node, is_leaf=lambda inner: inner is not node)[0]
        if node is None:
            return None
        if len(children) == 1 and not children[0][0]:
            return next(number)
        parts = [[_label(keys[0]), of(child)] for keys, child in children]
        if type(node) in (list, tuple):
            return {type(node).__name__: [part for _, part in parts]}
        if type(node) is dict and all(isinstance(key, str | int) for key, _ in parts):
            return {"dict": parts}
        return {"node": type(node).__name__, "children": [[str(label), part] for label, part in parts]}

    return of(tree)


def rebuilt(structure: Any, leaves: list[Any]) -> PyTree:
    """The tree of a `skeleton`: dicts, lists and tuples as they were, a dict of its children for any other node."""
    if structure is None:
        return None
    if isinstance(structure, int):
        return leaves[structure]
    if "node" in structure:
        return {label: rebuilt(part, leaves) for label, part in structure["children"]}
    ((kind, parts),) = structure.items()
    if kind == "dict":
        return {label: rebuilt(part, leaves) for label, part in parts}
    made = [rebuilt(part, leaves) for part in parts]
    return tuple(made) if kind == "tuple" else made


def on_host(word: str, tree: PyTree) -> tuple[list[Record], dict[str, np.ndarray]]:
    """What the manifest says of each leaf, and the arrays by name on the host; raises for what cannot be stored."""
    made, stored = described(word, tree, whole=True)
    on_device = {name: leaf for name, leaf in stored.items() if isinstance(leaf, jax.Array)}
    hosts = stored | jax.device_get(on_device)  # one transfer: all copies are under way together
    return made, {name: np.asarray(host, order="C") for name, host in hosts.items()}


def digested(records: list[Record], hosts: dict[str, np.ndarray]) -> tuple[list[Record], dict[str, np.ndarray]]:
    """The records with a digest of each array, and the arrays as the file has them."""
    made, arrays = [], {}
    for record in records:
        name = record["name"]
        if name not in hosts:
            made.append(record)
            continue
        host, form = hosts[name], {}
        if host.dtype.name not in _NATIVE:
            form = {"stored": "bytes"}
            host = host.reshape(-1).view(np.uint8)
        arrays[name] = host
        made.append(record | form | {"sha256": _digest(host)})
    return made, arrays


def described(word: str, tree: PyTree, *, whole: bool) -> tuple[list[Record], dict[str, Any]]:
    """What the manifest says of each leaf, and the arrays by name where they are; with `whole`, all in this process."""
    made, stored = [], {}
    for place in places(tree):
        record, array = _described(word, place, whole)
        made.append({"path": place.identity, "name": place.name, **record})
        if array is not None:
            stored[place.name] = array
    return made, stored


def _readable(word: str, name: str, leaf: jax.Array, whole: bool) -> jax.Array:
    if isinstance(leaf, jax.core.Tracer):
        remedy = "call it outside of jit, grad and vmap"
        fail(ArgumentTypeError, word, "leaves must be known", f"got a traced value at {name}", remedy)
    if leaf.is_deleted():
        fail(
            ArgumentError,
            word,
            "every array must be alive",
            f"the memory of {name} was reused by the step that it was given to",
            "save the state which that step returned",
        )
    if whole and not (leaf.is_fully_addressable or leaf.is_fully_replicated):
        fail(
            ArgumentError,
            word,
            "every array must be whole in this process",
            f"got {name}, of which other processes hold parts",
            "save it with fg.train.ShardedCheckpoints, or gather it first with par.gather(tree)",
        )
    return jax.random.key_data(leaf) if _is_key(leaf) else leaf


def _is_key(leaf: Any) -> bool:
    return jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)


def _described(word: str, place: Place, whole: bool) -> tuple[Record, Any]:
    leaf = place.leaf
    array: Any
    if type(leaf) in _NUMBERS:
        return {"kind": _NUMBERS[type(leaf)], "value": _as_json(leaf)}, None
    if isinstance(leaf, jax.Array):
        array = _readable(word, place.name, leaf, whole)
        record: Record = {"kind": "array"}
        if _is_key(leaf):
            impl = jax.random.key_impl(leaf)
            if not isinstance(impl, str):
                remedy = "make the key with a named implementation, for example fg.key(0)"
                fail(ArgumentTypeError, word, "keys must have a named implementation", f"got {impl}", remedy)
            record = {"kind": "key", "impl": impl, "keys": list(leaf.shape)}
        elif leaf.weak_type:
            record["weak"] = True
    elif isinstance(leaf, np.ndarray | np.generic) or is_torch(leaf):
        host = np.asarray(leaf) if not is_torch(leaf) else np.asarray(from_host(word, leaf))
        array = host.astype(host.dtype.newbyteorder("="), copy=False)
        record = {"kind": "scalar" if isinstance(leaf, np.generic) else "numpy"}
    else:
        fail(
            ArgumentTypeError,
            word,
            "leaves must be arrays, numbers, text or None",
            f"got {describe(leaf)} at {place.name}",
            "leave it out of the tree: code is not stored, and nothing is pickled",
        )
    dtype = array.dtype
    if dtype.kind not in "biufcV" or dtype.names or (dtype.kind == "V" and not _extended(dtype)):
        given, remedy = f"got {dtype} at {place.name}", "convert it to numbers first, or leave it out"
        fail(DtypeError, word, "arrays must hold numbers or truth values", given, remedy)
    return record | {"dtype": dtype.name, "shape": list(array.shape)}, array


def _extended(dtype: np.dtype[Any]) -> bool:
    return hasattr(jnp, dtype.name)


def _digest(array: np.ndarray) -> str:
    """SHA-256 of the bytes of a contiguous array."""
    return hashlib.sha256(array.reshape(-1).view(np.uint8).data if array.size else b"").hexdigest()


def array_of(record: Record, stored: np.ndarray) -> np.ndarray | None:
    """The array that was saved, from the one in the file; None where that is not the same."""
    dtype = dtype_of(record)
    shape = tuple(record["shape"])
    expected = (np.dtype(np.uint8), (math.prod(shape) * dtype.itemsize,)) if "stored" in record else (dtype, shape)
    if (stored.dtype, stored.shape) != expected or _digest(stored) != record["sha256"]:
        return None
    return stored.view(dtype).reshape(shape) if "stored" in record else stored


def _as_json(value: Any) -> Any:
    if isinstance(value, complex):
        return [value.real.hex(), value.imag.hex()]
    if isinstance(value, int) and abs(value) >= 2**53:  # more than other readers of JSON keep
        return hex(value)
    return value.hex() if isinstance(value, float) else value


def _from_json(kind: str, value: Any) -> Any:
    if kind == "complex":
        return complex(*map(float.fromhex, value))
    if kind == "int" and isinstance(value, str):
        return int(value, 16)
    return float.fromhex(value) if kind == "float" else value


def dtype_of(record: Record) -> np.dtype[Any]:
    """The dtype that was saved."""
    return np.dtype(getattr(jnp, record["dtype"], record["dtype"]))


def _key_dtype(impl: str) -> Any:
    return jax.eval_shape(lambda: jax.random.key(0, impl=impl)).dtype


def saved_form(record: Record) -> str:
    """How a message names a leaf of a checkpoint."""
    if record["kind"] == "key":
        return f"{_key_dtype(record['impl'])} of shape {tuple(record['keys'])}"
    if "dtype" not in record:
        return f"Python {record['kind']}"
    return f"{record['dtype']} of shape {tuple(record['shape'])}"


def wanted_form(leaf: Any) -> str:
    """The same of a leaf of the tree that a checkpoint is to fit."""
    if type(leaf) in _NUMBERS:
        return f"Python {_NUMBERS[type(leaf)]}"
    if hasattr(leaf, "dtype") and hasattr(leaf, "shape"):
        return f"{leaf.dtype} of shape {tuple(leaf.shape)}"
    return describe(leaf)


def restored(word: str, record: Record, array: np.ndarray | None, like: Any = None) -> Any:
    """The leaf that was saved, of the kind that `like` is and where it is; otherwise as it was saved."""
    if array is None:
        return _from_json(record["kind"], record["value"])
    if isinstance(like, np.generic) or (like is None and record["kind"] == "scalar"):
        return array[()]
    if isinstance(like, np.ndarray) or (like is None and record["kind"] == "numpy"):
        return array
    if kept_dtype(array.dtype) != array.dtype:
        resolve_dtype(word, array.dtype)  # says that it needs 64-bit mode
    if record["kind"] == "key":
        place = _place(like)
        if isinstance(place, NamedSharding) and not place.is_fully_addressable:
            everywhere = NamedSharding(place.mesh, PartitionSpec())
            return jax.random.wrap_key_data(_placed(array, everywhere), impl=record["impl"])
        keys = jax.random.wrap_key_data(jax.device_put(array), impl=record["impl"])
        return keys if place is None else jax.device_put(keys, place)
    return _placed(_weak(array) if "weak" in record else array, _place(like))


def _place(like: Any) -> jax.sharding.Sharding | None:
    """Where an array goes; None where `like` leaves that to JAX, so that it can still follow others to any device."""
    sharding = getattr(like, "sharding", None)
    if isinstance(like, jax.Array) and not like.committed:
        return None
    return sharding


def _placed(array: Any, place: jax.sharding.Sharding | None) -> jax.Array:
    if isinstance(array, jax.Array) and array.sharding == place:
        return array
    if place is None or place.is_fully_addressable:
        return jax.device_put(array, place)
    return jax.make_array_from_callback(array.shape, place, lambda part: array[part])


def _weak(array: np.ndarray) -> jax.Array:
    """`array` with a dtype that gives way to others, as numbers of Python have."""
    kinds: dict[str, Any] = {"i": 0, "f": 0.0, "c": 0j}
    made = jnp.full(array.shape, kinds[array.dtype.kind]).at[...].set(array)
    return made if made.dtype == array.dtype else jax.device_put(array)

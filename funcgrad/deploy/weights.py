"""Weights under the names that torch gives them, and in files that other programs read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from .._checks import describe, fail
from .._convert import from_host, is_torch
from .._errors import ArgumentError, ArgumentTypeError, DtypeError, ShapeError
from .._files import write_whole
from .._plain import plain
from .._types import PyTree

__all__ = ["from_state_dict", "load_weights", "save_weights", "to_state_dict"]

# What every reader of the format knows.
_DTYPES = {
    *("bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"),
    *("float16", "bfloat16", "float32", "float64"),
}


@plain
def to_state_dict(params: PyTree) -> dict[str, Any]:
    """The arrays of `params` in one dict, each under its path: ``"layers.0.weight"``, as torch's modules name theirs.

    Nothing is transposed: ``fg.nn.linear`` keeps weights as torch does, (out, in), and so do the convolutions.

    Args:
        params: dicts, lists, tuples and dataclasses of arrays, inside each other. None is left out.

    Returns:
        A dict, in the order of the leaves; the values are the leaves themselves.

    Raises:
        ArgumentError: a name has a dot in it or is empty, or two leaves have one name.
        ArgumentTypeError: a leaf is not an array, or a key of a dict is neither text nor a number.

    >>> params = {"layers": [{"weight": fg.ones(3, 2)}, {"weight": fg.ones(1, 3)}]}
    >>> {name: w.shape for name, w in fg.to_state_dict(params).items()}
    {'layers.0.weight': (3, 2), 'layers.1.weight': (1, 3)}

    Source: ``torch.nn.Module.state_dict``.
    """
    return _named("to_state_dict", params)


@plain
def from_state_dict(state: Mapping[str, Any], like: PyTree = None) -> PyTree:
    """What ``to_state_dict`` took apart, or a torch module's ``state_dict()``, as a pytree of arrays.

    Args:
        state: arrays under dotted names; NumPy, JAX or torch.
        like: parameters of the structure wanted. Each array takes the dtype of the one in its place, and must have its
            shape. Without it, the parts of the names become nested dicts, and 0, 1, 2, … without a gap become a list.

    Returns:
        Parameters, in arrays of their own.

    Raises:
        ArgumentError: `like` has other names, or one name is the beginning of another.
        ShapeError: an array has another shape than the one in `like`.

    >>> state = {"layers.0.weight": np.ones((3, 2)), "layers.1.weight": np.ones((1, 3))}
    >>> fg.from_state_dict(state)["layers"][1]["weight"].shape
    (1, 3)

    Source: ``torch.nn.Module.load_state_dict``.
    """
    return _rebuilt("from_state_dict", state, like)


@plain
def save_weights(path: str | Path, params: PyTree) -> Path:
    """Write parameters to a safetensors file under the names of ``to_state_dict``, for torch and other programs.

    ``model.load_state_dict(safetensors.torch.load_file(path))`` reads it in torch. The file appears whole or not at
    all. A state of training has more to it: ``fg.train.save`` keeps that.

    Args:
        path: where; usually ``"….safetensors"``.
        params: as for ``to_state_dict``; integers, truth values, bfloat16 and float16 to float64.

    Returns:
        The path.

    Raises:
        ArgumentError: the file cannot be written; or as ``to_state_dict``.
        DtypeError: an array is complex, or of another dtype that the format does not have.

    >>> import tempfile
    >>> path = fg.save_weights(tempfile.mkdtemp() + "/model.safetensors", {"fc": {"bias": fg.ones(2)}})
    >>> fg.load_weights(path)
    {'fc': {'bias': Array([1., 1.], dtype=float32)}}

    Source: ``torch.save(model.state_dict(), path)``; the safetensors format.
    """
    word, place = "save_weights", Path(path)
    arrays = {name: _on_host(word, name, leaf) for name, leaf in _named(word, params).items()}
    try:
        write_whole(place, lambda file: save_file(arrays, file, {"format": "pt"}))  # what transformers looks for
    except OSError as error:
        given = f"got {str(place)!r} ({error.strerror or type(error).__name__})"
        fail(ArgumentError, word, "path must be a file that can be written", given, "choose another folder")
    except SafetensorError as error:
        given = f"got {str(place)!r} ({error})"
        fail(ArgumentError, word, "path must be a file that can be written", given, "choose another folder")
    return place


@plain
def load_weights(path: str | Path, like: PyTree = None) -> PyTree:
    """The parameters in a safetensors file, whoever wrote it.

    Args:
        path: the file.
        like: as for ``from_state_dict``.

    Returns:
        Parameters.

    Raises:
        ArgumentError: there is no such file, or it is not a safetensors file; or as ``from_state_dict``.
        ShapeError: as ``from_state_dict``.

    >>> import tempfile
    >>> path = fg.save_weights(tempfile.mkdtemp() + "/model.safetensors", {"0": {"weight": fg.eye(2)}})
    >>> fg.load_weights(path, like={"0": {"weight": fg.zeros(2, 2)}})["0"]["weight"].shape
    (2, 2)

    Source: ``safetensors.torch.load_file``.
    """
    word = "load_weights"
    try:
        with safe_open(path, "np") as file:
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
    except (OSError, SafetensorError, AttributeError) as error:  # the last where NumPy has no such dtype
        reason = "there is none" if isinstance(error, FileNotFoundError) else str(error).splitlines()[0]
        given = f"got {str(path)!r} ({reason})"
        fail(ArgumentError, word, "path must be a safetensors file", given, "correct the path")
    return _rebuilt(word, state, like)


def _named(word: str, params: PyTree) -> dict[str, Any]:
    """The leaves under their dotted names."""
    found: dict[str, Any] = {}
    for keys, leaf in jax.tree_util.tree_leaves_with_path(params):
        if not isinstance(leaf, jax.Array | np.ndarray | np.generic | bool | int | float | complex):
            given = f"got {describe(leaf)} at params{jax.tree_util.keystr(keys)}"
            fail(ArgumentTypeError, word, "params must be a pytree of arrays", given, "leave out what is no number")
        parts = [_part(word, key) for key in keys]
        name = ".".join(parts)
        if not parts or not all(parts) or any("." in part for part in parts):
            given = f"got {jax.tree_util.keystr(keys) or 'an array without a name'}"
            remedy = "call it otherwise: a dot divides the parts of a name"
            fail(ArgumentError, word, "every array must have a name without dots", given, remedy)
        if name in found:
            given = f"got {name!r} twice"
            fail(ArgumentError, word, "every array must have a name of its own", given, "call one of them otherwise")
        found[name] = leaf
    return found


def _part(word: str, key: Any) -> str:
    for attribute in ("key", "idx", "name"):  # of dicts and custom nodes, of sequences, of dataclasses
        value = getattr(key, attribute, None)
        if isinstance(value, str | int) and not isinstance(value, bool):
            return str(value)
    given = f"got {getattr(key, 'key', key)!r}"
    fail(ArgumentTypeError, word, "keys must be text or whole numbers", given, "call it otherwise")


def _rebuilt(word: str, state: Any, like: PyTree) -> PyTree:
    if not isinstance(state, Mapping):
        given = f"got {describe(state)}"
        fail(ArgumentTypeError, word, "state must be a dict of arrays by name", given, "pass model.state_dict()")
    if like is None:
        return _nested(word, {name: _array(word, name, value) for name, value in state.items()})
    wanted = _named(word, like)
    missing = [name for name in wanted if name not in state]
    unknown = [name for name in state if name not in wanted]
    if missing or unknown:
        parts = [f"{does} {_some(names)}" for does, names in (("lacks", missing), ("also has", unknown)) if names]
        remedy = "rename them: state is a dict, so {new[name]: x for name, x in state.items()} does it"
        fail(ArgumentError, word, "the names must be those of like", f"what was given {' and '.join(parts)}", remedy)
    leaves = [_fitting(word, name, state[name], leaf) for name, leaf in wanted.items()]
    return jax.tree.unflatten(jax.tree.structure(like), leaves)


def _fitting(word: str, name: str, value: Any, leaf: Any) -> jax.Array:
    if tuple(value.shape) != np.shape(leaf):
        given = f"got {tuple(value.shape)} for {name!r}, which has {np.shape(leaf)}"
        fail(ShapeError, word, "shapes must be those of like", given, "transpose it yourself; nothing is guessed here")
    return _array(word, name, value, jnp.result_type(leaf))


def _array(word: str, name: str, value: Any, dtype: Any = None) -> jax.Array:
    if isinstance(value, jax.Array):
        return value if dtype is None or value.dtype == dtype else value.astype(dtype)
    if isinstance(value, np.ndarray | np.generic | bool | int | float | complex) or is_torch(value):
        return from_host(word, value, dtype)
    given, remedy = f"got {describe(value)} under {name!r}", "leave out what is no number"
    fail(ArgumentTypeError, word, "state must be a dict of arrays by name", given, remedy)


def _nested(word: str, flat: Mapping[str, Any]) -> Any:
    """Dicts of dicts by the parts of the names, lists where the parts are 0, 1, 2, …."""
    root: dict[str, Any] = {}
    for name, value in flat.items():
        *parts, last = name.split(".")
        node = root
        for part in parts:
            node = node.setdefault(part, {})
            if not isinstance(node, dict):
                break
        if not isinstance(node, dict) or last in node:
            given = f"got {name!r} beside another"
            fail(ArgumentError, word, "no name may be the beginning of another", given, "rename one of them")
        node[last] = value
    return _listed(root)


def _listed(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    inside = {name: _listed(child) for name, child in node.items()}
    places = [str(i) for i in range(len(inside))]
    return [inside[place] for place in places] if inside and inside.keys() == set(places) else inside


def _on_host(word: str, name: str, leaf: Any) -> np.ndarray:
    dtype = jnp.result_type(leaf)
    if str(dtype) not in _DTYPES:
        given = f"got {describe(leaf)} under {name!r}"
        required = "weights must be real numbers of 8 to 64 bits, or bfloat16"
        fail(DtypeError, word, required, given, "leave it out or convert it")
    if isinstance(leaf, jax.Array) and not (leaf.is_fully_addressable or leaf.is_fully_replicated):
        given, remedy = f"those of {name!r} are spread over several", "pass par.gather(params)"
        fail(ArgumentError, word, "this process must hold all weights", given, remedy)
    return np.ascontiguousarray(np.asarray(leaf).astype(dtype, copy=False)).reshape(np.shape(leaf))


def _some(names: list[str]) -> str:
    more = len(names) - 4
    return ", ".join(names[:4]) + (f" and {more} more" if more > 0 else "")

"""Saving and restoring: any pytree in one file, which is whole or an error."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .._checks import describe, fail
from .._errors import ArgumentTypeError
from .._plain import plain
from .._types import PyTree
from . import _checkpoint_file as files
from ._checkpoint_tree import load_with_manifest, save_with

__all__ = ["load", "read_manifest", "save"]


@plain
def save(path: str | Path, tree: PyTree, *, metadata: Mapping[str, Any] | None = None) -> Path:
    """Save a pytree in one file, which appears whole or not at all.

    The file is in the safetensors format, with the structure, the versions of funcgrad, JAX, NumPy, optax and Python,
    and a SHA-256 of every array in its header. An array is called by its path in the tree (``"layer.weight"``), so
    that other programs can read it. Nothing is pickled. A file that was there is replaced in one instant: whatever
    ends the process, there is either the old one or the new one.

    Args:
        path: where; usually ``"….safetensors"``. The folder must be there.
        tree: any pytree of arrays of any dtype, on any devices; random keys, NumPy arrays, Python numbers, text and
            None. A ``TrainState`` is one.
        metadata: what else to keep: a dict of text, numbers, lists and dicts.

    Returns:
        The path.

    Raises:
        ArgumentTypeError: a leaf is something else, a function for example.
        ArgumentError: an array was donated to an earlier step, or `metadata` is no JSON.
        CheckpointError: the file could not be written; what was there before is unchanged.

    >>> import tempfile
    >>> name = tempfile.mkdtemp() + "/model.safetensors"
    >>> fg.train.save(name, {"w": fg.ones(2, dtype="bfloat16"), "key": fg.key(0), "rate": 0.1}).name
    'model.safetensors'
    >>> fg.train.load(name)["w"]
    Array([1, 1], dtype=bfloat16)

    Source: ``torch.save``; the safetensors format.
    """
    return save_with("save", _path("save", path), tree, {"metadata": _metadata("save", metadata)})


@plain
def load(path: str | Path, like: PyTree = None) -> PyTree:
    """The pytree in a file of ``save``, every bit as it was.

    Args:
        path: the file.
        like: a tree of the same structure, as ``fg.train.init`` makes it, or of ``jax.ShapeDtypeStruct``. The result
            has its types, and each array is put where the one in `like` is, on any number of devices. Without it, named
            tuples and other classes come back as dicts of their fields, and arrays go to the default device.

    Returns:
        The tree.

    Raises:
        CheckpointError: there is no such file, or it is torn, corrupt, or not a checkpoint.
        ArgumentError: `like` has other leaves: the message names those that are missing, extra or different.

    >>> import optax, tempfile
    >>> name = tempfile.mkdtemp() + "/state.safetensors"
    >>> state = fg.train.init({"w": fg.ones(2)}, optax.adam(1e-3))
    >>> _ = fg.train.save(name, state)
    >>> fg.train.load(name, like=state).params
    {'w': Array([1., 1.], dtype=float32)}
    >>> fg.train.load(name)["opt_state"][0]["mu"]
    {'w': Array([0., 0.], dtype=float32)}

    Source: ``torch.load(path, weights_only=True)``.
    """
    return load_with_manifest("load", _path("load", path), like)[0]


@plain
def read_manifest(path: str | Path) -> dict[str, Any]:
    """What a checkpoint says of itself; its arrays are not read.

    Args:
        path: a file of ``save`` or ``Checkpoints``.

    Returns:
        A dict with ``"versions"``, ``"metadata"``, ``"leaves"`` (a dict with name, dtype and shape for each) and
        ``"tree"``; and ``"step"``, ``"data"`` and ``"metrics"`` if ``Checkpoints`` wrote it.

    Raises:
        CheckpointError: there is no such file, its header is corrupt, or it is not a checkpoint.

    >>> import tempfile
    >>> name = tempfile.mkdtemp() + "/model.safetensors"
    >>> _ = fg.train.save(name, {"w": fg.ones(2)}, metadata={"note": "first"})
    >>> fg.train.read_manifest(name)["metadata"]
    {'note': 'first'}

    Source: ``safetensors.safe_open(path).metadata()``.
    """
    return files.read_manifest("read_manifest", _path("read_manifest", path))


def _path(word: str, given: str | Path) -> Path:
    path: Any = given
    if not isinstance(path, str | Path):
        remedy = "write for example 'runs/model.safetensors'"
        fail(ArgumentTypeError, word, "path must be a path", f"got {describe(path)}", remedy)
    return Path(path)


def _metadata(word: str, given: Mapping[str, Any] | None) -> dict[str, Any]:
    if given is None:
        return {}
    files.require_json(word, "metadata", given)
    return dict(given)

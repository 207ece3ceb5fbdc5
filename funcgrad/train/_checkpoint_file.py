"""One checkpoint on disk: a safetensors file with a manifest in its header, written whole or not at all.

Everything in it is checked when it is read: the manifest holds a digest of each array, and one of itself stands
beside it. So a file that was cut, changed or written by somebody else is an error and never an array.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn

import jax
import numpy as np
import optax
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from .._checks import fail
from .._errors import ArgumentError, CheckpointError, FuncgradError
from .._files import write_whole
from ._leaves import array_of

__all__ = [
    "FORMAT",
    "brief",
    "read",
    "read_manifest",
    "refuse",
    "require_json",
    "sealed",
    "unsealed",
    "verify",
    "versions",
    "write",
]

FORMAT = 1
_FIELD = "funcgrad"  # of the header's metadata


def write(word: str, path: Path, manifest: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
    """Make the file at `path` appear, whole; an older one there is replaced in the same instant."""
    if not path.parent.is_dir():
        required, given = "the folder must be there", f"there is no {str(path.parent)!r}"
        fail(ArgumentError, word, required, given, "make it with pathlib.Path(folder).mkdir(parents=True)")
    if path.is_dir():
        fail(ArgumentError, word, "path must be a file", f"got the folder {str(path)!r}", "name a file in it")
    text = sealed(manifest)
    try:
        write_whole(path, lambda file: save_file(arrays, file, {_FIELD: text}))
    except (OSError, SafetensorError) as error:
        remedy = "free some space, or choose another folder; what was there before is unchanged"
        fail(CheckpointError, word, "the file must be written", f"got {brief(error)!r} for {str(path)!r}", remedy)


def read_manifest(word: str, path: Path) -> dict[str, Any]:
    """The manifest of a checkpoint; its arrays are not looked at."""
    with _opened(word, path) as file:
        return _manifest(word, path, file)


def read(word: str, path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The manifest of a checkpoint and its arrays as they were saved, each with a memory of its own."""
    with _opened(word, path) as file:
        manifest = _manifest(word, path, file)
        return manifest, dict(_arrays(word, path, file, manifest))


def verify(word: str, path: Path) -> dict[str, Any]:
    """The manifest of a checkpoint, of which every byte was looked at."""
    with _opened(word, path) as file:
        manifest = _manifest(word, path, file)
        for _ in _arrays(word, path, file, manifest):
            pass
        return manifest


def _arrays(word: str, path: Path, file: Any, manifest: dict[str, Any]) -> Iterator[tuple[str, np.ndarray]]:
    stored = {record["name"]: record for record in manifest["leaves"] if "sha256" in record}
    if stored.keys() != set(file.keys()):
        refuse(word, path, "its arrays are not those of its manifest")
    for name, record in stored.items():
        array = array_of(record, file.get_tensor(name))
        if array is None:
            refuse(word, path, f"the bytes of {name} are not those that were saved")
        yield name, array


@contextlib.contextmanager
def _opened(word: str, path: Path) -> Iterator[Any]:
    try:
        with safe_open(path, "np") as file:
            yield file
    except FuncgradError:
        raise
    except (FileNotFoundError, NotADirectoryError):
        fail(CheckpointError, word, "path must be a checkpoint", f"there is no {str(path)!r}", "correct the path")
    except (OSError, SafetensorError, AttributeError, ValueError, TypeError, KeyError) as error:
        refuse(word, path, brief(error))


def _manifest(word: str, path: Path, file: Any) -> dict[str, Any]:
    text = (file.metadata() or {}).get(_FIELD)
    if text is None:
        fail(
            CheckpointError,
            word,
            "path must be a checkpoint that fg.train.save wrote",
            f"got {str(path)!r}, a safetensors file without its manifest",
            "read it with fg.load_weights",
        )
    return unsealed(word, path, text)


def sealed(manifest: dict[str, Any]) -> str:
    """A manifest as text, with a digest that tells whether it was changed."""
    return json.dumps({"sha256": _digest(manifest), "manifest": manifest})


def unsealed(word: str, path: Path, text: str) -> dict[str, Any]:
    """The manifest in a text of `sealed`."""
    try:
        found = json.loads(text)
        manifest: dict[str, Any] = found["manifest"]
        whole = found["sha256"] == _digest(manifest)
    except (ValueError, KeyError, TypeError, RecursionError):
        whole = False
    if not whole:
        refuse(word, path, "its manifest is not the one that was written")
    if manifest["format"] > FORMAT:
        made = f"it was written by funcgrad {manifest['versions']['funcgrad']}"
        required, given = f"path must have format {FORMAT} or older", f"{made} in format {manifest['format']}"
        fail(CheckpointError, word, required, given, "install that version")
    return manifest


def refuse(word: str, path: Path, reason: str) -> NoReturn:
    """Raise the error of a file that is torn or corrupt."""
    remedy = "use another checkpoint; fg.train.Checkpoints keeps several and falls back to the last whole one"
    fail(CheckpointError, word, "the checkpoint must be whole", f"{str(path)!r} is not: {reason}", remedy)


def brief(error: Exception) -> str:
    """An error of a library in one line."""
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return text.splitlines()[0] if text else type(error).__name__


def _digest(manifest: Any) -> str:
    return hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()


def versions() -> dict[str, str]:
    """What wrote a checkpoint."""
    from .. import __version__

    python = ".".join(map(str, sys.version_info[:3]))
    return {
        "funcgrad": __version__,
        "jax": jax.__version__,
        "numpy": np.__version__,
        "optax": optax.__version__,
        "python": python,
    }


def require_json(word: str, argument: str, value: Any) -> None:
    """Raise unless `value` comes back from JSON as it went in: a tuple would be a list, an int key a str."""
    try:
        same = isinstance(value, Mapping) and _same(json.loads(json.dumps(value, allow_nan=False)), value)
    except (TypeError, ValueError, RecursionError):
        same = False
    if not same:
        fail(
            ArgumentError,
            word,
            f"{argument} must be a dict of text, numbers, None, lists and dicts by text",
            "got what JSON would change or refuse",
            "convert it, for example with float(x) or list(x)",
        )


def _same(read: Any, given: Any) -> bool:
    if isinstance(given, Mapping):
        return isinstance(read, dict) and read.keys() == given.keys() and all(_same(read[k], given[k]) for k in given)
    if isinstance(given, list):
        return len(read) == len(given) and all(map(_same, read, given))
    return type(read) is type(given) and bool(read == given)

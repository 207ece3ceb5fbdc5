"""A pytree in one checkpoint, and back into a tree that it must fit."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np

from .._checks import fail
from .._errors import ArgumentError
from .._types import PyTree
from . import _checkpoint_file as files
from ._leaves import Record, digested, on_host, places, rebuilt, restored, saved_form, skeleton, wanted_form

__all__ = ["load_with_manifest", "manifest_of", "require_fit", "save_hosts", "save_with", "tree_of"]

_SHOWN = 4  # leaves of one kind that a message names


def save_with(word: str, path: Path, tree: PyTree, more: dict[str, Any]) -> Path:
    """Save `tree`, and `more` in the manifest."""
    leaves, hosts = on_host(word, tree)
    save_hosts(word, path, skeleton(tree), leaves, hosts, more)
    return path


def save_hosts(
    word: str, path: Path, tree: Any, leaves: list[Record], hosts: dict[str, np.ndarray], more: dict[str, Any]
) -> None:
    """Save what `on_host` gave of a tree with this `skeleton`."""
    records, arrays = digested(leaves, hosts)
    files.write(word, path, manifest_of(tree, records, more), arrays)


def manifest_of(tree: Any, leaves: list[Record], more: dict[str, Any]) -> dict[str, Any]:
    """What a checkpoint says of itself."""
    return {
        "format": files.FORMAT,
        "versions": files.versions(),
        **more,
        "tree": tree,
        "leaves": leaves,
    }


def load_with_manifest(word: str, path: Path, like: PyTree) -> tuple[PyTree, dict[str, Any]]:
    """What `load` returns, and the manifest."""
    manifest, arrays = files.read(word, path)
    if like is not None:
        require_fit(word, path, manifest["leaves"], like)
    return tree_of(word, manifest, arrays, like), manifest


def tree_of(word: str, manifest: dict[str, Any], arrays: Mapping[str, Any], like: PyTree) -> PyTree:
    """The tree that a manifest describes, made of these arrays, each of the kind that `like` has in its place."""
    saved = manifest["leaves"]
    if like is None:
        leaves = [restored(word, record, arrays.get(record["name"])) for record in saved]
        return rebuilt(manifest["tree"], leaves)
    by_path = {record["path"]: record for record in saved}
    chosen = [(by_path[place.identity], place.leaf) for place in places(like)]
    leaves = [restored(word, record, arrays.get(record["name"]), leaf) for record, leaf in chosen]
    return jax.tree.unflatten(jax.tree.structure(like), leaves)


def require_fit(word: str, path: Path, saved: list[Record], like: PyTree) -> None:
    """Raise unless `like` has the leaves that were saved; the message names those that differ."""
    wanted = {place.identity: place for place in places(like)}
    there = {record["path"]: record for record in saved}
    lacking = [f"{p.name} ({wanted_form(p.leaf)})" for i, p in wanted.items() if i not in there]
    besides = [f"{r['name']} ({saved_form(r)})" for i, r in there.items() if i not in wanted]
    other = [
        f"{place.name} as {saved_form(there[i])} instead of {wanted_form(place.leaf)}"
        for i, place in wanted.items()
        if i in there and saved_form(there[i]) != wanted_form(place.leaf)
    ]
    parts = [
        f"{does} {_some(names)}" for does, names in (("lacks", lacking), ("has", other), ("also has", besides)) if names
    ]
    if parts:
        fail(
            ArgumentError,
            word,
            "like must have the leaves of the checkpoint",
            f"{path.name!r} {', '.join(parts[:-1])}{' and ' if parts[:-1] else ''}{parts[-1]}",
            "pass a tree made as the one that was saved, or load without like and take what fits",
        )


def _some(names: list[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")

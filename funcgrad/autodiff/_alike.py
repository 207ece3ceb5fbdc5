"""The check that two trees are alike: what a loop, a choice or a loss returns must be like what it got."""

from __future__ import annotations

from typing import Any

import jax

from .._checks import fail
from .._errors import ArgumentTypeError, DtypeError, ShapeError

__all__ = ["require_alike"]


def require_alike(name: str, required: str, first: Any, second: Any, owners: tuple[str, str]) -> None:
    """Raise unless two results have one structure, and one shape and dtype at each leaf."""
    trees = [jax.tree.structure(tree) for tree in (first, second)]
    if trees[0] != trees[1]:  # type: ignore[operator]
        given = " and ".join(f"{_outline(tree)} of {owner}" for tree, owner in zip(trees, owners, strict=True))
        fail(ArgumentTypeError, name, f"{required} the same structure", f"got {given}", "correct one of them")
    for (path, a), b in zip(jax.tree_util.tree_leaves_with_path(first), jax.tree.leaves(second), strict=True):
        at = f" at {jax.tree_util.keystr(path)}" if path else ""
        for kind, aspect, one, other in (
            (ShapeError, "shapes", a.shape, b.shape),
            (DtypeError, "dtypes", a.dtype, b.dtype),
        ):
            if one != other:
                given = f"got {one} of {owners[0]} and {other} of {owners[1]}{at}"
                fail(kind, name, f"{required} the same {aspect}", given, "correct one of them")


def _outline(tree: Any) -> str:
    return str(tree).removeprefix("PyTreeDef(").removesuffix(")")

"""What a call differentiates: arguments chosen by number, name or dotted path, and the floating leaves in them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from .._checks import default_float, describe, fail
from .._claims import settled
from .._convert import from_host, is_torch
from .._errors import ArgumentError, ArgumentTypeError, DtypeError
from .._types import PyTree
from ._paths import dotted, joined, path_pattern, some
from ._positions import Call, Place
from ._probing import matching_probes, moved, probes_of

__all__ = [
    "Argnames",
    "Argnums",
    "Choice",
    "Selection",
    "as_array",
    "choose",
    "flatten",
    "inexact_dtype",
    "require_callable",
    "select",
]

Argnums: TypeAlias = int | Sequence[int] | None
Argnames: TypeAlias = str | Sequence[str] | None


def flatten(tree: PyTree) -> tuple[list[Any], Any]:
    """Leaves and structure, where None is a leaf: a place that holds nothing now, and no gradient later."""
    return jax.tree.flatten(tree, is_leaf=lambda node: node is None)


def inexact_dtype(leaf: Any) -> np.dtype[Any] | None:
    """The dtype of a leaf that can be differentiated, floating or complex; None for every other leaf."""
    if isinstance(leaf, float | complex) or (
        isinstance(leaf, jax.Array | np.ndarray | np.generic) and jnp.issubdtype(leaf.dtype, jnp.inexact)
    ):
        return jnp.result_type(leaf)
    return None


def require_callable(name: str, func: Any) -> None:
    """Raise unless `func` can be called."""
    if not callable(func):
        fail(
            ArgumentTypeError,
            name,
            "func must be a function",
            f"got {describe(func)}",
            f"pass the function itself and call what comes back, as in fg.{name}(f)(x)",
        )


@dataclass(frozen=True)
class Selection:
    """Which arguments a word was asked to differentiate, checked as far as that goes before any call."""

    name: str
    targets: tuple[int | str, ...]
    several: bool


def select(name: str, argnums: Argnums, argnames: Argnames, default: Argnums = 0) -> Selection:
    """The selection that `argnums` or `argnames` stand for; `default` where neither is given."""
    if argnums is not None and argnames is not None:
        fail(
            ArgumentError,
            name,
            "argnums and argnames are two ways to say one thing",
            "got both",
            "pass one of them",
        )
    argument, kind, given = ("argnums", "an int", argnums) if argnames is None else ("argnames", "a str", argnames)
    if given is None:
        given = default
    several = isinstance(given, list | tuple)
    targets = tuple(given) if isinstance(given, list | tuple) else (given,)
    for target in targets:
        wrong = not hasattr(target, "__index__") or isinstance(target, bool)
        if wrong if argnames is None else not isinstance(target, str):
            fail(
                ArgumentTypeError,
                name,
                f"{argument} must be {kind} or a sequence of them",
                f"got {describe(target)}",
                f"write for example {argument}={'0' if argnames is None else repr('x')}",
            )
    if not targets:
        fail(ArgumentError, name, f"{argument} must select something", "got an empty sequence", "select an argument")
    return Selection(name, targets, several)


class _Argument:
    """One argument of a call that is differentiated, at least in part."""

    def __init__(self, value: Any, label: str):
        self.value = value
        self.label = label
        pairs, self.tree = jax.tree_util.tree_flatten_with_path(value, is_leaf=lambda node: node is None)
        self.keys = [keys for keys, _ in pairs]
        self.leaves = [leaf for _, leaf in pairs]

    def path(self, keys: tuple[Any, ...]) -> str:
        """How a selection names the part that `keys` lead to."""
        return joined(self.label, dotted(keys))

    def whole(self) -> tuple[Any, list[int | None]]:
        return self.tree, list(range(len(self.leaves)))

    def part(self, name: str, path: str) -> tuple[Any, list[int | None]]:
        """The subtree at an exact path: its structure, and which of the leaves are its."""
        found = _descend(self.value, path, ())
        if isinstance(found, tuple):
            node, keys = found
            inside: list[int | None] = [i for i, own in enumerate(self.keys) if own[: len(keys)] == keys]
            return flatten(node)[1], inside
        there = [joined(self.label, word) for word in found] or [self.label]
        _unknown_part(name, self.label, joined(self.label, path), there)

    def matching(self, name: str, pattern: str) -> tuple[Any, list[int | None]]:
        """The whole structure, and the leaves whose path, or a node above them, fits the pattern."""
        fits = path_pattern(pattern)
        chosen = [i if fits(keys) else None for i, keys in enumerate(self.keys)]
        if all(i is None for i in chosen):
            _unknown_part(name, self.label, joined(self.label, pattern), [self.path(keys) for keys in self.keys])
        return self.tree, chosen


def _children(node: Any) -> list[tuple[tuple[Any, ...], Any]]:
    found = jax.tree_util.tree_flatten_with_path(node, is_leaf=lambda inner: inner is not node)[0]
    return [(keys, child) for keys, child in found if keys]


def _descend(node: Any, path: str, above: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...]] | list[str]:
    """The node at `path` and the keys that lead to it, or the paths there are where the trail was lost."""
    nearest = [dotted((*above, *keys)) for keys, _ in _children(node)]
    for keys, child in _children(node):
        word = dotted(keys)  # which may hold dots itself, as the keys of a flat state dict do
        if path == word:
            return child, (*above, *keys)
        if path.startswith(word + "."):
            found = _descend(child, path[len(word) + 1 :], (*above, *keys))
            if isinstance(found, tuple):
                return found
            nearest = found or nearest
    return nearest


def _unknown_part(name: str, label: str, given: str, there: Sequence[str]) -> NoReturn:
    fail(
        ArgumentError,
        name,
        f"argnames must name a part of argument '{label}'",
        f"got '{given}'",
        f"choose from {some(there)}",
    )


class Choice:
    """One call: the leaves to differentiate, and how to put others in their places.

    Attributes:
        leaves: the floating leaves selected, each once, as arrays.
    """

    def __init__(self, selection: Selection, func: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]):
        self.selection = selection
        self.func = func
        self.args = args
        self.kwargs = kwargs
        self.leaves: list[jax.Array] = []
        self.places: list[tuple[Place, _Argument, dict[int, int]]] = []  # with the number of each leaf selected
        self.probes: dict[str, int] = {}  # what is computed on the way, by name, with the number of its leaf
        self.results: list[tuple[Any, list[int | None]]] = []  # for each target: structure, numbers of its leaves

    def call(self, leaves: Sequence[Any]) -> Any:
        """Call the function with `leaves` where the selected ones were; all else is passed as it came."""
        args, kwargs = list(self.args), dict(self.kwargs)
        for place, argument, numbers in self.places:
            values = list(argument.leaves)
            for index, number in numbers.items():
                values[index] = leaves[number]
            filled = jax.tree.unflatten(argument.tree, values)
            if isinstance(place, str):
                kwargs[place] = filled
            else:
                args[place] = filled
        with moved({probe: leaves[number] for probe, number in self.probes.items()}):
            return settled(lambda: self.func(*args, **kwargs))

    def names(self) -> list[str]:
        """The path of each leaf, as a selection names it."""
        found = [""] * len(self.leaves)
        for probe, number in self.probes.items():
            found[number] = f"@{probe}"
        for _, argument, numbers in self.places:
            for index, number in numbers.items():
                found[number] = argument.path(argument.keys[index])
        return found

    def assemble(self, values: Sequence[Any]) -> Any:
        """One value for each leaf, in the structure that the selection asked for, None at all other leaves."""
        parts = tuple(
            jax.tree.unflatten(tree, [None if number is None else values[number] for number in numbers])
            for tree, numbers in self.results
        )
        return parts if self.selection.several else parts[0]


def choose(
    selection: Selection,
    func: Callable[..., Any],
    args: Sequence[Any],
    kwargs: dict[str, Any],
    numbers: str = "real",
) -> Choice:
    """Find what `selection` means in this call.

    `numbers` says which leaves may be differentiated: "real", "complex" (holomorphic functions) or "any".
    """
    name = selection.name
    call = Call(name, func, args, kwargs)
    choice = Choice(selection, func, args, kwargs)
    opened: dict[str, tuple[_Argument, dict[int, int]]] = {}
    seen = set()
    for target in selection.targets:
        if isinstance(target, str) and target.startswith("@"):
            _choose_probes(choice, target, numbers)
            continue
        place, label, path = call.locate(target)
        if str(place) not in opened:
            opened[str(place)] = _Argument(call.value(place), label), {}
            choice.places.append((place, *opened[str(place)]))
        argument, known = opened[str(place)]
        if (str(place), path) in seen:
            fail(
                ArgumentError,
                name,
                "each argument may be selected once",
                f"got '{joined(label, path)}' twice",
                "drop one of them",
            )
        seen.add((str(place), path))
        if not path:
            tree, indices = argument.whole()
        elif "*" in path:
            tree, indices = argument.matching(name, path)
        else:
            tree, indices = argument.part(name, path)
        result: list[int | None] = []
        for index in indices:
            leaf = None if index is None else argument.leaves[index]
            if index is None or not _selectable(name, argument.path(argument.keys[index]), leaf, numbers):
                result.append(None)
                continue
            if index not in known:
                known[index] = len(choice.leaves)
                choice.leaves.append(as_array(name, leaf))
            result.append(known[index])
        if all(number is None for number in result):
            _nothing_to_differentiate(name, joined(label, path), argument, [i for i in indices if i is not None])
        choice.results.append((tree, result))
    return choice


def _choose_probes(choice: Choice, target: str, numbers: str) -> None:
    """Select values that the function gives a name: by zeros that are added to them."""
    name = choice.selection.name
    found = probes_of(name, lambda: choice.func(*choice.args, **choice.kwargs))
    wanted = matching_probes(name, target, found)
    for own in wanted:
        like = found[own]
        if not _selectable(name, f"@{own}", jnp.zeros(like.shape, like.dtype), numbers):
            required, remedy = f"probe '@{own}' must be floating to differentiate", "probe another value"
            fail(DtypeError, name, required, f"got {describe(jnp.zeros(like.shape, like.dtype))}", remedy)
        if own not in choice.probes:
            choice.probes[own] = len(choice.leaves)
            choice.leaves.append(jnp.zeros(like.shape, like.dtype))
    places = {own: choice.probes[own] for own in wanted}
    leaves, tree = jax.tree.flatten(places if "*" in target else places[target[1:]])
    choice.results.append((tree, leaves))


def _selectable(name: str, path: str, leaf: Any, numbers: str) -> bool:
    """Whether a leaf is differentiated; raises where it should be and cannot."""
    if is_torch(leaf):
        fail(
            ArgumentTypeError,
            name,
            f"argument '{path}' must be an array",
            "got a torch.Tensor",
            "wrap it in fg.tensor(...)",
        )
    dtype = inexact_dtype(leaf)
    if dtype is None:
        return False
    is_complex = jnp.issubdtype(dtype, jnp.complexfloating)
    if is_complex and numbers == "real":
        fail(
            DtypeError,
            name,
            f"argument '{path}' must be real",
            f"got {describe(leaf)}",
            "pass its real and imaginary parts, or holomorphic=True where the function is holomorphic",
        )
    if not is_complex and numbers == "complex":
        fail(
            DtypeError,
            name,
            f"argument '{path}' must be complex where holomorphic=True",
            f"got {describe(leaf)}",
            "convert it with fg.to(x, 'cfloat'), or leave holomorphic out",
        )
    return True


def as_array(name: str, leaf: Any) -> jax.Array:
    """A floating leaf as an array. A Python number stays weakly typed: it does not widen what it meets."""
    if isinstance(leaf, jax.Array):
        return leaf
    too_large = isinstance(leaf, float) and math.isfinite(leaf) and abs(leaf) > float(jnp.finfo(default_float()).max)
    if isinstance(leaf, float | complex) and not too_large:
        return jnp.asarray(complex(leaf) if isinstance(leaf, complex) else float(leaf))
    return from_host(name, leaf)


def _nothing_to_differentiate(name: str, path: str, argument: _Argument, indices: list[int]) -> NoReturn:
    """Raise for a selection without floating leaves, naming what is there instead."""
    given, remedy = f"got {describe(argument.value)} without leaves", "select another argument"
    if indices:
        leaf, where = argument.leaves[indices[0]], argument.path(argument.keys[indices[0]])
        given = f"got {describe(leaf)}" + (f" at '{where}'" if where != path else "")
        if isinstance(leaf, int) and not isinstance(leaf, bool):
            remedy = f"write {leaf}.0 instead of {leaf}, or convert it with fg.to(x, 'float')"
        elif isinstance(leaf, jax.Array | np.ndarray) and jnp.issubdtype(leaf.dtype, jnp.integer):
            remedy = "convert it with fg.to(x, 'float'), or select another argument"
    fail(DtypeError, name, f"argument '{path}' must have a floating leaf to differentiate", given, remedy)

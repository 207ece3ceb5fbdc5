"""Claims about values: raised now where the values are known, and carried out of a checked program where they are not.

A claim on concrete values is looked at on the host, at once. Under a transform it vanishes, so that a compiled
program holds nothing of it, unless the function is traced by `checked`: there it becomes a check of
`jax.experimental.checkify`, whose message comes back with the values filled in.
"""

import contextvars
import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental import checkify

from ._errors import FuncgradError

__all__ = [
    "LOOKED_AT",
    "all_finite",
    "bounds",
    "checking",
    "claim",
    "looked_at",
    "raise_failed",
    "settled",
    "tracing_checks",
    "visible",
    "within",
]

# Part of the keys of JAX's caches, so that what was compiled before is traced anew with its checks.
_TRACING_CHECKS = jax.make_user_context(False)
LOOKED_AT = contextvars.ContextVar("funcgrad_value_checks", default=True)
looked_at = LOOKED_AT.get  # whether eager value checks are on; asked at each eager call, in 30 ns

Text: TypeAlias = str | Callable[..., str]
_MARK = "funcgrad claim "
_SAID: dict[tuple[Any, ...], int] = {}  # what the claims in compiled programs say, by number
_NUMBERS = itertools.count()


def checking() -> bool:
    """Whether a function is being traced by `checked`, so that claims about tracers are kept."""
    return bool(_TRACING_CHECKS.value)


def tracing_checks() -> Any:
    """The context in which `checked` traces."""
    return _TRACING_CHECKS(True)


def visible(value: Any) -> Any:
    """What a claim can be made about: NumPy's view of a concrete `value`, a tracer in a checked function, or None."""
    if isinstance(value, jax.core.Tracer):
        return value if checking() else None
    if not looked_at():
        return None
    try:
        return np.asarray(value)
    except RuntimeError:  # an array of which other processes hold a part
        return None


def all_finite(values: Any) -> bool:
    """Whether `values` are a NumPy array of finite numbers: the quick look, which may miss very large ones."""
    if values.__class__ is not np.ndarray:
        return False
    if values.dtype.itemsize < 4:
        return bool(np.isfinite(values).all())
    squares = np.vdot(values, values)  # a third of the time; NaN and infinity stay, and what overflows is looked at
    return math.isfinite(squares.real) or bool(np.isfinite(values).all())


def bounds(values: np.ndarray[Any, Any]) -> tuple[Any, Any]:
    """The least and the largest of `values`, of which there is one at least; NaN where one is, which is in no range."""
    if values.size > 32:
        return np.minimum.reduce(values, None), np.maximum.reduce(values, None)
    few = (values if values.ndim == 1 else values.ravel()).tolist()  # Python is faster with a few
    total = sum(few)
    return (min(few), max(few)) if total == total else (total, total)


def within(value: Any, least: float, most: float) -> bool:
    """Whether `value` is known to lie in [least, most]: the quick look, after which most calls need no claim."""
    if value.__class__ is float or value.__class__ is int:
        return bool(least <= value <= most)
    if isinstance(value, jax.core.Tracer):
        return False
    try:
        seen = np.asarray(value)
    except RuntimeError:  # an array of which other processes hold a part
        return False
    if seen.dtype.kind not in "fiu" or not seen.size:
        return False
    low, high = bounds(seen)
    return bool(float(low) >= least and float(high) <= most)


def claim(
    kind: type[FuncgradError], name: str, required: Text, given: Text, remedy: Text, holds: Any, **values: Any
) -> None:
    """Raise `kind` unless all of `holds` are true: at once, or when a checked function has run.

    Args:
        kind: the class of the error.
        name: the word that speaks.
        required: what is required. This and the next two may be functions of the `values` and `where`, as keywords.
        given: what was given, with ``{places}`` for the `values` of the first element that fails, and ``{where}``.
        remedy: what to do.
        holds: booleans of any shape, made with operators from what `visible` returns.
        **values: numbers, or arrays that broadcast to the shape of `holds`.
    """
    said = (kind, name, required, given, remedy)
    if not isinstance(holds, jax.core.Tracer):
        held = np.asarray(holds)
        if held.all():
            return
        at = np.unravel_index(int(held.argmin()), held.shape)
        shown = {key: np.broadcast_to(np.asarray(value), held.shape)[at] for key, value in values.items()}
        raise kind(_text(said, shown, at)) from None
    if not holds.size:
        return
    first = jnp.argmin(holds.ravel())
    traced: dict[str, Any] = {key: jnp.broadcast_to(value, holds.shape).ravel()[first] for key, value in values.items()}
    place = dict(enumerate(jnp.unravel_index(first, holds.shape)))
    # The text is put together on the host, from the values and what is said here.
    number = _SAID.setdefault(said, next(_NUMBERS))
    checkify.check(holds.all(), f"{_MARK}{number}", place, **traced)


def _text(said: tuple[Any, ...], values: dict[str, Any], at: Sequence[Any]) -> str:
    _, name, *parts = said
    place = tuple(int(i) for i in at)
    where = f" at index {place[0] if len(place) == 1 else place}" if place else ""
    required, given, remedy = (part(**values, where=where) if callable(part) else part for part in parts)
    if not callable(parts[1]):
        given = given.format(**values, where=where)
    return f"{name}(): {required}; {given}; {remedy}."


def raise_failed(failed: checkify.Error) -> None:
    """Raise what the first claim that failed in a checked program would have raised eagerly."""
    error: Any = failed.get_exception()
    template = getattr(error, "fmt_string", "")
    if error is not None and not template.startswith(_MARK):
        failed.throw()  # a check of the user's own
    if error is not None:
        number = int(template.removeprefix(_MARK))
        said = next(said for said, each in _SAID.items() if each == number)
        values = {key: np.asarray(value)[()] for key, value in error.kwargs.items()}
        places = error.args[0]
        raise said[0](_text(said, values, [places[i] for i in sorted(places)]))


def settled(function: Callable[[], Any]) -> Any:
    """``function()``, to be differentiated: its claims leave the loops in it, where JAX would drop them.

    Reverse mode takes a scan apart into what is known and what is linear, and effects in it are lost on the way.
    """
    if not checking():
        return function()
    kept: list[Any] = []

    def arrays() -> list[Any]:
        leaves, structure = jax.tree.flatten(function())
        kept[:] = [structure, [None if isinstance(leaf, jax.Array) else leaf for leaf in leaves]]
        return [leaf for leaf in leaves if isinstance(leaf, jax.Array)]

    failed, found = checkify.checkify(arrays)()
    checkify.check_error(failed)
    waiting = iter(found)
    return jax.tree.unflatten(kept[0], [next(waiting) if leaf is None else leaf for leaf in kept[1]])

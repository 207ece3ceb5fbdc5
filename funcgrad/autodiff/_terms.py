"""Values each element of which is a sum of few inputs with factors, and what linear steps make of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._checks import is_concrete
from .._jax import rebind
from ._selected import MOVES

__all__ = ["LOST", "RULES", "SEVERAL", "Constants", "Linear", "Term", "Unfit"]

_LOOKED_AT = 16  # elements of two sources that are compared before all are


class Unfit(Exception):
    """The function is not one whose entries are carried."""


@dataclass(frozen=True)
class Term:
    """Element i is the factor `scale` times input number ``source[i] - 1``; nothing where the source is 0.

    With zero for nothing a step that moves elements moves sources in the same way. The factor is an array like
    `source` or a number for all elements; None is one. An array is `clear` if it is zero where the source is.
    """

    source: np.ndarray
    scale: Any
    clear: bool = True

    @property
    def key(self) -> int | None:
        """The same for terms with the same number; None for arrays."""
        return None if self.scale is not None and np.ndim(self.scale) else id(self.scale)

    def full(self, dtype: Any) -> Any:
        """The factors as an array."""
        factor = np.ones((), dtype) if self.scale is None else self.scale
        if self.source.all() or (self.key is None and self.clear):
            return jnp.broadcast_to(factor, self.source.shape).astype(dtype)
        return jnp.where(self.source > 0, factor, 0).astype(dtype)

    def over(self, shape: tuple[int, ...]) -> Term:
        """The same repeated along dimensions of length one."""
        if self.source.shape == shape:
            return self
        scale = jnp.broadcast_to(self.scale, shape) if self.key is None else self.scale
        return Term(np.broadcast_to(self.source, shape), scale, self.clear)


@dataclass(frozen=True)
class Linear:
    """A sum of terms."""

    terms: list[Term]
    shape: tuple[int, ...]
    dtype: Any


LOST = Linear([], (), None)  # what is not followed


class Constants:
    """What a program computes from its constants alone: asked for by what needs a value while it is traced.

    Attributes:
        most: how many terms a value may have.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._made: dict[int, tuple[Any, Any, Sequence[Any], int]] = {}

    def note(self, equation: Any, operands: Sequence[Any], results: Sequence[Any]) -> None:
        if all(is_concrete(value) or id(value) in self._made for value in operands) and not equation.effects:
            for number, result in enumerate(results):  # kept, so that no other value gets its name
                self._made[id(result)] = result, equation, operands, number

    def value(self, traced: Any) -> Any:
        """The value; raises where it depends on the arguments."""
        if is_concrete(traced):
            return traced
        if id(traced) not in self._made:
            raise Unfit
        _, equation, operands, number = self._made[id(traced)]
        known = [self.value(operand) for operand in operands]
        with jax.ensure_compile_time_eval():
            return rebind(equation, known)[number]


def _only(operands: Sequence[Any], place: int = 0) -> Linear:
    """The one operand that is linear, which must stand there."""
    if [isinstance(value, Linear) for value in operands] != [i == place for i in range(len(operands))]:
        raise Unfit
    found: Linear = operands[place]
    return found


def _each(terms: Sequence[Term], change: Callable[[Any], Any]) -> list[Term]:
    """Other factors; those that were the same stay the same."""
    changed: dict[int, Any] = {}
    for term in terms:
        if id(term.scale) not in changed:
            changed[id(term.scale)] = change(term.scale)
    return [
        Term(t.source, changed[id(t.scale)], t.clear and (t.key is None or not np.ndim(changed[id(t.scale)])))
        for t in terms
    ]


def _sum(terms: Sequence[Term], dtype: Any, most: int) -> list[Term]:
    """Terms of the same inputs as one."""
    found: list[Term] = []
    for term in terms:
        for place, other in enumerate(found):
            same, arrays = other.source is term.source, other.key is None and term.key is None
            if same or _agree(other.source, term.source, arrays):
                numbers = other.key is not None and term.key is not None
                if numbers and (same or np.array_equal(other.source, term.source)):
                    ones = [np.ones((), dtype) if each.scale is None else each.scale for each in (other, term)]
                    found[place] = Term(term.source, ones[0] + ones[1])
                else:
                    source = np.maximum(other.source, term.source)
                    found[place] = Term(source, other.full(dtype) + term.full(dtype))
                break
        else:
            found.append(term)
    if len(found) > most:
        raise Unfit
    return found


def _agree(a: np.ndarray, b: np.ndarray, anyway: bool) -> bool:
    """Whether two sources are nowhere two that differ, and (unless it is `anyway`) somewhere the same."""
    if not a.size:
        return True
    some = np.linspace(0, a.size - 1, _LOOKED_AT).astype(np.int64)
    first, second = a.flat[some], b.flat[some]
    if ((first != second) & (first > 0) & (second > 0)).any():
        return False
    same, both = a == b, (a > 0) & (b > 0)
    return bool((anyway or (same & both).any()) and not (both & ~same).any())


def _added(equation: Any, operands: Sequence[Any], constants: Constants) -> list[Term]:
    like = equation.outvars[0].aval
    left, right = ([t.over(like.shape) for t in v.terms] if isinstance(v, Linear) else [] for v in operands)
    if equation.primitive.name == "sub":
        right = _each(right, lambda scale: _negative(scale, like.dtype))
    return _sum([*left, *right], like.dtype, constants.most)


def _negative(scale: Any, dtype: Any) -> Any:
    return np.asarray(-1, dtype) if scale is None else -scale


def _negated(equation: Any, operands: Sequence[Any], constants: Constants) -> list[Term]:
    value = _only(operands)
    return _each(value.terms, lambda scale: _negative(scale, value.dtype))


def _scaled(equation: Any, operands: Sequence[Any], constants: Constants) -> list[Term]:
    divides = equation.primitive.name == "div"
    value = _only(operands, 0 if divides or isinstance(operands[0], Linear) else 1)
    (by,) = (other for other in operands if other is not value)
    like = equation.outvars[0].aval
    if np.ndim(by):
        by = jnp.broadcast_to(by, like.shape)

    def change(scale: Any) -> Any:
        if divides:
            return (np.ones((), like.dtype) if scale is None else scale) / by
        return by if scale is None else scale * by

    return _each([term.over(like.shape) for term in value.terms], change)


def _converted(equation: Any, operands: Sequence[Any], constants: Constants) -> list[Term]:
    dtype = equation.outvars[0].aval.dtype
    return _each(_only(operands).terms, lambda scale: None if scale is None else scale.astype(dtype))


def _moved(equation: Any, operands: Sequence[Any], constants: Constants) -> list[Term]:
    move = MOVES.get(equation.primitive.name, lambda source, params: np.tile(source, params["reps"]))
    return _placed(_only(operands).terms, lambda s: move(s, equation.params), lambda s: rebind(equation, [s])[0])


def _placed(terms: Sequence[Term], move: Callable[[Any], Any], factors: Callable[[Any], Any]) -> list[Term]:
    """Sources and factors in other places; factors that were the same stay the same."""
    found = {id(t.scale): factors(t.scale) for t in {id(t.scale): t for t in terms if t.key is None}.values()}
    return [Term(move(t.source), found.get(id(t.scale), t.scale), t.clear) for t in terms]


def _padded(equation: Any, operands: Sequence[Any], constants: Constants) -> list[Term]:
    value = _only(operands)
    config = equation.params["padding_config"]

    def pad(source: np.ndarray) -> np.ndarray:
        """With zeros between, then around; less than none is cut off."""
        shape = [n + max(n - 1, 0) * inside for n, (_, _, inside) in zip(source.shape, config, strict=True)]
        wide = np.zeros(shape, np.int32)
        wide[tuple(slice(None, None, inside + 1) for _, _, inside in config)] = source
        wide = wide[
            tuple(slice(max(-low, 0), n - max(-high, 0)) for n, (low, high, _) in zip(shape, config, strict=True))
        ]
        return np.pad(wide, [(max(low, 0), max(high, 0)) for low, high, _ in config])

    zero = np.zeros((), value.dtype)
    return _placed(value.terms, pad, lambda scale: rebind(equation, [scale, zero])[0])


def _joined(equation: Any, operands: Sequence[Any], constants: Constants) -> list[Term]:
    """Several values beside each other: their terms by twos, threes…, those with the same number first."""
    dtype = equation.outvars[0].aval.dtype
    if equation.primitive.name == "stack":
        join = lambda parts: np.stack(parts, equation.params["axis"])  # noqa: E731
    else:
        join = lambda parts: np.concatenate(parts, equation.params["dimension"])  # noqa: E731
    groups: list[dict[int, Term]] = []
    for place, value in enumerate(operands):
        for term in value.terms if isinstance(value, Linear) else ():
            for group in groups:
                if place not in group and next(iter(group.values())).key == term.key:
                    group[place] = term
                    break
            else:
                groups.append({place: term})
    nothing = [np.zeros(_shape(value), np.int32) for value in operands]
    found: list[Term] = []
    joined: dict[tuple[int, ...], Any] = {}
    for group in groups:
        source = join([group[i].source if i in group else zeros for i, zeros in enumerate(nothing)])
        scale = next(iter(group.values())).scale
        clear = all(term.clear for term in group.values())
        if next(iter(group.values())).key is None:
            parts = [group[i].scale if i in group else jnp.zeros(z.shape, dtype) for i, z in enumerate(nothing)]
            key = tuple(id(group[i].scale) if i in group else 0 for i in range(len(operands)))
            scale = joined[key] if key in joined else rebind(equation, parts)[0]
            joined[key] = scale
        found.append(Term(source, scale, clear))
    if len(found) > constants.most:
        raise Unfit
    return found


def _chosen(equation: Any, operands: Sequence[Any], constants: Constants) -> list[Term]:
    which, *cases = operands
    if isinstance(which, Linear):
        raise Unfit
    dtype = equation.outvars[0].aval.dtype
    groups: list[dict[int, Term]] = []
    for place, value in enumerate(cases):
        for term in [t.over(equation.outvars[0].aval.shape) for t in value.terms] if isinstance(value, Linear) else ():
            for group in groups:
                source = next(iter(group.values())).source
                if place not in group and (source is term.source or np.array_equal(source, term.source)):
                    group[place] = term
                    break
            else:
                groups.append({place: term})
    found = []
    for group in groups:
        first = next(iter(group.values()))
        if len(group) == len(cases) and len({id(term.scale) for term in group.values()}) == 1:
            found.append(first)
            continue
        zeros = jnp.zeros(first.source.shape, dtype)
        parts = [jnp.asarray(group[i].full(dtype)) if i in group else zeros for i in range(len(cases))]
        found.append(Term(first.source, rebind(equation, [which, *parts])[0]))
    return _sum(found, dtype, constants.most)


def _summed(equation: Any, operands: Sequence[Any], constants: Constants) -> list[Term]:
    value = _only(operands)
    axes = tuple(equation.params["axes"])
    count = math.prod(value.shape[axis] for axis in axes)
    if count * len(value.terms) > 2 * constants.most:
        raise Unfit
    rest = [axis for axis in range(len(value.shape)) if axis not in axes]
    shape = (*[value.shape[axis] for axis in rest], count)

    def apart(array: Any) -> Any:
        return array.transpose(*rest, *axes).reshape(shape)

    whole = _placed(value.terms, apart, apart)
    taken = [_placed([t], lambda s: s[..., i], lambda scale: scale[..., i])[0] for i in range(count) for t in whole]  # noqa: B023
    return _sum(taken, value.dtype, constants.most)


def _read(equation: Any, operands: Sequence[Any], constants: Constants) -> list[Term]:
    """Elements taken from places that are constants."""
    value = _only(operands)
    indices = [constants.value(each) for each in operands[1:]]

    def take(source: np.ndarray) -> np.ndarray:
        with jax.ensure_compile_time_eval():
            taken = rebind(equation, [jnp.asarray(source), *indices])[0]
        return np.maximum(np.asarray(taken), 0)

    return _placed(value.terms, take, lambda scale: rebind(equation, [scale, *indices])[0])


def _written(equation: Any, operands: Sequence[Any], constants: Constants) -> list[Term]:
    """Elements written, or added, at places that are constants."""
    name, dtype = equation.primitive.name, equation.outvars[0].aval.dtype
    updates_at = 1 if name == "dynamic_update_slice" else 2
    target, updates = operands[0], operands[updates_at]
    places = [constants.value(v) for i, v in enumerate(operands) if i not in (0, updates_at)]

    def write(below: Any, above: Any) -> Any:
        values = [below, *places]
        values.insert(updates_at, above)
        if name == "dynamic_update_slice" or jnp.issubdtype(below.dtype, jnp.floating):
            return rebind(equation, values)[0]
        options: dict[str, Any] = {key: equation.params[key] for key in ("dimension_numbers", "unique_indices", "mode")}
        return (jax.lax.scatter_add if name == "scatter-add" else jax.lax.scatter)(*values, **options)

    def sources(below: Any, above: Any) -> np.ndarray:
        with jax.ensure_compile_time_eval():
            return np.asarray(write(jnp.asarray(below, np.int32), jnp.asarray(above, np.int32)))

    nothing, none = (np.zeros(_shape(value), np.int32) for value in (target, updates))
    if name != "dynamic_update_slice":
        once: dict[str, Any] = {key: equation.params[key] for key in ("dimension_numbers", "mode")}
        with jax.ensure_compile_time_eval():
            times = jax.lax.scatter_add(jnp.asarray(nothing), places[0], jnp.ones_like(none), **once)
            if times.max(initial=0) > 1:
                raise Unfit
    found: list[Term] = []
    if isinstance(target, Linear):
        zeros = jnp.zeros(none.shape, dtype)
        found += _placed(target.terms, lambda s: sources(s, none), lambda scale: write(scale, zeros))
    if isinstance(updates, Linear):
        empty = jnp.zeros(nothing.shape, dtype)
        found += _placed(updates.terms, lambda s: sources(nothing, s), lambda scale: write(empty, scale))
    return _sum(found, dtype, constants.most)


def _parted(equation: Any, operands: Sequence[Any], constants: Constants) -> list[list[Term]]:
    """One value in several parts."""
    axis, sizes = equation.params["axis"], equation.params.get("sizes")
    count = len(equation.outvars)

    def parts(source: np.ndarray) -> list[np.ndarray]:
        return list(np.moveaxis(source, axis, 0)) if sizes is None else np.split(source, np.cumsum(sizes)[:-1], axis)

    found = [
        (parts(t.source), rebind(equation, [t.scale]) if t.key is None else [t.scale] * count, t.clear)
        for t in _only(operands).terms
    ]
    return [[Term(source[i], scale[i], clear) for source, scale, clear in found] for i in range(count)]


def _shape(value: Any) -> tuple[int, ...]:
    return value.shape if isinstance(value, Linear) else np.shape(value)


Rule = Callable[[Any, Sequence[Any], Constants], list[Term]]

RULES: dict[str, Rule] = {
    "add": _added,
    "add_any": _added,
    "concatenate": _joined,
    "convert_element_type": _converted,
    "copy": _converted,
    "div": _scaled,
    "dynamic_slice": _read,
    "dynamic_update_slice": _written,
    "gather": _read,
    "mul": _scaled,
    "neg": _negated,
    "pad": _padded,
    "reduce_sum": _summed,
    "scatter": _written,
    "scatter-add": _written,
    "select_n": _chosen,
    "stack": _joined,
    "sub": _added,
    "tile": _moved,
    **dict.fromkeys(MOVES, _moved),
}
SEVERAL: dict[str, Callable[[Any, Sequence[Any], Constants], list[list[Term]]]] = {"split": _parted, "unstack": _parted}

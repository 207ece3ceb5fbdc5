"""How an eager call finds its compiled program: by its spelling.

A spelling is the classes of the operands, and the options as they are written, with their classes. What was spelled
so before, with operands whose values are known, needs no binding, no conversion and no look at shapes: the program
looks at those while it is traced. Everything else, tracers above all, goes the slow way, which reads the call as
Python does, and leaves here what it found.

Each line that runs at every call is paid by every word. A class is read in 10 ns, a property of an array in 60 to 150,
a compiled program of one array takes 4000. A Python function is called in 20, and in 70 if it calls the program, which
notes the frames above it. Hence a reader for each common form, and checks that have returned before the program runs.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

import jax
import numpy as np

from ._checks import is_concrete
from ._claims import looked_at
from ._errors import FuncgradError
from ._operands import translate

__all__ = ["Checked", "Spellings", "held", "holding", "reader", "settle", "spares", "typed"]

Run: TypeAlias = Callable[..., Any]
PLAIN = {int, bool, str, type(None)}  # classes whose equal instances are one option
COMPILED = type(jax.jit(lambda: None))
ABSENT: Any = type("Absent", (), {})()  # an argument that was not given


class Checked(NamedTuple):
    """A program and its check, both functions of the values; arrays that are not exact pass it, if `inexact`."""

    program: Run
    check: Run
    inexact: bool


class Spellings:
    """The programs of one word, by the spellings that led to them, as functions of the values or `Checked`.

    Attributes:
        name: the word.
        kinds: for each position in a call, whether the argument there is an operand.
        operands: the names of the operands.
        slow: takes the arguments of any call and, where its options can be looked up, the key to remember it by.
        found: by key. Where what is written means another thing for another number of dimensions, by that number.
        alone: the same for calls of nothing but operands, where one has its class for a key.
        chosen: the same for calls of nothing but options, whose keys are made otherwise.
    """

    def __init__(self, name: str, kinds: Sequence[bool], operands: set[str], slow: Callable[..., Any]):
        self.name = name
        self.kinds = kinds
        self.operands = operands
        self.slow = slow
        self.found: dict[Any, Any] = {}
        self.alone: dict[Any, Any] = {}
        self.chosen: dict[Any, Any] = {}

    def remember(
        self, key: Any, run: Run | Checked, args: tuple[Any, ...], values: Sequence[Any], by_ndim: bool
    ) -> None:
        """Let later calls of the spelling `key` find `run`, whatever the shapes."""
        if by_ndim and any(isinstance(leaf, jax.Array) for leaf in jax.tree.leaves(values[:1])):
            self.found.setdefault(key, {})[_ndim(values)] = run
            return
        self.found[key] = run
        kinds = tuple(map(type, args))
        if len(key) == len(args) == len(values) and key == kinds:
            self.alone[key] = self.alone[key[0] if len(key) == 1 else key] = run
        if not values and run.__class__ is COMPILED and len(key) == 2 * len(args) and key[1::2] == args:
            self.chosen[kinds, args] = run


def reader(
    word: Spellings, sequence: bool, optional: bool, put: Callable[[Any, Any], Any] | None
) -> Callable[..., Any]:
    """What is called when `word` is.

    Args:
        word: the word.
        sequence: whether its first operand may be several.
        optional: whether its first operand may be None.
        put: where the word takes a ``device``, puts a result there.
    """
    leading = next((i for i, is_operand in enumerate(word.kinds) if not is_operand), len(word.kinds))
    read = _any_call(word, put)
    if any(word.kinds[leading:]) or (leading == 1 and optional):
        return read
    if leading == 1:
        return _one_operand(word, read, sequence)
    if leading == 2:
        return _two_operands(word, read)
    return _operands(word, read, leading) if leading else _options(word, read)


def settle(run: Any, values: Sequence[Any]) -> Any:
    """The program to call with `values`, which have passed its check; None where the slow way has to look at them."""
    if run.__class__ is dict:
        run = run.get(_ndim(values))
    if run.__class__ is not Checked:
        return run
    program, check, inexact = run
    if not (inexact and values[0].dtype.kind in "fc") and looked_at():
        try:
            check(*values)
        except IndexError as error:  # a dimension that the array, unlike the one before it, has not
            if isinstance(error, FuncgradError):
                raise
            return None
    return program


def _any_call(word: Spellings, put: Callable[[Any, Any], Any] | None) -> Callable[..., Any]:
    """Reads calls of every form."""
    name, kinds, operands, slow, found = word.name, word.kinds, word.operands, word.slow, word.found
    most = len(kinds)

    def read(*args: Any, **named: Any) -> Any:
        if put is not None and "device" in named:
            device = named.pop("device")
            return put(read(*args, **named), device)
        if len(args) > most:
            return slow(args, named)
        values: list[Any] = []
        key: Any = []
        for value, is_operand in zip(args, kinds):  # noqa: B905 (`strict=` alone would cost a tenth of the rest)
            kind = value.__class__
            if not is_operand:
                key += kind, value if kind in PLAIN else typed(value)
            elif kind is list or kind is tuple:
                values.append(tuple(value))
                key.append(tuple(map(type, value)))
            else:
                key.append(kind)
                if value is not None:
                    values.append(value)
        for option, value in named.items():
            kind = value.__class__
            if option not in operands or value is None:
                key += option, kind, value if kind in PLAIN else typed(value)
            elif kind is list or kind is tuple:
                values.append(tuple(value))
                key += option, tuple(map(type, value))
            else:
                values.append(value)
                key += option, kind
        key = tuple(key)
        try:
            run = found.get(key)
        except TypeError:  # an option that has no hash
            return slow(args, named)
        try:
            if run.__class__ is not COMPILED:
                run = settle(run, values)
            if run is not None:
                return run(*values)
        except Exception as error:
            translate(name, error, values)
        return slow(args, named, key)

    return read


def _one_operand(word: Spellings, read: Callable[..., Any], sequence: bool) -> Callable[..., Any]:
    """Reads calls of one operand with options; the keys are those of `_any_call`."""
    name, operands, found, alone = word.name, word.operands, word.found, word.alone

    def call(first: Any = ABSENT, /, *options: Any, **named: Any) -> Any:
        kind: Any = first.__class__
        value = first
        if sequence and (kind is list or kind is tuple):
            value = tuple(first)
            kind = tuple(map(type, value))
        key: Any
        if not options and not named:
            run = alone.get(kind)
            key = None if run is not None else (kind,)
        elif named or len(options) > 2:
            key = _key(kind, options, named, operands)
        elif len(options) == 1:
            (second,) = options
            option = second.__class__
            if option is tuple or option is list:
                second = tuple(map(type, second)), tuple(second)  # as `typed` has it, or what no key is
            elif option is float:
                second = second or repr(second)
            elif option not in PLAIN:
                second = typed(second)
            key = (kind, option, second)
        else:
            second, third = options
            option, other = second.__class__, third.__class__
            second = second if option in PLAIN else typed(second)
            key = (kind, option, second, other, third if other in PLAIN else typed(third))
        if key is not None:
            try:
                run = found.get(key)
            except TypeError:  # an option that has no hash
                run = None
        try:
            if run.__class__ is not COMPILED:
                run = settle(run, (value,))
            if run is not None:
                return run(value)
        except Exception as error:
            translate(name, error, (value,))
        return read(**named) if first is ABSENT else read(first, *options, **named)

    return call


def _key(kind: Any, options: tuple[Any, ...], named: dict[str, Any], operands: set[str]) -> tuple[Any, ...]:
    """The key of a call of one operand with any options; what no call has for a key where a name is an operand's."""
    key = [kind]
    for value in options:
        kind = value.__class__
        key += kind, value if kind in PLAIN else typed(value)
    for option, value in named.items():
        if option in operands:
            return (ABSENT,)  # () is the key of a call without arguments
        kind = value.__class__
        key += option, kind, value if kind in PLAIN else typed(value)
    return tuple(key)


def _two_operands(word: Spellings, read: Callable[..., Any]) -> Callable[..., Any]:
    """Reads calls of two operands by position."""
    name, alone = word.name, word.alone

    def call(first: Any = ABSENT, second: Any = ABSENT, /, *options: Any, **named: Any) -> Any:
        if not options and not named:
            run = alone.get((first.__class__, second.__class__))
            try:
                if run.__class__ is not COMPILED:
                    run = settle(run, (first, second))
                if run is not None:
                    return run(first, second)
            except Exception as error:
                translate(name, error, (first, second))
        if second is ABSENT:
            return read(**named) if first is ABSENT else read(first, **named)
        return read(first, second, *options, **named)

    return call


def _operands(word: Spellings, read: Callable[..., Any], leading: int) -> Callable[..., Any]:
    """Reads calls of nothing but operands by position."""
    name, alone = word.name, word.alone

    def call(*args: Any, **named: Any) -> Any:
        if not named and len(args) <= leading:
            run = alone.get(tuple(map(type, args)))
            try:
                if run.__class__ is not COMPILED:
                    run = settle(run, args)
                if run is not None:
                    return run(*args)
            except Exception as error:
                translate(name, error, args)
        return read(*args, **named)

    return call


def _options(word: Spellings, read: Callable[..., Any]) -> Callable[..., Any]:
    """Reads calls of nothing but options by position, as those of words that make arrays are."""
    name, chosen = word.name, word.chosen

    def call(*args: Any, **named: Any) -> Any:
        if not named:
            try:
                run = chosen.get((tuple(map(type, args)), args))
            except TypeError:  # a list
                return read(*args, **named)
            if run is not None:
                try:
                    return run()
                except Exception as error:
                    translate(name, error, ())
        return read(*args, **named)

    return call


def holding(program: Run, values: Sequence[Any]) -> Run:
    """`program`, with its Python numbers given as arrays that are there already: JAX takes 1400 ns to make one.

    Only where there is one device: elsewhere JAX puts numbers where the other operands are.
    """
    places = [i for i, value in enumerate(values) if value.__class__ is float or value.__class__ is int]
    if not places or not _one_cpu():
        return program

    def run(*values: Any) -> Any:
        given = list(values)
        wide = jax.config.jax_enable_x64  # type: ignore[attr-defined]
        for i in places:
            number = given[i]
            known = _HELD.get((number.__class__, number or repr(number), wide))
            given[i] = held(number) if known is None else known
        return program(*given)

    return run


@functools.cache
def _one_cpu() -> bool:
    return jax.default_backend() == "cpu" and len(jax.devices()) == 1


_HELD: dict[Any, Any] = {}


def held(number: Any) -> Any:
    """`number`; if it is an int or a float, and seen before, as a weakly typed array that is kept."""
    kind = number.__class__
    # 64-bit mode decides what a number is; and 0.0 and -0.0 are equal.
    key = kind, number or repr(number), jax.config.jax_enable_x64  # type: ignore[attr-defined]
    known = _HELD.get(key)
    if known is not None:
        return known
    if key not in _HELD:
        if len(_HELD) >= 4096:
            _HELD.clear()
        _HELD[key] = None
    elif _one_cpu():
        made = jax.device_put(number)  # weakly typed, and without a program of its own
        # Neither what is being traced nor what belongs to a mesh in use outlives the moment.
        if is_concrete(made) and isinstance(made.sharding, jax.sharding.SingleDeviceSharding):
            _HELD[key] = made
            return made
    return number


def spares(check: Callable[..., None], *, without: type | None = None, inexact: bool = False) -> Callable[..., None]:
    """Say which calls a `check` has nothing to say about, so that they need not ask it.

    Args:
        check: a check, as `op` takes it.
        without: calls without an operand of this class.
        inexact: calls whose first operand is a floating or complex array.
    """
    check.without, check.inexact = without, inexact  # type: ignore[attr-defined]
    return check


def typed(value: Any) -> Any:
    """`value` as a key, beside its class: tells (1,) from (True,) and 0.0 from -0.0, which Python holds to be equal."""
    kind = value.__class__
    if kind is tuple or kind is list:
        kinds = tuple(map(type, value))
        return kinds, tuple(value) if PLAIN.issuperset(kinds) else tuple(map(typed, value))
    if isinstance(value, complex | np.complexfloating):
        return repr(value)
    return value or repr(value) if isinstance(value, float | np.floating) else value


def _ndim(values: Sequence[Any]) -> int:
    """The number of dimensions of the first operand, or of the first of several."""
    first = values[0] if values else 0
    if first.__class__ is tuple or first.__class__ is list:
        first = first[0] if first else 0
    ndim: int = getattr(first, "ndim", 0)
    return ndim

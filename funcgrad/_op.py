"""The decorator that turns a definition into a public word.

A definition is plain `jax.numpy`; its signature says the rest. A parameter annotated with an array type is an
*operand*, every other one an *option* that is fixed when the program is compiled. From that, `op` gives each word

* one compiled dispatch per eager call, and the bare definition under a transform (so that a jitted program lowers to
  what the definition says and nothing else);
* `axis` and `keepdims` beside `dim` and `keepdim`; lists, negative dims and other spellings of a call share a program;
* operands checked: NumPy arrays are copied without loss, lists and torch tensors are refused with the remedy;
* errors in one voice, whatever raised them.

Checks on shapes and dtypes belong in the definition: they run once, while it is traced. Checks on values belong in
the function given as `check`, which runs before each dispatch if the operands are concrete, and once on tracers where
`fg.checked` traces: it makes claims (`_claims.claim`) about what `_claims.visible` returns.
"""

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, TypeAlias, TypeVar, overload

import jax
import numpy as np

from ._checks import canonical_dim, canonical_dims, describe, fail, is_concrete
from ._claims import checking, looked_at
from ._convert import resolve_device
from ._errors import ArgumentError, ArgumentTypeError, TracedValueError
from ._operands import CONCRETE, is_key, operand, translate
from ._plain import misfit

__all__ = ["op", "strong"]

P = ParamSpec("P")
R = TypeVar("R")

_ALIASES = {"axis": "dim", "keepdims": "keepdim"}
_MOST_POSITIONAL = 64
_Slots: TypeAlias = tuple[str, ...]


@overload
def op(body: Callable[P, R], /) -> Callable[..., R]: ...
@overload
def op(
    *,
    dims: Sequence[str] = ...,
    new_dims: int = 0,
    places: bool = False,
    check: Callable[..., None] | None = None,
) -> Callable[[Callable[P, R]], Callable[..., R]]: ...


def op(
    body: Callable[..., Any] | None = None,
    /,
    *,
    dims: Sequence[str] = ("dim", "dim0", "dim1"),
    new_dims: int = 0,
    places: bool = False,
    check: Callable[..., None] | None = None,
) -> Any:
    """Make a public word of a definition.

    Args:
        body: the definition; its name, signature and docstring become the word's.
        dims: options that name dimensions of the first operand; they are checked and made non-negative.
        new_dims: how many dimensions the result has more than the operand, for words like ``unsqueeze``.
        places: whether the word also takes ``device=``, where the result is to be put.
        check: called with the arguments it names, operands and options, when every operand is concrete; under
            `fg.checked` with tracers too.
    """
    if body is None:
        return functools.partial(op, dims=dims, new_dims=new_dims, places=places, check=check)
    word = _Word(body, dims, new_dims, places, check)
    kinds, operands, spelled, alone = word.kinds, word.operands, word.spelled, word.alone
    has_dims, most = bool(word.dims), len(kinds)

    @functools.wraps(body)
    def call(*args: Any, **kwargs: Any) -> Any:
        if places and "device" in kwargs:
            device = kwargs.pop("device")
            made = call(*args, **kwargs)
            return made if device is None else jax.device_put(made, resolve_device(word.name, device))
        if not kwargs and len(args) in alone:  # operands only: half of what is done below can be left out
            for value in args:
                if value.__class__ not in CONCRETE:
                    break
            else:
                program, run_check = alone[len(args)]
                try:
                    if run_check is not None and looked_at():
                        run_check(args)
                    return program(*args)
                except Exception as error:
                    translate(word.name, error, args)
        if len(args) > most:
            return word.call(args, kwargs)
        # The fast path asks one question: has this very spelling been seen, with operands whose values are known?
        values: list[Any] = []
        spelling: list[Any] = []
        for value, is_operand in zip(args, kinds):  # noqa: B905 (`strict=` alone would cost a tenth of what is left)
            kind = value.__class__
            if not is_operand:
                spelling += (kind, _typed(value)) if kind is list or kind is tuple else (kind, value)
            elif kind in CONCRETE:
                values.append(value)
            elif (kind is list or kind is tuple) and all(item.__class__ in CONCRETE for item in value):
                values.append(tuple(value))
                spelling.append(len(value))
            else:
                return word.call(args, kwargs)
        if kwargs:
            for name, value in kwargs.items():
                kind = value.__class__
                if name not in operands or value is None:
                    spelling += (name, kind, _typed(value) if kind is list or kind is tuple else value)
                elif kind in CONCRETE:
                    values.append(value)
                    spelling.append(name)
                else:
                    return word.call(args, kwargs)
        try:
            if has_dims:
                first = values[0]
                spelling.append((first[0] if first.__class__ is tuple else first).ndim)
            key = (len(values), *spelling)
            found = spelled.get(key)
        except (TypeError, AttributeError, IndexError):  # an option of lists, a number where dims are counted
            key, found = None, None
        if found is None:
            return word.call(args, kwargs, key)
        program, run_check = found
        try:
            if run_check is not None and looked_at():
                run_check(values)
            return program(*values)
        except Exception as error:
            translate(word.name, error, values)

    call.__signature__ = word.public_signature()  # type: ignore[attr-defined]
    return call


class _Word:
    """What `op` reads off a definition, and the programs compiled for it so far."""

    def __init__(
        self,
        body: Callable[..., Any],
        dims: Sequence[str],
        new_dims: int,
        places: bool,
        check: Callable[..., None] | None,
    ):
        self.body = body
        self.places = places
        self.name = body.__name__.lstrip("_")  # `_max` is a part of `max`, and speaks for it
        self.new_dims = new_dims
        self.check = check
        self.check_names = tuple(inspect.signature(check).parameters) if check else ()
        self.signature = inspect.signature(body)
        self.parameters = self.signature.parameters
        self.operands = {name for name, p in self.parameters.items() if "Array" in str(p.annotation)}
        self.required = {name for name in self.operands if "None" not in str(self.parameters[name].annotation)}
        self.sequences = {name for name in self.operands if "Sequence" in str(self.parameters[name].annotation)}
        self.either = {
            name for name in self.sequences if "ArrayLike | Sequence" in str(self.parameters[name].annotation)
        }
        self.variadic = next((name for name, p in self.parameters.items() if p.kind is p.VAR_POSITIONAL), None)
        self.dims = [name for name in dims if name in self.parameters and name not in self.operands]
        self.defaults = {
            name: p.default
            for name, p in self.parameters.items()
            if name not in self.operands and p.default is not p.empty
        }
        self.aliases = {alias: word for alias, word in _ALIASES.items() if word in self.parameters}
        # For each position in a call, whether the argument there is an operand.
        positional = [name in self.operands for name, p in self.parameters.items() if p.kind < p.VAR_POSITIONAL]
        self.kinds = (
            *positional,
            *[self.variadic in self.operands] * (_MOST_POSITIONAL if self.variadic else 0),
        )
        self.programs: dict[Any, Callable[..., Any]] = {}  # by operands given and canonical options
        # By options as written: the program, and the check as a function of the values.
        self.spelled: dict[Any, tuple[Callable[..., Any], Callable[[Sequence[Any]], None] | None]] = {}
        # The same for calls of nothing but arrays by position, by their number.
        self.alone: dict[int, tuple[Callable[..., Any], Callable[[Sequence[Any]], None] | None]] = {}

    def call(self, args: tuple[Any, ...], kwargs: dict[str, Any], key: Any = None) -> Any:
        """The slow path: bind, convert operands, put options in canonical form, find or compile the program.

        `key` is how the fast path will look this spelling up next time, if it could read every operand.
        """
        arguments = self.bind(args, kwargs)
        slots: list[str] = []  # the operand that each value belongs to
        values: list[Any] = []
        options = dict(self.defaults)
        for name, value in arguments.items():
            if name not in self.operands or (value is None and name not in self.required):
                options[name] = self.option(name, value)
            elif name == self.variadic:
                if len(value) == 1 and isinstance(value[0], list | tuple):
                    value, key = value[0], None  # f([a, b]) is f(a, b), but the fast path reads it otherwise
                values += self.items(name, value)
                slots += [name] * len(value)
            else:
                several = name in self.sequences and (name not in self.either or isinstance(value, list | tuple))
                values.append(self.items(name, value) if several else operand(self.name, name, value))
                slots.append(name)
        self.canonical_dims(options, values)
        concrete = all(is_concrete(leaf) for leaf in jax.tree.leaves(values))
        program = self.program(tuple(slots), options) if concrete else self.bare(tuple(slots), options)
        run_check = self.checker(slots, options)
        if key is not None:
            self.spelled[key] = program, run_check
            by_ndim = any(options.get(name) not in (None, ()) for name in self.dims)
            arrays_only = not kwargs and len(args) == len(values) and all(self.kinds[: len(args)])
            if arrays_only and not by_ndim and all(value.__class__ in CONCRETE for value in args):
                self.alone[len(args)] = program, run_check
        try:
            if run_check is not None and (looked_at() if concrete else checking()):
                run_check(values)
            return program(*values)
        except Exception as error:
            translate(self.name, error, values)

    def bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """The arguments by parameter name, in the order of the call."""
        named = {}
        for key, value in kwargs.items():
            name = self.aliases.get(key, key)
            if name in named or (name != key and name in kwargs):
                fail(
                    ArgumentError,
                    self.name,
                    f"{name} and {key} are two names of one option",
                    "got both",
                    f"pass only {name}",
                )
            named[name] = value
        several = {}  # f(x, shape=(2, 3)) is f(x, 2, 3), which Python's own binding does not know
        if self.variadic in named:
            value = named.pop(self.variadic)
            several = {self.variadic: value if isinstance(value, list | tuple) else (value,)}
        try:
            bound = self.signature.bind(*args, **named).arguments
            if several.keys() & bound.keys():
                raise TypeError(f"multiple values for argument {self.variadic!r}")
        except TypeError as error:
            misfit(self.name, self.public_signature(), kwargs, error)
        return {name: value for name, value in bound.items() if name not in named} | named | several

    def option(self, name: str, value: Any) -> Any:
        """`value` as something hashable whose value is known."""
        traced = [leaf for leaf in jax.tree.leaves(value) if not is_concrete(leaf)]
        if traced:
            fail(
                TracedValueError,
                self.name,
                f"{name} must be known when the function is traced",
                f"got a traced {describe(traced[0])}",
                f"pass a Python value, or make {name} a static argument of jit",
            )
        if any(is_key(leaf) for leaf in jax.tree.leaves(value)):
            given, remedy = "got a random key", "pass numbers, strings or tuples of them"
            fail(ArgumentTypeError, self.name, f"{name} must be a plain option", given, remedy)
        known = _frozen(value)
        if name == self.variadic and len(known) == 1 and isinstance(known[0], tuple):
            known = known[0]  # sizes may come as f(2, 3) or f((2, 3))
        return known

    def items(self, name: str, value: Any) -> tuple[Any, ...]:
        """A sequence of operands."""
        if not isinstance(value, list | tuple):
            fail(
                ArgumentTypeError,
                self.name,
                f"{name} must be a list or tuple of arrays",
                f"got {describe(value)}",
                "put the arrays in a list",
            )
        return tuple(operand(self.name, f"{name}[{i}]", item) for i, item in enumerate(value))

    def canonical_dims(self, options: dict[str, Any], values: list[Any]) -> None:
        """Check the options that name dimensions and count them from the front, in place."""
        if not any(options.get(name) is not None for name in self.dims):
            return
        first = values[0] if values else 0
        ndim = np.ndim(first[0] if isinstance(first, tuple) and first else first) + self.new_dims
        for name in self.dims:
            dim = options.get(name)
            kinds = str(self.parameters[name].annotation)
            if dim is not None and not (isinstance(dim, bool) and "bool" in kinds):  # torch's var(x, False)
                one = set(kinds.split(" | ")) <= {"int", "Dim", "None"}
                several = name == self.variadic or (isinstance(dim, tuple) and not one)
                canonical = canonical_dims if several else canonical_dim
                options[name] = canonical(self.name, dim, ndim, argument=name)

    def program(self, slots: _Slots, options: dict[str, Any]) -> Callable[..., Any]:
        """The compiled definition with `options` fixed; it takes the values of `slots` in order."""
        key = (slots, *((name, _typed(options[name])) for name in sorted(options)))
        try:
            return self.programs[key]
        except KeyError:
            # inline: a word without operands, called while tracing, leaves its equations and not a call.
            program = self.programs[key] = jax.jit(self.bare(slots, options), inline=True)
            return program
        except TypeError:
            unhashable = next(name for name, value in options.items() if not _hashable(value))
            fail(
                ArgumentTypeError,
                self.name,
                f"{unhashable} must be a plain option",
                f"got {describe(options[unhashable])}",
                "pass numbers, strings or tuples of them",
            )

    def bare(self, slots: _Slots, options: dict[str, Any]) -> Callable[..., Any]:
        """The definition with `options` fixed, uncompiled."""

        def definition(*values: Any) -> Any:
            given = dict(options)
            for slot, value in zip(slots, values, strict=True):
                given[slot] = (*given.get(slot, ()), value) if slot == self.variadic else value
            bound = inspect.BoundArguments(self.signature, {n: given[n] for n in self.parameters if n in given})
            return jax.tree.map(strong, self.body(*bound.args, **bound.kwargs))

        definition.__name__ = self.name
        return definition

    def checker(self, slots: Sequence[str], options: dict[str, Any]) -> Callable[[Sequence[Any]], None] | None:
        """The check with `options` fixed; made once a spelling, because passing names costs more than most checks."""
        check = self.check
        if check is None:
            return None
        places = {name: i for i, name in enumerate(slots) if name in self.check_names}
        fixed = {name: options[name] for name in self.check_names if name in options and name not in places}
        if tuple(slots) == self.check_names[: len(slots)]:  # all values, in the order of the check
            return lambda values: check(*values, **fixed)
        return lambda values: check(**{name: values[i] for name, i in places.items()}, **fixed)

    def public_signature(self) -> inspect.Signature:
        """The signature that help() shows: the definition's, and the aliases as keywords."""
        shown = list(self.parameters.values())
        for alias, name in self.aliases.items():
            p = self.parameters[name]
            default = None if p.default is p.empty else p.default
            shown.append(p.replace(name=alias, kind=p.KEYWORD_ONLY, default=default, annotation=p.empty))
        if self.places:
            shown.append(inspect.Parameter("device", inspect.Parameter.KEYWORD_ONLY, default=None))
        return self.signature.replace(parameters=shown)


def strong(value: Any) -> Any:
    """A result has a dtype of its own, also where the operands were Python numbers: it widens like any array."""
    return jax.lax.convert_element_type(value, value.dtype) if getattr(value, "weak_type", False) else value


def _typed(value: Any) -> Any:
    """`value` as a key that tells (1,) from (True,) and (1.0,), which Python holds to be equal."""
    if not isinstance(value, list | tuple):
        return value.__class__, value
    kinds = tuple(map(type, value))
    return kinds, tuple(map(_typed, value)) if tuple in kinds or list in kinds else tuple(value)


def _frozen(value: Any) -> Any:
    if isinstance(value, jax.Array | np.ndarray | np.generic):
        value = np.asarray(value).tolist()
    return tuple(_frozen(item) for item in value) if isinstance(value, list | tuple) else value


def _hashable(value: Any) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True

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
import operator
from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, TypeAlias, TypeVar, overload

import jax
import numpy as np

from ._checks import canonical_dim, canonical_dims, describe, fail, is_concrete
from ._claims import checking
from ._convert import resolve_device
from ._dispatch import Checked, Spellings, holding, reader, settle, typed
from ._errors import ArgumentError, ArgumentTypeError, TracedValueError
from ._operands import is_key, operand, translate
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
    call = functools.wraps(body)(word.reader())
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
        self.spellings = Spellings(self.name, self.kinds, self.operands, self.call)

    def reader(self) -> Callable[..., Any]:
        """What is called when the word is."""
        first = next(iter(self.parameters), "")
        return reader(
            self.spellings, first in self.sequences, first not in self.required, self.put if self.places else None
        )

    def put(self, made: Any, device: Any) -> Any:
        """What was made, on `device`."""
        return made if device is None else jax.device_put(made, resolve_device(self.name, device))

    def call(self, args: tuple[Any, ...], kwargs: dict[str, Any], key: Any = None) -> Any:
        """The slow path: bind, convert operands, put options in canonical form, find or compile the program.

        `key` is how the fast path will look this spelling up next time, if it could read every option.
        """
        arguments = self.bind(args, kwargs)
        slots: list[str] = []  # the operand that each value belongs to
        values: list[Any] = []
        given: list[Any] = []  # the operands as they came
        options = dict(self.defaults)
        for name, value in arguments.items():
            if name not in self.operands or (value is None and name not in self.required):
                options[name] = self.option(name, value)
                continue
            if name == self.variadic:
                if len(value) == 1 and isinstance(value[0], list | tuple):
                    value, key = value[0], None  # f([a, b]) is f(a, b), but the fast path reads it otherwise
                given += value
                values += self.items(name, value)
                slots += [name] * len(value)
            else:
                given.append(value)
                several = name in self.sequences and (name not in self.either or isinstance(value, list | tuple))
                values.append(self.items(name, value) if several else operand(self.name, name, value))
                slots.append(name)
        by_ndim = any(_from_the_end(options.get(name)) for name in self.dims)
        self.canonical_dims(options, values)
        leaves = jax.tree.leaves(values)
        concrete = all(is_concrete(leaf) for leaf in leaves)
        if concrete:
            run = self.checked(slots, options, values)
            if key is not None and all(map(_unchanged, given, values)):
                self.spellings.remember(key, run, args, values, by_ndim)
        else:
            run, check = self.bare(tuple(slots), options), self.checker(slots, options)
        try:
            if concrete:
                ready = settle(run, values)
                if ready is None:  # not for want of dimensions: those are there
                    run.check(*values)
                run = ready
            elif check is not None and checking():
                check(*values)
            return run(*values)
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
        key = (slots, *((name, options[name].__class__, typed(options[name])) for name in sorted(options)))
        try:
            return self.programs[key]
        except KeyError:
            definition = self.bare(slots, options)

            def guarded(*values: Any) -> Any:
                # Traced once for each shape: these options may have been found for arrays of more dimensions.
                self.canonical_dims(dict(options), list(values))
                return definition(*values)

            guarded.__name__ = self.name
            # inline: a word without operands, called while tracing, leaves its equations and not a call.
            program = self.programs[key] = jax.jit(guarded, inline=True)
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

    def checked(self, slots: Sequence[str], options: dict[str, Any], values: Sequence[Any]) -> Any:
        """The program with its check, unless the classes of the operands say that all is well."""
        program = holding(self.program(tuple(slots), options), values)
        check = self.checker(slots, options)
        without = getattr(self.check, "without", None)
        if check is None or (without is not None and without not in map(type, values)):
            return program
        return Checked(program, check, getattr(self.check, "inexact", False) and isinstance(values[0], jax.Array))

    def checker(self, slots: Sequence[str], options: dict[str, Any]) -> Callable[..., None] | None:
        """The check with `options` fixed, as a function of the values."""
        check = self.check
        if check is None:
            return None
        places = {name: i for i, name in enumerate(slots) if name in self.check_names}
        fixed = {name: options[name] for name in self.check_names if name in options and name not in places}
        if tuple(slots) == self.check_names[: len(slots)]:  # all values, in the order of the check
            return functools.partial(check, **fixed) if fixed else check
        if len(places) == 1 and len(fixed) == len(self.check_names) - 1:  # one of them
            ((at, i),) = ((self.check_names.index(name), i) for name, i in places.items())
            before, after = (
                [fixed[name] for name in part] for part in (self.check_names[:at], self.check_names[at + 1 :])
            )
            return lambda *values: check(*before, values[i], *after)
        return lambda *values: check(**{name: values[i] for name, i in places.items()}, **fixed)

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


def _unchanged(given: Any, value: Any) -> bool:
    """Whether the operand `given` went into the program as it was: its class does not say how to convert it."""
    return all(map(operator.is_, given, value)) if value.__class__ is tuple else given is value


def _from_the_end(dim: Any) -> bool:
    """Whether `dim`, an option as it was written, means another dimension of an array with more of them."""
    if isinstance(dim, tuple):
        return any(map(_from_the_end, dim))
    return dim is not None and dim.__class__ is not bool and not (dim.__class__ is int and dim >= 0)


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

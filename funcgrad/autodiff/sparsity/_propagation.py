"""Dependences carried through a program, equation by equation."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from ..._jax import body_of, consts_of, inner_program, is_literal, name_of, place_of, rebind
from ._sets import Dependence, Term, everything, nothing, places, union
from ._values import speaks, value_of

__all__ = ["BLOCKS", "MOVING", "POINTWISE", "RULES", "Known", "Propagation", "Rule", "block", "rule"]


_ROUNDING = {"ceil", "floor", "round", "sign", "stop_gradient", "is_finite"}
_CHOOSING = {"cond", "while", "scan", "sort", "top_k", "approx_top_k", "argmax", "argmin", "select_and_gather_add"}
_CHOOSING |= {"select_and_scatter_add", "reduce_window"}


class Known:
    """What is known of one array: shape, dtype, what its elements depend on, and its value where that is fixed."""

    __slots__ = ("_value", "dependence", "dtype", "shape")

    def __init__(self, aval: Any, dependence: Dependence | None = None, value: Any = None, any_dtype: bool = False):
        self.shape: tuple[int, ...] = tuple(getattr(aval, "shape", ()))
        self.dtype = getattr(aval, "dtype", np.dtype(np.int32))  # tokens have none
        smooth = any_dtype or self.smooth
        self.dependence = dependence if smooth and dependence is not None else nothing(self.shape)
        self._value = value

    @property
    def smooth(self) -> bool:
        """Whether it is of a dtype that has derivatives."""
        return bool(jnp.issubdtype(self.dtype, jnp.inexact))

    @property
    def active(self) -> bool:
        """Whether it depends on anything."""
        return bool(self.dependence.terms)

    @property
    def fixed(self) -> bool:
        """Whether its value can be asked for."""
        return self._value is not None

    @property
    def value(self) -> Any:
        """The value, computed when first asked for; None where it is not fixed."""
        if callable(self._value):
            self._value = self._value()
        return self._value

    @property
    def raw(self) -> Any:
        """What stands for the value: to hand it on without computing it."""
        return self._value

    @property
    def array(self) -> np.ndarray | None:
        """The value as NumPy reads it; None where it is not fixed, or is random keys."""
        value = self.value
        if value is None or jnp.issubdtype(self.dtype, jax.dtypes.extended):
            return None
        return np.asarray(value)


Rule: TypeAlias = Callable[["Propagation", Any, list[Known]], list[Dependence]]
Block: TypeAlias = Callable[["Propagation", Any, list[Known]], list[Known]]
RULES: dict[str, Rule] = {}  # what the outputs of an operation depend on
BLOCKS: dict[str, Block] = {}  # operations that hold programs
POINTWISE: set[str] = set()  # operations element by element
MOVING: set[str] = set()  # operations whose outputs are elements of their operands, or made of lines of them


def rule(*names: str) -> Callable[[Rule], Rule]:
    """Register the rule of some operations."""

    def register(function: Rule) -> Rule:
        RULES.update(dict.fromkeys(names, function))
        return function

    return register


def block(*names: str) -> Callable[[Block], Block]:
    """Register what to do with operations that hold programs."""

    def register(function: Block) -> Block:
        BLOCKS.update(dict.fromkeys(names, function))
        return function

    return register


class Propagation:
    """One pass over a program; programs inside it take part.

    Attributes:
        columns: how many columns the inputs have.
        reasons: what was not understood.
        by_value: whether what is followed is which values enter, not which derivatives: for the rules that users
            write, which are applied as they stand, though they round, compare or call themselves.
        left: how many more equations loops may be followed through step by step.
    """

    def __init__(self, columns: int, shared: Propagation | None = None):
        self.columns = columns
        self.parent = shared
        self.by_value: bool = shared is not None and shared.by_value
        self.left = 20_000
        self.reasons: list[str] = []
        self.plans: dict[int, tuple[Any, list[tuple[Any, list[Any]]]]] = {}
        self.programs: dict[Any, Any] = {}  # what rules trace, by equation
        self.callers: list[Any] = []  # the equations whose programs are being read

    def inner(self, columns: int, by_value: bool = False) -> Propagation:
        """A pass with columns of its own, that shares all else."""
        other = Propagation(columns, self)
        other.by_value |= by_value
        other.reasons, other.plans = self.reasons, self.plans
        other.programs, other.callers = self.programs, self.callers
        return other

    def spend(self, cost: int) -> bool:
        """Whether so many equations may be followed; then they count."""
        if self.parent is not None:
            return self.parent.spend(cost)
        if cost > self.left:
            return False
        self.left -= cost
        return True

    def run(self, program: Any, inputs: Sequence[Known]) -> list[Known]:
        """What is known of the outputs of a program."""
        body = body_of(program)
        env: dict[Any, Known] = dict(zip(body.invars, inputs, strict=True))
        for var, value in zip(body.constvars, consts_of(program), strict=True):
            env[var] = Known(var.aval, value=None if isinstance(value, jax.core.Tracer) else value)

        def read(atom: Any) -> Known:
            return Known(atom.aval, value=np.asarray(atom.val, atom.aval.dtype)) if is_literal(atom) else env[atom]

        for equation, last in self._plan(body):
            found = self.equation(equation, [read(atom) for atom in equation.invars])
            env.update(zip(equation.outvars, found, strict=True))
            for var in last:
                env.pop(var, None)
        return [read(atom) for atom in body.outvars]

    def equation(self, equation: Any, operands: list[Known]) -> list[Known]:
        """What is known of the outputs of one equation."""
        name = name_of(equation)
        held = name in BLOCKS or (name not in RULES and inner_program(equation) is not None)
        active = any(operand.active for operand in operands)
        if active and self.by_value and not self._same_by_value(equation, operands):
            if name in POINTWISE:
                parts = [operand.dependence for operand in operands]
                found = [union(parts, tuple(equation.outvars[0].aval.shape))]
            elif name.startswith("custom_"):
                return self._call(equation, operands)
            else:
                found = self.dense(equation, operands, "mixes what a rule in reverse is given")
        elif held and all(known.fixed and not known.active for known in operands) and not self._readable(equation):
            found = [nothing(getattr(var.aval, "shape", ())) for var in equation.outvars]  # compiled in one piece
        elif held:
            mark = len(self.reasons)
            self.callers.append(equation)
            try:
                return BLOCKS[name](self, equation, operands) if name in BLOCKS else self._call(equation, operands)
            except RecursionError:
                raise
            except Exception as error:
                del self.reasons[mark:]
                why = f"could not be taken apart ({_brief(error)})"
                found = self.dense(equation, operands, why)
            finally:
                self.callers.pop()
        elif not active or not (self.by_value or any(map(_counts, equation.outvars))):
            found = [nothing(getattr(var.aval, "shape", ())) for var in equation.outvars]
        elif name not in RULES:
            found = self.dense(equation, operands, "has no rule")
        else:
            try:
                found = RULES[name](self, equation, operands)
            except Exception as error:
                found = self.dense(equation, operands, f"was not understood ({_brief(error)})")
        values = self._values(equation, operands)
        return [
            Known(var.aval, part, value, self.by_value)
            for var, part, value in zip(equation.outvars, found, values, strict=True)
        ]

    def _same_by_value(self, equation: Any, operands: Sequence[Known]) -> bool:
        """Whether values enter as derivatives do: where nothing is rounded, compared or chosen by what is followed."""
        name = name_of(equation)
        if name in _CHOOSING or (name.startswith("custom_") and name != "custom_linear_solve"):
            return False
        if name in MOVING or (name not in RULES and inner_program(equation) is not None):
            return True
        if any(operand.active and not operand.smooth for operand in operands):
            return False
        return (name in RULES and name not in _ROUNDING) or name == "custom_linear_solve"

    def dense(self, equation: Any, operands: Sequence[Known], why: str) -> list[Dependence]:
        """Every output element on every input element, with the reason kept."""
        if any(operand.active for operand in operands):
            self.note(equation, f"{why}; taken as dense")
        parts = [operand.dependence for operand in operands]
        return [everything(parts, tuple(var.aval.shape), self.columns) for var in equation.outvars]

    def note(self, equation: Any, why: str) -> None:
        """Keep a reason why the pattern may be larger than it needs to be."""
        # What libraries wrote is said to be where the user called it.
        place = next(filter(None, map(place_of, [equation, *self.callers[::-1]])), "")
        self.reasons.append(f"{name_of(equation)}{' at ' * bool(place)}{place}: {why}")

    def local(self, program: Any, inputs: Sequence[Known], chosen: Sequence[int]) -> list[Known]:
        """The outputs' dependence on the elements of the chosen inputs themselves, which follow one another."""
        sizes = [int(np.prod(inputs[i].shape)) for i in chosen]
        seeded = [Known(known, value=known.raw) for known in inputs]
        start = 0
        for i, size in zip(chosen, sizes, strict=True):
            seeded[i] = Known(inputs[i], seed(inputs[i].shape, start), inputs[i].raw)
            start += size
        return self.inner(sum(sizes)).run(program, seeded)

    def _call(self, equation: Any, operands: list[Known]) -> list[Known]:
        program = inner_program(equation)
        shapes = [tuple(getattr(var.aval, "shape", ())) for var in body_of(program).invars]
        if shapes != [operand.shape for operand in operands]:
            raise ValueError("it calls its program with other shapes")
        return self.run(program, operands)

    def _values(self, equation: Any, operands: Sequence[Known]) -> list[Any]:
        """The values of the outputs where those of all operands are fixed, lazily where they take a compilation."""
        outputs = equation.outvars
        if not all(operand.fixed for operand in operands) or equation.effects:
            return [None] * len(outputs)
        if len(outputs) == 1:
            with np.errstate(all="ignore"):
                found = value_of(equation, operands)
            if found is not None:
                return [found]
        results: list[Any] = []

        def compute(number: int) -> Any:
            if not results:
                values = [operand.value for operand in operands]
                with jax.ensure_compile_time_eval(), warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    try:
                        if any(value is None for value in values):
                            raise ValueError
                        results.extend(rebind(equation, [_on_device(value) for value in values]))
                    except Exception:  # then it is not known, which costs tightness and nothing else
                        results.extend([None] * len(outputs))
            return results[number]

        return [lambda number=number: compute(number) for number in range(len(outputs))]

    def _readable(self, equation: Any) -> bool:
        """Whether NumPy can say the values of all that the equation's program holds."""
        program = inner_program(equation)
        if program is None:
            return False
        key = id(equation), "readable"
        if key not in self.programs:
            inside = body_of(program).eqns
            self.programs[key] = equation, all(map(self._by_numpy, inside))
        return bool(self.programs[key][1])

    def _by_numpy(self, equation: Any) -> bool:
        name = equation.primitive.name
        return self._readable(equation) if name in ("jit", "pjit") else speaks(name)

    def _plan(self, body: Any) -> list[tuple[Any, list[Any]]]:
        """The equations that an output needs, each with the variables that nothing after it reads."""
        if id(body) in self.plans:
            return self.plans[id(body)][1]
        needed = {var for var in body.outvars if not is_literal(var)}
        plan = []
        for equation in reversed(body.eqns):
            if not any(var in needed for var in equation.outvars):
                continue
            given = [var for var in equation.invars if not is_literal(var)]
            plan.append((equation, [*dict.fromkeys(var for var in given if var not in needed)]))
            needed.update(given)
        self.plans[id(body)] = body, plan[::-1]
        return plan[::-1]


def seed(shape: tuple[int, ...], start: int) -> Dependence:
    """Elements that are the columns from `start` on."""
    return Dependence(shape, [Term(None, places(shape) + np.int32(start))])


def _counts(var: Any) -> bool:
    """Whether an output has elements, and a derivative."""
    return 0 not in getattr(var.aval, "shape", ()) and jnp.issubdtype(
        getattr(var.aval, "dtype", np.dtype(bool)), jnp.inexact
    )


def _on_device(value: Any) -> Any:
    return value if isinstance(value, jax.Array) else jnp.asarray(value)


def _brief(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).strip().splitlines()[0][:80]}" if str(error) else type(error).__name__

"""A function, a point and directions: what is measured there, and whether the derivatives pass at first sight."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._checks import describe, fail
from .._errors import ArgumentError, DtypeError, TracedValueError
from ._arguments import Argnames, Argnums, choose, flatten, inexact_dtype, select
from ._remainders import SHORT, Ladder, settled, steps

__all__ = ["Trial"]

_NOT_TRACEABLE = (jax.errors.JAXTypeError, jax.errors.JAXIndexError, TracedValueError)


class Trial:
    """Measures a function and its derivatives (`measure`), and compares them (`passes`); both in 64-bit mode.

    Two steps, so that many trials may be measured by one compiled program. There is one direction for each leaf, and
    one more over all of them: where there is a reverse derivative it is at right angles to it, so that the derivative
    along it is 0, and one wrong element stands out among any number of right ones.

    Attributes:
        names: what the message calls each leaf; the two parts of a complex one have names of their own.
        at: the point, a list of real arrays.
        operands: what `measure` is to be called with.
        traced: whether the function can be compiled.
    """

    def __init__(
        self,
        func: Callable[..., Any],
        args: Sequence[Any],
        modes: Sequence[str] = ("forward", "reverse"),
        seed: int = 0,
        argnums: Argnums = None,
        argnames: Argnames = None,
    ):
        moving = tuple(
            i for i, arg in enumerate(args) if any(inexact_dtype(leaf) is not None for leaf in flatten(arg)[0])
        )
        if not moving and argnums is None and argnames is None:
            given = ", ".join(describe(leaf) for arg in args for leaf in flatten(arg)[0]) or "no arguments"
            fail(ArgumentError, "check_grad", "an argument must be floating", f"got {given}", "convert one")
        choice = choose(select("check_grad", argnums, argnames, default=moving), func, args, {}, "any")
        self.choice, self.modes = choice, modes
        self.complex = [jnp.iscomplexobj(leaf) for leaf in choice.leaves]
        names: dict[int, str] = {}
        for _, argument, numbers in choice.places:
            names |= {number: argument.path(argument.keys[index]) for index, number in numbers.items()}
        self.names = [
            name
            for i, parts in enumerate(self.complex)
            for name in ([f"{names[i]}.real", f"{names[i]}.imag"] if parts else [names[i]])
        ]
        host = [np.asarray(leaf) for leaf in choice.leaves]
        real = [part for leaf in host for part in ((leaf.real, leaf.imag) if np.iscomplexobj(leaf) else (leaf,))]
        self.at = [np.asarray(leaf, np.float64) for leaf in real]
        self.size = sum(leaf.size for leaf in self.at)
        self.count = len(self.at) + (self.size > 1)  # directions
        rng = np.random.default_rng(seed)
        u, v = ([_direction(rng, leaf.shape) for leaf in self.at] for _ in range(2))
        try:
            outputs = jax.eval_shape(self.flat, *self.at)
            self.traced = True
        except _NOT_TRACEABLE:
            outputs = self.flat(*map(jnp.asarray, self.at))
            self.traced = False
        if not outputs:
            required, remedy = "the function must return floating point", "compute it in floating point"
            fail(DtypeError, "check_grad", required, "it returned nothing that is", remedy)
        alone = [np.shape(out) for out in outputs] == [()]
        w = [np.ones(()) if alone else _direction(rng, np.shape(out)) for out in outputs]
        self.operands = (self.at, u, v, w)

    def outputs(self, *values: Any) -> list[Any]:
        """The floating outputs as a function of the real parts of the leaves."""
        waiting = iter(values)
        leaves = [next(waiting) + 1j * next(waiting) if parts else next(waiting) for parts in self.complex]
        found = jax.tree.leaves(self.choice.call(leaves))
        return [jnp.asarray(out) for out in found if inexact_dtype(out) is not None]

    def flat(self, *values: Any) -> list[Any]:
        """The same, a complex output as its two parts."""
        return [p for out in self.outputs(*values) for p in ((out.real, out.imag) if jnp.iscomplexobj(out) else (out,))]

    def forward(self, at: list[Any], direction: list[Any]) -> list[Any]:
        """$J u$."""
        return jax.jvp(self.flat, list(at), list(direction))[1]

    def reverse(self, at: list[Any], w: list[Any]) -> tuple[Any, ...]:
        """$J^T w$."""
        outputs, pull = jax.vjp(self.flat, *at)
        return pull([jnp.asarray(weight).astype(out.dtype) for weight, out in zip(w, outputs, strict=True)])

    def over(self, body: Callable[..., Any], *operands: Any) -> Any:
        """The results of `body` for the entries along the operands' first axis: in a compiled loop, if it can be."""
        if self.traced:
            return jax.lax.map(lambda entry: body(*entry), tuple(jnp.asarray(o) for o in operands))
        each = [body(*entry) for entry in zip(*operands, strict=True)]
        return jax.tree.map(lambda *parts: np.stack([np.asarray(p) for p in parts]), *each)

    def measure(self, at: list[Any], u: list[Any], v: list[Any], w: list[Any]) -> tuple[Any, ...]:
        """The outputs on both sides of the point along each direction, $J u$, $J^T w$, and the last direction."""
        at = [jnp.asarray(leaf) for leaf in at]
        gradient = self.reverse(at, w) if "reverse" in self.modes else ()
        level = _right_angled(v, gradient) if gradient else v

        def moved(shares: Any, step: Any) -> tuple[list[Any], list[Any]]:
            direction = [shares[i] * u[i] + shares[-1] * level[i] for i in range(len(at))]
            there = [x + step * d for x, d in zip(at, direction, strict=True)]
            # The derivatives at all steps are not needed, but one program for both is compiled in less time than two.
            return jax.jvp(self.flat, there, direction) if forward else (self.flat(*there), [])

        forward = "forward" in self.modes
        each = 2 * len(SHORT) + 1
        shares = np.eye(self.count, len(at) + 1)
        values, along = self.over(moved, np.repeat(shares, each, axis=0), np.tile(steps(SHORT), self.count))
        return values, [out[::each] for out in along], gradient, level

    def passes(self, measured: tuple[Any, ...], rtol: float, atol: float) -> bool:
        """Whether all derivatives agree with differences of a few steps. Where not, they may still be right."""
        values, along, gradient, level = measured
        values = [np.asarray(v, np.float64).reshape(self.count, 2 * len(SHORT) + 1, *v.shape[1:]) for v in values]
        along = [np.asarray(out, np.float64) for out in along]
        products = [float(np.vdot(d, g)) for d, g in zip(self.operands[1], gradient, strict=False)]
        across = sum(float(np.vdot(d, g)) for d, g in zip(level, gradient, strict=False))  # 0, but for what is left out
        largest = max(
            (np.abs(np.asarray(d) * g).max(initial=0.0) for d, g in zip(level, gradient, strict=False)), default=0
        )
        for number in range(self.count):
            total = 0.0
            for i, (each, w) in enumerate(zip(values, self.operands[3], strict=True)):
                found = along[i][number] if along else np.zeros(each.shape[2:])
                expected, _ = Ladder(SHORT, each[number]).derivative(found)
                if along and not settled(found, expected, rtol, atol).all():
                    return False
                total += float(np.vdot(w, expected))
            if gradient and number < len(self.at):
                reverse, allowed = products[number], atol
            else:
                reverse, allowed = across, atol + rtol * float(largest)
            if gradient and not settled(np.asarray(reverse), np.asarray(total), rtol, allowed).all():
                return False
        return True


def _direction(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Random numbers away from 0, with random signs: nothing is missed because it was not moved."""
    return rng.uniform(0.5, 1.0, shape) * rng.choice([-1.0, 1.0], shape)


def _right_angled(v: Sequence[Any], gradient: Sequence[Any]) -> list[Any]:
    """`v` without its part along the gradient; what only rounding leaves of an element is left out as well."""
    across = sum((d * g).sum() for d, g in zip(v, gradient, strict=True))
    square = sum((g * g).sum() for g in gradient)
    share = jnp.where(square > 0, across / jnp.where(square > 0, square, 1), 0)
    left = [d - share * g for d, g in zip(v, gradient, strict=True)]
    # One slope far above all others takes its element whole: times that slope, its rounding would hide the others.
    return [jnp.where(jnp.abs(x) > 1e-6 * jnp.abs(d), x, 0) for x, d in zip(left, v, strict=True)]

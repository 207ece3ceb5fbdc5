"""Where derivatives do not pass at first sight: what is wrong with them and where, or why nothing is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ._analytic import is_analytic, resolution
from ._remainders import LONG, Ladder, settled, steps
from ._trials import Trial

__all__ = ["judge"]

_BATCH = 16  # ranges that one call of the compiled program measures, and parts that a range is cut into
_IMAGINARY = 1e-100
_TOLD = 8  # kinks that are told one by one


@dataclass
class _Verdict:
    """What was found along one direction that moves the elements from `start` to `stop`."""

    base: int
    start: int
    stop: int
    rows: dict[str, tuple[float, float]] = field(default_factory=dict)  # by mode: expected, found
    wrong: list[str] = field(default_factory=list)  # the modes that disagree
    kinks: bool = False  # one-sided derivatives differ, and the derivative lies between them
    undefined: bool = False  # values at the point are no numbers
    rough: bool = False  # differences do not settle: a jump, or noise
    slopes: tuple[float, float] = (0.0, 0.0)
    outputs: str = ""  # the first output that disagrees
    ladders: list[Ladder] = field(default_factory=list)
    forward: list[Any] = field(default_factory=list)

    @property
    def undefined_rows(self) -> list[tuple[str, float]]:
        """The modes whose derivative is infinite or NaN."""
        return [(mode, found) for mode, (_, found) in self.rows.items() if not np.isfinite(found)]


class _Examination:
    """Looks at a trial again, along parts of its directions and over a long ladder of steps, or by complex steps."""

    def __init__(self, trial: Trial, measured: tuple[Any, ...], rtol: float, atol: float):
        self.trial, self.rtol, self.atol = trial, rtol, atol
        at, u, _, w = trial.operands
        _, _, gradient, level = measured
        self.weights = [np.asarray(each) for each in w]
        finite = all(np.isfinite(np.asarray(d)).all() for d in level)
        self.bases = [self._joined(u), self._joined(level if finite else trial.operands[2])]
        self.gradient = self._joined(gradient) if gradient else None
        self.ends = np.cumsum([leaf.size for leaf in at])
        self.resolution = resolution(trial.flat, at)
        self.narrow = self.resolution > 1e-15
        self.rounding = 4 * self.resolution if self.narrow else 1e-13
        self.analytic = trial.traced and not any(trial.complex) and is_analytic(trial.outputs, at)
        self.scalar = [each.shape for each in self.weights] == [()]
        outputs = max(1, sum(each.size for each in self.weights))
        self.budget = int(min(4_000, max(64, 2e7 / (2 * len(LONG) * outputs)))) if trial.traced else 64
        self.share = 1.0  # of the tolerances
        self.padded = trial.traced and trial.size * outputs < 1e9 and trial.size < 1e5  # one program for all counts
        self.program = jax.jit(self._measure) if trial.traced else self._measure

    @staticmethod
    def _joined(leaves: Any) -> np.ndarray:
        return np.concatenate([np.ravel(np.asarray(leaf, np.float64)) for leaf in leaves])

    def _measure(self, at: list[Any], base: Any, starts: Any, stops: Any) -> tuple[Any, ...]:
        """Outputs along the ladder, $J u$ and the complex step, for ranges of a direction."""
        at = [jnp.asarray(leaf) for leaf in at]
        places = [np.arange(end - x.size, end).reshape(x.shape) for x, end in zip(at, self.ends, strict=True)]

        def direction(start: Any, stop: Any) -> list[Any]:
            return [jnp.where((start <= p) & (p < stop), base[p], 0.0) for p in places]

        def moved(start: Any, stop: Any, step: Any) -> list[Any]:
            return self.trial.flat(*[x + step * d for x, d in zip(at, direction(start, stop), strict=True)])

        def turned(start: Any, stop: Any) -> list[Any]:
            moving = [x + _IMAGINARY * 1j * d for x, d in zip(at, direction(start, stop), strict=True)]
            return [jnp.imag(out) / _IMAGINARY for out in self.trial.outputs(*moving)]

        each = 2 * len(LONG) + 1
        count = len(starts)
        repeated = [jnp.repeat(jnp.asarray(v), each) for v in (starts, stops)]
        values = self.trial.over(moved, *repeated, np.tile(steps(LONG), count))
        forward = "forward" in self.trial.modes
        along = self.trial.over(lambda a, b: self.trial.forward(at, direction(a, b)), starts, stops) if forward else []
        exact = self.trial.over(turned, starts, stops) if self.analytic else []
        return values, along, exact

    def look(self, base: int, ranges: list[tuple[int, int]], sharply: bool = False) -> list[_Verdict]:
        """A verdict on each range of a direction; `sharply` where a fault is known and its place is not."""
        found: list[_Verdict] = []
        self.share = 0.01 if sharply else 1.0
        for begin in range(0, len(ranges), _BATCH):
            some = ranges[begin : begin + _BATCH]
            padded = np.asarray(some + [some[-1]] * (_BATCH - len(some) if self.padded else 0))
            measured = self.program(self.trial.at, jnp.asarray(self.bases[base]), padded[:, 0], padded[:, 1])
            values, along, exact = ([np.asarray(out) for out in outputs] for outputs in measured)
            values = [v.astype(np.float64).reshape(len(padded), -1, *v.shape[1:]) for v in values]
            for i, (start, stop) in enumerate(some):
                parts = [out[i].astype(np.float64) for out in along], [out[i] for out in exact]
                found.append(self._judge(base, start, stop, [v[i] for v in values], *parts))
        return found

    def _judge(
        self, base: int, start: int, stop: int, values: list[Any], along: list[Any], exact: list[Any]
    ) -> _Verdict:
        verdict = _Verdict(base, start, stop)
        moving = [float(np.abs(x).max(initial=0.0)) for x in self.trial.at] if self.narrow else [0.0]
        ladders = [Ladder(LONG, v, self.resolution, max(moving)) for v in values]
        verdict.undefined = not all(np.isfinite(ladder.here).all() for ladder in ladders)
        forward = along or [np.zeros(v.shape[1:]) for v in values]
        expected, doubts, low, high = [], [], 0.0, 0.0
        for i, (ladder, found, w) in enumerate(zip(ladders, forward, self.weights, strict=True)):
            exactly = bool(exact) and not verdict.undefined
            best, doubt = (exact[i], np.zeros(found.shape)) if exactly else ladder.derivative(found)
            size = np.abs(best) + np.abs(found)
            allowed = self.atol * self.share + 3 * doubt + self.rounding * size
            right = settled(found, best, self.rtol * self.share, allowed)
            smooth = doubt <= self.atol + 1e-3 * size
            sides = [best, best]
            if not exactly and not (right & smooth).all():
                before, after, unsure = ladder.slopes(found)
                sides = [before, after]
                gap, scale = np.abs(after - before), np.abs(before) + np.abs(after)
                kink = np.isfinite(scale) & (gap > 10 * unsure + 1e-6 * scale)
                slack = self.atol + 1e-6 * scale + 3 * unsure
                between = (
                    kink & (np.minimum(before, after) - slack <= found) & (found <= np.maximum(before, after) + slack)
                )
                # Where only the curvature jumps, each side alone is settled.
                both = (
                    ~kink
                    & (unsure <= 1e3 * self.atol + 1e-3 * size)
                    & settled(found, before, self.rtol, slack)
                    & settled(found, after, self.rtol, slack)
                )
                right |= both
                rough = ~kink & ~smooth & ~both
                verdict.rough |= bool(rough.any())
                right &= self.narrow | ~rough
                if along:
                    verdict.kinks |= bool((between & ~right).any())
                    right |= between
                if kink.any() and verdict.slopes == (0.0, 0.0):
                    first = tuple(np.argwhere(kink)[0])
                    verdict.slopes = float(before[first]), float(after[first])
                sides = [np.where(kink, side, best) for side in sides]
            if along and not right.all():
                self._blame(verdict, i, found, best, ~right)
            expected.append(best)
            doubts.append(doubt)
            low += float(np.minimum(w * sides[0], w * sides[1]).sum())
            high += float(np.maximum(w * sides[0], w * sides[1]).sum())
        total = sum(float(np.vdot(w, best)) for w, best in zip(self.weights, expected, strict=True))
        if along:
            claimed = sum(float(np.vdot(w, found)) for w, found in zip(self.weights, along, strict=True))
            verdict.rows["forward"] = total, claimed
        verdict.ladders, verdict.forward = ladders, forward
        if self.gradient is not None:
            self._judge_reverse(verdict, total, doubts, (low, high))
        return verdict

    def _judge_reverse(self, verdict: _Verdict, total: float, doubts: list[Any], interval: tuple[float, float]) -> None:
        assert self.gradient is not None
        part = slice(verdict.start, verdict.stop)
        products = self.bases[verdict.base][part] * self.gradient[part]
        found = float(products.sum())
        verdict.rows["reverse"] = total, found
        doubt = np.sqrt(sum(float(((w * d) ** 2).sum()) for w, d in zip(self.weights, doubts, strict=True)))
        largest = float(np.abs(products).max(initial=0.0))
        allowed = self.share * (self.atol + self.rtol * largest) + self.rounding * float(np.abs(products).sum())
        if "forward" in verdict.rows and "forward" not in verdict.wrong:
            # Forward is right, or as right as it can be: J and its transpose are one matrix.
            right = abs(found - verdict.rows["forward"][1]) <= allowed
        else:
            right = abs(found - total) <= allowed + 3 * doubt and (self.narrow or not verdict.rough)
            if not right and interval[0] < interval[1] and interval[0] - allowed <= found <= interval[1] + allowed:
                verdict.kinks = right = True
        if not right:
            verdict.wrong.append("reverse")

    def _order(self, verdict: _Verdict, mode: str) -> float:
        """The order with which the remainder falls; of a reverse derivative, that of the weighted outputs."""
        if mode == "forward":
            orders = [ladder.order(found) for ladder, found in zip(verdict.ladders, verdict.forward, strict=True)]
            return min([order for order in orders if np.isfinite(order)], default=float("nan"))
        weighted = sum(
            np.tensordot(ladder.values, w, axes=w.ndim) for ladder, w in zip(verdict.ladders, self.weights, strict=True)
        )
        return Ladder(LONG, np.asarray(weighted), self.resolution).order(np.asarray(verdict.rows["reverse"][1]))

    def _blame(self, verdict: _Verdict, output: int, found: Any, expected: Any, wrong: np.ndarray) -> None:
        if "forward" not in verdict.wrong:
            verdict.wrong.append("forward")
            first = tuple(int(i) for i in np.argwhere(wrong)[0])
            name = "the output" if len(self.weights) == 1 else f"output {output}"
            if first:
                at = ", ".join(map(str, first))
                name = f"{int(wrong.sum())} of {wrong.size} elements of {name}, first at [{at}]"
            unit = float(self.bases[verdict.base][verdict.start]) if verdict.stop - verdict.start == 1 else 1.0
            numbers = f"expected {float(expected[first]) / unit:.9g}, found {float(found[first]) / unit:.9g}"
            verdict.outputs = f"{name}: {numbers}"

    def conclude(self) -> list[str]:
        """What is to be said of kinks; raises AssertionError where a derivative is wrong."""
        __tracebackhide__ = True
        with np.errstate(all="ignore"):
            return self._conclude()

    def _conclude(self) -> list[str]:
        __tracebackhide__ = True
        wholes = self.look(0, [(int(e - x.size), int(e)) for x, e in zip(self.trial.at, self.ends, strict=True)])
        level = self.look(1, [(0, self.trial.size)]) if self.trial.size > 1 else []
        kinks: list[_Verdict] = []
        for whole in wholes + level:
            if whole.wrong or whole.kinks:
                culprit = self._search(whole, kinks)
                if culprit is not None:
                    raise AssertionError(self._text(culprit, whole, wholes, kinks))
        told = list(dict.fromkeys(map(self._said, kinks)))
        return told if len(told) <= _TOLD else [*told[:_TOLD], f"and {len(told) - _TOLD} more"]

    def _search(self, whole: _Verdict, kinks: list[_Verdict]) -> _Verdict | None:
        """The smallest range found that is wrong, or None where kinks explain it all."""
        waiting, known = [whole], len(kinks)
        while waiting:
            verdict = waiting.pop()
            length = verdict.stop - verdict.start
            if length == 1:
                if verdict.wrong:
                    return verdict
                kinks.append(verdict)
                continue
            if self.budget <= 0:
                if verdict.wrong:
                    return verdict
                kinks.append(verdict)
                continue
            cuts = np.unique(np.linspace(verdict.start, verdict.stop, min(length, _BATCH) + 1).astype(int))
            ranges = list(zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True))
            self.budget -= len(ranges)
            waiting += [
                part for part in self.look(verdict.base, ranges, bool(whole.wrong))[::-1] if part.wrong or part.kinks
            ]
        return whole if whole.wrong and len(kinks) == known else None

    def _place(self, verdict: _Verdict) -> str:
        leaf = int(np.searchsorted(self.ends, verdict.start, side="right"))
        x = self.trial.at[leaf]
        begin = int(self.ends[leaf]) - x.size
        if verdict.stop - verdict.start > 1:
            whole = (verdict.start, verdict.stop) == (begin, begin + x.size)
            name = self.trial.names[leaf] if verdict.stop <= begin + x.size else "all leaves together"
            return name if whole or verdict.stop > begin + x.size else f"a part of {name}"
        index = ", ".join(str(int(i)) for i in np.unravel_index(verdict.start - begin, x.shape))
        return self.trial.names[leaf] + (f"[{index}]" if index else "")

    def _said(self, verdict: _Verdict) -> str:
        if verdict.stop - verdict.start > 1:
            return f"kinks near many elements of {self._place(verdict)}"
        unit = float(self.bases[verdict.base][verdict.start])
        before, after = (slope / unit for slope in verdict.slopes)
        if unit < 0:
            before, after = after, before
        return f"kink near {self._place(verdict)}: slopes {before + 0.0:.6g} and {after + 0.0:.6g} on its two sides"

    def _text(self, culprit: _Verdict, whole: _Verdict, wholes: list[_Verdict], kinks: list[_Verdict]) -> str:
        wrong = [mode for mode in self.trial.modes if mode in whole.wrong + culprit.wrong]
        oracle = "complex steps" if self.analytic else "differences of the function"
        plural = ("derivatives", "disagree") if len(wrong) > 1 else ("derivative", "disagrees")
        lines = [f"the {' and '.join(wrong)} {plural[0]} {plural[1]} with {oracle}"]
        if whole.undefined:
            lines = ["the function is not finite at the point: choose one inside its domain"]
        elif culprit.undefined_rows:
            mode, found = culprit.undefined_rows[0]
            found = next((each for part in culprit.forward for each in part[np.isinf(part)]), found)
            what = "no number"
            remedy = "choose another point, guard what is outside its domain with two fg.where, or mend the rule"
            if np.isinf(found):
                what, remedy = "infinite", "choose a point where the function is smooth"
            lines = [f"the {mode} derivative is {what} near {self._place(culprit)}: {remedy}"]
        elif whole.rough:
            lines = [f"differences do not settle near {self._place(culprit)}: the function jumps there, or is noisy"]
        named = [
            (name, row) for name, row in zip(self.trial.names, wholes, strict=True) if row.wrong or len(wholes) < 13
        ]
        named += [("all leaves together", whole)] if whole not in wholes else []
        width = max(len(name) for name, _ in named)
        lines.append(f"  {'leaf':{width}}  mode     {'expected':>16}  {'found':>16}  {'ratio':>10}  order")
        for name, row in named:
            for mode, (expected, found) in row.rows.items():
                ratio = f"{found / expected + 0.0:.7f}" if expected else "-"
                order = self._order(row, mode)
                fitted = f"{order:.2f}" if np.isfinite(order) else "-"
                mark = "  wrong" if mode in row.wrong else ""
                lines.append(
                    f"  {name:{width}}  {mode}  {expected:>16.9g}  {found:>16.9g}  {ratio:>10}  {fitted:>5}{mark}"
                )
        by = f"  by {self._place(culprit)}, " if culprit.stop - culprit.start == 1 else "  "
        if culprit.outputs:
            lines.append(by + culprit.outputs)
        elif culprit.stop - culprit.start == 1:
            unit = float(self.bases[culprit.base][culprit.start])
            expected, found = culprit.rows["reverse"]
            what = "the output" if self.scalar else "the product with a random vector"
            lines.append(f"{by}{what}: expected {expected / unit:.9g}, found {found / unit:.9g}")
        lines += [f"  {self._said(kink)}" for kink in kinks[:3]]
        return "\n".join(lines)


def judge(trial: Trial, measured: tuple[Any, ...], rtol: float, atol: float) -> list[str]:
    """What is to be said of kinks, of a trial that was measured; raises AssertionError where a derivative is wrong."""
    __tracebackhide__ = True
    if trial.passes(measured, rtol, atol):
        return []
    return _Examination(trial, measured, rtol, atol).conclude()

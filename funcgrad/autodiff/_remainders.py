r"""What values of a function on both sides of a point tell of its derivative there, with no step to be chosen.

For steps $h_k = h_0 4^k$ the central difference is $D(h) = f' + c h^2 + e h^4 + \ldots$, so that
$(16 D(h) - D(4h)) / 15$ errs by $h^4$; of all pairs of such estimates the two that agree best are taken, and what lies
between them is the uncertainty. A derivative $d$ is right where the remainder $f(x + hu) - f(x) - h d$ has no part
that is linear in $h$, that is, where $d$ is the estimate: the remainder falls with order 2 there and 1 where $d$ is
wrong, its odd part with 3 and 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["LONG", "SHORT", "Ladder", "settled", "steps"]

SHORT = 1e-5 * 4.0 ** np.arange(5)  # for most functions
LONG = 1e-8 * 4.0 ** np.arange(13)  # from 1e-8 to 0.17: where the short one is not enough


def steps(ladder: np.ndarray) -> np.ndarray:
    """0, the steps ahead and the steps back, in the order in which values are measured."""
    return np.concatenate([[0.0], ladder, -ladder])


@dataclass(frozen=True)
class Ladder:
    """The values of one array of outputs at ``steps(ladder)``, along axis 0.

    Attributes:
        ladder: the steps, ascending.
        values: the outputs at the point, ahead of it and behind it.
        resolution: the relative rounding error of the values.
        reach: the largest absolute value among what moves along the direction, which is rounded as well.
    """

    ladder: np.ndarray
    values: np.ndarray
    resolution: float = 2.0**-52
    reach: float = 0.0

    @property
    def here(self) -> np.ndarray:
        """The values at the point."""
        return self.values[0]

    def _differences(self) -> tuple[np.ndarray, np.ndarray]:
        """Forward and backward differences for each step."""
        h = self.ladder.reshape(-1, *[1] * (self.values.ndim - 1))
        n = len(self.ladder)
        with np.errstate(invalid="ignore", over="ignore"):
            return (self.values[1 : n + 1] - self.here) / h, (self.here - self.values[n + 1 :]) / h

    def _best(self, differences: np.ndarray, found: np.ndarray, weight: float) -> tuple[np.ndarray, np.ndarray]:
        """The extrapolated derivative and its uncertainty, of differences whose first error falls by `weight`."""
        with np.errstate(invalid="ignore", over="ignore"):
            refined = (weight * differences[:-1] - differences[1:]) / (weight - 1)
            finite = np.abs(np.where(np.isfinite(self.values), self.values, 0))
            scale = finite.max(initial=0.0) + self.reach * np.abs(np.where(np.isfinite(found), found, 0)).max(initial=0)
            h = self.ladder[: len(refined) - 1].reshape(-1, *[1] * (self.values.ndim - 1))
            doubt = np.abs(np.diff(refined, axis=0)) + self.resolution * scale / h
        doubt = np.where(np.isfinite(doubt), doubt, np.inf)
        chosen = doubt.argmin(0)[None]
        return np.take_along_axis(refined, chosen, 0)[0], np.take_along_axis(doubt, chosen, 0)[0]

    def derivative(self, found: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The derivative by each output, and the uncertainty of it."""
        ahead, behind = self._differences()
        return self._best((ahead + behind) / 2, found, 16.0)

    def slopes(self, found: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The derivatives behind and ahead of the point, and the uncertainty of both."""
        ahead, behind = self._differences()
        after, doubt = self._best(ahead, found, 4.0)
        before, other = self._best(behind, found, 4.0)
        return before, after, np.maximum(doubt, other)

    def order(self, found: np.ndarray) -> float:
        """The order with which the odd part of the remainder falls: 3 for the derivative, 1 for anything else.

        NaN where there is no remainder, as for linear functions.
        """
        ahead, behind = self._differences()
        h = self.ladder.reshape(-1, *[1] * (self.values.ndim - 1))
        with np.errstate(invalid="ignore", over="ignore"):
            rest = (h * ((ahead + behind) / 2 - found)).reshape(len(self.ladder), -1)
            size = np.sqrt((rest**2).sum(1))
        noise = 30 * self.resolution * np.sqrt(np.nan_to_num(self.here**2).sum())
        usable = np.isfinite(size) & (size > noise)
        pairs = np.flatnonzero(usable[:-1] & usable[1:])
        if not len(pairs):
            return float("nan")
        # The smallest steps that stand clear of rounding are the ones where the lowest order shows.
        orders = np.log(size[pairs + 1] / size[pairs]) / np.log(4.0)
        return float(np.median(orders[:3]))


def settled(found: np.ndarray, expected: np.ndarray, rtol: float, allowed: np.ndarray | float) -> np.ndarray:
    """Where two derivatives agree; where one of them is no number they do not."""
    with np.errstate(invalid="ignore"):
        return np.isfinite(found) & (np.abs(found - expected) <= allowed + rtol * np.abs(expected))

"""What a problem of the literature is here."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Problem:
    """A function of one vector with a point, and what is published of it.

    Attributes:
        function: of a vector; it returns a vector (residuals) or a scalar (an objective).
        start: the published start point, or one that is usual.
        source: where the function is defined.
        jacobian: the closed form, in NumPy, for a function that returns a vector; the gradient for a scalar one.
        value: the published value at the start: of the scalar, or of the sum of squares.
        solution: where the published `minimum` is taken.
        minimum: the smallest value of the scalar or of the sum of squares.
        tight: whether the pattern has no entry beyond those that differentiation shows near the start.
        smooth: whether the second derivatives are smooth at the start.
        spread: how far from the start, relative to it, it is differentiated as well.
    """

    name: str
    function: Callable[[Any], Any]
    start: np.ndarray
    source: str
    jacobian: Callable[[np.ndarray], Any] | None = None
    value: float | None = None
    solution: Any = None
    minimum: float = 0.0
    tight: bool = True
    smooth: bool = True
    spread: float = 0.1

    def __str__(self) -> str:
        return self.name

    def nearby(self) -> np.ndarray:
        """A point near the start, where nothing is zero by accident."""
        rng = np.random.default_rng(7)
        r, s = rng.uniform(0.3, 1.0, (2, self.start.size)) * rng.choice([-1.0, 1.0], (2, self.start.size))
        return self.start * (1 + self.spread * r) + self.spread * 0.5 * s


def problem(name: str, start: Any, source: str, **known: Any) -> Callable[[Callable[[Any], Any]], Problem]:
    """A decorator: the function below it is the problem."""
    return lambda function: Problem(name, function, np.asarray(start, np.float64), source, **known)

"""Curves that are drawn again while a run goes on, in a notebook."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

from .._checks import describe, fail, require_module
from .._errors import ArgumentError, ArgumentTypeError
from .._plain import plain
from .figures import plot_history

__all__ = ["live_plot"]


@plain
def live_plot(*, every: float = 2.0) -> Callable[[Any], None]:
    """A callback for ``fg.train.fit`` that draws the history again and again in the output of a notebook's cell.

    No widgets are needed: it is one picture, replaced. Outside of a notebook it draws nothing.

    Args:
        every: at least so many seconds between two pictures; the last one is always drawn.

    Returns:
        A function of a ``fg.train.Event``, for ``fit(..., callbacks=[fg.inspect.live_plot()])``.

    Raises:
        ArgumentTypeError: `every` is no number.
        ArgumentError: `every` is negative.
        MissingModuleError: matplotlib is not installed.

    >>> callback = fg.inspect.live_plot(every=5.0)

    Source: ``d2l.Animator``.
    """
    if isinstance(every, bool) or not isinstance(every, int | float):
        given, remedy = f"got {describe(every)}", "write for example every=2.0"
        fail(ArgumentTypeError, "live_plot", "every must be a number of seconds", given, remedy)
    if not every >= 0:
        fail(ArgumentError, "live_plot", "every must not be negative", f"got {every}", "write for example every=2.0")
    require_module("live_plot", "matplotlib", "run pip install 'funcgrad[plot]'")
    return _LivePlot(float(every))


class _LivePlot:
    def __init__(self, every: float):
        self.every = every
        self.drawn = time.perf_counter()
        self.handle: Any = None

    def __call__(self, event: Any) -> None:
        now = time.perf_counter()
        due = event.name == "end" or now - self.drawn >= self.every
        if not due or not _in_notebook() or not len(event.history["step"]):
            return
        # Imported by the kernel long ago, and otherwise never.
        display: Any = sys.modules["IPython"].display
        figure = plot_history(event.history)
        if self.handle is None:
            self.handle = display.display(figure, display_id=True)
        else:
            self.handle.update(figure)
        self.drawn = time.perf_counter()


def _in_notebook() -> bool:
    """Whether a kernel runs this, which shows pictures where a terminal does not."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return shell is not None and hasattr(shell, "kernel")

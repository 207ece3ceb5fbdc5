"""Interleaved timing: contenders take turns, so that a slow minute of the machine hits all of them."""

import importlib
import statistics
import time
from collections.abc import Callable
from typing import Any

_MISSING: dict[str, str] = {}


def peer(name: str) -> Any:
    """A library to compare with, or None where it cannot be imported, which `missing` then says."""
    library = name.partition(".")[0]
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        _MISSING[library] = "is not installed" if error.name == library else f"needs {error.name}"
    except Exception as error:  # one that was written for another version of what it builds on
        _MISSING[library] = f"cannot be imported: {' '.join(str(error).split())[:80]}"
    return None


def missing() -> str:
    """Which libraries were not there, in a line."""
    return "; ".join(f"{name} {why}" for name, why in _MISSING.items())


def interleaved(contenders: dict[str, Callable[[], Any]], rounds: int, calls: int) -> dict[str, list[float]]:
    """Seconds per call for each contender, one figure a round. A contender blocks until its result is ready."""
    for run in contenders.values():
        for _ in range(min(3, calls)):
            run()
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    idle = False
    for _ in range(rounds):
        for name, run in contenders.items():
            if idle:  # who comes after a pause would pay for cold caches and sleeping cores
                run()
                idle = False
            start = time.perf_counter()
            for _ in range(calls):
                run()
            seconds[name].append((time.perf_counter() - start) / calls)
            if "torch" in name and seconds[name][-1] > 1e-4:  # with threads, which spin for some milliseconds after it
                time.sleep(0.01)
                idle = True
    return seconds


def spread(values: list[float], scale: float = 1e6) -> str:
    """The median, and the quartiles in brackets, in seconds times `scale`: microseconds by default."""
    low, middle, high = statistics.quantiles(values, n=4)
    return f"{middle * scale:.1f} [{low * scale:.1f}, {high * scale:.1f}]"


def ratio(a: list[float], b: list[float]) -> float:
    """Median of the round-by-round ratios a / b."""
    return statistics.median(x / y for x, y in zip(a, b, strict=True))

"""How many rows or columns of a Jacobian fit into the memory that there is."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import jax

from .._checks import describe, fail
from .._errors import ArgumentError, ArgumentTypeError
from .._jax import body_of, last_uses, programs_in

__all__ = ["chunk_within", "estimated", "measured", "parse_bytes", "require_room", "shown"]

_UNITS = {"": 1, "b": 1, **{f"{p}b": 1000**i for i, p in enumerate("kmgt", 1)}}
_UNITS |= {f"{p}ib": 1024**i for i, p in enumerate("kmgt", 1)}


def parse_bytes(name: str, given: Any) -> int | None:
    """A number of bytes from an int or a text as "200 MiB"; None stays None."""
    if given is None:
        return None
    number: float | None = None
    if isinstance(given, str):
        found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]*)\s*", given)
        if found and found[2].lower() in _UNITS:
            number = float(found[1]) * _UNITS[found[2].lower()]
    elif isinstance(given, bool) or (not isinstance(given, float) and not hasattr(given, "__index__")):
        fail(
            ArgumentTypeError,
            name,
            "max_bytes must be a number of bytes or a text",
            f"got {describe(given)}",
            "write for example '1GB' or 2**30",
        )
    else:
        number = float(given)
    if number is None or not 1 <= number < 2**63:
        fail(
            ArgumentError,
            name,
            "max_bytes must be a positive number of bytes",
            f"got {given!r}",
            "write for example '1GB', '200 MiB' or 2**30",
        )
    return int(number)


def shown(number: int) -> str:
    """A number of bytes for a reader: "1,600 bytes", "15.3 MiB"."""
    if number < 10_000:
        return f"{number:,} bytes"
    for power, unit in enumerate(("KiB", "MiB", "GiB", "TiB"), 1):
        if number < 1000 * 1024**power or unit == "TiB":
            return f"{number / 1024**power:.1f} {unit}"
    raise AssertionError


def require_room(name: str, budget: int, needed: int, what: str) -> None:
    """Raise where `needed` bytes are more than the budget."""
    if needed > budget:
        fail(
            ArgumentError,
            name,
            f"max_bytes must be at least {needed}, for {what}",
            f"got {budget}",
            "raise it, select less to differentiate, or use products with the Jacobian: fg.jvp and fg.vjp",
        )


def measured(compiled: Any) -> int | None:
    """The most memory that a compiled program needs beside its arguments; None where that cannot be told."""
    try:
        analysis = compiled.memory_analysis()
        return int(analysis.temp_size_in_bytes + analysis.output_size_in_bytes)
    except Exception:  # not every platform has the analysis
        return None


def estimated(run: Callable[[list[Any]], Any], x: Sequence[Any]) -> int | None:
    """The same from shapes alone: the most that is alive together, were nothing fused. More than is needed."""
    like = [jax.ShapeDtypeStruct(leaf.shape, leaf.dtype) for leaf in x]
    try:
        closed = jax.make_jaxpr(run)(like)
    except Exception:
        return None
    return _alive(closed.jaxpr)


def _alive(jaxpr: Any) -> int:
    """The most bytes of results that are alive at one time, in loops and calls as well."""
    last = last_uses(jaxpr)
    held: dict[Any, int] = {}
    most = 0
    for number, equation in enumerate(jaxpr.eqns):
        inside = max((_alive(body_of(inner)) for inner in programs_in(equation)), default=0)
        own = {out: _bytes(out.aval) for out in equation.outvars}
        most = max(most, sum(held.values()) + max(inside, sum(own.values())))
        held |= own
        held = {atom: n for atom, n in held.items() if last.get(atom, -1) > number}
    return most


def _bytes(aval: Any) -> int:
    shape, dtype = getattr(aval, "shape", ()), getattr(aval, "dtype", None)
    number = 1
    for extent in shape:
        number *= int(extent)
    return number * int(getattr(dtype, "itemsize", 4))


def chunk_within(
    name: str, budget: int, peak: Callable[[int | None], int | None], count: int, least: int
) -> tuple[int | None, int | None]:
    """The largest chunk, of `count`, that keeps within the budget, and the peak that it has.

    `peak` tells how much memory a chunk takes; `least` is what the result takes alone. Memory grows with the chunk
    as a straight line, nearly: two or three trials find it.
    """
    whole = peak(None)
    if whole is None or whole <= budget:
        return None, whole
    single = peak(1)
    if single is None:
        return 1, None
    require_room(name, budget, max(single, least), "one line at a time")
    good, good_peak = 1, single
    slope = (whole - single) / max(count - 1, 1)
    tried = min(count - 1, max(1, int((budget - single) / max(slope, 1e-9))))
    for _ in range(4):
        if tried <= good:
            break
        found = peak(tried)
        if found is None:
            break
        if found <= budget:
            good, good_peak = tried, found
            if found > 0.7 * budget:
                break
            slope = max((found - single) / (tried - 1), 1e-9)
            tried = min(count - 1, int(0.95 * (1 + (budget - single) / slope)))
            if tried < 1.3 * good:
                break
        else:
            slope = (found - good_peak) / (tried - good)
            tried = min(good + int(0.9 * (budget - good_peak) / slope), (tried + good) // 2)
    return good, good_peak

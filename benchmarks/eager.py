"""What one eager call of each word costs on small arrays, against jnp, NumPy and (where installed) torch.

And against two floors. "one jitted call" is a compiled call that computes next to nothing, with as many arrays in and
out; "compiled" is the word itself under `jax.jit`, its options fixed by hand: what is above that is no kernel's time.

Words with a plain equivalent are those of ``tests/plain.py``; every other word of the tables of cases is measured at
its first call there, so that new words join by themselves.
"""

import functools
import math
import pathlib
import re
import statistics
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import funcgrad as fg

from .timing import interleaved, peer, ratio, spread

sys.path += [str(pathlib.Path(__file__).parents[1] / "tests")]
from cases import ALL
from harness import arrays_of, word
from plain import PLAIN, SAMPLES

SLOW = ["reshape", "cat", "stack", "softmax", "zeros", "ones", "full", "index", "set", "einsum", "where", "squeeze"]
torch = peer("torch")

WORDS = {name: getattr(fg, name) for name in fg.__all__}
CALLS = PLAIN | {
    "empty": ("empty(3, 4)", "jnp.empty((3, 4))"),
    "empty_like": ("empty_like(x)", "jnp.empty_like(x)"),
    "clone": ("clone(x)", "jnp.copy(x)"),
    "mT": ("mT(x)", "jnp.matrix_transpose(x)"),
    "equal": ("equal(x, y)", "bool(jnp.array_equal(x, y))"),
    "allclose": ("allclose(x, y)", "bool(jnp.allclose(x, y))"),
    "clamp": ("clamp(x, 0.2, 0.8)", "jnp.clip(x, 0.2, 0.8)"),
    "pow": ("pow(x, 2)", "jnp.power(x, 2)"),
    "take": ("take(x, i)", "jnp.take(x, i)"),
    "sort": ("sort(x)", "(jnp.sort(x), jnp.argsort(x))"),
}

Run = Callable[[], Any]
Runs = dict[str, Run]  # a library, and its call of the word


def jitted(function: Callable[..., Any], arrays: Sequence[np.ndarray], ours: Run) -> Runs:
    """The two floors of `ours`, which is `function` of `arrays`."""
    values = [fg.tensor(a) for a in arrays]
    results = len(jax.tree.leaves(ours()))

    def least(*given: jax.Array) -> Any:
        first = jnp.zeros(4) if not given or jnp.issubdtype(given[0].dtype, jax.dtypes.prng_key) else given[0]
        made = [~first if first.dtype == bool else first + 1 for _ in range(results)]
        return made[0] if results == 1 else made

    return {
        "one jitted call": functools.partial(jax.jit(least), *values),
        "compiled": functools.partial(jax.jit(function), *values),
    }


def with_equivalent(name: str) -> Runs:
    """The calls of a word of `CALLS`."""
    ours, plain = CALLS[name]
    used = [sample for sample in SAMPLES if re.search(rf"\b{sample}\b", ours)]

    def evaluated(code: str, namespace: dict[str, Any], make: Callable[[np.ndarray], Any]) -> Run:
        run: Run = eval(f"lambda: {code}", namespace | {sample: make(SAMPLES[sample]) for sample in used})
        return run

    found = {"funcgrad": evaluated(ours, WORDS, fg.tensor)}
    function = eval(f"lambda {', '.join(used)}: {ours}", dict(WORDS))
    found |= jitted(function, [SAMPLES[sample] for sample in used], found["funcgrad"])
    found["jnp"] = evaluated(plain, {"jnp": jnp, "jax": jax}, fg.tensor)
    found["NumPy"] = evaluated(plain.replace("jnp.", "np."), {"np": np}, np.asarray)
    if torch is not None:
        found["torch"] = evaluated(ours, vars(torch), torch.tensor)
    return found


def with_case(case: Any) -> Runs:
    """The calls of a case."""
    arrays, rebuild = arrays_of(case)

    def bound(function: Callable[..., Any], make: Callable[[np.ndarray], Any]) -> Run:
        args, kwargs = rebuild([make(a) for a in arrays])
        return lambda: function(*args, **kwargs)

    def function(*values: Any) -> Any:
        args, kwargs = rebuild(values)
        return word(case.word)(*args, **kwargs)

    found = {"funcgrad": bound(word(case.word), fg.tensor)}
    found |= jitted(function, arrays, found["funcgrad"])
    if torch is not None and case.torch is not None and not case.torch.startswith("Tensor."):
        found["torch"] = bound(word(case.torch or case.word, torch), torch.tensor)
    return found


def words(only: Sequence[str]) -> Iterator[tuple[str, Runs]]:
    """Each word, or those that `only` names, with one call of it by each library."""
    for name in CALLS:
        if not only or name in only:
            yield name, with_equivalent(name)
    found = set(CALLS)
    for case in ALL:
        if case.word in found or (only and case.word not in only) or any(a.size == 0 for a in arrays_of(case)[0]):
            continue
        try:
            yield case.word, with_case(case)
        except AttributeError:
            continue  # torch's name is another one: a later case of the word may do
        found.add(case.word)


def content(run: Run) -> bool:
    try:
        run()
    except Exception:
        return False
    return True


def blocked(run: Run) -> Run:
    """`run` until its result is there."""
    result = run()
    if isinstance(result, jax.Array):
        return lambda: run().block_until_ready()
    here = any(isinstance(leaf, jax.Array) for leaf in jax.tree.leaves(result))
    return (lambda: jax.block_until_ready(run())) if here else run


def main(rounds: int = 9, calls: int = 60, only: Sequence[str] = ()) -> None:
    columns = ["one jitted call", "compiled", "funcgrad", "jnp", "NumPy", "torch"]
    lines = ["Microseconds a call, median [quartiles].\n"]
    lines += [f"| word | {' | '.join(columns)} | / jitted call | / compiled | jnp / funcgrad |", "|---" * 10 + "|"]
    heights: dict[str, float] = {}
    overheads: dict[str, float] = {}
    gains: dict[str, float] = {}
    for name, runs in words(only):
        seconds = interleaved({key: blocked(run) for key, run in runs.items() if content(run)}, rounds, calls)
        if "funcgrad" not in seconds:
            continue
        heights[name] = ratio(seconds["funcgrad"], seconds["one jitted call"])
        if "compiled" in seconds:
            overheads[name] = ratio(seconds["funcgrad"], seconds["compiled"])
        if "jnp" in seconds:
            gains[name] = ratio(seconds["jnp"], seconds["funcgrad"])
        cells = [spread(seconds[column]) if column in seconds else "" for column in columns]
        cells += [f"{found[name]:.2f}" if name in found else "" for found in (heights, overheads, gains)]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    lines += summary(heights, overheads, gains)
    print("\n".join(lines))


def summary(heights: dict[str, float], overheads: dict[str, float], gains: dict[str, float]) -> list[str]:
    """What the table says of all words together."""

    def named(found: dict[str, float]) -> str:
        return ", ".join(f"{name} ({found[name]:.2f})" for name in sorted(found, key=found.__getitem__)) or "none"

    def within(found: dict[str, float]) -> str:
        near = sum(height <= 1.3 for height in found.values())
        return f"{near} of {len(found)} words within 1.3, median {statistics.median(found.values()):.2f}"

    slow = [gains[name] for name in SLOW if name in gains] or [math.nan]
    behind = {name: gain for name, gain in gains.items() if gain < 1}
    return [
        f"\nAgainst one jitted call: {within(heights)}.",
        f"Against the same word compiled: {within(overheads)}. "
        f"Beyond: {named({name: over for name, over in overheads.items() if over > 1.3})}.",
        f"Geometric mean of jnp / funcgrad: {statistics.geometric_mean(slow):.2f} over the slow list "
        f"({', '.join(SLOW)}); {statistics.geometric_mean(gains.values()):.2f} over all {len(gains)}.",
        f"Slower than jnp: {len(behind)} of {len(gains)}; {named(behind)}.",
    ]

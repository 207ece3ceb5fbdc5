"""What one eager call of each array word costs, against jnp, NumPy and (where installed) torch, on small arrays.

Words with a plain equivalent are those of ``tests/plain.py``; every other word of the tables of cases is measured at
its first call there that torch can make too, so that new words join by themselves.
"""

import datetime
import importlib.util
import math
import pathlib
import platform
import re
import statistics
import sys
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import funcgrad as fg

from .timing import interleaved, ratio, spread

sys.path += [str(pathlib.Path(__file__).parents[1] / "tests")]
from cases import ALL
from harness import arrays_of, word
from plain import PLAIN, SAMPLES

SLOW = ["reshape", "cat", "stack", "softmax", "zeros", "ones", "full", "index", "set", "einsum", "where", "squeeze"]
torch = __import__("torch") if importlib.util.find_spec("torch") else None
RESULTS = pathlib.Path(__file__).parent / "results"

WORDS = {name: getattr(fg, name) for name in fg.__all__}


def evaluated(code: str, namespace: dict[str, Any], make: Callable[[np.ndarray], Any]) -> Callable[[], Any] | None:
    """The expression as a function, or None where the library does not have it."""
    run = eval(f"lambda: {code}", namespace | {name: make(value) for name, value in SAMPLES.items()})
    try:
        run()
    except Exception:
        return None
    return run


def contenders_of(name: str) -> dict[str, Callable[[], Any]]:
    ours, plain = PLAIN[name]
    found = {
        "funcgrad": evaluated(ours, WORDS, fg.tensor),
        "jnp": evaluated(plain, {"jnp": jnp, "jax": jax}, fg.tensor),
        "NumPy": evaluated(plain.replace("jnp.", "np."), {"np": np}, np.asarray),
        "torch": evaluated(ours, vars(torch) | {}, torch.tensor) if torch else None,
    }
    return {library: run for library, run in found.items() if run is not None}


def others() -> dict[str, dict[str, Callable[[], Any]]]:
    """One call of each word of the tables that has no plain equivalent."""
    found: dict[str, dict[str, Callable[[], Any]]] = {}
    for case in ALL:
        arrays, rebuild = arrays_of(case)
        if case.word in PLAIN or case.word in found or "." in case.word or any(a.size == 0 for a in arrays):
            continue

        def bound(function: Any, make: Any, arrays: Any = arrays, rebuild: Any = rebuild) -> Callable[[], Any]:
            args, kwargs = rebuild([make(a) for a in arrays])
            return lambda: function(*args, **kwargs)

        found[case.word] = {"funcgrad": bound(word(case.word), fg.tensor)}
        if torch is not None and case.torch is not None and not case.torch.startswith("Tensor."):
            try:
                run = bound(word(case.torch or case.word, torch), torch.tensor)
                run()
                found[case.word]["torch"] = run
            except Exception:
                continue  # torch's spelling differs; the other columns stay
    return found


def heading(title: str) -> str:
    versions = f"jax {jax.__version__}, NumPy {np.__version__}, torch {torch.__version__ if torch else 'absent'}"
    return (
        f"# {title}\n\n{datetime.date.today()}, Python {platform.python_version()}, {versions}, "
        f"{jax.devices()[0].device_kind} ({platform.machine()}, {len(jax.devices())} device). "
        "All contenders of a row took turns in one run; only ratios within a row mean something.\n"
    )


def main(rounds: int = 9, calls: int = 60) -> None:
    floor = jax.jit(lambda x: x + 1)
    x = fg.tensor(SAMPLES["x"])
    columns = ["one jitted call", "funcgrad", "jnp", "NumPy", "torch"]
    lines = [heading("One eager call"), "Microseconds a call, median [quartiles].\n"]
    lines += [f"| word | {' | '.join(columns)} | funcgrad / floor | jnp / funcgrad |", "|---" * 8 + "|"]
    gains: dict[str, float] = {}
    heights = []
    for name, contenders in ({name: contenders_of(name) for name in PLAIN} | others()).items():
        blocked = {
            library: run if library in ("NumPy", "torch") else lambda run=run: jax.block_until_ready(run())
            for library, run in contenders.items()
        }
        try:
            seconds = interleaved({"one jitted call": lambda: floor(x).block_until_ready()} | blocked, rounds, calls)
        except fg.FuncgradError as error:
            print(f"{name}: {error}", file=sys.stderr)
            continue
        heights.append(ratio(seconds["funcgrad"], seconds["one jitted call"]))
        gain = ratio(seconds["jnp"], seconds["funcgrad"]) if "jnp" in seconds else math.nan
        if not math.isnan(gain):
            gains[name] = gain
        cells = [spread(seconds[column]) if column in seconds else "" for column in columns]
        lines.append(
            f"| {name} | {' | '.join(cells)} | {heights[-1]:.2f} | {'' if math.isnan(gain) else f'{gain:.2f}'} |"
        )
    slow = [gains[name] for name in SLOW]
    near = sum(height <= 1.3 for height in heights)
    behind = sorted((name for name, gain in gains.items() if gain < 1), key=gains.__getitem__)
    lines += [
        f"\n{len(heights)} words; {near} within 1.3 of the floor, median {statistics.median(heights):.2f}.",
        f"Geometric mean of jnp / funcgrad: {statistics.geometric_mean(slow):.2f} over the slow list "
        f"({', '.join(SLOW)}); {statistics.geometric_mean(gains.values()):.2f} over all {len(gains)}.",
        f"Slower than jnp: {', '.join(f'{name} ({gains[name]:.2f})' for name in behind) or 'none'}.",
    ]
    write("eager", lines)


def write(name: str, lines: list[str]) -> None:
    """Print a table and keep it."""
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)) + "\n"
    print(text)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.md").write_text(text)


if __name__ == "__main__":
    main()

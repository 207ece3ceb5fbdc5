"""What ``import funcgrad`` costs on top of ``import jax, optax``, in fresh processes taking turns."""

import statistics
import subprocess
import sys

PEER = "import jax, optax"
OURS = "import jax, optax, funcgrad"


def seconds(code: str) -> float:
    timed = f"import time; start = time.perf_counter(); exec({code!r}); print(time.perf_counter() - start)"
    return float(subprocess.run([sys.executable, "-c", timed], capture_output=True, text=True, check=True).stdout)


def main(runs: int = 15) -> None:
    seconds(OURS)  # compiles the bytecode once
    pairs = [(seconds(PEER), seconds(OURS)) for _ in range(runs)]
    low, middle, high = statistics.quantiles([ours / peer for peer, ours in pairs], n=4)
    peer, ours = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(f"{PEER}: median {peer:.3f} s; with funcgrad: {ours:.3f} s")
    print(f"ratio {middle:.3f} [{low:.3f}, {high:.3f}] over {runs} pairs")


if __name__ == "__main__":
    main()

"""From the start of Python to the first training step, in fresh processes taking turns: with and without `fg.cache`."""

import statistics
import subprocess
import sys
import tempfile
import time

SCRIPT = """
import time
start = time.perf_counter()
import numpy as np, optax
import funcgrad as fg
folder = {folder!r}
if folder:
    fg.cache(folder)

def model(params, x):
    for name in ("first", "second"):
        x = fg.nn.relu(fg.nn.max_pool2d(fg.nn.conv2d(x, params[name], padding=1), 2))
    return fg.nn.linear(fg.flatten(x, 1), params["last"])

keys = fg.keys(fg.key(0), 3)
params = {{
    "first": fg.nn.init.kaiming_uniform((16, 1, 3, 3), key=keys[0]),
    "second": fg.nn.init.kaiming_uniform((32, 16, 3, 3), key=keys[1]),
    "last": fg.nn.init.kaiming_uniform((10, 32 * 7 * 7), key=keys[2]),
}}
optimizer = optax.adam(1e-3)
step = fg.train.step(lambda params, x, y: fg.nn.cross_entropy(model(params, x), y), optimizer)
state = fg.train.init(params, optimizer)
state, metrics = step(state, np.ones((128, 1, 28, 28), "float32"), np.zeros(128, "int32"))
float(metrics["loss"])
print(time.perf_counter() - start)
"""


def seconds(folder: str) -> tuple[float, float]:
    """Of the whole process, and from its first import to the first loss."""
    start = time.perf_counter()
    command = [sys.executable, "-c", SCRIPT.format(folder=folder)]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return time.perf_counter() - start, float(out)


def main(runs: int = 7) -> None:
    with tempfile.TemporaryDirectory() as folder:
        first = seconds(folder)[1]
        pairs = [(seconds("")[1], seconds(folder)[1]) for _ in range(runs)]
    without, kept = (statistics.median(column) for column in zip(*pairs, strict=True))
    low, middle, high = statistics.quantiles([a / b for a, b in pairs], n=4)
    print(f"first import to first loss: {without:.2f} s, with fg.cache() {kept:.2f} s")
    print(f"the run that fills the folder: {first:.2f} s")
    print(f"ratio {middle:.2f} [{low:.2f}, {high:.2f}] over {runs} pairs")


if __name__ == "__main__":
    main()

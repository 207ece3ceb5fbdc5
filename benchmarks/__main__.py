"""``python -m benchmarks`` runs all, ``python -m benchmarks eager`` one. What one prints is kept in `results`."""

import contextlib
import datetime
import importlib
import importlib.metadata
import io
import pathlib
import pkgutil
import platform
import sys

import jax

RESULTS = pathlib.Path(__file__).parent / "results"
PEERS = ["jax", "numpy", "scipy", "optax", "torch", "asdex", "sparsejac", "autograd", "folx", "equinox", "flax"]
ALL = [
    module.name
    for module in pkgutil.iter_modules(__import__(__package__).__path__)
    if module.name not in ("__main__", "timing", "networks")
]


class Both(io.StringIO):
    """Keeps what it also shows."""

    def write(self, text: str) -> int:  # noqa: D102
        sys.__stdout__.write(text)
        sys.__stdout__.flush()
        return super().write(text)


def heading(name: str, purpose: str) -> str:
    """What was measured where, and by which versions of whom."""
    versions = []
    for peer in PEERS:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions.append(f"{peer} {importlib.metadata.version(peer)}")
    where = f"{jax.devices()[0].device_kind} ({platform.machine()}, {len(jax.devices())} device)"
    return (
        f"# {name}\n\n{purpose}\n\n"
        f"{datetime.date.today()}, Python {platform.python_version()}, {', '.join(versions)}, {where}. "
        "Contenders took turns in one run; only ratios within a row mean something.\n"
    )


for name in sys.argv[1:] or ALL:
    benchmark = importlib.import_module(f".{name}", __package__)
    with contextlib.redirect_stdout(Both()) as kept:
        print(heading(name, benchmark.__doc__.partition("\n\n")[0]))
        benchmark.main()
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.md").write_text(kept.getvalue())

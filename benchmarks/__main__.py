"""``python -m benchmarks`` runs all of them; ``python -m benchmarks eager`` one."""

import importlib
import pkgutil
import sys

from . import curvature, eager, import_time, large, stacks

ALL = {
    "import_time": import_time.main,
    "eager": eager.main,
    "large": large.main,
    "stacks": stacks.main,
    "curvature": curvature.main,
}

for name in sys.argv[1:] or ALL:
    print(f"# {name}\n")
    importlib.import_module(f".{name}", __package__).main()
    print()

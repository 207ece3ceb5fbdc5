"""``python -m benchmarks`` runs all of them; ``python -m benchmarks eager`` one."""

import importlib
import pkgutil
import sys

ALL = [
    module.name
    for module in pkgutil.iter_modules(__import__(__package__).__path__)
    if module.name not in ("__main__", "timing")
]

for name in sys.argv[1:] or ALL:
    print(f"# {name}\n")
    importlib.import_module(f".{name}", __package__).main()
    print()

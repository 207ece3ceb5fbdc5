"""``python -m benchmarks`` runs all of them; ``python -m benchmarks eager`` one."""

import sys

from . import eager, import_time, kill, large, stacks, training

ALL = {
    "import_time": import_time.main,
    "eager": eager.main,
    "large": large.main,
    "stacks": stacks.main,
    "training": training.main,
    "kill": kill.main,
}

for name in sys.argv[1:] or ALL:
    print(f"# {name}\n")
    ALL[name]()
    print()

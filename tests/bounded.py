"""Processes that tests start: none runs longer than its bound, and where one fails it is shown what each had said."""

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@dataclass
class Ended:
    """How a process ended: its exit status, or None where it had to be stopped."""

    name: str
    status: int | None
    out: str
    err: str

    def __str__(self):
        how = "was stopped, because it ran too long" if self.status is None else f"ended with {self.status}"
        return f"{self.name} {how}\n--- it said\n{self.out[-4000:]}\n--- and complained\n{self.err[-4000:]}"


def all_ended(commands, seconds=60.0, env=None):
    """All `commands` at once, given by what each is called; those that are not through in time are stopped."""
    ends = time.monotonic() + seconds
    with tempfile.TemporaryDirectory() as folder:  # files, because nobody empties pipes in turn
        running = []
        for i, command in enumerate(commands.values()):
            with open(f"{folder}/{i}.out", "w") as out, open(f"{folder}/{i}.err", "w") as err:
                running.append(subprocess.Popen(command, stdout=out, stderr=err, env=env))
        found = []
        for i, (name, process) in enumerate(zip(commands, running, strict=True)):
            try:
                status = process.wait(max(ends - time.monotonic(), 0.0))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                status = None
            found.append(Ended(name, status, *(Path(folder, f"{i}.{kind}").read_text() for kind in ("out", "err"))))
    return found


def said(*arguments, seconds=60.0, status=0, env=None):
    """What Python prints with these arguments, of which code follows ``-c``; anything but `status` is a failure."""
    found = all_ended({"the process": [sys.executable, *map(str, arguments)]}, seconds, env or with_package())[0]
    if found.status != status:
        pytest.fail(str(found), pytrace=False)
    return found.out


def with_package(**more):
    """The environment of this process, in which the package is found."""
    paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return {**os.environ, "PYTHONPATH": paths, **more}

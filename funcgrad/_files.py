"""Files that appear whole or not at all."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = ["clear", "flush", "write_whole"]

_counter = itertools.count()


def write_whole(path: Path, write: Callable[[Path], Any]) -> None:
    """Make a file appear at `path`, whole; an older one there is replaced in the same instant.

    ``write(place)`` writes it in a folder of its own beside `path`, where a process that is killed leaves all it has
    begun, also what a library calls as it likes. Then it is brought to the disk, and moved.
    """
    folder = path.with_name(f".{path.name}.{_host()}.{os.getpid()}.{next(_counter)}.tmp")
    try:
        folder.mkdir(exist_ok=True)
        file = folder / path.name
        write(file)
        file.chmod(folder.stat().st_mode & 0o666)  # safetensors lets nobody else read what it writes
        flush(file)
        os.replace(file, path)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    flush(path.parent)


def flush(path: Path) -> None:
    """Bring a file, or the names in a folder, to the disk."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except PermissionError:  # some systems have no handles of folders
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def clear(folder: Path) -> None:
    """Remove what processes of this machine that are no more left unfinished in a folder."""
    for path in folder.glob(f".*.{_host()}.*.tmp"):
        number = re.fullmatch(r".*\.(\d+)\.\d+\.tmp", path.name)
        if number and not _alive(int(number[1])):
            shutil.rmtree(path, ignore_errors=True)


def _host() -> str:
    return re.sub(r"\W", "-", socket.gethostname())


def _alive(process: int) -> bool:
    if os.name != "posix":  # there is no asking without harm
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True

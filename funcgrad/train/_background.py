"""Work that goes on beside a run, one piece at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["Background"]


class Background:
    """One thread at most; what went wrong in it is raised where it is waited for. Python ends only after it."""

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None
        self._error: BaseException | None = None
        self._copies: dict[str, np.ndarray] = {}

    def start(self, job: Callable[[], Any]) -> None:
        """Begin with `job`, when what was begun before is through."""
        self.wait()

        def work() -> None:
            try:
                job()
            except BaseException as error:  # raised by `wait`
                self._error = error

        self._thread = threading.Thread(target=work, name="funcgrad.checkpoint")
        self._thread.start()

    def wait(self) -> None:
        """Return when nothing is under way; raise what went wrong."""
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()
            self._thread = None
            error, self._error = self._error, None
            if error is not None:
                raise error

    def copies(self, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Copies of `arrays`, in the memory of the last ones: fresh pages would take longer than copying."""
        self.wait()
        kept = {}
        for name, array in arrays.items():
            old = self._copies.get(name)
            fits = old is not None and (old.shape, old.dtype) == (array.shape, array.dtype)
            kept[name] = old if fits and old is not None else np.empty(array.shape, array.dtype)
            np.copyto(kept[name], array)
        self._copies = kept
        return kept

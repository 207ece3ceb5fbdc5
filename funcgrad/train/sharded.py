"""Checkpoints whose arrays stay in parts, each written and read by who holds it: through orbax."""

from __future__ import annotations

import contextlib
import json
import math
import re
import shutil
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import jax
import numpy as np

from .._checks import require_module
from .._plain import fitting
from .._types import PyTree
from . import _checkpoint_file as files
from ._checkpoint_tree import manifest_of, require_fit, tree_of
from ._leaves import Record, described, dtype_of, places, skeleton
from ._sums import sums
from .checkpoints import Checkpoints

__all__ = ["ShardedCheckpoints"]

_NAME = re.compile(r"step-(\d+)(?:-again-(\d+))?")
_MANIFEST = "manifest.json"
_REMOVED = ".removed-"


@fitting
class ShardedCheckpoints(Checkpoints):
    """A folder of checkpoints of a run on many devices or in many processes: no array is ever put together.

    ``Checkpoints`` with another way to the disk: each device's part of an array is written by the process that holds
    it, and read by the one that will, on any number of devices. A checkpoint is a folder that orbax writes, with a
    manifest beside the arrays; it gets its name when it is whole. All processes must see one file system and call the
    same methods. Where everything fits in one process, ``Checkpoints`` is simpler, and finds out without reading it
    into place whether a checkpoint is whole; here ``restore`` and ``resume`` do, by a digest of each array.

    Args:
        folder: where they are; it is made if it is not there.
        keep: how many of the latest to keep, or None for all.
        best: the metric whose best checkpoint is kept too, however old.
        mode: "min" if the best is the smallest, "max" if it is the largest.
        every: after how many steps ``fg.train.fit`` saves; by default, at the end of each epoch.

    Raises:
        MissingModuleError: orbax is not installed.
        ArgumentError: an option has a value that is not allowed.

    Source: orbax-checkpoint (``pip install 'funcgrad[orbax]'``), ``torch.distributed.checkpoint``.
    """

    def __init__(
        self,
        folder: str | Path,
        *,
        keep: int | None = 3,
        best: str | None = None,
        mode: str = "min",
        every: int | None = None,
    ):
        remedy = "run pip install 'funcgrad[orbax]', or use fg.train.Checkpoints"
        self._orbax = require_module("ShardedCheckpoints", "orbax.checkpoint", remedy)
        super().__init__(folder, keep=keep, best=best, mode=mode, every=every)
        self.folder = self.folder.absolute()

    def __repr__(self) -> str:
        return f"ShardedCheckpoints({str(self.folder)!r}, steps={self._steps()})"

    def path(self, step: int) -> Path:
        """Where the checkpoint of a step is, or would be."""
        return self.folder / self._name(step, max(self._found().get(step, [0])))

    def _steps(self) -> list[int]:
        return sorted(self._found())

    def _found(self) -> dict[int, list[int]]:
        """The steps, and for each how often it was saved again: what is named has been whole."""
        found: dict[int, list[int]] = {}
        for entry in self.folder.iterdir():
            if name := _NAME.fullmatch(entry.name):
                found.setdefault(int(name[1]), []).append(int(name[2] or 0))
        return found

    def _name(self, step: int, again: int) -> str:
        return f"step-{step:010d}" + (f"-again-{again}" if again else "")

    def _writer(
        self, word: str, step: int, state: PyTree, more: dict[str, Any], at_once: bool
    ) -> tuple[Path, Callable[[], None]]:
        """Writes now: processes wait for each other, and must do so in one order."""
        leaves, arrays = described(word, state, whole=False)
        if jax.process_count() > 1:  # what each process has for itself is written by one
            arrays = {name: np.asarray(x) if _is_local(x) else x for name, x in arrays.items()}
        there = self._found().get(step)
        path = self.folder / self._name(step, 0 if there is None else max(there) + 1)
        digests = sums(arrays)
        for record in leaves:
            if record["name"] in digests:
                record["sum"] = digests[record["name"]]
        manifest = {"sealed": files.sealed(manifest_of(skeleton(state), leaves, more))}
        save = self._orbax.args
        filled = {quote(name, ""): array for name, array in arrays.items() if array.size}  # orbax cannot keep nothing
        parts = {"arrays": save.PyTreeSave(filled)} if filled else {}
        with self._opened() as file:
            file.save(path, args=save.Composite(manifest=save.JsonSave(manifest), **parts))
        return path, lambda: None

    def _read(self, word: str, step: int, like: PyTree) -> tuple[PyTree, dict[str, Any]]:
        manifest, path = self._manifest(word, step), self.path(step)
        saved: list[Record] = manifest["leaves"]
        wanted = {place.name: place.leaf for place in places(like)} if like is not None else {}
        if like is not None:
            require_fit(word, path, saved, like)
        orbax = self._orbax
        kept = {record["name"]: record for record in saved if "shape" in record}
        found = {name: np.zeros(r["shape"], dtype_of(r)) for name, r in kept.items() if not math.prod(r["shape"])}
        ways = {quote(n, ""): self._way(record, wanted.get(n)) for n, record in kept.items() if n not in found}
        if ways:
            args = orbax.args.PyTreeRestore(dict.fromkeys(ways, 0), restore_args=ways)
            try:
                with self._opened() as file, warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # that the number of devices is another: it may be
                    read = file.restore(path, args=orbax.args.Composite(arrays=args))["arrays"]
            except Exception as error:  # orbax and what is below it raise many kinds for what is torn
                files.refuse(word, path, files.brief(error))
            found |= {unquote(name): array for name, array in read.items()}
        digests = sums(found)
        for name, record in kept.items():
            form = found[name].dtype.name, list(found[name].shape), digests[name]
            if form != (record["dtype"], record["shape"], record["sum"]):
                files.refuse(word, path, f"the bits of {name} are not those that were saved")
        return tree_of(word, manifest, found, like), manifest

    def _way(self, record: Record, like: Any) -> Any:
        """How orbax reads an array: in parts to where `like` has them, or all of it to the host."""
        sharding = getattr(like, "sharding", None)
        is_array = record["kind"] == "array" and "weak" not in record
        if is_array and sharding is not None and len(sharding.device_set) > 1:
            return self._orbax.ArrayRestoreArgs(sharding=sharding)
        return self._orbax.RestoreArgs(restore_type=np.ndarray)

    def _manifest(self, word: str, step: int) -> dict[str, Any]:
        path = self.path(step)
        try:
            text = json.loads((path / "manifest" / _MANIFEST).read_text())["sealed"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            files.refuse(word, path, files.brief(error))
        return files.unsealed(word, path, text)

    def _verify(self, word: str, step: int) -> None:
        self._manifest(word, step)

    def _prune(self) -> None:
        if not jax.process_index():  # one process removes, and the others look at nothing that may vanish
            super()._prune()

    def _remove(self, step: int) -> None:
        for again in self._found().get(step, []):
            self._unname(self.folder / self._name(step, again))

    def _unname(self, path: Path) -> None:
        """Remove a folder so that it is never there in part under its name."""
        nameless = path.with_name(f"{_REMOVED}{path.name}")
        with contextlib.suppress(OSError):
            path.rename(nameless)
        shutil.rmtree(nameless, ignore_errors=True)

    def _clear(self) -> None:
        for step, times in self._found().items():
            for again in sorted(times)[:-1]:
                self._unname(self.folder / self._name(step, again))
        for entry in self.folder.iterdir():
            if entry.name.startswith(_REMOVED) or "orbax-checkpoint-tmp" in entry.name:
                shutil.rmtree(entry, ignore_errors=True)

    @contextlib.contextmanager
    def _opened(self) -> Iterator[Any]:
        """What writes and reads the two parts of a checkpoint."""
        orbax = self._orbax
        parts = {
            "arrays": orbax.PyTreeCheckpointHandler(),
            "manifest": orbax.JsonCheckpointHandler(filename=_MANIFEST),
        }
        file = orbax.Checkpointer(orbax.CompositeCheckpointHandler(**parts))
        try:
            yield file
        finally:
            file.close()


def _is_local(array: Any) -> bool:
    return isinstance(array, jax.Array) and array.is_fully_addressable

"""A folder of checkpoints of one run: the latest ones, and the best."""

from __future__ import annotations

import functools
import math
import re
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._checks import describe, fail, integer
from .._errors import ArgumentError, ArgumentTypeError, CheckpointError
from .._files import clear
from .._plain import fitting
from .._types import PyTree
from . import _checkpoint_file as files
from ._background import Background
from ._checkpoint_tree import load_with_manifest, save_hosts
from ._leaves import on_host, skeleton

__all__ = ["Checkpoints"]


@fitting
class Checkpoints:
    """A folder of checkpoints of one run: the latest ones, and the best.

    Each is a file like those of ``save``, called by its step. The process can end at any moment: whole checkpoints stay
    whole, and what is not is passed over with a warning that says what is wrong with it.

    Args:
        folder: where they are; it is made if it is not there.
        keep: how many of the latest to keep, or None for all.
        best: the metric whose best checkpoint is kept too, however old.
        mode: "min" if the best is the smallest, "max" if it is the largest.
        every: after how many steps ``fg.train.fit`` saves; by default, at the end of each epoch.

    Raises:
        ArgumentError: an option has a value that is not allowed.

    >>> import optax, tempfile
    >>> state = fg.train.init({"w": fg.ones(2)}, optax.sgd(0.1))
    >>> checkpoints = fg.train.Checkpoints(tempfile.mkdtemp(), keep=2, best="loss")
    >>> for step, loss in enumerate([3.0, 1.0, 2.0, 4.0]):
    ...     _ = checkpoints.save(state, step=step, metrics={"loss": loss})
    >>> checkpoints.steps(), checkpoints.best().name
    ([1, 2, 3], 'step-0000000001.safetensors')
    >>> checkpoints.restore(state).params
    {'w': Array([1., 1.], dtype=float32)}
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
        word = "Checkpoints"
        if not isinstance(folder, str | Path):
            fail(ArgumentTypeError, word, "folder must be a path", f"got {describe(folder)}", "write 'runs/first'")
        self.keep = None if keep is None else integer(word, "keep", keep, 1)
        self.every = None if every is None else integer(word, "every", every, 1)
        if best is not None and not isinstance(best, str):
            fail(ArgumentTypeError, word, "best must be a metric's name", f"got {describe(best)}", "write best='loss'")
        if mode not in ("min", "max"):
            fail(ArgumentError, word, "mode must be 'min' or 'max'", f"got {mode!r}", "choose what the best is")
        self.folder, self.metric, self.mode = Path(folder), best, mode
        if self.folder.exists() and not self.folder.is_dir():
            fail(ArgumentError, word, "folder must be a folder", f"got the file {str(folder)!r}", "name another")
        self.folder.mkdir(parents=True, exist_ok=True)
        self._background = Background()

    def __repr__(self) -> str:
        return f"Checkpoints({str(self.folder)!r}, steps={self._steps()})"

    def path(self, step: int) -> Path:
        """Where the checkpoint of a step is, or would be."""
        return self.folder / f"step-{step:010d}.safetensors"

    def steps(self) -> list[int]:
        """The steps of which there are files, in order."""
        self.wait()
        return self._steps()

    def _steps(self) -> list[int]:
        names = (re.fullmatch(r"step-(\d+)\.safetensors", entry.name) for entry in self.folder.iterdir())
        return sorted(int(name[1]) for name in names if name)

    def save(
        self,
        state: PyTree,
        *,
        step: int | None = None,
        data: Mapping[str, Any] | None = None,
        metrics: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
        wait: bool = True,
    ) -> Path:
        """Save a state, then remove what is neither among the latest nor the best.

        Args:
            state: a ``TrainState`` or any other pytree.
            step: its number; by default ``state.step``.
            data: where in the data the run is, for example ``{"epoch": 2, "batch": 17}``: the next batch.
            metrics: numbers by name; they decide which is the best.
            metadata: what else to keep, as in ``save``.
            wait: whether to return when the file is there. False returns when the state is copied to the host, and a
                thread writes it: the next call of any method waits for that, and raises what went wrong in it.

        Returns:
            The path of the new file.
        """
        word = "save"
        self.wait()
        number = self._number(state) if step is None else integer(word, "step", step, 0)
        for argument, value in (("data", data), ("metadata", metadata)):
            if value is not None:
                files.require_json(word, argument, value)
        more = {
            "step": number,
            "data": None if data is None else dict(data),
            "metrics": self._numbers(metrics),
            "metadata": dict(metadata or {}),
        }
        self.require_next(word, number)
        path, write = self._writer(word, number, state, more, wait)

        def work() -> None:
            write()
            self._prune()

        if wait:
            work()
        else:
            self._background.start(work)
        return path

    def wait(self) -> None:
        """Return when what ``save(..., wait=False)`` began is on the disk; raise what went wrong."""
        self._background.wait()

    def latest(self) -> Path | None:
        """The latest whole checkpoint, or None; every byte of it is checked."""
        self.wait()
        for step in reversed(self._steps()):
            if self._whole("latest", step):
                return self.path(step)
        return None

    def best(self) -> Path | None:
        """The checkpoint with the best value of the metric, or None; the earliest of equals."""
        self.wait()
        step = self._best("best")
        return None if step is None else self.path(step)

    def _best(self, word: str) -> int | None:
        if self.metric is None:
            remedy = "write Checkpoints(folder, best='loss')"
            fail(ArgumentError, "best", "there must be a metric that decides", "got none", remedy)
        return next((step for step in self._ranked() if self._whole(word, step)), None)

    def restore(self, like: PyTree = None, *, step: int | None = None, best: bool = False) -> PyTree:
        """The state in the latest whole checkpoint.

        Args:
            like: a tree of the same structure, as in ``load``.
            step: which instead of the latest.
            best: whether to take the best instead of the latest.

        Returns:
            The state.

        Raises:
            CheckpointError: there is no whole checkpoint, or not the one asked for.
            ArgumentError: `like` has other leaves.
        """
        self.wait()
        if step is not None and best:
            fail(ArgumentError, "restore", "step or best may be asked for", "got both", "leave one out")
        if step is not None:
            return self._read("restore", integer("restore", "step", step, 0), like)[0]
        if best:
            number = self._best("restore")
            return self._nothing("restore") if number is None else self._read("restore", number, like)[0]
        found = self._latest("restore", like)
        return self._nothing("restore") if found is None else found[0]

    def resume(self, state: PyTree) -> tuple[PyTree, dict[str, Any]]:
        """Where the run is: the state in the latest whole checkpoint and its place in the data.

        Args:
            state: where the run starts; also what the checkpoint must fit, as in ``load``.

        Returns:
            The state and what ``save`` was given as `data`; or `state` and an empty dict if nothing was saved yet.

        Raises:
            CheckpointError: there are checkpoints, and none of them is whole.
            ArgumentError: the checkpoint does not fit `state`, or was saved without its place in the data.

        >>> import optax, tempfile
        >>> checkpoints = fg.train.Checkpoints(tempfile.mkdtemp(), every=2)
        >>> step = fg.train.step(lambda params, x: fg.sum((params["w"] - x) ** 2), optax.sgd(0.1))
        >>> data = fg.data.batches(np.ones((6, 2), np.float32), batch_size=2, key=fg.key(0))
        >>> for epochs in (1, 3):  # the second is the same program, asked for more
        ...     state, place = checkpoints.resume(fg.train.init({"w": fg.zeros(2)}, optax.sgd(0.1)))
        ...     options = {"epochs": epochs, "start": place, "checkpoint": checkpoints, "progress": False}
        ...     state, history = fg.train.fit(step, state, data, **options)
        ...     print(place.get("epoch"), history["step"])
        None [1 2 3]
        1 [4 5 6 7 8 9]
        """
        self.wait()
        found = self._latest("resume", state, complete=True)
        if found is None:
            return (state, {}) if not self._steps() else self._nothing("resume")
        place = found[1].get("data")
        if place is None:
            fail(
                ArgumentError,
                "resume",
                "the checkpoint must say where in the data the run was",
                f"that of step {found[1].get('step')} in {str(self.folder)!r} was saved without data=",
                "save it with data={'epoch': 2, 'batch': 17}, or take the state alone with restore",
            )
        return found[0], place

    def _latest(self, word: str, like: PyTree, complete: bool = False) -> tuple[PyTree, dict[str, Any]] | None:
        """The latest that is whole; with `complete`, also the best state so far, if the run is to return that."""
        for step in reversed(self._steps()):
            try:
                found = self._read(word, step, like)
            except CheckpointError as error:
                _warn(error)
                continue
            needed = _best_so_far(found[1])
            if not complete or needed in (None, step) or self._whole(word, needed):
                return found
        return None

    def _nothing(self, word: str) -> Any:
        steps = self._steps()
        given = f"none of the {len(steps)} in {str(self.folder)!r} is" if steps else f"{str(self.folder)!r} has none"
        fail(CheckpointError, word, "there must be a whole checkpoint", given, "save one first, or correct the folder")

    def _whole(self, word: str, step: int) -> bool:
        try:
            self._verify(word, step)
        except CheckpointError as error:
            _warn(error)
            return False
        return True

    def _number(self, state: Any) -> int:
        step = getattr(state, "step", None)
        if step is None:
            remedy = "pass step=, or a TrainState"
            fail(ArgumentTypeError, "save", "the step must be known", f"got {describe(state)} without one", remedy)
        return int(step)

    def _numbers(self, metrics: Any) -> dict[str, Any]:
        numbers: dict[str, Any] = {}
        if metrics is None:
            return numbers
        if not isinstance(metrics, Mapping):
            remedy = "write for example metrics={'loss': 0.3}"
            fail(ArgumentTypeError, "save", "metrics must be a dict of numbers", f"got {describe(metrics)}", remedy)
        for name, value in jax.device_get(dict(metrics)).items():
            dtype = np.asarray(value).dtype
            if np.ndim(value) or not (jnp.issubdtype(dtype, jnp.floating) or jnp.issubdtype(dtype, jnp.integer)):
                given = f"got {describe(value)} for {name!r}"
                fail(ArgumentTypeError, "save", "metrics must be real numbers", given, "reduce it, or leave it out")
            number = float(value) if jnp.issubdtype(dtype, jnp.floating) else int(value)
            numbers[str(name)] = number if math.isfinite(number) else str(number)  # JSON has no word for these
        if self.metric is not None and self.metric not in numbers:
            given = f"got {', '.join(map(repr, numbers)) or 'none'}"
            fail(ArgumentError, "save", f"metrics must hold {self.metric!r}, which decides", given, "pass it too")
        return numbers

    def _ranked(self) -> list[int]:
        """The steps with a value of the metric, the best first."""
        values = []
        for step in self._steps():
            manifest = self._readable(step)
            value = float((manifest or {}).get("metrics", {}).get(self.metric, math.nan))
            if not math.isnan(value):
                values.append((value if self.mode == "min" else -value, step))
        return [step for _, step in sorted(values)]

    def _readable(self, step: int) -> dict[str, Any] | None:
        try:
            return self._manifest("save", step)
        except CheckpointError:
            return None

    def require_next(self, word: str, number: int) -> None:
        """Raise where this step comes before one that another run has saved here."""
        self.wait()
        for step in self._steps():
            if step <= number or self._readable(step) is None:
                continue
            try:
                self._verify(word, step)
            except CheckpointError:
                continue
            fail(
                ArgumentError,
                word,
                "the step must come after those in the folder",
                f"got step {number}, and {str(self.folder)!r} has step {step}",
                "resume from it, remove it, or choose another folder",
            )

    def _prune(self) -> None:
        self._clear()
        if self.keep is None:
            return
        readable = {step: manifest for step in self._steps() if (manifest := self._readable(step)) is not None}
        latest = [*readable][-self.keep :]
        best = self._ranked()[:1] if self.metric is not None else []
        best += [needed for step in latest if (needed := _best_so_far(readable[step])) is not None]
        for step in self._steps():
            if step < latest[0] and step not in best:
                self._remove(step)

    # How one checkpoint is kept: as a file.

    def _writer(
        self, word: str, step: int, state: PyTree, more: dict[str, Any], at_once: bool
    ) -> tuple[Path, Callable[[], None]]:
        """Where the state will be, and what writes it: of copies, unless that is called before anything else."""
        path = self.path(step)
        leaves, hosts = on_host(word, state)
        if not at_once:
            hosts = self._background.copies(hosts)
        return path, functools.partial(save_hosts, word, path, skeleton(state), leaves, hosts, more)

    def _read(self, word: str, step: int, like: PyTree) -> tuple[PyTree, dict[str, Any]]:
        return load_with_manifest(word, self.path(step), like)

    def _manifest(self, word: str, step: int) -> dict[str, Any]:
        return files.read_manifest(word, self.path(step))

    def _verify(self, word: str, step: int) -> None:
        files.verify(word, self.path(step))

    def _remove(self, step: int) -> None:
        self.path(step).unlink(missing_ok=True)

    def _clear(self) -> None:
        """Remove what processes left unfinished."""
        clear(self.folder)


def _best_so_far(manifest: dict[str, Any]) -> int | None:
    """The step of the state that the run would return if it did not become better: where ``fit`` has patience."""
    patience = (manifest.get("data") or {}).get("patience")
    kept = isinstance(patience, dict) and patience.get("kept") is True
    return patience.get("best_step") if kept and isinstance(patience, dict) else None


def _warn(error: CheckpointError) -> None:
    warnings.warn(f"a checkpoint was passed over: {error}", stacklevel=4)

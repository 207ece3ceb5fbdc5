"""Any state machine, run many times on the device, with a record of what it did and a look at how far it is."""

from __future__ import annotations

import contextlib
import functools
import inspect
import time
import weakref
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._checks import describe, fail, integer, is_concrete, x64_enabled
from .._convert import from_host
from .._errors import ArgumentError, ArgumentTypeError, DtypeError, ShapeError
from .._op import strong
from .._plain import plain
from .._types import Array, PyTree
from ..autodiff._outputs import as_raised
from ..autodiff._paths import dotted, joined
from ._parameters import require_callable
from ._progress import Progress
from ._stopping import stop_asked

__all__ = ["loop"]

_MOST_AT_ONCE = 2**16  # turns between two looks of the host; records wait on the device for so long
_MOST_BYTES = 2**26
_LOOKED_EVERY = 0.1  # seconds between looks, to which the number of turns in a dispatch is fitted


@plain
def loop(
    step: Callable[..., Any],
    state: PyTree,
    n: int,
    *,
    every: int = 1,
    until: Callable[[PyTree], Any] | None = None,
    progress: bool = False,
) -> tuple[PyTree, PyTree]:
    """``state = step(state)``, `n` times, compiled as one loop.

    One program serves any number of turns. The host looks at it some ten times a second: it shows how far the loop is,
    fetches the records, and answers Ctrl-C by returning what there is. The results do not depend on when it looks.
    Under a transform it is one ``jax.lax.scan``, with derivatives of both modes.

    Args:
        step: takes the state, or the state and the number of the turn (a 0-d int32, from 0). Returns the next state, or
            ``(state, record)`` with any pytree of arrays or numbers to be kept.
        state: a pytree of arrays and numbers. It is copied.
        n: how many turns, 0 or more.
        every: keep the record of each `every`-th turn only, counted from 1.
        until: a function of the state; the loop ends after the first turn where it is true.
        progress: whether to show a bar on a terminal, or a line at the end elsewhere, with the latest numbers in the
            records.

    Returns:
        The last state, and the records as NumPy arrays with the turns in front (JAX arrays under a transform); None if
        `step` returns none.

    Raises:
        ArgumentTypeError: `step` returns another structure than it got.
        ShapeError: `step` changes the shape of a part of the state, which is named.
        DtypeError: `step` changes a dtype.
        ArgumentError: `until` is used under a transform, where a record cannot have a length that values decide.

    >>> def newton(x):
    ...     return x - (x * x - 2) / (2 * x), {"error": fg.abs(x * x - 2)}
    >>> x, records = fg.loop(newton, 1.0, 100, until=lambda x: fg.abs(x * x - 2) < 1e-5)
    >>> round(float(x), 4), records["error"].shape
    (1.4142, (3,))

    Source: ``jax.lax.scan``, ``jax.lax.while_loop``.
    """
    require_callable("loop", "step", step, "write for example def step(state): return state + 1")
    if until is not None:
        require_callable("loop", "until", until, "write for example until=lambda state: state > 3")
    count, every = integer("loop", "n", n, 0), integer("loop", "every", every, 1)
    start = jax.tree_util.tree_map_with_path(_as_array, state)
    with as_raised():
        if not all(map(is_concrete, jax.tree.leaves(start))):
            return _traced(_checked(lambda: step, start), start, count, every, until)
        return _program(step, start, until, every).run(start, count, progress)


# The last program of each function, which is compiled once as under jax.jit. It must not keep the function alive.
_PROGRAMS: weakref.WeakKeyDictionary[Callable[..., Any], tuple[Any, _Program]] = weakref.WeakKeyDictionary()


def _program(step: Callable[..., Any], start: PyTree, until: Any, every: int) -> _Program:
    leaves, structure = jax.tree.flatten(start)
    form = (until, every, structure, tuple((leaf.shape, leaf.dtype) for leaf in leaves), x64_enabled())
    try:
        known, program = _PROGRAMS.get(step, (None, None))
        reference: Callable[[], Any] = weakref.ref(step)
    except TypeError:
        known, program, reference = None, None, lambda: step
    if program is None or known != form:
        turn = _checked(reference, start)
        program = _Program(turn, until, every, jax.eval_shape(turn, start, jnp.int32(0))[1])
        with contextlib.suppress(TypeError):
            _PROGRAMS[step] = form, program
    return program


class _Program:
    """Any number of turns, compiled once."""

    def __init__(self, turn: Callable[..., Any], until: Any, every: int, record: PyTree):
        self.turn, self.until, self.every = turn, until, every
        size = sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(record))
        self.room = max(1, min(_MOST_AT_ONCE, _MOST_BYTES // max(1, size)))
        self.record = record
        self.compiled: dict[int, Any] = {}  # by how many records there is room for

    def run(self, state: PyTree, count: int, progress: bool) -> tuple[PyTree, PyTree]:
        """Dispatch turns until all are done, `until` holds, or somebody asks to stop."""
        kept: list[PyTree] = []
        room = min(self.room, 2 ** (max(1, -(-count // self.every)) - 1).bit_length())
        program = self.compiled.setdefault(room, jax.jit(functools.partial(self._turns, room), donate_argnums=0))
        done, turns, ended = 0, min(count, self.every * 16), False
        shown = Progress(progress, "loop", count, "turns")
        state = jax.tree.map(jnp.copy, state)
        try:
            with stop_asked() as asked:
                while done < count and not ended and not asked:
                    began = time.perf_counter()
                    turns = max(1, min(turns, count - done, self.every * room - done % self.every))
                    state, reached, records, over = program(state, np.int32(done), np.int32(done + turns))
                    after, ended = int(reached), bool(over)
                    length = after // self.every - done // self.every
                    kept.append(jax.tree.map(lambda r, length=length: np.asarray(r[:length]), jax.device_get(records)))
                    shown.advance(after - done, _latest(kept[-1]) if length else {})
                    seconds = time.perf_counter() - began
                    if done:  # the first dispatch compiled
                        turns = int(turns * min(4.0, _LOOKED_EVERY / max(seconds, 1e-9))) + 1
                    done = after
        except BaseException:
            shown.close()
            raise
        shown.end(_latest(kept[-1]) if kept else {})
        if asked:
            shown.note(f"interrupted after turn {done}: the state of that turn is returned")
        empty = jax.tree.map(lambda like: np.zeros((0, *like.shape), like.dtype), self.record)
        return state, jax.tree.map(lambda *parts: np.concatenate(parts), empty, *kept)

    def _turns(self, room: int, state: PyTree, first: Array, last: Array) -> tuple[PyTree, Array, PyTree, Array]:
        """Turns `first` to `last`, as far as `until` lets them; how many were done, and the records of this call."""
        buffers = jax.tree.map(lambda like: jnp.zeros((room, *like.shape), like.dtype), self.record)

        def body(carried: tuple[PyTree, Array, PyTree, Array]) -> tuple[PyTree, Array, PyTree, Array]:
            state, number, buffers, _ = carried
            state, record = self.turn(state, number)
            # A record is written over until the last turn that shares its place.
            place = number // self.every - first // self.every
            buffers = jax.tree.map(
                lambda column, value: jax.lax.dynamic_update_index_in_dim(column, value, place, 0), buffers, record
            )
            return state, number + 1, buffers, _holds(self.until, state)

        started = (state, first, buffers, jnp.zeros((), bool))
        return jax.lax.while_loop(lambda carried: (carried[1] < last) & ~carried[3], body, started)


def _traced(turn: Callable[..., Any], state: PyTree, count: int, every: int, until: Any) -> tuple[PyTree, PyTree]:
    if until is not None:
        required = "until= needs values, because it decides how many records there are"
        remedy = "call fg.loop outside of the transform, or use fg.while_loop in it"
        fail(ArgumentError, "loop", required, "got a state that is being traced", remedy)
    if every == 1:
        return jax.lax.scan(turn, state, jnp.arange(count, dtype=jnp.int32))

    def turns(state: PyTree, numbers: Array) -> tuple[PyTree, PyTree]:
        state, _ = jax.lax.scan(lambda state, number: (turn(state, number)[0], None), state, numbers[:-1])
        return turn(state, numbers[-1])

    numbers = jnp.arange(count, dtype=jnp.int32)
    whole = count - count % every
    state, records = jax.lax.scan(turns, state, numbers[:whole].reshape(-1, every))
    state, _ = jax.lax.scan(lambda state, number: (turn(state, number)[0], None), state, numbers[whole:])
    return state, records


def _checked(reference: Callable[[], Any], start: PyTree) -> Callable[[PyTree, Array], tuple[PyTree, PyTree]]:
    """What `reference` gives, as a function of state and number that gives state and record; says what it changes."""
    numbered = _takes_number(reference())
    old = [(joined("state", dotted(path)), leaf.shape, leaf.dtype) for path, leaf in _with_paths(start)]
    structure: Any = jax.tree.structure(start)

    def turn(state: PyTree, number: Array) -> tuple[PyTree, PyTree]:
        step = reference()
        result = step(state, number) if numbered else step(state)
        after, record = result, None
        if jax.tree.structure(result) != structure and isinstance(result, tuple) and len(result) == 2:
            after, record = result
        if jax.tree.structure(after) != structure:
            fail(
                ArgumentTypeError,
                "loop",
                "step must return a state like the one it got, or (state, record)",
                f"got {_outline(jax.tree.structure(after))} for {_outline(structure)}",
                "return the same structure in each turn",
            )
        after = jax.tree_util.tree_map_with_path(_as_array, after)
        for (place, shape, dtype), new in zip(old, jax.tree.leaves(after), strict=True):
            _require_same(place, shape, dtype, new)
        return after, jax.tree.map(lambda leaf: strong(jnp.asarray(leaf)), record)

    return turn


def _require_same(place: str, shape: Any, dtype: Any, new: Any) -> None:
    required = "step must return a state of the shapes and dtypes it got"
    given = f"{place} was {dtype} of shape {shape} and came back as {new.dtype} of shape {new.shape}"
    if shape != new.shape:
        fail(ShapeError, "loop", required, given, "keep its shape, for example by writing into an array of full length")
    if dtype != new.dtype:
        remedy = f"start from one of dtype '{new.dtype}', or convert what step returns"
        fail(DtypeError, "loop", required, given, remedy)


def _outline(structure: Any) -> str:
    return str(structure).removeprefix("PyTreeDef(").removesuffix(")")


def _takes_number(step: Callable[..., Any]) -> bool:
    """Whether `step` must be given the number of the turn too."""
    try:
        parameters = inspect.signature(step).parameters.values()
    except (TypeError, ValueError):
        return False
    needed = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) and p.default is p.empty]
    return len(needed) > 1


def _holds(until: Callable[[PyTree], Any] | None, state: PyTree) -> Any:
    if until is None:
        return jnp.zeros((), bool)
    truth = until(state)
    if np.size(truth) != 1:
        given = f"got {describe(truth)}"
        fail(ShapeError, "loop", "until must return a bool or a 0-d array", given, "reduce it with fg.any or fg.all")
    return jnp.reshape(jnp.asarray(truth) != 0, ())


def _latest(records: PyTree) -> dict[str, Any]:
    """The last numbers in the records, by path."""
    return {
        dotted(path) or "record": column[-1]
        for path, column in _with_paths(records)
        if column.ndim == 1 and len(column)
    }


def _as_array(path: Any, leaf: Any) -> Any:
    if isinstance(leaf, jax.Array):
        return strong(leaf)
    if isinstance(leaf, np.ndarray | np.generic | bool | int | float | complex):
        return strong(from_host("loop", leaf))
    fail(
        ArgumentTypeError,
        "loop",
        "the state must be a pytree of arrays and numbers",
        f"got {describe(leaf)} at {joined('state', dotted(path))}",
        "let step close over the rest",
    )


def _with_paths(tree: PyTree) -> list[tuple[Any, Any]]:
    return jax.tree_util.tree_leaves_with_path(tree)

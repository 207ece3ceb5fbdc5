"""One step of training, compiled: gradient of the loss, update of the parameters."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from .._checks import describe, fail, integer, is_concrete, listed, resolve_dtype
from .._convert import from_host, is_torch
from .._errors import ArgumentError, ArgumentTypeError, DtypeError, ShapeError
from .._op import strong
from .._plain import fitting, plain
from .._types import Array, DtypeLike, PyTree
from ._blocks import Listed, batch_of, has_rows, lengths
from ._equations import steps_that_pay
from ._objective import Objective
from ._parameters import averaged, require_callable, require_optimizer, require_parallel, trained_part
from ._update import MEASURES, Owned, Parts, Update, raise_fault
from .parallel import Parallel
from .state import TrainState, init

__all__ = ["Step", "step"]

_LOOKED_EVERY = 0.25  # seconds between looks at what was not finite


@fitting
class Step:
    """A compiled training step, from ``fg.train.step``: ``state, metrics = step(state, *batch)``."""

    __name__ = "step"

    def __init__(self, update: Update, donate: bool):
        self._update = update
        self._donate = donate
        self._parallel = update.parallel
        owned = (0,) if donate else ()
        self._traced: Callable[..., Any] = jax.jit(update, inline=True)  # once for all that needs its equations
        self._one: Callable[..., Any] = jax.jit(self._step, donate_argnums=owned)
        self._loop: Callable[..., Any] = jax.jit(self._steps, donate_argnums=owned)
        if self._parallel is not None:
            self._one, self._loop = self._parallel.guarded(self._one), self._parallel.guarded(self._loop)
        self._fault: Array | None = None
        self._seen: Array | None = None  # the fault as it was when it was last looked at
        self._looked = 0.0
        self._judged: tuple[Any, int] | None = None  # what was judged last, and how many steps a dispatch may hold

    @property
    def parallel(self) -> Parallel | None:
        """The devices that share the work, if there are several."""
        return self._parallel

    def __call__(self, state: TrainState, *batch: Any) -> tuple[TrainState, dict[str, Any]]:
        """The next state, and the metrics of this step."""
        leaves = jax.tree.leaves(batch)
        known = self._parallel is None and "_returned" in getattr(state, "__dict__", ())
        if known and all(leaf.__class__ is _array_type() for leaf in leaves):
            return self._taken(self._one, state, batch)  # the usual case: nothing to convert, nothing traced
        return self._take(self._one, state, self._operands(batch))

    def many(self, state: TrainState, *batches: Any, count: int | None = None) -> tuple[TrainState, dict[str, Any]]:
        """Take a step for each element of the first dimension of `batches`, in one dispatch.

        Args:
            state: where to start.
            *batches: as for a step, each array with one more dimension in front.
            count: how many steps to take, if fewer than there are elements; another number compiles nothing.

        Returns:
            The last state, and the metrics of all steps, each with that dimension in front.
        """
        listed = len(batches) == 1 and isinstance(batches[0], Listed)
        arrays: Any = batches[0] if listed else self._operands(batches, dim=1)
        found = lengths(arrays)
        if len(found) != 1 or found == {()}:
            given = f"got {', '.join(describe(leaf) for leaf in jax.tree.leaves(arrays)) or 'no arrays'}"
            remedy = "stack the batches of several steps, for example with fg.stack"
            fail(ShapeError, "many", "all arrays must have one first dimension, that of the steps", given, remedy)
        ((length,),) = found
        count = length if count is None else integer("many", "count", count, 1)
        if count > length:
            required = f"count must be at most {length}, the batches there are"
            fail(ArgumentError, "many", required, f"got {count}", "lower it")
        return self._take(self._loop, state, arrays, np.int32(count))

    def init(self, params: PyTree, *, key: Array | None = None, model_state: PyTree = None) -> TrainState:
        """The state before the first step, with all that this step needs: ``fg.train.init`` with its own settings."""
        own = self._update
        state = init(
            params,
            own.optimizer,
            key=key,
            model_state=model_state,
            trainable=own.trainable,
            ema=own.ema is not None,
        )
        return self._complete(state)

    def check(self, state: TrainState) -> None:
        """Raise if something was not finite in any step so far, with ``on_nan="raise"``; waits for the last step."""
        if self._fault is not None:
            self._raise_if_any(self._fault, state)

    def steps_that_pay(self, state: TrainState, *batch: Any, most: int, ready: bool) -> int:
        """How many steps one dispatch should hold, judged by what a step computes: 1 where a loop would be slower.

        If the batches are `ready`, where the loop can take them from, nothing is to be copied for it.
        """
        operands = (_parts(state), _operands(batch))
        leaves, structure = jax.tree.flatten(operands)
        form = most, ready, structure, [(np.shape(leaf), getattr(leaf, "dtype", type(leaf))) for leaf in leaves]
        if self._judged is None or self._judged[0] != form:  # to trace takes as long as some steps
            key, fault = state.key, self._fault
            count = steps_that_pay(lambda parts, batch: self._traced(parts, key, fault, batch), *operands, most, ready)
            self._judged = form, count
        return self._judged[1]

    def _operands(self, batch: tuple[Any, ...], dim: int = 0) -> tuple[Any, ...]:
        """A batch as something jit takes, its rows along `dim` shared among the devices if there are several."""
        if has_rows(batch):
            return batch
        if self._parallel is None or not all(map(is_concrete, jax.tree.leaves(batch))):
            return _operands(batch)
        return self._parallel.operands(batch, dim)

    def _take(
        self, program: Callable[..., Any], state: Any, batch: tuple[Any, ...], *count: Any
    ) -> tuple[TrainState, dict[str, Any]]:
        if not isinstance(state, TrainState):
            remedy = "make the first with fg.train.init(params, optimizer)"
            fail(ArgumentTypeError, "step", "the first argument must be a TrainState", f"got {describe(state)}", remedy)
        if not all(map(is_concrete, jax.tree.leaves((state, batch)))):
            return self._inline(state, batch, *count)
        return self._taken(program, state, batch, *count)

    def _taken(
        self, program: Callable[..., Any], state: TrainState, batch: tuple[Any, ...], *count: Any
    ) -> tuple[TrainState, dict[str, Any]]:
        own = state._to_spend(self._parallel) if self._donate else state._require_alive()
        if self._parallel is not None and not self._donate:
            own = self._parallel.placed(own)
        spent = self._complete(own)
        if self._update.on_nan == "raise":
            self._look(spent)
        owned = (spent.params, spent.opt_state, spent.model_state, spent.ema)
        parts, metrics, self._fault = program(owned, spent.step, spent.skipped, spent.key, self._fault, batch, *count)
        params, opt_state, model_state, ema, number, skipped = parts
        new = TrainState(params, opt_state, number, spent.key, model_state, ema, skipped)
        if self._donate:
            new._mark_returned(self._parallel)
            own._mark_spent()  # the state itself, or the copy that was made of it
            spent._mark_spent()
        return new, {"loss": metrics.pop("loss"), **metrics}  # jit has sorted them

    def _inline(self, state: TrainState, batch: Any, *count: Any) -> tuple[TrainState, dict[str, Any]]:
        """The step inside another transform, where the memory is not ours to manage."""
        if self._update.on_nan == "raise":
            required = "with on_nan='raise' a step must be called with values"
            remedy = "call it outside of the transform, or choose on_nan='skip' or None"
            fail(ArgumentError, "step", required, "got arrays that are being traced", remedy)
        state = self._complete(state)
        if count:
            parts, metrics, _ = self._steps(
                _parts(state)[:4], state.step, state.skipped, state.key, None, batch, *count
            )
        else:
            parts, metrics, _ = self._update(_parts(state), state.key, None, batch)
        params, opt_state, model_state, ema, number, skipped = parts
        return TrainState(params, opt_state, number, state.key, model_state, ema, skipped), metrics

    def _step(
        self, owned: Owned, number: Array, skipped: Array | None, key: Array | None, fault: Array | None, batch: Any
    ) -> Any:
        batch = batch_of(batch, 0) if has_rows(batch) else batch
        return self._update(Parts(*owned, number, skipped), key, fault, batch)

    def _steps(
        self, owned: Owned, number: Array, skipped: Any, key: Any, fault: Any, batches: Any, count: Any
    ) -> tuple[Parts, dict[str, Any], Any]:
        """Several steps. Their number is a value, so that the last ones of an epoch need no program of their own."""

        def turn(i: Any, carried: Any) -> Any:
            parts, fault, kept = carried
            parts, metrics, fault = self._traced(parts, key, fault, batch_of(batches, i))
            kept = jax.tree.map(
                lambda column, value: jax.lax.dynamic_update_index_in_dim(column, value, i, 0), kept, metrics
            )
            return jax.tree.map(strong, parts), fault, kept

        parts = Parts(*owned, number, skipped)
        _, metrics, _ = jax.eval_shape(self._traced, parts, key, fault, jax.eval_shape(batch_of, batches, 0))
        ((length,),) = lengths(batches)
        kept = jax.tree.map(lambda like: jnp.zeros((length, *like.shape), like.dtype), metrics)
        parts, fault, metrics = jax.lax.fori_loop(0, count, turn, (jax.tree.map(strong, parts), fault, kept))
        return parts, metrics, fault

    def _complete(self, state: TrainState) -> TrainState:
        """`state` with the fields that this step keeps; what they start from loses nothing."""
        own = self._update
        if own.ema is None and state.ema is not None:
            remedy = "pass ema= to fg.train.step, or drop it with dataclasses.replace(state, ema=None)"
            fail(ArgumentError, "step", "a state with a moving average needs a step that updates it", "got one", remedy)
        ema, skipped = state.ema, state.skipped
        if own.ema is not None and ema is None:
            ema = averaged(trained_part("step", state.params, own.trainable))
        if own.on_nan == "skip" and skipped is None:
            skipped = jnp.zeros((), jnp.int32)
        if own.on_nan == "raise" and self._fault is None:
            self._fault = jnp.zeros(2, jnp.int32)
        if ema is state.ema and skipped is state.skipped:
            return state
        return TrainState(state.params, state.opt_state, state.step, state.key, state.model_state, ema, skipped)

    def _look(self, state: TrainState) -> None:
        """Read, now and then, what was not finite up to the look before: by now that is known, so nothing waits."""
        now = time.perf_counter()
        if now - self._looked >= _LOOKED_EVERY:
            if self._seen is not None:
                self._raise_if_any(self._seen, state)
            self._seen, self._looked = self._fault, now

    def _raise_if_any(self, fault: Array, state: TrainState) -> None:
        number, code = np.asarray(fault).tolist()
        if number:
            self._fault = self._seen = None
            raise_fault(number, code, trained_part("step", state.params, self._update.trainable))


@plain
def step(
    loss: Callable[..., Any],
    optimizer: optax.GradientTransformation,
    *,
    has_aux: bool | None = None,
    microbatches: int = 1,
    compute_dtype: DtypeLike | None = None,
    trainable: str | Sequence[str] | None = None,
    ema: float | Callable[[Array], Any] | None = None,
    on_nan: str | None = None,
    metrics: str | Sequence[str] = (),
    schedule: Callable[[Array], Any] | None = None,
    parallel: Parallel | None = None,
    donate: bool = True,
) -> Step:
    r"""A compiled training step.

    It is called as ``state, metrics = step(state, *batch)``. What it computes is the gradient of
    ``loss(params, *batch)`` with respect to the floating-point leaves of the parameters, and the optimizer's update of
    them. The metrics stay on the device; reading one waits for the step.

    A state that a step returned gives its memory to the next one when it is passed back, and cannot be used after
    that. States made in any other way are copied first. To keep parameters of an earlier step, copy them:
    ``best = jax.tree.map(jnp.copy, state.params)``.

    Args:
        loss: called as ``loss(params, *batch)``. Returns a 0-d loss, or it and a dict of metrics. If it has a parameter
            ``key``, it is given ``fg.fold_in(state.key, "loss", state.step)``. If it has a parameter ``model_state``,
            it is given the state's, and returns ``(loss, model_state)`` or ``(loss, model_state, metrics)``.
        optimizer: from optax, for example ``optax.adam(1e-3)``.
        has_aux: whether `loss` returns metrics too; by default, seen from what it returns.
        microbatches: into how many parts to cut a batch, to need the memory of one. The gradient is their exact mean,
            weighted by rows, before the optimizer clips or uses it: that of the whole batch for a loss that is a mean
            over rows. Metrics are averaged, counts added; each part has its own key, and the model state of the last.
        compute_dtype: what the parameters and the floating-point arrays of a batch are converted to for the loss,
            ``"bfloat16"`` for example. The parameters themselves, gradients and updates keep their own dtype.
        trainable: which parameters are trained, as dotted paths with ``*``: ``"head.*"`` or a list of such. For the
            others nothing is computed. Make the state with the same, or with ``step.init(params)``.
        ema: $d$ in $m \leftarrow m + (1 - d)(p - m)$, the moving average of the trained parameters in ``state.ema``;
            or a function of the step's number that gives it.
        on_nan: what to do if the loss or a gradient is NaN or infinite. ``"raise"`` names the step and the parameter,
            within about half a second or in ``step.check(state)``, as no step waits for the one before. ``"skip"``
            leaves the state as it was, but for its step and its count of ``skipped`` ones. None looks for nothing.
        metrics: what else to measure, of ``"grad_norm"``, ``"param_norm"`` and ``"update_norm"``: Euclidean norms over
            the trained parameters, of the gradient before the optimizer sees it.
        schedule: the optimizer's learning rate as a function of the step, to be among the metrics. That of
            ``optax.inject_hyperparams`` is there without.
        parallel: devices that share the work, from ``fg.parallel()``. The first state is copied to them, and the rows
            of each batch are shared among them.
        donate: whether to reuse memory. False keeps every state usable, at the price of a second copy of it.

    Returns:
        A function of a state and a batch. It gives the next state and a dict of 0-d arrays: ``"loss"`` and the metrics.
        NumPy arrays in a batch are copied, so the caller may overwrite them. ``step.init(params)`` makes its first
        state, and ``step.many(state, *batches)`` takes several steps in one dispatch.

    Raises:
        ArgumentTypeError: `loss` or `optimizer` is not one, or an option has the wrong type.
        ArgumentError: an option has a value that is not allowed.

    When the returned function is called, it raises errors that start with ``step():`` if the state was spent or belongs
    to another optimizer, if the batch does not fit the arguments of `loss`, or if what `loss` returns is not a loss.

    >>> import optax
    >>> step = fg.train.step(lambda params, x, y: fg.nn.mse_loss(params["w"] * x, y), optax.sgd(0.25))
    >>> state = fg.train.init({"w": fg.ones(2)}, optax.sgd(0.25))
    >>> state, metrics = step(state, fg.ones(2), fg.tensor([3.0, 1.0]))
    >>> metrics
    {'loss': Array(2., dtype=float32)}
    >>> state.params
    {'w': Array([1.5, 1. ], dtype=float32)}

    Source: ``optimizer.zero_grad(); loss.backward(); optimizer.step()`` in torch.
    """
    require_callable("step", "loss", loss, "write for example def loss(params, x, y)")
    require_optimizer("step", optimizer)
    if on_nan not in (None, "raise", "skip"):
        remedy = "leave it out to look for nothing"
        fail(ArgumentError, "step", "on_nan must be 'raise', 'skip' or None", f"got {on_nan!r}", remedy)
    if schedule is not None:
        require_callable("step", "schedule", schedule, "pass for example optax.cosine_decay_schedule(1e-3, 1000)")
    update = Update(
        Objective(loss, has_aux, _compute_dtype(compute_dtype)),
        optax.with_extra_args_support(optimizer),
        microbatches=integer("step", "microbatches", microbatches, 1),
        trainable=trainable,
        ema=_decay(ema),
        on_nan=on_nan,
        measures=_measures(metrics),
        schedule=schedule,
        parallel=None if parallel is None else require_parallel("step", parallel),
    )
    return Step(update, donate)


@functools.cache
def _array_type() -> type:
    """The class of arrays with values, asked for when a backend runs anyway."""
    return type(jnp.zeros(()))


def _parts(state: TrainState) -> Parts:
    return Parts(state.params, state.opt_state, state.model_state, state.ema, state.step, state.skipped)


def _compute_dtype(given: DtypeLike | None) -> Any:
    if given is None:
        return None
    dtype = resolve_dtype("step", given)
    if not jnp.issubdtype(dtype, jnp.floating) or dtype == jnp.float16:
        remedy = "write compute_dtype='bfloat16', whose range is that of float32"
        fail(DtypeError, "step", "compute_dtype must be bfloat16, float32 or float64", f"got {dtype}", remedy)
    return dtype


def _decay(given: Any) -> Any:
    if given is None or callable(given):
        return given
    if isinstance(given, bool) or not isinstance(given, int | float | np.floating):
        given = describe(given)
        fail(ArgumentTypeError, "step", "ema must be a number or a function", f"got {given}", "write ema=0.999")
    if not 0 <= given < 1:
        fail(ArgumentError, "step", "ema must be in [0, 1)", f"got {given}", "write for example ema=0.999")
    return float(given)


def _measures(given: Any) -> tuple[str, ...]:
    if not isinstance(given, str | list | tuple):
        required, remedy = "metrics must be a name or a sequence of them", "write for example metrics='grad_norm'"
        fail(ArgumentTypeError, "step", required, f"got {describe(given)}", remedy)
    names = (given,) if isinstance(given, str) else tuple(given)
    unknown = [name for name in names if name not in MEASURES]
    if unknown:
        given, remedy = f"got {unknown[0]!r}", "return other metrics from the loss, as (loss, {'name': value})"
        fail(ArgumentError, "step", f"metrics must be among {listed(MEASURES)}", given, remedy)
    return names


def _operands(batch: tuple[Any, ...]) -> tuple[Any, ...]:
    """A batch as something jit takes, sharing no memory with a buffer that may be overwritten."""
    if all(isinstance(leaf, jax.Array) for leaf in jax.tree.leaves(batch)):
        return batch
    arrays: tuple[Any, ...] = jax.tree_util.tree_map_with_path(_as_operand, batch)
    return arrays


def _as_operand(path: Any, leaf: Any) -> Any:
    if isinstance(leaf, jax.Array | bool | int | float | complex):
        return leaf
    if isinstance(leaf, np.ndarray | np.generic) or is_torch(leaf):
        return from_host("step", leaf)
    fail(
        ArgumentTypeError,
        "step",
        "a batch must be made of arrays",
        f"got {describe(leaf)} at batch{jax.tree_util.keystr(path)}",
        "convert it with fg.tensor, or leave it out",
    )

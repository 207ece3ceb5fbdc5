"""One step of training as a pure function of a state's parts: what a step compiles, once or in a loop."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import optax

from .._checks import fail, listed
from .._errors import ArgumentError, NonFiniteError
from .._types import Array, PyTree
from ..autodiff._paths import dotted
from ._microbatches import mean_gradient
from ._objective import Objective
from ._parameters import trained_part, with_trained
from .parallel import Parallel

__all__ = ["MEASURES", "Owned", "Parts", "Update", "raise_fault"]

MEASURES = ("grad_norm", "param_norm", "update_norm")


Owned: TypeAlias = tuple[PyTree, PyTree, PyTree, PyTree]


class Parts(NamedTuple):
    """The parts of a state that a step replaces. The first four give their memory to the next."""

    params: PyTree
    opt_state: PyTree
    model_state: PyTree
    ema: PyTree
    step: Array
    skipped: Array | None

    def owned(self) -> Owned:
        """The parts whose memory is reused."""
        return self.params, self.opt_state, self.model_state, self.ema


@dataclass(frozen=True)
class Update:
    """``update(parts, key, fault, batch)`` gives the next parts, the metrics, and what was not finite.

    A fault is an int32 vector: the step at which something was not finite first, 0 where nothing was, and what it was.
    """

    objective: Objective
    optimizer: optax.GradientTransformationExtraArgs
    microbatches: int = 1
    trainable: Any = None
    ema: Any = None
    on_nan: str | None = None
    measures: tuple[str, ...] = ()
    schedule: Callable[..., Any] | None = None
    parallel: Parallel | None = None

    def __call__(
        self, parts: Parts, key: Array | None, fault: Array | None, batch: tuple[Any, ...]
    ) -> tuple[Parts, dict[str, Any], Array | None]:
        """The step as a pure function."""
        params, opt_state, model_state, ema, number, skipped = parts
        trained = trained_part("step", params, self.trainable)
        own = self.objective.key_of_step(key, number)
        found, gradients = mean_gradient(
            self.objective, self.microbatches, trained, params, model_state, own, batch, self.parallel
        )

        def value_fn(candidate: PyTree) -> Array:
            return self.objective(candidate, params, model_state, own, batch).value

        try:
            # Line searches and schedules that watch the loss ask for more than the gradient; the others ignore it.
            updates, new_opt_state = self.optimizer.update(
                gradients, opt_state, trained, value=found.value, grad=gradients, value_fn=value_fn
            )
        except (TypeError, ValueError, AttributeError):
            _explain_foreign(self.optimizer, opt_state, trained)
            raise
        stepped = optax.apply_updates(trained, updates)
        code = None if self.on_nan is None else _fault(found.value, gradients)
        if self.on_nan == "skip":
            stepped, new_opt_state, new_model_state = jax.tree.map(
                lambda new, old: jnp.where(code == 0, new, old),
                (stepped, new_opt_state, found.model_state),
                (trained, opt_state, model_state),
            )
            found = found._replace(model_state=new_model_state)
        if self.ema is not None:
            decay = self.ema(number) if callable(self.ema) else self.ema
            if self.on_nan == "skip":
                decay = jnp.where(code == 0, decay, 1)
            ema = jax.tree.map(lambda mean, new: mean + (1 - decay) * (new.astype(mean.dtype) - mean), ema, stepped)
        metrics = {"loss": found.value, **found.metrics}
        taken = number if skipped is None else number - skipped
        self._measure(metrics, gradients, stepped, updates, new_opt_state, taken)
        if self.on_nan == "skip":
            metrics["skipped"] = (code != 0).astype(jnp.int32)  # type: ignore[union-attr]
            skipped = (0 if skipped is None else skipped) + metrics["skipped"]
        elif code is not None and fault is not None:
            fault = jnp.where((fault[0] > 0) | (code == 0), fault, jnp.stack([number + 1, code]))
        after = Parts(with_trained(params, stepped), new_opt_state, found.model_state, ema, number + 1, skipped)
        if self.parallel is not None:
            after = self.parallel.pinned(after)
            metrics, fault = self.parallel.everywhere((metrics, fault))
        return after, metrics, fault

    def _measure(
        self, metrics: dict[str, Any], gradients: PyTree, params: PyTree, updates: PyTree, opt_state: PyTree, taken: Any
    ) -> None:
        """Add what was asked for by name, and the learning rate where it can be known."""
        trees = {"grad_norm": gradients, "param_norm": params, "update_norm": updates}
        own: dict[str, Array | None] = {name: _norm(trees[name]) for name in self.measures}
        if self.on_nan == "skip":
            own["skipped"] = None
        clash = [name for name in own if name in metrics]
        if clash:
            given, remedy = f"got {listed(clash)} from the loss", "choose another name there"
            fail(ArgumentError, "step", "metrics of the loss must not be named like those of the step", given, remedy)
        metrics.update((name, value) for name, value in own.items() if value is not None)
        if "learning_rate" not in metrics:
            rate = _learning_rate(opt_state) if self.schedule is None else self.schedule(taken)
            if rate is not None:
                metrics["learning_rate"] = jnp.asarray(rate)


def _norm(tree: PyTree) -> Array:
    """The Euclidean norm of all leaves together."""
    squares = [jnp.sum(jnp.square(jnp.abs(leaf.astype(_wide(leaf.dtype))))) for leaf in jax.tree.leaves(tree)]
    return jnp.sqrt(sum(squares))


def _wide(dtype: Any) -> Any:
    return jnp.promote_types(dtype, jnp.float32)


def _learning_rate(opt_state: PyTree) -> Any:
    """The one learning rate that ``optax.inject_hyperparams`` keeps in a state, or None."""
    waiting, found = [opt_state], []
    while waiting:
        node = waiting.pop()
        kept = getattr(node, "hyperparams", None)
        if isinstance(kept, Mapping) and jnp.ndim(kept.get("learning_rate", [0])) == 0:
            found.append(kept["learning_rate"])
        if isinstance(node, tuple | list):
            waiting += node
        elif isinstance(node, Mapping):
            waiting += node.values()
    return found[0] if len(found) == 1 else None


def _fault(value: Array, gradients: PyTree) -> Array:
    """0 if all is finite, otherwise twice the number of the first leaf that is not, from 1, and 1 if the loss is not.

    The number is that of a leaf too many where only the loss is not finite.
    """
    fine = jnp.stack([jnp.isfinite(leaf).all() for leaf in jax.tree.leaves(gradients)])
    loss_fine = jnp.isfinite(value)
    first = jnp.where(fine.all(), fine.size, jnp.argmin(fine))
    return jnp.where(fine.all() & loss_fine, 0, 2 * (first + 1) + jnp.where(loss_fine, 0, 1)).astype(jnp.int32)


def raise_fault(step: int, code: int, trained: PyTree) -> None:
    """Say what was not finite, and at which step, in the words of its code."""
    paths = [dotted(keys) for keys, _ in jax.tree_util.tree_leaves_with_path(trained)]
    number, loss_too = divmod(code, 2)
    leaf = (
        f"the gradient of params{'.' if paths[number - 1] else ''}{paths[number - 1]}" if number <= len(paths) else ""
    )
    what = " and ".join(filter(None, ["the loss" if loss_too else "", leaf]))
    fail(
        NonFiniteError,
        "step",
        "the loss and its gradient must be finite",
        f"at step {step} {what} {'were' if ' and ' in what else 'was'} not",
        "look there for log(0), 0/0 or too large a learning rate; on_nan='skip' leaves such steps out",
    )


def _explain_foreign(optimizer: Any, opt_state: PyTree, trained: PyTree) -> None:
    own: Any = jax.tree.structure(jax.eval_shape(optimizer.init, trained))
    if own == jax.tree.structure(opt_state):
        return
    fail(
        ArgumentError,
        "step",
        "the state must have been made for this optimizer",
        "its opt_state has another structure",
        "make the state and the step with one optimizer and one trainable=, as step.init(params) does",
    )

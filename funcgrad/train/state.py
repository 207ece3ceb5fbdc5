"""The state of a training run: one pytree that goes into a step and comes out of it."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from .._checks import describe, fail, require_key
from .._convert import from_host, is_torch
from .._errors import ArgumentError, ArgumentTypeError
from .._plain import fitting, plain
from .._types import Array, PyTree
from ._parameters import averaged, require_optimizer, trained_part, with_trained
from .parallel import Parallel

__all__ = ["TrainState", "init"]

_DONATED = ("params", "opt_state", "model_state", "ema")


@fitting
@jax.tree_util.register_dataclass
@dataclass(frozen=True, eq=False, repr=False)
class TrainState:
    """What a training step reads and replaces. A pytree; ``dataclasses.replace`` changes a part of it.

    Everything that a run needs to go on exactly is a field, and so a leaf: what saves all leaves saves the run.
    A step reuses the memory of a state that a step returned: such a state is spent, and says so when its arrays are
    asked for. The arrays of any other state, and so those that came from a caller, are left alone.

    Attributes:
        params: the parameters, any pytree of arrays.
        opt_state: the state of the optimizer.
        step: how many steps were taken, a 0-d int32.
        key: the random key of the run, from which each step's is derived; or None.
        model_state: what the loss takes and returns beside the parameters, for example running statistics; or None.
        ema: the exponential moving average of the trained parameters, None in the places of the others; or None.
        skipped: how many steps changed nothing because a gradient was not finite, a 0-d int32; or None.
    """

    params: PyTree
    opt_state: PyTree
    step: Array
    key: Array | None = None
    model_state: PyTree = None
    ema: PyTree = None
    skipped: Array | None = None

    @property
    def ema_params(self) -> PyTree:
        """The parameters with their moving averages in the places of those that have one: what to evaluate with."""
        return self.params if self.ema is None else with_trained(self.params, self.ema)

    # How an instance came to be and where it went is kept beside its fields, in `__dict__`: it is true of this object
    # only, not of a copy made of its parts, and no transform sees it.

    def __getattr__(self, name: str) -> Any:
        # Python comes here only for what an instance lacks: the arrays of a spent one.
        if name in _DONATED and "_spent" in self.__dict__:
            fail(
                ArgumentError,
                "step",
                "a state can be used until it was given to a step",
                f"this one was given to step() at step {int(self.step)}, and its arrays were reused",
                "use the state that call returned, or step(..., donate=False)",
            )
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __repr__(self) -> str:
        if "_spent" in self.__dict__:
            return f"TrainState(step={int(self.step)}, spent)"
        fields = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__dataclass_fields__)
        return f"TrainState({fields})"

    def _to_spend(self, parallel: Parallel | None = None) -> TrainState:
        """This state if a step on the same devices returned it, otherwise a copy whose memory nobody else holds."""
        if self.__dict__.get("_returned", False) == (parallel or True):
            return self
        self._require_alive()
        if parallel is not None:
            return parallel.place(self)
        owned = _copied({field: getattr(self, field) for field in _DONATED})
        return replace(self, step=jnp.array(self.step, jnp.int32), **owned)

    @property
    def is_alive(self) -> bool:
        """Whether every array can be used: no step has reused its memory."""
        if "_spent" in self.__dict__:
            return False
        return not any(isinstance(leaf, jax.Array) and leaf.is_deleted() for leaf in jax.tree.leaves(self))

    def _require_alive(self) -> TrainState:
        if not self.is_alive:
            fail(
                ArgumentError,
                "step",
                "every array of the state must be alive",
                "the memory of some was reused by an earlier step, to which a state that held them too was given",
                "use the state that call returned, or copy arrays that you keep with jax.tree.map(jnp.copy, ...)",
            )
        return self

    def _mark_returned(self, parallel: Parallel | None = None) -> None:
        self.__dict__["_returned"] = parallel or True

    def _mark_spent(self) -> None:
        for field in _DONATED:
            self.__dict__.pop(field, None)
        self.__dict__["_spent"] = True


@jax.jit
def _copied(tree: PyTree) -> PyTree:
    # Strongly typed, as what a step returns is: the second step must find what the first was compiled for.
    return jax.tree.map(lambda x: jnp.copy(jax.lax.convert_element_type(x, jnp.result_type(x))), tree)


@plain
def init(
    params: PyTree,
    optimizer: optax.GradientTransformation,
    *,
    key: Array | None = None,
    model_state: PyTree = None,
    trainable: str | Sequence[str] | None = None,
    ema: bool = False,
) -> TrainState:
    """The state before the first step.

    Args:
        params: the parameters, any pytree; NumPy arrays and numbers in it become arrays. Leaves that are not floating
            point are carried along unchanged, and the optimizer does not see them.
        optimizer: from optax, for example ``optax.adam(1e-3)``.
        key: a random key, for a loss that takes ``key=``.
        model_state: a pytree of arrays for a loss that takes ``model_state=`` and returns the next one.
        trainable: as in ``fg.train.step``: the optimizer keeps nothing for the other parameters.
        ema: whether to keep a moving average of the trained parameters, which starts at `params`.

    Returns:
        A ``TrainState`` at step 0. No step will reuse the memory of `params` or `model_state`.

    Raises:
        ArgumentError: nothing in `params` can be trained, or `trainable` names nothing there.
        ArgumentTypeError: `optimizer` is not one, `key` is not a key, or a leaf is not an array.

    >>> import optax
    >>> state = fg.train.init({"w": fg.ones(2)}, optax.sgd(0.1))
    >>> state.params
    {'w': Array([1., 1.], dtype=float32)}
    >>> state.step
    Array(0, dtype=int32)

    Source: torch keeps this in a module, an optimizer and a generator.
    """
    require_optimizer("init", optimizer)
    key = None if key is None else require_key("init", key)
    params = _as_arrays("params", params)
    trained = trained_part("init", params, trainable)
    return TrainState(
        params,
        optimizer.init(trained),
        jnp.zeros((), jnp.int32),
        key,
        model_state=_as_arrays("model_state", model_state),
        ema=averaged(trained) if ema else None,
    )


def _as_arrays(argument: str, tree: PyTree) -> PyTree:
    return jax.tree_util.tree_map_with_path(functools.partial(_as_array, argument), tree)


def _as_array(argument: str, path: Any, leaf: Any) -> Array:
    if isinstance(leaf, jax.Array):
        return leaf
    if isinstance(leaf, np.ndarray | np.generic | bool | int | float | complex) or is_torch(leaf):
        return from_host("init", leaf)
    fail(
        ArgumentTypeError,
        "init",
        f"{argument} must be a pytree of arrays",
        f"got {describe(leaf)} at {argument}{jax.tree_util.keystr(path)}",
        "leave out what is not a number: functions and strings belong to the loss",
    )

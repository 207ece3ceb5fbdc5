"""One step of training, compiled: gradient of the loss, update of the parameters."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from .._checks import describe, fail, is_concrete
from .._claims import settled
from .._convert import from_host, is_torch
from .._errors import ArgumentError, ArgumentTypeError, DtypeError, ShapeError
from .._plain import plain
from .._types import Array, PyTree
from ..arrays.random import fold_in
from ._parameters import require_callable, require_optimizer, trained_part, with_trained
from .state import TrainState

__all__ = ["step"]


@plain
def step(
    loss: Callable[..., Any],
    optimizer: optax.GradientTransformation,
    *,
    has_aux: bool | None = None,
    donate: bool = True,
) -> Callable[..., tuple[TrainState, dict[str, Any]]]:
    """A compiled training step.

    It is called as ``state, metrics = step(state, *batch)``. What it computes is the gradient of
    ``loss(params, *batch)`` with respect to the floating-point leaves of the parameters, and the optimizer's update of
    them. The metrics stay on the device; reading one waits for the step.

    A state that a step returned gives its memory to the next one when it is passed back, and cannot be used after
    that. States made in any other way are copied first. To keep parameters of an earlier step, copy them:
    ``best = jax.tree.map(jnp.copy, state.params)``.

    Args:
        loss: called as ``loss(params, *batch)``, or as ``loss(params, *batch, key=key)`` if it has a parameter of that
            name, with ``fg.fold_in(state.key, "loss", state.step)``. Returns a 0-d loss, or it and a dict of metrics.
        optimizer: from optax, for example ``optax.adam(1e-3)``.
        has_aux: whether `loss` returns metrics too; by default, seen from what it returns.
        donate: whether to reuse memory. False keeps every state usable, at the price of a second copy of it.

    Returns:
        A function of a state and a batch. It gives the next state and a dict of 0-d arrays: ``"loss"`` and the metrics.
        NumPy arrays in a batch are copied, so the caller may overwrite them.

    Raises:
        ArgumentTypeError: `loss` or `optimizer` is not one.

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
    update = functools.partial(_update, loss, _takes_key(loss), optax.with_extra_args_support(optimizer), has_aux)
    update.__name__ = "step"  # type: ignore[attr-defined]
    compiled = jax.jit(update, donate_argnums=(0, 1) if donate else ())

    def take(state: TrainState, *batch: Any) -> tuple[TrainState, dict[str, Any]]:
        """The next state, and the metrics of this step."""
        _require_state(state)
        arrays = jax.tree_util.tree_map_with_path(_as_operand, batch)
        if not all(map(is_concrete, jax.tree.leaves((state, arrays)))):
            # Inside another transform the memory is not ours to manage.
            params, opt_state, number, metrics = update(state.params, state.opt_state, state.step, state.key, arrays)
            return replace(state, params=params, opt_state=opt_state, step=number), metrics
        spent = state._to_spend() if donate else state._require_alive()
        params, opt_state, number, metrics = compiled(spent.params, spent.opt_state, spent.step, spent.key, arrays)
        new = replace(spent, params=params, opt_state=opt_state, step=number)
        if donate:
            new._mark_returned()
            spent._mark_spent()
        return new, {"loss": metrics.pop("loss"), **metrics}  # jit has sorted them

    return take


def _update(
    loss: Callable[..., Any],
    takes_key: bool,
    optimizer: optax.GradientTransformationExtraArgs,
    has_aux: bool | None,
    params: PyTree,
    opt_state: PyTree,
    number: Array,
    key: Array | None,
    batch: tuple[Any, ...],
) -> tuple[PyTree, PyTree, Array, dict[str, Any]]:
    """The step as a pure function."""
    keywords = {"key": _key_of_step(key, number)} if takes_key else {}
    _require_arguments(loss, params, batch, keywords)

    def objective(trained: PyTree) -> tuple[Array, dict[str, Any]]:
        return _value_and_metrics(settled(lambda: loss(with_trained(params, trained), *batch, **keywords)), has_aux)

    trained = trained_part("step", params, None)
    (value, metrics), gradients = jax.value_and_grad(objective, has_aux=True)(trained)
    # Of a complex parameter, optimizers expect the direction of ascent, which is the conjugate of JAX's derivative.
    gradients = jax.tree.map(lambda g: jnp.conj(g) if jnp.iscomplexobj(g) else g, gradients)
    try:
        # Line searches and schedules that watch the loss ask for more than the gradient; the others ignore it.
        updates, new_opt_state = optimizer.update(
            gradients, opt_state, trained, value=value, grad=gradients, value_fn=lambda p: objective(p)[0]
        )
    except (TypeError, ValueError, AttributeError):
        _explain_foreign(optimizer, opt_state, trained)
        raise
    trained = optax.apply_updates(trained, updates)
    return with_trained(params, trained), new_opt_state, number + 1, {"loss": value, **metrics}


def _require_state(state: Any) -> None:
    if not isinstance(state, TrainState):
        remedy = "make the first with fg.train.init(params, optimizer)"
        fail(ArgumentTypeError, "step", "the first argument must be a TrainState", f"got {describe(state)}", remedy)


def _takes_key(loss: Callable[..., Any]) -> bool:
    """Whether `loss` has a parameter `key` that nobody has filled yet."""
    if isinstance(loss, functools.partial) and "key" in loss.keywords:
        return False
    try:
        parameter = inspect.signature(loss).parameters.get("key")
    except (TypeError, ValueError):  # a builtin without a signature
        return False
    return parameter is not None and parameter.kind in (parameter.KEYWORD_ONLY, parameter.POSITIONAL_OR_KEYWORD)


def _key_of_step(key: Array | None, number: Array) -> Array:
    if key is None:
        remedy = "make the state with fg.train.init(params, optimizer, key=fg.key(0))"
        fail(ArgumentError, "step", "a loss that takes key= needs a state with a key", "got none", remedy)
    # A stream of its own: the key may also decide, say, the order of the data in each epoch.
    return fold_in(key, "loss", number)


def _require_arguments(loss: Callable[..., Any], params: PyTree, batch: tuple[Any, ...], keywords: Any) -> None:
    try:
        signature = inspect.signature(loss)
    except (TypeError, ValueError):
        return
    try:
        signature.bind(params, *batch, **keywords)
    except TypeError as error:
        name = getattr(loss, "__name__", "loss")
        names = str(signature.replace(return_annotation=signature.empty))
        fail(
            ArgumentTypeError,
            "step",
            f"the batch must fit {name}{names}",
            f"got params and {len(batch)} argument{'' if len(batch) == 1 else 's'} ({error})",
            "pass step(state, *batch) what the loss takes after params",
        )


def _value_and_metrics(result: Any, has_aux: bool | None) -> tuple[Array, dict[str, Any]]:
    """What a loss returned, checked, as a scalar and a dict."""
    is_pair = isinstance(result, tuple) and len(result) == 2
    if has_aux and not is_pair:
        given, remedy = f"got {describe(result)}", "return loss, {'name': value}"
        fail(ArgumentTypeError, "step", "with has_aux=True the loss must return (loss, metrics)", given, remedy)
    if is_pair and has_aux is False:
        remedy = "return the loss alone, or leave has_aux out"
        fail(ArgumentTypeError, "step", "with has_aux=False the loss must return a 0-d array", "got a pair", remedy)
    value, metrics = result if is_pair else (result, {})
    if not isinstance(value, jax.Array):
        remedy = "return a 0-d array that depends on the parameters, and metrics beside it in a dict"
        fail(ArgumentTypeError, "step", "loss must return a 0-d array", f"got {describe(value)}", remedy)
    if value.ndim:
        remedy = "take its mean or its sum"
        fail(ShapeError, "step", "loss must return a 0-d array", f"got {describe(value)}", remedy)
    if not jnp.issubdtype(value.dtype, jnp.floating):
        remedy = "return a real, differentiable number"
        fail(DtypeError, "step", "loss must return a floating-point number", f"got {describe(value)}", remedy)
    if not isinstance(metrics, dict) or not all(isinstance(name, str) for name in metrics):
        remedy = "return loss, {'name': value}"
        fail(ArgumentTypeError, "step", "metrics must be a dict by name", f"got {describe(metrics)}", remedy)
    if "loss" in metrics:
        remedy = "choose another name"
        fail(ArgumentError, "step", "metrics must not be called 'loss', which is the loss", "got one", remedy)
    return value, metrics


def _as_operand(path: Any, leaf: Any) -> Any:
    """A leaf of a batch as something jit takes, sharing no memory with a buffer that may be overwritten."""
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


def _explain_foreign(optimizer: Any, opt_state: PyTree, trained: PyTree) -> None:
    own: Any = jax.tree.structure(jax.eval_shape(optimizer.init, trained))
    if own == jax.tree.structure(opt_state):
        return
    fail(
        ArgumentError,
        "step",
        "the state must have been made for this optimizer",
        "its opt_state has another structure",
        "make the state and the step with one optimizer",
    )

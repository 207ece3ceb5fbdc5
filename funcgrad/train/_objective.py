"""The loss as a step sees it: what it is given, what it must return, and its gradient."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from .._checks import describe, fail
from .._claims import settled
from .._errors import ArgumentError, ArgumentTypeError, DtypeError, ShapeError
from .._op import strong
from .._types import Array, PyTree
from ..arrays.random import fold_in
from ..autodiff._alike import require_alike
from ._parameters import with_trained

__all__ = ["Evaluated", "Objective"]


class Evaluated(NamedTuple):
    """What a loss gave, once or as a mean: its value, its metrics, the next model state."""

    value: Array
    metrics: dict[str, Any]
    model_state: PyTree


class Objective:
    """A loss with what is passed to it by name, as ``f(trained, rest, batch)``.

    Attributes:
        takes_key: whether the loss has a parameter ``key`` that nobody has filled yet.
        takes_model_state: the same of ``model_state``.
    """

    def __init__(self, loss: Callable[..., Any], has_aux: bool | None, compute_dtype: Any):
        self.loss = loss
        self.has_aux = has_aux
        self.compute_dtype = compute_dtype
        self.takes_key = _takes(loss, "key")
        self.takes_model_state = _takes(loss, "model_state")

    def key_of_step(self, key: Array | None, number: Array) -> Array | None:
        """The key of one step, in a stream of its own: the key may also decide, say, the order of the data."""
        if not self.takes_key:
            return None
        if key is None:
            remedy = "make the state with fg.train.init(params, optimizer, key=fg.key(0))"
            fail(ArgumentError, "step", "a loss that takes key= needs a state with a key", "got none", remedy)
        return fold_in(key, "loss", number)

    def __call__(
        self, trained: PyTree, params: PyTree, model_state: PyTree, key: Array | None, batch: tuple[Any, ...]
    ) -> Evaluated:
        """The loss of `params` with `trained` in their places; `key` is the one that it is given."""
        keywords: dict[str, Any] = {"key": key} if self.takes_key else {}
        if self.takes_model_state:
            if model_state is None:
                required = "a loss that takes model_state= needs a state with one"
                remedy = "make the state with fg.train.init(params, optimizer, model_state=...)"
                fail(ArgumentError, "step", required, "got none", remedy)
            keywords["model_state"] = model_state
        given = self._in_compute_dtype((with_trained(params, trained), batch))
        _require_arguments(self.loss, given[0], given[1], keywords)
        result = settled(lambda: self.loss(given[0], *given[1], **keywords))
        if self.takes_model_state:
            result, model_state = self._with_model_state(result, model_state)
        value, metrics = _value_and_metrics(result, self.has_aux)
        if self.compute_dtype is not None:
            value = value.astype(jnp.promote_types(value.dtype, jnp.float32))
        return Evaluated(value, metrics, model_state)

    def gradient(self, trained: PyTree, *rest: Any) -> tuple[Evaluated, PyTree]:
        """What the loss gives, and the gradient of its value with respect to `trained`."""

        def paired(trained: PyTree) -> tuple[Array, Evaluated]:
            found = self(trained, *rest)
            return found.value, found

        (_, found), gradients = jax.value_and_grad(paired, has_aux=True)(trained)
        # Of a complex parameter, optimizers expect the direction of ascent, which is the conjugate of JAX's derivative.
        return found, jax.tree.map(lambda g: jnp.conj(g) if jnp.iscomplexobj(g) else g, gradients)

    def _in_compute_dtype(self, tree: PyTree) -> PyTree:
        if self.compute_dtype is None:
            return tree
        return jax.tree.map(
            lambda leaf: (
                jax.lax.convert_element_type(leaf, self.compute_dtype)
                if jnp.issubdtype(jnp.result_type(leaf), jnp.floating)
                else leaf
            ),
            tree,
        )

    def _with_model_state(self, result: Any, before: PyTree) -> tuple[Any, PyTree]:
        """What is left of a result when the next model state is taken out of it, and that state."""
        if not isinstance(result, tuple) or len(result) not in (2, 3):
            fail(
                ArgumentTypeError,
                "step",
                "a loss that takes model_state= must return (loss, model_state) or (loss, model_state, metrics)",
                f"got a tuple of {len(result)}" if isinstance(result, tuple) else f"got {describe(result)}",
                "return the next model state beside the loss",
            )
        value, after, *metrics = result
        # Statistics are kept in the dtype they came in, whatever the loss computes in.
        if jax.tree.structure(after) == jax.tree.structure(before):  # type: ignore[operator]
            after = jax.tree.map(_as_before, after, before)
        required = "the loss must return a model_state like the one it got:"
        require_alike("step", required, before, after, ("the state", "the loss"))
        return (value, *metrics) if metrics else value, after


def _as_before(after: Any, before: Any) -> Any:
    after = strong(jnp.asarray(after))
    both_float = all(jnp.issubdtype(leaf.dtype, jnp.floating) for leaf in (after, before))
    return after.astype(before.dtype) if both_float else after


def _takes(loss: Callable[..., Any], name: str) -> bool:
    """Whether `loss` has a parameter of that name that nobody has filled yet."""
    if isinstance(loss, functools.partial) and name in loss.keywords:
        return False
    try:
        parameter = inspect.signature(loss).parameters.get(name)
    except (TypeError, ValueError):  # a builtin without a signature
        return False
    return parameter is not None and parameter.kind in (parameter.KEYWORD_ONLY, parameter.POSITIONAL_OR_KEYWORD)


def _require_arguments(loss: Callable[..., Any], params: PyTree, batch: Any, keywords: Mapping[str, Any]) -> None:
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

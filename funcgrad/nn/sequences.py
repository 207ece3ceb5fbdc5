"""The loss between sequences that are not aligned with each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._checks import fail, indices_in_range, require_float
from .._claims import claim, visible
from .._errors import ArgumentError, DtypeError, ShapeError
from .._op import op
from .._types import Array, ArrayLike
from ._reduction import reduced

__all__ = ["ctc_loss"]

_NEVER = -1e30  # the logarithm of a probability of 0: its differences are finite, so that no gradient is NaN


def _check_ctc(log_probs: Any, targets: Any, input_lengths: Any, target_lengths: Any) -> None:
    name, shape, labels = "ctc_loss", jnp.shape(log_probs), visible(targets)
    inputs, lengths = visible(input_lengths), visible(target_lengths)
    if labels is None or inputs is None or lengths is None:
        return
    if len(shape) not in (2, 3) or not jnp.issubdtype(labels.dtype, jnp.integer):
        return
    inputs, lengths = inputs.ravel(), lengths.ravel()
    padded = labels.ndim == 2 or len(shape) == 2
    for argument, given, most in (
        ("input_lengths", inputs, shape[0]),
        ("target_lengths", lengths, labels.shape[-1] if padded and labels.ndim else labels.size),
    ):
        required, holds = f"{argument} must be in [0, {most}]", (given >= 0) & (given <= most)
        claim(ArgumentError, name, required, "got {n}", "correct the length", holds, n=given)
    # Labels beyond a length are not read, and may be anything.
    if labels.ndim == 2:
        read = np.arange(labels.shape[1]) < lengths[:, None] if len(lengths) == len(labels) else labels == labels
    else:
        total = lengths.sum()
        remedy = "concatenate the targets of the whole batch"
        claim(ShapeError, name, _all_labels, f"got {labels.size}", remedy, total == labels.size, total=total)
        read = np.arange(labels.size) < total
    xp: Any = jnp if isinstance(labels, jax.core.Tracer) or isinstance(read, jax.core.Tracer) else np
    seen = xp.where(read, labels, 0)
    indices_in_range(name, seen, shape[-1], len(shape) - 1, argument="targets")


def _all_labels(total: Any, **_: Any) -> str:
    return f"targets must hold the {total} labels that target_lengths counts"


@op(check=_check_ctc)
def ctc_loss(
    log_probs: ArrayLike,
    targets: ArrayLike,
    input_lengths: ArrayLike | Sequence[ArrayLike],
    target_lengths: ArrayLike | Sequence[ArrayLike],
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Array:
    r"""Minus the logarithm of the probability of `targets`, summed over all their alignments with the input.

    An alignment has one class at each time; repetitions are one label, and blanks are none.

    Args:
        log_probs: logarithms of the probabilities of C classes, from ``log_softmax``; shape (T, N, C) or (T, C).
        targets: labels of an integer dtype, not `blank`; shape (N, S), or those of all elements one after the other,
            shape (sum of target_lengths,); or (S,) for `log_probs` of shape (T, C).
        input_lengths: how many of the T times count, shape (N,) or (), or a sequence of ints.
        target_lengths: how many labels there are, shape (N,) or (), or a sequence of ints.
        blank: the class that stands for none.
        reduction: ``"mean"`` (of the losses over their target lengths), ``"sum"`` or ``"none"``.
        zero_infinity: whether targets that are too long for their input cost nothing instead of infinity.

    Returns:
        A 0-d array, or the losses, shape (N,) or (), for ``"none"``.

    Raises:
        ArgumentError: a length is out of range (eagerly), or `blank` or `reduction` is another.
        DtypeError: `log_probs` is not floating point, or `targets` or a length not of an integer dtype.
        IndexRangeError: a label is out of range (eagerly; a compiled program gives NaN).
        ShapeError: the shapes do not fit each other.

    >>> half = fg.log(fg.full((2, 1, 2), 0.5))
    >>> fg.exp(-fg.nn.ctc_loss(half, fg.tensor([[1]]), [2], [1]))
    Array(0.75, dtype=float32)

    Source: Graves et al. (2006), doi:10.1145/1143844.1143891; ``torch.nn.functional.ctc_loss``.
    """
    require_float("ctc_loss", log_probs, "log_probs", complex_ok=False)
    x = jnp.asarray(log_probs)
    if x.ndim not in (2, 3):
        required = "log_probs must have shape (T, N, C) or (T, C)"
        fail(ShapeError, "ctc_loss", required, f"got {x.shape}", "put the time first")
    alone = x.ndim == 2
    x = x[:, None] if alone else x
    if not 0 <= blank < x.shape[-1]:
        required = f"blank must be in [0, {x.shape[-1] - 1}]"
        fail(ArgumentError, "ctc_loss", required, f"got {blank}", "name the class of the blank")
    inputs = _lengths("input_lengths", input_lengths, x.shape[1])
    lengths = _lengths("target_lengths", target_lengths, x.shape[1])
    labels = _padded(jnp.asarray(targets), lengths, x.shape, alone)
    wide = x.astype(jnp.promote_types(x.dtype, jnp.float32))
    losses = _negative_log_likelihood(wide, labels, inputs, lengths, blank)
    if zero_infinity:
        losses = jnp.where(jnp.isinf(losses), 0, losses)
    if reduction == "mean":
        losses = losses / jnp.maximum(lengths, 1)
    losses = (losses[0] if alone else losses).astype(x.dtype)
    return reduced("ctc_loss", losses, reduction)


def _negative_log_likelihood(x: Array, labels: Array, inputs: Array, lengths: Array, blank: int) -> Array:
    """The losses, shape (N,), by the probabilities of all prefixes, one time after the other."""
    count = labels.shape[1]
    used = jnp.arange(count) < lengths[:, None]
    known = ((labels >= 0) & (labels < x.shape[-1])) | ~used
    safe = jnp.where(used & known, labels, blank)
    # States: a blank, a label, a blank, ..., a blank.
    states = jnp.full((labels.shape[0], 2 * count + 1), blank).at[:, 1::2].set(safe)
    emitted = jnp.maximum(jnp.take_along_axis(x, states[None], -1, mode="promise_in_bounds"), _NEVER)
    # A label may follow the label before without a blank between them, unless they are the same.
    skips = jnp.zeros(states.shape, bool).at[:, 3::2].set(safe[:, 1:] != safe[:, :-1])

    def later(now: Array, row: tuple[Array, Array]) -> tuple[Array, None]:
        emission, time = row
        padded = jnp.pad(now, ((0, 0), (2, 0)), constant_values=_NEVER)
        reached = jnp.logaddexp(now, padded[:, 1:-1])
        reached = jnp.logaddexp(reached, jnp.where(skips, padded[:, :-2], _NEVER)) + emission
        return jnp.where((time < inputs)[:, None], reached, now), None

    # Before the first time: as if a blank had just been seen.
    start = jnp.full(states.shape, _NEVER, x.dtype).at[:, 0].set(0)
    end, _ = jax.lax.scan(later, start, (emitted, jnp.arange(x.shape[0])))
    last = jnp.minimum(2 * lengths, end.shape[1] - 1)[:, None]
    in_blank, in_label = (jnp.take_along_axis(end, jnp.maximum(last - i, 0), 1)[:, 0] for i in (0, 1))
    total = jnp.logaddexp(in_blank, jnp.where(lengths > 0, in_label, _NEVER))
    possible = (total > _NEVER / 2) & (lengths <= count)
    return jnp.where(known.all(1), jnp.where(possible, -total, jnp.inf), jnp.nan)


def _lengths(argument: str, given: Any, batch: int) -> Array:
    if isinstance(given, tuple | list):
        lengths = jnp.stack(given) if given else jnp.zeros(0, int)
    else:
        lengths = jnp.asarray(given)
    if not jnp.issubdtype(lengths.dtype, jnp.integer):
        given = f"got {lengths.dtype} of shape {lengths.shape}"
        fail(
            DtypeError, "ctc_loss", f"{argument} must have an integer dtype", given, "convert it with fg.to(x, 'long')"
        )
    if lengths.shape != (batch,) and not (batch == 1 and lengths.shape == ()):
        required = f"{argument} must have shape ({batch},), one length for each element of the batch"
        fail(ShapeError, "ctc_loss", required, f"got {lengths.shape}", "correct it")
    return lengths.reshape(-1).astype(int)


def _padded(labels: Array, lengths: Array, shape: tuple[int, ...], alone: bool) -> Array:
    """The labels with one row for each element of the batch."""
    if not jnp.issubdtype(labels.dtype, jnp.integer):
        given = f"got {labels.dtype} of shape {labels.shape}"
        fail(DtypeError, "ctc_loss", "targets must have an integer dtype", given, "convert them with fg.to(x, 'long')")
    if labels.ndim == 1 and alone:
        return labels[None].astype(int)
    if labels.ndim not in (1, 2) or (labels.ndim == 2 and labels.shape[0] != shape[1]):
        required = f"targets must have shape ({shape[1]}, S), or hold all labels in one dimension"
        fail(ShapeError, "ctc_loss", required, f"got {labels.shape}", "reshape them")
    if labels.ndim == 2:
        return labels.astype(int)
    # Labels in more places than there are times have no alignment anyway.
    most = min(labels.shape[0], shape[0])
    places = (jnp.cumsum(lengths) - lengths)[:, None] + jnp.arange(most)
    return jnp.take(labels.astype(int), jnp.minimum(places, max(labels.shape[0] - 1, 0)), mode="clip")

"""Values each element of which is a multiple of one input: what a Jacobian starts from, before anything is mixed."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._jax import reshaped
from ._linear import Program, Step, bind

__all__ = ["MOVES", "Columns", "Selected", "absorbed", "gathered", "written"]

_MOST_TERMS = 8

# From the first input and how many (the first may be a tracer) to the derivatives by them, which stand last.
Columns = Callable[[Any, int], jax.Array]


@dataclass(frozen=True)
class Selected:
    """The value whose element i is ``scale[i]`` times input number ``source[i]``; zero where the source is -1."""

    source: np.ndarray[Any, np.dtype[np.int32]]
    scale: Any  # an array of that shape; None for ones
    dtype: Any


def written(terms: Sequence[Selected], first: Any, count: int) -> jax.Array:
    """The derivatives of a sum of such values by `count` inputs: zeros, and one write for each element and term.

    Comparing places with numbers would do as well, but then the compiler computes the factors for each entry anew.
    """
    flat = jnp.arange(terms[0].source.size, dtype=np.int32)
    found = jnp.zeros((flat.size, count), terms[0].dtype)
    for term in terms:
        place = jnp.asarray(term.source.ravel()) - first
        place = jnp.where((place < 0) | (place >= count) | (term.source.ravel() < 0), count, place)
        factors = jnp.ones((), term.dtype) if term.scale is None else term.scale.ravel()
        found = found.at[flat, place].add(factors, mode="drop", unique_indices=True)
    return found.reshape(*terms[0].source.shape, count)


def gathered(program: Program, step: Step, values: dict[int, list[Selected]]) -> list[Selected] | None:
    """What a step makes of sums of such values, where the result is one again, of no more than a few terms."""
    if len(step.outputs) != 1 or not step.linear or any(i not in values for i in step.linear):
        return None
    like = program.shapes[step.outputs[0]]
    if step.primitive.name in ("add", "add_any", "sub") and all(isinstance(i, int) for i in step.inputs):
        left, right = (values[i] for i in step.linear)
        if any(term.source.shape != like.shape for term in (*left, *right)) or len(left) + len(right) > _MOST_TERMS:
            return None
        if step.primitive.name == "sub":
            right = [
                replace(term, scale=-jnp.ones(like.shape, like.dtype) if term.scale is None else -term.scale)
                for term in right
            ]
        return [*left, *right]
    if len(step.linear) > 1:
        if any(len(values[i]) > 1 for i in step.linear):
            return None
        term = moved(program, step, {i: values[i][0] for i in step.linear})
        return None if term is None else [term]
    terms = [moved(program, step, {step.linear[0]: term}) for term in values[step.linear[0]]]
    return None if any(term is None for term in terms) else [term for term in terms if term is not None]


def absorbed(program: Program, step: Step, values: dict[int, list[Selected]], count: int) -> Columns | None:
    """The columns of a product or a sum of such values, without multiplying; None where that cannot be."""
    if len(step.linear) != 1 or step.linear[0] not in values:
        return None
    terms = [{step.linear[0]: term} for term in values[step.linear[0]]]
    found = [mixed(program, step, term, count) or summed(program, step, term, count) for term in terms]
    known = [columns for columns in found if columns is not None]
    if len(known) < len(found):
        return None
    return lambda first, number: sum((columns(first, number) for columns in known[1:]), known[0](first, number))


def moved(program: Program, step: Step, values: dict[int, Selected]) -> Selected | None:
    """What a step makes of such a value where it only moves or scales its elements; None where it does more."""
    if len(step.outputs) != 1 or not step.linear or any(i not in values for i in step.linear):
        return None
    if step.primitive.name == "concatenate":
        return _joined(program, step, values)
    if len(step.linear) != 1:
        return None
    value = values[step.linear[0]]
    name, like = step.primitive.name, program.shapes[step.outputs[0]]
    if name == "pad" and isinstance(step.inputs[0], int):
        return _padded(value, step, like)
    if name in MOVES:
        source = MOVES[name](value.source, step.params)
        scale = value.scale
        if scale is not None:
            (scale,) = bind(step.primitive, step.params, [scale])
        return Selected(source, scale, like.dtype)
    if name in ("neg", "convert_element_type", "copy") or (
        name in ("mul", "div") and isinstance(step.inputs[0], int) != isinstance(step.inputs[1], int)
    ):
        if name == "div" and not isinstance(step.inputs[0], int):
            return None
        ones = jnp.ones(value.source.shape, value.dtype) if value.scale is None else value.scale
        (scale,) = bind(step.primitive, step.params, [ones if isinstance(i, int) else i[0] for i in step.inputs])
        return Selected(np.broadcast_to(value.source, like.shape), scale, like.dtype)
    return None


def _joined(program: Program, step: Step, values: dict[int, Selected]) -> Selected | None:
    """Several such values, one after the other."""
    if not all(isinstance(i, int) for i in step.inputs):
        return None
    parts = [values[i] for i in step.linear]
    source = np.concatenate([part.source for part in parts], step.params["dimension"])
    scale = None
    if any(part.scale is not None for part in parts):
        scales = [jnp.ones(p.source.shape, p.dtype) if p.scale is None else p.scale for p in parts]
        (scale,) = bind(step.primitive, step.params, scales)
    return Selected(source, scale, program.shapes[step.outputs[0]].dtype)


def _broadcast(source: np.ndarray, params: dict[str, Any]) -> np.ndarray:
    shape = [1] * len(params["shape"])
    for own, dim in enumerate(params["broadcast_dimensions"]):
        shape[dim] = source.shape[own]
    return np.broadcast_to(source.reshape(shape), params["shape"])


def _padded(value: Selected, step: Step, like: Any) -> Selected | None:
    """With zeros around: the constant that a linear function pads with can be nothing else."""
    config = step.params["padding_config"]
    if any(inside or low < 0 or high < 0 for low, high, inside in config):
        return None
    source = np.pad(value.source, [(low, high) for low, high, _ in config], constant_values=-1)
    scale = None if value.scale is None else jax.lax.pad(value.scale, jnp.zeros((), value.scale.dtype), config)
    return Selected(source, scale, like.dtype)


def _sliced(source: np.ndarray, params: dict[str, Any]) -> np.ndarray:
    strides = params["strides"] or (1,) * source.ndim
    edges = zip(params["start_indices"], params["limit_indices"], strides, strict=True)
    return source[tuple(slice(*each) for each in edges)]


MOVES: dict[str, Callable[[np.ndarray, dict[str, Any]], np.ndarray]] = {
    "reshape": reshaped,
    "squeeze": lambda source, params: source.squeeze(tuple(params["dimensions"])),
    "transpose": lambda source, params: source.transpose(params["permutation"]),
    "rev": lambda source, params: np.flip(source, params["dimensions"]),
    "broadcast_in_dim": _broadcast,
    "slice": _sliced,
}


def mixed(program: Program, step: Step, values: dict[int, Selected], count: int) -> Columns | None:
    r"""The columns of a product with a constant matrix, taken from its entries instead of multiplying by unit vectors.

    Where each input stands in at most one place of the value, the derivative of $\sum_i W_{ji} s_i x_{p(i)}$ by
    $x_k$ is the one entry $W_{ji} s_i$ with $p(i) = k$.
    """
    if step.primitive.name != "dot_general" or len(step.linear) != 1 or step.linear[0] not in values:
        return None
    value = values[step.linear[0]]
    if _places(value.source, count) is None:
        return None
    side = 0 if isinstance(step.inputs[0], int) else 1
    (matrix,) = (read[0] for read in step.inputs if isinstance(read, tuple))
    contracted, batch = step.params["dimension_numbers"]
    free = _free(value.source.ndim, batch[side], contracted[side])
    other_free = _free(matrix.ndim, batch[1 - side], contracted[1 - side])
    shape_of = value.source.shape
    stacks, rows, inner = ([shape_of[d] for d in dims] for dims in (batch[side], free, contracted[side]))
    outer = [matrix.shape[d] for d in other_free]
    like = program.shapes[step.outputs[0]]

    # The value counts as (stacks, rows, inner), the matrix as (stacks * inner, outer).
    order = [*batch[side], *free, *contracted[side]]
    place = _places(value.source.transpose(order), count)
    assert place is not None
    scale = None if value.scale is None else value.scale.transpose(order).ravel()
    entries = matrix.transpose([*batch[1 - side], *contracted[1 - side], *other_free]).reshape(-1, math.prod(outer))
    entries = entries.astype(like.dtype)  # narrow factors are multiplied as the product would add them up
    n_rows, n_inner = math.prod(rows), math.prod(inner)
    block = np.where(place >= 0, place // max(n_inner, 1), -1).astype(np.int32)
    entry = (block // max(n_rows, 1) * n_inner + place % max(n_inner, 1)).astype(np.int32)
    start = int(np.argmax(place >= 0)) if count else 0
    in_row = np.array_equal(place[start : start + value.source.size], np.arange(value.source.size))
    single = math.prod(stacks) * n_rows == 1

    def columns(first: Any, number: int) -> jax.Array:
        if single and in_row:
            taken = entries if scale is None else entries * scale[:, None]
            taken = jnp.pad(taken, ((start, count - start - value.source.size), (0, 0)))
            taken = taken if number == count else jax.lax.dynamic_slice_in_dim(taken, first, number)
        else:
            here = [jax.lax.dynamic_slice_in_dim(jnp.asarray(v), first, number) for v in (place, block, entry)]
            taken = entries[here[2]] if scale is None else entries[here[2]] * scale[here[0]][:, None]
            taken = jnp.where(here[0][:, None] >= 0, taken, 0)
        found = taken.astype(like.dtype).T
        if not single:
            blocks = jax.lax.iota(np.int32, math.prod(stacks) * n_rows)
            found = jnp.where(blocks[:, None, None] == here[1], found, 0)
        found = found.reshape(*stacks, *rows, *outer, number)
        if side == 1:  # in the output the free dimensions of the left operand come first
            own = range(len(stacks), len(stacks) + len(rows))
            found = jnp.moveaxis(found, own, [d + len(outer) for d in own])
        return found

    return columns


def summed(program: Program, step: Step, values: dict[int, Selected], count: int) -> Columns | None:
    """The columns of a sum, where each of its results adds up the same inputs: then they are the factors themselves."""
    if step.primitive.name != "reduce_sum" or step.linear[0] not in values:
        return None
    value = values[step.linear[0]]
    dims = tuple(step.params["axes"])
    order = [*_free(value.source.ndim, dims), *dims]
    like = program.shapes[step.outputs[0]]
    source = value.source.transpose(order).reshape(like.size, -1)
    place = _places(source[0], count) if like.size else None
    if place is None or not (source == source[0]).all():
        return None
    scale = jnp.ones((), value.dtype) if value.scale is None else value.scale.transpose(order).reshape(source.shape)
    scale = jnp.broadcast_to(scale, source.shape)
    if not np.array_equal(place, np.arange(source.shape[1])):
        scale = jnp.where(jnp.asarray(place) >= 0, scale[:, place], 0)

    def columns(first: Any, number: int) -> jax.Array:
        found = scale if number == count else jax.lax.dynamic_slice_in_dim(scale, first, number, 1)
        return found.reshape(*like.shape, number).astype(like.dtype)

    return columns


def _free(ndim: int, *taken: Any) -> list[int]:
    used = {dim for dims in taken for dim in dims}
    return [dim for dim in range(ndim) if dim not in used]


def _places(source: np.ndarray, count: int) -> np.ndarray | None:
    """Where each input stands in the value, -1 for those that do not; None if one stands in several places."""
    flat = source.ravel()
    used = flat >= 0
    place = np.full(count, -1, np.int32)
    place[flat[used]] = np.arange(flat.size, dtype=np.int32)[used]
    return place if int((place >= 0).sum()) == int(used.sum()) else None

"""How a recurrent network is run: the arithmetic of each cell, the scan over time, the stack of layers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from .._checks import fail, integer, require_float, require_key, require_ndim
from .._errors import ArgumentError, ShapeError
from .._types import Array, ArrayLike
from .dropping import dropout
from .layers import linear

__all__ = ["run", "step"]


class _Cell(NamedTuple):
    gates: int
    states: tuple[str, ...]
    advance: Callable[[Array, Array, tuple[Array, ...]], tuple[Array, ...]]
    """New states from what the input gives, what the state gives (each of size gates * hidden), and the old states."""


def _gru(x: Array, u: Array, states: tuple[Array, ...]) -> tuple[Array, ...]:
    (xr, xz, xn), (ur, uz, un) = jnp.split(x, 3, -1), jnp.split(u, 3, -1)
    z = jax.nn.sigmoid(xz + uz)
    n = jnp.tanh(xn + jax.nn.sigmoid(xr + ur) * un)
    return (n + z * (states[0] - n),)


def _lstm(x: Array, u: Array, states: tuple[Array, ...]) -> tuple[Array, ...]:
    i, f, g, o = jnp.split(x + u, 4, -1)
    c = jax.nn.sigmoid(f) * states[1] + jax.nn.sigmoid(i) * jnp.tanh(g)
    return jax.nn.sigmoid(o) * jnp.tanh(c), c


_CELLS = {
    "rnn_tanh": _Cell(1, ("hx",), lambda x, u, _: (jnp.tanh(x + u),)),
    "rnn_relu": _Cell(1, ("hx",), lambda x, u, _: (jax.nn.relu(x + u),)),
    "gru": _Cell(3, ("hx",), _gru),
    "lstm": _Cell(4, ("hx[0]", "hx[1]"), _lstm),
}


def step(
    name: str, input: ArrayLike, hx: tuple[ArrayLike, ...], weights: tuple[ArrayLike | None, ...]
) -> tuple[Array, ...]:
    """One step of the cell called `name`."""
    cell = _CELLS[name.removesuffix("_cell")]
    _require_states(name, cell, hx)
    x, states = jnp.asarray(input), tuple(jnp.asarray(h) for h in hx)
    require_float(name, x, complex_ok=False)
    require_ndim(name, x, (1, 2), remedy="give (N, in) or (in,)")
    for argument, state in zip(cell.states, states, strict=True):
        wanted = (*x.shape[:-1], states[0].shape[-1] if states[0].ndim else 0)
        if state.shape != wanted:
            required = f"{argument} must have shape {(*x.shape[:-1], 'hidden')} for input of shape {x.shape}"
            fail(ShapeError, name, required.replace("'", ""), f"got {state.shape}", "reshape it")
    w_ih, w_hh, b_ih, b_hh = _weights(name, cell, weights, x.shape[-1], wanted[-1], wanted[-1])
    return cell.advance(linear(x, w_ih, b_ih), linear(states[0], w_hh, b_hh), states)


def run(
    name: str,
    input: ArrayLike,
    hx: tuple[ArrayLike, ...],
    params: Sequence[ArrayLike],
    has_biases: bool,
    num_layers: int,
    p: float,
    bidirectional: bool,
    batch_first: bool,
    key: Array | None,
) -> tuple[Array, tuple[Array, ...]]:
    """The outputs at each time, and the last states, of layers of the cell called `name`."""
    cell = _CELLS[name]
    _require_states(name, cell, hx)
    require_float(name, input, complex_ok=False)
    require_ndim(name, input, 3, remedy="give (T, N, in), or (N, T, in) with batch_first=True")
    x = jnp.asarray(input)
    x = jnp.swapaxes(x, 0, 1) if batch_first else x
    layers, directions = integer(name, "num_layers", num_layers, 1), 1 + bool(bidirectional)
    states = _first_states(name, cell, hx, x, layers * directions)
    projected = states[0].shape[-1] != states[-1].shape[-1]
    each = 2 + 2 * bool(has_biases) + projected
    if len(params) != each * layers * directions:
        required = f"params must be {each * layers * directions} arrays, {each} for each layer and direction"
        fail(ArgumentError, name, required, f"got {len(params)}", "check has_biases, num_layers and bidirectional")
    if not 0 <= p <= 1:
        fail(ArgumentError, name, "dropout must be in [0, 1]", f"got {p}", "choose a probability")
    keys = jax.random.split(require_key(name, key), layers) if p and layers > 1 else None
    last = []
    for layer in range(layers):
        if layer and keys is not None:
            x = dropout(x, p, key=keys[layer])
        outputs = []
        for direction in range(directions):
            i = layer * directions + direction
            first = tuple(state[i] for state in states)
            output, final = _scan(name, cell, x, first, params[i * each : (i + 1) * each], bool(direction))
            outputs.append(output)
            last.append(final)
        x = jnp.concatenate(outputs, -1) if len(outputs) > 1 else outputs[0]
    return jnp.swapaxes(x, 0, 1) if batch_first else x, tuple(map(jnp.stack, zip(*last, strict=True)))


def _scan(
    name: str, cell: _Cell, x: Array, states: tuple[Array, ...], params: Sequence[ArrayLike], reverse: bool
) -> tuple[Array, tuple[Array, ...]]:
    projected = len(params) % 2 == 1
    features, hidden = states[0].shape[-1], states[-1].shape[-1]
    given = (*params[:4], None, None)[:4] if len(params) > 3 else (*params[:2], None, None)
    w_ih, w_hh, b_ih, b_hh = _weights(name, cell, given, x.shape[-1], hidden, features)
    w_hr = None
    if projected:
        w_hr = jnp.asarray(params[-1])
        if w_hr.shape != (features, hidden):
            required = f"w_hr must have shape {(features, hidden)}"
            fail(ShapeError, name, required, f"got {w_hr.shape}", "check the shapes of hx")
    if b_hh is not None and cell.gates != 3:  # a GRU multiplies what the state gives, with its bias
        b_ih, b_hh = b_ih + b_hh, None
    inputs = linear(x, w_ih, b_ih)  # of all times at once: the scan is left with one small product

    def advance(old: tuple[Array, ...], row: Array) -> tuple[tuple[Array, ...], Array]:
        new = cell.advance(row, linear(old[0], w_hh, b_hh), old)
        if w_hr is not None:
            new = (linear(new[0], w_hr), *new[1:])
        return new, new[0]

    final, outputs = jax.lax.scan(advance, states, inputs, reverse=reverse)
    return outputs, final


def _weights(
    name: str, cell: _Cell, weights: Sequence[ArrayLike | None], width: int, hidden: int, features: int
) -> list[Any]:
    """The weights as arrays of the shapes that a cell needs."""
    rows = cell.gates * hidden
    wanted = {"w_ih": (rows, width), "w_hh": (rows, features), "b_ih": (rows,), "b_hh": (rows,)}
    for (argument, shape), value in zip(wanted.items(), weights, strict=True):
        if value is None:
            continue
        require_float(name, value, argument, complex_ok=False)
        if jnp.shape(value) != shape:
            required = f"{argument} must have shape {shape} for {width} inputs and a state of {hidden}"
            fail(ShapeError, name, required, f"got {jnp.shape(value)}", "transpose or slice it")
    return [None if value is None else jnp.asarray(value) for value in weights]


def _require_states(name: str, cell: _Cell, hx: tuple[ArrayLike, ...]) -> None:
    if len(hx) != len(cell.states):
        fail(ArgumentError, name, "hx must be the two states h and c", f"got {len(hx)}", "write (h, c)")
    for argument, state in zip(cell.states, hx, strict=True):
        require_float(name, state, argument, complex_ok=False)


def _first_states(name: str, cell: _Cell, hx: tuple[ArrayLike, ...], x: Array, count: int) -> tuple[Array, ...]:
    states = tuple(jnp.asarray(state) for state in hx)
    for argument, state in zip(cell.states, states, strict=True):
        if state.ndim != 3 or state.shape[:2] != (count, x.shape[1]):
            required = f"{argument} must have shape ({count}, {x.shape[1]}, hidden): layers times directions, batch"
            fail(ShapeError, name, required, f"got {state.shape}", "check num_layers, bidirectional and batch_first")
    # One dtype, or the scan's states would change theirs.
    dtype = jnp.result_type(x, *states)
    return tuple(state.astype(dtype) for state in states)

"""Recurrent networks with torch's layout of weights: one step of a cell, and whole sequences as one scan.

A cell has ``w_ih`` (gates * hidden, in), ``w_hh`` (gates * hidden, hidden) and, if wanted, the biases ``b_ih`` and
``b_hh`` (gates * hidden,). The gates of an LSTM are i, f, g, o in this order, those of a GRU r, z, n.
"""

from __future__ import annotations

from collections.abc import Sequence

from .._op import op
from .._types import Array, ArrayLike
from ._recurrence import run, step

__all__ = [
    "gru",
    "gru_cell",
    "lstm",
    "lstm_cell",
    "rnn_relu",
    "rnn_relu_cell",
    "rnn_tanh",
    "rnn_tanh_cell",
]


@op
def rnn_tanh_cell(
    input: ArrayLike,
    hx: ArrayLike,
    w_ih: ArrayLike,
    w_hh: ArrayLike,
    b_ih: ArrayLike | None = None,
    b_hh: ArrayLike | None = None,
) -> Array:
    r"""One step of a recurrent network, $\tanh(W_{ih} x + b_{ih} + W_{hh} h + b_{hh})$.

    Args:
        input: $x$, shape (N, in) or (in,).
        hx: the state $h$, shape (N, hidden) or (hidden,).
        w_ih: shape (hidden, in).
        w_hh: shape (hidden, hidden).
        b_ih: shape (hidden,).
        b_hh: shape (hidden,).

    Returns:
        The new state, in the shape of `hx`.

    Raises:
        DtypeError: an operand is not floating point.
        ShapeError: the shapes do not fit each other.

    >>> fg.nn.rnn_tanh_cell(fg.zeros(1, 2), fg.zeros(1, 3), fg.ones(3, 2), fg.ones(3, 3))
    Array([[0., 0., 0.]], dtype=float32)

    Source: Elman (1990), doi:10.1207/s15516709cog1402_1; ``torch.rnn_tanh_cell``.
    """
    return step("rnn_tanh_cell", input, (hx,), (w_ih, w_hh, b_ih, b_hh))[0]


@op
def rnn_relu_cell(
    input: ArrayLike,
    hx: ArrayLike,
    w_ih: ArrayLike,
    w_hh: ArrayLike,
    b_ih: ArrayLike | None = None,
    b_hh: ArrayLike | None = None,
) -> Array:
    r"""One step of a recurrent network, $\max(0, W_{ih} x + b_{ih} + W_{hh} h + b_{hh})$.

    Args:
        input: $x$, shape (N, in) or (in,).
        hx: the state $h$, shape (N, hidden) or (hidden,).
        w_ih: shape (hidden, in).
        w_hh: shape (hidden, hidden).
        b_ih: shape (hidden,).
        b_hh: shape (hidden,).

    Returns:
        The new state, in the shape of `hx`.

    Raises:
        DtypeError: an operand is not floating point.
        ShapeError: the shapes do not fit each other.

    >>> fg.nn.rnn_relu_cell(fg.ones(1, 2), fg.zeros(1, 3), fg.ones(3, 2), fg.ones(3, 3))
    Array([[2., 2., 2.]], dtype=float32)

    Source: Le, Jaitly, Hinton (2015), arXiv:1504.00941; ``torch.rnn_relu_cell``.
    """
    return step("rnn_relu_cell", input, (hx,), (w_ih, w_hh, b_ih, b_hh))[0]


@op
def gru_cell(
    input: ArrayLike,
    hx: ArrayLike,
    w_ih: ArrayLike,
    w_hh: ArrayLike,
    b_ih: ArrayLike | None = None,
    b_hh: ArrayLike | None = None,
) -> Array:
    r"""One step of a gated recurrent unit, $(1 - z) \odot n + z \odot h$.

    $r$ and $z$ are the logistic function of $W x + b + U h + c$, and $n = \tanh(W_n x + b_n + r \odot (U_n h + c_n))$.

    Args:
        input: $x$, shape (N, in) or (in,).
        hx: the state $h$, shape (N, hidden) or (hidden,).
        w_ih: $W$ of r, z and n, shape (3 * hidden, in).
        w_hh: $U$ of r, z and n, shape (3 * hidden, hidden).
        b_ih: $b$, shape (3 * hidden,).
        b_hh: $c$, shape (3 * hidden,).

    Returns:
        The new state, in the shape of `hx`.

    Raises:
        DtypeError: an operand is not floating point.
        ShapeError: the shapes do not fit each other.

    >>> fg.nn.gru_cell(fg.zeros(1, 2), fg.ones(1, 3), fg.zeros(9, 2), fg.zeros(9, 3))
    Array([[0.5, 0.5, 0.5]], dtype=float32)

    Source: Cho et al. (2014), arXiv:1406.1078; ``torch.gru_cell``.
    """
    return step("gru_cell", input, (hx,), (w_ih, w_hh, b_ih, b_hh))[0]


@op
def lstm_cell(
    input: ArrayLike,
    hx: Sequence[ArrayLike],
    w_ih: ArrayLike,
    w_hh: ArrayLike,
    b_ih: ArrayLike | None = None,
    b_hh: ArrayLike | None = None,
) -> tuple[Array, Array]:
    r"""One step of a long short-term memory, $c' = f \odot c + i \odot g$ and $h' = o \odot \tanh c'$.

    $i$, $f$ and $o$ are the logistic function, and $g$ the tanh, of $W x + b + U h + b'$.

    Args:
        input: $x$, shape (N, in) or (in,).
        hx: the states $h$ and $c$, each of shape (N, hidden) or (hidden,).
        w_ih: $W$ of i, f, g and o, shape (4 * hidden, in).
        w_hh: $U$ of i, f, g and o, shape (4 * hidden, hidden).
        b_ih: $b$, shape (4 * hidden,).
        b_hh: $b'$, shape (4 * hidden,).

    Returns:
        The new $h$ and $c$.

    Raises:
        DtypeError: an operand is not floating point.
        ShapeError: the shapes do not fit each other.

    >>> h, c = fg.nn.lstm_cell(fg.zeros(1, 2), (fg.zeros(1, 3), fg.ones(1, 3)), fg.zeros(12, 2), fg.zeros(12, 3))
    >>> c
    Array([[0.5, 0.5, 0.5]], dtype=float32)

    Source: Hochreiter, Schmidhuber (1997), doi:10.1162/neco.1997.9.8.1735; ``torch.lstm_cell``.
    """
    h, c = step("lstm_cell", input, tuple(hx), (w_ih, w_hh, b_ih, b_hh))
    return h, c


@op
def rnn_tanh(
    input: ArrayLike,
    hx: ArrayLike,
    params: Sequence[ArrayLike],
    has_biases: bool = True,
    num_layers: int = 1,
    dropout: float = 0.0,
    train: bool = False,
    bidirectional: bool = False,
    batch_first: bool = False,
    *,
    key: Array | None = None,
) -> tuple[Array, Array]:
    """A recurrent network of ``rnn_tanh_cell``, over whole sequences, in one or more layers.

    Args:
        input: sequences, shape (T, N, in), or (N, T, in) with `batch_first`.
        hx: the first states, shape (num_layers * D, N, hidden).
        params: for each layer, and in it for each direction: w_ih, w_hh and, with `has_biases`, b_ih and b_hh, as
            ``rnn_tanh_cell`` takes them. From the second layer on their inputs have D * hidden features.
        has_biases: whether there are biases among `params`.
        num_layers: how many layers are stacked; each reads the outputs of the one below.
        dropout: the probability with which an output of any layer but the last is zeroed in training.
        train: whether to drop anything.
        bidirectional: whether each layer also reads from the end, with weights of its own (D = 2 instead of 1).
        batch_first: whether the batch is the first dimension of `input` and of the output, instead of the second.
        key: a random key; it is required where something is dropped.

    Returns:
        The outputs of the last layer, shape (T, N, D * hidden), and the last states, in the shape of `hx`.

    Raises:
        ArgumentError: the number of `params` does not fit the options, or `dropout` is outside [0, 1].
        ArgumentTypeError: there is no `key` where one is needed.
        DtypeError: an operand is not floating point.
        ShapeError: the shapes do not fit each other.

    >>> params = [fg.zeros(3, 2), fg.zeros(3, 3), fg.zeros(3), fg.zeros(3)]
    >>> output, h = fg.nn.rnn_tanh(fg.ones(5, 1, 2), fg.zeros(1, 1, 3), params)
    >>> output.shape, h.shape
    ((5, 1, 3), (1, 1, 3))

    Source: ``torch.rnn_tanh``.
    """
    options = (has_biases, num_layers, dropout if train else 0.0, bidirectional, batch_first)
    output, (h,) = run("rnn_tanh", input, (hx,), params, *options, key)
    return output, h


@op
def rnn_relu(
    input: ArrayLike,
    hx: ArrayLike,
    params: Sequence[ArrayLike],
    has_biases: bool = True,
    num_layers: int = 1,
    dropout: float = 0.0,
    train: bool = False,
    bidirectional: bool = False,
    batch_first: bool = False,
    *,
    key: Array | None = None,
) -> tuple[Array, Array]:
    """A recurrent network of ``rnn_relu_cell``, over whole sequences, in one or more layers.

    Args:
        input: sequences, shape (T, N, in), or (N, T, in) with `batch_first`.
        hx: the first states, shape (num_layers * D, N, hidden).
        params: for each layer, and in it for each direction: w_ih, w_hh and, with `has_biases`, b_ih and b_hh, as
            ``rnn_relu_cell`` takes them. From the second layer on their inputs have D * hidden features.
        has_biases: whether there are biases among `params`.
        num_layers: how many layers are stacked; each reads the outputs of the one below.
        dropout: the probability with which an output of any layer but the last is zeroed in training.
        train: whether to drop anything.
        bidirectional: whether each layer also reads from the end, with weights of its own (D = 2 instead of 1).
        batch_first: whether the batch is the first dimension of `input` and of the output, instead of the second.
        key: a random key; it is required where something is dropped.

    Returns:
        The outputs of the last layer, shape (T, N, D * hidden), and the last states, in the shape of `hx`.

    Raises:
        ArgumentError: the number of `params` does not fit the options, or `dropout` is outside [0, 1].
        ArgumentTypeError: there is no `key` where one is needed.
        DtypeError: an operand is not floating point.
        ShapeError: the shapes do not fit each other.

    >>> params = [fg.zeros(3, 2), fg.zeros(3, 3), fg.zeros(3), fg.zeros(3)]
    >>> output, h = fg.nn.rnn_relu(fg.ones(5, 1, 2), fg.zeros(1, 1, 3), params)
    >>> output.shape, h.shape
    ((5, 1, 3), (1, 1, 3))

    Source: ``torch.rnn_relu``.
    """
    options = (has_biases, num_layers, dropout if train else 0.0, bidirectional, batch_first)
    output, (h,) = run("rnn_relu", input, (hx,), params, *options, key)
    return output, h


@op
def gru(
    input: ArrayLike,
    hx: ArrayLike,
    params: Sequence[ArrayLike],
    has_biases: bool = True,
    num_layers: int = 1,
    dropout: float = 0.0,
    train: bool = False,
    bidirectional: bool = False,
    batch_first: bool = False,
    *,
    key: Array | None = None,
) -> tuple[Array, Array]:
    """A network of gated recurrent units, over whole sequences, in one or more layers.

    Args:
        input: sequences, shape (T, N, in), or (N, T, in) with `batch_first`.
        hx: the first states, shape (num_layers * D, N, hidden).
        params: for each layer, and in it for each direction: w_ih, w_hh and, with `has_biases`, b_ih and b_hh, as
            ``gru_cell`` takes them. From the second layer on their inputs have D * hidden features.
        has_biases: whether there are biases among `params`.
        num_layers: how many layers are stacked; each reads the outputs of the one below.
        dropout: the probability with which an output of any layer but the last is zeroed in training.
        train: whether to drop anything.
        bidirectional: whether each layer also reads from the end, with weights of its own (D = 2 instead of 1).
        batch_first: whether the batch is the first dimension of `input` and of the output, instead of the second.
        key: a random key; it is required where something is dropped.

    Returns:
        The outputs of the last layer, shape (T, N, D * hidden), and the last states, in the shape of `hx`.

    Raises:
        ArgumentError: the number of `params` does not fit the options, or `dropout` is outside [0, 1].
        ArgumentTypeError: there is no `key` where one is needed.
        DtypeError: an operand is not floating point.
        ShapeError: the shapes do not fit each other.

    >>> params = [fg.zeros(3 * 3, 2), fg.zeros(3 * 3, 3), fg.zeros(3 * 3), fg.zeros(3 * 3)]
    >>> output, h = fg.nn.gru(fg.ones(5, 1, 2), fg.zeros(1, 1, 3), params)
    >>> output.shape, h.shape
    ((5, 1, 3), (1, 1, 3))

    Source: ``torch.gru``.
    """
    options = (has_biases, num_layers, dropout if train else 0.0, bidirectional, batch_first)
    output, (h,) = run("gru", input, (hx,), params, *options, key)
    return output, h


@op
def lstm(
    input: ArrayLike,
    hx: Sequence[ArrayLike],
    params: Sequence[ArrayLike],
    has_biases: bool = True,
    num_layers: int = 1,
    dropout: float = 0.0,
    train: bool = False,
    bidirectional: bool = False,
    batch_first: bool = False,
    *,
    key: Array | None = None,
) -> tuple[Array, Array, Array]:
    """A network of long short-term memories, over whole sequences, in one or more layers.

    Args:
        input: sequences, shape (T, N, in), or (N, T, in) with `batch_first`.
        hx: the first h, shape (num_layers * D, N, hidden), and the first c, in the same shape.
        params: for each layer, and in it for each direction: w_ih, w_hh and, with `has_biases`, b_ih and b_hh, as
            ``lstm_cell`` takes them. From the second layer on their inputs have D * hidden features.
            Where h has fewer features than c, a projection w_hr (features of h, hidden) follows the others.
        has_biases: whether there are biases among `params`.
        num_layers: how many layers are stacked; each reads the outputs of the one below.
        dropout: the probability with which an output of any layer but the last is zeroed in training.
        train: whether to drop anything.
        bidirectional: whether each layer also reads from the end, with weights of its own (D = 2 instead of 1).
        batch_first: whether the batch is the first dimension of `input` and of the output, instead of the second.
        key: a random key; it is required where something is dropped.

    Returns:
        The outputs of the last layer, shape (T, N, D * hidden), the last h and the last c.

    Raises:
        ArgumentError: the number of `params` does not fit the options, or `dropout` is outside [0, 1].
        ArgumentTypeError: there is no `key` where one is needed.
        DtypeError: an operand is not floating point.
        ShapeError: the shapes do not fit each other.

    >>> params = [fg.zeros(4 * 3, 2), fg.zeros(4 * 3, 3), fg.zeros(4 * 3), fg.zeros(4 * 3)]
    >>> output, h, c = fg.nn.lstm(fg.ones(5, 1, 2), (fg.zeros(1, 1, 3), fg.zeros(1, 1, 3)), params)
    >>> output.shape, c.shape
    ((5, 1, 3), (1, 1, 3))

    Source: ``torch.lstm``.
    """
    options = (has_biases, num_layers, dropout if train else 0.0, bidirectional, batch_first)
    output, (h, c) = run("lstm", input, tuple(hx), params, *options, key)
    return output, h, c

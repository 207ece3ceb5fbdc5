"""The words of networks that torch has without a prefix too, where the two agree: ``fg.conv2d``, ``fg.dropout``.

``torch.batch_norm``, ``torch.instance_norm``, ``torch.embedding`` and ``torch.embedding_bag`` take their arguments in
another order than the words of ``torch.nn.functional``; those are in ``fg.nn`` only.
"""

from __future__ import annotations

from collections.abc import Sequence

from .._op import op
from .._types import Array, ArrayLike
from .activations import selu
from .adaptive_pooling import adaptive_avg_pool1d
from .adaptive_pooling import adaptive_max_pool1d_with_indices as adaptive_max_pool1d
from .convolution import (
    conv1d,
    conv2d,
    conv3d,
    conv_tbc,
    conv_transpose1d,
    conv_transpose2d,
    conv_transpose3d,
)
from .dropping import alpha_dropout, dropout, feature_alpha_dropout, feature_dropout
from .likelihoods import poisson_nll_loss
from .losses import binary_cross_entropy_with_logits, kl_div
from .margins import cosine_embedding_loss, hinge_embedding_loss, margin_ranking_loss, triplet_margin_loss
from .max_pooling import max_pool1d, max_pool1d_with_indices, max_pool2d, max_pool3d
from .normalization import group_norm, layer_norm, rms_norm
from .padding import _padded
from .pixels import channel_shuffle, pixel_shuffle, pixel_unshuffle
from .pooling import avg_pool1d
from .rectifiers import celu, hardshrink, prelu, rrelu, threshold
from .recurrent import gru, gru_cell, lstm, lstm_cell, rnn_relu, rnn_relu_cell, rnn_tanh, rnn_tanh_cell
from .sequences import ctc_loss

__all__ = [
    "adaptive_avg_pool1d",
    "adaptive_max_pool1d",
    "alpha_dropout",
    "avg_pool1d",
    "binary_cross_entropy_with_logits",
    "celu",
    "channel_shuffle",
    "constant_pad_nd",
    "conv1d",
    "conv2d",
    "conv3d",
    "conv_tbc",
    "conv_transpose1d",
    "conv_transpose2d",
    "conv_transpose3d",
    "cosine_embedding_loss",
    "ctc_loss",
    "dropout",
    "feature_alpha_dropout",
    "feature_dropout",
    "group_norm",
    "gru",
    "gru_cell",
    "hardshrink",
    "hinge_embedding_loss",
    "kl_div",
    "layer_norm",
    "lstm",
    "lstm_cell",
    "margin_ranking_loss",
    "max_pool1d",
    "max_pool1d_with_indices",
    "max_pool2d",
    "max_pool3d",
    "pixel_shuffle",
    "pixel_unshuffle",
    "poisson_nll_loss",
    "prelu",
    "rms_norm",
    "rnn_relu",
    "rnn_relu_cell",
    "rnn_tanh",
    "rnn_tanh_cell",
    "rrelu",
    "selu",
    "threshold",
    "triplet_margin_loss",
]


@op
def constant_pad_nd(input: ArrayLike, pad: Sequence[int], value: float = 0) -> Array:
    """`input` with a constant added at the ends of its last dimensions: ``fg.nn.pad`` in its first mode.

    Args:
        input: any shape and dtype.
        pad: how many elements before and after, beginning with the last dimension; negative numbers take some away.
        value: the constant.

    Returns:
        An array in the dtype of `input`.

    Raises:
        ArgumentError: `pad` has an odd length.
        ShapeError: there are not enough dimensions, or less than none is left.
        DtypeError: `value` does not fit the dtype of `input`.

    >>> fg.constant_pad_nd(fg.tensor([1, 2]), (0, 2), 7)
    Array([1, 2, 7, 7], dtype=int32)

    Source: ``torch.constant_pad_nd``.
    """
    return _padded("constant_pad_nd", input, pad, "constant", value)

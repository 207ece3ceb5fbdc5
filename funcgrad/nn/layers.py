"""Layers as plain functions of their parameters, and a multilayer perceptron made of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._checks import default_int, describe, fail, indices_in_range, is_concrete, require_key
from .._claims import visible
from .._errors import ArgumentError, ArgumentTypeError, DtypeError, IndexRangeError, ShapeError, TracedValueError
from .._op import op
from .._operands import is_integral, shape_of
from .._plain import plain
from .._types import Array, ArrayLike, DtypeLike, PyTree
from ..arrays.special import relu
from .init import uniform

__all__ = ["embedding", "linear", "mlp", "mlp_init", "one_hot"]


@op
def linear(input: ArrayLike, weight: ArrayLike, bias: ArrayLike | None = None) -> Array:
    r"""$x W^T + b$: one output for each row of $W$.

    Args:
        input: shape (*, in).
        weight: shape (out, in), as in torch; or (in,) for one output without a dimension of its own.
        bias: shape (out,), or () for `weight` of shape (in,).

    Returns:
        An array of shape (*, out).

    Raises:
        ShapeError: the shapes do not fit each other.

    >>> fg.nn.linear(fg.tensor([1.0, 2.0]), fg.tensor([[1.0, 1.0], [0.0, -1.0], [3.0, 0.0]]), fg.ones(3))
    Array([ 4., -1.,  4.], dtype=float32)

    Source: ``torch.nn.functional.linear``.
    """
    given, rows = jnp.shape(input), jnp.shape(weight)
    if len(rows) not in (1, 2) or not given or given[-1] != rows[-1]:
        fail(
            ShapeError,
            "linear",
            "input of shape (*, in) needs weight of shape (out, in) or (in,)",
            f"got input of shape {given} and weight of shape {rows}",
            "transpose the weight if it is (in, out)",
        )
    if bias is not None and jnp.shape(bias) != rows[:-1]:
        fail(
            ShapeError,
            "linear",
            f"bias must have shape {rows[:-1]} for weight of shape {rows}",
            f"got {jnp.shape(bias)}",
            "give one number for each output",
        )
    x = jnp.asarray(input)
    # On CPU the gradient of a product of three dimensions is 1.3 to 2 times as slow as that of a matrix. Elsewhere
    # it is not, and joining dimensions that lie on different devices would move them.
    flat = x.ndim > 2 and jax.default_backend() == "cpu"
    product = jnp.matmul(x.reshape(-1, given[-1]) if flat and given[-1] else x, jnp.asarray(weight).T)
    product = product if bias is None else product + bias
    return product.reshape(*given[:-1], *rows[:-1])


def _check_embedding(input: Any, weight: Any) -> None:
    if is_integral(input) and len(shape_of(weight)) == 2:
        indices_in_range("embedding", input, weight.shape[0], 0, argument="input")


@op(check=_check_embedding)
def embedding(input: ArrayLike, weight: ArrayLike, padding_idx: int | None = None) -> Array:
    """The rows of a table: ``weight[input]``, with every index checked.

    In a compiled program, where nothing can be raised, an index out of range gives a row of NaN.

    Args:
        input: indices in [0, n) of an integer dtype, any shape.
        weight: the table, shape (n, d).
        padding_idx: the index of a row whose gradient is 0; negative counts from the end.

    Returns:
        An array of the shape of `input` and one more dimension, of size d.

    Raises:
        DtypeError: `input` is not of an integer dtype.
        IndexRangeError: an index, or `padding_idx`, is out of range.
        ShapeError: `weight` is not a matrix.

    >>> table = fg.tensor([[0.0, 0.5], [1.0, 1.5], [2.0, 2.5]])
    >>> fg.nn.embedding(fg.tensor([2, 0]), table)
    Array([[2. , 2.5],
           [0. , 0.5]], dtype=float32)

    Source: ``torch.nn.functional.embedding``.
    """
    _require_integers("embedding", input)
    if jnp.ndim(weight) != 2:
        given = f"got shape {jnp.shape(weight)}"
        fail(ShapeError, "embedding", "weight must have shape (n, d), a row for each index", given, "reshape it")
    table, index = jnp.asarray(weight), jnp.asarray(input)
    rows = table.at[index].get(mode="fill", fill_value=jnp.nan, wrap_negative_indices=False)
    if padding_idx is None:
        return rows
    count = table.shape[0]
    if not -count <= padding_idx < count:
        required = f"padding_idx must be in [{-count}, {count - 1}] for {count} rows"
        fail(IndexRangeError, "embedding", required, f"got {padding_idx}", "name a row of weight")
    padding = (index == padding_idx % count)[..., None]
    return jnp.where(padding, jax.lax.stop_gradient(rows), rows)


def _check_one_hot(input: Any, num_classes: int = -1) -> None:
    values = visible(input) if is_integral(input) else None
    if values is not None and values.size:
        indices_in_range("one_hot", input, num_classes if num_classes > 0 else int(values.max()) + 1, -1)


@plain
def one_hot(input: ArrayLike, /, num_classes: int = -1) -> Array:
    """Rows of zeros with a 1 at each index.

    In a compiled program, where nothing can be raised, an index out of range gives a row of zeros.

    Args:
        input: indices in [0, num_classes) of an integer dtype, any shape.
        num_classes: the length of a row; -1 for one more than the largest index, known only outside of jit.

    Returns:
        An array of the default integer dtype, of the shape of `input` and one more dimension, of size `num_classes`.

    Raises:
        ArgumentError: `num_classes` is neither positive nor -1, or -1 and `input` is empty.
        DtypeError: `input` is not of an integer dtype.
        IndexRangeError: an index is out of range.
        TracedValueError: `num_classes` is -1 under jit.

    >>> fg.nn.one_hot(fg.tensor([2, 0]), 3)
    Array([[0, 0, 1],
           [1, 0, 0]], dtype=int32)

    Source: ``torch.nn.functional.one_hot``.
    """
    if num_classes == -1:
        if not is_concrete(input):
            fail(
                TracedValueError,
                "one_hot",
                "num_classes must be given when the function is traced, because it decides the shape",
                "got -1",
                "pass the number of classes",
            )
        values = np.asarray(input)
        if values.dtype.kind in "iu":
            if not values.size:
                given = f"got {describe(input)}"
                fail(ArgumentError, "one_hot", "num_classes must be given for no indices", given, "pass a number")
            num_classes = max(int(values.max()) + 1, 1)
    return _one_hot(input, num_classes)


def _one_hot_definition(input: ArrayLike, num_classes: int) -> Array:
    _require_integers("one_hot", input)
    if num_classes < 1:
        fail(ArgumentError, "one_hot", "num_classes must be positive, or -1", f"got {num_classes}", "pass a number")
    return jax.nn.one_hot(input, num_classes, dtype=default_int())


_one_hot_definition.__name__ = "one_hot"
_one_hot = op(check=_check_one_hot)(_one_hot_definition)


@plain
def mlp_init(sizes: Sequence[int], *, key: Array | None = None, dtype: DtypeLike | None = None) -> PyTree:
    r"""Parameters for ``mlp``: uniform in $\pm 1/\sqrt{in}$, the default of torch's ``Linear``.

    Args:
        sizes: the sizes of the input, of each hidden layer, and of the output.
        key: a random key; it is required.
        dtype: the dtype; float32 by default.

    Returns:
        A list with ``{"weight": (out, in), "bias": (out,)}`` for each layer.

    Raises:
        ArgumentError: there are fewer than two sizes, or one is not positive.

    >>> params = fg.nn.mlp_init([3, 4, 2], key=fg.key(0))
    >>> [layer["weight"].shape for layer in params]
    [(4, 3), (2, 4)]

    Source: ``torch.nn.Linear.reset_parameters``.
    """
    listed = isinstance(sizes, list | tuple)
    if not listed or len(sizes) < 2 or not all(hasattr(size, "__index__") and size >= 1 for size in sizes):
        given = f"got {list(sizes) if listed else describe(sizes)}"
        fail(ArgumentError, "mlp_init", "sizes must be two or more positive ints", given, "write for example [3, 4, 2]")
    params = []
    for fan_in, fan_out, layer in zip(
        sizes[:-1], sizes[1:], jax.random.split(require_key("mlp_init", key), len(sizes) - 1), strict=True
    ):
        bound = 1 / math.sqrt(fan_in)
        weight, bias = jax.random.split(layer)
        params.append(
            {
                "weight": uniform((fan_out, fan_in), -bound, bound, key=weight, dtype=dtype),
                "bias": uniform((fan_out,), -bound, bound, key=bias, dtype=dtype),
            }
        )
    return params


@plain
def mlp(params: PyTree, input: ArrayLike, /, activation: Callable[[Array], Array] = relu) -> Array:
    """A multilayer perceptron: linear layers with `activation` between them, none after the last.

    Args:
        params: from ``mlp_init``, or any sequence of dicts with ``weight`` and, if wanted, ``bias``.
        input: shape (*, in).
        activation: applied between the layers.

    Returns:
        An array of shape (*, out).

    Raises:
        ArgumentTypeError: `params` are no list of dicts with a weight.
        ShapeError: `input` does not fit the first layer.

    >>> params = fg.nn.mlp_init([3, 4, 2], key=fg.key(0))
    >>> fg.nn.mlp(params, fg.ones(5, 3), activation=jnp.tanh).shape
    (5, 2)

    Source: Rumelhart, Hinton, Williams (1986), doi:10.1038/323533a0.
    """
    if not isinstance(params, list | tuple) or not all(isinstance(p, Mapping) and "weight" in p for p in params):
        required, remedy = "params must be a list of dicts with a weight", "make them with fg.nn.mlp_init(...)"
        fail(ArgumentTypeError, "mlp", required, f"got {describe(params)}", remedy)
    x: Any = input
    for i, layer in enumerate(params):
        x = linear(activation(x) if i else x, layer["weight"], layer.get("bias"))
    return x


def _require_integers(name: str, x: ArrayLike) -> None:
    if not jnp.issubdtype(jnp.result_type(x), jnp.integer):
        fail(
            DtypeError,
            name,
            "input must hold indices of an integer dtype",
            f"got {jnp.result_type(x)} of shape {jnp.shape(x)}",
            "convert it with fg.to(x, 'long')",
        )

"""Derivatives of functions that treat each sample or each element alone, in the shapes that people expect."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from .._checks import describe, fail, is_concrete
from .._errors import ArgumentError, ShapeError
from .._op import strong
from .._plain import plain
from ._arguments import Argnames, Argnums, Choice, choose, require_callable, select
from ._chunks import in_chunks
from ._dense import require_chunk
from ._independence import proved_apart, require_apart, require_one_array
from ._linearized import Linear
from ._outputs import Traced, as_raised
from .gradients import _value_and_gradient

__all__ = ["batch_jacobian", "elementwise_grad", "per_sample_grad"]

Function: TypeAlias = Callable[..., Any]


@plain
def batch_jacobian(
    func: Function,
    argnums: Argnums = None,
    has_aux: bool = False,
    *,
    argnames: Argnames = None,
    chunk_size: int | None = None,
    verify: bool = True,
) -> Function:
    r"""The Jacobian of each sample of a batch alone: $J_{bij} = \partial f(x)_{bi} / \partial x_{bj}$.

    `func` takes the whole batch, as a network does. Because no sample depends on another, one pass serves all of
    them: it costs as much as the Jacobian of one sample, not of the batch.

    Args:
        func: a function of arrays whose first dimension counts samples, and so does that of its output.
        argnums: the argument to differentiate by position, or a sequence of them; the first by default.
        has_aux: `func` returns ``(output, aux)``; aux is handed through.
        argnames: the same by name, path or pattern; see ``grad``.
        chunk_size: how many columns or rows are computed together; by default all.
        verify: check that no sample depends on another. The program of `func` shows it for most functions. Otherwise
            derivatives by other samples must be exactly 0 at this point, which takes a few products with random
            vectors, 2 for each doubling of the batch. Inside ``jit`` values cannot be looked at, so that what the
            program does not show is not checked: call it once without.

    Returns:
        A function of the same arguments. Each leaf of its result has the shape
        (B, \*output.shape[1:], \*input.shape[1:]), in the structure of ``jacobian``.

    Raises:
        ShapeError: the batches differ in size, or there is no first dimension.
        ArgumentError: a sample depends on another; the message names them.

    >>> fg.batch_jacobian(lambda x: x**2)(fg.tensor([[1.0, 2.0], [3.0, 4.0]]))
    Array([[[2., 0.],
            [0., 4.]],
    <BLANKLINE>
           [[6., 0.],
            [0., 8.]]], dtype=float32)

    Source: ``tf.GradientTape.batch_jacobian``; ``vmap(jacrev(f))`` for functions of one sample.
    """
    name = "batch_jacobian"
    require_callable(name, func)
    require_chunk(name, chunk_size)
    selection = select(name, argnums, argnames)

    @functools.wraps(func)
    def derivatives(*args: Any, **kwargs: Any) -> Any:
        choice = choose(selection, func, args, kwargs)
        x = choice.leaves
        with as_raised():
            traced = Traced(choice, has_aux, False)
            linear = Linear(traced, x)
            y, arrays = linear.y, linear.rest
            batch = _batch(name, choice, y)
            if verify:
                _require_apart(name, traced, linear, x, batch, "sample")
            columns = sum(math.prod(leaf.shape[1:]) for leaf in x)
            rows = sum(math.prod(leaf.shape[1:]) for leaf in y)
            pull = None if columns <= rows and linear.forward else linear.pull
            if pull is None:
                moved = _shared(linear.push, x, batch, columns, chunk_size)
                blocks = [_split(part, x) for part in moved]
            else:
                moved = _shared(pull, y, batch, rows, chunk_size)
                by_input = [_split(part, y) for part in moved]
                ndim = [leaf.ndim - 1 for leaf in x]
                blocks = [
                    [jnp.moveaxis(part, range(1, 1 + ndim[j]), range(-ndim[j], 0)) for j, part in enumerate(row)]
                    for row in zip(*by_input, strict=True)
                ]
        result, aux = traced.output([choice.assemble([strong(b) for b in row]) for row in blocks], arrays)
        return (result, aux) if has_aux else result

    return derivatives


def _require_apart(name: str, f: Traced, linear: Linear, x: Sequence[jax.Array], count: int, what: str) -> None:
    """Raise where samples (or elements) depend on each other; read from the program, otherwise found by numbers."""
    again = Traced(f.choice, f.has_aux, f.holomorphic)  # `f` remembers what it returned
    if proved_apart(again, x, linear.y, count, what):
        return
    if all(is_concrete(leaf) for leaf in (*x, *linear.y)):
        require_apart(name, linear.push, x, linear.y, count, what)


def _batch(name: str, choice: Choice, y: Sequence[jax.Array]) -> int:
    """The size of the batch that all arrays share."""
    labels = [f"argument '{own}'" for own in choice.names()] + ["the output"] * len(y)
    leaves = [*choice.leaves, *y]
    for label, leaf in zip(labels, leaves, strict=True):
        if leaf.ndim == 0:
            fail(
                ShapeError,
                name,
                f"{label} must have a first dimension that counts samples",
                f"got {describe(leaf)}",
                "use fg.jacobian for functions of no batch",
            )
        if leaf.shape[0] != leaves[0].shape[0]:
            fail(
                ShapeError,
                name,
                "the first dimension must be the same in arguments and output",
                f"got {leaves[0].shape[0]} in {labels[0]} and {leaf.shape[0]} in {label}",
                "use fg.jacobian where the function mixes samples, or vmap for functions of one sample",
            )
    return leaves[0].shape[0]


def _shared(
    product: Callable[[list[jax.Array]], list[jax.Array]],
    like: Sequence[jax.Array],
    batch: int,
    count: int,
    chunk_size: int | None,
) -> list[jax.Array]:
    """Products with unit vectors that all samples share; which one stands last."""

    def one(index: jax.Array) -> list[jax.Array]:
        units = []
        for leaf in like:
            size = math.prod(leaf.shape[1:])
            places = jax.lax.iota(np.int32, size).reshape(leaf.shape[1:])
            units.append(jnp.broadcast_to((places == index).astype(leaf.dtype), leaf.shape))
            index = index - size
        return product(units)

    stacked = in_chunks(one, jax.lax.iota(np.int32, count), count, chunk_size)
    return [jnp.moveaxis(part, 0, -1) for part in stacked]


def _split(lines: jax.Array, like: Sequence[jax.Array]) -> list[jax.Array]:
    ends = np.cumsum([math.prod(leaf.shape[1:]) for leaf in like])[:-1]
    parts = jnp.split(lines, ends, axis=-1)
    return [part.reshape(*part.shape[:-1], *leaf.shape[1:]) for part, leaf in zip(parts, like, strict=True)]


@plain
def elementwise_grad(
    func: Function, argnums: int | None = None, *, argnames: str | None = None, verify: bool = True
) -> Function:
    r"""The derivative of a function that works element by element: $x_i \mapsto f'(x_i)$, in the shape of $x$.

    Args:
        func: a function of an array, or of arrays that broadcast to one shape, each element of whose output depends on
            one element of what is differentiated.
        argnums: the argument to differentiate by position; the first by default.
        argnames: the same by name.
        verify: check that no element depends on another; see ``batch_jacobian``.

    Returns:
        A function of the same arguments, whose result has the shape and dtype of its output.

    Raises:
        ShapeError: the output does not have the shape of the argument.
        ArgumentError: an element depends on another; the message names them.

    >>> fg.elementwise_grad(fg.sin)(fg.zeros(3))
    Array([1., 1., 1.], dtype=float32)
    >>> fg.elementwise_grad(fg.elementwise_grad(lambda x: x**3))(fg.arange(3.0))
    Array([ 0.,  6., 12.], dtype=float32)

    Source: HIPS autograd's ``elementwise_grad``.
    """
    name = "elementwise_grad"
    require_callable(name, func)
    selection = select(name, argnums, argnames)

    @functools.wraps(func)
    def derivative_of(*args: Any, **kwargs: Any) -> Any:
        choice = choose(selection, func, args, kwargs)
        if len(choice.leaves) != 1:
            require_one_array(name, len(choice.leaves), "argument")
        (x,) = choice.leaves
        traced = Traced(choice, False, False)
        with as_raised():
            linear = Linear(traced, [x])
            y, arrays = linear.y, linear.rest
            if len(y) != 1:
                require_one_array(name, len(y), "output")
            if y[0].shape != x.shape:
                fail(
                    ShapeError,
                    name,
                    "the output must have the shape of what is differentiated",
                    f"got {describe(y[0])} for {describe(x)}",
                    "use fg.jacobian, or fg.grad for a scalar",
                )
            if verify:
                _require_apart(name, traced, linear, [x], x.size, "element")
            # The matrix is diagonal: its rows may be summed as well as its columns.
            pull = None if linear.forward else linear.pull
            (slope,) = (pull or linear.push)([jnp.ones_like(x)])
        return traced.output([slope], arrays)[0]

    return derivative_of


@plain
def per_sample_grad(
    loss: Function,
    argnums: Argnums = None,
    has_aux: bool = False,
    *,
    argnames: Argnames = None,
    keep_batch: bool = False,
    chunk_size: int | None = None,
) -> Function:
    r"""The gradient of the loss of each sample alone: $g_b = \nabla_\theta\, \ell(\theta, x_b, y_b)$.

    Args:
        loss: a function ``loss(params, *sample)`` that returns a scalar. What is differentiated is shared by all
            samples, as is what holds no array; every other argument is a batch.
        argnums: the argument to differentiate by position, or a sequence of them; the first by default.
        has_aux: `loss` returns ``(output, aux)``; aux is stacked as the gradients are.
        argnames: the same by name; paths and patterns select parts, and the rest of that argument is shared as well.
        keep_batch: `loss` is written for batches: each sample is given to it as a batch of one.
        chunk_size: how many samples are computed together; by default all.

    Returns:
        A function of the same arguments, with a batch in the place of each sample. Its result has the structure of
        what was selected, and each leaf one more dimension in front, the size of the batch.

    Raises:
        ShapeError: the batches differ in size, or an argument that should be a batch has no dimension.

    >>> loss = lambda w, x, y: (x @ w - y) ** 2
    >>> fg.per_sample_grad(loss)(fg.ones(2), fg.tensor([[1.0, 0.0], [0.0, 2.0]]), fg.zeros(2))
    Array([[2., 0.],
           [0., 8.]], dtype=float32)

    Source: the per-sample gradients of ``torch.func``, ``vmap(grad(loss), in_dims=(None, 0, 0))``.
    """
    name = "per_sample_grad"
    require_callable(name, loss)
    require_chunk(name, chunk_size)
    selection = select(name, argnums, argnames)
    gradient = _value_and_gradient(name, loss, argnums, argnames, has_aux, False)

    @functools.wraps(loss)
    def gradients(*args: Any, **kwargs: Any) -> Any:
        shared = {str(place) for place, _, _ in choose(selection, loss, args, kwargs).places}
        parts: list[tuple[str, Any]] = [*((str(i), arg) for i, arg in enumerate(args)), *kwargs.items()]
        shared |= {place for place, arg in parts if not any(map(_is_array, jax.tree.leaves(arg)))}
        batches = [arg for place, arg in parts if place not in shared]
        count = _samples(name, [p for p, _ in parts if p not in shared], batches)

        def one(sample: list[Any]) -> Any:
            if keep_batch:
                sample = jax.tree.map(lambda leaf: leaf[None], sample)
            waiting = iter(sample)
            filled = [arg if place in shared else next(waiting) for place, arg in parts]
            _, aux, found = gradient(tuple(filled[: len(args)]), dict(zip(kwargs, filled[len(args) :], strict=True)))
            return (found, aux) if has_aux else found

        with as_raised():
            return in_chunks(one, jax.tree.map(jnp.asarray, batches), count, chunk_size)

    return gradients


def _is_array(leaf: Any) -> bool:
    return isinstance(leaf, jax.Array | np.ndarray)


def _samples(name: str, places: list[str], batches: list[Any]) -> int:
    """The size of the batches."""
    sizes: list[tuple[str, int]] = []
    for place, batch in zip(places, batches, strict=True):
        for leaf in jax.tree.leaves(batch):
            if not np.ndim(leaf):
                fail(
                    ShapeError,
                    name,
                    f"argument {place} must be a batch",
                    f"got {describe(leaf)}",
                    "close over it in the loss, or give one for each sample",
                )
            sizes.append((place, np.shape(leaf)[0]))
    if not sizes:
        required = "there must be a batch beside what is differentiated"
        fail(ArgumentError, name, required, "got none", "write loss(params, *sample), or use fg.grad")
    other = next((each for each in sizes if each[1] != sizes[0][1]), None)
    if other is not None:
        fail(
            ShapeError,
            name,
            "all batches must have one size",
            f"got {sizes[0][1]} in argument {sizes[0][0]} and {other[1]} in argument {other[0]}",
            "give as many of each",
        )
    return sizes[0][1]

"""The transforms that compose with derivatives: vmap and jit."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._checks import describe, fail, listed
from .._convert import from_host, is_torch
from .._errors import ArgumentError, ArgumentTypeError, DimError, ShapeError
from .._plain import plain
from ._arguments import flatten, require_callable
from ._chunks import in_chunks
from ._outputs import as_raised

__all__ = ["jit", "vmap"]

Function = Callable[..., Any]


@plain
def vmap(
    func: Function,
    in_dims: Any = 0,
    out_dims: Any = 0,
    randomness: str = "error",
    *,
    chunk_size: int | None = None,
    in_axes: Any = ...,
    out_axes: Any = ...,
) -> Function:
    """`func` for one example as a function of a batch of them.

    Args:
        func: a function of arrays or pytrees.
        in_dims: the dimension to map over, for all positional arguments or one for each: an int, None for what all
            examples share, or a pytree of them in the (upper) structure of the argument. Keyword arguments are shared.
        out_dims: where that dimension stands in the results: an int, or a pytree of them.
        randomness: ``"error"`` or ``"same"``, which here mean the same: random numbers come from the keys passed,
            and a shared key gives every example the same ones. For different ones map over keys.
        chunk_size: how many examples are computed together, one chunk after the other; by default all. It bounds the
            memory that they need. Compile the function with ``jit`` to use it more than once.
        in_axes: another name for `in_dims`.
        out_axes: another name for `out_dims`.

    Returns:
        A function of the same arguments, whose results have one more dimension.

    Raises:
        ShapeError: the arguments do not have one size along the dimensions mapped.
        DimError: a dimension is out of range.
        ArgumentError: nothing is mapped, `in_dims` does not fit the call, or randomness is ``"different"``.

    >>> fg.vmap(lambda x, y: x @ y)(fg.ones(2, 3), fg.ones(2, 3))
    Array([3., 3.], dtype=float32)
    >>> fg.vmap(fg.grad(lambda w, x: (w * x) ** 2), in_dims=(None, 0))(2.0, fg.arange(3.0))
    Array([ 0.,  4., 16.], dtype=float32)

    Source: ``torch.func.vmap``.
    """
    require_callable("vmap", func)
    in_dims = _one_of("in_dims", in_dims, "in_axes", in_axes)
    out_dims = _one_of("out_dims", out_dims, "out_axes", out_axes)
    if randomness not in ("error", "same"):
        known = randomness == "different"
        fail(
            ArgumentError,
            "vmap",
            "randomness must be 'error' or 'same', because random numbers come from keys",
            f"got {randomness!r}",
            "map over different keys, made with fg.keys(key, n)" if known else "leave it out",
        )
    if chunk_size is not None and (not hasattr(chunk_size, "__index__") or chunk_size < 1):
        fail(
            ArgumentError,
            "vmap",
            "chunk_size must be a positive int",
            f"got {chunk_size!r}",
            "leave it out to map all at once",
        )

    @functools.wraps(func)
    def mapped(*args: Any, **kwargs: Any) -> Any:
        leaves, structure = flatten(args)
        dims = _dims_of_leaves(args, in_dims)
        size = _common_size(args, leaves, dims)
        chosen = [i for i, dim in enumerate(dims) if dim is not None]
        values = [from_host("vmap", leaves[i]) if isinstance(leaves[i], np.ndarray) else leaves[i] for i in chosen]
        chosen_dims = [dim for dim in dims if dim is not None]

        def example(*values: Any) -> Any:
            filled = list(leaves)  # what is shared is passed as it came
            for i, value in zip(chosen, values, strict=True):
                filled[i] = value
            output = func(*jax.tree.unflatten(structure, filled), **kwargs)
            _dims_of_output(output, out_dims)
            return output

        if chunk_size is None or chunk_size >= size:
            with as_raised():
                return jax.vmap(example, in_axes=tuple(chosen_dims), out_axes=out_dims)(*values)
        front = [jnp.moveaxis(value, dim, 0) for value, dim in zip(values, chosen_dims, strict=True)]
        with as_raised():
            stacked = in_chunks(lambda items: example(*items), front, size, int(chunk_size))
        outputs, tree = jax.tree.flatten(stacked)
        # An example has one dimension less than what is stacked, so the dims are counted anew.
        places = _spread("out_dims", out_dims, stacked, "the output")
        moved = [jnp.moveaxis(leaf, 0, dim) for leaf, dim in zip(outputs, places, strict=True)]
        return jax.tree.unflatten(tree, moved)

    return mapped


def _one_of(name: str, given: Any, alias: str, by_alias: Any) -> Any:
    if by_alias is ...:
        return given
    if given != 0:
        fail(
            ArgumentError,
            "vmap",
            f"{name} and {alias} are two names of one option",
            "got both",
            f"pass only {name}",
        )
    return by_alias


def _spread(name: str, prefix: Any, tree: Any, owner: str) -> list[Any]:
    """`prefix` repeated for the leaves of `tree` (None not among them) below each of its own."""
    spread: list[Any] = []
    try:
        jax.tree.map(
            lambda dim, below: spread.extend([dim] * len(jax.tree.leaves(below))),
            prefix,
            tree,
            is_leaf=lambda node: node is None,
        )
    except ValueError:
        fail(
            ArgumentError,
            "vmap",
            f"{name} must have the upper structure of {owner}",
            f"got {prefix!r}",
            f"write one int, or a tree of ints in the structure of {owner}",
        )
    return spread


def _require_int(name: str, dim: Any) -> None:
    if isinstance(dim, bool) or not hasattr(dim, "__index__"):
        fail(
            ArgumentTypeError,
            "vmap",
            f"{name} must be made of ints" + (" and None" if name == "in_dims" else ""),
            f"got {describe(dim)}",
            "count from 0, or from -1 at the end",
        )


def _dims_of_leaves(args: tuple[Any, ...], in_dims: Any) -> list[int | None]:
    """The dimension mapped of each leaf of `args`, None among them; None for those that are shared."""
    if isinstance(in_dims, list):
        in_dims = tuple(in_dims)
    if isinstance(in_dims, tuple) and len(in_dims) != len(args):
        fail(
            ArgumentError,
            "vmap",
            "in_dims must have one entry for each positional argument",
            f"got {len(in_dims)} for {len(args)} argument{'' if len(args) == 1 else 's'}",
            "write None for what all examples share",
        )
    each = in_dims if isinstance(in_dims, tuple) else (in_dims,) * len(args)
    dims: list[int | None] = []
    for number, (prefix, arg) in enumerate(zip(each, args, strict=True)):
        named = iter(_spread(f"in_dims[{number}]", prefix, arg, f"argument {number}"))
        for leaf in flatten(arg)[0]:
            dim = next(named) if leaf is not None else None
            if dim is not None:
                _require_int("in_dims", dim)
            # Options among the arguments, functions and strings, have no dimension and are shared.
            is_data = isinstance(leaf, jax.Array | np.ndarray | np.generic | int | float | complex) or is_torch(leaf)
            dims.append(dim if is_data else None)
    return dims


def _common_size(args: tuple[Any, ...], leaves: list[Any], dims: list[int | None]) -> int:
    """The number of examples; counts `dims` from the front, in place."""
    keys = [keys for keys, _ in jax.tree_util.tree_flatten_with_path(args, is_leaf=lambda node: node is None)[0]]
    sizes: list[tuple[int, int, str]] = []
    for i, (leaf, dim) in enumerate(zip(leaves, dims, strict=True)):
        if dim is None:
            continue
        label = "argument " + jax.tree_util.keystr(keys[i], simple=True, separator=".")
        if not isinstance(leaf, jax.Array | np.ndarray) or leaf.ndim == 0:
            given = "a torch.Tensor" if is_torch(leaf) else describe(leaf)
            remedy = "wrap it in fg.tensor(...)" if is_torch(leaf) else "write None for it in in_dims to share it"
            fail(ShapeError, "vmap", f"{label} must be an array with a dimension to map over", f"got {given}", remedy)
        if not -leaf.ndim <= dim < leaf.ndim:
            fail(
                DimError,
                "vmap",
                f"the dimension of {label} must be in [{-leaf.ndim}, {leaf.ndim - 1}]",
                f"got {dim} for shape {tuple(leaf.shape)}",
                "correct in_dims",
            )
        dims[i] = dim % leaf.ndim
        sizes.append((leaf.shape[dim], dims[i], label))  # type: ignore[arg-type]
    if not sizes:
        fail(
            ArgumentError,
            "vmap",
            "there must be something to map over",
            "every argument is shared",
            "give at least one a dimension in in_dims",
        )
    different = next((other for other in sizes if other[0] != sizes[0][0]), None)
    if different is not None:
        given = " and ".join(f"{size} in dimension {dim} of {label}" for size, dim, label in (sizes[0], different))
        fail(
            ShapeError,
            "vmap",
            "all arguments must have one size along the dimensions mapped",
            f"got {given}",
            "correct in_dims, with None for what all examples share",
        )
    return sizes[0][0]


def _dims_of_output(output: Any, out_dims: Any) -> None:
    """Check, while one example is traced, that each leaf can have a dimension more where `out_dims` says."""
    for leaf, dim in zip(jax.tree.leaves(output), _spread("out_dims", out_dims, output, "the output"), strict=True):
        _require_int("out_dims", dim)
        extent = np.ndim(leaf) + 1
        if not -extent <= dim < extent:
            fail(
                DimError,
                "vmap",
                f"out_dims must be in [{-extent}, {extent - 1}] for an example's result of shape {np.shape(leaf)}",
                f"got {dim}",
                "correct out_dims",
            )


@plain
def jit(func: Function | None = None, /, **options: Any) -> Any:
    """`func` compiled: traced once for each combination of shapes and dtypes, then run as one program.

    Args:
        func: a pure function of arrays or pytrees; without it, the result is a decorator.
        **options: those of `jax.jit`: ``static_argnums`` and ``static_argnames`` for arguments that are fixed when the
            program is compiled, ``donate_argnums`` and ``donate_argnames`` for those whose memory the results may
            take (the arrays passed are gone afterwards), ``in_shardings``, ``out_shardings`` and others.

    Returns:
        What `jax.jit` returns: a function with ``lower``, ``trace`` and ``clear_cache``.

    Raises:
        ArgumentTypeError: an option is not known.

    >>> fg.jit(lambda x: x * 2)(fg.ones(2))
    Array([2., 2.], dtype=float32)
    >>> @fg.jit(static_argnames="n")
    ... def power(x, n):
    ...     return x**n
    >>> power(fg.ones(2), n=3)
    Array([1., 1.], dtype=float32)

    Source: ``torch.compile``, ``jax.jit``.
    """
    if func is None:
        return functools.partial(jit, **options)
    require_callable("jit", func)
    known = [name for name in inspect.signature(jax.jit).parameters if name != "fun"]
    unknown = [name for name in options if name not in known]
    if unknown:
        fail(
            ArgumentTypeError,
            "jit",
            "options must be those of jax.jit",
            f"got {listed(unknown)}",
            f"choose from {', '.join(known)}",
        )
    return jax.jit(func, **options)

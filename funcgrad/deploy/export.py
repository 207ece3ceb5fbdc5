"""Compiled functions as files that run where neither their source nor this package is."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

import jax
import numpy as np

from .._checks import describe, fail, require_module
from .._convert import from_host, is_torch, kept_dtype
from .._errors import ArgumentError, ArgumentTypeError, FuncgradError, ShapeError
from .._plain import plain
from .._types import PyTree

__all__ = ["export", "load_exported"]

_ARRAYS = (jax.Array, np.ndarray, np.generic, jax.ShapeDtypeStruct, bool, int, float, complex)
_PLATFORMS = ("cpu", "cuda", "rocm", "tpu")


@plain
def export(
    f: Callable[..., Any],
    /,
    *example: PyTree,
    in_dims: int | Sequence[int | None] | None = 0,
    platforms: Sequence[str] = ("cpu", "cuda", "tpu"),
    derivatives: int = 0,
    path: str | Path | None = None,
) -> bytes:
    """`f` as a StableHLO artefact, which needs JAX to run but neither the source of `f` nor this package.

    ``jax.export.deserialize(bytearray(artefact)).call(*args)`` runs it. Parameters can be arguments, or part of the
    artefact: ``fg.export(functools.partial(apply, params), x)``. The size of the batch is left open.

    Args:
        f: a function of arrays that could be compiled, for example ``apply(params, x)``.
        *example: arguments of the right shapes and dtypes, pytrees of arrays or of ``jax.ShapeDtypeStruct``; their
            values do not matter.
        in_dims: as for ``fg.vmap``: which dimension of the arguments is the batch, whose size is left open; one for all
            or one for each argument, where None is for arguments without one. ``(None, 0)`` for ``apply(params, x)``;
            None for all sizes as they are.
        platforms: where it is to run, of "cpu", "cuda", "rocm" and "tpu"; not those of this machine only.
        derivatives: how often what is loaded can be differentiated in reverse.
        path: a file to write the artefact to as well.

    Returns:
        The artefact. Its results are arrays in dicts, lists and tuples: of a named tuple the names are dropped.

    Raises:
        ArgumentError: arguments differ in the size of their batch, a result depends on it in a way that only one size
            tells, a platform is not known, or `f` cannot run there, or it spreads arrays over several devices.
        ArgumentTypeError: an argument is not an array.
        MissingModuleError: flatbuffers is not installed; ``pip install 'funcgrad[export]'``.

    >>> artefact = fg.export(lambda w, x: fg.relu(x @ w), fg.ones(3, 2), fg.ones(8, 3), in_dims=(None, 0))
    >>> fg.load_exported(artefact)(fg.ones(3, 2), fg.ones(1, 3))
    Array([[3., 3.]], dtype=float32)

    Source: ``torch.export.export``, ``jax.export``.
    """
    require_module("export", "flatbuffers", "run pip install 'funcgrad[export]'")
    unknown = [platform for platform in platforms if platform not in _PLATFORMS]
    if unknown or not platforms or isinstance(platforms, str):
        given, remedy = f"got {platforms!r}", "leave it out for the CPU, CUDA and TPU"
        fail(ArgumentError, "export", f"platforms must be among {', '.join(_PLATFORMS)}", given, remedy)
    shapes = _left_open(example, in_dims)
    from jax import export as exporting

    try:
        made = exporting.export(jax.jit(lambda *args: _plainly(f(*args))), platforms=tuple(platforms))(*shapes)
        if made.nr_devices > 1:
            given, remedy = f"got one that spreads arrays over {made.nr_devices}", "leave out what says where they live"
            fail(ArgumentError, "export", "f must be written for one device", given, remedy)
        artefact = bytes(made.serialize(vjp_order=derivatives))
    except FuncgradError:
        raise
    except Exception as error:
        _explain(error)
    if path is not None:
        _write(Path(path), artefact)
    return artefact


@plain
def load_exported(source: str | Path | bytes) -> Callable[..., Any]:
    """The function in an artefact of ``fg.export``.

    Args:
        source: the artefact, or the file that holds it.

    Returns:
        A compiled function of the arguments that the exported one takes; it can be used in other functions too.

    Raises:
        ArgumentError: there is no such file, it is no artefact that this JAX can read, or not for this platform.
        MissingModuleError: flatbuffers is not installed; ``pip install 'funcgrad[export]'``.

    >>> double = fg.load_exported(fg.export(lambda x: 2 * x, fg.ones(3)))
    >>> double(fg.arange(2.0))
    Array([0., 2.], dtype=float32)

    Source: ``torch.export.load``, ``jax.export.deserialize``.
    """
    word = "load_exported"
    require_module(word, "flatbuffers", "run pip install 'funcgrad[export]'")
    data = source if isinstance(source, bytes | bytearray) else _read(Path(source))
    from jax import export as exporting

    try:
        loaded = exporting.deserialize(bytearray(data))
    except Exception:
        given = f"{len(data)} bytes are not one, or were written by a newer JAX than {jax.__version__}"
        fail(ArgumentError, word, "source must be an artefact of fg.export", given, "export it again")
    here = {"gpu": ("cuda", "rocm")}.get(jax.default_backend(), (jax.default_backend(),))
    if not set(here) & set(loaded.platforms):
        given = f"it runs on {', '.join(loaded.platforms)}, and this is {jax.default_backend()}"
        fail(ArgumentError, word, "the artefact must be for this platform", given, "export it with platforms=")
    compiled = jax.jit(loaded.call if loaded.has_vjp() else _constant(loaded.call))

    def call(*args: Any) -> Any:
        """What the exported function computes."""
        operands = jax.tree.map(lambda x: from_host(word, x) if isinstance(x, np.ndarray) or is_torch(x) else x, args)
        try:
            return compiled(*operands)
        except (ValueError, TypeError):
            own = jax.tree.unflatten(loaded.in_tree, [str(aval) for aval in loaded.in_avals])
            given = jax.tree.map(describe, operands)
            if _fits(loaded, operands):
                raise
            takes = ", ".join(str(part).replace("'", "") for part in own[0])
            got = ", ".join(str(part).replace("'", "") for part in given) or "nothing"
            least = ", where batch is at least 1" if "batch" in takes else ""
            fail(ShapeError, word, f"the arguments must fit f({takes}){least}", f"got {got}", "correct them")

    return call


def _constant(f: Callable[..., Any]) -> Callable[..., Any]:
    """`f`, which says that it cannot be differentiated before JAX finds out."""

    def refuse(*_: Any) -> NoReturn:
        given, remedy = "it has none", "pass derivatives=1, or as many as are taken in a row, to fg.export"
        fail(ArgumentError, "load_exported", "the artefact must hold the derivatives that are taken", given, remedy)

    called = jax.custom_vjp(f)
    called.defvjp(refuse, refuse)
    return called


def _fits(loaded: Any, args: tuple[Any, ...]) -> bool:
    """Whether the arguments are as many, of those dtypes and numbers of dimensions: what is wrong is something else."""
    if jax.tree.structure((args, {})) != loaded.in_tree:
        return False
    leaves = zip(jax.tree.leaves(args), loaded.in_avals, strict=True)
    alike = all(getattr(x, "dtype", None) == aval.dtype and np.ndim(x) == aval.ndim for x, aval in leaves)
    sizes = zip(jax.tree.leaves(args), loaded.in_avals, strict=True)
    fixed = [(have, want) for x, aval in sizes for have, want in zip(np.shape(x), aval.shape, strict=False)]
    if not alike or any(isinstance(want, int) and have != want for have, want in fixed):
        return False
    open_sizes = {have for have, want in fixed if not isinstance(want, int)}
    return len(open_sizes) <= 1 and 0 not in open_sizes


def _plainly(result: Any) -> Any:
    """`result` with plain tuples instead of named ones, which only their own package could load."""
    if isinstance(result, tuple):
        return tuple(map(_plainly, result))
    if isinstance(result, list):
        return list(map(_plainly, result))
    if type(result) is dict:
        return {name: _plainly(value) for name, value in result.items()}
    return result


def _left_open(example: tuple[PyTree, ...], in_dims: Any) -> list[PyTree]:
    """The shapes of the arguments, with one symbol for the size of the batch."""
    dims = list(in_dims) if isinstance(in_dims, tuple | list) else [in_dims] * len(example)
    if len(dims) != len(example) or not all(d is None or (isinstance(d, int) and d is not True) for d in dims):
        given, remedy = f"got {in_dims!r} for {len(example)}", "write for example in_dims=(None, 0)"
        fail(ArgumentError, "export", "in_dims must be an int or None, or one for each argument", given, remedy)
    from jax.export import symbolic_shape

    (batch,) = symbolic_shape("batch")
    sizes: dict[str, int] = {}

    def shape_of(path: Any, leaf: Any, place: str, dim: int | None) -> jax.ShapeDtypeStruct:
        where = f"{place}{jax.tree_util.keystr(path)}"
        known = isinstance(
            leaf, jax.Array | np.ndarray | np.generic | jax.ShapeDtypeStruct | bool | int | float | complex
        )
        if not (known or is_torch(leaf)):
            given = f"got {describe(leaf)} at {where}"
            fail(ArgumentTypeError, "export", "arguments must be arrays", given, "close over what is none")
        leaf = from_host("export", leaf) if is_torch(leaf) else leaf
        shape = list(np.shape(leaf))
        if dim is not None and shape:
            if not -len(shape) <= dim < len(shape):
                given = f"got {dim} for shape {tuple(shape)} at {where}"
                fail(ArgumentError, "export", "in_dims must name a dimension", given, "pass None for that argument")
            sizes[where] = shape[dim]
            shape[dim] = batch
        if isinstance(leaf, jax.Array | jax.ShapeDtypeStruct):
            return jax.ShapeDtypeStruct(tuple(shape), leaf.dtype)
        return jax.ShapeDtypeStruct(tuple(shape), kept_dtype(np.asarray(leaf).dtype))

    opened = [
        jax.tree_util.tree_map_with_path(lambda p, x, i=i, dim=dim: shape_of(p, x, f"argument {i}", dim), tree)
        for i, (tree, dim) in enumerate(zip(example, dims, strict=True))
    ]
    first = next(iter(sizes), "")
    other = next((where for where, size in sizes.items() if size != sizes[first]), None)
    if other is not None:
        given = f"got {sizes[first]} at {first} and {sizes[other]} at {other}"
        remedy = "say where it is, for example in_dims=(None, 0) for apply(params, x)"
        fail(ArgumentError, "export", "all arguments must have one size of the batch", given, remedy)
    return opened


def _explain(error: Exception) -> NoReturn:
    """Raise what went wrong, where it is known what it means."""
    kind, text = type(error).__name__, str(error)
    first = text.strip().splitlines()[0] if text.strip() else kind
    if "InconclusiveDimension" in kind or "InconclusiveDimension" in text or "symbolic dim" in text.lower():
        required = "f must not decide by the size of the batch, which is left open"
        fail(ArgumentError, "export", required, f"got {first.rstrip('.')}", "pass in_dims=None for fixed sizes")
    if isinstance(error, NotImplementedError) and "platform" in text:
        required = "f must run on all platforms"
        fail(ArgumentError, "export", required, f"got {first.rstrip('.')}", "pass platforms=('cpu',)")
    if "custom call" in text:
        required = "f must be made of operations that later versions keep"
        fail(ArgumentError, "export", required, f"got {first.rstrip('.')}", "leave that operation out")
    if "serializ" in text.lower() and ("pytree" in text.lower() or "register" in text.lower()):
        required = "arguments and results must be arrays in dicts, lists and tuples"
        remedy = "convert it in f, or make it part of f with functools.partial"
        found = re.search(r"<class '(?:.*\.)?(.*?)'>", text)
        fail(ArgumentTypeError, "export", required, f"got {found[1] if found else 'another class'}", remedy)
    raise error


def _write(path: Path, data: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(data)
        os.replace(temporary, path)
    except OSError as error:
        given = f"got {str(path)!r} ({error.strerror})"
        fail(ArgumentError, "export", "path must be a file that can be written", given, "choose another folder")
    finally:
        temporary.unlink(missing_ok=True)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        given = f"got {str(path)!r} ({error.strerror})"
        fail(ArgumentError, "load_exported", "source must be an artefact or its file", given, "correct the path")

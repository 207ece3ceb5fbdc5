"""Jacobians decided upon and compiled once: the plan shows what it does, and is called like the function itself."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import jax
import numpy as np

from .._checks import describe, fail, is_concrete
from .._convert import from_host
from .._errors import ArgumentTypeError, DtypeError, FuncgradError, ShapeError, TracedValueError
from .._plain import fitting, plain
from ._arguments import Argnames, Argnums, inexact_dtype
from ._budget import measured, shown
from ._outputs import Traced, as_raised
from ._paths import dotted, joined
from ._request import Fitted, Request, request
from .sparsity import SparsityPattern, check_pattern

__all__ = ["JacobianPlan", "plan_jacobian"]

Function: TypeAlias = Callable[..., Any]


@fitting
@dataclass(frozen=True, eq=False)
class JacobianPlan:
    """How a Jacobian is computed for arguments of given shapes, and the compiled program that does it.

    Attributes:
        mode: "forward", "reverse", or "through": the product of two Jacobians, of the outputs by the values at the
            narrowest place between and of those by the inputs; or "bidirectional": some rows in reverse and the other
            entries forward.
        shortcut: what replaces the products with unit vectors; empty where nothing does.
        inputs: how many columns the Jacobian has.
        outputs: how many rows it has.
        passes: how many vectors are pushed through the function or its parts, `chunk_size` of them together.
        chunk_size: how many together; None for all.
        result_bytes: the size of the result; of a sparse one the size of its entries.
        peak_bytes: the most memory that is taken, the result included and the arguments not, as the compiler tells;
            None where it does not.
        colors: how many sums of columns and rows give all entries, where only those in `pattern` are computed.
        pattern: the entries that are computed; None for all.
    """

    mode: str
    shortcut: str
    inputs: int
    outputs: int
    passes: int
    chunk_size: int | None
    result_bytes: int
    peak_bytes: int | None
    colors: int | None
    pattern: SparsityPattern | None
    _request: Request = field(repr=False)
    _fitted: Fitted = field(repr=False)
    _compiled: Any = field(repr=False)
    _spec: tuple[Any, list[Any], list[str]] = field(repr=False)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The Jacobian for arguments of the shapes that were planned for, as ``jacobian`` returns it.

        Args:
            *args: the arguments of the function.
            **kwargs: its keyword arguments.

        Returns:
            The Jacobian, or with `has_aux` the pair (jacobian, aux).
        """
        structure, leaves, names = self._spec
        found, own = jax.tree.flatten((args, kwargs))
        if own != structure:
            fail(
                ArgumentTypeError,
                "JacobianPlan",
                "the call must have the structure that was planned for",
                f"got {len(found)} leaves in {own} for {structure}",
                "call it as it was planned, or make a new plan",
            )
        given = []
        for name, leaf, spec in zip(names, found, leaves, strict=True):
            if _is_array(spec):
                given.append(_matching(name, leaf, spec))
            elif _is_array(leaf) or leaf != spec:
                _changed(ArgumentTypeError, name, leaf, repr(spec))
        compiled = self._compiled if all(is_concrete(array) for array in given) else self._fitted.run
        with as_raised():
            blocks, _, arrays = compiled(given)
        result, aux = replace(self._fitted.answers[0], blocks=blocks, arrays=arrays).jacobian()
        return (result, aux) if self._request.has_aux else result

    def __repr__(self) -> str:
        chunks = "" if self.chunk_size is None else f", {self.chunk_size} at a time"
        rows = {
            "mode": self.mode + (f", {self.shortcut}" if self.shortcut else ""),
            "passes": f"{self.passes:,}{chunks}",
            "result": shown(self.result_bytes),
            "peak": "not known" if self.peak_bytes is None else shown(self.peak_bytes),
        }
        name = getattr(self._request.func, "__name__", "function")
        title = f"JacobianPlan of {name}: {self.outputs:,} × {self.inputs:,}"
        return "\n".join([title, *(f"  {key:<8}{value}" for key, value in rows.items())])


@plain
def plan_jacobian(
    func: Function,
    *specs: Any,
    kwspecs: Mapping[str, Any] | None = None,
    argnums: Argnums = None,
    argnames: Argnames = None,
    has_aux: bool = False,
    mode: str = "auto",
    chunk_size: int | None = None,
    max_bytes: int | str | None = None,
    sparse: Any = "auto",
    output: str = "dense",
    check: bool = False,
    holomorphic: bool = False,
) -> JacobianPlan:
    """Decide how to compute a Jacobian, compile it, and show what was decided.

    The plan is what ``jit(jacobian(func))`` would compile for these shapes; `func` is traced now and never again, so
    what it reads from outside is fixed.

    Args:
        func: as for ``jacobian``.
        *specs: its arguments, or what they are like: arrays, or ``jax.ShapeDtypeStruct`` in their places.
        kwspecs: its keyword arguments, in the same way.
        argnums: the argument to differentiate by position, or a sequence of them; the first by default.
        argnames: the same by name, path or pattern; see ``grad``.
        has_aux: `func` returns ``(output, aux)``; aux is handed through.
        mode: ``"forward"``, ``"reverse"`` or ``"auto"``; see ``jacobian``.
        chunk_size: how many columns or rows are computed together; by default all.
        max_bytes: how much memory it may take; see ``jacobian``.
        sparse: whether to compute only the entries that can be nonzero; see ``jacobian``.
        output: the type of the Jacobian; see ``jacobian``.
        check: verify at `specs`, which must then be arrays, that the pattern holds every entry that is not zero, with
            ``check_pattern``: for patterns given by hand.
        holomorphic: `func` is holomorphic; see ``jacobian``.

    Returns:
        A JacobianPlan. Call it with arguments of the same shapes and dtypes.

    Raises:
        ArgumentError: an option is not allowed, `max_bytes` cannot hold the result, or `check` found that the pattern
            lacks an entry.
        TracedValueError: `check` is asked for and `specs` are shapes.
        DtypeError: what is selected has no floating leaf, or a leaf of the output is not floating. The plan raises it
            where an argument has another dtype than it was made for, and ShapeError for another shape.

    >>> plan = fg.plan_jacobian(lambda x: x[1:] * x[:-1], fg.arange(4.0))
    >>> plan.mode, plan.passes, plan.result_bytes
    ('reverse', 3, 48)
    >>> plan(fg.ones(4))
    Array([[1., 1., 0., 0.],
           [0., 1., 1., 0.],
           [0., 0., 1., 1.]], dtype=float32)

    Source: ``jax.jit(f).lower(...).compile()``.
    """
    name = "plan_jacobian"
    wish = request(name, func, argnums, has_aux, argnames, mode, chunk_size, max_bytes, holomorphic, sparse, output)
    pairs, structure = jax.tree_util.tree_flatten_with_path((specs, dict(kwspecs or {})))
    leaves = [_spec(leaf) for _, leaf in pairs]
    places = [i for i, leaf in enumerate(leaves) if _is_array(leaf)]

    def rebuilt(arrays: Sequence[Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        filled = list(leaves)
        for place, array in zip(places, arrays, strict=True):
            filled[place] = array
        return jax.tree.unflatten(structure, filled)

    given = [leaves[place] for place in places]
    with as_raised():
        fitted = wish.fitted(given, rebuilt)
        compiled = jax.jit(fitted.run).lower(given).compile()
    decision = fitted.decision
    if check and decision.pattern is not None:
        _verify(wish, decision.pattern, specs, dict(kwspecs or {}))
    return JacobianPlan(
        decision.mode,
        decision.shortcut,
        decision.inputs,
        decision.outputs,
        decision.passes,
        fitted.chunk_size,
        fitted.needed,
        measured(compiled),
        decision.colors,
        decision.pattern,
        wish,
        fitted,
        compiled,
        (structure, leaves, _names(func, pairs)),
    )


def _verify(wish: Request, pattern: SparsityPattern, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Raise where an entry is missing in the pattern, at these arguments."""
    if any(isinstance(leaf, jax.ShapeDtypeStruct) for leaf in jax.tree.leaves((args, kwargs))):
        required, remedy = "check=True needs values of all arguments", "pass arrays, or call fg.check_pattern later"
        fail(TracedValueError, wish.name, required, "got a jax.ShapeDtypeStruct", remedy)
    choice = wish.choose(args, kwargs)
    traced = Traced(choice, wish.has_aux, wish.holomorphic)
    numbers = tuple(range(len(choice.leaves)))
    check_pattern(lambda *x: traced(x)[0], pattern, *choice.leaves, key=jax.random.key(0), argnums=numbers)


def _names(func: Function, pairs: Sequence[Any]) -> list[str]:
    """What to call each leaf of a call: the name of its argument, and the path into it."""
    try:
        known = [p.name for p in inspect.signature(func).parameters.values() if p.kind <= p.POSITIONAL_OR_KEYWORD]
    except (TypeError, ValueError):  # some builtins have none
        known = []
    names = []
    for keys, _ in pairs:
        number, path = getattr(keys[1], "idx", None), dotted(keys[2:])
        first = known[number] if number is not None and number < len(known) else dotted(keys[1:2])
        names.append(joined(first, path))
    return names


def _is_array(leaf: Any) -> bool:
    return isinstance(leaf, jax.Array | jax.ShapeDtypeStruct) or inexact_dtype(leaf) is not None


def _spec(leaf: Any) -> Any:
    if not _is_array(leaf):
        return leaf
    weak = isinstance(leaf, float | complex) or bool(getattr(leaf, "weak_type", False))
    dtype = leaf.dtype if isinstance(leaf, jax.Array | jax.ShapeDtypeStruct) else inexact_dtype(leaf)
    return jax.ShapeDtypeStruct(
        np.shape(leaf), jax.dtypes.canonicalize_dtype(dtype, allow_extended_dtype=True), weak_type=weak
    )


def _matching(name: str, leaf: Any, spec: Any) -> jax.Array:
    """`leaf` as an array like `spec`; raises where it is another."""
    planned = f"{spec.dtype.name} of shape {tuple(spec.shape)}"
    if isinstance(leaf, bool | int | float | complex | np.ndarray | np.generic):
        same = np.shape(leaf) == tuple(spec.shape) and np.result_type(leaf).kind in "biufc"
        leaf = from_host("JacobianPlan", leaf, spec.dtype) if same and not isinstance(leaf, bool) else leaf
    if not isinstance(leaf, jax.Array):
        _changed(ArgumentTypeError if np.shape(leaf) == tuple(spec.shape) else ShapeError, name, leaf, planned)
    if leaf.shape != tuple(spec.shape):
        _changed(ShapeError, name, leaf, planned)
    if leaf.dtype != spec.dtype:
        _changed(DtypeError, name, leaf, planned)
    # A compiled program tells apart what promotion tells apart; here the dtype is the same.
    if bool(getattr(leaf, "weak_type", False)) != bool(spec.weak_type):
        leaf = jax.lax.convert_element_type(leaf, leaf.dtype) if leaf.weak_type else jax.numpy.asarray(leaf)
    return leaf


def _changed(kind: type[FuncgradError], name: str, leaf: Any, planned: str) -> None:
    fail(
        kind,
        "JacobianPlan",
        f"argument '{name}' must be as it was planned, {planned}",
        f"got {describe(leaf)}",
        "give it that, or make a new plan for these arguments",
    )

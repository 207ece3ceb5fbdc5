"""Value checks where they are not: inside compiled programs, with `checked`; and not where they are, `unchecked`."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from jax.experimental import checkify

from .._checks import describe, fail, is_concrete
from .._claims import LOOKED_AT, checking, raise_failed, tracing_checks
from .._convert import from_host
from .._errors import ArgumentError, TracedValueError
from .._plain import plain
from ._arguments import flatten, require_callable
from ._outputs import as_raised

__all__ = ["checked", "unchecked"]

_DATA = (jax.Array, np.ndarray, np.generic, int, float, complex)


@dataclass(frozen=True)
class _Call:
    """What a call fixes: its structure, and the leaves that are not data."""

    structure: Any
    fixed: tuple[Any, ...]  # by leaf; _TRACED stands for data

    def rebuilt(self, values: Sequence[Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        waiting = iter(values)
        leaves = [next(waiting) if leaf is _TRACED else leaf for leaf in self.fixed]
        args, kwargs = jax.tree.unflatten(self.structure, leaves)
        return args, kwargs


_TRACED = object()


@plain
def checked(
    func: Callable[..., Any] | None = None,
    /,
    *,
    static_argnums: int | Sequence[int] = (),
    static_argnames: str | Sequence[str] = (),
) -> Any:
    """`func` compiled with the checks of values that eager calls make: it raises what an eager call would raise.

    A compiled program knows no errors, so that ``jax.jit(f)`` reads NaN beyond the end of an array and returns NaN
    for a singular system. Here each check is part of the program, and the first that failed is raised when it has run:
    indices and labels out of range, singular and indefinite matrices, integer division by 0, overflowing sums of
    integers, probabilities and weights that are none. The functions that `func` calls may themselves be compiled,
    differentiated, mapped or scanned. A plain ``jax.jit(f)`` is not changed by any of it.

    Args:
        func: a function of arrays or pytrees, compiled or not; without it, the result is a decorator.
        static_argnums: the positions of arguments that are fixed when the program is compiled.
        static_argnames: the keywords of such arguments. Strings, functions and None are fixed by themselves.

    Returns:
        A function of the same arguments. It is compiled once for each combination of shapes, dtypes and fixed
        arguments, and waits for its result. Of a batch that is mapped over one failing example is reported. In the
        body of a scan that ``jax.grad`` differentiates checks are lost, in one that `grad` and the other words of
        funcgrad differentiate they are not; the rules of a ``custom_vjp`` are checked where they are used.

    Raises:
        TracedValueError: it is itself called under a transform, where nothing can be raised: it belongs outside.
        ArgumentError: `func` maps a while loop over a batch with ``vmap``, which JAX cannot check.

    >>> f = fg.checked(jax.jit(lambda x, i: fg.index_select(x, 0, i)))
    >>> f(fg.arange(3), fg.tensor([2]))
    Array([2], dtype=int32)
    >>> try:
    ...     f(fg.arange(3), fg.tensor([3]))
    ... except fg.IndexRangeError as error:
    ...     print(str(error).split("; ")[:2])
    ['index_select(): index must be in [0, 2] along dimension 0 of size 3', 'got 3']

    Source: ``jax.experimental.checkify``.
    """
    if func is None:
        return functools.partial(checked, static_argnums=static_argnums, static_argnames=static_argnames)
    require_callable("checked", func)
    numbers = {static_argnums} if isinstance(static_argnums, int) else set(static_argnums)
    names = {static_argnames} if isinstance(static_argnames, str) else set(static_argnames)

    @functools.partial(jax.jit, static_argnums=0)
    def program(call: _Call, *values: Any) -> Any:
        args, kwargs = call.rebuilt(values)
        return checkify.checkify(func)(*args, **kwargs)

    @functools.wraps(func)
    def run(*args: Any, **kwargs: Any) -> Any:
        if checking():
            return func(*args, **kwargs)  # the checks go to the function around
        leaves, structure = flatten((args, kwargs))
        fixed = [i in numbers for i, arg in enumerate(args) for _ in flatten(arg)[0]]
        fixed += [name in names for name in sorted(kwargs) for _ in flatten(kwargs[name])[0]]
        fixed = [fix or not isinstance(leaf, _DATA) for fix, leaf in zip(fixed, leaves, strict=True)]
        call = _Call(structure, tuple(leaf if fix else _TRACED for fix, leaf in zip(fixed, leaves, strict=True)))
        values = [
            from_host("checked", leaf) if isinstance(leaf, np.ndarray) else leaf
            for fix, leaf in zip(fixed, leaves, strict=True)
            if not fix
        ]
        with as_raised(), tracing_checks():
            try:
                failed, result = program(call, *values)
            except ValueError as error:
                if "batched while" not in str(error):
                    raise
                required = "a while loop must not be mapped over a batch with vmap"
                remedy = "use jax.lax.map in place of vmap, or leave the loop out of checked"
                fail(ArgumentError, "checked", required, "got one in func", remedy)
        pending = [leaf for leaf in jax.tree.leaves(failed) if not is_concrete(leaf)]
        if pending:
            required = "it must be the outermost transform, because a compiled program cannot raise"
            fail(
                TracedValueError,
                "checked",
                required,
                f"got traced {describe(values[0])}",
                "write fg.checked(jax.jit(f)) or fg.checked(fg.vmap(f))",
            )
        raise_failed(failed)
        return result

    return run


@plain
@contextlib.contextmanager
def unchecked() -> Iterator[None]:
    """No value checks in the block, or in the function it decorates: eager calls stop reading their operands.

    What shapes and dtypes tell is checked all the same. What only values tell is not: an index out of range reads NaN
    (of integers the lowest value) or another element, and writes nothing; a label out of range gives a wrong loss, a
    singular system NaN or infinity, a probability above 1 a wrong sample. Blocks nest, and each thread and task has
    its own. It is for loops of many small eager calls: a compiled program has no such checks anyway, unless `checked`
    asks for them.

    Returns:
        A context manager that is a decorator as well.

    >>> with fg.unchecked():
    ...     fg.index_select(fg.arange(3.0), 0, fg.tensor([5]))
    Array([nan], dtype=float32)

    Source: none; ``fg.checked`` is its opposite.
    """
    token = LOOKED_AT.set(False)
    try:
        yield
    finally:
        LOOKED_AT.reset(token)

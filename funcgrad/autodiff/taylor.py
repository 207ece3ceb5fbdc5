"""Derivatives of any order along a curve, at a cost that grows with the square of the order."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp

from .._checks import describe, fail
from .._errors import ArgumentError, ArgumentTypeError
from .._jax import trace
from .._op import strong
from .._plain import plain
from .._types import PyTree
from ._arguments import Selection, choose, require_callable
from ._outputs import Traced, as_raised
from ._series import Series, propagate
from ._vectors import tangent_leaves

__all__ = ["jet"]


@plain
def jet(
    func: Callable[..., Any],
    primals: Sequence[PyTree],
    series: Sequence[Sequence[PyTree]],
    *,
    order: int | None = None,
    has_aux: bool = False,
) -> tuple[Any, ...]:
    r"""The output of `func`, and its derivatives of all orders along a curve: $\frac{d^k}{dt^k} f(x(t))$ at $t = 0$.

    A straight line $x + tv$ has the series $(v,)$, and the derivatives are $Jv$, $v^T H v$ and so on. Power series are
    carried through the program of `func` equation by equation, so that nothing is differentiated twice, as it is where
    ``jvp`` is nested. Rules of a ``custom_jvp`` and derivatives at kinks are respected; at kinks the function counts
    as linear. Loops are carried out once.

    Args:
        func: a function of `primals`, whose output may be any pytree.
        primals: a tuple, where to differentiate.
        series: for each primal a sequence of the derivatives of the curve, $x'(0), x''(0), \ldots$, each like the
            primal (None for zero). Shorter ones go on with zeros. None is a primal that does not move.
        order: the highest derivative wanted; by default the length of the longest series.
        has_aux: `func` returns ``(output, aux)``; aux is handed through.

    Returns:
        (output, derivatives), or with `has_aux` (output, derivatives, aux): the second a list with one entry for each
        order from 1 on, each of the structure, shapes and dtypes of the output, None at leaves that are not floating.

    Raises:
        ArgumentError: there is no series for a primal, or none that moves, or the order is not positive.
        ArgumentTypeError: `primals` and `series` are not tuples or lists.
        ShapeError: an entry does not have the shape of its primal.

    >>> y, (first, second, third) = fg.jet(lambda x: x**3, (2.0,), ((1.0,),), order=3)
    >>> float(y), float(first), float(second), float(third)
    (8.0, 12.0, 12.0, 6.0)

    Source: Griewank and Walther, Evaluating Derivatives (2008), chapter 13; ``jax.experimental.jet``.
    """
    require_callable("jet", func)
    for argument, given in (("primals", primals), ("series", series)):
        if not isinstance(given, tuple | list):
            required, remedy = f"{argument} must be a tuple", "write a comma for a single one"
            fail(ArgumentTypeError, "jet", required, f"got {describe(given)}", remedy)
    if len(primals) != len(series):
        given = f"got {len(primals)} primals and {len(series)} series"
        fail(ArgumentError, "jet", "there must be one series for each primal", given, "write None for one that rests")
    for each in series:
        if each is not None and not isinstance(each, tuple | list):
            required = "each series must be a tuple of derivatives"
            fail(ArgumentTypeError, "jet", required, f"got {describe(each)}", "write ((v,),) for a straight line")
    moving = [i for i, each in enumerate(series) if each]
    if not moving:
        fail(ArgumentError, "jet", "a primal must move", "every series is empty or None", "write ((v,),) for a line")
    order = max(len(series[i]) for i in moving) if order is None else order
    if not hasattr(order, "__index__") or order < 1:
        fail(ArgumentError, "jet", "order must be a positive int", f"got {order!r}", "leave it out, or write order=2")
    choice = choose(Selection("jet", tuple(moving), True), func, primals, {}, "any")
    rows = []
    for k in range(order):
        entries = [series[i][k] if k < len(series[i]) else None for i in moving]
        # An entry that is None rests, and so do its leaves.
        full = [choice.assemble([None] * len(choice.leaves))[j] if e is None else e for j, e in enumerate(entries)]
        rows.append(tangent_leaves("jet", choice, full))
    curves = [
        Series([leaf, *(jnp.asarray(row[n]) / math.factorial(k + 1) for k, row in enumerate(rows))])
        for n, leaf in enumerate(choice.leaves)
    ]
    traced = Traced(choice, has_aux)
    with as_raised():
        program, constants = trace(traced, choice.leaves)
        results = propagate(program, constants, curves, order)
    count = sum(traced.floating)
    results = [y if isinstance(y, Series) else jnp.asarray(y) for y in results]
    floats = [Series([y, *[jnp.zeros_like(y)] * order]) if not isinstance(y, Series) else y for y in results[:count]]
    output, aux = traced.output([y[0] for y in floats], [y[0] if isinstance(y, Series) else y for y in results[count:]])
    factorials = [math.factorial(k) for k in range(order + 1)]
    derivatives = [traced.like_output([strong(y[k] * factorials[k]) for y in floats]) for k in range(1, order + 1)]
    return (output, derivatives, aux) if has_aux else (output, derivatives)

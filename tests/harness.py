"""How a case is checked: eagerly, compiled, mapped, differentiated, and against torch.

A case is one call of one word, written once in ``tests/cases/<topic>.py``. `test_words.py` runs every case without
torch; `parity/test_words.py` runs the same cases against it. ``test_harness.py`` plants a fault under each check.
"""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import jax
import numpy as np
import pytest

import funcgrad as fg
from funcgrad.testing import assert_close, assert_no_retrace, check_grad


@dataclass(frozen=True)
class Case:
    """One call. NumPy arrays among `args` and `kwargs` become arrays on both sides; everything else is passed as is.

    Attributes:
        word: the name under ``fg``, dotted where it is in a namespace.
        torch: the oracle's path under ``torch`` where it is not `word`; "Tensor.repeat" calls the method;
            None where torch has no such word.
        grad: whether floating operands are differentiated (write False at kinks and for integer results).
        constant: the positions, among the case's arrays, of those with respect to which torch has no gradient.
        vmap: whether the word can be mapped (not where the result's shape depends on values).
        tolerance: (rtol, atol) instead of the table's, with the reason beside it.
    """

    word: str
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)
    torch: str | None = ""
    grad: bool = True
    constant: tuple[int, ...] = ()
    vmap: bool = True
    tolerance: tuple[float, float] | None = None

    def __str__(self) -> str:
        shown = [_brief(a) for a in self.args] + [f"{k}={_brief(v)}" for k, v in self.kwargs.items()]
        return f"{self.word}({', '.join(shown)})"


def case(word: str, *args: Any, options: dict[str, Any] | None = None, **kwargs: Any) -> Case:
    """``case("sum", x, 1, keepdim=True)``; `options` are the Case's own: torch, grad, constant, vmap, tolerance."""
    return Case(word, args, kwargs, **(options or {}))


def parametrize(cases: list[Case]):
    return pytest.mark.parametrize("case", cases, ids=[f"{i}-{c}" for i, c in enumerate(cases)])


def word(name: str, root: Any = fg) -> Callable[..., Any]:
    for part in name.split("."):
        root = getattr(root, part)
    return root


def arrays_of(
    case: Case,
) -> tuple[list[np.ndarray], Callable[[list[Any]], tuple[tuple[Any, ...], dict[str, Any]]]]:
    """The case's arrays, and a function that puts others in their places."""
    leaves, tree = jax.tree.flatten((case.args, case.kwargs), is_leaf=lambda v: v is None)
    places = [i for i, leaf in enumerate(leaves) if isinstance(leaf, np.ndarray)]

    def rebuild(values):
        filled = list(leaves)
        for i, value in zip(places, values, strict=True):
            filled[i] = value
        return jax.tree.unflatten(tree, filled)

    return [leaves[i] for i in places], rebuild


def as_function(case: Case, function: Callable[..., Any] | None = None) -> tuple[Callable[..., Any], list[Any]]:
    """The case as a function of its arrays alone, and the arrays."""
    arrays, rebuild = arrays_of(case)
    function = function or word(case.word)

    def call(*values):
        args, kwargs = rebuild(values)
        return function(*args, **kwargs)

    return call, arrays


def tolerance(case: Case) -> dict[str, float]:
    return {} if case.tolerance is None else {"rtol": case.tolerance[0], "atol": case.tolerance[1]}


def check_compiled(case: Case, function: Callable[..., Any] | None = None) -> None:
    """Eager and jitted agree, the second eager call compiles nothing, and vmap gives what single calls give."""
    call, arrays = as_function(case, function)
    tensors = [fg.tensor(a) for a in arrays]
    eager = call(*tensors)
    call(*tensors)  # a spelling joins the fast path when its array types have been seen once
    with assert_no_retrace():
        again = call(*tensors)
    assert_close(again, eager)
    mapped = case.vmap and arrays
    halves = [a if a.dtype.kind in "iub" else a * a.dtype.type(0.5) for a in arrays] if mapped else []
    pairs = [fg.tensor(np.stack(pair)) for pair in zip(arrays, halves, strict=True)] if mapped else []
    # One program for both: the suite's time is compilation.
    jitted, both = jax.jit(lambda x, xs: (call(*x), jax.vmap(call)(*xs) if mapped else None))(tensors, pairs)
    assert_close(jitted, eager, **tolerance(case))
    if mapped:
        for i, alone in enumerate((eager, call(*[fg.tensor(a) for a in halves]))):
            assert_close(jax.tree.map(lambda leaf, i=i: np.asarray(leaf)[i], both), alone, **tolerance(case))


def check_gradient(case: Case, function: Callable[..., Any] | None = None) -> None:
    """Forward and reverse derivatives agree with differences in float64."""
    call, arrays = as_function(case, function)
    check_grad(call, *arrays, compiled=True)


def differentiable(case: Case) -> bool:
    return case.grad and any(a.dtype.kind == "f" for a in arrays_of(case)[0])


@contextlib.contextmanager
def raises(kind: type[Exception], message: str):
    """The whole message, not a part of it (the notes that JAX adds on its way out are not ours)."""
    __tracebackhide__ = True
    with pytest.raises(kind) as caught:
        yield
    assert str(caught.value) == message


def _brief(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"{value.dtype}{list(value.shape)}"
    return f"[{', '.join(map(_brief, value))}]" if isinstance(value, list) else repr(value)

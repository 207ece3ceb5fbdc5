"""How a case is checked: eagerly, compiled, mapped, differentiated, and against torch.

A case is one call of one word, written once in ``tests/cases/<topic>.py``. `test_words.py` runs every case without
torch; `parity/test_words.py` runs the same cases against it. ``test_harness.py`` plants a fault under each check.
"""

import collections
import contextlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import jax
import numpy as np
import pytest

import funcgrad as fg
from funcgrad.autodiff._examining import judge
from funcgrad.autodiff._trials import Trial as GradientTrial
from funcgrad.autodiff.checking import check_grad
from funcgrad.testing import assert_close, assert_no_retrace

__all__ = ["check_grad"]


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


def groups(cases: list[Case], most: int = 12) -> list[list[Case]]:
    """The cases of each word together, which compile together: a program's own cost is that of three small cases."""
    words: dict[str, list[Case]] = {}
    for case in cases:
        words.setdefault(case.word, []).append(case)
    return [same[i : i + most] for same in words.values() for i in range(0, len(same), most)]


def parametrize_words(cases: list[Case]):
    """A test for the cases of each word, or for as many of them as CASES_OF_A_WORD says, spread over all."""
    most = int(os.environ.get("CASES_OF_A_WORD", 0))
    found = groups(cases)
    if most:
        found = [same[:: -(-len(same) // most)] for same in groups(cases, len(cases))]
    numbers: dict[str, int] = collections.Counter()
    ids = []
    for group in found:
        numbers[group[0].word] += 1
        ids.append(f"{group[0].word}-{numbers[group[0].word]}")
    return pytest.mark.parametrize("cases", found, ids=ids)


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


@contextlib.contextmanager
def about(case: Case):
    """Errors inside say which case they are about, where several share a program."""
    try:
        yield
    except Exception as error:
        error.add_note(f"in the case {case}")
        raise


class Trial:
    """A case's eager results, and what one program is to compute for it: the call again, and mapped."""

    def __init__(self, case: Case, function: Callable[..., Any] | None = None):
        self.case = case
        self.call, arrays = as_function(case, function)
        self.tensors = [fg.tensor(a) for a in arrays]
        self.mapped = case.vmap and bool(arrays)
        halves = [a if a.dtype.kind in "iub" else a * a.dtype.type(0.5) for a in arrays] if self.mapped else []
        self.pairs = [fg.tensor(np.stack(pair)) for pair in zip(arrays, halves, strict=True)] if self.mapped else []
        with about(case):
            eager = self.call(*self.tensors)
            self.call(*self.tensors)  # a spelling joins the fast path when its array types have been seen once
            with assert_no_retrace():
                again = self.call(*self.tensors)
            assert_close(again, eager)
            self.eager = [eager, *([self.call(*[fg.tensor(a) for a in halves])] if self.mapped else [])]

    def measure(self, tensors, pairs):
        with about(self.case):
            return self.call(*tensors), jax.vmap(self.call)(*pairs) if self.mapped else None

    def judge(self, measured) -> None:
        jitted, both = measured
        with about(self.case):
            assert_close(jitted, self.eager[0], **tolerance(self.case))
            for i, alone in enumerate(self.eager if self.mapped else []):
                assert_close(jax.tree.map(lambda leaf, i=i: np.asarray(leaf)[i], both), alone, **tolerance(self.case))


def check_compiled(cases: Sequence[Case], function: Callable[..., Any] | None = None) -> None:
    """Eager and jitted agree, the second eager call compiles nothing, and vmap gives what single calls give."""
    trials = [Trial(case, function) for case in cases]
    # One program for all: the suite's time is compilation.
    together = jax.jit(lambda operands: [t.measure(*o) for t, o in zip(trials, operands, strict=True)])
    for trial, measured in zip(trials, together([(t.tensors, t.pairs) for t in trials]), strict=True):
        trial.judge(measured)


def check_gradient(cases: Sequence[Case], function: Callable[..., Any] | None = None) -> None:
    """Forward and reverse derivatives agree with differences in float64."""
    if not cases:
        return
    with jax.enable_x64(True):
        trials = []
        for case in cases:
            call, arrays = as_function(case, function)
            with about(case):
                trials.append(GradientTrial(call, arrays))
        together = jax.jit(lambda operands: [t.measure(*o) for t, o in zip(trials, operands, strict=True)])
        found = together([t.operands for t in trials])
        for case, trial, measured in zip(cases, trials, found, strict=True):
            with about(case):
                judge(trial, measured, rtol=1e-7, atol=1e-9)


def differentiable(case: Case, kinds: str = "f") -> bool:
    return case.grad and any(a.dtype.kind in kinds for a in arrays_of(case)[0])


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

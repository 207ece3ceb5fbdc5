"""What a function that is differentiated may return, and how its output is taken apart and put together."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._checks import describe, fail
from .._errors import ArgumentTypeError, DtypeError, FuncgradError, ShapeError
from .._op import strong
from ._arguments import Choice, flatten, inexact_dtype

__all__ = ["NoForwardDerivative", "Traced", "as_raised", "lacks_derivative", "require_scalar", "split_aux"]


class NoForwardDerivative(ArgumentTypeError):
    """A word that has a derivative in reverse mode alone: the words that can choose a mode take that one."""


def lacks_derivative(error: Exception) -> bool:
    """Whether an error may mean that a function has no derivative in this mode: JAX says so in these classes."""
    if isinstance(error, FuncgradError):
        return isinstance(error, NoForwardDerivative)
    return isinstance(error, TypeError | ValueError | NotImplementedError)


@contextlib.contextmanager
def as_raised() -> Iterator[None]:
    """Let errors leave as they were raised: without the note on its own frames that JAX adds to each."""
    try:
        yield
    except Exception as error:
        kept = [note for note in getattr(error, "__notes__", ()) if "JAX_TRACEBACK_FILTERING" not in note]
        if hasattr(error, "__notes__"):
            error.__notes__ = kept
        raise


def split_aux(name: str, output: Any, has_aux: bool) -> tuple[Any, Any]:
    """The output proper, and the auxiliary one (None without `has_aux`)."""
    if not has_aux:
        return output, None
    if not isinstance(output, tuple) or len(output) != 2:
        given = f"a tuple of {len(output)}" if isinstance(output, tuple) else describe(output)
        fail(
            ArgumentTypeError,
            name,
            "with has_aux=True the function must return a pair (output, aux)",
            f"it returned {given}",
            "return two things, or leave has_aux out",
        )
    return output


def require_scalar(name: str, output: Any, holomorphic: bool) -> jax.Array:
    """`output` as a 0-d array that has a gradient; raises otherwise."""
    if isinstance(output, tuple) and len(output) == 2:
        fail(
            ArgumentTypeError,
            name,
            "the function must return a scalar",
            "it returned a tuple of 2",
            "pass has_aux=True if the second is not to be differentiated",
        )
    if not isinstance(output, jax.Array | np.ndarray | np.generic | bool | int | float | complex):
        remedy = "return the value to differentiate" if output is None else "return one number, or use fg.jacobian"
        fail(ArgumentTypeError, name, "the function must return a scalar", f"it returned {describe(output)}", remedy)
    if jnp.shape(output):
        fail(
            ShapeError,
            name,
            "the function must return a scalar",
            f"it returned {describe(output)}",
            "reduce it, for example with fg.sum, or use fg.jacobian",
        )
    require_differentiable(name, output, holomorphic)
    return jnp.asarray(output)


def require_differentiable(name: str, output: Any, holomorphic: bool) -> None:
    """Raise unless `output` is real and floating, or complex where the function is holomorphic."""
    dtype = inexact_dtype(output)
    if dtype is None:
        fail(
            DtypeError,
            name,
            "the function must return floating point",
            f"it returned {describe(output)}",
            "compute it in floating point; what is rounded to integers has no derivative",
        )
    is_complex = jnp.issubdtype(dtype, jnp.complexfloating)
    if is_complex and not holomorphic:
        fail(
            DtypeError,
            name,
            "the function must return real numbers",
            f"it returned {describe(output)}",
            "take its real part or absolute value, or pass holomorphic=True where the function is holomorphic",
        )
    if holomorphic and not is_complex:
        fail(
            DtypeError,
            name,
            "the function must return complex numbers where holomorphic=True",
            f"it returned {describe(output)}",
            "leave holomorphic out",
        )


class Traced:
    """The function of a choice, from floating leaves to floating leaves; it remembers how its output goes together.

    Calling it gives the floating output leaves and, apart, all other arrays of the output and of aux. What is not an
    array never enters a transform: it is kept here from the last call.
    """

    def __init__(self, choice: Choice, has_aux: bool, holomorphic: bool | None = None):
        self.name = choice.selection.name
        self.choice = choice
        self.has_aux = has_aux
        self.holomorphic = holomorphic  # None: outputs that have no derivative are let through
        self.tree: Any = None
        self.aux_tree: Any = None
        self.floating: list[bool] = []
        self.kept: list[Any] = []  # the leaves that are not floating, with _ARRAY in the places of arrays

    def __call__(self, leaves: Sequence[Any]) -> tuple[list[jax.Array], list[Any]]:
        output, aux = split_aux(self.name, self.choice.call(leaves), self.has_aux)
        outputs, self.tree = flatten(output)
        others, self.aux_tree = flatten(aux)
        if self.holomorphic is not None:
            for leaf in outputs:
                if leaf is not None:  # an optional part that is not there, as jax.tree sees it
                    require_differentiable(self.name, leaf, self.holomorphic)
        self.floating = [inexact_dtype(leaf) is not None for leaf in outputs]
        if not any(self.floating):
            given = describe(outputs[0]) if outputs else f"{describe(output)} without leaves"
            fail(
                DtypeError,
                self.name,
                "the function must return floating point",
                f"it returned {given}",
                "compute it in floating point; what is rounded to integers has no derivative",
            )
        rest = [leaf for leaf, floats in zip(outputs, self.floating, strict=True) if not floats] + others
        self.kept = [_ARRAY if isinstance(leaf, jax.Array) else leaf for leaf in rest]
        floats = [jnp.asarray(leaf) for leaf, floats in zip(outputs, self.floating, strict=True) if floats]
        return floats, [leaf for leaf in rest if isinstance(leaf, jax.Array)]

    def output(self, floats: Sequence[Any], arrays: Sequence[Any]) -> tuple[Any, Any]:
        """The output and aux, from what the last call gave."""
        waiting = iter(arrays)
        rest = iter([next(waiting) if leaf is _ARRAY else leaf for leaf in self.kept])
        values = iter(floats)
        outputs = [strong(next(values)) if floats else next(rest) for floats in self.floating]
        return jax.tree.unflatten(self.tree, outputs), jax.tree.unflatten(self.aux_tree, list(rest))

    def names(self) -> list[str]:
        """Where each floating leaf stands in the output: "out['a']"."""
        numbered = jax.tree.unflatten(self.tree, list(range(len(self.floating))))
        paths = jax.tree_util.tree_flatten_with_path(numbered)[0]
        return [f"out{jax.tree_util.keystr(keys)}" for keys, number in paths if self.floating[number]]

    def like_output(self, floats: Sequence[Any]) -> Any:
        """One value for each floating leaf, in the structure of the output, None at all other leaves."""
        values = iter(floats)
        return jax.tree.unflatten(self.tree, [strong(next(values)) if f else None for f in self.floating])


_ARRAY = object()

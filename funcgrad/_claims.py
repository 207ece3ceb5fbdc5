"""Claims about values: raised now where the values are known, and carried out of a checked program where they are not.

A claim on concrete values is looked at on the host, at once. Under a transform it vanishes, so that a compiled
program holds nothing of it, unless the function is traced by `checked`: there it becomes a check of
`jax.experimental.checkify`, whose message comes back with the values filled in.
"""

import contextvars
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental import checkify

from . import _errors
from ._errors import FuncgradError

__all__ = ["LOOKED_AT", "checking", "claim", "looked_at", "raise_failed", "tracing_checks", "visible"]

# Part of the keys of JAX's caches, so that what was compiled before is traced anew with its checks.
_TRACING_CHECKS = jax.make_user_context(False)
LOOKED_AT = contextvars.ContextVar("funcgrad_value_checks", default=True)
looked_at = LOOKED_AT.get  # whether eager value checks are on; asked at each eager call, in 30 ns

_MARK = "\x00"  # parts the class of an error from its text


def checking() -> bool:
    """Whether a function is being traced by `checked`, so that claims about tracers are kept."""
    return bool(_TRACING_CHECKS.value)


def tracing_checks() -> Any:
    """The context in which `checked` traces."""
    return _TRACING_CHECKS(True)


def visible(value: Any) -> Any:
    """What a claim can be made about: NumPy's view of a concrete `value`, a tracer in a checked function, or None."""
    if isinstance(value, jax.core.Tracer):
        return value if checking() else None
    if not looked_at() or (isinstance(value, jax.Array) and not value.is_fully_addressable):
        return None
    return np.asarray(value)


def claim(
    kind: type[FuncgradError], name: str, required: str, given: str, remedy: str, holds: Any, **values: Any
) -> None:
    """Raise `kind` unless all of `holds` are true: at once, or where a checked function has run.

    Args:
        kind: the class of the error.
        name: the word that speaks.
        required: what is required.
        given: what was given, with ``{places}`` for the `values` of the first element that fails.
        remedy: what to do.
        holds: booleans of any shape, made with operators from what `visible` returns.
        **values: numbers, or arrays that broadcast to the shape of `holds`.
    """
    if not isinstance(holds, jax.core.Tracer):
        held = np.asarray(holds)
        if held.all():
            return
        at = np.unravel_index(int(held.argmin()), held.shape)
        shown = {key: np.broadcast_to(_wide(np.asarray(value)), held.shape)[at] for key, value in values.items()}
        raise kind(f"{name}(): {required}; {given.format(**shown)}; {remedy}.") from None
    if holds.size:
        at = jnp.argmin(holds.ravel())
        shown = {key: jnp.broadcast_to(_wide(value), holds.shape).ravel()[at] for key, value in values.items()}
        fixed = [part.replace("{", "{{").replace("}", "}}") for part in (f"{name}(): {required}", remedy)]
        checkify.check(holds.all(), f"{kind.__name__}{_MARK}{fixed[0]}; {given}; {fixed[1]}.{_MARK}", **shown)


def _wide(value: Any) -> Any:
    """A narrow float as one that a format like ``:g`` takes."""
    narrow = hasattr(value, "dtype") and value.dtype.itemsize < 4 and jnp.issubdtype(value.dtype, jnp.floating)
    return value.astype(np.float32) if narrow else value


def raise_failed(failed: checkify.Error) -> None:
    """Raise what the first claim that failed in a checked program would have raised eagerly."""
    message = failed.get()
    if message is None:
        return
    kind, mark, rest = message.partition(_MARK)
    if not mark:  # a check of the user's own
        failed.throw()
    raise getattr(_errors, kind)(rest.partition(_MARK)[0])

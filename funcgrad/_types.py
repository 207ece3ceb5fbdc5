"""The aliases that signatures use."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import jax
import numpy as np

Array: TypeAlias = jax.Array
"""A JAX array, or the tracer that stands for one under a transform."""

ArrayLike: TypeAlias = jax.typing.ArrayLike
"""What an operand may be. A Python number is weakly typed, as in torch: it never widens an array's dtype."""

Dim: TypeAlias = int
Dims: TypeAlias = int | Sequence[int]
Shape: TypeAlias = tuple[int, ...]
DtypeLike: TypeAlias = str | np.dtype[Any] | type[Any]
"""A dtype: ``fg.float32``, a name ("float", "half", "int32"), ``jnp.float32`` or ``x.dtype``."""

PyTree: TypeAlias = Any
"""Nested tuples, lists, dicts and registered dataclasses with arrays at the leaves."""

"""Which entries of a Jacobian or Hessian can be nonzero, read from the program instead of its values."""

from __future__ import annotations

from .detection import *
from .pattern import *

__all__ = ["SparsityPattern", "hessian_pattern", "jacobian_pattern"]

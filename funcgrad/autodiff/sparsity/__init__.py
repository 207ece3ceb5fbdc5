"""Which entries of a Jacobian or Hessian can be nonzero, read from the program instead of its values."""

from __future__ import annotations

from .checking import *
from .detection import *
from .pattern import *

__all__ = ["PatternCheck", "SparsityPattern", "check_pattern", "hessian_pattern", "jacobian_pattern"]

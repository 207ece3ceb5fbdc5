"""Linear algebra: solving, factoring, norms.

The words of ``torch.linalg``. A leading ``...`` in a shape stands for a stack of matrices, treated one by one.
What cannot be solved or factored is a ``LinAlgError`` when called eagerly; under a transform (``jit``, ``grad``,
``vmap``) no value can be looked at, and the result is NaN or infinite instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .eigen import *
from .elimination import *
from .factoring import *
from .indefinite import *
from .least_squares import *
from .low_rank import *
from .norms import *
from .products import *
from .reflections import *
from .solving import *

if not TYPE_CHECKING:  # a checker would take it to mean that every name exists
    from .._absent import room

    __getattr__ = room("linalg")
    del room

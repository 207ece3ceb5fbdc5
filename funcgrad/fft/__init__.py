"""Fourier transforms: the words of ``torch.fft``.

Complex gradients are JAX's under ``grad``, and torch's under ``fg.vjp`` is what docs/gradients.md says of every word.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .frequencies import *
from .one_dim import *
from .several_dims import *
from .two_dims import *

if not TYPE_CHECKING:  # a checker would take it to mean that every name exists
    from .._absent import room

    __getattr__ = room("fft")
    del room

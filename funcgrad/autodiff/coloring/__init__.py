"""Colours for the columns and rows of a sparse matrix: lines of one colour are computed in one product."""

from __future__ import annotations

from .colors import *

__all__ = ["Coloring", "color"]

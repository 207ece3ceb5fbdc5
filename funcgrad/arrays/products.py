"""Products of vectors and matrices, and the norm."""

from __future__ import annotations

__all__: list[str] = []

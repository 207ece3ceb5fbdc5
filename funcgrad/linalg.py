"""Linear algebra: solving, factoring, norms."""

from __future__ import annotations

__all__: list[str] = []

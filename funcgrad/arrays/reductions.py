"""Sums, means and logical reductions over dimensions."""

from __future__ import annotations

__all__: list[str] = []

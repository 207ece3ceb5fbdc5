"""Comparing and logic, element by element or all at once."""

from __future__ import annotations

__all__: list[str] = []

"""Joining arrays, and cutting them in parts."""

from __future__ import annotations

__all__: list[str] = []

"""Devices: which there are, where an array lives, and moving it."""

from __future__ import annotations

__all__: list[str] = []

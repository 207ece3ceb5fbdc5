"""In and out: NumPy, torch, DLPack, Python numbers and lists."""

from __future__ import annotations

__all__: list[str] = []

"""Reading and updating parts of an array; an update returns a new array."""

from __future__ import annotations

__all__: list[str] = []

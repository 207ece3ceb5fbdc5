"""The transforms that compose with derivatives: vmap and jit."""

from __future__ import annotations

__all__: list[str] = []

"""Gradients and the products they are made of."""

from __future__ import annotations

__all__: list[str] = []

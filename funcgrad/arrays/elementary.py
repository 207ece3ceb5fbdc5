"""Exponential, trigonometric and hyperbolic functions, and torch's flat activations."""

from __future__ import annotations

__all__: list[str] = []

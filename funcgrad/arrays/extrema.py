"""Largest and smallest values and where they are, medians and quantiles."""

from __future__ import annotations

__all__: list[str] = []

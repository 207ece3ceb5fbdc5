"""Asking and changing shape without moving values between arrays."""

from __future__ import annotations

__all__: list[str] = []

"""Data to train on: tables, batches, folders of images, and pure transforms."""

from __future__ import annotations

__all__: list[str] = []

"""Random sampling: every word takes `key=`."""

from __future__ import annotations

__all__: list[str] = []

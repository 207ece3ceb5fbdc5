"""The word of training that is no part of it: ``fg.loop`` runs any state machine."""

from .loop import loop

__all__ = ["loop"]

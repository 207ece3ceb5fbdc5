"""The words of training that serve without it: ``fg.loop`` runs any state machine, ``fg.parallel`` is many devices."""

from .loop import loop
from .parallel import Parallel, parallel

__all__ = ["Parallel", "loop", "parallel"]

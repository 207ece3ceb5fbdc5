"""The compiled training step, the loop over it, and data to feed it."""

from .fit import Event, fit
from .history import History
from .state import TrainState, init
from .step import Step, step

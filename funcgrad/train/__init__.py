"""The compiled training step, the loop over it, what it leaves on disk, and data to feed it."""

from .checkpoint import load, read_manifest, save
from .checkpoints import Checkpoints
from .fit import Event, fit
from .history import History
from .parallel import Parallel, parallel
from .processes import distributed
from .sharded import ShardedCheckpoints
from .state import TrainState, init
from .step import Step, step

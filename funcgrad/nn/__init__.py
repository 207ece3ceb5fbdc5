"""Networks as plain functions of parameters."""

from . import init
from .activations import *
from .classification import *
from .layers import *
from .losses import *
from .sampling import *

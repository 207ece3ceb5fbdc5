"""PyTorch words, JAX functions: arrays, gradients, Jacobians and compiled training steps you can read."""

from typing import TYPE_CHECKING

from . import autodiff, inspect, linalg, nn, testing, train
from ._checks import x64_enabled
from ._errors import *
from .arrays.arithmetic import *
from .arrays.axes import *
from .arrays.broadcasting import *
from .arrays.comparison import *
from .arrays.contractions import *
from .arrays.counting import *
from .arrays.creation import *
from .arrays.cumulative import *
from .arrays.devices import *
from .arrays.distances import *
from .arrays.distributions import *
from .arrays.dtypes import *
from .arrays.elementary import *
from .arrays.extrema import *
from .arrays.gathering import *
from .arrays.histograms import *
from .arrays.indexing import *
from .arrays.integers import *
from .arrays.interop import *
from .arrays.joining import *
from .arrays.logic import *
from .arrays.masking import *
from .arrays.moments import *
from .arrays.products import *
from .arrays.quantiles import *
from .arrays.random import *
from .arrays.random_integers import *
from .arrays.ranges import *
from .arrays.reductions import *
from .arrays.rounding import *
from .arrays.scattering import *
from .arrays.shape import *
from .arrays.signs import *
from .arrays.slicing import *
from .arrays.sorting import *
from .arrays.special import *
from .arrays.squeezing import *
from .arrays.trials import *
from .arrays.triangles import *
from .arrays.trigonometry import *
from .autodiff.gradients import *
from .autodiff.jacobians import *
from .autodiff.transforms import *
from .linalg.flat import *
from .train import data

if not TYPE_CHECKING:  # a checker would take it to mean that every name exists
    from ._absent import absent as __getattr__

__version__ = "0.1.0"

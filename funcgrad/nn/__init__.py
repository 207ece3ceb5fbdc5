"""Networks as plain functions of parameters."""

from typing import TYPE_CHECKING

from ..arrays.contractions import bilinear
from ..arrays.distances import cosine_similarity, pairwise_distance, pdist
from ..arrays.special import log_softmax, relu, sigmoid, softmax
from ..arrays.trigonometry import tanh
from . import init
from .activations import *
from .adaptive_pooling import *
from .attention import *
from .bags import *
from .classification import *
from .convolution import *
from .dropping import *
from .fractional_pooling import *
from .interpolation import *
from .layers import *
from .likelihoods import *
from .losses import *
from .margins import *
from .max_pooling import *
from .multiclass import *
from .multihead import *
from .normalization import *
from .padding import *
from .patches import *
from .pixels import *
from .pooling import *
from .rectifiers import *
from .recurrent import *
from .rescaling import *
from .sampling import *
from .sequences import *
from .simplex import *

if not TYPE_CHECKING:  # a checker would take it to mean that every name exists
    from .._absent import room

    __getattr__ = room("nn")
    del room

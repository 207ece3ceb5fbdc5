"""Networks as plain functions of parameters."""

from ..arrays.contractions import bilinear
from ..arrays.distances import cosine_similarity, pairwise_distance, pdist
from ..arrays.special import log_softmax, relu, sigmoid, softmax
from ..arrays.trigonometry import tanh
from . import init
from .activations import *
from .adaptive_pooling import *
from .classification import *
from .convolution import *
from .layers import *
from .losses import *
from .max_pooling import *
from .padding import *
from .patches import *
from .pixels import *
from .pooling import *
from .sampling import *

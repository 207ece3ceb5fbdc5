"""PyTorch words, JAX functions: arrays, gradients, Jacobians and compiled training steps you can read."""

import importlib as _importlib
from typing import TYPE_CHECKING
from typing import Any as _Any

if TYPE_CHECKING:
    from . import autodiff, fft, inspect, linalg, nn, special, testing, train
    from ._checks import x64_enabled
    from ._errors import *
    from .arrays.arithmetic import *
    from .arrays.axes import *
    from .arrays.broadcasting import *
    from .arrays.comparison import *
    from .arrays.complexes import *
    from .arrays.contractions import *
    from .arrays.counting import *
    from .arrays.covariance import *
    from .arrays.creation import *
    from .arrays.cumulative import *
    from .arrays.devices import *
    from .arrays.distances import *
    from .arrays.distributions import *
    from .arrays.dtypes import *
    from .arrays.elementary import *
    from .arrays.extrema import *
    from .arrays.finite_differences import *
    from .arrays.floats import *
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
    from .arrays.rescaling import *
    from .arrays.rounding import *
    from .arrays.scattering import *
    from .arrays.segments import *
    from .arrays.shape import *
    from .arrays.signs import *
    from .arrays.slicing import *
    from .arrays.sorting import *
    from .arrays.special import *
    from .arrays.spectrograms import *
    from .arrays.squeezing import *
    from .arrays.strides import *
    from .arrays.trials import *
    from .arrays.triangles import *
    from .arrays.trigonometry import *
    from .arrays.windows import *
    from .autodiff.checking import *
    from .autodiff.coloring.colors import *
    from .autodiff.control import *
    from .autodiff.curvature import *
    from .autodiff.directions import *
    from .autodiff.estimators import *
    from .autodiff.fisher import *
    from .autodiff.gradients import *
    from .autodiff.hessians import *
    from .autodiff.implicit import *
    from .autodiff.jacobians import *
    from .autodiff.matrices import *
    from .autodiff.plans import *
    from .autodiff.probes import *
    from .autodiff.samples import *
    from .autodiff.sparse import *
    from .autodiff.sparsity.checking import *
    from .autodiff.sparsity.detection import *
    from .autodiff.sparsity.pattern import *
    from .autodiff.surgery import *
    from .autodiff.taylor import *
    from .autodiff.transforms import *
    from .autodiff.transposition import *
    from .autodiff.value_checks import *
    from .deploy.export import *
    from .deploy.machine import *
    from .deploy.weights import *
    from .linalg.flat import *
    from .nn.flat import *
    from .special.flat import *
    from .train import data
    from .train.flat import *

__version__ = "0.1.0"

# Every public name once, as a reader meets them, under the module that has it: `import funcgrad` loads none of them,
# and the first use of a word the modules it needs. tests/test_api.py holds the table against the modules.
# fmt: off
_ROOMS = ("autodiff", "data", "fft", "inspect", "linalg", "nn", "special", "testing", "train")
_WORDS = {
    # Settings
    "_checks": "x64_enabled",
    # Making arrays
    "arrays.creation": "empty empty_like eye full full_like ones ones_like zeros zeros_like",
    "arrays.ranges": "arange linspace logspace",
    "arrays.interop":
        "tensor as_tensor asarray from_numpy to_numpy is_nonzero item tolist clone from_dlpack to_dlpack is_tensor",
    # Sampling
    "arrays.random": "fold_in key keys rand rand_like randn randn_like",
    "arrays.random_integers": "randint randint_like randperm",
    "arrays.distributions": "exponential gamma normal uniform",
    "arrays.trials": "bernoulli binomial multinomial multinomial_counts poisson",
    # Asking about them
    "arrays.dtypes":
        "bfloat16 bool bool_ byte can_cast cdouble cfloat char complex64 complex128 double dtype dtypes finfo "
        "float float16 float32 float64 half iinfo int int8 int16 int32 int64 is_complex is_signed "
        "is_floating_point promote_types result_type short uint8 uint16 uint32 uint64",
    "arrays.devices": "devices device device_count is_available try_gpu try_all_gpus default_device to same_buffer",
    # Shape
    "arrays.shape": "flatten ndim numel ravel reshape reshape_as shape size unflatten view view_as",
    "arrays.squeezing": "atleast_1d atleast_2d atleast_3d squeeze unsqueeze",
    "arrays.axes": "adjoint flip fliplr flipud mT moveaxis movedim permute roll rot90 swapaxes swapdims t transpose",
    "arrays.broadcasting":
        "broadcast_shapes broadcast_tensors broadcast_to expand expand_as repeat repeat_interleave tile",
    "arrays.joining":
        "block_diag cartesian_prod cat column_stack combinations concat concatenate dstack hstack meshgrid "
        "row_stack stack vstack",
    "arrays.triangles": "diag diag_embed diagflat diagonal fill_diagonal tril tril_indices triu triu_indices",
    # Parts
    "arrays.indexing": "s index set update index_put select_scatter slice_scatter diagonal_scatter",
    "arrays.slicing": "chunk dsplit hsplit narrow select split tensor_split unbind unfold vsplit",
    "arrays.strides": "as_strided as_strided_scatter unravel_index",
    "arrays.gathering": "gather take take_along_dim index_select",
    "arrays.scattering": "scatter scatter_add scatter_reduce index_add index_copy index_fill index_reduce put",
    "arrays.masking": "masked_fill masked_select masked_scatter nonzero argwhere",
    # Element by element
    "arrays.arithmetic":
        "add sub subtract rsub mul multiply div divide true_divide floor_divide remainder fmod neg negative "
        "positive lerp addcmul addcdiv",
    "arrays.rounding":
        "floor ceil trunc fix frac round clamp clip clamp_min clamp_max maximum minimum fmax fmin nan_to_num",
    "arrays.signs": "abs absolute sign sgn signbit copysign heaviside real imag conj angle",
    "arrays.integers":
        "bitwise_and bitwise_or bitwise_xor bitwise_not bitwise_left_shift bitwise_right_shift gcd lcm",
    "arrays.elementary":
        "pow square reciprocal sqrt rsqrt hypot exp exp2 expm1 log log2 log10 log1p logaddexp logaddexp2 xlogy",
    "arrays.trigonometry":
        "sin cos tan asin arcsin acos arccos atan arctan sinh cosh tanh asinh arcsinh acosh arccosh atanh arctanh "
        "atan2 arctan2 deg2rad rad2deg sinc",
    "arrays.special": "sigmoid expit logit relu softmax log_softmax erf erfc erfinv lgamma digamma i0",
    "special.flat": "igamma igammac mvlgamma polygamma",
    "arrays.floats": "FrexpResult float_power frexp ldexp nextafter",
    "arrays.complexes":
        "complex polar view_as_complex view_as_real conj_physical resolve_conj resolve_neg is_conj is_neg",
    "arrays.comparison":
        "eq ne not_equal lt less le less_equal gt greater ge greater_equal equal isclose allclose isnan isinf "
        "isposinf isneginf isfinite isreal",
    "arrays.logic": "logical_and logical_or logical_xor logical_not where",
    # Over dimensions
    "arrays.reductions": "all any count_nonzero logsumexp nansum prod sum sum_to_size",
    "arrays.moments": "mean nanmean std std_mean var var_mean",
    "arrays.covariance": "corrcoef cov",
    "arrays.extrema": "MinMax ValuesIndices amax amin aminmax argmax argmin max min",
    "arrays.quantiles": "median mode nanmedian nanquantile quantile",
    "arrays.cumulative": "cummax cummin cumprod cumsum cumulative_trapezoid diff logcumsumexp trapezoid trapz",
    "arrays.finite_differences": "gradient",
    "arrays.segments": "segment_reduce",
    # Order and counts
    "arrays.sorting": "argsort bucketize kthvalue msort searchsorted sort topk",
    "arrays.counting": "bincount isin unique unique_consecutive",
    "arrays.histograms": "Histogram HistogramDD histc histogram histogramdd",
    # Signals
    "arrays.windows": "bartlett_window blackman_window hamming_window hann_window kaiser_window",
    "arrays.spectrograms": "istft stft",
    # Linear algebra
    "arrays.products": "bmm cross dot ger inner kron matmul mm mv outer trace vdot",
    "arrays.contractions": "addbmm addmm addmv addr baddbmm bilinear einsum tensordot",
    "arrays.distances": "cdist cosine_similarity dist frobenius_norm norm nuclear_norm pairwise_distance pdist",
    "arrays.rescaling": "norm_except_dim renorm",
    "linalg.flat":
        "SVDWithV TriangularSolution chain_matmul cholesky cholesky_inverse cholesky_solve det geqrf inverse "
        "lobpcg logdet lu lu_solve lu_unpack matrix_exp matrix_power orgqr ormqr pca_lowrank pinverse qr slogdet "
        "svd svd_lowrank triangular_solve vander",
    # Networks
    "nn.flat":
        "adaptive_avg_pool1d adaptive_max_pool1d alpha_dropout avg_pool1d binary_cross_entropy_with_logits celu "
        "channel_shuffle constant_pad_nd conv1d conv2d conv3d conv_tbc conv_transpose1d conv_transpose2d "
        "conv_transpose3d cosine_embedding_loss ctc_loss dropout feature_alpha_dropout feature_dropout group_norm "
        "gru gru_cell hardshrink hinge_embedding_loss kl_div layer_norm lstm lstm_cell margin_ranking_loss "
        "max_pool1d max_pool1d_with_indices max_pool2d max_pool3d pixel_shuffle pixel_unshuffle poisson_nll_loss "
        "prelu rms_norm rnn_relu rnn_relu_cell rnn_tanh rnn_tanh_cell rrelu selu threshold triplet_margin_loss",
    # Derivatives
    "autodiff.gradients": "detach grad grad_and_value jvp linearize stop_gradient value_and_grad vjp",
    "autodiff.hessians": "hessian hvp value_grad_and_hessian vhp",
    "autodiff.jacobians": "jacfwd jacobian jacrev value_and_jacobian",
    "autodiff.transforms": "jit vmap",
    "autodiff.value_checks": "checked unchecked",
    "autodiff.control": "cond while_loop",
    "train.flat": "loop Parallel parallel",
    "autodiff.matrices": "JacobianMatrix Labels ravel_jacobian",
    "autodiff.plans": "JacobianPlan plan_jacobian",
    "autodiff.samples": "batch_jacobian elementwise_grad per_sample_grad",
    "autodiff.directions": "derivative directional_derivative",
    "autodiff.probes": "probe",
    # Curvature
    "autodiff.transposition": "linear_transpose",
    "autodiff.curvature": "divergence hessian_diagonal laplacian",
    "autodiff.estimators": "Estimate estimate_diagonal estimate_logdet estimate_trace",
    "autodiff.fisher":
        "empirical_fisher_diagonal empirical_fisher_product fisher_diagonal fisher_product gauss_newton_diagonal "
        "gauss_newton_product",
    # Derivatives of your own
    "autodiff.surgery": "clip_gradient reverse_gradient scale_gradient straight_through",
    # Trust in derivatives, and more of them
    "autodiff.checking": "check_grad",
    "autodiff.taylor": "jet",
    "autodiff.implicit": "fixed_point implicit root",
    # Sparsity
    "autodiff.sparsity.pattern": "SparsityPattern",
    "autodiff.sparsity.checking": "PatternCheck check_pattern",
    "autodiff.sparsity.detection": "hessian_pattern jacobian_pattern",
    "autodiff.coloring.colors": "Coloring color",
    "autodiff.sparse": "sparse_jacobian sparse_hessian",
    # Other devices, other programs
    "deploy.export": "export load_exported",
    "deploy.weights": "from_state_dict load_weights save_weights to_state_dict",
    "deploy.machine": "Info cache info precision",
    # Errors
    "_errors":
        "ArgumentError ArgumentTypeError CheckpointError ConvergenceError ConversionError DimError DtypeError "
        "EmptyError FuncgradError IndexRangeError LinAlgError MissingModuleError NonFiniteError ProcessError "
        "ShapeError TracedValueError",
}
# fmt: on
_MODULES = {word: module for module, words in _WORDS.items() for word in words.split()}

__all__ = [*_ROOMS, *_MODULES]


def _load(name: str) -> _Any:
    """The word or room `name`, which is from now on an attribute; what there is not gets advice."""
    if name in _MODULES:
        found = getattr(_importlib.import_module(f".{_MODULES[name]}", __name__), name)
    elif name in _ROOMS:
        found = _importlib.import_module(".train.data" if name == "data" else f".{name}", __name__)
    else:
        from ._absent import absent

        return absent(name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


if not TYPE_CHECKING:  # a checker would take it to mean that every name exists
    __getattr__ = _load

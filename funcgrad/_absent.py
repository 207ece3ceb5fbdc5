"""Words of torch that cannot be pure functions, or are gone: each says what to write instead."""

import difflib
import sys
from typing import Any

from ._checks import default_int

__all__ = ["ABSENT", "absent", "room"]

_LEGACY = {
    "FloatTensor": "float",
    "DoubleTensor": "double",
    "HalfTensor": "half",
    "BFloat16Tensor": "bfloat16",
    "ByteTensor": "byte",
    "CharTensor": "char",
    "ShortTensor": "short",
    "IntTensor": "int",
    "LongTensor": "long",
    "BoolTensor": "bool",
}
_GRADIENT = "say what to differentiate in fg.grad(f, argnums=...)"
_KEY = "pass key=fg.key(0) to the sampler"
_MAP = "write the function in array words, f(x) or f(x, y), or map it with fg.vmap(f)"
_STOP = "gradients exist only where fg.grad asks; cut one with fg.stop_gradient(x)"
_MOVE = "move arrays with fg.to(x, 'gpu'), count devices with fg.device_count('gpu'), ask with fg.is_available('gpu')"

ABSENT: dict[str, str] = {
    **{
        old: f"write fg.tensor(data, dtype='{short}') from data, or fg.empty(2, 3, dtype='{short}') from sizes"
        for old, short in _LEGACY.items()
    },
    "Tensor": "write fg.tensor(data) to make an array, fg.is_tensor(x) to ask, and jax.Array in annotations",
    "backward": "fg.grad(f)(x) returns the gradient, fg.value_and_grad(f)(x) the value too",
    "grad_fn": "fg.inspect shows the graph of a function",
    "requires_grad": _GRADIENT,
    "requires_grad_": _GRADIENT,
    "is_leaf": _GRADIENT,
    "retain_grad": "return the intermediate value, and differentiate with respect to it",
    "no_grad": _STOP,
    "enable_grad": _STOP,
    "set_grad_enabled": _STOP,
    "inference_mode": _STOP,
    "is_grad_enabled": _STOP,
    "manual_seed": _KEY,
    "seed": _KEY,
    "initial_seed": _KEY,
    "get_rng_state": _KEY,
    "set_rng_state": _KEY,
    "Generator": _KEY,
    "default_generator": _KEY,
    "zero_": "write x = fg.zeros_like(x)",
    "fill_": "write x = fg.full_like(x, value)",
    "copy_": "write x = fg.clone(y), or fg.set(x, idx, y) for a part",
    "detach_": "write x = fg.stop_gradient(x)",
    "normal_": "write x = mean + std * fg.randn(*x.shape, key=key)",
    "uniform_": "write x = low + (high - low) * fg.rand(*x.shape, key=key)",
    "random_": "write x = fg.randint(low, high, x.shape, key=key)",
    "bernoulli_": "write x = fg.bernoulli(fg.full(x.shape, p), key=key)",
    "exponential_": "write x = fg.exponential(rate, x.shape, key=key)",
    "geometric_": "write x = 1 + fg.floor(fg.exponential(-fg.log1p(-p), x.shape, key=key))",
    "apply_": _MAP,
    "map_": _MAP,
    "map2_": _MAP,
    "share_memory_": "JAX runs on all devices from one process",
    "cauchy_": "write x = median + sigma * fg.tan(np.pi * (fg.rand(*x.shape, key=key) - 0.5))",
    "log_normal_": "write x = fg.exp(mean + std * fg.randn(*x.shape, key=key))",
    "contiguous": "leave it out; every array is contiguous to its user",
    "is_contiguous": "leave it out; every array is contiguous to its user",
    "data_ptr": "ask fg.same_buffer(a, b)",
    "cpu": "write fg.to(x, 'cpu')",
    "cuda": _MOVE,
    "backends": _MOVE,
    "set_default_device": "write with fg.default_device('cpu'): around the code",
    "set_default_dtype": 'pass dtype=; 64-bit mode is jax.config.update("jax_enable_x64", True)',
    "get_default_dtype": "ask fg.dtype(1.0)",
    "set_default_tensor_type": "pass dtype= and device=",
    "set_num_threads": "XLA decides; set the environment variable XLA_FLAGS",
    "set_printoptions": "write np.set_printoptions(...), which JAX follows",
    "compile": "write jax.jit(f)",
    "autograd": "fg.grad, fg.vjp, fg.jvp, fg.jacobian and fg.hessian are functions of functions",
    "func": "its functions are fg.grad, fg.vjp, fg.jvp, fg.jacobian and fg.hessian",
    "optim": "optimisers come from optax, for example optax.adam(1e-3)",
    "utils": "batches come from fg.data",
    "functional": "it is fg.nn",
    "batch_norm": "it is fg.nn.batch_norm(x, running_mean, running_var, weight, bias, training)",
    "instance_norm": "it is fg.nn.instance_norm(x, running_mean, running_var, weight, bias)",
    "embedding": "it is fg.nn.embedding(indices, weight), with the indices first",
    "embedding_bag": "it is fg.nn.embedding_bag(indices, weight, offsets), with the indices first",
    "distributed": "fg.parallel() is all devices for fg.train.step; fg.train.distributed() joins processes",
    "state_dict": "write fg.to_state_dict(params)",
    "load_state_dict": "write fg.from_state_dict(state, like=params)",
    "set_float32_matmul_precision": "write with fg.precision('float32'): around the code",
    "get_float32_matmul_precision": "ask fg.info().precision",
    "onnx": "fg.export(f, x) gives a StableHLO artefact, which jax.export.deserialize loads",
    "multiprocessing": "JAX runs on all devices from one process",
    # Memory layouts belong to the compiler.
    "empty_strided": "the compiler lays arrays out; write fg.empty(sizes)",
    "empty_permuted": "the compiler lays arrays out; write fg.empty(sizes)",
    "stride": "the compiler lays arrays out; fg.as_strided counts as if rows lay one after the other",
    "storage_offset": "the compiler lays arrays out; fg.as_strided counts as if rows lay one after the other",
    "resize": "write fg.reshape(x, ...), or fg.nn.pad or fg.narrow for another number of elements",
    "resize_as": "write fg.reshape(x, *y.shape)",
    "set_": "arrays share no memory; write x = fg.clone(y)",
    "slice_inverse": "write fg.slice_scatter(fg.zeros_like(x), src, dim, start, end, step)",
    # Second names of what there is.
    "alias_copy": "it is fg.clone",
    "dim": "ask fg.ndim(x) or x.ndim",
    "ndimension": "ask fg.ndim(x) or x.ndim",
    "nelement": "ask fg.numel(x) or x.size",
    "element_size": "ask x.dtype.itemsize",
    "itemsize": "ask x.dtype.itemsize",
    "nbytes": "ask x.nbytes",
    "is_same_size": "compare shapes: x.shape == y.shape",
    "type_as": "write fg.to(x, y.dtype)",
    "new_tensor": "write fg.tensor(data, dtype=x.dtype)",
    "new_zeros": "write fg.zeros(2, 3, dtype=x.dtype)",
    "new_ones": "write fg.ones(2, 3, dtype=x.dtype)",
    "new_empty": "write fg.empty(2, 3, dtype=x.dtype)",
    "new_full": "write fg.full((2, 3), value, dtype=x.dtype)",
    "fill": "write fg.full_like(x, value)",
    "scalar_tensor": "write fg.tensor(3.0)",
    "range": "write fg.arange(start, end + step, step), where end is included",
    "nonzero_static": "write fg.nonzero(x, size=n), which is an error where there are more",
    "split_with_sizes": "it is fg.split(x, sizes, dim)",
    "split_with_sizes_copy": "it is fg.split(x, sizes, dim)",
    "unsafe_split_with_sizes": "it is fg.split(x, sizes, dim)",
    "slice_copy": "write x[start:end], or fg.narrow(x, dim, start, length)",
    "frombuffer": "write fg.from_numpy(np.frombuffer(buffer, dtype=np.float32))",
    "from_file": "write fg.from_numpy(np.memmap(path, dtype=np.float32, mode='r', shape=n))",
    "save": "fg.train.save(path, tree) keeps any pytree, fg.save_weights(path, params) writes for torch",
    "load": "fg.train.load(path) reads what fg.train.save wrote, fg.load_weights(path) any safetensors file",
    "gesv": "it is fg.linalg.solve(A, B), with A first",
    "solve": "it is fg.linalg.solve(A, B), with A first",
    "eig": "it is fg.linalg.eig(A), whose results are complex",
    "lstsq": "it is fg.linalg.lstsq(A, B)",
    "symeig": "it is fg.linalg.eigh(A)",
}


ROOMS = ("nn", "linalg", "fft", "special")

# What torch has under a common prefix and is no pure function of dense arrays.
_FAMILIES = {
    "cudnn_": "write the word itself; XLA chooses the kernel",
    "miopen_": "write the word itself; XLA chooses the kernel",
    "mkldnn_": "write the word itself; XLA chooses the kernel",
    "quantize": "there is no quantisation; fg.to(x, 'bfloat16') halves the memory",
    "sparse_": "arrays are dense; jax.experimental.sparse has others",
    "sym_": "shapes are Python ints, also inside jax.jit",
    "autocast": "cast what should be narrow with fg.to(params, 'bfloat16')",
}

_LAYERS = {
    "Linear": "parameters are arrays: write fg.nn.linear(x, weight, bias), with weights from fg.nn.init",
    "Module": "a model is a function of its parameters: def model(params, x), with a dict of arrays",
    "Sequential": "write the composition: lambda params, x: fg.nn.linear(fg.nn.relu(x), *params)",
    "Parameter": "a parameter is an array in the pytree that fg.grad differentiates",
    "functional": "it is fg.nn itself",
    "DataParallel": "spread the step: fg.train.step(loss, optimizer, parallel=fg.parallel())",
    "parallel": "spread the step: fg.train.step(loss, optimizer, parallel=fg.parallel())",
    "utils": "clip gradients with optax.clip_by_global_norm",
}


def room(place: str) -> Any:
    """The ``__getattr__`` of ``fg.place``."""

    def missing(name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(f"module 'funcgrad.{place}' has no attribute {name!r}")
        raise AttributeError(f"fg.{place} has no `{name}`: {_advice_in(place, name)}.")

    return missing


def _words() -> dict[str, Any]:
    """Every word and room of the package; asking for advice loads them all."""
    package = sys.modules["funcgrad"]
    return {word: getattr(package, word) for word in package.__all__}


def _advice_in(place: str, name: str) -> str:
    words = _words()
    here = [word for word in getattr(words[place], "__all__", dir(words[place])) if not word.startswith("_")]
    base = name.rstrip("_")
    if place == "nn" and name in _LAYERS:
        return _LAYERS[name]
    if name != base:
        pure = f"x = fg.{place}.{base}(x, ...)" if base in here else "its pure form, which returns the new array"
        return f"arrays do not change in place; write {pure}"
    if name in words:
        return f"it is fg.{name}"
    other = next((r for r in ROOMS if name in vars(words[r])), None)
    if other:
        return f"it is fg.{other}.{name}"
    snake = "".join(f"_{c.lower()}" if c.isupper() and i else c.lower() for i, c in enumerate(name))
    if snake in here and snake != name:
        return f"layers are functions: write fg.{place}.{snake}(x, ...), with the parameters as arguments"
    close = difflib.get_close_matches(snake, here, n=3)
    if not close:
        return f"dir(fg.{place}) lists what there is"
    return "the nearest names are " + ", ".join(f"fg.{place}.{word}" for word in close)


def absent(name: str) -> Any:
    """What ``fg.name`` is where the package defines no `name`: the dtype ``long``, or an AttributeError with advice."""
    if name == "long":
        return default_int()
    if name.startswith("_"):
        raise AttributeError(f"module 'funcgrad' has no attribute {name!r}")
    raise AttributeError(f"funcgrad has no `{name}`: {_advice(name)}.")


def _advice(name: str) -> str:
    words = _words()
    public = [word for word in words if not word.startswith("_")]
    if name in ABSENT:
        return ABSENT[name]
    pure = name.removesuffix("_copy").removeprefix("unsafe_")
    if pure != name and pure in words:
        return f"it is fg.{pure}; no result shares memory"
    if name.endswith("_"):
        base = name.rstrip("_")
        if base in ABSENT:
            return ABSENT[base]
        room = next((f"{r}." for r in ROOMS if base in vars(words[r])), None) if base not in words else ""
        pure = "its pure form, which returns the new array" if room is None else f"x = fg.{room}{base}(x, ...)"
        return f"arrays do not change in place; write {pure}"
    for place in ("nn", "linalg", "fft", "special", "autodiff", "train", "inspect", "testing"):
        if getattr(getattr(words.get(place), name, None), "__module__", "").startswith("funcgrad"):
            return f"it is fg.{place}.{name}"
    for start, advice in _FAMILIES.items():
        if name.startswith(start):
            return advice
    close = difflib.get_close_matches(name, public, n=3)
    if not close:
        return "fg follows torch's names; dir(fg) lists those there are"
    return "the nearest names are " + ", ".join(f"fg.{word}" for word in close)

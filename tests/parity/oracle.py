"""A case run by torch, in NumPy: its value and the gradients of a random weighting of it."""

import warnings

import numpy as np
import torch
from harness import Case, as_function, word

torch.set_num_threads(1)


def torch_word(case: Case):
    path = case.torch or case.word

    def call(*args, dtype=None, **kwargs):
        if dtype is not None:  # a name in the case, which torch does not take
            kwargs["dtype"] = getattr(torch, dtype)
        if path.startswith("Tensor."):
            return getattr(args[0], path.removeprefix("Tensor."))(*args[1:], **kwargs)
        return word(path, torch)(*args, **kwargs)

    return call


def leaves(result) -> list:
    """The arrays of a result, flat, in order; torch's named tuples are tuples."""
    if isinstance(result, tuple | list):
        return [leaf for item in result for leaf in leaves(item)]
    return [result]


def parts(found: list, kind) -> list:
    """The floating ones of the arrays `found`; a complex one is its two parts."""
    inexact = [leaf for leaf in found if kind(leaf) in "fc"]
    return [part for leaf in inexact for part in ((leaf.real, leaf.imag) if kind(leaf) == "c" else (leaf,))]


def to_numpy(tensor) -> np.ndarray:
    return tensor.detach().resolve_conj().numpy() if isinstance(tensor, torch.Tensor) else np.asarray(tensor)


def run(case: Case) -> list[np.ndarray]:
    call, arrays = as_function(case, torch_word(case))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what torch calls beta or deprecated is still its meaning
        return [to_numpy(leaf) for leaf in leaves(call(*[torch.tensor(a) for a in arrays]))]


def gradients(case: Case, weights: list[np.ndarray]) -> list[np.ndarray]:
    """Gradients of sum(weights * outputs) at the floating operands; zeros where torch sees no dependence."""
    call, arrays = as_function(case, torch_word(case))
    varied = [a.dtype.kind in "fc" and i not in case.constant for i, a in enumerate(arrays)]
    tensors = [torch.tensor(a, requires_grad=vary) for a, vary in zip(arrays, varied, strict=True)]
    if not any(varied):
        return []  # torch has no derivative of this word
    outputs = parts(leaves(call(*tensors)), lambda t: "c" if t.is_complex() else "f" if t.is_floating_point() else "i")
    total = sum((torch.tensor(w) * out).sum() for w, out in zip(weights, outputs, strict=True))
    wanted = [t for t in tensors if t.requires_grad]
    found = torch.autograd.grad(total, wanted, allow_unused=True)
    return [np.zeros(t.shape, np.float32) if g is None else to_numpy(g) for g, t in zip(found, wanted, strict=True)]

"""The numbers written in ``kinks.py`` are torch's."""

import numpy as np
import pytest
import torch
from kinks import KINKS

from funcgrad.testing import assert_close


@pytest.mark.parametrize(
    ("word", "arrays", "options", "expected"), KINKS, ids=[f"{i}-{word}" for i, (word, *_) in enumerate(KINKS)]
)
def test_torch_has_this_derivative(word, arrays, options, expected):
    points = [torch.tensor(a, requires_grad=True) for a in arrays]
    found = torch.autograd.grad(getattr(torch, word)(*points, **options).sum(), points)
    assert_close([g.numpy() for g in found], [np.asarray(e, np.float32) for e in expected])

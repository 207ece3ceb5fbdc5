"""Resizing against torch's interpolation, which torchvision's Resize calls."""

import numpy as np
import pytest
import torch

import funcgrad as fg


@pytest.mark.parametrize("mode", ["nearest", "bilinear", "bicubic"])
@pytest.mark.parametrize("size", [(5, 7), (10, 3), (4, 4), (13, 17)])
def test_resize_is_torch_s_with_antialias(mode, size, rng):
    image = rng.standard_normal((2, 3, 8, 9)).astype(np.float32)
    options = {} if mode == "nearest" else {"antialias": True, "align_corners": False}
    expected = torch.nn.functional.interpolate(torch.tensor(image), size, mode=mode, **options)
    # Both sum up to a few dozen float32 products with weights of their own rounding.
    np.testing.assert_allclose(fg.data.resize(size, mode)(image), expected.numpy(), rtol=1e-5, atol=2e-6)

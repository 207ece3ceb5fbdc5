"""Resizing against torch's interpolation, which torchvision's Resize calls; and training on a loader of torch."""

import numpy as np
import optax
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


@pytest.mark.parametrize("together", [3, "auto"])
def test_a_loader_of_torch_feeds_several_steps_too(together):
    x, y = torch.linspace(-1, 1, 44).reshape(22, 2), torch.arange(22)
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, y), batch_size=4)
    step = fg.train.step(lambda w, x, y: fg.nn.mse_loss(x @ w, y.astype("float32")), optax.sgd(0.1))
    told = []
    options = {"epochs": 2, "callbacks": [lambda event: told.append(event.name)], "progress": False}
    _, expected = fg.train.fit(step, step.init(np.zeros(2, np.float32)), loader, **options)
    assert told.count("step") == 12
    del told[:]
    _, history = fg.train.fit(step, step.init(np.zeros(2, np.float32)), loader, steps_per_call=together, **options)
    np.testing.assert_allclose(history["loss"], expected["loss"], rtol=1e-6)
    assert told.count("step") < 12

"""grid_sample: the golden values, laws, and what it refuses."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from harness import raises

import funcgrad as fg
from funcgrad.testing import assert_close

image = jnp.arange(9.0).reshape(1, 1, 3, 3)
places = jnp.array([[[[-1.0, -1.0], [0.0, 0.0], [1.0, 1.0], [0.5, -0.5]]]])


@pytest.mark.parametrize(("align", "expected"), [(False, [0.0, 4.0, 2.0, 2.5]), (True, [0.0, 4.0, 8.0, 3.0])])
def test_the_golden_values(align, expected):
    assert_close(fg.nn.grid_sample(image, places, align_corners=align).reshape(-1), jnp.array(expected))


@pytest.mark.parametrize("align", [False, True])
@pytest.mark.parametrize("mode", ["bilinear", "nearest", "bicubic"])
def test_the_grid_of_the_pixels_gives_the_image(mode, align):
    height, width = 4, 5
    picture = jax.random.normal(jax.random.key(0), (2, 3, height, width))
    ends = [1.0, 1.0] if align else [1 - 1 / height, 1 - 1 / width]
    rows, columns = (jnp.linspace(-end, end, n) for end, n in zip(ends, (height, width), strict=True))
    grid = jnp.stack(jnp.meshgrid(columns, rows), -1)[None].repeat(2, 0)
    assert_close(fg.nn.grid_sample(picture, grid, mode, align_corners=align), picture, rtol=1e-5, atol=1e-5)


def test_nearest_has_no_gradient_in_the_grid():
    gradient = jax.grad(lambda g: fg.nn.grid_sample(image, g, "nearest").sum())(places)
    assert_close(gradient, jnp.zeros_like(places))


def test_one_pixel_and_no_places():
    pixel = jnp.full((1, 1, 1, 1), 7.0)
    for padding in ("border", "reflection"):
        for align in (False, True):
            assert_close(fg.nn.grid_sample(pixel, places, "bilinear", padding, align), jnp.full((1, 1, 1, 4), 7.0))
    assert fg.nn.grid_sample(image, jnp.zeros((1, 0, 2, 2))).shape == (1, 1, 0, 2)


def test_what_it_refuses():
    message = "grid_sample(): mode must be 'bilinear' or 'nearest' or 'bicubic'; got 'cubic'; choose one."
    with raises(fg.ArgumentError, message):
        fg.nn.grid_sample(image, places, "cubic")
    message = (
        "grid_sample(): mode 'bicubic' reads images, not volumes; got input of shape (1, 1, 1, 3, 3); choose "
        "'bilinear'."
    )
    with raises(fg.ShapeError, message):
        fg.nn.grid_sample(image[None], jnp.zeros((1, 1, 1, 1, 3)), "bicubic")
    message = "grid_sample(): padding_mode must be 'zeros' or 'border' or 'reflection'; got 'wrap'; choose one."
    with raises(fg.ArgumentError, message):
        fg.nn.grid_sample(image, places, padding_mode="wrap")
    message = (
        "grid_sample(): input must have shape (N, C, H, W) with grid (N, H', W', 2), or (N, C, D, H, W) with "
        "(N, D', H', W', 3); got input of shape (1, 3, 3) and grid of shape (1, 1, 4, 2); reshape them."
    )
    with raises(fg.ShapeError, message):
        fg.nn.grid_sample(image[0], places)
    message = "grid_sample(): images must have pixels; got input of shape (1, 1, 0, 3); leave empty ones out."
    with raises(fg.ShapeError, message):
        fg.nn.grid_sample(jnp.zeros((1, 1, 0, 3)), places)
    message = (
        "grid_sample(): grid must be floating point; got int32 of shape (1, 1, 4, 2); convert it with "
        "fg.to(x, 'float')."
    )
    with raises(fg.DtypeError, message):
        fg.nn.grid_sample(image, np.zeros((1, 1, 4, 2), int))


def test_the_identity_reads_every_pixel():
    theta = jnp.array([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]])
    for align in (False, True):
        grid = fg.nn.affine_grid(theta, (1, 1, 3, 3), align)
        assert_close(fg.nn.grid_sample(image, grid, align_corners=align), image, rtol=1e-5, atol=1e-5)


def test_what_affine_grid_refuses():
    theta = jnp.ones((2, 2, 3))
    message = (
        "affine_grid(): theta must have shape (N, 2, 3) with size (N, C, H, W), or (N, 3, 4) with (N, C, D, H, W); "
        "got theta of shape (2, 2, 3) and size (1, 1, 3, 3); give a matrix for each image."
    )
    with raises(fg.ShapeError, message):
        fg.nn.affine_grid(theta, (1, 1, 3, 3))
    with raises(fg.ArgumentError, "affine_grid(): size must be at least 1; got 0; correct it."):
        fg.nn.affine_grid(theta, (2, 1, 0, 3))
    message = (
        "affine_grid(): theta must be floating point; got int32 of shape (2, 2, 3); convert it with fg.to(x, 'float')."
    )
    with raises(fg.DtypeError, message):
        fg.nn.affine_grid(theta.astype(int), (2, 1, 3, 3))

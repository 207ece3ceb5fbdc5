"""interpolate: what it refuses, laws, missing values."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from harness import raises

import funcgrad as fg
from funcgrad.testing import assert_close

row, image = fg.ones(1, 1, 4), fg.ones(1, 1, 4, 4)

REFUSED = [
    (
        lambda: fg.nn.interpolate(row, 2, mode="lanczos"),
        fg.ArgumentError,
        "interpolate(): mode must be one of 'nearest', 'nearest-exact', 'area', 'linear', 'bilinear', 'bicubic' and "
        "'trilinear'; got 'lanczos'; choose one.",
    ),
    (
        lambda: fg.nn.interpolate(row, 2, mode="bilinear"),
        fg.ShapeError,
        "interpolate(): mode 'bilinear' takes inputs of 4 dimensions, (N, C, *); got shape (1, 1, 4); choose another "
        "mode, or add a dimension with fg.unsqueeze.",
    ),
    (
        lambda: fg.nn.interpolate(row[0], 2),
        fg.ShapeError,
        "interpolate(): mode 'nearest' takes inputs of 3 or 4 or 5 dimensions, (N, C, *); got shape (1, 4); choose "
        "another mode, or add a dimension with fg.unsqueeze.",
    ),
    (
        lambda: fg.nn.interpolate(row[..., :0], 2),
        fg.ShapeError,
        "interpolate(): there must be channels and elements; got shape (1, 1, 0); leave empty ones out.",
    ),
    (
        lambda: fg.nn.interpolate(row.astype(int), 2, mode="linear"),
        fg.DtypeError,
        "interpolate(): input must be floating point; got int32 of shape (1, 1, 4); convert it with fg.to(x, 'float').",
    ),
    (
        lambda: fg.nn.interpolate(row, 2, align_corners=False),
        fg.ArgumentError,
        "interpolate(): align_corners belongs to the linear and cubic modes; got it with mode 'nearest'; leave it out.",
    ),
    (
        lambda: fg.nn.interpolate(row, 2, mode="linear", antialias=True),
        fg.ArgumentError,
        "interpolate(): antialias needs mode 'bilinear' or 'bicubic'; got mode 'linear'; leave it out.",
    ),
    (
        lambda: fg.nn.interpolate(row),
        fg.ArgumentError,
        "interpolate(): one of size and scale_factor is required; got neither; give one.",
    ),
    (
        lambda: fg.nn.interpolate(row, 2, 2),
        fg.ArgumentError,
        "interpolate(): one of size and scale_factor is required; got both; give one.",
    ),
    (
        lambda: fg.nn.interpolate(row, 2, recompute_scale_factor=True),
        fg.ArgumentError,
        "interpolate(): recompute_scale_factor belongs to scale_factor; got it with size; leave it out.",
    ),
    (
        lambda: fg.nn.interpolate(image, (2, 3, 4)),
        fg.ArgumentError,
        "interpolate(): size must be one number or 2; got (2, 3, 4); give one for each spatial dimension.",
    ),
    (
        lambda: fg.nn.interpolate(image, 0),
        fg.ArgumentError,
        "interpolate(): size must be at least 1; got 0; correct it.",
    ),
    (
        lambda: fg.nn.interpolate(image, scale_factor="2"),
        fg.ArgumentTypeError,
        "interpolate(): scale_factor must be a number; got str '2'; write for example 2.",
    ),
    (
        lambda: fg.nn.interpolate(image, scale_factor=-1.0),
        fg.ArgumentError,
        "interpolate(): scale_factor must be positive and finite; got -1.0; correct it.",
    ),
    (
        lambda: fg.nn.interpolate(image, scale_factor=0.1),
        fg.ShapeError,
        "interpolate(): something must be left of the image; got a size of (0, 0); take a larger scale_factor.",
    ),
]


@pytest.mark.parametrize(("call", "kind", "message"), REFUSED)
def test_what_is_refused(call, kind, message):
    with raises(kind, message):
        call()


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
def test_a_missing_value_stays_where_it_is(mode):
    x = jnp.ones((1, 1, 8, 8)).at[0, 0, 2, 3].set(jnp.nan)
    found = np.isnan(np.asarray(fg.nn.interpolate(x, 16, mode=mode))[0, 0])
    reach = 2 if mode == "bilinear" else 4
    rows, columns = np.nonzero(found)
    assert 0 < found.sum() <= (2 * reach) ** 2
    assert abs(rows - 4.5).max() < 2 * reach
    assert abs(columns - 6.5).max() < 2 * reach


def test_a_weight_of_nothing_reads_nothing():
    x = jnp.array([[[1.0, jnp.inf, 3.0]]])
    found = fg.nn.interpolate(x, 5, mode="linear", align_corners=True)
    assert_close(found, jnp.array([[[1.0, jnp.inf, jnp.inf, jnp.inf, 3.0]]]))


@pytest.mark.parametrize("mode", ["nearest", "nearest-exact", "bilinear", "bicubic", "area"])
def test_its_own_size_changes_nothing(mode):
    x = jax.random.normal(jax.random.key(0), (1, 2, 3, 4))
    assert_close(fg.nn.interpolate(x, (3, 4), mode=mode), x)


def test_positions_of_nearest_are_rounded_as_in_torch():
    x = fg.arange(41.0).reshape(1, 1, 41)
    found = fg.nn.interpolate(x, scale_factor=1.1)
    expected = np.floor(np.arange(45, dtype=np.float32) * np.float32(1 / 1.1))
    assert_close(found[0, 0], fg.tensor(expected.astype(np.float32)))


def test_upsample_is_another_name():
    assert fg.nn.upsample is fg.nn.interpolate

"""Convolutions, patches, pixels and padding: what they refuse, laws, second derivatives."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from harness import check_grad, raises

import funcgrad as fg
from funcgrad.testing import assert_close

row, image = fg.ones(1, 2, 5), fg.ones(1, 2, 5, 5)
kernel = fg.ones(3, 2, 2, 2)

REFUSED = [
    (
        lambda: fg.nn.conv2d(image.astype(int), kernel),
        fg.DtypeError,
        "conv2d(): input must be floating point or complex; got int32 of shape (1, 2, 5, 5); convert it with "
        "fg.to(x, 'float').",
    ),
    (
        lambda: fg.nn.conv2d(row[0], kernel),
        fg.ShapeError,
        "conv2d(): input must have 3 or 4 dimensions; got shape (2, 5); give (N, C, H, W) or (C, H, W).",
    ),
    (
        lambda: fg.nn.conv2d(image, row),
        fg.ShapeError,
        "conv2d(): weight must have 4 dimensions; got shape (1, 2, 5); reshape it with fg.reshape.",
    ),
    (
        lambda: fg.nn.conv2d(image, kernel.astype("bfloat16"), fg.ones(3)),
        fg.DtypeError,
        "conv2d(): operands must have one dtype; got input of float32 and weight of bfloat16 and bias of float32; "
        "convert them with fg.to.",
    ),
    (
        lambda: fg.nn.conv2d(image, kernel, groups=2),
        fg.ShapeError,
        "conv2d(): weight must have shape (O, C / groups, ...), with O divisible by groups; got weight of shape "
        "(3, 2, 2, 2), input of shape (1, 2, 5, 5) and groups=2; correct the weight or groups.",
    ),
    (
        lambda: fg.nn.conv2d(image, kernel, fg.ones(2)),
        fg.ShapeError,
        "conv2d(): bias must have shape (3,), a number for each channel of the result; got (2,); reshape it.",
    ),
    (
        lambda: fg.nn.conv2d(image, kernel[:0]),
        fg.ShapeError,
        "conv2d(): weight must hold a kernel; got shape (0, 2, 2, 2); give it elements.",
    ),
    (
        lambda: fg.nn.conv2d(image, kernel, dilation=5),
        fg.ShapeError,
        "conv2d(): the kernel must fit in the padded input; got an input that spans (5, 5) for a kernel that spans "
        "(6, 6); pad more, or take a smaller kernel.",
    ),
    (
        lambda: fg.nn.conv2d(image, kernel, stride=(1, 2, 3)),
        fg.ArgumentError,
        "conv2d(): stride must be one int or 2, for 2 spatial dimensions; got (1, 2, 3); give one for each spatial "
        "dimension.",
    ),
    (
        lambda: fg.nn.conv2d(image, kernel, stride=1.0),
        fg.ArgumentTypeError,
        "conv2d(): stride must be an int or 2 ints; got float 1.0; write for example 2 or (2, 2).",
    ),
    (
        lambda: fg.nn.conv1d(row, kernel[0], padding="full"),
        fg.ArgumentError,
        "conv1d(): padding must be ints, 'same' or 'valid'; got str 'full'; choose one.",
    ),
    (
        lambda: fg.nn.conv1d(row, kernel[0], stride=0),
        fg.ArgumentError,
        "conv1d(): stride must be at least 1; got 0; correct it.",
    ),
    (
        lambda: fg.nn.conv1d(row, kernel[0], stride=2, padding="same"),
        fg.ArgumentError,
        "conv1d(): padding='same' needs stride 1; got stride (2,); give the padding as ints.",
    ),
    (
        lambda: fg.nn.conv_transpose2d(image, kernel),
        fg.ShapeError,
        "conv_transpose2d(): weight must have shape (C, O / groups, ...), with C divisible by groups; got weight of "
        "shape (3, 2, 2, 2), input of shape (1, 2, 5, 5) and groups=1; correct the weight or groups.",
    ),
    (
        lambda: fg.nn.conv_transpose1d(row, kernel[0], stride=2, output_padding=2),
        fg.ArgumentError,
        "conv_transpose1d(): output_padding must be less than stride or dilation; got output_padding (2,), stride "
        "(2,) and dilation (1,); pad the result with fg.nn.pad instead.",
    ),
    (
        lambda: fg.nn.conv_transpose1d(row, kernel[0], padding=3),
        fg.ShapeError,
        "conv_transpose1d(): something must be left of the result; got an input that spans (1,) for a kernel that "
        "spans (2,); cut off less with padding.",
    ),
    (
        lambda: fg.nn.conv_tbc(row[0], row, fg.ones(5)),
        fg.ShapeError,
        "conv_tbc(): input must have 3 dimensions; got shape (2, 5); give (T, B, C).",
    ),
    (
        lambda: fg.nn.conv_tbc(row, row, fg.ones(5)),
        fg.ShapeError,
        "conv_tbc(): input of shape (T, B, C) needs weight of shape (K, C, O); got input of shape (1, 2, 5) and "
        "weight of shape (1, 2, 5); transpose the weight if it is (O, C, K).",
    ),
    (
        lambda: fg.nn.unfold(image, (6, 2)),
        fg.ShapeError,
        "unfold(): a patch must fit in the padded image; got patches of (6, 2) with dilation (1, 1) and padding "
        "(0, 0) for images of (5, 5); take smaller patches, or pad more.",
    ),
    (
        lambda: fg.nn.fold(row, 5, 2),
        fg.ShapeError,
        "fold(): columns of (2, 2) patches of images of (5, 5) have shape (C * 4, 16); got (2, 5); correct "
        "output_size or the options, which must be those of unfold.",
    ),
    (
        lambda: fg.nn.fold(fg.ones(3), 5, 2),
        fg.ShapeError,
        "fold(): input must have 2 or 3 dimensions; got shape (3,); give (N, C h w, L) or (C h w, L).",
    ),
    (
        lambda: fg.pixel_shuffle(image, 2),
        fg.ShapeError,
        "pixel_shuffle(): the channels of (*, C, H, W) must be a multiple of upscale_factor² = 4; got shape "
        "(1, 2, 5, 5); correct the input or the factor.",
    ),
    (
        lambda: fg.pixel_unshuffle(image, 2),
        fg.ShapeError,
        "pixel_unshuffle(): height and width of (*, C, H, W) must be multiples of downscale_factor = 2; got shape "
        "(1, 2, 5, 5); correct the input or the factor.",
    ),
    (
        lambda: fg.channel_shuffle(image, 3),
        fg.ShapeError,
        "channel_shuffle(): the channels of (N, C, *) must be a multiple of groups = 3; got shape (1, 2, 5, 5); "
        "correct the input or groups.",
    ),
    (
        lambda: fg.channel_shuffle(row[0], 1),
        fg.ShapeError,
        "channel_shuffle(): input must have 3 dimensions or more, (N, C, *); got shape (2, 5); reshape it.",
    ),
    (
        lambda: fg.nn.pad(row, (1, 1), "mirror"),
        fg.ArgumentError,
        "pad(): mode must be 'constant', 'reflect', 'replicate' or 'circular'; got 'mirror'; choose one.",
    ),
    (
        lambda: fg.nn.pad(row, 1),
        fg.ArgumentTypeError,
        "pad(): pad must be a sequence of ints; got int 1; write for example (1, 1).",
    ),
    (
        lambda: fg.nn.pad(row, (1, 1.5)),
        fg.ArgumentTypeError,
        "pad(): pad must be an int; got float 1.5; write for example 1.",
    ),
    (
        lambda: fg.nn.pad(row, (1, 1, 1)),
        fg.ArgumentError,
        "pad(): pad must hold two numbers for each dimension, before and after; got (1, 1, 1); add the other one.",
    ),
    (
        lambda: fg.nn.pad(row[0, 0], (1, 1, 1, 1)),
        fg.ShapeError,
        "pad(): pad must hold at most two numbers for each of 1 dimensions; got (1, 1, 1, 1); leave some out.",
    ),
    (
        lambda: fg.nn.pad(row, (-4, -2)),
        fg.ShapeError,
        "pad(): pad must not take away more than there is; got (-4, -2) for shape (1, 2, 5); take less.",
    ),
    (
        lambda: fg.nn.pad(row, (1, 1), "reflect", 0.0),
        fg.ArgumentError,
        "pad(): mode 'reflect' takes no value; got 0.0; leave it out.",
    ),
    (
        lambda: fg.nn.pad(image, (1, 1), "circular"),
        fg.ShapeError,
        "pad(): mode 'circular' pads the last 1, 2 or 3 dimensions, with 1 or 2 before them; got shape (1, 2, 5, 5) "
        "and pad of 2 numbers; add a dimension with fg.unsqueeze, or give (0, 0) for some.",
    ),
    (
        lambda: fg.nn.pad(row, (5, 0), "reflect"),
        fg.ShapeError,
        "pad(): mode 'reflect' needs more elements than are added at each end; got pad (5, 0) for dimension 2 of "
        "size 5; pad less.",
    ),
    (
        lambda: fg.nn.pad(row, (5, -1), "circular"),
        fg.ShapeError,
        "pad(): mode 'circular' needs as many elements as are added at each end; got pad (5, -1) for dimension 2 of "
        "size 4; pad less.",
    ),
    (
        lambda: fg.nn.pad(row[..., :0], (1, 0), "replicate"),
        fg.ShapeError,
        "pad(): mode 'replicate' needs an element to repeat at each end; got pad (1, 0) for dimension 2 of size 0; "
        "pad less.",
    ),
    (
        lambda: fg.constant_pad_nd(fg.tensor([1, 2]), (1, 1), 1.5),
        fg.DtypeError,
        "constant_pad_nd(): value must fit in int32, the dtype of the array; got float 1.5; convert the array first, "
        "with fg.to(x, 'float32').",
    ),
]


@pytest.mark.parametrize(("call", "kind", "message"), REFUSED)
def test_what_is_refused(call, kind, message):
    with raises(kind, message):
        call()


def test_shapes_are_checked_while_tracing():
    with raises(fg.ShapeError, REFUSED[4][2]):
        jax.eval_shape(lambda x: fg.nn.conv2d(x, kernel, groups=2), image)


def test_the_transpose_of_a_convolution_is_its_transpose():
    x, w = (jax.random.normal(jax.random.key(i), shape) for i, shape in enumerate([(2, 4, 6, 7), (6, 2, 3, 2)]))
    options = {"stride": (2, 1), "padding": (1, 0), "groups": 2, "dilation": (1, 2)}
    y, transpose = jax.vjp(lambda x: fg.nn.conv2d(x, w, **options), x)
    back = fg.nn.conv_transpose2d(y, w, output_padding=(1, 0), **options)
    assert_close(back, transpose(y)[0], rtol=1e-5, atol=1e-5)


def test_complex_convolutions():
    x, w = jnp.array([[[1.0, 2j, 3.0]]]), jnp.array([[[1j, 1.0]]])
    assert_close(fg.nn.conv1d(x, w), jnp.array([[[3j, 1.0 + 0j]]]))
    assert_close(fg.nn.conv_transpose1d(x, w), jnp.array([[[1j, -1.0, 5j, 3.0]]]))


def test_second_derivatives():
    x, w = np.linspace(-1, 1, 8).reshape(1, 2, 4), np.linspace(1, -2, 8).reshape(2, 2, 2)
    check_grad(jax.grad(lambda x, w: (fg.nn.conv1d(x, w, padding=1) ** 3).sum()), x, w)
    check_grad(jax.grad(lambda x: (fg.nn.unfold(x[None], (1, 2)) ** 3).sum()), x)


def test_unfold_and_fold():
    x = jax.random.normal(jax.random.key(0), (2, 3, 4, 5))
    columns = fg.nn.unfold(x, (2, 3))
    once = fg.nn.fold(fg.nn.unfold(fg.ones_like(x), (2, 3)), (4, 5), (2, 3))
    assert_close(fg.nn.fold(columns, (4, 5), (2, 3)), x * once, rtol=1e-6, atol=1e-6)
    w = jax.random.normal(jax.random.key(1), (7, 3, 2, 3))
    product = (w.reshape(7, -1) @ columns).reshape(2, 7, 3, 3)
    assert_close(product, fg.nn.conv2d(x, w), rtol=1e-5, atol=1e-5)
    assert fg.nn.unfold is not fg.unfold  # torch's Tensor.unfold


def test_pixels_come_back():
    x = fg.arange(72.0).reshape(2, 4, 3, 3)
    assert_close(fg.pixel_unshuffle(fg.pixel_shuffle(x, 2), 2), x)
    assert_close(fg.channel_shuffle(fg.channel_shuffle(x, 2), 2), x)


def test_flat_words_are_those_of_nn():
    for name in ("conv1d", "conv2d", "conv3d", "conv_tbc", "conv_transpose2d", "max_pool2d", "pixel_shuffle"):
        assert getattr(fg, name) is getattr(fg.nn, name)
    # As in torch, where only this one returns positions unasked.
    assert fg.adaptive_max_pool1d is fg.nn.adaptive_max_pool1d_with_indices

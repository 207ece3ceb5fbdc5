"""Layers against torch where a case cannot say it: state that comes out, gradients behind `log_softmax`, precision."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
import torch.nn.functional as F

import funcgrad as fg
from funcgrad.testing import assert_close

rng = np.random.default_rng(0)
x = rng.standard_normal((4, 3, 5)).astype(np.float32)
w, b, mean = rng.standard_normal((3, 3)).astype(np.float32)
var = rng.uniform(0.5, 2, 3).astype(np.float32)


@pytest.mark.parametrize("word", ["batch_norm", "instance_norm"])
def test_new_statistics_and_gradients(word):
    stats = [torch.tensor(mean), torch.tensor(var)]
    leaves = [torch.tensor(a, requires_grad=True) for a in (x, w, b)]
    theirs = getattr(F, word)(leaves[0], *stats, *leaves[1:], True, 0.3)
    direction = rng.standard_normal(x.shape).astype(np.float32)
    gradients = torch.autograd.grad((theirs * torch.tensor(direction)).sum(), leaves)

    def loss(x, w, b):
        y, new = getattr(fg.nn, word)(x, mean, var, w, b, True, 0.3)
        return (y * direction).sum(), (y, new)

    ours, (y, new) = jax.grad(loss, (0, 1, 2), has_aux=True)(*map(fg.tensor, (x, w, b)))
    assert_close([y, *new], [a.detach().numpy() for a in (theirs, *stats)], rtol=1e-5, atol=1e-6)
    assert_close(list(ours), [g.numpy() for g in gradients], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("zero_infinity", [False, True])
def test_the_gradient_of_the_ctc_loss_behind_log_softmax(zero_infinity):
    logits = rng.standard_normal((6, 3, 4)).astype(np.float32)
    targets, inputs, lengths = np.array([[1, 1, 2], [3, 2, 1], [2, 0, 0]]), (6, 5, 4), (3, 3, 1)
    leaf = torch.tensor(logits, requires_grad=True)
    args = [torch.tensor(a) for a in (targets, inputs, lengths)]
    F.ctc_loss(leaf.log_softmax(2), *args, zero_infinity=zero_infinity).backward()
    ours = jax.grad(
        lambda a: fg.nn.ctc_loss(fg.log_softmax(a, 2), targets, inputs, lengths, zero_infinity=zero_infinity)
    )(fg.tensor(logits))
    assert_close(ours, leaf.grad.numpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "call",
    [
        lambda F, a: F.layer_norm(a, (5,)),
        lambda F, a: F.rms_norm(a, (5,)),
        lambda F, a: F.group_norm(a, 3),
        lambda F, a: F.batch_norm(a, None, None, training=True),
        lambda F, a: F.scaled_dot_product_attention(a, a, a),
    ],
    ids=["layer_norm", "rms_norm", "group_norm", "batch_norm", "attention"],
)
def test_bfloat16(call):
    wide = fg.tensor(3 * x).astype("bfloat16")
    theirs = call(F, torch.tensor(np.asarray(wide.astype(jnp.float32))).bfloat16()).float().numpy()
    # One unit in the last place: the two round at different points.
    assert_close(call(fg.nn, wide).astype(jnp.float32), theirs, rtol=2**-7, atol=2**-8)


def test_targets_that_torch_counts_silently():
    target = torch.zeros(3)
    assert F.hinge_embedding_loss(torch.ones(3) * 5, target) == 5
    assert F.cosine_embedding_loss(torch.ones(3, 2), torch.ones(3, 2), target) == 0
    assert torch.isinf(F.soft_margin_loss(torch.tensor([-100.0]), torch.ones(1)))
    assert F.multi_margin_loss(torch.full((1, 3), torch.nan), torch.tensor([0])) == 0

"""The CTC loss: against a sum over all alignments, its gradient, impossible targets, and what is refused."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from harness import check_grad, raises

import funcgrad as fg
from funcgrad.testing import assert_close

rng = np.random.default_rng(0)
logits = rng.standard_normal((4, 2, 3)).astype(np.float32)
x = jax.nn.log_softmax(logits)


def by_enumeration(x, target, blank):
    total = 0.0
    for path in itertools.product(range(x.shape[1]), repeat=len(x)):
        merged = [c for c, _ in itertools.groupby(path)]
        if [c for c in merged if c != blank] == list(target):
            total += np.exp(sum(float(x[t, c]) for t, c in enumerate(path)))
    return -np.log(total)


@pytest.mark.parametrize(("target", "blank"), [([1, 2], 0), ([1, 1], 0), ([0, 1, 0], 2), ([], 1)])
def test_it_is_the_sum_over_all_alignments(target, blank):
    row = fg.tensor(np.array(target, np.int32))
    loss = fg.nn.ctc_loss(x[:, 0], row, np.array(4), np.array(len(target)), blank, "none")
    assert float(loss) == pytest.approx(by_enumeration(np.asarray(x[:, 0]), target, blank), rel=1e-5)


def test_the_gradient_with_respect_to_logits():
    def loss(logits):
        return fg.nn.ctc_loss(jax.nn.log_softmax(logits), np.array([[1, 2], [2, 2]]), (4, 3), (2, 2), reduction="none")

    check_grad(loss, logits)


def test_impossible_targets_cost_infinity_or_nothing():
    targets, lengths = np.array([[1, 1], [1, 2]]), ((2, 2), (2, 2))  # two equal labels need three times
    losses = fg.nn.ctc_loss(x, targets, *lengths, reduction="none")
    assert np.isinf(losses).tolist() == [True, False]
    losses = fg.nn.ctc_loss(x, targets, *lengths, reduction="none", zero_infinity=True)
    assert float(losses[0]) == 0
    for zero in (False, True):
        gradient = jax.grad(lambda x, z=zero: fg.nn.ctc_loss(x, targets, *lengths, zero_infinity=z))(x)
        assert jnp.isfinite(gradient).all()
        assert not gradient[:, 0].any()
        assert gradient[:, 1].any()


def test_a_probability_of_0_has_a_gradient():
    sure = jnp.log(jnp.array([[[0.0, 1.0]], [[1.0, 0.0]]]))
    value, gradient = jax.value_and_grad(lambda x: fg.nn.ctc_loss(x, np.array([[1]]), (2,), (1,)))(sure)
    assert float(value) == 0
    assert jnp.isfinite(gradient).all()


def test_concatenated_and_padded_targets_agree_under_jit():
    padded, joined = jnp.array([[1, 2], [2, 0]]), jnp.array([1, 2, 2])
    inputs, lengths = jnp.array([4, 3]), jnp.array([2, 1])
    wanted = fg.nn.ctc_loss(x, padded, inputs, lengths)
    assert_close(jax.jit(fg.nn.ctc_loss)(x, joined, inputs, lengths), wanted)
    assert_close(
        fg.ctc_loss(x.astype("bfloat16"), joined, inputs, lengths), wanted.astype("bfloat16"), rtol=0.1, atol=0.1
    )


def test_an_unknown_label_is_seen_under_jit():
    losses = jax.jit(lambda t: fg.nn.ctc_loss(x, t, (4, 4), (2, 1), reduction="none"))(jnp.array([[1, 3], [1, 9]]))
    assert np.isnan(losses).tolist() == [True, False]  # what is behind the target is not read


def test_messages():
    targets, lengths = np.array([[1, 2], [2, 1]]), ((4, 4), (2, 2))
    message = (
        "ctc_loss(): targets must be in [0, 2] along dimension 2 of size 3; got 3; correct the index; nothing is "
        "clamped or wrapped."
    )
    with raises(fg.IndexRangeError, message):
        fg.nn.ctc_loss(x, targets + 1, *lengths)
    with raises(fg.ArgumentError, "ctc_loss(): input_lengths must be in [0, 4]; got 5; correct the length."):
        fg.nn.ctc_loss(x, targets, (4, 5), (2, 2))
    with raises(fg.ArgumentError, "ctc_loss(): target_lengths must be in [0, 2]; got 3; correct the length."):
        fg.nn.ctc_loss(x, targets, (4, 4), (3, 2))
    message = (
        "ctc_loss(): targets must hold the 4 labels that target_lengths counts; got 3; concatenate the targets of "
    )
    with raises(fg.ShapeError, message + "the whole batch."):
        fg.nn.ctc_loss(x, np.array([1, 2, 1]), *lengths)
    with raises(fg.ArgumentError, "ctc_loss(): blank must be in [0, 2]; got 3; name the class of the blank."):
        fg.nn.ctc_loss(x, targets, *lengths, blank=3)
    with raises(
        fg.ShapeError, "ctc_loss(): log_probs must have shape (T, N, C) or (T, C); got (3,); put the time first."
    ):
        fg.nn.ctc_loss(x[0, 0], targets, *lengths)
    message = "ctc_loss(): input_lengths must have shape (2,), one length for each element of the batch; got (1,); "
    with raises(fg.ShapeError, message + "correct it."):
        fg.nn.ctc_loss(x, targets, (4,), (2, 2))
    message = (
        "ctc_loss(): targets must have shape (2, S), or hold all labels in one dimension; got (1, 2); reshape them."
    )
    with raises(fg.ShapeError, message):
        fg.nn.ctc_loss(x, targets[:1], *lengths)
    message = "ctc_loss(): targets must have an integer dtype; got float32 of shape (2, 2); convert them with "
    with raises(fg.DtypeError, message + "fg.to(x, 'long')."):
        fg.nn.ctc_loss(x, targets.astype(np.float32), *lengths)
    message = "ctc_loss(): target_lengths must have an integer dtype; got float32 of shape (2,); convert it with "
    with raises(fg.DtypeError, message + "fg.to(x, 'long')."):
        fg.nn.ctc_loss(x, targets, (4, 4), np.ones(2, np.float32))

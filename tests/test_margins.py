"""Losses with margins and likelihoods: kinks, labels, far out, and what is refused."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from harness import raises

import funcgrad as fg
from funcgrad.testing import assert_close

x = jnp.array([[1.0, 2.0, 0.5], [0.0, -1.0, 3.0]])


# torch's one-sided choices: the binary losses have slope 1 at the margin, those over classes 0.
def test_slopes_at_the_margin_are_those_of_torch():
    one = jnp.ones(1)
    assert_close(jax.grad(lambda a: fg.nn.hinge_embedding_loss(a, -jnp.ones(1, int)))(one), -one)
    assert_close(jax.grad(lambda a: fg.nn.margin_ranking_loss(a, one, jnp.ones(1, int)))(one), -one)
    assert not jax.grad(lambda a: fg.nn.multi_margin_loss(a, jnp.array([0]), margin=0.0))(jnp.ones((1, 3))).any()
    assert not jax.grad(lambda a: fg.nn.multilabel_margin_loss(a, jnp.array([0, -1])))(jnp.array([1.0, 0.0])).any()


def test_equal_and_zero_vectors_have_gradients():
    same = jnp.zeros((2, 3))
    signs = jnp.array([1, -1])
    for loss in (
        lambda a: fg.nn.triplet_margin_loss(a, a, a, eps=0.0),
        lambda a: fg.nn.cosine_embedding_loss(a, a, signs),
        lambda a: fg.nn.triplet_margin_with_distance_loss(a, a, a),
    ):
        assert jnp.isfinite(jax.grad(loss)(same)).all()


def test_nothing_overflows():
    far = jnp.array([[-1e4, 1e4]])
    labels = jnp.array([[1, -1]])
    for loss in (
        lambda a: fg.nn.soft_margin_loss(a, labels),
        lambda a: fg.nn.multilabel_soft_margin_loss(a, jnp.array([[1.0, 0.0]])),
    ):
        value, slope = jax.value_and_grad(loss)(far)
        assert float(value) == 1e4
        assert_close(slope, jnp.array([[-0.5, 0.5]]))


def test_gaussian_variances_have_a_bound_that_gradients_pass():
    def loss(var):
        return fg.nn.gaussian_nll_loss(jnp.zeros(2), jnp.ones(2), var, eps=0.5, reduction="none").sum()

    # As in torch: the slope is that of the bound, though the variance lies below it.
    assert_close(jax.grad(loss)(jnp.array([0.1, 2.0])), jnp.array([0.5 * (2 - 4), 0.5 * (0.5 - 0.25)]))


def test_counts_of_0_and_1_have_no_stirling_term():
    counts = jnp.array([0.0, 1.0, 5.0])
    gradient = jax.grad(lambda y: fg.nn.poisson_nll_loss(jnp.zeros(3), y, full=True, reduction="sum"))(counts)
    assert_close(gradient, jnp.array([0.0, 0.0, np.log(5) + 0.1], jnp.float32))


def test_a_distance_of_your_own():
    def distance(a, b):
        return jnp.abs(a - b).sum(-1)

    losses = fg.nn.triplet_margin_with_distance_loss(
        x, x + 1, x - 2, distance_function=distance, margin=4.0, reduction="none"
    )
    assert_close(losses, jnp.ones(2))
    assert_close(losses, fg.nn.triplet_margin_loss(x, x + 1, x - 2, 4.0, 1.0, 0.0, reduction="none"))


@pytest.mark.parametrize(
    ("word", "args"),
    [
        ("margin_ranking_loss", (x[0], x[1])),
        ("hinge_embedding_loss", (x[0],)),
        ("soft_margin_loss", (x[0],)),
        ("cosine_embedding_loss", (jnp.ones((3, 2)), jnp.ones((3, 2)))),
    ],
)
def test_targets_of_1_and_minus_1(word, args):
    message = f"{word}(): target must be 1 or -1; got 0; write 2 * target - 1 for labels 0 and 1."
    with raises(fg.ArgumentError, message):
        getattr(fg.nn, word)(*args, np.array([1, 0, 1]))
    # Nothing can be raised in a compiled program: a label that is neither is no error there.
    assert jnp.isfinite(jax.jit(getattr(fg.nn, word))(*args, np.array([1, 0, 1])))
    with raises(fg.ArgumentError, f"{word}(): reduction must be 'mean', 'sum' or 'none'; got 'max'; choose one."):
        getattr(fg.nn, word)(*args, np.array([1, -1, 1]), reduction="max")


def test_labels_are_checked():
    message = (
        "multi_margin_loss(): target must be in [0, 2] along dimension 1 of size 3; got 3; correct the index; nothing "
        "is clamped or wrapped."
    )
    with raises(fg.IndexRangeError, message):
        fg.nn.multi_margin_loss(x, np.array([0, 3]))
    message = (
        "multilabel_margin_loss(): target must be in [0, 2], or -1 after the last label; got 3; correct the label."
    )
    with raises(fg.IndexRangeError, message):
        fg.nn.multilabel_margin_loss(x, np.array([[0, 3, -1], [-1, 0, 0]]))
    assert np.isnan(jax.jit(fg.nn.multi_margin_loss)(x, jnp.array([0, 3])))
    losses = jax.jit(lambda t: fg.nn.multilabel_margin_loss(x, t, reduction="none"))(
        jnp.array([[3, -1, 0], [-1, 7, 7]])
    )
    assert np.isnan(losses).tolist() == [True, False]  # what follows the first -1 is not read
    for word, target in (("multi_margin_loss", np.zeros(2)), ("multilabel_margin_loss", np.zeros((2, 3)))):
        target = target.astype(np.float32)
        message = f"{word}(): labels must have an integer dtype; got float32 of shape {target.shape}; convert them "
        with raises(fg.DtypeError, message + "with fg.to(target, 'long')."):
            getattr(fg.nn, word)(x, target)


def test_shapes_are_checked():
    message = (
        "margin_ranking_loss(): input1 and input2 and target must have the same shape; got input1 of shape (3,) and "
        "input2 of shape (3,) and target of shape (1,); reshape one of them; nothing is broadcast here."
    )
    with raises(fg.ShapeError, message):
        fg.nn.margin_ranking_loss(x[0], x[1], np.array([1]))
    message = (
        "cosine_embedding_loss(): input1 and input2 of shape (N, D) need target of shape (N,), those of shape (D,) one "
        "of shape (); got (2, 3) and target of shape (2, 1); reshape them."
    )
    with raises(fg.ShapeError, message):
        fg.nn.cosine_embedding_loss(x, x, np.array([[1], [1]]))
    message = (
        "multi_margin_loss(): target must have shape (2,) for input of shape (2, 3); got (3,); give one label for "
    )
    with raises(fg.ShapeError, message + "each row."):
        fg.nn.multi_margin_loss(x, np.array([0, 1, 2]))
    message = "multi_margin_loss(): weight must have one factor for each of 3 classes; got shape (2,); correct it."
    with raises(fg.ShapeError, message):
        fg.nn.multi_margin_loss(x, np.array([0, 1]), weight=jnp.ones(2))
    message = "multilabel_margin_loss(): input must have shape (N, C) or (C,); got shape (1, 2, 3); reshape it with "
    with raises(fg.ShapeError, message + "fg.reshape."):
        fg.nn.multilabel_margin_loss(x[None], np.zeros((1, 2, 3), int))
    message = "multilabel_margin_loss(): input must have scores of a class; got shape (2, 0); check its last dimension."
    with raises(fg.ShapeError, message):
        fg.nn.multilabel_margin_loss(x[:, :0], np.zeros((2, 0), int))
    message = (
        "multilabel_soft_margin_loss(): weight must have shape (3,) or that of input; got (2,) and input of shape "
        "(2, 3); reshape it."
    )
    with raises(fg.ShapeError, message):
        fg.nn.multilabel_soft_margin_loss(x, x, jnp.ones(2))
    message = "triplet_margin_loss(): anchor must have shape (N, D) or (D,); got shape (); reshape it with fg.reshape."
    with raises(fg.ShapeError, message):
        fg.nn.triplet_margin_loss(x[0, 0], x[0, 0], x[0, 0])
    message = (
        "gaussian_nll_loss(): var must have the shape of input, lack its last dimension, or have one dimension of size "
        "1; got (3,) and input of shape (2, 3); reshape it."
    )
    with raises(fg.ShapeError, message):
        fg.nn.gaussian_nll_loss(x, x, jnp.ones(3))


def test_options_are_checked():
    with raises(fg.ArgumentError, "multi_margin_loss(): p must be 1 or 2; got 3; choose one."):
        fg.nn.multi_margin_loss(x, np.array([0, 1]), 3)
    for word in ("triplet_margin_loss", "triplet_margin_with_distance_loss"):
        with raises(fg.ArgumentError, f"{word}(): margin must be positive; got 0.0; choose a larger one."):
            getattr(fg.nn, word)(x, x, x, margin=0.0)
    message = (
        "gaussian_nll_loss(): var must not be negative; got -1; pass the network's output through an exponential or "
        "fg.nn.softplus."
    )
    with raises(fg.ArgumentError, message):
        fg.nn.gaussian_nll_loss(x, x, jnp.array([[1.0, -1.0, 1.0]] * 2))


def test_linear_cross_entropy_says_what_does_not_fit():
    w = jnp.ones((4, 3))
    message = (
        "linear_cross_entropy(): input of shape (N, in) or (in,) needs linear_weight of shape (C, in) or (C, d1, ..., "
        "in); got (2, 3) and (3, 4); reshape one of them."
    )
    with raises(fg.ShapeError, message):
        fg.nn.linear_cross_entropy(x, w.T, np.array([0, 1]))
    message = (
        "linear_cross_entropy(): linear_weight of shape (C, d1, ..., in) needs input of shape (N, in); got input of "
        "shape (3,); add a dimension with fg.unsqueeze(x, 0)."
    )
    with raises(fg.ShapeError, message):
        fg.nn.linear_cross_entropy(x[0], w[None], np.array([0]))
    message = (
        "linear_cross_entropy(): linear_bias must have shape (4,) for linear_weight of shape (4, 3); got (3,); give "
        "one number for each output."
    )
    with raises(fg.ShapeError, message):
        fg.nn.linear_cross_entropy(x, w, np.array([0, 1]), linear_bias=jnp.ones(3))
    message = (
        "linear_cross_entropy(): ignore_index must be left out where target contains probabilities; got 1; leave it "
        "out."
    )
    with raises(fg.ArgumentError, message):
        fg.nn.linear_cross_entropy(x, w, jnp.full((2, 4), 0.25), ignore_index=1)
    message = (
        "cross_entropy(): target must be in [0, 3] along dimension 1 of size 4; got 4; correct the index; nothing is "
        "clamped or wrapped."
    )
    with raises(fg.IndexRangeError, message):
        fg.nn.linear_cross_entropy(x, w, np.array([0, 4]))

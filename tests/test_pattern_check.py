"""The check of a pattern: it finds what is planted, and says how sure it is."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from harness import raises

import funcgrad as fg


def chain(x):
    return x[1:] ** 2 - x[:-1]


def without(pattern, row, col):
    held = (pattern.rows != row) | (pattern.cols != col)
    return fg.SparsityPattern(pattern.shape, pattern.rows[held], pattern.cols[held])


def test_what_is_right_passes():
    x = jnp.linspace(0.5, 2.0, 500)
    found = fg.check_pattern(chain, fg.jacobian_pattern(chain, x), x, key=fg.key(1))
    assert found.unseen.nnz == 0
    assert found.bound == pytest.approx((1 - (1 - 1 / 4) ** 2) ** 10)
    assert (found.products, found.undefined.size) == (40, 0)


@pytest.mark.parametrize(("row", "col"), [(0, 0), (250, 251), (498, 498)])
def test_a_planted_gap_is_named(row, col):
    x = jnp.linspace(0.5, 2.0, 500)
    pattern = without(fg.jacobian_pattern(chain, x), row, col)
    value = float(jax.jacfwd(chain)(x)[row, col])
    with raises(
        fg.ArgumentError,
        "check_pattern(): every nonzero entry of the Jacobian must be in the pattern; "
        f"the entry ({row}, {col}) is {value:.6g} and not in it; detect the pattern again with fg.jacobian_pattern.",
    ):
        fg.check_pattern(chain, pattern, x, key=fg.key(0))


def test_the_smallest_entry_shows_beside_the_largest():
    x = jnp.ones(100)
    weights = np.full((1, 100), 1e6, np.float32)
    weights[0, 7] = 1e-30
    pattern = fg.SparsityPattern((1, 100), np.zeros(99, int), np.delete(np.arange(100), 7))
    with pytest.raises(fg.ArgumentError, match=r"the entry \(0, 7\) is"):
        fg.check_pattern(lambda x: weights @ x, pattern, x, key=fg.key(0))


def test_what_is_never_other_than_zero_is_reported():
    x = jnp.array([0.0, 1.0, 2.0, 0.0])
    found = fg.check_pattern(chain, fg.jacobian_pattern(chain, x), x, key=fg.key(0))
    assert (found.unseen.rows.tolist(), found.unseen.cols.tolist(), found.bound) == ([2], [3], 0.0)


def test_rows_that_are_not_finite_are_not_judged():
    x = jnp.array([0.0, 1.0, 2.0])
    found = fg.check_pattern(
        lambda x: jnp.sqrt(x) * x[::-1], fg.SparsityPattern.from_dense(np.eye(3)[::-1] + np.eye(3)), x, key=fg.key(0)
    )
    assert found.undefined.tolist() == [0]


def test_rules_in_reverse_and_several_arguments():
    @jax.custom_vjp
    def f(x, y):
        return x[:2] * y["a"], 3

    f.defvjp(lambda x, y: (f(x, y), (x, y)), lambda kept, c: (jnp.pad(c[0], (1, 0)), {"a": c[0] * kept[0][:2]}))
    x, y = jnp.arange(1.0, 4.0), {"a": jnp.ones(2)}
    g = lambda x, y: f(x, y)[0]  # noqa: E731
    pattern = fg.jacobian_pattern(g, x, y, argnums=(0, 1))
    assert np.array_equal(pattern.to_dense(), [[0, 1, 0, 1, 0], [0, 0, 1, 0, 1]])
    assert fg.check_pattern(g, pattern, x, y, argnums=(0, 1), key=fg.key(0)).unseen.nnz == 0
    with pytest.raises(fg.ArgumentError, match=r"the entry \(1, 2\) is 1"):
        fg.check_pattern(g, without(pattern, 1, 2), x, y, argnums=(0, 1), key=fg.key(0))


def test_hessians_are_checked_through_the_gradient():
    f = lambda x: jnp.sum(x[1:] ** 2 * x[:-1])  # noqa: E731
    x = jnp.linspace(1.0, 2.0, 40)
    pattern = fg.hessian_pattern(f, x)
    assert fg.check_pattern(jax.grad(f), pattern, x, key=fg.key(0)).unseen.nnz == 0
    with pytest.raises(fg.ArgumentError, match=r"\(3, 4\)"):
        fg.check_pattern(jax.grad(f), without(pattern, 3, 4), x, key=fg.key(0))


def test_messages():
    x = jnp.ones(4)
    pattern = fg.jacobian_pattern(chain, x)
    with raises(
        fg.ArgumentTypeError,
        "check_pattern(): pattern must be a SparsityPattern; got float64 of shape (3, 4); "
        "make one with fg.jacobian_pattern.",
    ):
        fg.check_pattern(chain, pattern.to_dense() * 1.0, x, key=fg.key(0))
    with raises(
        fg.ShapeError,
        "check_pattern(): the pattern must have a row for each output and a column for each input; "
        "got (4, 3) for (3, 4); detect it again with fg.jacobian_pattern.",
    ):
        fg.check_pattern(chain, pattern.T, x, key=fg.key(0))
    with raises(
        fg.ArgumentTypeError,
        "check_pattern(): key= is required, because no generator is kept here; got none; "
        "pass key=fg.key(0), and a new one from fg.keys each time.",
    ):
        fg.check_pattern(chain, pattern, x)
    with raises(fg.ArgumentError, "check_pattern(): rounds must be positive; got 0; leave it out."):
        fg.check_pattern(chain, pattern, x, key=fg.key(0), rounds=0)
    with raises(
        fg.ArgumentTypeError,
        "check_pattern(): func must be a function; got int 3; write fg.check_pattern(f, pattern, x).",
    ):
        fg.check_pattern(3, pattern, x, key=fg.key(0))
    with raises(
        fg.TracedValueError,
        "check_pattern(): the arguments must have values; got an argument that is being traced; "
        "check the pattern outside fg.jit.",
    ):
        jax.jit(lambda x: fg.check_pattern(chain, pattern, x, key=fg.key(0)).products)(x)

"""Products, contractions and distances: gradients at kinks, messages, and what the cases cannot say."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from harness import check_grad, raises

import funcgrad as fg
from funcgrad.testing import assert_close

inf = float("inf")
m23, m42 = fg.ones(2, 3), fg.ones(4, 2)


def test_the_examples_of_the_tutorials():
    x = fg.arange(4.0)
    assert 2 * fg.dot(x, x) == 28
    assert (jax.grad(lambda x: 2 * fg.dot(x, x))(x) == 4 * x).all()
    assert fg.norm(fg.tensor([3.0, -4.0])) == 5
    assert fg.norm(fg.ones(4, 9)) == 6
    a = fg.arange(12).reshape(3, 4)
    assert fg.mm(a, fg.arange(12).reshape(4, 3)).tolist() == [[42, 48, 54], [114, 136, 158], [186, 224, 262]]
    assert fg.dot(fg.arange(12), fg.arange(12)) == 506
    assert fg.mv(fg.arange(20.0).reshape(5, 4), fg.arange(4.0)).tolist() == [14, 38, 62, 86, 110]


# Gradients where a norm has a kink: torch's, and never NaN


@pytest.mark.parametrize("p", [2, "fro", 1, 1.5, 3, 0.5, 0, inf, None])
def test_the_gradient_of_a_norm_at_zero_is_zero(p):
    for shape, dim in [((3,), None), ((2, 3), 1), ((2, 3), (0, 1))]:
        for derivative in (jax.grad, jax.jacfwd):
            assert (derivative(lambda x, dim=dim: fg.norm(x, p, dim).sum())(fg.zeros(*shape)) == 0).all()
    mixed = jax.grad(lambda x: fg.norm(x, p, 1).sum())(fg.tensor([[0.0, 0.0], [3.0, 0.0]]))
    assert_close(mixed, fg.tensor([[0, 0], [float(p != 0), 0]], "float"))


def test_second_derivatives_of_a_norm_are_finite_at_zero():
    assert jnp.isfinite(jax.hessian(fg.norm)(fg.zeros(3))).all()
    check_grad(jax.grad(lambda x: fg.norm(x, 3)), fg.tensor([1.0, -2.0, 3.0]))


def test_the_gradient_of_distances_is_zero_where_points_coincide():
    points = fg.tensor([[1.0, 2.0], [1.0, 2.0], [0.0, 0.0]])
    for p in (1.0, 2.0, 3.0, inf):
        for f in (lambda x, p=p: fg.cdist(x, x, p), lambda x, p=p: fg.pdist(x, p), lambda x, p=p: fg.dist(x, x, p)):
            assert jnp.isfinite(jax.jacobian(f)(points)).all()
    assert (jax.grad(lambda x: fg.dist(x, x))(points) == 0).all()
    assert (jax.grad(lambda x: fg.cdist(x[:1], x[1:2])[0, 0])(points) == 0).all()
    mode = "use_mm_for_euclid_dist"
    assert jnp.isfinite(jax.jacobian(lambda x: fg.cdist(x, x, compute_mode=mode))(points)).all()


def test_near_points_keep_their_digits():
    near = fg.tensor([[1000.0, 1000.0], [1000.001, 1000.0]])
    assert fg.cdist(near, near)[0, 1] == pytest.approx(0.001, rel=0.05)


# Programs


def test_products_lower_to_one_contraction_each():
    for f, operands in [
        (lambda a, b: fg.mm(a, b), (m23, m23.T)),
        (lambda a, b: fg.matmul(a, b), (m23, m23.T)),
        (lambda a, b: fg.einsum("ij,kj->ik", a, b), (m23, m23)),
        (lambda a, b: fg.dot(a, b), (fg.ones(3), fg.ones(3))),
        (lambda a, b: fg.addmm(a, a, b), (fg.ones(3, 3), fg.ones(3, 3))),
    ]:
        text = jax.jit(f).lower(*operands).as_text()
        assert text.count("dot_general") == 1
        assert "call" not in text.replace("dot_general", "")


@pytest.mark.parametrize("sizes", [(4, 4, 4), (2, 7, 3), (5, 2, 6)])
def test_stacks_of_small_matrices_are_the_same_product(rng, sizes):
    n, k, m = sizes
    a = fg.tensor(rng.standard_normal((8, 8, n, k)).astype(np.float32))
    b = fg.tensor(rng.standard_normal((8, 8, k, m)).astype(np.float32))
    text = jax.jit(fg.matmul).lower(a, b).as_text()
    assert ("dot_general" not in text) == (jax.default_backend() == "cpu")
    assert "dot_general" in jax.jit(fg.matmul).lower(a[:7], b[:7]).as_text()  # too few to be worth it

    def derivatives(product):
        def loss(a, b):
            return (product(a, b) ** 3).sum()

        def along(a, b):
            return jax.jvp(loss, (a, b), (a + 1, b - 1))[1]

        def third(a, b):
            return jax.grad(lambda a: (jax.grad(along)(a, b) ** 2).mean(), 0)(a)

        mapped = jax.vmap(jax.vmap(jax.grad(loss)))(a, b)
        return (
            product(a, b),
            jax.grad(loss, (0, 1))(a, b),
            along(a, b),
            jax.grad(along, (0, 1))(a, b),
            third(a, b),
            mapped,
        )

    ours, theirs = (jax.jit(lambda p=p: derivatives(p))() for p in (fg.matmul, jnp.matmul))
    for x, y in zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
        scale = jnp.abs(y).max()  # roundings are those of the largest
        assert_close(x / scale, y / scale, rtol=1e-5, atol=1e-5)
    assert_close(
        jax.linear_transpose(lambda a: fg.matmul(a, b), a)(ours[0])[0],
        ours[0] @ jnp.swapaxes(b, -1, -2),
        **{"rtol": 1e-5, "atol": 1e-5},
    )
    assert_close(fg.bmm(a[0], b[0]), a[0] @ b[0], rtol=1e-5, atol=1e-5)


def test_a_scale_may_be_traced_and_differentiated():
    c, a, b = fg.ones(2, 2), m23, m23.T
    beta, alpha = jax.grad(lambda beta, alpha: fg.addmm(c, a, b, beta=beta, alpha=alpha).sum(), (0, 1))(0.0, 2.0)
    assert (beta, alpha) == (4, 12)
    nans = jnp.full((2, 2), jnp.nan)
    assert (jax.jit(lambda beta: fg.addmm(nans, a, b, beta=beta))(0.0) == 3).all()


def test_einsum_takes_a_list_twice():
    for _ in range(3):
        assert (fg.einsum("ij,kj->ik", [m23, m23]) == 3).all()


# Differences from torch that are meant


def test_integers_and_floats_may_be_mixed():
    assert fg.dot(fg.ones(3), fg.arange(3)) == 3
    assert fg.matmul(m23, fg.arange(3)).dtype == fg.float32
    assert fg.linalg.vecdot(fg.arange(3), fg.arange(3)) == 5
    assert fg.linalg.solve(fg.ones(1, 1, 1), fg.ones(2, 1), left=False).shape == (1, 2, 1)


# Messages


def test_messages_of_vectors():
    message = (
        "dot(): both operands must have 1 dimension; got (2, 3) and (3,); use fg.matmul for matrices, or fg.sum(x * y)."
    )
    with raises(fg.ShapeError, message):
        fg.dot(m23, fg.ones(3))
    message = (
        "dot(): both operands must have the same length; got (2,) and (3,), where 2 != 3; "
        "transpose or reshape one of them."
    )
    with raises(fg.ShapeError, message):
        fg.dot(fg.ones(2), fg.ones(3))
    with raises(fg.ShapeError, message.replace("dot", "vdot")):
        fg.vdot(fg.ones(2), fg.ones(3))
    message = "dot(): operands must be numbers; got bool; convert them with fg.to(x, 'int')."
    with raises(fg.DtypeError, message):
        fg.dot(fg.ones(2) > 0, fg.ones(2) > 0)
    message = (
        "inner(): the last dimensions must be equal; got (2, 3) and (4, 2), where 3 != 2; "
        "transpose or reshape one of them."
    )
    with raises(fg.ShapeError, message):
        fg.inner(m23, m42)
    message = "outer(): input must have 1 dimension and vec2 1; got (2, 3) and (3,); flatten them with fg.flatten."
    with raises(fg.ShapeError, message):
        fg.ger(m23, fg.ones(3))


def test_messages_of_matrices():
    tail = "got (2, 3) and (4, 2), where 3 != 4; transpose or reshape one of them."
    with raises(fg.ShapeError, f"mm(): the last dimension of input must equal the first of mat2; {tail}"):
        fg.mm(m23, m42)
    required = "the last dimension of input must equal the second to last of other"
    with raises(fg.ShapeError, f"matmul(): {required}; {tail}"):
        fg.matmul(m23, m42)
    with raises(fg.ShapeError, f"matmul(): {required}; {tail}"):
        jax.jit(fg.matmul)(m23, m42)
    message = (
        "matmul(): the last dimension of input must equal the length of other; got (2, 3) and (4,), where 3 != 4; "
        "transpose or reshape one of them."
    )
    with raises(fg.ShapeError, message):
        fg.matmul(m23, fg.ones(4))
    message = "matmul(): both operands must have at least 1 dimension; got () and (3,); use * to scale by a number."
    with raises(fg.ShapeError, message):
        fg.matmul(2.0, fg.ones(3))
    message = (
        "matmul(): all dimensions but the last two must agree or be 1, counted from the end; "
        "got (2, 3, 4) and (3, 4, 2); reshape or expand one of them."
    )
    with raises(fg.ShapeError, message):
        fg.matmul(fg.ones(2, 3, 4), fg.ones(3, 4, 2))
    message = "mm(): input must have 2 dimensions and mat2 2; got (3,) and (3, 2); use fg.matmul for other shapes."
    with raises(fg.ShapeError, message):
        fg.mm(fg.ones(3), fg.ones(3, 2))
    message = "mv(): input must have 2 dimensions and vec 1; got (3,) and (3,); use fg.matmul for other shapes."
    with raises(fg.ShapeError, message):
        fg.mv(fg.ones(3), fg.ones(3))
    message = (
        "mv(): the last dimension of input must equal the length of vec; got (2, 3) and (2,), where 3 != 2; "
        "transpose or reshape one of them."
    )
    with raises(fg.ShapeError, message):
        fg.mv(m23, fg.ones(2))
    message = (
        "bmm(): input and mat2 must have the same first dimension; got (2, 3, 4) and (1, 4, 2); "
        "use fg.matmul to broadcast one of them."
    )
    with raises(fg.ShapeError, message):
        fg.bmm(fg.ones(2, 3, 4), fg.ones(1, 4, 2))
    message = "bmm(): input must have 3 dimensions and mat2 3; got (2, 3) and (4, 2); use fg.matmul for other shapes."
    with raises(fg.ShapeError, message):
        fg.bmm(m23, m42)
    message = (
        "trace(): input must have 2 dimensions; got (3,); "
        "use fg.vmap(fg.trace) for stacks, or fg.sum(fg.linalg.diagonal(x), -1)."
    )
    with raises(fg.ShapeError, message):
        fg.trace(fg.ones(3))
    with raises(fg.DtypeError, "trace(): operands must be numbers; got bool; convert them with fg.to(x, 'int')."):
        fg.trace(fg.tensor([[True]]))


def test_messages_of_cross():
    message = "cross(): a dimension must have size 3; got (2,) and (2,); correct the shapes."
    with raises(fg.ShapeError, message):
        fg.cross(fg.ones(2), fg.ones(2))
    message = "cross(): both operands must have size 3 in dimension 0; got (2, 3) and (2, 3); choose dim."
    with raises(fg.ShapeError, message):
        fg.cross(m23, m23, 0)
    message = (
        "cross(): input and other must have as many dimensions; got (2, 3) and (3,); add dimensions with fg.unsqueeze."
    )
    with raises(fg.ShapeError, message):
        fg.cross(m23, fg.ones(3), -1)
    message = (
        "cross(): shapes must agree or be 1 in each dimension; got (2, 3) and (4, 3); reshape or expand one of them."
    )
    with raises(fg.ShapeError, message):
        fg.cross(m23, fg.ones(4, 3), -1)


def test_messages_of_einsum():
    message = (
        "einsum(): the equation must be made of letters, commas, '...' and one '->'; got 'i1->i'; "
        "write it like 'ij,jk->ik'."
    )
    with raises(fg.ArgumentError, message):
        fg.einsum("i1->i", m23)
    message = (
        "einsum(): the equation must have one group of letters for each operand; got 2 groups in 'ij,jk' and "
        "1 operand; separate groups by commas."
    )
    with raises(fg.ArgumentError, message):
        fg.einsum("ij,jk", m23)
    message = (
        "einsum(): each group must have a letter for each dimension; got 'i' for shape (2, 3) in 'i->i'; "
        "name every dimension, or put '...' for those that broadcast."
    )
    with raises(fg.ShapeError, message):
        fg.einsum("i->i", m23)
    message = (
        "einsum(): a letter must have one size, or 1; got j of size 3 and 4 in 'ij,jk->ik' with shapes (2, 3) and "
        "(4, 2); correct the equation or transpose an operand."
    )
    with raises(fg.ShapeError, message):
        fg.einsum("ij,jk->ik", m23, m42)
    message = (
        "einsum(): each letter of the result must occur in an operand's group, and once in the result; "
        "got '{}' in '{}'; correct the letters after '->'."
    )
    with raises(fg.ArgumentError, message.format("k", "ij->k")):
        fg.einsum("ij->k", m23)
    with raises(fg.ArgumentError, message.format("i", "ij->ii")):
        fg.einsum("ij->ii", m23)
    message = "einsum(): the equation must be a string like 'ij,jk->ik'; got int 3; write the operands after it."
    with raises(fg.ArgumentTypeError, message):
        fg.einsum(3, m23)


def test_einsum_takes_lists_of_numbers():
    for _ in range(2):
        assert_close(fg.einsum(m23, [0, 1], m42.T, [0, 2], [1, 2]), fg.einsum("ij,ik->jk", m23, m42.T))
        assert_close(fg.einsum(fg.ones(5, 2, 3), [..., 0, 1], m23, [0, 1]), fg.full((5,), 6.0))
        assert_close(fg.einsum(m23, [26, 0]), m23.T)  # 26 is the first small letter, which comes after the large ones
    assert fg.einsum(m23, [0, 51]).shape == (2, 3)
    message = "einsum(): lists must be made of ints in [0, 51] and ...; got 52; number the dimensions from 0."
    with raises(fg.ArgumentError, message):
        fg.einsum(m23, [0, 52])
    message = (
        "einsum(): a letter repeated in one group must have one size; got i of size 1 and 3 in 'ii->i' with shapes "
        "(1, 3); correct the equation, or expand the operand."
    )
    with raises(fg.ShapeError, message):
        fg.einsum("ii->i", fg.ones(1, 3))


def test_messages_of_tensordot():
    message = (
        "tensordot(): contracted dimensions must have equal sizes; got (2, 3) and (4, 2), where dimension 1 of a has 3 "
        "and dimension 0 of b 4; correct dims."
    )
    with raises(fg.ShapeError, message):
        fg.tensordot(m23, m42, 1)
    message = (
        "tensordot(): dims must be 0 or more and at most the number of dimensions of both; got dims=3 for (2, 3) and "
        "(4, 2); lower dims."
    )
    with raises(fg.ShapeError, message):
        fg.tensordot(m23, m42, 3)
    message = (
        "tensordot(): dims must be a number or two lists of equal length; got ((0,), (0, 1)); "
        "write it like dims=([0, 1], [1, 0])."
    )
    with raises(fg.ArgumentError, message):
        fg.tensordot(m23, m42, ([0], [0, 1]))


def test_messages_of_sums_with_products():
    message = (
        "addmm(): input must broadcast to the shape of the product, (2, 2); got (3, 2, 2); "
        "add it to the result of addmm instead."
    )
    with raises(fg.ShapeError, message):
        fg.addmm(fg.ones(3, 2, 2), m23, m23.T)
    message = (
        "addmm(): beta and alpha must be integers where the operands are; got int32 operands; "
        "convert them with fg.to(x, 'float')."
    )
    with raises(fg.DtypeError, message):
        fg.addmm(fg.ones(2, 2, dtype="int"), fg.ones(2, 3, dtype="int"), fg.ones(3, 2, dtype="int"), alpha=0.5)
    message = "addmv(): alpha must have 0 dimensions; got shape (2,); pass a number."
    with raises(fg.ShapeError, message):
        fg.addmv(fg.ones(2), m23, fg.ones(3), alpha=fg.ones(2))
    message = (
        "baddbmm(): batch1 and batch2 must have the same first dimension; got (2, 3, 4) and (1, 4, 2); "
        "repeat one of them."
    )
    with raises(fg.ShapeError, message):
        fg.baddbmm(fg.ones(1), fg.ones(2, 3, 4), fg.ones(1, 4, 2))


def test_messages_of_norms():
    message = (
        "norm(): input must be floating point or complex; got int32 of shape (3,); convert it with fg.to(x, 'float')."
    )
    with raises(fg.DtypeError, message):
        fg.norm(fg.arange(3))
    message = "norm(): p must be a number, 'fro' or 'nuc'; got 'max'; write p=float('inf') for the largest magnitude."
    with raises(fg.ArgumentError, message):
        fg.norm(m23, "max")
    message = "norm(): the nuclear norm needs two dimensions; got 1 of shape (3,); name two with dim=(i, j)."
    with raises(fg.ShapeError, message):
        fg.norm(fg.ones(3), "nuc")
    message = "norm(): the norm of order inf needs at least one element; got shape (0,); check the shape of the input."
    with raises(fg.ArgumentError, message):
        fg.norm(fg.ones(0), inf)
    message = (
        "cdist(): x1 and x2 must be (..., n, m) and (..., r, m), with as many coordinates m; got (2, 3) and (4, 2); "
        "reshape them, one point a row."
    )
    with raises(fg.ShapeError, message):
        fg.cdist(m23, m42)
    with raises(fg.ArgumentError, "cdist(): p must not be negative; got -1; write p=2 for the length."):
        fg.cdist(m23, m23, -1)
    message = "pdist(): input must have 2 dimensions; got shape (3,); reshape it, one point a row."
    with raises(fg.ShapeError, message):
        fg.pdist(fg.ones(3))

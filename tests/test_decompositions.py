"""Decompositions that are compact or partial: what they rebuild, their derivatives, and messages."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from harness import check_grad, raises

import funcgrad as fg
from funcgrad import linalg
from funcgrad.testing import assert_close

close = {"rtol": 2e-5, "atol": 2e-5}


@pytest.fixture
def symmetric(rng):
    x = rng.standard_normal((4, 4)).astype(np.float32)
    return fg.tensor(x + x.T)


def hermitian(rng, n):
    x = rng.standard_normal((n, n)) + 1j * rng.standard_normal((n, n))
    return fg.tensor((x + x.conj().T).astype(np.complex64))


# Values and derivatives


def test_ldl_solves_what_it_factored(rng, symmetric):
    hollow = symmetric * (1 - jnp.eye(4))
    B = fg.tensor(rng.standard_normal((4, 2)).astype(np.float32))
    for A in (symmetric, hollow, jnp.stack([symmetric, hollow])):
        for f in (linalg.ldl_factor, jax.jit(linalg.ldl_factor)):
            LD, pivots = f(A)
            assert_close(A @ linalg.ldl_solve(LD, pivots, B), jnp.broadcast_to(B, (*A.shape[:-2], 4, 2)), **close)
    assert (linalg.ldl_factor(hollow).pivots < 0).any()
    A = hermitian(rng, 4)
    for kind in (True, False):
        A = A if kind else A + A.T
        X = linalg.ldl_solve(*linalg.ldl_factor(A, hermitian=kind), B.astype("complex64"), hermitian=kind)
        assert_close(A @ X, B.astype("complex64"), rtol=1e-4, atol=1e-4)


def test_derivatives_of_ldl_are_those_of_the_inverse(rng, symmetric):
    for A in (symmetric, symmetric * (1 - jnp.eye(4))):
        B = rng.standard_normal((4, 2))
        check_grad(lambda A, B: linalg.ldl_solve(*linalg.ldl_factor(A + A.T), B), A, B, rtol=1e-6)


def test_a_block_of_zeros_is_reported():
    zeros = jnp.stack([jnp.eye(2), jnp.ones((2, 2)), jnp.zeros((2, 2))])
    assert linalg.ldl_factor_ex(zeros).info.tolist() == [0, 2, 1]
    assert linalg.lu_factor_ex(zeros).info.tolist() == [0, 2, 1]
    assert fg.lu(zeros, get_infos=True).info.tolist() == [0, 2, 1]
    for name, required, remedy in (
        ("lu_factor", "no pivot may be 0", "use fg.linalg.lu_factor_ex, which reports it, or fg.linalg.lu"),
        ("ldl_factor", "no block of D may be 0", "use fg.linalg.ldl_factor_ex, which reports it"),
    ):
        tail = f"{required}; got one that is at index 1 of the stack (shape (3, 2, 2)); {remedy}."
        with raises(fg.LinAlgError, f"{name}(): {tail}"):
            getattr(linalg, name)(zeros)
        with raises(fg.LinAlgError, f"{name}_ex(): {tail}"):
            getattr(linalg, name + "_ex")(zeros, check_errors=True)
        assert jax.jit(getattr(linalg, name))(zeros).pivots.shape == (3, 2)
    message = "lu(): no pivot may be 0; got one that is (shape (2, 2)); pass get_infos=True to have it reported."
    with raises(fg.LinAlgError, message):
        fg.lu(fg.ones(2, 2))


def test_lu_unpack_rebuilds(rng):
    for shape in [(3, 3), (5, 3), (2, 3, 5)]:
        A = fg.tensor(rng.standard_normal(shape).astype(np.float32))
        P, L, U = fg.lu_unpack(*linalg.lu_factor(A))
        assert_close(P @ L @ U, A, **close)
        assert [f.shape for f in fg.lu_unpack(*linalg.lu_factor(A), False, False)] == [(0,)] * 3


def test_reflections_rebuild(rng):
    for shape in [(5, 3), (2, 4, 4), (3, 5)]:
        A = fg.tensor(rng.standard_normal(shape).astype(np.float32))
        a, tau = fg.geqrf(A)
        m, k = shape[-2], min(shape[-2:])
        R = jnp.triu(a)
        assert_close(fg.ormqr(a, tau, R), A, **close)
        assert_close(fg.orgqr(a[..., :k], tau) @ R[..., :k, :], A, **close)
        whole = jnp.broadcast_to(jnp.eye(m), (*shape[:-2], m, m))
        Q = fg.ormqr(a, tau, whole)
        assert_close(fg.ormqr(a, tau, whole, False, True), jnp.swapaxes(Q, -1, -2), **close)
        assert_close(Q @ jnp.swapaxes(Q, -1, -2), whole, **close)
    check_grad(jax.grad(lambda a: (fg.orgqr(a, jnp.ones(2)) ** 3).sum()), rng.standard_normal((3, 2)), rtol=1e-6)


def test_lobpcg_gives_the_ends_of_the_spectrum(rng, symmetric):
    A = symmetric @ symmetric
    all_values = jnp.linalg.eigvalsh(A)
    E, X = fg.lobpcg(A, k=2)
    assert_close(E, all_values[:-3:-1], **close)
    assert_close(A @ X, X * E, rtol=1e-4, atol=1e-4)
    E, _ = fg.lobpcg(A, X=fg.ones(4, 3), largest=False)
    assert_close(E, all_values[:3], rtol=1e-4, atol=1e-4)
    B = fg.diag(fg.tensor([1.0, 2.0, 3.0, 4.0])) + 0.5
    for stacked in (A, jnp.stack([A, A + jnp.eye(4)])):
        E, X = fg.lobpcg(stacked, 2, B)
        assert_close(stacked @ X, B @ X * E[..., None, :], rtol=1e-3, atol=1e-3)
        assert_close(jnp.swapaxes(X, -1, -2) @ B @ X, jnp.broadcast_to(jnp.eye(2), X[..., :2, :].shape), **close)
    H = hermitian(rng, 3)
    assert_close(fg.lobpcg(H, 3)[0], jnp.linalg.eigvalsh(H)[::-1], **close)


@pytest.mark.parametrize("shape", [(6, 4), (4, 6), (2, 5, 5)])
def test_matrices_of_low_rank_are_rebuilt(rng, shape):
    left, right = (rng.standard_normal((*shape[:-2], n, 2)) for n in shape[-2:])
    A = fg.tensor((left @ np.swapaxes(right, -1, -2)).astype(np.float32))
    for f in (fg.svd_lowrank, jax.jit(fg.svd_lowrank, static_argnums=1)):
        U, S, V = f(A, 3, key=fg.key(0))
        assert_close((U * S[..., None, :]) @ jnp.swapaxes(V, -1, -2), A, rtol=1e-4, atol=1e-4)
        assert_close(S[..., :2], linalg.svdvals(A)[..., :2], rtol=1e-4, atol=1e-4)
    assert fg.svd_lowrank(A, 9, key=fg.key(1)).S.shape[-1] == min(shape[-2:])
    centred = A - A.mean(-2, keepdims=True)
    found = fg.pca_lowrank(A, 2, key=fg.key(0))
    assert_close(found.S, linalg.svdvals(centred)[..., :2], rtol=1e-4, atol=1e-4)
    same = fg.svd_lowrank(A, 2, M=A.mean(-2, keepdims=True), key=fg.key(0))
    assert_close(same.S, found.S, rtol=1e-5, atol=1e-5)
    assert fg.pca_lowrank(A, center=False, key=fg.key(0)).S.shape[-1] == min(6, *shape[-2:])


def test_cosine_similarity_at_zero_and_below_eps_has_torchs_gradient():
    x, y = np.array([[0, 0], [0.3, 0.4], [3, 4]], np.float32), np.array([[1, 2], [2, 1], [1, 1]], np.float32)
    ours = jax.grad(lambda x: fg.cosine_similarity(x, fg.tensor(y), eps=1.0).sum())(fg.tensor(x))
    # With lengths of at least 1 the denominator is |y| at first, and its derivative counts all the same.
    unit = y[0] / np.sqrt(5)
    assert_close(ours[0], fg.tensor(unit), rtol=1e-6, atol=1e-6)
    assert fg.cosine_similarity(fg.zeros(2), fg.ones(2), 0) == 0


# Messages


def test_messages_of_factors():
    LU, pivots = linalg.lu_factor(fg.eye(3))
    message = (
        "lu_unpack(): LU_pivots must have shape (3,), that of the matrices without their columns; got (2,); "
        "pass what lu_factor returned."
    )
    with raises(fg.ShapeError, message):
        fg.lu_unpack(LU, pivots[:2])
    message = "lu_solve(): pivots must be integers; got float32; pass what lu_factor returned."
    with raises(fg.DtypeError, message):
        fg.lu_solve(fg.ones(3, 1), LU, fg.ones(3))
    message = "ldl_solve(): pivots must be integers; got float32; pass what ldl_factor returned."
    with raises(fg.DtypeError, message):
        linalg.ldl_solve(LU, fg.ones(3), fg.ones(3, 1))
    message = (
        "ldl_solve(): pivots must have shape (3,), that of LD without its columns; got (2,); "
        "pass what ldl_factor returned."
    )
    with raises(fg.ShapeError, message):
        linalg.ldl_solve(LU, pivots[:2], fg.ones(3, 1))


def test_messages_of_reflections():
    message = "geqrf(): it has no derivative; it was differentiated; differentiate fg.linalg.qr instead."
    with raises(fg.ArgumentError, message):
        jax.grad(lambda x: fg.geqrf(x).a.sum())(fg.ones(2, 2))
    message = (
        "householder_product(): A must have at least as many rows as columns; got (2, 3); "
        "pass the columns that are wanted."
    )
    with raises(fg.ShapeError, message):
        linalg.householder_product(fg.ones(2, 3), fg.ones(2))
    message = (
        "householder_product(): tau must have the stack of A, and at most a number for each row and column; "
        "got (3, 2) and (3,); pass what geqrf returned."
    )
    with raises(fg.ShapeError, message):
        fg.orgqr(fg.ones(3, 2), fg.ones(3))
    message = (
        "ormqr(): other must have as many columns as input has rows, and its stack; got (3, 2) and (3, 2); "
        "reshape or expand one of them."
    )
    with raises(fg.ShapeError, message):
        fg.ormqr(fg.ones(3, 2), fg.ones(2), fg.ones(3, 2), left=False)


def test_messages_of_low_rank():
    key = fg.key(0)
    message = "pca_lowrank(): q must be at most min(m, n); got 4 for shape (5, 3); ask for fewer components."
    with raises(fg.ArgumentError, message):
        fg.pca_lowrank(fg.ones(5, 3), 4, key=key)
    with raises(fg.ArgumentError, "svd_lowrank(): niter must be at least 0; got -1; correct it."):
        fg.svd_lowrank(fg.ones(5, 3), 4, -1, key=key)
    with raises(fg.ShapeError, "svd_lowrank(): M must broadcast to the shape of A; got (2,) for (5, 3); reshape it."):
        fg.svd_lowrank(fg.ones(5, 3), M=fg.ones(2), key=key)
    message = (
        "svd_lowrank(): key= is required, because no generator is kept here; got none; "
        "pass key=fg.key(0), and a new one from fg.keys each time."
    )
    with raises(fg.ArgumentTypeError, message):
        fg.svd_lowrank(fg.ones(5, 3))
    message = "lobpcg(): k must be in [1, n] for n × n matrices; got 3 for shape (2, 2); ask for fewer eigenvalues."
    with raises(fg.ArgumentError, message):
        fg.lobpcg(fg.eye(2), 3)
    with raises(fg.ArgumentError, "lobpcg(): method must be 'basic' or 'ortho'; got 'qr'; leave it out."):
        fg.lobpcg(fg.eye(2), method="qr")
    with raises(fg.ShapeError, "lobpcg(): B must have the shape of A; got (2, 2) and (3, 3); correct B."):
        fg.lobpcg(fg.eye(2), B=fg.eye(3))


def test_messages_of_older_names():
    message = "chain_matmul(): one or more arrays are needed; got none; pass them one after another."
    with raises(fg.ArgumentError, message):
        fg.chain_matmul()
    message = "chain_matmul(): matrices[0] must have 2 dimensions; got shape (3,); reshape it with fg.reshape."
    with raises(fg.ShapeError, message):
        fg.chain_matmul(fg.ones(3), fg.ones(3, 2))
    message = "chain_matmul(): matrices[0] must be an array or a number; got a list; wrap it in fg.tensor(...)."
    with raises(fg.ArgumentTypeError, message):
        fg.chain_matmul([fg.ones(2, 3), fg.ones(3, 2)])
    message = "nuclear_norm(): it takes input, dim and keepdim; got 4 arguments; leave the others out."
    with raises(fg.ArgumentTypeError, message):
        fg.nuclear_norm(fg.ones(2, 3), (0, 1), True, 1)
    message = (
        "bilinear(): input1, input2 and weight must be (*, n), (*, m) and (out, n, m); got (5, 2), (1, 3) and "
        "(4, 2, 3); reshape or expand one of them."
    )
    with raises(fg.ShapeError, message):
        fg.nn.bilinear(fg.ones(5, 2), fg.ones(1, 3), fg.ones(4, 2, 3))
    with raises(fg.ShapeError, "bilinear(): bias must have shape (4,); got (3,); reshape it."):
        fg.bilinear(fg.ones(2), fg.ones(3), fg.ones(4, 2, 3), fg.ones(3))
    message = "cosine_similarity(): dim must be in [-1, 0] for 1 dimension; got 1; check the shape of the input."
    with raises(fg.DimError, message):
        fg.cosine_similarity(fg.ones(3), fg.ones(3))

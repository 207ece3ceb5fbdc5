"""Linear algebra: invariants of factors, derivatives through one triangle, failures, and messages."""

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
def matrix(rng):
    return fg.tensor((rng.standard_normal((3, 3)) + 4 * np.eye(3)).astype(np.float32))


@pytest.fixture
def positive(matrix):
    return matrix @ matrix.T


def rectangles(rng):
    shapes = [(5, 3), (3, 5), (3, 3), (2, 5, 3), (2, 3, 5), (1, 1), (4, 1)]
    for shape in shapes:
        yield fg.tensor(rng.standard_normal(shape).astype(np.float32))
    yield fg.tensor((rng.standard_normal((4, 3)) + 1j * rng.standard_normal((4, 3))).astype(np.complex64))


def H(x):
    return jnp.conj(jnp.swapaxes(x, -1, -2))


def identity_like(x):
    return jnp.broadcast_to(jnp.eye(x.shape[-1], dtype=x.dtype), x.shape)


# Factors: what the sign and phase of a column do not change


def test_svd_rebuilds_and_its_factors_are_orthogonal(rng):
    for A in rectangles(rng):
        for full in (True, False):
            U, S, Vh = linalg.svd(A, full_matrices=full)
            k = min(A.shape[-2:])
            assert_close((U[..., :k] * S[..., None, :]) @ Vh[..., :k, :], A, **close)
            assert_close(H(U) @ U, identity_like(H(U) @ U), **close)
            assert_close(Vh @ H(Vh), identity_like(Vh @ H(Vh)), **close)
            assert U.shape[-1] == (A.shape[-2] if full else k)
            assert Vh.shape[-2] == (A.shape[-1] if full else k)
            assert (jnp.diff(S) <= 0).all()
            assert_close(S, linalg.svdvals(A), **close)


def test_flat_svd_gives_v_itself(rng):
    for A in rectangles(rng):
        for some in (True, False):
            U, S, V = fg.svd(A, some)
            k = min(A.shape[-2:])
            assert_close((U[..., :k] * S[..., None, :]) @ H(V[..., :k]), A, **close)
            assert U.shape[-1] == (k if some else A.shape[-2])
        U, S, V = fg.svd(A, compute_uv=False)
        assert (U.shape[-1], V.shape[-1]) == A.shape[-2:]
        assert not U.any()


@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (4, 4)])
@pytest.mark.parametrize("full", [True, False])
def test_derivatives_of_svd(rng, shape, full):
    def invariant(A):
        U, S, Vh = linalg.svd(A, full_matrices=full)
        k = min(shape)
        return S, U[:, :2] @ Vh[:2], (U[:, :k] * S**2) @ U[:, :k].T

    check_grad(invariant, rng.standard_normal(shape), rtol=1e-6)


def test_qr_rebuilds_and_is_triangular(rng):
    for A in rectangles(rng):
        for mode in ("reduced", "complete"):
            Q, R = linalg.qr(A, mode)
            assert_close(Q @ R, A, **close)
            assert_close(H(Q) @ Q, identity_like(H(Q) @ Q), **close)
            assert_close(R, jnp.triu(R))
            assert Q.shape[-1] == (A.shape[-2] if mode == "complete" else min(A.shape[-2:]))
        Q, R = linalg.qr(A, "r")
        assert Q.shape == (0,)
        assert_close(R, linalg.qr(A).R, **close)
        assert_close(fg.qr(A, some=False).R, linalg.qr(A, "complete").R, **close)


@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (4, 4)])
def test_derivatives_of_qr(rng, shape):
    def positive_diagonal(A):
        Q, R = linalg.qr(A)
        sign = jnp.sign(jnp.diagonal(R))
        return Q * sign, R * sign[:, None]

    check_grad(positive_diagonal, rng.standard_normal(shape), rtol=1e-6)


def test_lu_rebuilds(rng):
    for A in rectangles(rng):
        P, L, U = linalg.lu(A)
        assert_close(P @ L @ U, A, **close)
        assert_close(L, jnp.tril(L))
        assert_close(U, jnp.triu(U))
        assert (jnp.diagonal(L, axis1=-2, axis2=-1) == 1).all()
    square = fg.tensor(rng.standard_normal((2, 3, 3)).astype(np.float32))
    B = fg.tensor(rng.standard_normal((2, 3, 4)).astype(np.float32))
    assert_close(square @ linalg.lu_solve(*linalg.lu_factor(square), B), B, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("left", [True, False])
@pytest.mark.parametrize("adjoint", [True, False])
def test_lu_solve_of_complex_matrices(rng, left, adjoint):
    A = fg.tensor((rng.standard_normal((3, 3)) + 1j * rng.standard_normal((3, 3))).astype(np.complex64))
    B = fg.tensor((rng.standard_normal((3, 3)) + 1j * rng.standard_normal((3, 3))).astype(np.complex64))
    X = linalg.lu_solve(*linalg.lu_factor(A), B, left=left, adjoint=adjoint)
    M = H(A) if adjoint else A
    assert_close(M @ X if left else X @ M, B, rtol=1e-4, atol=1e-4)


def test_eigh_rebuilds_from_either_triangle(positive):
    for A, UPLO in [(jnp.tril(positive), "L"), (jnp.triu(positive), "U"), (positive, "L")]:
        values, vectors = linalg.eigh(A, UPLO)
        assert_close((vectors * values) @ vectors.T, positive, rtol=1e-4, atol=1e-4)
        assert_close(vectors.T @ vectors, jnp.eye(3), **close)
        assert (jnp.diff(values) > 0).all()


def test_eig_rebuilds_and_has_unit_vectors(matrix):
    for A in (matrix, fg.tensor([[0.0, -1.0], [1.0, 0.0]])):
        values, vectors = linalg.eig(A)
        assert_close(A @ vectors, vectors * values, rtol=1e-4, atol=1e-4)
        assert_close(jnp.linalg.norm(vectors, axis=0), jnp.ones(len(A)), **close)
        ours, sure = (np.sort_complex(np.asarray(v)) for v in (linalg.eigvals(A), values))
        assert_close(ours, sure, **close)


def test_derivatives_of_eig_do_not_depend_on_the_phase(matrix):
    check_grad(lambda A: jnp.abs(linalg.eig(A).eigenvectors), matrix, rtol=1e-6)
    check_grad(lambda A: jnp.sort(jnp.abs(linalg.eigvals(A))), matrix, rtol=1e-6)


def test_derivatives_through_one_triangle(positive):
    """The gradient is that for symmetric changes, so it is compared for symmetric arguments."""
    for f in (
        linalg.cholesky,
        lambda A: linalg.cholesky(A, upper=True),
        lambda A: linalg.eigh(A).eigenvalues,
        lambda A: jnp.abs(linalg.eigh(A, "U").eigenvectors),
        linalg.eigvalsh,
        lambda A: linalg.pinv(A, hermitian=True),
        fg.cholesky,
    ):
        check_grad(lambda A, f=f: f(A + A.T), positive, rtol=1e-6)
        gradient = jax.grad(lambda A, f=f: (f(A) ** 2 * jnp.arange(1, 4)).sum())(positive)
        assert_close(gradient, gradient.T, rtol=1e-4, atol=1e-4)


# Solving


def test_least_squares_of_any_rank(rng):
    full = rng.standard_normal((6, 3)).astype(np.float32)
    short = full.copy()
    short[:, 2] = short[:, 0] + short[:, 1]
    for A in (full, short, full.T.copy(), short.T.copy()):
        B = rng.standard_normal((len(A), 2)).astype(np.float32)
        solution, residuals, rank, values = linalg.lstsq(fg.tensor(A), fg.tensor(B), rcond=1e-5)
        expected = np.linalg.lstsq(A, B, rcond=1e-5)
        assert_close(np.asarray(solution), expected[0], rtol=1e-4, atol=1e-4)
        assert int(rank) == expected[2]
        assert_close(np.asarray(values), expected[3], **close)
        wanted = ((A @ expected[0] - B) ** 2).sum(0) if len(A) == 6 else np.zeros(0)
        assert_close(np.asarray(residuals), wanted.astype(np.float32), rtol=1e-4, atol=1e-4)
        assert_close(linalg.pinv(fg.tensor(A), rtol=1e-5) @ fg.tensor(B), solution, rtol=1e-4, atol=1e-4)


def test_derivatives_of_least_squares_where_singular_values_coincide():
    for A in (np.eye(4, 3), np.eye(3, 4), np.eye(3)):
        check_grad(linalg.pinv, A, rtol=1e-6)
        check_grad(lambda A, b: linalg.lstsq(A, b).solution, A, np.arange(len(A)) + 1.0, rtol=1e-6)
    check_grad(jax.grad(lambda A: linalg.pinv(A).sum()), np.arange(6.0).reshape(3, 2) ** 2, rtol=1e-5)


def test_condition_number_of_a_singular_matrix_is_infinite():
    singular = fg.tensor([[1.0, 0.0], [0.0, 0.0]])
    for p in (None, 2, "fro", "nuc", 1, float("inf")):
        assert linalg.cond(singular, p) == jnp.inf
    assert linalg.cond(singular, -2) == 0
    assert linalg.cond(singular * jnp.nan, "fro") == jnp.inf
    assert linalg.cond(fg.full((2, 2), jnp.inf), 1) == jnp.inf


def test_empty_matrices_have_a_condition_number_of_0_and_solutions_of_0():
    for p in (None, -2, 1, -jnp.inf):
        assert linalg.cond(fg.zeros(0, 0), p) == 0
    assert_close(linalg.cond(fg.zeros(2, 0, 3)), fg.zeros(2))
    assert_close(linalg.lstsq(fg.zeros(0, 3), fg.zeros(0, 2)).solution, fg.zeros(3, 2))
    solution, residuals, rank, values = linalg.lstsq(fg.zeros(2, 3, 0), fg.ones(2, 3))
    assert_close(solution, fg.zeros(2, 0))
    assert_close(residuals, fg.full((2, 1), 3.0))
    assert_close(rank, fg.zeros(2, dtype="int32"))
    assert values.shape == (2, 0)
    empty = fg.zeros(0, 0)
    assert fg.grad(lambda A: jnp.abs(linalg.eig(A).eigenvectors).sum())(empty).shape == (0, 0)
    assert fg.grad(lambda A: linalg.lstsq(A, fg.ones(3)).solution.sum())(fg.zeros(3, 0)).shape == (3, 0)


def test_large_matrices_and_tracers_are_looked_at_for_nan():
    large = fg.eye(130)
    assert linalg.matrix_rank(large) == 130
    message = "matrix_rank(): A must hold no NaN; got one that does (shape (130, 130)); "
    with raises(fg.LinAlgError, message + "replace it, for example with fg.nan_to_num."):
        linalg.matrix_rank(large.at[3, 4].set(jnp.nan))
    assert jnp.isnan(jax.jit(linalg.svdvals)(fg.full((2, 2), jnp.nan))).all()


def test_matrix_exp_of_large_matrices():
    decay = linalg.matrix_exp(fg.tensor([[-1e6, 1.0], [0.0, -2e6]]))
    assert (decay == 0).all()
    turn = linalg.matrix_exp(fg.tensor([[0.0, -np.pi * 100], [np.pi * 100, 0.0]]))
    assert_close(turn, jnp.eye(2), rtol=1e-3, atol=1e-3)
    stack = linalg.matrix_exp(jnp.stack([jnp.eye(2) * 0.01, jnp.eye(2) * 20]))
    assert_close(jnp.diagonal(stack, axis1=1, axis2=2), jnp.exp(jnp.array([[0.01] * 2, [20] * 2])), rtol=1e-5, atol=0)
    check_grad(linalg.matrix_exp, np.array([[1.0, 20.0], [-20.0, 3.0]]), rtol=1e-6, atol=1e-6)
    assert jnp.isnan(linalg.matrix_exp(fg.full((2, 2), 1e12))).all()


def test_empty_matrices():
    assert linalg.det(fg.zeros(0, 0)) == 1
    assert linalg.slogdet(fg.zeros(2, 0, 0)).sign.tolist() == [1, 1]
    assert linalg.inv(fg.zeros(0, 0)).shape == (0, 0)
    assert linalg.pinv(fg.zeros(0, 3)).shape == (3, 0)
    assert linalg.matrix_rank(fg.zeros(2, 0, 3)).tolist() == [0, 0]
    assert linalg.matrix_exp(fg.zeros(0, 0)).shape == (0, 0)
    assert [f.shape for f in linalg.svd(fg.zeros(3, 0))] == [(3, 3), (0,), (0, 0)]


def test_norms_of_empty_matrices():
    for shape, orders in [((2, 0, 3), (float("inf"), 1, -1, 2)), ((2, 3, 0), (float("inf"), -float("inf"), 1, 2))]:
        for order in orders:
            assert linalg.matrix_norm(fg.zeros(*shape), order).tolist() == [0, 0]
    assert linalg.matrix_norm(fg.zeros(2, 0, 3), 1, keepdim=True).shape == (2, 1, 1)
    for shape, order in [((0, 3), -float("inf")), ((3, 0), -1), ((3, 0), -2)]:
        with raises(
            fg.ArgumentError,
            f"matrix_norm(): the norm of order {order} needs at least one element; got shape {shape}; "
            "check the shape of the input.",
        ):
            linalg.matrix_norm(fg.zeros(*shape), order)


def test_logdet():
    assert fg.logdet(fg.eye(2) * 2) == pytest.approx(np.log(4))
    assert jnp.isnan(fg.logdet(fg.tensor([[-1.0]])))
    assert fg.logdet(fg.zeros(2, 2)) == -jnp.inf


def test_derivatives_of_the_determinant_are_right_where_it_is_zero():
    ones = jax.grad(linalg.det)(fg.ones(2, 2))
    assert_close(ones, fg.tensor([[1.0, -1.0], [-1.0, 1.0]]), **close)  # the cofactors
    assert_close(
        jax.grad(linalg.det)(fg.diag(fg.tensor([1.0, 2.0, 0.0]))), fg.diag(fg.tensor([0.0, 0.0, 2.0])), **close
    )
    assert not jax.grad(linalg.det)(fg.diag(fg.tensor([1.0, 0.0, 0.0]))).any()


def test_derivatives_of_values_do_not_divide_by_their_gaps():
    for f in (linalg.eigvalsh, linalg.svdvals):
        for x in (jnp.eye(3), jnp.diag(jnp.array([1.0, 1.0, 2.0])), 2 * jnp.eye(2)):
            assert_close(jax.grad(lambda A, f=f: (f(A) ** 2).sum() / 2)(x), x, **close)


# Failures: raised eagerly, infinite or NaN under a transform


def test_what_is_singular_is_raised():
    singular = fg.ones(2, 2)
    b = fg.ones(2)
    tail = "use fg.linalg.pinv or lstsq, and see fg.linalg.cond(A)."
    calls = {
        "solve": lambda: linalg.solve(singular, b),
        "inv": lambda: fg.inverse(singular),
        "matrix_power": lambda: linalg.matrix_power(singular, -1),
        "solve_ex": lambda: linalg.solve_ex(singular, b, check_errors=True),
        "inv_ex": lambda: linalg.inv_ex(singular, check_errors=True),
    }
    for name, call in calls.items():
        with raises(fg.LinAlgError, f"{name}(): A must be invertible; got one that is not (shape (2, 2)); {tail}"):
            call()
    message = "solve(): A must be invertible; got one that is not at index 1 of the stack (shape (3, 2, 2)); " + tail
    stack = jnp.stack([jnp.eye(2), singular, singular])
    for B in (fg.ones(3, 2, 4), fg.ones(3, 2)):
        with raises(fg.LinAlgError, message):
            linalg.solve(stack, B)
    message = "inv(): A must be invertible; got one that is not at index (0, 1) of the stack (shape (1, 3, 2, 2)); "
    with raises(fg.LinAlgError, message + tail):
        linalg.inv(stack[None])
    message = "tensorinv(): A must be invertible; got one that is not (shape (2, 2)); "
    with raises(fg.LinAlgError, message + tail):
        linalg.tensorinv(singular, ind=1)
    with raises(
        fg.LinAlgError,
        f"solve_triangular(): A must have no 0 on its diagonal; got one that is not (shape (2, 2)); {tail}",
    ):
        linalg.solve_triangular(fg.zeros(2, 2), fg.ones(2, 1), upper=True)


def test_what_is_not_positive_definite_is_raised():
    message = "cholesky(): A must be positive definite; got one that is not (shape (2, 2)); "
    tail = "add a small multiple of the identity, or use fg.linalg.eigh."
    for f in (linalg.cholesky, fg.cholesky):
        with raises(fg.LinAlgError, message + tail):
            f(-fg.eye(2))
    with raises(fg.LinAlgError, message.replace("cholesky", "cholesky_ex") + tail):
        linalg.cholesky_ex(-fg.eye(2), check_errors=True)
    message = "cholesky(): A must be positive definite; got one that is not at index 1 of the stack (shape (2, 2, 2)); "
    with raises(fg.LinAlgError, message + tail):
        linalg.cholesky(jnp.stack([jnp.eye(2), -jnp.eye(2)]))


def test_nothing_is_raised_under_a_transform_and_info_says_what_happened():
    singular = fg.ones(2, 2)
    assert not jnp.isfinite(jax.jit(linalg.inv)(singular)).any()
    assert jnp.isnan(jax.jit(linalg.cholesky)(-fg.eye(2))).any()
    assert jax.jit(linalg.inv_ex)(singular).info == 2
    stack = jnp.stack([jnp.eye(2), singular, jnp.zeros((2, 2))])
    assert jax.jit(linalg.solve_ex)(stack, fg.ones(3, 2)).info.tolist() == [0, 2, 1]
    assert jax.vmap(linalg.cholesky_ex)(jnp.stack([jnp.eye(2), -jnp.eye(2)])).info.tolist() == [0, 1]


def test_nan_in_is_nan_out():
    nan = fg.full((2, 2), float("nan"))
    assert jnp.isnan(linalg.inv(nan)).all()
    assert jnp.isnan(jax.jit(linalg.cholesky)(nan)).any()


def test_a_jitted_solve_holds_nothing_but_the_solve(matrix):
    def text(f):
        return jax.jit(f).lower(matrix, fg.ones(3, 2)).compile().as_text().count("custom-call")

    assert text(lambda A, B: linalg.solve(A, B)) == text(lambda A, B: jnp.linalg.solve(A, B))


# Messages


def test_messages_of_shapes():
    message = (
        "inv(): A must be square in its last two dimensions; got (2, 3); use fg.linalg.lstsq or pinv for other shapes."
    )
    with raises(fg.ShapeError, message):
        linalg.inv(fg.ones(2, 3))
    message = "svd(): A must be a matrix or a stack of them; got shape (3,); reshape it to at least 2 dimensions."
    with raises(fg.ShapeError, message):
        linalg.svd(fg.ones(3))
    message = (
        "solve(): B must have as many rows as A has rows; got A of shape (2, 2) and B of shape (3,); "
        "transpose or reshape one of them."
    )
    with raises(fg.ShapeError, message):
        linalg.solve(fg.eye(2), fg.ones(3))
    message = (
        "solve(): B must have at least 2 dimensions; got A of shape (2, 2) and B of shape (2,); "
        "add one with fg.unsqueeze."
    )
    with raises(fg.ShapeError, message):
        linalg.solve(fg.eye(2), fg.ones(2), left=False)
    message = (
        "solve(): with left=False B must hold matrices; got A of shape (1, 2, 2) and B of shape (1, 2); "
        "write each vector as a row."
    )
    with raises(fg.ShapeError, message):
        linalg.solve(fg.ones(1, 2, 2), fg.ones(1, 2), left=False)
    message = (
        "solve(): the stacks of A and B must broadcast; got A of shape (2, 2, 2) and B of shape (3, 2, 1); "
        "reshape or expand one of them."
    )
    with raises(fg.ShapeError, message):
        linalg.solve(fg.ones(2, 2, 2), fg.ones(3, 2, 1))
    message = (
        "multi_dot(): the last dimension of tensors[0] must equal the first of tensors[1]; got (2, 3) and (2, 3), "
        "where 3 != 2; transpose or reshape one of them."
    )
    with raises(fg.ShapeError, message):
        linalg.multi_dot([fg.ones(2, 3), fg.ones(2, 3)])
    with raises(fg.ArgumentError, "multi_dot(): two or more arrays are needed; got 1; pass more."):
        linalg.multi_dot([fg.ones(2, 3)])
    message = (
        "vecdot(): both operands must have the dimension 0 that is summed; got (5, 3) and (3,); "
        "add it with fg.unsqueeze."
    )
    with raises(fg.DimError, message):
        linalg.vecdot(fg.ones(5, 3), fg.ones(3), dim=0)
    message = (
        "tensorinv(): ind must be 1 or more, and the sizes before and after it must have one product; "
        "got ind=2 for shape (2, 3, 5); correct ind."
    )
    with raises(fg.ShapeError, message):
        linalg.tensorinv(fg.ones(2, 3, 5))
    message = (
        "tensorsolve(): A must have the shape of B followed by sizes with the same product; got (2, 3) and (2,); "
        "move dimensions with dims=."
    )
    with raises(fg.ShapeError, message):
        linalg.tensorsolve(fg.ones(2, 3), fg.ones(2))
    message = "tensorsolve(): B must be floating point or complex; got int32 of shape (2,); "
    with raises(fg.DtypeError, message + "convert it with fg.to(x, 'float')."):
        linalg.tensorsolve(fg.eye(2), fg.tensor([1, 2]))
    message = "tensorsolve(): dim must be in [-2, 1] for 2 dimensions; got 2; check the shape of the input."
    with raises(fg.DimError, message):
        linalg.tensorsolve(fg.eye(2), fg.ones(2), dims=(2,))
    message = "tensorinv(): ind must be 1 or more, and the sizes before and after it must have one product; "
    with raises(fg.ShapeError, message + "got ind=1 for shape (); correct ind."):
        linalg.tensorinv(fg.tensor(2.0), ind=1)
    with raises(fg.DimError, "diagonal(): dim1 and dim2 must differ; got 0 twice; name two dimensions."):
        linalg.diagonal(fg.eye(3), dim1=0, dim2=-2)


def test_messages_of_dtypes():
    message = (
        "inv(): A must be floating point or complex; got int32 of shape (2, 2); convert it with fg.to(x, 'float')."
    )
    with raises(fg.DtypeError, message):
        linalg.inv(fg.eye(2, dtype="int"))
    message = (
        "cholesky(): A must have at least 32 bits; got bfloat16; convert it with fg.to(x, 'float') and the result back."
    )
    with raises(fg.DtypeError, message):
        linalg.cholesky(fg.eye(2, dtype="bfloat16"))


def test_one_nan_among_many_is_the_norm():
    A = fg.set(fg.ones(300, 2), (150, 0), float("nan"))
    for order in (float("inf"), -float("inf")):
        assert np.isnan(linalg.matrix_norm(A, order))


def test_messages_of_options():
    message = "matrix_norm(): ord must be 'fro', 'nuc', inf, -inf, 1, -1, 2 or -2; got 3; choose one of them."
    with raises(fg.ArgumentError, message):
        linalg.matrix_norm(fg.eye(2), 3)
    message = "vector_norm(): ord must be a number; got 'fro'; use matrix_norm for names."
    with raises(fg.ArgumentError, message):
        linalg.vector_norm(fg.eye(2), "fro")
    message = (
        "norm(): ord=1 needs one or two dimensions; got 3 of shape (2, 2, 2); name them with dim=, or leave ord out."
    )
    with raises(fg.ShapeError, message):
        linalg.norm(fg.ones(2, 2, 2), 1)
    message = "norm(): ord='fro' needs two dimensions; got 1 of shape (2,); name them with dim=, or leave ord out."
    with raises(fg.ShapeError, message):
        linalg.norm(fg.ones(2), "fro")
    message = "matrix_norm(): dim must name two dimensions; got (0,); use fg.linalg.vector_norm."
    with raises(fg.ShapeError, message):
        linalg.matrix_norm(fg.eye(2), 1, (0,))
    with raises(fg.ArgumentError, "eigh(): UPLO must be 'L' or 'U'; got 'X'; say which triangle to read."):
        linalg.eigh(fg.eye(2), "X")
    message = "qr(): mode must be 'reduced', 'complete' or 'r'; got 'full'; leave it out for the usual one."
    with raises(fg.ArgumentError, message):
        linalg.qr(fg.eye(2), "full")
    message = "lu(): pivot must be True; got False; leave it out; rows are exchanged as needed."
    with raises(fg.ArgumentError, message):
        linalg.lu(fg.eye(2), pivot=False)
    message = "lstsq(): driver must be 'gels', 'gelsy', 'gelsd' or 'gelss'; got 'qr'; leave it out."
    with raises(fg.ArgumentError, message):
        linalg.lstsq(fg.eye(2), fg.ones(2), driver="qr")
    with raises(fg.ArgumentTypeError, "matrix_power(): n must be an int; got 0.5; use eigh for other powers."):
        linalg.matrix_power(fg.eye(2), 0.5)
    with raises(fg.DtypeError, "vander(): operands must be numbers; got bool; convert them with fg.to(x, 'int')."):
        linalg.vander(fg.tensor([True, False]))
    with raises(fg.ArgumentError, "vander(): N must be 1 or more; got 0; say how many powers are wanted."):
        fg.vander(fg.ones(2), 0)

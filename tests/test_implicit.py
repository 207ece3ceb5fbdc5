"""Roots and fixed points: values, derivatives in both modes, other solvers, and what is said where there is none."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize
from harness import check_grad, raises

import funcgrad as fg
from funcgrad.testing import assert_close

B = np.array([0.5, -1.0, 2.0], np.float32)


def cubic(x, a):
    return {"u": x["u"] ** 3 + 2 * x["u"] - a * x["v"], "v": 3 * x["v"] - jnp.sin(x["u"]) - a.sum()}


def solution(a, **options):
    return fg.root(cubic, {"u": jnp.zeros_like(a), "v": jnp.zeros_like(a)}, a, **options)


def test_a_root_of_a_tree_and_its_derivatives():
    found = fg.jit(solution)(B)
    assert max(jnp.abs(r).max() for r in jax.tree.leaves(cubic(found, B))) < 1e-5
    check_grad(solution, B, rtol=1e-6)
    gmres = lambda matvec, b: jax.scipy.sparse.linalg.gmres(matvec, b, tol=1e-12)[0]  # noqa: E731
    assert_close(solution(B, solve=gmres), found, rtol=1e-5, atol=1e-5)
    slopes = [fg.grad(lambda a, o=o: solution(a, **o)["u"].sum())(fg.tensor(B)) for o in ({}, {"solve": gmres})]
    assert_close(*slopes, rtol=1e-4, atol=1e-5)


def test_second_derivatives_maps_and_what_is_closed_over():
    f = lambda a: fg.root(lambda x, a: x**2 - a, 1.0, a)  # noqa: E731
    assert_close(fg.grad(fg.grad(f))(4.0), fg.tensor(-1 / 32))
    assert_close(fg.vmap(fg.grad(f))(fg.tensor([1.0, 4.0])), fg.tensor([0.5, 0.25]))
    closed = lambda a: fg.root(lambda x: x**2 - a, 1.0)  # noqa: E731
    for mode in (fg.jacfwd, fg.jacrev, lambda g: fg.jit(fg.grad(g))):
        assert_close(mode(closed)(4.0), fg.tensor(0.25))
    assert_close(fg.root(lambda x, n: x**n - 8, 1.0, 3), fg.tensor(2.0))


def test_damping_where_newton_alone_runs_away():
    assert_close(fg.root(jnp.arctan, 5.0), fg.tensor(0.0))
    assert abs(fg.root(lambda x: jnp.tanh(x) + x / 50, 20.0)) < 1e-5


def test_fixed_points():
    f = lambda x, a: jnp.cos(a * x)  # noqa: E731
    found = fg.fixed_point(f, jnp.ones(2), fg.tensor([0.5, 0.9]))
    assert_close(found, f(found, fg.tensor([0.5, 0.9])), rtol=1e-4, atol=1e-4)
    check_grad(lambda a: fg.fixed_point(f, jnp.ones(2, a.dtype), a), np.array([0.5, 0.9]), rtol=1e-5)
    slopes = [fg.grad(lambda a: fg.fixed_point(f, 1.0, a))(0.5)]
    slopes += [fg.grad(lambda a: fg.root(lambda x, a: x - f(x, a), 1.0, a))(0.5)]
    assert_close(*slopes, rtol=1e-3, atol=1e-3)


def test_a_solver_of_ones_own():
    calls = []

    @fg.implicit(lambda x, a, n: x**n - a)
    def by_scipy(a, n):
        """A root."""
        calls.append(type(a))
        return np.asarray([scipy.optimize.brentq(lambda x, v=v: x**n - v, 0, 10) for v in a], np.float32)

    a = fg.tensor([8.0, 27.0])
    assert_close(by_scipy(a, 3), fg.tensor([2.0, 3.0]))
    assert_close(fg.jacrev(lambda a: by_scipy(a, 3))(a), fg.diag(fg.tensor([1 / 12, 1 / 27])))
    assert_close(fg.jacfwd(lambda a: by_scipy(a, 3))(a), fg.diag(fg.tensor([1 / 12, 1 / 27])))
    assert by_scipy.__doc__ == "A root."
    ridge = fg.implicit(lambda w, X, y, k: X.T @ (X @ w - y) + k * w)(
        lambda X, y, k: jnp.linalg.solve(X.T @ X + k * jnp.eye(2), X.T @ y)
    )
    X, y = np.random.default_rng(0).normal(size=(5, 2)), np.arange(5.0)
    check_grad(ridge, X, y, 0.5)
    check_grad(lambda k: fg.root(lambda x, k: x - k, jnp.zeros(2, k.dtype), k, solver=lambda f, x: x - f(x)), B[:2])


def test_a_sum_that_does_not_converge_is_said():
    message = (
        "root(): the iteration must converge; it did not in 3 steps, where 0.109 was left; "
        "start nearer to the root, or pass max_steps=, tol= or solver=."
    )
    short = lambda a: fg.root(lambda x, a: x**2 - a, 1.0, a, max_steps=3)  # noqa: E731
    with pytest.raises(fg.ConvergenceError) as caught:
        short(10.0)
    assert str(caught.value).replace(str(caught.value).split("where ")[1].split(" ")[0], "0.109") == message
    with pytest.raises(fg.ConvergenceError):
        fg.grad(short)(10.0)
    assert jnp.isnan(fg.jit(short)(10.0))
    assert_close(fg.jit(short)(1.0), fg.tensor(1.0))
    with pytest.raises(fg.ConvergenceError, match="root"):
        fg.checked(short)(10.0)
    with pytest.raises(fg.ConvergenceError):
        fg.root(lambda x: x**2 + 1, 3.0)
    with pytest.raises(fg.ConvergenceError, match=r"fg\.root, which needs no contraction"):
        fg.fixed_point(lambda x: 2 * x + 1, 1.0)
    message = (
        "implicit(): the residual must be 0 at what the solver returns; got 1; let the solver go on, or pass tol=."
    )
    with raises(fg.ConvergenceError, message):
        fg.implicit(lambda x, a: x - a)(lambda a: a + 1)(2.0)


def test_messages():
    message = "root(): what is solved for must be floating; got int 1; write 1.0 for 1, or convert it."
    with raises(fg.DtypeError, message):
        fg.root(lambda x: x, 1)
    message = "root(): the residual must have the shape of x0; got () for (2,); return one equation for each unknown."
    with raises(fg.ShapeError, message):
        fg.root(lambda x: x.sum(), fg.ones(2))
    message = (
        "fixed_point(): the result of func must have the structure of x0; got another structure; "
        "return one equation for each unknown."
    )
    with raises(fg.ArgumentTypeError, message):
        fg.fixed_point(lambda x: (x, x), fg.ones(2))

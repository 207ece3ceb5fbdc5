"""Entries carried through the program of a function are those that products give, which are there for the rest."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

import funcgrad as fg
from funcgrad.autodiff._calls import Call
from funcgrad.autodiff._entrywise import Entrywise
from funcgrad.autodiff._sparse import Programs, SparseProgram
from funcgrad.testing import assert_close

x = jnp.array([0.5, -1.0, 2.0, 0.25, 1.5, -0.75, 0.8, -0.3])
PLACES = np.array([3, 0, 7, 3])


def is_carried(word, *args):
    programs = next(c.cell_contents for c in word.__closure__ if isinstance(c.cell_contents, Programs))
    return isinstance(SparseProgram(programs.wanted, Call("test", args, {}))._way, Entrywise)


def rosenbrock(x):
    return jnp.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def edges(x):
    u = jnp.pad(x, 1, mode="edge")
    return u[2:] * 0.5 - u[:-2] + u[1:-1] ** 2


def branches_of_numbers(x):
    halves = jnp.split(x * 3, 2)
    a, b = jnp.unstack(x.reshape(2, 4) / 4)
    return jnp.stack([halves[0] * 2 - b, a - halves[1]], 1), jnp.tile(-a, 2), jnp.concatenate([x * 2, x * b[0]])


def boundaries(x):
    inner = jnp.zeros(8).at[1:-1].set(x[2:] - 2 * x[1:-1] + x[:-2])
    moved = inner.at[np.array([0, 5])].add(x[:2] ** 2)
    return moved.at[-1].set(0.0), lax.dynamic_update_slice(x * x, jnp.sin(x[:2]), (3,))


def masked(x):
    inside = np.arange(8) % 3 > 0
    return jnp.where(inside, x, 2 * x) + jnp.where(x > 0, x**2, x[::-1]) * inside, jnp.clip(x, -0.5, 1.0), abs(x)


def short_sums(x):
    rows = x.reshape(4, 2)
    return rows.sum(1) * rows.prod(1), (rows**2).mean(1), jnp.maximum(rows[:, 0], rows[:, 1])


def taken(x):
    return (
        x[PLACES] * x[PLACES[::-1]],
        jnp.take(x, jnp.array([9, 1]), mode="fill", fill_value=0),
        x[:, None] * x[None, :2],
    )


def through_zeros(x):
    """Where nothing stands, factors may be anything: a sum with them must not take them over."""
    left = jnp.pad(x[:-1], (1, 0)) * (x + 2)
    return left * 3 + jnp.pad(x[:3], (0, 5)) * (x - 7) + jnp.pad(x[:7], (1, 0)) * x**2


CARRIED = [
    jax.grad(rosenbrock), edges, branches_of_numbers, boundaries, masked, short_sums, taken, through_zeros,
    lambda x: jnp.roll(x, 1) * x - jnp.roll(x, -1), lambda x: jax.checkpoint(jnp.sin)(x) * 2, lambda x: x * 0.5,
    lambda x: jnp.diff(x, 2) ** 2, lambda x: lax.pad(x[:4] * x[1:5], 0.0, [(1, -1, 2)]), lambda x: x.astype("bfloat16"),
]  # fmt: skip


def measured(f, x):
    """The dense Jacobian, the entries carried, those by products, and those carried in a mapped call."""
    carried = fg.sparse_jacobian(f, output="dense")
    products = fg.sparse_jacobian(f, output="dense", mode="forward")
    blocks = jax.tree.leaves(jax.jacfwd(f)(x))
    dense = jnp.concatenate([block.reshape(-1, x.size) for block in blocks])
    return dense, carried(x), products(x), jax.vmap(carried)(jnp.stack([x - 1, x]))[1]


def test_they_are_those_of_products():
    for dense, *found in jax.jit(lambda x: [measured(f, x) for f in CARRIED])(x):
        for matrix in found:
            assert_close(matrix, dense)


@pytest.mark.parametrize("f", CARRIED)
def test_these_are_carried(f):
    word = fg.sparse_jacobian(f)
    assert is_carried(word, x)
    assert "while" not in (text := str(jax.make_jaxpr(lambda x: word(x).data)(x)))
    assert f"{x.size},{x.size}]" not in text


@pytest.mark.parametrize(
    "f",
    [
        lambda x: jnp.sum(x**2),  # one product in reverse
        lambda x: np.ones((8, 8)) @ x,
        jnp.cumsum,
        jnp.sort,
        lambda x: x[jnp.argsort(x)],
        lambda x: lax.fori_loop(0, 3, lambda i, v: v * x, x),
        lambda x: lax.cond(x[0] > 0, jnp.sin, jnp.cos, x),
        lambda x: jnp.zeros(2).at[np.array([0, 1, 0, 1, 0, 1, 0, 1])].add(x),
    ],
)
def test_the_rest_takes_products(f):
    word = fg.sparse_jacobian(f, output="dense")
    assert not is_carried(word, x)
    assert_close(word(x), jax.jit(jax.jacfwd(f))(x).reshape(-1, x.size))


def test_whoever_asks_for_products_has_them():
    f = CARRIED[0]
    for option in ({"mode": "forward"}, {"chunk_size": 2}):
        assert not is_carried(fg.sparse_jacobian(f, **option), x)
    coloring = fg.color(fg.jacobian_pattern(f, x))
    given = fg.sparse_jacobian(f, coloring=coloring, output="dense")
    assert is_carried(given, x)
    assert_close(given(x), jax.jit(jax.jacfwd(f))(x), rtol=1e-5, atol=1e-3)


def test_hessians_with_values_and_checks():
    f = lambda x: (rosenbrock(x), {"n": x.size})  # noqa: E731
    word = fg.sparse_hessian(f, output="dense", has_aux=True, check=True)
    assert is_carried(word, x)
    expected = jax.jit(jax.hessian(rosenbrock))(x)
    for matrix, aux in (word(x), fg.checked(word)(x)):
        assert_close(matrix, expected, rtol=1e-5, atol=1e-3)
        assert aux == {"n": 8}


def test_a_pattern_with_more_and_with_less():
    f = lambda x: x * jnp.roll(x, 1)  # noqa: E731
    full = fg.sparse_jacobian(f, np.ones((8, 8)), output="dense")
    assert is_carried(full, x)
    assert_close(full(x), jax.jit(jax.jacfwd(f))(x))
    assert not is_carried(fg.sparse_jacobian(f, np.eye(8)), x)


def test_what_is_infinite_stays_in_its_entry():
    at = x.at[2].set(jnp.inf)
    found = fg.sparse_jacobian(lambda x: x**2 + jnp.roll(x, 1), output="dense")(at)
    assert np.flatnonzero(~np.isfinite(np.asarray(found))).tolist() == [2 * 8 + 2]


def test_trees_and_several_dtypes():
    def f(p, n):
        return {"y": p["a"] * n - p["b"][0], "z": (p["b"].T ** 2, p["a"][:1].astype("bfloat16"))}

    p = {"a": x[:4], "b": x.reshape(2, 4), "none": None}
    word = fg.sparse_jacobian(f, output="dense")
    assert is_carried(word, p, 2)
    assert_close(word(p, 2), fg.sparse_jacobian(f, output="dense", mode="forward")(p, 2))


def test_inside_another_transform():
    f = lambda s, x: fg.sparse_jacobian(lambda x: x[1:] ** 2 * s - x[:-1] * s, output="dense")(x)  # noqa: E731
    slope = jax.jit(jax.jacfwd(f))(2.0, x)
    assert_close(slope, jax.jit(f)(1.0, x))


def test_only_what_varies_is_computed():
    """Grids keep few factors: the numbers among them once, and one array for each entry of a row that varies."""

    def grid(x):
        u = x.reshape(30, 30)
        near = jnp.roll(u, 1, 0) + jnp.roll(u, -1, 0) + jnp.roll(u, 1, 1) + jnp.roll(u, -1, 1)
        return u**3 + 0.1 * near

    at = jnp.ones(900)
    text = str(jax.make_jaxpr(lambda x: fg.sparse_jacobian(grid)(x).data)(at))
    assert f"f32[{900 * 5}]" in text
    assert f"f32[5,{900}]" not in text
    assert f"f32[{900 + 3}]" in text

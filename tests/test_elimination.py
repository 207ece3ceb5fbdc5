"""Jacobians that start from the entries of matrices: equal to the ordinary way, and less work where it counts."""

import functools

import jax
import jax.numpy as jnp
import numpy as np

import funcgrad as fg
from funcgrad.autodiff import _dense
from funcgrad.autodiff._linear import program_of
from funcgrad.testing import assert_close


@functools.cache
def r(*shape):
    return np.random.default_rng(sum(shape)).standard_normal(shape).astype("float32")


def shift(x, at):
    return jnp.concatenate([x[at:], x[:at]])


# Each with the shape of its argument. Linear maps of every position, and what comes before and after them.
FUNCTIONS = {
    "layers": (lambda x: r(3, 5) @ jnp.tanh(r(5, 4) @ x + 1), (4,)),
    "rows": (lambda x: jnp.tanh(x.reshape(3, 4) @ r(4, 5)) @ r(5, 2), (12,)),
    "columns": (lambda x: jnp.tanh(r(5, 3) @ x) @ r(4, 2), (3, 4)),
    "stack": (lambda x: jnp.einsum("bij,bjk->bik", x, r(2, 4, 3)), (2, 5, 4)),
    "stack, right": (lambda x: jnp.einsum("bki,bij->bkj", r(2, 3, 5), jnp.sin(x)), (2, 5, 4)),
    "two contracted": (lambda x: jnp.einsum("ijk,kjl->il", jnp.sin(x), r(4, 5, 3)), (2, 5, 4)),
    "joined": (lambda x: r(3, 8) @ jnp.concatenate([x[:3], 2 * x[1:]]), (6,)),
    "both halves": (lambda x: r(3, 6) @ jnp.concatenate([x[3:], jnp.sin(x[:3])]), (6,)),
    "sliced": (lambda x: r(3, 5) @ jnp.tanh(r(5, 4) @ (x[::-1][1:5] * 2)), (7,)),
    "strided": (lambda x: r(3, 5) @ jnp.tanh(r(5, 4) @ x[::2]), (7,)),
    "padded": (lambda x: r(3, 5) @ jnp.tanh(r(5, 9) @ jnp.pad(x, (1, 1))), (7,)),
    "repeated": (lambda x: r(3, 4) @ jnp.broadcast_to(x[0], (4,)), (7,)),
    "two terms": (lambda x: r(3, 7) @ (jnp.sin(x) * jnp.exp(-x) + x * x[::-1] - 2 * x), (7,)),
    "elements": (lambda x: jnp.sin(x) * jnp.exp(-x) + x * shift(x, 2) - x[2], (7,)),
    "many terms": (lambda x: sum(x * shift(x, i) for i in range(1, 7)), (7,)),
    "differences": (lambda x: x[1:] - x[:-1], (7,)),
    "outer and sum": (lambda x: jnp.sin(jnp.outer(jnp.arange(1.0, 6), x)).sum(1), (7,)),
    "sum of a slice": (lambda x: jnp.cos(jnp.outer(jnp.arange(1.0, 6), x[::-1][1:5])).sum(1) * 2, (7,)),
    "sums": (lambda x: jnp.sin(x).sum(0), (7, 3)),
    "divided": (lambda x: (r(3, 4) @ (x / 3)) / 2, (4,)),
    "chosen": (lambda x: r(3, 4) @ jnp.where(x > 0, x, 0.1 * x), (4,)),
    "mixed": (lambda x: x * x.sum(), (7,)),
    "constant": (lambda x: jnp.stack([x[0], jnp.float32(2.0)]), (7,)),
    "tree": (lambda x: {"a": r(3, 4) @ x, "b": (x.sum(), x)}, (4,)),
    "compiled": (lambda x: jax.jit(lambda x: jnp.tanh(r(3, 4) @ x))(x) * 2, (4,)),
    "scan": (lambda x: jax.lax.scan(lambda c, w: (jnp.tanh(w * c), c), x, r(3, 4))[1], (4,)),
    "narrow": (lambda x: r(9, 8) @ jnp.tanh(r(8, 2) @ jnp.tanh(r(2, 8) @ jnp.tanh(r(8, 9) @ x))), (9,)),
    "narrow, two": (
        lambda x: r(9, 8) @ jnp.tanh(r(8, 2) @ jnp.tanh(r(2, 8) @ jnp.sin(r(8, 9) @ x)) + jnp.tanh(r(2, 9) @ x).sum()),
        (9,),
    ),
}


def test_every_way_gives_the_same(monkeypatch):
    monkeypatch.setattr(_dense, "_WORTH_A_LOOK", 1)
    through = [{}, {"chunk_size": 2}]
    ways = [{"mode": "forward"}, {"mode": "reverse", "chunk_size": 3}]

    def all_ways():
        return {
            name: (
                [fg.jacobian(f, **way)(r(*shape)) for way in (through if "narrow" in name else ways)],
                jax.jacrev(f)(r(*shape)),
            )
            for name, (f, shape) in FUNCTIONS.items()
        }

    for found, expected in fg.jit(all_ways)().values():
        for each in found:
            assert_close(each, expected, rtol=1e-5, atol=1e-5)


def test_trees_go_in():
    def f(p):
        return jnp.tanh(p["w"] @ p["x"]) * p["s"]

    at = {"w": r(40, 30), "x": r(30), "s": 2.0}
    found = fg.jit(fg.jacobian(f))(at)
    assert_close(found, jax.jacrev(f)(at), rtol=1e-5, atol=1e-5)


def test_complex_and_mapped_and_differentiated(monkeypatch):
    monkeypatch.setattr(_dense, "_WORTH_A_LOOK", 1)
    z = jnp.asarray(r(4) + 1j * r(4)[::-1], "complex64")
    f = lambda z: jnp.asarray(r(3, 4) * (1 + 2j), "complex64") @ z**2  # noqa: E731
    for mode in ("forward", "reverse", "auto"):
        found = fg.jit(fg.jacobian(f, mode=mode, holomorphic=True))(z)
        assert_close(found, jax.jacrev(f, holomorphic=True)(z), rtol=1e-5, atol=1e-5)
    g, h = (lambda x: r(3, 5) @ jnp.tanh(r(5, 4) @ x)), r(6, 4)
    assert_close(fg.jit(fg.vmap(fg.jacobian(g)))(h), jax.vmap(jax.jacrev(g))(h), rtol=1e-5, atol=1e-6)
    second = fg.jit(fg.jacfwd(fg.jacrev(g)))(r(4))
    assert_close(second, jax.jacfwd(jax.jacrev(g))(r(4)), rtol=1e-5, atol=1e-5)


def flops(f, x):
    return fg.jit(f).lower(x).compile().cost_analysis()["flops"]


def test_the_first_matrix_is_not_multiplied_by_unit_vectors():
    f, x = (lambda x: r(60, 50) @ jnp.tanh(r(50, 60) @ x)), r(60)
    product = 2 * 60 * 50 * 60
    for ordinary, ours in ((jax.jacfwd, fg.jacfwd), (jax.jacrev, fg.jacrev), (jax.jacfwd, fg.jacobian)):
        assert flops(ordinary(f), x) > 2 * product
        assert flops(ours(f), x) < 1.2 * product


def test_what_is_narrow_is_gone_through():
    def f(x):
        for shape in ((40, 60), (4, 40), (40, 4), (60, 40)):
            x = jnp.tanh(r(*shape) @ x)
        return x

    plan = fg.plan_jacobian(f, r(60))
    assert (plan.mode, plan.shortcut) == ("through", "through the 4 values between")
    assert flops(fg.jacobian(f), r(60)) < flops(jax.jacfwd(f), r(60)) / 4
    assert_close(plan(r(60)), jax.jacrev(f)(r(60)), rtol=1e-4, atol=1e-5)


def test_a_single_matrix_is_its_own_jacobian():
    f = lambda x: jnp.tanh(r(40, 50) @ x)  # noqa: E731
    assert fg.plan_jacobian(f, r(50)).shortcut.startswith("from the factors")
    assert flops(fg.jacobian(f), r(50)) < 2 * 40 * 50 * 50 / 10


def test_what_is_no_list_of_steps_is_left_alone():
    f = lambda x: jax.lax.scan(lambda c, _: (c * 2, None), x, None, length=3)[0]  # noqa: E731
    _, push = jax.linearize(lambda v: [f(v[0])], [jnp.asarray(r(4))])
    assert program_of(push, [r(4)]) is None


def test_a_large_eager_jacobian_takes_the_way_as_well():
    f, x = (lambda x: r(300, 20) @ jnp.tanh(r(20, 500) @ x)), r(500)
    assert_close(fg.jacobian(f)(x), jax.jacrev(f)(x), rtol=1e-4, atol=1e-4)


def test_loops_are_taken_in_reverse():
    step = lambda x: jax.lax.scan(lambda c, _: (jnp.sin(c), None), x, None, length=2)[0]  # noqa: E731
    assert fg.plan_jacobian(step, r(40)).mode == "reverse"
    assert fg.plan_jacobian(lambda x: jnp.tile(step(x), 2), r(40)).mode == "forward"


def test_infinite_slopes_stay_where_they_are():
    found = fg.jit(fg.jacobian(jnp.sqrt))(jnp.zeros(40))
    assert_close(found, jnp.where(jnp.eye(40) == 1, jnp.inf, 0.0))

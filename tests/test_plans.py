"""Plans of Jacobians, budgets of memory, and labelled matrices."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from harness import raises

import funcgrad as fg
from funcgrad.autodiff._budget import chunk_within, parse_bytes, shown
from funcgrad.testing import assert_close

x = jnp.array([0.5, -1.0, 2.0])
m = jnp.array([[1.0, 2.0, 3.0], [0.5, -1.0, 0.25]])


def heavy(x):  # sort, because XLA would fuse the rest into nothing
    return jnp.sort(jnp.tanh(jnp.outer(x, x)), 0).sum(0)


# plan_jacobian


def model(params, x, power=2):
    return {"y": jnp.tanh(params["w"] @ x) ** power}


def test_a_plan_shows_what_it_does():
    plan = fg.plan_jacobian(heavy, jax.ShapeDtypeStruct((60,), "float32"), mode="reverse", chunk_size=16)
    assert (plan.mode, plan.inputs, plan.outputs, plan.passes, plan.chunk_size) == ("reverse", 60, 60, 60, 16)
    assert plan.result_bytes == 60 * 60 * 4 <= plan.peak_bytes
    peak = shown(plan.peak_bytes)
    lines = ["JacobianPlan of heavy: 60 × 60", "  mode    reverse", "  passes  60, 16 at a time", "  result  14.1 KiB"]
    assert repr(plan) == "\n".join([*lines, f"  peak    {peak}"])


def test_a_plan_is_called_like_the_function():
    params, aux = {"w": m, "b": None}, {"name": "model"}
    plan = fg.plan_jacobian(lambda p, x, power: (model(p, x, power), aux), params, x, 2, has_aux=True, argnames="p.w")
    found, got = plan(params, x + 1, 2)
    expected = fg.jacobian(lambda p, x: model(p, x), argnames="p.w")(params, x + 1)
    assert_close(found["y"], expected["y"])
    assert got == aux
    assert_close(fg.jit(lambda x: plan(params, x, 2)[0]["y"])(x + 1), expected["y"])
    assert_close(plan({"w": np.asarray(m), "b": None}, np.asarray(x + 1), 2)[0]["y"], expected["y"])


def test_a_plan_is_traced_once():
    calls = []
    plan = fg.plan_jacobian(lambda x: (calls.append(1), x**2)[1], x)
    traced = len(calls)
    assert_close(plan(x), jnp.diag(2 * x))
    assert_close(plan(x + 1), jnp.diag(2 * x + 2))
    assert len(calls) == traced


def test_a_plan_shows_the_mode_that_there_is():
    double = lambda x: jax.lax.while_loop(lambda v: (v * v).sum() < 100, lambda v: v * 2, x)[:2]  # noqa: E731
    plan = fg.plan_jacobian(double, x)
    assert (plan.mode, plan.passes) == ("forward", 3)
    assert_close(plan(x), 8 * jnp.eye(3)[:2])


def test_calls_that_were_not_planned():
    plan = fg.plan_jacobian(model, {"w": m}, x, 2)
    head, tail = (
        "JacobianPlan(): argument '{}' must be as it was planned, {}; got {}; ",
        "give it that, or make a new plan",
    )
    tail += " for these arguments."
    with raises(
        fg.ShapeError,
        head.format("params.w", "float32 of shape (2, 3)", "float32 of shape (3, 2)") + tail,
    ):
        plan({"w": m.T}, x, 2)
    with raises(fg.DtypeError, head.format("x", "float32 of shape (3,)", "bfloat16 of shape (3,)") + tail):
        plan({"w": m}, x.astype("bfloat16"), 2)
    with raises(fg.ArgumentTypeError, head.format("power", "2", "int 3") + tail):
        plan({"w": m}, x, 3)
    message = (
        "JacobianPlan(): the call must have the structure that was planned for; got 2 leaves in "
        "PyTreeDef((({'w': *}, *), {})) for PyTreeDef((({'w': *}, *, *), {})); "
        "call it as it was planned, or make a new plan."
    )
    with raises(fg.ArgumentTypeError, message):
        plan({"w": m}, x)


# max_bytes


@pytest.mark.parametrize(
    ("given", "bytes_"),
    [(2**30, 2**30), ("1GB", 10**9), ("200 MiB", 200 * 2**20), ("1.5 kB", 1500), ("7", 7), (1e6, 10**6), (None, None)],
)
def test_bytes_are_read(given, bytes_):
    assert parse_bytes("f", given) == bytes_


def test_bytes_that_cannot_be():
    for given in ("much", "1 pint", 0, -5, "0", float("nan")):
        message = (
            f"jacobian(): max_bytes must be a positive number of bytes; got {given!r}; "
            "write for example '1GB', '200 MiB' or 2**30."
        )
        with raises(fg.ArgumentError, message):
            fg.jacobian(heavy, max_bytes=given)
    message = (
        "jacobian(): max_bytes must be a number of bytes or a text; got bool True; write for example '1GB' or 2**30."
    )
    with raises(fg.ArgumentTypeError, message):
        fg.jacobian(heavy, max_bytes=True)
    message = "jacobian(): chunk_size and max_bytes are two ways to bound memory; got both; pass one of them."
    with raises(fg.ArgumentError, message):
        fg.jacobian(heavy, max_bytes="1GB", chunk_size=3)


def test_a_budget_is_kept():
    at, budget = jnp.linspace(0.0, 1.0, 128), 600_000
    free = fg.plan_jacobian(heavy, at)
    plan = fg.plan_jacobian(heavy, at, max_bytes=budget)
    assert plan.peak_bytes <= budget < free.peak_bytes
    assert 1 < plan.chunk_size < 128
    expected = free(at)
    assert_close(plan(at), expected)
    assert_close(fg.jacobian(heavy, max_bytes=budget)(at), expected)
    inside = fg.jit(fg.jacobian(heavy, max_bytes=budget)).lower(at).compile().memory_analysis()
    assert inside.temp_size_in_bytes + inside.output_size_in_bytes <= budget


def test_chunks_take_the_result_and_one_chunk():
    """The bound for n = 20 000 inputs and m = 2 000 outputs, scaled down."""
    w, at = jnp.ones((50, 40)), jnp.ones(40)

    def f(x):
        return jnp.sort(jnp.sin(w @ x)[:, None] * jnp.arange(100.0), 1).reshape(-1)[:4000]

    plan = fg.plan_jacobian(f, at, chunk_size=4, mode="forward")
    chunk = fg.plan_jacobian(f, at, chunk_size=1, mode="forward").peak_bytes - plan.result_bytes
    assert plan.result_bytes == 4000 * 40 * 4
    assert plan.peak_bytes < plan.result_bytes + 4 * chunk


def test_a_budget_below_the_result():
    message = (
        "jacobian(): max_bytes must be at least 36, for the Jacobian of 3 by 3 numbers (36 bytes); got 20; raise it, "
        "select less to differentiate, or use products with the Jacobian: fg.jvp and fg.vjp."
    )
    with raises(fg.ArgumentError, message):
        fg.jacobian(jnp.sin, max_bytes=20)(x)
    message = (
        "jacobian(): a function must not branch on values to be compiled, as max_bytes and plans need it; "
        "got one that does; write fg.cond or fg.where, or pass chunk_size."
    )
    with raises(fg.ArgumentError, message):
        fg.jacobian(lambda x: x if x[0] > 0 else -x, max_bytes="1MB")(x)


@pytest.mark.parametrize("curve", [lambda c: 1000 + 37 * c, lambda c: 1000 + 37 * c + (900 if c > 20 else 0)])
def test_the_chunk_is_nearly_the_largest(curve):
    tried = []

    def peak(chunk):
        tried.append(chunk)
        return curve(300 if chunk is None else chunk)

    chunk, most = chunk_within("f", 5000, peak, 300, 500)
    largest = max(c for c in range(1, 300) if curve(c) <= 5000)
    assert most == curve(chunk) <= 5000
    assert chunk >= 0.6 * largest
    assert len(tried) <= 6


# ravel_jacobian


def test_a_matrix_with_labels():
    def f(p, x):
        return {"a": p["w"] @ x, "s": p["b"] * x[0]}

    p = {"w": m, "b": 2.0, "name": "p"}
    found = fg.ravel_jacobian(f, argnums=(0, 1))(p, x)
    assert list(found.rows) == ["out['a'][0]", "out['a'][1]", "out['s']"]
    assert found.columns[:3] == ["p.b", "p.w[0, 0]", "p.w[0, 1]"]
    assert (len(found.columns), found.columns[-1]) == (10, "x[2]")
    whole = jax.jacrev(lambda v: jnp.append(v[1:7].reshape(2, 3) @ v[7:], v[0] * v[7]))(
        jnp.concatenate([jnp.array([2.0]), m.ravel(), x])
    )
    assert_close(found.matrix, whole)
    assert_close(found.block("out['a']", "x"), m)
    assert_close(found.block("out['s']", "p.b"), x[:1][None])
    assert_close(found.block("out['a'][1]", "p.w[1, 2]"), x[2:][None])
    assert_close(fg.jit(lambda w, x: fg.ravel_jacobian(f, 1)({"w": w, "b": 2.0}, x))(m, x).matrix, whole[:, 7:])
    assert repr(found) == (
        "JacobianMatrix(float32 of shape (3, 10), rows=Labels([\"out['a'][0]\", \"out['a'][1]\", \"out['s']\"]), "
        "columns=Labels(['p.b', 'p.w[0, 0]', 'p.w[0, 1]', '...', 'x[1]', 'x[2]']))"
    )
    message = "span(): name must be an array or a label of the matrix; got 'q'; see 'p.b', 'p.w', 'x'."
    with raises(fg.ArgumentError, message):
        found.columns.span("q")


def test_matrices_of_scalars_and_of_nothing():
    assert fg.ravel_jacobian(lambda s: s**2)(3.0).matrix.shape == (1, 1)
    assert fg.ravel_jacobian(lambda v: v * 2)(jnp.zeros((0, 2))).matrix.shape == (0, 0)
    found, aux = fg.ravel_jacobian(lambda v: (v * 2, "aux"), has_aux=True)(x)
    assert_close(found.matrix, 2 * jnp.eye(3))
    assert aux == "aux"

"""Jacobians: shapes, directions, chunks, structure, and every message."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from harness import raises

import funcgrad as fg
from funcgrad.testing import assert_close, assert_no_retrace

x = jnp.array([0.5, -1.0, 2.0])
m = jnp.array([[1.0, 2.0, 3.0], [0.5, -1.0, 0.25]])


def tall(x):
    return jnp.stack([jnp.sin(x) * x[0], x**2, x * x[::-1], jnp.exp(-x)])


def wide(m):
    return jnp.sum(m**2, 1)


def tree_out(m):
    return {"rows": m.sum(1) ** 2, "all": (jnp.sum(m**3), m * m)}


def tree_in(p):
    return jnp.tanh(p["w"] @ p["b"]) * p["scale"]


TREE = {"w": m, "b": x, "scale": 2.0, "n": 3, "name": None}
FUNCTIONS = [(tall, x), (wide, m), (tree_out, m), (jnp.sum, x), (lambda s: s * x, jnp.float32(2.0)), (jnp.sin, 0.5)]
modes = pytest.mark.parametrize("mode", ["auto", "forward", "reverse"])
chunks = pytest.mark.parametrize("chunk_size", [None, 1, 2, 100])


@modes
@chunks
@pytest.mark.parametrize(("f", "at"), FUNCTIONS)
def test_all_directions_and_chunks_agree_with_jax(f, at, mode, chunk_size):
    expected = jax.jacrev(f)(jnp.asarray(at, jnp.float32))
    assert_close(fg.jacobian(f, mode=mode, chunk_size=chunk_size)(at), expected)
    assert_close(fg.jit(fg.jacobian(f, mode=mode, chunk_size=chunk_size))(at), expected)


@modes
@chunks
def test_inputs_may_be_trees(mode, chunk_size):
    found = fg.jacobian(tree_in, mode=mode, chunk_size=chunk_size)(TREE)
    floats = {name: jnp.asarray(TREE[name]) for name in ("w", "b", "scale")}
    assert (found.pop("n"), found.pop("name")) == (None, None)
    assert_close(found, jax.tree.map(lambda j: j, jax.jacrev(tree_in)(floats)), rtol=1e-5, atol=1e-6)


def test_what_is_none_in_an_output_stays_none():
    def parts(x):
        return {"a": x**2, "bias": None, "rest": (None, x[0] * x[1])}

    expected = jax.jacfwd(parts)(x)
    value, found = fg.value_and_jacobian(parts)(x)
    assert jax.tree.structure(value) == jax.tree.structure(parts(x))
    ways = fg.jacobian(parts, chunk_size=2), jax.jit(fg.jacrev(parts)), fg.jacobian(parts, sparse=True)
    for each in (found, *(way(x) for way in ways), fg.plan_jacobian(parts, x)(x)):
        assert jax.tree.structure(each) == jax.tree.structure(expected)
        assert_close(each, expected)
    second = fg.hessian(parts)(x)
    assert (second["bias"], second["rest"][0]) == (None, None)


def test_shapes_are_those_of_the_output_and_then_of_the_input():
    found = fg.jacobian(tree_out)(m)
    assert jax.tree.map(jnp.shape, found, is_leaf=lambda n: hasattr(n, "shape")) == {
        "rows": (2, 2, 3),
        "all": ((2, 3), (2, 3, 2, 3)),
    }
    rows, both = fg.jacrev(lambda m, x: (m @ x, (m**2).sum()), argnums=(0, 1))(m, x)
    assert [j.shape for j in (*rows, *both)] == [(2, 2, 3), (2, 3), (2, 3), (3,)]


def test_the_misprinted_matrix():
    """Row i holds the derivatives of output i, column j those by input j."""
    f = lambda x: jnp.array([x[0] ** 2 * x[1], 5 * x[0] + jnp.sin(x[1])])  # noqa: E731
    assert_close(fg.jacobian(f)(jnp.array([1.0, 2.0])), jnp.array([[4.0, 1.0], [5.0, jnp.cos(2.0)]]))


def test_the_chain_rule_is_a_product_of_matrices():
    f, g = wide, lambda x: jnp.outer(x[:2], x)
    outer = fg.jacobian(f)(g(x)).reshape(2, 6)
    inner = fg.jacobian(g)(x).reshape(6, 3)
    assert_close(fg.jacobian(lambda x: f(g(x)))(x), outer @ inner)


def count_products(f, *args):
    return str(jax.make_jaxpr(f)(*args)).count("dot_general")


@pytest.mark.parametrize(("outputs", "inputs", "expected"), [(2, 5, "reverse"), (5, 2, "forward"), (3, 3, "forward")])
def test_auto_takes_the_cheaper_direction(outputs, inputs, expected):
    w = jnp.ones((outputs, inputs))
    f = lambda x: jnp.tanh(w @ x)  # noqa: E731
    found, wanted, other = (
        str(jax.make_jaxpr(fg.jacobian(f, mode=mode))(jnp.ones(inputs)))
        for mode in ("auto", expected, {"forward": "reverse", "reverse": "forward"}[expected])
    )
    assert found == wanted != other


def test_auto_takes_the_direction_that_there_is():
    @jax.custom_vjp
    def backward_only(x):
        return x**2

    backward_only.defvjp(lambda x: (backward_only(x), x), lambda x, g: (2 * x * g,))
    assert_close(fg.jacobian(backward_only)(x), jnp.diag(2 * x))
    with pytest.raises(TypeError, match="custom_vjp"):
        fg.jacobian(backward_only, mode="forward")(x)

    def forward_only(x):
        return jax.lax.while_loop(lambda v: (v * v).sum() < 100, lambda v: v * 2, x).sum()

    assert_close(fg.jacobian(forward_only)(x), jnp.full(3, 8.0))
    with pytest.raises(ValueError, match="Reverse-mode differentiation does not work"):
        fg.jacobian(forward_only, mode="reverse")(x)

    def fails(x):
        raise ValueError("mine")

    with raises(ValueError, "mine"):
        fg.jacobian(fails)(x)


@modes
@pytest.mark.parametrize("chunk_size", [None, 2])
def test_python_control_flow_on_values(mode, chunk_size):
    def f(x):
        while x.sum() < 100:
            x = x * 2
        return jnp.concatenate([x, x])

    found = fg.jacobian(f, mode=mode, chunk_size=chunk_size)(x)
    assert_close(found, jnp.concatenate([jnp.eye(3), jnp.eye(3)]) * 128)


@modes
@pytest.mark.parametrize("chunk_size", [None, 2])
def test_aux_is_handed_through(mode, chunk_size):
    def f(x):
        return tall(x), {"x": x, "name": "f", "n": 3}

    found, aux = fg.jacobian(f, mode=mode, has_aux=True, chunk_size=chunk_size)(x)
    assert_close((found, aux["x"]), (jax.jacrev(tall)(x), x))
    assert (aux["name"], aux["n"]) == ("f", 3)


@modes
@pytest.mark.parametrize("chunk_size", [None, 2])
def test_empty_inputs_and_outputs(mode, chunk_size):
    assert fg.jacobian(lambda x: x * 2, mode=mode, chunk_size=chunk_size)(jnp.zeros((0, 2))).shape == (0, 2, 0, 2)
    assert fg.jacobian(lambda x: x[:0], mode=mode, chunk_size=chunk_size)(x).shape == (0, 3)
    assert fg.jacobian(lambda x: jnp.ones(4) * x.sum(), mode=mode)(jnp.zeros(0)).shape == (4, 0)


def test_dtypes():
    half = x.astype("bfloat16")
    assert fg.jacfwd(lambda x: x * 2)(half).dtype == fg.bfloat16
    mixed = fg.jacobian(lambda p: p["a"].astype("float32") * p["b"])({"a": half, "b": x})
    assert mixed["b"].dtype == fg.float32
    with jax.enable_x64(True):
        assert fg.jacobian(jnp.sin)(jnp.ones(2, "float64")).dtype == "float64"


def test_they_compose():
    cube = lambda x: x**3  # noqa: E731
    assert_close(fg.jacfwd(fg.jacrev(cube))(x), jax.jacfwd(jax.jacrev(cube))(x))
    assert_close(fg.jacobian(fg.grad(lambda x: (x**3).sum()))(x), jnp.diag(6 * x))
    assert_close(fg.vmap(fg.jacobian(cube))(m), jax.vmap(jax.jacrev(cube))(m))
    assert_close(fg.grad(lambda x: fg.jacobian(cube)(x).sum())(x), 6 * x)
    assert_close(fg.grad(lambda x: fg.jacobian(cube, chunk_size=2)(x).sum())(x), 6 * x)


def test_a_compiled_jacobian_is_compiled_once():
    step = fg.jit(fg.jacobian(tall, chunk_size=2))
    step(x)
    y = x + 1
    with assert_no_retrace():
        step(y)


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_chunks_bound_the_memory(mode):
    def f(x):
        hidden = jnp.sort(jnp.tanh(jnp.outer(x, x)), 0)  # sort, because XLA would fuse the rest into nothing
        return hidden.sum(keepdims=True) if mode == "forward" else hidden.sum(0)

    def peak(chunk_size):
        compiled = fg.jit(fg.jacobian(f, mode=mode, chunk_size=chunk_size)).lower(jnp.ones(64)).compile()
        return compiled.memory_analysis().temp_size_in_bytes

    assert peak(4) < peak(None) / 4


# value_and_jacobian


@modes
@chunks
def test_the_value_beside_the_jacobian(mode, chunk_size):
    found = fg.value_and_jacobian(tree_out, mode=mode, chunk_size=chunk_size)(m)
    assert_close(found, (tree_out(m), jax.jacrev(tree_out)(m)))


def test_the_value_with_aux_and_large():
    (value, aux), found = fg.value_and_jacobian(lambda x: (tall(x), "aux"), has_aux=True)(x)
    assert_close((value, found), (tall(x), jax.jacrev(tall)(x)))
    assert aux == "aux"
    w = jnp.sin(jnp.arange(2400.0)).reshape(60, 40)
    f = lambda x: w.T @ jnp.tanh(w @ x)  # noqa: E731
    at = jnp.linspace(-1.0, 1.0, 40)
    both = fg.jit(fg.value_and_jacobian(f)).lower(at).compile()
    assert_close(both(at), (f(at), jax.jacrev(f)(at)), rtol=1e-4, atol=1e-5)
    alone = fg.jit(fg.jacobian(f)).lower(at).compile()
    assert both.cost_analysis()["flops"] < 1.1 * alone.cost_analysis()["flops"]


def test_nothing_is_kept_between_calls():
    """A function may read what changes: an eager call always sees it as it is."""
    factor = {"k": 2.0}
    derivative = fg.jacobian(lambda x: x * factor["k"])
    assert_close(derivative(x), 2.0 * jnp.eye(3))
    factor["k"] = 3.0
    assert_close(derivative(x), 3.0 * jnp.eye(3))
    bounded = fg.jacobian(lambda x: x * factor["k"], max_bytes="1MB")
    assert_close(bounded(x), 3.0 * jnp.eye(3))
    factor["k"] = 4.0
    assert_close(bounded(x), 4.0 * jnp.eye(3))


def test_holomorphic():
    z = jnp.array([1 + 2j, 0.5 - 1j])
    for word in (fg.jacobian, fg.jacfwd, fg.jacrev):
        assert_close(word(lambda z: z**3, holomorphic=True)(z), jnp.diag(3 * z**2))
    assert_close(fg.hessian(lambda z: (z**3).sum(), holomorphic=True)(z), jnp.diag(6 * z))


# Messages


@pytest.mark.parametrize("word", ["jacobian", "jacfwd", "jacrev", "hessian"])
def test_outputs_without_derivative(word):
    compute = getattr(fg, word)
    tail = "compute it in floating point; what is rounded to integers has no derivative."
    with raises(
        fg.DtypeError, f"{word}(): the function must return floating point; it returned int32 of shape (); {tail}"
    ):
        compute(jnp.argmax)(x)
    with raises(fg.DtypeError, f"{word}(): the function must return floating point; it returned str 'a'; {tail}"):
        compute(lambda x: (x, "a"))(x)
    with raises(fg.DtypeError, f"{word}(): the function must return floating point; it returned None; {tail}"):
        compute(lambda x: None)(x)
    message = (
        f"{word}(): the function must return real numbers; it returned complex64 of shape (3,); "
        "take its real part or absolute value, or pass holomorphic=True where the function is holomorphic."
    )
    with raises(fg.DtypeError, message):
        compute(lambda x: x * 1j)(x)


def test_options_that_cannot_be():
    message = "jacobian(): mode must be 'auto', 'forward' or 'reverse'; got 'backward'; leave it out to have it chosen."
    with raises(fg.ArgumentError, message):
        fg.jacobian(tall, mode="backward")
    for word in ("jacobian", "jacfwd", "jacrev", "hessian"):
        with raises(fg.ArgumentError, f"{word}(): chunk_size must be positive; got 0; leave it out."):
            getattr(fg, word)(tall, chunk_size=0)
        with raises(fg.ArgumentTypeError, f"{word}(): chunk_size must be an int; got float 2.5; leave it out."):
            getattr(fg, word)(tall, chunk_size=2.5)
    assert_close(fg.jacobian(tall, chunk_size=np.int64(2))(x), jax.jacrev(tall)(x))

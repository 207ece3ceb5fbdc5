"""The graph of a call: its values are the eager ones, its gradients those of jax.grad and of differences."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from harness import raises
from jax.ad_checkpoint import checkpoint_name

import funcgrad as fg
from funcgrad.testing import assert_close

PARAMS = {"b": np.array([0.1, -0.2], np.float32), "w": np.arange(6, dtype=np.float32).reshape(3, 2) / 6}
X = np.array([[1.0, -2.0, 0.5], [0.3, 0.7, -1.1]], np.float32)


def loss(p, x):
    h = checkpoint_name(jax.nn.relu(x @ p["w"] + p["b"]), "h")
    return jnp.mean(h**2) + jnp.sum(jnp.tanh(h))


def test_the_example_of_the_tutorials():
    nodes = fg.inspect.graph(lambda x, y: x * y, 2.0, 3.0)
    x, y, z = nodes.nodes
    assert (x.name, y.name, z.op, z.inputs) == ("x", "y", "mul", ("x", "y"))
    assert (x.is_leaf, x.requires_grad, z.is_leaf, z.is_output) == (True, True, False, True)
    assert_close([x.data, x.grad, y.grad, z.data, z.grad], [jnp.float32(v) for v in (2, 3, 2, 6, 1)])


def test_leaf_gradients_are_those_of_grad():
    nodes = fg.inspect.graph(loss, PARAMS, X)
    for name, gradient in jax.grad(loss)(PARAMS, X).items():
        assert_close(nodes[f"p.{name}"].grad, gradient)


def test_the_gradient_of_an_intermediate_is_that_of_a_change_there():
    nodes = fg.inspect.graph(loss, PARAMS, X)
    direction = np.random.default_rng(0).standard_normal(nodes["h"].shape).astype(np.float32)

    def rest(h):
        return jnp.mean(h**2) + jnp.sum(jnp.tanh(h))

    change = jax.jvp(rest, [nodes["h"].data], [jnp.asarray(direction)])[1]
    assert_close(jnp.vdot(nodes["h"].grad, direction), change, rtol=1e-5, atol=1e-6)


def test_a_stop_gradient_is_seen():
    nodes = fg.inspect.graph(lambda x: jnp.sum(jax.lax.stop_gradient(x * x) * x), X[0])
    square, cut = (next(n for n in nodes.nodes if n.op == op) for op in ("mul", "stop_gradient"))
    assert cut.inputs == (square.name,)
    assert not cut.requires_grad
    assert_close(square.grad, jnp.zeros(3))
    assert_close(cut.grad, jnp.asarray(X[0]))


def test_only_chosen_arguments_require_gradients():
    nodes = fg.inspect.graph(lambda x, n: x * n, 2.0, 3, argnums=0)
    assert [node.requires_grad for node in nodes.nodes[:2]] == [True, False]
    assert nodes["n"].grad is None


def test_loops_and_jitted_functions_are_one_node():
    @jax.jit
    def twice(x):
        return x + x

    def f(x):
        return jax.lax.fori_loop(0, 3, lambda i, c: jnp.sin(c) * x, twice(x))

    nodes = fg.inspect.graph(f, 0.5)
    assert next(n.op for n in nodes.nodes if n.op) == "twice"
    assert_close(nodes["x"].grad, jax.grad(f)(0.5))


def test_shapes_alone_give_a_graph_without_values():
    nodes = fg.inspect.graph(loss, PARAMS, jax.ShapeDtypeStruct((2, 3), jnp.float32))
    assert all(node.data is None and node.grad is None for node in nodes.nodes)
    assert nodes["h"].shape == (2, 2)


def test_mermaid_names_every_node_and_operation_once():
    text = fg.inspect.graph(loss, PARAMS, X).mermaid()
    assert text.startswith("flowchart LR")
    assert text.count('"p.w: float32[3, 2]') == 1
    assert '(["relu"]):::op' in text
    assert fg.inspect.graph(loss, PARAMS, X)._repr_mimebundle_()["text/vnd.mermaid"] == text


@pytest.mark.parametrize("not_a_function", [3, "f"])
def test_what_is_not_a_function_is_refused(not_a_function):
    given = f"{type(not_a_function).__name__} {not_a_function!r}"
    text = f"graph(): f must be a function; got {given}; write fg.inspect.graph(f, x)."
    with raises(fg.ArgumentTypeError, text):
        fg.inspect.graph(not_a_function, 1.0)

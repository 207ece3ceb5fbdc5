"""Gradients and products: values, aux, composition, and every message."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from harness import check_grad, raises

import funcgrad as fg
from funcgrad.testing import assert_close, assert_no_retrace


def quadratic(x):
    return 2 * x @ x


x = jnp.arange(4.0)


def a(values):
    return fg.tensor(values)


# grad and its relatives


def test_the_three_orders():
    assert_close(fg.grad(quadratic)(x), 4 * x)
    assert_close(fg.value_and_grad(quadratic)(x), (a(28.0), 4 * x))
    assert_close(fg.grad_and_value(quadratic)(x), (4 * x, a(28.0)))


def test_aux_in_the_three_orders():
    def f(x):
        return quadratic(x), {"doubled": 2 * x, "name": "f", "n": 3, "none": None}

    def is_aux(found):
        assert_close(found.pop("doubled"), 2 * x)
        return found == {"name": "f", "n": 3, "none": None}

    gradient, aux = fg.grad(f, has_aux=True)(x)
    assert is_aux(aux)
    assert_close(gradient, 4 * x)
    (value, aux), gradient = fg.value_and_grad(f, 0, True)(x)
    assert is_aux(aux)
    assert_close((value, gradient), (a(28.0), 4 * x))
    gradient, (value, aux) = fg.grad_and_value(f, has_aux=True)(x)
    assert is_aux(aux)
    assert_close((value, gradient), (a(28.0), 4 * x))


def test_results_have_dtypes_of_their_own():
    value, gradient = fg.value_and_grad(lambda x: x**2)(3.0)
    assert (value.weak_type, gradient.weak_type) == (False, False)
    assert fg.grad(lambda x: x * 2)(jnp.bfloat16(1)).dtype == fg.bfloat16


def test_a_function_that_ignores_its_argument_has_gradient_zero():
    assert_close(fg.grad(lambda x: 1.0)(2.0), a(0.0))


def test_empty_arrays_have_empty_gradients():
    assert fg.grad(lambda x: x.sum())(jnp.zeros((0, 3))).shape == (0, 3)


def test_metadata_is_kept():
    def f(x):
        """What f does."""
        return x

    for word in (fg.grad, fg.value_and_grad, fg.grad_and_value, fg.jacobian, fg.jacfwd, fg.jacrev, fg.hessian, fg.vmap):
        assert (word(f).__name__, word(f).__doc__, word(f).__wrapped__) == ("f", "What f does.", f)


def test_python_control_flow_on_values_is_differentiated_as_run():
    def f(a):
        b = a * 2
        while (b * b).sum() < 1000:
            b = b * 2
        return b if b.sum() > 0 else 100 * b

    for start in (0.3, -0.7, 5.0):
        assert_close(fg.grad(f)(start), f(a(start)) / start)


def test_it_composes():
    cube = lambda x: x**3  # noqa: E731
    assert_close(fg.grad(fg.grad(cube))(2.0), a(12.0))
    assert_close(fg.grad(fg.grad(fg.grad(cube)))(2.0), a(6.0))
    assert_close(fg.jit(fg.grad(cube))(2.0), a(12.0))
    assert_close(fg.grad(fg.jit(cube))(2.0), a(12.0))
    assert_close(fg.vmap(fg.grad(cube))(x), 3 * x**2)
    assert_close(fg.grad(lambda x: fg.vmap(cube)(x).sum())(x), 3 * x**2)
    assert_close(jax.grad(fg.grad(cube))(2.0), jnp.float32(12.0))
    assert_close(fg.grad(lambda x: fg.value_and_grad(cube)(x)[0] * x)(2.0), a(32.0))
    check_grad(fg.grad(lambda x: (jnp.sin(x) * x).sum()), np.array([0.5, 1.0]))


def test_a_compiled_gradient_holds_what_hand_written_jax_holds():
    f = lambda p, x: jnp.sum(jnp.tanh(x @ p["w"] + p["b"]) ** 2)  # noqa: E731
    args = {"w": jnp.ones((3, 4)), "b": jnp.ones(4)}, jnp.ones((5, 3))
    ours, theirs = (
        jax.jit(word(f)).lower(*args).as_text().replace("jit_f", "").replace("jit_value_and_gradient", "")
        for word in (fg.value_and_grad, jax.value_and_grad)
    )
    assert ours == theirs


def test_a_compiled_gradient_is_compiled_once():
    step = fg.jit(fg.value_and_grad(quadratic))
    step(x)
    y = x + 1
    with assert_no_retrace():
        step(y)


def test_holomorphic_functions_have_complex_derivatives():
    z = fg.tensor(1 + 2j)
    assert_close(fg.grad(lambda z: z**3, holomorphic=True)(z), 3 * z**2)


def test_errors_of_the_function_pass_through():
    def f(x):
        raise KeyError("mine")

    for word in (fg.grad, fg.value_and_grad, fg.jacobian, fg.jacfwd, fg.jacrev, fg.hessian):
        with pytest.raises(KeyError, match=r"^'mine'$"):
            word(f)(1.0)
    with pytest.raises(KeyError, match=r"^'mine'$"):
        fg.vjp(f, 1.0)
    with raises(fg.ShapeError, "zeros(): sizes must not be negative; got (-1,); write sizes of 0 or more."):
        fg.grad(lambda x: fg.zeros(-1).sum() + x)(1.0)


SCALAR_WORDS = ["grad", "value_and_grad", "grad_and_value"]


@pytest.mark.parametrize("word", SCALAR_WORDS)
@pytest.mark.parametrize(
    ("f", "kind", "message"),
    [
        (
            lambda x: x,
            fg.ShapeError,
            "the function must return a scalar; it returned float32 of shape (4,); "
            "reduce it, for example with fg.sum, or use fg.jacobian.",
        ),
        (
            lambda x: x[:1],
            fg.ShapeError,
            "the function must return a scalar; it returned float32 of shape (1,); "
            "reduce it, for example with fg.sum, or use fg.jacobian.",
        ),
        (
            lambda x: x.argmax(),
            fg.DtypeError,
            "the function must return floating point; it returned int32 of shape (); "
            "compute it in floating point; what is rounded to integers has no derivative.",
        ),
        (
            lambda x: 3,
            fg.DtypeError,
            "the function must return floating point; it returned int 3; "
            "compute it in floating point; what is rounded to integers has no derivative.",
        ),
        (
            lambda x: (x.sum(), x),
            fg.ArgumentTypeError,
            "the function must return a scalar; it returned a tuple of 2; "
            "pass has_aux=True if the second is not to be differentiated.",
        ),
        (
            lambda x: {"loss": x.sum()},
            fg.ArgumentTypeError,
            "the function must return a scalar; it returned a dict; return one number, or use fg.jacobian.",
        ),
        (
            lambda x: None,
            fg.ArgumentTypeError,
            "the function must return a scalar; it returned None; return the value to differentiate.",
        ),
        (
            lambda x: x.sum() * 1j,
            fg.DtypeError,
            "the function must return real numbers; it returned complex64 of shape (); take its real part or "
            "absolute value, or pass holomorphic=True where the function is holomorphic.",
        ),
    ],
)
def test_outputs_without_gradient(word, f, kind, message):
    with raises(kind, f"{word}(): {message}"):
        getattr(fg, word)(f)(x)
    with pytest.raises(kind) as caught:  # jit adds a note of JAX's to what it lets through, and only that
        fg.jit(getattr(fg, word)(f))(x)
    assert str(caught.value) == f"{word}(): {message}"


@pytest.mark.parametrize("word", [*SCALAR_WORDS, "jacobian", "jacfwd", "jacrev", "hessian"])
@pytest.mark.parametrize(
    ("f", "given"),
    [
        (lambda x: x.sum(), "float32 of shape ()"),
        (lambda x: (x.sum(), 1, 2), "a tuple of 3"),
        (lambda x: [x, x], "a list"),
    ],
)
def test_has_aux_needs_a_pair(word, f, given):
    message = (
        f"{word}(): with has_aux=True the function must return a pair (output, aux); it returned {given}; "
        "return two things, or leave has_aux out."
    )
    with raises(fg.ArgumentTypeError, message):
        getattr(fg, word)(f, has_aux=True)(x)


def test_a_real_output_of_a_holomorphic_function():
    message = (
        "grad(): the function must return complex numbers where holomorphic=True; "
        "it returned float32 of shape (); leave holomorphic out."
    )
    with raises(fg.DtypeError, message):
        fg.grad(jnp.abs, holomorphic=True)(fg.tensor(1j))


# vjp


def test_vjp_returns_a_tuple_as_torch_does():
    y, vjp_fn = fg.vjp(lambda x: x * x, x)
    assert_close(y, x * x)
    for _ in range(2):  # torch needs retain_graph=True for the second
        assert_close(vjp_fn(jnp.ones(4)), (2 * x,))
    y, vjp_fn = fg.vjp(lambda x, y: x * y, x, x + 1)
    assert_close(vjp_fn(jnp.ones(4)), (x + 1, x))


def test_vjp_of_what_is_selected():
    f = lambda params, x: params["w"] * x + params["b"]  # noqa: E731
    params = {"w": 2.0, "b": 1.0}
    assert_close(fg.vjp(f, params, x, argnums=1)[1](jnp.ones(4)), jnp.full(4, 2.0))
    assert_close(fg.vjp(f, params, x, argnames="params.w")[1](jnp.ones(4)), a(6.0))
    assert_close(fg.vjp(f, params, x, argnames=("x",))[1](jnp.ones(4)), (jnp.full(4, 2.0),))


def test_vjp_with_aux_and_outputs_that_are_not_floating():
    def f(x):
        return {"y": 3 * x, "best": x.argmax(), "name": "f"}, ("aux", x)

    y, vjp_fn, aux = fg.vjp(f, x, has_aux=True)
    assert (int(y["best"]), y["name"], aux[0]) == (3, "f", "aux")
    assert_close((y["y"], aux[1]), (3 * x, x))
    assert_close(vjp_fn({"y": x, "best": None, "name": None}), (3 * x,))


def test_vjp_under_jit_and_vmap():
    pulled = fg.jit(lambda x, v: fg.vjp(jnp.sin, x)[1](v)[0])(x, x)
    assert_close(pulled, x * jnp.cos(x))
    _, vjp_fn = fg.vjp(lambda x: x**2, x)
    assert_close(fg.vmap(lambda v: vjp_fn(v)[0])(jnp.eye(4)), jnp.diag(2 * x))


def test_cotangents_may_be_numbers_and_numpy_arrays():
    _, vjp_fn = fg.vjp(quadratic, x)
    assert_close(vjp_fn(1), (4 * x,))
    _, vjp_fn = fg.vjp(lambda x: 2 * x, x)
    assert_close(vjp_fn(np.ones(4)), (jnp.full(4, 2.0),))


def test_messages_of_vjp():
    _, vjp_fn = fg.vjp(lambda x: {"y": x, "n": 1}, x)
    message = (
        "vjp_fn(): the cotangent must have the structure of the output, {'n': *, 'y': *}; got *; "
        "build it like the output, with None at leaves that are not floating."
    )
    with raises(fg.ArgumentTypeError, message):
        vjp_fn(x)
    message = "vjp_fn(): the cotangent must be None where nothing is floating; got float 1.0; write None there."
    with raises(fg.ArgumentTypeError, message):
        vjp_fn({"y": x, "n": 1.0})
    message = (
        "vjp_fn(): the cotangent must be like the output, float32 of shape (4,); got float32 of shape (3,); "
        "give it that shape with fg.reshape."
    )
    with raises(fg.ShapeError, message):
        vjp_fn({"y": x[:3], "n": None})
    message = (
        "vjp_fn(): the cotangent must be like the output, float32 of shape (4,); got int32 of shape (4,); "
        "convert it, or make it with fg.ones_like."
    )
    with raises(fg.DtypeError, message):
        vjp_fn({"y": jnp.arange(4), "n": None})
    message = (
        "vjp(): argument 'n' must have a floating leaf to differentiate; got int 3; "
        "write 3.0 instead of 3, or convert it with fg.to(x, 'float')."
    )
    with raises(fg.DtypeError, message):
        fg.vjp(lambda x, n: x * n, x, 3)
    message = (
        "vjp(): the function must return floating point; it returned int32 of shape (); "
        "compute it in floating point; what is rounded to integers has no derivative."
    )
    with raises(fg.DtypeError, message):
        fg.vjp(jnp.argmax, x)
    with raises(fg.DtypeError, message.replace("int32 of shape ()", "a list without leaves")):
        fg.vjp(lambda x: [], x)
    with raises(fg.ArgumentError, "vjp(): argnums must select something; got an empty sequence; select an argument."):
        fg.vjp(lambda: 1.0)


# jvp and linearize


def test_jvp():
    y, tangent = fg.jvp(lambda x, y: x * y, (x, x + 1), (jnp.ones(4), jnp.zeros(4)))
    assert_close((y, tangent), (x * (x + 1), x + 1))
    y, tangent, aux = fg.jvp(lambda x: (x**2, {"n": 3, "x": x}), (3.0,), (2.0,), has_aux=True)
    assert_close((y, tangent, aux["x"]), (a(9.0), a(12.0), a(3.0)), check_dtype=False)
    assert aux["n"] == 3


def test_jvp_leaves_what_does_not_move():
    f = lambda params, x, n: params["w"] * x + params["b"] * n  # noqa: E731
    params = {"w": 2.0, "b": 1.0}
    _, tangent = fg.jvp(f, (params, x, 3), ({"w": 1.0, "b": None}, None, None))
    assert_close(tangent, x)
    output, tangent = fg.jvp(lambda x: {"y": x, "n": 1}, (x,), [x])
    assert (output["n"], tangent["n"]) == (1, None)


def test_linearize():
    y, jvp_fn = fg.linearize(lambda x, y: x**2 * y, x, 2.0)
    assert_close(y, 2 * x**2)
    for _ in range(2):
        assert_close(jvp_fn(jnp.ones(4), 0.0), 4 * x)
    assert_close(jvp_fn(jnp.zeros(4), 1.0), x**2)
    y, jvp_fn, aux = fg.linearize(lambda x: (x * x, "aux"), x, has_aux=True)
    assert aux == "aux"
    assert_close(jvp_fn(x), 2 * x * x)


def test_messages_of_jvp_and_linearize():
    with raises(
        fg.ArgumentTypeError,
        "jvp(): primals must be a tuple; got float32 of shape (4,); write (primal,) with a comma for a single one.",
    ):
        fg.jvp(jnp.sin, x, (x,))
    with raises(
        fg.ArgumentTypeError,
        "jvp(): tangents must be a tuple; got float 1.0; write (tangent,) with a comma for a single one.",
    ):
        fg.jvp(jnp.sin, (x,), 1.0)
    with raises(
        fg.ArgumentError,
        "jvp(): there must be one tangent for each primal; got 1 primals and 2 tangents; "
        "write None for a primal that does not move.",
    ):
        fg.jvp(jnp.sin, (x,), (x, x))
    with raises(fg.ArgumentError, "jvp(): there must be a tangent; got None for every primal; give one a direction."):
        fg.jvp(jnp.sin, (x,), (None,))
    with raises(
        fg.ArgumentTypeError,
        "jvp(): a tangent must have the structure of its primal, {'b': *, 'w': *}; got {'w': *}; "
        "build it like the primal, with None at leaves that are not floating.",
    ):
        fg.jvp(lambda p: p["w"], ({"w": 1.0, "b": 2.0},), ({"w": 1.0},))
    with raises(
        fg.ShapeError,
        "jvp(): a tangent must be like its primal, float32 of shape (4,); got float32 of shape (); "
        "give it that shape with fg.reshape.",
    ):
        fg.jvp(jnp.sin, (x,), (1.0,))
    with raises(
        fg.ArgumentError,
        "jvp_fn(): there must be one tangent for each primal; got 1 primals and 2 tangents; "
        "give as many as linearize was given.",
    ):
        fg.linearize(jnp.sin, x)[1](x, x)


# stop_gradient


def test_what_is_detached_is_constant():
    assert_close(fg.grad(lambda x: (fg.detach(x * x) * x).sum())(x), x * x)
    assert_close(fg.grad(lambda x: (x * x).sum())(x), 2 * x)
    assert fg.detach is fg.stop_gradient


def test_detach_takes_trees_and_leaves_the_rest_alone():
    tree = {"w": x, "n": fg.tensor(3), "i": 3, "f": 2.0, "none": None, "name": "a", "nested": [(x, abs)]}
    found = fg.stop_gradient(tree)
    assert_close(found["w"], x)
    for name in ("n", "i", "f", "none", "name"):
        assert found[name] is tree[name]
    assert found["nested"][0][1] is abs
    frozen = fg.grad(lambda p: (fg.detach(p)["w"] * p["w"]).sum() + (fg.detach(p)["b"] ** 2).sum())({"w": x, "b": x})
    assert_close(frozen, {"w": x, "b": 0 * x})

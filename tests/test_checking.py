"""check_grad can fail: a planted fault for everything it exists to find; and what is right passes, at kinks too."""

import jax
import jax.numpy as jnp
import jax.test_util
import numpy as np
import pytest
from harness import raises

import funcgrad as fg
from funcgrad import check_grad

x = np.linspace(0.5, 1.5, 6, dtype=np.float32).reshape(2, 3)
FAULTS = pytest.mark.parametrize(
    ("n", "factor"), [(4, 1.000001), (4, -1.0), (4, np.nan), (10_000, 1.000001), (10_000, "one element")]
)


def points(n):
    return np.random.default_rng(1).uniform(0.5, 1.5, n).astype(np.float32)


def slope(x, factor):
    """The derivative of the sine, or one that is wrong."""
    if factor == "one element":
        return np.where(np.arange(x.size) == x.size // 3, 1.000001, 1.0) * jnp.cos(x)
    return factor * jnp.cos(x)


def wrong_forward(factor):
    faulty = jax.custom_jvp(jnp.sin)
    faulty.defjvp(lambda p, t: (faulty(*p), slope(p[0], factor) * t[0]))
    return faulty


def wrong_reverse(factor):
    """The derivative forward is right; what it is transposed to is not."""

    @jax.custom_jvp
    def faulty(x):
        return jnp.sin(x)

    @faulty.defjvp
    def _(p, t):
        right, wrong = (lambda s, t: s * t), (lambda s, t: slope(s, factor) / jnp.cos(s) * s * t)
        return jnp.sin(p[0]), jax.custom_derivatives.linear_call(right, wrong, jnp.cos(p[0]), t[0])

    return faulty


@FAULTS
def test_a_wrong_rule_forward_is_found(n, factor):
    faulty = wrong_forward(factor)
    kind = "is no number" if factor is np.nan else "disagree"
    with pytest.raises(AssertionError, match=rf"^the forward (and reverse derivatives|derivative) {kind}"):
        check_grad(faulty, points(n))
    with pytest.raises(AssertionError, match=rf"^the forward (and reverse derivatives|derivative) {kind}"):
        check_grad(lambda x: faulty(x).sum(), points(n))


@pytest.mark.parametrize(("n", "factor"), [(4, 1.000001), (10_000, "one element")])
def test_a_wrong_transpose_is_found_in_reverse_alone(n, factor):
    check_grad(wrong_reverse(factor), points(n), modes=["forward"])
    with pytest.raises(AssertionError, match=r"^the reverse derivative disagrees"):
        check_grad(wrong_reverse(factor), points(n))


@FAULTS
def test_a_wrong_custom_vjp_is_found(n, factor):
    faulty = jax.custom_vjp(jnp.sin)
    faulty.defvjp(lambda x: (jnp.sin(x), x), lambda x, g: (slope(x, factor) * g,))
    kind = "is no number" if factor is np.nan else "disagrees"
    with pytest.raises(AssertionError, match=rf"^the reverse derivative {kind}"):
        check_grad(lambda x: faulty(x).sum(), points(n), modes=["reverse"])


def test_the_modes_that_a_function_has_are_checked():
    rule = jax.custom_vjp(jnp.sin)
    rule.defvjp(lambda x: (jnp.sin(x), x), lambda x, g: (jnp.cos(x) * g,))
    assert check_grad(rule, x, order=2) == []
    faulty = jax.custom_vjp(jnp.sin)
    faulty.defvjp(lambda x: (jnp.sin(x), x), lambda x, g: (2 * jnp.cos(x) * g,))
    with pytest.raises(AssertionError, match=r"^the reverse derivative disagrees"):
        check_grad(faulty, x)
    message = (
        "check_grad(): the function must have a derivative in forward mode; it has none, as with a jax.custom_vjp; "
        'pass modes=["reverse"].'
    )
    with raises(fg.ArgumentError, message):
        check_grad(rule, x, modes=["forward", "reverse"])

    def loop(x):
        return jax.lax.while_loop(lambda c: c[0] < 3, lambda c: (c[0] + 1, c[1] * x), (0, x))[1]

    assert check_grad(loop, x) == []
    message = (
        "check_grad(): the function must have a derivative in reverse mode; it has none, as with a loop of unknown "
        'length; pass modes=["forward"].'
    )
    with raises(fg.ArgumentError, message):
        check_grad(loop, x, modes=["reverse"])
    with pytest.raises(ValueError, match="Pure callbacks do not support JVP"):
        check_grad(lambda x: jax.pure_callback(np.sin, jax.ShapeDtypeStruct(x.shape, x.dtype), x), x)


def test_what_jax_passes_is_found():
    faulty = wrong_forward(1.01)
    jax.test_util.check_grads(faulty, (jnp.asarray(points(10_000)),), 1, modes=("fwd",))
    with pytest.raises(AssertionError, match=r"ratio  order\n  x  forward .*  1.0100000   1.00  wrong\n"):
        check_grad(faulty, points(10_000), modes=["forward"])


def test_a_transposed_matrix_and_a_missing_term_are_found():
    product = jax.custom_jvp(lambda a, b: a @ b)
    product.defjvp(lambda p, t: (product(*p), t[0] @ p[1] + (p[0].T @ t[1])))
    a, b = (np.random.default_rng(i).normal(size=(3, 3)) for i in range(2))
    with pytest.raises(AssertionError, match=r"\n  b  +reverse .* wrong\n"):
        check_grad(product, a, b)
    check_grad(product, a, b, argnames="a")
    with pytest.raises(AssertionError) as caught:
        check_grad(lambda p, n: p["a"] * jax.lax.stop_gradient(p["b"]) * n, {"a": x, "b": x, "c": None}, 3)
    rows = [line.split() for line in str(caught.value).splitlines()]
    assert rows[0][:5] == ["the", "forward", "and", "reverse", "derivatives"]
    assert [(r[0], r[1], r[-1]) for r in rows[2:6]] == [
        ("p.a", "forward", "-"), ("p.a", "reverse", "-"), ("p.b", "forward", "wrong"), ("p.b", "reverse", "wrong"),
    ]  # fmt: skip
    assert rows[4][4:6] == ["0.0000000", "1.00"]  # the remainder falls with order 1


def test_the_element_is_named():
    faulty = jax.custom_jvp(lambda p: jnp.sin(p["w"]).sum())
    wrong = np.ones(10_000)
    wrong[1234] = 1.0001
    faulty.defjvp(lambda p, t: (faulty(*p), (wrong * jnp.cos(p[0]["w"]) * t[0]["w"]).sum()))
    w = np.full(10_000, np.pi / 3, np.float64)
    with jax.enable_x64(True), pytest.raises(AssertionError) as caught:
        check_grad(lambda params: faulty(params), {"w": w, "steps": 3})
    assert str(caught.value).splitlines()[-1] == "  by params.w[1234], the output: expected 0.5, found 0.50005"


def test_second_derivatives_are_checked_where_asked():
    cube = jax.custom_jvp(lambda x: x**3)
    lost = jax.lax.stop_gradient
    cube.defjvp(lambda p, t: (cube(*p), 3 * p[0] * lost(p[0]) * t[0]))
    check_grad(cube, x)
    with pytest.raises(AssertionError, match=r"^of the forward derivative, the forward "):
        check_grad(cube, x, order=2)
    assert check_grad(lambda x: jnp.exp(x).sum() * x, x, order=2) == []


SMOOTH = {
    "trees": (lambda p, n: {"y": p["w"] ** n, "i": p["w"].argmax()}, {"w": x, "name": None}, 3),
    "sorted": (lambda x: jnp.prod(jnp.sort(x)), x),
    "curvature that jumps": (lambda x: jnp.maximum(x, 0) ** 2, np.array([0.0, 1.0])),
    "complex": (lambda z: jnp.abs(z) * z, np.array([1 + 2j, 3.0])),
    "large values": (lambda x: jnp.exp(400 * x) * 1e-100, x),
    "tiny points": (jnp.log, np.array([1e-7, 1e-30])),
    "float32 within": (lambda x: (x.astype("float32") ** 2).sum(), x),
    "bfloat16 within": (lambda x: (x.astype("bfloat16") ** 2).sum(), x),
    "bfloat16 model": (
        lambda w, x: jnp.tanh(jnp.maximum(x @ w[0], 0) @ w[1]).sum(),
        [fg.randn(4, 8, key=fg.key(0)).astype("bfloat16"), fg.randn(8, 2, key=fg.key(1)).astype("bfloat16")],
        fg.randn(3, 4, key=fg.key(2)).astype("bfloat16"),
    ),
    "not for tracing": (lambda x: x * 2 if isinstance(x, jax.core.Tracer) else jnp.asarray(2 * np.asarray(x)), x),
}


@pytest.mark.parametrize("what", SMOOTH)
def test_right_derivatives_pass(what):
    f, *args = SMOOTH[what]
    assert check_grad(f, *args) == []


def test_complex_steps_decide_below_the_precision_of_differences():
    assert check_grad(lambda x: jnp.sin(x) @ jnp.exp(x).T, x, rtol=1e-13, atol=1e-14) == []
    with pytest.raises(AssertionError, match="disagree with complex steps"):
        check_grad(lambda x: wrong_forward(1 + 1e-11)(x) * 1.0, x, rtol=1e-13, atol=1e-14)


def test_errors_beyond_the_rounding_of_narrow_functions_are_found():
    f = lambda x: wrong_forward(1.001)(x.astype("float32")).sum()  # noqa: E731
    with pytest.raises(AssertionError, match="disagree with differences"):
        check_grad(f, x)


SIGNS = np.array([1.0, -1.0, 2.0, -2.0, 3.0])


@pytest.mark.parametrize(
    ("f", "args", "told"),
    [
        (fg.relu, (fg.zeros(1),), ["kink near input[0]: slopes 0 and 1 on its two sides"]),
        (lambda x: jnp.abs(x) * 2, (fg.tensor([1.0, 0.0]),), ["kink near x[1]: slopes -2 and 2 on its two sides"]),
        (lambda x: x.max(), (np.ones(3),), [f"kink near x[{i}]: slopes 0 and 1 on its two sides" for i in range(3)]),
        (
            lambda x: (fg.relu(x) * SIGNS).sum(),
            (fg.zeros(5),),
            [f"kink near x[{i}]: slopes 0 and {s:.0f} on its two sides" for i, s in enumerate(SIGNS)],
        ),
        (lambda x: x.sort()[0], (np.array([1.0, 1.0, 2.0]),), 2),
    ],
)
def test_kinks_are_told_and_pass(f, args, told):
    found = check_grad(f, *args)
    assert (found if isinstance(told, list) else len(found)) == told


def test_kinks_everywhere():
    found = check_grad(lambda x: (fg.relu(x) * jnp.cos(jnp.arange(300.0))).sum(), fg.zeros(300))
    assert (len(found), found[-1]) == (9, "and 292 more")


def test_a_derivative_outside_the_slopes_of_a_kink_fails():
    faulty = jax.custom_jvp(lambda x: jnp.maximum(x, 0))
    faulty.defjvp(lambda p, t: (faulty(*p), jnp.where(p[0] > 0, 1.0, jnp.where(p[0] == 0, 1.1, 0.0)) * t[0]))
    with pytest.raises(
        AssertionError, match=r"by x\[1\], 1 of 3 elements of the output, first at \[1\]: expected 0.5, found 1.1"
    ):
        check_grad(faulty, np.array([1.0, 0.0, -1.0]))


def test_a_fault_beside_a_kink_fails():
    with pytest.raises(AssertionError, match=r"by x\[1\], the output: expected 1, found 1.001"):
        check_grad(lambda x: jnp.maximum(x[0], 0) + wrong_forward(1.001)(x[1]), np.zeros(2))


def test_where_there_is_no_derivative():
    with pytest.raises(AssertionError, match=r"^the function is not finite at the point: choose one inside its domain"):
        check_grad(jnp.sqrt, -x)
    message = r"^differences do not settle near x\[0\]: the function jumps there, or is noisy"
    with pytest.raises(AssertionError, match=message):
        check_grad(lambda x: jnp.floor(x), np.array([1.0, 2.5]))
    message = r"^the forward derivative is infinite near x\[0\]: choose a point where the function is smooth\n"
    for function in (jnp.sqrt, jnp.cbrt):
        with pytest.raises(AssertionError, match=message):
            check_grad(function, np.array([0.0, 1.0]))
    message = (
        r"^the reverse derivative is no number near x\[.*\]: "
        "choose another point, guard what is outside its domain with two fg.where, or mend the rule\n"
    )
    with pytest.raises(AssertionError, match=message):
        check_grad(lambda x: jnp.where(x > 9, jnp.sqrt(x - 9), x), x)


def test_messages():
    message = "check_grad(): an argument must be floating; got int32 of shape (2,), int 3; convert one."
    with raises(fg.ArgumentError, message):
        check_grad(lambda x, n: x * n, fg.tensor([1, 2]), 3)
    message = "check_grad(): modes must be among 'forward' and 'reverse'; got ['back']; leave it out for both."
    with raises(fg.ArgumentError, message):
        check_grad(jnp.sin, x, modes=["back"])
    message = "check_grad(): order must be 1 or 2; got 3; leave it out for 1."
    with raises(fg.ArgumentError, message):
        check_grad(jnp.sin, x, order=3)
    message = (
        "check_grad(): the function must return floating point; it returned nothing that is; "
        "compute it in floating point."
    )
    with raises(fg.DtypeError, message):
        check_grad(lambda x: x > 1, x)

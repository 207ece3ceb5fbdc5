"""Jacobians of which few entries can be nonzero: when only these are computed, and what comes out."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from harness import raises
from jax.experimental import sparse as jax_sparse

import funcgrad as fg
from funcgrad.testing import assert_close, assert_no_retrace

x = jnp.linspace(-1.0, 1.0, 80)
w = jnp.asarray(np.random.default_rng(0).standard_normal((80, 80)), "float32")
words = pytest.mark.parametrize("output", ["bcoo", "bcsr", "csr"])


def chain(x):
    return jnp.concatenate([10 * (x[1:] - x[:-1] ** 2), 1 - x[:-1]])


def full(x):
    return jnp.sin(w @ jnp.tanh(w @ x))


def arrow(x):
    return (x**2).at[0].set((x**3).sum()) + x[0]


def looped(x):
    step = lambda h, _: (h + 0.1 * (jnp.roll(h, 1) - 2 * h + jnp.roll(h, -1)) * h, None)  # noqa: E731
    return jax.lax.scan(step, x, None, length=2)[0]


def branching(x):
    return x * 2 if x[0] > 0 else x[::-1] ** 2


def tree(p, c):
    return {"a": p["u"][1:] * p["u"][:-1] * c, "b": (p["v"] ** 2).reshape(8, 10) + p["u"][0]}


P = {"u": x, "v": x + 1, "n": 3, "none": None}


# What is decided


def test_what_pays_is_computed_sparsely():
    found = {f.__name__: fg.plan_jacobian(f, x) for f in (chain, full, looped, arrow)}
    assert {name: plan.colors for name, plan in found.items()} == {"chain": 2, "full": None, "looped": 5, "arrow": 3}
    assert found["chain"].pattern == fg.jacobian_pattern(chain, x)
    assert (found["arrow"].mode, found["arrow"].passes) == ("bidirectional", 3)
    assert (found["full"].shortcut, found["full"].pattern) == ("from the factors of the outputs", None)
    for f in (chain, full, looped, arrow):
        assert_close(found[f.__name__](x), jax.jacrev(f)(x), rtol=1e-4, atol=1e-5)
    lines = ["JacobianPlan of chain: 158 × 80", "  mode    forward, sparse, 237 entries", "  passes  2"]
    assert repr(found["chain"]).split("\n")[:3] == lines


def test_what_cannot_pay_is_not_looked_at(monkeypatch):
    looked = []
    monkeypatch.setattr("funcgrad.autodiff._structured.pattern_within", lambda *args: looked.append(1))
    small = jnp.linspace(-1.0, 1.0, 30)
    fg.plan_jacobian(chain, small)  # few entries
    fg.jacobian(chain)(x)  # a single eager call of a small function
    fg.plan_jacobian(lambda x: jnp.outer(x[:10], x)[:, :60], jnp.ones(80), mode="reverse", argnums=0, sparse=False)
    fg.plan_jacobian(lambda x: jnp.sin(x) * x[::-1], x)  # its entries are written, and nothing is multiplied
    fg.plan_jacobian(lambda t: jnp.sin(t * w), 1.0)  # one column
    assert not looked


def test_a_large_eager_call_looks_and_keeps_only_colours(monkeypatch):
    from funcgrad.autodiff import _structured

    colored = []
    color = _structured.color
    monkeypatch.setattr(_structured, "color", lambda *args: (colored.append(args), color(*args))[1])
    factor = {"k": 2.0}
    derivative = fg.jacobian(lambda x: chain(x) * factor["k"])
    at = jnp.linspace(-1.0, 1.0, 400)
    expected = jax.jacfwd(chain)(at)
    assert_close(derivative(at), 2 * expected)
    factor["k"] = 3.0
    assert_close(derivative(at), 3 * expected)
    assert len(colored) == 1


def test_a_pattern_that_changes_is_found_anew():
    shift = {"by": 1}
    derivative = fg.jacobian(lambda x: x * jnp.roll(x, shift["by"]), sparse=True)
    for by in (1, 7, 0):
        shift["by"] = by
        assert_close(derivative(x), jax.jacfwd(lambda x, by=by: x * jnp.roll(x, by))(x))


def test_a_compiled_one_is_compiled_once():
    step = fg.jit(fg.jacobian(chain))
    step(x)
    at = x + 1
    with assert_no_retrace():
        step(at)


# What is computed


@pytest.mark.parametrize("mode", ["auto", "forward", "reverse"])
@pytest.mark.parametrize("f", [chain, looped, arrow, full])
def test_dense_and_sparse_agree(f, mode):
    expected = jax.jacrev(f)(x)
    for chunk_size in (None, 2):
        assert_close(fg.jacobian(f, mode=mode, sparse=True, chunk_size=chunk_size)(x), expected, rtol=1e-4, atol=1e-5)
    run = fg.jit(fg.vmap(fg.value_and_jacobian(f, mode=mode, sparse=True)))
    value, found = run(jnp.stack([x, x]))
    assert_close((value[1], found[1]), (f(x), expected), rtol=1e-4, atol=1e-5)


def test_trees_come_out_in_blocks():
    expected = fg.jacobian(tree, sparse=False)(P, 2.0)
    for word in (lambda f: f, fg.jit):
        found = word(fg.jacobian(tree, sparse=True))(P, 2.0)
        jax.tree.map(np.testing.assert_array_equal, found, expected)
    (u, c), aux = fg.jacobian(lambda p, c: (tree(p, c)["a"], "aux"), argnames=("p.u", "c"), has_aux=True, sparse=True)(
        P, 2.0
    )
    assert_close((u, c), (expected["a"]["u"], x[1:] * x[:-1]))
    assert aux == "aux"


@words
def test_sparse_results(output):
    expected = fg.jacobian(tree, sparse=False)(P, 2.0)
    found = fg.jacobian(tree, output=output)(P, 2.0)
    kinds = {"bcoo": jax_sparse.BCOO, "bcsr": jax_sparse.BCSR}
    assert found["a"]["n"] is None
    for out, size in (("a", 79), ("b", 80)):
        for name in ("u", "v"):
            block = found[out][name]
            assert block.shape == (size, 80)
            assert isinstance(block, kinds[output]) if output in kinds else block.format == "csr"
            np.testing.assert_array_equal(block.todense(), expected[out][name].reshape(size, 80))
    value, same = fg.value_and_jacobian(chain, output=output)(x)
    assert_close((value, same.todense()), (chain(x), jax.jacrev(chain)(x)))
    plan = fg.plan_jacobian(chain, x, output=output)
    assert_close(plan(x).todense(), jax.jacrev(chain)(x))
    assert plan.result_bytes == 237 * 4
    budget = fg.jacobian(chain, output=output, max_bytes="1MB")(x)
    assert_close(budget.todense(), jax.jacrev(chain)(x))
    if output != "csr":
        assert_close(fg.jit(fg.jacobian(chain, output=output))(x).todense(), jax.jacrev(chain)(x))


@words
def test_one_sparse_matrix_with_labels(output):
    expected = fg.ravel_jacobian(tree, sparse=False)(P, 2.0)
    found, aux = fg.ravel_jacobian(lambda p, c: (tree(p, c), "aux"), output=output, has_aux=True)(P, 2.0)
    np.testing.assert_array_equal(found.matrix.todense(), expected.matrix)
    assert (found.rows, found.columns, aux) == (expected.rows, expected.columns, "aux")
    block = found.block("out['a']", "p.u").todense()
    np.testing.assert_array_equal(block, expected.block("out['a']", "p.u"))
    assert repr(fg.ravel_jacobian(chain, output="bcoo")(x)).startswith(
        "JacobianMatrix(BCOO(float32[158, 80], nse=237), rows=Labels(['out[0]', "
    )


def test_it_can_be_differentiated_again():
    square = lambda x, sparse: (fg.jacobian(looped, sparse=sparse)(x) ** 2).sum()  # noqa: E731
    at = x[:8]
    for word in (jax.grad, jax.hessian):
        found, expected = (fg.jit(word(lambda x, own=sparse: square(x, own)))(at) for sparse in (True, False))
        assert_close(found, expected, rtol=1e-3, atol=1e-4)


def test_complex_half_and_empty():
    z = (x + 1j * x).astype("complex64")
    for mode in ("forward", "reverse"):
        found = fg.jit(fg.jacobian(chain, mode=mode, holomorphic=True, sparse=True))(z)
        assert_close(found, jax.jacfwd(chain, holomorphic=True)(z))
    half = fg.jacobian(chain, sparse=True)(x.astype("bfloat16"))
    assert half.dtype == fg.bfloat16
    mixed = fg.jacobian(lambda x: (x * 2).astype("float16"), sparse=True)(x)
    assert_close(mixed, 2 * jnp.eye(80, dtype="float16"))
    assert fg.jacobian(chain, sparse=True)(jnp.zeros(1)).shape == (0, 1)
    assert fg.jacobian(lambda x: x, output="bcoo")(jnp.zeros((0, 2))).shape == (0, 0)
    assert_close(fg.jacobian(jnp.sin, sparse=True)(0.0), fg.tensor(1.0))
    assert fg.jacobian(lambda x: jnp.ones(3), output="csr")(x).nnz == 0
    probed = fg.jacobian(lambda x: fg.probe("h", x * 2)[1:] ** 2, argnames="@h", sparse=True)
    assert_close(probed(x), jnp.eye(80)[1:] * (4 * x))


def test_what_is_closed_over_may_be_traced():
    def outer(a, sparse):
        return fg.jacobian(lambda x: jnp.convolve(x, a, mode="same") * x, sparse=sparse)(x)

    a = jnp.array([1.0, 2.0, 0.5])
    assert_close(fg.jit(outer, static_argnums=1)(a, True), outer(a, False))
    assert_close(jax.jacfwd(lambda a: outer(a, True))(a), jax.jacfwd(lambda a: outer(a, False))(a))


# Functions that cannot be read, and patterns given by hand


def test_a_function_that_asks_for_values():
    at = jnp.linspace(1.0, 2.0, 600)
    assert_close(fg.jacobian(branching)(at), 2 * jnp.eye(600))
    eye = fg.SparsityPattern.from_dense(np.eye(80))
    assert_close(fg.jacobian(branching, sparse=eye)(x + 3), 2 * jnp.eye(80))
    for options, said in (({"sparse": True}, "sparse=True"), ({"output": "bcoo"}, "output='bcoo'")):
        message = (
            f"jacobian(): with {said} the function must not ask for values, because its pattern holds for all of them; "
            "it asked for one; use fg.where or fg.cond, pass a pattern, or leave the option out."
        )
        with raises(fg.TracedValueError, message):
            fg.jacobian(branching, **options)(x)


def test_a_pattern_given_by_hand():
    pattern = fg.jacobian_pattern(chain, x)
    for given in (pattern, pattern.to_dense(), pattern.to_scipy()):
        assert_close(fg.jacobian(chain, sparse=given)(x), jax.jacrev(chain)(x))
    message = (
        "jacobian(): the pattern must have the shape of the matrix, (78, 40) for this call; got (158, 80); "
        "leave the pattern out to have it found."
    )
    with raises(fg.ShapeError, message):
        fg.jacobian(chain, sparse=pattern)(x[:40])


def test_an_entry_that_is_missing_is_detected():
    pattern = fg.jacobian_pattern(chain, x)
    wrong = fg.SparsityPattern(pattern.shape, pattern.rows[1:], pattern.cols[1:])
    assert fg.plan_jacobian(chain, x, sparse=pattern, check=True).colors == 2
    message = (
        "check_pattern(): every nonzero entry of the Jacobian must be in the pattern; the entry (0, 0) is 20 and not "
        "in it; detect the pattern again with fg.jacobian_pattern."
    )
    with raises(fg.ArgumentError, message):
        fg.plan_jacobian(chain, x, sparse=wrong, check=True)
    message = (
        "plan_jacobian(): check=True needs values of all arguments; got a jax.ShapeDtypeStruct; "
        "pass arrays, or call fg.check_pattern later."
    )
    with raises(fg.TracedValueError, message):
        fg.plan_jacobian(chain, jax.ShapeDtypeStruct((80,), "float32"), sparse=pattern, check=True)


def test_options_that_cannot_be():
    tail = "leave it out to have it decided."
    for given, kind, shown in (("yes", fg.ArgumentError, "'yes'"), (None, fg.ArgumentTypeError, "None")):
        with raises(kind, f"jacobian(): sparse must be 'auto', True, False or a pattern; got {shown}; {tail}"):
            fg.jacobian(chain, sparse=given)
    message = (
        "value_and_jacobian(): output must be 'bcoo', 'bcsr', 'csr' or 'dense'; got 'coo'; "
        "leave it out for dense arrays."
    )
    with raises(fg.ArgumentError, message):
        fg.value_and_jacobian(chain, output="coo")
    message = (
        "plan_jacobian(): a sparse output needs the pattern of the Jacobian; got sparse=False and output='bcoo'; "
        "leave sparse out."
    )
    with raises(fg.ArgumentError, message):
        fg.plan_jacobian(chain, x, sparse=False, output="bcoo")
    message = (
        "jacobian(): output='csr' is a SciPy matrix, which needs values; it is asked for where the function is being "
        "traced; ask for 'bcoo', or call it outside fg.jit."
    )
    with raises(fg.TracedValueError, message):
        fg.jit(fg.jacobian(chain, output="csr"))(x)


# Functions with a derivative in one mode


@jax.custom_vjp
def backward(x):
    return jnp.sin(x)


backward.defvjp(lambda x: (backward(x), x), lambda x, g: (jnp.cos(x) * g,))


def clipped(x):
    return fg.clip_gradient(jnp.sin(x), clip_value=100.0)


def turning(x):
    return jnp.sin(jax.lax.while_loop(lambda v: (v < 0).all(), lambda v: v + 2, x))


@pytest.mark.parametrize("f", [backward, clipped, turning])
def test_every_word_takes_the_mode_that_there_is(f):
    at = x[-5:]
    slope, bend = jnp.diag(jnp.cos(at)), jnp.diag(-jnp.sin(at))
    for word in (lambda f: f, fg.jit):
        assert_close(word(fg.jacobian(f, chunk_size=2))(at), slope)
        assert_close(word(fg.jacobian(f, sparse=True))(at), slope)
        assert_close(word(fg.value_and_jacobian(f))(at), (jnp.sin(at), slope))
        assert_close(word(fg.batch_jacobian(f))(at[:, None])[:, 0, 0], jnp.cos(at))
        assert_close(word(fg.elementwise_grad(f))(at), jnp.cos(at))
    total = lambda x: f(x).sum()  # noqa: E731
    assert_close(fg.jit(fg.hessian(total))(at), bend)
    assert_close(fg.hessian(total, chunk_size=2)(at), bend)
    assert_close(fg.jit(fg.value_grad_and_hessian(total))(at), (jnp.sin(at).sum(), jnp.cos(at), bend))
    plan = fg.plan_jacobian(f, at)
    assert plan.mode == ("forward" if f is turning else "reverse")
    assert_close(plan(at), slope)
    assert_close(fg.sparse_jacobian(f, output="dense")(at), slope)
    if f is not turning:
        assert_close(fg.sparse_hessian(total, output="dense")(at), bend)

"""Sparse Jacobians and Hessians are the dense ones, in few products, however they are asked for."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.sparse as sp
from harness import raises
from jax.experimental import sparse as jax_sparse

import funcgrad as fg
from funcgrad._apart import computed_apart
from funcgrad.autodiff._calls import Call
from funcgrad.autodiff._hoisting import Hoisted
from funcgrad.autodiff._sparse import Programs, SparseProgram
from funcgrad.testing import assert_close, assert_no_retrace

MODES = ("auto", "forward", "reverse", "bidirectional")
x = jnp.array([0.5, -1.0, 2.0, 0.25, 1.5, -0.75])


def chain(x):
    return jnp.sin(x[1:]) * x[:-1]


def arrow(x):
    return jnp.concatenate([jnp.sum(x**2)[None], x[1:] * x[0] + x[1:] ** 3])


def tall(x):
    return jnp.stack([jnp.sin(x), x**2, x * x[::-1]])


def constant_in_places(x):
    return jnp.array([1.0, 0.0, 0.0]).at[1].set(x[2] ** 2)


def by_table(x):
    return x[np.array([0, 0, 5, 3])] ** 2


@jax.jit
def convolved(x):
    return jnp.tanh(jnp.convolve(x, jnp.array([1.0, -2.0, 0.5]), mode="same"))


def tree(p):
    return {"y": jnp.tanh(p["w"] * 2) * p["s"], "z": (p["b"] ** 2, p["w"][:2].sum())}


TREE = {"w": x[:3], "b": x.reshape(2, 3), "s": 2.0, "n": 3, "none": None}
FUNCTIONS = [chain, arrow, tall, constant_in_places, by_table, convolved, jnp.sum, lambda x: x * 0.5]


def as_matrix(blocks, outputs, inputs):
    """The blocks of a dense Jacobian as one matrix."""
    sizes = [[np.size(leaf) for leaf in jax.tree.leaves(side)] for side in (outputs, inputs)]
    parts = iter(jax.tree.leaves(blocks))
    return np.block([[np.asarray(next(parts)).reshape(m, n) for n in sizes[1]] for m in sizes[0]])


def dense_jacobian(f, at):
    return np.asarray(jax.jit(jax.jacrev(f))(at)).reshape(-1, at.size)


def all_ways(f, **options):
    """The dense matrix by each mode, in one program, which compiles faster than four."""
    found = [fg.sparse_jacobian(f, mode=mode, output="dense", **options) for mode in MODES]
    return jax.jit(lambda *args: [jac(*args) for jac in found])


@pytest.mark.parametrize("f", FUNCTIONS)
def test_sparse_is_dense(f):
    expected = dense_jacobian(f, x)
    for found in all_ways(f)(x):
        assert_close(found, expected)
    assert_close(fg.sparse_jacobian(f, output="csr", check=True)(x).toarray(), expected)


@pytest.mark.parametrize("chunk_size", [None, 2])
def test_inputs_and_outputs_may_be_trees(chunk_size):
    floats = {name: jnp.asarray(TREE[name]) for name in ("w", "b", "s")}
    expected = as_matrix(jax.jit(jax.jacrev(tree))(floats), tree(floats), floats)
    for found in all_ways(tree, chunk_size=chunk_size)(floats):
        assert_close(found, expected)
    assert_close(fg.sparse_jacobian(tree, output="dense", chunk_size=chunk_size)(TREE), expected)


def test_all_kinds_of_matrices():
    expected = dense_jacobian(chain, x)
    bcoo, bcsr, csr, dense = (fg.sparse_jacobian(chain, output=o)(x) for o in ("bcoo", "bcsr", "csr", "dense"))
    assert isinstance(bcoo, jax_sparse.BCOO)
    assert isinstance(bcsr, jax_sparse.BCSR)
    assert isinstance(csr, sp.csr_array)
    assert bcoo.indices_sorted
    assert bcoo.unique_indices
    for matrix in (bcoo.todense(), bcsr.todense(), csr.toarray(), dense):
        assert_close(np.asarray(matrix), expected)
    assert_close(bcoo @ x, expected @ x)
    assert_close(bcsr @ x, expected @ x)
    assert (bcoo.nse, csr.nnz, dense.dtype) == (10, 10, np.float32)
    csr.data[:] = 0  # the matrix is the caller's


def test_half_precision_and_mixed():
    half = x.astype("bfloat16")
    assert fg.sparse_jacobian(chain)(half).dtype == fg.bfloat16
    assert fg.sparse_jacobian(chain, output="csr")(half).dtype == np.float32
    mixed = lambda p: p["a"].astype("float32") * p["b"]  # noqa: E731
    for mode in ("forward", "reverse"):
        assert fg.sparse_jacobian(mixed, mode=mode)({"a": half, "b": x}).dtype == np.float32


def test_double_precision():
    with jax.enable_x64(True):
        at = np.asarray(x, np.float64)
        found = fg.sparse_jacobian(convolved, output="csr", check=True)(at)
        assert found.dtype == np.float64
        assert_close(found.toarray(), np.asarray(jax.jacrev(convolved)(jnp.asarray(at))))


def test_arguments_and_aux():
    def f(a, b, n, t, *, scale):
        return {"y": a[1:] * b[:-1] * scale + t, "z": (b**n)[:2]}, {"b": b, "n": n, "name": "f"}

    args, b = (x, x + 1, 2, 0.5), jnp.arange(6.0)
    dense = jax.jit(jax.jacrev(lambda a, b: f(a, b, 2, 0.5, scale=3.0)[0], argnums=(0, 1)))(*args[:2])
    outputs = f(*args, scale=3.0)[0]
    both = fg.sparse_jacobian(f, argnums=(0, 1), has_aux=True, output="dense")
    matrix, aux = both(*args, scale=3.0)
    assert_close(matrix, as_matrix(dense, outputs, args[:2]))
    assert_close(aux["b"], x + 1)
    assert (aux["n"], aux["name"]) == (2, "f")
    alone = fg.sparse_jacobian(f, argnames="b", has_aux=True, output="dense", mode="reverse", check=True)
    assert_close(alone(*args, scale=3.0)[0], matrix[:, 6:])
    assert_close(alone(x, b, 2, 0.5, scale=3.0)[1]["b"], b)


def test_a_call_is_planned_once_for_each_shape_and_constant():
    traced = []

    def f(x, n, t):
        traced.append(x.shape)
        return x[1:] ** n * t * x[:-1]

    jac = fg.sparse_jacobian(f, output="dense")
    jac(x, 2, 0.5)
    count, above = len(traced), x + 1
    with assert_no_retrace():
        found = jac(above, 2, 0.25)
    assert len(traced) == count
    assert_close(found, dense_jacobian(lambda x: f(x, 2, 0.25), above))
    assert_close(jac(x, 3, 0.5), dense_jacobian(lambda x: f(x, 3, 0.5), x))
    assert_close(jac(x[:4], 2, 0.5), dense_jacobian(lambda x: f(x, 2, 0.5), x[:4]))
    assert len(traced) > count


def test_the_value_comes_with_the_entries():
    f = lambda x: {"y": chain(x)}  # noqa: E731
    for word, g in ((fg.sparse_jacobian, f), (fg.sparse_hessian, lambda x: rosenbrock(x))):
        programs = next(c.cell_contents for c in word(g).__closure__ if isinstance(c.cell_contents, Programs))
        call = Call("test", (x,), {})
        program = SparseProgram(programs.wanted, call)
        data, value, _ = program.evaluate(call)
        alone, nothing, _ = program.evaluate(call, value=False)
        assert_close(data, alone)
        assert nothing == []
        assert_close(value[0], chain(x) if g is f else rosenbrock(x))


def test_they_compose():
    jac = fg.sparse_jacobian(convolved, output="dense")
    eager = jac(x)
    assert_close(fg.jit(jac)(x), eager)
    assert_close(fg.jit(fg.sparse_jacobian(convolved))(x).todense(), eager)
    rows = jnp.stack([x, x * 2])
    assert_close(fg.vmap(jac)(rows), jnp.stack([eager, jac(x * 2)]))
    second = jax.jit(jax.jacrev(jax.jacrev(convolved)))(x)
    forward, backward = jax.jit(lambda x: (fg.jacobian(jac)(x), fg.grad(lambda x: jac(x).sum())(x)))(x)
    assert_close(forward, second)
    assert_close(backward, second.sum((0, 1)))

    @fg.jit
    def inside(scale, x):
        return fg.sparse_jacobian(lambda x: chain(x) * scale, output="dense")(x)

    assert_close(inside(2.0, x), 2 * dense_jacobian(chain, x))
    at_a_constant = lambda s: fg.sparse_jacobian(lambda x: chain(x) * s, output="dense", check=True)(x)  # noqa: E731
    value, slope = fg.jit(lambda s: (at_a_constant(s), fg.grad(lambda s: at_a_constant(s).sum())(s)))(2.0)
    assert_close(value, 2 * dense_jacobian(chain, x))
    assert_close(slope, dense_jacobian(chain, x).sum())


def test_newton_in_a_loop():
    residual = lambda x: (3 - 2 * x) * x - jnp.pad(x[:-1], (1, 0)) - 2 * jnp.pad(x[1:], (0, 1)) + 1  # noqa: E731
    jac = fg.sparse_jacobian(residual, output="dense")
    solved = jax.lax.fori_loop(0, 6, lambda _, x: x - jnp.linalg.solve(jac(x), residual(x)), -jnp.ones(8))
    assert jnp.abs(residual(solved)).max() < 1e-5


def test_what_else_a_call_may_hold():
    key = fg.key(0)
    noisy = lambda x, key, word: x * jax.random.normal(key, x.shape) * len(word)  # noqa: E731
    found = fg.sparse_jacobian(noisy, output="dense")(x, key, {"a", "b"})
    assert_close(found, jnp.diag(2 * jax.random.normal(key, x.shape)))
    with pytest.raises(fg.ConversionError):
        fg.sparse_jacobian(lambda t: t * x)(1e300)


def test_checks_in_a_function_are_kept():
    def f(x):
        return x[1:] * fg.linalg.inv(jnp.eye(2) * x[0])[0, 0]

    fg.checked(fg.sparse_jacobian(f, output="dense"))(x)
    with pytest.raises(fg.LinAlgError):
        fg.checked(fg.sparse_jacobian(f, output="dense"))(x * 0)


def test_the_direction_that_there_is():
    @jax.custom_vjp
    def backward_only(x):
        return x**2

    backward_only.defvjp(lambda x: (backward_only(x), x), lambda x, g: (2 * x * g,))
    pattern = np.eye(6)
    assert_close(fg.sparse_jacobian(backward_only, pattern, output="dense")(x), jnp.diag(2 * x))
    with pytest.raises(TypeError, match="custom_vjp"):
        fg.sparse_jacobian(backward_only, pattern, mode="forward")(x)

    def forward_only(x):
        return jax.lax.while_loop(lambda v: (v * v).sum() < 100, lambda v: v * 2, x)[:1] ** 2

    pattern = np.ones((1, 6))
    found = fg.sparse_jacobian(forward_only, pattern, output="dense")(x)
    assert_close(found, jax.jacfwd(forward_only)(x))


def test_empty_and_small():
    nothing, none = jnp.zeros((0, 2)), jnp.zeros(0)
    for found in all_ways(lambda x: x * 2)(nothing):
        assert found.shape == (0, 0)
    for found in all_ways(lambda x: x[:0])(x):
        assert found.shape == (0, 6)
    for found in all_ways(lambda x: jnp.ones(4) * x.sum())(none):
        assert found.shape == (4, 0)
    for found in all_ways(lambda x: jnp.ones(3))(x):
        assert_close(found, jnp.zeros((3, 6)))
    for found in all_ways(lambda x: x**2)(3.0):
        assert_close(found, fg.tensor([[9.0 - 3.0]]))
    assert fg.sparse_jacobian(lambda x: jnp.ones(3), check=True)(x).nse == 0
    assert fg.sparse_jacobian(lambda x: x[:0], output="csr")(x).shape == (0, 6)


def test_a_pattern_by_hand():
    pattern = fg.jacobian_pattern(chain, x)
    expected = dense_jacobian(chain, x)
    full = np.ones((5, 6))
    for given in (pattern, pattern.to_scipy(), jax_sparse.BCOO.fromdense(jnp.asarray(pattern.to_dense())), full):
        assert_close(fg.sparse_jacobian(chain, given, output="dense", check=True)(x), expected)
    coloring = fg.color(pattern, "reverse")
    assert_close(fg.sparse_jacobian(chain, coloring=coloring, output="dense")(x), expected)


def test_a_pattern_that_lacks_an_entry_is_found():
    wanting = fg.jacobian_pattern(chain, x).to_dense()
    wanting[2, 3] = False
    parts = (
        "sparse_jacobian(): the pattern must hold every entry that is not zero; in row 2 the matrix times a direction ",
        ", and the derivative along it is ",
        "; leave the pattern out to have it found, or add what it lacks.",
    )
    for call in (lambda f: f, fg.checked):
        with pytest.raises(fg.ArgumentError) as caught:
            call(fg.sparse_jacobian(chain, wanting, output="dense", check=True))(x)
        assert all(part in str(caught.value) for part in parts)
    quadratic = lambda x: (x[1:] * x[:-1]).sum()  # noqa: E731
    with pytest.raises(fg.ArgumentError, match=r"^sparse_hessian\(\): the pattern must hold every entry"):
        fg.sparse_hessian(quadratic, np.eye(6), check=True)(x)


def test_long_rows_take_products_in_both_directions():
    n = 200
    at = jnp.linspace(0.5, 1.5, n)
    jac = fg.sparse_jacobian(arrow, check=True)
    assert fg.color(fg.jacobian_pattern(arrow, at)).mode == "bidirectional"
    assert_close(jac(at).todense(), dense_jacobian(arrow, at))
    products = str(jax.make_jaxpr(lambda x: jac(x).data)(at))
    assert f"f32[{n},{n}]" not in products


# Hessians


def rosenbrock(x):
    return jnp.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


@pytest.mark.parametrize("f", [rosenbrock, lambda x: x[0] * jnp.sum(x**2), lambda x: x @ x, lambda x: x[0] * 3.0])
def test_sparse_hessians_are_dense_hessians(f):
    options = [{"mode": "auto"}, {"mode": "forward"}, {"chunk_size": 2}]
    words = [fg.sparse_hessian(f, output="dense", **option) for option in options]
    expected, *found = jax.jit(lambda x: [jax.hessian(f)(x), *[word(x) for word in words]])(x)
    for matrix in found:
        assert_close(matrix, expected, rtol=1e-5, atol=1e-4)
    assert_close(
        fg.sparse_hessian(f, output="csr", check=True)(x).toarray(), np.asarray(expected), rtol=1e-5, atol=1e-4
    )


def until_settled(x):
    """The cubes of square roots by Heron's rule, and what couples neighbours, in a loop without an end known."""
    root = jax.lax.while_loop(lambda v: jnp.any(jnp.abs(v * v - x) > 1e-5), lambda v: (v + x / v) / 2, x + 1)
    return jnp.sum(root**3) + jnp.sum(root[1:] * root[:-1] ** 2)


def test_hessians_through_a_loop_that_has_no_reverse_mode():
    at = jnp.array([1.5, 2.0, 0.25, 3.0])
    expected = jax.jacfwd(jax.jacfwd(until_settled))(at)
    pattern = np.abs(np.subtract.outer(np.arange(4), np.arange(4))) < 2
    coloring = fg.color(fg.SparsityPattern.from_dense(pattern))
    assert_close(fg.sparse_hessian(until_settled, output="dense")(at), expected)
    assert_close(jax.jit(fg.sparse_hessian(until_settled, coloring=coloring, output="dense"))(at), expected)
    with_aux = fg.sparse_hessian(lambda v: (until_settled(v), 2 * v), pattern, has_aux=True, check=True, output="dense")
    assert_close(with_aux(at), (expected, 2 * at))

    @jax.custom_vjp
    def backward_only(x):
        return x**2

    backward_only.defvjp(lambda x: (x**2, x), lambda x, u: (2 * x * u,))
    with pytest.raises(ValueError, match="Reverse-mode differentiation does not work"):  # none exists
        fg.sparse_hessian(lambda v: until_settled(backward_only(v)))(at)


def test_hessians_of_trees_with_aux():
    def f(p, t):
        return (p["w"] ** 3).sum() * t + (p["w"] * p["b"][0]).sum() + p["s"] ** 2, {"t": t, "name": "f"}

    floats = {name: jnp.asarray(TREE[name]) for name in ("w", "b", "s")}
    blocks = jax.jit(jax.hessian(lambda p: f(p, 2.0)[0]))(floats)
    matrix, aux = fg.sparse_hessian(f, has_aux=True, output="dense")(TREE, 2.0)
    assert_close(matrix, as_matrix(blocks, floats, floats))
    assert_close(aux["t"], fg.tensor(2.0))
    assert aux["name"] == "f"


def test_hessians_take_few_products():
    at = jnp.ones(50)
    assert fg.color(fg.hessian_pattern(rosenbrock, at), "symmetric").count == 3
    star = lambda x: x[0] * jnp.sum(x[1:] ** 2)  # noqa: E731
    assert fg.color(fg.hessian_pattern(star, at), "symmetric").count == 2
    assert_close(fg.sparse_hessian(star, output="dense")(at), jax.jit(jax.hessian(star))(at))


# What is computed once


def test_what_the_seeds_determine_is_computed_once():
    w = jnp.arange(9.0).reshape(3, 3)

    def f(moving, staying):
        (x,), (s,) = moving, staying
        linear = jax.jit(lambda s: jnp.sin(s) @ w)(s)
        return [x * linear, x + 1, linear, jnp.ones(3) * x]

    at, seed = jnp.arange(3.0), jnp.ones((3, 3))
    hoisted = Hoisted(f, [at], [seed])
    rest = str(jax.make_jaxpr(hoisted.rest)([at], hoisted.kept))
    assert "dot_general" not in rest
    assert "sin" not in rest
    assert len(hoisted.kept) == 1
    assert_close(hoisted.rest([at], hoisted.kept), f([at], [seed]))
    large = Hoisted(lambda moving, staying: [jnp.tile(staying[0], 10) * moving[0]], [seed[0, 0]], [at])
    assert large.kept[0].shape == (3,)  # what grows is not kept
    assert_close(large.rest([jnp.float32(2)], large.kept)[0], jnp.tile(at, 10) * 2)


def test_sums_of_unit_vectors_are_kept_in_bytes():
    at = jnp.linspace(0.0, 1.0, 6000)
    seed = (jnp.arange(6000) % 3 == jnp.arange(3)[:, None]).astype(jnp.float32)

    def f(moving, staying):
        (x,), (s,) = moving, staying
        return [-4.5 * (s * 3) * x, jnp.roll(s, 1, 1) / 7 + x, s * 200.0, 2.0 / (s + 2)]

    hoisted = Hoisted(f, [at], [seed])
    # What is only scaled is scaled again.
    assert sorted(str(value.dtype) for value in hoisted.kept) == ["float32", "int8", "int8"]
    assert_close(hoisted.rest([at], hoisted.kept), f([at], [seed]))
    small = Hoisted(f, [at[:6]], [seed[:, :6]])
    assert all(value.dtype == np.float32 for value in small.kept)


def turned(p):
    a, b = p["a"], p["b"]
    return {"first": (a.T**2)[::-1], "second": [jnp.stack([b * a[0, 0], b**2]).T[:, None], a.sum()]}


def test_what_is_moved_last_is_read_where_it_was():
    p = {"a": x[:6].reshape(2, 3), "b": x[2:5] + 1}
    expected = as_matrix(jax.jit(jax.jacrev(turned))(p), jax.eval_shape(turned, p), p)
    found = all_ways(turned)
    for matrix in found(p):
        assert_close(matrix, expected)
    for mode in MODES[:3]:
        jac = fg.sparse_jacobian(turned, mode=mode, output="dense")
        assert_close(jac(p), expected)
        assert_close(jac(p), expected)
    program = SparseProgram(
        next(c.cell_contents for c in jac.__closure__ if isinstance(c.cell_contents, Programs)).wanted,
        Call("f", (p,), {}),
    )
    assert program.evaluate(Call("f", (p,), {}))[0].shape == (program.pattern.nnz,)
    energy = lambda p: sum((leaf**3).sum() for leaf in jax.tree.leaves(turned(p)))  # noqa: E731
    assert_close(
        fg.sparse_hessian(energy, output="dense")(p),
        as_matrix(jax.jit(jax.hessian(energy))(p), p, p),
        rtol=1e-4,
        atol=1e-4,
    )


def test_products_are_kept_apart_from_what_reads_them():
    programs = next(
        c.cell_contents for c in fg.sparse_jacobian(chain).__closure__ if isinstance(c.cell_contents, Programs)
    )
    program = SparseProgram(programs.wanted, Call("f", (x,), {}))
    text = str(jax.make_jaxpr(lambda x: program.evaluate(Call("f", (x,), {}), value=False)[0])(x))
    assert text.count("cond[") == (1 if jax.default_backend() == "cpu" else 0)
    assert_close(computed_apart(lambda v: [v[0] * 2], [jnp.zeros(0)]), [jnp.zeros(0)])
    assert_close(jax.jit(lambda b: computed_apart(lambda v: [v[0] * 2.0], [b]))(jnp.array([True])), [jnp.array([2.0])])
    nan = jnp.array([jnp.nan, 1.0])
    assert_close(jax.jit(lambda b: computed_apart(lambda v: [v[0] * 2], [b]))(nan), [nan * 2])


def test_a_program_at_hand_is_for_what_it_was_made():
    jac = fg.sparse_jacobian(lambda x: x[1:] * x[:-1])
    for at in (x, x, x.astype(jnp.bfloat16), x[:3], np.asarray(x), x):
        assert_close(jac(at).data, jac(jnp.asarray(at)).data)
        assert jac(at).data.dtype == at.dtype
        assert jac(at).shape == (at.size - 1, at.size)
    assert_close(fg.checked(jac)(x).data, jac(x).data)
    with raises(
        fg.DtypeError,
        "sparse_jacobian(): argument 'x' must have a floating leaf to differentiate; got int32 of shape (6,); "
        "convert it with fg.to(x, 'float'), or select another argument.",
    ):
        jac(fg.arange(6))


def test_a_pattern_is_checked_in_the_coarsest_dtype():
    p = {"a": x, "b": jnp.ones(2, jnp.bfloat16)}
    jac = fg.sparse_jacobian(lambda p: (p["b"] * 3, p["a"] ** 2), output="dense", check=True)
    assert_close(jac(p)[:2, 6:], 3 * jnp.eye(2))


# Messages


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (
            lambda: fg.sparse_jacobian(3),
            fg.ArgumentTypeError,
            "sparse_jacobian(): func must be a function; got int 3; pass the function itself and call what comes back, "
            "as in fg.sparse_jacobian(f)(x).",
        ),
        (
            lambda: fg.sparse_jacobian(chain, mode="columns"),
            fg.ArgumentError,
            "sparse_jacobian(): mode must be 'auto', 'forward', 'reverse' or 'bidirectional'; got 'columns'; "
            "leave it out.",
        ),
        (
            lambda: fg.sparse_hessian(chain, mode="reverse"),
            fg.ArgumentError,
            "sparse_hessian(): mode must be 'auto', 'symmetric' or 'forward'; got 'reverse'; leave it out.",
        ),
        (
            lambda: fg.sparse_jacobian(chain, output="coo"),
            fg.ArgumentError,
            "sparse_jacobian(): output must be 'bcoo', 'bcsr', 'csr' or 'dense'; got 'coo'; leave it out.",
        ),
        (
            lambda: fg.sparse_jacobian(chain, chunk_size=0),
            fg.ArgumentError,
            "sparse_jacobian(): chunk_size must be positive; got 0; leave it out.",
        ),
        (
            lambda: fg.sparse_jacobian(chain, "diagonal"),
            fg.ArgumentTypeError,
            "sparse_jacobian(): pattern must be a SparsityPattern, a sparse matrix or a dense one; got str 'diagonal'; "
            "leave it out to have it found.",
        ),
        (
            lambda: fg.sparse_jacobian(chain, coloring=[0, 1]),
            fg.ArgumentTypeError,
            "sparse_jacobian(): coloring must be a Coloring; got a list; make one with fg.color(pattern).",
        ),
        (
            lambda: fg.sparse_jacobian(chain, coloring=fg.color(fg.jacobian_pattern(chain, x)), mode="reverse"),
            fg.ArgumentError,
            "sparse_jacobian(): a coloring decides the mode; got mode 'reverse' and a coloring for 'forward'; "
            "leave mode out.",
        ),
        (
            lambda: fg.sparse_jacobian(chain, np.eye(2), coloring=fg.color(fg.jacobian_pattern(chain, x))),
            fg.ArgumentError,
            "sparse_jacobian(): coloring must be of the pattern; got two that differ; leave the pattern out.",
        ),
        (
            lambda: fg.sparse_hessian(chain, coloring=fg.color(fg.jacobian_pattern(chain, x), "reverse")),
            fg.ArgumentError,
            "sparse_hessian(): coloring must be symmetric or forward; got one for 'reverse'; make one with "
            "fg.color(pattern, 'symmetric').",
        ),
        (
            lambda: fg.sparse_jacobian(chain, np.ones((5, 5)))(x),
            fg.ShapeError,
            "sparse_jacobian(): the pattern must have the shape of the matrix, (5, 6) for this call; the pattern has "
            "(5, 5); leave the pattern out to have it found.",
        ),
        (
            lambda: fg.jit(fg.sparse_jacobian(chain, output="csr"))(x),
            fg.TracedValueError,
            "sparse_jacobian(): output='csr' is a SciPy matrix, which needs values; it is asked for where the function "
            "is being traced; ask for 'bcoo', or call it outside fg.jit.",
        ),
        (
            lambda: fg.sparse_jacobian(lambda x: x if x[0] > 0 else -x)(x),
            fg.TracedValueError,
            "sparse_jacobian(): the function must not ask for values of its arguments, because it is compiled; it did "
            "(Attempted boolean conversion of traced array with shape bool[]); use fg.where or fg.cond, or close over "
            "the argument that decides.",
        ),
        (
            lambda: fg.sparse_jacobian(chain)(x * 1j),
            fg.DtypeError,
            "sparse_jacobian(): argument 'x' must be real; got complex64 of shape (6,); pass its real and imaginary "
            "parts, or holomorphic=True where the function is holomorphic.",
        ),
        (
            lambda: fg.sparse_jacobian(jnp.argmax)(x),
            fg.DtypeError,
            "sparse_jacobian(): the function must return floating point; it returned int32 of shape (); compute it in "
            "floating point; what is rounded to integers has no derivative.",
        ),
        (
            lambda: fg.sparse_jacobian(chain)(fg.arange(3)),
            fg.DtypeError,
            "sparse_jacobian(): argument 'x' must have a floating leaf to differentiate; got int32 of shape (3,); "
            "convert it with fg.to(x, 'float'), or select another argument.",
        ),
        (
            lambda: fg.sparse_hessian(chain)(x),
            fg.ShapeError,
            "sparse_hessian(): the function must return a scalar; it returned float32 of shape (5,); reduce it, for "
            "example with fg.sum, or use fg.jacobian.",
        ),
        (
            lambda: fg.sparse_hessian(rosenbrock, np.tri(6))(x),
            fg.ShapeError,
            "sparse_hessian(): the pattern must be symmetric; got one of shape (6, 6) that is not; take another mode, "
            "or unite it with its transpose: pattern | pattern.T.",
        ),
    ],
)
def test_messages(call, kind, message):
    with raises(kind, message):
        call()

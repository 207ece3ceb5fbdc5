"""Patterns against derivatives: never an entry missed, and none too many where the program tells."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from harness import raises
from hypothesis import given, settings
from hypothesis import strategies as st
from jax import lax
from sparse_programs import PROGRAMS, SCALARS, Program

import funcgrad as fg
from funcgrad.autodiff.sparsity import _rows

# Programs whose pattern at a point is known exactly from the values there.
AT_A_POINT = """
where of a value;maximum;extremes;sort;sort by keys;largest;gather by value;rows by value;scatter by value
slice by value;update by value;relu and kin;branches;square of one;softmax;straight through;rule in reverse;open while
counted loop;windows;recurrence;convolution of holes;sparse matrix;gradient;map
""".strip().replace("\n", ";").split(";")  # fmt: skip


def points(program: Program, count: int = 60) -> np.ndarray:
    drawn = np.random.default_rng(1).uniform(-1, 1, (count, program.size))
    return drawn + np.sign(drawn) * 0.05


def flat(program: Program):
    def function(x):
        leaves = [jnp.asarray(leaf) for leaf in jax.tree.leaves(program.function(x))]
        kept = [leaf.ravel() for leaf in leaves if jnp.issubdtype(leaf.dtype, jnp.inexact)]
        return jnp.concatenate([jnp.abs(leaf) if jnp.iscomplexobj(leaf) else leaf for leaf in kept])

    return function


@functools.cache
def jacobians() -> dict[str, np.ndarray]:
    """For each program its Jacobians at the points; one compilation for all."""

    def measure(given):
        return [
            jax.vmap((jax.jacrev if program.reverse else jax.jacfwd)(flat(program)))(at)
            for program, at in zip(PROGRAMS, given, strict=True)
        ]

    with jax.enable_x64(True):
        values = jax.jit(measure)([points(program) for program in PROGRAMS])
    return {program.name: np.asarray(value) for program, value in zip(PROGRAMS, values, strict=True)}


def compare(pattern: fg.SparsityPattern, true: np.ndarray, tight: bool) -> None:
    dense = pattern.to_dense()
    assert dense.shape == true.shape
    assert not (true & ~dense).any(), f"missing: {np.argwhere(true & ~dense).tolist()}"
    if tight:
        assert not (dense & ~true).any(), f"too many: {np.argwhere(dense & ~true).tolist()}"


def test_there_are_enough():
    assert len({program.name for program in PROGRAMS}) == len(PROGRAMS) >= 100
    assert len(points(PROGRAMS[0])) >= 20


def of_size(size: int) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct((size,), np.float32)


@pytest.mark.parametrize("program", PROGRAMS, ids=str)
def test_no_entry_is_missed_and_none_is_made_up(program):
    pattern = fg.jacobian_pattern(program.function, of_size(program.size))
    compare(pattern, (jacobians()[program.name] != 0).any(0), program.tight)
    assert len(pattern.reasons) == program.reasons, pattern.reasons


@pytest.mark.parametrize("name", AT_A_POINT)
def test_at_a_point_values_decide(name):
    program = next(program for program in PROGRAMS if program.name == name)
    with jax.enable_x64(True):
        pattern = fg.jacobian_pattern(program.function, points(program)[0], local=True)
        wide = fg.jacobian_pattern(program.function, points(program)[0])
    compare(pattern, jacobians()[name][0] != 0, tight=True)
    assert pattern | wide == wide
    assert pattern.reasons == ()


@functools.cache
def hessians() -> dict[str, np.ndarray]:
    at = np.random.default_rng(2).normal(size=(20, 8))
    with jax.enable_x64(True):

        def measure(at):
            # Forward twice where there is no reverse.
            slopes = [jax.hessian if p.reverse is not None else lambda f: jax.jacfwd(jax.jacfwd(f)) for p in SCALARS]
            return [jax.vmap(h(p.function))(at) for h, p in zip(slopes, SCALARS, strict=True)]

        return {p.name: (np.asarray(v) != 0).any(0) for p, v in zip(SCALARS, jax.jit(measure)(at), strict=True)}


@pytest.mark.parametrize("program", SCALARS, ids=str)
def test_hessians_hold_what_is_not_linear(program):
    pattern = fg.hessian_pattern(program.function, of_size(8))
    compare(pattern, hessians()[program.name], program.tight)
    assert pattern == pattern.T
    assert len(pattern.reasons) == program.reasons, pattern.reasons


def test_a_hessian_at_a_point():
    def f(x):
        return jnp.sum(jnp.where(x > 0, x, 2.0) * x**2) + jnp.max(x) ** 2

    found = fg.hessian_pattern(f, jnp.array([1.0, -2.0, 3.0]), local=True)
    assert np.array_equal(found.to_dense(), np.eye(3, dtype=bool))


STEPS = {
    "sin": jnp.sin,
    "times reversed": lambda x: x * x[::-1],
    "roll": lambda x: jnp.roll(x, 5) - x,
    "grid": lambda x: jnp.roll(x.reshape(3, 4), 1, 1).ravel() + x,
    "transpose": lambda x: x.reshape(3, 4).T.ravel(),
    "mask": lambda x: x * (np.arange(12) % 3 == 1),
    "where": lambda x: jnp.where(np.arange(12) < 7, x, jnp.roll(x, 2) * x),
    "pad": lambda x: jnp.pad(x[2:9], (3, 2)) + x,
    "gather": lambda x: x[np.array([0, 3, 3, 7, 1, 1, 1, 11, 10, 2, 5, 0])],
    "scatter": lambda x: x.at[np.array([1, 4, 4])].add(x[:3] * x[3:6]),
    "put": lambda x: x.at[4:8].set(x[:4] ** 2),
    "matrix": lambda x: jnp.asarray(np.diag(np.arange(12.0) % 4) + np.eye(12, k=1), x.dtype) @ x,
    "row sums": lambda x: jnp.repeat(x.reshape(3, 4).sum(1), 4) + jnp.cos(x),
    "running": lambda x: jnp.cumsum(x.reshape(4, 3), axis=1).ravel(),
    "loop": lambda x: lax.fori_loop(0, 2, lambda i, u: jnp.roll(u, 1) * x + u[i], x),
    "scan": lambda x: lax.scan(lambda c, t: (c + t[0], c * t), x[0], x.reshape(4, 3))[1].ravel(),
    "wide sums": lambda x: sum(jnp.roll(x, i) for i in range(5)),
    "triangle": lambda x: jnp.tril(x.reshape(3, 4)).ravel() + jnp.triu(x.reshape(3, 4)).ravel() ** 2,
}


@settings(max_examples=40, deadline=None, derandomize=True, database=None)
@given(names=st.lists(st.sampled_from(sorted(STEPS)), min_size=2, max_size=5))
def test_programs_put_together_at_random(names):
    def function(x):
        for name in names:
            x = STEPS[name](x)
        return x

    pattern = fg.jacobian_pattern(function, of_size(12))
    assert pattern.reasons == ()
    with jax.enable_x64(True):
        at = jnp.asarray(np.random.default_rng(3).uniform(0.5, 1.5, 12))
        # Forward through the compiled steps, so that each is compiled once for all programs.
        moved = jnp.eye(12)
        for name in names:
            at, moved = pushed(name, at, moved)
    # What cancels, or is too small to be told from zero, cannot be asked for.
    assert not ((np.asarray(moved.T) != 0) & ~pattern.to_dense()).any()


@functools.cache
def step(name):
    return jax.jit(lambda x, v: (STEPS[name](x), jax.vmap(lambda t: jax.jvp(STEPS[name], (x,), (t,))[1])(v)))


def pushed(name, at, moved):
    return step(name)(at, moved)


def test_constants_are_exact_and_arguments_are_open():
    index = np.array([2, 0])
    closed = fg.jacobian_pattern(lambda x: x[index], jnp.ones(3))
    assert closed == fg.SparsityPattern((2, 3), [0, 1], [2, 0])
    # An argument may have any value, in another call.
    taken = fg.jacobian_pattern(lambda x, i: x[i], jnp.ones(3), index)
    assert taken.nnz == 6
    assert [reason.partition(" at ")[0] for reason in taken.reasons] == ["gather"]
    assert fg.jacobian_pattern(lambda x, i: x[i], jnp.ones(3), index, local=True) == closed
    weights = jnp.array([1.0, 0.0, 2.0])
    assert fg.jacobian_pattern(lambda x, w: x * w, jnp.ones(3), weights).nnz == 3
    assert fg.jacobian_pattern(lambda x: x * weights, jnp.ones(3)).nnz == 2


def test_what_is_not_understood_is_dense_and_says_so():
    def function(x):
        return jax.pure_callback(np.sort, jax.ShapeDtypeStruct((2,), np.float32), x[:2]) + x[2:]

    pattern = fg.jacobian_pattern(function, jnp.ones(4))
    assert np.array_equal(pattern.to_dense(), [[1, 1, 1, 0], [1, 1, 0, 1]])
    line = function.__code__.co_firstlineno + 1
    assert pattern.reasons == (f"pure_callback at test_sparsity.py:{line}: has no rule; taken as dense",)
    assert "1 reason" in repr(pattern)


def test_arguments_are_selected_as_everywhere():
    params = {"w": jnp.ones((2, 2)), "b": jnp.ones(2), "steps": 3, "none": None}

    def model(params, x, scale=1.0):
        return {"y": params["w"] @ x + params["b"] * scale, "n": jnp.arange(3)}, (x, "kept")

    options = {"has_aux": True}
    w = np.kron(np.eye(2), np.ones((1, 2)))
    both = fg.jacobian_pattern(model, params, jnp.ones(2), **options)
    assert np.array_equal(both.to_dense(), np.hstack([np.eye(2), w]))  # in the order of the tree: b, w
    assert np.array_equal(fg.jacobian_pattern(model, params, jnp.ones(2), argnames="params.w", **options).to_dense(), w)
    second = fg.jacobian_pattern(model, params, jnp.ones(2), argnums=(1, 0), **options)
    assert np.array_equal(second.to_dense(), np.hstack([np.ones((2, 2)), np.eye(2), w]))
    named = fg.jacobian_pattern(model, params, jnp.ones(2), scale=2.0, argnames="scale", **options)
    assert named.to_dense().all()


@pytest.mark.parametrize("dtype", [jnp.bfloat16, jnp.float16, jnp.complex64])
def test_every_floating_dtype_counts(dtype):
    assert fg.jacobian_pattern(lambda x: x[1:] * 2, jax.ShapeDtypeStruct((3,), dtype)).nnz == 2


def test_odd_shapes():
    assert fg.jacobian_pattern(jnp.sin, 2.0).shape == (1, 1)
    assert fg.jacobian_pattern(lambda x: x * 2, jnp.zeros((0, 3))).shape == (0, 0)
    assert fg.jacobian_pattern(lambda x: x.sum(0), jnp.zeros((0, 3))).shape == (3, 0)
    assert fg.jacobian_pattern(lambda x: jnp.zeros(3), jnp.ones(2)).nnz == 0
    assert fg.jacobian_pattern(lambda x, y: x * y, jnp.ones(2), np.ones((2, 1), np.float32), argnums=1).shape == (4, 2)
    assert fg.hessian_pattern(lambda x: x**3, 2.0).nnz == 1


def test_a_softmax_cut_short_is_never_spread_out():
    pattern = fg.jacobian_pattern(lambda x: jax.nn.softmax(x)[:2], of_size(1_000_000))
    assert pattern.nnz == 2_000_000


def test_wide_sets_are_joined_as_bits(monkeypatch):
    rng = np.random.default_rng(0)

    def rows_of(matrix):
        return np.concatenate([[0], np.cumsum(matrix.sum(1))]), np.nonzero(matrix)[1].astype(np.int32)

    for flags in (_rows._FLAGS, 64, 1):
        for _ in range(20):
            m, k, n = rng.integers(1, 30, 3)
            left, right = rng.random((m, k)) < rng.random(), rng.random((k, n)) < rng.random()
            right[0, -1] = True
            monkeypatch.setattr(_rows, "_FLAGS", flags)
            found = _rows._joined_bits(*rows_of(left), *rows_of(right), n)
            for one, other in zip(found, rows_of((left.astype(int) @ right) > 0), strict=True):
                assert np.array_equal(one, other)


def test_programs_of_many_steps():
    def stencil(x):
        for _ in range(24):
            x = x + 0.1 * (jnp.roll(x, 1) - 2 * x + jnp.roll(x, -1)) - x**3
        return x

    def scanned(x):
        step = lambda x, _: (x * 0.5 + jnp.roll(x, 2) ** 2, x[0])  # noqa: E731
        return jnp.concatenate(lax.scan(step, x, None, length=45))

    def written(x):
        for i in range(1, 40):
            x = x.at[i].set(x[i] * x[i - 1] if i % 7 else x[i])
        return x[::-1] * 2

    def shared(x):
        y = x * x.sum()
        for shift in range(1, 12):
            y = y + jnp.roll(x, shift)
        return jnp.concatenate([y, x])

    n = 40
    i, j = np.indices((n, n))
    apart = np.minimum((i - j) % n, (j - i) % n)
    assert np.array_equal(fg.jacobian_pattern(stencil, jnp.ones(60)).to_dense()[0].nonzero()[0].size, 49)
    assert fg.jacobian_pattern(scanned, jnp.ones(n)).to_dense()[:n][apart % 2 == 0].all()
    expected = (j <= i) & (j // 7 >= i // 7)
    assert np.array_equal(fg.jacobian_pattern(written, jnp.ones(n)).to_dense(), expected[::-1])
    both = fg.jacobian_pattern(shared, jnp.ones(n))
    assert np.array_equal(both.to_dense(), np.concatenate([np.ones((n, n), bool), np.eye(n, dtype=bool)]))


def test_what_is_spread_over_devices():
    mesh = jax.sharding.AbstractMesh((2, 2), ("a", "b"), axis_types=(jax.sharding.AxisType.Auto,) * 2)
    spec = jax.sharding.PartitionSpec

    def spread(f, given, left):
        return jax.shard_map(f, mesh=mesh, in_specs=given, out_specs=left)

    def pattern(f):
        return fg.jacobian_pattern(lambda x: f(x.reshape(4, 3)), of_size(12))

    rows = spec(("b", "a"), None)
    found = pattern(spread(lambda v: v * v[:, ::-1], rows, rows))
    assert found == pattern(lambda x: x * x[:, ::-1])
    assert not found.reasons
    halves = spread(lambda v, w: (v[::-1] * w[0], jnp.sin(w)), (spec("a"), spec()), (spec("a"), spec()))
    expected = pattern(lambda x: (x.reshape(2, 2, 3)[:, ::-1].reshape(4, 3) * x[0], jnp.sin(x)))
    assert pattern(lambda x: halves(x, x)) == expected
    exchanged = pattern(spread(lambda v: v * jax.lax.psum(v, "a"), spec("a"), spec("a")))
    assert exchanged.to_dense().all()
    assert len(exchanged.reasons) == 1
    assert "its devices exchange values; taken as dense" in exchanged.reasons[0].replace(")", "")
    mapped = pattern(lambda x: jax.vmap(lambda row: row * jax.lax.psum(row, "i"), axis_name="i")(x))
    assert mapped == pattern(lambda x: x * x.sum(0))
    assert not mapped.reasons


def test_it_works_while_another_program_is_traced():
    def f(x):
        return jnp.sin(x[1:]) * x[:-1]

    @jax.jit
    def inside(x):
        return x.sum() + fg.jacobian_pattern(lambda y: f(y) * x[:-1], x).nnz

    assert inside(jnp.ones(4)) == 10.0
    assert jax.vmap(lambda x: x + fg.jacobian_pattern(f, x).nnz)(jnp.ones((2, 4))).shape == (2, 4)


def test_messages():
    with raises(
        fg.ArgumentTypeError,
        "jacobian_pattern(): func must be a function; got float 1.0; write fg.jacobian_pattern(f, x).",
    ):
        fg.jacobian_pattern(1.0, 2.0)
    with raises(
        fg.TracedValueError,
        "jacobian_pattern(): local=True needs the values of all arguments; got a jax.ShapeDtypeStruct; "
        "pass arrays, or leave local out for the pattern of all values.",
    ):
        fg.jacobian_pattern(jnp.sin, of_size(2), local=True)
    with raises(
        fg.TracedValueError,
        "hessian_pattern(): local=True needs the values of all arguments; got an argument that is being traced; "
        "pass arrays, or leave local out for the pattern of all values.",
    ):
        jax.jit(lambda x: fg.hessian_pattern(jnp.sum, x, local=True).nnz)(jnp.ones(2))
    with raises(
        fg.TracedValueError,
        "jacobian_pattern(): the function must not ask for values of its array arguments, which are left open; "
        "it asked for one; use fg.where or fg.cond, or close over the argument that decides.",
    ):
        fg.jacobian_pattern(lambda x: x if x[0] > 0 else -x, jnp.ones(2))
    with raises(
        fg.ArgumentError,
        "jacobian_pattern(): the pattern must have at most 1000000000 entries; this one has up to 10000000000 in "
        "100000 × 100000; products with this Jacobian, fg.jvp and fg.vjp, need no pattern.",
    ):
        fg.jacobian_pattern(lambda x: x / x.sum(), of_size(100_000))
    with raises(
        fg.DtypeError,
        "jacobian_pattern(): the function must return floating point; it returned int32 of shape (2,); "
        "compute it in floating point; what is rounded to integers has no derivative.",
    ):
        fg.jacobian_pattern(lambda x: x.astype(int), jnp.ones(2))
    with raises(
        fg.DtypeError,
        "jacobian_pattern(): argument 'x' must have a floating leaf to differentiate; got int32 of shape (2,); "
        "convert it with fg.to(x, 'float'), or select another argument.",
    ):
        fg.jacobian_pattern(lambda x: x * 1.0, jnp.ones(2, int))
    with raises(
        fg.ShapeError,
        "hessian_pattern(): the function must return a scalar; it returned float32 of shape (2,); "
        "reduce it, for example with fg.sum, or use fg.jacobian.",
    ):
        fg.hessian_pattern(jnp.sin, jnp.ones(2))

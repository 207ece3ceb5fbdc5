"""Problems of the literature, differentiated densely, in chunks and sparsely: all agree, with closed forms too."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.linalg
from problems import PROBLEMS, Problem

import funcgrad as fg

GROUPS = [PROBLEMS[i : i + 10] for i in range(0, len(PROBLEMS), 10)]
SQUEEZED = {"chunk_size": 3}, {"max_bytes": 50_000}  # one problem after the other


def in_full(number: int) -> bool:
    """Whether a problem is differentiated in every way: what takes time is compilation."""
    return number % 20 < 10 or PROBLEMS[number].start.size >= 20


def differences(f, x, problem: Problem):
    """Central differences of the fourth order, a column for each element of `x`."""
    step = 0.01 * problem.spread * jnp.maximum(1, jnp.abs(x))
    moved = x + jnp.array([-2.0, -1.0, 1.0, 2.0])[:, None, None] * jnp.diag(step)
    far_back, back, ahead, far = jax.lax.map(f, moved.reshape(-1, x.size)).reshape(4, x.size, -1)
    return ((8 * (ahead - back) - (far - far_back)) / (12 * step[:, None])).T


def measure(problem: Problem, x):
    """The value, all Jacobians and Hessians, and differences, at one point."""
    number = PROBLEMS.index(problem)
    f = jax.jit(problem.function) if number % 3 else problem.function  # as a call of a program it is traced once
    found = {"value": f(x), "differences": differences(f, x, problem), "solved": None, "hessians": {}}
    if problem.solution is not None:
        found["solved"] = f(jnp.asarray(problem.solution, x.dtype))
    options = SQUEEZED[number // 20 % 2]
    found["jacobians"] = {
        "forward": fg.jacobian(f, mode="forward")(x),
        "sparse": fg.sparse_jacobian(f)(x),
    }
    if in_full(number):
        found["jacobians"]["reverse"] = fg.jacobian(f, mode="reverse")(x)
        found["jacobians"][next(iter(options))] = fg.jacobian(f, **options)(x)
    if found["value"].size * x.size >= 2**10:  # below that "auto" is one of the modes
        found["jacobians"]["auto"] = fg.jacobian(f)(x)
    if found["value"].ndim == 0:
        found["hessians"] = {"dense": fg.hessian(f)(x), "sparse": fg.sparse_hessian(f)(x)}
        found["differences of the gradient"] = differences(fg.grad(f), x, problem)
    return found


def close(name: str, found, expected, digits: float) -> None:
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.shape == expected.shape, name
    wrong = np.abs(found - expected) > digits * np.abs(expected).max(initial=0.02)
    assert not wrong.any(), f"{name}: {found[wrong]} and {expected[wrong]} at {np.argwhere(wrong).tolist()}"


def to_dense(matrix) -> np.ndarray:
    """On the host, where nothing is compiled for each shape."""
    dense = np.zeros(matrix.shape)
    dense[tuple(np.asarray(matrix.indices).T)] = matrix.data
    return dense


def square_sum(value) -> float:
    return float(value if np.ndim(value) == 0 else np.sum(np.asarray(value) ** 2))


def agree(problem: Problem, found, x: np.ndarray, nearby: bool) -> np.ndarray:
    """Raises where two ways do not agree; the Jacobian otherwise."""
    shape = (*np.shape(found["value"]), x.size)
    dense = np.asarray(found["jacobians"]["forward"])
    assert dense.shape == shape
    for name, matrix in found["jacobians"].items():
        close(name, to_dense(matrix).reshape(shape) if name == "sparse" else matrix, dense, 1e-11)
    close("differences", dense.reshape(-1, x.size), found["differences"], 1e-7)
    if problem.jacobian is not None:
        close("closed form", dense, problem.jacobian(x), 1e-10)
    if found["hessians"]:
        bends = np.asarray(found["hessians"]["dense"])
        close("Hessian, sparse", to_dense(found["hessians"]["sparse"]), bends, 1e-11)
        if nearby or problem.smooth:
            close("Hessian, differences", bends, found["differences of the gradient"], 1e-7)
    if nearby and problem.tight:
        # All entries of a pattern are used at a point where nothing vanishes by accident.
        stored = found["jacobians"]["sparse"].nse
        assert stored == np.count_nonzero(dense), f"{stored} entries in the pattern, {np.count_nonzero(dense)} used"
    if not nearby and problem.value is not None:
        assert square_sum(found["value"]) == pytest.approx(problem.value, rel=1e-5)
    if problem.solution is not None:
        assert square_sum(found["solved"]) == pytest.approx(problem.minimum, rel=1e-12, abs=1e-12)
    return dense


def agree_eagerly(group: list[Problem], points: list[np.ndarray], jacobians: list[np.ndarray]) -> None:
    """One eager call for all: the Jacobian of problems side by side has theirs as its blocks, and zeros elsewhere."""
    ends = np.cumsum([p.size for p in points])

    @jax.jit
    def together(x):
        parts = jnp.split(x, ends[:-1])
        return jnp.concatenate([jnp.ravel(p.function(part)) for p, part in zip(group, parts, strict=True)])

    at = jnp.concatenate(points)
    expected = scipy.linalg.block_diag(*[j.reshape(-1, x.size) for j, x in zip(jacobians, points, strict=True)])
    sparse = fg.sparse_jacobian(together, output="csr")(at).toarray()
    dense = np.asarray(fg.jacobian(together)(at))
    begin = 0
    for problem, jacobian, x in zip(group, jacobians, points, strict=True):
        rows = slice(begin, begin := begin + jacobian.size // x.size)
        close(f"eagerly, {problem}", dense[rows], expected[rows], 1e-11)
        close(f"eagerly and sparse, {problem}", sparse[rows], expected[rows], 1e-11)


def test_there_are_enough():
    assert sum(map(in_full, range(len(PROBLEMS)))) >= 60
    assert len({str(p) for p in PROBLEMS}) == len(PROBLEMS) >= 110
    assert sum(p.jacobian is not None for p in PROBLEMS) >= 70
    assert sum(p.value is not None or p.solution is not None for p in PROBLEMS) >= 50


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: f"{group[0]} to {group[-1]}")
def test_all_ways_agree(group):
    with jax.enable_x64(True):
        program = jax.jit(lambda points: [measure(p, x) for p, x in zip(group, points, strict=True)])
        for nearby in (False, True):
            points = [p.nearby() if nearby else p.start for p in group]
            jacobians = []
            for problem, found, x in zip(group, program(points), points, strict=True):
                try:
                    jacobians.append(agree(problem, found, x, nearby))
                except Exception as error:
                    error.add_note(f"in {problem}, {problem.source}")
                    raise
        if in_full(PROBLEMS.index(group[0])):
            agree_eagerly(group, points, jacobians)

"""Detecting patterns: milliseconds from the function to the pattern, and (where installed) the same by asdex.

Then programs of many steps, and how many colours patterns take, of the Jacobian and (where symmetric) of the Hessian.
"""

import itertools
import resource
import warnings

import jax
import jax.numpy as jnp
import numpy as np
from scipy import sparse
from scipy.spatial import Delaunay

import funcgrad as fg

from .timing import interleaved, peer, ratio, spread

KERNEL = np.random.default_rng(0).normal(size=(1, 1, 3, 3)).astype(np.float32)


def broyden(x):
    zero = jnp.zeros(1, x.dtype)
    return (3 - 2 * x) * x + 1 - jnp.concatenate([zero, x[:-1]]) - 2 * jnp.concatenate([x[1:], zero])


def rosenbrock(x):
    return jnp.concatenate([10 * (x[1:] - x[:-1] ** 2), 1 - x[:-1]])


def rosenbrock_sum(x):
    return jnp.sum(rosenbrock(x) ** 2)


def brusselator(x):
    n = int(np.sqrt(x.size // 2))
    u, v = x.reshape(2, n, n)

    def spread_out(w):
        return jnp.roll(w, 1, 0) + jnp.roll(w, -1, 0) + jnp.roll(w, 1, 1) + jnp.roll(w, -1, 1) - 4 * w

    return jnp.stack([1 + u * u * v - 4.4 * u + spread_out(u), 3.4 * u - u * u * v + spread_out(v)]).ravel()


def convolution(x):
    n = int(np.sqrt(x.size))
    return jax.lax.conv_general_dilated(x.reshape(1, 1, n, n), KERNEL, (1, 1), "SAME").ravel()


JACOBIANS = {
    "Broyden tridiagonal": (broyden, (100_000, 1_000_000)),
    "Rosenbrock chain": (rosenbrock, (100_000, 1_000_000)),
    "Brusselator 2-D": (brusselator, (2 * 256**2, 2 * 724**2)),
    "convolution 3 × 3": (convolution, (316**2, 1000**2)),
}


def unrolled(steps):
    """A stencil applied again and again, written as a Python loop: some thousands of equations."""

    def f(x):
        for _ in range(steps):
            x = x + 0.1 * (jnp.roll(x, 1) - 2 * x + jnp.roll(x, -1)) - x**3
        return x

    return f


def scanned(steps):
    step = unrolled(1)
    return lambda x: jax.lax.scan(lambda carry, _: (step(carry), None), x, None, length=steps)[0]


def written(steps):
    """An array written element by element."""

    def f(x):
        for i in range(steps):
            x = x.at[i].set(x[i] * x[i - 1])
        return x

    return f


STEPS = {"unrolled stencil": unrolled, "scanned stencil": scanned, "element by element": written}


def stencil(shape, offsets, periodic=False):
    places = np.arange(np.prod(shape)).reshape(shape)
    rows, cols = [], []
    for offset in offsets:
        at = np.indices(shape).reshape(len(shape), -1) + np.array(offset)[:, None]
        size = np.array(shape)[:, None]
        inside = np.ones(places.size, bool) if periodic else ((at >= 0) & (at < size)).all(0)
        rows.append(places.ravel()[inside])
        cols.append(places[tuple((at % size)[:, inside])])
    return entries(np.concatenate(rows), np.concatenate(cols), (places.size, places.size))


def entries(rows, cols, shape):
    return sparse.csr_array((np.ones(len(rows), np.int8), (rows, cols)), shape=shape)


def cross(dims, far=1):
    steps = [tuple(k * (i == j) for j in range(dims)) for i in range(dims) for k in range(-far, far + 1) if k]
    return [(0,) * dims, *steps]


def box(dims):
    return list(itertools.product((-1, 0, 1), repeat=dims))


def band(n, low, high):
    return stencil((n,), [(k,) for k in range(-low, high + 1)])


def arrow(n, wide=1):
    matrix = np.eye(n, dtype=np.int8)
    matrix[:wide] = matrix[:, :wide] = 1
    return sparse.csr_array(matrix)


def scattered(m, n, each, seed=0):
    cols = np.random.default_rng(seed).integers(0, n, m * each)
    return entries(np.repeat(np.arange(m), each), cols, (m, n))


def staircase(steps, high, wide, common):
    rows, cols = np.indices((steps * high, steps * (wide - common) + common))
    first = rows // high * (wide - common)
    return sparse.csr_array(((cols >= first) & (cols < first + wide)).astype(np.int8))


def power_grid(n):
    """A tree of lines and some that close it, with two unknowns and two equations at each node."""
    rng = np.random.default_rng(0)
    back = np.array([rng.integers(max(0, i - 8), i) for i in range(1, n)])
    ends = rng.integers(0, n, (2, n // 3))
    one = np.concatenate([np.arange(1, n), ends[0]]), np.concatenate([back, ends[1]])
    rows, cols = np.concatenate([np.arange(n), one[0], one[1]]), np.concatenate([np.arange(n), one[1], one[0]])
    return sparse.kron(np.ones((2, 2)), entries(rows, cols, (n, n)))


def bundles(cameras, points, seen):
    rng = np.random.default_rng(0)
    parts = ((cameras, 9), (points, 3))
    return sparse.hstack([sparse.kron(entries(np.arange(seen), rng.integers(0, k, seen), (seen, k)), np.ones((2, w)))
                          for k, w in parts])  # fmt: skip


def mesh(n):
    corners = Delaunay(np.random.default_rng(0).random((n, 2))).simplices
    rows, cols = corners[:, [0, 1, 2]].ravel(), corners[:, [1, 2, 0]].ravel()
    one = entries(rows, cols, (n, n))
    return one + one.T + sparse.eye_array(n)


def reactions(n):
    across = stencil((n, n), cross(2), True)
    return sparse.block_array([[across, sparse.eye_array(n * n)], [sparse.eye_array(n * n), across]])


def bipartite(n, each):
    return sparse.block_array([[None, scattered(n, n, each)], [scattered(n, n, each, 1), None]])


PATTERNS = {
    "3 points": lambda: stencil((5000,), cross(1)),
    "3 points, a ring": lambda: stencil((5000,), cross(1), True),
    "5 points, a ring": lambda: stencil((5003,), cross(1, 2), True),
    "5 points, 2-D": lambda: stencil((70, 70), cross(2)),
    "5 points, torus": lambda: stencil((70, 70), cross(2), True),
    "5 points, odd torus": lambda: stencil((67, 71), cross(2), True),
    "9 points, 2-D": lambda: stencil((70, 70), box(2)),
    "9 points, torus": lambda: stencil((70, 70), box(2), True),
    "9 points, odd torus": lambda: stencil((67, 71), box(2), True),
    "9 points, a cross": lambda: stencil((60, 60), cross(2, 2)),
    "7 points, 3-D": lambda: stencil((16, 16, 16), cross(3)),
    "7 points, 3-D torus": lambda: stencil((16, 16, 16), cross(3), True),
    "27 points, 3-D": lambda: stencil((15, 15, 15), box(3)),
    "27 points, 3-D torus": lambda: stencil((15, 15, 15), box(3), True),
    "band 4 + 4": lambda: band(5000, 4, 4),
    "band 7 + 2": lambda: band(5000, 7, 2),
    "arrow": lambda: arrow(2000),
    "arrow of 3": lambda: arrow(2000, 3),
    "arrow on a band": lambda: arrow(2000) + band(2000, 1, 1),
    "random, square": lambda: scattered(2000, 2000, 4),
    "random, tall": lambda: scattered(5000, 500, 3),
    "random, wide": lambda: scattered(500, 5000, 30),
    "random, symmetric": lambda: scattered(2000, 2000, 2) + scattered(2000, 2000, 2).T,
    "blocks of 5": lambda: sparse.kron(sparse.eye_array(800), np.ones((5, 5))),
    "tridiagonal blocks of 4": lambda: sparse.kron(band(800, 1, 1), np.ones((4, 4))),
    "staircase": lambda: staircase(300, 6, 8, 3),
    "convolution 3 × 3": lambda: stencil((62, 64), box(2)),
    "Brusselator": lambda: reactions(40),
    "power grid": lambda: power_grid(2000),
    "bundle adjustment": lambda: bundles(30, 600, 3000),
    "triangle mesh": lambda: mesh(3000),
    "bipartite": lambda: bipartite(800, 3),
}


def main(rounds: int = 5) -> None:
    asdex = peer("asdex")
    print("milliseconds, median [quartiles]\n")
    print("| problem | unknowns | entries | funcgrad | asdex | asdex / funcgrad |")
    print("|---|---|---|---|---|---|")
    for name, (function, sizes) in JACOBIANS.items():
        for size in sizes:
            row(name, size, fg.jacobian_pattern, asdex and asdex.jacobian_sparsity, function, rounds)
    row("Hessian of Rosenbrock", 100_000, fg.hessian_pattern, None, rosenbrock_sum, rounds)
    print("\nprograms of many steps, 500 unknowns\n\n| program | steps | entries | milliseconds |\n|---|---|---|---|")
    for name, make in STEPS.items():
        for steps in (125, 250, 500):
            function, like = make(steps), jax.ShapeDtypeStruct((500,), np.float32)
            took = interleaved({"": lambda f=function, x=like: fg.jacobian_pattern(f, x)}, 3, 1)[""]
            print(f"| {name} | {steps} | {fg.jacobian_pattern(function, like).nnz} | {spread(took, 1e3)} |", flush=True)
    colors(asdex)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"\nmost memory in use: {memory:.2f} GB")


def row(name, size, detect, theirs, function, rounds) -> None:
    x = np.zeros(size, np.float32)
    like = jax.ShapeDtypeStruct(x.shape, x.dtype)
    contenders = {"funcgrad": lambda: detect(function, like)}
    if theirs and size < 200_000:  # beyond, a minute a call
        contenders["asdex"] = lambda: theirs(function, x)
    seconds = interleaved(contenders, rounds, 1)
    cells = [spread(seconds[each], 1e3) if each in seconds else "" for each in ("funcgrad", "asdex")]
    behind = f"{ratio(seconds['asdex'], seconds['funcgrad']):.0f}" if "asdex" in seconds else ""
    print(f"| {name} | {size} | {detect(function, like).nnz} | {' | '.join(cells)} | {behind} |", flush=True)


def colors(asdex) -> None:
    print(f"\n| pattern | shape | entries | colours | found by | asdex | Hessian | asdex |\n{'|---' * 8}|")
    more = fewer = 0
    for name, make in PATTERNS.items():
        pattern = fg.SparsityPattern.from_scipy(make())
        ours = [fg.color(pattern)]
        if pattern == pattern.T:
            ours.append(fg.color(pattern, "symmetric"))
        theirs = []
        if asdex:
            given = asdex.SparsityPattern.from_coo(pattern.rows, pattern.cols, pattern.shape)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # that it does as well as the dense Jacobian
                theirs = [asdex.jacobian_coloring_from_sparsity(given).num_colors]
                if len(ours) > 1:
                    theirs.append(asdex.hessian_coloring_from_sparsity(given).num_colors)
            more += any(one.count > other for one, other in zip(ours, theirs, strict=True))
            fewer += any(one.count < other for one, other in zip(ours, theirs, strict=True))
        how = f"{ours[0].mode}, {ours[0].order}"
        counts = itertools.zip_longest([str(one.count) for one in ours], map(str, theirs), fillvalue="")
        cells = [cell for pair in counts for cell in pair] + [""] * 2
        cells = [name, " × ".join(map(str, pattern.shape)), str(pattern.nnz), cells[0], how, *cells[1:4]]
        print("|", " | ".join(cells), "|", flush=True)
    if asdex:
        print(f"\nof {len(PATTERNS)} patterns funcgrad takes more colours than asdex on {more}, fewer on {fewer}")


if __name__ == "__main__":
    main()

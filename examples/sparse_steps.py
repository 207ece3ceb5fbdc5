"""Two methods that solve with a sparse Jacobian at each step: implicit Euler, and Levenberg–Marquardt.

The Brusselator is stiff: explicit steps would have to be thirty times as small. Bundle adjustment finds cameras and
points from where the points are seen; each observation depends on one camera and one point.
"""

import jax
import jax.flatten_util
import numpy as np
from scipy.sparse import identity
from scipy.sparse.linalg import splu, spsolve

import funcgrad as fg

jax.config.update("jax_enable_x64", True)

# The Brusselator u' = 1 + u²v - 4u + αΔu, v' = 3u - u²v + αΔv on a periodic grid, from t = 0 to 5.
n, alpha, dt = 18, 0.1, 0.25


def laplacian(w):
    return (sum(fg.roll(w, shift, dim) for shift in (1, -1) for dim in (0, 1)) - 4 * w) * n**2


@fg.jit
def slope(y):
    u, v = y.reshape(2, n, n)
    reaction = u * u * v
    return fg.stack([1 + reaction - 4 * u + alpha * laplacian(u), 3 * u - reaction + alpha * laplacian(v)]).ravel()


jacobian = fg.sparse_jacobian(slope, output="csr")
x = fg.arange(n) / n
start = fg.stack([1 + fg.sin(2 * np.pi * x)[None] * fg.ones(n, 1), 3 + fg.cos(2 * np.pi * x)[:, None] * fg.ones(1, n)])


def integrate(dt, end=5.0):
    """Implicit Euler, with Newton's method for each step; y at the end and how often a matrix was factored."""
    y, factored = start.ravel(), 0
    for _ in range(round(end / dt)):
        z = y
        for _ in range(8):
            gap = z - y - dt * slope(z)
            if float(fg.abs(gap).max()) < 1e-9:
                break
            z = z - splu((identity(z.size) - dt * jacobian(z)).tocsc()).solve(np.asarray(gap))
            factored += 1
        y = z
    return y, factored


coarse, factored = integrate(dt)
fine, _ = integrate(dt / 2)
colors = fg.color(fg.jacobian_pattern(slope, fine)).count
stable = 2 / (8 * alpha * n**2)
print(f"Brusselator: {fine.size} unknowns in {colors} colours, {factored} factorisations for {round(5 / dt)} steps")
print(f"    mean u {float(fine[: n * n].mean()):.4f}; explicit Euler is stable below dt = {stable:.4f}")
assert float(fg.abs(coarse - fine).max()) < 0.2


# Bundle adjustment: cameras are a rotation vector and a translation, points have three coordinates.
cameras, points = 6, 40
rng = np.random.default_rng(0)
truth = {
    "cameras": np.concatenate([0.2 * rng.standard_normal((cameras, 3)), 0.5 * rng.standard_normal((cameras, 3))], 1),
    "points": rng.uniform(-1, 1, (points, 3)) + np.array([0.0, 0.0, 6.0]),
}
seen = rng.random((cameras, points)) < 0.7
camera_of, point_of = np.nonzero(seen)


def rotate(w, p):
    """Rodrigues' formula."""
    angle = fg.sqrt((w * w).sum(-1, keepdims=True) + 1e-20)
    axis = w / angle
    across = (axis * p).sum(-1, keepdims=True)
    return p * fg.cos(angle) + fg.cross(axis, p, dim=-1) * fg.sin(angle) + axis * across * (1 - fg.cos(angle))


@fg.jit
def project(params):
    camera, point = params["cameras"][camera_of], params["points"][point_of]
    there = rotate(camera[:, :3], point) + camera[:, 3:]
    return there[:, :2] / there[:, 2:]


pixels = project(truth)
residual = fg.jit(lambda params: (project(params) - pixels).ravel())
jacobian = fg.sparse_jacobian(residual, output="csr", check=True)
guess = {name: fg.tensor(value + 0.05 * rng.standard_normal(value.shape)) for name, value in truth.items()}
flat, restore = jax.flatten_util.ravel_pytree(guess)

damping, history = 1e-2, [float((residual(restore(flat)) ** 2).sum())]
for _ in range(40):
    params = restore(flat)
    J, r = jacobian(params), np.asarray(residual(params))
    step = spsolve((J.T @ J + damping * identity(flat.size)).tocsc(), J.T @ r)
    error = float((residual(restore(flat - step)) ** 2).sum())
    if error < history[-1]:
        flat, damping = flat - step, damping / 5
        history.append(error)
    else:
        damping *= 4
    if history[-1] < 1e-16:
        break
print(f"Bundle adjustment: {J.shape[0]} observations, {J.shape[1]} unknowns, {J.nnz} entries, {len(history) - 1} steps")
print(f"    squared error {history[0]:.2e} -> {history[-1]:.0e}")
assert history[-1] < 1e-12

"""Newton's method where the Jacobian is sparse: Broyden's equations, a nonlinear Poisson equation, a minimal surface.

The Jacobian of 10,000 equations in 10,000 unknowns has 100 million entries, of which 30,000 can be other than zero.
``fg.sparse_jacobian`` reads from the function which, computes them in three products, and SciPy solves.
"""

import jax
import numpy as np
from scipy.sparse.linalg import spsolve

import funcgrad as fg

jax.config.update("jax_enable_x64", True)  # Newton's last steps need the digits


def newton(residual, jacobian, x, tolerance=1e-10, most=30):
    """Solve ``residual(x) = 0``; give x and the largest residual after each step."""
    sizes = [float(fg.abs(residual(x)).max())]
    while sizes[-1] > tolerance and len(sizes) <= most:
        x = x - spsolve(jacobian(x), np.asarray(residual(x)))
        sizes.append(float(fg.abs(residual(x)).max()))
    return x, sizes


def show(name, jacobian, x, sizes):
    matrix = jacobian(x)
    filled = matrix.nnz / np.prod(matrix.shape)
    print(f"{name}: {matrix.shape[0]} unknowns, {matrix.nnz} entries ({filled:.2%}), {len(sizes) - 1} steps")
    print("    residuals " + ", ".join(f"{size:.1e}" for size in sizes))


# Broyden's tridiagonal equations (1965).
@fg.jit
def broyden(x):
    left, right = fg.cat([fg.zeros(1), x[:-1]]), fg.cat([x[1:], fg.zeros(1)])
    return (3 - 2 * x) * x - left - 2 * right + 1


jacobian = fg.sparse_jacobian(broyden, output="csr", check=True)
x, sizes = newton(broyden, jacobian, fg.full((10_000,), -1.0))
show("Broyden", jacobian, x, sizes)


# Bratu's equation Δu + λ exp(u) = 0 on the unit square, u = 0 at the border, by five points.
def bratu(n, strength=5.0):
    h = 1 / (n + 1)

    @fg.jit
    def residual(u):
        inner = u.reshape(n, n)
        u = jax.numpy.pad(inner, 1)
        laplacian = u[2:, 1:-1] + u[:-2, 1:-1] + u[1:-1, 2:] + u[1:-1, :-2] - 4 * inner
        return (laplacian / h**2 + strength * fg.exp(inner)).ravel()

    jacobian = fg.sparse_jacobian(residual, output="csr")
    u, sizes = newton(residual, jacobian, fg.zeros(n * n), tolerance=1e-8)
    show(f"Bratu on {n} × {n}", jacobian, u, sizes)
    return float(u.reshape(n, n)[n // 2, n // 2])


middle = [bratu(n) for n in (15, 31, 63)]
first, second = middle[1] - middle[0], middle[2] - middle[1]
order = np.log2(first / second)
print(f"    in the middle {middle[-1]:.5f}; halving the mesh divides the error by 2^{order:.2f}")


# The surface of least area over a frame: minimise the area of a graph, with the gradient and a sparse Hessian.
m = 20
grid = fg.linspace(0, 1, m + 2)
frame = fg.cos(2 * np.pi * grid)[:, None] * fg.sin(np.pi * grid)[None, :] * 0.1


@fg.jit
def area(inner):
    z = frame.at[1:-1, 1:-1].set(inner.reshape(m, m))
    dx, dy = (z[1:, :-1] - z[:-1, :-1]) * (m + 1), (z[:-1, 1:] - z[:-1, :-1]) * (m + 1)
    ex, ey = (z[1:, 1:] - z[:-1, 1:]) * (m + 1), (z[1:, 1:] - z[1:, :-1]) * (m + 1)
    return (fg.sqrt(1 + dx**2 + dy**2) + fg.sqrt(1 + ex**2 + ey**2)).sum() / 2 / (m + 1) ** 2


slope, hessian = fg.jit(fg.grad(area)), fg.sparse_hessian(area, output="csr")
z, sizes = newton(slope, hessian, frame[1:-1, 1:-1].ravel(), tolerance=1e-12)
show("Minimal surface", hessian, z, sizes)
print(f"    area {float(area(frame[1:-1, 1:-1])):.4f} -> {float(area(z)):.4f}")
assert sizes[-1] <= 1e-12

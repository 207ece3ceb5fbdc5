"""A network of two layers learns XOR by 60,000 steps of gradient descent, in one compiled loop.

This is the network that many first tutorials write in NumPy, with the derivative of the sigmoid by hand. Here the
gradient is taken of the loss. In 64 bits the numbers are those of the NumPy program to all 12 digits printed.
"""

import argparse

import jax
import numpy as np

import funcgrad as fg

STEPS = 60_000

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--x64", action="store_true", help="compute in 64 bits, as NumPy does")
options = parser.parse_args()
jax.config.update("jax_enable_x64", options.x64)

# The third column is always 1: its weights are the biases. The target is the XOR of the first two.
x = fg.tensor([[0.0, 0.0, 1.0], [0.0, 1.0, 1.0], [1.0, 0.0, 1.0], [1.0, 1.0, 1.0]])
y = fg.tensor([[0.0], [1.0], [1.0], [0.0]])

# The generator of the NumPy program, so that both start from the same weights, uniform in [-1, 1).
generator = np.random.RandomState(1)
first = fg.tensor(2 * generator.random_sample((3, 4)) - 1)
second = fg.tensor(2 * generator.random_sample((4, 1)) - 1)


def network(weights, x):
    """Two layers, each a product with a matrix and a sigmoid."""
    first, second = weights
    return fg.sigmoid(fg.sigmoid(x @ first) @ second)


def loss(weights):
    """Half the sum of the squared errors: its gradient is what the NumPy program adds to its weights."""
    errors = y - network(weights, x)
    return 0.5 * (errors**2).sum(), errors


def descend(weights, _):
    """One step of gradient descent with rate 1, and the errors before it."""
    gradient, errors = fg.grad(loss, has_aux=True)(weights)
    return jax.tree.map(lambda weight, slope: weight - slope, weights, gradient), errors


@jax.jit
def train(weights):
    """All steps, in one program."""
    return jax.lax.scan(descend, weights, length=STEPS)


weights, errors = train((first, second))

digits = 12 if options.x64 else 6
print("step    mean |error|")
for j in range(0, STEPS, 10_000):
    print(f"{j:<8}{abs(errors[j]).mean():.{digits}g}")
print("outputs in the last step: " + ", ".join(f"{float(output):.8f}" for output in (y - errors[-1])[:, 0]))

"""Models of other libraries are pytrees: the same step trains them, and the same checkpoint keeps them."""

import importlib.util

import jax
import numpy as np
import optax
import pytest

import funcgrad as fg
from funcgrad.testing import assert_close

OPTIMIZER = optax.adam(1e-2)
X = np.linspace(-1, 1, 48, dtype=np.float32).reshape(16, 3)
Y = np.arange(16) % 4


def needs(name):
    missing = importlib.util.find_spec(name) is None
    return pytest.mark.skipif(missing, reason=f"pip install {name} to run this: it is no dependency")


def trained(apply, params, folder):
    """Three epochs, saved and resumed after the first; against the loop written by hand."""

    def loss(params, x, y):
        return fg.nn.cross_entropy(apply(params, x), y)

    step = fg.train.step(loss, OPTIMIZER)
    data = fg.data.batches(X, Y, batch_size=8)
    checkpoints = fg.train.Checkpoints(folder)
    for epochs in (1, 3):
        state, place = checkpoints.resume(fg.train.init(params, OPTIMIZER))
        options = {"epochs": epochs, "start": place, "checkpoint": checkpoints, "progress": False}
        state, _ = fg.train.fit(step, state, data, **options)
    by_hand, opt_state = params, OPTIMIZER.init(params)
    gradient = jax.jit(jax.grad(loss))
    for _ in range(3):
        for x, y in data:
            updates, opt_state = OPTIMIZER.update(gradient(by_hand, x, y), opt_state, by_hand)
            by_hand = optax.apply_updates(by_hand, updates)
    assert jax.tree.structure(state.params) == jax.tree.structure(params)
    assert_close(jax.tree.leaves(state.params), jax.tree.leaves(by_hand), rtol=1e-5, atol=1e-6)


@needs("equinox")
def test_a_model_of_equinox(tmp_path):
    import equinox as eqx

    model = eqx.nn.MLP(3, 4, 8, 1, key=fg.key(0))
    params, static = eqx.partition(model, eqx.is_inexact_array)
    trained(lambda params, x: jax.vmap(eqx.combine(params, static))(x), params, tmp_path)


@needs("flax")
def test_models_of_flax(tmp_path):
    from flax import linen, nnx

    class Model(nnx.Module):
        def __init__(self, rngs):
            self.first, self.last = nnx.Linear(3, 8, rngs=rngs), nnx.Linear(8, 4, rngs=rngs)

        def __call__(self, x):
            return self.last(jax.nn.relu(self.first(x)))

    graph, params = nnx.split(Model(nnx.Rngs(0)))
    trained(lambda params, x: nnx.merge(graph, params)(x), params, tmp_path / "nnx")
    old = linen.Sequential([linen.Dense(8), linen.relu, linen.Dense(4)])
    trained(old.apply, old.init(fg.key(0), X), tmp_path / "linen")

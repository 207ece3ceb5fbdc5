"""The world the tests run in: warnings are errors (pyproject), the CPU, and one compilation cache for all workers."""

import os

os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("MPLBACKEND", "Agg")
# The time of the suite is compilation: these flags halve it. `make parity` compiles as users do.
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0 --xla_cpu_use_fusion_emitters=false")

import jax
import numpy as np
import pytest

import funcgrad as fg


@pytest.fixture(autouse=True)
def _names_in_doctests(doctest_namespace):
    doctest_namespace.update(fg=fg, np=np, jax=jax, jnp=jax.numpy)


@pytest.fixture
def rng():
    """Seeded, so that a failure repeats."""
    return np.random.default_rng(0)

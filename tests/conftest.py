"""The world the tests run in: warnings are errors (pyproject), the CPU, and one compilation cache for all workers."""

import os

os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("MPLBACKEND", "Agg")
import jax
import numpy as np
import pytest

import funcgrad as fg

# The time of the suite is compilation: these flags halve it. `make parity` compiles as users do.
_FLAGS = ["--xla_backend_optimization_level=0"]
if jax.__version_info__ < (0, 11):  # a flag that XLA does not know ends the process
    _FLAGS.append("--xla_cpu_use_fusion_emitters=false")
os.environ.setdefault("XLA_FLAGS", " ".join(_FLAGS))  # read when the backend starts, with the first array


@pytest.fixture(autouse=True)
def _names_in_doctests(doctest_namespace):
    doctest_namespace.update(fg=fg, np=np, jax=jax, jnp=jax.numpy)


@pytest.fixture
def rng():
    """Seeded, so that a failure repeats."""
    return np.random.default_rng(0)

"""Patterns against derivatives: never an entry missed, and none too many where the program tells."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sparse_programs import PROGRAMS, Program

import funcgrad as fg


def points(program: Program, count: int = 60) -> np.ndarray:
    drawn = np.random.default_rng(1).uniform(-1, 1, (count, program.size))
    return drawn + np.sign(drawn) * 0.05


def flat(program: Program):
    def function(x):
        leaves = [jnp.asarray(leaf) for leaf in jax.tree.leaves(program.function(x))]
        kept = [leaf.ravel() for leaf in leaves if jnp.issubdtype(leaf.dtype, jnp.inexact)]
        return jnp.concatenate([jnp.abs(leaf) if jnp.iscomplexobj(leaf) else leaf for leaf in kept])

    return function


@pytest.fixture(scope="module")
def seen():
    """For each program where its Jacobian was not zero, at any of the points; one compilation for all."""
    with jax.enable_x64(True):

        def measure(given):
            found = []
            for program, at in zip(PROGRAMS, given, strict=True):
                slope = (jax.jacrev if program.reverse else jax.jacfwd)(flat(program))
                found.append(jnp.stack([slope(x) for x in at]) if program.size > 30 else jax.vmap(slope)(at))
            return found

        values = jax.jit(measure)([points(program) for program in PROGRAMS])
        return {program.name: (np.asarray(v) != 0).any(0) for program, v in zip(PROGRAMS, values, strict=True)}


@pytest.mark.parametrize("program", PROGRAMS, ids=str)
def test_no_entry_is_missed_and_none_is_made_up(program, seen):
    with jax.enable_x64(True):
        pattern = fg.jacobian_pattern(program.function, jax.ShapeDtypeStruct((program.size,), np.float64))
    dense = pattern.to_dense()
    true = seen[program.name]
    assert dense.shape == true.shape
    assert not (true & ~dense).any(), np.argwhere(true & ~dense)
    if program.tight:
        assert not (dense & ~true).any(), np.argwhere(dense & ~true)

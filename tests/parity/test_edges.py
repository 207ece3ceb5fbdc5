"""Derivatives where they are a convention: torch's, or a number where torch has NaN; and the page that shows them.

``WRITE_PAGES=1 make parity`` writes ``docs/gradients-at-edges.md`` anew.
"""

import functools
import os
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from edges import EDGES, inf, nan

import funcgrad as fg
from funcgrad.testing import assert_close

PAGE = Path(__file__).parents[2] / "docs" / "gradients-at-edges.md"
INTRO = """# Gradients at the edges

Where a function has a kink, a tie or a pole its derivative is a convention. funcgrad's is torch's; where torch gives
NaN, funcgrad gives the limit, or 0, and says NaN only where the note says why. Each entry is the gradient of the sum
of the expression with respect to x and then y; below it, in brackets, the gradient of that gradient's sum. The first
column is what all three compute, in torch's words. This page is written by a test, which also holds funcgrad to it
compiled and in forward mode.

| at the edge | torch | plain JAX | funcgrad |
|---|---|---|---|
"""


@functools.cache
def ours(expression, edge):
    """Gradient, and gradient of its sum, of an expression of jnp or fg."""
    names = {"jnp": jnp, "jax": jax, "fg": fg, "inf": inf, "nan": nan}

    def total(values):
        x, y = (*values, None)[:2]
        return eval(expression, names | {"x": x, "y": y}).sum()

    def summed(values):
        return sum(part.sum() for part in jax.grad(total)(values))

    values = [fg.tensor(part) for part in edge.at]
    first, second = jax.jit(lambda values: (jax.grad(total)(values), jax.grad(summed)(values)))(values)
    return total, values, [np.concatenate(first), np.concatenate(second)]


def theirs(expression, at):
    values = [torch.tensor(part, requires_grad=True) for part in at]
    x, y = (*values, None)[:2]
    function = eval(f"lambda x, y: ({expression}).sum()", {"torch": torch, "inf": inf})

    def gradient(total, create_graph=False):
        if not total.requires_grad:
            return [torch.zeros_like(v) for v in values]
        found = torch.autograd.grad(total, values, create_graph=create_graph, allow_unused=True)
        return [torch.zeros_like(v) if g is None else g for g, v in zip(found, values, strict=True)]

    first = gradient(function(x, y), create_graph=True)
    try:
        second = gradient(sum(part.sum() for part in first))
    except RuntimeError:  # torch has no second derivative
        second = [torch.full_like(v, nan) for v in values]
    return [torch.cat(parts).detach().numpy(force=True) for parts in (first, second)]


@pytest.mark.parametrize("edge", EDGES, ids=lambda edge: edge.what)
def test_derivative_at_the_edge(edge):
    check(edge)


def check(edge):
    total, values, found = ours(edge.fg, edge)
    first, second = theirs(edge.torch, edge.at)
    for mine, torchs in zip(found, (first, second), strict=True):
        known = ~np.isnan(torchs) & (torchs is first or not np.isnan(first).any())
        assert_close(mine[known], torchs[known], rtol=1e-5, atol=1e-6)
        assert edge.note or not np.isnan(mine).any(), "a NaN needs a note that says why"
    if np.isfinite(found[0]).all():  # forward mode multiplies the slopes of all elements, also by 0
        assert_close(np.concatenate(jax.jacfwd(total)(values)), found[0], rtol=1e-5, atol=1e-6)
    assert_close(np.concatenate(jax.grad(total)(values)), found[0], rtol=1e-5, atol=1e-6)


def test_a_wrong_convention_is_found():
    zero_at_the_bounds = EDGES[0].__class__("clamp", "torch.clamp(x, 0, 1)", "", "fg.tanh(x)", ([0.0, 1.0],))
    with pytest.raises(AssertionError, match="values differ"):
        check(zero_at_the_bounds)


def shown(derivatives):
    # Rounding errors of 0 differ from machine to machine.
    first, second = (", ".join(f"{0.0 if abs(v) < 1e-6 else v:.4g}" for v in part) for part in derivatives)
    return f"{first}<br>({second})"


def test_the_page_shows_what_is_computed():
    lines = []
    for edge in EDGES:
        points = ", ".join(
            f"{name} = [{', '.join(f'{v:g}' for v in part)}]" for name, part in zip("xy", edge.at, strict=False)
        )
        note = f". {edge.note}" if edge.note else ""
        about = f"{edge.what}: `{edge.torch.replace('torch.', '')}`, {points}{note}"
        columns = [theirs(edge.torch, edge.at), ours(edge.jnp, edge)[2], ours(edge.fg, edge)[2]]
        lines.append(" | ".join(["", about, *map(shown, columns), ""]).strip())
    page = INTRO + "\n".join(lines) + "\n"
    if os.environ.get("WRITE_PAGES"):
        PAGE.write_text(page)
    assert PAGE.read_text() == page

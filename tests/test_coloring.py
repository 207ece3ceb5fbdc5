"""Colours of sparse patterns: each entry can be told from all others, and there are few colours."""

import numpy as np
import pytest
import scipy.sparse as sp
from harness import raises
from hypothesis import given, settings
from hypothesis import strategies as st

import funcgrad as fg
from funcgrad.autodiff.coloring._lines import columns_of
from funcgrad.autodiff.coloring._sequential import _smallest_last_by_rounds, first_fit

MODES = ("auto", "forward", "reverse", "bidirectional", "symmetric")


def pattern_of(matrix):
    stored = sp.csr_array(matrix)
    stored.eliminate_zeros()  # sp.kron stores some
    return fg.SparsityPattern.from_scipy(stored)


def band(n, *offsets):
    return sp.diags_array([np.ones(n - abs(o)) for o in offsets], offsets=offsets, shape=(n, n))


def grid(n, periodic=False):
    """The five points of each place of an n × n grid."""
    line = band(n, -1, 0, 1).tolil()
    if periodic:
        line[0, -1] = line[-1, 0] = 1.0
    eye = sp.eye_array(n)
    return sp.kron(line, eye) + sp.kron(eye, line)


def fields(cells, count):
    """`count` unknowns at each place, one field after the other, coupled at each place."""
    eye = sp.eye_array(cells.shape[0])
    return sp.kron(sp.eye_array(count), cells) + sp.kron(np.ones((count, count)), eye)


def window(n, k):
    """A k × k convolution of an n × n picture, without borders."""
    line = sp.diags_array([np.ones(n - k + 1)] * k, offsets=range(k), shape=(n - k + 1, n))
    return sp.kron(line, line)


def arrow(n):
    matrix = np.eye(n)
    matrix[0] = matrix[:, 0] = 1
    return matrix


def scattered(m, n, count, seed=0):
    rng = np.random.default_rng(seed)
    return fg.SparsityPattern.from_coo(rng.integers(0, m, count), rng.integers(0, n, count), (m, n))


def recovered(coloring, values):
    """The entries of `values`, read off the products that a coloring asks for."""
    products = []
    for colors, count, matrix in (
        (coloring.columns, coloring.column_count, values),
        (coloring.rows, coloring.row_count, values.T),
    ):
        if colors is not None:
            products.append((matrix @ (colors[:, None] == np.arange(count))).T.ravel())
    return np.concatenate(products)[coloring.places]


def check(coloring, rng):
    pattern = coloring.pattern
    values = np.zeros(pattern.shape)
    values[pattern.rows, pattern.cols] = rng.standard_normal(pattern.nnz)
    if coloring.symmetric:
        values = values + values.T
    assert np.allclose(recovered(coloring, values), values[pattern.rows, pattern.cols], rtol=0, atol=1e-12)


@settings(max_examples=80, deadline=None)
@given(
    shape=st.tuples(st.integers(0, 14), st.integers(0, 14)),
    density=st.sampled_from([0.0, 0.1, 0.3, 0.7, 1.0]),
    seed=st.integers(0, 10**6),
    mode=st.sampled_from(MODES),
)
def test_every_entry_can_be_read_off(shape, density, seed, mode):
    rng = np.random.default_rng(seed)
    dense = rng.random(shape) < density
    if mode == "symmetric":
        dense = dense[: min(shape), : min(shape)]
        dense = dense | dense.T
    coloring = fg.color(fg.SparsityPattern.from_dense(dense), mode)
    check(coloring, rng)
    assert coloring.count <= max(dense.shape)
    if mode == "forward":
        assert coloring.count >= dense.sum(1).max(initial=0)


# name: (the matrix, the colours in forward mode; all of them are the fewest there can be)
LATTICES = {
    "tridiagonal": (band(100, -1, 0, 1), 3),
    "pentadiagonal": (band(101, -2, -1, 0, 1, 2), 5),
    "one-sided band": (band(50, 0, 1, 2, 3), 4),
    "diagonal": (band(9, 0), 1),
    "5 points": (grid(13), 5),
    "5 points, periodic": (grid(20, periodic=True), 5),
    "7 points": (sp.kron(sp.eye_array(7), grid(7)) + sp.kron(band(7, -1, 0, 1), sp.eye_array(49)), 7),
    "two fields": (fields(grid(12), 2), 6),
    "two fields, interleaved": (sp.kron(grid(12), sp.eye_array(2)) + sp.kron(sp.eye_array(144), np.ones((2, 2))), 6),
    "3 × 3 window": (window(15, 3), 9),
    "5 × 5 window": (window(12, 5), 25),
    "3 × 3 × 3 window": (sp.kron(window(6, 3), sp.diags_array([np.ones(4)] * 3, offsets=range(3), shape=(4, 6))), 27),
    "blocks": (sp.kron(sp.eye_array(8), np.ones((5, 5))), 5),
    "a wide band": (band(300, *range(-40, 41)), 81),
    "fields at each place alone": (sp.kron(np.ones((3, 3)), sp.eye_array(40)), 3),
}


@pytest.mark.parametrize("name", LATTICES)
def test_lattices_are_coloured_by_formulas(name):
    matrix, colors = LATTICES[name]
    coloring = fg.color(pattern_of(matrix), "forward")
    assert (coloring.count, coloring.order) == (colors, "formula")
    assert fg.color(coloring.pattern).count == colors


def test_a_period_that_does_not_fit_takes_a_few_more():
    line = band(101, -1, 0, 1).tolil()
    line[0, -1] = line[-1, 0] = 1.0
    assert fg.color(pattern_of(line), "forward").count == 4
    assert fg.color(pattern_of(grid(16, periodic=True)), "forward").count <= 8  # one order alone takes 9


def test_no_single_order_takes_fewer():
    rng = np.random.default_rng(1)
    for pattern in (scattered(200, 200, 800), scattered(50, 300, 900), pattern_of(grid(9)), scattered(300, 40, 600)):
        best = fg.color(pattern, "forward")
        check(best, rng)
        for order in ("natural", "largest_first", "smallest_last"):
            alone = fg.color(pattern, "forward", order=order)
            check(alone, rng)
            assert best.count <= alone.count
            assert alone.order == order


def test_the_orders_by_rounds_and_one_by_one_are_permutations():
    lines = columns_of(scattered(60, 80, 300))
    order = _smallest_last_by_rounds(lines)
    assert sorted(order[lines.used[order]]) == list(np.flatnonzero(lines.used))
    colors = first_fit(lines, order)
    assert lines.proper(colors, colors.max() + 1)
    assert first_fit(lines, order, limit=2) is None


def test_colours_are_the_same_each_time():
    pattern = scattered(100, 100, 500)
    assert (fg.color(pattern).places == fg.color(pattern).places).all()


def test_rows_are_columns_of_the_transpose():
    pattern = scattered(30, 50, 200)
    assert fg.color(pattern, "reverse").count == fg.color(pattern.T, "forward").count
    assert (fg.color(pattern, "reverse").rows == fg.color(pattern.T, "forward").columns).all()


def test_auto_takes_what_has_the_fewest():
    dense_row = np.eye(30)
    dense_row[3] = 1
    assert (fg.color(pattern_of(dense_row)).mode, fg.color(pattern_of(dense_row)).count) == ("reverse", 2)
    assert (fg.color(pattern_of(dense_row.T)).mode, fg.color(pattern_of(dense_row.T)).count) == ("forward", 2)
    both = fg.color(pattern_of(arrow(40)))
    assert (both.mode, both.count) == ("bidirectional", 3)
    ten_rows = np.concatenate([np.ones((10, 200)), band(190, 0, 1).toarray() @ np.eye(190, 200)])
    ten_rows[:, :2] = 1
    coloring = fg.color(pattern_of(ten_rows))
    assert coloring.mode == "bidirectional"
    assert coloring.count <= 14
    check(coloring, np.random.default_rng(0))


@pytest.mark.parametrize("n", [10, 100, 1000])
def test_arrows_take_few_colours_at_every_size(n):
    rows = np.concatenate([np.zeros(n, int), np.arange(n), np.arange(n)])
    cols = np.concatenate([np.arange(n), np.zeros(n, int), np.arange(n)])
    pattern = fg.SparsityPattern.from_coo(rows, cols, (n, n))
    assert [fg.color(pattern, mode).count for mode in ("bidirectional", "symmetric", "auto")] == [3, 2, 3]
    assert fg.color(pattern, "forward").count == n


def test_symmetry_saves_colours():
    assert fg.color(pattern_of(band(50, -1, 0, 1)), "symmetric").count == 3
    assert fg.color(pattern_of(grid(8, periodic=True)), "symmetric").count <= 6
    star = fg.color(scattered(80, 80, 300) | scattered(80, 80, 300).T, "symmetric")
    assert star.count < fg.color(star.pattern, "forward").count
    check(star, np.random.default_rng(0))


def test_nothing_needs_no_colours():
    for shape in ((0, 0), (0, 4), (4, 0), (3, 5)):
        for mode in ("auto", "forward", "reverse", "bidirectional"):
            assert fg.color(fg.SparsityPattern(shape, [], []), mode).count == 0
    assert fg.color(fg.SparsityPattern((3, 3), [], []), "symmetric").count == 0
    one = fg.color(fg.SparsityPattern((1, 1), [0], [0]))
    assert (one.count, one.places.tolist()) == (1, [0])
    lines = fg.color(fg.SparsityPattern((4, 4), [1, 1], [0, 3]))
    assert lines.count == (2 if lines.mode == "forward" else 1)
    assert lines.mode == "reverse"
    assert lines.rows.tolist() == [-1, 0, -1, -1]


def test_wrong_colours_are_found():
    tridiagonal = pattern_of(band(6, -1, 0, 1))
    fg.Coloring(tridiagonal, columns=np.arange(6) % 3)
    required = "Coloring(): each entry must be the only one of its colour in its row or column; got colours in which "
    remedy = " cannot be; let fg.color(pattern) find colours."
    with raises(fg.ArgumentError, f"{required}the entry at (1, 0) and 7 others{remedy}"):
        fg.Coloring(tridiagonal, columns=np.arange(6) % 2)
    with raises(fg.ArgumentError, f"{required}the entry at (4, 3) and 1 other{remedy}"):
        fg.Coloring(tridiagonal, columns=[0, 1, 2, 0, 1, 0])
    with raises(fg.ArgumentError, f"{required}the entry at (1, 3){remedy}"):
        fg.Coloring(fg.SparsityPattern((2, 4), [0, 0, 1], [0, 1, 3]), columns=[0, 1, 0, -1])
    with raises(fg.ArgumentError, f"{required}the entry at (0, 1){remedy}"):
        fg.Coloring(fg.SparsityPattern((2, 4), [0, 1], [1, 3]), rows=[-1, 0])
    path = pattern_of(band(4, -1, 0, 1))
    fg.Coloring(path, columns=[0, 1, 0, 2], symmetric=True)
    with raises(fg.ArgumentError, f"{required}the entry at (1, 2) and 1 other{remedy}"):
        fg.Coloring(path, columns=[0, 1, 0, 1], symmetric=True)


def test_colorings_are_described_and_do_not_change():
    coloring = fg.color(pattern_of(band(4, -1, 0, 1)))
    assert repr(coloring) == "Coloring(mode='forward', colors=3, shape=(4, 4), nnz=10, order='formula')"
    for array in (coloring.columns, coloring.places):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (
            lambda p: fg.color(np.eye(3)),
            fg.ArgumentTypeError,
            "color(): pattern must be a SparsityPattern; got float64 of shape (3, 3); make one with "
            "fg.jacobian_pattern or fg.SparsityPattern.from_dense.",
        ),
        (
            lambda p: fg.color(p, "columns"),
            fg.ArgumentError,
            "color(): mode must be 'auto', 'forward', 'reverse', 'bidirectional' or 'symmetric'; got 'columns'; "
            "leave it out.",
        ),
        (
            lambda p: fg.color(p, "forward", order="random"),
            fg.ArgumentError,
            "color(): order must be 'auto', 'natural', 'largest_first' or 'smallest_last'; got 'random'; leave it out.",
        ),
        (
            lambda p: fg.color(p, order="natural"),
            fg.ArgumentError,
            "color(): order needs mode 'forward' or 'reverse'; got mode 'auto' and order 'natural'; leave order out.",
        ),
        (
            lambda p: fg.color(p, "symmetric"),
            fg.ShapeError,
            "color(): the pattern must be symmetric; got one of shape (2, 4) that is not; take another mode, or unite "
            "it with its transpose: pattern | pattern.T.",
        ),
        (
            lambda p: fg.Coloring(p, [0, 1, 2, 3], symmetric=True),
            fg.ShapeError,
            "Coloring(): the pattern must be symmetric; got one of shape (2, 4) that is not; take another mode, or "
            "unite it with its transpose: pattern | pattern.T.",
        ),
        (
            lambda p: fg.Coloring(p, rows=[0, 1], symmetric=True),
            fg.ArgumentError,
            "Coloring(): a symmetric coloring has colours of columns only; got rows; drop rows.",
        ),
        (
            lambda p: fg.Coloring(p, [0, 1]),
            fg.ShapeError,
            "Coloring(): columns must be one colour for each of 4; got int64 of shape (2,); correct it.",
        ),
        (
            lambda p: fg.Coloring(p, [0.0, 1.0, 2.0, 3.0]),
            fg.ArgumentTypeError,
            "Coloring(): columns must be integers; got float64 of shape (4,); convert them.",
        ),
        (
            lambda p: fg.Coloring(p, rows=[0, -2]),
            fg.ArgumentError,
            "Coloring(): rows must be in [-1, 2]; got -2; count colours from 0.",
        ),
    ],
)
def test_messages(call, kind, message):
    pattern = fg.SparsityPattern((2, 4), [0, 0, 1], [0, 1, 3])
    with raises(kind, message):
        call(pattern)


def test_products_that_are_too_large_are_refused():
    n = 2**30  # the pattern has three entries
    places = fg.SparsityPattern((n, 3), [0, 0, 0], [0, 1, 2])
    message = (
        f"Coloring(): all products together must have fewer than 2³¹ elements; got 3 for a matrix of shape ({n}, 3); "
        "differentiate fewer inputs at a time, or the other way round."
    )
    with raises(fg.ArgumentError, message):
        fg.Coloring(places, columns=[0, 1, 2])

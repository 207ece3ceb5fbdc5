"""The pattern as a value: how it is made, compared, combined, shown and kept."""

import os
import zipfile

import numpy as np
import pytest
import scipy.sparse
from harness import raises

import funcgrad as fg

DENSE = np.array([[1, 0, 2, 0], [0, 0, 0, 0], [0, np.nan, 0, -1]])
PATTERN = fg.SparsityPattern((3, 4), [2, 0, 2, 0, 2], [3, 0, 1, 2, 3], ["a note", "a note"])
UNREADABLE = "SparsityPattern.load(): the file must be one that SparsityPattern.save wrote; "
AGAIN = "; detect the pattern again and save it."


def test_entries_are_sorted_and_each_there_once():
    assert PATTERN.rows.tolist() == [0, 0, 2, 2]
    assert PATTERN.cols.tolist() == [0, 2, 1, 3]
    assert PATTERN.indptr.tolist() == [0, 2, 2, 4]
    assert (PATTERN.rows.dtype, PATTERN.cols.dtype, PATTERN.indptr.dtype) == (np.int32, np.int32, np.int64)
    assert (PATTERN.nnz, PATTERN.density, PATTERN.reasons) == (4, 4 / 12, ("a note",))


def test_every_way_of_making_one_agrees():
    made = [
        fg.SparsityPattern.from_dense(DENSE),
        fg.SparsityPattern.from_dense(fg.tensor(DENSE.astype(np.float32))),
        fg.SparsityPattern.from_coo([0, 0, 2, 2], [0, 2, 1, 3], (3, 4)),
        fg.SparsityPattern.from_scipy(scipy.sparse.csc_matrix(DENSE)),
        fg.SparsityPattern.from_scipy(PATTERN.to_scipy()),
        fg.SparsityPattern.from_dense(PATTERN.to_dense()),
    ]
    assert all(pattern == PATTERN and hash(pattern) == hash(PATTERN) for pattern in made)
    assert np.array_equal(PATTERN.to_scipy().toarray(), PATTERN.to_dense())


def test_what_a_matrix_stores_is_in_its_pattern():
    stored = scipy.sparse.csr_array((np.array([1.0, 0.0]), ([0, 2], [1, 3])), shape=(3, 4))
    assert fg.SparsityPattern.from_scipy(stored).nnz == 2
    stored.eliminate_zeros()
    assert fg.SparsityPattern.from_scipy(stored).nnz == 1


def test_it_can_be_turned_and_united():
    turned = PATTERN.T
    assert np.array_equal(turned.to_dense(), PATTERN.to_dense().T)
    assert turned.T == PATTERN == turned.transpose()
    other = fg.SparsityPattern((3, 4), [1, 0], [0, 2], ["another"])
    both = PATTERN | other
    assert np.array_equal(both.to_dense(), PATTERN.to_dense() | other.to_dense())
    assert both.reasons == ("a note", "another")
    assert both != PATTERN
    assert PATTERN != "pattern"
    assert len({PATTERN, turned.T, both}) == 2


def test_it_does_not_change():
    with raises(fg.ArgumentError, "SparsityPattern(): a pattern does not change; got a new 'shape'; make another."):
        PATTERN.shape = (1, 1)
    with pytest.raises(ValueError, match="read-only"):
        PATTERN.rows[0] = 1
    given = np.array([0, 1], np.int32)
    pattern = fg.SparsityPattern((2, 2), given, given)
    given[0] = 1
    assert pattern.rows.tolist() == [0, 1]


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0), (2, 2)])
def test_without_entries(shape, tmp_path):
    pattern = fg.SparsityPattern(shape, [], [])
    assert (pattern.nnz, pattern.density, pattern.T.shape) == (0, 0.0, shape[::-1])
    assert pattern.to_dense().shape == pattern.to_scipy().shape == shape
    assert repr(pattern) == f"SparsityPattern(shape={shape}, nnz=0, density=0)"
    pattern.save(tmp_path / "none")
    assert fg.SparsityPattern.load(tmp_path / "none") == pattern


def test_the_picture_is_small_and_shows_every_region():
    text = repr(fg.SparsityPattern.from_dense(np.eye(1000)))
    lines = text.splitlines()[1:]
    assert len(lines) <= 8
    assert max(map(len, lines)) <= 32
    assert "⠑⢄" in text
    assert (
        repr(PATTERN) == "SparsityPattern(shape=(3, 4), nnz=4, density=0.333, 1 reason)\n⠡⠡"[:-2] + repr(PATTERN)[-2:]
    )


def test_saved_and_loaded(tmp_path):
    path = tmp_path / "pattern.of.mine"
    PATTERN.save(path)
    loaded = fg.SparsityPattern.load(str(path))
    assert loaded == PATTERN
    assert loaded.reasons == PATTERN.reasons
    assert os.listdir(tmp_path) == ["pattern.of.mine"]  # the name as given, nothing beside it
    assert zipfile.is_zipfile(path)


def test_torn_and_altered_files_are_refused(tmp_path):
    path = tmp_path / "pattern"
    PATTERN.save(path)
    whole = path.read_bytes()
    for cut in (0, 1, len(whole) // 2, len(whole) - 5):
        path.write_bytes(whole[:cut])
        with pytest.raises(fg.ArgumentError) as caught:
            fg.SparsityPattern.load(path)
        assert str(caught.value).startswith(f"{UNREADABLE}'{path}' is torn or something else (")
    rng = np.random.default_rng(0)
    for place in rng.choice(len(whole), 120, replace=False):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        refusal = ""
        try:
            loaded = fg.SparsityPattern.load(path)
        except fg.ArgumentError as error:
            refusal = str(error)
        # A byte that says nothing, as in a date, does no harm.
        assert refusal.startswith(UNREADABLE) or loaded == PATTERN


def test_foreign_files_are_refused(tmp_path):
    path = tmp_path / "pattern.npz"
    good = {
        "format": np.array("funcgrad sparsity pattern 1"),
        "shape": np.array([2, 3]),
        "rows": np.array([0, 1]),
        "cols": np.array([2, 0]),
        "reasons": np.array([], np.str_),
    }
    with open(path, "wb") as file:
        np.savez(file, **good)
    assert fg.SparsityPattern.load(path).nnz == 2
    wrong = {
        "format": (np.array("someone else's"), f"'{path}' says it is \"someone else's\""),
        "shape": (
            np.array([2, 3, 4]),
            f"'{path}' contradicts itself (shape must be two sizes below 2³¹; got [2, 3, 4]; write for example (3, 4))",
        ),
        "rows": (
            np.array([0, 2]),
            f"'{path}' contradicts itself (rows must be in [0, 1]; got 2; correct it, or the shape)",
        ),
        "cols": (
            np.array([0, 1, 2]),
            f"'{path}' contradicts itself (rows and cols must be as many; got 2 and 3; give both for each entry)",
        ),
    }
    for name, (value, given) in wrong.items():
        np.savez(path, **{**good, name: value})
        with raises(fg.ArgumentError, UNREADABLE + given + AGAIN):
            fg.SparsityPattern.load(path)
    np.savez(path, **{**good, "rows": np.array([1, 0]), "cols": np.array([0, 2])})
    with raises(fg.ArgumentError, f"{UNREADABLE}the entries in '{path}' are not in order{AGAIN}"):
        fg.SparsityPattern.load(path)
    np.savez(path, **{**good, "reasons": np.array([{"a": 1}], object)})
    with raises(fg.ArgumentError, f"{UNREADABLE}'{path}' is torn or something else (ValueError){AGAIN}"):
        fg.SparsityPattern.load(path)
    np.save(path, np.ones(3))
    with pytest.raises(fg.ArgumentError):
        fg.SparsityPattern.load(path)
    with pytest.raises(FileNotFoundError):
        fg.SparsityPattern.load(tmp_path / "none")


def test_messages():
    make = fg.SparsityPattern
    with raises(
        fg.ShapeError,
        "SparsityPattern(): shape must be two sizes below 2³¹; got (3,); write for example (3, 4).",
    ):
        make((3,), [], [])
    with raises(
        fg.ShapeError,
        "SparsityPattern(): shape must be two sizes below 2³¹; got (3, 2147483648); write for example (3, 4).",
    ):
        make((3, 2**31), [], [])
    with raises(fg.ArgumentError, "SparsityPattern(): cols must be in [0, 3]; got -1; correct it, or the shape."):
        make((3, 4), [0], [-1])
    with raises(
        fg.ArgumentTypeError,
        "SparsityPattern(): rows must be a list of integers; got float64 of shape (1,); convert them.",
    ):
        make((3, 4), [0.5], [1])
    with raises(
        fg.ShapeError, "SparsityPattern(): rows and cols must be as many; got 1 and 2; give both for each entry."
    ):
        make((3, 4), [0], [1, 2])
    with raises(
        fg.ShapeError,
        "SparsityPattern(): two patterns must have one shape to be united; got (3, 4) and (4, 3); correct one.",
    ):
        PATTERN | PATTERN.T
    with raises(
        fg.ShapeError,
        "SparsityPattern.from_dense(): the matrix must have 2 dimensions; got float64 of shape (3,); reshape it.",
    ):
        make.from_dense(np.ones(3))
    with raises(
        fg.ArgumentTypeError,
        "SparsityPattern.from_scipy(): it must be a SciPy sparse matrix; got float64 of shape (2, 2); "
        "use from_dense for an array.",
    ):
        make.from_scipy(np.eye(2))

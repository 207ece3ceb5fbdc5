"""Batches of what comes one by one, made ahead of time, from IDX files, or in an order that is too long to keep."""

import gc
import gzip
import itertools
import struct
import threading
import time

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from harness import raises

import funcgrad as fg
from funcgrad.train.data import _orders


def threads():
    return [t for t in threading.enumerate() if t.name == "funcgrad.prefetch"]


# Orders


@pytest.mark.parametrize("rows", [1, 2, 3, 17, 255, 256, 257, 1000])
def test_the_order_without_memory_is_a_permutation_of_any_part(rows, monkeypatch):
    monkeypatch.setattr(_orders, "HUGE", 0)
    orders = [_orders.Order(fg.key(seed), epoch, rows) for seed, epoch in ((0, 0), (0, 1), (1, 0))]
    whole = [order[0:rows] for order in orders]
    for order, found in zip(orders, whole, strict=True):
        assert sorted(found.tolist()) == list(range(rows))
        assert order[rows // 3 : rows // 2].tolist() == found[rows // 3 : rows // 2].tolist()
    if rows > 16:
        assert len({tuple(found) for found in whole}) == 3


def test_the_order_without_memory_looks_random():
    rounds = np.arange(8, dtype=np.uint64) * np.uint64(0x9E3779B9)
    n = 20000
    found = _orders._feistel(np.arange(n, dtype=np.uint64), rounds, n).astype(float)
    assert abs(np.corrcoef(found[:-1], found[1:])[0, 1]) < 0.03
    assert abs(np.corrcoef(np.arange(n), found)[0, 1]) < 0.03
    counts = np.histogram2d(np.arange(n), found, bins=10)[0]
    assert ((counts - n / 100) ** 2 / (n / 100)).sum() < 150  # chi squared with about 81 degrees of freedom


def test_an_array_of_a_thousand_million_rows_takes_no_time_to_shuffle():
    x = np.broadcast_to(np.int8(1), (10**9,))
    data = fg.data.batches(x, batch_size=4, key=fg.key(0))
    assert len(data) == 250_000_000
    assert next(iter(data(3, start=249_999_999)))[0].tolist() == [1] * 4
    assert sorted(_orders.Order(fg.key(0), 0, 2**40)[2**39 : 2**39 + 3].tolist())[-1] > 2**33


# Padding and keys


def test_the_last_batch_is_padded_with_copies_and_a_mask():
    x = np.arange(10).reshape(5, 2)
    for data in (
        fg.data.batches(x, batch_size=3, pad_last=True),
        fg.data.stream(((row,) for row in x), 3, pad_last=True),
    ):
        (first, all_real), (last, real) = list(data)
        assert first.tolist() == x[:3].tolist()
        assert last.tolist() == [*x[3:].tolist(), x[4].tolist()]
        assert (all_real.tolist(), real.tolist()) == ([True] * 3, [True, True, False])
        assert real.dtype == bool
    shapes = {batch[0].shape for batch in fg.data.batches(x, batch_size=2, pad_last=True, key=fg.key(0))}
    assert shapes == {(2, 2)}
    exact = list(fg.data.batches(x[:4], batch_size=2, pad_last=True))
    assert [mask.all().item() for _, mask in exact] == [True, True]
    assert list(fg.data.batches(x[:0], batch_size=2, pad_last=True)) == []


def test_load_with_a_key_is_the_same_whenever_its_batch_comes():
    def load(rows, *, key):
        return rows, jax.random.bits(key)

    data = fg.data.batches(np.arange(6), batch_size=2, key=fg.key(0), load=load)
    bits = [[int(bits) for _, bits in data(epoch)] for epoch in (0, 1)]
    assert len({*bits[0], *bits[1]}) == 6
    assert [int(b) for _, b in data(1, start=1)] == bits[1][1:]
    with raises(fg.ArgumentError, "batches(): a load that takes key= needs a key; got none; pass key=fg.key(0)."):
        next(iter(fg.data.batches(np.arange(6), batch_size=2, load=load)))


def test_batches_made_by_hand_are_checked_too():
    x = np.zeros((3, 2))
    with raises(
        fg.ArgumentTypeError,
        "batches(): arrays must be a tuple; got float64 of shape (3, 2); write fg.data.batches(x, y, batch_size=32).",
    ):
        fg.data.Batches(x, 2)
    with raises(fg.ArgumentError, "batches(): batch_size must be at least 1; got 0; correct it."):
        fg.data.Batches((x,), 0)
    with raises(fg.ArgumentError, "batches(): start must be at least 0; got -1; correct it."):
        fg.data.Batches((x,), 1, start=-1)
    with raises(
        fg.ArgumentTypeError,
        "batches(): load must be a function; got int 3; write for example load=lambda paths: read(paths).",
    ):
        fg.data.batches(x, batch_size=1, load=3)
    for make in (fg.data.batches, fg.data.stream):
        with raises(
            fg.ArgumentError,
            f"{make.__name__}(): a last batch can be dropped or padded; got both; choose one.",
        ):
            make(x, batch_size=1, drop_last=True, pad_last=True)


# Streams


def test_examples_of_any_structure_are_stacked():
    examples = [{"x": np.full((2,), i, np.float32), "y": (i, None), "z": jnp.ones(()) * i} for i in range(5)]
    batches = list(fg.data.stream(examples, batch_size=2))
    assert len(batches) == 3
    ((last,),) = batches[2:]
    assert last["x"].shape == (1, 2)
    assert last["y"][0].tolist() == [4]
    assert last["y"][1] is None
    assert last["z"].dtype == jnp.float32
    assert [len(batch) for batch in fg.data.stream(zip(range(4), range(4), strict=True), 4)] == [2]
    assert list(fg.data.stream([], 2)) == []
    assert len(list(fg.data.stream(range(5), 2, drop_last=True))) == 2


def test_a_function_of_the_epoch_gives_its_examples_from_any_batch():
    data = fg.data.stream(lambda epoch: range(10 * epoch, 10 * epoch + 5), 2)
    assert [batch[0].tolist() for batch in data(2)] == [[20, 21], [22, 23], [24]]
    assert [batch[0].tolist() for batch in data(2, start=1)] == [[22, 23], [24]]
    assert list(data(2, start=9)) == []


def test_streams_say_what_is_wrong():
    with raises(
        fg.ArgumentTypeError,
        "stream(): examples must be an iterable, or a function of the epoch that gives one; got int 3; pass for "
        "example a list or a generator.",
    ):
        fg.data.stream(3, 2)
    with raises(fg.ArgumentError, "stream(): batch_size must be at least 1; got 0; correct it."):
        fg.data.stream([1], 0)
    with raises(
        fg.ShapeError, "stream(): all examples must have one shape; got (2,) and (3,); pad or crop them first."
    ):
        list(fg.data.stream([np.zeros(2), np.zeros(3)], 2))
    with raises(
        fg.ArgumentError,
        "stream(): all examples must have one structure; got ['a'], ['b'] after ['a']; give each the same parts.",
    ):
        list(fg.data.stream([{"a": 1}, {"a": 1, "b": 2}], 2))
    with pytest.raises(fg.DtypeError, match=r"^stream\(\): data must be numbers or booleans"):
        list(fg.data.stream(["text"], 2))
    with pytest.raises(fg.ConversionError, match=r"^stream\(\): every value must fit in int32"):
        list(fg.data.stream([2**40], 2))


# Prefetching


def test_prefetching_changes_nothing_but_the_time():
    data = fg.data.batches(np.arange(50), batch_size=8, key=fg.key(0))
    ahead = fg.data.prefetch(data, 3)
    for own, other in ((data, ahead), (data(2), ahead(2)), (data(2, start=4), ahead(2, start=4))):
        assert len(own) == len(other)
        assert [b[0].tolist() for b in own] == [b[0].tolist() for b in other]
    stream = fg.data.prefetch(lambda epoch: iter([epoch, epoch + 1, epoch + 2]))
    assert (list(stream), list(stream(5)), list(stream(5, start=2))) == ([0, 1, 2], [5, 6, 7], [7])
    assert list(fg.data.prefetch([1, 2, 3])(0, start=1)) == [2, 3]
    assert threads() == []


def test_the_thread_works_ahead_and_not_further():
    made = []
    source = (made.append(i) or i for i in range(10))
    batches = iter(fg.data.prefetch(source, 2))
    assert next(batches) == 0
    deadline = time.monotonic() + 10
    while len(made) < 4 and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.05)
    assert made == [0, 1, 2, 3]  # one taken, two ready, one in hand
    assert list(batches) == list(range(1, 10))


def test_an_error_comes_where_its_batch_would_have():
    def source():
        yield 1
        raise KeyError("lost")

    batches = iter(fg.data.prefetch(source()))
    assert next(batches) == 1
    with pytest.raises(KeyError, match="lost") as caught:
        next(batches)
    assert "source" in [entry.name for entry in caught.traceback]
    assert threads() == []


@pytest.mark.parametrize("leave", ["break", "error", "forget"])
def test_no_thread_stays_where_the_loop_is_left(leave):
    closed = []

    def source():
        try:
            yield from itertools.count()
        finally:
            closed.append(True)

    def use():
        for batch in fg.data.prefetch(source()):
            if batch == 3:
                if leave == "break":
                    break
                if leave == "error":
                    raise ZeroDivisionError
                return

    if leave == "error":
        with pytest.raises(ZeroDivisionError):
            use()
    else:
        use()
    gc.collect()
    assert threads() == []
    assert closed == [True]


def test_what_the_caller_said_about_arrays_holds_in_the_thread():
    with jax.enable_x64(True):
        (batch,) = next(iter(fg.data.prefetch(fg.data.batches(np.array([2**40]), batch_size=1))))
    assert (batch.dtype, int(batch[0])) == (np.int64, 2**40)
    with jax.default_device(jax.devices("cpu")[0]):
        (batch,) = next(iter(fg.data.prefetch(fg.data.batches(np.array([1]), batch_size=1))))
    assert batch.devices() == {jax.devices("cpu")[0]}


def test_prefetch_says_what_is_wrong():
    with raises(
        fg.ArgumentTypeError,
        "prefetch(): data must be an iterable, or a function of the epoch that gives one; got None; pass for example a "
        "list or a generator.",
    ):
        fg.data.prefetch(None)
    with raises(fg.ArgumentError, "prefetch(): size must be at least 1; got 0; correct it."):
        fg.data.prefetch([], 0)


# IDX


def idx(code, shape, body):
    return struct.pack(f">HBB{len(shape)}I", 0, code, len(shape), *shape) + body


@pytest.mark.parametrize(
    ("code", "dtype"), [(8, ">u1"), (9, ">i1"), (11, ">i2"), (12, ">i4"), (13, ">f4"), (14, ">f8")]
)
def test_idx_files_of_every_dtype(tmp_path, code, dtype):
    values = (np.arange(6).reshape(2, 3) * 20).astype(dtype)
    for name, wrap in (("plain", bytes), ("x.gz", gzip.compress)):
        (tmp_path / name).write_bytes(wrap(idx(code, (2, 3), values.tobytes())))
        found = fg.data.read_idx(tmp_path / name)
        assert found.tolist() == values.tolist()
        assert found.dtype == values.dtype.newbyteorder("=")
    assert fg.data.read_idx(tmp_path / "x.gz").flags.writeable


def test_idx_says_what_is_wrong(tmp_path):
    path = tmp_path / "x"
    for content, begins in ((b"", "nothing"), (b"\x89PNG", "89 50 4e 47"), (idx(8, (2, 2), b"")[:6], "00 00 08 02")):
        path.write_bytes(content)
        with raises(
            fg.ArgumentError,
            f"read_idx(): path must be an IDX file, which begins with 00 00 and a dtype; {str(path)!r} begins with "
            f"{begins}; check it.",
        ):
            fg.data.read_idx(path)
    for body in (b"abc", b"abcde"):
        path.write_bytes(idx(8, (2, 2), body))
        with raises(
            fg.ArgumentError,
            f"read_idx(): an array of shape (2, 2) must have 4 bytes; {str(path)!r} has {len(body)}; fetch the file "
            "again.",
        ):
            fg.data.read_idx(path)
    path.write_bytes(gzip.compress(idx(8, (1,), b"a"))[:-9])
    with pytest.raises(
        fg.ArgumentError, match=r"^read_idx\(\): path must be a file that can be read; got .*; check it"
    ):
        fg.data.read_idx(path)
    with raises(
        fg.ArgumentError,
        f"read_idx(): path must be a file that can be read; got {str(tmp_path / 'no')!r}: No such file or directory; "
        "check it.",
    ):
        fg.data.read_idx(tmp_path / "no")
    with raises(fg.ArgumentTypeError, "read_idx(): path must be a path; got None; write the name of the file."):
        fg.data.read_idx(None)

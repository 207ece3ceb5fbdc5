"""fg.data: tables, batches, folders of images, transforms."""

import gzip
import importlib
import io
import os
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from bounded import said
from harness import check_grad, raises
from PIL import Image

import funcgrad as fg
from funcgrad.testing import assert_close

HOUSES = ["NumRooms,Alley,Price", "NA,Pave,127500", "2,NA,106000", "4,NA,178100", "NA,NA,140000"]


@pytest.fixture
def key():
    return jax.random.key(0)


# Tables


def test_the_preprocessing_chapter_gives_its_printed_numbers(tmp_path):
    path = tmp_path / "house_tiny.csv"
    path.write_text("\n".join(HOUSES) + "\n")
    data = fg.data.read_csv(str(path))
    inputs, target = data.drop("Price"), data["Price"]
    inputs = fg.data.get_dummies(fg.data.fillna(inputs, "mean"), dummy_na=True)
    assert inputs.names == ("NumRooms", "Alley_Pave", "Alley_nan")
    assert_close(fg.data.to_array(inputs), fg.tensor([[3.0, 1, 0], [2, 0, 1], [4, 0, 1], [3, 0, 1]]))
    assert_close(fg.data.to_array(target), fg.tensor([127500.0, 106000, 178100, 140000]))


def test_columns_take_the_narrowest_kind_that_holds_all_values():
    lines = ["i,f,e,b,t,id,u,m,n", "1,1,,True,1,99999999999999999999,1_0,NaN,٣", " -2,.5,NA,false,x,1,2, NA ,4"]
    columns = fg.data.read_csv(lines).columns
    kinds = {name: (column.dtype.name, column.tolist()) for name, column in columns.items()}
    assert kinds["i"] == ("int64", [1, -2])
    assert kinds["f"] == ("float64", [1.0, 0.5])
    assert kinds["e"][0] == "float64"
    assert np.isnan(columns["e"]).all()
    assert kinds["b"] == ("bool", [True, False])
    assert kinds["t"] == ("object", ["1", "x"])
    assert kinds["id"] == ("object", ["99999999999999999999", "1"]), "no number here holds it"
    assert kinds["u"] == ("object", ["1_0", "2"]), "an underscore is Python's, not the table's"
    assert np.isnan(columns["m"]).all()
    assert kinds["n"] == ("object", ["٣", "4"])


def test_integers_with_a_missing_value_are_floats_and_missing_text_is_none():
    table = fg.data.read_csv(["a,b", "1,x", ",", "3,None"])
    np.testing.assert_array_equal(table["a"], [1.0, np.nan, 3.0])
    assert table["b"].tolist() == ["x", None, "None"]
    assert fg.data.read_csv(["a", "1", "-"], missing=["-"])["a"].dtype == np.float64


def test_reads_paths_gzip_open_files_bom_quotes_and_other_delimiters(tmp_path):
    text = 'name;size\n"a;b";1\n"c\nd";2\n\n'
    (tmp_path / "t.csv").write_text("\ufeff" + text, encoding="utf-8")
    with gzip.open(tmp_path / "t.csv.gz", "wt") as file:
        file.write(text)
    for source in (tmp_path / "t.csv", str(tmp_path / "t.csv.gz"), io.StringIO(text)):
        table = fg.data.read_csv(source, delimiter=";")
        assert table["name"].tolist() == ["a;b", "c\nd"]
        assert table["size"].tolist() == [1, 2]


def test_header_is_the_first_line_or_numbers_or_given():
    assert fg.data.read_csv(["1,2", "3,4"], header=False).names == ("0", "1")
    given = fg.data.read_csv(["1,2", "3,4"], header=["a", "b"])
    assert (given.names, len(given)) == (("a", "b"), 2)
    assert len(fg.data.read_csv(["a,b"])) == 0


def test_read_csv_says_what_is_wrong():
    with raises(
        fg.ShapeError,
        "read_csv(): every line must have 2 fields like the first; got 3 in line 3; correct the file, or the "
        "delimiter.",
    ):
        fg.data.read_csv(["a,b", "1,2", "1,2,3"])
    with raises(fg.ArgumentError, "read_csv(): there must be at least one line; got none; check the file."):
        fg.data.read_csv([])
    with raises(
        fg.ShapeError,
        "read_csv(): header must name all 2 columns; got 1 name; name each column once, or pass header=False.",
    ):
        fg.data.read_csv(["1,2"], header=["a"])
    with raises(
        fg.ArgumentError,
        "read_csv(): column names must be different; got 'a' more than once; pass the names as header=[...], and skip "
        "the first line if it holds them.",
    ):
        fg.data.read_csv(["a,b,a", "1,2,3"])
    with pytest.raises(FileNotFoundError):
        fg.data.read_csv("nowhere.csv")


def test_a_table_selects_columns_and_rows_and_does_not_change():
    table = fg.data.Table({"a": [1, 2, 3], "b": ["x", None, "z"]})
    assert table[["b"]].names == ("b",)
    assert table[1:]["a"].tolist() == [2, 3]
    assert table[table["a"] > 1]["b"].tolist() == [None, "z"]
    assert table[np.array([2, 0])]["a"].tolist() == [3, 1]
    assert table[[0]]["a"].tolist() == [1]
    assert list(table) == ["a", "b"]
    with pytest.raises(ValueError, match="read-only"):
        table["a"][0] = 5
    table.columns["a"] = None
    assert table["a"].tolist() == [1, 2, 3]
    source = np.arange(3)
    private = fg.data.Table({"a": source})
    source[0] = 9
    assert private["a"].tolist() == [0, 1, 2]
    with pytest.raises(ValueError, match="read-only"):
        table[:2]["a"][0] = 5


def test_a_long_table_shows_its_first_rows():
    table = fg.data.Table({"n": range(12)})
    assert repr(table).splitlines() == ["n", *map(str, range(10)), "... 2 more rows"]


def test_table_says_what_is_wrong():
    with raises(
        fg.ShapeError,
        "Table(): all columns must have one length; got 2 values for 'a' and 1 for 'b'; pad or cut one of them.",
    ):
        fg.data.Table({"a": [1, 2], "b": [1]})
    with raises(fg.ShapeError, "Table(): every column must be 1-D; got int64 of shape (1, 2) for 'a'; split it."):
        fg.data.Table({"a": np.ones((1, 2), np.int64)})
    with raises(
        fg.DtypeError,
        "Table(): a column must hold numbers, truth values or text; got int 1 in 'a'; convert the values first.",
    ):
        fg.data.Table({"a": [1, "x"]})
    table = fg.data.Table({"a": [1], "b": [2]})
    with raises(
        fg.IndexRangeError, "Table(): there must be a column 'c'; the columns are 'a' and 'b'; correct the name."
    ):
        table["c"]
    with raises(
        fg.IndexRangeError, "Table(): there must be a column 'c'; the columns are 'a' and 'b'; correct the name."
    ):
        table.drop("c")
    with raises(
        fg.ArgumentTypeError,
        "Table(): a table is indexed with a column name, a list of names, a slice, a mask or row numbers; got int 0; "
        "write for example table['price'], table[['rooms', 'price']] or table[:10].",
    ):
        table[0]


def test_fillna_fills_with_mean_median_numbers_and_by_column():
    table = fg.data.Table({"a": [1.0, np.nan, 2.0, 9.0], "b": [None, "x", None, "y"], "c": [1, 2, 3, 4]})
    assert fg.data.fillna(table, "mean")["a"].tolist() == [1, 4, 2, 9]
    assert fg.data.fillna(table, "median")["a"].tolist() == [1, 2, 2, 9]
    filled = fg.data.fillna(table, 0)
    assert filled["a"].tolist() == [1, 0, 2, 9]
    assert filled["b"].tolist() == [None, "x", None, "y"]
    assert filled["c"].dtype == np.int64
    assert fg.data.fillna(table, {"b": "mean"})["b"].tolist() == ["mean", "x", "mean", "y"]
    assert np.isnan(table["a"][1]), "the table given is as it was"
    assert filled.names == table.names


def test_fillna_says_what_is_wrong():
    table = fg.data.Table({"a": [np.nan, np.nan], "b": [None, "x"]})
    with raises(
        fg.ConversionError,
        "fillna(): a column must have a value to take the mean of; got none in 'a'; drop the column, or fill it with a "
        "number.",
    ):
        fg.data.fillna(table, "mean")
    with raises(
        fg.ArgumentTypeError, "fillna(): value must be 'mean', 'median' or a number; got str 'mode'; change it."
    ):
        fg.data.fillna(table, "mode")
    with raises(
        fg.ArgumentTypeError, "fillna(): the value for 'b' must be text, like the column; got int 0; change it."
    ):
        fg.data.fillna(table, {"b": 0})
    with raises(
        fg.IndexRangeError, "Table(): there must be a column 'z'; the columns are 'a' and 'b'; correct the name."
    ):
        fg.data.fillna(table, {"z": 0})


def test_get_dummies_sorts_categories_and_puts_them_after_what_stays():
    table = fg.data.Table({"t": ["b", None, "a"], "n": [1, 2, 1]})
    plain = fg.data.get_dummies(table)
    assert plain.names == ("n", "t_a", "t_b")
    assert plain["t_a"].tolist() == [False, False, True]
    assert plain["t_a"].dtype == bool
    both = fg.data.get_dummies(table, ["n", "t"], dummy_na=True)
    assert both.names == ("n_1", "n_2", "n_nan", "t_a", "t_b", "t_nan")
    assert both["n_nan"].tolist() == [False] * 3
    with raises(
        fg.ArgumentError,
        "get_dummies(): the new column names must be different from those that stay; got 't_a' twice; rename 't' or "
        "drop 't_a'.",
    ):
        fg.data.get_dummies(fg.data.Table({"t": ["a"], "t_a": [1]}))


def test_to_array_refuses_text_missing_values_and_loss():
    table = fg.data.Table({"t": ["b"], "n": [np.nan]})
    with raises(
        fg.DtypeError,
        "to_array(): every column must hold numbers or truth values; got text in 't'; turn categories into numbers "
        "with fg.data.get_dummies, or leave the column out.",
    ):
        fg.data.to_array(table)
    with raises(
        fg.ConversionError,
        "to_array(): every value must be there; got 1 missing in 'n'; fill them with fg.data.fillna(table, \"mean\"), "
        "or pass allow_missing=True.",
    ):
        fg.data.to_array(table[["n"]])
    assert np.isnan(fg.data.to_array(table[["n"]], allow_missing=True)).all()
    with pytest.raises(fg.ConversionError, match="at index 0"):
        fg.data.to_array(np.array([1.5]), "int")
    assert fg.data.to_array(fg.data.Table({"n": [1, 2]}), "long").dtype == jnp.int32
    assert fg.data.to_array(fg.data.Table({})).shape == (0, 0)


# Batches


def test_batches_are_tuples_in_order_any_number_of_times():
    x, y = np.arange(10, dtype=np.float32).reshape(5, 2), jnp.arange(5)
    data = fg.data.batches(x, y, batch_size=2)
    assert len(data) == 3
    for _ in range(2):
        seen = list(data)
        assert [batch[0].shape for batch in seen] == [(2, 2), (2, 2), (1, 2)]
        assert_close(jnp.concatenate([b[0] for b in seen]), jnp.asarray(x))
        assert_close(jnp.concatenate([b[1] for b in seen]), y)
    whole = fg.data.batches(x, batch_size=2, drop_last=True)
    assert len(whole) == len(list(whole)) == 2
    assert isinstance(next(iter(whole)), tuple)
    assert len(fg.data.batches(x[:0], batch_size=2)) == 0


@pytest.mark.parametrize("array", [jnp.arange(10).reshape(5, 2), np.arange(10).reshape(5, 2)], ids=["device", "host"])
def test_rows_in_order_are_cut_and_not_gathered(array, monkeypatch):
    batching = importlib.import_module("funcgrad.train.data.batching")
    data = fg.data.batches(array, batch_size=2)
    with monkeypatch.context() as nothing_gathered:
        nothing_gathered.delattr(batching, "_select")
        seen = [batch.tolist() for (batch,) in data]
        assert [batch.tolist() for (batch,) in data(0, start=1)] == seen[1:]
    assert seen == [[[0, 1], [2, 3]], [[4, 5], [6, 7]], [[8, 9]]]
    padded = list(fg.data.batches(array, batch_size=2, pad_last=True))
    assert [(batch.tolist(), real.tolist()) for batch, real in padded] == [
        *((batch, [True, True]) for batch in seen[:2]),
        ([[8, 9], [8, 9]], [True, False]),
    ]


def test_key_and_epoch_decide_the_order(key):
    data = fg.data.batches(np.arange(50), batch_size=8, key=key)

    def order(batches):
        return np.concatenate([batch[0] for batch in batches]).tolist()

    assert sorted(order(data)) == list(range(50)) != order(data)
    assert order(data) == order(data) == order(data(0)) == order(fg.data.batches(jnp.arange(50), batch_size=8, key=key))
    assert order(data(1)) != order(data)
    assert order(data(1)) == order(data(7)(1)) == order(fg.data.batches(np.arange(50), batch_size=8, key=key, epoch=1))
    assert order(data(1)) != order(fg.data.batches(np.arange(50), batch_size=8, key=jax.random.key(1), epoch=1))
    assert order(data(1, start=3)) == order(data(1))[24:]
    assert len(data(1, start=3)) == 4
    assert len(data(1, start=30)) == 0
    raw = fg.data.batches(np.arange(50), batch_size=8, key=jax.random.PRNGKey(0))
    assert order(raw) == order(data)


def test_the_order_is_the_same_in_every_release(key):
    """Resuming relies on it."""
    data = fg.data.batches(np.arange(8), batch_size=8, key=key)
    assert [next(iter(data(epoch)))[0].tolist() for epoch in (0, 1)] == [
        jax.random.permutation(jax.random.fold_in(key, epoch), 8).tolist() for epoch in (0, 1)
    ]


def test_pytrees_and_none_pass_through():
    data = fg.data.batches({"a": np.arange(4), "b": (np.ones((4, 2)), None)}, np.arange(4), batch_size=3)
    inputs, labels = next(iter(data))
    assert jax.tree.structure(inputs) == jax.tree.structure({"a": 0, "b": (0, None)})
    assert inputs["b"][0].dtype == jnp.float32
    assert labels.tolist() == inputs["a"].tolist() == [0, 1, 2]


@pytest.mark.parametrize("shuffle", [False, True])
def test_overwriting_the_buffer_does_not_change_a_batch_handed_out(shuffle, key):
    buffer = np.zeros((64, 1024), np.float32)
    for number in range(40):
        buffer[:] = number
        (batch,) = next(iter(fg.data.batches(buffer, batch_size=64, key=key if shuffle else None)))
        buffer[:] = -1
        assert (np.asarray(batch) == number).all()


def test_what_load_makes_may_be_overwritten_too():
    """The usual loader fills one buffer again and again."""
    buffer = np.zeros((2, 32768), np.float32)

    def load(rows):
        buffer[:] = rows[:, None]
        return buffer

    batches = list(fg.data.batches(np.arange(40), batch_size=2, load=load))
    assert [batch[0][:, -1].tolist() for batch in batches] == [[2 * i, 2 * i + 1] for i in range(20)]


def test_load_may_change_the_rows_it_is_given():
    x = np.ones((4, 2), np.float32)

    def load(rows):
        rows *= 0
        return (rows,)

    assert not any(batch[0].any() for batch in fg.data.batches(x, batch_size=2, load=load))
    assert x.all()


def test_load_turns_paths_into_images(tmp_path, key):
    for i, name in enumerate(("cat/a.png", "dog/b.png")):
        (tmp_path / name).parent.mkdir()
        Image.fromarray(np.full((2, 3, 3), i, np.uint8)).save(tmp_path / name)
    paths, labels, classes = fg.data.index_folder(tmp_path)
    assert classes == ["cat", "dog"]
    data = fg.data.batches(
        paths, labels, batch_size=2, key=key, load=lambda p, y: (np.stack([fg.data.read_image(q) for q in p]), y)
    )
    images, seen = next(iter(data))
    assert (images.shape, images.dtype) == ((2, 3, 2, 3), jnp.uint8)
    assert images[:, 0, 0, 0].tolist() == seen.tolist()


def test_a_memory_map_is_read_by_rows(tmp_path, key):
    np.save(tmp_path / "x.npy", np.arange(20.0).reshape(10, 2))
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    rows = [row for (batch,) in fg.data.batches(mapped, batch_size=4, key=key) for row in batch[:, 0].tolist()]
    assert sorted(rows) == list(range(0, 20, 2))


def test_batches_go_where_they_are_asked_to():
    sharding = jax.sharding.SingleDeviceSharding(jax.devices()[0])
    for device in ("cpu", jax.devices()[0], sharding):
        for x in (np.arange(4), jnp.arange(4)):
            (batch,) = next(iter(fg.data.batches(x, batch_size=2, device=device)))
            assert batch.devices() == {jax.devices()[0]}


def test_batches_never_lose_a_value():
    with pytest.raises(fg.ConversionError, match=r"^batches\(\): every value must fit in int32; got 1099511627776 at"):
        next(iter(fg.data.batches(np.array([2**40]), batch_size=1)))


def test_batches_say_what_is_wrong(key):
    x = np.zeros((3, 2))
    with raises(
        fg.ShapeError,
        "batches(): all arrays must have the same number of rows; got 3 at argument 0 and 2 at argument 1['b']; check "
        "that they belong together.",
    ):
        fg.data.batches(x, {"b": x[:2]}, batch_size=1)
    with raises(
        fg.ArgumentTypeError,
        "batches(): arguments must be arrays or pytrees of them; got int 1 at argument 0[0]; wrap lists in "
        "np.array(...) or fg.tensor(...).",
    ):
        fg.data.batches([1, 2], batch_size=1)
    with raises(
        fg.ShapeError,
        "batches(): arrays must have rows along their first dimension; got a 0-d array at argument 0; leave it out, or "
        "repeat it for each row.",
    ):
        fg.data.batches(np.array(1), batch_size=1)
    for nothing in ((), (None,)):
        with raises(fg.ArgumentError, "batches(): there must be at least one array; got none; pass the arrays first."):
            fg.data.batches(*nothing, batch_size=1)
    with raises(fg.ArgumentError, "batches(): batch_size must be at least 1; got 0; correct it."):
        fg.data.batches(x, batch_size=0)
    with raises(fg.ArgumentTypeError, "batches(): batch_size must be an int; got float 2.5; pass a whole number."):
        fg.data.batches(x, batch_size=2.5)
    with raises(fg.ArgumentError, "batches(): epoch must be at least 0; got -1; correct it."):
        fg.data.batches(x, batch_size=2)(-1)
    with raises(fg.ArgumentTypeError, "batches(): key must be a key; got int 0; pass key=fg.key(0)."):
        fg.data.batches(x, batch_size=2, key=0)
    with pytest.raises(fg.ArgumentTypeError, match="key must be one key"):
        fg.data.batches(x, batch_size=2, key=jax.random.split(key))
    with raises(
        fg.DtypeError,
        "batches(): arrays must hold numbers or truth values, unless load= makes numbers of them; got <U1 of shape "
        "(1,); pass load=, for example a function that reads the images at the paths it is given.",
    ):
        fg.data.batches(np.array(["a"]), batch_size=1)


def test_an_uneven_batch_over_devices_is_an_error_that_says_so():
    code = """
import jax, numpy as np
jax.config.update("jax_num_cpu_devices", 2)
import funcgrad as fg
mesh = jax.make_mesh((2,), ("data",), axis_types=(jax.sharding.AxisType.Auto,))
sharding = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec("data"))
data = fg.data.batches(np.arange(5), batch_size=2, device=sharding)
try:
    print([len(batch.sharding.device_set) for (batch,) in data])
except fg.ShapeError as error:
    print(error)
whole = fg.data.batches(np.arange(5), batch_size=2, device=sharding, drop_last=True)
print([len(batch.sharding.device_set) for (batch,) in whole])
"""
    assert said("-c", code).splitlines() == [
        "batches(): every batch must divide evenly over the devices; got one of shape (1,) for 2 devices; choose a "
        "multiple of their number as batch_size, and pass drop_last=True or pad_last=True.",
        "[2, 2]",
    ]


# Splitting


def test_split_keeps_rows_together_and_loses_none(key):
    x, y = np.arange(20).reshape(10, 2), jnp.arange(10)
    for options in ({}, {"key": key}, {"key": key, "stratify": np.arange(10) % 2}):
        x_train, x_test, y_train, y_test = fg.data.train_test_split(x, y, test_size=0.25, **options)
        assert (len(x_train), len(x_test)) == (7, 3)
        assert isinstance(x_train, np.ndarray)
        assert isinstance(y_train, jax.Array)
        np.testing.assert_array_equal(x_train[:, 0] // 2, y_train)
        np.testing.assert_array_equal(x_test[:, 0] // 2, y_test)
        assert sorted([*y_train.tolist(), *y_test.tolist()]) == list(range(10))
        assert not np.shares_memory(x_train, x)
    assert fg.data.train_test_split(y)[1].tolist() == [8, 9]
    assert len(fg.data.train_test_split(y, test_size=3)[1]) == 3
    again = fg.data.train_test_split(y, key=key)
    assert_close(again, fg.data.train_test_split(y, key=key))
    assert again[0].tolist() != sorted(again[0].tolist())


def test_stratified_parts_have_each_label_within_one_row(key):
    labels = np.repeat(["a", "b", "c"], [60, 31, 9])
    train, test = fg.data.train_test_split(labels, key=key, stratify=labels)
    assert len(test) == 20
    for label, count in zip(*np.unique(labels, return_counts=True), strict=True):
        assert abs((test == label).sum() - 0.2 * count) < 1
    assert len(train) + len(test) == 100


def test_split_takes_tables_and_pytrees(key):
    table = fg.data.Table({"a": range(5)})
    train, test, tree_train, tree_test = fg.data.train_test_split(table, {"y": np.arange(5)}, key=key)
    assert (len(train), len(test)) == (4, 1)
    assert train["a"].tolist() == tree_train["y"].tolist()
    assert test["a"].tolist() == tree_test["y"].tolist()


def test_split_says_what_is_wrong(key):
    x = np.arange(4)
    for size in (0, 1.0, 4, -1):
        with raises(
            fg.ArgumentError,
            f"train_test_split(): both parts must have rows; got test_size={size} of 4 rows; choose test_size between "
            "0 and 1, or a smaller number of rows.",
        ):
            fg.data.train_test_split(x, test_size=size)
    with raises(fg.ArgumentError, "train_test_split(): stratify needs a key; got none; pass key=fg.key(0)."):
        fg.data.train_test_split(x, stratify=x)
    with raises(
        fg.ShapeError,
        "train_test_split(): stratify must hold one label for each row; got int64 of shape (3,) for 4 rows; pass the "
        "labels of these rows.",
    ):
        fg.data.train_test_split(x, stratify=x[:3], key=key)


# Folders


def test_index_folder_is_sorted_deep_and_blind_to_what_is_hidden(tmp_path):
    for name in ("b/2.PNG", "b/in/1.jpg", "a/x.jpeg", "a/.hidden.png", ".git/z.png", "b/.thumbs/t.png", "b/readme.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    paths, labels, classes = fg.data.index_folder(str(tmp_path))
    assert [os.path.relpath(p, tmp_path) for p in paths] == ["a/x.jpeg", "b/2.PNG", "b/in/1.jpg"]
    assert labels.tolist() == [0, 1, 1]
    assert classes == ["a", "b"]
    only = fg.data.index_folder(tmp_path / "b", suffixes=[".jpg"])
    assert only[2] == ["in"]


def test_index_folder_says_what_is_wrong(tmp_path):
    with raises(fg.ArgumentError, "index_folder(): root must be a folder; got 'nowhere'; correct the path."):
        fg.data.index_folder("nowhere")
    with raises(
        fg.ArgumentError,
        f"index_folder(): root must have one folder for each class; got none in '{tmp_path}'; move the images of each "
        "class into a folder of its own.",
    ):
        fg.data.index_folder(tmp_path)
    (tmp_path / "empty").mkdir()
    with raises(
        fg.ArgumentError,
        f"index_folder(): every class must have at least one image; got none in '{tmp_path}/empty'; remove the folder, "
        "or pass suffixes= other than .png.",
    ):
        fg.data.index_folder(tmp_path, suffixes=[".png"])


def test_read_image_gives_channels_first(tmp_path):
    pixels = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    np.testing.assert_array_equal(fg.data.read_image(tmp_path / "a.png"), pixels.transpose(2, 0, 1))
    assert fg.data.read_image(tmp_path / "a.png", "L").shape == (1, 2, 4)


def test_a_missing_library_is_named_with_its_remedy(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    with raises(
        fg.MissingModuleError, "read_image(): PIL must be installed; it is not; run pip install 'funcgrad[plot]'."
    ):
        fg.data.read_image(tmp_path / "a.png")
    assert issubclass(fg.MissingModuleError, ImportError)


# Transforms


IMAGE = np.arange(2 * 3 * 4, dtype=np.float32).reshape(2, 3, 4)
FIXED = [
    (fg.data.hflip, IMAGE[..., ::-1]),
    (fg.data.vflip, IMAGE[..., ::-1, :]),
    (fg.data.crop(1, 2, 2, 1), IMAGE[..., 1:3, 2:3]),
    (fg.data.center_crop(2), IMAGE[..., 0:2, 1:3]),
    (fg.data.center_crop((3, 2)), IMAGE[..., 1:3]),
    (fg.data.normalize([0.0, 12.0], [1.0, 2.0]), np.stack([IMAGE[0], (IMAGE[1] - 12) / 2])),
    (fg.data.to_float, IMAGE),
    (fg.data.resize((3, 2), "nearest"), IMAGE[..., ::2]),
    (fg.data.resize((3, 4)), IMAGE),
    (fg.data.compose(), IMAGE),
    (fg.data.compose(fg.data.hflip, fg.data.vflip), IMAGE[..., ::-1, ::-1]),
]


@pytest.mark.parametrize(("transform", "expected"), FIXED)
def test_fixed_transforms(transform, expected):
    assert_close(transform(IMAGE), jnp.array(expected))
    assert_close(jax.jit(transform)(IMAGE), jnp.array(expected))
    batch = np.stack([IMAGE, IMAGE + 1])
    assert_close(transform(batch)[0], jnp.array(expected))
    assert_close(jax.vmap(transform)(batch), transform(batch))


def test_bytes_become_floats_and_stay_bytes_where_only_moved():
    image = np.array([[[0, 255], [255, 0]]], np.uint8)
    assert_close(fg.data.to_float(image), jnp.array([[[0.0, 1.0], [1.0, 0.0]]]))
    assert fg.data.resize((3, 3), "bicubic")(image).dtype == jnp.uint8
    assert fg.data.resize((1, 1))(image).tolist() == [[[128]]]
    assert fg.data.hflip(image).dtype == jnp.uint8


def test_resize_to_one_number_keeps_the_proportions():
    assert fg.data.resize(2)(np.zeros((1, 4, 7))).shape == (1, 2, 3)
    assert fg.data.resize(2)(np.zeros((1, 7, 4))).shape == (1, 3, 2)


def test_random_flip_decides_for_each_image(key):
    batch = jnp.broadcast_to(jnp.asarray(IMAGE), (200, *IMAGE.shape))
    flip = fg.data.random_horizontal_flip(0.25)
    flipped = flip(batch, key=key)
    turned = (flipped == IMAGE[..., ::-1]).all((1, 2, 3))
    same = (flipped == IMAGE).all((1, 2, 3))
    assert (turned ^ same).all()
    assert 30 <= turned.sum() <= 70  # 50 ± 3.3 standard deviations
    assert_close(flip(batch, key=key), flipped)
    assert_close(jax.jit(lambda x, k: flip(x, key=k))(batch, key), flipped)
    assert_close(fg.data.random_vertical_flip(1.0)(IMAGE, key), jnp.array(IMAGE[:, ::-1]))


def test_random_crop_reaches_every_place_and_no_other(key):
    image = np.arange(1, 13, dtype=np.float32).reshape(1, 3, 4)
    batch = np.broadcast_to(image, (400, 1, 3, 4))
    cut = fg.data.random_crop(2)(batch, key=key)
    assert set(np.unique(cut[:, 0, 0, 0]).tolist()) == {1, 2, 3, 5, 6, 7}
    np.testing.assert_array_equal(cut[:, 0, 1, 1] - cut[:, 0, 0, 0], 5)
    padded = fg.data.random_crop((3, 4), padding=1, fill=-1)(batch, key=key)
    assert padded.shape == (400, 1, 3, 4)
    assert (padded == -1).any()


def test_compose_gives_each_random_transform_its_own_key(key):
    flips = fg.data.compose(fg.data.random_horizontal_flip(), fg.data.random_horizontal_flip())
    batch = np.broadcast_to(IMAGE, (64, *IMAGE.shape))
    moved = (flips(batch, key=key) != batch).any((1, 2, 3))
    assert 0 < moved.sum() < 64, "with one key for both, the second would undo the first"
    nested = fg.data.compose(jnp.sqrt, flips)
    assert nested(batch, key=key).shape == batch.shape


def test_transforms_are_differentiable(key):
    f = fg.data.compose(fg.data.resize((2, 3)), fg.data.random_crop(2), fg.data.normalize(0.5, 2.0))
    check_grad(lambda x: f(x, key=key), IMAGE)


def test_transforms_say_what_is_wrong(key):
    with raises(
        fg.ShapeError, "normalize(): an image must be (..., C, H, W); got shape (3, 4); add what is missing in front."
    ):
        fg.data.normalize(0.0, 1.0)(IMAGE[0])
    with raises(
        fg.ShapeError,
        "normalize(): mean and std must be numbers, or have one for each channel; got 3 for an image of shape "
        "(2, 3, 4), which has 2; check that the channels come first, as in (C, H, W).",
    ):
        fg.data.normalize([0, 0, 0], 1.0)(IMAGE)
    with raises(
        fg.ArgumentError,
        "normalize(): std must not be 0; got [1, 0]; leave constant channels alone with std 1.",
    ):
        fg.data.normalize(0, [1, 0])
    with pytest.raises(fg.DtypeError, match=r"^normalize\(\): the image must be floating point"):
        fg.data.normalize(0.0, 1.0)(np.zeros((1, 2, 2), np.uint8))
    with pytest.raises(fg.DtypeError, match=r"^to_float\(\): an image that is not uint8 must be floating point"):
        fg.data.to_float(np.zeros((1, 2, 2), np.int32))
    for random in (fg.data.random_horizontal_flip(), fg.data.compose(fg.data.random_horizontal_flip())):
        with raises(
            fg.ArgumentTypeError,
            "random_horizontal_flip(): a random transform needs a key; got none; call it with key=fg.key(0).",
        ):
            random(IMAGE)
    with raises(fg.ArgumentError, "random_vertical_flip(): p must be in [0, 1]; got 2; pass a probability."):
        fg.data.random_vertical_flip(2)
    with raises(
        fg.ShapeError,
        "crop(): 3 × 2 pixels from row 1, column 0 must be inside the image; got an image of 3 × 4; choose a smaller "
        "size, or pad the image first.",
    ):
        fg.data.crop(1, 0, 3, 2)(IMAGE)
    with pytest.raises(fg.ShapeError, match=r"^random_crop\(\): 5 × 5 pixels"):
        fg.data.random_crop(5)(IMAGE, key=key)
    with raises(
        fg.ArgumentError,
        "center_crop(): size must be (height, width) or one number, positive; got (1, 2, 3); correct it.",
    ):
        fg.data.center_crop((1, 2, 3))
    with raises(
        fg.ArgumentError,
        "resize(): mode must be 'nearest', 'bilinear' or 'bicubic'; got 'cubic'; choose one of them.",
    ):
        fg.data.resize(2, "cubic")
    with raises(fg.ArgumentTypeError, "hflip(): an image must be an array; got a list; wrap it in fg.tensor(...)."):
        fg.data.hflip([[1]])


def test_what_is_no_table():
    required, remedy = "columns must be a dict of columns", 'write for example {"rooms": [2, 3]}'
    with raises(fg.ArgumentTypeError, f"Table(): {required}; got a list; {remedy}."):
        fg.data.Table([[1, 2]])
    required, remedy = "source must be a path, or lines of text", "open the file as text"
    with raises(fg.ArgumentTypeError, f"read_csv(): {required}; got int 1 for a line; {remedy}."):
        fg.data.read_csv([1, 2])


def test_more_rows_than_an_int32_tells_apart_are_not_taken_for_others(monkeypatch):
    monkeypatch.setattr("funcgrad.train.data.batching._COUNTED", 9)
    with raises(
        fg.ShapeError,
        "batches(): arrays on the device must have at most 9 rows without 64-bit mode, to be counted; got 10; pass "
        "NumPy arrays, or call it in 64-bit mode.",
    ):
        fg.data.batches(jnp.zeros(10), batch_size=2)
    assert len(fg.data.batches(np.zeros(10), batch_size=2)) == 5
    with jax.enable_x64(True):
        assert len(fg.data.batches(jnp.zeros(10), batch_size=2)) == 5

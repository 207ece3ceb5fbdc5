"""The example that `make demo` runs, and the data it ships with."""

import hashlib
import re
from pathlib import Path

import numpy as np
import pytest
from bounded import said

import funcgrad as fg

ROOT = Path(__file__).parent.parent
DATA = ROOT / "examples" / "data"


def test_the_data_are_the_ones_their_readme_describes():
    content = (DATA / "digits.csv.gz").read_bytes()
    readme = (DATA / "README.md").read_text()
    assert len(content) < 100_000
    assert hashlib.sha256(content).hexdigest() in readme
    for fact in ("E. Alpaydin, C. Kaynak", "Creative Commons Attribution 4.0", "https://doi.org/10.24432/C50P49"):
        assert fact in readme


def test_the_data_are_images_of_every_digit():
    table = fg.data.read_csv(DATA / "digits.csv.gz", header=False)
    pixels = np.stack([table[str(i)] for i in range(64)], 1)
    assert (len(table), len(table.names)) == (1797, 65)
    assert (pixels.min(), pixels.max()) == (0, 16)
    assert np.bincount(table["64"]).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    return folder, said(ROOT / "examples" / "digits.py", "--out", folder, seconds=110)


def test_the_example_reads_almost_every_digit_it_has_not_seen(printed):
    _, text = printed
    (percent,) = re.findall(r"test accuracy ([\d.]+)% of 360 images", text)
    assert float(percent) >= 97
    assert re.search(r"\d+\.\d s .* on \w+:0", text)


def test_the_example_leaves_the_pictures_it_names(printed):
    folder, text = printed
    named = [Path(line) for line in text.splitlines() if line.endswith(".png")]
    assert [path.name for path in named] == [
        f"digits_{name}.png" for name in ("history", "predictions", "jacobian", "class_jacobian")
    ]
    assert sorted(named) == sorted(folder.iterdir())
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in named)

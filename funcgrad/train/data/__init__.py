"""Data to train on: tables, batches, folders of images, and pure transforms."""

from __future__ import annotations

from .batching import Batches, batches, train_test_split
from .idx import read_idx
from .images import IMAGE_SUFFIXES, index_folder, read_image
from .streams import Prefetched, Stream, prefetch, stream
from .tables import Table, fillna, get_dummies, read_csv, to_array
from .transforms import (
    center_crop,
    compose,
    crop,
    hflip,
    normalize,
    random_crop,
    random_horizontal_flip,
    random_vertical_flip,
    resize,
    to_float,
    vflip,
)

__all__ = [
    "Table",
    "read_csv",
    "fillna",
    "get_dummies",
    "to_array",
    "Batches",
    "batches",
    "train_test_split",
    "Stream",
    "stream",
    "Prefetched",
    "prefetch",
    "read_idx",
    "IMAGE_SUFFIXES",
    "index_folder",
    "read_image",
    "compose",
    "to_float",
    "normalize",
    "hflip",
    "vflip",
    "random_horizontal_flip",
    "random_vertical_flip",
    "crop",
    "center_crop",
    "random_crop",
    "resize",
]

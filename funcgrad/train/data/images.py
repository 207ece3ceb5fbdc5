"""Folders of images: an index of paths and labels, and reading one image."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..._checks import fail, require_module
from ..._errors import ArgumentError
from ..._plain import plain

__all__ = ["IMAGE_SUFFIXES", "index_folder", "read_image"]

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")


@plain
def index_folder(
    root: str | Path, /, suffixes: Sequence[str] = IMAGE_SUFFIXES
) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """The images below `root`, where each folder directly in it is a class; hidden files and folders are not looked at.

    Args:
        root: a folder of one folder for each class, which may have folders inside.
        suffixes: how the names of images end, in any case.

    Returns:
        The paths, class by class, an array of N str; their labels, N int32 in [0, number of classes); and the names
        of the classes, sorted: ``classes[label]`` is the folder. ``batches(paths, labels, load=...)`` takes them.

    Raises:
        ArgumentError: `root` is not a folder, has no folders, or one of these has no image.

    >>> import pathlib, tempfile
    >>> root = pathlib.Path(tempfile.mkdtemp())
    >>> for name in ("dog/b.png", "cat/a.png", "dog/notes.txt"):
    ...     (root / name).parent.mkdir(exist_ok=True)
    ...     (root / name).touch()
    >>> paths, labels, classes = fg.data.index_folder(root)
    >>> [pathlib.Path(p).name for p in paths], labels, classes
    (['a.png', 'b.png'], array([0, 1], dtype=int32), ['cat', 'dog'])

    Source: ``torchvision.datasets.ImageFolder``.
    """
    folder = Path(root)
    if not folder.is_dir():
        fail(ArgumentError, "index_folder", "root must be a folder", f"got {str(root)!r}", "correct the path")
    classes = sorted(entry.name for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith("."))
    if not classes:
        fail(
            ArgumentError,
            "index_folder",
            "root must have one folder for each class",
            f"got none in {str(root)!r}",
            "move the images of each class into a folder of its own",
        )
    ends = tuple(suffix.lower() for suffix in suffixes)
    paths: list[str] = []
    labels: list[int] = []
    for label, name in enumerate(classes):
        found = _images_below(folder / name, ends)
        if not found:
            fail(
                ArgumentError,
                "index_folder",
                "every class must have at least one image",
                f"got none in {str(folder / name)!r}",
                f"remove the folder, or pass suffixes= other than {', '.join(ends)}",
            )
        paths += found
        labels += [label] * len(found)
    return np.array(paths), np.array(labels, np.int32), classes


def _images_below(folder: Path, ends: tuple[str, ...]) -> list[str]:
    found = []
    for inside, folders, files in os.walk(folder, followlinks=True):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        visible = sorted(name for name in files if name.lower().endswith(ends) and not name.startswith("."))
        found += [os.path.join(inside, name) for name in visible]
    return found


@plain
def read_image(path: str | Path, /, mode: str = "RGB") -> np.ndarray:
    """The pixels of an image file.

    Args:
        path: a file in any format that Pillow reads.
        mode: "RGB" for three channels, "L" for one of grey, "RGBA" for four.

    Returns:
        An array of shape (channels, height, width), uint8, on the host.

    Raises:
        MissingModuleError: Pillow is not installed.

    >>> import tempfile
    >>> from PIL import Image
    >>> Image.new("RGB", (4, 2), "red").save(name := tempfile.mktemp(".png"))
    >>> fg.data.read_image(name).shape
    (3, 2, 4)

    Source: ``torchvision.io.read_image``.
    """
    image = require_module("read_image", "PIL.Image", "run pip install 'funcgrad[plot]'")
    with image.open(path) as opened:
        pixels = np.array(opened.convert(mode))
    return pixels[None] if pixels.ndim == 2 else np.ascontiguousarray(pixels.transpose(2, 0, 1))

"""IDX files, the format of MNIST and its kin: an array behind a few bytes that say what it is."""

from __future__ import annotations

import gzip
import math
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from ..._checks import describe, fail
from ..._errors import ArgumentError, ArgumentTypeError
from ..._plain import plain

__all__ = ["read_idx"]

_DTYPES = {8: "u1", 9: "i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}


@plain
def read_idx(path: str | Path, /) -> np.ndarray:
    """The array in an IDX file, compressed or not.

    Args:
        path: the file; whether gzip compressed it is seen from its first bytes.

    Returns:
        A NumPy array with the shape and dtype that the file names, in the byte order of this machine.

    Raises:
        ArgumentError: the file is not there, not in this format, or has more or fewer bytes than its shape needs.

    >>> import pathlib, tempfile
    >>> name = pathlib.Path(tempfile.mkdtemp()) / "labels-idx1-ubyte"
    >>> _ = name.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 3, 5, 0, 4]))
    >>> fg.data.read_idx(name)
    array([5, 0, 4], dtype=uint8)

    Source: ``torchvision.datasets.MNIST``; the MNIST database of handwritten digits.
    """
    word = "read_idx"
    given: Any = path
    if not isinstance(given, str | Path):
        fail(ArgumentTypeError, word, "path must be a path", f"got {describe(given)}", "write the name of the file")
    try:
        content = Path(path).read_bytes()
        if content[:2] == b"\x1f\x8b":
            content = gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        fail(ArgumentError, word, "path must be a file that can be read", f"got {str(path)!r}: {reason}", "check it")
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in _DTYPES or len(content) < 4 + 4 * content[3]:
        given = f"{str(path)!r} begins with {content[:4].hex(' ') or 'nothing'}"
        fail(ArgumentError, word, "path must be an IDX file, which begins with 00 00 and a dtype", given, "check it")
    dtype, ndim = np.dtype(_DTYPES[content[2]]), content[3]
    start = 4 + 4 * ndim
    shape = tuple(np.frombuffer(content, ">u4", ndim, 4).tolist())
    needed = math.prod(shape) * dtype.itemsize
    if len(content) - start != needed:
        fail(
            ArgumentError,
            word,
            f"an array of shape {shape} must have {needed} bytes",
            f"{str(path)!r} has {len(content) - start}",
            "fetch the file again",
        )
    return np.frombuffer(content, dtype, offset=start).reshape(shape).astype(dtype.newbyteorder("="))

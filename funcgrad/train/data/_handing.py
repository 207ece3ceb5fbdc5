"""What a batch holds, as arrays that share no memory with anything its owner may overwrite."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from ..._checks import fail
from ..._convert import from_host
from ..._errors import ShapeError
from ..._types import Array

__all__ = ["handed_over"]


def handed_over(word: str, leaf: Any, device: Any, *, private: bool = False) -> Array:
    """`leaf` as an array of its own on `device`; raises where it does not divide over several.

    A `private` one is nobody else's, and need not be copied.
    """
    if isinstance(device, jax.sharding.Sharding):
        try:
            device.shard_shape(np.shape(leaf))
        except ValueError:
            fail(
                ShapeError,
                word,
                "every batch must divide evenly over the devices",
                f"got one of shape {np.shape(leaf)} for {len(device.device_set)} devices",
                "choose a multiple of their number as batch_size, and pass drop_last=True or pad_last=True",
            )
    if isinstance(leaf, jax.Array):
        return leaf if device is None else jax.device_put(leaf, device)
    return from_host(word, leaf, device=device, private=private)

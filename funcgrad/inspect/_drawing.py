"""What the pictures share: a figure of nobody's, images, and the colours of a derivative."""

from __future__ import annotations

import functools
import importlib
import io
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .._checks import fail, require_module
from .._errors import ShapeError

__all__ = ["class_name", "draw_derivative", "new_figure", "picture", "softmax"]

_MAP = "RdBu_r"
_ZERO, _NAN, _INFINITE = "#cfcfcf", "#ff00ff", "#000000"


def new_figure(word: str, size: tuple[float, float], title: str | None) -> Any:
    """An empty figure that belongs to nobody: pyplot does not know it, so nothing has to be closed."""
    module = require_module(word, "matplotlib.figure", "run pip install 'funcgrad[plot]'")
    figure = module.Figure(figsize=size, layout="constrained")
    figure.get_layout_engine().set(w_pad=0.06, h_pad=0.06)
    if title:
        figure.suptitle(title, fontsize=11)
    # A notebook draws figures by itself only once pyplot has been imported.
    figure._repr_png_ = functools.partial(_png, figure)
    return figure


def _png(figure: Any) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=100)
    return buffer.getvalue()


def draw_derivative(figure: Any, panels: Sequence[Any], layers: Sequence[np.ndarray], aspect: str = "equal") -> None:
    """Each layer in its panel, all on one scale, with one colourbar and a legend of what the map cannot show."""
    cm, colors, patches = (importlib.import_module(f"matplotlib.{name}") for name in ("cm", "colors", "patches"))
    everything = np.concatenate([np.ravel(layer).astype(float) for layer in layers] or [np.zeros(0)])
    sizes = np.abs(everything[np.isfinite(everything) & (everything != 0)])
    limit = float(np.percentile(sizes, 99, method="higher")) if sizes.size else 1.0
    scale = cm.ScalarMappable(colors.Normalize(-limit, limit), _MAP)
    for axes, layer in zip(panels, layers, strict=True):
        cells = scale.to_rgba(np.nan_to_num(layer.astype(float), nan=0.0, posinf=0.0, neginf=0.0))
        for where, color in ((layer == 0, _ZERO), (np.isnan(layer), _NAN), (np.isinf(layer), _INFINITE)):
            cells[where] = colors.to_rgba(color)
        axes.imshow(cells, aspect=aspect, interpolation="nearest")
    beyond = bool((sizes > limit).any())
    bar = figure.colorbar(scale, ax=list(panels), extend="both" if beyond else "neither", shrink=0.9, pad=0.02)
    bar.ax.tick_params(labelsize=9)
    kinds = {
        "exactly 0": (everything == 0, _ZERO),
        "NaN": (np.isnan(everything), _NAN),
        "infinite": (np.isinf(everything), _INFINITE),
    }
    present = [patches.Patch(color=color, label=name) for name, (where, color) in kinds.items() if where.any()]
    if present:
        figure.legend(handles=present, loc="outside lower right", ncols=len(present), frameon=False, fontsize=9)


def picture(word: str, image: np.ndarray) -> np.ndarray:
    """What imshow takes: (H, W), or (H, W, 3) with channels last."""
    side = math.isqrt(image.size)
    if image.ndim == 1 and side * side == image.size:
        return image.reshape(side, side)
    if image.ndim == 2:
        return image
    if image.ndim == 3 and image.shape[0] in (1, 3, 4):
        return image[0] if image.shape[0] == 1 else np.moveaxis(image, 0, -1)
    fail(
        ShapeError,
        word,
        "an image must be (H, W), (C, H, W) of 1, 3 or 4 channels, or a flat square one",
        f"got shape {image.shape}",
        "reshape it, with the channels first",
    )


def softmax(scores: np.ndarray) -> np.ndarray:
    powers = np.exp(np.asarray(scores, float) - np.max(scores))
    return powers / powers.sum()


def class_name(classes: Sequence[str] | None, number: Any) -> str:
    return str(int(number)) if classes is None else str(classes[int(number)])

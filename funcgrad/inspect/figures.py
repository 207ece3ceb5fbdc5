"""Pictures of training and of Jacobians: each function returns a matplotlib Figure and leaves no global state.

Matplotlib is imported when the first picture is drawn. Derivatives are drawn on a diverging map centred at 0, with
limits at the 99th percentile of what is not 0, and what is not such a number looks like none: an exact 0 is grey, NaN
magenta, an infinity black.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from .._checks import describe, fail
from .._errors import ArgumentError, ArgumentTypeError, ShapeError
from .._types import ArrayLike, PyTree
from ._drawing import class_name, draw_derivative, new_figure, picture, softmax

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["plot_class_jacobian", "plot_history", "plot_jacobian", "plot_predictions"]

_WRONG = "#b2182b"
_MOST_CELLS = 400  # along one side; more would be smaller than a pixel
_MOST_LABELS = 40
_HELD_OUT = ("test", "val", "valid", "validation", "eval", "evaluate")


def plot_history(history: Any, /, *, title: str | None = None) -> Figure:
    """The curves of a training run: one panel for the loss and one for each metric.

    Curves of one quantity on different data share a panel: ``loss`` and ``test_loss``, for example. What was measured
    at each step is drawn faintly, behind its mean over each epoch.

    Args:
        history: what ``fg.train.fit`` returns; or a mapping from names to numbers, one for each epoch; or a list of
            mappings from names to a number. A name "epoch" or "step" gives the horizontal axis.
        title: above the panels.

    Returns:
        The figure.

    Raises:
        ArgumentError: the history is empty.
        MissingModuleError: matplotlib is not installed.

    >>> fg.inspect.plot_history({"loss": [2.0, 1.0, 0.6], "test_loss": [2.1, 1.2, 0.9], "accuracy": [0.2, 0.6, 0.8]})
    <Figure size 900x320 with 2 Axes>

    Source: ``d2l.Animator``.
    """
    across, curves = _placed(_curves(history), getattr(history, "evaluated_at", None))
    panels: dict[str, list[str]] = {}
    for name in sorted(curves, key=lambda name: "loss" not in name):
        prefix, _, rest = name.replace("/", "_").partition("_")
        panels.setdefault(rest if rest and prefix in ("train", *_HELD_OUT) else name, []).append(name)
    if not panels:
        fail(ArgumentError, "plot_history", "the history must have a curve", "got none", "train for at least one epoch")
    rows = math.ceil(len(panels) / 3)
    columns = math.ceil(len(panels) / rows)
    figure = new_figure("plot_history", (4.5 * columns, 3.2 * rows), title)
    for i, (quantity, names) in enumerate(panels.items()):
        axes = figure.add_subplot(rows, columns, i + 1)
        for color, name in enumerate(names):
            *faint, curve = curves[name]
            for x, values in faint:
                axes.plot(x, values, color=f"C{color}", alpha=0.25, linewidth=0.8)
            told = np.isfinite(curve[1])  # what was not measured in an epoch leaves no gap
            style = "--" if name.startswith(_HELD_OUT) else "-"
            marker = "o" if told.sum() <= 30 else None
            axes.plot(*curve[:, told], style, label=name, marker=marker, markersize=3.5, color=f"C{color}")
        axes.set(xlabel=across, ylabel=quantity)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(alpha=0.3)
        if len(names) > 1:
            axes.legend(frameon=False)
    return figure


def plot_predictions(
    images: ArrayLike,
    predicted: ArrayLike,
    actual: ArrayLike | None = None,
    scores: ArrayLike | None = None,
    *,
    classes: Sequence[str] | None = None,
    title: str | None = None,
) -> Figure:
    """Images with what was predicted for them; where that is wrong, in red with what it should be.

    Args:
        images: (N, H, W), (N, 1, H, W) or (N, 3, H, W).
        predicted: N class numbers.
        actual: N class numbers.
        scores: (N, K), the scores of the classes before softmax; adds the probability of the prediction.
        classes: the names of the K classes.
        title: above the images.

    Returns:
        The figure.

    Raises:
        ShapeError: the numbers of images and predictions differ.
        MissingModuleError: matplotlib is not installed.

    >>> fg.inspect.plot_predictions(np.eye(4)[None], [1], actual=[7])
    <Figure size 250x190 with 1 Axes>

    Source: ``d2l.show_images``.
    """
    shown = [picture("plot_predictions", image) for image in np.asarray(images)]
    for argument, values in (("predicted", predicted), ("actual", actual), ("scores", scores)):
        if values is not None and len(np.asarray(values)) != len(shown):
            fail(
                ShapeError,
                "plot_predictions",
                f"images and {argument} must belong together",
                f"got {len(shown)} images and {argument} of shape {np.shape(values)}",
                "pass one for each image",
            )
    columns = max(min(8, len(shown)), 1)
    rows = max(math.ceil(len(shown) / columns), 1)
    figure = new_figure("plot_predictions", (max(1.25 * columns, 2.5), 1.7 * rows + 0.2), title)
    guesses = np.asarray(predicted)
    for i, pixels in enumerate(shown):
        axes = figure.add_subplot(rows, columns, i + 1)
        axes.imshow(pixels, cmap="gray_r")
        axes.set(xticks=[], yticks=[])
        text = class_name(classes, guesses[i])
        if scores is not None:
            text += f"  {100 * softmax(np.asarray(scores)[i])[guesses[i]]:.0f} %"
        wrong = actual is not None and np.asarray(actual)[i] != guesses[i]
        if wrong:
            text += f"\nis {class_name(classes, np.asarray(actual)[i])}"
        axes.set_title(text, fontsize=10, color=_WRONG if wrong else "black", fontweight="bold" if wrong else "normal")
    return figure


def plot_jacobian(
    jacobian: PyTree,
    /,
    *,
    out_dims: int = 1,
    outputs: Sequence[str] | None = None,
    inputs: Sequence[str] | None = None,
    title: str | None = None,
) -> Figure:
    """A Jacobian as a heatmap: a row for each output, a column for each input.

    Args:
        jacobian: an array of the outputs' shape followed by the inputs', or a pytree of such arrays with one leaf for
            each input; black rules separate the leaves.
        out_dims: how many leading dimensions belong to the output; 0 for a gradient.
        outputs: a name for each row.
        inputs: a name for each column.
        title: above the heatmap; by default its size and how much of it is not 0.

    Returns:
        The figure. More than 400 rows or columns are drawn as blocks, each the entry of largest magnitude in it.

    Raises:
        ShapeError: a leaf has too few dimensions, or the leaves differ in the output's shape, or the names in number.
        ArgumentError: there is nothing to draw.
        MissingModuleError: matplotlib is not installed.

    >>> J = jax.jacobian(lambda x: jnp.sin(x[1:]) * x[:-1])(jnp.arange(4.0))
    >>> fg.inspect.plot_jacobian(J)
    <Figure size 500x310 with 2 Axes>

    Source: original to funcgrad.
    """
    named, matrix = _as_matrix(jacobian, out_dims)
    for argument, names, count in (("outputs", outputs, len(matrix)), ("inputs", inputs, matrix.shape[1])):
        if names is not None and len(names) != count:
            side = "row" if argument == "outputs" else "column"
            fail(
                ShapeError,
                "plot_jacobian",
                f"{argument} must name each of the {count} {side}s",
                f"got {len(names)}",
                "pass as many names",
            )
    nonzero = int(np.count_nonzero(matrix))
    if title is None:
        part = 100 * nonzero / matrix.size
        title = f"Jacobian {matrix.shape[0]} × {matrix.shape[1]}, {nonzero} entries not 0 ({part:.3g} %)"
    drawn, block = _pooled(matrix)
    if block != (1, 1):
        title += f"\nlargest magnitude in blocks of {block[0]} × {block[1]}"
    rows, columns = drawn.shape
    slender = max(rows, columns) > 8 * min(rows, columns)
    cell = min(9 / columns, 7 / rows, 0.5)  # inches; cells of a slender matrix need not be square
    size = (max(cell * columns + 2, 5), max((0.4 if slender and rows < columns else cell) * rows + 1.6, 2.6))
    figure = new_figure("plot_jacobian", size, title)
    axes = figure.add_subplot()
    draw_derivative(figure, [axes], [drawn], aspect="auto" if slender else "equal")
    axes.set(xlabel=f"inputs ({matrix.shape[1]})", ylabel=f"outputs ({matrix.shape[0]})")
    for axis, count, names in ((axes.xaxis, columns, inputs), (axes.yaxis, rows, outputs)):
        if names is not None and count <= _MOST_LABELS:
            upright = axis is axes.xaxis and max(map(len, names), default=0) > 2
            axis.set_ticks(range(count), names, rotation=90 if upright else 0, fontsize=9)
        else:
            axis.get_major_locator().set_params(integer=True, min_n_ticks=1)
            step = block[1] if axis is axes.xaxis else block[0]
            if step > 1:
                axis.set_major_formatter(lambda place, _, step=step: f"{place * step:g}")
    if len(named) > 1:
        ends = np.cumsum([width for _, width in named]) / block[1]
        for end in ends[:-1]:
            axes.axvline(end - 0.5, color="black", linewidth=1)
        top = axes.secondary_xaxis("top")
        middles = ends - np.array([width for _, width in named]) / block[1] / 2 - 0.5
        steep = any(len(name) * 0.16 > width / block[1] * (size[0] - 2) / columns * 2 for name, width in named)
        top.set_xticks(middles, [name for name, _ in named], rotation=30 if steep else 0, fontsize=9)
        if steep:
            for label in top.get_xticklabels():
                label.set(horizontalalignment="left", rotation_mode="anchor")
        top.tick_params(length=0)
    return figure


def plot_class_jacobian(
    image: ArrayLike,
    jacobian: ArrayLike,
    scores: ArrayLike,
    *,
    classes: Sequence[str] | None = None,
    title: str | None = None,
) -> Figure:
    """An image beside the Jacobian of its class scores: for each class, which pixels raise its score (red).

    Args:
        image: (H, W) or (H·W,) of a square image; or (C, H, W), whose channels are added up in the maps.
        jacobian: the derivative of each of K scores with respect to the image, of shape (K, *image.shape).
        scores: the K scores before softmax.
        classes: the names of the classes.
        title: above it all.

    Returns:
        The figure: the image with its prediction, and K maps on one scale, each with its class and score.

    Raises:
        ShapeError: the shapes do not belong together.
        MissingModuleError: matplotlib is not installed.

    >>> fg.inspect.plot_class_jacobian(np.eye(4), np.ones((3, 4, 4)), [0.0, 2.0, 1.0])
    <Figure size 770x280 with 5 Axes>

    Source: Simonyan, Vedaldi and Zisserman, "Deep Inside Convolutional Networks" (2013), section 3.
    """
    pixels, maps, values = np.asarray(image), np.asarray(jacobian), np.asarray(scores, float)
    if values.ndim != 1 or maps.shape != (*values.shape, *pixels.shape):
        fail(
            ShapeError,
            "plot_class_jacobian",
            "the Jacobian must have the shape of the scores followed by that of the image",
            f"got {maps.shape} for scores of shape {values.shape} and an image of shape {pixels.shape}",
            "pass one image, its scores, and the Jacobian of the function from one to the other",
        )
    shown = picture("plot_class_jacobian", pixels)
    drawn = [_plane(layer, shown.shape[:2]) for layer in maps]
    rows = 1 if len(drawn) <= 3 else 2
    columns = max(math.ceil(len(drawn) / rows), 1)
    figure = new_figure("plot_class_jacobian", (1.5 * columns + 3.2, 1.65 * rows + 1.15), title)
    grid = figure.add_gridspec(rows, columns + 1, width_ratios=[1.0 + 0.9 * (rows - 1), *[1.0] * columns])
    best = int(values.argmax())
    left = figure.add_subplot(grid[:, 0])
    left.imshow(shown, cmap="gray_r")
    left.set(xticks=[], yticks=[])
    left.set_title(f"predicted {class_name(classes, best)} ({100 * softmax(values)[best]:.0f} %)", fontsize=11)
    panels = [figure.add_subplot(grid[i // columns, 1 + i % columns]) for i in range(len(drawn))]
    draw_derivative(figure, panels, drawn)
    for i, axes in enumerate(panels):
        axes.set(xticks=[], yticks=[])
        score = f"{class_name(classes, i)}: {values[i]:.2f}".replace("-", "−")
        axes.set_title(score, fontsize=10, fontweight="bold" if i == best else "normal")
        for spine in axes.spines.values():
            spine.set_linewidth(2 if i == best else 0.8)
    return figure


def _as_matrix(jacobian: PyTree, out_dims: int) -> tuple[list[tuple[str, int]], np.ndarray]:
    """The leaves side by side, each with outputs along rows; and the name and the width of each."""
    blocks: list[np.ndarray] = []
    named: list[tuple[str, int]] = []
    out_shape: tuple[int, ...] | None = None
    for path, leaf in jax.tree_util.tree_leaves_with_path(jacobian):
        block = np.asarray(leaf)
        if block.dtype.kind not in "biuf" and block.dtype.name != "bfloat16":
            fail(
                ArgumentTypeError,
                "plot_jacobian",
                "a Jacobian must hold real numbers",
                f"got {describe(leaf)}",
                "draw the real and the imaginary part of a complex one by themselves",
            )
        out_shape = block.shape[:out_dims] if out_shape is None else out_shape
        if block.ndim < out_dims or block.shape[:out_dims] != out_shape:
            fail(
                ShapeError,
                "plot_jacobian",
                f"every leaf must begin with the output's shape, which out_dims={out_dims} takes to be {out_shape}",
                f"got shape {block.shape}",
                "pass the output's number of dimensions as out_dims, and the Jacobian of one output",
            )
        in_shape = block.shape[out_dims:]
        flat = block.reshape(math.prod(out_shape), math.prod(in_shape)).astype(float)
        blocks.append(flat)
        named.append((f"{jax.tree_util.keystr(path, simple=True, separator='.')} {in_shape}", flat.shape[1]))
    if not sum(block.size for block in blocks):
        fail(ArgumentError, "plot_jacobian", "there must be an entry", "got none", "pass what fg.jacobian returns")
    return named, np.concatenate(blocks, axis=1)


def _pooled(matrix: np.ndarray) -> tuple[np.ndarray, tuple[int, int]]:
    """`matrix` with at most _MOST_CELLS a side, each the entry of largest magnitude in its block; NaN above all."""
    height, width = (math.ceil(extent / _MOST_CELLS) for extent in matrix.shape)
    if (height, width) == (1, 1):
        return matrix, (1, 1)
    rows, columns = (math.ceil(extent / part) for extent, part in zip(matrix.shape, (height, width), strict=True))
    padded = np.zeros((rows * height, columns * width))
    padded[: matrix.shape[0], : matrix.shape[1]] = matrix
    cells = padded.reshape(rows, height, columns, width).swapaxes(1, 2).reshape(rows, columns, -1)
    rank = np.where(np.isnan(cells), np.inf, np.abs(cells))
    rank = np.where(np.isinf(cells), np.finfo(float).max, rank)
    return np.take_along_axis(cells, rank.argmax(-1)[..., None], -1)[..., 0], (height, width)


def _curves(history: Any) -> dict[str, Any]:
    """The history as one sequence of numbers for each name; NaN where an epoch has none."""
    if isinstance(history, Mapping):
        return {str(name): np.ravel(np.asarray(values, float)) for name, values in history.items()}
    if isinstance(history, Iterable):
        records = list(history)
        if all(isinstance(record, Mapping) for record in records):
            names = dict.fromkeys(name for record in records for name in record)
            return {str(name): np.array([float(r.get(name, np.nan)) for r in records]) for name in names}
    fail(
        ArgumentTypeError,
        "plot_history",
        "a history must be a mapping of curves or a list of mappings",
        f"got {describe(history)}",
        "pass what fg.train.fit returns",
    )


def _placed(
    curves: dict[str, np.ndarray], evaluated_at: Sequence[int] | None
) -> tuple[str, dict[str, list[np.ndarray]]]:
    """What lies along the horizontal axis; and for each name its curve, an array of x and y, last in a list.

    Before it stand curves that are to be drawn faintly. `evaluated_at` are the numbers of the steps after which the
    curves that have no number for each step were measured; by default, the last ones of the epochs.
    """
    steps, epochs = curves.pop("step", None), curves.pop("epoch", None)
    count = max(map(len, curves.values()), default=0)
    if epochs is None or len(epochs) == len(set(epochs)):
        places = epochs if epochs is not None else steps if steps is not None else np.arange(1, count + 1)
        across = "step" if epochs is None and steps is not None else "epoch"
        told = places[np.asarray(evaluated_at) - 1] if evaluated_at else places
        at = {name: places if len(values) == len(places) else told for name, values in curves.items()}
        return across, {name: [_curve(name, at[name], values)] for name, values in curves.items()}
    distinct, first, inverse, sizes = np.unique(epochs, return_index=True, return_inverse=True, return_counts=True)
    if len(distinct) == 1:  # all within one epoch, after which the other curves were measured
        places = np.arange(1, len(epochs) + 1) if steps is None else steps
        ends = places[-1:]
        across = "step"
    else:
        places = epochs + (np.arange(len(epochs)) - first[inverse] + 1) / sizes[inverse]
        ends = distinct + 1
        across = "epoch"
    evaluated = places[np.asarray(evaluated_at) - 1] if evaluated_at else ends
    placed: dict[str, list[np.ndarray]] = {}
    for name, values in curves.items():
        by_step = len(values) == len(epochs)
        placed[name] = [_curve(name, places if by_step else evaluated, values)]
        if by_step and across == "epoch":
            told = np.isfinite(values)
            number, total = (np.bincount(inverse[told], w, len(ends)) for w in (None, values[told]))
            with np.errstate(invalid="ignore"):  # an epoch of none has no mean
                placed[name].append(np.array([ends, total / number]))
    return across, placed


def _curve(name: str, places: np.ndarray, values: np.ndarray) -> np.ndarray:
    if len(values) > len(places):
        fail(
            ShapeError,
            "plot_history",
            "every curve must have a number for each step or for each epoch",
            f"got {len(values)} for {name!r} and {len(places)} places",
            "correct its length",
        )
    return np.array([places[: len(values)], values])


def _plane(layer: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    return (layer.sum(0) if layer.ndim == 3 else layer).reshape(shape)

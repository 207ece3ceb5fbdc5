"""Pictures: what they show, read back from the figure; and that they leave nothing behind."""

import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from harness import raises
from matplotlib import colormaps, colors
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

import funcgrad as fg

GREY, MAGENTA, BLACK = (colors.to_rgba(c) for c in ("#cfcfcf", "#ff00ff", "#000000"))


def titles(figure):
    return [axes.get_title() for axes in figure.axes if axes.get_title()]


def cells(axes):
    return np.asarray(axes.images[0].get_array())


def legend(figure):
    return [text.get_text() for found in figure.legends for text in found.get_texts()]


def draws(figure) -> bool:
    """Draws to pixels without a warning; something is on it, and no text reaches beyond the edge."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    width, height = canvas.get_width_height()
    for text in figure.findobj(Text):
        if text.get_visible() and text.get_text():
            box = text.get_window_extent()
            inside = box.x0 >= -1 and box.y0 >= -1 and box.x1 <= width + 1 and box.y1 <= height + 1
            assert inside or not text.axes or text in unshown_ticks(text.axes), text
    return len(np.unique(np.asarray(canvas.buffer_rgba()))) > 1


def unshown_ticks(axes):
    """Tick labels beyond the limits of the axes exist but are not drawn."""
    return [
        tick.label1
        for axis in (axes.xaxis, axes.yaxis)
        for tick in axis.get_major_ticks()
        if not min(axis.get_view_interval()) <= tick.get_loc() <= max(axis.get_view_interval())
    ]


# History


def test_history_shares_a_panel_between_data_sets():
    figure = fg.inspect.plot_history(
        {"accuracy": [0.1, 0.5], "loss": [2.0, 1.0], "test_loss": [2.5, 1.5], "val/accuracy": [0.1, 0.4], "lr": [1, 1]}
    )
    assert [axes.get_ylabel() for axes in figure.axes] == ["loss", "accuracy", "lr"]
    assert [[line.get_label() for line in axes.lines] for axes in figure.axes] == [
        ["loss", "test_loss"],
        ["accuracy", "val/accuracy"],
        ["lr"],
    ]
    assert figure.axes[0].lines[1].get_ydata().tolist() == [2.5, 1.5]
    assert figure.axes[0].lines[1].get_xdata().tolist() == [1, 2]
    assert [line.get_linestyle() for line in figure.axes[0].lines] == ["-", "--"]
    assert draws(figure)


def test_history_of_records_leaves_no_gaps_and_uses_steps():
    records = [
        {"step": 10, "loss": 3.0},
        {"step": 20, "loss": jnp.array(2.0), "test_loss": 2.5},
        {"step": 30, "loss": 1},
    ]
    figure = fg.inspect.plot_history(records, title="run")
    loss, held_out = figure.axes[0].lines
    assert loss.get_xdata().tolist() == [10, 20, 30]
    assert (held_out.get_xdata().tolist(), held_out.get_ydata().tolist()) == ([20], [2.5])
    assert figure.axes[0].get_xlabel() == "step"
    assert figure.get_suptitle() == "run"


def test_history_of_steps_has_means_over_epochs():
    history = {
        "step": [1, 2, 3, 4, 5, 6],
        "epoch": [0, 0, 1, 1, 2, 2],
        "loss": [6, 4, 3, np.nan, np.nan, np.nan],
        "eval_loss": [5.5, 4.5],
    }
    figure = fg.inspect.plot_history(history)
    steps, loss, held_out = figure.axes[0].lines
    assert steps.get_xdata().tolist() == [0.5, 1, 1.5, 2, 2.5, 3]
    assert (loss.get_xdata().tolist(), loss.get_ydata().tolist()) == ([1, 2], [5, 3])
    assert (held_out.get_xdata().tolist(), held_out.get_ydata().tolist()) == ([1, 2], [5.5, 4.5])
    assert [line.get_label() for line in (loss, held_out)] == ["loss", "eval_loss"]
    assert figure.axes[0].get_xlabel() == "epoch"
    assert draws(figure)
    once = fg.inspect.plot_history({"step": [4, 5], "epoch": [0, 0], "loss": [2.0, 1.0], "eval_loss": [1.5]})
    assert once.axes[0].get_xlabel() == "step"
    assert [line.get_xdata().tolist() for line in once.axes[0].lines] == [[4, 5], [5]]
    with raises(
        fg.ShapeError,
        "plot_history(): every curve must have a number for each step or for each epoch; got 3 for 'loss' and 2 "
        "places; correct its length.",
    ):
        fg.inspect.plot_history({"epoch": [1, 2], "loss": [1, 2, 3]})


def test_history_says_what_is_wrong():
    with raises(
        fg.ArgumentError,
        "plot_history(): the history must have a curve; got none; train for at least one epoch.",
    ):
        fg.inspect.plot_history({"epoch": [1, 2]})
    for given, described in ((3, "int 3"), ([1.0], "a list")):
        with raises(
            fg.ArgumentTypeError,
            f"plot_history(): a history must be a mapping of curves or a list of mappings; got {described}; pass what "
            "fg.train.fit returns.",
        ):
            fg.inspect.plot_history(given)


# Predictions


def test_predictions_are_titled_and_mistakes_red():
    scores = np.log([[0.9, 0.1], [0.25, 0.75], [0.4, 0.6]])
    images = np.zeros((3, 1, 4, 5))
    figure = fg.inspect.plot_predictions(images, [0, 1, 1], [0, 0, 1], scores, classes=["cat", "dog"])
    assert titles(figure) == ["cat  90 %", "dog  75 %\nis cat", "dog  60 %"]
    assert [axes.title.get_color() for axes in figure.axes] == ["black", "#b2182b", "black"]
    assert cells(figure.axes[0]).shape == (4, 5)
    assert draws(figure)


def test_predictions_take_colour_and_many_images():
    figure = fg.inspect.plot_predictions(np.full((11, 3, 2, 2), 0.5), jnp.arange(11), title="all")
    assert titles(figure) == [str(i) for i in range(11)]
    assert cells(figure.axes[0]).shape == (2, 2, 3)
    assert draws(figure)


def test_predictions_say_what_is_wrong():
    with raises(
        fg.ShapeError,
        "plot_predictions(): images and actual must belong together; got 2 images and actual of shape (1,); pass one "
        "for each image.",
    ):
        fg.inspect.plot_predictions(np.zeros((2, 3, 3)), [1, 2], [1])
    with raises(
        fg.ShapeError,
        "plot_predictions(): an image must be (H, W), (C, H, W) of 1, 3 or 4 channels, or a flat square one; got shape "
        "(2, 3, 3); reshape it, with the channels first.",
    ):
        fg.inspect.plot_predictions(np.zeros((1, 2, 3, 3)), [1])


# Jacobians


def test_jacobian_colours_are_centred_and_what_is_no_number_looks_like_none():
    J = np.array([[1.0, -1.0, 0.0], [0.5, np.nan, -np.inf]])
    figure = fg.inspect.plot_jacobian(J, outputs=["a", "b"])
    drawn = cells(figure.axes[0])
    reds = colormaps["RdBu_r"]
    for place, expected in {
        (0, 0): reds(1.0),
        (0, 1): reds(0.0),
        (1, 0): reds(0.75),
        (0, 2): GREY,
        (1, 1): MAGENTA,
        (1, 2): BLACK,
    }.items():
        np.testing.assert_allclose(drawn[place], expected, atol=1e-6)
    assert legend(figure) == ["exactly 0", "NaN", "infinite"]
    assert figure.get_suptitle() == "Jacobian 2 × 3, 5 entries not 0 (83.3 %)"
    assert [tick.get_text() for tick in figure.axes[0].get_yticklabels()] == ["a", "b"]
    assert draws(figure)


def test_one_huge_entry_does_not_bleach_the_others():
    J = np.ones((20, 20))
    J[3, 4] = 1e6
    figure = fg.inspect.plot_jacobian(J)
    bar = figure.axes[1]
    assert bar.get_ylim() == (-1.0, 1.0)
    np.testing.assert_allclose(cells(figure.axes[0])[0, 0], colormaps["RdBu_r"](1.0))
    assert legend(figure) == []


def test_a_pytree_is_drawn_side_by_side_with_names_and_rules():
    params = {"b": jnp.zeros(2), "w": jnp.ones((3, 2))}
    x = jnp.arange(3.0)
    J = jax.jacobian(lambda p: x @ p["w"] + p["b"])(params)
    figure = fg.inspect.plot_jacobian(J)
    axes = figure.axes[0]
    assert cells(axes).shape == (2, 8, 4)
    assert [line.get_xdata()[0] for line in axes.lines] == [1.5]
    (top,) = axes.child_axes
    assert [label.get_text() for label in top.get_xticklabels()] == ["b (2,)", "w (3, 2)"]
    assert draws(figure)


def test_out_dims_says_where_the_inputs_begin():
    J = np.ones((2, 3, 4))
    assert cells(fg.inspect.plot_jacobian(J).axes[0]).shape == (2, 12, 4)
    assert cells(fg.inspect.plot_jacobian(J, out_dims=2).axes[0]).shape == (6, 4, 4)
    assert cells(fg.inspect.plot_jacobian(J, out_dims=0).axes[0]).shape == (1, 24, 4)


def test_a_large_jacobian_is_drawn_in_blocks_that_hide_nothing():
    J = np.zeros((1000, 500))
    J[999, 499], J[0, 1], J[0, 0] = np.nan, -3.0, 1.0
    figure = fg.inspect.plot_jacobian(J)
    drawn = cells(figure.axes[0])
    assert drawn.shape == (334, 250, 4)
    np.testing.assert_allclose(drawn[-1, -1], MAGENTA)
    np.testing.assert_allclose(drawn[0, 0], colormaps["RdBu_r"](0.0), atol=1e-6)
    np.testing.assert_allclose(drawn[5, 5], GREY)
    assert figure.get_suptitle() == (
        "Jacobian 1000 × 500, 3 entries not 0 (0.0006 %)\nlargest magnitude in blocks of 3 × 2"
    )
    figure.canvas.draw()
    labels = [tick.get_text() for tick in figure.axes[0].get_yticklabels()]
    assert set(labels) >= {"0", "300", "900"}


def test_zero_and_bfloat16_jacobians_are_drawn():
    assert draws(fg.inspect.plot_jacobian(np.zeros((3, 2))))
    assert draws(fg.inspect.plot_jacobian(jnp.eye(2, dtype=jnp.bfloat16)))


def test_jacobian_says_what_is_wrong():
    with raises(fg.ShapeError, "plot_jacobian(): inputs must name each of the 3 columns; got 2; pass as many names."):
        fg.inspect.plot_jacobian(np.eye(3), inputs=["a", "b"])
    with raises(
        fg.ShapeError,
        "plot_jacobian(): every leaf must begin with the output's shape, which out_dims=1 takes to be (3,); got shape "
        "(2, 2); pass the output's number of dimensions as out_dims, and the Jacobian of one output.",
    ):
        fg.inspect.plot_jacobian((np.eye(3), np.eye(2)))
    for nothing in ({}, np.zeros((0, 2))):
        with raises(
            fg.ArgumentError, "plot_jacobian(): there must be an entry; got none; pass what fg.jacobian returns."
        ):
            fg.inspect.plot_jacobian(nothing)
    with raises(
        fg.ArgumentTypeError,
        "plot_jacobian(): a Jacobian must hold real numbers; got complex128 of shape (1, 1); draw the real and the "
        "imaginary part of a complex one by themselves.",
    ):
        fg.inspect.plot_jacobian(np.ones((1, 1), complex))


def test_class_jacobian_puts_every_class_on_one_scale():
    maps = np.arange(10 * 64, dtype=float).reshape(10, 8, 8) - 320
    scores = np.arange(10.0) - 5
    figure = fg.inspect.plot_class_jacobian(np.eye(8), maps, scores)
    shown = titles(figure)
    assert shown[0] == "predicted 9 (63 %)"
    assert shown[1:] == [
        "0: −5.00",
        "1: −4.00",
        "2: −3.00",
        "3: −2.00",
        "4: −1.00",
        *[f"{i}: {i - 5}.00" for i in range(5, 10)],
    ]
    assert [axes.title.get_fontweight() for axes in figure.axes[1:11]] == ["normal"] * 9 + ["bold"]
    np.testing.assert_allclose(cells(figure.axes[1])[0, 0], colormaps["RdBu_r"](0.0), atol=1e-6)
    np.testing.assert_allclose(cells(figure.axes[6])[0, 0], GREY)
    assert draws(figure)


def test_class_jacobian_of_flat_and_coloured_images():
    flat = fg.inspect.plot_class_jacobian(np.ones(9), np.ones((2, 9)), [0, 1], classes=["no", "yes"])
    assert titles(flat)[1:] == ["no: 0.00", "yes: 1.00"]
    assert cells(flat.axes[1]).shape == (3, 3, 4)
    maps = np.zeros((2, 3, 4, 5))
    maps[0, :, 0, 0] = [1, 2, -3]
    coloured = fg.inspect.plot_class_jacobian(np.ones((3, 4, 5)), maps, [0, 1])
    np.testing.assert_allclose(cells(coloured.axes[1])[0, 0], GREY)
    with raises(
        fg.ShapeError,
        "plot_class_jacobian(): the Jacobian must have the shape of the scores followed by that of the image; got "
        "(2, 3, 4, 5) for scores of shape (3,) and an image of shape (3, 4, 5); pass one image, its scores, and the "
        "Jacobian of the function from one to the other.",
    ):
        fg.inspect.plot_class_jacobian(np.ones((3, 4, 5)), maps, [0, 1, 2])


# What they leave behind


def test_pyplot_is_never_loaded_and_matplotlib_only_to_draw():
    code = """
import sys, funcgrad as fg, numpy as np
assert "matplotlib" not in sys.modules
figure = fg.inspect.plot_jacobian(np.eye(2))
figure.savefig(sys.argv[1])
print("matplotlib.pyplot" in sys.modules)
"""
    out = subprocess.run([sys.executable, "-c", code, "/dev/null"], capture_output=True, text=True)
    assert out.stdout.strip() == "False", out.stderr


def test_a_notebook_shows_a_figure_that_pyplot_does_not_know():
    from IPython.core.formatters import DisplayFormatter

    shown, _ = DisplayFormatter().format(fg.inspect.plot_jacobian(np.eye(2)))
    assert shown["image/png"].startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("word", "call"),
    [
        ("plot_history", lambda: fg.inspect.plot_history({"loss": [1]})),
        ("plot_predictions", lambda: fg.inspect.plot_predictions(np.ones((1, 2, 2)), [0])),
        ("plot_jacobian", lambda: fg.inspect.plot_jacobian(np.eye(2))),
        ("plot_class_jacobian", lambda: fg.inspect.plot_class_jacobian(np.eye(2), np.ones((1, 2, 2)), [0])),
    ],
)
def test_without_matplotlib_the_message_says_how_to_get_it(word, call, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with raises(
        fg.MissingModuleError,
        f"{word}(): matplotlib must be installed; it is not; run pip install 'funcgrad[plot]'.",
    ):
        call()

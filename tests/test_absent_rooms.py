"""What is said of the names that the rooms do not have."""

import pytest
from harness import raises

import funcgrad as fg

LINEAR = "parameters are arrays: write fg.nn.linear(x, weight, bias), with weights from fg.nn.init"
ADVICE = {
    ("nn", "Linear"): LINEAR,
    ("nn", "Module"): "a model is a function of its parameters: def model(params, x), with a dict of arrays",
    ("nn", "Conv2d"): "layers are functions: write fg.nn.conv2d(x, ...), with the parameters as arguments",
    ("nn", "LayerNorm"): "layers are functions: write fg.nn.layer_norm(x, ...), with the parameters as arguments",
    ("nn", "relu_"): "arrays do not change in place; write x = fg.nn.relu(x, ...)",
    ("nn", "cumsum"): "it is fg.cumsum",
    ("linalg", "slove"): "the nearest names are fg.linalg.solve, fg.linalg.slogdet, fg.linalg.solve_ex",
    ("linalg", "fft2"): "it is fg.fft.fft2",
    ("fft", "ffft"): "the nearest names are fg.fft.fft, fg.fft.rfft, fg.fft.ifft",
    ("special", "qqqq"): "dir(fg.special) lists what there is",
}


@pytest.mark.parametrize(("room", "name"), ADVICE)
def test_a_room_says_what_to_write_instead(room, name):
    with raises(AttributeError, f"fg.{room} has no `{name}`: {ADVICE[room, name]}."):
        getattr(getattr(fg, room), name)


def test_private_names_are_refused_as_python_does():
    with raises(AttributeError, "module 'funcgrad.nn' has no attribute '_x'"):
        fg.nn._x


def test_whole_families_say_why_and_in_place_names_find_their_room():
    with raises(AttributeError, "funcgrad has no `cudnn_convolution`: write the word itself; XLA chooses the kernel."):
        fg.cudnn_convolution
    message = "funcgrad has no `dropout_`: arrays do not change in place; write x = fg."
    with pytest.raises(AttributeError) as caught:
        fg.dropout_
    assert str(caught.value).startswith(message)

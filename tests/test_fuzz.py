"""Calls that make no sense, for every public word: each gives a result or an error that a user can read."""

import inspect
import random
import re

import jax
import numpy as np
import pytest

import funcgrad as fg

INTERNAL = re.compile(r"jaxpr|Tracer|(?<!jax\.)lax\.|dot_general|Traceback|INVALID_ARGUMENT|jax\._src|ShapedArray")
PYTHON = re.compile(r"\(\) (missing|takes|got an unexpected|got multiple)")  # a plain function's call does not fit it
ROOMS = {"": fg, "linalg.": fg.linalg, "nn.": fg.nn, "fft.": fg.fft, "special.": fg.special}
# Still open: these pass what they are given to Python or NumPy before they look at it.
RAW = {"broadcast_shapes", "max", "min", "to_numpy", "histc", "unique_consecutive", "mlp", "is_complex", "randint_like"}
VALUES = [
    *(None, "a", {}, object(), [], set(), [1, 2], (1,), 3, -1, 2.5, True, 1j, np.ones((0, 2), np.float32)),
    *(fg.ones(3), fg.ones(2, 3), fg.arange(3), fg.ones(2, 3, dtype="bool"), fg.ones(2, dtype="cfloat"), fg.key(0)),
]
WORDS = {
    room + name: getattr(place, name)
    for room, place in ROOMS.items()
    for name in sorted(getattr(place, "__all__", dir(place)))
    if inspect.isfunction(getattr(place, name)) and not name.startswith("_") and name not in RAW | {"jit", "checked"}
}


@pytest.mark.parametrize("start", "abcdefghijklmnopqrstuvwxyz")
@pytest.mark.filterwarnings("ignore")
def test_nonsense_is_answered_in_words(start):
    wrong = []
    for name, word in WORDS.items():
        if not name.rpartition(".")[2].startswith(start) or not word.__module__.startswith("funcgrad"):
            continue
        rng = random.Random(name)
        for _ in range(2):
            args = [rng.choice(VALUES) for _ in range(rng.randint(1, 4))]
            try:
                jax.eval_shape(lambda word=word, args=args: word(*args))
            except fg.FuncgradError as error:
                text = str(error)
                if INTERNAL.search(text) or text.count("; ") < 2:
                    wrong.append((name, text))
            except TypeError as error:
                if not PYTHON.search(str(error)) and "is not a valid JAX type" not in str(error):
                    wrong.append((name, str(error)))
    assert wrong == []

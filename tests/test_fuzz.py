"""Calls that make no sense, for every public word: each gives a result or an error that a user can read."""

import inspect
import itertools
import random
import re

import jax
import numpy as np
import pytest
from cases import ALL
from harness import raises

import funcgrad as fg

# What a user cannot know: names of the libraries below, and of how they trace.
INTERNAL = re.compile(
    r"jaxpr|Tracer|(?<!jax\.)\blax\.|dot_general|Traceback|XlaRuntimeError|INVALID_ARGUMENT|jax\._src|ShapedArray"
)
VOICE = re.compile(r"[\w.]+\(\): .+; .+; .+\.", re.DOTALL)
ROOMS = {
    "": fg,
    **{f"{room}.": getattr(fg, room) for room in ("linalg", "nn", "fft", "special", "train", "data")},
}
WORDS = {
    room + name: getattr(place, name)
    for room, place in ROOMS.items()
    for name in sorted(getattr(place, "__all__", dir(place)))
    if inspect.isfunction(getattr(place, name))
    and not name.startswith("_")
    and getattr(place, name).__module__.startswith("funcgrad")
}
WORDS["data.Table"] = fg.data.Table  # fit makes a History, init a TrainState, batches the Batches: no user does
del WORDS["x64_enabled"]  # it takes nothing, and is asked by what would answer
CASES = {word: list(same) for word, same in itertools.groupby(sorted(ALL, key=lambda c: c.word), lambda c: c.word)}
WRONG_TYPES = [
    None,
    "a",
    {},
    {"a": 1},
    set(),
    {1},
    object(),
    [],
    [1, 2],
    (1,),
    ["a"],
    np,
    print,
    lambda x: x,
    ...,
    b"a",
]
NUMBERS = [3, -1, 0, 99, -99, 1.5, True, 1j, float("nan"), 2**70, (0, 0), (-1, 99)]
ARRAYS = [
    *(fg.tensor(1.0), fg.ones(3), fg.ones(2, 3), fg.ones(7, 5), fg.ones(1, 1, 1, 1, 1), fg.zeros(0), fg.arange(3)),
    *(fg.ones(2, 3, dtype="bool"), fg.ones(2, dtype="cfloat"), fg.ones(2, 2, dtype="cfloat"), fg.ones(2, dtype="half")),
    *(np.ones((0, 2), np.float32), np.array(["a"]), np.array([None]), fg.key(0), fg.keys(fg.key(0), 3)),
]
VALUES = [*WRONG_TYPES, *NUMBERS, *ARRAYS]
CALLS = 6  # of each word


def calls(name, word, rng):
    """Nonsense for `word`: any values at all, and its own cases with one thing wrong."""
    most = min(4, len(inspect.signature(word).parameters))
    for i in range(CALLS):
        case = rng.choice(CASES[name]) if name in CASES and i % 3 else None
        args = list(case.args) if case else [rng.choice(VALUES) for _ in range(rng.randint(1, max(1, most)))]
        kwargs = dict(case.kwargs) if case else {}
        if case:
            fault = rng.choice(["swap", "swap", "swap", "drop", "add", "keyword", "refused"])
            if fault == "swap":
                at = rng.choice([*range(len(args)), *kwargs]) if args or kwargs else None
                if at is not None:
                    (kwargs if at in kwargs else args)[at] = rng.choice(VALUES)
            elif fault == "drop":
                args = args[1:]
            elif fault == "add":
                args = [*args, *rng.choices(VALUES, k=3)]
            else:
                kwargs["colour" if fault == "keyword" else "out"] = 1
        yield args, kwargs


def complaint(word, args, kwargs):
    """What is wrong with the answer to a call: None for a result, or for an error in our voice."""
    try:
        jax.eval_shape(lambda: [leaf for leaf in jax.tree.leaves(word(*args, **kwargs)) if isinstance(leaf, jax.Array)])
    except fg.FuncgradError as error:
        text = str(error)
        return text if INTERNAL.search(text) or not VOICE.fullmatch(text) else None
    except FileNotFoundError:  # Python's own words are right
        return None
    except Exception as error:
        return f"{type(error).__name__}: {str(error)[:200]}"
    return None


@pytest.mark.parametrize("letter", "abcdefghijklmnopqrstuvwxyz")
@pytest.mark.filterwarnings("ignore")
def test_nonsense_is_answered_in_words(letter, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # "a" is a good name for a file
    wrong = []
    for name, word in WORDS.items():
        if name.rpartition(".")[2].startswith(letter):
            rng = random.Random(name)
            for args, kwargs in calls(name, word, rng):
                found = complaint(word, args, kwargs)
                if found:
                    wrong.append((name, args, kwargs, found))
    assert wrong == []


def _raw(input, dim=0):
    return len(input) + dim


@fg._op.op
def _leaky(input: fg._types.ArrayLike, scale: float = 1.0):
    if not isinstance(scale, float):
        raise fg.ArgumentError("jaxpr")
    return input * scale


@pytest.mark.parametrize("word", [_raw, _leaky])
def test_the_fuzz_sees_a_word_that_answers_in_other_words(word):
    rng = random.Random(0)
    assert any(complaint(word, args, kwargs) for args, kwargs in calls("planted", word, rng))


@pytest.mark.parametrize("room", [room for room in ROOMS.values() if room is not fg.train])
def test_a_name_that_is_nowhere(room):
    with pytest.raises(AttributeError) as error:
        room.reticulate
    assert not INTERNAL.search(str(error.value))


def test_a_call_that_does_not_fit_a_plain_function():
    message = "ndim(): the call must fit ndim(input, /); got {}; correct the call."
    for args, kwargs, reason in [
        ((), {}, "missing a required argument: 'input'"),
        ((1, 2), {}, "too many positional arguments"),
        ((1,), {"colour": 1}, "an unexpected keyword argument 'colour'"),
    ]:
        with raises(fg.ArgumentTypeError, message.format(reason)):
            fg.ndim(*args, **kwargs)


def test_what_a_users_function_raises_is_left_alone():
    def broken(x):
        return x.nothing

    with pytest.raises(AttributeError, match="nothing"):
        fg.grad(broken)(1.0)
    for word, args in [(fg.vjp, (1.0,)), (fg.jvp, ((1.0,), (1.0,))), (fg.hvp, (1.0,)), (fg.estimate_trace, (1.0,))]:
        with pytest.raises(AttributeError, match="nothing"):
            word(broken, *args, **({"key": fg.key(0)} if word is fg.estimate_trace else {}))
    with pytest.raises(AttributeError, match="nothing"):
        fg.data.compose(broken)(np.ones(2))

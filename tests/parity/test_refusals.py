"""What torch refuses is refused here too, unless the page of differences says that nothing is gained by it.

Every word's cases are spoiled in one place: an operand with another shape, a dimension that is not there. Where torch
raises, so must the word; where torch answers, ``test_words.py`` compares. A dtype that torch's kernels lack is no
mistake of the caller, and not tried.
"""

import random
import re
import warnings
from dataclasses import replace

import jax
import numpy as np
import pytest
import torch
from cases import ALL
from harness import word
from oracle import torch_word

import funcgrad as fg

# Words of which torch crashes, instead of raising, when a shape is wrong.
FATAL = {
    "lu_solve",
    "lu_unpack",
    "linalg.lu_solve",
    "nn.embedding_bag",
    "nn.lstm",
    "nn.scaled_dot_product_attention",
    "segment_reduce",
}
# What torch says where a kernel or a signature, and not the meaning, is at fault.
LIMITS = re.compile("not implemented|not support|MKL|invalid combination|dtype|non-zero size|positive length|size 0")
# Words that take more here, each by a row of docs/coming-from-torch.md.
MORE = {
    *("combinations", "index_add", "index_put", "linalg.vander", "ormqr", "stft"),
    *("nn.adaptive_avg_pool2d", "nn.avg_pool2d", "nn.avg_pool3d", "nn.multi_head_attention_forward"),
}
SPOILED = 3  # cases of each word


def spoiled(case, rng):
    """`case` with one thing wrong."""
    places = [("args", i) for i in range(len(case.args))] + [("kwargs", name) for name in case.kwargs]
    if not places:
        return None
    kind, place = rng.choice(places)
    value = getattr(case, kind)[place]
    if isinstance(value, np.ndarray):
        wrong = [value[None], value[None, None]]
        for dim in range(value.ndim):
            if value.shape[dim]:
                wrong += [np.concatenate([value, value.take([0], dim)], dim), np.asarray(value.take(0, dim))]
    elif isinstance(value, int) and not isinstance(value, bool):
        wrong = [99, -99]
    elif isinstance(value, tuple | list) and value and all(isinstance(item, int) for item in value):
        wrong = [type(value)([*value, value[-1]]), type(value)([99, *value[1:]]), type(value)([-99, *value[1:]])]
    else:
        return None
    chosen = rng.choice(wrong)
    if kind == "args":
        return replace(case, args=(*case.args[:place], chosen, *case.args[place + 1 :]))
    return replace(case, kwargs={**case.kwargs, place: chosen})


def filled(value, make):
    if isinstance(value, np.ndarray):
        return make(value)
    if isinstance(value, tuple | list) and any(isinstance(item, np.ndarray) for item in value):
        return type(value)(filled(item, make) for item in value)
    return value


def called(function, case, make):
    args = [filled(value, make) for value in case.args]
    return function(*args, **{name: filled(value, make) for name, value in case.kwargs.items()})


def complaint_of_torch(case):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            called(torch_word(case), case, torch.tensor)
    except Exception as error:
        return None if LIMITS.search(str(error)) else f"{type(error).__name__}: {error}"
    return None


def answers(function, case):
    """Whether `function` takes the call, without computing it where its shapes tell."""
    call = lambda: [v for v in jax.tree.leaves(called(function, case, fg.tensor)) if isinstance(v, jax.Array)]  # noqa: E731
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            jax.eval_shape(call)
            call()
    except fg.FuncgradError:
        return False
    return True


def taken(cases, function=None, count=SPOILED):
    """The spoiled calls that torch refuses and `function` answers, with what torch says."""
    rng, found = random.Random(cases[0].word), []
    for _ in range(count):
        case = spoiled(rng.choice(cases), rng)
        said = case and complaint_of_torch(case)
        if said and answers(function or word(case.word, fg), case):
            found.append((str(case), said[:200]))
    return found


WORDS = sorted({case.word for case in ALL if case.torch is not None} - FATAL - MORE)


@pytest.mark.parametrize("letter", sorted({name[:4] if name.startswith("nn.") else name[0] for name in WORDS}))
def test_what_torch_refuses_is_refused(letter):
    found = []
    for name in WORDS:
        if name.startswith(letter) and (letter != "n" or not name.startswith("nn.")):
            found += taken([case for case in ALL if case.word == name and case.torch is not None])
    assert found == []


def test_a_word_that_takes_anything_is_seen():
    cases = [case for case in ALL if case.word == "matmul"]
    assert taken(cases, lambda *args: fg.zeros(0), 20)
    assert not taken(cases, count=20)

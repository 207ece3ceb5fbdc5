"""The measure of the vocabulary: every public name of torch is a word here, or left out for a reason.

``WRITE_PAGES=1 make parity`` writes ``docs/left-out.md`` anew.
"""

import os
import re
from pathlib import Path

import pytest
from coverage import words
from left_out import LEFT_OUT, reason

import funcgrad as fg

WORDS = words()


@pytest.mark.parametrize("room", WORDS)
def test_every_name_is_implemented_or_left_out_for_a_reason(room):
    _, missing = WORDS[room]
    assert [name for name in missing if reason(name) is None] == []


def test_every_reason_holds_for_a_name():
    found = {reason(name) for _, names in WORDS.values() for name in names}
    assert set(LEFT_OUT) - found == set()


def test_words_in_place_have_a_pure_word_or_a_remedy():
    names = {name for _, missing in WORDS.values() for name in missing if reason(name).startswith("in place")}
    pure = [set(dir(room)) for room in (fg, fg.nn, fg.linalg, fg.special)]
    without = {name for name in names if not any(name.rstrip("_") in words for words in pure)}
    other_layouts = {name for name in without if re.match("sparse_|resize_as_sparse|share_memory|embedding_", name)}
    for name in without - other_layouts:
        with pytest.raises(AttributeError, match=r"write|fg\."):
            getattr(fg, name)


PAGE = Path(__file__).parents[2] / "docs" / "left-out.md"
INTRO = """# What of torch is left out

Every public function of `torch`, `torch.linalg`, `torch.fft`, `torch.special` and `torch.nn.functional`, and every
method of `torch.Tensor`, is a word of funcgrad or stands here; a test writes this page from torch itself. Words in
place (`add_`) are left out because arrays do not change, and the pure word is there. Asking for the common ones says
what to write instead.

| why | names |
|---|---|
"""


def test_the_page_lists_what_is_left_out():
    found = {}
    for _, missing in WORDS.values():
        for name in missing:
            found.setdefault(reason(name), set()).add(name)
    rows = [
        f"| {why} | {', '.join(f'`{name}`' for name in sorted(names))} |"
        for why, names in sorted(found.items())
        if not why.startswith("in place")
    ]
    page = INTRO + "\n".join(rows) + "\n"
    if os.environ.get("WRITE_PAGES"):
        PAGE.write_text(page)
    assert PAGE.read_text() == page

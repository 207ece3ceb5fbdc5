"""The measure of the vocabulary: every public name of torch is a word here, or left out for a reason."""

import pytest
from coverage import words
from left_out import LEFT_OUT, reason

WORDS = words()


@pytest.mark.parametrize("room", WORDS)
def test_every_name_is_implemented_or_left_out_for_a_reason(room):
    _, missing = WORDS[room]
    assert [name for name in missing if reason(name) is None] == []


def test_every_reason_holds_for_a_name():
    found = {reason(name) for _, names in WORDS.values() for name in names}
    assert set(LEFT_OUT) - found == set()

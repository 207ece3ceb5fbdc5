"""README.md and docs/: all code runs and prints what the page shows. The helper can fail: one planted fault each."""

import pytest
from harness import raises
from pages import blocks, pages, run_page

import funcgrad as fg


@pytest.mark.parametrize("path", pages(), ids=lambda p: p.name)
def test_page_shows_what_happens(path):
    run_page(path.read_text(), path.name)


def page(code, text=None):
    below = "" if text is None else f"\n```text\n{text}\n```\n"
    return f"# Title\n\n```python\n{code}\n```\n{below}\nMore prose.\n"


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("print(1 + 1)  # -> 2", None),
        ("1 + 1  # -> 2", None),
        ("'a'  # -> 'a'\n'a'  # -> a", None),
        ("print('a', 1)\nprint('b')", "a 1\nb"),
        ("x = (1 +\n     1)\nprint(\n    x\n)  # -> 2", None),
        ("for i in range(2):\n    print(i)  # -> 0 1", None),
        ("import funcgrad as fg\nfg.ones(2)  # -> Array([1., 1.], dtype=float32)", None),
        ("print(1)\nraise ValueError('no')", "1\nValueError: no"),
        ("print(1)  # -> 1\nprint(2)", "2"),
        ("s = '# -> not a comment'", None),
        ("print('spaces   are   even')", "spaces are\neven"),
    ],
)
def test_a_true_page_passes(code, text):
    run_page(page(code, text))


@pytest.mark.parametrize(
    ("code", "text", "message"),
    [
        ("print(1 + 1)  # -> 3", None, "page, line 4: the page shows\n3\nand this happens\n2"),
        ("x = 1\nx  # -> 2", None, "page, line 5: the page shows\n2\nand this happens\n1"),
        ("x = 1  # -> 1", None, "page, line 4: the page shows\n1\nand this happens\nNone"),
        ("print('a')\nprint('b')", "a", "page, the text below line 4: the page shows\na\nand this happens\na\nb"),
        ("x = 1", "1", "page, the text below line 4: the page shows\n1\nand this happens\n"),
        (
            "raise ValueError('no')",
            "ValueError: yes",
            "page, the text below line 4: the page shows\nValueError: yes\nand this happens\nValueError: no",
        ),
        ("def f():\n    return 1  # -> 1\n\n\nf()", None, "page, line 4: the page shows\n1\nand this happens\nNone"),
        (
            "def f():\n    print(1)  # -> 1\n    return 1",
            None,
            "page, line 5: '# ->' must stand at the end of a statement of the block itself",
        ),
    ],
)
def test_a_false_page_fails(code, text, message):
    with pytest.raises(AssertionError) as caught:
        run_page(page(code, text))
    assert str(caught.value) == message


def test_an_error_that_is_not_shown_is_raised():
    with raises(fg.ShapeError, "zeros(): sizes must not be negative; got (-1,); write sizes of 0 or more."):
        run_page(page("import funcgrad as fg\nfg.zeros(-1)"))


def test_blocks_of_a_page_share_names_and_pages_do_not():
    run_page(page("x = 1") + page("print(x)  # -> 1"))
    with raises(NameError, "name 'x' is not defined"):
        run_page(page("x"))


def test_every_block_is_found_and_no_other():
    text = page("a = 1") + "```text\nnot code\n```\n```bash\nls\n```\n" + page("b = 2", "out") + page("c = 3")
    assert [(b.code, b.text) for b in blocks(text)] == [("a = 1\n", None), ("b = 2\n", "out\n"), ("c = 3\n", None)]
    assert [b.line for b in blocks(page("a = 1") + page("b = 2"))] == [4, 11]


def test_the_pages_are_there():
    assert {"README.md", "gradients.md"} <= {p.name for p in pages()}

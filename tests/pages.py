"""Pages whose code is run: every ```python block, in order, in one namespace a page, against what the page shows.

What a statement prints stands behind ``# ->`` at its end, or with all else that the block prints in a ```text block
directly below. Behind an expression that prints nothing stands its value, as ``str`` or ``repr`` shows it. A block that
ends in an error shows ``NameOfTheError: message`` in its text block.
"""

import ast
import contextlib
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ARROW = "# ->"


@dataclass(frozen=True)
class Block:
    """One block of code: where its first line of code stands, the code, and the text below it (None without)."""

    line: int
    code: str
    text: str | None


def blocks(page: str) -> Iterator[Block]:
    """The ```python blocks of a page in Markdown."""
    pattern = r"^```python[^\n]*\n(?P<code>.*?)^```[ \t]*$(?:\n(?:[ \t]*\n)*```text[ \t]*\n(?P<text>.*?)^```[ \t]*$)?"
    for found in re.finditer(pattern, page, re.DOTALL | re.MULTILINE):
        yield Block(page[: found.start("code")].count("\n") + 1, found["code"], found["text"])


def run_page(page: str, name: str = "page") -> None:
    """Run all blocks of a page; raise AssertionError where it shows something else than what happens."""
    namespace: dict[str, Any] = {"__name__": name}
    for block in blocks(page):
        _run_block(block, name, namespace)


def _run_block(block: Block, name: str, namespace: dict[str, Any]) -> None:
    shown = _shown_values(block.code)
    printed = ""
    code = "\n" * (block.line - 1) + block.code  # tracebacks give the line of the page
    for statement in ast.parse(code, name).body:
        expected = shown.pop(statement.end_lineno - block.line + 1, None)
        value, output, error = _execute(statement, name, namespace)
        if error is not None:
            if block.text is None:
                raise error
            printed += f"{output}{type(error).__name__}: {error}\n"
            break
        if expected is None:
            printed += output
        else:
            candidates = [output] if output else [str(value), repr(value)]
            _require(f"{name}, line {statement.lineno}", expected, candidates)
    if shown:
        line = block.line + min(shown) - 1
        raise AssertionError(f"{name}, line {line}: '{ARROW}' must stand at the end of a statement of the block itself")
    if block.text is not None:
        _require(f"{name}, the text below line {block.line}", block.text, [printed])


def _execute(statement: ast.stmt, name: str, namespace: dict[str, Any]) -> tuple[Any, str, Exception | None]:
    """The value of a statement that is an expression, what it printed, and the error it ended in."""
    output = io.StringIO()
    value = None
    with contextlib.redirect_stdout(output):
        try:
            if isinstance(statement, ast.Expr):
                value = eval(compile(ast.Expression(statement.value), name, "eval"), namespace)
            else:
                exec(compile(ast.Module([statement], []), name, "exec"), namespace)
        except Exception as error:
            return None, output.getvalue(), error
    return value, output.getvalue(), None


def _shown_values(code: str) -> dict[int, str]:
    """By line: what stands behind the arrow."""
    tokens = tokenize.generate_tokens(io.StringIO(code).readline)
    comments = [(t.start[0], t.string) for t in tokens if t.type == tokenize.COMMENT]
    return {line: text.removeprefix(ARROW).strip() for line, text in comments if text.startswith(ARROW)}


def _require(where: str, shown: str, candidates: list[str]) -> None:
    if _even(shown) not in map(_even, candidates):
        raise AssertionError(f"{where}: the page shows\n{shown.rstrip()}\nand this happens\n{candidates[-1].rstrip()}")


def _even(text: str) -> str:
    """Without differences in spacing, which a page may need for its layout."""
    return " ".join(text.split())


def pages() -> list[Path]:
    root = Path(__file__).parent.parent
    return [root / "README.md", *sorted((root / "docs").glob("*.md"))]

"""These tests compare with torch, so they are collected only where it is installed."""

import importlib
import importlib.util
from pathlib import Path

HAS_TORCH = importlib.util.find_spec("torch") is not None
collect_ignore_glob = [] if HAS_TORCH else ["test_*.py"]


def pytest_terminal_summary(terminalreporter):
    """How much of torch there is, and how much of it agrees."""
    if not HAS_TORCH:
        return
    from coverage import words
    from left_out import reason

    names = [path.stem for path in (Path(__file__).parent.parent / "cases").glob("*.py") if path.stem != "__init__"]
    cases = sum(len(importlib.import_module(f"cases.{name}").CASES) for name in names)
    failed = len(terminalreporter.stats.get("failed", [])) + len(terminalreporter.stats.get("error", []))
    terminalreporter.section("torch and funcgrad")
    total, uncovered = 0, set()
    for room, (there, missing) in words().items():
        left_out = sum(reason(name) is not None for name in missing)
        total += len(there)
        uncovered |= {name for name in missing if reason(name) is None}
        terminalreporter.line(f"{room:20} {len(there):4} words of {len(there) + len(missing):4}, {left_out:4} left out")
    terminalreporter.line(f"{total} words, {cases} cases, {failed} mismatches")
    terminalreporter.line("not covered: " + (", ".join(sorted(uncovered)) or "nothing"))

"""What one keystroke costs `soli lsp`: python -m benchmarks.keystrokes [LINES]

Types a statement into the middle of a program of the examples' files, one character after the
other: for each the changed text, a completion and a question for the arguments, as an editor sends
them. What counts is the computing time of the server, which other load hardly changes; the time
until the answer is there is shown beside it. After a pause the text is checked once; that, with
the diagnostics, is the last row.
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path

from soli_lang.base.errors import SoliSyntaxError
from soli_lang.base.source import Source
from soli_lang.syntax.parser import parse
from tests.support.lsp_client import Editor

ROOT = Path(__file__).parents[1]
TYPED = '  total = "abc".upcase.trim + shout(event["message"], 12)'
ROUNDS = 5


def program(lines: int) -> list[str]:
    """Exactly *lines* lines of functions and classes from the examples, over and over."""
    found: list[str] = []
    paths = sorted(filter(Path.is_file, (ROOT / "examples").rglob("*.soli")))
    while len(found) < lines:
        for path in paths:
            found += path.read_text("utf-8").splitlines()
    found = found[:lines]
    while not _is_whole(found):  # not in the middle of a function
        found.pop()
    return found + [f"# {number}" for number in range(len(found), lines)]


def _is_whole(lines: list[str]) -> bool:
    try:
        parse(Source("", "\n".join(lines)))
    except SoliSyntaxError:
        return False
    return True


def measure(lines: int) -> dict[str, float]:
    """Milliseconds: `cpu` and `wall` of a keystroke, `slowest` answer, `check` after the pause."""
    text = program(lines)
    middle = next(i for i in range(lines // 2, lines) if text[i].startswith("def ")) + 1
    walls, cpu, checks = [], 0.0, []
    with Editor(ROOT / "examples" / "chat") as editor:
        path = ROOT / "examples" / "chat" / "app" / "controllers" / "typed.soli"
        uri = editor.open(path, "\n".join(text))
        editor.at("completion", uri, middle, 0)
        editor.diagnostics(uri)
        for _ in range(ROUNDS):
            begun = editor.cpu_seconds()
            for end in range(1, len(TYPED) + 1):
                text.insert(middle, TYPED[:end])
                start = time.perf_counter()
                editor.change(uri, "\n".join(text))
                del text[middle]
                editor.at("completion", uri, middle, end)
                editor.at("signatureHelp", uri, middle, end)
                walls.append((time.perf_counter() - start) * 1000)
            cpu += editor.cpu_seconds() - begun
            count = editor.published(uri)
            begun = editor.cpu_seconds()
            editor.diagnostics(uri, after=count)
            checks.append((editor.cpu_seconds() - begun) * 1000)
    return {
        "cpu": cpu * 1000 / (ROUNDS * len(TYPED)),
        "wall": statistics.median(walls),
        "slowest": max(walls),
        "check": statistics.median(checks),
    }


def main() -> None:
    lines = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    found = measure(lines)
    print(f"{lines} lines, {ROUNDS * len(TYPED)} keystrokes, in ms")
    print(f"  computing time per keystroke        {found['cpu']:8.1f}")
    print(f"  until the answers are there: median {found['wall']:8.1f}")
    print(f"                              longest {found['slowest']:8.1f}")
    print(f"  checking after a pause, computing   {found['check']:8.1f}")


if __name__ == "__main__":
    main()

"""Where the mistakes of beginners are found, and that every message says what to do.

`SOLI_REWRITE_FOUND=1` writes the places anew. How good the messages are, people rate: README.md.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from ..cases import Bench

PROGRAMS = Path(__file__).with_name("programs.txt")
SILENT = "silent"
"""The place of a mistake that nothing finds."""


def _programs() -> list[tuple[str, str, str]]:
    """Places, title and text of each."""
    parts = re.split(r"(?m)^--- ", PROGRAMS.read_text("utf-8"))[1:]
    heads = [part.partition("\n") for part in parts]
    return [(*head.split(" | ", 1), text) for head, _, text in heads]  # type: ignore[misc]


def test_each_mistake_is_found_where_it_stands_and_says_what_to_do(tmp_path: Path) -> None:
    """The line and code of each finding, all of them in the order of their places; with a hint."""
    bench = Bench(tmp_path)
    found, without_hint = [], []
    for _, title, text in _programs():
        findings = sorted(bench.findings(text), key=lambda one: one.order)
        places = [
            f"{one.source.position(one.span.start).line}:{one.code}"
            for one in findings
            if one.code != "unguarded-route"
        ]
        found.append((" ".join(places) or SILENT, title, text))
        without_hint += [title for one in findings if one.hint is None]

    if os.environ.get("SOLI_REWRITE_FOUND"):
        pieces = [f"--- {places} | {title}\n{text}" for places, title, text in found]
        PROGRAMS.write_text("".join(pieces), "utf-8")
    assert [one[:2] for one in found] == [one[:2] for one in _programs()]
    assert without_hint == []


def test_hardly_any_mistake_is_silent() -> None:
    """What is left: `broadcast_room` of a connection that joined no room."""
    silent = [title for places, title, _ in _programs() if places == SILENT]

    assert len(silent) <= 1, silent
    assert len(_programs()) >= 63

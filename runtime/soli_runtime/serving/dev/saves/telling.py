"""What a save changes, in the words of the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

from ....observing.printable import one_line
from ....recordings.places import FOLDER, RECENT

if TYPE_CHECKING:
    from .trying import Change, Verdict

MOST_SHOWN = 3
"""Events whose differences are printed."""
MOST_LINES = 8
"""Of the differences of one."""
MOST_SENT, MOST_SENT_LINES = 50, 50
"""Kinds of changes, and lines of each, that pages and editors are told."""
MOST_TEXT = 300
"""Characters of one line."""


def told_lines(verdict: Verdict | str, app: str) -> Iterator[str]:
    """Lines for the terminal."""
    if isinstance(verdict, str):
        yield f"the last events were not run again: {one_line(verdict)}"
        return
    yield verdict.headline()
    groups = alike(verdict.changes)
    for group in groups[:MOST_SHOWN]:
        yield from _change_lines(group[0], len(group) - 1)
    more = sum(len(group) for group in groups[MOST_SHOWN:])
    if more:
        yield f"  … and {more} event{'s' * (more != 1)} more"
    if groups:
        yield f"  keep as spec: {keep_command(groups[0][0], app)}"


def alike(changes: Iterable[Change]) -> list[list[Change]]:
    """Those with the same differences together, newest first."""
    found: dict[tuple[bool, str, str], list[Change]] = {}
    for change in changes:
        what = (change.is_masked, change.head, "\n".join(change.lines))
        found.setdefault(what, []).append(change)
    return list(found.values())


def _change_lines(change: Change, others: int) -> Iterator[str]:
    note = "masked: " if change.is_masked else ""
    count = f"   (and {others} alike)" if others else ""
    yield f"  {note}{_cut(change.head)}{count}"
    for line in change.lines[:MOST_LINES]:
        yield f"    {_cut(line)}"
    if len(change.lines) > MOST_LINES:
        yield f"    … and {len(change.lines) - MOST_LINES} lines more"


def as_data(verdict: Verdict, app: str) -> dict[str, Any]:
    """For pages and editors. *app* is how a command line names the app."""
    return {
        "kind": "saved",
        "headline": verdict.headline(),
        "tried": verdict.tried,
        "of": verdict.of,
        "changes": [_group_data(group, app) for group in alike(verdict.changes)[:MOST_SENT]],
    }


def _group_data(group: list[Change], app: str) -> dict[str, Any]:
    change = group[0]
    return {
        "head": _cut(change.head),
        "lines": [_cut(line) for line in change.lines[:MOST_SENT_LINES]],
        "alike": len(group) - 1,
        "masked": change.is_masked,
        "keep": keep_command(change, app),
    }


def keep_command(change: Change, app: str) -> str:
    """What makes a spec of what led to the event, and of it."""
    folder = app if Path(app).suffix == "" else str(Path(app).parent)
    file = Path(folder) / FOLDER / RECENT
    return f"soli replay {quote(str(file))} {quote(app)} --keep {change.number}"


def _cut(text: str) -> str:
    shown = one_line(text)
    return shown if len(shown) <= MOST_TEXT else f"{shown[:MOST_TEXT]}…"

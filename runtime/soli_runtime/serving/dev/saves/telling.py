"""What a save changes, in the words of the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from ....observing.printable import one_line

if TYPE_CHECKING:
    from .trying import Change, Verdict

MOST_SHOWN = 3
"""Events whose differences are printed."""
MOST_LINES = 8
"""Of the differences of one."""
MOST_TEXT = 300
"""Characters of one line."""


def told_lines(verdict: Verdict | str) -> Iterator[str]:
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


def _cut(text: str) -> str:
    shown = one_line(text)
    return shown if len(shown) <= MOST_TEXT else f"{shown[:MOST_TEXT]}…"

"""Errors that follow from another one: only the first of them is worth reading."""

from __future__ import annotations

import re
from typing import Final

from ...base import foreign_words as words
from ...base.source import Source
from .findings import Finding

_NAME: Final = re.compile(r"[A-Za-z_]\w*")
_JOINING: Final = frozenset({words.FUNCTION, words.BOTH, words.DECLARATION, words.WAITING})
"""Hints for words that what stands behind them belongs to."""


class Followers:
    """Which unknown names follow from a word of another language."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._line = 0
        self._declared: set[str] = set()
        """Names in the heads of functions that are written in another language."""

    def has(self, name: str, line: int) -> bool:
        """Whether *name*, which is unknown on *line*, is only unknown because of such a word."""
        return line == self._line or name in self._declared

    def note(self, name: str, line: int, hint: str | None) -> None:
        """Remember what can follow from *name*, for which *hint* was given."""
        if hint is None:
            return
        text = self._source.line(line)
        if hint in _JOINING or text.lstrip().startswith(name):
            self._line = line
        if hint == words.FUNCTION:
            self._declared.update(_NAME.findall(text))


def without_followers(findings: list[Finding]) -> list[Finding]:
    """*findings* without calls that are none because of a name that nobody knows: `a AND b`."""
    unknown = [one.span.start for one in findings if one.code == "unknown-name"]
    return [
        one
        for one in findings
        if one.code != "not-callable"
        or not any(one.span.start < at < one.span.end for at in unknown)
    ]

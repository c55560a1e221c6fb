"""What to write instead, of findings that leave no doubt: `soli check --fix`, and editors.

A finding says in its hint what was meant. A fix is certain where nothing else can have been meant:
the name comes from a closed set (keywords, builtins, types, members of a known type, keys of a
contract), or the word has one meaning in other languages.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from difflib import SequenceMatcher
from typing import Final

from ..base.records import Record
from ..base.source import Span
from ..syntax.scanner.tokens import KEYWORDS
from .checking.findings import Finding

_CLOSED: Final = frozenset(
    {
        *("syntax", "unknown-member", "unknown-type", "unknown-action", "unknown-key"),
        *("never-true", "route", "unknown-variant", "unknown-import", "action-value"),
    }
)
"""Findings whose suggestions come from a set that the program cannot add to from elsewhere."""
_WORDS: Final[Mapping[str, str]] = {
    "None": "null", "undefined": "null", "True": "true", "False": "false", "elif": "elsif",
    "elseif": "elsif", "elsif": "elsif", "continue": "next", "raise": "throw", "AND": "and",
    "OR": "or", "NOT": "not",
}  # fmt: skip
"""Words of other languages that stand for one of ours."""

_SUGGESTED = re.compile(r"did you mean '([^']+)'\?|^it is `(\w+[?!]?)` here")
_QUOTED = re.compile(r"'([^']+)'|`([^`]+)`|\"[^\"#]*#([^\"]+)\"")


class Fix(Record, frozen=True):
    """A piece of a text, and what is written in its place."""

    span: Span
    text: str


def fix_of(finding: Finding, builtins: Container[str] = frozenset()) -> Fix | None:
    """What to write in place of what *finding* is about; None where that is not certain.

    *builtins* are the global names that every program knows.
    """
    written = finding.source.text[finding.span.start : finding.span.end]
    if finding.code == "unknown-name" and written in _WORDS:
        return Fix(finding.span, _WORDS[written])
    suggested = _SUGGESTED.search(finding.hint or "")
    if suggested is None:
        return None
    meant = suggested[1] or suggested[2]
    if finding.code == "unknown-name":
        is_slip = written[:1] == meant[:1] and abs(len(written) - len(meant)) < 2
        is_certain = is_slip and (meant in KEYWORDS or meant in builtins)
    else:
        is_certain = finding.code in _CLOSED
    return _replaced(finding, meant) if is_certain else None


def _replaced(finding: Finding, meant: str) -> Fix | None:
    """The wrong name, which the message quotes, where it stands in the span."""
    start, written = finding.span.start, finding.source.text[finding.span.start : finding.span.end]
    quoted = [next(filter(None, one.groups())) for one in _QUOTED.finditer(finding.message)]
    for wrong in sorted(quoted, key=lambda one: -SequenceMatcher(None, one, meant).ratio()):
        places = [one.start() for one in re.finditer(_word(wrong), written)]
        if len(places) == 1 and wrong != meant:
            at = start + places[0]
            return Fix(Span(at, at + len(wrong)), meant)
    return None


def _word(name: str) -> str:
    return rf"(?<![\w@]){re.escape(name)}(?![\w])"


def applied(text: str, fixes: Iterable[Fix]) -> str:
    """*text* with all *fixes*; of those that overlap the first."""
    end, pieces = 0, []
    for fix in sorted(fixes, key=lambda one: one.span):
        if fix.span.start < end:
            continue
        pieces += [text[end : fix.span.start], fix.text]
        end = fix.span.end
    return "".join([*pieces, text[end:]])

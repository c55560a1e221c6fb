"""What mends a finding, as edits: the fix that it carries, or the one that its hint spells out."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from typing import Final, NamedTuple

from soli_lang.base.source import Span
from soli_lang.tools.checking.findings import Finding
from soli_lang.tools.fixes import fix_of

from .documents import Document

_MEANT: Final = re.compile(r"(?:.*; )?did you mean '([^']+)'\?(?:;.*)?")
_QUOTED: Final = re.compile(r"['`]([^'`\n]+)['`]")
_KEPT: Final = re.compile(r"keep it: `([^`]+)`")
_SAFELY: Final = re.compile(r".*or write `([^`]+&\.[^`]+)`")
_STRING_KEY: Final = re.compile(r"its key is a String: write `(\[\"[^`]+\"\])`")
_IMPORT: Final = re.compile(r"import\b[^\n]*\n?")


class Fix(NamedTuple):
    """Something that would mend a finding."""

    title: str
    edits: tuple[tuple[Span, str], ...]
    is_certain: bool
    """Whether it is meant, as far as anybody can tell."""


def fixes_of(
    document: Document, finding: Finding, builtins: Container[str] = frozenset()
) -> list[Fix]:
    """All that could mend *finding*, the likeliest first: what `soli check --fix` would write."""
    certain = fix_of(finding, builtins)
    if certain is not None:
        wrong = document.text[slice(*certain.span)]
        title = f"Change '{wrong}' to '{certain.text}'"
        found = [Fix(title, ((certain.span, certain.text),), True)]
    else:
        found = [*_spelled(document, finding)]
    found += [*_written(document, finding), *_unused(document, finding)]
    return [one for one in found if all(span.end <= len(document.text) for span, _ in one.edits)]


def _spelled(document: Document, finding: Finding) -> Iterator[Fix]:
    """`did you mean 'print'?`: the word of the message that stands in the span gets that name."""
    meant = _MEANT.fullmatch(finding.hint or "")
    if meant is None:
        return
    line_end = document.text.find("\n", finding.span.end)
    end = len(document.text) if line_end < 0 else line_end
    for wrong in _QUOTED.findall(finding.message):
        at = _word_at(document.text, wrong, finding.span, end)
        if at is not None:
            yield Fix(f"Change '{wrong}' to '{meant[1]}'", ((at, meant[1]),), False)
            return


def _word_at(text: str, word: str, span: Span, end: int) -> Span | None:
    """Where *word* stands whole: in *span*, or else on the rest of its line."""
    whole = re.compile(rf"(?<!\w){re.escape(word)}(?!\w)")
    found = whole.search(text, span.start, span.end) or whole.search(text, span.start, end)
    return None if found is None else Span(found.start(), found.end())


def _written(document: Document, finding: Finding) -> Iterator[Fix]:
    """Hints that write out what should stand there."""
    hint, span = finding.hint or "", finding.span
    written = document.text[slice(*span)]
    kept = _KEPT.fullmatch(hint)
    if kept is not None and kept[1].endswith(written):
        yield Fix(f"Write `{kept[1]}`", ((span, kept[1]),), True)
    safely = _SAFELY.fullmatch(hint)
    if safely is not None and written == safely[1].replace("&.", ".", 1):
        yield Fix(f"Write `{safely[1]}`", ((span, safely[1]),), False)
    key = _STRING_KEY.fullmatch(hint)
    if key is not None:
        name = key[1][2:-2]
        at = document.text.find(f"[:{name}]", span.start, span.end + len(name) + 3)
        if at >= 0:
            yield Fix(f"Write `{key[1]}`", ((Span(at, at + len(name) + 3), key[1]),), True)


def _unused(document: Document, finding: Finding) -> Iterator[Fix]:
    """Variables that nobody reads, imports that nobody uses."""
    text = document.text
    if finding.code == "unused-variable":
        for name in _QUOTED.findall(finding.message)[:1]:
            at = _word_at(text, name, finding.span, finding.span.end)
            if at is not None and not name.startswith("_"):
                yield Fix(f"Call it '_{name}'", ((at, f"_{name}"),), False)
    elif finding.code == "unused-import":
        start = text.rfind("\n", 0, finding.span.start) + 1
        line = _IMPORT.match(text, start)
        if line is not None and text[start : line.end()].count(",") == 0:
            yield Fix("Remove the import", ((Span(start, line.end()), ""),), True)

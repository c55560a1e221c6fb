"""`.slv` templates translated to Soli programs that remember where each piece came from.

    <%= e %>  the value of e, escaped      <%- e %>, <%== e %>  as it is
    <% code %>  runs                       <%# … %>  a comment      <%% stands for <%

`-%>` swallows the line break behind it, and so does a tag of code alone on its line.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from soli_lang.base.errors import SoliSyntaxError
from soli_lang.base.records import Record
from soli_lang.base.source import Position, Source, Span

FUNCTION = "__template"
OUT = "__out"

_TAG = re.compile(r"<%%|<%(#|==|=|-)?(.*?)(-)?%>", re.DOTALL)
_RAW = re.compile(r"(?:raw|partial|render_partial|content|yield)\b")
_YIELD = re.compile(r"\byield\b(?:\(\))?")


class _Piece(Record, frozen=True):
    """Characters of the program from `start` on stand at `origin` of the template."""

    start: int
    origin: int
    length: int


class TemplateSource(Source):
    """The program made of a template; places are places in the template."""

    def __init__(self, name: str, template: str, program: str, pieces: Sequence[_Piece]) -> None:
        super().__init__(name, program)
        self._template = Source(name, template)
        self._pieces = pieces
        self._starts_of_pieces = [piece.start for piece in pieces]

    def position(self, offset: int) -> Position:
        index = bisect_right(self._starts_of_pieces, offset) - 1
        if index < 0:
            return self._template.position(0)
        piece = self._pieces[index]
        return self._template.position(piece.origin + min(offset - piece.start, piece.length))

    def line(self, number: int) -> str:
        return self._template.line(number)


class _Tag(Record, frozen=True):
    """Text (`kind` is `text`), output (`=`, `-`) or code (`code`) of a template."""

    kind: str
    text: str
    origin: int


def translate(name: str, template: str, parameters: Sequence[str]) -> TemplateSource:
    """The program for a template that is given *parameters*. Raises SoliSyntaxError."""
    program = f"def {FUNCTION}({', '.join([OUT, *parameters])})\n"
    pieces: list[_Piece] = []
    for tag in _tags(name, template):
        before, after = _around(tag)
        program += before
        pieces.append(_Piece(len(program), tag.origin, len(tag.text)))
        program += (_literal(tag.text) if tag.kind == "text" else tag.text) + after
    program += "null\nend\n"
    return TemplateSource(name, template, program, pieces)


def _around(tag: _Tag) -> tuple[str, str]:
    if tag.kind == "code":
        return "", "\n"
    method = {"text": "text", "=": "escaped", "-": "text"}[tag.kind]
    return f"{OUT}.{method}(", ")\n"


def _literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("#{", "\\#{")
    escaped = escaped.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
    return f'"{escaped}"'


def _tags(name: str, template: str) -> Iterator[_Tag]:
    at = 0
    for match in _TAG.finditer(template):
        sign, code, trims = match[1], match[2], match[3]
        text_end = match.start()
        yield from _text(template, at, text_end)
        at = match.end()
        if code is None:
            yield _Tag("text", "<%", match.start())
            continue
        if trims or (sign is None and _is_alone(template, match)):
            at += 1 if template[at : at + 1] == "\n" else 0
        yield from _code(sign, code, match.start(2))
    open_tag = template.find("<%", at)
    if open_tag >= 0:
        source = Source(name, template)
        raise SoliSyntaxError(
            "`%>` expected: this tag is not closed", Span(open_tag, open_tag + 2), source
        )
    yield from _text(template, at, len(template))


def _text(template: str, start: int, end: int) -> Iterator[_Tag]:
    if start < end:
        yield _Tag("text", template[start:end], start)


def _code(sign: str | None, code: str, origin: int) -> Iterator[_Tag]:
    stripped = code.strip()
    if sign == "#" or not stripped:
        return
    origin += len(code) - len(code.lstrip())
    code = _YIELD.sub("content", stripped)
    if sign is None:
        yield _Tag("code", code, origin)
    elif sign == "=" and not _RAW.match(code):
        yield _Tag("=", code, origin)
    else:
        yield _Tag("-", code, origin)


def _is_alone(template: str, match: re.Match[str]) -> bool:
    """Whether a tag of code has its line to itself."""
    start = template.rfind("\n", 0, match.start()) + 1
    return not template[start : match.start()].strip() and template[match.end() :][:1] == "\n"

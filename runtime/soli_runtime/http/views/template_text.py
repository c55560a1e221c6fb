"""`.slv` templates translated to Soli programs that remember where each piece came from.

    <%= e %>  the value of e, escaped      <%- e %>, <%== e %>  as it is
    <% code %>  runs                       <%# … %>  a comment      <%% stands for <%
    <%= yield %>  in a layout: its body, which is HTML already; <%= content %> means the same there

What `<%= … %>` writes is escaped, with three exceptions that say so themselves: it is one call of
`raw`, `partial`, `render_partial` or `script_json`, and nothing but that.
`-%>` swallows the line break behind it, and so does a tag of code alone on its line.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from soli_lang.base.errors import SoliSyntaxError
from soli_lang.base.records import Record
from soli_lang.base.source import Position, Source, Span
from soli_lang.syntax.parser import parse
from soli_lang.tree import nodes

FUNCTION = "__template"
OUT = "__out"

_TAG = re.compile(r"<%%|<%(#|==|=|-)?(.*?)(-)?%>", re.DOTALL)
_WRITES_HTML = frozenset({"raw", "partial", "render_partial", "script_json"})
_BODY = frozenset({"yield", "yield()"})
_BODY_OF_LAYOUT = _BODY | {"content"}


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
    """Text (`kind` is `text`), output (`=`, `-`), the layout's body (`body`) or code (`code`)."""

    kind: str
    text: str
    origin: int


def translate(
    name: str, template: str, parameters: Sequence[str], *, is_layout: bool = False
) -> TemplateSource:
    """The program for a template that is given *parameters*. Raises SoliSyntaxError."""
    program = f"def {FUNCTION}({', '.join([OUT, *parameters])})\n"
    pieces: list[_Piece] = []
    outputs = _Outputs(parameters, _BODY_OF_LAYOUT if is_layout else _BODY)
    for tag in _tags(name, template, outputs):
        before, after = _around(tag)
        program += before
        pieces.append(_Piece(len(program), tag.origin, len(tag.text)))
        program += (_literal(tag.text) if tag.kind == "text" else tag.text) + after
    program += "null\nend\n"
    return TemplateSource(name, template, program, pieces)


def _around(tag: _Tag) -> tuple[str, str]:
    if tag.kind == "code":
        return "", "\n"
    if tag.kind == "body":
        return f"{OUT}.body(", ")\n"
    method = {"text": "text", "=": "escaped", "-": "text"}[tag.kind]
    return f"{OUT}.{method}(", ")\n"


def _literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("#{", "\\#{")
    escaped = escaped.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
    return f'"{escaped}"'


class _Outputs:
    """Decides how a tag writes its value. *body* are the words that mean the layout's body."""

    def __init__(self, parameters: Sequence[str], body: frozenset[str]) -> None:
        # What the page is given may be a client's: its name makes nothing raw.
        self._raw = _WRITES_HTML.difference(parameters)
        self._body = body

    def kind(self, sign: str, code: str) -> str:
        if code in self._body:
            return "body"
        return "=" if sign == "=" and not self._is_raw(code) else "-"

    def _is_raw(self, code: str) -> bool:
        if not code.startswith(tuple(_WRITES_HTML)):
            return False
        try:
            statements = parse(Source("", code)).body.statements
        except SoliSyntaxError:
            return False  # told when the whole template is parsed
        if len(statements) != 1 or not isinstance(statements[0], nodes.Call):
            return False
        callee = statements[0].callee
        return isinstance(callee, nodes.Name) and callee.name in self._raw


def _tags(name: str, template: str, outputs: _Outputs) -> Iterator[_Tag]:
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
        yield from _code(sign, code, match.start(2), outputs)
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


def _code(sign: str | None, code: str, origin: int, outputs: _Outputs) -> Iterator[_Tag]:
    stripped = code.strip()
    if sign == "#" or not stripped:
        return
    origin += len(code) - len(code.lstrip())
    kind = "code" if sign is None else outputs.kind(sign, stripped)
    yield _Tag(kind, "" if kind == "body" else stripped, origin)


def _is_alone(template: str, match: re.Match[str]) -> bool:
    """Whether a tag of code has its line to itself."""
    start = template.rfind("\n", 0, match.start()) + 1
    return not template[start : match.start()].strip() and template[match.end() :][:1] == "\n"

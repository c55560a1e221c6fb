"""How much work it is to parse an HTML text: what `sanitize_html` pays before it begins.

The parser is a library in C that nothing interrupts, and its work is no matter of length alone: an
end tag goes through what is open, a paragraph opens again every `<b>` that was never closed, a tag
compares its attributes with each other, an `&` that begins no entity moves all that follows.
The estimate may be too high (for end tags that are left out), but not too low: where it is in
doubt whether something was closed, it counts as open.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_SPACE = r"[\t\n\f\r ]"
_TAG = re.compile(r"<(/?)([a-zA-Z][^\t\n\f\r />]*)")
_ATTRIBUTE = re.compile(
    rf"[\t\n\f\r /]*[^\t\n\f\r />][^\t\n\f\r />=]*"
    rf"""(?:{_SPACE}*={_SPACE}*(?:"[^"]*"|'[^']*'|[^\t\n\f\r >]*))?"""
)
_TAG_END = re.compile(r"[\t\n\f\r /]*>?")
_COMMENT_END = re.compile(r"--!?>")
_UNSURE = "<![CDATA["
"""Hides end tags inside of `svg` and `math`, and hides nothing elsewhere."""

_VOID = frozenset(
    "area base br col embed frame hr img input keygen link meta param source track wbr".split()
)
_ENDS_BY_ITSELF = frozenset("dd dt li optgroup option p rb rp rt rtc".split())
_FORMATTING = frozenset(
    "a b big code em font i nobr s small strike strong tt u".split(),
)

_OPEN_PER_STEP = 16
"""Open elements that a tag may have to go through, for a step (a tenth of a microsecond)."""
_FORMATTING_WORK = 5
"""What comparing with one open formatting element, or copying it, is, if passing one is 1."""
_PIECE_STEPS = 8
"""Steps for finding a tag or an attribute, here and in the parser."""
_PIECES_PER_CHARGE = 64
_ATTRIBUTE_PAIRS_PER_STEP = 128
_MOVED_PER_STEP = 1 << 14
"""Characters that an `&` moves for a step."""


def pay(text: str, spend: Callable[[int], None]) -> None:
    """Have *spend* (`Machine.spend`) charged for parsing *text* as HTML. Raises LimitError."""
    spend((len(text) >> 5) + text.count("\0") + text.count("\r"))
    spend(text.count("&") * len(text) // _MOVED_PER_STEP)
    if "<" in text:
        spend(_Walk(text, spend).steps())


class _Walk:
    """One walk over the tags of a text."""

    __slots__ = ("_formatting", "_open", "_pieces", "_spend", "_text", "_trusts_ends", "_work")

    def __init__(self, text: str, spend: Callable[[int], None]) -> None:
        self._text = text
        self._spend = spend
        self._trusts_ends = _UNSURE not in text
        self._open: list[str] = []
        self._formatting: dict[str, int] = {}
        """Name -> how many were opened and not closed."""
        self._pieces = 0
        self._work = 0
        """In steps, times `_OPEN_PER_STEP`."""

    def steps(self) -> int:
        text, at = self._text, self._text.find("<")
        while at >= 0:
            self._pay_piece()
            tag = _TAG.match(text, at)
            at = self._skip_comment(at) if tag is None else self._tag(tag)
            at = text.find("<", at)
        return self._work // _OPEN_PER_STEP

    def _pay_piece(self) -> None:
        self._pieces += 1
        if self._pieces % _PIECES_PER_CHARGE == 0:
            self._spend(_PIECES_PER_CHARGE * _PIECE_STEPS)

    def _skip_comment(self, at: int) -> int:
        text = self._text
        if text.startswith("<!--", at):
            if text.startswith((">", "->"), at + 4):
                return at + 5
            end = _COMMENT_END.search(text, at + 4)
            return len(text) if end is None else end.end()
        if text.startswith(("<!", "<?", "</"), at):
            end_at = text.find(">", at)
            return len(text) if end_at < 0 else end_at
        return at + 1

    def _tag(self, tag: re.Match[str]) -> int:
        """Count a tag and its attributes; where the text goes on."""
        at, attributes = tag.end(), 0
        while (found := _ATTRIBUTE.match(self._text, at)) is not None:
            self._pay_piece()
            attributes += 1
            at = found.end()
        self._work += attributes * attributes * _OPEN_PER_STEP // _ATTRIBUTE_PAIRS_PER_STEP
        name = tag[2].lower()
        formatting = sum(self._formatting.values())
        self._work += len(self._open) + formatting * _FORMATTING_WORK
        if tag[1]:
            self._close(name)
        elif name not in _VOID:
            self._open.append(name)
            if name in _FORMATTING:
                self._formatting[name] = self._formatting.get(name, 0) + 1
        end = _TAG_END.match(self._text, at)
        return at if end is None else end.end()

    def _close(self, name: str) -> None:
        """Note an end tag, where it is certain to close something."""
        if not self._trusts_ends:
            return
        left = self._formatting.get(name)
        if left:
            self._formatting[name] = left - 1
        open_, last = self._open, len(self._open) - 1
        while last >= 0 and open_[last] != name and open_[last] in _ENDS_BY_ITSELF:
            last -= 1
        if last >= 0 and open_[last] == name:
            del open_[last:]

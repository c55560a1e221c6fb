"""Soli's regular expressions rewritten for RE2: Unicode classes, `(?x)`, `\\u`, group nesting.

Soli's `\\d`, `\\w` and `\\s` know Unicode, RE2's are ASCII; RE2 has no `x` and no `u` flag.
"""

from __future__ import annotations

import re

MAX_GROUP_NESTING = 10
"""Groups inside groups (docs/spec §L14)."""

_CLASSES = {
    "d": r"\p{Nd}",
    "w": r"\pL\pM\p{Nd}\p{Pc}\x{200C}\x{200D}",
    "s": r"\t-\r \x{85}\x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}",
}
_NEGATED = {
    "D": r"\P{Nd}",
    "S": r"^" + _CLASSES["s"],
    "W": r"^" + _CLASSES["w"],
}
_FLAGS = re.compile(r"\(\?([a-zA-Z]*)(-[a-zA-Z]*)?([:)])")
_UNICODE_ESCAPE = re.compile(r"\\[uU](?:\{([0-9A-Fa-f]{1,6})\}|([0-9A-Fa-f]{4}))")


class PatternError(Exception):
    """A pattern that is wrong or beyond a limit; the text says why."""


def translate(source: str) -> str:
    """*source* in RE2's spelling. Raises PatternError for groups nested too deeply."""
    return _Translator(source).run()


class _Translator:
    """One pass over one pattern."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.at = 0
        self.out: list[str] = []
        self.verbose = False
        self.groups: list[bool] = []
        """For each open group, whether `x` was on when it began."""

    def run(self) -> str:
        source = self.source
        steps = {"\\": self._escape, "[": self._class, "(": self._open, ")": self._close}
        while self.at < len(source):
            char = source[self.at]
            step = steps.get(char)
            if step is not None:
                step()
            elif self.verbose and (char.isspace() or char == "#"):
                self._skip(char)
            else:
                self._copy(1)
        return "".join(self.out)

    def _copy(self, count: int) -> None:
        self.out.append(self.source[self.at : self.at + count])
        self.at += count

    def _skip(self, char: str) -> None:
        """Leave out white space or a comment under `(?x)`."""
        if char == "#":
            end = self.source.find("\n", self.at)
            self.at = len(self.source) if end < 0 else end
        else:
            self.at += 1

    def _escape(self) -> None:
        following = self.source[self.at + 1 : self.at + 2]
        if following in _CLASSES:
            self._replace(2, f"[{_CLASSES[following]}]")
        elif following in _NEGATED:
            self._replace(2, f"[{_NEGATED[following]}]")
        elif following in ("u", "U"):
            self._unicode_escape()
        else:
            self._copy(2)

    def _replace(self, count: int, text: str) -> None:
        self.out.append(text)
        self.at += count

    def _unicode_escape(self) -> None:
        match = _UNICODE_ESCAPE.match(self.source, self.at)
        if match is None:
            self._copy(2)
        else:
            self._replace(len(match.group()), rf"\x{{{match.group(1) or match.group(2)}}}")

    def _class(self) -> None:
        """A bracketed class up to its `]`."""
        self._copy(1)
        if self.source.startswith("^", self.at):
            self._copy(1)
        if self.source.startswith("]", self.at):
            self._copy(1)
        while self.at < len(self.source) and self.source[self.at] != "]":
            if self.source.startswith("[:", self.at):
                end = self.source.find(":]", self.at)
                self._copy(1 if end < 0 else end + 2 - self.at)
            elif self.source[self.at] == "\\":
                self._escape_in_class()
            elif self.source[self.at] == "[":
                raise PatternError("nested character classes are not supported")
            else:
                self._copy(1)
        self._copy(1)

    def _escape_in_class(self) -> None:
        following = self.source[self.at + 1 : self.at + 2]
        if following in _CLASSES:
            self._replace(2, _CLASSES[following])
        elif following in ("u", "U"):
            self._unicode_escape()
        else:
            # \D keeps working; \W and \S inside a class stay RE2's (ASCII).
            self._replace(2, _NEGATED["D"]) if following == "D" else self._copy(2)

    def _open(self) -> None:
        flags = _FLAGS.match(self.source, self.at)
        if flags is None:
            self._enter()
            self._copy(1)
            return
        on, off, end = flags.group(1), flags.group(2) or "", flags.group(3)
        before = self.verbose
        if end == ":":
            self._enter()
        if "x" in on or "x" in off:
            self.verbose = "x" in on
        on, off = re.sub("[xu]", "", on), re.sub("[xu]", "", off)
        kept = on + (off if len(off) > 1 else "")
        if end == ":":
            self.groups[-1] = before
            self._replace(len(flags.group()), f"(?{kept}:")
        else:
            self._replace(len(flags.group()), f"(?{kept})" if kept else "")

    def _enter(self) -> None:
        self.groups.append(self.verbose)
        if len(self.groups) > MAX_GROUP_NESTING:
            raise PatternError(f"groups are nested deeper than {MAX_GROUP_NESTING}")

    def _close(self) -> None:
        if self.groups:
            self.verbose = self.groups.pop()
        self._copy(1)

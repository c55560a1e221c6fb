"""A JSON reader in Python: for Soli's error texts, and what no reader in C does as Soli wants it.

It keeps its own stack, so no text is too deep for Python. Source: docs/spec §L1.4.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from soli_lang.base.errors import SoliError, SoliValueError
from soli_lang.values.semantics import MAX_INT, MIN_INT
from soli_lang.values.values import Value

_WHITE = re.compile(r"[ \t\n\r]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_PLAIN_TEXT = re.compile(r'[^"\\]*')
_HEX = re.compile(r"[0-9a-fA-F]{4}")
_LITERALS = {"t": ("true", True), "f": ("false", False), "n": ("null", None)}
_ESCAPES = {
    '"': '"',
    "\\": "\\",
    "/": "/",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
}
INT_DIGITS = 20
"""Characters beyond which an integer cannot fit in 64 bits."""
_PIECES_PER_CHARGE = 64
_PIECE_STEPS = 8
"""What reading one value, key or escape is worth."""

Spend = Callable[[int], None]
"""Takes the steps that reading costs (`Machine.spend`)."""


class JsonScanner:
    """Reads one text. Positions are characters (docs/spec §3.8)."""

    def __init__(self, text: str, max_depth: int, spend: Spend | None = None) -> None:
        self.text = text
        self._spend = spend
        self._pieces = 0
        self.at = 0
        self.max_depth = max_depth
        self.open: list[Any] = []
        """Arrays and hashes that are not closed yet, outermost first."""
        self.keys: list[str] = []
        """For each open hash, the key whose value comes next."""

    def run(self) -> Value:
        """The value. Raises SoliValueError."""
        value = self._value()
        if self._next() is not None:
            raise self.error("Trailing content")
        return value

    # --- structure ---------------------------------------------------------------------------

    def _value(self) -> Value:
        while True:
            self._pay()
            opened, value = self.start()
            if opened:
                continue
            while self.open:
                container = self.open[-1]
                if container.__class__ is list:
                    container.append(value)
                    closed = self.after_item("]")
                else:
                    container[self.keys[-1]] = value
                    closed = self._after_entry()
                if not closed:
                    break
                value = self.open.pop()
            else:
                return value

    def start(self) -> tuple[bool, Value]:
        """Read a scalar or an empty container, or open one: (True, None)."""
        char = self._next()
        if char is None:
            raise SoliValueError("Unexpected end of JSON")
        if char == "[":
            self.at += 1
            if self._next() == "]":
                self.at += 1
                return False, []
            self._enter([])
            return True, None
        if char == "{":
            self.at += 1
            if self._next() == "}":
                self.at += 1
                return False, {}
            self._enter({})
            self.keys.append(self.key())
            return True, None
        return False, self.scalar(char)

    def _enter(self, container: Any) -> None:
        self.open.append(container)
        if len(self.open) > self.max_depth:
            raise SoliValueError("JSON structure nested too deeply")

    def after_item(self, close: str) -> bool:
        """Read `,` or the closing bracket; True for the bracket."""
        char = self._next()
        if char is None:
            raise SoliValueError("Unexpected end of JSON")
        if char != "," and char != close:
            raise self.error(f"Expected ',' or '{close}'")
        self.at += 1
        return char == close

    def _after_entry(self) -> bool:
        if self.after_item("}"):
            self.keys.pop()
            return True
        self.keys[-1] = self.key()
        return False

    def key(self) -> str:
        """Read a key and the `:` after it."""
        char = self._next()
        if char is None:
            raise SoliValueError("Unexpected end of JSON")
        if char != '"':
            raise self.error("Expected string key")
        key = self._string()
        self.colon()
        return key

    def colon(self) -> None:
        """Read the `:` after a key."""
        char = self._next()
        if char is None:
            raise SoliValueError("Unexpected end of JSON")
        if char != ":":
            raise self.error("Expected ':'")
        self.at += 1

    def _pay(self) -> None:
        self._pieces += 1
        if self._pieces == _PIECES_PER_CHARGE and self._spend is not None:
            self._pieces = 0
            self._spend(_PIECES_PER_CHARGE * _PIECE_STEPS)

    def _next(self) -> str | None:
        """The next character after white space, None at the end."""
        match = _WHITE.match(self.text, self.at)
        if match is not None:
            self.at = match.end()
        return self.text[self.at] if self.at < len(self.text) else None

    def error(self, what: str) -> SoliError:
        """*what* is wrong, here."""
        return SoliValueError(f"{what} at position {self.at}")

    # --- scalars -----------------------------------------------------------------------------

    def scalar(self, char: str) -> Value:
        """Read the String, number or word that begins with *char*."""
        if char == '"':
            return self._string()
        if char == "-" or "0" <= char <= "9":
            return self._number()
        if char in _LITERALS:
            word, value = _LITERALS[char]
            if not self.text.startswith(word, self.at):
                raise self.error("Invalid literal")
            self.at += len(word)
            return value
        raise self.error(f"Unexpected character '{char}'")

    def _number(self) -> int | float:
        match = _NUMBER.match(self.text, self.at)
        following = "" if match is None else self.text[match.end() : match.end() + 1]
        if match is None or (following and following in "0123456789.eE"):
            raise self.error("Invalid number")
        self.at = match.end()
        digits = match.group()
        if match.group(1) is None and match.group(2) is None and len(digits) <= INT_DIGITS:
            number = int(digits)
            if MIN_INT <= number <= MAX_INT:
                return number
        return float(digits)

    def _string(self) -> str:
        self.at += 1
        parts: list[str] = []
        while True:
            match = _PLAIN_TEXT.match(self.text, self.at)
            if match is not None:
                parts.append(match.group())
                self.at = match.end()
            if self.at >= len(self.text):
                raise SoliValueError("Unterminated string")
            self.at += 1
            if self.text[self.at - 1] == '"':
                return "".join(parts)
            self._pay()
            parts.append(self.escape())

    def escape(self) -> str:
        """The character that the escape after a backslash stands for."""
        if self.at >= len(self.text):
            raise SoliValueError("Unterminated string escape")
        char = self.text[self.at]
        self.at += 1
        if char == "u":
            return self._unicode_escape()
        escaped = _ESCAPES.get(char)
        if escaped is None:
            raise SoliValueError(f"Invalid escape \\{char}")
        return escaped

    def _unicode_escape(self) -> str:
        code = self._four_hex_digits()
        if 0xDC00 <= code <= 0xDFFF:
            raise SoliValueError("Invalid Unicode codepoint")
        if not 0xD800 <= code <= 0xDBFF:
            return chr(code)
        if not self.text.startswith("\\u", self.at):
            raise SoliValueError("Missing low surrogate")
        self.at += 2
        low = self._four_hex_digits()
        if not 0xDC00 <= low <= 0xDFFF:
            raise SoliValueError("Invalid surrogate pair")
        return chr(0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00))

    def _four_hex_digits(self) -> int:
        if self.at + 4 > len(self.text):
            raise SoliValueError("Invalid \\u escape")
        match = _HEX.match(self.text, self.at)
        if match is None:
            raise SoliValueError("Invalid hex in \\u escape")
        self.at += 4
        return int(match.group(), 16)

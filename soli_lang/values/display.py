"""Values as text: `to_text` and `inspect` (docs/spec §L1.1-L1.2).

Values can be shared (`a = [a, a]` sixty times over is a text of 2^60 pieces) and cyclic, so a
writer counts what it has written while it writes, and has its caller pay for it: past the bound,
or the budget, there is a LimitError.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from ..base.errors import LimitError
from .kinds import from_key, type_name
from .objects import ErrorValue, Instance, SoliClass
from .values import Function, Symbol, Value

MAX_DEPTH = 100
"""Containers inside containers that are written out; deeper ones print as `[...]`."""
MAX_PIECES = 500_000
"""Values that one text may be made of."""
MAX_LENGTH = 64 * 1024 * 1024
"""Characters of one text."""

WIDE = 80
WIDE_HASH_VALUE = 60
INSTALMENT = 256
"""Values written between two payments."""
LONG_PART = 4096
"""Characters from which on copying the text of a part costs steps."""
MOST_ITEMS = 10
MOST_FIELDS = 3
LONGEST_FIELD = 30


Spend = Callable[[int], None] | None
"""Takes the steps that writing costs; None where nobody counts."""


class _TooWide(Exception):
    """The one-line form is wider than wanted: no need to finish it."""


class _Writer:
    """Knows which containers are open, and how much more may be written."""

    __slots__ = ("length", "open", "pieces", "spend", "width")

    def __init__(self, spend: Spend = None, width: int = MAX_LENGTH) -> None:
        self.open: set[int] = set()
        self.pieces = 0
        self.length = 0
        self.spend = spend
        self.width = width

    def count(self, text: str) -> str:
        self.pieces += 1
        self.length += len(text) + 2
        if self.pieces % INSTALMENT == 0 and self.spend is not None:
            self.spend(INSTALMENT)
        if self.length > self.width:
            if self.width < MAX_LENGTH:
                raise _TooWide
            raise LimitError(f"text too large: more than {MAX_LENGTH} characters")
        if self.pieces > MAX_PIECES:
            raise LimitError(f"text too large: more than {MAX_PIECES} values")
        return text

    def enter(self, value: Value) -> bool:
        """Begin a container; False when it is open already or too deep."""
        if id(value) in self.open or len(self.open) >= MAX_DEPTH:
            return False
        self.open.add(id(value))
        return True

    def leave(self, value: Value, text: str = "") -> None:
        """End a container whose *text* the one around it will copy."""
        self.open.discard(id(value))
        if len(text) > LONG_PART and self.spend is not None:
            self.spend(len(text) >> 6)


# --- containers, as they are displayed ---


def _display(value: Value, spend: Spend = None) -> str:
    """The display form of an Array, Hash or instance."""
    return _Display(spend).show(value)


class _Display(_Writer):
    __slots__ = ()

    def show(self, value: Value) -> str:
        kind = value.__class__
        if kind is str:
            return self.count(value)
        if kind is list:
            return self._array(value)
        if kind is dict:
            return self._hash(value)
        if isinstance(value, Instance) and not isinstance(value, ErrorValue):
            return self._instance(value)
        return self.count(to_text(value, self.spend))

    def _array(self, value: list[Value]) -> str:
        if not self.enter(value):
            return self.count("[...]")
        show = self.show
        text = f"[{', '.join([show(item) for item in value])}]"
        self.leave(value, text)
        return text

    def _hash(self, value: dict[Any, Value]) -> str:
        if not self.enter(value):
            return self.count("{...}")
        show = self.show
        pairs = [f"{to_text(from_key(key))} => {show(item)}" for key, item in value.items()]
        text = f"{{{', '.join(pairs)}}}"
        self.leave(value, text)
        return text

    def _instance(self, value: Instance) -> str:
        fields = [*value.shown_fields()]
        if not fields:
            return self.count(f"<{value.soli_class.name} instance>")
        if not self.enter(value):
            return self.count(f"<{value.soli_class.name} ...>")
        texts = [
            f'{name}: "{self.count(item)}"'
            if item.__class__ is str
            else f"{name}: {self.show(item)}"
            for name, item in fields
        ]
        text = f"<{value.soli_class.name} {_over_lines(texts)}>"
        self.leave(value, text)
        return text


def _over_lines(texts: list[str]) -> str:
    return ",\n ".join(texts)


# --- containers, as they are inspected ---


def _inspect_container(value: Value, spend: Spend = None) -> str:
    """The inspect form of an Array, Hash or instance."""
    if isinstance(value, Instance):
        return _inspect_instance(value, spend)
    writer = _Inspect(spend)
    line = writer.line_within(value, WIDE)
    return line if line is not None else writer.lines(value, 0)


def _inspect_instance(value: Instance, spend: Spend) -> str:
    fields = [*value.shown_fields()]
    if not fields:
        return f"<{value.soli_class.name} instance>"
    writer = _Inspect(spend)
    writer.enter(value)
    texts = [f"{name}: {writer.line(item)}" for name, item in fields]
    return f"<{value.soli_class.name} {_over_lines(texts)}>"


class _Inspect(_Writer):
    __slots__ = ()

    def line_within(self, value: Value, width: int) -> str | None:
        """The one-line form, None when it is longer than *width*. Both count as written."""
        trial = _Inspect(self.spend, 2 * width + 8)
        try:
            line = trial.line(value)
        except _TooWide:
            return None
        finally:
            self.pieces += trial.pieces
            self.count("")
        return line if len(line.encode("utf-8", "replace")) <= width else None

    def line(self, value: Value) -> str:
        """The one-line form."""
        kind = value.__class__
        if isinstance(value, Instance):
            return self._short_instance(value)
        if kind is not list and kind is not dict:
            return self.count(scalar_inspect(value))
        if not self.enter(value):
            return self.count("[...]" if kind is list else "{...}")
        if kind is list:
            text = f"[{', '.join([self.line(item) for item in value])}]"
        else:
            pairs = [f"{_key(key)}: {self.line(item)}" for key, item in value.items()]
            text = f"{{{', '.join(pairs)}}}"
        self.leave(value, text)
        return text

    def _short_instance(self, value: Instance) -> str:
        name = value.soli_class.name
        if not self.enter(value):
            return self.count(f"<{name} ...>")
        names = sorted(value.fields, key=lambda field: field != "_key")
        shown = [field for field in names if field == "_key" or not field.startswith("_")]
        texts = []
        for field in shown[:MOST_FIELDS]:
            text = self.line(value.fields[field])
            if len(text.encode("utf-8", "replace")) > LONGEST_FIELD:
                text = text[: LONGEST_FIELD - 3] + "..."
            texts.append(f"{field}: {text}")
        if len(shown) > MOST_FIELDS:
            texts.append("...")
        self.leave(value)
        return f"<{name} {', '.join(texts)}>" if texts else f"<{name}>"

    def lines(self, value: Value, level: int) -> str:
        """One element per line, indented by two spaces per level."""
        is_list = value.__class__ is list
        if not self.enter(value):
            return self.count("[...]" if is_list else "{...}")
        inner = "  " * (level + 1)
        texts = [inner + text for text in self._element_texts(value, level + 1)]
        brackets = "[]" if is_list else "{}"
        body = ",\n".join(texts)
        self.leave(value, body)
        return f"{brackets[0]}\n{body}\n{'  ' * level}{brackets[1]}"

    def _element_texts(self, value: Value, level: int) -> Iterator[str]:
        if value.__class__ is dict:
            for key, item in value.items():
                yield f"{_key(key)}: {self._nested(item, level, WIDE_HASH_VALUE)}"
            return
        for item in value[:MOST_ITEMS]:
            yield self._nested(item, level, WIDE)
        if len(value) > MOST_ITEMS:
            yield f"... ({len(value) - MOST_ITEMS} more)"

    def _nested(self, value: Value, level: int, width: int) -> str:
        if value.__class__ not in (list, dict):
            return self.line(value)
        if id(value) in self.open:
            return self.count("[...]" if value.__class__ is list else "{...}")
        line = self.line_within(value, width)
        return self.count(line) if line is not None else self.lines(value, level)


def inspect_line(value: Value, width: int) -> str | None:
    """The form for programmers in one line; None where that is longer than *width*."""
    return _Inspect().line_within(value, width)


def _key(key: Any) -> str:
    return f'"{key}"' if key.__class__ is str else to_text(from_key(key))


# --- the display form ---


def float_text(value: float) -> str:
    """Shortest digits that round-trip, never an exponent, no `.0` (docs/spec §L1.1)."""
    if value != value:
        return "NaN"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    text = repr(value)
    if "e" in text:
        return _without_exponent(text)
    return text[:-2] if text.endswith(".0") else text


def _without_exponent(text: str) -> str:
    mantissa, _, exponent = text.partition("e")
    sign = "-" if mantissa.startswith("-") else ""
    whole, _, fraction = mantissa.lstrip("-").partition(".")
    digits, point = whole + fraction, len(whole) + int(exponent)
    if point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    if point >= len(digits):
        return f"{sign}{digits}{'0' * (point - len(digits))}"
    return f"{sign}{digits[:point]}.{digits[point:]}"


def to_text(value: Value, spend: Spend = None) -> str:
    """The display form: what `print`, `str`, interpolation and `+` show (docs/spec §L1.1).

    *spend* is charged for writing containers. Raises LimitError for a text past all bounds.
    """
    kind = value.__class__
    if kind is str:
        return value  # type: ignore[no-any-return]
    if kind is int:
        return int.__repr__(value)
    if value is None:
        return "null"
    if kind is bool:
        return "true" if value else "false"
    if kind is float:
        return float_text(value)
    if kind is list or kind is dict:
        if not value:
            return "[]" if kind is list else "{}"
        return _display(value, spend)
    return _object_text(value, spend)


def _object_text(value: Value, spend: Spend) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, Symbol):
        return f":{value.name}"
    if isinstance(value, Function):
        return f"<fn {value.name}>"
    if isinstance(value, SoliClass):
        return f"<class {value.name}>"
    if isinstance(value, ErrorValue):
        return error_text(value, spend)
    if isinstance(value, Instance):
        return _display(value, spend)
    if isinstance(value, bytes):
        return f"<bytes {len(value)}>"
    text = getattr(value, "soli_text", None)
    return str(text()) if text is not None else f"<{type_name(value)}>"


# --- the inspect form ---


def inspect(value: Value, spend: Spend = None) -> str:
    """The form for programmers: strings quoted, long containers over lines (docs/spec §L1.2).

    *spend* is charged for writing containers. Raises LimitError for a text past all bounds.
    """
    kind = value.__class__
    if kind is list or kind is dict or isinstance(value, Instance):
        return _inspect_container(value, spend)
    return scalar_inspect(value)


def scalar_inspect(value: Value) -> str:
    """The inspect form of a value without parts."""
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, Decimal):
        return f"Decimal({value:f})"
    if isinstance(value, Function):
        return "<function>"
    custom = getattr(value, "soli_inspect", None)
    return str(custom()) if custom is not None else to_text(value)


def error_text(error: ErrorValue, spend: Spend = None) -> str:
    """`MESSAGE at LINE:COL` when the language raised it, else the message alone."""
    if error.raised is not None:
        return "{} at {}:{}".format(*error.raised)
    message = error.fields.get("message")
    return f"<{error.soli_class.name} instance>" if message is None else to_text(message, spend)

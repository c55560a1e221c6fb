"""Writing containers and instances as text (spec/stdlib.md §1.1-1.2, decision 13).

Values can be shared (`a = [a, a]` sixty times over is a text of 2^60 pieces) and cyclic, so a
writer counts what it has written while it writes, and has its caller pay for it: past the bound,
or the budget, there is a LimitError.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ..base.errors import LimitError
from .objects import ErrorValue, Instance
from .semantics import from_key, scalar_inspect, to_text
from .values import Value

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


# --- display form ---


def display(value: Value, spend: Spend = None) -> str:
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


# --- inspect ---


def inspect_container(value: Value, spend: Spend = None) -> str:
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


def _key(key: Any) -> str:
    return f'"{key}"' if key.__class__ is str else to_text(from_key(key))

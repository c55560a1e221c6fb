"""Soli values as the plain Python values that orjson writes the way Soli wants them.

Sources: docs/spec §L1.3, §L1.1 and §9.1.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from soli_lang.base.errors import SoliPlainTypeError
from soli_lang.values.display import error_text
from soli_lang.values.kinds import type_name
from soli_lang.values.objects import EnumValue, ErrorValue, Instance
from soli_lang.values.values import Symbol, Value

MAX_DEPTH = 512
"""Levels of arrays and hashes in one JSON text."""

_OPEN = object()
_ATOMS = frozenset({str, int, bool, type(None)})
_SHOWN_UNDERSCORED = frozenset({"_key", "_id", "_rev", "_created_at", "_updated_at"})
_SECRET_ENDINGS = ("_token", "_digest", "_secret", "_hash")


class NotEncodable(SoliPlainTypeError):
    """A value that has no JSON form."""

    @classmethod
    def of(cls, value: Value) -> NotEncodable:
        return cls(f"Cannot convert {type_name(value)} to JSON")

    @classmethod
    def too_deep(cls) -> NotEncodable:
        """For nesting beyond MAX_DEPTH, and so for every cycle."""
        return cls("structure nested too deeply to serialize")


def is_hidden(name: str) -> bool:
    """Whether an instance's field stays out of its JSON form."""
    if name.startswith("_"):
        return name not in _SHOWN_UNDERSCORED
    return name.lower().startswith("password") or name.endswith(_SECRET_ENDINGS)


class PlainCopy:
    """Copies one value. What occurs several times is copied once, so sharing stays sharing."""

    __slots__ = ("_copies", "_kept")

    def __init__(self) -> None:
        self._copies: dict[int, Any] = {}
        """id of an original -> its copy; `_OPEN` while it is being made."""
        self._kept: list[Value] = []
        """Originals made on the way, so that no id is used twice."""

    # One frame per level, so that MAX_DEPTH levels fit on Python's stack.
    def of(self, value: Value, depth: int = 1) -> Any:
        """The copy of *value*. Raises NotEncodable."""
        if value.__class__ in _ATOMS:
            return value
        if value.__class__ in _TEXTS:
            return _TEXTS[value.__class__](value)
        if id(value) in self._copies:
            return _closed(self._copies[id(value)])
        if depth > MAX_DEPTH:
            raise NotEncodable.too_deep()
        self._copies[id(value)] = _OPEN
        parts = self._parts(value)
        copy: Any
        if parts.__class__ is list:
            copy = []
            for item in parts:
                copy.append(self.of(item, depth + 1))
        elif parts.__class__ is dict:
            copy = {}
            for key, item in parts.items():
                name = key if key.__class__ is str else _key_text(key)
                if name is not None:
                    copy[name] = self.of(item, depth + 1)
        else:
            copy = self.of(parts, depth)
        self._copies[id(value)] = copy
        return copy

    def _parts(self, value: Value) -> Any:
        """The array, hash or text that *value* is written as."""
        if value.__class__ is list or value.__class__ is dict:
            return value
        if isinstance(value, EnumValue):
            return {"variant": value.variant, **value.fields} if value.fields else value.variant
        if isinstance(value, ErrorValue) and value.raised is not None:
            return error_text(value)
        if isinstance(value, Instance):
            return {name: item for name, item in value.fields.items() if not is_hidden(name)}
        own = getattr(value, "soli_json", None)
        if own is None:
            raise NotEncodable.of(value)
        parts = own()
        self._kept.append(parts)
        return parts


def _closed(copy: Any) -> Any:
    if copy is _OPEN:
        raise NotEncodable.too_deep()
    return copy


def _float(value: float) -> Any:
    """*value*, or its exact text where orjson would put a plus sign into the exponent."""
    if not math.isfinite(value):
        return None
    if -1e16 < value < 1e16:
        return value
    import orjson  # slow to import, see json_text

    return orjson.Fragment(orjson.dumps(value).replace(b"e+", b"e"))


_TEXTS: dict[type, Callable[[Any], Any]] = {
    float: _float,
    Decimal: lambda value: f"{value:f}",
    Symbol: lambda value: value.name,
}


def _key_text(key: Any) -> str | None:
    """A hash key that is no String as JSON writes it (docs/spec §L1.3); None: it is left out."""
    if key.__class__ is Symbol:
        return str(key.name)
    return str(key) if key.__class__ is int else None

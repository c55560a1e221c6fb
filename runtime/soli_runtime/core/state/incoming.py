"""What programs and hosts ask for, as plain JSON values, or an error in their words.

Nothing is taken in parts: whatever is wrong is found here, before anything is done. The work is
bounded by what a room may hold, and not by what somebody hands over.
"""

from __future__ import annotations

import json
import math
from typing import Any, Final, NamedTuple

from soli_lang.base.errors import SoliError
from soli_lang.values.semantics import MAX_INT, MIN_INT

from ..payloads import EncodeJson, type_word
from .rules import MAX_BYTES
from .values import Json, StateRefused

MAX_DEPTH = 200
"""Levels in any case: what reads and writes JSON goes down so far."""
MOST_SHOWN = 60
"""Characters of a key or a path that errors show."""


class Bounds(NamedTuple):
    """What one state may be, whatever the room's rule says; 0: no limit."""

    depth: int = 32
    keys: int = 10_000
    bytes: int = MAX_BYTES
    """The most that any rule of the program lets a room hold."""


BOUNDS: Final = Bounds()
"""Where nothing else is said."""


class Incoming:
    """Takes values for one change, all of which together have to be within *bounds*."""

    __slots__ = ("_bounds", "_encode_json", "_keys", "_left", "_user")

    def __init__(self, user: str, encode_json: EncodeJson, bounds: Bounds) -> None:
        self._user = user
        """What errors begin with: an action or a helper."""
        self._encode_json = encode_json
        self._bounds = bounds
        self._left = bounds.bytes
        self._keys = 0

    def patch(self, value: Any) -> Json:
        """A merge patch (RFC 7396)."""
        return self._hash(value, "a Hash", self._any)

    def amounts(self, value: Any) -> Json:
        """Numbers to be added, nested like the state."""
        return self._hash(value, "a Hash of numbers", self._amount)

    def items(self, value: Any) -> Json:
        """Items to be appended, by key."""
        return self._hash(value, "a Hash of items by key", self._any)

    def _hash(self, value: Any, expected: str, take: Any) -> Json:
        if type(value) is not dict:
            raise StateRefused(f"{self._user}: expected {expected}, got {type_word(value)}")
        return self._pairs(value, self._user, 1, take)

    def _pairs(self, value: dict[Any, Any], path: str, depth: int, take: Any) -> Json:
        found: Json = {}
        self._deeper(path, depth)
        for key, item in value.items():
            if type(key) is not str:
                raise StateRefused(
                    f"{path}: keys of a room's state are Strings, got the {type_word(key)} "
                    f"{_shown(str(getattr(key, 'value', key)))}"
                )
            self._keys += 1
            if self._bounds.keys and self._keys > self._bounds.keys:
                raise StateRefused(
                    f"{self._user}: more than the {self._bounds.keys} keys that are allowed"
                )
            self._text(key, path)
            found[key] = take(item, f"{path}.{_shown(key)}", depth + 1)
        return found

    def _any(self, value: Any, path: str, depth: int) -> Any:
        kind = type(value)
        if kind is str:
            return self._text(value, path)
        if kind is int or kind is float:
            return self._number(value, path)
        if kind is bool or value is None:
            self._spend(4)
            return value
        if kind is dict:
            return self._pairs(value, path, depth, self._any)
        if kind is list:
            self._deeper(path, depth)
            items = []
            for index, item in enumerate(value):
                items.append(self._any(item, f"{path}[{index}]", depth + 1))
            return items
        return self._any(self._other(value, path), path, depth)

    def _amount(self, value: Any, path: str, depth: int) -> Any:
        kind = type(value)
        if kind is dict:
            return self._pairs(value, path, depth, self._amount)
        if kind is not int and kind is not float:
            raise StateRefused(f"{path}: expected a number, got {type_word(value)}")
        return self._number(value, path)

    def _text(self, value: str, path: str) -> str:
        self._spend(len(value) + 2)
        if not value.isascii():
            try:
                value.encode("utf-8")
            except UnicodeEncodeError:
                raise StateRefused(f"{path}: half a character has no JSON form") from None
        return value

    def _number(self, value: float, path: str) -> float:
        self._spend(1)
        if type(value) is float and not math.isfinite(value):
            shown = "NaN" if math.isnan(value) else "Infinity"
            raise StateRefused(f"{path}: {shown} has no JSON form")
        if type(value) is int and not MIN_INT <= value <= MAX_INT:
            raise StateRefused(f"{path}: an Int has at most 64 bits")
        return value

    def _other(self, value: Any, path: str) -> Any:
        """A Decimal, a DateTime, an instance, …: as JSON has it."""
        try:
            return json.loads(self._encode_json(value))
        except (SoliError, TypeError, ValueError, RecursionError) as error:
            text = error.message if isinstance(error, SoliError) else str(error)
            raise StateRefused(f"{path}: {text}") from None

    def _deeper(self, path: str, depth: int) -> None:
        self._spend(2)
        limit = self._bounds.depth or MAX_DEPTH
        if depth > limit:
            raise StateRefused(f"{_shown(path)}: more than the {limit} levels that are allowed")

    def _spend(self, count: int) -> None:
        """At least so many bytes more."""
        self._left -= count + 1
        if self._bounds.bytes and self._left < -1:
            raise StateRefused(
                f"{self._user}: more than the {self._bounds.bytes} bytes as JSON that are allowed "
                "(bytes of ws_keep_state)"
            )


def _shown(text: str) -> str:
    return text if len(text) <= MOST_SHOWN else f"{text[: MOST_SHOWN - 1]}…"

"""Data as Soli literals for a spec, with matchers in place of what belongs to one run."""

from __future__ import annotations

import json
import math
import time
from datetime import UTC, datetime
from typing import Any

from soli_lang.tools import literals

from ...words.matchers import MOMENT, UUID, is_number, is_time

WIDTH = 88
DAY = 86_400.0
RUN_KEYS = ("phx_ref",)
"""Hash keys whose values are made up anew in every run."""
_PLAIN_CONTROLS = str.maketrans("", "", "\n\t\r")


class Stand:
    """A matcher that stands for a value."""

    def __init__(self, name: str) -> None:
        self.name = name


ANYTHING = Stand("anything")


def merged(one: Any, other: Any, key: str = "") -> Any:
    """What two runs have in common; a `Stand` where they differ, or would in another run."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        return {name: merged(item, other[name], name) for name, item in one.items()}
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return [merged(left, right) for left, right in zip(one, other, strict=True)]
    return _leaf(one, other, key)


def _leaf(one: Any, other: Any, key: str) -> Any:
    if isinstance(one, str) and isinstance(other, str):
        return _text(one, other, key)
    if is_number(one) and is_number(other):
        if is_time(one) and is_time(other) and (one != other or _is_now(one)):
            return Stand("any_time")
        return one if one == other and math.isfinite(one) else Stand("any_number")
    return one if one.__class__ is other.__class__ and one == other else ANYTHING


def _text(one: str, other: str, key: str) -> Any:
    if all(UUID.match(text) or (key in RUN_KEYS and text.isdigit()) for text in (one, other)):
        return Stand("any_id")
    if MOMENT.match(one) and MOMENT.match(other) and (one != other or _is_today(one)):
        return Stand("any_time")
    return one if one == other and _is_writable(one) else Stand("any_string")


def _is_now(value: float) -> bool:
    now = time.time()
    return abs(value - now) < DAY or abs(value / 1000 - now) < DAY


def _is_today(moment: str) -> bool:
    try:
        found = datetime.fromisoformat(moment)
    except ValueError:
        return False
    return _is_now((found if found.tzinfo is not None else found.replace(tzinfo=UTC)).timestamp())


def _is_writable(text: str) -> bool:
    return text.translate(_PLAIN_CONTROLS).isprintable()


def literal(value: Any, indent: int = 0) -> str:
    """*value* as Soli; on several lines when one would be too long."""
    line = literals.literal(value, _plain)
    if len(line) + indent <= WIDTH or not isinstance(value, dict | list) or not value:
        return line
    inner = " " * (indent + 2)
    if isinstance(value, dict):
        pairs = value.items()
        lines = [
            f"{inner}{literals.string_literal(key)}: {literal(item, indent + 2)}"
            for key, item in pairs
        ]
    else:
        lines = [inner + literal(item, indent + 2) for item in value]
    opening, closing = ("{", "}") if isinstance(value, dict) else ("[", "]")
    return f"{opening}\n" + ",\n".join(lines) + f"\n{' ' * indent}{closing}"


def _plain(value: Any) -> str:
    return f"{value.name}()" if isinstance(value, Stand) else json.dumps(value)

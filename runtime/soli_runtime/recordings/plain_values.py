"""Values of Soli as JSON can hold them, and back: what a program gets again is what it got."""

from __future__ import annotations

import base64
import math
from decimal import Decimal, InvalidOperation
from typing import Any

from soli_lang.base.errors import SoliError
from soli_lang.values.display import inspect
from soli_lang.values.kinds import from_key, to_key
from soli_lang.values.values import Symbol, Value, symbol

MARK = "$"
"""The only key of an object that stands for what JSON has no word for."""

MAX_DEPTH = 200


class NotPlain(ValueError):
    """What stands for a value in a recording stands for none."""


def plain(value: Value, depth: int = 0) -> Any:
    """*value* as JSON can hold it. Objects, functions and classes are only named."""
    kind = value.__class__
    if value is None or kind is bool or kind is str:
        return value
    if kind is int:
        return value if -(2**63) <= value < 2**63 else {MARK: ["int", str(value)]}
    if kind is float:
        return value if math.isfinite(value) else {MARK: ["float", str(value)]}
    if depth > MAX_DEPTH:
        return {MARK: ["other", "…"]}
    if kind is list:
        return [plain(item, depth + 1) for item in value]
    if kind is dict:
        return _plain_hash(value, depth)
    return {MARK: _named(value)}


def _plain_hash(value: dict[Any, Value], depth: int) -> Any:
    if all(key.__class__ is str for key in value) and MARK not in value:
        return {key: plain(item, depth + 1) for key, item in value.items()}
    pairs = [[plain(from_key(key)), plain(item, depth + 1)] for key, item in value.items()]
    return {MARK: ["hash", pairs]}


def _named(value: Value) -> list[Any]:
    if isinstance(value, bytes):
        return ["bytes", base64.b64encode(value).decode()]
    if isinstance(value, Decimal):
        return ["decimal", str(value)]
    if isinstance(value, Symbol):
        return ["symbol", value.name]
    try:
        return ["other", inspect(value)[:200]]
    except (SoliError, RecursionError):
        return ["other", type(value).__name__]


def value_of(kept: Any, depth: int = 0) -> Value:
    """The value that `plain` made *kept* of. Raises NotPlain."""
    if depth > MAX_DEPTH:
        raise NotPlain("nested too deeply")
    if isinstance(kept, list):
        return [value_of(item, depth + 1) for item in kept]
    if not isinstance(kept, dict):
        return kept
    if MARK not in kept:
        return {key: value_of(item, depth + 1) for key, item in kept.items()}
    named = kept[MARK]
    if not (isinstance(named, list) and len(named) == 2 and isinstance(named[0], str)):
        raise NotPlain("no value")
    try:
        return _value_of(named[0], named[1], depth)
    except (TypeError, ValueError, InvalidOperation, SoliError) as error:
        raise NotPlain(f"no {named[0]}") from error


def _value_of(kind: str, content: Any, depth: int) -> Value:
    if kind == "hash":
        return {
            to_key(value_of(key, depth + 1)): value_of(item, depth + 1) for key, item in content
        }
    if not isinstance(content, str):
        raise NotPlain(f"no {kind}")
    if kind == "bytes":
        return base64.b64decode(content, validate=True)
    if kind == "int":
        return int(content[:4000])
    if kind in ("float", "decimal"):
        return float(content) if kind == "float" else Decimal(content[:4000])
    if kind == "symbol":
        return symbol(content)
    if kind == "other":
        return content
    raise NotPlain(f"there is no kind of value '{kind}'")


def is_whole(kept: Any) -> bool:
    """Whether `value_of` gives back what *kept* was made of: there is no object in it."""
    if isinstance(kept, list):
        return all(is_whole(item) for item in kept)
    if not isinstance(kept, dict):
        return True
    if MARK not in kept:
        return all(is_whole(item) for item in kept.values())
    kind, content = kept[MARK]
    return kind != "other" and (kind != "hash" or all(is_whole(pair) for pair in content))

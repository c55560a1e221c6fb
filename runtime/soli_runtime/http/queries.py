"""Query strings and form bodies as nested Hashes (docs/spec §L24.2)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import unquote_plus, unquote_to_bytes

MAX_DEPTH = 32
"""Keys nested deeper stay flat."""

MAX_PAIRS = 1000
"""Pairs of one query or form; the rest is ignored."""

PIECE_CHARACTERS = 16 * 1024
"""Characters that are decoded in one go: 10 ms where each third is a percent sign."""

Spend = Callable[[int], None]


def free(steps: int) -> None:
    """In place of a budget where a text cannot be long."""


_NESTED = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])+)\Z")
_PART = re.compile(r"\[([^\[\]]*)\]")


def parse_query(text: str, spend: Spend = free) -> dict[str, Any]:
    """The Hash of an encoded query (no leading `?`). *spend* is charged for long ones.

    A repeated key keeps its last value, `k[]` collects an Array, `a[b]` nests; malformed keys
    stay as they are; a clash of types is won by the last. Bytes that are not UTF-8 become U+FFFD.
    """
    result: dict[str, Any] = {}
    if not text:
        return result
    for pair in text.split("&", MAX_PAIRS)[:MAX_PAIRS]:
        if pair:
            name, _, value = pair.partition("=")
            _assign(result, _decode(name, spend), _decode(value, spend))
    return result


def parse_pairs(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The same for pairs that are decoded already (a multipart form)."""
    result: dict[str, Any] = {}
    for name, value in pairs:
        _assign(result, name, value)
    return result


def _decode(text: str, spend: Spend) -> str:
    if "%" not in text and "+" not in text:
        return text
    if len(text) <= PIECE_CHARACTERS:
        return unquote_plus(text, "utf-8", "replace")
    return b"".join(_decoded_pieces(text, spend)).decode("utf-8", "replace")


def _decoded_pieces(text: str, spend: Spend) -> Iterator[bytes]:
    start = 0
    while start < len(text):
        end = start + PIECE_CHARACTERS
        # An escape of three characters stays whole.
        escape = text.rfind("%", end - 2, end) if end < len(text) else -1
        if escape >= 0:
            end = escape
        piece = text[start:end]
        spend(4 * piece.count("%") + (PIECE_CHARACTERS >> 4))
        yield unquote_to_bytes(piece.replace("+", " "))
        start = end


def _assign(result: dict[str, Any], name: str, value: str) -> None:
    if "[" not in name:
        result[name] = value
        return
    path = _path(name)
    if path is None:
        result[name] = value
        return
    place = result
    for part in path[:-1]:
        inner = place.get(part)
        if type(inner) is not dict:
            inner = place[part] = {}
        place = inner
    last = path[-1]
    if not name.endswith("[]"):
        place[last] = value
        return
    collected = place.get(last)
    if type(collected) is not list:
        collected = place[last] = []
    collected.append(value)


def _path(name: str) -> list[str] | None:
    """`a[b][]` as `["a", "b"]`; None when malformed or too deep."""
    if name.count("[") > MAX_DEPTH + 1:
        return None
    match = _NESTED.match(name)
    if match is None:
        return None
    parts = _PART.findall(match[2])
    if len(parts) > MAX_DEPTH:
        return None
    if parts[-1] == "":
        parts.pop()
    if "" in parts:
        return None  # `[]` stands last only: an array of hashes has no agreed meaning
    return [match[1], *parts]

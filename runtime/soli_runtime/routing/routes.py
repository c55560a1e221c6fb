"""Route patterns and the table that HTTP and WebSocket routes share (docs/spec §W2).

Literal beats dynamic, segment by segment from the left; between patterns of the same shape the
earlier wins. Paths are matched as they came over the wire, percent-encoded, so that an encoded
slash stays inside its segment; parameters are decoded as UTF-8.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import chain
from typing import Any, Generic, TypeVar
from urllib.parse import quote, unquote_to_bytes

from soli_lang.base.errors import SoliError
from soli_lang.base.records import Record, field

WEBSOCKET = "WEBSOCKET"
"""The method under which WebSocket routes stand in the table."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")

_LITERAL, _PARAM, _REST = 0, 1, 2

T = TypeVar("T")


class RouteError(SoliError):
    """A route pattern that means nothing. The message names the pattern."""

    kind = "ArgumentError"
    headline = "Route error"


class Segment(Record, frozen=True):
    """One part of a pattern: literal text (decoded), or the name of a parameter."""

    kind: int
    text: str


class Pattern(Record, frozen=True):
    """A parsed pattern. `text` is as written, without a trailing slash."""

    text: str
    segments: tuple[Segment, ...]
    is_literal: bool

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(segment.text for segment in self.segments if segment.kind != _LITERAL)

    @property
    def rank(self) -> tuple[int, ...]:
        """Sorts patterns: literal before dynamic, dynamic before the rest."""
        return tuple(segment.kind for segment in self.segments)


def parse_pattern(text: str) -> Pattern:
    """The pattern of `/posts/:id` or `/files/*path`. Raises `RouteError`."""
    if not text.startswith("/"):
        raise RouteError(f"route '{text}': a path begins with '/'")
    if "?" in text or "#" in text:
        raise RouteError(f"route '{text}': a path has no '?' and no '#'")
    path = text.removesuffix("/") if len(text) > 1 else text
    parts = path[1:].split("/") if text != "/" else []
    segments = tuple(
        _segment(text, part, is_last=index == len(parts) - 1) for index, part in enumerate(parts)
    )
    pattern = Pattern(path, segments, all(segment.kind == _LITERAL for segment in segments))
    repeated = {name for name in pattern.names if pattern.names.count(name) > 1}
    if repeated:
        raise RouteError(f"route '{text}': the parameter '{min(repeated)}' occurs twice")
    return pattern


def _segment(pattern: str, part: str, *, is_last: bool) -> Segment:
    if not part:
        raise RouteError(f"route '{pattern}': there is nothing between two slashes")
    mark, name = part[0], part[1:]
    if mark not in ":*":
        return Segment(_LITERAL, _decode_literal(pattern, part))
    if not name:
        raise RouteError(f"route '{pattern}': a name is missing after '{mark}'")
    if _NAME.match(name) is None:
        raise RouteError(
            f"route '{pattern}': '{name}' is not a parameter name (letters, digits and '_')"
        )
    if mark == "*" and not is_last:
        raise RouteError(f"route '{pattern}': '*{name}' must be the last segment")
    return Segment(_PARAM if mark == ":" else _REST, name)


def _decode_literal(pattern: str, part: str) -> str:
    decoded = _decode(part)
    if decoded is None:
        raise RouteError(f"route '{pattern}': '{part}' is not UTF-8 when decoded")
    return decoded


def _decode(segment: str) -> str | None:
    """A percent-decoded segment, None if it is not UTF-8."""
    if "%" not in segment:
        return segment
    try:
        return unquote_to_bytes(segment).decode("utf-8")
    except UnicodeDecodeError:
        return None


class Match(Record, Generic[T], frozen=True):
    """A route was found: its target, and the decoded parameters (a fresh dict)."""

    target: T
    params: dict[str, str]
    pattern: Pattern


class NoMatch(Record, frozen=True):
    """No route. `allowed` are the HTTP methods that the path has (405 if any, else 404).

    `is_websocket`: the path is a WebSocket route, so a plain GET gets 426.
    """

    allowed: tuple[str, ...] = ()
    is_websocket: bool = False


NOT_FOUND = NoMatch()


class _Entry(Record, Generic[T]):
    """All routes of one pattern shape, by method."""

    pattern: Pattern
    order: int
    targets: dict[str, tuple[T, Pattern]] = field(default_factory=dict)

    def params(self, pattern: Pattern, parts: list[str]) -> dict[str, str]:
        params: dict[str, str] = {}
        for index, segment in enumerate(pattern.segments):
            if segment.kind == _PARAM:
                params[segment.text] = parts[index]
            elif segment.kind == _REST:
                params[segment.text] = "/" + "/".join(parts[index:])
        return params

    def matches(self, parts: list[str]) -> bool:
        segments = self.pattern.segments
        if len(parts) != len(segments):
            has_rest = bool(segments) and segments[-1].kind == _REST
            if len(parts) < len(segments) or not has_rest:
                return False
        for segment, part in zip(segments, parts, strict=False):
            if (segment.text != part) if segment.kind == _LITERAL else not part:
                return False
        return True


class RouteTable(Generic[T]):
    """Routes by method and path. The target is whatever the caller wants back."""

    __slots__ = ("_dynamic", "_entries", "_literal", "_order")

    def __init__(self) -> None:
        self._literal: dict[str, _Entry[T]] = {}
        """All-literal patterns by decoded path; matching one is a single look-up."""
        self._dynamic: list[_Entry[T]] = []
        """The others, sorted by rank, then by order of declaration."""
        self._entries: dict[tuple[Segment, ...], _Entry[T]] = {}
        self._order = 0

    def add(self, method: str, pattern: str, target: T) -> Pattern:
        """Declare a route. *method* is an HTTP method or `WEBSOCKET`. Raises `RouteError`.

        Of two routes with the same method and path the earlier wins.
        """
        parsed = parse_pattern(pattern)
        shape = tuple(
            segment if segment.kind == _LITERAL else Segment(segment.kind, "")
            for segment in parsed.segments
        )
        entry = self._entries.get(shape)
        if entry is None:
            entry = self._entries[shape] = _Entry(parsed, self._order)
            self._order += 1
            if parsed.is_literal:
                self._literal[_path_of(segment.text for segment in parsed.segments)] = entry
            else:
                self._dynamic.append(entry)
                self._dynamic.sort(key=lambda item: (item.pattern.rank, item.order))
        entry.targets.setdefault(method.upper(), (target, parsed))
        return parsed

    def match(self, method: str, path: str) -> Match[T] | NoMatch:
        """The route of a request. *path* is percent-encoded and without the query.

        HEAD falls back to GET. One trailing slash is ignored.
        """
        found = self._literal.get(path)
        if found is not None and (target := _target(found, method)) is not None:
            return Match(target[0], {}, target[1])
        parts = _split(path)
        if parts is None:
            return NOT_FOUND
        allowed: dict[str, None] = {}
        is_websocket = False
        if "%" in path or path.endswith("/"):
            found = self._literal.get(_path_of(parts))
        candidates = filter(lambda entry: entry.matches(parts), self._dynamic)
        for entry in candidates if found is None else chain((found,), candidates):
            target = _target(entry, method)
            if target is not None:
                return Match(target[0], entry.params(target[1], parts), target[1])
            allowed.update(dict.fromkeys(entry.targets))
            is_websocket = is_websocket or WEBSOCKET in entry.targets
        return _no_match(allowed, is_websocket)

    def __iter__(self) -> Any:
        """`(method, pattern text, target)` of every route, in order of declaration."""
        for entry in self._entries.values():
            for method, (target, pattern) in entry.targets.items():
                yield method, pattern.text, target

    def __len__(self) -> int:
        return sum(len(entry.targets) for entry in self._entries.values())


def _target(entry: _Entry[T], method: str) -> tuple[T, Pattern] | None:
    found = entry.targets.get(method)
    if found is None and method == "HEAD":
        return entry.targets.get("GET")
    return found


def _no_match(methods: dict[str, None], is_websocket: bool) -> NoMatch:
    if not methods:
        return NOT_FOUND
    allowed = [method for method in methods if method != WEBSOCKET]
    if "GET" in allowed and "HEAD" not in allowed:
        allowed.append("HEAD")
    return NoMatch(tuple(allowed), is_websocket)


def _split(path: str) -> list[str] | None:
    """The decoded segments of a path, one trailing slash ignored; None if it cannot match."""
    if not path.startswith("/"):
        return None
    if len(path) > 1 and path.endswith("/"):
        path = path[:-1]
    if path == "/":
        return []
    if "%" not in path:
        return path[1:].split("/")
    parts = []
    for raw in path[1:].split("/"):
        part = _decode(raw)
        if part is None:
            return None
        parts.append(part)
    return parts


def _path_of(parts: Iterable[str]) -> str:
    """The key of a literal path: an encoded slash inside a segment stays apart from a real one."""
    return "/" + "/".join(
        part if "/" not in part and "%" not in part else quote(part, safe="") for part in parts
    )

"""Reading a recording. Nothing in the file is believed: each line is checked before it is used."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson

from soli_lang.base.records import Record, field

from ..observing.traces import CONNECT, JOB, REQUEST
from .entries import KINDS, Entry
from .writing import FORMAT, LOAD, MAX_BYTES

FORMATS = (1, FORMAT)
"""Formats that can be read. The first has nothing of what events were told from outside."""

MAX_LINE = 64 * 1024 * 1024
"""Bytes of one event."""
MAX_LIST = 1_000_000
"""Items of one list: readings of the clock, questions."""


class NoRecording(Exception):
    """The file is no recording that can be read. The text says where and why."""


class Recorded(Record, frozen=True):
    """A recording that was read."""

    events: list[Entry]
    """In the order in which they began."""
    load: dict[str, Any] = field(default_factory=dict)
    """What the program was told while it was loaded, first."""
    format: int = FORMAT

    @property
    def is_whole(self) -> bool:
        """Whether it has what events were told from outside."""
        return self.format > 1


def read(path: Path) -> Recorded:
    """The recording at *path*. Raises NoRecording."""
    try:
        if path.stat().st_size > 2 * MAX_BYTES:
            raise NoRecording(f"'{path}' is no recording: larger than {2 * MAX_BYTES} bytes")
        with path.open("rb") as file:
            return _recorded(path, _lines(path, file))
    except OSError as error:
        raise NoRecording(f"'{path}' cannot be read: {error.strerror}") from None


def _lines(path: Path, file: Any) -> Iterator[tuple[int, Any]]:
    """The numbers and contents of lines."""
    number = 0
    while line := file.readline(MAX_LINE + 1):
        number += 1
        if len(line) > MAX_LINE:
            raise NoRecording(f"{path}:{number}: longer than {MAX_LINE} bytes")
        yield number, _content(path, number, line)


def _content(path: Path, number: int, line: bytes) -> Any:
    try:
        return orjson.loads(line)
    except ValueError:
        pass
    try:
        line.decode()
    except UnicodeDecodeError:
        raise NoRecording(f"'{path}' is no recording: line {number} is not UTF-8 text") from None
    if number > 1 and not line.endswith(b"\n"):
        raise NoRecording(
            f"{path}:{number}: the last line is cut off; delete it to use the events before it"
        )
    raise NoRecording(f"{path}:{number}: no JSON")


def _recorded(path: Path, lines: Iterator[tuple[int, Any]]) -> Recorded:
    _, first = next(lines, (1, None))
    found = first.get("soli_recording") if isinstance(first, dict) else None
    if type(found) is not int:
        raise NoRecording(f"'{path}' is no recording of `soli run --record`")
    if found not in FORMATS:
        raise NoRecording(
            f"'{path}' is a recording of format {found}; this version of Soli reads "
            f"{' and '.join(map(str, FORMATS))}"
        )
    events: list[Entry] = []
    load: dict[str, Any] = {}
    for number, entry in lines:
        fault = _fault_of(entry)
        if fault:
            raise NoRecording(f"{path}:{number}: no event of a recording: {fault}")
        if entry.get("kind") == LOAD:
            load = load or entry
        elif "full" not in entry:
            events.append(entry)
    return Recorded(_in_order(events), load, found)


def _in_order(events: list[Entry]) -> list[Entry]:
    """They are written when they end, and run in the order in which they began."""
    return sorted(events, key=lambda entry: entry.get("began", 0))


def is_entry(entry: Any) -> bool:
    """Whether *entry* is an event that can be run."""
    return not _fault_of(entry) and "full" not in entry and entry["kind"] != LOAD


def _fault_of(entry: Any) -> str:
    """What is wrong with an entry; empty when nothing is."""
    if not isinstance(entry, dict):
        return "no JSON object"
    if "full" in entry:
        return ""
    if entry.get("kind") not in (*KINDS, LOAD):
        return f"its kind is none of {', '.join((*KINDS, LOAD))}"
    wanted = _TOLD if entry["kind"] == LOAD else _WANTED | _OF_KIND.get(entry["kind"], {})
    for name, is_right in wanted.items():
        if not is_right(entry.get(name)):
            return f"'{name}' is not what it should be"
    return ""


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _path(value: Any) -> bool:
    return isinstance(value, str) and (value == "" or value[0] == "/") and value.isprintable()


def _hash(value: Any) -> bool:
    return isinstance(value, dict)


def _unless_missing(is_right: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or is_right(value)


def _pairs(value: Any) -> bool:
    return _list(value) and all(isinstance(one, list) and len(one) == 2 for one in value)


def _list(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= MAX_LIST


def _deliveries(value: Any) -> bool:
    return _pairs(value) and all(isinstance(names, list) for _, names in value)


def _number(value: Any) -> bool:
    return type(value) in (int, float)


def _times(value: Any) -> bool:
    return _list(value) and all(map(_number, value))


def _hex(value: Any) -> bool:
    try:
        return len(bytes.fromhex(value)) <= 1024
    except (TypeError, ValueError):
        return False


def _questions(value: Any) -> bool:
    return _list(value) and all(map(_question, value))


def _question(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) in (3, 4)
        and isinstance(value[0], str)
        and isinstance(value[1], list)
        and _answer(value[2])
        and all(type(one) is int for one in value[3:])
    )


def _answer(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    raised, blocks = value.get("!"), value.get("|", [])
    return (
        ("=" in value or (isinstance(raised, list) and len(raised) == 2))
        and _pairs(blocks)
        and all(isinstance(given, list) for given, _ in blocks)
    )


_TOLD = {
    "began": _unless_missing(lambda value: type(value) is int),
    "at": _unless_missing(_number),
    "seed": _unless_missing(_hex),
    "clock": _unless_missing(_times),
    "asked": _unless_missing(_questions),
}
_WANTED = {
    "connection": _text,
    "path": _path,
    "handler": _text,
    "did": _pairs,
    "sent": _deliveries,
    "error": _unless_missing(_text),
    "id": _unless_missing(_text),
    **_TOLD,
}
_OF_KIND: dict[str, dict[str, Callable[[Any], bool]]] = {
    CONNECT: {"query": _hash, "headers": _hash},
    REQUEST: {"method": _text, "query": _text, "headers": _hash},
    JOB: {"id": _text},
}

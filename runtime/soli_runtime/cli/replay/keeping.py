"""`soli replay FILE PATH --keep N`: what led to an event, and what came of it, as a spec."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

from soli_lang.tools.literals import string_literal

from ...observing.traces import CONNECT, DISCONNECT, JOB, MESSAGE
from ...recordings.entries import Entry
from ...recordings.plain_values import value_of
from ...recordings.reading import Recorded
from ..exits import UsageError
from .replaying import SAFE_IN_PATHS, pairs

MOST_CLIENTS = 8
"""Of a spec; the one whose event it is is always among them."""
ABNORMAL = 1006


def inputs_of(recorded: Recorded, number: int) -> list[str]:
    """The inputs of a REPL that do again what led to event *number*. Raises UsageError."""
    events = recorded.events
    numbers = [entry.get("number", place) for place, entry in enumerate(events, 1)]
    if number not in numbers:
        raise UsageError(f"--keep {number}: there is no such event; there are {_range(numbers)}")
    index = numbers.index(number)
    wanted = events[index]
    if wanted["kind"] == JOB or not wanted["connection"]:
        raise UsageError(f"--keep {number}: only events of connections become specs")
    led = events[: index + 1]
    connects = {_whose(one) for one in led if one["kind"] == CONNECT}
    own = _whose(wanted)
    if own not in connects:
        raise UsageError(f"--keep {number}: its client connected before the first event kept")
    others = _others(wanted, led, connects)
    chosen = {own, *others[-(MOST_CLIENTS - 1) :]}
    return list(_inputs([one for one in led if _whose(one) in chosen]))


def _range(numbers: list[int]) -> str:
    return f"{min(numbers)} to {max(numbers)}" if numbers else "none"


def _whose(entry: Entry) -> str:
    return str(entry.get("whose") or entry["connection"])


def _others(wanted: Entry, led: list[Entry], connects: set[str]) -> list[str]:
    """Who was there with it."""
    scene = wanted.get("scene")
    if isinstance(scene, dict):
        there = {place.get("id") for place in scene.get("connections", ())}
    else:
        gone = {_whose(one) for one in led if one["kind"] == DISCONNECT}
        there = connects - gone
    own = _whose(wanted)
    return [one for one in dict.fromkeys(map(_whose, led)) if one in there & connects - {own}]


def _inputs(events: list[Entry]) -> Iterator[str]:
    names: dict[str, str] = {}
    for entry in events:
        whose, kind = _whose(entry), entry["kind"]
        if kind == CONNECT:
            names[whose] = f"client{len(names) + 1}"
            yield f"{names[whose]} = ws_connect({string_literal(_target(entry))})"
        elif whose not in names:
            continue
        elif kind == MESSAGE and isinstance(entry.get("message"), str):
            yield f"{names[whose]}.send({string_literal(entry['message'])})"
        elif kind == MESSAGE:
            yield f"{names[whose]}.send(Base64.decode({string_literal(str(entry.get('binary')))}))"
        elif kind == DISCONNECT:
            lost = entry.get("code") == ABNORMAL
            yield f"{names[whose]}.{'drop' if lost else 'close'}()"


def _target(entry: Entry) -> str:
    path = quote(entry["path"], safe=SAFE_IN_PATHS)
    query: Any = value_of(entry["query"])
    shown = urlencode(list(pairs(query)))
    return f"{path}?{shown}" if shown else path

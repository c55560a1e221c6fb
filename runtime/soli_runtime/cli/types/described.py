"""The WebSocket routes of an app and the messages that their handlers declare."""

from __future__ import annotations

import re
from typing import NamedTuple

from ...loading.app import App
from ...routing.messages import Declarations, declared_in
from ...routing.routes import WEBSOCKET, parse_pattern

_WORDS = re.compile(r"[^A-Za-z0-9]+")


class Socket(NamedTuple):
    """A route, and what clients may send to it."""

    name: str
    """Of its types: `ChatHandle`."""
    pattern: str
    parameters: tuple[str, ...]
    target: str
    declared: Declarations


def sockets_of(app: App) -> list[Socket]:
    """The WebSocket routes of *app*, in their order."""
    found: list[Socket] = []
    taken: set[str] = set()
    for method, pattern, target in app.table:
        if method != WEBSOCKET:
            continue
        handler = target.handler
        file = "" if handler.source is None else handler.source.name
        name = _unused(_name_of(handler.name), taken)
        names = tuple(parse_pattern(pattern).names)
        declared = declared_in(app.interpreter.machine, file)
        found.append(Socket(name, pattern, names, handler.name, declared))
    return found


def _name_of(target: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in _WORDS.split(target) if part)


def _unused(name: str, taken: set[str]) -> str:
    number, unused = 2, name
    while unused in taken:
        unused, number = f"{name}{number}", number + 1
    taken.add(unused)
    return unused

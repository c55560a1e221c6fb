"""Routes and rules as a program declared them, before anything is checked."""

from __future__ import annotations

from typing import Any

from soli_lang.base.records import Record

GATE = "authenticate"
"""What runs before a handler and is no middleware: it says who sent the request."""


class Declared(Record, frozen=True):
    """One route as the program declared it."""

    method: str
    """`GET`, … or `WEBSOCKET`."""
    pattern: str
    """With the prefixes of the blocks around it."""
    target: str
    """`"controller#action"`."""
    written: str
    """The first argument of the declaration as the program wrote it."""
    middleware: tuple[str, ...] = ()
    is_optional: bool = False
    """True for the routes of `resources`: of those, the controller defines what it has."""
    protocols: tuple[str, ...] = ()
    """The subprotocols that a WebSocket route speaks."""
    is_open: bool = False
    """Whether `middleware([])` around it says that nothing guards it on purpose."""


class CorsRule(Record, frozen=True):
    """`cors(pattern, options)`."""

    pattern: str
    options: dict[str, Any]

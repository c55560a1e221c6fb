"""The Hash that a handler gets (docs/spec §W3).

What stays the same for a connection is prepared once. Every event gets dicts of its own, real
dicts and not clever ones, because a handler may change what it gets and the next event must not
show it. Copying small flat dicts costs less than anything that would notice a change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .effects import ConnectionId

PARTS = ("connection_id", "params", "query", "headers")
"""The keys of an event whose values are the same for all events of a connection."""

new_message: Callable[[], dict[str, Any]] = {"type": "message", "message": ""}.copy
"""A message event without any of `PARTS`: to copy a Hash costs half of making one."""


class Events:
    """Makes the events of one connection.

    *params*, *query* and *headers* must not be changed by the caller afterwards; header names
    are in lower case. Values of *query* may be nested (Arrays and Hashes).
    """

    __slots__ = ("_headers", "_params", "_query", "_query_is_flat", "connection_id")

    protocol: str | None = None
    """The subprotocol that was agreed to; see `ProtocolEvents`."""

    def __init__(
        self,
        connection_id: ConnectionId,
        params: Mapping[str, str],
        query: Mapping[str, Any],
        headers: Mapping[str, str],
    ) -> None:
        self.connection_id = connection_id
        self._params = dict(params)
        self._query = dict(query)
        self._headers = dict(headers)
        self._query_is_flat = all(type(value) is str for value in query.values())

    def header(self, name: str) -> str:
        """A header of the upgrade request, by its name in lower case; empty without it."""
        return self._headers.get(name, "")

    def connect(self) -> dict[str, Any]:
        """The first event of a connection."""
        return {
            "type": "connect",
            "connection_id": self.connection_id,
            "params": self._params.copy(),
            "query": self._query.copy() if self._query_is_flat else copy_value(self._query),
            "headers": self._headers.copy(),
        }

    def message(self, text: str, parts: tuple[str, ...] = PARTS) -> dict[str, Any]:
        """A text message arrived. Only those of `PARTS` that are in *parts* are filled in."""
        event = new_message()
        if "connection_id" in parts:
            event = {"type": "message", "connection_id": self.connection_id}
        event["message"] = text
        if parts:
            self._add_parts(event, parts)
        return event

    def _add_parts(self, event: dict[str, Any], parts: tuple[str, ...]) -> None:
        if "params" in parts:
            event["params"] = self._params.copy()
        if "query" in parts:
            event["query"] = self._query.copy() if self._query_is_flat else copy_value(self._query)
        if "headers" in parts:
            event["headers"] = self._headers.copy()

    def binary(self, data: bytes, parts: tuple[str, ...] = PARTS) -> dict[str, Any]:
        """A binary message arrived."""
        event = self.message("", parts)
        event["message"] = data
        event["binary"] = True
        return event

    def disconnect(self, code: int, reason: str) -> dict[str, Any]:
        """The last event: *code* is 1006 when the line just broke."""
        event = self.connect()
        event["type"] = "disconnect"
        event["code"] = code
        event["reason"] = reason
        return event

    def describe(self) -> dict[str, Any]:
        """The part that `current_connection()` shares with events, as fresh values."""
        event = self.connect()
        del event["type"]
        return event


class ProtocolEvents(Events):
    """The events of a connection that agreed to a subprotocol: they name it under `protocol`.

    A class of its own, so that those of all other connections do not ask themselves.
    """

    __slots__ = ("protocol",)

    def __init__(
        self,
        connection_id: ConnectionId,
        params: Mapping[str, str],
        query: Mapping[str, Any],
        headers: Mapping[str, str],
        protocol: str,
    ) -> None:
        super().__init__(connection_id, params, query, headers)
        self.protocol = protocol

    def connect(self) -> dict[str, Any]:
        """The first event of a connection."""
        event = super().connect()
        event["protocol"] = self.protocol
        return event

    def message(self, text: str, parts: tuple[str, ...] = PARTS) -> dict[str, Any]:
        """A text message arrived."""
        event = super().message(text, parts)
        event["protocol"] = self.protocol
        return event


def copy_value(value: Any) -> Any:
    """A copy of nested Hashes and Arrays (a parsed query: its depth is bounded)."""
    kind = type(value)
    if kind is dict:
        return {key: copy_value(item) for key, item in value.items()}
    if kind is list:
        return [copy_value(item) for item in value]
    return value

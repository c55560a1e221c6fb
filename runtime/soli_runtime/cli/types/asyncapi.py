"""A description of the sockets in AsyncAPI 3.0, which other tools make documentation and code of.

https://www.asyncapi.com/docs/reference/specification/v3.0.0
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from .described import Socket
from .schemas import Schema, schema_of

VERSION = "3.0.0"
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")
_SEGMENT = re.compile(r"[:*]([A-Za-z_]\w*)")

_REF: Schema = {"type": ["string", "integer"]}
_PRESENCES: Schema = {
    "type": "object",
    "additionalProperties": {
        "type": "object",
        "properties": {"metas": {"type": "array", "items": {"type": "object"}}},
        "required": ["metas"],
    },
}
_INVALID: Schema = {
    "type": "object",
    "properties": {
        "reason": {"const": "invalid"},
        "errors": {"type": "object", "additionalProperties": {"type": "string"}},
    },
    "required": ["reason", "errors"],
}


def _message(event: str, payload: Schema, **more: Schema) -> dict[str, Any]:
    properties = {"event": {"const": event}, "payload": payload, **more}
    schema = {"type": "object", "properties": properties, "required": ["event", "payload"]}
    return {"name": event, "payload": schema}


_REPLY: Schema = {
    "type": "object",
    "properties": {"status": {"enum": ["ok", "error"]}, "response": {}},
    "required": ["status", "response"],
}
_DIFF: Schema = {
    "type": "object",
    "properties": {"joins": _PRESENCES, "leaves": _PRESENCES},
    "required": ["joins", "leaves"],
}
_SENT = {
    "invalid": _message("invalid", _INVALID),
    "phx_reply": _message("phx_reply", _REPLY, ref=_REF),
    "presence_state": _message("presence_state", _PRESENCES, channel={"type": "string"}),
    "presence_diff": _message("presence_diff", _DIFF, channel={"type": "string"}),
}
"""Messages that Soli sends by itself."""


def asyncapi(sockets: Iterable[Socket], title: str, version: str) -> dict[str, Any]:
    """The document for *sockets*."""
    listed = list(sockets)
    return {
        "asyncapi": VERSION,
        "info": {"title": title, "version": version},
        "defaultContentType": "application/json",
        "channels": {one.name: _channel(one) for one in listed},
        "operations": {
            name: operation for one in listed for name, operation in _operations(one).items()
        },
        "components": {"messages": _SENT},
    }


def _channel(socket: Socket) -> dict[str, Any]:
    messages: dict[str, Any] = {
        key: _message(event, schema_of(socket.declared[event].fields), ref=_REF)
        for key, event in _keys(socket).items()
    }
    messages |= {name: {"$ref": f"#/components/messages/{name}"} for name in _SENT}
    channel = {
        "address": _SEGMENT.sub(r"{\1}", socket.pattern),
        "title": socket.target,
        "messages": messages,
        "bindings": {"ws": {"bindingVersion": "0.1.0"}},
    }
    if socket.parameters:
        channel["parameters"] = {name: {} for name in socket.parameters}
    return channel


def _keys(socket: Socket) -> dict[str, str]:
    """Key of a message in the document -> its event."""
    found: dict[str, str] = {}
    for event in socket.declared:
        key = _UNSAFE.sub("_", event)
        while key in found or key in _SENT:
            key += "_"
        found[key] = event
    return found


def _operations(socket: Socket) -> dict[str, Any]:
    """What the app receives, if it declares anything, and what it sends."""
    channel = f"#/channels/{socket.name}"

    def operation(action: str, names: Iterable[str]) -> dict[str, Any]:
        messages = [{"$ref": f"{channel}/messages/{name}"} for name in names]
        return {"action": action, "channel": {"$ref": channel}, "messages": messages}

    found = {f"{socket.name}.send": operation("send", _SENT)}
    if socket.declared:
        found[f"{socket.name}.receive"] = operation("receive", _keys(socket))
    return found

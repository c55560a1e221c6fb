"""Declarations for TypeScript: one type for the messages of each socket."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from .described import Socket
from .schemas import Schema, schema_of

_IDENTIFIER = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*\Z")
_WORDS = {
    "string": "string",
    "integer": "number",
    "number": "number",
    "boolean": "boolean",
    "null": "null",
}

_HEAD = """\
// Written by `soli types`: the next run overwrites it.

/** What bears a reply, if a message has one. */
export type Ref = string | number

/** The reply to a message with a `ref`. */
export interface Reply<Response = unknown> {
  event: "phx_reply"
  ref: Ref
  payload: { status: "ok"; response: Response } | { status: "error"; response: unknown }
}

/** Why a message was refused: the fields, and what is wrong with them. */
export interface Invalid {
  reason: "invalid"
  errors: Record<string, string>
}

/** What a client gets for a message without a `ref` that was refused. */
export interface InvalidMessage {
  event: "invalid"
  payload: Invalid
}

export interface PresenceMeta {
  phx_ref: string
  state: string
  [key: string]: unknown
}

export type Presences = Record<string, { metas: PresenceMeta[] }>

export interface PresenceState {
  event: "presence_state"
  payload: Presences
  channel?: string
}

export interface PresenceDiff {
  event: "presence_diff"
  payload: { joins: Presences; leaves: Presences }
  channel?: string
}

/** A declared message, with its fields in `payload`. */
export interface Message<Event extends string, Payload> {
  event: Event
  payload: Payload
  ref?: Ref
}
"""


def typescript(sockets: Iterable[Socket]) -> str:
    """The file `app.d.ts` for *sockets*."""
    listed = list(sockets)
    parts = [_HEAD, *map(_events, listed)]
    rows = "".join(f"  {_quoted(one.pattern)}: {one.name}Events\n" for one in listed)
    parts.append(
        f"/** Route -> the payloads of its events. */\nexport interface Sockets {{\n{rows}}}\n"
    )
    parts.append(
        "/** What clients send to a route, of what is declared. */\n"
        "export type MessageTo<Route extends keyof Sockets> = {\n"
        "  [Event in keyof Sockets[Route] & string]: Message<Event, Sockets[Route][Event]>\n"
        "}[keyof Sockets[Route] & string]\n"
    )
    return "\n".join(parts)


def _events(socket: Socket) -> str:
    rows = "".join(
        f"  {_key(event)}: {_type(schema_of(one.fields), 1)}\n"
        for event, one in socket.declared.items()
    )
    where = _quoted(socket.pattern).replace("*/", "* /")
    comment = f"/** Payloads by event, to {where} ({socket.target}). */"
    return f"{comment}\nexport interface {socket.name}Events {{\n{rows}}}\n"


def _key(name: str) -> str:
    return name if _IDENTIFIER.match(name) else _quoted(name)


def _quoted(text: str) -> str:
    return json.dumps(text)


def _type(schema: Schema, depth: int) -> str:
    if "enum" in schema:
        return " | ".join(_quoted(one) for one in schema["enum"])
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return " | ".join(_of_kind(one, schema, depth) for one in types)


def _of_kind(kind: str, schema: Schema, depth: int) -> str:
    if kind == "array":
        return f"Array<{_type(schema['items'], depth)}>" if "items" in schema else "unknown[]"
    if kind != "object":
        return _WORDS[kind]
    if "properties" not in schema:
        return "Record<string, unknown>"
    return _object(schema, depth)


def _object(schema: dict[str, Any], depth: int) -> str:
    if not schema["properties"]:
        return "Record<string, never>"
    required = set(schema.get("required", ()))
    indent = "  " * (depth + 1)
    rows = [
        f"{indent}{_key(name)}{'' if name in required else '?'}: {_type(one, depth + 1)}\n"
        for name, one in schema["properties"].items()
    ]
    return "{\n" + "".join(rows) + "  " * depth + "}"

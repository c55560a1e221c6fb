"""Traces as entries of a recording: plain data, masked, with short names for connections."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from typing import Any

from ..observing.traces import (
    CONNECT,
    DISCONNECT,
    JOB,
    MESSAGE,
    REQUEST,
    ActionTaken,
    Trace,
    Warned,
)
from ..observing.traces import HelperCalled as Helper
from .masks import Masks
from .plain_values import plain
from .reaching_out import is_acting

KINDS = (CONNECT, MESSAGE, DISCONNECT, REQUEST, JOB)
"""What is kept: the events of connections, requests that an action answers, and jobs."""

_SNAPSHOT = '{"event":"presence_state"'

Entry = dict[str, Any]


class Entries:
    """Makes the entries of one recording."""

    def __init__(self, masks: Masks | None = None, names: dict[str, str] | None = None) -> None:
        self.masks = masks
        """None: nothing is masked."""
        self.names = {} if names is None else names
        """Those of connections, by their ids."""

    def name_of(self, connection_id: str) -> str:
        """`c1`, `c2`, … in the order in which they are met."""
        return self.names.setdefault(connection_id, f"c{len(self.names) + 1}")

    def is_kept(self, trace: Trace) -> bool:
        """Whether there is an entry of it."""
        return trace.kind in KINDS and (trace.kind != REQUEST or "request" in trace.details)

    def entry(self, trace: Trace) -> Entry:
        """What is kept of an event."""
        name = self.name_of(trace.connection_id) if trace.connection_id else ""
        entry: Entry = {
            "kind": trace.kind,
            "at": round(trace.at, 3),
            "connection": name,
            "path": trace.path,
            "handler": trace.handler,
        }
        _ADD[trace.kind](entry, trace)
        if trace.tape is not None:
            entry |= trace.tape.entry()
        entry["error"] = None if trace.error is None else first_line(trace.error)
        entry["did"] = self._did(trace)
        entry["sent"] = self._sent(trace)
        return entry if self.masks is None else self.masks.entry(entry)

    def _did(self, trace: Trace) -> list[list[str]]:
        found = []
        for part in trace.parts:
            if isinstance(part, ActionTaken):
                found.append([part.key, self._shown(part.text)])
            elif isinstance(part, Helper):
                found.append([part.name, self._shown(part.text)])
            elif isinstance(part, Warned):
                found.append(["warning", part.text])
        return found

    def _sent(self, trace: Trace) -> list[list[Any]]:
        """Payloads with their recipients.

        A snapshot that refreshes device counts is left out: when it comes depends on the clock.
        """
        is_entering = trace.kind == CONNECT or any(one.key == "join" for one in trace.actions)
        found = []
        for part in trace.deliveries:
            payload = part.payload
            text = payload if isinstance(payload, str) else f"({len(payload)} bytes)"
            if text.startswith(_SNAPSHOT) and not is_entering:
                continue
            names = [self.name_of(one) for one in part.recipients]
            found.append([self._shown(text), names])
        return found

    def _shown(self, text: str) -> str:
        for connection_id, name in self.names.items():
            if connection_id in text:
                text = text.replace(connection_id, name)
        return text


def _add_connect(entry: Entry, trace: Trace) -> None:
    entry["id"] = trace.connection_id
    entry["user"] = plain(trace.user)
    entry["query"] = plain(trace.details.get("query", {}))
    entry["headers"] = plain(trace.details.get("headers", {}))


def _add_message(entry: Entry, trace: Trace) -> None:
    message = trace.message
    if isinstance(message, bytes):
        entry["binary"] = base64.b64encode(message).decode()
    else:
        entry["message"] = message or ""


def _add_disconnect(entry: Entry, trace: Trace) -> None:
    entry["code"], entry["reason"] = trace.code, trace.reason


def _add_request(entry: Entry, trace: Trace) -> None:
    raw = trace.details["request"]
    entry["method"], entry["query"] = raw.method, raw.query_string
    entry["headers"], entry["status"] = dict(raw.headers), trace.status
    entry["path"] = raw.path
    try:
        entry["body"] = raw.body.decode()
    except UnicodeDecodeError:
        entry["binary"] = base64.b64encode(raw.body).decode()


def _add_job(entry: Entry, trace: Trace) -> None:
    entry["id"], entry["attempts"] = trace.details.get("id", ""), trace.details.get("attempts", 0)
    entry["args"] = plain(trace.details.get("args"))


_ADD = {
    CONNECT: _add_connect,
    MESSAGE: _add_message,
    DISCONNECT: _add_disconnect,
    REQUEST: _add_request,
    JOB: _add_job,
}


def first_line(error: BaseException) -> str:
    """What went wrong, without the place: that moves with every edit."""
    return str(getattr(error, "message", "") or error).split("\n")[0]


_VARIABLE = (
    (re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"), "ID"),
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?"), "TIME"),
    (re.compile(r"\b1[5-9]\d{8}(?:\d{3})?(?:\.\d+)?\b"), "TIME"),
    (re.compile(r'("phx_ref(?:_prev)?": ?")\d+"'), r'\1REF"'),
)
_REFS = _VARIABLE[-1:]
"""What varies where clock, ids and randomness are recorded."""


def comparable(text: str, *, is_whole: bool = False) -> str:
    """*text* without the ids and times of its run; *is_whole*: those were recorded."""
    for pattern, stand in _REFS if is_whole else _VARIABLE:
        text = pattern.sub(stand, text)
    return text


def lines_of(entry: Entry, *, is_whole: bool = False) -> list[str]:
    """What an event did, line by line, to be compared.

    *is_whole*: what it was told from outside is recorded, and what it asked is compared as well.
    """

    def shown(text: Any) -> str:
        return comparable(str(text), is_whole=is_whole)

    lines = [f"handler  {entry['handler']}"]
    if entry["kind"] == DISCONNECT:
        lines.append(f"close    {entry.get('code')} {entry.get('reason', '')}".rstrip())
    if entry["kind"] == REQUEST:
        lines.append(f"status   {entry.get('status')}")
    if is_whole:
        lines += [shown(line) for line in _asked_lines(entry.get("asked", ()))]
    lines += [f"{key:<8} {shown(text)}" for key, text in entry["did"]]
    for text, names in entry["sent"]:
        lines += [f"{name} ←  {shown(text)}" for name in names]
    if entry.get("error") is not None:
        lines.append(f"error    {entry['error']}")
    return lines


def _asked_lines(asked: Iterable[list[Any]]) -> Iterable[str]:
    """What it did outside; to look there is not to do something."""
    from json import dumps

    for name, arguments, *_ in asked:
        if is_acting(name):
            given = ", ".join(dumps(one, ensure_ascii=False)[:500] for one in arguments)
            yield f"calls    {name} {given}".rstrip()

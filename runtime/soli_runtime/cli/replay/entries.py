"""Traces as entries of a recording: plain data, redacted, with short names for connections."""

from __future__ import annotations

import base64
import re
from typing import Any

from ...observing.redacting import redacted, redacted_text
from ...observing.traces import CONNECT, DISCONNECT, MESSAGE, ActionTaken, Trace, Warned
from ...observing.traces import HelperCalled as Helper

KINDS = (CONNECT, MESSAGE, DISCONNECT)
"""What is kept: the events of connections."""

_SNAPSHOT = '{"event":"presence_state"'

Entry = dict[str, Any]


class Entries:
    """Makes the entries of one recording."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def name_of(self, connection_id: str) -> str:
        """`c1`, `c2`, … in the order in which they are met."""
        return self._names.setdefault(connection_id, f"c{len(self._names) + 1}")

    def entry(self, trace: Trace) -> Entry:
        """What is kept of an event."""
        entry: Entry = {
            "kind": trace.kind,
            "at": round(trace.at, 3),
            "connection": self.name_of(trace.connection_id),
            "path": trace.path,
            "handler": trace.handler,
        }
        if trace.kind == CONNECT:
            entry["user"] = redacted(trace.user)
            entry["query"] = redacted(trace.details.get("query", {}))
            entry["headers"] = redacted(trace.details.get("headers", {}))
        elif trace.kind == MESSAGE:
            self._add_message(entry, trace.message)
        elif trace.kind == DISCONNECT:
            entry["code"], entry["reason"] = trace.code, trace.reason
        entry["error"] = None if trace.error is None else first_line(trace.error)
        entry["did"] = self._did(trace)
        entry["sent"] = self._sent(trace)
        return entry

    def _add_message(self, entry: Entry, message: str | bytes | None) -> None:
        if isinstance(message, bytes):
            entry["binary"] = base64.b64encode(message).decode()
        else:
            entry["message"] = redacted_text(message or "")

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
        for connection_id, name in self._names.items():
            if connection_id in text:
                text = text.replace(connection_id, name)
        return redacted_text(text)


def first_line(error: BaseException) -> str:
    """What went wrong, without the place: that moves with every edit."""
    return str(getattr(error, "message", "") or error).split("\n")[0]


_VARIABLE = (
    (re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"), "ID"),
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?"), "TIME"),
    (re.compile(r"\b1[5-9]\d{8}(?:\d{3})?(?:\.\d+)?\b"), "TIME"),
    (re.compile(r'("phx_ref(?:_prev)?": ?")\d+"'), r'\1REF"'),
)


def comparable(text: str) -> str:
    """*text* without the ids and times of its run."""
    for pattern, stand in _VARIABLE:
        text = pattern.sub(stand, text)
    return text


def lines_of(entry: Entry) -> list[str]:
    """What an event did, line by line, to be compared."""
    lines = [f"handler  {entry['handler']}"]
    if entry["kind"] == DISCONNECT:
        lines.append(f"close    {entry.get('code')} {entry.get('reason', '')}".rstrip())
    lines += [f"{key:<8} {comparable(str(text))}" for key, text in entry["did"]]
    for text, names in entry["sent"]:
        lines += [f"{name} ←  {comparable(str(text))}" for name in names]
    if entry.get("error") is not None:
        lines.append(f"error    {entry['error']}")
    return lines

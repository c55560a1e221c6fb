"""Traces as entries of a recording: plain data, redacted, with short names for connections."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

from ...observing.traces import CONNECT, DISCONNECT, MESSAGE, ActionTaken, Trace, Warned
from ...observing.traces import HelperCalled as Helper

KINDS = (CONNECT, MESSAGE, DISCONNECT)
"""What is kept: the events of connections."""

REDACTED = "[redacted]"
_SECRET = re.compile(
    r"cookie|authorization|token|password|passwd|secret|api[-_]?key|csrf|credential|session",
    re.IGNORECASE,
)
_PAIR = re.compile(r"\"([^\"\\]*)\": ?\"((?:[^\"\\]|\\.)*)\"")
_SNAPSHOT = '{"event":"presence_state"'

Entry = dict[str, Any]


def is_secret(name: str) -> bool:
    """Whether what stands under *name* is nobody else's business."""
    return _SECRET.search(name) is not None


def redacted(value: Any, name: str = "") -> Any:
    """A copy of *value* as JSON can hold it, with secrets taken out by their names."""
    if name and is_secret(name) and value is not None:
        return REDACTED
    if isinstance(value, dict):
        return {str(key): redacted(item, str(key)) for key, item in value.items()}
    if isinstance(value, list):
        return [redacted(item) for item in value]
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def redacted_text(text: str) -> str:
    """A message or written value, with secrets taken out of the Hashes in it."""
    try:
        value = json.loads(text)
    except ValueError:
        return _PAIR.sub(_without_secret, text)
    if not isinstance(value, dict | list):
        return text
    again = redacted(value)
    return text if again == value else json.dumps(again, ensure_ascii=False)


def _without_secret(pair: re.Match[str]) -> str:
    return f'"{pair[1]}": "{REDACTED}"' if is_secret(pair[1]) else pair[0]


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

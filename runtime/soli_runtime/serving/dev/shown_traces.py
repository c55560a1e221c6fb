"""Traces as plain data of bounded size, for the dashboard."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from ...observing.traces import (
    ActionTaken,
    Closing,
    Delivered,
    HelperCalled,
    Part,
    Printed,
    Trace,
    Warned,
)
from .lines import error_text, first_line, message_text

MAX_TEXT = 2000
"""Characters of one text of an event."""

MAX_PARTS = 40
"""Actions, calls and deliveries of one event that are kept; of further ones their number."""

MAX_RECIPIENTS = 8
"""Recipients of one delivery that are named."""

MAX_TRACE = 12_000
"""Characters of the texts of one event together: a page gets all that are kept when it opens."""

MAX_ERROR = 8000

ShownTrace = dict[str, Any]
Redact = Callable[[str], str]


class ShownTraces:
    """Makes entries; *redact* takes out of a text what nobody shall see."""

    def __init__(self, redact: Redact) -> None:
        self._redact = redact
        self._numbers = itertools.count(1)
        self._left = 0

    def entry(self, trace: Trace) -> ShownTrace:
        """What the dashboard shows of a trace."""
        self._left = MAX_TRACE
        message = None if trace.message is None else self._shown(trace.message)
        entry: ShownTrace = {
            "kind": "event",
            "number": next(self._numbers),
            "at": trace.at,
            "event": trace.kind,
            "method": trace.method,
            "path": trace.path[:MAX_TEXT],
            "handler": trace.handler,
            "connection": trace.connection_id,
            "ms": round(trace.seconds * 1000, 2),
            "steps": trace.steps,
            "status": trace.status,
            "code": trace.code,
            "reason": f"{trace.reason} {trace.text}".strip()[:MAX_TEXT],
            "parts": [self._part(part) for part in trace.parts[:MAX_PARTS]],
            "more": max(0, len(trace.parts) - MAX_PARTS),
            "sent": sum(len(part.recipients) for part in trace.deliveries),
        }
        if message is not None:
            entry["message"] = message
        if trace.error is not None:
            entry["failed"] = first_line(trace.error)[:MAX_TEXT]
            entry["error"] = error_text(trace.error)[:MAX_ERROR]
        return entry

    def _part(self, part: Part) -> list[Any]:
        """What it is, its name, its text, and the connections concerned."""
        if isinstance(part, ActionTaken):
            return ["action", part.key, self._shown(part.text), []]
        if isinstance(part, HelperCalled):
            return ["helper", part.name, self._shown(part.text), []]
        if isinstance(part, Delivered):
            names = list(part.recipients[:MAX_RECIPIENTS])
            return ["sent", len(part.recipients), self._shown(part.payload), names]
        if isinstance(part, Closing):
            return ["closing", part.code, part.reason, [part.connection_id]]
        if isinstance(part, Printed):
            return ["printed", "", self._shown(part.text), []]
        assert isinstance(part, Warned)
        return ["warning", "", part.text[:MAX_TEXT], []]

    def _shown(self, text: str | bytes) -> str:
        # Redacted before it is cut: what is cut can no longer be read as JSON.
        whole = self._redact(text) if isinstance(text, str) else text
        shown = message_text(whole, min(MAX_TEXT, max(self._left, 0)))
        self._left -= len(shown)
        return shown

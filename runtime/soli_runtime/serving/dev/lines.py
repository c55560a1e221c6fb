"""Traces as one line each for the terminal of `soli run --dev`."""

from __future__ import annotations

import time

from soli_lang.base.errors import SoliError, render

from ...core.actions import ActionError
from ...observing.printable import one_line
from ...observing.traces import (
    AUTHENTICATE,
    DISCONNECT,
    INPUT,
    OUTSIDE,
    REFUSAL,
    REQUEST,
    HelperCalled,
    Trace,
    Warned,
)

MAX_EVENT = 400
"""Characters of the message that are shown of an event which failed."""


def line_of(trace: Trace) -> str | None:
    """What happened, on one line; None where nobody did anything."""
    if trace.kind in (INPUT, OUTSIDE, AUTHENTICATE):
        return None
    kind = trace.method if trace.kind == REQUEST else trace.kind
    words = [f"{_clock(trace.at)} {kind:<10} {trace.path}", trace.handler]
    if trace.kind in (REQUEST, REFUSAL):
        words.append(str(trace.status))
    if trace.kind == REFUSAL:
        words.append(f"{trace.reason}: {trace.text}" if trace.text else trace.reason)
    if trace.kind == DISCONNECT:
        words.append(f"{trace.code} {trace.reason}".strip())
    words += [trace.cost, *_what_followed(trace)]
    if trace.error is not None:
        words.append(f"FAILED: {first_line(trace.error)}")
    return one_line("   ".join(word for word in words if word))


def _what_followed(trace: Trace) -> list[str]:
    did = [part.key for part in trace.actions]
    did += [part.name for part in trace.parts if isinstance(part, HelperCalled)]
    sent = sum(len(part.recipients) for part in trace.deliveries)
    return [", ".join(did), f"{sent} sent" if sent else ""]


def event_of(trace: Trace, most: int = MAX_EVENT) -> str:
    """The event that caused a failure: its kind, path and message."""
    if trace.kind == REQUEST:
        return one_line(f"{trace.method} {trace.path}")
    text = f"{trace.kind} {trace.path or trace.handler}"
    if trace.message is not None:
        text += f": {message_text(trace.message, most)}"
    return one_line(text)


def message_text(message: str | bytes, most: int) -> str:
    """A message of a client, at most *most* characters of it."""
    text = (
        message if isinstance(message, str) else f"({len(message)} bytes) {message[:32].hex(' ')}"
    )
    return text if len(text) <= most else f"{text[:most]}… ({len(text)} characters)"


def error_text(error: BaseException) -> str:
    """What went wrong, with source, caret and Soli backtrace where it has them."""
    if isinstance(error, ActionError):  # of a value, which has no place in the program
        hint = f" ({error.hint})" if error.hint else ""
        return f"wrong action: {error.message}{hint}; no action of this return is applied"
    if isinstance(error, SoliError):
        return render(error)
    return f"internal error: {type(error).__name__}: {error}"


def first_line(error: BaseException) -> str:
    """The message of an error without its place."""
    return str(getattr(error, "message", "") or error).split("\n")[0]


def warnings_of(trace: Trace) -> list[Warned]:
    """What the author should know."""
    return [part for part in trace.parts if isinstance(part, Warned)]


def _clock(at: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(at))

"""A counterexample as a story of clients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .steps import (
    BACK,
    BACK_IS_WHOLE,
    CLOSE,
    CONNECT,
    DROP,
    LEAVE,
    MIRRORS,
    PASS,
    READ_ON,
    RELOAD,
    RESTART,
    SEND,
    STALL,
    TAB,
    Step,
)

MOST_CHARACTERS = 120


def story(steps: Sequence[Step]) -> list[str]:
    """One line for each step."""
    return [line_of(step) for step in steps]


def line_of(step: Step) -> str:
    """What happens, as a sentence without a full stop."""
    if step.kind == CONNECT:
        return _connects(step)
    if step.kind == SEND:
        ending = "" if step.waits else ", and nobody waits for it"
        return f"{step.client} sends {shown(step.value)}{ending}"
    if step.kind == TAB:
        return f"{step.client} connects in a second tab of {step.value}"
    if step.kind == PASS:
        return f"{step.value:g} seconds pass at once"
    return _LINES[step.kind].format(step.client)


_LINES = {
    CLOSE: "{} closes the connection",
    DROP: "the line of {} breaks",
    BACK: "{} comes back",
    BACK_IS_WHOLE: "{} is where a new client would be",
    MIRRORS: "it is judged what clients know",
    STALL: "{} reads nothing more",
    READ_ON: "{} reads on",
    RELOAD: "the program is loaded anew",
    RESTART: "the app is restarted",
    LEAVE: "all clients leave",
}


def _connects(step: Step) -> str:
    ticket = step.value
    extras = []
    if ticket.session is not None:
        extras.append(f"with the session {shown(dict(ticket.session))}")
    if ticket.headers:
        extras.append(f"with the headers {shown(dict(ticket.headers))}")
    if ticket.resumes:
        extras.append("able to resume")
    return ", ".join([f"{step.client} connects to {ticket.target}", *extras])


def shown(value: Any) -> str:
    """A message, cut where it is long."""
    if isinstance(value, bytes):
        return f"the {len(value)} bytes {value[:16].hex(' ')}{' ...' if len(value) > 16 else ''}"
    text = value if isinstance(value, str) else repr(value)
    if not text:
        return "an empty message"
    size = len(text)
    return text if size <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]}... ({size} characters)"

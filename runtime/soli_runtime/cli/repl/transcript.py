"""Traces as lines for people: the event, its actions, and what every client received."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import NamedTuple

from soli_lang.base.errors import SoliError, render

from ...core.actions import ActionError
from ...observing.printable import one_line
from ...observing.traces import (
    AUTHENTICATE,
    DISCONNECT,
    INPUT,
    JOB,
    MESSAGE,
    OUTSIDE,
    REFUSAL,
    REQUEST,
    ActionTaken,
    Closing,
    Delivered,
    HelperCalled,
    Part,
    Printed,
    Trace,
    Warned,
)

MAX_RECIPIENTS = 12
"""Connections that get a line each; of more it is said how many they are."""

NameOf = Callable[[str], str]
"""What a connection is called, by its id."""
Paint = Callable[[str, str], str]
"""Gives a text the colour of a connection (by its id), of HEAD or of FAULT."""
HEAD, FAULT = "head", "fault"


def _plain(what: str, text: str) -> str:
    return text


class Line(NamedTuple):
    """A line, and what of it is painted how."""

    text: str
    painted: int = 0
    """Characters from the beginning that have a colour."""
    colour: str = ""
    """As for `Paint`."""


class Transcript:
    """Writes traces, each line shortened to the terminal unless `is_full`."""

    def __init__(
        self, name_of: NameOf, paint: Paint = _plain, *, with_messages: bool = False
    ) -> None:
        self.is_full = False
        self._name_of = name_of
        self._paint = paint
        self._with_messages = with_messages
        """Whether messages of clients are shown, which nobody typed here."""

    def toggle(self) -> bool:
        """Show lines in full from now on, or no longer; which it is."""
        self.is_full = not self.is_full
        return self.is_full

    def text(self, trace: Trace) -> str:
        """The lines of a trace; empty when there is nothing to tell."""
        lines = [Line(one, len(one.split(" ")[0]), HEAD) for one in self._head(trace)]
        if trace.kind == MESSAGE and self._with_messages:
            lines.append(self._of_client(trace.connection_id, "→", trace.message))
        for part in trace.parts:
            lines.extend(self._part(part))
        if trace.error is not None:
            faults = [f"  {line}" for line in error_lines(trace.error)]
            lines.append(Line(faults[0], len(faults[0]), FAULT))
            lines.extend(map(Line, faults[1:]))
        return "".join(self._fitted(line) + "\n" for line in lines)

    def _of_client(self, connection_id: str, arrow: str, payload: str | bytes | None) -> Line:
        who = f"  {self._name_of(connection_id)} {arrow}"
        return Line(f"{who}  {_shown(payload)}", len(who), connection_id)

    def _head(self, trace: Trace) -> list[str]:
        if trace.kind in (INPUT, OUTSIDE):
            return []
        if trace.kind == AUTHENTICATE:
            return [f"{'allowed':<10} {trace.path}"]
        if trace.kind == REFUSAL:
            why = f" {trace.reason}" if trace.reason else ""
            text = f": {one_line(trace.text)}" if trace.text else ""
            return [f"{'refused':<10} {trace.path}   {trace.status}{why}{text}"]
        if trace.kind == REQUEST:
            words = [f"{trace.method:<10} {trace.path}", trace.handler, str(trace.status)]
        elif trace.kind == JOB:
            words = [f"{'job':<10} {trace.handler}"]
        else:
            words = [f"{trace.kind:<10} {trace.path}", trace.handler]
        if trace.kind == DISCONNECT:
            words.append(closing_text(trace.code, trace.reason))
        words.append(trace.cost)
        return ["   ".join(word for word in words if word)]

    def _part(self, part: Part) -> list[Line]:
        if isinstance(part, Delivered):
            return self._delivered(part)
        return [Line(text) for text in _part_texts(part)]

    def _delivered(self, part: Delivered) -> list[Line]:
        if len(part.recipients) > MAX_RECIPIENTS:
            return [Line(f"  {len(part.recipients):,} connections ←  {_shown(part.payload)}")]
        return [self._of_client(one, "←", part.payload) for one in part.recipients]

    def _fitted(self, line: Line) -> str:
        """*line* as wide as the terminal is, in its colours."""
        width = 0 if self.is_full else shutil.get_terminal_size((100, 24)).columns
        text = line.text
        if width and len(text) > width:
            text = text[: width - 1] + "…"
        return self._paint(line.colour, text[: line.painted]) + text[line.painted :]


def _part_texts(part: Part) -> list[str]:
    if isinstance(part, ActionTaken):
        return [f"  {part.key:<8} {one_line(part.text)}"]
    if isinstance(part, HelperCalled):
        return [f"  {part.name}({one_line(part.text)})"]
    if isinstance(part, Warned):
        return [f"  warning  {part.text}"]
    if isinstance(part, Printed):
        return [f"  {line}" for line in part.text.removesuffix("\n").split("\n")]
    assert isinstance(part, Closing)
    return []  # the action or helper that closes is there, and the disconnect comes


def closing_text(code: int, reason: str) -> str:
    """A close code, and its reason if there is one."""
    return f'{code} "{one_line(reason)}"' if reason else str(code)


def _shown(payload: str | bytes | None) -> str:
    if isinstance(payload, bytes):
        return f"({len(payload)} bytes) {payload[:32].hex(' ')}"
    return one_line(payload or "")


def error_lines(error: BaseException) -> list[str]:
    """What went wrong, with its place in the program."""
    if isinstance(error, ActionError):  # of a value, which has no place in the program
        hint = f" ({error.hint})" if error.hint else ""
        return [f"wrong action: {error.message}{hint}; no action of this return is applied"]
    if isinstance(error, SoliError):
        return render(error).split("\n")
    return [f"internal error: {type(error).__name__}: {error}"]

"""A client of a simulated app: what it connects with, its lines, and all that it received."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from soli_lang.base.records import Record, field

from ....core.history.resuming import QUERY, position_in
from .lines import BINARY, TEXT, Line, LineConnection, Payload


class Ticket(Record, frozen=True):
    """What a client connects with."""

    target: str
    """Path and query."""
    headers: Mapping[str, str] = field(default_factory=dict)
    session: Mapping[str, Any] | None = None
    """The data of its session; None: it has none."""
    resumes: bool = False
    """Whether it notes how far it has seen rooms, to come back to them."""


class SimulatedClient:
    """One client, which may connect again and again; `number` is its place among all."""

    def __init__(
        self, name: str, number: int, ticket: Ticket, session_id: str | None = None
    ) -> None:
        self.name = name
        self.number = number
        self.ticket = ticket
        self.session_id = session_id
        self.refusal = ""
        """Why it was not let in."""
        self.id = ""
        """Of its connection, while it has one."""
        self._line: Line | None = None
        self._connection: LineConnection | None = None
        self._positions: dict[str, str] = {}
        self._lines: list[Line] = []
        self._read = 0
        """How many frames of its line were looked at for positions."""

    # What it does

    def refused(self, why: str) -> None:
        """It was not let in; empty: it tries again."""
        self.refusal = why

    def opened(self, connection_id: str, connection: LineConnection, line: Line) -> None:
        """It was let in."""
        self.id, self._connection, self._line = connection_id, connection, line
        self._lines.append(line)
        self._read = 0

    @property
    def is_open(self) -> bool:
        """Whether both sides hold the line."""
        line = self._line
        return line is not None and line.closed is None and not line.is_closing()

    @property
    def is_stalled(self) -> bool:
        """Whether it reads nothing at the moment."""
        return self._line is not None and self._line.is_stalled

    def say(self, payload: Payload) -> None:
        """Send a message, if the line is open."""
        if self._connection is not None and self.is_open:
            self._connection.hear(payload)

    def close(self) -> None:
        """Say goodbye and hang up; before that, read what waits."""
        if self._connection is not None and self.is_open:
            self.read_on()
            self._note_positions()
            self._connection.hear(None)

    def drop(self) -> None:
        """The line breaks."""
        if self._line is not None and self.is_open:
            self._note_positions()
            self._line.cut()

    def stall(self) -> None:
        """Read nothing more."""
        if self._line is not None and self.is_open:
            self._line.stall()

    def read_on(self) -> None:
        """Read what waits, and go on."""
        if self._line is not None and self.is_open:
            self._line.read_on()

    # What it knows

    @property
    def target(self) -> str:
        """Path and query, with where it has been."""
        target = self.ticket.target
        if not self.ticket.resumes:
            return target
        pairs = [(f"{QUERY}[]", f"{room}@{held}") for room, held in self._positions.items()]
        return f"{target}{'&' if '?' in target else '?'}{urlencode(pairs or [(QUERY, '1')])}"

    @property
    def has_been(self) -> tuple[str, ...]:
        """The rooms that it would come back to."""
        return tuple(self._positions)

    def _note_positions(self) -> None:
        if self.ticket.resumes and self._line is not None:
            for opcode, payload in self._line.messages(self._read):
                if opcode == TEXT:
                    told = position_in(payload.decode())
                    if told is not None:
                        self._positions[told.room] = told.position
            self._read = len(self._line.frames)

    @property
    def closed(self) -> tuple[int, str] | None:
        """Code and reason with which the app closed its last line."""
        return None if self._line is None else self._line.closed

    def wire(self) -> bytes:
        """All bytes that it ever received."""
        return b"".join(b"".join(line.frames) for line in self._lines)

    @property
    def frame_count(self) -> int:
        """How often something came."""
        return sum(len(line.frames) for line in self._lines)

    def received(self) -> list[Payload]:
        """All messages that it ever received, but those that only say how far it has seen."""
        return [one for line in self._lines for one in self._of(line)]

    def on_this_line(self) -> list[Payload]:
        """The same of its last line."""
        return [] if self._line is None else list(self._of(self._line))

    def _of(self, line: Line) -> list[Payload]:
        found: list[Payload] = []
        for opcode, payload in line.messages():
            if opcode == BINARY:
                found.append(payload)
            elif opcode == TEXT:
                text = payload.decode()
                if self.ticket.resumes:
                    told = position_in(text)
                    if told is not None and told.is_alone:
                        continue
                found.append(text)
        return found

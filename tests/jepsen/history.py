"""What clients did and saw, as data.

All times are ticks: everything is seen by one process, which counts. A tick of sending is taken
before the bytes go out, one of hearing after they came, so `a.heard < b.sent` means that a was in
the order before b.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

Tick = int
Message = tuple[str, int]
"""The connection that said it, and its number there."""


@dataclass
class Said:
    """One message to a room."""

    room: str
    node: str
    """Where it was said."""
    sent: Tick
    acked: Tick | None = None
    """When the server's answer came, which waits until the message is in the order."""
    is_answered: bool = True
    """Whether there is one to come."""


class Heard(NamedTuple):
    message: Message
    at: Tick


@dataclass
class Span:
    """One membership of one connection."""

    connection: str
    node: str
    room: str
    asked: Tick
    """When the client asked to join."""
    began: Tick | None = None
    """When it was told that it had."""
    ended: Tick | None = None
    """When it asked to leave, or saw its line end; None: it was a member when all was over."""
    has_left: bool = False
    """Whether it was told that it had left: until then messages may come."""
    heard: list[Heard] = field(default_factory=list)
    resumes: Resume | None = None


@dataclass
class Resume:
    """What the server says to a client that comes back, and what that holds."""

    held: list[Message]
    """All that it got, as far back as nothing was missing."""
    confirmed: int
    """How many of them a position was behind: it goes on after those."""
    recovered: bool


@dataclass
class Tracking:
    """Of one user, who is tracked once only."""

    user: str
    room: str
    node: str
    began: Tick | None = None
    """When the client was told."""
    ended: Tick | None = None
    """When it asked for the end, or its line ended."""


class Leave(NamedTuple):
    """A client was told that a user left."""

    connection: str
    user: str
    at: Tick


ANY = "*"


class Window(NamedTuple):
    """In this time a fault was at work that may lose messages."""

    began: Tick
    ended: Tick
    node: str | None
    """Whose clients may miss some; None: all; `ANY`: of a node that nobody can name."""
    why: str
    catches_up: bool = False
    """Whether members of rooms with a history get afterwards what they missed."""


class Quiet(NamedTuple):
    """What somebody held when all had had time to become right."""

    who: str
    what: str
    held: object
    true: object


@dataclass
class History:
    kept: set[str] = field(default_factory=set)
    """Rooms with a history."""
    said: dict[Message, Said] = field(default_factory=dict)
    spans: list[Span] = field(default_factory=list)
    trackings: list[Tracking] = field(default_factory=list)
    leaves: list[Leave] = field(default_factory=list)
    windows: list[Window] = field(default_factory=list)
    quiets: list[Quiet] = field(default_factory=list)
    outsiders: list[tuple[Span | None, str, Heard]] = field(default_factory=list)
    """Connections that heard what they were no members for, and what they had left."""
    unasked: list[str] = field(default_factory=list)
    """Connections that were told positions, and had not asked for any."""
    answered_again: list[str] = field(default_factory=list)
    """Connections that got an answer for a second time."""
    open: set[str] = field(default_factory=set)
    """Connections that were there when all was over."""

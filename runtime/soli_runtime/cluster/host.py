"""What the broker of a node is given: its process, its way to the log, a clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from ..core.effects import Effect, Slices
from ..core.seats import Seat


class Done(Protocol):
    """What is awaited until an operation was seen; an asyncio.Future is one."""

    def done(self) -> bool: ...

    def set_result(self, result: None, /) -> None: ...

    def __await__(self) -> Any: ...


class Clock(Protocol):
    """Time, in seconds; an event loop is one."""

    def time(self) -> float: ...

    def call_later(self, delay: float, callback: Callable[[], object], /) -> object: ...

    def create_future(self) -> Done: ...


class Host(Protocol):
    """The process that a node is in: what operations do there beside rooms and presence."""

    @property
    def carry_out(self) -> Callable[[list[Effect]], object]:
        """Carries out effects on the connections of this process."""
        ...

    def close_user_here(self, user: str, reason: str, code: int) -> object:
        """Close the connections of a user."""
        ...

    def end_session_here(self, session_id: str) -> object:
        """Close the connections that came with a session."""
        ...

    def deliver_topic(self, topic: str, data: bytes) -> object:
        """A server-sent event for the subscribers of *topic*."""
        ...

    def topic_counts(self) -> list[tuple[str, int]]:
        """How many subscribers of server-sent events there are, by topic."""
        ...

    @property
    def is_far_ahead(self) -> bool:
        """Whether more was published than can be written: the log can wait."""
        ...

    def hold_back(self, seat: Seat, is_behind: bool) -> object:
        """A connection asks for more than the log takes, or has caught up."""
        ...


class Carrier(Protocol):
    """What carries entries to and from the log: it is told what happened."""

    def queued(self) -> object:
        """Something waits to be sent."""
        ...

    def accounted(self) -> object:
        """A node gave its account."""
        ...

    def insert(self, slices: Slices) -> object:
        """What does not come from the log is to be carried out before its next entry."""
        ...

    def asked(self) -> object:
        """Somebody wants to know how this node is."""
        ...

    def faulted(self, error: Exception) -> object:
        """An operation could not be applied."""
        ...


class Bounds(NamedTuple):
    """Of what waits for the log, and for whom."""

    bytes: int = 64 << 20
    """More than these may not wait to be sent."""
    grace_seconds: float = 0.0
    """For the users of a dead node to come back elsewhere."""
    wait_seconds: float = 0.0
    """For a message to be sent; 0: any time."""


class Surroundings(NamedTuple):
    """All of that, for the parts of a node's broker."""

    host: Host
    carrier: Carrier
    clock: Clock
    bounds: Bounds = Bounds()

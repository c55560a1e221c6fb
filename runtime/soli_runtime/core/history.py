"""What rooms said lately, for those who come back (scale-out §7): a ring of messages per room.

A position says up to where somebody has seen a room. All rooms count with one counter, so that a
position is never taken for a later one of a ring that was dropped and begun anew. Whether *all*
since a position is still there is told honestly: in doubt it is not.
"""

from __future__ import annotations

from collections import OrderedDict, deque

from soli_stdlib.text.wildcards import matches

from soli_lang.base.errors import SoliValueError
from soli_lang.base.records import Record

MAX_MESSAGES = 1000
"""Messages that a room can keep."""
MAX_BYTES = 1 << 20
"""Bytes that a room can keep."""
MAX_TOTAL_BYTES = 64 << 20
"""Bytes of all rooms; past it the room that was not used for longest is forgotten."""
MAX_ROOMS = 100_000
"""Rooms that keep something; past it the same."""
MAX_RULES = 100
DEFAULT_MESSAGES = 100
DEFAULT_SECONDS = 300.0
MESSAGE_OVERHEAD = 200
"""Bytes that a kept message takes beside its payload, roughly."""


class Rule(Record, frozen=True):
    """What is kept of the rooms that *pattern* fits (`*`: any characters, `?`: one)."""

    pattern: str
    messages: int = DEFAULT_MESSAGES
    seconds: float = DEFAULT_SECONDS


class Kept(Record, frozen=True):
    """One message of the past."""

    offset: int
    message: str | bytes
    """The payload as it went out."""
    at: float
    """Unix seconds."""


class Resumed(Record, frozen=True):
    """What somebody gets who comes back with a position."""

    recovered: bool
    """True only if `missed` is all that was said since."""
    missed: tuple[Kept, ...]
    position: str
    """Where the room is now."""


class _Ring:
    """The messages of one room, oldest first."""

    __slots__ = ("floor", "messages", "rule", "size", "used")

    def __init__(self, rule: Rule, floor: int, now: float) -> None:
        self.rule = rule
        self.floor = floor
        """The last offset that is gone: whoever has seen it has missed nothing that is lost."""
        self.messages: deque[Kept] = deque()
        self.size = 0
        self.used = now

    def drop_oldest(self) -> int:
        """Forget one message; the bytes that this gives back."""
        gone = self.messages.popleft()
        self.floor = gone.offset
        size = size_of(gone.message)
        self.size -= size
        return size


class History:
    """The rooms that keep something. Nothing here reads a clock: *now* is Unix seconds."""

    def __init__(self, epoch: str) -> None:
        self._epoch = epoch
        """Tells this life of the data from others: positions of another one mean nothing."""
        self._rules: dict[str, Rule] = {}
        self._rings: OrderedDict[str, _Ring] = OrderedDict()
        self._top = 0
        self.bytes_used = 0

    def __len__(self) -> int:
        return len(self._rings)

    def keep(
        self, pattern: str, messages: int = DEFAULT_MESSAGES, seconds: float = DEFAULT_SECONDS
    ) -> None:
        """Keep the last messages of the rooms that *pattern* fits. Raises SoliValueError."""
        if not 1 <= messages <= MAX_MESSAGES:
            raise SoliValueError(f"history: messages are from 1 to {MAX_MESSAGES}, got {messages}")
        if not 0 < seconds < float("inf"):
            raise SoliValueError(f"history: seconds are more than 0, got {seconds}")
        if len(self._rules) >= MAX_RULES and pattern not in self._rules:
            raise SoliValueError(f"history: {MAX_RULES} patterns at most")
        rule = self._rules[pattern] = Rule(pattern, messages, seconds)
        for ring in self._rings.values():
            if ring.rule.pattern == pattern:
                ring.rule = rule
                self._drop_surplus(ring)

    def rule_of(self, room: str) -> Rule | None:
        """The rule of a room: of the pattern that was given first."""
        return next((rule for rule in self._rules.values() if matches(rule.pattern, room)), None)

    def append(self, room: str, message: str | bytes, now: float) -> str | None:
        """Note what was said; the position after it. None: the room keeps nothing."""
        ring = self._ring(room, now)
        if ring is None:
            return None
        self._top += 1
        size = size_of(message)
        ring.messages.append(Kept(self._top, message, now))
        ring.size += size
        self.bytes_used += size
        position = self._position(self._top)
        self._drop_surplus(ring)
        self._make_room()
        return position

    def last(self, room: str, count: int, now: float) -> tuple[Kept, ...]:
        """The last messages of a room, oldest first; at most *count*."""
        ring = self._ring(room, now)
        if ring is None or count <= 0:
            return ()
        start = max(0, len(ring.messages) - count)
        return tuple(ring.messages)[start:]

    def position(self, room: str, now: float) -> str | None:
        """Where a room is now. None: it keeps nothing."""
        return None if self._ring(room, now) is None else self._position(self._top)

    def resume(self, room: str, position: str, now: float) -> Resumed | None:
        """What was said since *position*, which a client gave. None: the room keeps nothing."""
        ring = self._ring(room, now)
        if ring is None:
            return None
        seen = self._seen(position)
        if seen is None or not ring.floor <= seen <= self._top:
            return Resumed(False, (), self._position(self._top))
        missed = tuple(kept for kept in ring.messages if kept.offset > seen)
        return Resumed(True, missed, self._position(self._top))

    def sweep(self, now: float) -> None:
        """Forget what is too old, and rooms of which nothing is left and nobody asked lately."""
        for room in list(self._rings):
            ring = self._rings[room]
            self._drop_old(ring, now)
            if not ring.messages and ring.used <= now - ring.rule.seconds:
                del self._rings[room]

    def _ring(self, room: str, now: float) -> _Ring | None:
        """The ring of a room without what is too old, made when it should be there."""
        ring = self._rings.get(room)
        if ring is None:
            rule = self.rule_of(room)
            if rule is None:
                return None
            ring = self._rings[room] = _Ring(rule, self._top, now)
            self._make_room()
        else:
            self._rings.move_to_end(room)
            ring.used = now
            self._drop_old(ring, now)
        return ring

    def _drop_old(self, ring: _Ring, now: float) -> None:
        while ring.messages and ring.messages[0].at <= now - ring.rule.seconds:
            self.bytes_used -= ring.drop_oldest()

    def _drop_surplus(self, ring: _Ring) -> None:
        while len(ring.messages) > ring.rule.messages or ring.size > MAX_BYTES:
            self.bytes_used -= ring.drop_oldest()

    def _make_room(self) -> None:
        while len(self._rings) > 1 and (
            self.bytes_used > MAX_TOTAL_BYTES or len(self._rings) > MAX_ROOMS
        ):
            _, ring = self._rings.popitem(last=False)
            self.bytes_used -= ring.size

    def _position(self, offset: int) -> str:
        return f"{self._epoch}.{offset}"

    def _seen(self, position: str) -> int | None:
        """The offset in a client's position; None when it is none of this epoch."""
        epoch, _, digits = position.rpartition(".")
        if epoch != self._epoch or not (digits.isascii() and digits.isdigit()) or len(digits) > 18:
            return None
        return int(digits)


def size_of(message: str | bytes) -> int:
    """What keeping a message costs, in bytes."""
    return len(message if isinstance(message, bytes) else message.encode()) + MESSAGE_OVERHEAD

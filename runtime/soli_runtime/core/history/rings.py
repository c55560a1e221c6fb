"""What rooms said lately: a ring of messages per room.

A position says up to where somebody has seen a room. All rooms count with one counter, their
*place*, so that a position is never taken for a later one of a ring that was dropped and begun
anew. Whether *all* since a position is still there is told honestly: in doubt it is not. For that a
ring knows its *floor*, the last place whose message it lost; and each rule knows the highest floor
of the rings that were forgotten under it, from which a new one begins.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from ..effects import Payload, RoomName
from .rules import Rule, rule_of

MAX_ROOM_BYTES = 1 << 20
"""Bytes that a room can keep."""
DEFAULT_BYTES = 64 << 20
"""Bytes of all rooms, unless told otherwise."""
MESSAGE_BYTES = 200
"""What a kept message takes beside its payload, roughly."""
RING_BYTES = 1500
"""What a room takes beside its messages, roughly."""
MAX_PLACE_DIGITS = 18
MAX_RULED = 10_000
"""Rooms whose rules are remembered."""
FORGOTTEN_AT_ONCE = 2
"""Rings of silent rooms that one message to another room gives back."""


class Kept(NamedTuple):
    """One message of the past."""

    place: int
    data: bytes
    """The payload as it went out; text in UTF-8."""
    is_text: bool
    at: float
    """Unix seconds."""

    @classmethod
    def of(cls, place: int, payload: Payload, at: float) -> Kept:
        """What is kept of *payload*."""
        if isinstance(payload, bytes):
            return cls(place, payload, False, at)
        return cls(place, payload.encode("utf-8", "surrogatepass"), True, at)

    @property
    def payload(self) -> Payload:
        """What was sent, text or bytes."""
        return self.say()

    def say(self) -> Payload:
        """The payload, made anew each time."""
        return self.data.decode("utf-8", "surrogatepass") if self.is_text else self.data

    @property
    def size(self) -> int:
        """What keeping it costs, in bytes."""
        return len(self.data) + MESSAGE_BYTES


class Past(NamedTuple):
    """The same as programs get it."""

    position: str
    payload: Payload
    at: float


class Ring:
    """The messages of one room, oldest first."""

    __slots__ = ("floor", "last", "messages", "rule", "size")

    def __init__(self, rule: Rule, floor: int) -> None:
        self.rule = rule
        self.floor = floor
        """The last place that is gone: whoever has seen it has missed nothing that is lost."""
        self.last = floor
        """The place of the latest message, there or gone."""
        self.messages: deque[Kept] = deque()
        self.size = RING_BYTES

    def add(self, kept: Kept) -> None:
        """Keep one message more."""
        self.messages.append(kept)
        self.size += kept.size
        self.last = kept.place

    def drop_surplus(self, now: float) -> None:
        """Forget what is too much or too old."""
        messages, rule = self.messages, self.rule
        ends = now - rule.seconds
        while messages and (
            len(messages) > rule.messages
            or self.size - RING_BYTES > MAX_ROOM_BYTES
            or messages[0].at <= ends
        ):
            gone = messages.popleft()
            self.floor = max(self.floor, gone.place)
            self.size -= gone.size


class History:
    """The rooms that keep something. *clock* gives Unix seconds."""

    def __init__(
        self, epoch: str, clock: Callable[[], float], max_bytes: int = DEFAULT_BYTES
    ) -> None:
        self.epoch = epoch
        """Tells this life of the data from others: positions of another one mean nothing."""
        self.place = 0
        """Where the order of all messages is now. Whoever gives messages their places moves it."""
        self.rules: tuple[Rule, ...] = ()
        self.bytes_used = 0
        self._clock = clock
        self.max_bytes = max_bytes
        """Of all rooms; 0: no limit."""
        self._rings: OrderedDict[RoomName, Ring] = OrderedDict()
        """The one that was written to last is the last."""
        self._floor = 0
        self._floors: dict[str, int] = {}
        """By pattern, where they are higher than that."""
        self.lives: Mapping[str, int] = {}
        """Epochs of before that ended orderly, and up to which place their positions hold."""
        self.changed: dict[RoomName, None] | None = None
        """Rooms of which something changed, for who writes it down; None: nobody does."""
        self._ruled: dict[RoomName, Rule | None] = {}
        """The rules of rooms that were asked for lately."""

    def __len__(self) -> int:
        return len(self._rings)

    def follow(self, rules: Iterable[Rule]) -> None:
        """Keep what *rules* say from now on."""
        rules = tuple(rules)
        if rules == self.rules:
            return
        self.rules = rules
        self._ruled.clear()
        # What was said to a room under no rule was not kept, and nothing tells which rooms.
        self._floor = self.place
        self._floors.clear()
        now = self._clock()
        for room, ring in tuple(self._rings.items()):
            rule = rule_of(rules, room)
            if rule is None:
                del self._rings[room]
                self.bytes_used -= ring.size
                self.note(room)
            else:
                ring.rule = rule
                self._drop_surplus(ring, now)

    def rule_of(self, room: RoomName) -> Rule | None:
        """The rule of a room, None when it keeps nothing."""
        try:
            return self._ruled[room]
        except KeyError:
            if len(self._ruled) >= MAX_RULED:
                self._ruled.clear()
            found = self._ruled[room] = rule_of(self.rules, room)
            return found

    def keeps(self, room: RoomName) -> bool:
        """Whether what is said to *room* is kept."""
        return bool(self.rules) and self.rule_of(room) is not None

    def note_changes(self, rooms: Iterable[RoomName] = ()) -> None:
        """Note the rooms that change from now on, and *rooms*, for `take_changes`."""
        self.changed = dict.fromkeys((*rooms, *(self.changed or ())))

    def take_changes(self) -> dict[RoomName, None]:
        """The rooms that changed since they were taken last; none if nobody notes them."""
        changed = self.changed or {}
        if changed:
            self.changed = {}
        return changed

    def forget_changes(self) -> None:
        """Nobody wants to know any more which rooms change."""
        self.changed = None

    def append(self, room: RoomName, payload: Payload) -> None:
        """Keep what was said at the present place, if the room keeps anything."""
        ring = self._rings.get(room)
        if ring is None:
            rule = self.rule_of(room)
            if rule is None:
                return
            ring = self._begin(room, rule)
        elif self.place <= ring.last:
            return  # it came with what was loaded
        else:
            self._rings.move_to_end(room)
        if self.changed is not None:
            self.changed[room] = None
        self._add(ring, Kept.of(self.place, payload, self._clock()))

    def load(self, room: RoomName, floor: int, messages: Iterable[Kept]) -> None:
        """Take what was kept of *room* elsewhere; nothing is known of it here."""
        rule = self.rule_of(room)
        if rule is None:
            return
        ring = self._begin(room, rule)
        ring.floor = ring.last = floor
        for kept in messages:
            self._add(ring, kept)

    def note(self, room: RoomName) -> None:
        """Something changed."""
        if self.changed is not None:
            self.changed[room] = None

    @property
    def rooms(self) -> list[RoomName]:
        """Those of which something is kept."""
        return list(self._rings)

    def ring(self, room: RoomName) -> Ring | None:
        """What is kept of a room, as it is."""
        return self._rings.get(room)

    def restore(self, lives: Mapping[str, int], floor: int, floors: Mapping[str, int]) -> None:
        """Go on where an earlier life ended: *floor* and *floors* are those of `floors`."""
        self.lives = lives
        self._floor = floor
        self._floors = dict(floors)

    @property
    def floors(self) -> tuple[int, dict[str, int]]:
        """Up to where nothing is known of rooms that keep nothing now: of all, and by pattern."""
        return self._floor, dict(self._floors)

    def begun_anew(self, epoch: str, floor: int, place: int) -> History:
        """Another one under the same rules, at *place*, to be loaded while this one is asked.

        Nothing that was said up to the place *floor* is known to it.
        """
        fresh = History(epoch, self._clock, self.max_bytes)
        fresh.rules = self.rules
        fresh.place, fresh._floor = place, floor
        return fresh

    def exchange(self, fresh: History) -> None:
        """Know what *fresh* knows; it gets what was known so far, to forget it."""
        if fresh.rules != self.rules:  # they changed meanwhile
            fresh.follow(self.rules)
        self.epoch, self.place = fresh.epoch, fresh.place
        self._floor, self._floors, fresh._floors = fresh._floor, fresh._floors, {}
        self._rings, fresh._rings = fresh._rings, self._rings
        self.bytes_used, fresh.bytes_used = fresh.bytes_used, self.bytes_used

    def drop_oldest(self, messages: int) -> None:
        """Forget the rooms that are silent for longest, at least so many messages of them."""
        while messages > 0 and self._rings:
            messages -= 1 + len(next(iter(self._rings.values())).messages)
            self._forget_oldest()

    def renew(self, epoch: str) -> None:
        """Go on under another name: positions of before mean nothing from now on."""
        self.epoch = epoch

    def last(self, room: RoomName, count: int) -> list[Kept]:
        """The last messages of a room, oldest first; at most *count*."""
        ring = self._current(room)
        return [] if ring is None or count <= 0 else self._said(ring, -1)[-count:]

    def past(self, room: RoomName, count: int) -> list[Past]:
        """The same for a program."""
        return [
            Past(self.position_at(kept.place), kept.say(), kept.at)
            for kept in self.last(room, count)
        ]

    @property
    def position(self) -> str:
        """Where every room is now."""
        return self.position_at(self.place)

    def position_at(self, place: int) -> str:
        """What stands for *place* in what clients get."""
        return f"{self.epoch}.{place}"

    def since(self, room: RoomName, position: str) -> list[Kept] | None:
        """All that was said since *position*, which a client gave; None: that cannot be told."""
        return self.since_place(room, self.seen(position))

    def since_place(self, room: RoomName, seen: int | None) -> list[Kept] | None:
        """The same of a place; None: none was given."""
        if seen is None:
            return None
        ring = self._current(room)
        if ring is None:
            rule = self.rule_of(room)
            return None if rule is None or seen < self._floor_of(rule) else []
        if seen < ring.floor:
            return None
        return self._said(ring, seen)

    def seen(self, position: str) -> int | None:
        """The place in a client's position; None when it never was one."""
        epoch, _, digits = position.rpartition(".")
        if not (digits.isascii() and digits.isdigit()) or len(digits) > MAX_PLACE_DIGITS:
            return None
        end = self.place if epoch == self.epoch else self.lives.get(epoch, -1)
        return place if (place := int(digits)) <= end else None

    def _current(self, room: RoomName) -> Ring | None:
        """The ring of a room without what is too old."""
        ring = self._rings.get(room)
        if ring is not None:
            self._drop_surplus(ring, self._clock())
        return ring

    def _said(self, ring: Ring, seen: int) -> list[Kept]:
        """What came behind *seen*. What was loaded may hold more than was told here so far."""
        return [kept for kept in ring.messages if seen < kept.place <= self.place]

    def _floor_of(self, rule: Rule) -> int:
        return max(self._floor, self._floors.get(rule.pattern, 0))

    def _begin(self, room: RoomName, rule: Rule) -> Ring:
        self._forget_silent()
        ring = self._rings[room] = Ring(rule, self._floor_of(rule))
        self.bytes_used += ring.size
        return ring

    def _add(self, ring: Ring, kept: Kept) -> None:
        before = ring.size
        ring.add(kept)
        ring.drop_surplus(kept.at)
        self.bytes_used += ring.size - before
        while self._rings and self.max_bytes and self.bytes_used > self.max_bytes:
            self._forget_oldest()

    def _drop_surplus(self, ring: Ring, now: float) -> None:
        before = ring.size
        ring.drop_surplus(now)
        self.bytes_used += ring.size - before

    def _forget_silent(self) -> None:
        """Give back the oldest rings in which everything is too old."""
        now = self._clock()
        for _ in range(FORGOTTEN_AT_ONCE):
            ring = next(iter(self._rings.values()), None)
            if ring is None:
                return
            self._drop_surplus(ring, now)
            if ring.messages:
                return
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        room, ring = self._rings.popitem(last=False)
        self.note(room)
        self.bytes_used -= ring.size
        pattern = ring.rule.pattern
        self._floors[pattern] = max(self._floors.get(pattern, 0), ring.last)

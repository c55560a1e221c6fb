"""Accounts in pages: how a node tells all that it holds, and how others know that they read all.

A page tells everything of some connections, as it is in program order when the page is queued. What
these do before it stands in front of it in the log, and what they do later behind it. So operations
may come between pages, and nothing waits for the whole. With the last page others forget what no
page told of.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..core.effects import ConnectionId, RoomName
from ..core.operations.records import Tracked
from ..core.seats import Seat, Seats
from .operations import Account

PAGE_ITEMS = 400
"""Connections, memberships and trackings of a page. Those of one connection stay together."""
PAGE_CHARACTERS = 32 << 10
"""And how long its texts become: who reads it decodes the page in one piece."""


class Pages:
    """An account that is being given: each page is made when it is asked for.

    Who connects meanwhile is told of by operations alone. *lingering* gives what holds when it is
    asked; *topics* are all on the first page.
    """

    def __init__(
        self, seats: Seats, lingering: Iterator[list[Any]], topics: Sequence[tuple[str, int]]
    ) -> None:
        self._seats = seats
        self._held = deque(seats)
        self._lingering = lingering
        self._topics = topics
        self._number = 0
        self.is_over = False
        """Whether the last page was made."""

    def __iter__(self) -> Iterator[Account]:
        while not self.is_over:
            yield self.take()

    def take(self) -> Account:
        """The next page."""
        page = _Page()
        while self._held and not page.is_full:
            seat = self._seats.get(self._held.popleft())
            if seat is not None:  # else it is gone, and its operations say so
                page.add_seat(seat)
        while not page.is_full:
            fields = next(self._lingering, None)
            if fields is None:
                self.is_over = True
                break
            page.add_lingering(fields)
        number, self._number = self._number, self._number + 1
        topics = () if number else self._topics
        told = (page.connections, page.members, page.trackings, page.lingering)
        return Account(*told, topics, number, self.is_over)


class _Page:
    """What a page will tell."""

    def __init__(self) -> None:
        self.connections: list[ConnectionId] = []
        self.members: list[list[Any]] = []
        self.trackings: list[list[Any]] = []
        self.lingering: list[list[Any]] = []
        self._items = 0
        self._characters = 0

    @property
    def is_full(self) -> bool:
        return self._items >= PAGE_ITEMS or self._characters >= PAGE_CHARACTERS

    def add_seat(self, seat: Seat) -> None:
        """A connection of this process, and all that it takes part in."""
        connection_id = seat.connection_id
        trackings = [_tracked(seat, room) for room in seat.tracked_rooms()]
        self.connections.append(connection_id)
        self.members += [[connection_id, room] for room in seat.rooms]
        self.trackings += map(list, trackings)
        self._items += 1 + len(seat.rooms) + len(trackings)
        self._characters += sum(map(len, seat.rooms)) + sum(len(one.body) for one in trackings)

    def add_lingering(self, fields: list[Any]) -> None:
        """Presence of a connection that is gone: a node, a room, the fields of an entry."""
        self.lingering.append(fields)
        self._items += 1
        self._characters += sum(len(each) for each in fields if isinstance(each, str))


def _tracked(seat: Seat, room: RoomName) -> Tracked:
    tracking = seat.attending.tracked[room]
    return Tracked(
        room,
        seat.connection_id,
        tracking.key,
        tracking.ref,
        tracking.body,
        tracking.is_changed,
    )


class Giving:
    """Gives accounts to nodes that began: a page when the one before it was seen in the log."""

    def __init__(self, account: Callable[[], Pages], put: Callable[[Account], object]) -> None:
        self._account = account
        self._put = put
        self._pages: Pages | None = None
        self._page: Account | None = None
        """The one that is under way."""
        self._must_repeat = False
        """Whether a node began meanwhile, which has not read the first pages."""

    def give(self) -> None:
        """A node began: it gets an account from its first page."""
        if self._pages is not None:
            self._must_repeat = True
        else:
            self._give(self._account())

    def give_up(self) -> None:
        """This node begins anew, and tells all of it."""
        self._pages, self._page, self._must_repeat = None, None, False

    def seen(self, account: Account) -> None:
        """A page of some node was read; after the one under way the next goes out."""
        pages = self._pages
        if pages is None or account is not self._page:
            return
        self._pages = self._page = None
        if not pages.is_over:
            self._give(pages)
        elif self._must_repeat:
            self._must_repeat = False
            self._give(self._account())

    def _give(self, pages: Pages) -> None:
        self._pages, self._page = pages, pages.take()
        self._put(self._page)


class Accounts:
    """What this node read of the accounts of nodes since it began."""

    def __init__(self) -> None:
        self.whole: set[str] = set()
        """Nodes whose account was read, from its first page to its last."""
        self.begun: set[str] = set()
        """Nodes of which a page was read."""
        self._told: dict[str, tuple[int, set[ConnectionId]]] = {}
        """The next page of nodes that are giving one, and the connections told of so far."""

    def clear(self) -> None:
        """This node begins: nothing was read yet."""
        self.whole.clear()
        self.begun.clear()
        self._told.clear()

    def forget(self, node: str) -> None:
        """A node is dead."""
        self.whole.discard(node)
        self.begun.discard(node)
        self._told.pop(node, None)

    def connected(self, node: str, connection_id: ConnectionId) -> None:
        """A connection that may come behind the page on which it would be."""
        if node in self._told:
            self._told[node][1].add(connection_id)

    def read(self, node: str, account: Account) -> set[ConnectionId] | None:
        """A page of *node*; with its last one all connections that it told of.

        None: more is to come, or the pages before it were not read.
        """
        self.begun.add(node)
        number, told = (0, set()) if account.page == 0 else self._told.pop(node, (0, set()))
        if number != account.page:
            return None  # this node began in the midst of it, and another account follows
        told.update(account.connections)
        if not account.is_last:
            self._told[node] = (number + 1, told)
            return None
        self._told.pop(node, None)
        self.whole.add(node)
        return told

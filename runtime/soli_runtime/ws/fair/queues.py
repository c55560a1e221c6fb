"""Those who wait: the fresh ones, latest first, and lines in the order of accounts."""

from collections import deque
from collections.abc import Callable, Iterator
from heapq import heappop, heappush, heapreplace
from itertools import count

from .accounts import Accounts, Flow

__all__ = ["Fresh", "Line", "Waiting"]

SAME_DEBT_SECONDS = 0.0005
"""Debts that differ by less are the same."""

Place = tuple[float, float]
"""In a line: the account of the address, then that of the flow."""


class Waiting:
    """Who waits since when, and what it does when its turn has come.

    *is_later*: `go_on` only wakes a task, which computes in a later turn of the loop.
    """

    __slots__ = ("flow", "go_on", "is_fresh", "is_later", "since")

    def __init__(
        self, flow: Flow, go_on: Callable[[], None], since: float, *, is_later: bool
    ) -> None:
        self.flow = flow
        self.go_on = go_on
        self.since = since
        self.is_later = is_later
        self.is_fresh = False
        """Whether it waits among the fresh."""


class Fresh:
    """Those who came just now: who used less first, then the latest.

    A crowd that came at once does not stand before who comes behind it; one that comes again and
    again does not stand before who comes for the first time.
    """

    __slots__ = ("_accounts", "_by_age", "_heap", "_numbers", "size")

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self._heap: list[tuple[int, int, Waiting]] = []
        self._by_age: deque[Waiting] = deque()
        self._numbers = count(0, -1)
        self.size = 0

    def push(self, waiting: Waiting) -> None:
        """Join them."""
        debt = int(max(0.0, waiting.flow.used - self._accounts.now) / SAME_DEBT_SECONDS)
        heappush(self._heap, (debt, next(self._numbers), waiting))
        self._by_age.append(waiting)
        waiting.is_fresh = True
        self.size += 1

    def pop(self) -> Waiting:
        """The next; somebody must be there."""
        while True:
            waiting = heappop(self._heap)[2]
            if waiting.is_fresh:
                self._left(waiting)
                return waiting

    def aged(self, before: float) -> Iterator[Waiting]:
        """Take out those who came before that."""
        ages = self._by_age
        while ages and (not ages[0].is_fresh or ages[0].since < before):
            waiting = ages.popleft()
            if waiting.is_fresh:
                self._left(waiting)
                yield waiting

    def _left(self, waiting: Waiting) -> None:
        waiting.is_fresh = False
        self.size -= 1
        if not self.size:
            self._heap.clear()
            self._by_age.clear()


class Line:
    """A queue in the order of accounts: of addresses first, then of the flows of one address.

    An address that is served may go to the back before its other flows have their turn: it is put
    in its new place when it comes to the front.
    """

    __slots__ = ("_accounts", "_addresses", "_flows", "_numbers", "size")

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self._addresses: list[tuple[float, int, str]] = []
        self._flows: dict[str, list[tuple[float, int, Waiting]]] = {}
        self._numbers = count()
        self.size = 0

    @property
    def addresses(self) -> int:
        """How many addresses wait."""
        return len(self._flows)

    def push(self, waiting: Waiting) -> None:
        """Get in line."""
        flow, accounts = waiting.flow, self._accounts
        self.size += 1
        number = next(self._numbers)
        flows = self._flows.get(flow.address)
        if flows is None:
            flows = self._flows[flow.address] = []
            heappush(self._addresses, (accounts.of_address(flow.address), number, flow.address))
        heappush(flows, (max(flow.used, accounts.now), number, waiting))

    def front(self) -> Place | None:
        """The place of who is next; None when nobody waits."""
        addresses = self._addresses
        while addresses:
            used, number, address = addresses[0]
            flows = self._flows[address]
            current = self._accounts.last_of_address(address)
            if current <= used or len(addresses) == 1:
                return max(used, current), flows[0][0]
            heapreplace(addresses, (current, number, address))
        return None

    def pop(self) -> Waiting:
        """Who is next, according to the last `front`."""
        self.size -= 1
        address = self._addresses[0][2]
        flows = self._flows[address]
        waiting = heappop(flows)[2]
        if not flows:
            heappop(self._addresses)
            del self._flows[address]
        return waiting

"""What everybody has used, in virtual time: each connection, and each address.

An account says when, in virtual time, somebody would have used what it did, had it got no more
than its share (the finish tag of start-time fair queueing). Who begins, or was quiet for long, has
the virtual time of now: quiet time is not saved up, and a debt is remembered.

Virtual time passes as fast as each of those who wait would be served if they shared the loop, as
in the fluid model that fair queueing approximates: so it does not overtake them, and debts keep
their order. `MOST_SHARE` and `LEAST_SHARE` bound it: with few or none waiting a debt is repaid at
a tenth of the time, and a hundredth is everybody's, however many there are.
"""

from typing import Protocol

__all__ = ["HEAVY", "LIGHT", "NEW", "STRUCK", "Accounts", "Flow"]

LIGHT, NEW, HEAVY, STRUCK = range(4)
"""Standings: proven to be light; nothing is known; made heavy calls; ran into a limit."""

MOST_SHARE, LEAST_SHARE = 0.1, 0.01
MOST_DEBT = 1.0
"""Seconds by which one may be behind the others: a long past is not held against anybody."""

MAX_ADDRESSES = 10_000
"""Addresses in debt that are remembered; the oldest is forgotten."""


class Flow(Protocol):
    """Who computes: a connection, or the requests of one address to one handler."""

    used: float
    """Its account."""
    standing: int
    until: float
    """When a standing of HEAVY or STRUCK ends."""
    proven: int
    """Light calls since it was new."""
    address: str


class Accounts:
    """The accounts of one event loop."""

    __slots__ = ("_address_time", "_addresses", "now")

    def __init__(self) -> None:
        self.now = 0.0
        """The virtual time of connections."""
        self._address_time = 0.0
        self._addresses: dict[str, float] = {}

    def charge(self, flow: Flow, seconds: float) -> None:
        """Somebody used so much."""
        now = self.now
        flow.used = min(max(flow.used, now) + seconds, now + MOST_DEBT)
        self.charge_address(flow.address, seconds)

    def charge_address(self, address: str, seconds: float) -> None:
        """The same for its address alone."""
        now, accounts = self._address_time, self._addresses
        before = accounts.get(address)
        if before is None:
            before = now
            if len(accounts) >= MAX_ADDRESSES:
                self._forget()
        accounts[address] = min(max(before, now) + seconds, now + MOST_DEBT)

    def of_address(self, address: str) -> float:
        """The account of an address."""
        return max(self._addresses.get(address, 0.0), self._address_time)

    def last_of_address(self, address: str) -> float:
        """The same as it was when the address was charged last."""
        return self._addresses.get(address, 0.0)

    def is_in_debt(self, flow: Flow, allowed: float) -> bool:
        """Whether somebody used more than *allowed* beyond its share."""
        return flow.used > self.now + allowed

    def is_address_in_debt(self, address: str, allowed: float) -> bool:
        """The same of an address."""
        return self._addresses.get(address, 0.0) > self._address_time + allowed

    def passed(self, seconds: float, waiting: int, addresses: int) -> None:
        """So much time passed while so many waited."""
        self.now += seconds * (_share(waiting) if waiting else MOST_SHARE)
        self._address_time += seconds * (_share(addresses) if addresses else MOST_SHARE)

    def _forget(self) -> None:
        now, accounts = self._address_time, self._addresses
        repaid = [address for address, used in accounts.items() if used <= now]
        for address in repaid or [next(iter(accounts))]:
            del accounts[address]


def _share(waiting: int) -> float:
    """Of the time, that each of those who wait gets."""
    return min(max(LEAST_SHARE, 1 / (waiting + 1)), MOST_SHARE)

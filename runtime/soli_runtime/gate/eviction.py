"""Order of eviction: when there is no room left, the address with the most items loses one."""

from __future__ import annotations

from collections import OrderedDict


class EvictionOrder:
    """Items by the address that owns them. Every operation takes constant time."""

    def __init__(self) -> None:
        self._items: dict[str, OrderedDict[str, None]] = {}
        """Items of each address, the least recently used first."""
        self._by_count: dict[int, dict[str, None]] = {}
        self._most = 0

    def add(self, address: str, item: str) -> None:
        """Add an item of *address*, or mark it as used."""
        if ":" in address:
            address = neighbourhood(address)
        items = self._items.get(address)
        if items is None:
            items = self._items[address] = OrderedDict()
        elif item in items:
            items.move_to_end(item)
            return
        items[item] = None
        self._recount(address, len(items) - 1, len(items))

    def remove(self, address: str, item: str) -> None:
        """Remove an item of *address*."""
        address = neighbourhood(address)
        items = self._items[address]
        del items[item]
        self._recount(address, len(items) + 1, len(items))
        if not items:
            del self._items[address]

    def oldest_of_most(self) -> str:
        """The least recently used item of an address that has the most."""
        address = next(iter(self._by_count[self._most]))
        return next(iter(self._items[address]))

    def _recount(self, address: str, before: int, now: int) -> None:
        if before:
            group = self._by_count[before]
            del group[address]
            if not group:
                del self._by_count[before]
        if now:
            self._by_count.setdefault(now, {})[address] = None
        # Counts change by one, so the maximum does too.
        if now > self._most or self._most not in self._by_count:
            self._most = now


def neighbourhood(address: str) -> str:
    """*address*, or for IPv6 its /64 network, which one customer may use in full."""
    if ":" not in address:
        return address
    from ipaddress import IPv6Address

    try:
        number = int(IPv6Address(address.split("%", 1)[0]))
    except ValueError:
        return address
    return f"{number >> 64:x}::/64"

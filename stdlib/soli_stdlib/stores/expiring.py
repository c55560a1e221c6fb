"""A bounded store in memory whose entries expire; the ground of Cache and KV (docs/spec §L21)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import Generic, TypeVar

Stored = TypeVar("Stored")


class Entry(Generic[Stored]):
    """A value, its size in bytes, and the Unix second at which it goes (None: never)."""

    __slots__ = ("expires_at", "size", "value")

    def __init__(self, value: Stored, size: int, expires_at: float | None) -> None:
        self.value = value
        self.size = size
        self.expires_at = expires_at


class ExpiringStore(Generic[Stored]):
    """Entries by key, oldest use first. Callers pass the time; nothing here reads a clock."""

    __slots__ = ("_entries", "bytes_used")

    def __init__(self) -> None:
        self._entries: OrderedDict[str, Entry[Stored]] = OrderedDict()
        self.bytes_used = 0
        """Sum of the sizes of all entries, expired ones included until they are dropped."""

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, key: str) -> bool:
        """Whether *key* is there, expired or not."""
        return key in self._entries

    def find(self, key: str, now: float) -> Entry[Stored] | None:
        """The live entry of *key*; counts as a use. An expired one is dropped."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        if entry.expires_at is not None and entry.expires_at <= now:
            self.drop(key)
            return None
        self._entries.move_to_end(key)
        return entry

    def put(self, key: str, value: Stored, size: int, expires_at: float | None) -> Entry[Stored]:
        """Store *value*, replacing what was there."""
        self.drop(key)
        entry = self._entries[key] = Entry(value, size, expires_at)
        self.bytes_used += size
        return entry

    def resize(self, entry: Entry[Stored], size: int) -> None:
        """Note that an entry's value, changed in place, now takes *size* bytes."""
        self.bytes_used += size - entry.size
        entry.size = size

    def drop(self, key: str) -> bool:
        """Remove *key*; whether it was there."""
        entry = self._entries.pop(key, None)
        if entry is not None:
            self.bytes_used -= entry.size
        return entry is not None

    def drop_expired(self, now: float) -> None:
        for key in [key for key, entry in self._entries.items() if _is_over(entry, now)]:
            self.drop(key)

    def drop_oldest(self) -> None:
        """Remove the entry that was used longest ago."""
        self.drop(next(iter(self._entries)))

    def clear(self) -> None:
        self._entries.clear()
        self.bytes_used = 0

    def keys(self, now: float) -> Iterator[str]:
        """Keys of live entries, oldest use first."""
        return (key for key, entry in self._entries.items() if not _is_over(entry, now))

    def sizes(self) -> dict[str, int]:
        """The bytes of each entry by its key, oldest use first, expired ones included."""
        return {key: entry.size for key, entry in self._entries.items()}


def _is_over(entry: Entry[Stored], now: float) -> bool:
    return entry.expires_at is not None and entry.expires_at <= now

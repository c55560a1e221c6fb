"""How many connections there may be, and how fast they may come (docs/spec §W9)."""

from __future__ import annotations

from ..settings import Settings
from .refusals import Refusal

ADDRESS_BURST_SECONDS = 10.0
"""Of `connect-rate-per-ip` that may come at once: whole offices come back after a restart."""

MAX_ADDRESSES = 10_000
"""Addresses whose rate is watched at a time."""


class Admission:
    """Counts connections from before their upgrade until they are forgotten."""

    def __init__(self, settings: Settings, descriptors: int = 0) -> None:
        """*descriptors*: the first file descriptor that connections must not use; 0: no limit."""
        self._max = settings.max_connections
        self._max_per_ip = settings.max_connections_per_ip
        self._bucket = Bucket(settings.connect_rate)
        self._rate = settings.connect_rate
        self._rate_per_ip = settings.connect_rate_per_ip
        self._buckets: dict[str, Bucket] = {}
        self._descriptors = descriptors
        self._count = 0
        self._by_ip: dict[str, int] = {}

    @property
    def count(self) -> int:
        return self._count

    def admit(self, ip: str, now: float, descriptor: int = -1) -> Refusal | None:
        """Count one more connection, or say why not. *now* in seconds, never going backwards.

        A new *descriptor* is the lowest that is free (POSIX, accept): it tells how many are in use.
        """
        if self._descriptors and descriptor >= self._descriptors:
            return Refusal(503, "too many connections", reason="open_files")
        if self._max and self._count >= self._max:
            return Refusal(503, "too many connections", reason="max_connections")
        if self._max_per_ip and self._by_ip.get(ip, 0) >= self._max_per_ip:
            return Refusal(
                429, "too many connections from this address", reason="max_connections_per_ip"
            )
        if self._rate_per_ip and not self._address_is_slow_enough(ip, now):
            return Refusal(429, "too many new connections", reason="connect_rate_per_ip")
        if self._rate and not self._bucket.takes(now):
            return Refusal(429, "too many new connections", reason="connect_rate")
        self._count += 1
        if self._max_per_ip:
            self._by_ip[ip] = self._by_ip.get(ip, 0) + 1
        return None

    def release(self, ip: str) -> None:
        """One connection less."""
        self._count -= 1
        if self._max_per_ip:
            left = self._by_ip.get(ip, 0) - 1
            if left > 0:
                self._by_ip[ip] = left
            else:
                self._by_ip.pop(ip, None)

    def _address_is_slow_enough(self, ip: str, now: float) -> bool:
        bucket = self._buckets.get(ip)
        if bucket is None:
            if len(self._buckets) >= MAX_ADDRESSES:
                self._forget_quiet(now)
            bucket = self._buckets[ip] = Bucket(self._rate_per_ip, ADDRESS_BURST_SECONDS)
        return bucket.takes(now)

    def _forget_quiet(self, now: float) -> None:
        """Forget the addresses whose bucket is full again; the oldest if there is none."""
        quiet = [ip for ip, bucket in self._buckets.items() if bucket.is_full(now)]
        for ip in quiet or [next(iter(self._buckets))]:
            del self._buckets[ip]


class Bucket:
    """So many a second, and the worth of some seconds at once."""

    __slots__ = ("_allowance", "_at", "_most", "_rate")

    def __init__(self, rate: int, seconds: float = 1.0) -> None:
        self._rate = rate
        self._most = self._allowance = rate * seconds
        self._at: float | None = None

    def takes(self, now: float) -> bool:
        """Count one more, if there may be one."""
        self._refill(now)
        if self._allowance < 1:
            return False
        self._allowance -= 1
        return True

    def is_full(self, now: float) -> bool:
        """Whether none came of late."""
        self._refill(now)
        return self._allowance >= self._most

    def _refill(self, now: float) -> None:
        before = self._at if self._at is not None else now
        self._at = now
        self._allowance = min(self._most, self._allowance + (now - before) * self._rate)

"""How many connections there may be, and how fast they may come (spec/websocket.md §9)."""

from __future__ import annotations

from dataclasses import dataclass

from ..settings import Settings


@dataclass(frozen=True, slots=True)
class Refusal:
    """An upgrade that is answered with an error; `reason` names the limit for the log."""

    status: int
    reason: str
    text: str


class Admission:
    """Counts connections from before their upgrade until they are forgotten."""

    def __init__(self, settings: Settings, descriptors: int = 0) -> None:
        """*descriptors*: the first file descriptor that connections must not use; 0: no limit."""
        self._max = settings.max_connections
        self._max_per_ip = settings.max_connections_per_ip
        self._rate = settings.connect_rate
        self._descriptors = descriptors
        self._count = 0
        self._by_ip: dict[str, int] = {}
        self._allowance = float(self._rate)
        self._checked_at: float | None = None

    @property
    def count(self) -> int:
        return self._count

    def admit(self, ip: str, now: float, descriptor: int = -1) -> Refusal | None:
        """Count one more connection, or say why not. *now* in seconds, never going backwards.

        A new *descriptor* is the lowest that is free (POSIX, accept): it tells how many are in use.
        """
        if self._descriptors and descriptor >= self._descriptors:
            return Refusal(503, "open_files", "too many connections")
        if self._max and self._count >= self._max:
            return Refusal(503, "max_connections", "too many connections")
        if self._max_per_ip and self._by_ip.get(ip, 0) >= self._max_per_ip:
            return Refusal(429, "max_connections_per_ip", "too many connections from this address")
        if self._rate and not self._is_slow_enough(now):
            return Refusal(429, "connect_rate", "too many new connections")
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

    def _is_slow_enough(self, now: float) -> bool:
        """A bucket of one second's worth."""
        before = self._checked_at if self._checked_at is not None else now
        self._checked_at = now
        self._allowance = min(float(self._rate), self._allowance + (now - before) * self._rate)
        if self._allowance < 1:
            return False
        self._allowance -= 1
        return True

"""Rate limiting with a sliding log per key (docs/spec §L21.3)."""

from __future__ import annotations

import math
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Any

from soli_lang.base.errors import SoliPlainTypeError, SoliValueError
from soli_lang.machine.keys import MachineKey
from soli_lang.machine.machine import Machine
from soli_lang.native.native import Any_, Hash, Int, function, method, static
from soli_lang.values.display import to_text
from soli_lang.values.kinds import type_name
from soli_lang.values.values import Value

from ..ground import clock
from ..ground.arguments import option
from . import remote
from .remote import answered

MAX_KEYS = 10_000
MAX_ATTEMPTS = 1_000_000
"""Attempts remembered for all keys together."""
DEFAULT_WINDOW = 60
"""Seconds."""
TRUST_PROXY_SERVICE = "trust_proxy"
"""Host service: true when `X-Forwarded-For` comes from a proxy of the host's own."""


class Log:
    """When recent attempts were made, by key, longest unused key first. Takes the time as given."""

    __slots__ = ("_attempts", "_total", "_windows")

    def __init__(self) -> None:
        self._attempts: OrderedDict[str, deque[float]] = OrderedDict()
        self._windows: dict[str, float] = {}
        self._total = 0

    def __len__(self) -> int:
        """The number of keys."""
        return len(self._attempts)

    def recent(self, key: str, window: float, now: float) -> deque[float]:
        """The attempts under *key* within *window* seconds, oldest first."""
        attempts = self._attempts.get(key)
        if attempts is None:
            return deque()
        while attempts and attempts[0] <= now - window:
            attempts.popleft()
            self._total -= 1
        if not attempts:
            self.forget(key)
        return attempts

    def add(self, key: str, window: float, now: float) -> None:
        """Note an attempt; forgets other keys when there are too many."""
        attempts = self._attempts.setdefault(key, deque())
        attempts.append(now)
        self._attempts.move_to_end(key)
        self._windows[key] = window
        self._total += 1
        if len(self._attempts) > MAX_KEYS or self._total > MAX_ATTEMPTS:
            self.forget_old(now)
        while len(self._attempts) > MAX_KEYS or self._total > MAX_ATTEMPTS:
            oldest = next(iter(self._attempts))
            if oldest == key:
                attempts.popleft()
                self._total -= 1
            else:
                self.forget(oldest)

    def forget(self, key: str) -> None:
        attempts = self._attempts.pop(key, None)
        if attempts is not None:
            self._total -= len(attempts)
            del self._windows[key]

    def forget_old(self, now: float) -> None:
        """Drop every key whose attempts all lie outside its window."""
        for key, attempts in list(self._attempts.items()):
            if not attempts or attempts[-1] <= now - self._windows[key]:
                self.forget(key)

    def clear(self) -> None:
        self._attempts.clear()
        self._windows.clear()
        self._total = 0


class RateLimiter:
    """At most *limit* attempts per *window* seconds under one key; 0 means no limit."""

    __slots__ = ("key", "limit", "window")

    soli_type = "RateLimiter"

    def __init__(self, key: str, limit: int, window: int | float) -> None:
        self.key = key
        self.limit = limit
        self.window = window

    def soli_text(self) -> str:
        return "<RateLimiter instance>"


TYPES: dict[str, tuple[type, ...]] = {"RateLimiter": (RateLimiter,)}


KEY: MachineKey[Log] = MachineKey("rate_limiter")


def log_of(machine: Machine) -> Log:
    """The attempts that this interpreter counts."""
    log = machine.library.get(KEY)
    if log is None:
        log = machine.library[KEY] = Log()
    return log


# --- making ---------------------------------------------------------------------------------------


@static("RateLimiter", "new", Hash("hash options"))
def new(options: dict[Any, Value]) -> RateLimiter:
    """`RateLimiter.new({"key": s, "limit": n, "window": secs})`"""
    values = {}
    for name in ("key", "limit", "window"):
        value = option(options, name)
        if value is None:
            raise SoliValueError(f"RateLimiter instance missing {name}")
        values[name] = value
    if values["limit"].__class__ is not int:
        raise SoliPlainTypeError(
            f"RateLimiter.new() expects int limit, got {type_name(values['limit'])}"
        )
    if values["window"].__class__ not in (int, float):
        raise SoliPlainTypeError(
            f"RateLimiter.new() expects int window, got {type_name(values['window'])}"
        )
    if not 0 < values["window"] < math.inf:
        raise SoliValueError("RateLimiter.new() expects a positive window")
    return RateLimiter(to_text(values["key"]), values["limit"], values["window"])


@function(
    "rate_limiter_from_ip",
    Hash("hash req"),
    Int("int limit"),
    Int("int window_seconds").optional(DEFAULT_WINDOW),
)
def rate_limiter_from_ip(
    machine: Machine, request: dict[Any, Value], limit: int, window: int
) -> RateLimiter:
    """A limiter for the address that *request* came from."""
    trusts_proxy = bool(machine.capabilities.services.get(TRUST_PROXY_SERVICE))
    return RateLimiter(f"ip:{client_address(request, trusts_proxy)}", limit, window)


def client_address(request: dict[Any, Value], trusts_proxy: bool) -> str:
    """`remote_addr`, or the entry that a trusted proxy added last to `X-Forwarded-For`."""
    headers = option(request, "headers")
    if trusts_proxy and isinstance(headers, dict):
        forwarded = option(headers, "x-forwarded-for")
        if isinstance(forwarded, str) and (last := forwarded.rpartition(",")[2].strip()):
            return last
    address = option(request, "remote_addr")
    return address if isinstance(address, str) else "unknown"


# --- using ----------------------------------------------------------------------------------------


def _recent(machine: Machine, limiter: RateLimiter) -> tuple[int, int]:
    """How many attempts are within the window, and whole seconds until the oldest leaves it."""
    stores = remote.of(machine)
    if stores is not None:
        answer = stores.attempts.recent(limiter.key, limiter.window)
        count, wait = answered(machine, answer, "RateLimiter")
        return count, max(0, math.ceil(wait))
    now = clock.steady(machine)
    attempts = log_of(machine).recent(limiter.key, limiter.window, now)
    if not attempts:
        return 0, 0
    return len(attempts), max(0, math.ceil(attempts[0] + limiter.window - now))


def _attempt(machine: Machine, limiter: RateLimiter) -> int:
    """Count an attempt if it is allowed (0), else the seconds to wait."""
    if limiter.limit <= 0:
        return 0
    stores = remote.of(machine)
    if stores is not None:
        answer = stores.attempts.attempt(limiter.key, limiter.limit, limiter.window)
        left = answered(machine, answer, "RateLimiter")
        return 0 if left is None else max(1, math.ceil(left))
    count, wait = _recent(machine, limiter)
    if count >= limiter.limit:
        return max(1, wait)
    log_of(machine).add(limiter.key, limiter.window, clock.steady(machine))
    return 0


@method("RateLimiter", "allowed", bare=True)
def allowed(machine: Machine, limiter: RateLimiter) -> bool:
    """Whether one more attempt is within the limit; counts it if so."""
    return _attempt(machine, limiter) == 0


@method("RateLimiter", "throttle", bare=True)
def throttle(machine: Machine, limiter: RateLimiter) -> int:
    """Seconds to wait before the next attempt; counts one when that is 0."""
    return _attempt(machine, limiter)


@method("RateLimiter", "status", bare=True)
def status(machine: Machine, limiter: RateLimiter) -> dict[str, Value]:
    """`{"allowed", "remaining", "reset_in", "limit", "window"}`; counts nothing."""
    count, wait = _recent(machine, limiter)
    remaining = max(0, limiter.limit - count)
    return {
        "allowed": limiter.limit <= 0 or remaining > 0,
        "remaining": remaining,
        "reset_in": wait,
        "limit": limiter.limit,
        "window": limiter.window,
    }


@method("RateLimiter", "headers", bare=True)
def headers(machine: Machine, limiter: RateLimiter) -> dict[str, Value]:
    """Response headers that tell a client where it stands."""
    current = status(machine, limiter)
    return {
        "X-RateLimit-Limit": str(current["limit"]),
        "X-RateLimit-Remaining": str(current["remaining"]),
        "X-RateLimit-Reset": str(current["reset_in"]),
    }


@method("RateLimiter", "reset", bare=True)
def reset(machine: Machine, limiter: RateLimiter) -> bool:
    """Forget this key's attempts."""
    stores = remote.of(machine)
    if stores is not None:
        answered(machine, stores.attempts.forget(limiter.key), "RateLimiter")
        return True
    log_of(machine).forget(limiter.key)
    return True


@static("RateLimiter", "reset_all")
def reset_all(machine: Machine) -> bool:
    """Forget all attempts."""
    stores = remote.of(machine)
    if stores is not None:
        answered(machine, stores.attempts.forget_all(), "RateLimiter")
        return True
    log_of(machine).clear()
    return True


@static("RateLimiter", "cleanup")
def cleanup(machine: Machine) -> bool:
    """Forget keys without recent attempts."""
    stores = remote.of(machine)
    if stores is not None:
        answered(machine, stores.attempts.forget_old(), "RateLimiter")
        return True
    machine.spend(4 * len(log_of(machine)))
    log_of(machine).forget_old(clock.steady(machine))
    return True


def _removed(name: str) -> Callable[..., str]:
    def removed(*_: Value) -> str:
        return f"{name}() has been removed. Use RateLimiter class instead."

    removed.__doc__ = "Use `RateLimiter`."
    return function(name, Any_.rest())(removed)


rate_limit = _removed("rate_limit")
throttle_global = _removed("throttle")
rate_limit_status = _removed("rate_limit_status")
rate_limit_headers = _removed("rate_limit_headers")
rate_limit_reset = _removed("rate_limit_reset")
rate_limit_reset_all = _removed("rate_limit_reset_all")
rate_limit_cleanup = _removed("rate_limit_cleanup")

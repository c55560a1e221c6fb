"""Every setting of the runtime, once (docs/spec §W9).

The same name is a field here, a flag of `soli run` (`--message-rate`) and an environment variable
(`SOLI_MESSAGE_RATE`). `SETTINGS` is the table from which the command line is built.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any, Literal

from soli_lang.base.errors import SoliError
from soli_lang.base.records import Record, field

IN_MEMORY = "memory"
"""The store that needs nothing, and is gone with the process."""

ENVIRONMENT_PREFIX = "SOLI_"

_KIB = 1 << 10
_MIB = 1 << 20


class SettingError(SoliError):
    """A setting has a value that it cannot have. `name` is the flag or variable at fault."""

    kind = "ValueError"

    def __init__(self, name: str, message: str) -> None:
        super().__init__(f"{name}: {message}")
        self.name = name


def _setting(default: Any, kind: str, help_: str) -> Any:
    return field(default=default, metadata={"kind": kind, "help": help_})


class Settings(Record, frozen=True, kw_only=True):
    """How the runtime behaves. 0 turns a limit off where its help says so."""

    host: str = _setting("127.0.0.1", "text", "address to listen on")
    port: int = _setting(5011, "port", "port to listen on; 0 picks a free one")
    dev: bool = _setting(False, "flag", "reload on change, show error texts to clients")

    max_message_bytes: int = _setting(
        _MIB, "count", "largest message received, all fragments, inflated; 0: no limit"
    )
    message_rate: int = _setting(
        1000, "count", "messages received per connection and second; 0: no limit"
    )
    message_burst: int = _setting(
        2000, "count", "messages received per connection at once; 0: as message-rate"
    )
    byte_rate: int = _setting(
        4 * _MIB, "count", "bytes received per connection and second; 0: no limit"
    )
    message_seconds: float = _setting(
        30.0, "seconds", "for a message to arrive once it began; 0: no limit"
    )
    max_unfinished_bytes: int = _setting(
        64 * _MIB, "count", "of all messages that began and are not complete; 0: no limit"
    )
    max_outbox_bytes: int = _setting(
        16 * _MIB, "count", "bytes waiting to be sent per connection; 0: no limit"
    )
    ping_seconds: float = _setting(
        25.0, "seconds", "between pings; gone after two without a pong; 0: no pings"
    )
    handshake_seconds: float = _setting(
        10.0, "seconds", "for the first request of a connection to arrive; 0: no limit"
    )
    body_seconds: float = _setting(
        30.0, "seconds", "for the body of a request to arrive; 0: no limit"
    )
    least_rate: int = _setting(
        16 * _KIB, "count", "bytes per second, over 20 s, at which HTTP is read or sent; 0: any"
    )
    max_unread_bytes: int = _setting(
        128 * _MIB, "count", "of HTTP answers that are not read yet, in all; 0: no limit"
    )
    max_silent_connections: int = _setting(
        10_000, "count", "connections whose first request is still to come; 0: no limit"
    )
    max_connections: int = _setting(100_000, "count", "open connections; 0: no limit")
    max_connections_per_ip: int = _setting(
        1000, "count", "open connections per remote address; 0: no limit"
    )
    connect_rate: int = _setting(2000, "count", "new connections per second; 0: no limit")
    connect_rate_per_ip: int = _setting(
        100, "count", "new connections per remote address and second; 0: no limit"
    )
    max_http_connections: int = _setting(
        4096, "count", "connections that are no WebSockets; 0: no limit"
    )
    max_http_connections_per_ip: int = _setting(
        100, "count", "the same per address of the other end; 0: no limit"
    )
    http_idle_seconds: float = _setting(
        75.0, "seconds", "between two requests of a connection; 0: it is closed behind the first"
    )
    max_connection_seconds: float = _setting(
        0.0, "seconds", "that a connection may last, however busy it is; 0: no limit"
    )
    max_rooms: int = _setting(128, "count", "rooms per connection; 0: no limit")
    max_presence_bytes: int = _setting(
        4 * _KIB, "count", "metadata of one track, as JSON; 0: no limit"
    )
    presence_resync_seconds: float = _setting(
        1.0, "seconds", "over which refreshes of device counts are gathered; 0: no refreshes"
    )
    presence_resync_bytes: int = _setting(
        _MIB, "count", "bytes of refreshes per channel and second; 0: no limit"
    )
    presence_diff_bytes: int = _setting(
        8 * _MIB, "count", "bytes of changes per channel and second; 0: no limit"
    )
    max_connections_per_user: int = _setting(
        64, "count", "connections of one user that are tracked in a channel; 0: no limit"
    )
    presence_memory_seconds: float = _setting(
        60.0,
        "seconds",
        "that a channel is remembered which lost its last user, for clients that come back; 0: not",
    )
    presence_grace_seconds: float = _setting(
        0.0, "seconds", "that presence stays of a connection whose line broke; 0: not at all"
    )
    history_bytes: int = _setting(
        64 * _MIB,
        "count",
        "of what all rooms keep; past it the room last written to the longest ago is forgotten; "
        "0: no limit",
    )
    handler_steps: int = _setting(2_000_000, "count", "steps of one handler call; 0: no limit")
    handler_seconds: float = _setting(
        0.15, "seconds", "that one handler call may compute; 0: no limit"
    )
    heavy_percent: int = _setting(
        20, "count", "of the time, for handler calls of more than 40 ms; 0: no limit"
    )
    handler_wait_seconds: float = _setting(
        30.0, "seconds", "that one handler call may wait; 0: no limit"
    )
    handler_bytes: int = _setting(
        512 * _MIB, "count", "all that one handler call may build; 0: no limit"
    )
    max_value_bytes: int = _setting(
        64 * _MIB, "count", "one String, Array or Hash that a program builds; 0: no limit"
    )
    allowed_origins: tuple[str, ...] = _setting(
        (), "list", "origins that may connect, separated by commas; none: the same host; *: all"
    )
    allowed_hosts: tuple[str, ...] = _setting(
        (), "list", "hosts that requests may ask for, separated by commas; none: any"
    )
    cross_origin: Literal["refuse", "accept"] = _setting(
        "refuse",
        "refuse|accept",
        "what to do with requests of other sites that bear cookies and may change something",
    )
    login_key: str = _setting(
        "user_id",
        "text",
        "key of a session that means a login: its change changes the id; '': none",
    )
    trusted_proxies: tuple[str, ...] = _setting(
        (), "list", "addresses or networks whose forwarded headers count, separated by commas"
    )
    compression: bool = _setting(False, "flag", "offer permessage-deflate")
    binary: Literal["accept", "refuse"] = _setting(
        "accept", "accept|refuse", "what to do with binary messages"
    )
    shutdown_seconds: float = _setting(
        10.0, "seconds", "for connections to close when stopping; 0: exit at once"
    )
    store: str = _setting(
        IN_MEMORY,
        "store",
        "where sessions, KV, cache, rate limits and jobs are kept: memory, sqlite:PATH, redis://…",
    )
    store_bytes: int = _setting(1 << 30, "count", "largest file of a store in SQLite; 0: no limit")
    job_lease_seconds: float = _setting(
        30.0, "seconds", "after which a job runs again whose process died; at least 1"
    )
    app_name: str = _setting(
        "", "text", "separates apps that share a Redis; none: the name of the app's folder"
    )
    store_prefix: str = _setting("", "text", "of the store alone: --app-name names both")
    workers: int = _setting(1, "workers", "processes that serve the port; 0: one per core")
    broker: str = _setting(
        IN_MEMORY, "broker", "where several processes meet: memory (one process), redis://…"
    )
    broker_prefix: str = _setting("", "text", "of the broker alone: --app-name names both")
    lease_seconds: float = _setting(
        9.0, "lease", "after which a silent process counts as dead; at least 0.5"
    )
    broker_backlog_bytes: int = _setting(
        64 * _MIB, "backlog", "that wait for the broker or in it; at least 65536"
    )
    broker_wait_seconds: float = _setting(
        30.0, "seconds", "after which messages that wait for the broker are dropped; 0: never"
    )
    metrics: bool = _setting(False, "flag", "serve /metrics for Prometheus")
    metrics_token: str = _setting(
        "", "text", "bearer token that /metrics asks for; none: only this machine may look"
    )
    dashboard_token: str = _setting(
        "", "text", "token that /_soli asks for; none: this machine with --dev, else nobody"
    )

    def __post_init__(self) -> None:
        for setting in SETTINGS:
            fault = setting.fault(getattr(self, setting.name))
            if fault is not None:
                raise SettingError(setting.name, fault)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str], **overrides: Any) -> Settings:
        """Settings from `SOLI_*` variables; *overrides* (from flags) win over them.

        Variables of other names are ignored: hosts have their own with that prefix. Raises
        `SettingError`, naming the variable, what was found and what was expected.
        """
        values: dict[str, Any] = {}
        for setting in SETTINGS:
            text = environment.get(setting.variable)
            if text is not None and setting.name not in overrides:
                values[setting.name] = setting.parse(text, setting.variable)
        return cls(**values, **overrides)

    @property
    def effective_message_burst(self) -> int:
        """Messages at once: `message_burst`, or one second's worth if that is 0."""
        return self.message_burst or self.message_rate


class Setting(Record, frozen=True):
    """One row of the table: enough to build a flag and to read a value from text."""

    name: str
    kind: str
    """One of `_KINDS`, or words joined by `|`."""
    default: Any
    help: str

    @property
    def flag(self) -> str:
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        return ENVIRONMENT_PREFIX + self.name.upper()

    @property
    def expected(self) -> str:
        """What values look like, in words."""
        return _KINDS[self.kind].expected if self.kind in _KINDS else _words(self.kind)

    def parse(self, text: str, source: str) -> Any:
        """The value of *text*. *source* is the flag or variable that an error names."""
        try:
            value = _KINDS[self.kind].read(text.strip()) if self.kind in _KINDS else text.strip()
        except ValueError:
            value = None
        if value is None or self.fault(value) is not None:
            raise SettingError(source, f"expected {self.expected}, got '{without_password(text)}'")
        return value

    def fault(self, value: Any) -> str | None:
        """What is wrong with a value, or None."""
        known = _KINDS.get(self.kind)
        is_good = known.accepts(value) if known is not None else value in self.kind.split("|")
        if is_good:
            return None
        shown = without_password(value) if type(value) is str else value
        return f"expected {self.expected}, got {shown!r}"


def without_password(url: str) -> str:
    """*url* as it may be shown and logged, whether or not it makes sense."""
    # Up to the last @: a password that should have been quoted may hold anything.
    url = re.sub(r"(?<=//)([^:@/?#]*):.*@", r"\1:***@", url, flags=re.DOTALL)
    return re.sub(r"([?&]password=)[^&#]*", r"\1***", url)


class _Kind(Record, frozen=True):
    expected: str
    read: Callable[[str], Any]
    accepts: Callable[[Any], bool]


_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off", ""})


def _read_flag(text: str) -> bool | None:
    word = text.lower()
    return True if word in _TRUE else False if word in _FALSE else None


def _read_count(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() else None


def _read_list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _is_seconds(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value) and value >= 0


def _is_list(value: Any) -> bool:
    return type(value) is tuple and all(type(item) is str for item in value)


def _is_store(value: Any) -> bool:
    if type(value) is not str:
        return False
    scheme, colon, rest = value.partition(":")
    if scheme == "sqlite":
        return bool(colon) and rest not in ("", ":memory:")
    return value == IN_MEMORY or (rest.startswith("//") and _is_redis(value))


def _is_redis(url: str) -> bool:
    """Whether *url* says of a Redis all that it has to, so that nothing in it is passed over."""
    from urllib.parse import urlsplit  # here: most scripts have no store

    try:
        parts = urlsplit(url)
        is_address = bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets, a port that is none
        return False
    if parts.scheme == "unix":
        return len(parts.path) > 1 and parts.netloc.rpartition("@")[2] == ""
    return (
        parts.scheme in ("redis", "rediss")
        and is_address
        and re.fullmatch(r"(/[0-9]*)?", parts.path) is not None
    )


def _is_broker(value: Any) -> bool:
    return _is_store(value) and not value.startswith("sqlite:")


def _words(kind: str) -> str:
    return " or ".join(f"'{word}'" for word in kind.split("|"))


_KINDS: Mapping[str, _Kind] = {
    "count": _Kind("a whole number from 0", _read_count, _is_count),
    "port": _Kind(
        "a port from 0 to 65535", _read_count, lambda value: _is_count(value) and value <= 65535
    ),
    "seconds": _Kind("a number of seconds from 0", float, _is_seconds),
    "flag": _Kind("true or false", _read_flag, lambda value: type(value) is bool),
    "list": _Kind("words separated by commas", _read_list, _is_list),
    "store": _Kind(
        "memory, sqlite:PATH, redis://HOST:PORT/N, rediss://… or unix://PATH", str, _is_store
    ),
    "broker": _Kind("memory, redis://HOST:PORT/N, rediss://… or unix://PATH", str, _is_broker),
    "workers": _Kind(
        "a whole number from 0 to 1024",
        _read_count,
        lambda value: _is_count(value) and value <= 1024,
    ),
    "lease": _Kind(
        "a number of seconds from 0.5", float, lambda value: _is_seconds(value) and value >= 0.5
    ),
    "backlog": _Kind(
        "a whole number from 65536", _read_count, lambda value: _is_count(value) and value >= 65536
    ),
    "text": _Kind("text", str, lambda value: type(value) is str),
}

SETTINGS: tuple[Setting, ...] = tuple(
    Setting(name, item.metadata["kind"], item.default, item.metadata["help"])
    for name, item in Settings.record_fields.items()
)
"""Every setting, in the order in which help lists them."""

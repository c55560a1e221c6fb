"""Every setting of the runtime, once (docs/spec §W9).

The same name is a field here, a flag of `soli run` (`--message-rate`) and an environment variable
(`SOLI_MESSAGE_RATE`). `SETTINGS` is the table from which the command line is built.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal

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


class Setting(Record, frozen=True):
    """One row of the table: enough to build a flag and to read a value from text."""

    name: str
    kind: str
    """One of `KINDS`, or words joined by `|`."""
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
        from .kinds import KINDS, words  # here: most scripts have defaults only

        return KINDS[self.kind].expected if self.kind in KINDS else words(self.kind)

    def parse(self, text: str, source: str) -> Any:
        """The value of *text*. *source* is the flag or variable that an error names."""
        from .kinds import KINDS, without_password

        try:
            value = KINDS[self.kind].read(text.strip()) if self.kind in KINDS else text.strip()
        except ValueError:
            value = None
        if value is None or self.fault(value) is not None:
            raise SettingError(source, f"expected {self.expected}, got '{without_password(text)}'")
        return value

    def fault(self, value: Any) -> str | None:
        """What is wrong with a value, or None."""
        if value is self.default:
            return None
        from .kinds import KINDS, without_password

        known = KINDS.get(self.kind)
        is_good = known.accepts(value) if known is not None else value in self.kind.split("|")
        if is_good:
            return None
        shown = without_password(value) if type(value) is str else value
        return f"expected {self.expected}, got {shown!r}"


def _setting(default: Any, kind: str, help_: str, *, is_ending: bool = False) -> Any:
    return field(default=default, metadata={"kind": kind, "help": help_, "is_ending": is_ending})


class Constants(Record, frozen=True, kw_only=True):
    """Bounds that no server has had to change. They are no settings; tests make them small."""

    least_rate: int = 16 * _KIB
    """Bytes per second, over 20 s, at which a client has to read or send over HTTP; 0: any."""
    max_unread_bytes: int = 128 * _MIB
    """Bytes of all HTTP responses that clients have not read yet; 0: no limit."""
    max_presence_bytes: int = 4 * _KIB
    """Bytes of the metadata of one `track`, as JSON; 0: no limit."""
    max_connections_per_user: int = 64
    """Connections of one user that may be tracked in a channel; 0: no limit."""
    max_partial_message_bytes: int = 64 * _MIB
    """Bytes of all messages that are not complete yet; 0: no limit."""
    max_value_bytes: int = 64 * _MIB
    """Bytes of one String, Array or Hash of a program; 0: no limit."""
    presence_resync_seconds: float = 1.0
    """Over which refreshes of device counts are batched; 0: no refreshes."""
    presence_resync_bytes: int = _MIB
    """Bytes of refreshes per channel and second; 0: no limit."""
    presence_diff_bytes: int = 8 * _MIB
    """Bytes of changes per channel and second; 0: no limit."""
    presence_memory_seconds: float = 60.0
    """For how long a channel that lost its last user is remembered, for clients that reconnect."""
    max_rooms_with_state: int = 100_000
    """Rooms that hold state; 0: no limit."""
    max_state_depth: int = 32
    """Levels of Hashes and Arrays in the state of a room; 0: as many as JSON has."""
    max_state_keys: int = 10_000
    """Keys in all Hashes of the state of a room; 0: no limit."""
    job_lease_seconds: float = 30.0
    """After which a job runs again if its process died; at least 1."""
    broker_backlog_bytes: int = 64 * _MIB
    """Bytes that wait for the broker or in it."""
    broker_publish_ttl: float = 30.0
    """Seconds after which messages that wait for the broker drop; 0: never."""


class _Fields(Record, frozen=True, kw_only=True):
    host: str = _setting("127.0.0.1", "text", "address to listen on")
    port: int = _setting(5011, "port", "port to listen on; 0 picks a free one")
    dev: bool = _setting(False, "flag", "reload on change, and show the texts of errors to clients")

    max_message_bytes: int = _setting(
        _MIB, "count", "size of one received message: all fragments, inflated; 0: no limit"
    )
    message_rate: int = _setting(
        1000, "count", "messages received per connection and second; 0: no limit"
    )
    message_burst: int = _setting(
        2000, "count", "messages received per connection at once; 0: as many as message-rate"
    )
    byte_rate: int = _setting(
        4 * _MIB, "count", "bytes received per connection and second; 0: no limit"
    )
    message_timeout: float = _setting(
        30.0,
        "seconds",
        "time for a message to arrive once its first byte is there, and for the body of a request; "
        "0: no limit",
    )
    max_outbox_bytes: int = _setting(
        16 * _MIB, "count", "bytes waiting to be sent per connection; 0: no limit"
    )
    ping_seconds: float = _setting(
        25.0, "seconds", "interval between pings; two without a pong close; 0: no pings"
    )
    handshake_timeout: float = _setting(
        10.0, "seconds", "time for the first request of a connection to arrive; 0: no limit"
    )
    max_pending_connections: int = _setting(
        10_000, "count", "connections that have not sent a request yet; 0: no limit"
    )
    max_connections: int = _setting(100_000, "count", "open connections; 0: no limit")
    max_connections_per_ip: int = _setting(
        1000, "count", "open connections per client address; 0: no limit"
    )
    connect_rate: int = _setting(2000, "count", "new connections per second; 0: no limit")
    connect_rate_per_ip: int = _setting(
        100, "count", "new connections per client address and second; 0: no limit"
    )
    max_http_connections: int = _setting(
        4096, "count", "open connections that are not WebSockets; 0: no limit"
    )
    max_http_connections_per_ip: int = _setting(
        100, "count", "the same per address of the peer; 0: no limit"
    )
    keepalive_timeout: float = _setting(
        75.0, "seconds", "time between two requests of an HTTP connection; 0: no keep-alive"
    )
    max_connection_age: float = _setting(
        0.0, "seconds", "age at which a connection is closed, however busy it is; 0: no limit"
    )
    max_rooms: int = _setting(128, "count", "rooms per connection; 0: no limit")
    presence_grace_seconds: float = _setting(
        0.0, "seconds", "time for which presence outlives a lost connection; 0: not at all"
    )
    room_bytes: int = _setting(
        64 * _MIB,
        "count",
        "bytes of the history of all rooms, past which the room that has been silent for longest "
        "loses its history, and as many of their state; 0: no limit",
    )
    handler_steps: int = _setting(2_000_000, "count", "steps of one handler call; 0: no limit")
    handler_cpu_seconds: float = _setting(
        0.15, "seconds", "CPU time of one handler call; 0: no limit"
    )
    slow_handler_cpu_percent: int = _setting(
        20, "count", "percent of CPU time for handler calls of more than 40 ms; 0: no limit"
    )
    handler_suspend_seconds: float = _setting(
        30.0, "seconds", "time that one handler call may spend waiting; 0: no limit"
    )
    handler_alloc_bytes: int = _setting(
        512 * _MIB, "count", "bytes that one handler call may allocate; 0: no limit"
    )
    check_types: bool = _setting(
        False, "flag", "check all declared types of parameters, variables and fields at run time"
    )
    allowed_origins: tuple[str, ...] = _setting(
        (), "list", "origins that may connect, separated by commas; none: the same host; *: all"
    )
    allowed_hosts: tuple[str, ...] = _setting(
        (), "list", "hosts that requests may name, separated by commas; none: any"
    )
    session_user_key: str = _setting(
        "user_id",
        "text",
        "session key that identifies the user: a change of it changes the session id; '': none",
    )
    trusted_proxies: tuple[str, ...] = _setting(
        (), "list", "addresses or networks whose forwarded headers count, separated by commas"
    )
    compression: bool = _setting(False, "flag", "offer permessage-deflate")
    binary: Literal["accept", "refuse"] = _setting(
        "accept", "accept|refuse", "accept or refuse binary messages"
    )
    shutdown_seconds: float = _setting(
        10.0, "seconds", "time for connections to close at shutdown; 0: exit at once"
    )
    store: str = _setting(
        IN_MEMORY,
        "store",
        "storage of sessions, KV, cache, rate limits and jobs: memory, sqlite:PATH, redis://…",
    )
    sqlite_max_bytes: int = _setting(
        1 << 30, "count", "size of the file of a SQLite store; 0: no limit"
    )
    app_name: str = _setting(
        "", "text", "name that separates apps in one Redis; none: the name of the app's folder"
    )
    store_prefix: str = _setting(
        "", "text", "replaced by --app-name, which also names the broker", is_ending=True
    )
    workers: int = _setting(1, "workers", "processes that serve the port; 0: one per core")
    broker: str = _setting(
        IN_MEMORY, "broker", "broker between processes: memory (a single process), redis://…"
    )
    broker_prefix: str = _setting(
        "", "text", "replaced by --app-name, which also names the store", is_ending=True
    )
    node_lease_seconds: float = _setting(
        9.0, "lease", "time after which a silent process counts as dead; at least 0.5"
    )
    metrics: bool = _setting(False, "flag", "serve /metrics for Prometheus")
    metrics_token: str = _setting(
        "", "text", "bearer token for /metrics; none: only this machine has access"
    )
    dashboard_token: str = _setting(
        "", "text", "token for /_soli; none: only this machine has access, and only with --dev"
    )

    constants: Constants = Constants()

    def __post_init__(self) -> None:
        for setting in (*SETTINGS, *ENDING):
            fault = setting.fault(getattr(self, setting.name))
            if fault is not None:
                raise SettingError(setting.name, fault)


class Settings(_Fields, frozen=True, kw_only=True):
    """How the runtime behaves. 0 turns a limit off where its help says so."""

    if not TYPE_CHECKING:  # Types know the present names only.

        def __init__(self, **values: Any) -> None:
            if not values.keys() <= _Fields.record_fields.keys():
                from .former import present_values, warn_developers

                values = present_values(values, repr, warn_developers)
            super().__init__(**values)

        def __getattr__(self, name: str) -> Any:
            from .former import RENAMED, present_values, warn_developers

            if name not in RENAMED:
                raise AttributeError(f"Settings has no setting {name!r}")
            present_values({name: None}, repr, warn_developers)
            return getattr(self, RENAMED[name])

    @classmethod
    def from_environment(
        cls,
        environment: Mapping[str, str],
        report: Callable[[str], None] | None = None,
        **overrides: Any,
    ) -> Settings:
        """Settings from `SOLI_*` variables; *overrides* (from flags) win over them.

        Variables of other names are ignored: hosts have their own with that prefix. *report* gets a
        sentence for each variable with a former name; by default it is a DeprecationWarning.
        Raises `SettingError`, which names the variable, what was found and what was expected.
        """
        values: dict[str, Any] = {}
        variables = {name for name in environment if name.startswith(ENVIRONMENT_PREFIX)}
        for setting in (*SETTINGS, *ENDING):
            if setting.variable in variables and setting.name not in overrides:
                text = environment[setting.variable]
                values[setting.name] = setting.parse(text, setting.variable)
        if not variables <= _VARIABLES:
            from .former import values_of_variables

            present = {*values, *overrides}
            values |= values_of_variables(environment, present, report)
        return cls(**{**values, **overrides})

    @property
    def effective_message_burst(self) -> int:
        """Messages at once: `message_burst`, or one second's worth if that is 0."""
        return self.message_burst or self.message_rate


def _listed(is_ending: bool) -> tuple[Setting, ...]:
    return tuple(
        Setting(name, item.metadata["kind"], item.default, item.metadata["help"])
        for name, item in _Fields.record_fields.items()
        if item.metadata and item.metadata["is_ending"] == is_ending
    )


SETTINGS = _listed(is_ending=False)
"""Every setting, in the order of the documentation."""

ENDING = _listed(is_ending=True)
"""Settings that still work in this version and are not listed by `--help`."""

_VARIABLES = {setting.variable for setting in (*SETTINGS, *ENDING)}

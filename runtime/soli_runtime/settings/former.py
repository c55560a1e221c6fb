"""Names that settings had before. They are accepted for one version, and reported once."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from . import ENDING, ENVIRONMENT_PREFIX, SETTINGS

RENAMED: Mapping[str, str] = {
    "heavy_percent": "slow_handler_cpu_percent",
    "handler_seconds": "handler_cpu_seconds",
    "handler_wait_seconds": "handler_suspend_seconds",
    "handler_bytes": "handler_alloc_bytes",
    "max_silent_connections": "max_pending_connections",
    "message_seconds": "message_timeout",
    "body_seconds": "message_timeout",
    "body_timeout": "message_timeout",
    "handshake_seconds": "handshake_timeout",
    "http_idle_seconds": "keepalive_timeout",
    "max_connection_seconds": "max_connection_age",
    "lease_seconds": "node_lease_seconds",
    "store_bytes": "sqlite_max_bytes",
    "login_key": "session_user_key",
    "history_bytes": "room_bytes",
    "room_state_bytes": "room_bytes",
}
"""Former name to present name. A value given under the former name counts."""

REMOVED: Mapping[str, str] = {
    "least_rate": "the minimum rate is 16384 bytes per second",
    "max_unread_bytes": "the bound is 128 MiB",
    "max_presence_bytes": "the bound is 4 KiB",
    "max_connections_per_user": "the bound is 64",
    "presence_resync_bytes": "the budget is 1 MiB per channel and second",
    "presence_diff_bytes": "the budget is 8 MiB per channel and second",
    "presence_memory_seconds": "empty channels are remembered for 60 seconds",
    "max_unfinished_bytes": "the bound is 64 MiB",
    "max_partial_message_bytes": "the bound is 64 MiB",
    "max_value_bytes": "the bound is 64 MiB",
    "presence_resync_seconds": "refreshes are batched over a second",
    "job_lease_seconds": "a job runs again 30 seconds after its process died",
    "broker_backlog_bytes": "the bound is 64 MiB",
    "broker_wait_seconds": "messages that wait for the broker drop after 30 seconds",
    "broker_publish_ttl": "messages that wait for the broker drop after 30 seconds",
    "cross_origin": "cross-site requests are refused; "
    'call skip_csrf("/*") in the app to accept them',
}
"""Settings that are gone, and what holds in their place. A value given for one is ignored."""


def former_flags() -> Iterator[str]:
    """The flags of all former names, as `--handler-seconds`."""
    return (_flag(name) for name in (*RENAMED, *REMOVED))


def present_values(
    given: Mapping[str, Any], shown: Callable[[str], str], report: Callable[[str], None]
) -> dict[str, Any]:
    """*given*, by present names. A value under the present name wins over one under the former.

    *shown* writes a name as the user did (a flag, a variable); *report* gets one sentence for each
    former name.
    """
    values = {}
    for name, value in given.items():
        present = RENAMED.get(name)
        if name in REMOVED:
            report(f"{shown(name)} is no longer a setting and is ignored: {REMOVED[name]}")
        elif present is None:
            values[name] = value
        else:
            report(
                f"{shown(name)} is now called {shown(present)}; "
                "the old name stops working in the next version"
            )
            if present not in given:
                values[present] = value
    return values


def values_of_variables(
    environment: Mapping[str, str], given: Collection[str], report: Callable[[str], None] | None
) -> dict[str, Any]:
    """Values from variables with former names, by present names but those *given* otherwise.

    Raises SettingError.
    """
    by_name = {setting.name: setting for setting in (*SETTINGS, *ENDING)}
    texts = {
        name: environment[_variable(name)]
        for name in (*RENAMED, *REMOVED)
        if _variable(name) in environment
    }
    values = {}
    for name, text in texts.items():
        for present in present_values({name: text}, _variable, report or warn_developers):
            if present not in given:
                values[present] = by_name[present].parse(text, _variable(name))
    return values


def warn_developers(text: str) -> None:
    """Report a former name to whoever wrote the Python program that uses it."""
    warnings.warn(text, DeprecationWarning, stacklevel=4)


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def _variable(name: str) -> str:
    return ENVIRONMENT_PREFIX + name.upper()

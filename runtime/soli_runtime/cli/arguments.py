"""Flags that several commands share, and flags for the settings of the runtime."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from ..loading.capabilities import DENIABLE, Denied, parse_denied
from ..settings import ENDING, SETTINGS, Setting
from ..settings.former import former_flags
from .exits import OK, Exit, UsageError

GROUPS: Mapping[str, tuple[str, ...]] = {
    "server": ("host", "port", "dev", "shutdown_seconds"),
    "connections": (
        *("max_connections", "max_connections_per_ip", "connect_rate", "connect_rate_per_ip"),
        *("max_http_connections", "max_http_connections_per_ip", "max_pending_connections"),
        *("handshake_timeout", "keepalive_timeout", "max_connection_age"),
    ),
    "messages": (
        *("max_message_bytes", "message_rate", "message_burst", "byte_rate", "message_timeout"),
        *("max_outbox_bytes", "ping_seconds", "compression"),
        "binary",
    ),
    "rooms and presence": ("max_rooms", "room_bytes", "presence_grace_seconds"),
    "handlers": (
        *("handler_steps", "handler_cpu_seconds", "slow_handler_cpu_percent"),
        *("handler_suspend_seconds", "handler_alloc_bytes"),
        "check_types",
    ),
    "origins, proxies and sessions": (
        *("allowed_origins", "allowed_hosts", "trusted_proxies", "session_user_key"),
    ),
    "stores and several processes": (
        *("store", "sqlite_max_bytes", "app_name", "workers", "broker"),
        "node_lease_seconds",
    ),
    "monitoring": ("metrics", "metrics_token", "dashboard_token"),
}
"""The headings of `soli run --help`, and the settings under each."""


class Parser(argparse.ArgumentParser):
    """An argument parser that raises UsageError in place of exiting with status 2."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_abbrev=False, **options)

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; see {self.prog} --help")

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        if message:
            self._print_message(message)
        raise Exit(status or OK)


def add_program_flags(parser: argparse.ArgumentParser) -> None:
    """What a program may do."""
    parser.add_argument(
        "--deny",
        action="append",
        default=[],
        metavar="WHAT,…",
        help=f"revoke capabilities: {', '.join(DENIABLE)}",
    )
    parser.add_argument(
        "--allow-shell",
        action="store_true",
        help="allow commands in backticks, which start a shell",
    )
    parser.add_argument(
        "--private-network",
        action="store_true",
        help="allow HTTP requests of the program to reach loopback and private addresses",
    )
    parser.add_argument(
        "--code-writable",
        action="store_true",
        help="allow the program to write Soli files, templates, .env, app/ and config/",
    )


def denied_of(parsed: argparse.Namespace) -> frozenset[str]:
    """The capabilities that `--deny` takes away. Raises UsageError."""
    try:
        return parse_denied(",".join(parsed.deny))
    except Denied as error:
        raise UsageError(str(error)) from None


def add_define(parser: argparse.ArgumentParser) -> None:
    """What the host of a program defines, for commands that only read the program."""
    parser.add_argument(
        "--define",
        action="append",
        default=[],
        metavar="NAME/ARITY",
        help="a function that the host of the program defines: NAME/2, NAME/1-2, NAME/1+, or NAME "
        "for any number of arguments; may be repeated",
    )
    parser.add_argument(
        "--declare",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="a file that declares such functions with their types, as Interpreter.declarations "
        "writes it; may be repeated",
    )


def defined_of(parsed: argparse.Namespace) -> Mapping[str, Any]:
    """Stand-ins for what `--define` and `--declare` name. Raises UsageError."""
    from ..tools.host_names import WrongDefinition, declared_functions, host_names

    try:
        found: dict[str, Any] = dict(host_names(parsed.define))
        for file in parsed.declare:
            found.update(declared_functions(file))
        return found
    except WrongDefinition as error:
        raise UsageError(str(error)) from None


def add_settings(parser: argparse.ArgumentParser) -> None:
    """A flag for every setting of the runtime, in groups."""
    by_name = {setting.name: setting for setting in SETTINGS}
    for heading, names in GROUPS.items():
        group = parser.add_argument_group(heading)
        for name in names:
            _add_setting(group, by_name[name])
    for setting in ENDING:
        parser.add_argument(setting.flag, dest=setting.name, help=argparse.SUPPRESS)
    for flag in former_flags():
        parser.add_argument(flag, help=argparse.SUPPRESS)


def _add_setting(group: Any, setting: Setting) -> None:
    if setting.kind == "flag":
        group.add_argument(
            setting.flag,
            dest=setting.name,
            action="store_const",
            const="true",
            help=setting.help,
        )
        negated = "--no-" + setting.flag.removeprefix("--")
        group.add_argument(
            negated,
            dest=setting.name,
            action="store_const",
            const="false",
            help=argparse.SUPPRESS,
        )
        return
    default = ",".join(setting.default) if setting.kind == "list" else setting.default
    shown = f" (default {default})" if default not in ("", None) else ""
    group.add_argument(
        setting.flag,
        dest=setting.name,
        metavar=setting.kind.upper() if "|" not in setting.kind else setting.kind,
        help=(setting.help + shown).replace("%", "%%"),
    )


def add_debugger(parser: argparse.ArgumentParser, when: str = "") -> None:
    """`--debugger [PORT]`; see `with_debugger_port`."""
    parser.add_argument(
        "--debugger",
        type=int,
        metavar="[PORT]",
        help=f"{when}let a debugger attach on this port of 127.0.0.1 (default: a free one)",
    )


def with_debugger_port(arguments: list[str]) -> list[str]:
    """*arguments*, in which `--debugger` has a port: 0 where what follows it is none."""
    found = []
    for argument, following in zip(arguments, [*arguments[1:], ""], strict=False):
        is_bare = argument == "--debugger" and not following.isdigit()
        found.append("--debugger=0" if is_bare else argument)
    return found

"""Flags that several commands share, and flags for the settings of the runtime."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any, NoReturn

from ..loading.capabilities import DENIABLE, Denied, parse_denied
from ..settings import SETTINGS, Setting
from .exits import OK, Exit, UsageError


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
        help=f"take capabilities away: {', '.join(DENIABLE)}",
    )
    parser.add_argument(
        "--allow-shell",
        action="store_true",
        help="let commands in backticks start a shell; nothing else grants that",
    )
    parser.add_argument(
        "--private-network",
        action="store_true",
        help="let HTTP requests of the program reach loopback and private addresses",
    )
    parser.add_argument(
        "--code-writable",
        action="store_true",
        help="let the program write Soli files, templates, .env, app/ and config/",
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


def defined_of(parsed: argparse.Namespace) -> Mapping[str, Any]:
    """Stand-ins for what `--define` names. Raises UsageError."""
    from ..tools.host_names import WrongDefinition, host_names

    try:
        return host_names(parsed.define)
    except WrongDefinition as error:
        raise UsageError(str(error)) from None


def add_settings(parser: argparse.ArgumentParser) -> None:
    """A flag for every setting of the runtime."""
    group = parser.add_argument_group(
        "settings", "each is also read from the environment: --message-rate is SOLI_MESSAGE_RATE"
    )
    for setting in SETTINGS:
        _add_setting(group, setting)


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

"""The options of `soli run`: flags, and settings from flags and environment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from soli_lang.base.records import Record

from ..settings import ENDING, IN_MEMORY, SETTINGS, SettingError, Settings
from .exits import UsageError

if TYPE_CHECKING:
    import argparse


STANDARD_INPUT = "-"

_BY_NAME = {setting.name: setting for setting in (*SETTINGS, *ENDING)}


def app_name(path: Path) -> str:
    """The name of the folder of the app that *path*, a file or a folder, is or belongs to."""
    path = path.resolve()
    return path.name if path.is_dir() else path.parent.name


class RunOptions(Record, frozen=True):
    """The command line of `soli run`."""

    path: Path
    """A file or folder; with *from_input* the name of none."""
    settings: Settings
    denied: frozenset[str] = frozenset()
    private_network: bool = False
    code_writable: bool = False
    shell: bool = False
    console: bool = False
    record: Path | None = None
    """Where the events of every connection are kept."""
    masked: tuple[str, ...] = ()
    """Keys under which a recording has stand-ins, beside those of secrets."""
    replays_on_save: bool = True
    """Whether `--dev` runs the last events through what is saved."""
    profiles: bool = False
    """Whether to say in the end where time and steps went."""
    is_quiet: bool = False
    """Whether `--dev` says nothing of events."""
    checks: bool = True
    """Whether what `soli check` finds is reported first."""
    log_level: str | None = None
    """The lowest level that is written; None: as it is usual (`effective_log_level`)."""
    log_format: str = "text"
    debugger: int | None = None
    """The port of the debugger; None: any, if there is one."""
    from_input: bool = False
    """Whether the program comes from standard input: `-` (a file of that name is `./-`)."""

    @property
    def app_name(self) -> str:
        """The name of the app's folder: what separates apps in one Redis."""
        return app_name(self.path)

    @property
    def effective_log_level(self) -> str:
        """With `--dev` a line for each event takes the place of what is logged of them."""
        shows_events = self.settings.dev and self.log_format == "text"
        return self.log_level or ("warning" if shows_events else "info")


def _ignore(_: str) -> None:
    """For former names that are reported elsewhere."""


def run_options(
    arguments: list[str],
    environment: Mapping[str, str],
    report: Callable[[str], None] = _ignore,
) -> RunOptions:
    """What *arguments* and `SOLI_*` variables ask for. Raises UsageError; Exit after `--help`.

    *report* gets a sentence for each flag or variable with a name of an earlier version.
    """
    if len(arguments) == 1 and (not arguments[0].startswith("-") or arguments[0] == STANDARD_INPUT):
        # Most scripts are run so. Loading argparse and adding all flags would take longer
        # than the rest of a short one.
        return RunOptions(
            Path(arguments[0]),
            _settings(environment, {}, report),
            from_input=arguments[0] == STANDARD_INPUT,
        )
    return _parsed(arguments, environment, report)


def _parsed(
    arguments: list[str], environment: Mapping[str, str], report: Callable[[str], None]
) -> RunOptions:
    from .arguments import denied_of, with_debugger_port

    parsed = _parser().parse_args(with_debugger_port(arguments))
    if parsed.console and parsed.path == STANDARD_INPUT:
        raise UsageError("--console reads standard input, and so does the program '-'")
    return RunOptions(
        path=Path(parsed.path),
        settings=_settings(environment, vars(parsed), report),
        denied=denied_of(parsed),
        private_network=parsed.private_network,
        code_writable=parsed.code_writable,
        shell=parsed.allow_shell,
        console=parsed.console,
        record=None if parsed.record is None else Path(parsed.record),
        masked=tuple(key.strip() for key in parsed.mask.split(",") if key.strip()),
        replays_on_save=not parsed.no_replay_on_save,
        profiles=parsed.profile,
        is_quiet=parsed.quiet,
        checks=not parsed.no_check,
        log_level=parsed.log_level,
        log_format=parsed.log_format,
        debugger=_debugger_port(parsed.debugger, is_dev=bool(parsed.dev)),
        from_input=parsed.path == STANDARD_INPUT,
    )


def _debugger_port(port: int | None, *, is_dev: bool) -> int | None:
    """Raises UsageError."""
    if port is not None and not is_dev:
        raise UsageError("--debugger runs code for whoever attaches: it needs --dev")
    if port is not None and not 0 <= port < 65536:
        raise UsageError(f"--debugger {port}: a port is a number up to 65535")
    return port


EXAMPLES = """\
examples:
  soli run app.soli                            serve one file on 127.0.0.1:5011
  soli run . --dev                             reload on change; dashboard at /_soli
  soli run . --host 0.0.0.0 --port 80 --trusted-proxies 10.0.0.1
  soli run . --store sqlite:app.db --metrics   keep sessions and jobs over a restart
  soli run . --workers 0 --broker redis://127.0.0.1:6379/0
  SOLI_MESSAGE_RATE=500 soli run .             the same as --message-rate 500

Each setting is also read from the environment: --message-rate is SOLI_MESSAGE_RATE. A flag wins.
"""


def _parser() -> argparse.ArgumentParser:
    import argparse

    from .arguments import Parser, add_debugger, add_program_flags, add_settings

    parser = Parser(
        prog="soli run",
        usage="soli run [options] PATH",
        description="Run a Soli program, and serve it if it has routes.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "path", metavar="PATH", help="a file (app.soli), a project folder, or - for standard input"
    )
    add_program_flags(parser)
    parser.add_argument(
        "--console", action="store_true", help="read Soli from standard input while serving"
    )
    parser.add_argument(
        "--record", metavar="FILE", help="record the events of every connection, for soli replay"
    )
    parser.add_argument(
        "--mask",
        metavar="KEYS",
        default="",
        help="with --record: keep stand-ins for what stands under these keys (name,email)",
    )
    add_debugger(parser, "with --dev: ")
    parser.add_argument(
        "--profile",
        action="store_true",
        help="print in the end where time and steps went, and write a flame graph",
    )
    _add_report_flags(parser)
    add_settings(parser)
    return parser


def _add_report_flags(parser: argparse.ArgumentParser) -> None:
    """What is said while it runs."""
    from ..observing.logs import LEVELS

    parser.add_argument(
        "--quiet", action="store_true", help="with --dev: do not print a line for each event"
    )
    parser.add_argument(
        "--no-replay-on-save",
        action="store_true",
        help="with --dev: do not keep the last events, nor run them again after a save",
    )
    parser.add_argument(
        "--no-check", action="store_true", help="do not report first what soli check finds"
    )
    parser.add_argument(
        "--log-level",
        choices=tuple(LEVELS),
        help="lowest level to log (default info; with --dev warning)",
    )
    parser.add_argument(
        "--log-format",
        choices=("text", "json"),
        default="text",
        help="format of the log (default text)",
    )


def _settings(
    environment: Mapping[str, str], flags: Mapping[str, Any], report: Callable[[str], None]
) -> Settings:
    given: dict[str, Any] = {}
    try:
        for name, (flag, text) in (_given(flags, report) if flags else {}).items():
            given[name] = _BY_NAME[name].parse(text, flag)
        settings = Settings.from_environment(environment, report, **given)
        if (
            settings.broker != IN_MEMORY
            and "store" not in given
            and "SOLI_STORE" not in environment
        ):
            # Processes that share rooms share sessions and jobs, unless a store is named.
            given["store"] = settings.broker
            given["store_prefix"] = settings.store_prefix or settings.broker_prefix
            settings = Settings.from_environment(environment, _ignore, **given)
    except SettingError as error:
        raise UsageError(error.message) from None
    _check_proxies(settings)
    return settings


def _given(flags: Mapping[str, Any], report: Callable[[str], None]) -> dict[str, tuple[str, str]]:
    """The flags of settings that were given: flag and text, by the present name of the setting."""
    from ..settings.former import REMOVED, RENAMED, present_values

    names = (*_BY_NAME, *RENAMED, *REMOVED)
    texts = {name: (_flag(name), flags[name]) for name in names if flags.get(name) is not None}
    return present_values(texts, _flag, report)


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def _check_proxies(settings: Settings) -> None:
    if not settings.trusted_proxies:
        return
    from ..gate.origins import TrustedProxies

    try:
        TrustedProxies(settings.trusted_proxies)
    except ValueError as error:
        raise UsageError(f"--trusted-proxies: {error}") from None

"""`soli run PATH` and `soli -e CODE`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any

from soli_lang.errors import SoliError, SoliSyntaxError

from ..app import App, AppInvalid
from ..job_queue import Job
from ..jobs import run_due
from ..launch import Launch, Launched, launch, new_interpreter
from ..logs import LEVELS, Log, stream_writer
from ..project import Project, ProjectError
from ..settings import Settings
from ..waiting import Waiting
from .arguments import Parser, add_program_flags, add_settings, denied_of, settings_of
from .exits import FAILED, INVALID, OK, UsageError
from .reports import report, report_invalid

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    from ..service import Service


def run_path(arguments: list[str]) -> int:
    """Run a program, serve it while it has routes. The exit status."""
    parsed = _parser().parse_args(arguments)
    settings = settings_of(parsed, os.environ)
    how = Launch(
        Path(parsed.path),
        settings,
        environment=os.environ,
        denied=denied_of(parsed),
        private_network=parsed.private_network,
    )
    try:
        launched = launch(how)
    except ProjectError as error:
        raise UsageError(str(error)) from None
    except AppInvalid as invalid:
        report_invalid(invalid)
        return INVALID
    except SoliError as error:
        report(error)
        return FAILED
    if not launched.app.serves:
        return _end(launched)
    return _serve(how, launched, parsed)


def _end(launched: Launched) -> int:
    """The end of a script: what it put off until it is done is done now."""
    statuses = [OK]

    def failed(job: Job, error: SoliError) -> None:
        report(error)
        statuses.append(FAILED)

    try:
        run_due(launched.app.interpreter.machine, failed)
    finally:
        launched.waiting.close()
    return max(statuses)


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="soli run",
        description="Run a Soli program, and serve it while it has routes.",
    )
    parser.add_argument("path", metavar="PATH", help="a file (app.soli) or a project folder")
    add_program_flags(parser)
    parser.add_argument(
        "--console", action="store_true", help="read Soli from standard input while serving"
    )
    parser.add_argument("--log-level", choices=tuple(LEVELS), default="info")
    parser.add_argument("--log-format", choices=("text", "json"), default="text")
    add_settings(parser)
    return parser


def _serve(how: Launch, launched: Launched, parsed: argparse.Namespace) -> int:
    # Only here is the web server loaded: a script does without.
    import asyncio

    from ..library_logs import adopt
    from ..server import CannotListen, serve

    log = Log(stream_writer(), level=parsed.log_level, as_json=parsed.log_format == "json")
    adopt(log)
    settings = how.settings

    def relaunch() -> Launched | None:
        return _relaunch(how)

    async def work() -> None:
        await serve(
            launched,
            settings,
            log,
            announce=_announce,
            relaunch=relaunch if settings.dev else None,
            beside=_console() if parsed.console else None,
        )

    launched.waiting.close()
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(work())
    except CannotListen as error:
        sys.stderr.write(f"soli: {error}\n")
        return FAILED
    return OK


def _console() -> Callable[[Service], Coroutine[Any, Any, None]]:
    from .console import run_console

    return run_console


def _loop_factory() -> Callable[[], AbstractEventLoop] | None:
    """uvloop's loop when it is installed, else asyncio's own."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def _announce(url: str) -> None:
    sys.stdout.write(f"listening on {url}\n")
    sys.stdout.flush()


def _relaunch(how: Launch) -> Launched | None:
    """The app loaded anew; what is wrong with it is reported, and the old one goes on."""
    try:
        launched = launch(how)
    except ProjectError as error:
        sys.stderr.write(f"soli: {error}\n")
    except AppInvalid as invalid:
        report_invalid(invalid)
    except SoliError as error:
        report(error)
    else:
        return launched if launched.app.serves else None
    return None


def run_code(arguments: list[str]) -> int:
    """`soli -e CODE`: run the text. The exit status."""
    parser = Parser(prog="soli -e", description="Run a piece of Soli.")
    parser.add_argument("code", metavar="CODE")
    add_program_flags(parser)
    parsed = parser.parse_args(arguments)
    waiting = Waiting()
    how = Launch(
        Path("."),
        Settings(),
        environment=os.environ,
        denied=denied_of(parsed),
        private_network=parsed.private_network,
    )
    interpreter = new_interpreter(how, Project(Path("."), main=Path("-e")), waiting)
    try:
        interpreter.run(parsed.code, "-e")
    except SoliSyntaxError as error:
        report(error)
        return INVALID
    except SoliError as error:
        report(error)
        return FAILED
    finally:
        waiting.close()
    return OK


__all__ = ["App", "run_code", "run_path"]

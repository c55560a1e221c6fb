"""`soli repl [PATH]`: try Soli, and the handlers of an app, from a prompt."""

from __future__ import annotations

import argparse
import os
import sys
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING

from soli_lang.base.errors import SoliError

from ...loading.app import InvalidApp
from ...loading.project import Project, ProjectError, find_project
from ..arguments import Parser, add_program_flags, denied_of
from ..exits import FAILED, INVALID, OK, UsageError
from ..reports import report, report_invalid

if TYPE_CHECKING:
    from .bench import Bench, BenchOptions, Judge
    from .prompting import Prompting

GREETING = "Soli. `help` tells more, `exit` leaves.\n"


def run_repl(arguments: list[str], judge: Judge | None = None) -> int:
    """Run interactively. The exit status. *judge* runs the specs that are saved.

    Where standard input is no terminal, it is evaluated as if typed, without prompts.
    """
    parser = Parser(
        prog="soli repl", description="An interactive prompt for Soli and the handlers of an app."
    )
    parser.add_argument("path", nargs="?", metavar="PATH", help="an app, to act as its clients")
    add_program_flags(parser)
    parsed = parser.parse_args(arguments)
    _bear_any_text()
    return _dialogue(_options(parsed, judge))


def _bear_any_text() -> None:
    """Let no text that is typed, or sent by an app, be too odd for the streams."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="surrogateescape" if stream is sys.stdin else "replace")


def _options(parsed: argparse.Namespace, judge: Judge | None) -> BenchOptions:
    from ...loading.launch import environment_of
    from ...settings import Settings
    from .bench import BenchOptions

    project: Project | None = None
    root = Path.cwd()
    if parsed.path is not None:
        try:
            project = find_project(Path(parsed.path))
        except ProjectError as error:
            raise UsageError(str(error)) from None
        root = project.root
    return BenchOptions(
        root,
        project,
        Settings.from_environment(os.environ),
        environment_of(os.environ, root),
        denied_of(parsed),
        parsed.private_network,
        judge=judge,
    )


def _dialogue(options: BenchOptions) -> int:
    import asyncio

    from .bench import Bench
    from .colours import colours_for
    from .prompting import Prompting

    async def talk() -> int:
        bench = Bench(options, lambda one: prompting.told(one), lambda text: prompting.write(text))
        prompting = Prompting(bench, _write, colours_for(sys.stdout))
        status = await _start(bench)
        if status != OK:
            return status
        try:
            return await _talk(bench, prompting)
        finally:
            await bench.stop()

    return asyncio.run(talk())


async def _start(bench: Bench) -> int:
    try:
        await bench.start()
    except InvalidApp as invalid:
        report_invalid(invalid)
        return INVALID
    except SoliError as error:
        report(error)
        return FAILED
    return OK


async def _talk(bench: Bench, prompting: Prompting) -> int:
    if not sys.stdin.isatty():
        from .piping import PipedLines

        return await prompting.run(PipedLines().read)
    from .terminal.prompt import terminal

    sys.stdout.write(GREETING)
    await prompting.run(terminal(bench, _write))
    return OK  # whoever typed has seen what failed


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()

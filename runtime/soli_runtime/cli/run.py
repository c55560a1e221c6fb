"""`soli run PATH` and `soli -e CODE`."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from soli_lang.base.collecting import Paused
from soli_lang.base.errors import SoliError, SoliSyntaxError, not_text
from soli_lang.base.source import Source

from ..calling.waiting import Waiting
from ..jobs.jobs import run_due
from ..jobs.queue import Job
from ..loading.app import App, InvalidApp
from ..loading.launch import Launch, Launched, launch
from ..loading.project import ProjectError, find_project, project_of_text
from ..settings import IN_MEMORY, Settings
from .checking.at_start import Report, report_of
from .debugged import STARTED_BY, debugged, debugging_of, watch_of
from .exits import (
    FAILED,
    INTERRUPTED,
    INVALID,
    OK,
    UNAVAILABLE,
    USAGE,
    Exit,
    UsageError,
)
from .reports import report, report_invalid
from .run_options import RunOptions, run_options

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    from ..cluster.node import Lane
    from ..debugging.starting import Debugging
    from ..recordings.worlds import RecordedWorld
    from ..recordings.writing import Recording
    from ..serving.processes.berth import Berth
    from ..serving.service import Service
    from ..settings.app_mark import AppMark
    from ..stores.store import Store
    from .profiles import Profiling


def run_path(arguments: list[str], profiling: Profiling | None = None) -> int:
    """Run a program, serve it while it has routes. The exit status."""
    berth = None
    if "SOLI_SEAT" in os.environ:
        from ..serving.processes.berth import berth_of, take

        berth = berth_of(os.environ)
        if berth is not None and not take(berth):
            return FAILED  # the parent died while we started
    options = run_options(arguments, os.environ, _report if berth is None else _ignore)
    _require_packages(options.settings)
    if berth is None and options.settings.workers != 1:
        return _run_workers(arguments, options)
    try:
        text = _standard_input() if options.from_input else None
    except SoliSyntaxError as error:
        report(error)
        return INVALID
    store = _store(options, text)
    recording = _recording(options, berth is not None, world := _world(options))
    debugging = debugging_of(options)
    how = Launch(
        options.path,
        options.settings,
        environment=os.environ,
        denied=options.denied,
        private_network=options.private_network,
        code_writable=options.code_writable,
        shell=options.shell,
        text=text,
        store=store,
        outside=world,
        debugged=watch_of(debugging, profiling),
    )
    launched = _launched(how, _findings(options, text, is_told=berth is not None))
    if isinstance(launched, int):
        return launched
    if not launched.app.serves:
        return _end(launched, store) if berth is None else _nothing_to_serve()
    return _serve(how, launched, options, berth, (recording, world, debugging, profiling))


Watching = tuple["Recording | None", "RecordedWorld | None", "Debugging | None", "Profiling | None"]
"""What is told of events and of the world outside, the debugger, and the profile."""


def _nothing_to_serve() -> int:
    sys.stderr.write("soli: --workers: this program has no routes, so nothing to serve\n")
    return USAGE


def _launched(how: Launch, findings: Report) -> Launched | int:
    """The loaded app, or the exit status. Raises UsageError."""
    findings.tell_warnings()
    try:
        launched = launch(how)
    except ProjectError as error:
        raise UsageError(str(error)) from None
    except InvalidApp as invalid:
        report_invalid(invalid)
        return INVALID
    except SoliError as error:
        report(error)
        findings.tell_errors(error)
        return FAILED
    findings.tell_errors()
    return launched


def _findings(options: RunOptions, text: Source | None, *, is_told: bool) -> Report:
    """What `soli check` finds; nothing where somebody else tells it."""
    as_json = options.log_format == "json"
    if is_told or not options.checks:
        return Report([], "", as_json=as_json)
    return report_of(options.path, text, as_json=as_json)


def _report(sentence: str) -> None:
    sys.stderr.write(f"soli: {sentence}\n")


def _ignore(_: str) -> None:
    """The parent of a worker has reported it."""


def _mark(options: RunOptions, text: Source | None, former: str) -> AppMark | None:
    """By what the app is known again where others keep their data; None: there is no app."""
    from ..loading.marks import mark_of

    try:
        project = find_project(options.path) if text is None else project_of_text(text)
    except ProjectError:
        return None  # launching it says why
    return mark_of(project, options.settings, options.app_name, former)


def _require_packages(settings: Settings) -> None:
    """Raises Exit where several processes are asked for, and what they need is not installed."""
    needs = {"--workers": settings.workers != 1, "--broker": settings.broker != IN_MEMORY}
    flags = [flag for flag, is_asked in needs.items() if is_asked]
    if not flags:
        return
    from ..serving.processes.packages import missing_packages

    missing = missing_packages(flags[0])
    if missing is not None:
        sys.stderr.write(f"soli: {missing}\n")
        raise Exit(UNAVAILABLE)


def _run_workers(arguments: list[str], options: RunOptions) -> int:
    """Start workers and keep them until they are to stop. The exit status."""
    from ..observing.log_lines import LineWriter
    from ..observing.logs import Log
    from ..serving.processes.family import Family, cannot_start

    needs = {
        "--dev": options.settings.dev,
        "--record": options.record is not None,
        "--profile": options.profiles,
        "a debugger": STARTED_BY in os.environ,
        "a program from standard input": options.from_input,
    }
    for what, is_asked in needs.items():
        if is_asked:
            raise UsageError(f"--workers: {what} needs a single process; leave one of them out")

    _warn_of_process_variables(options)
    findings = _findings(options, None, is_told=False)
    findings.tell_warnings()
    findings.tell_errors()

    def settings_in(environment: Mapping[str, str]) -> Settings:
        return run_options(arguments, environment).settings

    is_json = options.log_format == "json"
    log = Log(LineWriter(), level=options.effective_log_level, as_json=is_json)
    command = [sys.executable, "-m", "soli_runtime.cli", "run", *arguments]
    family = Family(
        *(command, options.settings, options.app_name, settings_in, log),
        with_console=options.console,
    )
    failed = cannot_start(family, _announce)
    if failed is None:
        return OK
    sys.stderr.write(f"soli: {failed.text}\n")
    return failed.status


def _warn_of_process_variables(options: RunOptions) -> None:
    """Say which variables each process will have for itself, before several serve the app."""
    from ..tools.checks import ProgramCheck

    try:
        found = ProgramCheck().process_variables(find_project(options.path))
    except ProjectError:
        return  # the workers say why
    for one in found:
        line, column = one.source.position(one.span.start)
        _report(f"{one.source.name}:{line}:{column}: warning: {one.message} [{one.code}]")


def _store(options: RunOptions, text: Source | None) -> Store | None:
    """The store that was asked for, seen to be usable. Raises Exit when it is not."""
    if options.settings.store == IN_MEMORY:
        return None
    import asyncio

    from ..stores.errors import CannotOpen
    from ..stores.store import store_of

    mark = _mark(options, text, options.settings.store_prefix)
    store = store_of(options.settings, options.app_name, mark)
    assert store is not None

    async def see() -> None:
        await store.open()
        await store.detach()

    try:
        asyncio.run(see())
    except CannotOpen as error:
        sys.stderr.write(f"soli: {error}\n")
        raise Exit(error.status) from None
    return store


def _standard_input() -> Source:
    """The program that stands in standard input. Raises SoliSyntaxError for what is no UTF-8."""
    data = sys.stdin.buffer.read()
    try:
        return Source("<stdin>", data.decode())
    except UnicodeDecodeError as error:
        raise not_text("<stdin>", data, error) from None


def _end(launched: Launched, store: Store | None) -> int:
    """The end of a script: what it put off until it is done is done now."""
    statuses = [OK]

    def ended(job: Job, error: SoliError | None) -> None:
        if error is not None:
            report(error)
            statuses.append(FAILED)

    try:
        run_due(launched.app.interpreter.machine, ended)
    finally:
        if store is not None:
            launched.waiting.suspend(store.close())
        launched.waiting.close()
    return max(statuses)


def _serve(
    how: Launch,
    launched: Launched,
    options: RunOptions,
    berth: Berth | None,
    watching: Watching,
) -> int:
    # Only here is the web server loaded: a script does without.
    with Paused():
        import asyncio

        from ..observing.library_logs import adopt
        from ..observing.log_lines import LineWriter
        from ..observing.logs import Log
        from ..serving.server import CannotListen, serve
        from ..stores.errors import CannotOpen

    if berth is None and how.text is None and options.settings.broker != IN_MEMORY:
        _warn_of_process_variables(options)
    debugging = watching[2]
    write = LineWriter()
    log = Log(write, level=options.effective_log_level, as_json=options.log_format == "json")
    adopt(log)
    settings = how.settings
    lane = _lane(options, how.text)

    def say(text: str) -> None:
        if options.log_format == "json":
            log.info("dev", text=text)
        else:
            write(text + "\n")

    def announce(url: str) -> None:
        _announce(url)
        if settings.dev:
            # For browsers of this machine only, which is not what 0.0.0.0 is a name of.
            say(f"dashboard at {url.replace('//0.0.0.0:', '//127.0.0.1:')}/_soli")

    async def beside(service: Service) -> None:
        others = _beside(service, how, options, watching, say)
        await debugged(debugging, service, options, say, others)

    async def work() -> int:
        return await serve(
            launched,
            settings,
            log,
            announce=announce if berth is None else lambda _: berth.tell_ready(),
            berth=berth,
            lane=lane,
            beside=beside,
            how=how,
        )

    launched.waiting.close()
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            number = runner.run(work())
    except CannotListen as error:
        sys.stderr.write(f"soli: {error}\n")
        return FAILED
    except CannotOpen as error:
        sys.stderr.write(f"soli: {error}\n")
        return error.status
    return INTERRUPTED if number == signal.SIGINT and berth is not None else OK


def _lane(options: RunOptions, text: Source | None) -> Lane | None:
    """Where this process meets others; None: nowhere."""
    if options.settings.broker == IN_MEMORY:
        return None
    from ..cluster.node import lane_of

    mark = _mark(options, text, options.settings.broker_prefix)
    return lane_of(options.settings, options.app_name, mark)


def _world(options: RunOptions) -> RecordedWorld | None:
    """What is written down of the world outside; None: nothing."""
    if options.record is None and not (options.settings.dev and options.replays_on_save):
        return None
    from ..recordings.worlds import RecordedWorld

    return RecordedWorld()


def _recording(
    options: RunOptions, is_one_of_many: bool, world: RecordedWorld | None
) -> Recording | None:
    """The file of `--record`, begun before anybody is served. Raises UsageError."""
    if options.record is None or world is None:
        return None
    if is_one_of_many:
        raise UsageError("--workers: --record needs a single process; leave one of them out")
    from ..recordings.writing import Recording

    try:
        return Recording(options.record, options.path, world, options.masked)
    except OSError as error:
        raise UsageError(
            f"--record: '{options.record}' cannot be written: {error.strerror}"
        ) from None


async def _beside(
    service: Service,
    how: Launch,
    options: RunOptions,
    watching: Watching,
    say: Callable[[str], None],
) -> None:
    """What is done while serving: recording, what `--dev` adds, and the console."""
    import asyncio

    tasks = []
    recording, world, _, profiling = watching
    if profiling is not None:
        profiling.follow(service)
    if recording is not None:
        service.watch(recording.told, recording.begun)
    if how.settings.dev:
        from ..serving.dev.development import Development

        saves = None
        if world is not None and options.replays_on_save:
            from ..serving.dev.saves.saves import Saves

            saves = Saves(service, world)
        development = Development(service, how, say, saves=saves, is_quiet=options.is_quiet)
        tasks.append(development.run())
    elif how.settings.dashboard_token:
        from ..serving.dev.dashboard import Dashboard

        dashboard = Dashboard(service)
        service.state.show(dashboard)
        tasks.append(dashboard.run())
    if options.console and (service.is_aside or options.settings.workers == 1):
        from .repl.console import run_console

        tasks.append(run_console(service))
    await asyncio.gather(*tasks)


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


def run_code(arguments: list[str]) -> int:
    """`soli -e CODE`: run the text. The exit status."""
    from .arguments import Parser, add_program_flags
    from .texts import run_text, text_interpreter

    parser = Parser(prog="soli -e", description="Run a piece of Soli.")
    parser.add_argument("code", metavar="CODE")
    add_program_flags(parser)
    if arguments and arguments[0] != "-h" and re.match("-[^-]", arguments[0]):
        arguments = [*arguments[1:], "--", arguments[0]]  # `-5.abs` is code, no flag
    parsed = parser.parse_args(arguments)
    waiting = Waiting()
    interpreter = text_interpreter("-e", parsed, waiting)
    try:
        return run_text(interpreter, parsed.code, "-e")
    finally:
        waiting.close()


__all__ = ["App", "run_code", "run_path"]

"""Runs one spec file: loads it, then runs its tests, each under a budget of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from soli_lang.base.errors import SoliError, SoliSyntaxError, Thrown, not_text, render
from soli_lang.base.source import Source
from soli_lang.interpreter import Interpreter, Program
from soli_lang.tools.coverage import Coverage
from soli_lang.values.values import Function, Value

from ..loading.app import InvalidApp
from ..loading.capabilities import print_text
from ..loading.project import Project
from ..words.assertions import AssertionFailed
from ..words.dsl import Skipped, fill
from ..words.simulated.port import SIMULATOR
from ..words.suites import AFTER_ALL, AFTER_EACH, BEFORE_ALL, BEFORE_EACH, SEPARATOR, Group, Test
from ..words.worlds import TEST_SECONDS, World, project_around
from .differences import difference_lines
from .late_worlds import LateWorlds
from .outcomes import FileReport, Outcome, Status

if TYPE_CHECKING:
    from .app_world import AppWorld

GROUP_BODY = "the body of the group"
"""Name of the failure of a `describe` itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to run tests."""

    filter: str = ""
    """Run only tests whose full name contains this, whatever the case."""
    fail_fast: bool = False
    seconds: float = TEST_SECONDS
    jobs: int = 1
    """Processes to run files in."""
    check_types: bool = False
    """Whether the declared types of app and specs are checked wherever they stand."""
    output: Callable[[str], None] = print_text
    """Where programs print to."""
    project: Project | None = None
    """The app to test; None: the one around the spec file."""
    coverage: Coverage | None = None
    """What is told of each interpreter, when lines are counted."""
    debugged: Callable[[Interpreter], None] | None = None
    """Has a debugger watch what an interpreter runs."""


class SpecFile:
    """One spec file and what became of its tests so far."""

    def __init__(self, path: Path, root: Path, options: Options) -> None:
        self.path = path
        self.report = FileReport(path)
        self._options = options
        self._wanted = options.filter.casefold()
        self._project = options.project or project_around(path)
        # The app under test reads and writes where it does when it is run.
        root = self._project.root if self._project is not None else root
        self._world = World(root, seconds=options.seconds, output=options.output)
        if options.check_types:
            self._world.check_types()
        if options.coverage is not None:
            options.coverage.watch(self._world.interpreter)
        if options.debugged is not None:
            options.debugged(self._world.interpreter)
        self._program: Program | None = None
        self._app: AppWorld | None = None
        self._simulated = LateWorlds(self._project, path.resolve().parent)
        self._world.machine.library[SIMULATOR] = self._simulated

    async def run(self) -> FileReport:
        """Load the file and run its tests. A file that fails to load is one failure."""
        started = perf_counter()
        try:
            await self._run()
        finally:
            if self._app is not None:
                await self._app.stop()
            self._simulated.close()
            self._world.close()
        self.report.end(perf_counter() - started, self._world.suite.assertions)
        return self.report

    async def _run(self) -> None:
        error = await self._start_app() or await self._attempt(self._load)
        if error is None:
            await self._fill_groups()
            await self._run_group(self._world.suite.root, None)
        elif isinstance(error, Skipped):
            self._note(str(self.path), Status.SKIPPED, message=error.message)
        else:
            self._failed(str(self.path), error)

    async def _start_app(self) -> Exception | None:
        """Serve the app that the file belongs to, if there is one; what went wrong."""
        project = self._project
        if project is None:
            return None
        from .app_world import AppWorld  # loads aiohttp

        try:
            self._app = AppWorld(self._world, project)
            await self._app.start()
        except Exception as error:
            return error
        return None

    def _load(self) -> Value:
        source = Source(str(self.path), _read(self.path))
        self._program = self._world.interpreter.compile(source)
        return self._program.run()

    async def _fill_groups(self) -> None:
        """Run the bodies of the groups. One that fails keeps what it registered until then."""
        suite, machine = self._world.suite, self._world.machine
        for group, body in suite.take_waiting():
            error = await self._attempt(partial(fill, machine, group, body))
            if error is not None:
                self._failed(GROUP_BODY, error, path=group.path())

    @property
    def _stopped(self) -> bool:
        return self._options.fail_fast and bool(self.report.failures)

    def _is_wanted(self, test: Test) -> bool:
        return not self._wanted or self._wanted in test.full_name.casefold()

    # --- groups and tests ------------------------------------------------------------------------

    async def _run_group(self, group: Group, broken: Exception | None) -> None:
        """Run a group. *broken* is the failure of a `before_all` around it."""
        if self._stopped or not any(self._is_wanted(test) for test in group.all_tests()):
            return
        if broken is None:
            broken = await self._hook(group.hooks.get(BEFORE_ALL))
        for test in group.tests:
            if self._is_wanted(test) and not self._stopped:
                await self._run_test(test, broken)
        for inner in group.groups:
            await self._run_group(inner, broken)
        error = await self._hook(group.hooks.get(AFTER_ALL))
        if error is not None:
            self._failed(AFTER_ALL, error, path=group.path())

    async def _run_test(self, test: Test, broken: Exception | None) -> None:
        reason = test.why_skipped()
        if reason is not None:
            self._note(test.name, Status.SKIPPED, test=test, message=reason)
            return
        suite = self._world.suite
        suite.run(test)
        started = perf_counter()
        self._world.begin_test()
        sockets = self._app.sockets_open() if self._app is not None else 0
        error = broken or await self._run_hooks_and_body(test)
        self._simulated.stop()
        if self._app is not None:
            await self._app.test_ended(sockets)
        seconds = perf_counter() - started
        suite.run(None)
        if error is None:
            self._note(test.name, Status.PASSED, test=test, seconds=seconds)
        elif isinstance(error, Skipped):
            self._note(test.name, Status.SKIPPED, test=test, seconds=seconds, message=error.message)
        else:
            self._failed(test.name, error, test=test, seconds=seconds)

    async def _run_hooks_and_body(self, test: Test) -> Exception | None:
        """The first failure of the hooks before, the body, and the hooks after."""
        error = None
        for hook in test.group.hooks_around(BEFORE_EACH):
            error = error or await self._hook(hook)
        if error is None:
            error = await self._hook(test.function)
        for hook in reversed(test.group.hooks_around(AFTER_EACH)):
            later = await self._hook(hook)
            error = error or later
        return error

    async def _hook(self, function: Value) -> Exception | None:
        if function is None:
            return None
        return await self._attempt(self._world.machine.callback(function, 0))

    async def _attempt(self, code: Callable[[], Value]) -> Exception | None:
        """Run *code* with a budget of its own; what it raised."""
        try:
            await self._world.call(code)
        except Exception as error:
            return error
        return None

    # --- outcomes --------------------------------------------------------------------------------

    def _note(
        self,
        name: str,
        status: Status,
        *,
        test: Test | None = None,
        seconds: float = 0.0,
        message: str = "",
    ) -> None:
        self.report.outcomes.append(
            Outcome(
                name=name,
                full_name=test.full_name if test is not None else name,
                status=status,
                seconds=seconds,
                message=message,
                line=self._line(test),
            )
        )

    def _failed(
        self,
        name: str,
        error: Exception,
        *,
        test: Test | None = None,
        path: list[str] | None = None,
        seconds: float = 0.0,
    ) -> None:
        full = test.full_name if test is not None else SEPARATOR.join([*(path or []), name])
        self.report.outcomes.append(
            Outcome(
                name=name,
                full_name=full,
                status=Status.FAILED,
                seconds=seconds,
                message=failure_message(error),
                detail="\n".join(failure_details(error)),
                line=self._line(test) or _line_of(error),
            )
        )

    def _line(self, test: Test | None) -> int:
        if test is None or self._program is None or test.function.__class__ is not Function:
            return 0
        return self._program.source.position(test.function.node.span.start).line


def _read(path: Path) -> str:
    """The text of a spec file. Raises SoliSyntaxError when there is none."""
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise not_text(str(path), path.read_bytes(), error) from None
    except OSError as error:
        problem = f"cannot be read: {error.strerror}"
    raise SoliSyntaxError(problem, source=Source(str(path), ""))


def _line_of(error: Exception) -> int:
    return error.place[0] if isinstance(error, SoliError) else 0


def failure_message(error: Exception) -> str:
    """`MESSAGE at L:C`, as the box of a failed file shows it (docs/spec §L25.4)."""
    if isinstance(error, InvalidApp):
        return "the app cannot be loaded"
    if not isinstance(error, SoliError):
        return f"internal error: {type(error).__name__}: {error}"
    if isinstance(error, Thrown):
        return f"Unhandled exception: {error.text()}"
    return error.text()


def failure_details(error: Exception) -> list[str]:
    """What helps to find the cause: differences, the source line, hint and backtrace."""
    if isinstance(error, InvalidApp):
        return [line for problem in error.problems for line in render(problem).split("\n")]
    if not isinstance(error, SoliError):
        return []
    lines: list[str] = []
    if isinstance(error, AssertionFailed):
        if error.note is not None:
            lines.append(error.note)
        if error.difference is not None:
            lines.extend(difference_lines(error.difference.left, error.difference.right))
    rendered = render(error).split("\n")
    many = isinstance(error, SoliSyntaxError) and len(error.all) > 1
    lines.extend(rendered if many else rendered[1:])
    return lines

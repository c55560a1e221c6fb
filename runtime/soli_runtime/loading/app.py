"""Loads a program: every file once, everything wrong with it found before it serves.

The order: all files are parsed, so that all syntax errors are told at once; then the shared
files run (helpers, …), then the routes, then the controllers; then the routes' targets are
looked up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from soli_stdlib.stores import remote

from soli_lang.base.errors import SoliError, SoliSyntaxError, not_text
from soli_lang.base.source import NOWHERE, Source
from soli_lang.evaluator.scopes import FileScope
from soli_lang.interpreter import Interpreter, Program
from soli_lang.machine.machine import Machine
from soli_lang.tree import nodes
from soli_lang.values.objects import SoliClass
from soli_lang.values.values import UNSET, Function

from ..builtins.prelude import install_prelude
from ..builtins.routes import ROUTES, RouteDeclarations
from ..builtins.views import PUBLIC
from ..calling.waiting_names import may_wait
from ..core.realtime import MANY
from ..http.views import templates
from ..jobs.jobs import jobs_of, watch_classes
from ..routing.declared import GATE, Declared
from ..routing.handler import Handler
from ..routing.routes import WEBSOCKET, RouteError, RouteTable
from .controllers import Controllers, Unknown, controller_class
from .declared_places import place_of
from .project import Project

if TYPE_CHECKING:
    from ..http.guards.middleware import Stage
    from .gates import Gate
    from .stages import Stages

CURRENT_USER = "get_current_user"


class InvalidApp(Exception):
    """What is wrong with an app; each problem knows its place."""

    def __init__(self, problems: list[SoliError]) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = problems


class Target:
    """What a route leads to: a handler, who says who is asking, and what runs before."""

    __slots__ = ("authenticate", "declared", "gate_source", "handler", "stages")

    def __init__(
        self, declared: Declared, handler: Handler, gate: Gate | None, stages: tuple[Stage, ...]
    ) -> None:
        self.declared = declared
        self.handler = handler
        self.authenticate: Function | None = gate[0] if gate is not None else None
        """`authenticate(request)` beside the handler, or else of the routes file; or None."""
        self.gate_source = gate[1] if gate is not None else None
        self.stages = stages
        """What runs before the handler, in order."""


class App:
    """A loaded program."""

    def __init__(
        self,
        project: Project,
        interpreter: Interpreter,
        table: RouteTable[Target],
        programs: dict[Path, Program],
        renew: Callable[[], None],
        *,
        host_waits: bool = False,
        warnings: Sequence[SoliError] = (),
    ) -> None:
        self.project = project
        self.interpreter = interpreter
        self.table = table
        self.programs = programs
        self.renew = renew
        """Makes routes lead to the functions of the programs as they are now."""
        self.warnings = warnings
        """What guards now and will not for ever, or hardly means to; each knows its place."""
        self.declarations = declarations_of(interpreter.machine)
        imported = interpreter.machine.modules.values()
        nodes_ = (program.node for program in (*programs.values(), *imported))
        has_store = remote.of(interpreter.machine) is not None
        has_broker = MANY in interpreter.machine.library
        self.may_wait = host_waits or may_wait(nodes_, has_store=has_store, has_broker=has_broker)
        """Whether calls into the app may have to be set aside."""

    @property
    def has_routes(self) -> bool:
        return len(self.table) > 0

    @property
    def serves(self) -> bool:
        """Whether there is anything to serve: routes, or an app folder's static files."""
        return self.has_routes or (self.project.main is None and self.project.public is not None)


def nothing_to_serve(app: App) -> RouteError | None:
    """What is wrong with an app folder in which there is nothing to serve; None: there is."""
    path = app.project.routes
    if path is None or app.serves:
        return None
    error = RouteError(
        f"{path} declares no routes, and there is no public folder: there is nothing to serve",
        hint='declare one: router_websocket("/ws/echo", "echo#handle") or get("/", "home#index")',
    )
    error.locate(NOWHERE, app.programs[path].source)
    return error


def declarations_of(machine: Machine) -> RouteDeclarations:
    """The routes declared so far by the programs of *machine*."""
    return machine.library[ROUTES]


def read_sources(paths: Iterable[Path]) -> dict[Path, Source]:
    """The texts of *paths*. Raises InvalidApp for files that are not UTF-8 text."""
    sources: dict[Path, Source] = {}
    problems: list[SoliError] = []
    for path in paths:
        try:
            sources[path] = Source(str(path), path.read_text("utf-8"))
        except UnicodeDecodeError as error:
            problems.append(not_text(str(path), path.read_bytes(), error))
        except OSError as error:
            problem = f"cannot be read: {error.strerror}"
            problems.append(SoliSyntaxError(problem, NOWHERE, Source(str(path), "")))
    if problems:
        raise InvalidApp(problems)
    return sources


def parse_all(project: Project) -> dict[Path, nodes.Program]:
    """The files, parsed. Raises InvalidApp with the syntax errors of all of them."""
    from soli_lang.syntax.parser import parse

    parsed: dict[Path, nodes.Program] = {}
    problems: list[SoliError] = []
    for path, source in _sources(project).items():
        try:
            parsed[path] = parse(source)
        except SoliSyntaxError as error:
            problems.append(error)
    if problems:
        raise InvalidApp(problems)
    return parsed


def _sources(project: Project) -> dict[Path, Source]:
    if project.text is None:
        return read_sources(project.files)
    assert project.main is not None
    sources = read_sources(path for path in project.files if path != project.main)
    return {**sources, project.main: project.text}


def load(
    project: Project,
    interpreter: Interpreter,
    *,
    prefix: str = "",
    host_waits: bool = False,
    host_authenticates: bool = False,
) -> App:
    """Run the files of *project* and check its routes. *prefix* goes before every route.

    *host_waits*: functions that the host defined may wait. *host_authenticates*: it says who
    connects, in place of the program.

    Raises InvalidApp; SoliError when a program that declared no routes failed.
    """
    declarations_of(interpreter.machine).begin_at(prefix.rstrip("/"))
    return _Loading(project, interpreter, host_waits, host_authenticates).load()


def _as_written(program: nodes.Program) -> nodes.Program:
    """*program*, in which a gate's `return null` lets strangers in (`gate_answers`)."""
    for one in program.body.statements:
        if isinstance(one, nodes.FunctionDecl) and one.function.name == GATE:
            from .gate_answers import with_strangers  # here: most files have no gate

            return with_strangers(program, GATE)
    return program


class _Loading:
    def __init__(
        self, project: Project, interpreter: Interpreter, host_waits: bool, has_gate: bool
    ) -> None:
        self._project = project
        self._host_waits = host_waits
        self._interpreter = interpreter
        self._programs: dict[Path, Program] = {}
        self._nodes: dict[Path, nodes.Program] = {}
        self.has_gate = has_gate
        """Whether the host has a gate for all routes."""

    def load(self) -> App:
        project = self._project
        self._nodes = parse_all(project)
        install_prelude(self._interpreter)
        watch_classes(self._interpreter.machine)
        if project.public is not None:
            self._interpreter.machine.library[PUBLIC] = project.public
        if project.views is not None:
            found = templates.Templates(project.views, self._interpreter.load)
            self._interpreter.machine.library[templates.TEMPLATES] = found
        for path in project.shared:
            self._share(self._run(path))
        for path in project.middleware:
            self._run(path)
        self._run_first()
        for path in project.controllers.values():
            self._run(path)
        jobs_of(self._interpreter.machine).know_all()
        table = self._table()
        return App(
            project,
            self._interpreter,
            table,
            self._programs,
            lambda: self._renew(table),
            host_waits=self._host_waits,
            warnings=self._warnings(),
        )

    def _run(self, path: Path) -> Program:
        """Run one file. A failure makes the app invalid, unless it is a mere script."""
        program: Program | None = None
        is_controller = path == self._project.main or path in self._project.controllers.values()
        declarations = declarations_of(self._interpreter.machine)
        declarations.begin_file(self._nodes[path].source.name if is_controller else None)
        try:
            program = Program(self._interpreter, _as_written(self._nodes[path]), FileScope())
            self._programs[path] = program
            program.run()
        except SoliSyntaxError as error:
            raise InvalidApp([error]) from None
        except SoliError as error:
            if isinstance(error, RouteError) or not self._is_script(path):
                raise InvalidApp([error]) from None
            raise
        finally:
            declarations.begin_file(None)
        return program

    def _is_script(self, path: Path) -> bool:
        routes = declarations_of(self._interpreter.machine).routes
        return path == self._project.main and not routes

    def _run_first(self) -> None:
        path = self._project.main or self._project.routes
        assert path is not None
        program = self._run(path)
        # `get_current_user` beside the routes is the app's, not only that file's.
        mine = program.get(CURRENT_USER)
        if self._project.main is None and isinstance(mine, Function):
            self._interpreter.define(CURRENT_USER, mine)

    def _share(self, program: Program) -> None:
        """Make functions, classes and constants of a file visible to all files that run later."""
        for name, variable in program.file.names.items():
            value = program.file.get(name)
            if value is UNSET:
                continue
            if variable.is_const or isinstance(value, Function | SoliClass):
                self._interpreter.machine.globals[name] = value

    def _controllers(self) -> Controllers:
        controllers = {
            name: self._programs[path] for name, path in self._project.controllers.items()
        }
        main = self._programs[self._project.main] if self._project.main else None
        return Controllers(self._interpreter.machine, controllers, main)

    def _stages(self) -> Stages:
        project = self._project
        first = project.main or project.routes
        assert first is not None
        from .stages import Stages

        files = {path: self._programs[path] for path in project.middleware}
        named = declarations_of(self._interpreter.machine).middleware
        return Stages(files, self._programs[first], named)

    def _target(
        self, found: Controllers, stages: Stages, declared: Declared, handler: Handler
    ) -> Target:
        """Where *declared* leads. Raises RouteError when it names a gate that is not there."""
        gate = self._gate(found, declared)
        has_gate = self.has_gate or gate is not None
        missing = None if has_gate else stages.without_gate(declared)
        if missing is not None:
            raise missing
        before = stages.of(declared, has_gate=has_gate)
        return Target(declared, handler, gate, before)

    def _table(self) -> RouteTable[Target]:
        all_declared = declarations_of(self._interpreter.machine).routes
        if not all_declared and self._project.routes is None:
            return RouteTable()  # a script: it does without what follows
        from . import gates

        found, stages = self._controllers(), self._stages()
        table: RouteTable[Target] = RouteTable()
        problems = [*self._faults_of_gates(), *stages.faults(all_declared)]
        for declared in all_declared:
            if gates.guards_routes(declared.target):
                problems.append(self._placed(declared, gates.as_action(declared.target)))
                continue
            takes = "event" if declared.method == WEBSOCKET else "request"
            handler = found.find(declared.target, takes)
            if isinstance(handler, Unknown):
                if not declared.is_optional:
                    unknown = RouteError(handler.message, hint=handler.hint)
                    problems.append(self._placed(declared, unknown))
                continue
            try:
                target = self._target(found, stages, declared, handler)
            except RouteError as error:
                problems.append(error)
                continue
            table.add(declared.method, declared.pattern, target)
        if problems:
            raise InvalidApp(problems)
        return table

    def _renew(self, table: RouteTable[Target]) -> None:
        """Let the handlers of *table* call what their functions are called now.

        Connections keep their handlers. One whose function is gone keeps that.
        """
        found, stages = self._controllers(), self._stages()
        for _, _, target in table:
            takes = "event" if target.declared.method == WEBSOCKET else "request"
            handler = found.find(target.declared.target, takes)
            if isinstance(handler, Handler) and handler.function is not target.handler.function:
                target.handler.become(handler)
            try:
                renewed = self._target(found, stages, target.declared, target.handler)
            except RouteError:
                continue  # the gate is gone: what was there goes on guarding
            target.authenticate, target.gate_source = renewed.authenticate, renewed.gate_source
            target.stages = renewed.stages

    def _faults_of_gates(self) -> list[SoliError]:
        """What would leave routes unguarded though the app defines an `authenticate`."""
        from .gates import Gates

        project, checked = self._project, Gates(self._nodes)
        first = [path for path in (project.main, project.routes) if path is not None]
        problems: list[SoliError] = []
        for path in (*first, *project.controllers.values()):
            problems.extend(checked.faults_of_guard(path, self._programs[path]))
        for path in (*project.shared, *project.middleware):
            problems.extend(checked.faults_of_shared(path, self._programs[path]))
        declared = declarations_of(self._interpreter.machine).routes
        for name in dict.fromkeys(one.target.partition("#")[0] for one in declared):
            for path in dict.fromkeys((*first, project.controllers.get(name, first[0]))):
                value = self._programs[path].get(controller_class(name))
                problems.extend(checked.faults_of_class(path, name, value))
        return problems

    def _warnings(self) -> list[SoliError]:
        """What is hardly meant about who gets in."""
        declarations = declarations_of(self._interpreter.machine)
        if not declarations.routes:
            return []
        from .gates import Gates

        project, checked = self._project, Gates(self._nodes)
        first = [path for path in (project.main, project.routes) if path is not None]
        found: list[SoliError] = []
        for path in (*first, *project.controllers.values()):
            program, known = self._programs[path], (declarations.routes, declarations.middleware)
            found.extend(checked.warnings_of_guard(path))
            found.extend(checked.lookalikes(path, program, *known))
        return found

    def _gate(self, controllers: Controllers, declared: Declared) -> Gate | None:
        """The function that says who connects to a route (docs/spec §W7)."""
        main = self._project.main or self._project.routes
        assert main is not None
        # A gate in the controller's file holds for what a single file has in its place too.
        files = (*controllers.files_of(declared.target), self._programs[main])
        from .gates import gate_of

        return next(filter(None, map(gate_of, files)), None)

    def _placed(self, declared: Declared, error: RouteError) -> SoliError:
        """*error* of a route, at its declaration."""
        main = self._project.main or self._project.routes
        for path in (main, *self._nodes):
            if path is None:
                continue
            program = self._nodes[path]
            span = place_of(declared, program)
            if span != NOWHERE:
                error.locate(span, program.source)
                return error
        if main is not None:
            error.locate(NOWHERE, self._nodes[main].source)
        return error

"""`soli check` for whole programs: what each file knows of the others, and the routes' targets."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from soli_lang.base.collecting import Paused
from soli_lang.base.errors import SoliError, SoliSyntaxError
from soli_lang.base.limits import Capabilities, Limits
from soli_lang.base.source import NOWHERE, Source
from soli_lang.interpreter import Interpreter
from soli_lang.syntax.parser import parse
from soli_lang.tools.checker import (
    ERROR,
    WARNING,
    Finding,
    Known,
    check,
    exported_names,
    known_of,
    shared_names,
)
from soli_lang.tools.inference.types import DOUBT, HASH, join
from soli_lang.tree import nodes

from ..builtins.library import install_library
from ..loading.app import InvalidApp, load, nothing_to_serve, read_sources
from ..loading.modules import ModuleLoader
from ..loading.project import SPEC_ENDINGS, Project, ProjectError, find_project
from ..routing.declared import GATE
from ..routing.routes import RouteError
from .agreeing.job_arguments import GIVEN_TO_JOBS, job_judges
from .agreeing.session_keys import session_keys
from .agreeing.users import USER, user_type
from .builtin_rules import builtin_rules
from .handler_checks import (
    misnamed_controllers,
    reserved_events,
    wrong_templates,
)
from .handler_types import WrittenRoute, contracts, written_routes
from .host_names import DeclaredFunction
from .message_types import payload_type
from .process_variables import process_variables
from .reached_functions import Callers, callers_of, mentioned_in
from .runs_again import runs_again
from .unguarded import unguarded_routes

LOAD_SECONDS = 5.0
"""Computing time that the top level of an app may take to declare its routes."""
_ROUTE_HELPERS = ("_path", "_url")
_ROUTE_WORDS = frozenset(
    {
        *("get", "post", "put", "patch", "delete", "router_websocket", "websocket"),
        *("resources", "namespace", "middleware"),
    }
)
_JOB_WORDS = ("enqueue", "perform_", "schedule")
_TESTING_WORDS = ("describe", "context")


class ProgramCheck:
    """Checks files, each with the names that its project makes visible."""

    def __init__(self, defined: Mapping[str, Any] | None = None) -> None:
        self._defined = dict(defined or {})
        """What the host of the program defines (`Interpreter.define`)."""
        library = known_of(Interpreter(install_library).machine)
        self._library = replace(
            self._with_defined(library),
            given_statics=GIVEN_TO_JOBS,
            rules=builtin_rules(),
            results={"ws_get_presence": join([HASH, DOUBT])},
        )
        self._projects: dict[Path, Project | None] = {}
        self._shared: dict[Path, frozenset[str]] = {}
        self._routes: dict[Path, list[WrittenRoute]] = {}
        self._used: dict[Path, frozenset[str]] = {}
        self._programs: dict[Path, nodes.Program | None] = {}
        self.imported: set[str] = set()
        """The files that what was checked imports."""

    @property
    def builtins(self) -> Mapping[str, Any]:
        """The global names that every program knows."""
        return self._library.builtins

    def check_files(self, paths: Iterable[Path]) -> list[Finding]:
        """All findings in *paths*, in the order given."""
        findings: list[Finding] = []
        for path in paths:
            findings.extend(self.check_file(path))
        return findings

    def check_file(self, path: Path) -> list[Finding]:
        """The findings in one file: its syntax errors, or else everything else."""
        try:
            source = read_sources([path])[path]
        except InvalidApp as invalid:
            return [finding_of(problem) for problem in invalid.problems]
        return self.check_source(path, source)

    def check_source(self, path: Path, source: Source) -> list[Finding]:
        """The findings in a text that need not be saved, as if it stood in *path*."""
        try:
            program = parse(source)
        except SoliSyntaxError as error:
            return [finding_of(one) for one in error.all]
        return self.check_program(path, program)

    def check_program(self, path: Path, program: nodes.Program, walk: Any = None) -> list[Finding]:
        """The findings in what was read already; *walk*: what infers types in it (`Known.walk`)."""
        written = written_routes(program)
        with Paused():
            known = replace(self._known(path, program, written), walk=walk)
            found = check(program, known)
            found += self._of_runtime(path, program, written)
        return sorted(found, key=lambda finding: finding.order)

    def known_to(self, path: Path, program: nodes.Program) -> Known:
        """What *program* knows of the files around it, as if it stood in *path*."""
        return self._known(path, program, written_routes(program))

    def _of_runtime(
        self, path: Path, program: nodes.Program, written: list[WrittenRoute]
    ) -> list[Finding]:
        """What the runtime will make of a controller or a single file."""
        if _is_spec(path, program):
            return []
        project = self._project_of(path)
        found: list[Finding] = []
        if project is not None or written:
            found += reserved_events(program)
        found += self._of_app(path, program)
        for name in self._controllers_in(path, project):
            found += misnamed_controllers(name, program)
        callers = self._callers(path, written, project)
        found += process_variables(program, callers, self._library.methods)
        return found + runs_again(program, callers.sockets)

    def _of_app(self, path: Path, program: nodes.Program) -> list[Finding]:
        """What does not agree with another part of the app."""
        text = program.source.text
        found: list[Finding] = []
        if "session" in text:
            project = self._project_of(path)
            views = _text_below(project.views) if project is not None else ""
            found += session_keys(program, self._app(path, program), views)
        return found

    def _app(self, path: Path, program: nodes.Program) -> list[nodes.Program]:
        """The programs of the app that *path* is a file of, with the modules that they import;
        *program* stands in *path*."""
        project = self._project_of(path)
        here = path.resolve()
        files = [] if project is None else [one.resolve() for one in project.files]
        found = [program]
        if project is not None and here in files:
            others = map(self._program_in, (one for one in files if one != here))
            found += [one for one in others if one is not None]
            found += _modules(found, ModuleLoader(project.root))
        return found

    def _program_in(self, path: Path) -> nodes.Program | None:
        """What stands in another file of an app; None where it does not parse."""
        if path not in self._programs:
            try:
                self._programs[path] = parse(read_sources([path])[path])
            except (InvalidApp, SoliSyntaxError):
                self._programs[path] = None
        return self._programs[path]

    def _callers(self, path: Path, written: list[WrittenRoute], project: Project | None) -> Callers:
        """Which functions of a file run for each event: a shared one is called by controllers."""
        if project is not None and path.resolve() in map(Path.resolve, project.shared):
            return Callers(sockets=self._used_by_controllers(project))
        return callers_of(self._routes_to(path, written))

    def _used_by_controllers(self, project: Project) -> frozenset[str]:
        if project.root not in self._used:
            used: set[str] = set()
            for path in project.controllers.values():
                with suppress(InvalidApp, SoliSyntaxError):
                    used |= mentioned_in(parse(read_sources([path])[path]))
            self._used[project.root] = frozenset(used)
        return self._used[project.root]

    def _controllers_in(self, path: Path, project: Project | None) -> list[str]:
        if project is None:
            return []
        place = path.resolve()
        return [name for name, file in project.controllers.items() if file.resolve() == place]

    def _routes_to(self, path: Path, written: list[WrittenRoute]) -> list[WrittenRoute]:
        """The routes that lead to functions of a file: its own, and to a controller the app's."""
        project = self._project_of(path)
        controllers = self._controllers_in(path, project)
        if project is None or not controllers:
            return written
        routes = written + self._declared_routes(project)
        return [one for one in routes if one.target.partition("#")[0] in controllers]

    def _declared_routes(self, project: Project) -> list[WrittenRoute]:
        first = project.routes or project.main
        if first is None:
            return []
        if project.root not in self._routes:
            try:
                self._routes[project.root] = written_routes(parse(read_sources([first])[first]))
            except (InvalidApp, SoliSyntaxError):
                self._routes[project.root] = []
        return list(self._routes[project.root])

    def forget(self) -> None:
        """Look at the files around again: some were saved."""
        self._projects.clear()
        self._shared.clear()
        self._routes.clear()
        self._used.clear()
        self._programs.clear()

    def declares_routes(self, path: Path) -> bool:
        """Whether a file without syntax errors declares routes at its top level."""
        program = parse(read_sources([path])[path])
        return not _is_spec(path, program) and _calls_one_of(program, _ROUTE_WORDS)

    def check_project(self, project: Project, seconds: float = LOAD_SECONDS) -> list[Finding]:
        """Routes whose controller or action does not exist, or that there are none; templates
        that do not parse.

        The app is loaded for that, without any capability; what fails for want of one is not the
        app's fault and no finding.
        """
        limits = Limits.off(max_seconds=seconds)
        templates = wrong_templates(project.views) if project.views is not None else []
        capabilities = Capabilities(
            output=lambda text: None, environment={}, load_module=ModuleLoader(project.root)
        )
        try:
            interpreter = Interpreter(install_library, capabilities=capabilities, limits=limits)
            for name, function in self._defined.items():
                interpreter.define(name, function)
            app = load(project, interpreter, host_authenticates=GATE in self._defined)
        except InvalidApp as invalid:
            wrong = (one for one in invalid.problems if isinstance(one, RouteError))
            return templates + [finding_of(problem) for problem in wrong]
        except SoliError:
            return templates
        fault = nothing_to_serve(app)
        empty = [] if fault is None else [finding_of(fault)]
        return [*templates, *empty, *map(warning_of, app.warnings), *unguarded_routes(app)]

    def process_variables(self, project: Project) -> list[Finding]:
        """What handlers change that other processes do not see, in all files of *project*."""
        found: list[Finding] = []
        for path in project.files:
            with suppress(InvalidApp, SoliSyntaxError):
                program = parse(read_sources([path])[path])
                callers = self._callers(path, written_routes(program), self._project_of(path))
                found += process_variables(program, callers, self._library.methods)
        return found

    # --- what a file knows -----------------------------------------------------------------------

    @cached_property
    def _testing(self) -> Known:
        from ..words.asking import install_asking  # here: they load aiohttp
        from ..words.worlds import install_testing

        machine = Interpreter(install_testing).machine
        install_asking(machine)
        return replace(self._with_defined(known_of(machine)), is_test=True)

    def _with_defined(self, known: Known) -> Known:
        signatures = {
            name: one.signature
            for name, one in self._defined.items()
            if isinstance(one, DeclaredFunction)
        }
        builtins = {**known.builtins, **self._defined}
        return replace(known, builtins=builtins, signatures=signatures)

    def _known(self, path: Path, program: nodes.Program, written: list[WrittenRoute]) -> Known:
        known = self._testing if _is_spec(path, program) else self._library
        project = self._project_of(path)
        root = project.root if project is not None else path.parent
        names = self._shared_by(project) if project is not None else frozenset[str]()
        if project is not None:
            names |= _route_helpers(program)
        promised = contracts(self._routes_to(path, written), payload_type(program))
        results = dict(known.results)
        text, judges = program.source.text, known.judges
        if USER in text and GATE not in self._defined:
            results[USER] = user_type(self._app(path, program))
        if any(word in text for word in _JOB_WORDS):
            judges = job_judges(self._app(path, program))
        return replace(
            known,
            judges=judges,
            names=names,
            exports_of=Exports(root, self.imported),
            contracts=promised,
            results=results,
        )

    def _project_of(self, path: Path) -> Project | None:
        folder = path.resolve().parent
        if folder not in self._projects:
            self._projects[folder] = _nearest_project(folder)
        return self._projects[folder]

    def _shared_by(self, project: Project) -> frozenset[str]:
        if project.root not in self._shared:
            names: set[str] = set()
            for path in project.shared:
                try:
                    names |= shared_names(parse(read_sources([path])[path]))
                except (InvalidApp, SoliSyntaxError):
                    continue
            self._shared[project.root] = frozenset(names)
        return self._shared[project.root]


class Exports:
    """What the files that a program imports export. Raises SoliSyntaxError for what is none."""

    def __init__(self, root: Path, imported: set[str]) -> None:
        self._load = ModuleLoader(root)
        self._imported = imported

    def __call__(self, written: str, importer: str) -> set[str] | None:
        found = self._load(written, importer)
        if found is None:
            raise LookupError(written)
        self._imported.add(found[0])
        return exported_names(parse(Source(*found)))


def _nearest_project(folder: Path) -> Project | None:
    for one in (folder, *folder.parents):
        try:
            return find_project(one)
        except ProjectError:
            continue
    return None


def _is_spec(path: Path, program: nodes.Program) -> bool:
    """Whether a file is meant for `soli test`, which runs any file with a `describe` in it."""
    if path.name.endswith(SPEC_ENDINGS):
        return True
    return _calls_one_of(program, _TESTING_WORDS)


def _calls_one_of(program: nodes.Program, words: Container[str]) -> bool:
    """Whether a statement of the top level calls one of *words*."""
    return any(
        isinstance(statement, nodes.Call)
        and isinstance(statement.callee, nodes.Name)
        and statement.callee.name in words
        for statement in program.body.statements
    )


def _route_helpers(program: nodes.Program) -> frozenset[str]:
    """Names like `post_path`, which routes make: only running those tells whether they exist."""
    names = nodes.every(program, (nodes.Name,))
    return frozenset(one.name for one in names if one.name.endswith(_ROUTE_HELPERS))


def _modules(importing: Iterable[nodes.Program], load: ModuleLoader) -> list[nodes.Program]:
    """What *importing* import, each module once, and what those import."""
    found: dict[str, nodes.Program] = {}
    pending = list(importing)
    while pending:
        program = pending.pop()
        for one in program.body.statements:
            if isinstance(one, nodes.Import):
                with suppress(SoliSyntaxError):
                    module = load(one.path, program.source.name)
                    if module is not None and module[0] not in found:
                        found[module[0]] = parse(Source(*module))
                        pending.append(found[module[0]])
    return list(found.values())


def _text_below(views: Path | None) -> str:
    """The text of all templates."""
    texts = []
    for path in sorted(views.rglob("*.slv")) if views is not None else ():
        with suppress(OSError, UnicodeDecodeError):
            texts.append(path.read_text("utf-8"))
    return "\n".join(texts)


def warning_of(error: SoliError) -> Finding:
    """What is hardly meant about who gets in, as a finding."""
    source = error.source or Source("", "")
    return Finding(WARNING, "gate", error.message, source, error.span or NOWHERE, error.hint)


def finding_of(error: SoliError) -> Finding:
    """An error of the parser or of a route as a finding."""
    code = "syntax" if isinstance(error, SoliSyntaxError) else "route"
    source = error.source or Source("", "")
    return Finding(ERROR, code, error.message, source, error.span or NOWHERE, error.hint)

"""From a path to a loaded app: the interpreter, its capabilities and its settings in one place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from soli_stdlib.system.environment import with_dotenv

from soli_lang.base.limits import Capabilities, Limits
from soli_lang.base.records import Record, field
from soli_lang.base.source import Source
from soli_lang.interpreter import Interpreter
from soli_lang.machine.machine import Machine

from ..builtins.library import install_library
from ..calling.waiting import Waiting
from ..core.realtime import MANY
from ..settings import IN_MEMORY, Settings
from .app import App, InvalidApp, load, nothing_to_serve
from .capabilities import granted
from .project import Project, find_project, project_of_text

if TYPE_CHECKING:
    from ..stores.store import Store


class Launch(Record, frozen=True):
    """How to start a program: everything that the command line says about it."""

    path: Path
    settings: Settings
    text: Source | None = None
    """The program itself, in place of what is at *path*."""
    environment: Mapping[str, str] = field(default_factory=dict)
    denied: frozenset[str] = frozenset()
    private_network: bool = False
    code_writable: bool = False
    shell: bool = False
    store: Store | None = None
    """Where the program keeps things; None: memory."""
    debugged: Callable[[Interpreter], None] | None = None
    """Has a debugger watch what an interpreter runs; None: there is no debugger."""
    outside: Outside | None = None
    """What stands before the world outside; None: nothing."""


class Outside(Protocol):
    """Stands before the world outside of a program: a recording, or the world as it was."""

    def granted(self, capabilities: Capabilities) -> Capabilities:
        """The capabilities that the program gets."""

    def install(self, machine: Machine) -> None:
        """The builtins of *machine* are there; no file is loaded yet."""

    def loaded(self) -> None:
        """All files are loaded, or one failed."""


class Launched(Record, frozen=True):
    """A loaded app, and how its program waits."""

    app: App
    waiting: Waiting


def launch(how: Launch) -> Launched:
    """Load the app. Raises ProjectError, InvalidApp, or SoliError when a script failed."""
    project = find_project(how.path) if how.text is None else project_of_text(how.text)
    waiting = Waiting()
    if how.store is not None:
        waiting.leaving.append(how.store.detach)
    # A call that may be stopped may have to be set aside.
    may_stop = how.debugged is not None
    try:
        app = load(project, new_interpreter(how, project, waiting), host_waits=may_stop)
    finally:
        if how.outside is not None:
            how.outside.loaded()
    fault = nothing_to_serve(app)
    if fault is not None:
        raise InvalidApp([fault])
    return Launched(app, waiting)


def new_interpreter(how: Launch, project: Project, waiting: Waiting) -> Interpreter:
    """An interpreter for the files of *project*. Loading them is not limited in time."""
    capabilities = granted(
        project.root,
        denied=how.denied,
        environment=environment_of(how.environment, project.root),
        suspend=waiting.suspend,
        sleep=waiting.sleep,
        services={"run_blocking": waiting.run_blocking},
        private_network=how.private_network,
        code_writable=how.code_writable,
        shell=how.shell,
    )
    limits = Limits.off(max_value_bytes=how.settings.constants.max_value_bytes)
    outside = how.outside
    if outside is not None:
        capabilities = outside.granted(capabilities)
    interpreter = Interpreter(
        install_library,
        capabilities=capabilities,
        limits=limits,
        check_types=how.settings.check_types,
    )
    if how.debugged is not None:
        how.debugged(interpreter)
    if how.settings.broker != IN_MEMORY:
        interpreter.machine.library[MANY] = True
    if how.store is not None:
        from ..stores.waited import use_store  # here: most scripts do without

        use_store(interpreter.machine, how.store)
    if outside is not None:
        outside.install(interpreter.machine)
    return interpreter


def environment_of(environment: Mapping[str, str], root: Path) -> dict[str, str]:
    """What `getenv` reads: the environment, `.env` and `.env.APP_ENV` (docs/spec §L20)."""
    name = environment.get("APP_ENV", "development")
    return with_dotenv(
        environment,
        _text_of(root / ".env"),
        _text_of(root / f".env.{name}") if name.isidentifier() else None,
    )


def _text_of(path: Path) -> str | None:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return None

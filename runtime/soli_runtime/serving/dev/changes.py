"""What a changed file means for an app that is served, and loading its program anew."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from pathlib import Path

from soli_lang.base.errors import SoliError, render
from soli_lang.base.records import Record
from soli_lang.values.objects import SoliClass
from soli_lang.values.values import UNSET, Function, Value

from ...loading.app import App, InvalidApp
from ...loading.launch import Launch, Launched, launch
from ...loading.project import EXTENSIONS, ProjectError
from ...observing.traces import written

_PASSED_OVER = frozenset({"node_modules", "__pycache__"})
_SPECS = tuple(f"{end}{extension}" for end in ("_spec", "_test") for extension in EXTENSIONS)


class Change(Enum):
    """What follows from a saved file."""

    NOTHING = "nothing"
    PROGRAM = "program"
    """The app is loaded anew; pages stay."""
    PAGE = "page"
    """Pages are loaded anew."""
    STYLE = "style"
    """Style sheets are fetched anew; pages stay."""


def change_of(root: Path, path: Path) -> Change:
    """What a change of the file at *path* means for the app at *root*."""
    try:
        parts = path.relative_to(root).parts
    except ValueError:
        return Change.NOTHING
    if not parts:
        return Change.NOTHING  # the folder itself
    if any(part.startswith(".") for part in parts[:-1]) or _PASSED_OVER.intersection(parts):
        return Change.NOTHING
    name = parts[-1]
    if name == ".env" or name.startswith(".env."):
        return Change.PROGRAM
    if name.startswith(".") or name.endswith("~"):
        return Change.NOTHING
    if parts[0] == "public":
        return Change.STYLE if name.endswith(".css") else Change.PAGE
    if parts[:2] == ("app", "views"):
        return Change.PAGE
    if name.endswith(EXTENSIONS) and not name.endswith(_SPECS):
        return Change.PROGRAM
    return Change.NOTHING


class Fault(Record, frozen=True):
    """Why an app could not be loaded anew: the messages with source and caret."""

    text: str


def load_anew(how: Launch) -> Launched | Fault:
    """The app with the files as they are now, or what is wrong with them."""
    try:
        launched = launch(how)
    except InvalidApp as invalid:
        return Fault("\n\n".join(render(problem) for problem in invalid.problems))
    except SoliError as error:
        return Fault(render(error))
    except ProjectError as error:
        return Fault(str(error))
    if not launched.app.serves:
        return Fault("the program no longer declares any routes, so there is nothing to serve")
    return launched


State = dict[tuple[Path, str], str]


def state_of(app: App) -> State:
    """The variables and constants of an app's files that hold data, as text."""
    return {
        (path, name): _text(value)
        for path, program in app.programs.items()
        for name in tuple(program.file.names)
        if not _is_code(value := program.file.get(name))
    }


def lost_since(begin: State, app: App) -> list[str]:
    """The variables of *app* that are not what they were at *begin*: a reload loses that."""
    now = state_of(app)
    root = app.project.root
    return sorted(
        f"{name} ({_shown(root, path)})"
        for (path, name), text in now.items()
        if begin.get((path, name)) != text
    )


def _is_code(value: Value) -> bool:
    return value is UNSET or isinstance(value, Function | SoliClass)


def _text(value: Value) -> str:
    try:
        return written(value)
    except (RecursionError, SoliError):
        return f"{type(value).__name__} {id(value)}"


def _shown(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def strongest(root: Path, paths: Iterable[str]) -> set[Change]:
    """What a batch of changed files asks for."""
    return {change_of(root, Path(path)) for path in paths} - {Change.NOTHING}

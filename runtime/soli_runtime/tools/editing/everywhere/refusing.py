"""Why a name that several files see cannot be renamed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from ....loading.project import Project
from ..documents import Document, Program
from ..projects import VIEW_ENDINGS, Projects

MAX_VIEWS = 2000
MAX_VIEW_BYTES = 1 << 20
_CODE = re.compile(r"<%.*?%>", re.DOTALL)


class CannotRename(Exception):
    """Why not, for the person who asked."""


def refuse_texts(projects: Projects, home: Document, name: str) -> None:
    """Refuse what routes and templates lead to by a text. Raises CannotRename."""
    project = projects.around(home.path)
    if project is None:
        return
    for path in (project.routes, project.main):
        if path is not None and _is_target(projects, project, path, home.path, name):
            raise CannotRename(
                f"a route in {_shown(project, path)} leads to '{name}' by a text; "
                "rename it there and here by hand"
            )
    view = _view_with(project, name)
    if view is not None:
        raise CannotRename(f"the template {_shown(project, view)} uses '{name}'; rename it by hand")


def _is_target(projects: Projects, project: Project, routes: Path, home: Path, name: str) -> bool:
    """Whether a text of *routes* is `controller#name` of the file *home*."""
    controllers = {one for one, file in project.controllers.items() if file == home}
    if project.main == home:
        controllers.add(home.stem)
    texts = {f"{one}#{name}" for one in controllers}
    return not texts.isdisjoint(projects.texts(routes))


def _view_with(project: Project, name: str) -> Path | None:
    if project.views is None:
        return None
    word = re.compile(rf"(?<![\w.\"']){re.escape(name)}(?!\w)")
    for count, path in enumerate(sorted(project.views.rglob("*"))):
        if count > MAX_VIEWS:
            break
        if path.name.endswith(VIEW_ENDINGS) and any(map(word.search, _code(path))):
            return path
    return None


def _code(path: Path) -> list[str]:
    try:
        if path.stat().st_size > MAX_VIEW_BYTES:
            return []
        return _CODE.findall(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError):
        return []


def _shown(project: Project, path: Path) -> str:
    return str(path.relative_to(project.root)) if path.is_relative_to(project.root) else path.name


def refuse_named(documents: Iterable[Document], name: str) -> None:
    """Refuse a class that a text names: `is_a?("Person")`. Raises CannotRename."""
    for document in documents if name[:1].isupper() else ():
        program = document.program
        texts = [one for one in program.tokens if one.type == "LITERAL"] if program else []
        for one in texts:
            if one.value == name:
                line = document.position(one.start)[0] + 1
                raise CannotRename(
                    f'the text "{name}" in {document.path.name}:{line} may mean the class; '
                    "rename both by hand"
                )


def refuse_taken(documents: Iterable[Document], name: str) -> None:
    """Refuse a name that a file which would get it has already. Raises CannotRename."""
    for document in documents:
        program = document.program
        if program is not None and _has(program, name):
            raise CannotRename(
                f"there is another '{name}' in {document.path.name} that would be confused with it"
            )


def _has(program: Program, name: str) -> bool:
    return any(program.tokens[index].value == name for index in program.bindings.meanings)

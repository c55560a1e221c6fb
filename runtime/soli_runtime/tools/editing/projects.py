"""The app around a file, read from disk again when a file of it was saved."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from soli_lang.base.errors import SoliSyntaxError
from soli_lang.base.source import Source, Span
from soli_lang.syntax.scanner.scanner import Scanner
from soli_lang.syntax.scanner.tokens import Token

from ...loading.project import Project, ProjectError, find_project

MAX_FILE_BYTES: Final = 1 << 20
VIEW_ENDINGS: Final = (".slv", ".html.slv", ".html.erb")
_DECLARING: Final = frozenset({"FN", "CLASS", "MODULE", "ENUM", "CONST"})


class Place(NamedTuple):
    """A piece of a file."""

    path: Path
    source: Source
    span: Span


class Projects:
    """What is known of the apps that open files belong to."""

    def __init__(self) -> None:
        self._around: dict[Path, Project | None] = {}
        self._texts: dict[Path, tuple[int, Source, list[Token]]] = {}

    def forget(self) -> None:
        """Files came, went or changed."""
        self._around.clear()

    def around(self, path: Path) -> Project | None:
        """The app that the file *path* belongs to."""
        folder = path.parent
        if folder not in self._around:
            self._around[folder] = _nearest(folder)
        return self._around[folder]

    def actions(self, path: Path) -> list[str]:
        """Every `controller#action` of the app around *path*."""
        project = self.around(path)
        if project is None:
            return []
        found = [
            f"{name}#{action}"
            for name, file in project.controllers.items()
            for action in self._functions(file)
        ]
        if project.main is not None:
            found += [f"{project.main.stem}#{action}" for action in self._functions(project.main)]
        return found

    def views(self, path: Path) -> list[str]:
        """The names of the templates of the app around *path*."""
        project = self.around(path)
        if project is None or project.views is None:
            return []
        found = set()
        for file in project.views.rglob("*"):
            name = file.relative_to(project.views).as_posix()
            for ending in sorted(VIEW_ENDINGS, key=len, reverse=True):
                if name.endswith(ending):
                    found.add(name.removesuffix(ending))
                    break
        return sorted(found)

    def shared_names(self, path: Path) -> list[str]:
        """What the shared files of the app around *path* define."""
        return [name for file in self._shared(path) for name, _ in self._declared(file)]

    # --- places ----------------------------------------------------------------------------------

    def action_place(self, path: Path, target: str) -> Place | None:
        """Where the `controller#action` of a route is defined."""
        project = self.around(path)
        controller, separator, action = target.partition("#")
        if project is None or not separator:
            return None
        files = [project.controllers.get(controller), project.main]
        for file in files:
            place = self.declared_place(file, action) if file is not None else None
            if place is not None:
                return place
        return self._top(files[0]) if files[0] is not None else None

    def view_place(self, path: Path, name: str) -> Place | None:
        """The template that `render("name")` writes, or the partial."""
        project = self.around(path)
        if project is None or project.views is None:
            return None
        folder, slash, last = name.rpartition("/")
        for stem in (name, f"{folder}{slash}_{last}", f"layouts/{name}"):
            for ending in VIEW_ENDINGS:
                file = (project.views / f"{stem}{ending}").resolve()
                if file.is_relative_to(project.views.resolve()) and file.is_file():
                    return Place(file, Source(str(file), ""), Span(0, 0))
        return None

    def file_place(self, path: Path, written: str) -> Place | None:
        """The file of `import "./written"`."""
        base = path.parent / written
        for file in (base, base.with_name(base.name + ".soli"), base.with_name(base.name + ".sl")):
            if file.is_file():
                return self._top(file)
        return None

    def shared_place(self, path: Path, name: str) -> Place | None:
        """Where a shared file, or a controller, defines *name*."""
        for file in self._shared(path):
            place = self.declared_place(file, name)
            if place is not None:
                return place
        return None

    def declared_place(self, file: Path, name: str) -> Place | None:
        """Where *file* defines *name*: a function, class, constant or method."""
        for declared, token in self._declared(file):
            if declared == name:
                return Place(file, self._text(file)[0], token.span)
        return None

    # --- reading ---------------------------------------------------------------------------------

    def texts(self, file: Path) -> frozenset[str]:
        """The strings in *file*."""
        tokens = self._text(file)[1]
        return frozenset(
            one.value for one in tokens if one.type == "LITERAL" and isinstance(one.value, str)
        )

    def _shared(self, path: Path) -> tuple[Path, ...]:
        project = self.around(path)
        return project.shared if project is not None else ()

    def _functions(self, file: Path) -> list[str]:
        tokens = self._text(file)[1]
        return [
            token.value
            for before, token in itertools.pairwise(tokens)
            if before.type == "FN" and token.type == "NAME" and not token.value.startswith("_")
        ]

    def _declared(self, file: Path) -> Iterator[tuple[str, Token]]:
        tokens = self._text(file)[1]
        for before, token in itertools.pairwise(tokens):
            if before.type in _DECLARING and token.type == "NAME":
                yield token.value, token

    def _top(self, file: Path) -> Place:
        return Place(file, self._text(file)[0], Span(0, 0))

    def _text(self, file: Path) -> tuple[Source, list[Token]]:
        """A file's text and tokens; empty for what cannot be read, is no text or is huge."""
        try:
            state = file.stat()
            known = self._texts.get(file)
            if known is not None and known[0] == state.st_mtime_ns:
                return known[1], known[2]
            text = file.read_text("utf-8") if state.st_size <= MAX_FILE_BYTES else ""
        except (OSError, UnicodeDecodeError):
            return Source(str(file), ""), []
        source = Source(str(file), text)
        tokens = Scanner(source).run()
        self._texts[file] = (state.st_mtime_ns, source, tokens)
        return source, tokens


def _nearest(folder: Path) -> Project | None:
    for one in (folder, *folder.parents):
        try:
            return find_project(one)
        except (ProjectError, OSError, SoliSyntaxError):
            continue
    return None

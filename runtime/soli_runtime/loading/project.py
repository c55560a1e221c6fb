"""Where the files of an app are (docs/spec §W1). Looks at names only, reads nothing."""

from __future__ import annotations

from pathlib import Path

from soli_lang.base.records import Record, changed, field
from soli_lang.base.source import Source

EXTENSIONS = (".soli", ".sl")
"""Ours first: of two files that differ in the extension only, it counts."""

SPEC_ENDINGS = tuple(
    f"{kind}{extension}" for kind in ("_spec", "_test") for extension in EXTENSIONS
)
"""Of the names of spec files (docs/spec §L25.1)."""

SHARED_FOLDERS = ("helpers", "models", "services", "jobs")
"""Folders of `app/` whose definitions every controller sees."""

MAIN_NAMES = ("app", "main")


class ProjectError(Exception):
    """The path given is nothing that can be run. The text says why."""


class Project(Record, frozen=True):
    """The files of one app, each once, in the order in which they are run."""

    root: Path
    main: Path | None = None
    """The single file, when the app is one."""
    routes: Path | None = None
    shared: tuple[Path, ...] = ()
    middleware: tuple[Path, ...] = ()
    controllers: dict[str, Path] = field(default_factory=dict)
    """`"echo"` or `"admin/posts"` -> its file."""
    public: Path | None = None
    views: Path | None = None
    text: Source | None = None
    """What stands in `main`, when that is no file."""

    @property
    def files(self) -> tuple[Path, ...]:
        """Every Soli file of the app."""
        first = [path for path in (self.main, self.routes) if path is not None]
        return (*self.shared, *self.middleware, *first, *self.controllers.values())


def find_project(path: Path) -> Project:
    """The app at *path*, a file or a folder. Raises ProjectError."""
    if path.is_dir():
        return _folder(path)
    if not path.exists():
        raise ProjectError(f"there is no file or folder '{path}'")
    if not path.is_file():
        raise ProjectError(f"'{path}' is neither a file nor a folder")
    return _around(path.parent, main=path)


def project_of_text(text: Source) -> Project:
    """A program that came from standard input: a single file of the folder one is in."""
    return changed(_around(Path(), main=Path(text.name)), text=text)


def _folder(root: Path) -> Project:
    routes = _with_extension(root / "config", "routes")
    if routes is not None:
        return _around(root, routes=routes)
    for name in MAIN_NAMES:
        main = _with_extension(root, name)
        if main is not None:
            return _around(root, main=main)
    raise ProjectError(f"'{root}' has no config/routes.soli (and no app.soli)")


def _around(root: Path, *, main: Path | None = None, routes: Path | None = None) -> Project:
    app = root / "app"
    return Project(
        root=root,
        main=main,
        routes=routes,
        shared=tuple(path for name in SHARED_FOLDERS for path in _soli_files(app / name)),
        middleware=tuple(_soli_files(app / "middleware")),
        controllers=_controllers(app / "controllers"),
        public=_existing(root / "public"),
        views=_existing(app / "views"),
    )


def _existing(folder: Path) -> Path | None:
    return folder if folder.is_dir() else None


def _with_extension(folder: Path, name: str) -> Path | None:
    for extension in EXTENSIONS:
        path = folder / (name + extension)
        if path.is_file():
            return path
    return None


def _soli_files(folder: Path) -> list[Path]:
    """The Soli files below *folder* by name, one for each name without extension."""
    found: dict[Path, Path] = {}
    if not folder.is_dir():
        return []
    for extension in EXTENSIONS:
        for path in folder.rglob(f"*{extension}"):
            if not any(part.startswith((".", "_")) for part in path.relative_to(folder).parts):
                found.setdefault(path.with_suffix(""), path)
    return [found[key] for key in sorted(found)]


def _controllers(folder: Path) -> dict[str, Path]:
    controllers: dict[str, Path] = {}
    for path in _soli_files(folder):
        name = path.relative_to(folder).with_suffix("").as_posix()
        controllers[name.removesuffix("_controller")] = path
    return controllers

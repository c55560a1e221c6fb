"""What `soli check` finds, told by `soli run`: warnings before the program runs, errors after.

It stops nothing: what stops a program is found by loading and running it, and is told there; an
error that stopped it is not told again. What was found is kept in the user's cache folder until one
of the files changes, so that a script which is run again does not even load the checker.
"""

from __future__ import annotations

import os
import sys
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from soli_lang.base.errors import SoliError
from soli_lang.base.source import Source
from soli_lang.syntax import tables

from ...loading.project import Project, ProjectError, find_project, project_of_text

if TYPE_CHECKING:
    from soli_lang.tools.checker import Finding

MOST_BYTES = 256 * 1024
"""Of source that are checked, so that a large app does not start late: about a second of CPU."""
LOAD_SECONDS = 1.0
"""Computing time that the top level may take to declare the routes that are looked at."""
MOST_SHOWN = 20
"""Findings that are shown."""
_KEPT = 256
"""Programs whose findings are kept: each has one of as many files."""
_TOLD_ELSEWHERE = frozenset({"syntax", "route", "gate", "process-variable"})
"""Codes of what loading the app says itself, or the start of several processes."""

_KEYS = frozenset({"text", "severity", "file", "line"})
_Stat = list[str | int]


class Report:
    """What was found in a program, most of it, as it is told."""

    def __init__(self, found: list[dict[str, Any]], note: str, *, as_json: bool) -> None:
        """*found* has for each finding what `soli check --format json` says, and its `text`."""
        self._found = found
        self._note = note
        self._as_json = as_json

    def tell_warnings(self) -> None:
        """Before the program runs."""
        self._tell(one for one in self._found if one["severity"] != "error")

    def tell_errors(self, stopped: SoliError | None = None) -> None:
        """After it ran, or was loaded to be served; *stopped*: the error by which it ended."""
        source = None if stopped is None else stopped.source
        told = None if stopped is None or source is None else (source.name, stopped.place[0])
        errors = (one for one in self._found if one["severity"] == "error")
        self._tell(one for one in errors if (one["file"], one["line"]) != told)
        if self._note and not self._as_json:
            sys.stderr.write(f"soli: {self._note}\n")

    def _tell(self, findings: Iterable[dict[str, Any]]) -> None:
        sys.stdout.flush()
        if not self._as_json:
            sys.stderr.write("".join(one["text"] + "\n" for one in findings))
            return
        from ...observing.log_lines import LineWriter
        from ...observing.logs import Log

        log = Log(LineWriter(), as_json=True)
        for one in findings:
            log.warning("finding", **{key: one[key] for key in one if key != "text"})
        log.flush()


def report_of(path: Path, text: Source | None, *, as_json: bool = False) -> Report:
    """What is found in the program at *path*, or in *text*: nothing, if the checker is at fault."""
    try:
        project = find_project(path) if text is None else project_of_text(text)
        data = _report(project)
    except ProjectError:
        data = {"found": [], "note": ""}  # whoever runs it says so
    except Exception:
        if os.environ.get("SOLI_TRACEBACK"):
            raise
        data = {"found": [], "note": ""}
    return Report(data["found"], data["note"], as_json=as_json)


def _report(project: Project) -> dict[str, Any]:
    if project.text is not None:
        return _found(project)[0]
    kept = _kept_file(project)
    report = _read(kept, project)
    if report is None:
        stats = _stats(_files(project))  # before they are read: they may change meanwhile
        report, imported = _found(project)
        tables.write(kept, {"files": [*stats, *_stats(imported)], "of": _checker(), **report})
    return report


# --- what was found before -----------------------------------------------------------------------


def _kept_file(project: Project) -> str | None:
    name = os.path.abspath(project.main or project.root)
    return tables.cache_file(f"findings-{zlib.crc32(name.encode()) % _KEPT:02x}.json")


def _read(kept: str | None, project: Project) -> dict[str, Any] | None:
    """What was found when all files were as they are now; None: nobody has looked."""
    data = tables.read(kept)
    try:
        names = [Path(name) for name, *_ in data["files"]]
        is_same = set(names) >= set(_files(project)) and data["files"] == _stats(names)
        is_whole = all(one.keys() >= _KEYS for one in data["found"]) and data["note"].isprintable()
        return data if is_same and is_whole and data["of"] == _checker() else None
    except (LookupError, TypeError, ValueError, AttributeError):
        return None


def _files(project: Project) -> list[Path]:
    """All files whose change may change what is found, by the paths that reports show."""
    views = [] if project.views is None else sorted(project.views.rglob("*.slv"))
    return [*project.files, *views]


def _stats(paths: Iterable[Path]) -> list[_Stat]:
    return [_stat(path) for path in paths]


def _stat(path: Path) -> _Stat:
    try:
        found = path.stat()
    except OSError:
        return [str(path), 0, 0]
    return [str(path), found.st_mtime_ns, found.st_size]


def _checker() -> list[str | int]:
    """Something that changes with the checker, and with where paths are shown from."""
    import soli_lang

    here, language = Path(__file__).parents[2], Path(soli_lang.__file__).parent
    tools = language / "tools"
    folders = (tools / "checking", tools / "inference", here / "tools", here / "cli" / "checking")
    stats = [entry.stat() for folder in folders for entry in os.scandir(folder)]
    return [os.getcwd(), max(one.st_mtime_ns for one in stats), sum(one.st_size for one in stats)]


# --- finding it ----------------------------------------------------------------------------------


def _found(project: Project) -> tuple[dict[str, Any], list[Path]]:
    """What is found, and the files that are imported."""
    from ...tools.checks import ProgramCheck
    from .shown import as_object, as_text

    program = ProgramCheck()
    files, left = _within_bounds(project)
    findings = [] if project.text is None else _of_text(program, project)
    findings += program.check_files(files)
    if not left and _may_have_routes(program, project):
        findings += program.check_project(project, LOAD_SECONDS)
    findings = [one for one in findings if one.code not in _TOLD_ELSEWHERE]
    found = [{**as_object(one), "text": as_text(one)} for one in findings[:MOST_SHOWN]]
    report = {"found": found, "note": _note(findings, left, project)}
    return report, [Path(name) for name in sorted(program.imported)]


def _of_text(program: Any, project: Project) -> list[Finding]:
    assert project.text is not None
    assert project.main is not None
    is_small = len(project.text.text) <= MOST_BYTES
    return program.check_source(project.main, project.text) if is_small else []


def _may_have_routes(program: Any, project: Project) -> bool:
    if project.text is not None:
        return False
    return project.main is None or program.declares_routes(project.main)


def _within_bounds(project: Project) -> tuple[list[Path], int]:
    """The files that are small enough together, the first of the program first; how many are not.

    The same ones each time: no clock decides.
    """
    whole, files = 0, []
    first = [path for path in (project.main, project.routes) if path is not None]
    listed = list(dict.fromkeys([*first, *project.controllers.values(), *project.files]))
    if project.text is not None:
        listed.remove(first[0])
    for path in listed:
        size = _stat(path)[2]
        if whole + int(size) <= MOST_BYTES:
            whole += int(size)
            files.append(path)
    return files, len(listed) - len(files)


def _note(findings: list[Finding], left: int, project: Project) -> str:
    """What is not shown."""
    from .shown import counted, summary

    notes = []
    more = len(findings) - MOST_SHOWN
    if more > 0:
        notes.append(f"{more} more findings ({summary(findings, len(project.files))})")
    if left:
        notes.append(f"{counted(left, 'file')} not checked, since the program is large")
    if not notes:
        return ""
    return f"{'; '.join(notes)}: see soli check {project.main or project.root}"

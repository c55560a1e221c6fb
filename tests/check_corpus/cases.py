"""The wrong programs of `*.txt` beside this file, and the right ones of the whole repository.

A line `=== KIND` begins a kind, `--- SEVERITY LINE` a program and what has to be found in it.
`python -m tests.check_corpus.cases` prints found and all of each kind.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from soli_runtime.loading.project import ProjectError, find_project
from soli_runtime.tools.checks import ProgramCheck

from soli_lang.tools.checker import Finding

from ..support.corpus import ROOT, program_files, vector_programs
from ..support.documents import blocks

FOLDER = Path(__file__).parent
SHOP = "export def price(net)\n  net * 2\nend\n"
ADVICE = frozenset({"unguarded-route", "reserved-event", "process-variable", "gate"})
"""Findings that ask whether something is meant."""


@dataclass(frozen=True)
class Case:
    kind: str
    place: str
    """File and line where the program stands."""
    severity: str
    line: int
    text: str


def cases() -> list[Case]:
    return [case for path in sorted(FOLDER.glob("*.txt")) for case in _cases_of(path)]


def _cases_of(path: Path) -> Iterator[Case]:
    kind, head, lines = "", "", list[str]()
    for number, line in enumerate([*path.read_text("utf-8").splitlines(), "==="], 1):
        if not line.startswith(("===", "---")):
            lines.append(line)
            continue
        if head:
            severity, at = head.split()[1:]
            place = f"{path.name}:{number - len(lines)}"
            yield Case(kind, place, severity, int(at), "\n".join(lines) + "\n")
        kind = line[4:] if line.startswith("===") else kind
        head = line if line.startswith("---") else ""
        lines = []


class Bench:
    """Checks single files in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "echo.soli"
        (folder / "shop.soli").write_text(SHOP, "utf-8")
        self._check = ProgramCheck()

    def findings(self, text: str) -> list[Finding]:
        """What `soli check echo.soli` finds."""
        self._path.write_text(text, "utf-8")
        self._check.forget()
        found = self._check.check_file(self._path)
        if not any(one.code == "syntax" for one in found):
            with suppress(ProjectError):
                if self._check.declares_routes(self._path):
                    found += self._check.check_project(find_project(self._path))
        return found


def is_found(case: Case, findings: list[Finding]) -> bool:
    """Whether one of *findings* has the line and the severity that *case* names."""
    return any(
        one.source.position(one.span.start).line == case.line and one.severity == case.severity
        for one in findings
    )


def table() -> tuple[dict[str, tuple[int, int]], list[str]]:
    """Found and all of each kind; the places of the programs that were not found."""
    counts: dict[str, tuple[int, int]] = {}
    missed = []
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        for case in cases():
            found, all_ = counts.get(case.kind, (0, 0))
            is_one = is_found(case, bench.findings(case.text))
            counts[case.kind] = (found + is_one, all_ + 1)
            if not is_one:
                missed.append(f"{case.place} {case.kind}")
    return counts, missed


# --- right programs ------------------------------------------------------------------------------


def right_texts() -> list[tuple[str, str]]:
    """Programs that run, with a name each: the conformance vectors and those of the docs."""
    found = [(f"vector {name}", text) for name, text in vector_programs()]
    for path in sorted((ROOT / "docs").rglob("*.md")):
        found.extend((str(path.relative_to(ROOT)), text) for text in blocks(path, "soli"))
    return found + styles()


def styles() -> list[tuple[str, str]]:
    """Programs of many styles, with a name each; every one of them runs."""
    found, lines = [], list[str]()
    name = ""
    for line in [*(FOLDER / "right" / "styles.txt").read_text("utf-8").splitlines(), "--- "]:
        if line.startswith("--- "):
            found.append((name, "\n".join(lines) + "\n"))
            name, lines = f"style {line[4:]}", []
        else:
            lines.append(line)
    return found[1:]


def right_files() -> list[Path]:
    """Every Soli file of the repository."""
    return [ROOT / path for path in program_files()]


if __name__ == "__main__":
    counts, missed = table()
    for kind, (found, all_) in counts.items():
        print(f"{found:4} of {all_:3}  {kind}")
    total = [sum(column) for column in zip(*counts.values(), strict=True)]
    print(f"{total[0]:4} of {total[1]:3}")
    if "-v" in sys.argv:
        print("\n".join(missed))

"""The lines that tests did not reach, for people and programs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from soli_lang.tools.coverage import Coverage, FileCoverage

from ..loading.project import EXTENSIONS, SPEC_ENDINGS


def covered_files(coverage: Coverage) -> dict[str, FileCoverage]:
    """The program's own files by their path from here, spec files left out."""
    found = {}
    for name, file in coverage.files.items():
        path = Path(name)
        if path.suffix in EXTENSIONS and not name.endswith(SPEC_ENDINGS) and path.is_file():
            found[os.path.relpath(path)] = file
    return dict(sorted(found.items()))


def coverage_lines(coverage: Coverage) -> list[str]:
    """A line per file, and the sum."""
    files = covered_files(coverage)
    if not files:
        return ["  Coverage: no program files were loaded"]
    width = max(len(name) for name in files)
    lines = ["  Coverage:"]
    lines += [_line(name.ljust(width), file) for name, file in files.items()]
    total = sum(len(file.lines) for file in files.values())
    run = sum(len(file.lines & file.run) for file in files.values())
    lines.append(f"    {'all'.ljust(width)} {_percent(run, total)}  {run} of {total} lines")
    return lines


def coverage_object(coverage: Coverage) -> list[dict[str, Any]]:
    """The same for `--format json`."""
    return [
        {"path": name, "lines": len(file.lines), "missed": file.missed}
        for name, file in covered_files(coverage).items()
    ]


def _line(name: str, file: FileCoverage) -> str:
    run = len(file.lines & file.run)
    missed = f"  not run: {_ranges(file.missed, sorted(file.lines))}" if file.missed else ""
    return f"    {name} {_percent(run, len(file.lines))}{missed}"


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole if whole else 100:5.1f}%"


def _ranges(missed: list[int], lines: list[int]) -> str:
    """`3-5, 9`: lines between which no line was run are one range."""
    place = {line: index for index, line in enumerate(lines)}
    parts: list[list[int]] = []
    for line in missed:
        if parts and place[line] == place[parts[-1][-1]] + 1:
            parts[-1].append(line)
        else:
            parts.append([line])
    return ", ".join(str(part[0]) if len(part) == 1 else f"{part[0]}-{part[-1]}" for part in parts)

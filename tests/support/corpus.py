"""All Soli programs of this repository, for tests that hold for any program."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("examples", "tests", "benchmarks")
VECTORS = ("tests/language/vectors.txt", "tests/stdlib/vectors.txt")


def program_files() -> list[Path]:
    """Every Soli file, by path from the root."""
    found = [
        path.relative_to(ROOT)
        for folder in FOLDERS
        for pattern in ("*.soli", "*.sl")
        for path in (ROOT / folder).rglob(pattern)
        if "node_modules" not in path.parts and path.is_file()  # `.soli` is what --dev keeps
    ]
    return sorted(found)


def vector_programs() -> list[tuple[str, str]]:
    """Name and text of the valid programs among the conformance vectors."""
    found = []
    for name in VECTORS:
        for line in (ROOT / name).read_text("utf-8").splitlines():
            head, separator, expected = line.partition(" ==> ")
            if separator and not line.startswith("#") and not expected.startswith("!"):
                title, _, text = head.partition(": ")
                found.append((title, text.replace("⏎", "\n")))
    return found

"""What concerns one room: `python -m tests.support.room core` prints the test files, one a line.

Those are the tests of the folder of the same name, and all others of `unit/` and `property/` that
import something of the room, or one of its parts; for rooms of the language its specs, too. All of
it runs in less than a minute.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from .corpus import ROOT

TESTS = ROOT / "tests"
PACKAGES = {
    "lang": ("soli_lang", "soli_lang"),
    "stdlib": ("stdlib/soli_stdlib", "soli_stdlib"),
    "runtime": ("runtime/soli_runtime", "soli_runtime"),
}
"""Where they are, and what they are called, by the folder of their tests."""


def rooms() -> dict[str, list[str]]:
    """Dotted names of rooms by what they are called here: `json` are two."""
    found: dict[str, list[str]] = {}
    for place, package in PACKAGES.values():
        for path in sorted((ROOT / place).iterdir()):
            if (path / "__init__.py").exists() or path.suffix == ".py":
                found.setdefault(path.stem, []).append(f"{package}.{path.stem}")
    found.pop("__init__")
    return found


def files_of(room: str) -> list[Path]:
    """The files, in order. Raises KeyError with the names of the rooms when there is no such."""
    known = rooms()
    if room not in known:
        raise KeyError(f"there is no room '{room}'; there are: {', '.join(sorted(known))}")
    names = "|".join(map(re.escape, known[room]))
    imports = re.compile(rf"^\s*(?:from|import) (?:{names})\b", re.MULTILINE)
    own = {TESTS / "unit" / kind / room for kind in PACKAGES}
    is_of_language = any(name.startswith("soli_lang.") for name in known[room])
    return [
        path
        for folder in ("unit", "property", "language")
        for path in sorted((TESTS / folder).rglob("test_*.py"))
        if own & set(path.parents)
        or (folder == "language" and is_of_language)
        or imports.search(path.read_text("utf-8"))
    ]


def main() -> int:
    try:
        found = files_of(sys.argv[1] if len(sys.argv) == 2 else "")
    except KeyError as error:
        print(error.args[0], file=sys.stderr)
        return 64
    print(*(path.relative_to(ROOT) for path in found), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

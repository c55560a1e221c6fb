"""Writes the files of a new app."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from ..arguments import Parser
from ..exits import OK, UsageError
from .files import FILES, MINIMAL

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}\Z")


def main(arguments: list[str]) -> int:
    """Write the files of a new app. The exit status."""
    parser = Parser(
        prog="soli new",
        description="Create a folder with an app: routes, a controller, a page, a spec, a README.",
    )
    parser.add_argument(
        "name", metavar="NAME", help="the folder to create, which also names the app"
    )
    parser.add_argument("--minimal", action="store_true", help="one file, NAME/app.soli")
    parsed = parser.parse_args(arguments)
    folder = Path(parsed.name)
    if NAME.match(folder.name) is None:
        raise UsageError(
            f"'{folder.name}' is not a valid app name: a letter, then letters, digits, '_' and '-'"
        )
    written = _write(folder, MINIMAL if parsed.minimal else FILES)
    _tell(folder, written)
    return OK


def _write(folder: Path, files: dict[str, str]) -> list[Path]:
    """Write all *files* below a new *folder*. Raises UsageError; then nothing was changed."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"'{folder}' exists already and is not empty")
    written = []
    try:
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.replace("NAME", folder.name), "utf-8")
            written.append(path)
    except OSError as error:
        raise UsageError(f"'{error.filename}' cannot be written: {error.strerror}") from None
    return written


def _tell(folder: Path, written: list[Path]) -> None:
    for path in written:
        sys.stdout.write(f"  {path}\n")
    has_spec = any(path.name.endswith("_spec.soli") for path in written)
    spec = "  soli test            run its spec\n" if has_spec else ""
    sys.stdout.write(f"""
  cd {folder}
  soli run . --dev     serve it, and reload what changes
{spec}  soli repl .          be its clients
""")

"""`soli doc NAME`: the documentation of builtins."""

from __future__ import annotations

import sys
from pathlib import Path

from ..tools.reference import Entry, Reference, entry_text, pages
from .arguments import Parser
from .exits import OK, UsageError

MAX_FULL = 8
"""Entries shown in full; more are listed."""


def main(arguments: list[str]) -> int:
    """Show what a name stands for, or write the whole reference. The exit status."""
    parser = Parser(
        prog="soli doc",
        description="Documentation of builtins: soli doc trim, soli doc String, "
        "soli doc Math.floor. Without a name: an overview.",
    )
    parser.add_argument("name", nargs="?", metavar="NAME")
    parser.add_argument("--markdown", metavar="DIR", help="write the reference into a folder")
    parsed = parser.parse_args(arguments)
    reference = Reference()
    if parsed.markdown is not None:
        return _write(reference, Path(parsed.markdown))
    if parsed.name is None:
        sys.stdout.write(_overview(reference))
        return OK
    entries = reference.find(parsed.name)
    if not entries:
        close = reference.suggestions(parsed.name)
        hint = f"; did you mean {' or '.join(close)}?" if close else "; soli doc lists all names"
        raise UsageError(f"there is no builtin '{parsed.name}'{hint}")
    sys.stdout.write(_shown(entries))
    return OK


def _shown(entries: list[Entry]) -> str:
    if len(entries) <= MAX_FULL:
        return "\n\n".join(entry_text(entry) for entry in entries) + "\n"
    width = min(44, max(len(entry.heading) for entry in entries))
    return "".join(_line(entry, width) for entry in entries)


def _line(entry: Entry, width: int) -> str:
    summary = entry.text.split("\n")[0]
    return f"{entry.heading.ljust(width)}  {summary}".rstrip() + "\n"


def _overview(reference: Reference) -> str:
    functions = ", ".join(entry.names[0] for entry in reference.of(""))
    owners = ", ".join(reference.owners())
    return f"functions: {functions}\n\ntypes and classes: {owners}\n\nsoli doc NAME shows one.\n"


def _write(reference: Reference, folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    files = pages(reference)
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8", newline="")
    for path in folder.glob("*.md"):
        if path.name not in files:
            path.unlink()
    sys.stdout.write(f"wrote {len(files)} pages to {folder}\n")
    return OK

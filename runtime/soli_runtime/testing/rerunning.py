"""`soli test --watch`: run again whenever a Soli file or template changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ..loading.project import EXTENSIONS

WATCHED = (*EXTENSIONS, ".slv", ".env")
CLEAR = "\x1b[2J\x1b[H"


def changes(root: Path) -> Iterator[Any]:
    """Yields each time something below *root* changed; ends when interrupted."""
    from watchfiles import watch

    return watch(root, watch_filter=lambda _, path: path.endswith(WATCHED), raise_interrupt=False)


def run_again(run: Callable[[], int], when: Iterator[Any], write: Callable[[str], None]) -> int:
    """Run now and after each change; the status of the last run."""
    status = run()
    write("\nwaiting for changes (Ctrl-C ends)\n")
    for _ in when:
        write(CLEAR)
        status = run()
        write("\nwaiting for changes (Ctrl-C ends)\n")
    return status

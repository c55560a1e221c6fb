"""`soli dap`."""

from __future__ import annotations

import os
import sys

from ..arguments import Parser
from ..exits import OK, UsageError


def main(arguments: list[str]) -> int:
    """Speak to the editor that started us, until it has enough. The exit status."""
    from ...debugging.framing import BrokenFraming, Writer, read_message
    from .adapter import Adapter

    about = "Debugger for the editor that started it: docs/debugging.md."
    parser = Parser(prog="soli dap", description=about)
    parser.add_argument("--stdio", action="store_true", help="the default")
    parser.parse_args(arguments)
    if sys.stdin.isatty():
        raise UsageError("soli dap speaks to an editor, not to a terminal; see docs/debugging.md")
    output = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    adapter = Adapter(Writer(output))
    try:
        while (message := read_message(sys.stdin.buffer)) is not None:
            if message["type"] == "request" and not adapter.handle(message):
                break
    except BrokenFraming as broken:
        sys.stderr.write(f"soli: {broken}\n")
        return 1
    finally:
        adapter.end()
    return OK

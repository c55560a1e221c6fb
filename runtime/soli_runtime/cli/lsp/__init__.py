"""`soli lsp`: what editors start to know what a program means (Language Server Protocol 3.17)."""

from __future__ import annotations

import sys

from ..arguments import Parser
from ..exits import OK, UsageError

DESCRIPTION = """\
Serve an editor over standard input and output, in the Language Server Protocol. Editors start this;
docs/editors.md says how to tell them.
"""


def main(arguments: list[str]) -> int:
    """Serve until the editor goes. The exit status."""
    parser = Parser(prog="soli lsp", description=DESCRIPTION)
    parser.add_argument("--stdio", action="store_true", help="what it does anyway")
    parser.parse_args(arguments)
    try:
        from .server import serve
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("pygls", "lsprotocol"):
            raise
        raise UsageError('soli lsp needs pygls: pip install "soli-lang[lsp]"') from None
    if sys.stdin.isatty():
        raise UsageError("soli lsp speaks to an editor, not to a terminal; see docs/editors.md")
    serve()
    return OK

"""`soli types PATH`: what clients may send, as TypeScript and as AsyncAPI."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from pathlib import Path

from ...loading.app import App
from ..arguments import Parser, add_program_flags
from ..exits import OK, UsageError
from ..launching import loaded_app
from ..run_options import app_name
from .asyncapi import asyncapi
from .described import sockets_of
from .typescript import typescript


def main(arguments: list[str]) -> int:
    """Write the types of an app's messages. The exit status."""
    parser = Parser(
        prog="soli types",
        description="Write the messages that an app declares with ws_message as types for "
        "TypeScript, and as an AsyncAPI document. Runs the app's files, but does not serve.",
    )
    parser.add_argument("path", metavar="PATH", nargs="?", default=".", help="an app")
    parser.add_argument("--output", metavar="FILE", help="where the types go; none: print them")
    parser.add_argument("--asyncapi", metavar="FILE", help="write an AsyncAPI document to FILE")
    add_program_flags(parser)
    parsed = parser.parse_args(arguments)
    with redirect_stdout(sys.stderr):  # what the app prints is none of the types
        app = loaded_app(parsed)
    _write(app, Path(parsed.path), parsed.output, parsed.asyncapi)
    return OK


def _write(app: App, path: Path, output: str | None, document: str | None) -> None:
    import orjson

    sockets = sockets_of(app)
    if output is not None:
        _to_file(output, typescript(sockets).encode())
    elif document is None:
        sys.stdout.write(typescript(sockets))
    if document is not None:
        described = asyncapi(sockets, app_name(path), "1.0.0")
        data = orjson.dumps(described, default=str, option=orjson.OPT_INDENT_2)
        _to_file(document, data + b"\n")
    if not any(one.declared for one in sockets):
        sys.stderr.write("soli: no controller declares a message with ws_message\n")


def _to_file(name: str, data: bytes) -> None:
    try:
        Path(name).write_bytes(data)
    except OSError as error:
        raise UsageError(f"'{name}' cannot be written: {error.strerror}") from None

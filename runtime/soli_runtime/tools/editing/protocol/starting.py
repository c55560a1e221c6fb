"""The server started, and told what happens to documents."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams
from pygls.uris import to_fs_path

from ..lines import Change
from . import mending, navigating, viewing, writing
from .server import SoliServer


def serve(version: str, defined: Mapping[str, Any]) -> None:
    """Serve standard input and output until the client goes; *version* is told to it.

    *defined* is what the hosts of the programs define, as for `soli check`.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_is_worth_a_line)
    handler.setFormatter(_OneLine("soli lsp: %(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.ERROR)
    make_server(version, defined).start_io()


def _is_worth_a_line(record: logging.LogRecord) -> bool:
    """Refusals are answers; whoever asked has them."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, JsonRpcInvalidParams)


class _OneLine(logging.Formatter):
    """What went wrong in a line; where, with SOLI_TRACEBACK=1."""

    def format(self, record: logging.LogRecord) -> str:
        if os.environ.get("SOLI_TRACEBACK"):
            return super().format(record)
        first = record.getMessage().partition("\n")[0]
        error = record.exc_info[1] if record.exc_info else None
        return f"soli lsp: {first}" + (f": {error!r}" if error is not None else "")


def make_server(version: str, defined: Mapping[str, Any] | None = None) -> SoliServer:
    """The server with all that it answers."""
    server = SoliServer(version, defined)
    feature = server.feature
    feature(types.INITIALIZED)(_initialized)
    feature(types.SHUTDOWN)(_shut_down)
    feature(types.TEXT_DOCUMENT_DID_OPEN)(_opened)
    feature(types.TEXT_DOCUMENT_DID_CHANGE)(_changed)
    feature(types.TEXT_DOCUMENT_DID_CLOSE)(_closed)
    feature(types.TEXT_DOCUMENT_DID_SAVE)(_saved)
    feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)(_saved)
    for part in (mending, navigating, viewing, writing):
        part.answer(feature)
    server.command(viewing.RUN_SPEC)(viewing.run_spec)
    server.command(viewing.TRY)(viewing.try_in_repl)
    return server


# --- documents -----------------------------------------------------------------------------------


def _initialized(server: SoliServer, params: Any) -> None:
    server.get_ready()
    folders = server.workspace.folders.values()
    paths = [to_fs_path(one.uri) for one in folders] or [server.workspace.root_path]
    server.workspace_files.open(Path(one) for one in paths if one)


def _shut_down(server: SoliServer, params: Any) -> None:
    server.check_no_more()


def _opened(server: SoliServer, params: types.DidOpenTextDocumentParams) -> None:
    server.put(params.text_document.uri, params.text_document.text)


def _changed(server: SoliServer, params: types.DidChangeTextDocumentParams) -> None:
    server.change(params.text_document.uri, map(_change, params.content_changes))


def _change(event: types.TextDocumentContentChangeEvent) -> Change | str:
    if isinstance(event, types.TextDocumentContentChangeWholeDocument):
        return event.text
    start, end = event.range.start, event.range.end
    return Change((start.line, start.character), (end.line, end.character), event.text)


def _closed(server: SoliServer, params: types.DidCloseTextDocumentParams) -> None:
    server.drop(params.text_document.uri)


def _saved(server: SoliServer, params: Any) -> None:
    server.saved()
    if isinstance(params, types.DidSaveTextDocumentParams):
        path = to_fs_path(params.text_document.uri)
        if path:
            server.news.saved(Path(path))

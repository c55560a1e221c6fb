"""The language server: requests to questions about documents, answers to protocol.

Everything is answered on one thread, in the order of the requests. Texts come whole: then their
lines are counted here only, as the protocol counts them.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol
from pygls.uris import from_fs_path, to_fs_path

from soli_lang.base.source import Source
from soli_lang.tools.formatting import MeaningChanged, format_source

from ..completing import Completing
from ..documents import Document
from ..explaining import Explaining
from ..finding import Finding
from ..library import Library
from ..outline import symbols
from ..projects import Projects
from ..renaming import CannotRename, renamed, renamed_place
from . import answers
from .diagnosing import Diagnosing

T = TypeVar("T")

PAUSE_SECONDS: Final = 0.2
"""How long nothing must be typed before a text is checked."""
BREATH_SECONDS: Final = 0.005
"""Between the checks of two texts: what was asked meanwhile is read, and answered first."""


class Protocol(LanguageServerProtocol):
    """Answers also the requests that cannot be read: their clients would wait for ever."""

    def structure_message(self, data: dict[str, Any]) -> Any:
        """*data* as a message. Raises JsonRpcException."""
        try:
            return super().structure_message(data)
        except JsonRpcException as error:
            if "id" in data and "method" in data:
                self._send_response(data["id"], error=error.to_response_error())
            raise


class SoliServer(LanguageServer):
    """What is open, and what is known about it."""

    def __init__(self, version: str, defined: Mapping[str, Any] | None = None) -> None:
        super().__init__(
            "soli",
            version,
            text_document_sync_kind=types.TextDocumentSyncKind.Full,
            protocol_cls=Protocol,
        )
        self.documents: dict[str, Document] = {}
        self.library = Library()
        self.projects = Projects()
        self.diagnosing = Diagnosing(defined)
        self._waiting: dict[str, asyncio.TimerHandle] = {}
        self._due: dict[str, None] = {}
        """What is to be checked now, one text after the other."""
        self._next: asyncio.TimerHandle | None = None
        """The check of the first of them."""

    def document(self, uri: str) -> Document:
        """The open document. Raises JsonRpcInvalidParams."""
        document = self.documents.get(uri)
        if document is None:
            raise JsonRpcInvalidParams(f"{uri} is not open")
        return document

    def put(self, uri: str, text: str) -> None:
        """A document was opened or changed."""
        path = Path(to_fs_path(uri) or "untitled.soli")
        self.documents[uri] = Document(path, text, self.documents.get(uri))
        self.check_soon(uri)

    def drop(self, uri: str) -> None:
        """A document was closed."""
        self.documents.pop(uri, None)
        self._leave_alone(uri)
        self._publish(uri, [])

    def check_soon(self, uri: str, seconds: float = PAUSE_SECONDS) -> None:
        """Check a document when nothing was typed for a moment."""
        self._leave_alone(uri)
        self._waiting[uri] = asyncio.get_running_loop().call_later(seconds, self._is_due, uri)

    def check_no_more(self) -> None:
        """Whoever is about to leave waits for no checks."""
        for uri in (*self._waiting, *self._due):
            self._leave_alone(uri)

    def _leave_alone(self, uri: str) -> None:
        self._due.pop(uri, None)
        timer = self._waiting.pop(uri, None)
        if timer is not None:
            timer.cancel()

    def _is_due(self, uri: str) -> None:
        self._waiting.pop(uri, None)
        self._due[uri] = None
        self._check_next_after(0)

    def _check_next_after(self, seconds: float) -> None:
        if self._due and self._next is None:
            self._next = asyncio.get_running_loop().call_later(seconds, self._check_next)

    def _check_next(self) -> None:
        self._next = None
        if self._due:
            uri = next(iter(self._due))
            del self._due[uri]
            self._check(uri)
            self._check_next_after(BREATH_SECONDS)

    def _check(self, uri: str) -> None:
        document = self.documents.get(uri)
        if document is None:
            return
        try:
            found = self.diagnosing.diagnostics(document)
        except Exception as error:  # a fault of ours must not end the server
            logging.getLogger(__name__).error("checking %s: %s", uri, error)
            return
        self._publish(uri, found)

    def _publish(self, uri: str, found: list[types.Diagnostic]) -> None:
        params = types.PublishDiagnosticsParams(uri=uri, diagnostics=found)
        self.text_document_publish_diagnostics(params)

    def saved(self) -> None:
        """A file was saved, made or deleted: others may depend on it."""
        self.projects.forget()
        self.diagnosing.forget()
        for uri in self.documents:
            self.check_soon(uri)


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
    feature(types.SHUTDOWN)(_shut_down)
    feature(types.TEXT_DOCUMENT_DID_OPEN)(_opened)
    feature(types.TEXT_DOCUMENT_DID_CHANGE)(_changed)
    feature(types.TEXT_DOCUMENT_DID_CLOSE)(_closed)
    feature(types.TEXT_DOCUMENT_DID_SAVE)(_saved)
    feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)(_saved)
    completion = types.CompletionOptions(trigger_characters=[".", '"', "'", "#", "/"])
    feature(types.TEXT_DOCUMENT_COMPLETION, completion)(_completion)
    feature(types.TEXT_DOCUMENT_HOVER)(_hover)
    signature = types.SignatureHelpOptions(trigger_characters=["(", ","])
    feature(types.TEXT_DOCUMENT_SIGNATURE_HELP, signature)(_signature)
    feature(types.TEXT_DOCUMENT_DEFINITION)(_definition)
    feature(types.TEXT_DOCUMENT_PREPARE_RENAME)(_prepare_rename)
    feature(types.TEXT_DOCUMENT_RENAME, types.RenameOptions(prepare_provider=True))(_rename)
    feature(types.TEXT_DOCUMENT_FORMATTING)(_formatting)
    feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)(_symbols)
    return server


# --- documents -----------------------------------------------------------------------------------


def _shut_down(server: SoliServer, params: Any) -> None:
    server.check_no_more()


def _opened(server: SoliServer, params: types.DidOpenTextDocumentParams) -> None:
    server.put(params.text_document.uri, params.text_document.text)


def _changed(server: SoliServer, params: types.DidChangeTextDocumentParams) -> None:
    uri = params.text_document.uri
    server.put(uri, server.workspace.get_text_document(uri).source)


def _closed(server: SoliServer, params: types.DidCloseTextDocumentParams) -> None:
    server.drop(params.text_document.uri)


def _saved(server: SoliServer, params: Any) -> None:
    server.saved()


# --- questions -----------------------------------------------------------------------------------


def _completion(server: SoliServer, params: types.CompletionParams) -> types.CompletionList:
    document = server.document(params.text_document.uri)
    offset = answers.offset(document, params.position)
    offers = Completing(document, server.library, server.projects).offers(offset)
    return answers.completion(document, offset, offers)


def _hover(server: SoliServer, params: types.HoverParams) -> types.Hover | None:
    document = server.document(params.text_document.uri)
    offset = answers.offset(document, params.position)
    explained = Explaining(document, server.library, server.projects).at(offset)
    if explained is None:
        return None
    contents = types.MarkupContent(types.MarkupKind.Markdown, explained.text)
    return types.Hover(contents, answers.range_of(document, explained.span))


def _signature(server: SoliServer, params: types.SignatureHelpParams) -> types.SignatureHelp | None:
    document = server.document(params.text_document.uri)
    offset = answers.offset(document, params.position)
    found = Explaining(document, server.library, server.projects).call(offset)
    return None if found is None else answers.signature(found)


def _definition(server: SoliServer, params: types.DefinitionParams) -> types.Location | None:
    document = server.document(params.text_document.uri)
    place = Finding(document, server.projects).at(answers.offset(document, params.position))
    if place is None:
        return None
    if place.path == document.path:
        return types.Location(params.text_document.uri, answers.range_of(document, place.span))
    there = Document(place.path, place.source.text)
    uri = from_fs_path(str(place.path.resolve())) or ""
    return types.Location(uri, answers.range_of(there, place.span))


def _prepare_rename(server: SoliServer, params: types.PrepareRenameParams) -> types.Range:
    document = server.document(params.text_document.uri)
    offset = answers.offset(document, params.position)
    return _or_refused(lambda: answers.range_of(document, renamed_place(document, offset)))


def _rename(server: SoliServer, params: types.RenameParams) -> types.WorkspaceEdit:
    document = server.document(params.text_document.uri)
    offset = answers.offset(document, params.position)
    edits = _or_refused(lambda: renamed(document, offset, params.new_name))
    found = [types.TextEdit(answers.range_of(document, span), text) for span, text in edits]
    return types.WorkspaceEdit(changes={params.text_document.uri: found})


def _or_refused(answer: Callable[[], T]) -> T:
    try:
        return answer()
    except CannotRename as refusal:
        raise JsonRpcInvalidParams(str(refusal)) from None


def _formatting(
    server: SoliServer, params: types.DocumentFormattingParams
) -> list[types.TextEdit] | None:
    document = server.document(params.text_document.uri)
    if document.is_huge or document.program is None:
        return None  # what is wrong is told by the diagnostics
    try:
        text = format_source(Source(str(document.path), document.text))
    except MeaningChanged:
        return None
    return answers.replacement(document, text)


def _symbols(server: SoliServer, params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
    document = server.document(params.text_document.uri)
    return [answers.symbol(document, one) for one in symbols(document)]

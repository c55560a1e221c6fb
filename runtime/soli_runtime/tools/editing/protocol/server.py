"""The language server: requests to questions about documents, answers to protocol.

Everything is answered on one thread, in the order of the requests; what needs a whole program waits
until nothing was typed for a moment. Changes are applied here, and not by pygls, which takes other
characters for line ends than the protocol does.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol
from pygls.protocol.language_server import lsp_method
from pygls.uris import to_fs_path

from ..documents import Document
from ..everywhere.renaming import Renaming
from ..everywhere.usages import Usages
from ..everywhere.workspace import Workspace
from ..library import Library
from ..lines import Change, Lines, changed
from ..projects import Projects
from .diagnosing import Diagnosing
from .saves import SaveNews

Feature = Callable[..., Callable[[Callable[..., Any]], Any]]
"""Enters an answer under the name of a method, with its options."""

PAUSE_SECONDS: Final = 0.2
"""How long nothing must be typed before a text is checked."""
BREATH_SECONDS: Final = 0.005
"""Between the checks of two texts: what was asked meanwhile is read, and answered first."""


class Protocol(LanguageServerProtocol):
    """Answers also the requests that cannot be read: their clients would wait for ever."""

    def structure_message(self, data: dict[str, Any]) -> Any:
        """*data* as a message. Raises JsonRpcException."""
        if data.get("method") == types.INITIALIZE:
            _speak_utf_16(data)
        try:
            return super().structure_message(data)
        except JsonRpcException as error:
            if "id" in data and "method" in data:
                self._send_response(data["id"], error=error.to_response_error())
            raise

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: types.DidChangeTextDocumentParams) -> Any:
        """Hand the changes on, and keep no other text."""
        yield self.fm.features[types.TEXT_DOCUMENT_DID_CHANGE], (params,), None


def _speak_utf_16(data: dict[str, Any]) -> None:
    """Let nobody choose another unit for columns: this one every client knows."""
    with suppress(AttributeError, KeyError, TypeError):
        data["params"]["capabilities"]["general"].pop("positionEncodings", None)


class SoliServer(LanguageServer):
    """What is open, and what is known about it."""

    def __init__(self, version: str, defined: Mapping[str, Any] | None = None) -> None:
        super().__init__(
            "soli",
            version,
            text_document_sync_kind=types.TextDocumentSyncKind.Incremental,
            protocol_cls=Protocol,
        )
        self.documents: dict[str, Document] = {}
        self.library = Library()
        self.projects = Projects()
        self.workspace_files = Workspace(self.projects, lambda: self.documents.values())
        self.diagnosing = Diagnosing(defined)
        self.news = SaveNews(self)
        self._waiting: dict[str, asyncio.TimerHandle] = {}
        self._due: dict[str, None] = {}
        """What is to be checked now, one text after the other."""
        self._next: asyncio.TimerHandle | None = None
        """The check of the first of them."""
        self._unsettled: dict[str, asyncio.Event] = {}
        """What waits until a text was checked."""

    @cached_property
    def usages(self) -> Usages:
        """Where names are used."""
        return Usages(self.workspace_files)

    @cached_property
    def renaming(self) -> Renaming:
        """How they get others."""
        return Renaming(self.workspace_files, self.library, self.diagnosing.types_of)

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

    def change(self, uri: str, changes: Iterable[Change | str]) -> None:
        """Pieces of a document were changed."""
        document = self.document(uri)
        lines = Lines(document.whole_text) if document.is_huge else document.lines
        self.put(uri, changed(lines, changes))

    async def settled(self, uri: str) -> Document:
        """The open document, once it was checked: nobody types. Raises JsonRpcInvalidParams."""
        while True:
            document = self.document(uri)
            if uri not in self._waiting and uri not in self._due:
                return document
            await self._unsettled.setdefault(uri, asyncio.Event()).wait()

    def drop(self, uri: str) -> None:
        """A document was closed."""
        document = self.documents.pop(uri, None)
        if document is not None:
            self.diagnosing.drop(document.path)
        self._leave_alone(uri)
        self._settle(uri)
        self._publish(uri, [])

    def check_soon(self, uri: str, seconds: float = PAUSE_SECONDS) -> None:
        """Check a document when nothing was typed for a moment."""
        self._leave_alone(uri)
        self._waiting[uri] = asyncio.get_running_loop().call_later(seconds, self._is_due, uri)

    def check_no_more(self) -> None:
        """Whoever is about to leave waits for no checks."""
        self.news.stop()
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
            self._publish(uri, self.diagnosing.diagnostics(document))
        except Exception as error:  # a fault of ours must not end the server
            logging.getLogger(__name__).error("checking %s: %s", uri, error)
        self._settle(uri)
        asyncio.get_running_loop().call_later(BREATH_SECONDS, self._warm, uri)

    def _settle(self, uri: str) -> None:
        waiting = self._unsettled.pop(uri, None)
        if waiting is not None:
            waiting.set()

    def _warm(self, uri: str) -> None:
        """Find out now what the next completion needs, while nobody waits."""
        document = self.documents.get(uri)
        program = None if document is None else document.known_program
        if program is not None:
            program.bindings.names_at(0)

    def get_ready(self) -> None:
        """Load what the first question needs."""
        self.library.load()
        self.diagnosing.load()

    def _publish(self, uri: str, found: list[types.Diagnostic]) -> None:
        params = types.PublishDiagnosticsParams(uri=uri, diagnostics=found)
        self.text_document_publish_diagnostics(params)

    def saved(self) -> None:
        """A file was saved, made or deleted: others may depend on it."""
        self.projects.forget()
        self.diagnosing.forget()
        for uri in self.documents:
            self.check_soon(uri)

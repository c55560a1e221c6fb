"""Where things are: definitions, uses, names of the whole workspace, and new names for them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams
from pygls.uris import from_fs_path

from soli_lang.base.source import Span

from ..documents import Document
from ..everywhere.refusing import CannotRename
from ..everywhere.usages import Use
from ..finding import Finding
from ..outline import Symbol, symbols
from ..projects import Place
from . import answers
from .server import Feature, SoliServer

T = TypeVar("T")
MAX_SYMBOLS = 500
"""Of the workspace, in one answer."""
SYMBOL_SECONDS = 2.0
"""CPU time for one answer. What was read is kept, so that the next one reaches further."""


def answer(feature: Feature) -> None:
    """Enter what is answered here."""
    feature(types.TEXT_DOCUMENT_DEFINITION)(_definition)
    feature(types.TEXT_DOCUMENT_REFERENCES)(_references)
    feature(types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT)(_highlights)
    feature(types.TEXT_DOCUMENT_PREPARE_RENAME)(_prepare_rename)
    feature(types.TEXT_DOCUMENT_RENAME, types.RenameOptions(prepare_provider=True))(_rename)
    feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)(_symbols)
    feature(types.WORKSPACE_SYMBOL)(_workspace_symbols)


def _uri(server: SoliServer, document: Document) -> str:
    """As the editor writes it, if it has the document."""
    for uri, one in server.documents.items():
        if one.path == document.path:
            return uri
    return from_fs_path(str(document.path.resolve())) or ""


def _location(server: SoliServer, document: Document, span: Span) -> types.Location:
    return types.Location(_uri(server, document), answers.range_of(document, span))


def _definition(server: SoliServer, params: types.DefinitionParams) -> types.Location | None:
    document = server.document(params.text_document.uri)
    offset = answers.offset(document, params.position)
    place = _defined(server, document, offset) or Finding(document, server.projects).at(offset)
    if place is None:
        return None
    if place.path == document.path:
        return types.Location(params.text_document.uri, answers.range_of(document, place.span))
    return _location(server, Document(place.path, place.source.text), place.span)


def _defined(server: SoliServer, document: Document, offset: int) -> Place | None:
    """Where the variable at *offset* is declared, in whichever file."""
    target = server.usages.target(document, offset)
    home = target.home if target is not None else None
    if target is None or home is None or home.program is None:
        return None
    found = server.usages.declaration(target)
    return None if found is None else Place(home.path, home.source, found)


def _uses(server: SoliServer, document: Document, offset: int) -> list[Use]:
    target = server.usages.target(document, offset)
    return [] if target is None else server.usages.everywhere(document, target)


def _references(server: SoliServer, params: types.ReferenceParams) -> list[types.Location]:
    document = server.document(params.text_document.uri)
    target = server.usages.target(document, answers.offset(document, params.position))
    if target is None:
        return []
    uses = server.usages.everywhere(document, target)
    if not params.context.include_declaration:
        declared = server.usages.declaration(target)
        home = target.home.path if target.home is not None else None
        uses = [one for one in uses if (one.document.path, one.span) != (home, declared)]
    return [_location(server, one.document, one.span) for one in uses]


def _highlights(
    server: SoliServer, params: types.DocumentHighlightParams
) -> list[types.DocumentHighlight]:
    document = server.document(params.text_document.uri)
    target = server.usages.target(document, answers.offset(document, params.position))
    if target is None:
        return []
    return [
        types.DocumentHighlight(
            answers.range_of(document, span),
            types.DocumentHighlightKind.Write
            if server.usages.is_written(document, span)
            else types.DocumentHighlightKind.Read,
        )
        for span in server.usages.here(document, target)
    ]


def _prepare_rename(server: SoliServer, params: types.PrepareRenameParams) -> types.Range:
    document = server.document(params.text_document.uri)
    offset = answers.offset(document, params.position)
    return _or_refused(lambda: answers.range_of(document, server.renaming.place(document, offset)))


def _rename(server: SoliServer, params: types.RenameParams) -> types.WorkspaceEdit:
    document = server.document(params.text_document.uri)
    offset = answers.offset(document, params.position)
    found = _or_refused(lambda: server.renaming.renamed(document, offset, params.new_name))
    return types.WorkspaceEdit(
        changes={
            _uri(server, one.document): [
                types.TextEdit(answers.range_of(one.document, span), text)
                for span, text in one.edits
            ]
            for one in found
        }
    )


def _or_refused(answer: Callable[[], T]) -> T:
    try:
        return answer()
    except CannotRename as refusal:
        raise JsonRpcInvalidParams(str(refusal)) from None


def _symbols(server: SoliServer, params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
    document = server.document(params.text_document.uri)
    return [answers.symbol(document, one) for one in symbols(document)]


def _workspace_symbols(
    server: SoliServer, params: types.WorkspaceSymbolParams
) -> list[types.SymbolInformation]:
    found: list[types.SymbolInformation] = []
    query = params.query.casefold()
    until = time.process_time() + SYMBOL_SECONDS
    for document in server.workspace_files.all():
        if document.program is None:
            continue
        for one in symbols(document):
            _collect(server, document, one, query, found)
        if len(found) >= MAX_SYMBOLS or time.process_time() > until:
            break
    return found[:MAX_SYMBOLS]


def _collect(
    server: SoliServer,
    document: Document,
    one: Symbol,
    query: str,
    found: list[Any],
    inside: str = "",
) -> None:
    if _fits(query, one.name.casefold()):
        found.append(
            types.SymbolInformation(
                name=one.name or "-",
                kind=answers.SYMBOLS[one.kind],
                location=_location(server, document, one.span),
                container_name=inside or None,
            )
        )
    for part in one.inside:
        _collect(server, document, part, query, found, one.name)


def _fits(query: str, name: str) -> bool:
    """Whether the letters of *query* come in *name*, in their order."""
    letters = iter(name)
    return all(letter in letters for letter in query)

"""What was found, as the protocol writes it."""

from __future__ import annotations

from typing import Final

from lsprotocol import types

from soli_lang.base.source import Span

from ..completing import Offer
from ..documents import Document
from ..explaining import Signature
from ..outline import Symbol

MAX_EXPLAINED: Final = 100
"""A longer list of offers comes without documentation, and is asked for again with the next key."""

_OFFERED: Final = {
    "variable": types.CompletionItemKind.Variable,
    "function": types.CompletionItemKind.Function,
    "method": types.CompletionItemKind.Method,
    "class": types.CompletionItemKind.Class,
    "keyword": types.CompletionItemKind.Keyword,
    "key": types.CompletionItemKind.Property,
    "value": types.CompletionItemKind.Value,
}
SYMBOLS: Final = {
    "class": types.SymbolKind.Class,
    "module": types.SymbolKind.Module,
    "enum": types.SymbolKind.Enum,
    "interface": types.SymbolKind.Interface,
    "function": types.SymbolKind.Function,
    "method": types.SymbolKind.Method,
    "constructor": types.SymbolKind.Constructor,
    "field": types.SymbolKind.Field,
    "constant": types.SymbolKind.Constant,
    "variant": types.SymbolKind.EnumMember,
    "test": types.SymbolKind.Event,
}


def offset(document: Document, position: types.Position) -> int:
    """Where a position is."""
    return document.offset(position.line, position.character)


def range_of(document: Document, span: Span) -> types.Range:
    """The range of a span."""
    start, end = document.position(span.start), document.position(span.end)
    return types.Range(types.Position(*start), types.Position(*end))


def completion(document: Document, at: int, offers: list[Offer]) -> types.CompletionList:
    """Offers for the word, or the text in quotes, that ends at *at*."""
    items = []
    is_long = len(offers) > MAX_EXPLAINED
    for offer in offers:
        start = _start(document.text, at, offer.text)
        item = types.CompletionItem(
            label=offer.text,
            kind=_OFFERED[offer.kind],
            detail=offer.detail or None,
            text_edit=types.TextEdit(range_of(document, Span(start, at)), offer.text),
        )
        if offer.explained and not is_long:
            item.documentation = types.MarkupContent(types.MarkupKind.Markdown, offer.explained)
        items.append(item)
    return types.CompletionList(is_incomplete=is_long, items=items)


def _start(text: str, at: int, offered: str) -> int:
    """Where what is written of *offered* begins: as much of it as stands before *at*."""
    for length in range(min(len(offered), at), 0, -1):
        if text[at - length : at].lower() == offered[:length].lower():
            return at - length
    return at


def signature(found: Signature) -> types.SignatureHelp:
    """The one signature that there is."""
    parameters = [types.ParameterInformation(label=one) for one in found.parameters]
    active = min(found.active, max(0, len(parameters) - 1))
    explained = types.MarkupContent(types.MarkupKind.Markdown, found.explained)
    one = types.SignatureInformation(
        label=found.heading,
        documentation=explained if found.explained else None,
        parameters=parameters,
    )
    return types.SignatureHelp(signatures=[one], active_signature=0, active_parameter=active)


def symbol(document: Document, found: Symbol) -> types.DocumentSymbol:
    """A definition with what is in it."""
    where = range_of(document, found.span)
    return types.DocumentSymbol(
        name=found.name or "-",
        kind=SYMBOLS[found.kind],
        range=where,
        selection_range=types.Range(where.start, where.start),
        children=[symbol(document, one) for one in found.inside],
    )


def replacement(document: Document, text: str) -> list[types.TextEdit]:
    """What makes the document read *text*: one edit, of no more than what differs."""
    old = document.text
    if old == text:
        return []
    start = 0
    shorter = min(len(old), len(text))
    while start < shorter and old[start] == text[start]:
        start += 1
    end = 0
    while end < shorter - start and old[-1 - end] == text[-1 - end]:
        end += 1
    span = Span(start, len(old) - end)
    return [types.TextEdit(range_of(document, span), text[start : len(text) - end])]

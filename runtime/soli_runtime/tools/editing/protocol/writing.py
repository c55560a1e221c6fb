"""Help while one writes: completion, explanations, layout, and mending what is wrong."""

from __future__ import annotations

from lsprotocol import types

from soli_lang.base.source import Source
from soli_lang.tools.formatting import MeaningChanged, format_source

from ..completing import Completing
from ..documents import Document
from ..explaining import Explaining
from ..layout import at_line_end, within
from . import answers
from .server import Feature, SoliServer

_CLOSING_LETTERS = ["d", "e", "f", "h", "y", "}", "]", ")"]
"""With which words end that close a block, or go on with it: `end`, `else`, `elsif`, `catch` …"""


def answer(feature: Feature) -> None:
    """Enter what is answered here."""
    completion = types.CompletionOptions(trigger_characters=[".", '"', "'", "#", "/"])
    feature(types.TEXT_DOCUMENT_COMPLETION, completion)(_completion)
    feature(types.TEXT_DOCUMENT_HOVER)(_hover)
    signature = types.SignatureHelpOptions(trigger_characters=["(", ","])
    feature(types.TEXT_DOCUMENT_SIGNATURE_HELP, signature)(_signature)
    feature(types.TEXT_DOCUMENT_FORMATTING)(_formatting)
    feature(types.TEXT_DOCUMENT_RANGE_FORMATTING)(_range_formatting)
    typed = types.DocumentOnTypeFormattingOptions(
        first_trigger_character="\n", more_trigger_character=_CLOSING_LETTERS
    )
    feature(types.TEXT_DOCUMENT_ON_TYPE_FORMATTING, typed)(_on_type)


def _completion(server: SoliServer, params: types.CompletionParams) -> types.CompletionList:
    document = server.document(params.text_document.uri)
    offset = answers.offset(document, params.position)
    typed = server.diagnosing.typed(document)
    offers = Completing(document, server.library, server.projects, typed).offers(offset)
    return answers.completion(document, offset, offers)


def _hover(server: SoliServer, params: types.HoverParams) -> types.Hover | None:
    document = server.document(params.text_document.uri)
    offset = answers.offset(document, params.position)
    explained = Explaining(document, server.library, server.projects).at(
        offset, server.diagnosing.types_of(document)
    )
    if explained is None:
        return None
    contents = types.MarkupContent(types.MarkupKind.Markdown, explained.text)
    return types.Hover(contents, answers.range_of(document, explained.span))


def _signature(server: SoliServer, params: types.SignatureHelpParams) -> types.SignatureHelp | None:
    document = server.document(params.text_document.uri)
    offset = answers.offset(document, params.position)
    found = Explaining(document, server.library, server.projects).call(offset)
    return None if found is None else answers.signature(found)


# --- layout --------------------------------------------------------------------------------------


def _formatted(document: Document) -> str | None:
    """The text as `soli fmt` writes it; None for what is no program: diagnostics tell why."""
    if document.is_huge or document.program is None:
        return None
    try:
        return format_source(Source(str(document.path), document.text))
    except MeaningChanged:
        return None


def _formatting(
    server: SoliServer, params: types.DocumentFormattingParams
) -> list[types.TextEdit] | None:
    document = server.document(params.text_document.uri)
    text = _formatted(document)
    return None if text is None else answers.replacement(document, text)


def _range_formatting(
    server: SoliServer, params: types.DocumentRangeFormattingParams
) -> list[types.TextEdit] | None:
    document = server.document(params.text_document.uri)
    text = _formatted(document)
    if text is None:
        return None
    edits = within(document, text, params.range.start.line, params.range.end.line)
    return [types.TextEdit(answers.range_of(document, span), new) for span, new in edits]


def _on_type(
    server: SoliServer, params: types.DocumentOnTypeFormattingParams
) -> list[types.TextEdit]:
    document = server.document(params.text_document.uri)
    if document.is_huge:
        return []
    offset = answers.offset(document, params.position)
    edits = at_line_end(document, offset, params.ch)
    return [types.TextEdit(answers.range_of(document, span), new) for span, new in edits]

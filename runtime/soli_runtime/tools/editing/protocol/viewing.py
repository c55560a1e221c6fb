"""What is shown of a whole text. It waits until nobody types: a keystroke must not wait for it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from soli_lang.base.source import Span

from ..documents import Document
from ..viewing.folding import folds, selections
from ..viewing.inferred import hints
from ..viewing.lenses import Lens, lenses
from ..viewing.naming import KINDS, MODIFIERS, Named, named
from . import answers
from .server import Feature, SoliServer

RUN_SPEC, TRY = "soli.runSpec", "soli.tryInRepl"
"""Commands behind lenses. Clients that show a terminal run them there themselves."""
SPEC_SECONDS = 120
MAX_SHOWN = 2000
_FOLD_KINDS = {
    "comment": types.FoldingRangeKind.Comment,
    "imports": types.FoldingRangeKind.Imports,
}


def answer(feature: Feature) -> None:
    """Enter what is answered here."""
    legend = types.SemanticTokensLegend(list(KINDS), list(MODIFIERS))
    feature(types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL, legend)(_colours)
    feature(types.TEXT_DOCUMENT_SEMANTIC_TOKENS_RANGE, legend)(_colours_of_range)
    feature(types.TEXT_DOCUMENT_FOLDING_RANGE)(_folds)
    feature(types.TEXT_DOCUMENT_SELECTION_RANGE)(_selections)
    feature(types.TEXT_DOCUMENT_INLAY_HINT)(_hints)
    feature(types.TEXT_DOCUMENT_CODE_LENS)(_lenses)


# --- colours -------------------------------------------------------------------------------------


async def _colours(server: SoliServer, params: types.SemanticTokensParams) -> types.SemanticTokens:
    document = await server.settled(params.text_document.uri)
    return _encoded(document, _names(server, document))


async def _colours_of_range(
    server: SoliServer, params: types.SemanticTokensRangeParams
) -> types.SemanticTokens:
    document = await server.settled(params.text_document.uri)
    first = answers.offset(document, params.range.start)
    last = answers.offset(document, params.range.end)
    found = _names(server, document)
    return _encoded(document, (one for one in found if first <= one.span.start < last))


def _names(server: SoliServer, document: Document) -> Iterable[Named]:
    program = document.program
    if program is None:
        return ()
    shared = frozenset(server.projects.shared_names(document.path))
    return named(program, server.library, shared)


def _encoded(document: Document, names: Iterable[Named]) -> types.SemanticTokens:
    """Five numbers for each: lines and columns since the one before, length, kind, modifiers."""
    data: list[int] = []
    line = column = 0
    for one in names:
        at_line, at = document.position(one.span.start)
        length = document.position(one.span.end)[1] - at
        if at_line != line:
            column = 0
        bits = sum(1 << MODIFIERS.index(word) for word in one.modifiers)
        data += (at_line - line, at - column, length, KINDS.index(one.kind), bits)
        line, column = at_line, at
    return types.SemanticTokens(data)


# --- folds and selections ------------------------------------------------------------------------


async def _folds(server: SoliServer, params: types.FoldingRangeParams) -> list[types.FoldingRange]:
    document = await server.settled(params.text_document.uri)
    return [
        types.FoldingRange(one.first, one.last, kind=_FOLD_KINDS.get(one.kind))
        for one in folds(document)
    ]


def _selections(
    server: SoliServer, params: types.SelectionRangeParams
) -> list[types.SelectionRange]:
    document = server.document(params.text_document.uri)
    offsets = [answers.offset(document, one) for one in params.positions]
    return [_nested(document, selections(document, one)) for one in offsets]


def _nested(document: Document, spans: list[Span]) -> types.SelectionRange:
    found: types.SelectionRange | None = None
    for span in reversed(spans):
        found = types.SelectionRange(answers.range_of(document, span), found)
    assert found is not None
    return found


# --- types ---------------------------------------------------------------------------------------


async def _hints(server: SoliServer, params: types.InlayHintParams) -> list[types.InlayHint]:
    document = await server.settled(params.text_document.uri)
    program = document.program
    if program is None:
        return []
    first = answers.offset(document, params.range.start)
    last = answers.offset(document, params.range.end)
    return [
        types.InlayHint(
            types.Position(*document.position(one.offset)),
            one.text,
            kind=types.InlayHintKind.Type,
        )
        for one in hints(program.tree, server.diagnosing.types_of(document))
        if first <= one.offset <= last
    ]


# --- lenses --------------------------------------------------------------------------------------


async def _lenses(server: SoliServer, params: types.CodeLensParams) -> list[types.CodeLens]:
    document = await server.settled(params.text_document.uri)
    return [_lens(server, document, one) for one in lenses(document)]


def _lens(server: SoliServer, document: Document, one: Lens) -> types.CodeLens:
    path = str(document.path)
    if one.spec is not None:
        command = types.Command("▶ Run", RUN_SPEC, arguments=[path, one.spec])
    else:
        project = server.projects.around(document.path)
        root = str(project.main or project.root) if project is not None else path
        command = types.Command("Try in the REPL", TRY, arguments=[root])
    return types.CodeLens(answers.range_of(document, one.span), command)


async def run_spec(server: SoliServer, path: str, name: str = "") -> None:
    """Run specs of an open file, and show what came of it."""
    if not any(str(one.path) == path for one in server.documents.values()):
        raise JsonRpcInvalidParams(f"{path} is not open")
    command = [sys.executable, "-m", "soli_runtime.cli", "test", path]
    command += ["--filter", name] if name else []
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), SPEC_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
        output = f"{name or path}: not done after {SPEC_SECONDS} s".encode()
    text = output.decode(errors="replace").strip()
    kind = types.MessageType.Info if process.returncode == 0 else types.MessageType.Error
    server.window_show_message(types.ShowMessageParams(kind, text[-MAX_SHOWN:]))


def try_in_repl(server: SoliServer, path: str) -> None:
    """Say what to type where the client has no terminal of its own for it."""
    text = f"in a terminal: soli repl {path}"
    server.window_show_message(types.ShowMessageParams(types.MessageType.Info, text))

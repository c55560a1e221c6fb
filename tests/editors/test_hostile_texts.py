"""A language server that meets half-written, huge and broken texts stays alive and fast."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from soli_runtime.tools.editing.completing import Completing
from soli_runtime.tools.editing.documents import MAX_CHARACTERS, Document
from soli_runtime.tools.editing.everywhere.refusing import CannotRename
from soli_runtime.tools.editing.everywhere.renaming import Renaming
from soli_runtime.tools.editing.everywhere.usages import Usages
from soli_runtime.tools.editing.everywhere.workspace import Workspace
from soli_runtime.tools.editing.explaining import Explaining
from soli_runtime.tools.editing.finding import Finding
from soli_runtime.tools.editing.layout import at_line_end
from soli_runtime.tools.editing.library import Library
from soli_runtime.tools.editing.outline import symbols
from soli_runtime.tools.editing.projects import Projects
from soli_runtime.tools.editing.protocol.diagnosing import Diagnosing
from soli_runtime.tools.editing.viewing.folding import folds, selections
from soli_runtime.tools.editing.viewing.lenses import lenses
from soli_runtime.tools.editing.viewing.naming import named

from ..support.corpus import ROOT, vector_programs
from ..support.lsp_client import Editor

QUESTIONS = ("completion", "hover", "signatureHelp", "definition")
CHAT = ROOT / "examples" / "chat"
LIBRARY = Library()
DIAGNOSING = Diagnosing()


@pytest.fixture
def editor() -> Iterator[Editor]:
    with Editor(CHAT) as editor:
        yield editor
    assert editor.status == 0
    assert "Traceback" not in editor.errors


def ask_everything(document: Document, offset: int) -> None:
    projects = Projects()
    Completing(document, LIBRARY, projects).offers(offset)
    Explaining(document, LIBRARY, projects).at(offset)
    Explaining(document, LIBRARY, projects).call(offset)
    Finding(document, projects).at(offset)
    symbols(document)
    workspace = Workspace(projects, lambda: [document])
    target = Usages(workspace).target(document, offset)
    if target is not None:
        Usages(workspace).here(document, target)
    with suppress(CannotRename):
        Renaming(workspace, LIBRARY, DIAGNOSING.types_of).renamed(document, offset, "brand_new")
    folds(document)
    lenses(document)
    assert selections(document, offset)[-1].end == len(document.text)
    for typed in ("\n", "d"):
        at_line_end(document, offset, typed)
    if document.program is not None:
        list(named(document.program, LIBRARY, frozenset()))


@pytest.mark.parametrize("part", range(8))
def test_any_beginning_of_a_program_can_be_asked_about(part: int) -> None:
    """As if it was typed: each text follows the one before."""
    before = None
    for _, text in vector_programs()[part::40]:
        for end in range(0, len(text) + 1, 3):
            document = Document(CHAT / "app" / "x.soli", text[:end], before)
            ask_everything(document, end)
            before = document


@pytest.mark.parametrize(
    "unit", ["(", "[[", "{", '"#{', "a.", "f(x, ", "def f\n", "x = [", "'", "@", "\\"]
)
def test_much_of_anything(editor: Editor, unit: str) -> None:
    path = CHAT / "app" / "much.soli"
    uri = editor.open(path, unit * (20_000 // len(unit)))
    assert editor.diagnostics(uri)
    begun = editor.cpu_seconds()
    for question in QUESTIONS:
        editor.at(question, uri, 0, 15_000)
    assert editor.cpu_seconds() - begun < 8


@pytest.mark.parametrize(("size", "is_read"), [(MAX_CHARACTERS, True), (MAX_CHARACTERS + 1, False)])
def test_a_huge_text_is_not_looked_at(editor: Editor, size: int, is_read: bool) -> None:
    text = ("x = 1\n" * size)[: size - 1] + "\n"
    uri = editor.open(CHAT / "app" / "huge.soli", text)
    found = editor.diagnostics(uri)
    assert ("huge" in [one["code"] for one in found]) is not is_read
    for question in QUESTIONS:
        editor.at(question, uri, 10, 2)
    editor.change(uri, "x = 1\n")
    assert editor.diagnostics(uri, after=1) == []


def test_what_is_no_question_is_answered_with_an_error(editor: Editor) -> None:
    params = {
        "textDocument": {"uri": "file:///not/open.soli"},
        "position": {"line": 0, "character": 0},
    }
    for question in QUESTIONS:
        assert "not open" in editor.ask(f"textDocument/{question}", params)["error"]["message"]
    assert "error" in editor.ask("textDocument/hover", {"nonsense": True})
    assert "error" in editor.ask("no/such/method", {})
    uri = editor.open(CHAT / "app" / "x.soli", "print(1)\n")
    assert editor.at("hover", uri, 0, 1) is not None
    for line, character in ((99, 0), (0, 99_999), (0, 2**31 - 1)):
        editor.at("completion", uri, line, character)


FAR = {"line": 2**31 - 1, "character": 2**31 - 1}
RANGES = (
    {"start": {"line": 0, "character": 0}, "end": FAR},
    {"start": FAR, "end": {"line": 0, "character": 0}},
    {"start": FAR, "end": FAR},
)
OPTIONS = {"tabSize": 2, "insertSpaces": True}


@pytest.mark.parametrize("text", ["def f(x)\n  x\nend\n", "def f(\n", "", "\r\n\r😀"])
def test_places_that_are_none_are_answered(editor: Editor, text: str) -> None:
    """Ranges that end before they begin, or far behind the text: of programs and of none."""
    uri = editor.open(CHAT / "app" / "places.soli", text)
    for where in RANGES:
        editor.of("codeAction", uri, range=where, context={"diagnostics": []})
        editor.of("semanticTokens/range", uri, range=where)
        editor.of("inlayHint", uri, range=where)
        editor.of("rangeFormatting", uri, range=where, options=OPTIONS)
        editor.of("onTypeFormatting", uri, position=where["end"], ch="\n", options=OPTIONS)
    assert editor.of("selectionRange", uri, positions=[FAR, {"line": 0, "character": 0}])
    for question in ("foldingRange", "codeLens", "documentSymbol", "semanticTokens/full"):
        editor.of(question, uri)
    editor.at("documentHighlight", uri, 2**31 - 1, 0)
    editor.at("references", uri, 2**31 - 1, 0, context={"includeDeclaration": True})
    assert "error" in editor.ask("textDocument/codeAction", {"textDocument": {"uri": uri}})
    editor.edit(uri, (2**31 - 1, 5), (0, 0), "x = 1\n")
    assert editor.of("formatting", uri, options=OPTIONS) == []
    lost = {"textDocument": {"uri": "file:///not/open.soli", "version": 3}, "contentChanges": []}
    editor.notify("textDocument/didChange", lost)
    assert editor.at("hover", uri, 0, 0) is not None


def test_broken_bytes_are_survived(editor: Editor) -> None:
    for body in (b"\xff\xfe{", b"{}", b"[1, 2", json.dumps({"jsonrpc": "2.0", "id": 77}).encode()):
        editor.send_bytes(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
    uri = editor.open(CHAT / "app" / "x.soli", "print(1)\n")
    assert editor.at("hover", uri, 0, 1) is not None


def test_half_a_character_is_told(editor: Editor) -> None:
    uri = editor.open(CHAT / "app" / "x.soli", 'x = "\ud83d"\n')
    (found,) = editor.diagnostics(uri)
    assert "half a character" in found["message"]


def test_documents_that_nobody_can_find(editor: Editor, tmp_path: Path) -> None:
    """Unsaved buffers have no file."""
    item = {"uri": "untitled:Untitled-1", "languageId": "soli", "version": 0, "text": "prin(1)\n"}
    editor.notify("textDocument/didOpen", {"textDocument": item})
    assert editor.diagnostics("untitled:Untitled-1")[0]["code"] == "unknown-name"

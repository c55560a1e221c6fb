"""Quick fixes: what a finding says how to mend, as edits."""

from __future__ import annotations

from lsprotocol import types

from ..documents import Document
from ..fixing import Fix, fixes_of
from . import answers
from .server import Feature, SoliServer

FIX_ALL = "source.fixAll.soli"


def answer(feature: Feature) -> None:
    """Enter what is answered here."""
    kinds: list[types.CodeActionKind | str] = [types.CodeActionKind.QuickFix, FIX_ALL]
    feature(types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions(kinds))(_actions)


def _actions(server: SoliServer, params: types.CodeActionParams) -> list[types.CodeAction]:
    document = server.document(params.text_document.uri)
    if document.is_huge:
        return []
    uri = params.text_document.uri
    wanted = params.context.only
    first = answers.offset(document, params.range.start)
    last = answers.offset(document, params.range.end)
    found: list[types.CodeAction] = []
    everything: list[Fix] = []
    for finding in server.diagnosing.findings(document):
        fixes = fixes_of(document, finding, server.diagnosing.builtins)
        everything += [one for one in fixes if one.is_certain]
        if (
            finding.span.start <= last
            and first <= finding.span.end
            and _is_wanted(wanted, "quickfix")
        ):
            known = server.diagnosing.diagnostic(document, finding)
            found += [_quick_fix(document, uri, one, known) for one in fixes]
    if everything and wanted and _is_wanted(wanted, FIX_ALL):
        found.append(_fix_all(document, uri, everything))
    return found


def _is_wanted(wanted: object, kind: str) -> bool:
    """Whether a client asks for that kind, or for one that holds it, or for any."""
    if not isinstance(wanted, list | tuple):
        return True
    return any(
        kind == str(getattr(one, "value", one)) or kind.startswith(f"{getattr(one, 'value', one)}.")
        for one in wanted
    )


def _quick_fix(document: Document, uri: str, fix: Fix, known: types.Diagnostic) -> types.CodeAction:
    return types.CodeAction(
        fix.title,
        kind=types.CodeActionKind.QuickFix,
        diagnostics=[known],
        is_preferred=fix.is_certain,
        edit=_edit(document, uri, [fix]),
    )


def _fix_all(document: Document, uri: str, fixes: list[Fix]) -> types.CodeAction:
    return types.CodeAction(
        "Fix all that is certain", kind=FIX_ALL, edit=_edit(document, uri, _apart(fixes))
    )


def _apart(fixes: list[Fix]) -> list[Fix]:
    """Those of *fixes* that do not overlap with one before."""
    kept: list[Fix] = []
    reached = -1
    for fix in sorted(fixes, key=lambda one: min(span.start for span, _ in one.edits)):
        if min(span.start for span, _ in fix.edits) >= reached:
            kept.append(fix)
            reached = max(span.end for span, _ in fix.edits)
    return kept


def _edit(document: Document, uri: str, fixes: list[Fix]) -> types.WorkspaceEdit:
    edits = [
        types.TextEdit(answers.range_of(document, span), text)
        for fix in fixes
        for span, text in fix.edits
    ]
    return types.WorkspaceEdit(changes={uri: edits})

"""What `soli check` finds, as diagnostics."""

from __future__ import annotations

from collections.abc import Container, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from lsprotocol import types

from soli_lang.base.source import NOWHERE
from soli_lang.tools.checker import ERROR, Finding
from soli_lang.tools.checking.findings import Findings, Known
from soli_lang.tree import nodes

from ...checks import ProgramCheck, finding_of
from ..documents import MAX_CHARACTERS, Document, Program
from ..viewing.inferred import NOTHING, Inferred, Noting, inferred
from ..viewing.receivers import Typed
from . import answers

UNNECESSARY: Final = frozenset({"unused-variable", "unreachable"})
MAX_DIAGNOSTICS: Final = 200
MAX_AT_ONCE: Final = 8000
"""Characters of a text whose types are looked for while somebody waits for them."""


class Diagnosing:
    """Checks open documents as `soli check` does."""

    def __init__(self, defined: Mapping[str, Any] | None = None) -> None:
        self._defined = defined
        self._found: dict[Path, tuple[str, list[Finding]]] = {}
        """By document: its text, and what is wrong with that."""
        self._types: dict[Path, tuple[Program, Inferred]] = {}

    @cached_property
    def _check(self) -> ProgramCheck:
        return ProgramCheck(self._defined)

    @property
    def builtins(self) -> Container[str]:
        """The global names that every program knows."""
        return self._check.builtins

    def load(self) -> None:
        """Load what a check needs now."""
        self._check.forget()

    def forget(self) -> None:
        """Look at the files around again."""
        self._check.forget()

    def diagnostics(self, document: Document) -> list[types.Diagnostic]:
        """At most MAX_DIAGNOSTICS; for a huge text only that it is one."""
        if document.is_huge:
            message = (
                f"longer than {MAX_CHARACTERS} characters: not looked at while it is open; "
                "soli check reads it"
            )
            return [_diagnostic(document, types.DiagnosticSeverity.Information, "huge", message)]
        findings = self._findings(document)
        self._found[document.path] = (document.text, findings)
        return [_of_finding(document, one) for one in findings[:MAX_DIAGNOSTICS]]

    def _findings(self, document: Document) -> list[Finding]:
        if document.program is None:
            document.try_again()
            return [finding_of(one) for one in document.errors]
        walks: list[Noting] = []

        def noting(program: nodes.Program, known: Known, findings: Findings) -> Noting:
            walks.append(Noting(program, known, findings))
            return walks[-1]

        found = self._check.check_program(document.path, document.program.tree, noting)
        for walk in walks:  # none, for a spec
            self._types[document.path] = (document.program, walk.inferred())
        return found

    def diagnostic(self, document: Document, finding: Finding) -> types.Diagnostic:
        """A finding as editors are told."""
        return _of_finding(document, finding)

    def findings(self, document: Document) -> list[Finding]:
        """What was found in a document last; in another text of it, what is found now."""
        known = self._found.get(document.path)
        if known is None or known[0] is not document.text:
            known = self._found[document.path] = (document.text, self._findings(document))
        return known[1]

    def types_of(self, document: Document) -> Inferred:
        """The types of what is written in a document."""
        program = document.program
        if program is None:
            return NOTHING
        known = self._types.get(document.path)
        if known is None or known[0] is not program:
            found = inferred(program.tree, self._check.known_to(document.path, program.tree))
            known = self._types[document.path] = (program, found)
        return known[1]

    def typed(self, document: Document) -> Typed:
        """What was known last of the types in a document; typing must not wait for more."""
        known = self._types.get(document.path)
        if known is not None:
            return Typed(*known)
        program = document.nearest_program()
        if program is None or len(program.text) > MAX_AT_ONCE:
            return Typed()
        found = inferred(program.tree, self._check.known_to(document.path, program.tree))
        self._types[document.path] = (program, found)
        return Typed(program, found)

    def drop(self, path: Path) -> None:
        """A document was closed."""
        self._found.pop(path, None)
        self._types.pop(path, None)


def _of_finding(document: Document, finding: Finding) -> types.Diagnostic:
    message = finding.message + (f"\nhint: {finding.hint}" if finding.hint else "")
    is_error = finding.severity == ERROR
    level = types.DiagnosticSeverity.Error if is_error else types.DiagnosticSeverity.Warning
    found = _diagnostic(document, level, finding.code, message)
    found.range = answers.range_of(document, finding.span)
    if finding.code in UNNECESSARY:
        found.tags = [types.DiagnosticTag.Unnecessary]
    return found


def _diagnostic(
    document: Document, severity: types.DiagnosticSeverity, code: str, message: str
) -> types.Diagnostic:
    return types.Diagnostic(
        range=answers.range_of(document, NOWHERE),
        message=message,
        severity=severity,
        code=code,
        source="soli",
    )

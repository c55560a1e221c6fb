"""Where a name is used: variables by scope, what a file defines in all files that see it.

Strings, other variables of the same name, keys and labels are no uses. Methods are found by name:
which class an object has is known when the program runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from soli_lang.base.source import Span
from soli_lang.evaluator.scopes import Variable
from soli_lang.syntax.scanner.tokens import Token
from soli_lang.tree import nodes

from ..documents import Document, Program
from .workspace import Workspace

_BEFORE_METHOD = frozenset({"FN", "DOT"})
_DECLARING = frozenset({"FN", "CLASS", "MODULE", "ENUM", "INTERFACE", "LET", "CONST", "FOR"})
_WRITING = frozenset("= ++ -- += -= *= /= %= ||= &&= ??=".split())


class Target(NamedTuple):
    """What a name means."""

    name: str
    home: Document | None
    """Where it is defined; None: a builtin, or a member of whatever has it."""
    variable: Variable | None = None
    is_member: bool = False

    @property
    def is_local(self) -> bool:
        """Whether only one file can see it."""
        return self.variable is not None and self.variable.home is not None


class Use(NamedTuple):
    """A place where it is named."""

    document: Document
    span: Span


class Usages:
    """Uses in all files of a workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    # --- what a name means -----------------------------------------------------------------------

    def target(self, document: Document, offset: int) -> Target | None:
        """What stands at *offset*; None where that is no name, or the text no program."""
        program = document.program
        index = document.token_at(offset)
        if program is None or index is None or program.tokens[index].type != "NAME":
            return None
        token = program.tokens[index]
        if index in program.bindings.meanings:
            return self._meant(document, program, token, program.bindings.meanings[index])
        for span, variable in program.bindings.type_names(token.value):
            if span == token.span:
                return self._meant(document, program, token, variable)
        return self._member(document, program, index)

    def _meant(
        self, document: Document, program: Program, token: Token, variable: Variable | None
    ) -> Target:
        name = token.value
        if variable is None:
            return self._shared(document, name)
        imported = _imported(program, name) if variable.home is None else None
        if imported is not None:
            home = self._imported_from(document.path, imported[0])
            found = _defined(home, imported[1]) if home is not None else None
            if found is not None:
                return Target(imported[1], home, found)
        return Target(name, document, variable)

    def _shared(self, document: Document, name: str) -> Target:
        """What another file defines for all of them, or imports without names; else a builtin."""
        program = document.known_program
        for path in _whole_imports(program) if program is not None else ():
            home = self._imported_from(document.path, path)
            found = _defined(home, name) if home is not None else None
            if found is not None:
                return Target(name, home, found)
        project = self._workspace.projects.around(document.path)
        for file in project.shared if project is not None else ():
            home = self._workspace.document(file)
            found = _defined(home, name) if home is not None else None
            if found is not None and self._workspace.shares(file, document.path):
                return Target(name, home, found)
        return Target(name, None)

    def _member(self, document: Document, program: Program, index: int) -> Target | None:
        tokens = program.tokens
        before = tokens[index - 1].type if index else ""
        name = tokens[index].value
        if before in ("DOT", "SCOPE") and index > 1:
            path = _namespaces(program).get(str(tokens[index - 2].value))
            home = self._imported_from(document.path, path) if path is not None else None
            found = _defined(home, name) if home is not None else None
            if found is not None:
                return Target(name, home, found)
        return Target(name, None, is_member=True) if before in _BEFORE_METHOD else None

    def _imported_from(self, importer: Path, written: str) -> Document | None:
        place = self._workspace.projects.file_place(importer, written)
        return self._workspace.document(place.path.resolve()) if place is not None else None

    def declaration(self, target: Target) -> Span | None:
        """Where it is declared, in its home."""
        program = None if target.home is None else target.home.program
        variable = None if program is None else _same(program, target)
        if program is None or variable is None:
            return None
        return program.bindings.declaration(variable)

    def is_written(self, document: Document, span: Span) -> bool:
        """Whether the name at *span* gets a value there, or is declared."""
        program = document.program
        if program is None:
            return False
        index = document.token_at(span.start)
        if index is None:
            return False
        before = program.tokens[index - 1].type if index else ""
        after = program.tokens[index + 1]
        writes = (
            after.type in ("EQ", "STEP", "OP") and document.text[slice(*after.span)] in _WRITING
        )
        return before in _DECLARING or writes

    # --- where it is used ------------------------------------------------------------------------

    def here(self, document: Document, target: Target) -> list[Span]:
        """The uses in one document, in order."""
        program = document.program
        return [] if program is None else sorted(set(self._in(document, program, target)))

    def everywhere(self, document: Document, target: Target) -> list[Use]:
        """All uses, those of *document* first."""
        if target.is_local:
            return [Use(document, span) for span in self.here(document, target)]
        start = target.home or document
        found = [Use(document, span) for span in self.here(document, target)]
        for one in self._workspace.mentioning(start.path, target.name):
            if one.path != document.path:
                found += [Use(one, span) for span in self.here(one, target)]
        return found

    def _in(self, document: Document, program: Program, target: Target) -> Iterator[Span]:
        if target.is_member:
            yield from _members(program, target.name)
        elif target.home is None:
            yield from _free(program, target.name)
        elif target.home is document or target.home.path == document.path:
            yield from _own(program, target)
        else:
            yield from self._from_outside(document, program, target)

    def _from_outside(self, document: Document, program: Program, target: Target) -> Iterator[Span]:
        """Uses of what another file defines: shared, or imported in one of three ways."""
        assert target.home is not None
        home = target.home.path
        if self._workspace.shares(home, document.path):
            yield from _free(program, target.name)
        for statement in _imports(program):
            source = self._imported_from(document.path, statement.path)
            if source is None or source.path.resolve() != home.resolve():
                continue
            if statement.namespace is not None:
                yield from _through(program, statement.namespace, target.name)
            elif statement.items is None:
                yield from _free(program, target.name)
            else:
                yield from _imported_uses(program, statement, target.name)


def _own(program: Program, target: Target) -> Iterator[Span]:
    variable = _same(program, target)
    if variable is not None:
        yield from program.bindings.places(variable)
        for span, one in program.bindings.type_names(target.name):
            if one is variable:
                yield span


def _same(program: Program, target: Target) -> Variable | None:
    """The variable of *target* in *program*, which may be another version of its file."""
    if target.variable is None or target.variable.home is not None:
        return target.variable
    return _file_variable(program, target.name)


def _file_variable(program: Program, name: str) -> Variable | None:
    return program.bindings.regions[0].block.find(name)


def _defined(document: Document, name: str) -> Variable | None:
    """The variable of the top level of a file, if it defines one."""
    program = document.program
    return None if program is None else _file_variable(program, name)


def _free(program: Program, name: str) -> Iterator[Span]:
    """Uses of a name that no variable of the file has."""
    for index, variable in program.bindings.meanings.items():
        if variable is None and program.tokens[index].value == name:
            yield program.tokens[index].span
    for span, variable in program.bindings.type_names(name):
        if variable is None:
            yield span


def _members(program: Program, name: str) -> Iterator[Span]:
    meanings = program.bindings.meanings
    for index, token in enumerate(program.tokens):
        if token.type == "NAME" and token.value == name and index not in meanings:
            before = program.tokens[index - 1].type if index else ""
            if before in _BEFORE_METHOD:
                yield token.span


def _through(program: Program, namespace: str, name: str) -> Iterator[Span]:
    """`words.shout`"""
    tokens = program.tokens
    for index, token in enumerate(tokens[2:], 2):
        is_member = token.value == name and tokens[index - 1].type in ("DOT", "SCOPE")
        if is_member and tokens[index - 2].value == namespace:
            yield token.span


def _imported_uses(program: Program, statement: nodes.Import, name: str) -> Iterator[Span]:
    """`import { shout, cry as weep } from "./words"`: the import itself, and what it names."""
    assert statement.items is not None
    for exported, local in statement.items:
        if exported != name:
            continue
        tokens = [one for one in program.tokens if one.type == "NAME" and one.value == name]
        yield from (
            one.span for one in tokens if statement.span.start <= one.start < statement.span.end
        )
        variable = _file_variable(program, local) if local == exported else None
        if variable is not None:
            yield from program.bindings.places(variable)


def _imports(program: Program) -> list[nodes.Import]:
    found: list[Any] = [
        one for one in program.tree.body.statements if isinstance(one, nodes.Import)
    ]
    return found


def _imported(program: Program, local: str) -> tuple[str, str] | None:
    """(path, exported name) of what is imported as *local*."""
    for statement in _imports(program):
        for exported, name in statement.items or ():
            if name == local:
                return statement.path, exported
    return None


def _whole_imports(program: Program) -> list[str]:
    return [one.path for one in _imports(program) if one.items is None and one.namespace is None]


def _namespaces(program: Program) -> dict[str, str]:
    return {one.namespace: one.path for one in _imports(program) if one.namespace is not None}

"""Renaming a variable, function, class or constant with all its uses, or saying why that cannot be.

The program must mean the same afterwards; strings, members and names that shadow it stay.
"""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import Final, NamedTuple

from soli_lang.base.errors import SoliSyntaxError
from soli_lang.base.source import Source, Span
from soli_lang.evaluator.scopes import Variable
from soli_lang.syntax.parser import parse
from soli_lang.syntax.scanner.tokens import KEYWORDS, Token
from soli_lang.tree import nodes

from ..documents import Document, Program
from ..library import Library
from ..scanning import scan
from .members import Members, TypesOf
from .refusing import CannotRename, refuse_named, refuse_taken, refuse_texts
from .usages import Target, Usages
from .workspace import Workspace

_NAME: Final = re.compile(r"[^\W\d]\w*[?!]?")


class Edits(NamedTuple):
    """What to write where in one document."""

    document: Document
    edits: list[tuple[Span, str]]


class Renaming:
    """Renames in one workspace. Everything here raises CannotRename."""

    def __init__(self, workspace: Workspace, library: Library, types_of: TypesOf) -> None:
        self._workspace = workspace
        self._library = library
        self._usages = Usages(workspace)
        self._members = Members(workspace, library, types_of)

    def place(self, document: Document, offset: int) -> Span:
        """The name that would be renamed."""
        member = self._members.name_at(document, offset)
        if member is not None:
            return member[1]
        self._target(document, offset)
        index = document.token_at(offset)
        assert index is not None
        return document.tokens[index].span

    def renamed(self, document: Document, offset: int, name: str) -> list[Edits]:
        """What to write where, so that what stands at *offset* is called *name*."""
        member = self._members.name_at(document, offset)
        if member is not None:
            return self._renamed_member(document, offset, member[0], name)
        target = self._target(document, offset)
        _refuse_unfit(name, "variable")
        if name == target.name:
            return []
        if target.is_local:
            return [_renamed_local(document, target, name)]
        return self._renamed_everywhere(document, target, name)

    def _target(self, document: Document, offset: int) -> Target:
        if document.program is None:
            raise CannotRename(
                "the file has syntax errors; nothing can be renamed before they are gone"
            )
        target = self._usages.target(document, offset)
        if target is None:
            raise CannotRename("there is no name here")
        if target.home is None:
            raise CannotRename(f"'{target.name}' is no name of this program")
        if target.name in ("it", "this"):
            raise CannotRename(f"'{target.name}' has its name from the language")
        return target

    def _renamed_member(self, document: Document, offset: int, old: str, name: str) -> list[Edits]:
        _refuse_unfit(name, "member")
        if name == old:
            return []
        found = [
            Edits(one, [(span, name) for span in spans])
            for one, spans in self._members.renamed(document, offset, name)
        ]
        for edits in found:
            _refuse_faults(edits, name)
        return found

    def _renamed_everywhere(self, document: Document, target: Target, name: str) -> list[Edits]:
        assert target.home is not None
        if name in self._library.functions or name in self._library.classes:
            raise CannotRename(f"'{name}' is a builtin; it would no longer be found")
        if target.name[:1].isupper() != name[:1].isupper():
            raise CannotRename(
                f"'{name}' and '{target.name}' must both begin with a capital, or not"
            )
        refuse_texts(self._workspace.projects, target.home, target.name)
        spans: dict[Path, tuple[Document, list[Span]]] = {}
        for use in self._usages.everywhere(document, target):
            spans.setdefault(use.document.path, (use.document, []))[1].append(use.span)
        documents = [one for one, _ in spans.values()]
        refuse_named(documents, target.name)
        refuse_taken(documents, name)
        found = [Edits(one, _edits(one, target.name, name, its)) for one, its in spans.values()]
        for edits in found:
            _refuse_faults(edits, name)
        return found


def _edits(document: Document, old: str, name: str, spans: list[Span]) -> list[tuple[Span, str]]:
    program = document.program
    keys = {} if program is None else _keys(program, old)
    return [
        (keys[span.start], f"{old}: {name}") if span.start in keys else (span, name)
        for span in spans
    ]


def _renamed_local(document: Document, target: Target, name: str) -> Edits:
    program, variable = document.program, target.variable
    assert program is not None
    assert variable is not None
    _refuse_labels(program, variable)
    edits = _edits(document, variable.name, name, program.bindings.places(variable))
    _check(program, name, edits)
    return Edits(document, edits)


def _refuse_faults(one: Edits, name: str) -> None:
    """A file that no longer parses, or whose names mean something else."""
    program = one.document.program
    assert program is not None
    _check(program, name, one.edits)


def _refuse_labels(program: Program, variable: Variable) -> None:
    """A parameter that callers pass by name is known outside of its function."""
    declared = program.bindings.declaration(variable)
    is_parameter = any(
        declared is not None and param.span.start == declared.start
        for region in program.bindings.regions
        for param in getattr(region.node, "params", ())
    )
    labels = _label_names(program.tokens)
    if is_parameter and variable.name in labels:
        raise CannotRename(
            f"a call in this file passes '{variable.name}:' by name; rename it by hand"
        )


def _label_names(tokens: list[Token]) -> set[str]:
    """Names with a colon behind them, in parentheses: `f(name: 1)`."""
    found, depth = set(), [""]
    for token, after in itertools.pairwise(tokens):
        if token.type in ("LPAR", "LSQB", "LBRACE", "INTERP"):
            depth.append(token.type)
        elif token.type in ("RPAR", "RSQB", "RBRACE", "INTERP_END") and len(depth) > 1:
            depth.pop()
        elif token.type == "NAME" and after.type == "COLON" and depth[-1] == "LPAR":
            found.add(token.value)
    return found


def _keys(program: Program, name: str) -> dict[int, Span]:
    """Where *name* is a key at the same time: `{name:}`, and `{name}` in a match.

    By where it starts; what is to be replaced by `name: other`, for others read the key.
    """
    found: dict[int, Span] = {}
    tokens = program.tokens
    for index, token in enumerate(tokens[:-2]):
        after = [one.type for one in tokens[index + 1 : index + 3]]
        if token.value == name and after in (["COLON", "COMMA"], ["COLON", "RBRACE"]):
            found[token.start] = Span(token.start, tokens[index + 1].end)
    pending: list[nodes.Node] = [program.tree.body]
    while pending:
        node = pending.pop()
        pending.extend(nodes.children(node))
        if isinstance(node, nodes.HashPattern):
            for key, pattern in node.pairs:
                written = program.text[node.span.start : pattern.span.start].rstrip()
                if key == name and not written.endswith(":"):
                    found[pattern.span.start] = pattern.span
    return found


def _check(program: Program, name: str, edits: list[tuple[Span, str]]) -> None:
    """That the new text has the same variables in the same order, under one other name."""
    source = Source(program.tree.source.name, applied(program.text, edits))
    try:
        after = Program(parse(source), lambda: scan(source.text))
    except SoliSyntaxError:
        raise CannotRename(f"with '{name}' the file would have syntax errors") from None
    old, new = [*program.bindings.meanings.values()], [*after.bindings.meanings.values()]
    pairs = dict(zip(old, new, strict=False))
    is_same = len(old) == len(new) and [pairs[one] for one in old] == new
    if not is_same or len(set(new)) != len(pairs):
        raise CannotRename(f"there is another '{name}' that would be confused with it")


def applied(text: str, edits: list[tuple[Span, str]]) -> str:
    """*text* with *edits*, which do not overlap."""
    for span, new in sorted(edits, reverse=True):
        text = text[: span.start] + new + text[span.end :]
    return text


def _refuse_unfit(name: str, kind: str) -> None:
    if not _NAME.fullmatch(name) or name in KEYWORDS:
        raise CannotRename(f"'{name}' is no name for a {kind}")

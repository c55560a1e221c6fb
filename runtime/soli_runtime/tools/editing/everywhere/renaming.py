"""Renaming a local variable, or saying why that cannot be."""

from __future__ import annotations

import itertools
import re
from typing import Final

from soli_lang.base.errors import SoliSyntaxError
from soli_lang.base.source import Source, Span
from soli_lang.evaluator.scopes import Variable
from soli_lang.syntax.parser import parse
from soli_lang.syntax.scanner.scanner import Scanner
from soli_lang.syntax.scanner.tokens import KEYWORDS, Token
from soli_lang.tree import nodes

from .documents import Document, Program

_NAME: Final = re.compile(r"[^\W\d]\w*[?!]?")


class CannotRename(Exception):
    """Why not, for the person who asked."""


def renamed_place(document: Document, offset: int) -> Span:
    """The name that would be renamed. Raises CannotRename."""
    program, index, _ = _local(document, offset)
    return program.tokens[index].span


def renamed(document: Document, offset: int, name: str) -> list[tuple[Span, str]]:
    """What to write where, so that the local variable at *offset* is called *name*.

    Raises CannotRename, also when the program would mean something else afterwards.
    """
    if not _NAME.fullmatch(name) or name in KEYWORDS:
        raise CannotRename(f"'{name}' is no name for a variable")
    program, _, variable = _local(document, offset)
    if name == variable.name:
        return []
    _refuse_labels(program, variable)
    places = program.bindings.places(variable)
    keys = _keys(program, variable)
    edits = [
        (keys[place.start], f"{variable.name}: {name}") if place.start in keys else (place, name)
        for place in places
    ]
    _check(program, name, edits)
    return edits


def _local(document: Document, offset: int) -> tuple[Program, int, Variable]:
    program = document.program
    index = document.token_at(offset)
    if program is None:
        raise CannotRename(
            "the file has syntax errors; nothing can be renamed before they are gone"
        )
    if index is None or program.tokens[index].type != "NAME":
        raise CannotRename("there is no name here")
    variable = program.bindings.variable(index)
    if variable is None:
        raise CannotRename(f"'{program.tokens[index].value}' is no local variable")
    if variable.home is None:
        raise CannotRename(
            f"'{variable.name}' belongs to the whole file: others may use it; "
            "only local variables can be renamed"
        )
    if variable.name in ("it", "this"):
        raise CannotRename(f"'{variable.name}' has its name from the language")
    return program, index, variable


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


def _keys(program: Program, variable: Variable) -> dict[int, Span]:
    """Where the name of *variable* is a key at the same time: `{name:}`, and `{name}` in a match.

    By where it starts; what is to be replaced by `name: other`, for others read the key.
    """
    found: dict[int, Span] = {}
    tokens = program.tokens
    for index, token in enumerate(tokens[:-2]):
        after = [one.type for one in tokens[index + 1 : index + 3]]
        if token.value == variable.name and after in (["COLON", "COMMA"], ["COLON", "RBRACE"]):
            found[token.start] = Span(token.start, tokens[index + 1].end)
    pending: list[nodes.Node] = [program.tree.body]
    while pending:
        node = pending.pop()
        pending.extend(nodes.children(node))
        if isinstance(node, nodes.HashPattern):
            for key, pattern in node.pairs:
                written = program.text[node.span.start : pattern.span.start].rstrip()
                if key == variable.name and not written.endswith(":"):
                    found[pattern.span.start] = pattern.span
    return found


def _check(program: Program, name: str, edits: list[tuple[Span, str]]) -> None:
    """That the new text has the same variables in the same order, under one other name."""
    source = Source(program.tree.source.name, applied(program.text, edits))
    try:
        after = Program(parse(source), Scanner(source).run())
    except SoliSyntaxError:
        raise CannotRename(f"with '{name}' the file would have syntax errors") from None
    old, new = _variables(program), _variables(after)
    pairs = dict(zip(old, new, strict=False))
    is_same = len(old) == len(new) and [pairs[one] for one in old] == new
    if not is_same or len(set(new)) != len(pairs):
        raise CannotRename(f"there is another '{name}' that would be confused with it")


def _variables(program: Program) -> list[Variable]:
    found = (program.bindings.variable(index) for index in range(len(program.tokens)))
    return [one for one in found if one is not None]


def applied(text: str, edits: list[tuple[Span, str]]) -> str:
    """*text* with *edits*, which do not overlap."""
    for span, new in sorted(edits, reverse=True):
        text = text[: span.start] + new + text[span.end :]
    return text

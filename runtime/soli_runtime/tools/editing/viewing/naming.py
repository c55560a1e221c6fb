"""What each name in a text is: a parameter, a function, a class, a builtin. For colours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from soli_lang.base.source import Span
from soli_lang.evaluator.scopes import Variable

from ..documents import Program
from ..library import Library

KINDS: Final = (
    "namespace", "class", "enum", "interface", "parameter", "variable", "property", "enumMember",
    "function", "method", "type",
)  # fmt: skip
MODIFIERS: Final = ("declaration", "readonly", "defaultLibrary")
_DECLARED: Final = {
    "FN": "function", "CLASS": "class", "MODULE": "namespace", "ENUM": "enum",
    "INTERFACE": "interface", "CONST": "variable", "LET": "variable",
}  # fmt: skip


class Named(NamedTuple):
    """A name, and what it is."""

    span: Span
    kind: str
    modifiers: tuple[str, ...] = ()


def named(program: Program, library: Library, shared: frozenset[str]) -> Iterator[Named]:
    """All names of a program in order. *shared* are functions and classes of other files."""
    kinds = _kinds(program)
    meanings = program.bindings.meanings
    types = program.bindings
    for index, token in enumerate(program.tokens):
        if token.type == "AT":
            yield Named(token.span, "property")
        elif token.type != "NAME":
            continue
        elif types.is_type(token):
            yield Named(token.span, "type", _library_modifier(token.value in library.classes))
        elif index not in meanings:
            yield from _member(program, index)
        else:
            variable = meanings[index]
            if variable is None:
                yield _free(token.value, token.span, library, shared)
            else:
                kind, constant = kinds.get(variable, ("variable", False))
                declared = program.tokens[index - 1].type in _DECLARED if index else False
                modifiers = ("declaration",) if declared else ()
                yield Named(token.span, kind, modifiers + (("readonly",) if constant else ()))


def _kinds(program: Program) -> dict[Variable, tuple[str, bool]]:
    """What variables are, by how they are declared, and whether they are constants."""
    found: dict[Variable, tuple[str, bool]] = {}
    for index, variable in program.bindings.meanings.items():
        if variable is None:
            continue
        before = program.tokens[index - 1].type if index else ""
        if before in _DECLARED:
            found[variable] = (_DECLARED[before], before == "CONST")
        elif program.bindings.is_parameter(program.tokens[index]):
            found.setdefault(variable, ("parameter", False))
    return found


def _member(program: Program, index: int) -> Iterator[Named]:
    """What stands behind a dot or `def`, in a class; keys and labels have no colour."""
    tokens = program.tokens
    before = tokens[index - 1].type if index else ""
    if before == "FN":
        yield Named(tokens[index].span, "method", ("declaration",))
    elif before == "DOT":
        is_called = tokens[index + 1].type == "LPAR" and not tokens[index + 1].space
        yield Named(tokens[index].span, "method" if is_called else "property")
    elif before == "SCOPE":
        yield Named(
            tokens[index].span, "class" if tokens[index].value[:1].isupper() else "property"
        )


def _free(name: str, span: Span, library: Library, shared: frozenset[str]) -> Named:
    if name in library.functions or name in library.classes:
        kind = "function" if name in library.functions else "class"
        return Named(span, kind, ("defaultLibrary",))
    if name[:1].isupper():
        return Named(span, "class")
    return Named(span, "function" if name in shared else "variable")


def _library_modifier(is_builtin: bool) -> tuple[str, ...]:
    return ("defaultLibrary",) if is_builtin else ()

"""What a file defines, as a tree."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from soli_lang.base.source import Span
from soli_lang.tree import nodes

from .documents import Document

KINDS: Final = ("class", "module", "enum", "interface", "function", "method", "constructor")


_PLAIN: Final[dict[type, str]] = {
    nodes.FieldDecl: "field",
    nodes.Const: "constant",
    nodes.InterfaceDecl: "interface",
}


class Symbol(NamedTuple):
    """Something that is defined, and what is defined in it."""

    name: str
    kind: str
    """One of KINDS, or `field`, `constant`, `variant`, `test`."""
    span: Span
    inside: tuple[Symbol, ...] = ()


def symbols(document: Document) -> list[Symbol]:
    """The definitions of the text, or of the last one that was a program."""
    program = document.nearest_program()
    if program is None:
        return []
    size = len(document.text)
    return [_bounded(one, size) for one in _of(program.tree.body.statements)]


def _bounded(symbol: Symbol, size: int) -> Symbol:
    """Within a text that may have become shorter since."""
    span = Span(min(symbol.span.start, size), min(symbol.span.end, size))
    return symbol._replace(span=span, inside=tuple(_bounded(one, size) for one in symbol.inside))


def _of(found: tuple[Any, ...]) -> Iterator[Symbol]:
    for node in found:
        yield from _one(node)


def _one(node: Any) -> Iterator[Symbol]:
    match node:
        case nodes.Export():
            yield from _one(node.declaration)
        case nodes.FunctionDecl():
            yield Symbol(node.function.name, "function", node.span)
        case nodes.ClassDecl():
            kind = "module" if node.is_module else "class"
            yield Symbol(node.name, kind, node.span, tuple(_of(node.members)))
        case nodes.EnumDecl():
            variants = tuple(Symbol(one.name, "variant", one.span) for one in node.variants)
            yield Symbol(node.name, "enum", node.span, (*variants, *_of(node.methods)))
        case nodes.MethodDecl():
            kind = "constructor" if node.is_constructor else "method"
            yield Symbol(node.function.name, kind, node.span)
        case nodes.ClassMethods():
            yield from _of(node.methods)
        case nodes.FieldDecl() | nodes.Const() | nodes.InterfaceDecl():
            yield Symbol(node.name, _PLAIN[type(node)], node.span)
        case nodes.Call():
            yield from _test(node)
        case _:
            pass  # statements define nothing


class Told(NamedTuple):
    """`describe("…")` or `test("…")` of specs."""

    word: str
    title: str
    span: Span
    inside: tuple[Any, ...]
    """The statements of its block."""


def test_title(node: Any) -> Told | None:
    """What a statement of a spec describes or tests; None for any other."""
    words = ("describe", "context", "test", "it")
    is_call = isinstance(node, nodes.Call) and isinstance(node.callee, nodes.Name)
    if not is_call or node.callee.name not in words or not node.arguments:
        return None
    title = node.arguments[0].value
    if not isinstance(title, nodes.Literal):
        return None
    block = node.block or node.arguments[-1].value
    inside = block.function.body.statements if isinstance(block, nodes.Lambda) else ()
    return Told(node.callee.name, str(title.value), node.span, inside)


def _test(node: nodes.Call) -> Iterator[Symbol]:
    told = test_title(node)
    if told is not None:
        yield Symbol(f"{told.word} {told.title}", "test", told.span, tuple(_of(told.inside)))

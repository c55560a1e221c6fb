"""What the thing at a place is: its documentation, and the arguments of the call around it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from soli_lang.base.source import Span
from soli_lang.tools.comments import comment_above
from soli_lang.tree import nodes

from . import vocabulary
from .cursor import receiver_type
from .documents import Document, Program
from .finding import Finding
from .library import Library, documentation
from .projects import Projects
from .viewing.inferred import NOTHING, Inferred, receiver_at, type_at

MAX_EXPLAINED = 4


class Explained(NamedTuple):
    """Markdown about a piece of text."""

    text: str
    span: Span


class Signature(NamedTuple):
    """How something is called."""

    heading: str
    parameters: tuple[str, ...]
    active: int
    """Index of the parameter that is being written."""
    explained: str


class Explaining:
    """Explanations in one document."""

    def __init__(self, document: Document, library: Library, projects: Projects) -> None:
        self._document = document
        self._library = library
        self._finding = Finding(document, projects)

    def at(self, offset: int, types: Inferred = NOTHING) -> Explained | None:
        """What stands at *offset*, with the types that are known."""
        index = self._document.token_at(offset)
        if index is None:
            return None
        token = self._document.tokens[index]
        text = None
        if token.type == "NAME":
            text = self._name(index, offset, types)
        elif isinstance(token.value, str) and token.type in ("LITERAL", "STR_TEXT"):
            text = self._key(index, token.value)
        return Explained(text, token.span) if text else None

    def _name(self, index: int, offset: int, types: Inferred) -> str | None:
        tokens = self._document.tokens
        token = tokens[index]
        program = self._document.program
        is_member = index > 1 and tokens[index - 1].type == "DOT"
        type_ = type_at(program.tree, token.span, types) if program is not None else ""
        if program is not None and type_ and _is_variable(program, index):
            return f"```soli\n{token.value}: {type_}\n```"
        own = self._declared(offset)
        if own is not None:
            return own
        owner = receiver_type(tokens, index - 1) if is_member else None
        if is_member and owner is None and program is not None:
            owner = receiver_at(program.tree, token.span, types) or None
        found = self._library.explained(token.value, owner, is_member=is_member)
        if found:
            return "\n\n---\n\n".join(documentation(one) for one in found[:MAX_EXPLAINED])
        if not is_member and self._library.is_owner(token.value):
            return self._library.overview(token.value)
        return None

    def _declared(self, offset: int) -> str | None:
        """The head of what this app defines under that name, and the comment above it."""
        place = self._finding.at(offset)
        if place is None or place.span == Span(0, 0):
            return None
        source = place.source
        line = source.position(place.span.start).line
        head = source.line(line).strip()
        comment = "\n".join(comment_above(source, line))
        return f"```soli\n{head}\n```\n{comment}".rstrip()

    def _key(self, index: int, key: str) -> str | None:
        tokens = self._document.tokens
        before = tokens[index - 1].type if index else ""
        after = tokens[index + 1].type
        if before == "LSQB" and index > 1:
            name = tokens[index - 2].value
            table = vocabulary.REQUEST if name in ("request", "req") else vocabulary.EVENT
            return _keyed(key, table) if name in ("request", "req", "event") else None
        if before in ("LBRACE", "COMMA") and after in ("COLON", "FATARROW"):
            return _keyed(key, vocabulary.ACTIONS)
        return None

    # --- calls -----------------------------------------------------------------------------------

    def call(self, offset: int) -> Signature | None:
        """The call whose arguments are being written at *offset*."""
        cursor = self._document.cursor(offset)
        found = cursor.call()
        if found is None:
            return None
        name, number = found
        word = cursor.tokens[name].value
        own = next(self._functions(word), None)
        if own is not None:
            names = tuple(_shown(param, self._document) for param in own.params)
            return Signature(f"{word}({', '.join(names)})", names, number, "")
        is_member = name > 1 and cursor.tokens[name - 1].type == "DOT"
        owner = receiver_type(cursor.tokens, name - 1) if is_member else None
        entries = self._library.explained(word, owner, is_member=is_member)
        if is_member and owner is not None and not entries:
            entries = self._library.explained(word, None, is_member=True)
        if not entries:
            return None
        entry = entries[0]
        inner = entry.signature.removeprefix("(").removesuffix(")")
        names = tuple(inner.split(", ")) if inner else ()
        return Signature(entry.heading, names, number, entry.text)

    def _functions(self, name: str) -> Iterator[nodes.FunctionNode]:
        program = self._document.nearest_program()
        pending: list[nodes.Node] = [program.tree.body] if program is not None else []
        while pending:
            node = pending.pop()
            if isinstance(node, nodes.FunctionNode) and node.name == name:
                yield node
            pending.extend(nodes.children(node))


def _is_variable(program: Program, index: int) -> bool:
    """Whether a name is that of a variable with data: no function, class or builtin."""
    variable = program.bindings.meanings.get(index)
    if variable is None:
        return False
    declared = program.bindings.declaration(variable)
    before = program.text[: declared.start].rstrip() if declared is not None else ""
    return not before.endswith(("def", "fn", "class", "module", "enum"))


def _shown(param: nodes.Param, document: Document) -> str:
    program = document.known_program
    return program.text[slice(*param.span)] if program is not None else param.name


def _keyed(key: str, table: dict[str, str]) -> str | None:
    return f'**`"{key}"`**: {table[key]}' if key in table else None

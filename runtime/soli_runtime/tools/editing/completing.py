"""What could be written at a place: names, members, keys, targets of routes, templates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice, pairwise
from typing import Final, NamedTuple

from soli_lang.tools.inference.types import Type
from soli_lang.tree import nodes

from . import vocabulary
from .cursor import Cursor, indexed, receiver_type
from .documents import Document
from .library import CLASS, FUNCTION, METHOD, WORDS, Library, documentation
from .projects import Projects
from .viewing.receivers import Typed, keys, own_members, title_of

MAX_OFFERED: Final = 500
NO_TYPES: Final = Typed()

VARIABLE, KEYWORD, KEY, VALUE = "variable", "keyword", "key", "value"


class Offer(NamedTuple):
    """One thing that could be written."""

    text: str
    kind: str
    detail: str = ""
    explained: str = ""
    """Markdown."""


class Completing:
    """Offers for one document."""

    def __init__(
        self,
        document: Document,
        library: Library,
        projects: Projects,
        typed: Typed = NO_TYPES,
    ) -> None:
        self._document = document
        self._library = library
        self._projects = projects
        self._typed = typed

    def offers(self, offset: int) -> list[Offer]:
        """At most MAX_OFFERED, each text once, those that begin like the word first."""
        cursor = self._document.cursor(offset)
        if cursor.is_in_comment:
            return []
        begun = cursor.word if cursor.string is None else cursor.string
        found = {one.text: one for one in self._found(cursor, offset)}
        likely = (one for one in found.values() if one.text.lower().startswith(begun.lower()))
        return list(islice(likely, MAX_OFFERED))

    def _found(self, cursor: Cursor, offset: int) -> Iterator[Offer]:
        if cursor.string is not None:
            return self._in_string(cursor)
        if cursor.type_before(1) == "DOT":
            return self._members(cursor)
        return self._names(cursor, offset)

    # --- strings ---------------------------------------------------------------------------------

    def _in_string(self, cursor: Cursor) -> Iterator[Offer]:
        before = cursor.type_before(1)
        if before == "LSQB":
            held = self._typed.before(self._document.text, cursor.tokens)
            for key, detail in keys(held).items():
                yield Offer(key, KEY, detail)
            part = indexed(cursor.tokens, len(cursor.tokens) - 1)
            if part is not None:
                yield from self._keys_of(str(cursor.value_before(2)), *part)
        elif before == "OP" and _is_type_of_event(cursor):
            for one in vocabulary.EVENT_TYPES:
                yield Offer(one, VALUE, "event")
        elif before == "LBRACE" or (before == "COMMA" and _opened(cursor) == "LBRACE"):
            yield from self._action_keys(cursor)
        else:
            yield from self._arguments(cursor)

    def _keys_of(self, name: str, root: str, keys: tuple[str, ...]) -> Iterator[Offer]:
        """Keys of *name*, which is a part of the variable *root*, below *keys*."""
        program = self._document.nearest_program()
        tree = program.tree if program is not None else None
        for key, text in vocabulary.keys_of(root, keys, [tree] if tree is not None else []).items():
            yield Offer(key, KEY, root, text)
        for key in self._literal_keys(name):
            yield Offer(key, KEY, name)

    def _literal_keys(self, name: str) -> Iterator[str]:
        """Keys of the hashes that this text gives to *name*."""
        program = self._document.nearest_program()
        pending: list[nodes.Node] = [program.tree.body] if program is not None else []
        while pending:
            node = pending.pop()
            pending.extend(nodes.children(node))
            if isinstance(node, nodes.Assign) and isinstance(node.target, nodes.Name):
                given = node.target.name
            elif isinstance(node, nodes.Let | nodes.Const):
                given = node.name
            else:
                continue
            if given == name and isinstance(node.value, nodes.HashLiteral):
                for key, _ in node.value.pairs:
                    if isinstance(key, nodes.Literal) and isinstance(key.value, str):
                        yield key.value

    def _action_keys(self, cursor: Cursor) -> Iterator[Offer]:
        opened = cursor.opened()
        if opened is None:
            return
        owner = cursor.key_before(opened[0])
        if owner in vocabulary.PARTS:
            for key in vocabulary.PARTS[owner]:
                yield Offer(key, KEY, owner)
        elif owner is None:
            for key, text in vocabulary.ACTIONS.items():
                yield Offer(key, KEY, "action", text)

    def _arguments(self, cursor: Cursor) -> Iterator[Offer]:
        call = cursor.call()
        if call is None:
            return
        name, number = cursor.tokens[call[0]].value, call[1]
        if name in vocabulary.ROUTE_WORDS and number == 1:
            for target in self._projects.actions(self._document.path):
                yield Offer(target, FUNCTION, "action")
        elif name in vocabulary.VIEW_WORDS and number == 0:
            for view in self._projects.views(self._document.path):
                yield Offer(view, VALUE, "template")

    # --- members ---------------------------------------------------------------------------------

    def _members(self, cursor: Cursor) -> Iterator[Offer]:
        tokens = cursor.tokens
        receiver = tokens[-2] if len(tokens) > 1 else None
        if receiver is not None and receiver.type in ("THIS", "SELF"):
            yield from self._own_members(None)
            return
        type_ = self._typed.before(self._document.text, tokens)
        titles = [one for one in map(title_of, type_ or ()) if one != "Null"]
        if titles and all(map(self._library.is_owner, titles)):
            yield from self._typed_members(type_, titles)
            return
        owner = receiver_type(tokens, len(tokens) - 1)
        if owner is not None and not self._library.is_owner(owner):
            yield from self._own_members(owner)
            owner = "Any value"
        for name, entry in self._library.members(owner).items():
            yield Offer(name, METHOD, entry.heading, documentation(entry))

    def _typed_members(self, type_: Type, titles: list[str]) -> Iterator[Offer]:
        """Members of a value whose type is known."""
        for one in own_members(type_):
            yield Offer(one.name, METHOD if one.is_method else VARIABLE, one.detail)
        for title in dict.fromkeys(titles):
            for name, entry in self._library.members(title).items():
                yield Offer(name, METHOD, entry.heading, documentation(entry))

    def _own_members(self, class_name: str | None) -> Iterator[Offer]:
        """Methods and fields of the classes of this text."""
        program = self._document.nearest_program()
        pending: list[nodes.Node] = [program.tree.body] if program is not None else []
        while pending:
            node = pending.pop()
            pending.extend(nodes.children(node))
            if isinstance(node, nodes.ClassDecl) and class_name in (None, node.name):
                yield from _members_of(node)

    def _written_names(self, offset: int) -> Iterator[Offer]:
        """Without any program: all names in the text but the one that is being written."""
        for before, token in pairwise(self._document.tokens):
            if token.type == "NAME" and before.type != "DOT" and token.end != offset:
                yield Offer(token.value, VARIABLE)

    # --- names -----------------------------------------------------------------------------------

    def _names(self, cursor: Cursor, offset: int) -> Iterator[Offer]:
        program = self._document.nearest_program()
        if program is not None:
            there = self._document.there(offset - len(cursor.word))
            for name in program.bindings.names_at(max(0, there - 1)):
                yield Offer(name, VARIABLE)
        else:
            yield from self._written_names(offset)
        for name in self._projects.shared_names(self._document.path):
            yield Offer(name, FUNCTION, "of the app")
        for name, entry in self._library.functions.items():
            if not name.endswith(")"):  # `get (in tests)`
                yield Offer(name, FUNCTION, entry.heading, documentation(entry))
        for name in self._library.classes:
            yield Offer(name, CLASS)
        for name in WORDS:
            yield Offer(name, KEYWORD)


def _is_type_of_event(cursor: Cursor) -> bool:
    """`event["type"] == `"""
    return cursor.type_before(2) == "RSQB" and cursor.value_before(3) == "type"


def _opened(cursor: Cursor) -> str:
    opened = cursor.opened()
    return cursor.tokens[opened[0]].type if opened is not None else ""


def _members_of(node: nodes.ClassDecl) -> Iterable[Offer]:
    for member in node.members:
        if isinstance(member, nodes.MethodDecl):
            yield Offer(member.function.name, METHOD, node.name)
        elif isinstance(member, nodes.FieldDecl):
            yield Offer(member.name, VARIABLE, node.name)

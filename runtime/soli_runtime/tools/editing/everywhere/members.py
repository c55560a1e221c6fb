"""Renaming a method or a field of the program's own classes, with all its uses.

Whose a member is, inference tells. Where it does not, a call with parentheses is taken for a use
if nothing else is called so; anything else is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, NamedTuple

from soli_lang.base.source import Span
from soli_lang.tools.inference.classes import ClassInfo
from soli_lang.tools.inference.types import CLASS, ENUM_VALUE, INSTANCE, Atom, Type
from soli_lang.tree import nodes
from soli_lang.values.values import Symbol

from ..documents import Document
from ..library import Library
from ..viewing.inferred import Inferred
from .refusing import CannotRename, refuse_texts
from .workspace import Workspace

TypesOf = Callable[[Document], Inferred]

_CALLED_BY_NAME: Final = frozenset(
    {"new", "perform", "method_missing", "variant", "to_json", "inherited", "included", "extended"}
)
"""What the language or the runtime calls by its name."""


class Named(NamedTuple):
    """A place where a member is named: declared, or read of a value of *type*."""

    span: Span
    type: Type
    owner: ClassInfo | None = None
    """The class that declares it there, or whose `this` is asked."""
    is_call: bool = False


class Members:
    """Members in the files of a workspace."""

    def __init__(self, workspace: Workspace, library: Library, types_of: TypesOf) -> None:
        self._workspace = workspace
        self._library = library
        self._types_of = types_of

    def name_at(self, document: Document, offset: int) -> tuple[str, Span] | None:
        """The member that is named at *offset*, and where; None: there is none."""
        program, index = document.program, document.token_at(offset)
        if program is None or index is None:
            return None
        token = program.tokens[index]
        if token.type not in ("NAME", "AT") or not isinstance(token.value, str):
            return None
        start = token.start + (token.type == "AT")
        places = {one.span.start for one in self._named(document, token.value)}
        return (token.value, Span(start, token.end)) if start in places else None

    def renamed(
        self, document: Document, offset: int, name: str
    ) -> list[tuple[Document, list[Span]]]:
        """Where the member at *offset* is named. Raises CannotRename."""
        at = self.name_at(document, offset)
        assert at is not None
        old, span = at
        if old in _CALLED_BY_NAME:
            raise CannotRename(f"'{old}' is called by its name from outside of the program")
        documents = [
            document,
            *(
                one
                for one in self._workspace.mentioning(document.path, old)
                if one.path != document.path
            ),
        ]
        named = {one.path: self._named(one, old) for one in documents}
        here = next(one for one in named[document.path] if one.span.start == span.start)
        family = self._family(documents, named, here, old)
        self._refuse(document, documents, family, old, name)
        is_only = self._is_only(documents, named, family, old)
        found = []
        for one in documents:
            meant = (u for u in named[one.path] if _is_meant(one, u, family, old, is_only=is_only))
            found.append((one, [use.span for use in meant]))
        return [(one, spans) for one, spans in found if spans]

    # --- places ----------------------------------------------------------------------------------

    def _named(self, document: Document, name: str) -> list[Named]:
        """All places in *document* that name a member *name*."""
        program = document.program
        if program is None:
            return []
        found = list(self._declared(document, name)) + list(self._read(document, name))
        spans = {one.span.start for one in found}
        for before, token in zip(program.tokens, program.tokens[1:], strict=False):
            is_member = token.type == "NAME" and before.type in ("DOT", "SCOPE")
            if is_member and token.value == name and token.start not in spans:
                found.append(Named(token.span, None))
        return found

    def _declared(self, document: Document, name: str) -> Iterator[Named]:
        assert document.program is not None
        walk = self._types_of(document).walk
        classes = nodes.every(document.program.tree, (nodes.ClassDecl, nodes.EnumDecl))
        for node in classes:
            info = walk.classes.by_node.get(id(node)) if walk is not None else None
            for member in _members(node):
                if getattr(getattr(member, "function", member), "name", "") == name:
                    span = _first(document, name, member.span.start)
                    if span is not None:
                        yield Named(span, None, info)

    def _read(self, document: Document, name: str) -> Iterator[Named]:
        assert document.program is not None
        types = self._types_of(document)
        tree = document.program.tree
        called = {id(one.callee) for one in nodes.every(tree, (nodes.Call,))}
        for node in nodes.every(tree, (nodes.Member, nodes.SuperMember)):
            if node.name != name:
                continue
            span = Span(node.span.end - len(name), node.span.end)
            receiver = getattr(node, "object", None)
            if receiver is None or isinstance(receiver, nodes.This):
                yield Named(span, None, self._around(document, node.span.start))
                continue
            type_ = types.values.get((receiver.span.start, receiver.span.end))
            is_call = id(node) in called and document.text[span.end : span.end + 1] == "("
            yield Named(span, type_, is_call=is_call)

    def _around(self, document: Document, at: int) -> ClassInfo | None:
        """The class that *at* is in."""
        assert document.program is not None
        walk = self._types_of(document).walk
        around = [
            one
            for one in nodes.every(document.program.tree, (nodes.ClassDecl, nodes.EnumDecl))
            if one.span.start <= at < one.span.end
        ]
        inner = max(around, key=lambda one: one.span.start, default=None)
        return walk.classes.by_node.get(id(inner)) if walk is not None else None

    # --- whose it is -----------------------------------------------------------------------------

    def _family(
        self, documents: list[Document], named: Any, here: Named, old: str
    ) -> frozenset[ClassInfo]:
        """The classes that the member is one of, with all that they come from and that come from
        them."""
        start = here.owner
        for atom in here.type or ():
            start = atom.of if atom.kind in (INSTANCE, ENUM_VALUE, CLASS) else start
        if start is None and here.type:
            raise CannotRename(f"'{old}' is a member of a builtin type here")
        if start is None and here.is_call:
            declaring = {one.owner for uses in named.values() for one in uses if one.owner}
            start = declaring.pop() if len(declaring) == 1 else None
        if start is None:
            raise CannotRename(
                f"'{old}' is a member: which object has it is known when the program runs"
            )
        walks = (self._types_of(one).walk for one in documents)
        every = [one for walk in walks if walk for one in walk.classes.by_node.values()]
        family = _related(start, every)
        if not any(old in _own_names(one) for one in family):
            raise CannotRename(f"no class of this program declares '{old}'")
        return family

    def _is_only(
        self, documents: list[Document], named: Any, family: frozenset[ClassInfo], old: str
    ) -> bool:
        """Whether nothing but *family* has a member *old*, not even a builtin type."""
        owners = {one.owner for uses in named.values() for one in uses if one.owner is not None}
        return owners <= family and old not in self._library.members(None)

    # --- refusing --------------------------------------------------------------------------------

    def _refuse(
        self,
        document: Document,
        documents: list[Document],
        family: frozenset[ClassInfo],
        old: str,
        name: str,
    ) -> None:
        if name in self._library.members("Any value"):
            raise CannotRename(f"every value has '{name}' already")
        for one in family:
            if name in _own_names(one):
                raise CannotRename(f"{one.name} has '{name}' already")
            if one.is_open or "method_missing" in (*one.methods, *one.static_methods):
                raise CannotRename(
                    f"{one.name} may have members that its text does not show; rename by hand"
                )
            if old in one.variants or any(old in fields for fields in one.variants.values()):
                raise CannotRename(f"'{old}' is a variant of {one.name}, or a part of one")
        refuse_texts(self._workspace.projects, document, old)
        for other in documents:
            _refuse_words(other, old, {one.span.start for one in self._declared(other, old)})


def _lacks(atom: Atom, name: str) -> bool:
    """Whether a value of the program's own, as far as its text tells, has no member *name*."""
    return name not in atom.of.instance_names() | atom.of.class_names()


def _is_meant(
    document: Document, use: Named, family: frozenset[ClassInfo], name: str, *, is_only: bool
) -> bool:
    """Whether *use* names a member of *family*. Raises CannotRename where nobody knows."""
    if use.owner is not None:
        return use.owner in family
    atoms = [one for one in use.type or () if one.kind != "null"]
    mine = [one for one in atoms if one.kind in _OWNED and one.of in family]
    if atoms and len(mine) == len(atoms):
        return True
    if atoms and not mine and not any(one.kind in _OWNED and _lacks(one, name) for one in atoms):
        return False
    if not atoms and is_only and use.is_call:
        return True
    line = document.position(use.span.start)[0] + 1
    raise CannotRename(
        f"whose member {document.path.name}:{line} means is known when the program runs; "
        "rename it by hand"
    )


_OWNED: Final = frozenset({INSTANCE, ENUM_VALUE, CLASS})


def _related(start: ClassInfo, every: Iterable[ClassInfo]) -> frozenset[ClassInfo]:
    """*start*, what it comes from and includes, what comes from and includes it, and so on."""
    beside: dict[ClassInfo, list[ClassInfo]] = {}
    for one in every:
        above = [one.superclass] if one.superclass is not None else []
        for other in [*above, *one.mixins, *one.extended]:
            beside.setdefault(one, []).append(other)
            beside.setdefault(other, []).append(one)
    found: set[ClassInfo] = set()
    pending = [start]
    while pending:
        one = pending.pop()
        if one not in found:
            found.add(one)
            pending += beside.get(one, ())
    return frozenset(found)


def _own_names(info: ClassInfo) -> set[str]:
    return {
        *(*info.methods, *info.static_methods, *info.fields, *info.static_fields),
        *(*info.assigned, *info.variants),
    }


def _members(node: Any) -> Iterator[Any]:
    """The methods and fields of a class or an enum."""
    for member in node.members if isinstance(node, nodes.ClassDecl) else node.methods:
        if isinstance(member, nodes.ClassMethods):
            yield from member.methods
        elif isinstance(member, nodes.MethodDecl | nodes.FieldDecl):
            yield member


def _first(document: Document, name: str, start: int) -> Span | None:
    """The first token *name* from *start* on."""
    assert document.program is not None
    for token in document.program.tokens:
        if token.start >= start and token.type == "NAME" and token.value == name:
            return Span(*token.span)
    return None


def _refuse_words(document: Document, name: str, declared: set[int]) -> None:
    """Refuse a name that a text, a symbol, a key or an interface has, too: it may mean the member.
    Raises CannotRename."""
    program = document.program
    if program is None:
        raise CannotRename(f"{document.path.name} has syntax errors")
    for one in nodes.every(program.tree, (nodes.InterfaceDecl,)):
        if name in one.methods:
            raise CannotRename(f"the interface {one.name} asks for '{name}'; rename it by hand")
    for token, after in zip(program.tokens, program.tokens[1:], strict=False):
        value = token.value.name if isinstance(token.value, Symbol) else token.value
        is_word = token.type in ("LITERAL", "SYMBOL", "STR_TEXT") and value == name
        is_key = token.type == "NAME" and value == name and after.type == "COLON"
        if is_word or (is_key and token.start not in declared):
            line = document.position(token.start)[0] + 1
            raise CannotRename(
                f"'{name}' in {document.path.name}:{line} may mean the member; rename both by hand"
            )

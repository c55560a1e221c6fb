"""What stands before a dot, by its inferred type: its members, and the keys of a hash.

While one types, the text is no program; then the last one is asked, at the place where the same
was written last.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

from soli_lang.syntax.scanner.tokens import Token
from soli_lang.tools.inference.calls import given_by_builtin
from soli_lang.tools.inference.classes import ClassInfo
from soli_lang.tools.inference.members import PYTHON
from soli_lang.tools.inference.types import (
    ANY,
    CLASS,
    ENUM_VALUE,
    INSTANCE,
    STRING,
    Atom,
    Type,
    join,
)
from soli_lang.tree import nodes

from ..documents import Program
from ..scanning import same_beginning
from .inferred import NOTHING, Inferred, title

_OPENS: Final = {"RPAR": "LPAR", "RSQB": "LSQB"}
_LONGEST: Final = 60
"""Tokens before a dot that are read as one receiver."""
_OWN: Final = frozenset({"AT", "THIS", "SELF"})
_JOINS: Final = frozenset({"DOT", "SCOPE"})


class Typed(NamedTuple):
    """A program and the types in it."""

    program: Program | None = None
    types: Inferred = NOTHING

    def before(self, text: str, tokens: Sequence[Token]) -> Type:
        """The type of what ends before the last of *tokens*, of *text*; ANY when nobody knows."""
        start = _start(tokens, len(tokens) - 1)
        if self.program is None or start is None:
            return ANY
        at = self._there(text, tokens[start].start)
        return self._chain(text, tokens[start:-1], at)

    def _chain(self, text: str, tokens: Sequence[Token], at: int) -> Type:
        """The type of a chain such as `user.tags["a"].first`: as it was written before, or else by
        its last link."""
        if len(tokens) == 1 and tokens[0].type in _OWN:
            this = self._this(at)
            found = this if tokens[0].type != "AT" else self._member(this, str(tokens[0].value))
            if found is not ANY:
                return found
        found = self._written(text[tokens[0].start : tokens[-1].end], at)
        if found is not ANY:
            return found
        end = len(tokens)
        if tokens[-1].type in _OPENS:
            end = _opening(tokens, end - 1)
            if tokens[-1].type == "RSQB" and end:
                return self._element(self._chain(text, tokens[:end], at), tokens[end + 1 : -1])
        name = str(tokens[end - 1].value)
        if end == 1:
            return self._result(name) if len(tokens) > 1 else self._class(name)
        if end > 2 and tokens[end - 2].type == "DOT":
            return self._member(self._chain(text, tokens[: end - 2], at), name)
        return ANY

    def _element(self, of: Type, index: Sequence[Token]) -> Type:
        key = index[0].value if len(index) == 1 and index[0].type == "LITERAL" else None
        found = []
        for atom in of or ():
            if atom.kind == "array":
                found.append(atom.item)
            elif atom.shape is not None and isinstance(key, str):
                found.append(atom.shape.fields.get(key, ANY))
            else:
                found.append(STRING if atom.kind == "string" else ANY)
        return join(found) if found else ANY

    def _member(self, of: Type, name: str) -> Type:
        found = [self._member_of(one, name) for one in of or () if one.kind != "null"]
        return join(found) if found else ANY

    def _member_of(self, atom: Atom, name: str) -> Type:
        walk = self.types.walk
        if walk is None:
            return ANY
        if atom.kind in (INSTANCE, ENUM_VALUE):
            method, field = atom.of.method(name), atom.of.field(name)
            known = self.types.results.get(id(method), ANY)
            return walk.annotated(field.type) if field is not None else known
        if atom.kind == CLASS:
            if name == "new" and not atom.of.is_enum:
                return (Atom(INSTANCE, of=atom.of),)
            if name in atom.of.variants:
                return (Atom(ENUM_VALUE, of=atom.of),)
            return self.types.results.get(id(atom.of.static_method(name)), ANY)
        if atom.shape is not None and name in atom.shape.fields:
            return atom.shape.fields[name]
        kind = PYTHON.get(atom.kind, object)
        builtin = walk.known.methods.get(name, {}).get(kind)
        return ANY if builtin is None else given_by_builtin(builtin, atom, name, [], ANY)

    def _there(self, text: str, offset: int) -> int:
        """Where *offset* of *text* is in the program."""
        assert self.program is not None
        old = self.program.text
        same = same_beginning(old, text)
        return offset if offset <= same else max(same, offset + len(old) - len(text))

    def _written(self, written: str, at: int) -> Type:
        """The type of the last *written* before *at* in the same function, of a variable that of
        what it was given."""
        assert self.program is not None
        text, length = self.program.text, len(written)
        scope = self._scope(at)
        found = [
            (start, type_)
            for (start, end), type_ in self.types.values.items()
            if end - start == length and type_ and text.startswith(written, start)
        ]
        found += self._given(written)
        near = [one for one in found if scope.start <= one[0] < scope.end]
        before = [one for one in near or found if one[0] <= at]
        # The nearest before it, or the first behind it.
        best = max(before, default=None, key=_place) or min(found, default=None, key=_place)
        return ANY if best is None else best[1]

    def _scope(self, at: int) -> Any:
        """The span of the innermost function around *at*."""
        assert self.program is not None
        body = self.program.tree.body
        around = [
            one.span
            for one in nodes.every(self.program.tree, (nodes.FunctionNode,))
            if one.span.start <= at <= one.span.end
        ]
        return min(around, key=lambda one: one.end - one.start, default=body.span)

    def _given(self, name: str) -> Iterator[tuple[int, Any]]:
        """What the variable *name* is given, and where it has it from then on."""
        assert self.program is not None
        if not name.isidentifier():
            return
        values = self.types.values
        kinds = (nodes.Assign, nodes.Let, nodes.Const, nodes.Param)
        for node in nodes.every(self.program.tree, kinds):
            if isinstance(node, nodes.Param):
                type_ = self.types.parameters.get(id(node), ANY) if node.name == name else ANY
                start = node.span.start
            else:
                given = node.target if isinstance(node, nodes.Assign) else node
                is_it = getattr(given, "name", "") == name and not isinstance(given, nodes.Member)
                span = node.value.span if is_it and node.value is not None else None
                type_ = values.get((span.start, span.end), ANY) if span is not None else ANY
                start = span.end if span is not None else 0
            if type_:
                yield start, type_

    def _this(self, at: int) -> Type:
        """The type of `this` in the class around *at*."""
        assert self.program is not None
        walk = self.types.walk
        around = [
            one
            for one in nodes.every(self.program.tree, (nodes.ClassDecl, nodes.EnumDecl))
            if one.span.start <= at <= one.span.end
        ]
        info = walk.classes.by_node.get(id(around[-1])) if walk is not None and around else None
        return ANY if info is None else (Atom(INSTANCE, of=info),)

    def _class(self, name: str) -> Type:
        walk = self.types.walk
        info = walk.classes.by_name.get(name) if walk is not None else None
        return ANY if info is None else (Atom(CLASS, of=info),)

    def _result(self, name: str) -> Type:
        """What a call of a function of the file gives."""
        assert self.program is not None
        for node in nodes.every(self.program.tree, (nodes.FunctionDecl,)):
            if node.name == name:
                return self.types.results.get(id(node.function), ANY)
        return ANY


def _place(found: tuple[int, Type]) -> int:
    return found[0]


def _start(tokens: Sequence[Token], end: int) -> int | None:
    """Index of the token with which the value begins that ends before token *end*."""
    at = end - 1
    while at >= 0 and end - at < _LONGEST:
        if tokens[at].type in _OPENS:
            at = _opening(tokens, at)
            if at > 0 and tokens[at - 1].type in ("NAME", *_OPENS) and not tokens[at].newline:
                at -= 1
                continue
        elif tokens[at].type in _OWN:
            return at
        elif tokens[at].type != "NAME":
            return None
        before = tokens[at - 1].type if at > 0 else ""
        if before not in _JOINS:
            return at
        at -= 2
    return None


def _opening(tokens: Sequence[Token], close: int) -> int:
    depth = 0
    for at in range(close, -1, -1):
        depth += (tokens[at].type in _OPENS) - (tokens[at].type in _OPENS.values())
        if depth == 0:
            return at
    return 0


ANY_VALUE: Final = "Any value"


def title_of(atom: Atom) -> str:
    """What the reference calls the type of a value; of the program's own types that of all."""
    if atom.kind in (INSTANCE, CLASS, ENUM_VALUE):
        return ANY_VALUE
    found = title((replace(atom, item=ANY),))
    return found or "?"


class Member(NamedTuple):
    """Something that a value of the program's own has."""

    name: str
    is_method: bool
    detail: str


def own_members(type_: Type) -> Iterator[Member]:
    """What instances, classes and enums of the program have, and the keys of hashes."""
    for atom in type_ or ():
        if atom.kind in (INSTANCE, ENUM_VALUE):
            yield from _of_instance(atom.of)
        elif atom.kind == CLASS:
            yield from _of_class(atom.of)
    for name, detail in keys(type_).items():
        if name.isidentifier():
            yield Member(name, is_method=False, detail=detail)


def keys(type_: Type) -> dict[str, str]:
    """The keys that a hash is known to have, and the types of their values."""
    found: dict[str, str] = {}
    for atom in type_ or ():
        found.update(dict.fromkeys(atom.was, ""))
        for key, value in (atom.shape.fields if atom.shape is not None else {}).items():
            found[key] = title(value)
    return found


def _of_instance(info: ClassInfo) -> Iterator[Member]:
    for one in info.line():
        for name in one.methods:
            if name != "new":
                yield Member(name, is_method=True, detail=one.name)
        for name in dict.fromkeys([*one.fields, *sorted(one.assigned)]):
            yield Member(name, is_method=False, detail=one.name)
    if info.is_enum:
        yield Member("variant", is_method=True, detail=info.name)


def _of_class(info: ClassInfo) -> Iterator[Member]:
    for one in info.line():
        for name in one.static_methods:
            yield Member(name, is_method=True, detail=one.name)
        for name in one.static_fields:
            yield Member(name, is_method=False, detail=one.name)
    for name in info.variants:
        yield Member(name, is_method=False, detail=info.name)
    if not info.is_enum and not info.is_module:
        yield Member("new", is_method=True, detail=info.name)

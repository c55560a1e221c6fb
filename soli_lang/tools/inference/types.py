"""Types: what kinds of values an expression may have.

A type is a tuple of atoms, one for each kind of value, or `ANY`: nothing is known. No value at all
(what never returns) is the empty tuple.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeAlias

from ...tree import nodes

_NONE: Final = object()
MOST_ATOMS: Final = 8
"""Kinds that one type tells apart; more are `ANY`."""
MOST_DEPTH: Final = 3
"""How deep arrays in arrays are known."""


@dataclass(eq=False, slots=True)
class Shape:
    """The keys of a hash that are known, with the types of their values."""

    fields: dict[str, Type] = field(default_factory=dict)
    keys: dict[str, nodes.Node] = field(default_factory=dict)
    """Where each key is written."""
    is_exact: bool = True
    """Whether there are no other keys, and no values but these."""
    contract: str = ""
    """What has these keys by contract (`an event`): others are mistakes."""
    is_open: bool = False
    """Whether others may be added all the same: only what is near to one of these is a mistake."""
    advice: Mapping[str, str] = field(default_factory=dict)
    """Key that it does not have -> where it is."""


@dataclass(frozen=True, slots=True)
class Atom:
    """One kind of value. `kind` is what `type(value)` gives, or one of the words below."""

    kind: str
    literal: Any = _NONE
    """The only value, of a String, Int or Bool that is written as it stands."""
    item: Type = None
    """Of an array."""
    length: int = -1
    """Of an array; -1: any."""
    shape: Shape | None = None
    """Of a hash; None: any keys."""
    was: frozenset[str] = frozenset()
    """Of a hash that others may have changed: the keys that it was written with."""
    of: Any = None
    """Of an instance, a class or an enum its `ClassInfo`; of a function its node or builtin."""
    is_self: bool = False
    """Of an instance: whether it is `this`, so that its class may be one below."""
    is_doubtful: bool = False
    """Of null: whether it comes from where one forgets it, such as `find`."""

    @property
    def has_literal(self) -> bool:
        return self.literal is not _NONE


Type: TypeAlias = tuple[Atom, ...] | None
ANY: Final[Type] = None

INSTANCE, CLASS, ENUM_VALUE, FUNCTION = "instance", "class", "enum value", "function"

NULL: Final[Type] = (Atom("null"),)
DOUBT: Final[Type] = (Atom("null", is_doubtful=True),)
STRING: Final[Type] = (Atom("string"),)
INT: Final[Type] = (Atom("int"),)
BOOL: Final[Type] = (Atom("bool"),)
HASH: Final[Type] = (Atom("hash"),)
ARRAY: Final[Type] = (Atom("array"),)


def literal(kind: str, value: Any) -> Type:
    """The type of one value."""
    return (Atom(kind, value),)


def array_of(item: Type, length: int = -1) -> Type:
    """Arrays of *item*."""
    if item is not None and any(_depth(one) >= MOST_DEPTH for one in item):
        item = ANY
    return (Atom("array", item=item, length=length),)


def _depth(atom: Atom) -> int:
    depth = 0
    while atom.kind == "array":
        depth += 1
        inner = [one for one in atom.item or () if one.kind == "array"]
        if not inner:
            break
        atom = inner[0]
    return depth


def join(types: Iterable[Type]) -> Type:
    """What is of one of *types*."""
    found: dict[Atom, None] = {}
    for one in types:
        if one is None:
            return ANY
        found.update(dict.fromkeys(one))
    if len(found) < 2:
        return tuple(found)
    found = _one_hash(found)
    plain = {atom.kind for atom in found if atom in _PLAIN}
    atoms = tuple(one for one in found if one in _PLAIN or one.kind not in plain)
    return atoms if len(atoms) <= MOST_ATOMS else ANY


def _one_hash(found: dict[Atom, None]) -> dict[Atom, None]:
    """*found*, with one kind of hash for all of which no more than their keys are known."""
    written = [one.was for one in found if one.was]
    if len(written) < 2:
        return found
    merged = Atom("hash", was=frozenset().union(*written))
    return dict.fromkeys(merged if one.was else one for one in found)


_PLAIN: Final = frozenset(
    Atom(kind) for kind in ("int", "string", "bool", "float", "array", "hash")
)
"""Atoms that others of their kind are part of."""


def within(one: Type, other: Type) -> bool:
    """Whether each value of *one* is of *other*."""
    if other is None:
        return True
    if one is None:
        return False
    kinds = {atom.kind for atom in other if atom in _PLAIN}
    return all(atom in other or atom.kind in kinds for atom in one)


def without_literals(of: Type) -> Type:
    """*of*, where an Int is any Int."""
    if of is None:
        return ANY
    return join([(replace(one, literal=_NONE) if one.has_literal else one,) for one in of])


def loosened(of: Type) -> Type:
    """*of*, when others may change what is in its arrays and hashes."""
    if of is None:
        return ANY
    return tuple(_loose(one) for one in of)


def _loose(atom: Atom) -> Atom:
    if atom.kind == "array" and (atom.item is not ANY or atom.length >= 0):
        return Atom("array")
    if atom.kind == "hash" and atom.shape is not None and not atom.shape.contract:
        return Atom("hash", was=frozenset(atom.shape.fields) if atom.shape.is_exact else _NO_KEYS)
    return atom


_NO_KEYS: Final = frozenset[str]()


def holds_parts(of: Type) -> bool:
    """Whether anything is known of what is in it."""
    return of is not None and any(_loose(one) is not one for one in of)


def removed(of: Type, kind: str) -> Type:
    """*of* without values of *kind*."""
    return of if of is None else tuple(one for one in of if one.kind != kind)


def kinds(of: Type) -> frozenset[str]:
    """The kinds of *of*; empty for `ANY`."""
    return frozenset(one.kind for one in of or ())


_SHOWN: Final = {
    "int": "Int", "float": "Float", "decimal": "Decimal", "string": "String", "bool": "Bool",
    "symbol": "Symbol", "array": "Array", "hash": "Hash", "bytes": "Bytes", FUNCTION: "Function",
}  # fmt: skip


def shown(of: Type) -> str:
    """*of* in words for a message: `Int or null`."""
    if of is None:
        return "any value"
    return " or ".join(dict.fromkeys(_shown(one) for one in of)) or "nothing"


def _shown(atom: Atom) -> str:
    if atom.kind in (INSTANCE, ENUM_VALUE):
        return str(atom.of.name)
    if atom.kind == CLASS:
        return "Class"
    return _SHOWN.get(atom.kind, atom.kind)


def type_word(atom: Atom) -> str:
    """What `type(value)` gives."""
    if atom.kind in (INSTANCE, ENUM_VALUE):
        return str(atom.of.name)
    return {CLASS: "Class", FUNCTION: "Function"}.get(atom.kind, atom.kind)


def owner_word(atom: Atom) -> str:
    """How an error of a member calls it: `Cannot access property 'x' on …`."""
    if atom.kind == CLASS:
        return str(atom.of.name)
    word = type_word(atom)
    return {"array": "Array", "string": "String", "hash": "Hash"}.get(word, word)

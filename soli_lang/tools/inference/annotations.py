"""Annotations as types, and those that name nothing (docs/spec §7.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ...tree import nodes
from .classes import ClassInfo
from .types import ANY, ARRAY, DOUBT, ENUM_VALUE, FUNCTION, INSTANCE, NULL, Atom, Type, join

_NAMED: Final[Mapping[str, Type]] = {
    "any": ANY,
    "int": (Atom("int"),),
    "float": (Atom("float"),),
    "decimal": (Atom("decimal"),),
    "string": (Atom("string"),),
    "bool": (Atom("bool"),),
    "array": ARRAY,
    "hash": (Atom("hash"),),
    "function": ANY,
    "null": NULL,
    "void": NULL,
    "fn": ANY,
    "symbol": (Atom("symbol"),),
    "bytes": (Atom("bytes"),),
}
UNCHECKED: Final = frozenset(
    {"object", "number", "numeric", "event", "request", "self", "class", "method", "nil"}
)
"""Names that say something to a reader, and nothing that could be checked."""


def annotated(ref: nodes.TypeRef | None, classes: Mapping[str, ClassInfo]) -> Type:
    """The values that *ref* lets in; `ANY` for what nobody knows."""
    if ref is None:
        return ANY
    if ref.is_array:
        found: Type = ARRAY
    else:
        found = _named(ref.name, classes)
    return join([found, DOUBT]) if ref.is_nullable and found is not ANY else found


def _named(name: str, classes: Mapping[str, ClassInfo]) -> Type:
    info = classes.get(name)
    if info is not None:
        if info.is_module:
            return ANY
        return (Atom(ENUM_VALUE if info.is_enum else INSTANCE, of=info),)
    return _NAMED.get(name.lower(), ANY)


def is_known(name: str) -> bool:
    """Whether *name* is a type of the language."""
    return name.lower() in _NAMED or name.lower() in UNCHECKED


NAMES: Final = ("Int", "Float", "Decimal", "String", "Bool", "Array", "Hash", "Function", "Any")
"""Types that one writes, for suggestions."""


FOREIGN: Final[Mapping[str, str]] = {
    "integer": "Int", "long": "Int", "double": "Float", "real": "Float", "str": "String",
    "text": "String", "boolean": "Bool", "list": "Array", "dict": "Hash", "map": "Hash",
    "none": "Null", "undefined": "Null", "lambda": "Function", "proc": "Function",
}  # fmt: skip
"""Types of other languages, in lower case -> what they are called here."""


def fits(given: Atom, wanted: Type, *, strictly: bool) -> bool:
    """Whether a value of *given* may be one of *wanted*; *strictly* as results are checked when a
    program runs: an Int is no Float."""
    if wanted is None:
        return True
    return any(_fits(given, one, strictly=strictly) for one in wanted)


def _fits(given: Atom, wanted: Atom, *, strictly: bool) -> bool:
    if given.kind == wanted.kind:
        if given.kind != INSTANCE or given.of is wanted.of:
            return True
        # An instance of a class below is refused by a result's check; nobody means that.
        return wanted.of in given.of.line() or given.of.is_open
    if wanted.kind == "float" and given.kind == "int":
        return not strictly
    return wanted.kind == FUNCTION and given.kind == FUNCTION

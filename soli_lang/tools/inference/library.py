"""Types of what builtins give: from the annotations of their Python code, and a few by hand."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from ...native.native import Declaration
from .types import (
    ANY,
    DOUBT,
    HASH,
    INT,
    NULL,
    Atom,
    Type,
    array_of,
    join,
    loosened,
    removed,
)

_WORDS: Final[Mapping[str, Type]] = {
    "str": (Atom("string"),),
    "bool": (Atom("bool"),),
    "int": INT,
    # An `int` is a `float` to Python's checkers.
    "float": (Atom("float"), Atom("int")),
    "Decimal": (Atom("decimal"),),
    "Symbol": (Atom("symbol"),),
    "bytes": (Atom("bytes"),),
    "None": NULL,
    "Hash": HASH,
    "Table": HASH,
    "Fields": HASH,
    "DateTime": (Atom("DateTime"),),
    "Duration": (Atom("Duration"),),
}
_COLLECTION: Final = re.compile(r"(list|dict)\[(.+)\]")
_cache: dict[str, Type] = {}


def given_by(declaration: Declaration | None) -> Type:
    """What a builtin gives, by its annotation."""
    if declaration is None:
        return ANY
    written = str(declaration.code.__annotations__.get("return", "Value"))
    if written not in _cache:
        _cache[written] = _read(written)
    return _cache[written]


def _read(written: str) -> Type:
    return join([_word(part.strip()) for part in re.split(r"\|(?![^\[]*\])", written)])


def _word(part: str) -> Type:
    found = _COLLECTION.fullmatch(part)
    if found is None:
        return _WORDS.get(part, ANY)
    return HASH if found[1] == "dict" else array_of(_read(found[2]))


# --- arrays --------------------------------------------------------------------------------------

_SAME_ITEMS: Final = frozenset(
    {
        *("filter", "select", "reject", "sort", "sort_by", "reverse", "uniq", "take", "drop"),
        *("slice", "shift", "rotate", "shuffle", "order", "uniq_by", "each", "filter_by"),
    }
)
_ONE_ITEM: Final = frozenset({"first", "last", "pop", "sample", "get"})
_FOUND: Final = frozenset({"find", "find_by"})


def given_by_array(name: str, receiver: Atom, arguments: list[Type], block: Type) -> Type | Atom:
    """What a method of Array gives for the items of *receiver*; *receiver* itself: no more than its
    annotation says."""
    item = receiver.item
    if name in _SAME_ITEMS:
        return array_of(item)
    if name == "compact":
        return array_of(removed(item, "null"))
    if name in ("map", "collect"):
        return array_of(block)
    if name in _ONE_ITEM and not arguments:
        return join([loosened(item), NULL])
    if name in _FOUND:
        return join([loosened(item), DOUBT])
    return receiver


_WITH_ITEM: Final = frozenset(
    {
        *("each", "map", "collect", "filter", "select", "reject", "find", "any?", "all?", "none?"),
        *("one?", "sort_by", "detect"),
    }
)


def block_parameters(name: str, receiver: Atom) -> tuple[Type, ...]:
    """The types of what a method gives to its block, as far as they are known."""
    if receiver.kind == "array":
        if name in _WITH_ITEM:
            return (loosened(receiver.item),)
        if name == "each_with_index":
            return (loosened(receiver.item), INT)
    if receiver.kind == "int" and name in ("times", "upto", "downto"):
        return (INT,)
    return ()


RUNS_AT_ONCE: Final = frozenset(
    {
        *_WITH_ITEM,
        *("each_with_index", "reduce", "fold", "times", "upto", "downto", "transform_values"),
        *("transform_keys", "each_key", "each_value", "keep_if", "delete_if", "sum", "group_by"),
    }
)
"""Methods that have called their block when they return, and do not keep it."""

"""What the passes know of a kind of node: its row, which stands beside its class as keywords.

    class While(Stmt, has_value=False, loops=("condition", "body"), tests=("condition",)): ...

No pass has a list of kinds of its own: it asks the row. So a kind that is added is known to all of
them, and what its fields make a question of has to be answered: otherwise it cannot be defined.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..base.records import Record, field

ONE, MANY, MIXED = range(3)
"""What a field holds: a node or None; a tuple of nodes or None; pairs, or texts among nodes."""

FUNCTION, LOOP, ERROR = "function", "loop", "error"
"""What a statement leaves: the function, a turn of the loop around, whatever does not catch."""

Fields = tuple[str, ...]


class Row(Record, kw_only=True):
    """The answers of one kind of node."""

    is_abstract: bool = False
    """Whether it is only the base of other kinds."""
    has_value: bool | None = None
    """Whether it yields a value where it is the last of a body. Every `Stmt` has to say."""
    leaves: str = ""
    """FUNCTION, LOOP or ERROR, where nothing after it runs."""
    loops: Fields = ()
    """Fields that are run again in each turn. One that holds a `Body` is among these or *once*."""
    once: Fields = ()
    sequence: Fields = ()
    """Fields with nodes, in the order in which they are run, where that is not their own."""
    is_block: bool = False
    """Whether its statements have a block, in which they declare."""
    is_scope: bool = False
    """Whether it has variables of its own and is run at another time, as functions and classes."""
    declares: str = ""
    """The field with the name that it declares in the block whose statement it is."""
    binds: Fields = ()
    """Fields with names of variables that only what is *inside* sees."""
    inside: Fields = ()
    assigns: str = ""
    """The field with what it assigns to: a `Name`, or an object's member or element."""
    reads_target: bool = False
    """Whether it reads what it assigns to first."""
    matches: str = ""
    """The field with a name that gets a value, in the block around, if a pattern matches."""
    reads: Fields = ()
    """Fields with names of variables that it reads."""
    reads_this: bool = False
    texts: Fields = ()
    """Fields with texts that are no names of variables."""
    tests: Fields = ()
    """Fields of whose value only the truth is asked."""
    call_free: bool = False
    """Whether a function made of such kinds alone takes no place in the depth of calls."""
    outlined: bool = False
    """Whether what is in it may become a Python function inside that of the function."""
    chains: str = ""
    """The attribute with the link before, in chains of any length: `a + b + c`, `x.a.b`."""
    value_class: type | None = None
    """The Python class of all its values."""
    value_of: Fields = ()
    """Fields one of which its value is that of."""
    inner: Mapping[str, int] = field(default_factory=dict)
    """The fields with nodes in them, in their order of running, and their shapes."""
    is_plain: bool = True
    """Whether all that there is to it for variables is its parts, one after the other."""

    def __post_init__(self) -> None:
        self.is_plain = not (
            self.loops or self.is_block or self.is_scope or self.declares or self.binds
            or self.assigns or self.matches or self.reads
        )  # fmt: skip


def row_of(
    name: str, annotations: Mapping[str, str], base: Row | None, kinds: Any, answers: dict[str, Any]
) -> Row:
    """The row of the class *name* with such fields. Raises TypeError where an answer is missing."""
    row = Row(**{"has_value": base.has_value if base else None, **answers})
    held = {one: _held(name, one, text, kinds) for one, text in annotations.items()}
    inner = {**base.inner} if base else {}
    inner |= {one: _shape(annotations[one]) for one, holds in held.items() if holds}
    row.inner = {one: inner[one] for one in row.sequence} if row.sequence else inner
    if row.inner.keys() != inner.keys():
        raise TypeError(f"{name}: sequence must name {', '.join(inner)}")
    if row.has_value is None and not row.is_abstract:
        raise TypeError(f"{name}: has_value must say whether the statement yields a value")
    _check_fields(name, annotations, held, row)
    return row


_PLAIN = frozenset({"Any", "None", "Source", "Span", "bool", "int", "str", "tuple"})
"""What fields hold beside nodes."""
_SIGNS = str.maketrans("[],.|", "     ")
_GROUPS = {"Statement": "Stmt"}
"""Names of unions of nodes, and one of their kinds."""


def _held(name: str, field: str, annotation: str, kinds: Mapping[str, Any]) -> frozenset[str]:
    """The kinds of nodes that a field holds."""
    names = annotation.replace("nodes.", "").translate(_SIGNS).split()
    words = {_GROUPS.get(one, one) for one in names} - _PLAIN
    unknown = sorted(words - kinds.keys())
    if unknown:
        raise TypeError(f"{name}.{field}: {unknown[0]} is no kind of node, nor in rows._PLAIN")
    return frozenset(words)


def _shape(annotation: str) -> int:
    if not annotation.startswith("tuple["):
        return ONE
    return MIXED if "tuple[tuple[" in annotation or "str |" in annotation else MANY


def _check_fields(
    name: str, annotations: Mapping[str, str], held: Mapping[str, Any], row: Row
) -> None:
    """Each field whose type makes a question of it is answered for."""
    names = {row.declares, row.matches, *row.binds, *row.reads, *row.texts}
    for one, holds in held.items():
        if "Body" in holds and not row.is_scope and one not in (*row.loops, *row.once):
            raise TypeError(f"{name}.{one}: is it run once, or in each turn (loops)?")
        if "str" in annotations[one] and not holds and one not in names:
            choices = "declares, binds, matches or reads, or one of its texts"
            raise TypeError(f"{name}.{one}: is it a name that it {choices}?")
    mentioned = {*row.loops, *row.once, *row.inside, *row.tests, *row.value_of, *names, row.assigns}
    unknown = mentioned - {*annotations, *row.inner, row.declares, ""}
    if unknown:
        raise TypeError(f"{name}: there is no field '{min(unknown)}'")
    if row.binds and not row.inside:
        raise TypeError(f"{name}: inside must say which fields see what it binds")

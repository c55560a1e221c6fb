"""How node classes are made: frozen, slotted data, compared by identity."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, dataclass_transform

from ..base.source import Span

WITHOUT_NODES = frozenset(
    {
        "Any", "Source", "Span", "bool", "int", "str", "str | None", "tuple[str, ...]",
        "tuple[tuple[str, str], ...] | None",
    }
)  # fmt: skip
"""Annotations of fields that hold no nodes."""
ONE, MANY, MIXED = range(3)
"""What a field holds: a node or None; a tuple of nodes or None; pairs, or texts among nodes."""


def _shape(annotation: str) -> int:
    if not annotation.startswith("tuple["):
        return ONE
    return MIXED if "tuple[tuple[" in annotation or "str |" in annotation else MANY


@dataclass_transform(frozen_default=True, eq_default=False)
class NodeType(type):
    """Makes node classes: annotated names become slots and constructor arguments, in order.

    What `dataclass(frozen=True, slots=True)` does, without generating code for each of some
    eighty classes: that took 50 ms of every start, this takes 2.
    """

    field_names: tuple[str, ...]
    defaults: dict[str, Any]
    inner: tuple[tuple[str, int], ...]
    """The fields with nodes in them: their names and shapes."""
    setters: tuple[Callable[[Any, Any], None], ...]
    """One per field: they get past `__setattr__`."""

    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> NodeType:
        own = tuple(namespace.get("__annotations__", ()))
        defaults = {field: namespace.pop(field) for field in own if field in namespace}
        namespace["__slots__"] = own
        made = super().__new__(mcs, name, bases, namespace)
        base = bases[0] if bases else None
        made.field_names = (*getattr(base, "field_names", ()), *own)
        made.defaults = {**getattr(base, "defaults", {}), **defaults}
        annotations = namespace.get("__annotations__", {})
        shapes = [(f, _shape(annotations[f])) for f in own if annotations[f] not in WITHOUT_NODES]
        made.inner = (*getattr(base, "inner", ()), *shapes)
        slots = tuple(made.__dict__[field].__set__ for field in own)
        made.setters = (*getattr(base, "setters", ()), *slots)
        return made

    def complete(cls, values: tuple[Any, ...], named: dict[str, Any]) -> list[Any]:
        """All field values, from those given by position, by name, and not at all."""
        complete = list(values)
        for field in cls.field_names[len(values) :]:
            if field in named:
                complete.append(named.pop(field))
            elif field in cls.defaults:
                complete.append(cls.defaults[field])
            else:
                raise TypeError(f"{cls.__name__} needs '{field}'")
        if named or len(values) > len(cls.field_names):
            raise TypeError(f"{cls.__name__} takes {', '.join(cls.field_names)}")
        return complete


class Node(metaclass=NodeType):
    span: Span

    def __init__(self, *values: Any, **named: Any) -> None:
        kind = type(self)
        setters = kind.setters
        given: Sequence[Any] = values
        if named or len(values) != len(setters):
            given = kind.complete(values, named)
        for put, value in zip(setters, given, strict=True):
            put(self, value)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"{type(self).__name__} cannot be changed")

    def __repr__(self) -> str:
        shown = (
            f"{name}={getattr(self, name)!r}" for name in type(self).field_names if name != "span"
        )
        return f"{type(self).__name__}({', '.join(shown)})"


def children(node: Node) -> list[Any]:
    """All nodes directly inside *node*, in the order of its fields."""
    found: list[Any] = []
    for name, shape in type(node).inner:
        value = getattr(node, name)
        if value is None:
            continue
        if shape == ONE:
            found.append(value)
        elif shape == MANY:
            found += value
        else:
            for item in value:
                for one in item if item.__class__ is tuple else (item,):
                    if one.__class__ is not str:
                        found.append(one)
    return found


def walk(root: Node, without: frozenset[type] = frozenset()) -> Iterator[Any]:
    """*root* and every node in it, outer ones first; those *without* are not looked into."""
    pending: list[Any] = [root]
    while pending:
        node = pending.pop()
        yield node
        if node.__class__ not in without:
            inside = children(node)
            inside.reverse()
            pending += inside

"""How node classes are made: frozen, slotted data, compared by identity."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, dataclass_transform

from ..base.source import Span


@dataclass_transform(frozen_default=True, eq_default=False)
class NodeType(type):
    """Makes node classes: annotated names become slots and constructor arguments, in order.

    What `dataclass(frozen=True, slots=True)` does, without generating code for each of some
    eighty classes: that took 50 ms of every start, this takes 2.
    """

    field_names: tuple[str, ...]
    defaults: dict[str, Any]
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

"""How node classes are made: frozen, slotted data, compared by identity."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final, dataclass_transform

from ..base.source import Span
from .rows import MANY, ONE, Row, row_of


@dataclass_transform(frozen_default=True, eq_default=False)
class NodeType(type):
    """Makes node classes: annotated names become slots and constructor arguments, in order.

    What `dataclass(frozen=True, slots=True)` does, without generating code for each of some
    eighty classes: that took 50 ms of every start, this takes 2. Keywords are answers of its row.
    """

    kinds: ClassVar[dict[str, NodeType]] = {}
    """All of them, by name."""
    field_names: tuple[str, ...]
    defaults: dict[str, Any]
    row: Row
    inner: tuple[tuple[str, int], ...]
    """The fields with nodes in them, in the order in which they are written, and their shapes."""
    setters: tuple[Callable[[Any, Any], None], ...]
    """One per field: they get past `__setattr__`."""

    def __new__(
        mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **answers: Any
    ) -> NodeType:
        annotations = namespace.get("__annotations__", {})
        own = tuple(annotations)
        defaults = {field: namespace.pop(field) for field in own if field in namespace}
        kept = namespace.get("__slots__", ())
        namespace["__slots__"] = (*own, *kept) if bases else (*own, "_children")
        made = super().__new__(mcs, name, bases, namespace)
        base = bases[0] if bases else None
        made.field_names = (*getattr(base, "field_names", ()), *own)
        made.defaults = {**getattr(base, "defaults", {}), **defaults}
        made.row = row_of(name, annotations, getattr(base, "row", None), mcs.kinds, answers)
        shapes = made.row.inner
        made.inner = tuple((field, shapes[field]) for field in made.field_names if field in shapes)
        slots = tuple(made.__dict__[field].__set__ for field in own)
        made.setters = (*getattr(base, "setters", ()), *slots)
        mcs.kinds[name] = made
        return made

    def __init__(cls, *_: Any, **answers: Any) -> None:
        """Keywords are for `__new__`."""

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


class Node(metaclass=NodeType, has_value=False):
    span: Span
    if TYPE_CHECKING:
        row: ClassVar[Row]

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


_keep: Final = Node.__dict__["_children"].__set__


def children(node: Any) -> list[Any]:
    """All nodes directly inside *node*, in the order of its fields.

    Each pass asks for them again, so they are kept.
    """
    try:
        return [*node._children]
    except AttributeError:
        found = _children(node)
        _keep(node, tuple(found))
        return found


def _children(node: Node) -> list[Any]:
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
            found += _mixed(value)
    return found


def parts(node: Node) -> Iterator[tuple[str, Any]]:
    """(field, node) for all nodes directly inside *node*, in the order in which they are run."""
    for name, shape in type(node).row.inner.items():
        value = getattr(node, name)
        if value is None:
            continue
        for one in (value,) if shape == ONE else value if shape == MANY else _mixed(value):
            yield name, one


def _mixed(items: tuple[Any, ...]) -> Iterator[Any]:
    """The nodes among *items*: pairs, or texts and nodes."""
    for item in items:
        for one in item if item.__class__ is tuple else (item,):
            if one.__class__ is not str:
                yield one


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

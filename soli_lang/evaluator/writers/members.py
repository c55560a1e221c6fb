"""What stands behind a dot without parentheses: fields, entries of a hash, methods."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...meaning.members import UNIVERSAL
from ...tree import nodes
from ...values.values import Function
from .. import python as py
from ..emitters import Emitters, emits
from ..places import METHOD
from ..writer import Writer
from .names import callee, raw, resolved

EMITTERS: Emitters = {}


@emits(EMITTERS, nodes.Member)
def _member(writer: Writer, node: nodes.Member) -> Any:
    """`x.name`, `x&.name`"""
    name, key = node.name, py.constant(node.name)
    if node.object.__class__ is nodes.This and writer.is_method and name not in UNIVERSAL:
        at = writer.places.add(METHOD, node.span, "this", name)
        general = py.call("member", py.name("this"), key, at=at)
        own = writer.own_fields()
        return py.choice(py.compare(key, "in", own), py.item(own, key), general)
    if Function in writer.machine.methods_named(name):  # a name that holds one calls it first
        value, unread = writer.value(node.object), None
    else:
        value, unread = raw(writer, node.object)
    receiver, first = writer.named(value)
    at = writer.places.add(METHOD, node.span, receiver().id, name)
    found = py.call("member", resolved(writer, receiver(), unread), key, at=at)
    choices = _choices(writer, node, receiver, at)
    if not choices:
        writer.out.append(py.run(first)) if first.__class__ is not py.Name else None
        return found
    result = found
    for index in range(len(choices) - 1, -1, -1):
        condition, given = choices[index]
        result = py.choice(condition(first if index == 0 else receiver()), given, result)
    return result


Choice = tuple[Callable[[Any], Any], Any]
"""(receiver) -> condition, and what the member is then."""


def _choices(
    writer: Writer, node: nodes.Member, receiver: Callable[[], Any], at: int
) -> list[Choice]:
    """What the member is for receivers that programs have most; the first that holds."""
    name, key = node.name, py.constant(node.name)
    choices: list[Choice] = []
    if node.is_safe:
        choices.append((lambda one: py.compare(one, "is", py.none()), py.none()))
    table = writer.machine.methods_named(name)
    known = writer.kind_of(node.object)
    for form, kinds in table.forms(0).items():
        if known is None or known in kinds:
            choices.append(written_out(writer, form, kinds, known, receiver))
    if any(getattr(method, "bare", False) for method in table.values()):
        choices.append(_native(writer, table.bare(), receiver, at))
    is_open = known is None
    if name not in UNIVERSAL and is_open:
        choices.append(_field(writer, key, receiver))
    if dict not in table and is_open:
        choices.append(_entry(writer.bind(table), key, receiver))
    return choices


def only_native(writer: Writer, calls: Any) -> Choice | None:
    """What to call where *calls*, of a table of methods, has a single class of receivers."""
    if len(calls) != 1:
        return None
    [(kind, invoke)] = calls.items()
    # Without it the table is empty: a program replaced the method.
    is_as_it_was = writer.fixed(calls)
    return (
        lambda one: py.both(py.compare(py.kind(one), "is", writer.fixed(kind)), is_as_it_was),
        writer.fixed(invoke),
    )


def _native(writer: Writer, calls: Any, receiver: Callable[[], Any], at: int) -> Choice:
    """A builtin method that takes nothing."""
    only = only_native(writer, calls)
    if only is not None:
        return only[0], py.call(only[1], receiver(), at=at)
    invoke = writer.fresh()
    return (
        lambda one: py.compare(
            py.bound(invoke, py.method(writer.fixed(calls), "get", py.kind(one))),
            "is not", py.none(),
        ),
        py.call(py.name(invoke), receiver(), at=at),
    )  # fmt: skip


def _field(writer: Writer, key: Any, receiver: Callable[[], Any]) -> Choice:
    """A field of an object."""
    fields = writer.fresh()
    return (
        lambda one: py.both(
            py.is_kind(one, "Instance"),
            py.compare(key, "in", py.bound(fields, py.attribute(receiver(), "fields"))),
        ),
        py.item(py.name(fields), key),
    )


def _entry(methods: str, key: Any, receiver: Callable[[], Any]) -> Choice:
    """An entry of a hash, while hashes have no method of that name."""
    return (
        lambda one: py.both(
            py.is_kind(one, "dict"), py.compare(py.name("dict"), "not in", py.name(methods))
        ),
        py.method(receiver(), "get", key),
    )


def written_out(
    writer: Writer, form: Any, kinds: Any, known: type | None, *operands: Any
) -> Choice:
    """A choice (see `_member`): the form of a native method, for receivers of *kinds*.

    *operands* make the names of receiver and arguments. A program can replace methods of builtin
    types: *kinds* says for which receivers the form still holds. *known* is the class of all
    receivers, where somebody knows it.
    """
    when, quick = form
    is_only = kinds == {known}

    def condition(receiver: Any) -> Any:
        test = py.compare(py.kind(receiver), "in", writer.fixed(kinds))
        if is_only and isinstance(receiver, py.Name):
            test = writer.fixed(kinds)  # empty when a program replaced it
        return test if when is None else py.both(test, when(py, *[one() for one in operands]))

    return condition, quick(py, *[one() for one in operands])


@emits(EMITTERS, nodes.ScopedName)
def _scoped_name(writer: Writer, node: nodes.ScopedName) -> Any:
    """`A::B`: a nested class, module or static field."""
    target = class_reference(writer, node.object)
    return py.call("scoped", target, py.constant(node.name), at=writer.at(node))


def class_reference(writer: Writer, node: Any) -> Any:
    if isinstance(node, nodes.Name):
        return callee(writer, node.name, node.span)
    return writer.value(node)

"""What stands behind a dot without parentheses: fields, entries of a hash, methods that are called."""

from __future__ import annotations

from typing import Any

from ..evaluator.expressions.members import UNIVERSAL, no_member
from ..tree import nodes
from . import python as py
from .names import callee, raw, resolved
from .places import METHOD
from .writer import VALUES, Writer, writes


@writes(VALUES, nodes.Member)
def _member(writer: Writer, node: nodes.Member) -> Any:
    """`x.name`, `x&.name`"""
    name, key = node.name, py.constant(node.name)
    if node.object.__class__ is nodes.This and writer.is_method and name not in UNIVERSAL:
        at = writer.places.add(METHOD, node.span, "this", name)
        general = py.call("member", py.name("this"), key, at=at)
        own = writer.own_fields()
        return py.choice(py.compare(key, "in", own), py.item(own, key), general)
    value, unread = raw(writer, node.object)
    receiver, first = writer.named(value)
    at = writer.places.add(METHOD, node.span, receiver().id, name)
    found = py.call("member", resolved(writer, receiver(), unread), key, at=at)
    choices: list[tuple[Any, Any]] = []
    if node.is_safe:
        choices.append((lambda one: py.compare(one, "is", py.none()), py.none()))
    if name not in UNIVERSAL:
        fields = writer.fresh()
        choices.append(
            (
                lambda one: py.both(
                    py.is_kind(one, "Instance"),
                    py.compare(key, "in", py.bound(fields, py.attribute(receiver(), "fields"))),
                ),
                py.item(py.name(fields), key),
            )
        )
    table = writer.machine.methods_named(name)
    natives = {kind: one for kind, one in table.items() if getattr(one, "bare", False)}
    if natives:
        methods = writer.bind(table.bare())
        invoke = writer.fresh()
        native = (
            lambda one: py.compare(
                py.bound(invoke, py.method(py.name(methods), "get", py.kind(one))),
                "is not", py.none(),
            ),
            py.call(py.name(invoke), receiver(), at=at),
        )  # fmt: skip
        choices.insert(int(node.is_safe), native)
    if dict not in table:
        entries = writer.bind(table)
        choices.append(
            (
                lambda one: py.both(
                    py.is_kind(one, "dict"),
                    py.compare(py.name("dict"), "not in", py.name(entries)),
                ),
                py.method(receiver(), "get", key),
            )
        )
    if not choices:
        writer.out.append(py.run(first)) if first.__class__ is not py.Name else None
        return found
    result = found
    for index in range(len(choices) - 1, -1, -1):
        condition, given = choices[index]
        result = py.choice(condition(first if index == 0 else receiver()), given, result)
    return result


@writes(VALUES, nodes.ScopedName)
def _scoped_name(writer: Writer, node: nodes.ScopedName) -> Any:
    """`A::B`: a nested class, module or static field."""
    target = class_reference(writer, node.object)
    return py.call("scoped", target, py.constant(node.name), at=writer.at(node))


def class_reference(writer: Writer, node: Any) -> Any:
    if isinstance(node, nodes.Name):
        return callee(writer, node.name, node.span)
    return writer.value(node)


__all__ = ["class_reference", "no_member"]

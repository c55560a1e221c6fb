"""`match` (docs/spec §4.10).

A pattern is one condition, which binds its names on the way: what was bound stays bound when a
later part does not match.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...tree import nodes
from .. import python as py
from ..emitters import EXPR, RET, STMT, Emitters, emits
from ..writer import Writer
from .names import callee, fail

EMITTERS: Emitters = {}

Subject = Callable[[], Any]
"""An expression of the value that is matched; asked for once, it is computed there."""
Conditions = list[Any]


@emits(EMITTERS, nodes.Match, at=(EXPR, STMT, RET))
def _match(writer: Writer, node: nodes.Match, position: str) -> Any:
    if position == RET and writer.turn is None:
        return _match_tail(writer, node)

    def take(found: str, body: nodes.Expr) -> None:
        if position == STMT:  # an arm that is `next` leaves the turn
            writer.out.append(py.assign(found, py.none()))
            writer.effect(body)
        else:
            writer.out.append(py.assign(found, writer.value(body)))

    value = _matched(writer, node, take)
    if position == RET:  # what ends a turn does not leave the loop: no arm may follow
        writer.give(value)
    return value


def _matched(writer: Writer, node: nodes.Match, take: Callable[[str, nodes.Expr], None]) -> Any:
    """The arms in turn, until *take* has assigned its variable."""
    subject = _subject(writer, node)
    found = writer.fresh()
    writer.out.append(py.assign(found, py.name("UNSET")))
    for arm in node.arms:
        is_open = py.compare(py.name(found), "is", py.name("UNSET"))

        def give(arm: nodes.Arm = arm) -> None:
            take(found, arm.body)

        _arm(writer, arm, [is_open, *_conditions(writer, arm.pattern, subject)], give)
    unmatched = py.compare(py.name(found), "is", py.name("UNSET"))
    writer.out.append(py.when(unmatched, [py.run(_no_match(writer, node))]))
    return py.name(found)


def _match_tail(writer: Writer, node: nodes.Match) -> None:
    """Each arm returns, so that none follows one that fits."""
    subject = _subject(writer, node)
    for arm in node.arms:

        def give(arm: nodes.Arm = arm) -> None:
            writer.tail(arm.body)

        _arm(writer, arm, _conditions(writer, arm.pattern, subject), give)
    writer.out.append(py.run(_no_match(writer, node)))


def _subject(writer: Writer, node: nodes.Match) -> Subject:
    value = writer.kept(writer.value(node.subject))
    if isinstance(value, py.Constant):
        value = writer.fixed(value.value)  # Python warns of what is done to literals
    identifier = value.id
    return lambda: py.name(identifier)


def _no_match(writer: Writer, node: nodes.Match) -> Any:
    return fail(writer, node, None, "no pattern matched the value")


def _arm(writer: Writer, arm: nodes.Arm, conditions: Conditions, give: Callable[[], None]) -> None:
    def guarded() -> None:
        if arm.guard is None:
            give()
            return
        guard = writer.truth(arm.guard)
        writer.out.append(py.when(guard, writer.lines(give)))

    lines = writer.lines(guarded)
    if conditions:
        writer.out.append(py.when(py.both(*conditions), lines))
    else:
        writer.out += lines


# --- patterns ---


def _conditions(writer: Writer, pattern: Any, subject: Subject) -> Conditions:
    """What must be true in turn for *pattern* to match."""
    writer.unit.pay()
    return _PATTERNS[pattern.__class__](writer, pattern, subject)


def _wildcard(writer: Writer, pattern: nodes.WildcardPattern, subject: Subject) -> Conditions:
    return []


def _literal(writer: Writer, pattern: nodes.LiteralPattern, subject: Subject) -> Conditions:
    wanted = pattern.value
    if wanted is None or wanted.__class__ is bool:
        return [py.compare(subject(), "is", py.constant(wanted))]
    if wanted.__class__ not in _PLAIN:
        return [py.call("same", subject(), writer.fixed(wanted))]
    found, first = _twice(writer, subject)
    kind = wanted.__class__.__name__
    return [py.is_kind(first, kind), py.compare(found(), "==", py.constant(wanted))]


_PLAIN = frozenset({int, float, str})


def _name(writer: Writer, pattern: nodes.NamePattern, subject: Subject) -> Conditions:
    return [_bind(writer, pattern.name, subject())]


def _bind(writer: Writer, name: str, value: Any) -> Any:
    """A condition that is true and gives the variable *name* the value."""
    variable = writer.block.declare(name)
    if variable.home is None:
        return py.call("put_in", py.name("slots"), py.constant(variable.index), value)
    identifier = writer.identifier(variable)
    if variable.cell:
        return py.call("put_in", py.name(identifier), py.constant(0), value)
    writer.assigned.add(identifier)
    return py.compare(py.bound(identifier, value), "is not", py.name("UNSET"))


def _type(writer: Writer, pattern: nodes.TypePattern, subject: Subject) -> Conditions:
    found, first = _twice(writer, subject)
    kind = _KINDS.get(pattern.type_name)
    if kind is not None:
        test = py.is_kind(first, kind)
    else:
        test = py.call("has_type", first, py.constant(pattern.type_name))
    return [test, _bind(writer, pattern.name, found())]


_KINDS = {"Int": "int", "Float": "float", "String": "str", "Bool": "bool"}
"""Type of a pattern -> the Python class of all its values."""


def _enum(writer: Writer, pattern: nodes.EnumPattern, subject: Subject) -> Conditions:
    enum = callee(writer, pattern.enum, pattern.span)
    variant = py.constant(pattern.variant)
    if pattern.fields is None:
        return [py.call("is_variant", enum, subject(), variant)]
    payload = writer.fresh()
    count = py.constant(len(pattern.fields))
    found = py.bound(payload, py.call("payload", enum, subject(), variant, count))
    conditions = [py.compare(found, "is not", py.none())]
    for index, field in enumerate(pattern.fields):
        conditions += _conditions(writer, field, _part(payload, index))
    return conditions


def _array(writer: Writer, pattern: nodes.ArrayPattern, subject: Subject) -> Conditions:
    found, first = _twice(writer, subject)
    identifier = found().id
    operator = ">=" if pattern.rest else "=="
    count = py.constant(len(pattern.items))
    conditions = [
        py.is_kind(first, "list"),
        py.compare(py.call("len", found()), operator, count),
    ]
    for index, item in enumerate(pattern.items):
        conditions += _conditions(writer, item, _part(identifier, index))
    if pattern.rest:
        rest = py.item(found(), py.Slice(count, None, None))
        conditions.append(_bind(writer, pattern.rest, rest))
    return conditions


def _hash(writer: Writer, pattern: nodes.HashPattern, subject: Subject) -> Conditions:
    found, first = _twice(writer, subject)
    identifier = found().id
    conditions = [py.is_kind(first, "dict")]
    for key, one in pattern.pairs:
        conditions.append(py.compare(py.constant(key), "in", found()))
        conditions += _conditions(writer, one, _part(identifier, key))
    if pattern.rest:
        keys = writer.fixed(frozenset(key for key, _ in pattern.pairs))
        conditions.append(_bind(writer, pattern.rest, py.call("without", found(), keys)))
    return conditions


def _part(identifier: str, index: Any) -> Subject:
    return lambda: py.item(py.name(identifier), py.constant(index))


def _twice(writer: Writer, subject: Subject) -> tuple[Callable[[], Any], Any]:
    """(what makes an expression of the name of the value, the expression that comes first)."""
    value = subject()
    return writer.named(value)


_PATTERNS: dict[type, Callable[[Writer, Any, Subject], Conditions]] = {
    nodes.WildcardPattern: _wildcard,
    nodes.LiteralPattern: _literal,
    nodes.NamePattern: _name,
    nodes.TypePattern: _type,
    nodes.EnumPattern: _enum,
    nodes.ArrayPattern: _array,
    nodes.HashPattern: _hash,
}

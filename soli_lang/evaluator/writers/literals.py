"""Literals, interpolation and indexing."""

from __future__ import annotations

from typing import Any

from ...tree import nodes
from .. import python as py
from ..emitters import Emitters, emits
from ..writer import Writer
from .names import is_quiet, raw, resolved

EMITTERS: Emitters = {}

LARGE_LITERAL = 64
"""Items or entries from which on a literal is paid for each time."""
UNCLAIMED = 256
"""Characters of an interpolated string that need no claim on memory."""
UNCLAIMED_PART = 4096
"""Characters of a String in it that are not claimed before the whole is built."""
MAX_PARTS = 32
"""Parts of one f-string: Python's time to compile it grows with the square of their number."""

_CONSTANTS = frozenset({int, float, str, bool, type(None)})


@emits(EMITTERS, nodes.Literal)
def _literal(writer: Writer, node: nodes.Literal) -> Any:
    value = node.value
    return py.constant(value) if value.__class__ in _CONSTANTS else writer.fixed(value)


def _charge(writer: Writer, size: int) -> None:
    """Pay for a literal that makes more than a few values: a step of its own is for a few."""
    if size > LARGE_LITERAL:
        writer.out.append(py.run(py.call("check_length", py.constant(8 * size))))
        writer.out.append(py.run(py.call("spend", py.constant(size))))


@emits(EMITTERS, nodes.ArrayLiteral)
def _array(writer: Writer, node: nodes.ArrayLiteral) -> Any:
    if any(item.__class__ is nodes.Spread for item in node.items):
        return _array_with_spread(writer, node)
    _charge(writer, len(node.items))
    return py.List(writer.operands(*node.items), py.LOAD)


def _array_with_spread(writer: Writer, node: nodes.ArrayLiteral) -> Any:
    found = writer.fresh()
    writer.out.append(py.assign(found, py.List([], py.LOAD)))
    for item in node.items:
        if item.__class__ is nodes.Spread:
            spread = writer.value(item.value)
            call = py.call("spread", py.name(found), spread, at=writer.at(item))
        else:
            call = py.method(py.name(found), "append", writer.value(item))
        writer.out.append(py.run(call))
    return py.name(found)


@emits(EMITTERS, nodes.HashLiteral)
def _hash(writer: Writer, node: nodes.HashLiteral) -> Any:
    _charge(writer, len(node.pairs))
    operands: list[Any] = []
    for key, value in node.pairs:
        is_key = key.__class__ is nodes.Literal and key.value.__class__ in (str, int)
        operands.append(key if is_key else lambda key=key: _key(writer, key))
        operands.append(value)
    parts = writer.operands(*operands)
    return py.Dict(parts[::2], parts[1::2])


def _key(writer: Writer, node: Any) -> Any:
    value = writer.value(node)
    if writer.kind_of(node) in (str, int):
        return value
    found, first = writer.named(value)
    return py.choice(
        py.is_kind(first, "str"), found(), py.call("to_key", found(), at=writer.at(node))
    )


# --- text with values in it ---


@emits(EMITTERS, nodes.Interpolation)
def _interpolation(writer: Writer, node: nodes.Interpolation) -> Any:
    """`"a#{b}c"`"""
    found, first = writer.named(_text_of(writer, node.parts))
    fits = py.compare(py.length(first), "<=", py.constant(UNCLAIMED))
    return py.choice(fits, found(), py.call("claimed", found(), at=writer.at(node)))


def _text_of(writer: Writer, parts: Any) -> Any:
    values = [part for part in parts if not isinstance(part, str)]
    unread = [raw(writer, one) if one.__class__ is nodes.Name else (one, None) for one in values]
    given = writer.operands(*[one for one, _ in unread])
    shown = [
        _shown(writer, node, value, name)
        for node, value, (_, name) in zip(values, given, unread, strict=True)
    ]
    shown.reverse()
    is_long = len(parts) > MAX_PARTS
    pieces: list[Any] = []
    for part in parts:
        if isinstance(part, str):
            pieces.append(py.constant(part))
        elif is_long:
            pieces.append(py.call("str", shown.pop()))
        else:
            pieces.append(py.FormattedValue(shown.pop(), -1, None))
    if is_long:
        return py.method(py.constant(""), "join", py.Tuple(pieces, py.LOAD))
    return py.JoinedStr(pieces)


def _shown(writer: Writer, node: Any, value: Any, unread: Any) -> Any:
    """The display form of *node*; an Int, which Python shows as Soli does, as it is."""
    kind = writer.kind_of(node)
    if isinstance(value, py.Constant) or kind is int:
        return value if kind is int or kind is str else py.call("text", value)
    found, first = writer.named(value)
    if kind is str:
        return py.choice(_is_short(first), found(), py.call("part", found()))
    its = writer.fresh()
    condition = py.either(
        py.both(
            py.compare(py.bound(its, py.kind(first)), "is", py.name("str")), _is_short(found())
        ),
        py.compare(py.name(its), "is", py.name("int")),
    )
    general = py.call("part", resolved(writer, found(), unread))
    return py.choice(condition, found(), general)


def _is_short(text: Any) -> Any:
    return py.compare(py.length(text), "<=", py.constant(UNCLAIMED_PART))


# --- indexing ---


@emits(EMITTERS, nodes.Index, nodes.SafeIndex)
def _index(writer: Writer, node: Any) -> Any:
    """`xs[i]`, `h["key"]`"""
    helper = "safe_index" if node.__class__ is nodes.SafeIndex else "index"
    quiet = is_quiet(writer, node.index)
    unread: list[Any] = [None, None]
    target, index = node.object, node.index
    if quiet and target.__class__ is nodes.Name:
        target, unread[0] = raw(writer, target)
    if index.__class__ is nodes.Name:
        index, unread[1] = raw(writer, index)
    first, second = writer.operands(target, index)
    if not quiet and isinstance(first, py.Name) and not writer.is_fixed(first):
        first = py.bound(writer.fresh(), first)
    held, first = _held(
        writer, writer.fixed(first.value) if isinstance(first, py.Constant) else first
    )
    at, second = _held(writer, second)
    general = py.call(
        helper,
        resolved(writer, held(), unread[0]),
        resolved(writer, at(), unread[1]) if not isinstance(second, py.Constant) else at(),
        at=writer.at(node),
    )
    index_kind, kind = writer.kind_of(node.index), writer.kind_of(node.object)
    if isinstance(second, py.Constant) and index_kind is str:
        got = py.method(held(), "get", second)
        if kind is dict and isinstance(first, py.Name):
            return got
        return py.choice(py.is_kind(first, "dict"), got, general)
    entry = py.method(held(), "get", at())
    element = py.item(held(), at())
    within = py.chain(py.minus(py.length(held())), "<=", at(), "<", py.length(held()))
    is_list = py.both(py.is_kind(held(), "list"), py.is_kind(at(), "int"), within)
    if kind is dict and index_kind is str:
        return py.method(first, "get", second)
    # Both sides of the first `is` are computed, whatever they are.
    is_entry = py.chain(
        py.is_kind(first, "dict"), "is", py.is_kind(second, "str"), "is", py.constant(True)
    )
    if index_kind is int:
        is_list = py.both(py.chain(py.kind(held()), "is", py.name("list")), within)
        if isinstance(first, py.Name) and isinstance(second, (py.Name, py.Constant)):
            return py.choice(is_list, element, general)
    return py.choice(is_entry, entry, py.choice(is_list, element, general))


def _held(writer: Writer, value: Any) -> Any:
    if isinstance(value, py.Constant):
        constant = value.value
        return (lambda: py.constant(constant)), value
    if isinstance(value, py.NamedExpr):
        identifier = value.target.id
        return (lambda: py.name(identifier)), value
    return writer.named(value)

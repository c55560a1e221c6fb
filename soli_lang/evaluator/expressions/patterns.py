"""`match` (spec/language.md §4.10)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...base.errors import SoliTypeError
from ...tree import nodes
from ...values.kinds import type_name
from ...values.objects import EnumValue, Instance
from ...values.semantics import equals
from ...values.values import Value
from ..compiler import Closure, Compiler, Frame, Tables, register
from .names import raw_name, store

Matcher = Callable[[Frame, Value], bool]


def install(tables: Tables) -> None:
    register(tables.expressions, nodes.Match)(lambda compiler, node: _match(compiler, node, False))
    register(tables.tails, nodes.Match)(lambda compiler, node: _match(compiler, node, True))


def _match(compiler: Compiler, node: nodes.Match, is_tail: bool) -> Closure:
    subject = compiler.expr(node.subject)
    arms = []
    for arm in node.arms:
        matches = compile_pattern(compiler, arm.pattern)
        guard = None if arm.guard is None else compiler.condition(arm.guard)
        body = compiler.tail(arm.body) if is_tail else compiler.expr(arm.body)
        arms.append((matches, guard, body))
    span, source = node.span, compiler.source

    def match(frame: Frame) -> Value:
        value = subject(frame)
        for matches, guard, body in arms:
            if matches(frame, value) and (guard is None or guard(frame)):
                return body(frame)
        raise SoliTypeError("no pattern matched the value", span, source)

    return match


def compile_pattern(compiler: Compiler, pattern: nodes.Pattern) -> Matcher:
    """A test of a value that binds the pattern's names when it succeeds."""
    return _MAKERS[pattern.__class__](compiler, pattern)


def _wildcard(compiler: Compiler, pattern: nodes.WildcardPattern) -> Matcher:
    return lambda frame, value: True


def _literal(compiler: Compiler, pattern: nodes.LiteralPattern) -> Matcher:
    wanted = pattern.value
    kind = wanted.__class__
    return lambda frame, value: value.__class__ is kind and equals(value, wanted)


def _name(compiler: Compiler, pattern: nodes.NamePattern) -> Matcher:
    put = store(compiler, compiler.block.declare(pattern.name))

    def bind(frame: Frame, value: Value) -> bool:
        put(frame, value)
        return True

    return bind


def _type(compiler: Compiler, pattern: nodes.TypePattern) -> Matcher:
    put = store(compiler, compiler.block.declare(pattern.name))
    wanted = pattern.type_name

    def bind(frame: Frame, value: Value) -> bool:
        if not _has_type(value, wanted):
            return False
        put(frame, value)
        return True

    return bind


def _has_type(value: Value, wanted: str) -> bool:
    if wanted == "Void":
        return value is None
    if isinstance(value, Instance):
        return value.soli_class.is_a(wanted)
    return type_name(value).lower() == wanted.lower()


def _enum(compiler: Compiler, pattern: nodes.EnumPattern) -> Matcher:
    enum = raw_name(compiler, nodes.Name(pattern.span, pattern.enum))
    variant = pattern.variant
    fields = None
    if pattern.fields is not None:
        fields = [compile_pattern(compiler, one) for one in pattern.fields]

    def matches(frame: Frame, value: Value) -> bool:
        klass = enum(frame)
        if not isinstance(value, EnumValue) or value.soli_class is not klass:
            return False
        if value.variant != variant:
            return False
        if fields is None:
            return True
        payload = list(value.fields.values())
        return len(payload) == len(fields) and all(
            one(frame, item) for one, item in zip(fields, payload, strict=True)
        )

    return matches


def _array(compiler: Compiler, pattern: nodes.ArrayPattern) -> Matcher:
    items = [compile_pattern(compiler, one) for one in pattern.items]
    count = len(items)
    rest = store(compiler, compiler.block.declare(pattern.rest)) if pattern.rest else None

    def matches(frame: Frame, value: Value) -> bool:
        if value.__class__ is not list:
            return False
        if len(value) != count and not (rest is not None and len(value) > count):
            return False
        if not all(one(frame, item) for one, item in zip(items, value, strict=False)):
            return False
        if rest is not None:
            rest(frame, value[count:])
        return True

    return matches


def _hash(compiler: Compiler, pattern: nodes.HashPattern) -> Matcher:
    pairs = [(name, compile_pattern(compiler, one)) for name, one in pattern.pairs]
    rest = store(compiler, compiler.block.declare(pattern.rest)) if pattern.rest else None
    named = {name for name, _ in pairs}

    def matches(frame: Frame, value: Value) -> bool:
        if value.__class__ is not dict:
            return False
        for name, one in pairs:
            if name not in value or not one(frame, value[name]):
                return False
        if rest is not None:
            rest(frame, {key: item for key, item in value.items() if key not in named})
        return True

    return matches


_MAKERS: dict[type, Callable[[Compiler, Any], Matcher]] = {
    nodes.WildcardPattern: _wildcard,
    nodes.LiteralPattern: _literal,
    nodes.NamePattern: _name,
    nodes.TypePattern: _type,
    nodes.EnumPattern: _enum,
    nodes.ArrayPattern: _array,
    nodes.HashPattern: _hash,
}

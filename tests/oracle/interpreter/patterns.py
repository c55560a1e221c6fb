"""`match` (docs/spec §4.10)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from soli_lang.base.errors import SoliTypeError
from soli_lang.tree import nodes
from soli_lang.values.objects import EnumValue
from soli_lang.values.semantics import equals, is_truthy
from soli_lang.values.values import Value

from .interpreting import answers
from .scopes import Scope

TYPES = {"Int": int, "Float": float, "Bool": bool, "String": str, "Void": type(None)}


@answers(nodes.Match)
def match(node: nodes.Match, scope: Scope) -> Value:
    value = scope.evaluate(node.subject)
    for arm in node.arms:
        guard = arm.guard or nodes.Literal(arm.span, True)
        if fits(arm.pattern, value, scope) and is_truthy(scope.evaluate(guard)):
            return scope.evaluate(arm.body)
    raise SoliTypeError("no pattern matched the value")


def fits(pattern: nodes.Pattern, value: Value, scope: Scope) -> bool:
    """Whether *value* is as *pattern* says; makes variables of the names in it on the way."""
    return PATTERNS[type(pattern)](pattern, value, scope)


def literal(pattern: nodes.LiteralPattern, value: Value, scope: Scope) -> bool:
    return type(value) is type(pattern.value) and equals(value, pattern.value)


def name(pattern: nodes.NamePattern | nodes.TypePattern, value: Value, scope: Scope) -> bool:
    scope.define(pattern.name, value)
    return True


def type_(pattern: nodes.TypePattern, value: Value, scope: Scope) -> bool:
    return type(value) is TYPES[pattern.type_name] and name(pattern, value, scope)


def enum(pattern: nodes.EnumPattern, value: Value, scope: Scope) -> bool:
    klass = scope.named(nodes.Name(pattern.span, pattern.enum))
    if not isinstance(value, EnumValue) or value.soli_class is not klass:
        return False
    if value.variant != pattern.variant or pattern.fields is None:
        return value.variant == pattern.variant
    return all_fit(pattern.fields, list(value.fields.values()), scope)


def all_fit(patterns: tuple[nodes.Pattern, ...], values: list[Value], scope: Scope) -> bool:
    pairs = zip(patterns, values, strict=False)
    return len(patterns) == len(values) and all(fits(one, item, scope) for one, item in pairs)


def array(pattern: nodes.ArrayPattern, value: Value, scope: Scope) -> bool:
    count = len(pattern.items)
    if type(value) is not list or (pattern.rest is None and len(value) != count):
        return False
    if not all_fit(pattern.items, value[:count], scope):
        return False
    if pattern.rest is not None:
        scope.define(pattern.rest, value[count:])
    return True


def hash_(pattern: nodes.HashPattern, value: Value, scope: Scope) -> bool:
    if type(value) is not dict:
        return False
    for key, one in pattern.pairs:
        if key not in value or not fits(one, value[key], scope):
            return False
    if pattern.rest is not None:
        taken = {key for key, _ in pattern.pairs}
        scope.define(pattern.rest, {k: v for k, v in value.items() if k not in taken})
    return True


PATTERNS: dict[type, Callable[[Any, Value, Scope], bool]] = {
    nodes.WildcardPattern: lambda pattern, value, scope: True,
    nodes.LiteralPattern: literal,
    nodes.NamePattern: name,
    nodes.TypePattern: type_,
    nodes.EnumPattern: enum,
    nodes.ArrayPattern: array,
    nodes.HashPattern: hash_,
}
"""One answer per kind of pattern."""

"""`match` (docs/spec §4.10)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from soli_lang.base.errors import SoliError, SoliTypeError
from soli_lang.tree import nodes
from soli_lang.values.objects import EnumValue
from soli_lang.values.semantics import equals, is_truthy
from soli_lang.values.values import Value

from .interpreting import answers
from .scopes import Scope

TYPES: dict[str, type] = {
    "Int": int,
    "Float": float,
    "Bool": bool,
    "String": str,
    "Void": type(None),
}


@answers(nodes.Match)
def match(node: nodes.Match, scope: Scope) -> Value:
    value = scope.evaluate(node.subject)
    for arm in node.arms:
        if fits(arm.pattern, value, scope) and guarded(arm, scope):
            return scope.evaluate(arm)
    raise SoliTypeError("no pattern matched the value")


def guarded(arm: nodes.Arm, scope: Scope) -> bool:
    return arm.guard is None or is_truthy(scope.evaluate(arm.guard))


@answers(nodes.Arm)
def arm_(node: nodes.Arm, scope: Scope) -> Value:
    return scope.evaluate(node.body)


def fits(pattern: nodes.Pattern, value: Value, scope: Scope) -> bool:
    """Whether *value* is as *pattern* says; binds the names in it on the way."""
    return PATTERNS[type(pattern)](pattern, value, scope)


def wildcard(pattern: nodes.WildcardPattern, value: Value, scope: Scope) -> bool:
    return True


def literal(pattern: nodes.LiteralPattern, value: Value, scope: Scope) -> bool:
    return type(value) is type(pattern.value) and equals(value, pattern.value)


def name(pattern: nodes.NamePattern, value: Value, scope: Scope) -> bool:
    scope.define(pattern.name, value)
    return True


def type_(pattern: nodes.TypePattern, value: Value, scope: Scope) -> bool:
    if type(value) is not TYPES[pattern.type_name]:
        return False
    scope.define(pattern.name, value)
    return True


def enum(pattern: nodes.EnumPattern, value: Value, scope: Scope) -> bool:
    try:
        klass = scope.get(pattern.enum)
    except SoliError as error:
        error.locate(pattern.span, scope.source)
        raise
    if not isinstance(value, EnumValue) or value.soli_class is not klass:
        return False
    if value.variant != pattern.variant:
        return False
    if pattern.fields is None:
        return True
    names = value.soli_class.variants[value.variant]
    if len(names) != len(pattern.fields):
        return False
    fields = [value.fields[one] for one in names]
    return all(fits(one, field, scope) for one, field in zip(pattern.fields, fields, strict=True))


def array(pattern: nodes.ArrayPattern, value: Value, scope: Scope) -> bool:
    if type(value) is not list:
        return False
    count = len(pattern.items)
    if len(value) < count or (pattern.rest is None and len(value) != count):
        return False
    for one, item in zip(pattern.items, value[:count], strict=True):
        if not fits(one, item, scope):
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
        others = {key: item for key, item in value.items() if key not in taken}
        scope.define(pattern.rest, others)
    return True


PATTERNS: dict[type, Callable[[Any, Value, Scope], bool]] = {
    nodes.WildcardPattern: wildcard,
    nodes.LiteralPattern: literal,
    nodes.NamePattern: name,
    nodes.TypePattern: type_,
    nodes.EnumPattern: enum,
    nodes.ArrayPattern: array,
    nodes.HashPattern: hash_,
}
"""One answer per kind of pattern."""

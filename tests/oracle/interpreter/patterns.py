"""`match` (docs/spec §4.10)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from soli_lang.base.errors import SoliTypeError
from soli_lang.tree import nodes
from soli_lang.values.objects import EnumValue
from soli_lang.values.semantics import equals, is_truthy
from soli_lang.values.values import Value

from .environments import Environment
from .interpreting import Oracle, answers

TYPES: dict[str, type] = {
    "Int": int,
    "Float": float,
    "Bool": bool,
    "String": str,
    "Void": type(None),
}


@answers(nodes.Match)
def match(oracle: Oracle, node: nodes.Match, environment: Environment) -> Value:
    value = oracle.evaluate(node.subject, environment)
    for arm in node.arms:
        if fits(arm.pattern, value, environment) and guarded(oracle, arm, environment):
            return oracle.evaluate(arm, environment)
    raise SoliTypeError("no pattern matched the value")


def guarded(oracle: Oracle, arm: nodes.Arm, environment: Environment) -> bool:
    return arm.guard is None or is_truthy(oracle.evaluate(arm.guard, environment))


@answers(nodes.Arm)
def arm_(oracle: Oracle, node: nodes.Arm, environment: Environment) -> Value:
    return oracle.evaluate(node.body, environment)


def fits(pattern: nodes.Pattern, value: Value, environment: Environment) -> bool:
    """Whether *value* is as *pattern* says; binds the names in it on the way."""
    return PATTERNS[type(pattern)](pattern, value, environment)


def wildcard(pattern: nodes.WildcardPattern, value: Value, environment: Environment) -> bool:
    return True


def literal(pattern: nodes.LiteralPattern, value: Value, environment: Environment) -> bool:
    return type(value) is type(pattern.value) and equals(value, pattern.value)


def name(pattern: nodes.NamePattern, value: Value, environment: Environment) -> bool:
    environment.define(pattern.name, value)
    return True


def type_(pattern: nodes.TypePattern, value: Value, environment: Environment) -> bool:
    if type(value) is not TYPES[pattern.type_name]:
        return False
    environment.define(pattern.name, value)
    return True


def enum(pattern: nodes.EnumPattern, value: Value, environment: Environment) -> bool:
    if not isinstance(value, EnumValue):
        return False
    if value.soli_class.name != pattern.enum or value.variant != pattern.variant:
        return False
    if pattern.fields is None:
        return True
    names = value.soli_class.variants[value.variant]
    if len(names) != len(pattern.fields):
        return False
    fields = [value.fields[one] for one in names]
    return all(
        fits(one, field, environment) for one, field in zip(pattern.fields, fields, strict=True)
    )


def array(pattern: nodes.ArrayPattern, value: Value, environment: Environment) -> bool:
    if type(value) is not list:
        return False
    count = len(pattern.items)
    if len(value) < count or (pattern.rest is None and len(value) != count):
        return False
    for one, item in zip(pattern.items, value[:count], strict=True):
        if not fits(one, item, environment):
            return False
    if pattern.rest is not None:
        environment.define(pattern.rest, value[count:])
    return True


def hash_(pattern: nodes.HashPattern, value: Value, environment: Environment) -> bool:
    if type(value) is not dict:
        return False
    for key, one in pattern.pairs:
        if key not in value or not fits(one, value[key], environment):
            return False
    if pattern.rest is not None:
        taken = {key for key, _ in pattern.pairs}
        others = {key: item for key, item in value.items() if key not in taken}
        environment.define(pattern.rest, others)
    return True


PATTERNS: dict[type, Callable[[Any, Value, Environment], bool]] = {
    nodes.WildcardPattern: wildcard,
    nodes.LiteralPattern: literal,
    nodes.NamePattern: name,
    nodes.TypePattern: type_,
    nodes.EnumPattern: enum,
    nodes.ArrayPattern: array,
    nodes.HashPattern: hash_,
}
"""One answer per kind of pattern."""

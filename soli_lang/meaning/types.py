"""What types mean: of results, in patterns, of what is walked and what is thrown."""

from __future__ import annotations

from collections.abc import Callable

from ..base.errors import SoliTypeError
from ..base.source import Source
from ..tree import nodes
from ..values.display import to_text
from ..values.kinds import type_name
from ..values.objects import Instance
from ..values.semantics import Spend
from ..values.values import SKIP, Value


class SoliReturnTypeError(SoliTypeError):
    prefix = ""


_TYPE_TESTS: dict[str, Callable[[Value], bool]] = {
    "any": lambda value: True,
    "fn": lambda value: type_name(value) == "Function",
}
_TYPE_NAMES = frozenset(
    {"int", "float", "decimal", "string", "bool", "array", "hash", "symbol", "null", "bytes"}
)


def return_type_test(wanted: nodes.TypeRef) -> Callable[[Value], bool]:
    """Whether a value may be returned where *wanted* is declared."""
    name = wanted.name.lower()
    if wanted.is_array:
        test: Callable[[Value], bool] = lambda value: value.__class__ is list  # noqa: E731 - one of several
    elif name == "function":
        test = _TYPE_TESTS["fn"]
    elif name in _TYPE_TESTS:
        test = _TYPE_TESTS[name]
    elif name in _TYPE_NAMES:
        test = lambda value: type_name(value) == name  # noqa: E731 - one of several
    else:
        test = lambda value: (  # noqa: E731 - one of several
            isinstance(value, Instance) and value.soli_class.name == wanted.name
        )
    if wanted.is_nullable:
        return lambda value: value is None or test(value)
    return test


def return_check(node: nodes.FunctionNode, source: Source) -> Callable[[Value], Value]:
    """Return types are enforced after a normal return (docs/spec §7.2)."""
    wanted = node.return_type
    assert wanted is not None
    if wanted.name == "Void" and not wanted.is_array:
        return lambda value: SKIP if value is SKIP else None
    accepts = return_type_test(wanted)

    def checked(value: Value) -> Value:
        given = None if value is SKIP else value
        if not accepts(given):
            raise SoliReturnTypeError(
                f"function '{node.name}' expected to return {wanted.text}, got {type_name(given)}",
                node.span,
                source,
            )
        return value

    return checked


def has_type(value: Value, wanted: str) -> bool:
    """Whether the pattern `Wanted: name` takes *value*."""
    if wanted == "Void":
        return value is None
    if isinstance(value, Instance):
        return value.soli_class.is_a(wanted)
    return type_name(value).lower() == wanted.lower()


def iterated(value: Value) -> str:
    """*value*, as the error calls it that says that no loop walks it."""
    name = type_name(value)
    if value.__class__ is str:
        return f'{name} "{value}"'
    if value.__class__ in (int, float, bool):
        return f"{name} {to_text(value)}"
    return name


def thrown_text(value: Value, spend: Spend) -> str:
    """What an uncaught throw of *value* reports (docs/spec §9.3)."""
    if isinstance(value, Instance):
        message = value.fields.get("message")
        if message is not None:
            return to_text(message, spend)
        return f"<{value.soli_class.name} instance>"
    return to_text(value, spend)

"""The checks of argument types that stand before a builtin, no more of them than it needs."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import TYPE_CHECKING

from ..values.values import Value

if TYPE_CHECKING:
    from .native import Arg, Declaration

MISSING = object()
"""The default of an argument that must be given."""


def checked(
    declaration: Declaration, name: str, code: Callable[..., Value], offset: int = 0
) -> Callable[..., Value]:
    """*code* with type checks before it, or itself where anything may be given.

    Arity is the caller's business (`low`, `high`).
    """
    args = declaration.args
    if all(arg.types is None for arg in args):
        return code
    if len(args) == 1 and not args[0].is_rest:
        return _checked_one(declaration, name, code, args[0], offset)
    are_two = offset and len(args) == 2 and args[0].default is MISSING
    if are_two and all(arg.types and not arg.is_rest for arg in args):
        return _checked_two(declaration, name, code, args)
    return _checked_many(declaration, name, code, args, offset)


def with_defaults(code: Callable[..., Value], args: tuple[Arg, ...]) -> Callable[..., Value]:
    """*code*, which gives the arguments that are left out the values that were declared for them.

    A copy of the function with these as its own defaults, so that a call has one frame.
    """
    defaults = tuple(arg.default for arg in args if arg.default is not MISSING)
    if not defaults or not isinstance(code, FunctionType):
        return code
    return FunctionType(code.__code__, code.__globals__, code.__name__, defaults, code.__closure__)


def _checked_one(
    declaration: Declaration, name: str, code: Callable[..., Value], arg: Arg, offset: int
) -> Callable[..., Value]:
    types = arg.types or frozenset()
    if offset:
        return _checked_method(declaration, name, code, arg)

    def invoke(value: Value = MISSING) -> Value:
        if value.__class__ in types:
            return code(value)
        if value is MISSING:
            return code()
        raise declaration.mismatch(name, arg, value)

    return invoke


def _checked_method(
    declaration: Declaration, name: str, code: Callable[..., Value], arg: Arg
) -> Callable[..., Value]:
    types = arg.types or frozenset()

    def invoke(receiver: Value, value: Value = MISSING) -> Value:
        if value.__class__ in types:
            return code(receiver, value)
        if value is MISSING:
            return code(receiver)
        raise declaration.mismatch(name, arg, value)

    return invoke


def _checked_two(
    declaration: Declaration, name: str, code: Callable[..., Value], args: tuple[Arg, ...]
) -> Callable[..., Value]:
    first, second = args
    first_types = first.types or frozenset()
    second_types = second.types or frozenset()

    def invoke(receiver: Value, value: Value, other: Value = MISSING) -> Value:
        if value.__class__ not in first_types:
            raise declaration.mismatch(name, first, value)
        if other is MISSING:
            return code(receiver, value)
        if other.__class__ not in second_types:
            raise declaration.mismatch(name, second, other)
        return code(receiver, value, other)

    return invoke


def _checked_many(
    declaration: Declaration,
    name: str,
    code: Callable[..., Value],
    args: tuple[Arg, ...],
    offset: int,
) -> Callable[..., Value]:
    fixed = tuple(arg for arg in args if not arg.is_rest)
    rest = next((arg for arg in args if arg.is_rest), None)
    checks: list[tuple[frozenset[type] | None, Arg]] = [(None, args[0])] * offset + [
        (arg.types, arg) for arg in fixed
    ]
    most = len(checks)

    def invoke(*values: Value) -> Value:
        for value, (types, arg) in zip(values, checks, strict=False):
            if types is not None and value.__class__ not in types:
                raise declaration.mismatch(name, arg, value)
        if rest is not None and rest.types is not None:
            for value in values[most:]:
                if value.__class__ not in rest.types:
                    raise declaration.mismatch(name, rest, value)
        return code(*values)

    return invoke

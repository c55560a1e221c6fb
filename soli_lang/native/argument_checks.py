"""The checks of argument types that stand before a builtin, no more of them than it needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..values.values import Value

if TYPE_CHECKING:
    from .native import Arg, Declaration

MISSING = object()
"""The default of an argument that must be given."""


def checked(
    declaration: Declaration, name: str, code: Callable[..., Value], offset: int = 0
) -> Callable[..., Value]:
    """*code* with type checks before it. Arity is the caller's business (`low`, `high`)."""
    args = declaration.args
    if all(arg.types is None and arg.default is MISSING for arg in args):
        return code
    if len(args) == 1 and not args[0].is_rest and args[0].default is MISSING:
        return _checked_one(declaration, name, code, args[0], offset)
    if all(arg.types is None and not arg.is_rest for arg in args):
        return _with_defaults(code, tuple(arg.default for arg in args), offset)
    return _checked_many(declaration, name, code, args, offset)


def _with_defaults(
    code: Callable[..., Value], defaults: tuple[Any, ...], offset: int
) -> Callable[..., Value]:
    """*code* with defaults for the arguments that were left out."""
    most = len(defaults) + offset

    def invoke(*values: Value) -> Value:
        if len(values) == most:
            return code(*values)
        return code(*values, *defaults[len(values) - offset :])

    return invoke


def _checked_one(
    declaration: Declaration, name: str, code: Callable[..., Value], arg: Arg, offset: int
) -> Callable[..., Value]:
    types = arg.types or frozenset()
    if offset:

        def invoke_method(receiver: Value, value: Value) -> Value:
            if value.__class__ not in types:
                raise declaration.mismatch(name, arg, value)
            return code(receiver, value)

        return invoke_method

    def invoke(value: Value) -> Value:
        if value.__class__ not in types:
            raise declaration.mismatch(name, arg, value)
        return code(value)

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
    defaults = tuple(arg.default for arg in fixed)
    checks = tuple(
        (index + offset, arg.types, arg) for index, arg in enumerate(fixed) if arg.types is not None
    )
    most = len(fixed) + offset

    def invoke(*values: Value) -> Value:
        given = len(values)
        for index, types, arg in checks:
            if index >= given:
                break
            if values[index].__class__ not in types:
                raise declaration.mismatch(name, arg, values[index])
        if given < most:
            return code(*values, *defaults[given - offset :])
        if rest is not None and rest.types is not None:
            for value in values[most:]:
                if value.__class__ not in rest.types:
                    raise declaration.mismatch(name, rest, value)
        return code(*values)

    return invoke

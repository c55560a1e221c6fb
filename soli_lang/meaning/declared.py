"""Declared types of parameters, variables and fields, checked (docs/spec §7.3).

Calls from outside check the types of parameters. Everything else is checked where the host asks for
it (`CHECKS_TYPES`), by what is written for such a program only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..base.errors import SoliTypeError
from ..base.source import Source
from ..machine.keys import MachineKey
from ..machine.machine import Machine
from ..tree import nodes
from ..values.kinds import type_name
from ..values.objects import Instance, SoliClass
from ..values.values import SKIP, Value

CHECKS_TYPES: MachineKey[bool] = MachineKey("checks types")
"""In `Machine.library`, True: the declared types of a program are checked wherever they stand."""

Check = Callable[[Value], Value]
"""Gives the value, or raises SoliTypeError."""
Known = Callable[[str], Value]
"""What a name means where a type is written; None: nothing that is known."""

_KINDS = frozenset(
    {"int", "float", "decimal", "string", "bool", "array", "hash", "symbol", "bytes", "null"}
)
_ANYTHING = frozenset(
    {"any", "object", "number", "numeric", "event", "request", "self", "class", "method", "nil"}
)
"""Names that say something to a reader, and nothing that is checked."""


def checks_types(machine: Machine) -> bool:
    """Whether all declared types of the programs of *machine* are checked."""
    return CHECKS_TYPES in machine.library


def type_check(ref: nodes.TypeRef | None, what: str, known: Known) -> Check | None:
    """What checks a value of the declared type *ref*; None: every value fits.

    *what* begins the error: `'n' is declared Int`. An Int is a Float here, and an object of a class
    below fits: unlike what is returned, nobody relies on the exact kind.
    """
    accepts = None if ref is None else _test(ref, known)
    if accepts is None:
        return None

    def check(value: Value) -> Value:
        given = None if value is SKIP else value
        if not accepts(given):
            raise SoliTypeError(f"{what}, this is {_shown(given)}")
        return value

    return check


def _test(ref: nodes.TypeRef, known: Known) -> Callable[[Value], bool] | None:
    test = _is_array if ref.is_array else _named(ref.name, known)
    if test is None or not ref.is_nullable:
        return test
    return lambda value: value is None or test(value)


def _is_array(value: Value) -> bool:
    return value.__class__ is list


def _named(name: str, known: Known) -> Callable[[Value], bool] | None:
    word = name.lower()
    if word in _ANYTHING:
        return None
    if word == "void":
        return lambda value: value is None
    if word in ("fn", "function"):
        return lambda value: type_name(value) in ("Function", "Class")
    if word == "float":
        return lambda value: value.__class__ is float or value.__class__ is int
    if word in _KINDS:
        return lambda value: type_name(value) == word
    return lambda value: _is_instance(value, name, known)


def _is_instance(value: Value, name: str, known: Known) -> bool:
    if not isinstance(value, Instance):
        # Objects of a host, and builtin types with a class of their own.
        return value.__class__ is not SoliClass and type_name(value) == name
    # An interface is nothing when a program runs: whatever implements it may come.
    return value.soli_class.is_a(name) or not isinstance(known(name), SoliClass)


def _shown(value: Value) -> str:
    if value is None:
        return "null"
    name = type_name(value)
    return name[:1].upper() + name[1:]


# --- parameters ----------------------------------------------------------------------------------


def parameter_check(function: nodes.FunctionNode, param: nodes.Param, known: Known) -> Check | None:
    """What checks an argument."""
    if param.type is None or param.is_block:
        return None
    return type_check(
        param.type, f"'{function.name}' takes {param.type.text} as '{param.name}'", known
    )


def check_arguments(machine: Machine, function: Value, arguments: Sequence[Value]) -> None:
    """Check what comes from outside. Raises SoliTypeError, at the declaration."""
    code = getattr(function, "code", None)
    node = getattr(code, "node", None)
    if node is None or checks_types(machine):
        return  # a builtin; or the function does it itself
    params = [one for one in node.params if not one.is_block]
    for param, value in zip(params, arguments, strict=False):
        check = parameter_check(node, param, names_of(code, machine))
        if check is not None:
            _checked(check, value, param, _source_of(code))


def checking_arguments(machine: Machine, function: Value, invoke: Check) -> Check:
    """*invoke*, a call of *function* with one argument from outside, with a check of that."""
    node = getattr(getattr(function, "code", None), "node", None)
    if node is None or all(one.type is None for one in node.params):
        return invoke

    def checked(argument: Value) -> Value:
        check_arguments(machine, function, (argument,))
        return invoke(argument)

    return checked


def _checked(check: Check, value: Value, param: nodes.Param, source: Source | None) -> None:
    try:
        check(value)
    except SoliTypeError as error:
        if source is not None:
            error.locate(param.span, source)
        raise


def _source_of(code: Any) -> Source | None:
    unit = getattr(code, "unit", None)
    return None if unit is None else unit.source


def names_of(code: Any, machine: Machine) -> Known:
    """What names mean at the top level around *code*."""
    file = getattr(getattr(getattr(code, "unit", None), "scopes", None), "file", None)

    def known(name: str) -> Value:
        found = None if file is None else file.get(name)
        return found if isinstance(found, SoliClass) else machine.globals.get(name)

    return known


# --- fields --------------------------------------------------------------------------------------


class CheckedFields(dict[str, Value]):
    """The fields of an object, of which some have a declared type."""

    __slots__ = ("checks",)

    def __init__(self, checks: Mapping[str, Check]) -> None:
        super().__init__()
        self.checks = checks

    def __setitem__(self, name: str, value: Value) -> None:
        check = self.checks.get(name)
        if check is not None:
            check(value)
        super().__setitem__(name, value)


class CheckedConstruct:
    """Makes the objects of a class with fields of declared types."""

    __slots__ = ("checks", "plain")

    def __init__(self, plain: Callable[..., Value], checks: Mapping[str, Check]) -> None:
        self.plain = plain
        self.checks = dict(checks)
        """By the name of the field; those of the classes above too."""

    def __call__(
        self, klass: SoliClass, arguments: list[Value], named: dict[str, Value] | None
    ) -> Value:
        return self.plain(klass, arguments, named, CheckedFields(self.checks))


def inherited_construct(above: SoliClass | None, plain: Callable[..., Value]) -> Any:
    """How the objects of a class below *above* are made."""
    found = None if above is None else above.construct
    return CheckedConstruct(plain, found.checks) if isinstance(found, CheckedConstruct) else plain


def check_field(klass: SoliClass, name: str, check: Check) -> None:
    """Check what the field *name* of objects of *klass* is given."""
    construct = klass.construct
    if not isinstance(construct, CheckedConstruct):
        assert construct is not None
        construct = CheckedConstruct(construct, {})
        klass.make_by(construct)
    construct.checks[name] = check

"""What written functions call: helpers by name, the builtins of their Python functions."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from ...base.errors import SoliError, SoliOverflowError, SoliPlainTypeError, SoliTypeError, Thrown
from ...base.source import Source
from ...machine.machine import UNCATCHABLE, Machine, arity_error
from ...meaning import arithmetic
from ...meaning.elements import index_value, set_index, set_member
from ...meaning.members import UNIVERSAL, call_member, call_value, get_member, no_member
from ...meaning.types import iterated, thrown_text
from ...native.native import NativeFunction, NativeMethod
from ...values.display import to_text
from ...values.kinds import to_key, type_name
from ...values.objects import Instance, SoliClass
from ...values.semantics import MAX_INT, MIN_INT, is_truthy
from ...values.values import SKIP, UNSET, Function, Sentinel, Value
from . import classes, control

SPECIAL = frozenset({Sentinel, Function, NativeFunction})
"""Classes of values that a bare name does not simply yield: unset, or called (spec §6.6)."""
NEXT, BREAK = Sentinel("next"), Sentinel("break")
"""What an outlined function gives that is left by `next` or `break`; see `Writer.outlined`."""

ITEM_BYTES = 8
"""What one item counts against the size limit of a value."""

_FIXED: dict[str, Any] = {
    "UNSET": UNSET, "SKIP": SKIP, "NEXT": NEXT, "BREAK": BREAK, "SPECIAL": SPECIAL,
    "Function": Function, "NativeFunction": NativeFunction, "Instance": Instance,
    "SoliClass": SoliClass, "SoliError": SoliError, "UNCATCHABLE": UNCATCHABLE,
    "BaseException": BaseException, "is_truthy": is_truthy, "to_key": to_key,
    "MIN_INT": MIN_INT, "MAX_INT": MAX_INT,
    "int": int, "float": float, "str": str, "bool": bool, "list": list, "dict": dict,
    "tuple": tuple, "range": range, "len": len, "enumerate": enumerate, "zip": zip,
    "isinstance": isinstance, "abs": abs, "on": partial, "call_value": call_value, "NO_FIELDS": {},
}  # fmt: skip


def space(machine: Machine) -> dict[str, Any]:
    """The helpers for programs of *machine*."""
    found = dict(_FIXED)
    found.update(
        machine=machine,
        most_items=machine.max_length // ITEM_BYTES,
        refuel=machine.refuel,
        spend=machine.spend,
        too_deep=machine.too_deep,
        caught=machine.caught,
        check_length=machine.check_length,
        plain=_plain,
        negate=negate,
        fail=fail,
    )
    found.update(classes.helpers(machine))
    found.update(control.helpers(machine))
    for maker in _HELPERS:
        found[maker.__name__.removeprefix("_make_")] = maker(machine)
    return found


def _plain(value: Value) -> Value:
    return None if value is SKIP else value


def _make_special(machine: Machine) -> Any:
    builtins = machine.globals

    def special(value: Value, missing: Any) -> Value:
        """What a bare name gives: a builtin where it has no value; a function is called."""
        if value is UNSET:
            value = builtins.get(missing.name, UNSET)
            if value is UNSET:
                raise missing.error()
            if value.__class__ not in SPECIAL:
                return value
        if not value.auto:
            return value
        return value.call([], None, None) if value.__class__ is Function else value.invoke()

    return special


def _make_callee(machine: Machine) -> Any:
    builtins = machine.globals

    def callee(value: Value, missing: Any) -> Value:
        """A name as a callee: a builtin where it has no value, never called by being read."""
        if value is UNSET:
            value = builtins.get(missing.name, UNSET)
            if value is UNSET:
                raise missing.error()
        return value

    return callee


def _make_caller(machine: Machine) -> Any:
    builtins = machine.globals

    def caller(value: Value, missing: Any) -> Callable[..., Value]:
        """A Python callable for a callee that is no function of just so many parameters."""
        if value is UNSET:
            value = builtins.get(missing.name, UNSET)
            if value is UNSET:
                raise missing.error()
        if value.__class__ is SoliClass and value.construct is not None:
            construct = value.construct
            return lambda *arguments: construct(value, list(arguments), None)
        return lambda *arguments: call_value(value, list(arguments), None, None)

    return caller


def _operation(name: str, operator: str) -> Any:
    def maker(machine: Machine) -> Any:
        operation = arithmetic.OPERATIONS[operator]

        def operate(left: Value, right: Value) -> Value:
            return operation(machine, left, right)

        return operate

    maker.__name__ = f"_make_{name}"
    return maker


OPERATORS = {
    "+": "add", "-": "subtract", "*": "multiply", "/": "divide", "%": "modulo", "..": "make_range",
    "<<": "append", "==": "equal", "!=": "unequal", "<": "less", "<=": "less_or_equal",
    ">": "greater", ">=": "greater_or_equal",
}  # fmt: skip
"""Operator -> the helper that does it for any operands."""


def negate(value: Value) -> Value:
    """`-value`"""
    from decimal import Decimal

    kind = value.__class__
    if kind is int:
        if value == MIN_INT:
            raise SoliOverflowError("Integer overflow")
        return -value
    if kind is float or kind is Decimal:
        return -value if kind is float else value.copy_negate()
    raise SoliTypeError(f"Cannot negate {type_name(value)}")


def _make_index(machine: Machine) -> Any:
    from ...machine.machine import CROWDED

    def index(value: Value, at: Value) -> Value:
        """`value[at]`"""
        if value.__class__ is dict and at.__class__ is int and len(value) > CROWDED:
            machine.check_time()
        return index_value(value, at)

    return index


def _make_safe_index(machine: Machine) -> Any:
    index = _make_index(machine)
    return lambda value, at: None if value is None else index(value, at)


def _make_put_index(machine: Machine) -> Any:
    def put_index(collection: Value, at: Value, value: Value) -> None:
        set_index(machine, collection, at, value)

    return put_index


def _make_put_member(machine: Machine) -> Any:
    return set_member


def _make_member(machine: Machine) -> Any:
    methods = machine.methods

    def member(value: Value, name: str) -> Value:
        """`value.name`"""
        kind = value.__class__
        if kind is Instance:
            method = value.soli_class.find_method(name)
            if method is not None and method.arity == 0 and method.code.is_leaf:
                return _counted(machine, method, value)
        else:
            table = methods.get(name)
            if table is not None:
                found = table.get(kind)
                if found.__class__ is NativeMethod and found.bare:
                    return found.invoke(value)
            elif kind is dict:
                return value.get(name)
        return get_member(machine, value, name)

    return member


def _counted(machine: Machine, method: Any, *operands: Value) -> Value:
    """Run a method that takes no place in the depth by itself, in a place of its own.

    The function around may take none either: two such functions could call each other for ever.
    """
    name, value = method.name, operands[0]

    if name in UNIVERSAL or name in value.fields:
        return get_member(machine, value, name)
    depth = machine.depth
    if depth >= machine.max_depth:
        raise machine.too_deep(name)
    machine.depth = depth + 1
    try:
        return method.invoke(*operands)
    finally:
        machine.depth = depth


def _make_method(machine: Machine) -> Any:

    def method(value: Value, name: str, count: int, with_block: bool) -> Callable[..., Value]:
        """A Python callable (receiver, *arguments) for `value.name(…)`."""
        if value.__class__ is Instance and not with_block and name not in UNIVERSAL:
            found = value.soli_class.find_method(name)
            if found is not None and found.arity == count and name not in value.fields:
                return found.invoke  # type: ignore[no-any-return]
        if with_block:
            return lambda receiver, *arguments: call_member(
                machine, receiver, name, list(arguments[:-1]), None, arguments[-1]
            )
        return lambda receiver, *arguments: call_member(
            machine, receiver, name, list(arguments), None, None
        )

    return method


def _make_call_member(machine: Machine) -> Any:
    def member_call(
        value: Value, name: str, arguments: list[Value], named: Any, block: Value
    ) -> Value:
        return call_member(machine, value, name, arguments, named, block)

    return member_call


def _make_text(machine: Machine) -> Any:
    spend = machine.spend
    return lambda value: to_text(value, spend)


def _make_throw(machine: Machine) -> Any:
    spend = machine.spend

    def throw(value: Value, span: Any, source: Source) -> SoliError:
        return Thrown(value, thrown_text(value, spend), span, source)

    return throw


def fail(make_error: Callable[[], SoliError]) -> Any:
    raise make_error()


def _make_scoped(machine: Machine) -> Any:
    def scoped(value: Value, name: str) -> Value:
        """`A::B`"""
        if value.__class__ is SoliClass:
            found = value.find_static(name, UNSET)
            if found is not UNSET:
                return found
        raise no_member(name, value)

    return scoped


def _make_new(machine: Machine) -> Any:
    def new(klass: Value, arguments: list[Value], named: Any) -> Value:
        """`new C(…)`"""
        if klass.__class__ is not SoliClass:
            raise SoliTypeError(f"expected class name, got {type_name(klass)}")
        if klass.is_module:
            raise SoliTypeError(f"cannot instantiate module {klass.name}")
        return klass.soli_call(arguments, named, None)

    return new


def _make_claimed(machine: Machine) -> Any:
    def claimed(text: str) -> str:
        """A text, claimed as memory that the program built."""
        machine.check_length(len(text))
        return text

    return claimed


def _make_joined(machine: Machine) -> Any:
    def joined(size: int) -> None:
        """Pay for two texts joined to one of *size* characters."""
        left = machine.bytes_left - size
        if left < 0 or size > machine.max_length:
            machine.check_length(size)
        machine.bytes_left = left
        fuel = machine.fuel - (size >> 8)
        if fuel > 0:
            machine.fuel = fuel
        else:
            machine.spend(size >> 8)

    return joined


def _make_spread(machine: Machine) -> Any:
    def spread(result: list[Value], found: Value) -> None:
        """`...found` in an array."""
        if found.__class__ is not list:
            raise SoliTypeError("cannot spread non-array value")
        machine.check_growth(8 * (len(result) + len(found)))
        machine.spend(len(found) >> 3)
        machine.claim(8 * len(found))
        result.extend(found)

    return spread


def _make_reflect(machine: Machine) -> Any:
    def reflect(is_test: bool, given: list[Value], local: dict[str, Value], file: Any) -> Value:
        """`defined(name)` and `const_get(name)`; *local* are the variables of functions."""
        user = "defined" if is_test else "const_get"
        if len(given) != 1:
            raise arity_error(1, len(given))
        name = given[0]
        if name.__class__ is not str:
            raise SoliPlainTypeError(f"{user}() expects a string, got {type_name(name)}")
        value = machine.globals.get(name, UNSET)
        if name in local or name in file.names:
            value = local.get(name, UNSET) if name in local else file.get(name)
            if value is UNSET:
                value = machine.globals.get(name, UNSET)
        if is_test:
            return value is not UNSET
        return None if value is UNSET else value

    return reflect


def _make_walked(machine: Machine) -> Any:
    def walked(value: Value) -> Value:
        """What a `for` walks."""
        if value.__class__ is not list:
            raise SoliTypeError(f"cannot iterate over {iterated(value)}")
        return value

    return walked


def _make_spanned(machine: Machine) -> Any:
    def spanned(first: Value, last: Value) -> Any:
        """`first..last` without making the array."""
        if first.__class__ is int and last.__class__ is int:
            return range(first, last)
        return arithmetic.make_range(machine, first, last)

    return spanned


_HELPERS = [
    _make_special,
    _make_callee,
    _make_caller,
    _make_index,
    _make_safe_index,
    _make_put_index,
    _make_put_member,
    _make_member,
    _make_method,
    _make_call_member,
    _make_text,
    _make_throw,
    _make_walked,
    _make_spanned,
    _make_scoped,
    _make_new,
    _make_claimed,
    _make_joined,
    _make_spread,
    _make_reflect,
    *[_operation(name, operator) for operator, name in OPERATORS.items()],
]

"""What written functions call: helpers by name, the builtins of their Python functions."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import islice
from math import hypot
from operator import countOf, length_hint
from types import MethodType
from typing import Any

from ...base.errors import SoliError, SoliOverflowError, SoliPlainTypeError, SoliTypeError, Thrown
from ...base.foreign_words import PAIRS
from ...base.source import Source
from ...machine.machine import CROWDED, NO_TURNS, UNCATCHABLE, Machine, arity_error
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
"""Classes of values that a bare name does not simply yield: unset, or called (docs/spec §6.6)."""
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
    "min": min, "iter": iter, "islice": islice,
    "isinstance": isinstance, "abs": abs, "on": partial, "call_value": call_value, "NO_FIELDS": {},
}  # fmt: skip


def plain(value: Value) -> Value:
    """What a block for a value gives."""
    return None if value is SKIP else value


def special(machine: Machine, value: Value, missing: Any) -> Value:
    """What a bare name gives: a builtin where it has no value; a function is called."""
    if value is UNSET:
        value = machine.globals.get(missing.name, UNSET)
        if value is UNSET:
            raise missing.error()
        if value.__class__ not in SPECIAL:
            return value
    if not value.auto:
        return value
    return value.call([], None, None) if value.__class__ is Function else value.invoke()


def callee(machine: Machine, value: Value, missing: Any) -> Value:
    """A name as a callee: a builtin where it has no value, never called by being read."""
    if value is UNSET:
        value = machine.globals.get(missing.name, UNSET)
        if value is UNSET:
            raise missing.error()
    return value


def caller(machine: Machine, value: Value, missing: Any) -> Callable[..., Value]:
    """A Python callable for a callee that is no function of just so many parameters."""
    value = callee(machine, value, missing)
    if value.__class__ is SoliClass and value.construct is not None:
        construct = value.construct
        return lambda *arguments: construct(value, list(arguments), None)
    return lambda *arguments: call_value(value, list(arguments), None, None)


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


def index(machine: Machine, value: Value, at: Value) -> Value:
    """`value[at]`"""
    if value.__class__ is dict and at.__class__ is int and len(value) > CROWDED:
        machine.check_time()
    return index_value(value, at)


def safe_index(machine: Machine, value: Value, at: Value) -> Value:
    """`value[at]` on the left of `??`"""
    return None if value is None else index(machine, value, at)


def member(machine: Machine, value: Value, name: str) -> Value:
    """`value.name`"""
    kind = value.__class__
    if kind is Instance:
        method = value.soli_class.find_method(name)
        if method is not None and method.arity == 0 and method.code.is_leaf:
            return _counted(machine, method, value)
    else:
        table = machine.methods.get(name)
        if table is not None:
            found = table.get(kind)
            if found.__class__ is NativeMethod and found.bare:
                return found.invoke(value)
        elif kind is dict:
            return value.get(name)
    return get_member(machine, value, name)


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


def method(
    machine: Machine, value: Value, name: str, count: int, with_block: bool
) -> Callable[..., Value]:
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


def text(machine: Machine, value: Value) -> str:
    """The display form of a part of a text."""
    return to_text(value, machine.spend)


def throw(machine: Machine, value: Value, span: Any, source: Source) -> SoliError:
    return Thrown(value, thrown_text(value, machine.spend), span, source)


def fail(make_error: Callable[[], SoliError]) -> Any:
    raise make_error()


def scoped(value: Value, name: str) -> Value:
    """`A::B`"""
    if value.__class__ is SoliClass:
        found = value.find_static(name, UNSET)
        if found is not UNSET:
            return found
    raise no_member(name, value)


def new(klass: Value, arguments: list[Value], named: Any) -> Value:
    """`new C(…)`"""
    if klass.__class__ is not SoliClass:
        raise SoliTypeError(f"expected class name, got {type_name(klass)}")
    if klass.is_module:
        raise SoliTypeError(f"cannot instantiate module {klass.name}")
    return klass.soli_call(arguments, named, None)


def part(machine: Machine, value: Value) -> str:
    """The display form of a value in a text. A long one is claimed before the text is built.

    Claimed again with the whole, it counts twice; or many long parts would be joined before
    anybody asked whether there is room for them.
    """
    if value.__class__ is str:
        machine.check_length(len(value))
        return value
    return machine.text(value)


def claimed(machine: Machine, text: str) -> str:
    """A text, claimed as memory that the program built."""
    machine.check_length(len(text))
    return text


def joined(machine: Machine, size: int) -> None:
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


def spread(machine: Machine, result: list[Value], found: Value) -> None:
    """`...found` in an array."""
    if found.__class__ is not list:
        raise SoliTypeError("cannot spread non-array value")
    machine.check_growth(8 * (len(result) + len(found)))
    machine.spend(len(found) >> 3)
    machine.claim(8 * len(found))
    result.extend(found)


def reflect(
    machine: Machine, is_test: bool, given: list[Value], local: dict[str, Value], file: Any
) -> Value:
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


def walked(value: Value) -> Value:
    """What a `for` walks."""
    if value.__class__ is not list:
        hint = PAIRS if value.__class__ is dict else None
        raise SoliTypeError(f"cannot iterate over {iterated(value)}", hint=hint)
    return value


def spanned(machine: Machine, first: Value, last: Value) -> Any:
    """`first..last` without making the array."""
    if first.__class__ is int and last.__class__ is int:
        return range(first, last)
    return arithmetic.make_range(machine, first, last)


def ends(first: Value, last: Value) -> tuple[int, int]:
    """The ends of `first..last`, for going through it."""
    if first.__class__ is int and last.__class__ is int:
        return first, last
    raise arithmetic.no_range(first, last)


_FAR = 1 << 58
"""Ints of which many, added up, stay within 64 bits; see `added`."""


def added(first: int, items: list[Value]) -> int | None:
    """*first* and *items*, 64 at most, one after the other; None unless all are Ints, and too
    small for any sum on the way to be none.
    """
    if countOf(map(type, items), int) < len(items):
        return None
    # All of them, without their signs, are at most the root of their number times this.
    if -_FAR < first < _FAR and hypot(*items) < _FAR:
        return sum(items, first)
    return None


_OF_MACHINE = (
    special, callee, caller, index, safe_index, member, method, text, throw,
    spanned, part, claimed, joined, spread, reflect,
)  # fmt: skip
_PLAIN = (plain, negate, fail, scoped, new, walked, ends, added)


def space(machine: Machine) -> dict[str, Any]:
    """The helpers for programs of *machine*."""
    found = dict(_FIXED)
    found.update(
        machine=machine,
        most_items=machine.max_length // ITEM_BYTES,
        refuel=machine.refuel,
        turns=machine.pay_turns,
        steps_ahead=machine.steps_ahead,
        count_turns=machine.count_turns,
        span_turns=machine.span_turns,
        give_back=machine.give_back,
        length_hint=length_hint,
        NO_TURNS=NO_TURNS,
        spend=machine.spend,
        too_deep=machine.too_deep,
        caught=machine.caught,
        check_length=machine.check_length,
        put_member=set_member,
        put_index=MethodType(set_index, machine),
        call_member=MethodType(call_member, machine),
    )
    found.update(classes.helpers(machine))
    found.update(control.helpers(machine))
    found.update({one.__name__: one for one in _PLAIN})
    found.update({one.__name__: MethodType(one, machine) for one in _OF_MACHINE})
    for operator, name in OPERATORS.items():
        found[name] = MethodType(arithmetic.OPERATIONS[operator], machine)
    return found

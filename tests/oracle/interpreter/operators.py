"""What operators do with values (docs/spec §3.10, §4.2)."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Context, Decimal, InvalidOperation, Overflow
from operator import add as plus
from operator import mul as times
from operator import sub as minus
from typing import Any

from soli_lang.base.errors import SoliOverflowError, SoliTypeError, SoliZeroDivisionError
from soli_lang.machine.machine import Machine
from soli_lang.values.display import to_text
from soli_lang.values.kinds import type_name
from soli_lang.values.objects import ErrorValue
from soli_lang.values.semantics import compare, equals
from soli_lang.values.values import Value

SMALLEST, LARGEST = -(2**63), 2**63 - 1
EXACT = Context(prec=28, Emin=-6143, Emax=6144)


def is_number(value: Value) -> bool:
    return type(value) in (int, float, Decimal)


def integer(value: int) -> int:
    if not SMALLEST <= value <= LARGEST:
        raise SoliOverflowError("Integer overflow")
    return value


def binary(machine: Machine, operator: str, left: Value, right: Value) -> Value:
    """`left operator right`"""
    if operator == "==":
        return equals(left, right)
    if operator == "!=":
        return not equals(left, right)
    if operator in ("<", "<=", ">", ">="):
        return compare(operator, left, right)
    return OPERATIONS[operator](machine, left, right)


def add(machine: Machine, left: Value, right: Value) -> Value:
    texts = (str, ErrorValue)  # an error of the language acts as its text (§9.1)
    if isinstance(left, texts) or isinstance(right, texts):
        text = to_text(left) + to_text(right)
        machine.check_length(len(text))
        return text
    if type(left) is list and type(right) is list:
        machine.check_length(8 * (len(left) + len(right)))
        return left + right
    if is_number(left) and is_number(right):
        return arithmetic("+", left, right)
    raise SoliTypeError(f"Cannot add {type_name(left)} and {type_name(right)}")


def subtract(machine: Machine, left: Value, right: Value) -> Value:
    if type(left) is list and type(right) is list:
        return [item for item in left if not any(equals(item, other) for other in right)]
    if is_number(left) and is_number(right):
        return arithmetic("-", left, right)
    raise SoliTypeError(f"Cannot subtract {type_name(right)} from {type_name(left)}")


def multiply(machine: Machine, left: Value, right: Value) -> Value:
    if type(left) is int and isinstance(right, str):
        left, right = right, left
    if isinstance(left, str) and type(right) is int:
        machine.check_length(len(left) * max(0, right))
        return left * right
    if is_number(left) and is_number(right):
        return arithmetic("*", left, right)
    raise SoliTypeError(f"Cannot multiply {type_name(left)} and {type_name(right)}")


def divide(machine: Machine, left: Value, right: Value) -> Value:
    kinds = {type(left), type(right)}
    if is_number(left) and is_number(right) and right == 0:
        raise SoliZeroDivisionError("Division by zero")
    if not (is_number(left) and is_number(right)) or kinds == {float, Decimal}:
        raise SoliTypeError(f"Cannot divide {type_name(left)} by {type_name(right)}")
    if kinds == {int}:
        quotient = abs(left) // abs(right)
        return integer(quotient if (left < 0) == (right < 0) else -quotient)
    if Decimal in kinds:
        return exact(lambda: quotient_of(Decimal(left), Decimal(right)))
    return left / right


def quotient_of(left: Decimal, right: Decimal) -> Decimal:
    """Division of Decimals: the quotient has at least the places of either."""
    quotient = EXACT.divide(left, right).normalize(EXACT)
    places = min(int(left.as_tuple().exponent), int(right.as_tuple().exponent))
    if int(quotient.as_tuple().exponent) <= places:
        return quotient
    return quotient.quantize(Decimal((0, (1,), places)), context=EXACT)


def remainder(machine: Machine, left: Value, right: Value) -> Value:
    kinds = {type(left), type(right)}
    if not is_number(left) or not is_number(right) or kinds == {float, Decimal}:
        raise SoliTypeError(f"Cannot modulo {type_name(left)} by {type_name(right)}")
    if right == 0 and float not in kinds:
        raise SoliZeroDivisionError("Division by zero")
    if kinds == {int}:
        return int(math.copysign(1, left)) * (abs(left) % abs(right))
    if Decimal in kinds:
        return exact(lambda: EXACT.remainder(Decimal(left), Decimal(right)))
    try:
        return math.fmod(left, right)
    except ValueError:
        return math.nan


def span_of(machine: Machine, left: Value, right: Value) -> range:
    """`left..right`, its end left out."""
    if type(left) is not int or type(right) is not int:
        raise SoliTypeError(
            f"range (..) expects two integers, got {type_name(left)} and {type_name(right)}"
        )
    return range(left, max(left, right))


def span_array(machine: Machine, left: Value, right: Value) -> list[Value]:
    numbers = span_of(machine, left, right)
    machine.check_length(8 * (numbers.stop - numbers.start))
    return list(numbers)


def append(machine: Machine, left: Value, right: Value) -> Value:
    if type(left) is not list:
        raise SoliTypeError(f"<< expects an array on the left, got {type_name(left)}")
    left.append(right)
    return left


OPERATIONS: dict[str, Callable[[Machine, Value, Value], Value]] = {
    "+": add,
    "-": subtract,
    "*": multiply,
    "/": divide,
    "%": remainder,
    "..": span_array,
    "<<": append,
}


PLAIN: dict[str, Callable[[Any, Any], Any]] = {"+": plus, "-": minus, "*": times}
DECIMAL = {"+": EXACT.add, "-": EXACT.subtract, "*": EXACT.multiply}


def arithmetic(sign: str, left: Any, right: Any) -> Value:
    """`+ - *` on two numbers."""
    kinds = {type(left), type(right)}
    if kinds == {int}:
        return integer(PLAIN[sign](left, right))
    if float in kinds:
        return PLAIN[sign](float(left), float(right))
    return exact(lambda: DECIMAL[sign](Decimal(left), Decimal(right)))


def exact(compute: Callable[[], Decimal]) -> Decimal:
    try:
        return compute()
    except (Overflow, InvalidOperation):
        raise SoliOverflowError("Decimal overflow") from None


def negate(value: Value) -> Value:
    """Unary `-`"""
    if type(value) is int:
        return integer(-value)
    if type(value) is float:
        return -value
    if type(value) is Decimal:
        return value.copy_negate()
    raise SoliTypeError(f"Cannot negate {type_name(value)}")

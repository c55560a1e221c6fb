"""The language's opinions, each in one place: truth, equality, order, text, types, keys.

Sources: spec/language.md §3, spec/stdlib.md §0-1, spec/decisions.md 10-14.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from ..base.errors import SoliTypeError
from .objects import EnumValue, ErrorValue, Instance, SoliClass
from .values import FALSE_KEY, TRUE_KEY, BoolKey, DecimalKey, Function, Symbol, Value

Spend = Callable[[int], None]
"""Takes the steps that work on a value costs (`Machine.spend`)."""

MAX_INT = 2**63 - 1
MIN_INT = -(2**63)

ALWAYS_TRUE = frozenset({float, Decimal})
"""Python takes their zeros for false; Soli does not."""

TYPE_NAMES: dict[type, str] = {
    int: "int",
    float: "float",
    Decimal: "decimal",
    str: "string",
    Symbol: "symbol",
    bool: "bool",
    type(None): "null",
    list: "array",
    dict: "hash",
    bytes: "bytes",
    Function: "Function",
    SoliClass: "Class",
}

PROPERTY_OWNERS = {"array": "Array", "string": "String", "hash": "Hash"}


def type_name(value: Value) -> str:
    """What `type(value)` is (spec/language.md §3.1)."""
    name = TYPE_NAMES.get(value.__class__)
    if name is not None:
        return name
    if isinstance(value, Instance):
        return value.soli_class.name
    return getattr(value, "soli_type", "Function")


def owner_name(value: Value) -> str:
    """How property errors call the type of *value*: `Cannot access property 'x' on …`."""
    if value.__class__ is SoliClass:
        return str(value.name)
    name = type_name(value)
    return PROPERTY_OWNERS.get(name, name)


def is_truthy(value: Value) -> bool:
    """False for `false`, `null`, Int 0, `""`, `[]` and `{}` only (spec/language.md §3.2)."""
    return bool(value) or value.__class__ in ALWAYS_TRUE


# --- equality and order ---


def equals(left: Value, right: Value, spend: Spend | None = None) -> bool:
    """`==` (spec/language.md §3.4): never raises, but for a budget that *spend* exhausts."""
    if left is right:
        return not (left.__class__ is float and left != left)
    kind, other = left.__class__, right.__class__
    if kind is other:
        if kind in _PLAIN:
            if kind in _LONG and spend is not None and len(left) == len(right) > LONG_TEXT:
                spend(len(left) >> 10)
            return bool(left == right)
        if kind in _COMPOUND:
            return _compare_pairs([(left, right)], spend)
        return _equals_same_kind(left, right)
    if kind in _NUMBERS and other in _NUMBERS:
        return bool(left == right)
    return _equals_mixed(left, right, spend)


_PLAIN = frozenset({int, float, str, bool, bytes, Symbol})
_NUMBERS = frozenset({int, float})
_LONG = frozenset({str, bytes})
LONG_TEXT = 16_384
"""Characters or bytes from which on comparing two is paid for: C compares them to their ends."""
_COMPOUND = frozenset({list, dict, EnumValue})
_INSTALMENT = 256
"""Pairs compared between two payments."""


def _equals_same_kind(left: Value, right: Value) -> bool:
    if isinstance(left, Decimal):
        same_scale = left.as_tuple().exponent == right.as_tuple().exponent
        return same_scale and bool(left == right)
    same = getattr(left, "soli_equals", None)
    return bool(same(right)) if same is not None else False


def _equals_mixed(left: Value, right: Value, spend: Spend | None) -> bool:
    if isinstance(left, ErrorValue) and isinstance(right, str):
        return left.text(spend) == right
    if isinstance(right, ErrorValue) and isinstance(left, str):
        return right.text(spend) == left
    return False


def _compare_pairs(pending: list[tuple[Value, Value]], spend: Spend | None) -> bool:
    """Compare compound values with a stack of our own, so that depth and cycles cannot hurt."""
    seen: set[tuple[int, int]] = set()
    compared = 0
    while pending:
        left, right = pending.pop()
        compared += 1
        if compared % _INSTALMENT == 0 and spend is not None:
            spend(_INSTALMENT)
        if left is right:
            continue
        kind = left.__class__
        if kind is not right.__class__ or kind not in _COMPOUND:
            if not equals(left, right, spend):
                return False
            continue
        pair = (id(left), id(right))
        if pair in seen:
            continue
        seen.add(pair)
        if not _push_parts(left, right, pending, spend):
            return False
    return True


def _push_parts(
    left: Value, right: Value, pending: list[tuple[Value, Value]], spend: Spend | None
) -> bool:
    """Have the parts of two compound values of one kind compared; False when they differ."""
    if isinstance(left, list):
        if len(left) != len(right):
            return False
        if spend is not None and len(left) > _INSTALMENT:
            spend(len(left) >> 2)
        pending.extend(zip(left, right, strict=True))
        return True
    if isinstance(left, EnumValue):
        if left.soli_class is not right.soli_class or left.variant != right.variant:
            return False
        left, right = left.fields, right.fields
    if len(left) != len(right):
        return False
    if spend is not None and len(left) > _INSTALMENT:
        spend(len(left) >> 1)
    for key, value in left.items():
        if key not in right:
            return False
        pending.append((value, right[key]))
    return True


_ORDERED = frozenset({int, float, Decimal})


def compare(operator: str, left: Value, right: Value, spend: Spend | None = None) -> bool:
    """`<`, `<=`, `>` or `>=` (spec/language.md §3.5). Raises SoliTypeError for other pairs.

    *spend* is charged for comparing long texts.
    """
    kind, other = left.__class__, right.__class__
    plain = (kind in _ORDERED and other in _ORDERED) or (kind is str and other is str)
    if plain:
        if kind is str:
            if spend is not None and (shorter := min(len(left), len(right))) > LONG_TEXT:
                spend(shorter >> 10)
        elif kind is not other and (left != left or right != right):
            return False  # Python raises for a Decimal beside a NaN
    elif kind is other and hasattr(left, "soli_order"):
        left, right = left.soli_order(), right.soli_order()
    else:
        raise SoliTypeError(f"Cannot compare {type_name(left)} and {type_name(right)}")
    if operator == "<":
        return bool(left < right)
    if operator == "<=":
        return bool(left <= right)
    if operator == ">":
        return bool(left > right)
    return bool(left >= right)


# --- hash keys ---


def to_key(value: Value) -> Any:
    """The Python dict key that stands for the hash key *value*.

    Raises SoliTypeError for a value that cannot be a key (spec/language.md §3.9).
    """
    kind = value.__class__
    if kind is str or kind is int or value is None or kind is Symbol:
        return value
    if kind is bool:
        return TRUE_KEY if value else FALSE_KEY
    if kind is Decimal:
        return DecimalKey(value)
    raise SoliTypeError(f"Cannot use {type_name(value)} as hash key")


def is_key(value: Value) -> bool:
    """Whether *value* can be a hash key."""
    kind = value.__class__
    return kind in _KEY_KINDS


_KEY_KINDS = frozenset({str, int, type(None), Symbol, bool, Decimal})


def from_key(key: Any) -> Value:
    """The Soli value that the Python dict key *key* stands for."""
    if key.__class__ is BoolKey or key.__class__ is DecimalKey:
        return key.value
    return key


# --- text ---


def float_text(value: float) -> str:
    """Shortest digits that round-trip, never an exponent, no `.0` (spec/stdlib.md §1.1)."""
    if value != value:
        return "NaN"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    text = repr(value)
    if "e" in text:
        return _without_exponent(text)
    return text[:-2] if text.endswith(".0") else text


def _without_exponent(text: str) -> str:
    mantissa, _, exponent = text.partition("e")
    sign = "-" if mantissa.startswith("-") else ""
    whole, _, fraction = mantissa.lstrip("-").partition(".")
    digits, point = whole + fraction, len(whole) + int(exponent)
    if point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    if point >= len(digits):
        return f"{sign}{digits}{'0' * (point - len(digits))}"
    return f"{sign}{digits[:point]}.{digits[point:]}"


def to_text(value: Value, spend: Spend | None = None) -> str:
    """The display form: what `print`, `str`, interpolation and `+` show (spec/stdlib.md §1.1).

    *spend* is charged for writing containers. Raises LimitError for a text past all bounds.
    """
    kind = value.__class__
    if kind is str:
        return value  # type: ignore[no-any-return]
    if kind is int:
        return int.__repr__(value)
    if value is None:
        return "null"
    if kind is bool:
        return "true" if value else "false"
    if kind is float:
        return float_text(value)
    if kind is list or kind is dict:
        if not value:
            return "[]" if kind is list else "{}"
        return _container_text(value, spend)
    return _object_text(value, spend)


def _container_text(value: Value, spend: Spend | None) -> str:
    from .display import display

    return display(value, spend)


def _object_text(value: Value, spend: Spend | None) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, Symbol):
        return f":{value.name}"
    if isinstance(value, Function):
        return f"<fn {value.name}>"
    if isinstance(value, SoliClass):
        return f"<class {value.name}>"
    if isinstance(value, ErrorValue):
        return value.text(spend)
    if isinstance(value, Instance):
        return _container_text(value, spend)
    if isinstance(value, bytes):
        return f"<bytes {len(value)}>"
    text = getattr(value, "soli_text", None)
    return str(text()) if text is not None else f"<{type_name(value)}>"


# --- inspect ---


def inspect(value: Value, spend: Spend | None = None) -> str:
    """The form for programmers: strings quoted, long containers over lines (stdlib.md §1.2).

    *spend* is charged for writing containers. Raises LimitError for a text past all bounds.
    """
    kind = value.__class__
    if kind is list or kind is dict or isinstance(value, Instance):
        from .display import inspect_container

        return inspect_container(value, spend)
    return scalar_inspect(value)


def scalar_inspect(value: Value) -> str:
    """The inspect form of a value without parts."""
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, Decimal):
        return f"Decimal({value:f})"
    if isinstance(value, Function):
        return "<function>"
    custom = getattr(value, "soli_inspect", None)
    return str(custom()) if custom is not None else to_text(value)

"""The language's opinions, each in one place: truth, equality, order.

The rules are those of docs/spec §3 and §L0-L1.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from ..base.errors import SoliTypeError
from .display import error_text
from .kinds import type_name
from .objects import EnumValue, ErrorValue
from .values import Symbol, Value

Spend = Callable[[int], None]
"""Takes the steps that work on a value costs (`Machine.spend`)."""

MAX_INT = 2**63 - 1
MIN_INT = -(2**63)

ALWAYS_TRUE = frozenset({float, Decimal})
"""Python takes their zeros for false; Soli does not."""


def is_truthy(value: Value) -> bool:
    """False for `false`, `null`, Int 0, `""`, `[]` and `{}` only (docs/spec §3.2)."""
    return bool(value) or value.__class__ in ALWAYS_TRUE


# --- equality and order ---


def equals(left: Value, right: Value, spend: Spend | None = None) -> bool:
    """`==` (docs/spec §3.4): never raises, but for a budget that *spend* exhausts."""
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
        return error_text(left, spend) == right
    if isinstance(right, ErrorValue) and isinstance(left, str):
        return error_text(right, spend) == left
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
    """`<`, `<=`, `>` or `>=` (docs/spec §3.5). Raises SoliTypeError for other pairs.

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

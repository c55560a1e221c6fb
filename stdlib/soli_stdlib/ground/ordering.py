"""The orders that sort, min and max use (docs/spec §L4.1).

Beyond the specification, Decimals order with the other numbers and DateTimes by instant, as `<`
does; sorting them "as equal" serves nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from decimal import Decimal
from functools import cmp_to_key, partial
from typing import Any

from soli_lang.values.semantics import Spend
from soli_lang.values.values import Value

NUMBERS = frozenset({int, float, Decimal})
_EXACT = frozenset({int, Decimal})
_ONE_KIND = (frozenset({int}), frozenset({str}))
_INT_AND_FLOAT = frozenset({int, float})
_BOOL = frozenset({bool})


FEW_ENOUGH = 100_000
"""Items whose classes are listed to be counted, which takes memory that nobody claimed."""


def kinds_of(values: Collection[Value]) -> frozenset[type]:
    """The Python classes of *values*."""
    if not values or len(values) > FEW_ENOUGH:
        return frozenset(map(type, values))
    listed = list(map(type, values))  # counting what is all the same is twice as fast as a set
    if listed.count(listed[0]) == len(listed):
        return frozenset((listed[0],))
    return frozenset(listed)


def is_plainly_ordered(values: list[Value], kinds: frozenset[type]) -> bool:
    """Whether Python orders *values* of these *kinds* as Soli does: all strings, or all numbers
    without NaN.
    """
    if kinds in _ONE_KIND:
        return True
    if kinds <= _INT_AND_FLOAT:
        return not _has_nan(values)
    return kinds <= _EXACT


def _has_nan(values: list[Any]) -> bool:
    total = sum(values)  # NaN when one of them is, or when infinities cancel out
    return total != total and any(value != value for value in values)


def compared(left: Value, right: Value) -> int | None:
    """-1, 0 or 1 for two numbers, two strings or two objects with an order, else None."""
    kind, other = left.__class__, right.__class__
    if kind in NUMBERS and other in NUMBERS:
        if left != left or right != right:
            return None
    elif kind is other and hasattr(left, "soli_order"):
        left, right = left.soli_order(), right.soli_order()
    elif kind is not str or other is not str:
        return None
    return int(left > right) - int(left < right)


def narrow(left: Value, right: Value) -> int:
    """The order of `sort`: what cannot be compared counts as equal."""
    return compared(left, right) or 0


def wide(left: Value, right: Value) -> int:
    """The order of `sort_by` and its kin: null comes first, false before true."""
    if left is None or right is None:
        return (left is not None) - (right is not None)
    if left.__class__ is bool and right.__class__ is bool:
        return left - right
    return compared(left, right) or 0


COMPARISON_STEPS = 4


def _paid(order: Callable[[Value, Value], int], spend: Spend) -> Callable[[Value, Value], int]:
    def compare(left: Value, right: Value) -> int:
        spend(COMPARISON_STEPS)
        return order(left, right)

    return compare


def sorted_narrow(values: list[Value], spend: Spend) -> list[Value]:
    """*values* in the order of `sort`, stable."""
    if is_plainly_ordered(values, kinds_of(values)):
        return sorted(values)
    return sorted(values, key=cmp_to_key(_paid(narrow, spend)))


def sorted_by(
    items: list[Value], keys: list[Value], spend: Spend, *, descending: bool = False
) -> list[Value]:
    """*items* in the wide order of their *keys*, stable."""
    if not is_plainly_ordered(keys, kinds := kinds_of(keys)) and kinds != _BOOL:
        ordered = cmp_to_key(_paid(wide, spend))
        keys = [ordered(value) for value in keys]
    # Asked for the key of each item in turn, `next` gives that; the item is its default.
    return sorted(items, key=partial(next, iter(keys)), reverse=descending)


def extreme(values: list[Value], kinds: frozenset[type], sign: int) -> Value:
    """The smallest (*sign* -1) or greatest (1) of *values* of these *kinds*, the first of
    equals; null for none.

    Values that cannot be compared with the best so far are passed over.
    """
    if is_plainly_ordered(values, kinds):
        if not values:
            return None
        return min(values) if sign < 0 else max(values)
    orderable = [value for value in values if compared(value, value) is not None]
    if not orderable:
        return values[0]
    best = orderable[0]
    for value in orderable:
        if compared(value, best) == sign:
            best = value
    return best

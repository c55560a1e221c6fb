"""Arrays of one kind are worked on in C, mixed ones as Soli says; both must say the same."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from functools import cmp_to_key
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from soli_stdlib.ground import equality
from soli_stdlib.ground.equality import group_key, is_number
from soli_stdlib.ground.fields import field_of
from soli_stdlib.ground.ordering import wide

from soli_lang.base.errors import LimitError, SoliError, SoliValueError
from soli_lang.base.limits import Limits
from soli_lang.machine.machine import CROWDED
from soli_lang.values.display import inspect
from soli_lang.values.kinds import from_key
from soli_lang.values.objects import ErrorValue, Instance, SoliClass
from soli_lang.values.semantics import MAX_INT, MIN_INT, equals
from soli_lang.values.values import symbol

from ..installed import Library

SOLI = Library()
OVERFLOW = f"error: {SOLI.send_failure([MAX_INT, 1], 'sum')}"
POINT = SoliClass("Point")
EDGES = (
    0, 1, -1, 2**53 + 1, MAX_INT, MIN_INT, True, False, None, 0.0, -0.0, 1.0, 2.0**53, math.nan,
    math.inf, -math.inf, Decimal("1"), Decimal("1.0"), Decimal("2.5"), "", "a", "b", "1", "ab",
    symbol("a"), symbol("b"), b"a",
)  # fmt: skip


def _arrays(*more: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    any_item = st.one_of(
        st.sampled_from(EDGES), st.builds(list), st.builds(lambda: {"k": 1}), *more
    )
    return st.one_of(
        st.lists(st.integers(-3, 3), max_size=8),
        st.lists(st.sampled_from("abc"), max_size=8),
        st.lists(st.floats(width=32), max_size=8),
        st.lists(st.one_of(st.integers(-2, 2), st.booleans()), max_size=8),
        st.lists(st.one_of(st.integers(-2, 2), st.floats(-2, 2, width=16)), max_size=8),
        st.lists(any_item, max_size=8),
    )


def outcome(code: Callable[[], Any]) -> str:
    """What comes out of it, also as an error, in a form that tells 1 from 1.0 and true."""
    try:
        found = code()
    except SoliError as error:
        return f"error: {error}"
    return shown(found)


def shown(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(shown, value)) + "]"
    if isinstance(value, dict):
        return (
            "{"
            + ", ".join(f"{shown(from_key(key))}: {shown(item)}" for key, item in value.items())
            + "}"
        )
    return f"{type(value).__name__} {id(value) if isinstance(value, Instance) else repr(value)}"


def rows(values: list[Any]) -> list[Any]:
    """Items whose field `f` is each of *values*: hashes, now and then an object or none of both."""
    items: list[Any] = [{"f": value, "at": at} for at, value in enumerate(values)]
    if len(values) % 3 == 1:
        items[0] = Instance(POINT, {"f": values[0]})
    if len(values) % 5 == 2:
        items[-1] = "f"
    return items


@given(_arrays())
def test_sums_and_means_are_those_of_the_numbers(values: list[Any]) -> None:
    numbers = [value for value in values if is_number(value)]
    if all(value.__class__ is int for value in numbers):
        plain = sum(numbers)
        total = shown(plain) if MIN_INT <= plain <= MAX_INT else OVERFLOW
    else:
        added = 0.0
        for number in numbers:
            added += float(number)
        total = shown(added)
    mean = None
    if numbers:
        mean = 0.0
        for number in numbers:
            mean += float(number)
        mean /= len(numbers)
    items = [{"f": value} for value in values]
    assert outcome(lambda: SOLI.send(items, "sum_by", "f")) == total
    assert outcome(lambda: SOLI.send(items, "avg_by", "f")) == shown(mean)
    assert outcome(lambda: SOLI.send(values, "avg")) == shown(mean)
    if len(numbers) < len(values):
        total = "error: Type error: sum expects numeric array"
    assert outcome(lambda: SOLI.send(values, "sum")) == total


ERRORS = st.builds(lambda: ErrorValue(POINT, {"message": "a"}))
"""Objects that are equal to their texts."""


@given(_arrays(ERRORS), st.sampled_from(EDGES))
@example([1, True, 1.0, Decimal(1)], 1)
@example([1, True, 1.0], True)
@example([0, False, None, ""], None)
@example([math.nan], math.nan)
def test_what_a_field_equals_is_what_soli_says(values: list[Any], wanted: Any) -> None:
    items = rows(values)
    expected = [item for item in items if equals(field_of(item, "f"), wanted)]
    assert shown(SOLI.send(items, "filter_by", "f", wanted)) == shown(expected)


@given(_arrays(ERRORS), st.sampled_from(EDGES))
@example([1, True, 1.0, Decimal(1)], True)
@example([True, 1], 1)
@example([ErrorValue(POINT, {"message": "a"})], "a")
@example([math.nan], math.nan)
def test_the_first_equal_value_is_the_one_that_soli_calls_so(
    values: list[Any], wanted: Any
) -> None:
    places = [at for at, value in enumerate(values) if equals(value, wanted)]
    items = [{"f": value} for value in values]
    expected = items[places[0]] if places else None
    assert SOLI.send(items, "find_by", "f", wanted) is expected
    entries = {f"k{at}": value for at, value in enumerate(values)}
    assert SOLI.send(entries, "key", wanted) == (f"k{places[0]}" if places else None)
    assert SOLI.send(entries, "has_value?", wanted) is bool(places)


@given(_arrays(), st.sampled_from(EDGES))
@example([1, True, 1.0, Decimal(1)], True)
@example([True, 1, 1.0], 1)
def test_equal_items_are_counted_and_left_out(values: list[Any], wanted: Any) -> None:
    rest = [value for value in values if not equals(value, wanted)]
    assert SOLI.send(values, "count", wanted) == len(values) - len(rest)
    left = SOLI.send(values, "delete", wanted)
    assert shown(left) == shown(rest if len(rest) < len(values) else None)


@given(_arrays())
def test_groups_are_by_the_grouping_key(values: list[Any]) -> None:
    items = [{"f": value, "at": at} for at, value in enumerate(values)]
    groups: dict[Any, list[Any]] = {}
    for item in items:
        groups.setdefault(group_key(item["f"]), []).append(item)
    found = SOLI.send(items, "group_by", "f")
    assert found.__class__ is dict
    assert shown(found) == shown(groups)
    last = {key: group[-1] for key, group in groups.items()}
    assert shown(SOLI.send(items, "index_by", "f")) == shown(last)
    firsts = [item for item in items if item is _first_equal(items, item)]
    assert shown(SOLI.send(items, "uniq_by", "f")) == shown(firsts)


def _first_equal(items: list[Any], item: Any) -> Any:
    return next((one for one in items if equals(one["f"], item["f"])), item)


@given(_arrays())
@example([None, True, False])
@example([0.0, -0.0])
@example([math.nan, 1.0])
@example(["b", 1, "a"])
def test_extremes_by_a_field_are_the_first_of_their_order(values: list[Any]) -> None:
    items = rows(values)
    present = [item for item in items if field_of(item, "f") is not None]
    order = cmp_to_key(lambda left, right: wide(field_of(left, "f"), field_of(right, "f")))
    for name, choose in (("min_by", min), ("max_by", max)):
        expected = choose(present, key=order) if present else None
        assert SOLI.send(items, name, "f") is expected


@given(_arrays())
def test_tallies_count_by_the_grouping_key(values: list[Any]) -> None:
    expected: dict[Any, int] = {}
    for value in values:
        expected[group_key(value)] = expected.get(group_key(value), 0) + 1
    assert shown(SOLI.send(values, "tally")) == shown(expected)
    items = [{"f": value} for value in values]
    assert shown(SOLI.send(items, "count_by", "f")) == shown(expected)


def _unique(values: list[Any]) -> list[Any]:
    found: list[Any] = []
    for value in values:
        if not any(equals(value, other) for other in found):
            found.append(value)
    return found


@given(_arrays(), _arrays())
@example([1, 2], [1.0, True])
@example([True, 1], [1])
@example(["a", symbol("a")], ["a"])
@example([math.nan], [math.nan])
def test_sets_hold_what_soli_calls_equal(left: list[Any], right: list[Any]) -> None:
    # -0.0 and 0.0 are equal, and which of two equal ones is kept is told by `shown`.
    found = SOLI.send(left, "intersection", right)
    both = [item for item in _unique(left) if any(equals(item, other) for other in right)]
    assert shown(found) == shown(both)
    rest = [item for item in _unique(left) if not any(equals(item, other) for other in right)]
    assert shown(SOLI.send(left, "difference", right)) == shown(rest)
    assert shown(SOLI.send(left, "uniq")) == shown(_unique(left))


def test_many_ints_are_counted_and_compared_like_few() -> None:
    """From `CROWDED` items on, Ints are not looked up as they are."""
    many = [*range(CROWDED), 1, 2, 2]
    assert SOLI.send(many, "uniq") == list(range(CROWDED))
    assert SOLI.send(many, "intersection", [2, 1, -1]) == [1, 2]
    assert SOLI.send(many, "difference", list(range(5, CROWDED))) == [0, 1, 2, 3, 4]
    rows_of_many = [{"f": number} for number in many]
    assert len(SOLI.send(rows_of_many, "uniq_by", "f")) == CROWDED
    assert len(SOLI.send(rows_of_many, "group_by", "f")[2]) == 3
    counts = SOLI.send(many, "tally")
    assert list(counts) == list(range(CROWDED))
    assert (counts[0], counts[1], counts[2]) == (1, 2, 3)


def test_many_ints_that_meet_in_a_set_are_scattered() -> None:
    """Ints as far apart as a set is large would all be looked for in one place of it."""
    near = list(range(-CROWDED, CROWDED))
    apart = [number << 20 for number in near]
    kinds = frozenset({int})
    assert equality._are_apart(near, kinds)
    assert not equality._are_apart(apart, kinds)
    assert SOLI.send(apart + near, "uniq") == list(dict.fromkeys(apart + near))


@given(st.dictionaries(st.text(max_size=2), st.sampled_from(["a", 1, None, 2.5, True, [1]])))
def test_an_inverted_hash_has_the_last_key_of_each_value(entries: dict[str, Any]) -> None:
    if any(value.__class__ in (float, list) for value in entries.values()):
        with pytest.raises(SoliError, match="as hash key"):
            SOLI.send(entries, "invert")
        return
    found = SOLI.send(entries, "invert")
    pairs = [[from_key(key), value] for key, value in found.items()]
    expected = {(value.__class__, value): key for key, value in entries.items()}
    assert pairs == [[value, key] for (_, value), key in expected.items()]


def test_time_is_looked_at_while_many_ints_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program can choose Ints that are all looked for in the same places of a hash."""
    looks: list[int] = []
    soli = Library()
    monkeypatch.setattr(type(soli.machine), "check_time", lambda machine: looks.append(1))
    soli.send(list(range(CROWDED + 1)), "tally")
    assert len(looks) >= CROWDED // equality._PORTION


@st.composite
def nested(draw: st.DrawFn) -> list[Any]:
    leaves = st.one_of(st.integers(0, 9), st.sampled_from(["", "a", None]), st.builds(dict))
    tree = st.recursive(leaves, lambda inner: st.lists(inner, max_size=4), max_leaves=25)
    return draw(st.lists(tree, max_size=6))


def _flat(items: list[Any], depth: int) -> list[Any]:
    found: list[Any] = []
    for item in items:
        if isinstance(item, list) and depth > 0:
            found += _flat(item, depth - 1)
        else:
            found.append(item)
    return found


@given(nested(), st.one_of(st.none(), st.integers(0, 8)))
@example([[[[[[[1]]]]]], 2], None)
@example([[[[[[[1]]]]]], 2], 4)
@example([[[[[[[1]]]]]], 2], 5)
def test_flatten_goes_as_deep_as_it_is_told(items: list[Any], depth: int | None) -> None:
    arguments = () if depth is None else (depth,)
    before = inspect(items)
    found = SOLI.send(items, "flatten", *arguments)
    assert found == _flat(items, 99 if depth is None else depth)
    assert found is not items
    assert inspect(items) == before


@pytest.mark.parametrize("levels", range(1, 8))
def test_an_array_in_itself_has_no_end(levels: int) -> None:
    inner: list[Any] = [1]
    outer = inner
    for _ in range(levels):
        outer = [outer, 2]
    inner.append(outer)
    with pytest.raises(SoliValueError, match="contains itself"):
        SOLI.send(outer, "flatten")


@pytest.mark.parametrize("levels", [1, 3, 6])
def test_a_flat_array_too_large_is_refused_where_it_was(levels: int) -> None:
    """The error names the array at which it got too large, not all that was to come."""
    soli = Library(limits=Limits.off(max_value_bytes=80_000))
    items: list[Any] = [list(range(1000)) for _ in range(20)]
    for _ in range(levels - 1):
        items = [items]
    with pytest.raises(LimitError, match="value too large: 88000 bytes"):
        soli.send(items, "flatten")

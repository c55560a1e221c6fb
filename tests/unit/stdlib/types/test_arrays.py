"""Methods of Array (docs/spec §L4) at their edges."""

from __future__ import annotations

import math
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soli_lang.base.errors import LimitError, SoliError, SoliOverflowError, SoliValueError
from soli_lang.machine.machine import Machine
from soli_lang.values.objects import Instance, SoliClass
from soli_lang.values.semantics import equals
from soli_lang.values.values import Symbol

from ..conftest import Call

NAN = math.nan
D = Decimal

CASES: list[tuple[list[Any], str, tuple[Any, ...], Any]] = [
    ([1, True, 1.0, "1", D(1)], "uniq", (), [1, True, "1", D(1)]),
    ([[1], [1.0], [2]], "uniq", (), [[1], [2]]),
    ([True, 1], "includes?", (1,), True),
    ([True], "includes?", (1,), False),
    ([D(1), True, 1.0], "index_of", (1,), 2),
    (["a", Symbol("a")], "index_of", (Symbol("a"),), 1),
    ([False, 0, 0.0], "count", (0,), 2),
    ([{"a": True}], "includes?", ({"a": 1},), False),
    ([[1], [2], [1]], "tally", (), {None: 3}),
    ([1.0, 1, "x"], "tally", (), {1: 2, "x": 1}),
    ([1, None, [], {}, "", " ", 0, False], "compact_blank", (), [1, " ", 0, False]),
    ([3, 1, 2.5], "sort", (), [1, 2.5, 3]),
    ([True, False], "sort", (), [True, False]),
    ([None, 1], "sort", (), [None, 1]),
    ([D("2.5"), D("1.5"), 2], "sort", (), [D("1.5"), 2, D("2.5")]),
    (["b", "a"], "max", (), "b"),
    ([None, 3, "x", 5], "max", (), 5),
    ([None, "b", 1, "a"], "min", (), "a"),
    ([True, False], "min", (), True),
    ([], "sum", (), 0),
    ([1, D("1.5")], "sum", (), 2.5),
    ([0.1] * 10, "sum", (), 0.9999999999999999),
    ([1, "x", None, 2], "avg", (), 1.5),
    ([1, 2, 3], "slice", ("x", 2), [1, 2]),
    ([1, 2, 3], "slice", (-9, 9), [1, 2, 3]),
    ([1, 2, 3], "slice", (2, 1), []),
    ([1, 2, 3], "slice", (), [1, 2, 3]),
    ([1, 2], "delete_at", (-9,), [2]),
    ([1, 2], "delete_at", (2,), None),
    ([1, 2], "insert", (9, 3), [1, 2, 3]),
    ([1, 2], "insert", (-1, 3), [1, 3, 2]),
    ([1, 2], "insert", (-9, 3), [3, 1, 2]),
    ([], "rotate", (3,), []),
    ([1, 2, 3], "rotate", (4,), [2, 3, 1]),
    ([1, 2, 3], "values_at", ([0, 9], -9), [1, None, 1]),
    ([1, [2, [3, [4]]]], "flatten", (2,), [1, 2, 3, [4]]),
    ([[1]], "flatten", (0,), [[1]]),
    ([1, 2], "get", (-2,), 1),
    ([1, 2], "get", (-3,), None),
    ([{"a": 1}], "dig", (0, 1.5), None),
    ([1], "dig", ("x",), None),
    ([], "sample", (), None),
    ([[1, "a"], [2, "b"]], "pluck", (1,), ["a", "b"]),
    ([{"a": 1, "b": 2}], "pluck", ("a", "b"), [[1, 2]]),
    ([{"a": 1}, 5, None], "pluck", ("a",), [1, None, None]),
    ([], "pick", ("a",), None),
    ([{"a": 1, "b": 2}], "pick", ("a", "b"), [1, 2]),
    ([{"n": 1}, {"n": True}], "filter_by", ("n", 1), [{"n": 1}]),
    ([{"n": None}, {"n": 2}, {"n": 2.0, "x": 1}], "max_by", ("n",), {"n": 2}),
    ([{"n": None}], "min_by", ("n",), None),
    ([{"n": 1}, {"n": "x"}, {"n": 2}], "sum_by", ("n",), 3),
    ([{"n": 1}, {}], "avg_by", ("n",), 1.0),
    ([{"k": 2.0}, {"k": 2}], "count_by", ("k",), {2: 2}),
    ([{"k": [1]}, {}], "group_by", ("k",), {None: [{"k": [1]}, {}]}),
    ([{"k": 1, "v": 1}, {"k": 1, "v": 2}], "index_by", ("k",), {1: {"k": 1, "v": 2}}),
    ([{"k": 1, "v": 1}, {"k": 1.0, "v": 2}], "uniq_by", ("k",), [{"k": 1, "v": 1}]),
    ([{"n": 2}, {"n": None}, {"n": 1}], "sort_by", ("n",), [{"n": None}, {"n": 1}, {"n": 2}]),
    ([{"n": 2}, {"n": 1}], "order", ("n", "DESC"), [{"n": 2}, {"n": 1}]),
    ([2, 1], "order", (), [2, 1]),
    ([1, 1, 2], "union", ([2, 3],), [1, 2, 3]),
    ([1, 1, True], "intersection", ([True, 1.0],), [1, True]),
    ([[1], 2], "difference", ([[1]],), [2]),
    ([1, None, True, "x", [2]], "join", ("-",), "1-null-true-x-[2]"),
    ([], "join", ("-",), ""),
    ([1, 2, 3], "includes", ("posts",), False),
    ([1, 2, 3], "includes", (3,), True),
]


def same(left: Any, right: Any) -> bool:
    """Soli's equality, and the same types: Python takes `1`, `True` and `1.0` for one."""
    return equals(left, right) and repr(left) == repr(right)


@pytest.mark.parametrize(("items", "name", "arguments", "expected"), CASES)
def test_an_array_method_gives(
    send: Call, items: list[Any], name: str, arguments: tuple[Any, ...], expected: Any
) -> None:
    """The result is the one of the specification, and the array is as it was."""
    before = repr(items)

    result = send(items, name, *arguments)

    assert (same(result, expected), repr(items)) == (True, before)


@pytest.mark.parametrize(
    ("items", "name", "arguments", "message"),
    [
        ([], "map", (5,), "Type error: map expects a function argument"),
        ([], "select", ("x",), "Type error: select expects a function argument"),
        ([], "any?", (None,), "Type error: any? expects a function argument"),
        ([], "concat", (1,), "Type error: Array.concat() argument must be an Array"),
        ([], "union", (1,), "Type error: Array.union() argument must be an Array"),
        ([], "join", (1,), "Type error: join expects a string delimiter"),
        ([], "get", ("0",), "Type error: get expects an integer index"),
        ([], "get", (True,), "Type error: get expects an integer index"),
        ([], "take", (-1,), "Type error: take expects a non-negative integer"),
        ([], "drop", ("1",), "Type error: drop expects a non-negative integer"),
        ([], "flatten", (-1,), "Type error: flatten expects a non-negative integer"),
        ([], "zip", (1,), "Type error: zip expects an array argument"),
        ([True], "sum", (), "Type error: sum expects numeric array"),
        ([], "sort_by", (5,), "Type error: sort_by expects a string key or a function argument"),
        ([], "sort", (5,), "Type error: sort expects a function argument"),
        ([], "sum_by", (True,), "Type error: `sum_by` expects a field name as a string, got bool"),
        ([], "push", (), "Wrong number of arguments: expected 1, got 0"),
        ([], "push", (1, 2), "Wrong number of arguments: expected 1, got 2"),
        ([], "reduce", (), "Wrong number of arguments: expected 2, got 0"),
        ([], "rotate", (1, 2), "Wrong number of arguments: expected 1, got 2"),
        ([], "first", (1,), "Wrong number of arguments: expected 0, got 1"),
    ],
)
def test_a_wrong_argument_is_reported_in_the_words_of_the_specification(
    send: Call, items: list[Any], name: str, arguments: tuple[Any, ...], message: str
) -> None:
    """The message names the method as it was called."""
    with pytest.raises(SoliError) as failure:
        send(items, name, *arguments)

    assert failure.value.message == message


def test_a_function_is_no_field_name(send: Call, fn: Call) -> None:
    """The `_by` family says what to use instead."""
    with pytest.raises(SoliError) as failure:
        send([], "max_by", fn(lambda item: item))

    assert failure.value.message.startswith(
        "Type error: `max_by` takes a field name as a string, not a function"
    )


# --- changing in place ---


def test_push_changes_the_array_and_gives_it(send: Call) -> None:
    """So pushes chain."""
    items = [1]

    assert send(items, "push", 2) is items
    assert items == [1, 2]


def test_concat_can_append_an_array_to_itself(send: Call) -> None:
    """The argument is read before anything is appended."""
    items = [1, 2]

    send(items, "concat", items, [3])

    assert items == [1, 2, 1, 2, 3]


def test_pop_of_nothing_is_null(send: Call) -> None:
    """And no error."""
    assert send([], "pop") is None


def test_shift_leaves_the_array_alone(send: Call) -> None:
    """It gives a new array, not the element."""
    items = [1, 2]

    assert (send(items, "shift"), items) == ([2], [1, 2])


# --- callbacks ---


def test_a_callback_may_change_the_array_it_is_called_for(send: Call, fn: Call) -> None:
    """Iteration goes over a snapshot."""
    items = [1, 2]

    result = send(items, "map", fn(lambda item: items.append(item)))

    assert (result, items) == ([None, None], [1, 2, 1, 2])


def test_each_gives_a_copy(send: Call, fn: Call) -> None:
    """Equal, but not the same array."""
    items = [1]
    result = send(items, "each", fn(lambda item: None))

    assert result == items
    assert result is not items


def test_filter_goes_by_the_truth_of_soli(send: Call, fn: Call) -> None:
    """0.0 is true, 0 is not."""
    assert send([0, 0.0, "", "x", None], "filter", fn(lambda item: item)) == [0.0, "x"]


def test_reject_goes_by_the_truth_of_soli(send: Call, fn: Call) -> None:
    """The other half."""
    assert send([0, 0.0, "", "x", None], "reject", fn(lambda item: item)) == [0, "", None]


def test_reduce_with_null_as_initial_value(send: Call, fn: Call) -> None:
    """A given null is not a missing argument."""
    assert send([1], "reduce", fn(lambda acc, item: [acc, item]), None) == [None, 1]


def test_reduce_hands_a_pair_to_a_function_of_one_parameter(send: Call, fn: Call) -> None:
    """`[acc, v]`."""
    assert send([1, 2, 3], "reduce", fn(lambda pair: pair[0] + pair[1])) == 6


def test_sort_takes_an_error_in_the_callback_for_equal(send: Call, fn: Call) -> None:
    """The specification wants it swallowed."""

    def fail(left: Any, right: Any) -> Any:
        raise SoliValueError("no order")

    assert send([2, 1], "sort", fn(fail)) == [2, 1]


def test_sort_does_not_swallow_the_end_of_the_budget(send: Call, fn: Call) -> None:
    """docs/spec §9.4."""

    def fail(left: Any, right: Any) -> Any:
        raise LimitError("step limit exceeded")

    with pytest.raises(LimitError):
        send([2, 1], "sort", fn(fail))


def test_sort_goes_by_the_sign_of_a_float(send: Call, fn: Call) -> None:
    """And takes anything else for 0."""
    assert send([1, 3, 2], "sort", fn(lambda a, b: float(b - a))) == [3, 2, 1]


def test_count_with_a_function_counts_what_it_says_yes_to(send: Call, fn: Call) -> None:
    """0 is no yes."""
    assert send([0, 1, 2], "count", fn(lambda item: item)) == 2


def test_one_stops_at_the_second(send: Call, fn: Call) -> None:
    """Two are not one."""
    seen: list[int] = []

    def note(item: int) -> bool:
        seen.append(item)
        return True

    assert (send([1, 2, 3], "one?", fn(note)), seen) == (False, [1, 2])


# --- bounds ---


def test_a_sum_that_leaves_64_bits_overflows(send: Call) -> None:
    """docs/spec §3.10."""
    with pytest.raises(SoliOverflowError):
        send([2**63 - 1, 1], "sum")


def test_an_array_that_contains_itself_does_not_flatten(send: Call) -> None:
    """It would never end."""
    items: list[Any] = [1]
    items.append(items)

    with pytest.raises(SoliValueError):
        send(items, "flatten")


def test_flattening_shared_arrays_is_refused_before_it_explodes(send: Call) -> None:
    """Forty levels of two are a billion items."""
    items: list[Any] = [1]
    for _ in range(40):
        items = [items, items]

    with pytest.raises(LimitError):
        send(items, "flatten")


def test_joining_one_big_text_many_times_is_refused(send: Call) -> None:
    """A thousand references to 100,000 characters are a hundred megabytes."""
    with pytest.raises(LimitError):
        send(["x" * 100_000] * 1000, "join", "")


def test_pushing_beyond_the_limit_is_refused(machine: Machine, send: Call) -> None:
    """The array stays as it was."""
    items = [None] * (machine.max_length // 8)

    with pytest.raises(LimitError):
        send(items, "push", 1)
    assert len(items) == machine.max_length // 8


def test_pushing_up_to_the_limit_works(machine: Machine, send: Call) -> None:
    """One below there is room for one."""
    items = [None] * (machine.max_length // 8 - 1)

    assert len(send(items, "push", 1)) == machine.max_length // 8


def test_pluck_reads_fields_of_instances(send: Call) -> None:
    """By name."""
    item = Instance(SoliClass("User"), {"name": "Ada"})

    assert send([item], "pluck", "name") == ["Ada"]


# --- properties ---

SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 3), st.sampled_from([0.0, 1.0, 2.5, NAN, "", "a"])
)


@given(st.lists(SCALARS))
def test_uniq_keeps_one_of_each(items: list[Any]) -> None:
    """By the language's own equality, whatever the quick way says."""
    from soli_stdlib.ground.equality import unique

    kept = unique(items, lambda steps: None)

    slow: list[Any] = []
    for item in items:
        if not any(equals(other, item) for other in slow):
            slow.append(item)
    assert repr(kept) == repr(slow)


@given(st.lists(SCALARS), SCALARS)
def test_index_of_agrees_with_the_language(items: list[Any], wanted: Any) -> None:
    """The first equal item, whatever the quick way says."""
    from soli_stdlib.ground.equality import position

    expected = next((index for index, item in enumerate(items) if equals(item, wanted)), -1)
    assert position(items, wanted, lambda steps: None) == expected


@given(st.lists(st.one_of(st.integers(), st.floats(allow_nan=False))))
def test_sorting_numbers_is_ascending(items: list[Any]) -> None:
    """Ints and Floats mixed."""
    from soli_stdlib.ground.ordering import sorted_narrow

    ordered = sorted_narrow(items, lambda steps: None)

    assert all(left <= right for left, right in pairwise(ordered))


def test_calling_a_builtin_for_each_item_costs_steps(machine: Machine, send: Call) -> None:
    """A loop over builtins is a loop."""
    before = machine.fuel = 1_000_000

    send([None] * 200, "map", machine.globals["str"])

    assert machine.fuel <= before - 200

"""Methods of Hash (docs/spec §L5) at their edges."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from soli_lang.base.errors import LimitError, SoliError
from soli_lang.machine.machine import Machine
from soli_lang.values.kinds import to_key
from soli_lang.values.values import Symbol

from ..conftest import Call


def mixed() -> dict[Any, Any]:
    """One entry for each kind of key."""
    keys = ["a", 1, None, True, Decimal("1.0"), Symbol("a")]
    return {to_key(key): index for index, key in enumerate(keys)}


def test_keys_are_the_values_that_were_written(send: Call) -> None:
    """Bools and Decimals come back as themselves."""
    keys = send(mixed(), "keys")

    assert repr(keys) == "['a', 1, None, True, Decimal('1.0'), :a]"


@pytest.mark.parametrize(
    ("key", "value"), [("a", 0), (1, 1), (None, 2), (True, 3), (Symbol("a"), 5), (1.0, None)]
)
def test_get_tells_keys_of_different_types_apart(send: Call, key: Any, value: Any) -> None:
    """`1`, `true` and `1.0` are three keys, and the last is none."""
    assert send(mixed(), "get", key) == value


CASES: list[tuple[dict[Any, Any], str, tuple[Any, ...], Any]] = [
    ({"a": None}, "get", ("a", 5), None),
    ({"a": None}, "fetch", ("a", 5), None),
    ({}, "fetch", ("a", None), None),
    ({}, "get", ([1], 5), 5),
    ({}, "has_key", ([1],), False),
    ({}, "delete", ([1],), None),
    ({"a": 1, "b": 2}, "merge", ({"a": 3},), {"a": 3, "b": 2}),
    ({"a": 1, "b": 2}, "update", ({"a": 3},), {"a": 3, "b": 2}),
    ({"a": 1, "b": 2}, "slice", (["b", "a", "z", [1]],), {"b": 2, "a": 1}),
    ({"a": 1}, "except", ([[1], "a"],), {}),
    ({"a": 1, "b": 1}, "invert", (), {1: "b"}),
    ({"a": 1}, "flatten", (), [["a", 1]]),
    ({"a": 1}, "rassoc", (1.0,), ["a", 1]),
    ({"a": 1}, "key", (True,), None),
    ({"a": {"b": [1]}}, "dig", ("a", "b", -1), 1),
    ({"a": 1}, "len", (), 1),
    ({"a": 1}, "to_s", (), "{a => 1}"),
]


@pytest.mark.parametrize(("entries", "name", "arguments", "expected"), CASES)
def test_a_hash_method_gives(
    send: Call, entries: dict[Any, Any], name: str, arguments: tuple[Any, ...], expected: Any
) -> None:
    """The result is the one of the specification, order included."""
    assert repr(send(entries, name, *arguments)) == repr(expected)


@pytest.mark.parametrize(
    ("entries", "name", "arguments", "message"),
    [
        ({}, "fetch", ("b",), "Type error: key not found: b"),
        ({}, "fetch", (Symbol("b"),), "Type error: key not found: :b"),
        ({}, "fetch_values", (1,), "Type error: key not found: 1"),
        ({}, "set", (1.5, 1), "Type error: Cannot use float as hash key"),
        ({"a": [1]}, "invert", (), "Type error: Cannot use array as hash key"),
        ({}, "merge", (1,), "Type error: merge expects a hash argument"),
        ({}, "slice", ("a",), "Type error: slice expects an array of keys"),
        ({}, "except", ("a",), "Type error: except expects an array of keys"),
        ({}, "each", (1,), "Type error: each expects a function argument"),
        ({}, "get", (), "Wrong number of arguments: expected 1, got 0"),
        ({}, "fetch", (1, 2, 3), "Wrong number of arguments: expected 1, got 3"),
    ],
)
def test_a_wrong_argument_is_reported_in_the_words_of_the_specification(
    send: Call, entries: dict[Any, Any], name: str, arguments: tuple[Any, ...], message: str
) -> None:
    """The message names the method as it was called."""
    with pytest.raises(SoliError) as failure:
        send(entries, name, *arguments)

    assert failure.value.message == message


def test_a_function_of_one_parameter_gets_a_pair(send: Call, fn: Call) -> None:
    """`[key, value]`."""
    seen: list[Any] = []

    send({"a": 1}, "each", fn(lambda pair: seen.append(pair)))

    assert seen == [["a", 1]]


def test_a_function_of_two_parameters_gets_key_and_value(send: Call, fn: Call) -> None:
    """Keys as the program wrote them."""
    seen: list[Any] = []

    send({to_key(True): 1}, "each", fn(lambda key, value: seen.append((key, value))))

    assert repr(seen) == "[(True, 1)]"


def test_map_drops_what_is_no_pair(send: Call, fn: Call) -> None:
    """Only `[key, value]` results make entries."""
    entries = {"a": 1, "b": 2}

    result = send(entries, "map", fn(lambda key, value: [key, value] if value > 1 else None))

    assert result == {"b": 2}


def test_map_refuses_a_key_that_cannot_be_one(send: Call, fn: Call) -> None:
    """A Float is no key."""
    with pytest.raises(SoliError, match="hash key must be hashable"):
        send({"a": 1}, "map", fn(lambda key, value: [1.5, value]))


def test_transform_keys_refuses_a_key_that_cannot_be_one(send: Call, fn: Call) -> None:
    """Nor is an array."""
    with pytest.raises(SoliError, match="transformed key must be hashable"):
        send({"a": 1}, "transform_keys", fn(lambda key: [key]))


def test_a_callback_may_change_the_hash_it_is_called_for(send: Call, fn: Call) -> None:
    """Iteration goes over a snapshot."""
    entries: dict[Any, Any] = {"a": 1}

    send(entries, "each", fn(lambda key, value: entries.update({key + "x": value})))

    assert entries == {"a": 1, "ax": 1}


def test_set_gives_the_value(send: Call) -> None:
    """And writes it."""
    entries: dict[Any, Any] = {}

    assert (send(entries, "set", True, 5), send(entries, "get", True)) == (5, 5)


def test_deleting_keeps_the_order_of_the_rest(send: Call) -> None:
    """And writing the key again moves it to the end."""
    entries = {"a": 1, "b": 2, "c": 3}

    assert send(entries, "delete", "a") == 1
    send(entries, "set", "a", 4)

    assert list(entries) == ["b", "c", "a"]


def test_shift_removes_the_first_entry(send: Call) -> None:
    """And gives it as a pair."""
    entries = {to_key(False): 1, "b": 2}

    assert (send(entries, "shift"), entries) == ([False, 1], {"b": 2})


def test_growing_beyond_the_limit_is_refused(machine: Machine, send: Call) -> None:
    """The hash stays as it was."""
    most = machine.max_length // 16
    entries = dict.fromkeys(range(most))

    with pytest.raises(LimitError):
        send(entries, "set", "x", 1)
    assert len(entries) == most


def test_from_entries_makes_a_hash(run: Call) -> None:
    """Later pairs win."""
    assert run("Hash.from_entries", [["a", 1], ["a", 2], [1, 3]]) == {"a": 2, 1: 3}

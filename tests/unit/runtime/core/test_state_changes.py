"""How the state of a room changes, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from soli_runtime.core.state.changes import Change, Diff, applied, between, compose, merged
from soli_runtime.core.state.incoming import Bounds, Incoming
from soli_runtime.core.state.rules import StateRule
from soli_runtime.core.state.values import EMPTY, State, StateRefused

from soli_lang.values.values import Symbol

RULE = StateRule("*")


def encode(value: Any) -> str:
    return json.dumps(value)


# RFC 7396, appendix A; where the patch is no object a room refuses it.
VECTORS = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]


@pytest.mark.parametrize(("target", "patch", "result"), VECTORS)
def test_merge_patches_are_those_of_the_rfc(target: Any, patch: Any, result: Any) -> None:
    """The examples of its appendix; a state has no key that is null, but a stored one may."""
    after, diff = applied(State.of(3, target), Change((("patch", patch),)), RULE)
    assert after.value == result
    assert after.version == 4
    assert diff == Diff(patch, {}, 1000)
    assert (after.size, after.keys) == (State.of(0, result).size, State.of(0, result).keys)


def test_all_of_a_change_is_one_step_in_the_order_of_the_actions() -> None:
    """What is set can be added to, and appended to, in the same change."""
    change = Change(
        (
            ("patch", {"votes": {"red": 1}, "log": ["a"]}),
            ("add", {"votes": {"red": 2, "blue": 0.5}}),
            ("append", {"log": {"b": 1}, "new": 5}),
        )
    )
    after, diff = applied(EMPTY, change, RULE)
    votes = {"red": 3, "blue": 0.5}
    assert after.value == {"votes": votes, "log": ["a", {"b": 1}], "new": [5]}
    assert diff == Diff({"votes": votes, "log": ["a", {"b": 1}]}, {"new": [5]}, 1000)
    assert type(after.value["votes"]["red"]) is int


def test_the_newest_items_stay() -> None:
    """As many as the rule says."""
    rule = StateRule("*", keep=3)
    state = EMPTY
    for number in range(5):
        state, diff = applied(state, Change((("append", {"log": number}),)), rule)
        assert diff == Diff({}, {"log": [number]}, 3)
    assert state.value == {"log": [2, 3, 4]}
    assert state.size == State.of(0, state.value).size


def test_a_value_that_takes_the_place_of_a_hash_and_a_hash_again_are_no_one_patch() -> None:
    """Whoever had the Hash of before would keep its other keys."""
    first, second = Diff({"a": None}, {}, 9), Diff({"a": {"y": 2}}, {}, 9)
    assert compose(first, second) is None
    assert between({"a": {"x": 1}}, {"a": {"y": 2}}) == {"a": {"x": None, "y": 2}}
    change = Change((("patch", {"a": 5}), ("patch", {"a": {"y": 2}})))
    after, diff = applied(State.of(1, {"a": {"x": 1}}), change, RULE)
    assert after.value == {"a": {"y": 2}}
    assert merged(State.of(1, {"a": {"x": 1}}), diff).value == after.value


IN = "in the room's state, it holds"
TOO_LARGE = "the room's state would have 262158 bytes as JSON, at most 262144 are allowed"
REFUSED = [
    ({"a": "text"}, "add", {"a": 1}, f"room_add.a: expected a number {IN} a String"),
    ({"a": True}, "add", {"a": 1}, f"room_add.a: expected a number {IN} a Bool"),
    ({"a": 1}, "add", {"a": {"b": 1}}, f"room_add.a: expected a Hash {IN} an Int"),
    ({"a": 2**63 - 1}, "add", {"a": 1}, "room_add.a: the sum has more than 64 bits"),
    ({"a": 1e308}, "add", {"a": 1e308}, "room_add.a: the sum is too large"),
    ({"a": {}}, "append", {"a": 1}, f"room_append.a: expected an Array {IN} a Hash"),
    (
        {},
        "patch",
        {"a": "x" * 262_140},
        f"room_state: {TOO_LARGE} (bytes of ws_keep_state)",
    ),
]


@pytest.mark.parametrize(("target", "kind", "value", "text"), REFUSED)
def test_what_the_state_does_not_allow_is_refused(
    target: Any, kind: Any, value: Any, text: str
) -> None:
    """In one sentence, and nothing of the change is done."""
    before = State.of(7, target)
    with pytest.raises(StateRefused) as caught:
        applied(before, Change((("patch", {"other": 1}), (kind, value))), RULE)
    assert caught.value.message == text
    assert before == State.of(7, target)


def test_a_state_has_so_many_keys() -> None:
    """In all its Hashes."""
    bounds = Bounds(keys=3)
    state, _ = applied(EMPTY, Change((("patch", {"a": {"b": 1, "c": 2}}),)), RULE, bounds)
    with pytest.raises(StateRefused, match=r"4 keys, at most 3 are allowed"):
        applied(state, Change((("patch", {"a": {"d": 1}}),)), RULE, bounds)
    assert applied(state, Change((("patch", {"a": {"c": None, "d": 1}}),)), RULE, bounds)


def test_what_is_too_large_already_may_shrink() -> None:
    """A program may be loaded anew with a smaller bound."""
    state = State.of(1, {"a": "x" * 100, "b": "y" * 100})
    after, _ = applied(state, Change((("patch", {"a": None}),)), StateRule("*", bytes=50))
    assert after.value == {"b": "y" * 100}


def cycle() -> Any:
    value: dict[str, Any] = {}
    value["again"] = value
    return value


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = {"a": value}
    return value


def doubled(times: int) -> Any:
    value: Any = "x"
    for _ in range(times):
        value = [value, value]
    return {"a": value}


STRINGS = "keys of a room's state are Strings"
BAD = [
    ("patch", "text", "room_state: expected a Hash, got String"),
    ("patch", None, "room_state: expected a Hash, got Null"),
    ("patch", [1], "room_state: expected a Hash, got Array"),
    ("patch", {"a": {5: 1}}, "room_state.a: keys of a room's state are Strings, got the Int 5"),
    ("patch", {Symbol("a"): 1}, f"room_state: {STRINGS}, got the Symbol :a"),
    ("patch", {"a": [float("nan")]}, "room_state.a[0]: NaN has no JSON form"),
    ("patch", {"a": float("-inf")}, "room_state.a: Infinity has no JSON form"),
    ("patch", {"a": 2**64}, "room_state.a: an Int has at most 64 bits"),
    ("patch", {"a": "\ud800"}, "room_state.a: half a character has no JSON form"),
    ("patch", lambda: {"a": "x" * 10_000_000}, "room_state: more than the 262144 bytes as JSON that"
     " are allowed (bytes of ws_keep_state)"),
    ("patch", lambda: {str(n): 1 for n in range(1_000_000)}, "room_state: more than the 10000"
     " keys that are allowed"),
    ("patch", doubled(20), "room_state: more than the 262144 bytes as JSON that are"
     " allowed (bytes of ws_keep_state)"),
    ("amounts", {"a": "1"}, "room_add.a: expected a number, got String"),
    ("amounts", {"a": True}, "room_add.a: expected a number, got Bool"),
    ("amounts", {"a": {"b": None}}, "room_add.a.b: expected a number, got Null"),
    ("amounts", 5, "room_add: expected a Hash of numbers, got Int"),
    ("amounts", {"a": float("inf")}, "room_add.a: Infinity has no JSON form"),
    ("items", "x", "room_append: expected a Hash of items by key, got String"),
]  # fmt: skip
USERS = {"patch": "room_state", "amounts": "room_add", "items": "room_append"}


@pytest.mark.parametrize(("take", "value", "text"), BAD, ids=[text[:50] for *_, text in BAD])
def test_bad_input_is_refused_in_one_sentence(take: str, value: Any, text: str) -> None:
    """Whatever its size, the work is bounded by what a room may hold."""
    incoming = Incoming(USERS[take], encode, Bounds(bytes=262_144))
    with pytest.raises(StateRefused) as caught:
        getattr(incoming, take)(value() if callable(value) else value)
    assert caught.value.message == text


@pytest.mark.parametrize("value", [cycle(), nested(33)], ids=["cycle", "deep"])
def test_nesting_is_bounded_and_so_are_cycles(value: Any) -> None:
    """The sentence shows where it begins."""
    with pytest.raises(
        StateRefused, match=r"^room_state\.a.*: more than the 32 levels that are allowed"
    ):
        Incoming("room_state", encode, Bounds()).patch(value)
    assert Incoming("room_state", encode, Bounds()).patch(nested(32)) == nested(32)


def test_values_are_taken_as_copies() -> None:
    """A program that changes what it gave changes nothing of the state."""
    given = {"a": [{"b": 1}]}
    taken = Incoming("room_state", encode, Bounds()).patch(given)
    given["a"][0]["b"] = 2
    assert taken == {"a": [{"b": 1}]}

"""The table of events and actions says what the runtime does."""

from __future__ import annotations

import json
from typing import Any

import pytest
from soli_runtime.core.actions import ACTIONS, ActionError, contract, parse
from soli_runtime.core.actions.contract import EVENT, Taken
from soli_runtime.core.events import Events
from soli_runtime.core.history.rules import MAX_MESSAGES

SAMPLES: dict[str, Any] = {
    "string": "a", "int": 7, "float": 2.5, "bool": True, "null": None, "array": [], "hash": {},
}  # fmt: skip
WORDS = {"string": "String", "int": "Int", "float": "Float", "bool": "Bool", "null": "Null",
         "array": "Array", "hash": "Hash"}  # fmt: skip


def test_the_actions_are_those_that_are_read() -> None:
    """In the order in which they are applied."""
    assert tuple(contract.ACTIONS) == ACTIONS
    assert str(MAX_MESSAGES) in contract.ACTIONS["history"].expected


@pytest.mark.parametrize("kind", sorted(SAMPLES))
@pytest.mark.parametrize("action", [key for key, one in contract.ACTIONS.items() if one.kinds])
def test_a_value_of_another_kind_is_refused_in_the_words_of_the_table(
    action: str, kind: str
) -> None:
    """And one of these kinds is not refused for its kind."""
    taken = contract.ACTIONS[action]
    wrong = f"{action}: expected {taken.expected}, got {WORDS[kind]}"
    said = _error({action: SAMPLES[kind], **({"join": "a"} if action == "history" else {})})

    assert (said == wrong) is (kind not in taken.kinds)


@pytest.mark.parametrize("action", [key for key, one in contract.ACTIONS.items() if one.parts])
def test_a_part_that_is_missing_or_of_another_kind_is_refused(action: str) -> None:
    """Each by its name."""
    parts = contract.ACTIONS[action].parts
    right = {name: _sample(one) for name, one in parts.items()}
    if action == "close":
        right["code"] = 4001
    assert _error({action: right}) == ""
    for name, one in parts.items():
        without = {key: value for key, value in right.items() if key != name}
        missing = f"{action}: '{name}' is missing, expected {one.expected}"
        assert _error({action: without}) == (missing if one.is_required else "")
        if one.kinds:
            wrong = f"{action}.{name}: expected {one.expected}, got Array"
            assert _error({action: {**right, name: []}}) == wrong


def _sample(taken: Taken) -> Any:
    return SAMPLES[taken.kinds[0]] if taken.kinds else "a"


def _error(result: dict[str, Any]) -> str:
    try:
        parse(result, json.dumps)
    except ActionError as error:
        return error.message
    return ""


def test_no_hash_and_a_lonely_history_are_refused_in_its_words() -> None:
    """`RESULT`, its hint, and `HISTORY_ALONE`."""
    with pytest.raises(ActionError) as raised:
        parse("text", json.dumps)
    assert raised.value.message == f"{contract.RESULT}, got String"
    assert raised.value.hint == contract.RESULT_HINT
    assert _error({"history": 5}) == contract.HISTORY_ALONE


def test_events_have_the_keys_of_the_table() -> None:
    """Each type of event those that it has, and the others not."""
    events = Events("id", {"room": "a"}, {}, {})
    made = {
        contract.CONNECT: events.connect(),
        contract.MESSAGE: events.binary(b"a"),
        contract.DISCONNECT: events.disconnect(1000, "bye"),
    }
    for type_, event in made.items():
        certain = {key for key, one in EVENT.items() if type_ in one.events}
        optional = {key for key in certain if EVENT[key].is_optional}
        assert event.keys() <= certain
        assert event.keys() >= certain - optional

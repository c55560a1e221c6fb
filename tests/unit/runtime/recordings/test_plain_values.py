"""Values of Soli in recordings: what a program gets again is what it got."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from soli_runtime.recordings.plain_values import NotPlain, is_whole, plain, value_of

from soli_lang.values.kinds import to_key
from soli_lang.values.values import symbol

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | st.decimals(allow_nan=False)
    | st.sampled_from(["a", "$"]).map(symbol)
)
KEYS = (st.text() | st.booleans() | st.integers() | st.just("$")).map(to_key)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner))


@given(VALUES)
def test_what_json_has_no_word_for_comes_back(value: Any) -> None:
    kept = json.loads(json.dumps(plain(value)))
    assert is_whole(kept)
    found = value_of(kept)
    assert repr(found) == repr(value)
    assert found == value


def test_objects_are_only_named() -> None:
    kept = plain({"a": [object()]})
    assert not is_whole(kept)
    assert isinstance(value_of(kept)["a"][0], str)


@pytest.mark.parametrize(
    "kept",
    [
        {"$": 1},
        {"$": ["none", "x"]},
        {"$": ["bytes", "%%%"]},
        {"$": ["decimal", "x"]},
        {"$": ["int", [1]]},
        {"$": ["hash", [[1]]]},
        {"$": ["hash", 5]},
        {"$": ["hash", [[[], 1]]]},
    ],
)
def test_what_stands_for_no_value_is_refused(kept: Any) -> None:
    with pytest.raises(NotPlain):
        value_of(kept)


def test_a_deeply_nested_value_ends_somewhere() -> None:
    value: Any = Decimal(1)
    for _ in range(5000):
        value = [value]
    assert not is_whole(plain(value))
    kept: Any = 1
    for _ in range(5000):
        kept = [kept]
    with pytest.raises(NotPlain):
        value_of(kept)

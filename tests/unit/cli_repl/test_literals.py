"""Data as literals of a spec: what Soli reads is what was written."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from soli_runtime.cli.repl.literals import Stand, literal, merged
from soli_runtime.words.worlds import install_testing

from soli_lang.interpreter import Interpreter

TEXTS = st.text(st.characters(exclude_categories=("Cc", "Cs", "Co", "Cn")), max_size=20)
DATA = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**62), 2**62) | TEXTS | st.just('#{1} "\\n'),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(DATA)
def test_a_literal_reads_as_what_it_was_made_of(data: Any) -> None:
    """Interpolation, quotes, long lines and nesting included; matchers stand for what varies."""
    machine = Interpreter(install_testing)
    text = literal(merged(data, data))
    machine.define("seen", data)
    assert machine.run(f"expect(seen).to_equal({text})") is True


@pytest.mark.parametrize(
    ("one", "other", "name"),
    [
        ("69c12a67-eed1-45f8-8cda-c29131cfb92a", "x", "any_string"),
        ("69c12a67-eed1-45f8-8cda-c29131cfb92a", "69c12a67-eed1-45f8-8cda-c29131cfb92b", "any_id"),
        (1, 2, "any_number"),
        (1, None, "anything"),
        ([1], [1, 2], "anything"),
        ("a\x1bb", "a\x1bb", "any_string"),
        pytest.param(time.time(), time.time(), "any_time", id="now"),
    ],
)
def test_what_differs_is_matched_by_kind(one: Any, other: Any, name: str) -> None:
    found = merged(one, other)
    assert isinstance(found, Stand)
    assert found.name == name


def test_fixed_moments_are_expected_as_they_are() -> None:
    """A stopped clock gives the same time in every run."""
    for moment in (1_767_225_600, "2020-01-01T00:00:00Z", "tea", 5):
        assert merged(moment, moment) == moment

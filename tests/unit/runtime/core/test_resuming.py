"""What a query asks for: to come back, and to what; an app's own `resume` is none of ours."""

from __future__ import annotations

from typing import Any

import pytest
from soli_runtime.core.history.resuming import MAX_POSITION_CHARACTERS, MAX_ROOMS, asked
from soli_runtime.http.queries import parse_query


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", None),
        ("resume=1", {}),
        ("resume=0", None),
        ("resume=cv.pdf", None),
        ("resume[a]=1", None),
        ("resume[]=a@e.1", {"a": "e.1"}),
        ("resume[]=a%40b%40e.1", {"a@b": "e.1"}),
        ("resume[]=a@e.1&resume[]=b@e.2&resume[]=a@e.3", {"a": "e.3", "b": "e.2"}),
        ("resume[]=nothing", None),
        ("resume[]=@e.1&resume[]=a@", None),
        ("resume[]=a@e.1&resume=1", {}),
        ("resume[]=%FF@e.1", {"\ufffd": "e.1"}),
        ("resume[]=a@" + "9" * MAX_POSITION_CHARACTERS, {"a": "9" * MAX_POSITION_CHARACTERS}),
        ("resume[]=a@" + "9" * (MAX_POSITION_CHARACTERS + 1), None),
    ],
)
def test_what_is_asked_for(query: str, found: dict[str, str] | None) -> None:
    assert asked(parse_query(query)) == found


@pytest.mark.parametrize("value", [1, None, {"a": "b"}, [1, None, ["a@e.1"]], [{}], []])
def test_a_query_of_another_form(value: Any) -> None:
    """As a host may make it."""
    assert asked({"resume": value}) is None


def test_rooms_to_come_back_to_are_bounded() -> None:
    found = asked({"resume": [f"r{number}@e.1" for number in range(MAX_ROOMS + 1)]})
    assert found is not None
    assert len(found) == MAX_ROOMS

"""Query strings as Hashes."""

from __future__ import annotations

from typing import Any

import pytest
from soli_runtime.http.queries import MAX_DEPTH, MAX_PAIRS, parse_pairs, parse_query


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        ("a=1&b=2", {"a": "1", "b": "2"}),
        ("a=1&a=2", {"a": "2"}),
        ("a", {"a": ""}),
        ("a=", {"a": ""}),
        ("a=b=c", {"a": "b=c"}),
        ("&&a=1&", {"a": "1"}),
        ("a=x+y%20z", {"a": "x y z"}),
        ("caf%C3%A9=%E2%82%AC", {"café": "€"}),
        ("a=%FF", {"a": "\ufffd"}),
        ("a=100%", {"a": "100%"}),
        ("k[]=1&k[]=2", {"k": ["1", "2"]}),
        ("k%5B%5D=1", {"k": ["1"]}),
        ("a[b]=1&a[c]=2", {"a": {"b": "1", "c": "2"}}),
        ("a[0]=x", {"a": {"0": "x"}}),
        ("a[b][]=1&a[b][]=2", {"a": {"b": ["1", "2"]}}),
        ("a=1&a[b]=2", {"a": {"b": "2"}}),
        ("a[b]=2&a=1", {"a": "1"}),
        ("a=1&a[]=2", {"a": ["2"]}),
        ("a[b=1", {"a[b": "1"}),
        ("a]b[=1", {"a]b[": "1"}),
        ("[b]=1", {"[b]": "1"}),
        ("a[][b]=1", {"a[][b]": "1"}),
        ("a[b]c=1", {"a[b]c": "1"}),
    ],
)
def test_a_query_becomes_a_hash(text: str, expected: dict[str, Any]) -> None:
    """The last of a repeated key wins, `[]` collects, `[b]` nests, the malformed stays flat."""
    assert parse_query(text) == expected


def test_keys_nest_up_to_a_limit() -> None:
    """At the limit they nest, past it they stay flat."""
    at = "a" + "[b]" * MAX_DEPTH
    over = at + "[b]"

    assert set(parse_query(f"{at}=1")) == {"a"}
    assert set(parse_query(f"{over}=1")) == {over}


def test_pairs_past_the_limit_are_ignored() -> None:
    """A query cannot make a hash of any size."""
    text = "&".join(f"k{number}=1" for number in range(MAX_PAIRS + 1))

    assert len(parse_query(text)) == MAX_PAIRS


def test_decoded_pairs_follow_the_same_rules() -> None:
    """For forms whose parts are decoded already."""
    assert parse_pairs([("a[b]", "1"), ("k[]", "+")]) == {"a": {"b": "1"}, "k": ["+"]}

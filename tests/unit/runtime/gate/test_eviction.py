"""Whose item goes when there are too many."""

from __future__ import annotations

import random

import pytest
from soli_runtime.gate.eviction import EvictionOrder, neighbourhood


def test_it_is_the_oldest_of_who_has_the_most() -> None:
    """Use makes an item younger."""
    owners = EvictionOrder()
    for item in ("a1", "a2", "a3"):
        owners.add("a", item)
    owners.add("b", "b1")
    assert owners.oldest_of_most() == "a1"
    owners.add("a", "a1")
    assert owners.oldest_of_most() == "a2"
    for item in ("a1", "a2", "a3"):
        owners.remove("a", item)
    assert owners.oldest_of_most() == "b1"


def test_the_count_of_the_most_is_kept_right() -> None:
    """Against counting, over random changes."""
    random.seed(5)
    owners, there = EvictionOrder(), {name: [] for name in "abcde"}  # type: dict
    for number in range(3000):
        name = random.choice("abcde")
        if there[name] and random.random() < 0.5:
            owners.remove(name, there[name].pop(random.randrange(len(there[name]))))
        else:
            there[name].append(str(number))
            owners.add(name, str(number))
        if any(there.values()):
            most = max(map(len, there.values()))
            assert owners.oldest_of_most() in [v[0] for v in there.values() if len(v) == most]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("1.2.3.4", "1.2.3.5", False),
        ("2001:db8::1", "2001:db8::ffff:1:2:3", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("fe80::1%eth0", "fe80::2%eth0", True),
        ("no:address", "no:address", True),
    ],
)
def test_one_customer_has_a_whole_network_of_ipv6(one: str, other: str, same: bool) -> None:
    """And may use every address of it."""
    assert (neighbourhood(one) == neighbourhood(other)) is same

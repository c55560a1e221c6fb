"""Who has to go when there are too many connections that are no WebSockets."""

from __future__ import annotations

from soli_runtime.gate.plain import PlainConnections


def test_one_too_many_makes_the_idlest_go() -> None:
    """The limit is inclusive; who is being answered stays."""
    plain = PlainConnections[str](2, 0)
    assert plain.add("a", "1") is None
    assert plain.add("b", "2") is None
    plain.busy("a")
    assert plain.add("c", "3") == ("b", "max_http_connections")
    plain.remove("b")
    plain.busy("c")
    assert plain.add("d", "4") == ("d", "max_http_connections")


def test_one_address_has_a_limit_of_its_own() -> None:
    """Others are not concerned, proxies are exempt."""
    plain = PlainConnections[str](0, 1, lambda ip: ip == "proxy")
    assert plain.add("a", "1") is None
    assert plain.add("b", "1") == ("a", "max_http_connections_per_ip")
    plain.remove("a")
    assert plain.add("c", "2") is None
    assert [plain.add(name, "proxy") for name in "def"] == [None] * 3


def test_who_was_answered_is_the_last_to_go() -> None:
    """Idle for the shortest time."""
    plain = PlainConnections[str](2, 0)
    plain.add("a", "1")
    plain.add("b", "1")
    plain.busy("a")
    plain.idle("a")
    assert plain.add("c", "1") == ("b", "max_http_connections")


def test_nothing_is_left_of_those_that_went() -> None:
    """Whatever they were doing, and if they are removed twice."""
    plain = PlainConnections[str](5, 5)
    plain.add("a", "1")
    plain.add("b", "1")
    plain.busy("a")
    for name in "aabb":
        plain.remove(name)
        plain.idle(name)
    assert (len(plain), plain._idle, plain._resting, plain._counts) == (0, {}, {}, {})


def test_zero_turns_both_off() -> None:
    """As many as come."""
    plain = PlainConnections[int](0, 0)
    assert {plain.add(number, "1") for number in range(1000)} == {None}

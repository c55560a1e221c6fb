"""How many may connect, and how fast."""

from __future__ import annotations

from soli_runtime.gate.admission import MAX_ADDRESSES, Admission
from soli_runtime.settings import Settings


def statuses(admission: Admission, times: int, ip: str = "1.1.1.1", now: float = 0.0) -> list[int]:
    """What that many connections get; 0 for those that are let in."""
    answers = [admission.admit(ip, now) for _ in range(times)]
    return [answer.status if answer is not None else 0 for answer in answers]


def test_the_total_is_limited() -> None:
    """At the limit, one more is refused with 503."""
    admission = Admission(Settings(max_connections=2))
    assert statuses(admission, 3) == [0, 0, 503]


def test_one_that_goes_makes_room() -> None:
    """For exactly one."""
    admission = Admission(Settings(max_connections=1))
    statuses(admission, 1)
    admission.release("1.1.1.1")
    assert statuses(admission, 2) == [0, 503]


def test_one_address_is_limited() -> None:
    """Others are not concerned."""
    admission = Admission(Settings(max_connections_per_ip=1))
    assert statuses(admission, 2) == [0, 429]
    assert statuses(admission, 1, ip="2.2.2.2") == [0]


def test_the_rate_is_limited() -> None:
    """One second's worth at once, then as time passes."""
    admission = Admission(Settings(connect_rate=2))
    assert statuses(admission, 3) == [0, 0, 429]
    assert statuses(admission, 2, now=0.5) == [0, 429]


def test_descriptors_that_are_kept_back_are_not_used() -> None:
    """The last one for connections, and the one after it; no limit without a number."""
    admission = Admission(Settings(), 100)
    assert admission.admit("1.1.1.1", 0.0, 99) is None
    refusal = admission.admit("1.1.1.1", 0.0, 100)
    assert refusal is not None
    assert (refusal.status, refusal.reason) == (503, "open_files")
    assert admission.count == 1
    assert Admission(Settings()).admit("1.1.1.1", 0.0, 1 << 20) is None


def test_zero_turns_limits_off() -> None:
    """All of them."""
    admission = Admission(
        Settings(max_connections=0, max_connections_per_ip=0, connect_rate=0, connect_rate_per_ip=0)
    )
    assert statuses(admission, 1000) == [0] * 1000


def test_a_refusal_is_not_counted_as_a_connection() -> None:
    """Else refusals would use up the limit."""
    admission = Admission(Settings(max_connections=1))
    statuses(admission, 5)
    assert admission.count == 1


def test_the_rate_of_one_address_is_limited() -> None:
    """Ten seconds' worth at once, then as time passes; others are not concerned."""
    admission = Admission(Settings(connect_rate_per_ip=1))
    assert statuses(admission, 11) == [0] * 10 + [429]
    assert statuses(admission, 1, ip="2.2.2.2") == [0]
    assert statuses(admission, 2, now=1) == [0, 429]


def test_addresses_that_came_once_are_forgotten() -> None:
    """Who has many of them does not make us remember them all."""
    admission = Admission(Settings(connect_rate=0))
    for number in range(MAX_ADDRESSES + 5):
        admission.admit(str(number), number / 10)
    assert len(admission._buckets) <= MAX_ADDRESSES

"""Methods of Int, Float and Decimal (docs/spec §L6-L8) at their edges."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from soli_stdlib import install
from soli_stdlib.ground.rounding import to_places

from soli_lang.base.errors import CapabilityError, SoliError, SoliOverflowError
from soli_lang.base.limits import Capabilities, Limits
from soli_lang.machine.machine import Machine

from ..conftest import Call

MAX = 2**63 - 1
MIN = -(2**63)
INF = math.inf

CASES: list[tuple[Any, str, tuple[Any, ...], Any]] = [
    (0, "to_s", (2,), "0"),
    (MIN, "to_s", (36,), "-1y2p0ij32e8e8"),
    (2, "pow", (62,), 2**62),
    (-1, "pow", (10**15 + 1,), -1),
    (0, "pow", (-1,), INF),
    (2, "pow", (0.5,), math.sqrt(2)),
    (-2, "pow", (0,), 1),
    (7, "divmod", (-2,), [-3, 1]),
    (-7, "divmod", (-2,), [4, 1]),
    (0, "gcd", (0,), 0),
    (-4, "lcm", (6,), 12),
    (5, "between?", (5, 5.0), True),
    (5, "clamp", (7, 9), 7),
    (128512, "chr", (), "😀"),
    (2.5, "round", (), 3),
    (-2.5, "round", (), -3),
    (0.49999999999999994, "round", (), 0),
    (1e300, "round", (), MAX),
    (math.nan, "round", (), 0),
    (1e300, "floor", (), MAX),
    (-INF, "ceil", (), MIN),
    (-0.5, "ceil", (), 0),
    (-1.5, "truncate", (), -1),
    (2.675, "round", (2,), 2.68),
    (1.005, "round", (2,), 1.01),
    (-1.005, "round", (2,), -1.01),
    (1e-7, "round", (3,), 0.0),
    (15.0, "round", (-1,), 20.0),
    (1.5, "round", (400,), 1.5),
    (1.5, "round", (-400,), 0.0),
    (INF, "round", (2,), INF),
    (1e22, "round", (2,), 1e22),
    (3.14, "clamp", (0, 2), 2.0),
    (-7.5, "divmod", (2,), [-4.0, 0.5]),
    (1e21, "to_s", (), "1000000000000000000000"),
    (Decimal("2.5"), "round", (), 2),
    (Decimal("3.5"), "round", (), 4),
    (Decimal("2.345"), "round", (2,), Decimal("2.34")),
    (Decimal("-1.5"), "floor", (), -2),
    (Decimal("1.1"), "clamp", (2, 3), Decimal(2)),
    (Decimal("1.50"), "to_s", (), "1.50"),
    (Decimal("4"), "sqrt", (), 2.0),
]


@pytest.mark.parametrize(("number", "name", "arguments", "expected"), CASES)
def test_a_number_method_gives(
    send: Call, number: Any, name: str, arguments: tuple[Any, ...], expected: Any
) -> None:
    """The result is the one of the specification, of the right type."""
    result = send(number, name, *arguments)

    assert (result, type(result)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("number", "name", "arguments"),
    [
        (MIN, "abs", ()),
        (MAX, "succ", ()),
        (MIN, "pred", ()),
        (2, "pow", (63,)),
        (2, "pow", (10**9,)),
        (MIN, "divmod", (-1,)),
        (MAX, "lcm", (MAX - 1,)),
        (Decimal(10) ** 27, "to_i", ()),
    ],
)
def test_what_leaves_64_bits_overflows(
    send: Call, number: Any, name: str, arguments: tuple[Any, ...]
) -> None:
    """docs/spec §3.10: nothing wraps, nothing becomes a bignum."""
    with pytest.raises(SoliOverflowError, match=r"^Integer overflow$"):
        send(number, name, *arguments)


@pytest.mark.parametrize(
    ("number", "name", "arguments", "message"),
    [
        (1, "to_s", (1,), "Type error: to_s base must be between 2 and 36, got 1"),
        (1, "to_s", ("2",), "Type error: to_s expects an integer base, got string"),
        (1, "to_s", (True,), "Type error: to_s expects an integer base, got bool"),
        (1, "pow", ("2",), "Type error: pow expects a numeric argument"),
        (1, "between?", (1, "2"), "Type error: between? expects numeric arguments"),
        (1, "clamp", (1, 2.0), "Type error: clamp expects integer arguments"),
        (1, "divmod", (1.5,), "Type error: divmod expects integer, got float"),
        (1, "divmod", (0,), "Type error: divmod: division by zero"),
        (1, "gcd", (1.5,), "Type error: gcd expects an integer argument"),
        (-1, "chr", (), "Type error: -1 is not a valid character code"),
        (0xD800, "chr", (), "Type error: 55296 is not a valid character code"),
        (1, "times", (1,), "Type error: times expects a function argument"),
        (1, "upto", (1.5, 1), "Type error: upto expects an integer limit"),
        (1.5, "round", ("2",), "Type error: round expects an integer argument"),
        (1.5, "clamp", ("a", 2), "Type error: clamp expects numeric arguments"),
        (Decimal(1), "clamp", (1.5, 2), "Type error: clamp expects decimal or integer arguments"),
    ],
)
def test_a_wrong_argument_is_reported_in_the_words_of_the_specification(
    send: Call, number: Any, name: str, arguments: tuple[Any, ...], message: str
) -> None:
    """Bools are not Ints."""
    with pytest.raises(SoliError) as failure:
        send(number, name, *arguments)

    assert failure.value.message == message


@pytest.mark.parametrize("name", ["round", "floor", "digits"])
def test_an_int_has_no_such_method(machine: Machine, name: str) -> None:
    """Section 6 names them as absent."""
    assert machine.find_method(5, name) is None


def test_bytes_hold_no_json_object(send: Call) -> None:
    """An app that reads `event["message"].to_h` gets an empty hash for a binary message."""
    assert send(b'{"a": 1}', "to_h") == {}


def test_no_message_is_an_empty_hash(send: Call) -> None:
    """And for `connect` and `disconnect`, which have none."""
    assert send(None, "to_h") == {}


def half_up(number: float, places: int) -> float:
    exponent = Decimal(1).scaleb(-places)
    return float(Decimal(repr(number)).quantize(exponent, ROUND_HALF_UP))


@given(st.floats(-1e9, 1e9, allow_subnormal=False), st.integers(0, 8))
def test_rounding_is_that_of_the_shortest_text(number: float, places: int) -> None:
    """The quick way and the exact way agree on every Float."""
    assert to_places(number, places) == half_up(number, places)


@given(st.integers(-(10**9), 10**9), st.integers(1, 6))
def test_ties_of_the_text_go_away_from_zero(whole: int, places: int) -> None:
    """Numbers that end in 5 one place beyond."""
    number = float(f"{whole}e-{places + 1}") + float(f"5e-{places + 1}")

    assert to_places(number, places) == half_up(number, places)


def test_times_counts_from_zero(send: Call, fn: Call) -> None:
    """The callback gets 0, 1, 2; the result is the number."""
    seen: list[int] = []

    assert send(3, "times", fn(lambda index: seen.append(index))) == 3
    assert seen == [0, 1, 2]


def test_downto_includes_its_limit(send: Call, fn: Call) -> None:
    """From 3 down to 1."""
    seen: list[int] = []

    send(3, "downto", 1, fn(lambda index: seen.append(index)))

    assert seen == [3, 2, 1]


def test_sleep_needs_the_capability(send: Call) -> None:
    """A number cannot wait where the host does not let programs wait."""
    with pytest.raises(CapabilityError, match="sleep"):
        send(1, "sleep")


def test_sleeping_less_than_nothing_returns_at_once() -> None:
    """The host's sleep is not even asked."""
    slept: list[float] = []
    machine = Machine(Limits(), Capabilities(sleep=slept.append))
    install(machine)

    machine.find_method(-1, "sleep").call(-1, [], None, None)
    machine.find_method(0.25, "sleep").call(0.25, [], None, None)

    assert slept == [0.25]

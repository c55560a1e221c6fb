"""The class Math (docs/spec §L11)."""

from __future__ import annotations

import math

import pytest

from ..installed import Library


@pytest.fixture
def soli() -> Library:
    return Library()


@pytest.mark.parametrize(
    ("name", "number", "result"),
    [
        ("floor", -3.1, -4),
        ("floor", 5, 5),
        ("ceil", 3.1, 4),
        ("ceil", -3.9, -3),
        ("round", 3.5, 4),
        ("round", -2.5, -3),
        ("round", 2.4, 2),
        ("round", 0.49999999999999994, 0),
        ("round", 4503599627370497.0, 4503599627370497),
        ("floor", 1e300, 2**63 - 1),
        ("round", -math.inf, -(2**63)),
        ("ceil", math.nan, 0),
        ("floor", 2**62 + 1, 2**62 + 1),
    ],
)
def test_rounding_gives_ints(soli: Library, name: str, number: float, result: int) -> None:
    """Ints of 64 bits; half goes away from zero."""
    value = soli.call(f"Math.{name}", number)
    assert (value, type(value)) == (result, int)


@pytest.mark.parametrize(
    ("name", "number", "result"),
    [
        ("log", math.e, 1.0),
        ("log", 0, -math.inf),
        ("log10", 100, 2.0),
        ("exp", 0, 1.0),
        ("exp", 1000, math.inf),
        ("sin", 0, 0.0),
        ("cos", 0, 1.0),
        ("tan", 0, 0.0),
    ],
)
def test_functions_give_floats(soli: Library, name: str, number: float, result: float) -> None:
    """Also for Ints."""
    value = soli.call(f"Math.{name}", number)
    assert (value, type(value)) == (result, float)


@pytest.mark.parametrize(("name", "number"), [("log", -1), ("log10", -0.5), ("sin", math.inf)])
def test_undefined_results_are_not_numbers(soli: Library, name: str, number: float) -> None:
    """NaN, no error."""
    assert math.isnan(soli.call(f"Math.{name}", number))


def test_constants_and_random(soli: Library) -> None:
    """pi and e; random is at least 0 and below 1."""
    assert (soli.call("Math.pi"), soli.call("Math.e")) == (math.pi, math.e)
    assert 0.0 <= soli.call("Math.random") < 1.0


@pytest.mark.parametrize(("value", "kind"), [("1", "string"), (True, "bool"), (None, "null")])
def test_other_values_are_refused(soli: Library, value: object, kind: str) -> None:
    """Numbers only."""
    assert soli.failure("Math.floor", value) == f"Math.floor() expects number, got {kind}"

"""Durations as text and cron lines (docs/spec §L22.4)."""

from __future__ import annotations

import pytest
from soli_stdlib.time.schedules import duration_seconds

from soli_lang.base.errors import SoliError
from soli_lang.values.values import Symbol

from ..installed import Library


@pytest.mark.parametrize(
    ("duration", "seconds"),
    [
        (90, 90.0),
        (1.5, 1.5),
        ("5 minutes", 300.0),
        ("5minutes", 300.0),
        ("1.5h", 5400.0),
        (" 2 Days ", 172800.0),
        ("1 w", 604800.0),
        ("30", 30.0),
        ("1 second", 1.0),
    ],
)
def test_durations(duration: object, seconds: float) -> None:
    """Numbers are seconds, units have short and long names."""
    assert duration_seconds(duration) == seconds


@pytest.mark.parametrize(
    ("duration", "message"),
    [
        ("5 parsecs", "unknown duration unit: parsecs"),
        ("x5 minutes", "invalid duration number: x5"),
        ("minutes", "invalid duration number: "),
        ("", "invalid duration number: "),
        ("1_0 s", "invalid duration number: 1_0"),
        (float("inf"), "invalid duration number: inf"),
        ([], "expects a duration, got array"),
    ],
)
def test_malformed_durations(duration: object, message: str) -> None:
    """The part that is wrong is named."""
    with pytest.raises(SoliError) as caught:
        duration_seconds(duration)
    assert caught.value.message == message


def test_duration_values_count() -> None:
    """A Duration is a duration."""
    assert duration_seconds(Library().call("Duration.of_minutes", 2)) == 120.0


@pytest.mark.parametrize(
    ("name", "arguments", "line"),
    [
        ("hourly", (), "0 0 * * * *"),
        ("daily_at", ("09:05",), "0 5 9 * * *"),
        ("weekly_at", ("monday", "23:59"), "0 59 23 * * Mon"),
        ("weekly_at", (Symbol("Sun"), "0:00"), "0 0 0 * * Sun"),
        ("every", ("5 minutes",), "0 */5 * * * *"),
        ("every", (60,), "0 * * * * *"),
        ("every", ("90 minutes",), "0 */90 * * * *"),
        ("every", ("2 hours",), "0 0 */2 * * *"),
        ("every", ("1 day",), "0 0 0 * * *"),
        ("every", ("3 days",), "0 0 0 */3 * *"),
    ],
)
def test_cron_lines(name: str, arguments: tuple[object, ...], line: str) -> None:
    """Six fields, seconds first."""
    assert Library().call(f"Cron.{name}", *arguments) == line


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("every", (59,), "Cron.every() minimum granularity is 1 minute"),
        ("daily_at", ("24:00",), 'invalid time "24:00" (expected HH:MM)'),
        ("daily_at", ("9",), 'invalid time "9" (expected HH:MM)'),
        ("weekly_at", ("someday", "9:00"), 'unknown weekday "someday"'),
    ],
)
def test_malformed_cron_lines(name: str, arguments: tuple[object, ...], message: str) -> None:
    """What cannot be scheduled is refused."""
    assert Library().failure(f"Cron.{name}", *arguments) == message

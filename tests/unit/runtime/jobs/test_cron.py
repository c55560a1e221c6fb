"""Cron lines and their times."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from soli_runtime.jobs.cron import parse_cron

from soli_lang.base.errors import SoliValueError


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "after", "expected"),
    [
        ("0 0 * * * *", "2026-01-01T10:30:00", "2026-01-01T11:00:00"),
        ("0 30 9 * * *", "2026-01-01T09:30:00", "2026-01-02T09:30:00"),
        ("30 9 * * *", "2026-01-01T09:29:59", "2026-01-01T09:30:00"),
        ("*/15 * * * * *", "2026-01-01T00:00:14", "2026-01-01T00:00:15"),
        ("59 59 23 31 12 *", "2026-12-31T23:59:59", "2027-12-31T23:59:59"),
        ("0 0 8 * * Mon", "2026-01-01T00:00:00", "2026-01-05T08:00:00"),
        ("0 0 0 29 2 *", "2026-01-01T00:00:00", "2028-02-29T00:00:00"),
        ("0 0 0 1 * Mon", "2026-01-02T00:00:00", "2026-01-05T00:00:00"),
        ("0 0 12 1-5/2 jan *", "2026-01-01T12:00:00", "2026-01-03T12:00:00"),
        ("0 0 0 * * 7", "2026-01-01T00:00:00", "2026-01-04T00:00:00"),
        ("0 0 0 ? * *", "2026-01-01T00:00:00", "2026-01-02T00:00:00"),
    ],
)
def test_the_next_time_is_the_first_after(line: str, after: str, expected: str) -> None:
    """Never the moment itself."""
    assert parse_cron(line).next_after(moment(after)) == moment(expected)


def test_a_day_that_never_comes_has_no_next_time() -> None:
    """The search ends."""
    assert parse_cron("0 0 0 31 2 *").next_after(moment("2026-01-01T00:00:00")) is None


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("* * *", "expected 5 or 6 fields, got 3"),
        ("60 * * * * *", "second is from 0 to 59, got '60'"),
        ("0 0 24 * * *", "hour is from 0 to 23"),
        ("0 0 0 0 * *", "day is from 1 to 31"),
        ("0 0 0 * foo *", "month is from 1 to 12, got 'foo'"),
        ("0 */0 * * * *", "minute is from 1 to 59, got '0'"),
        ("0 5-3 * * * *", "ends before it begins"),
    ],
)
def test_a_wrong_line_is_an_error_that_names_the_field(line: str, message: str) -> None:
    """With the range that it has."""
    with pytest.raises(SoliValueError, match=message.replace("*", r"\*")):
        parse_cron(line)

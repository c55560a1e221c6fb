"""What DateTime does quickly is what it does slowly: in UTC, in usual shapes, in patterns seen."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from soli_stdlib.time import datetime_texts
from soli_stdlib.time.datetime_formats import LONG_PATTERN, Plan, clock_text
from soli_stdlib.time.datetime_values import DateTime, datetime_at

from soli_lang.base.errors import SoliError
from soli_lang.values.semantics import MAX_INT, MIN_INT

from ..installed import Library

UNITS = ("minute", "hour", "day", "month", "year")
UTC = Library()
ELSEWHERE = Library(services={"timezone": "Etc/UTC"})
"""The same wall clock in a zone that is looked up as any other."""


def outcome(soli: Library, nanos: int, name: str, *arguments: object) -> object:
    """What the method gives for that instant, or what it says."""
    zone = soli.call("DateTime.epoch").zone
    try:
        found = soli.send(datetime_at(nanos, zone), name, *arguments)
    except SoliError as error:
        return str(error)
    return found.nanos if isinstance(found, DateTime) else found


@given(st.integers(MIN_INT, MAX_INT), st.sampled_from(UNITS))
@example(MIN_INT, "year")
@example(MAX_INT, "month")
@example(-1, "minute")
@example(951_782_399_999_999_999, "month")  # the last nanosecond of 28 February 2000
def test_a_boundary_in_utc_is_that_of_any_zone(nanos: int, unit: str) -> None:
    for name in (f"beginning_of_{unit}", f"end_of_{unit}"):
        assert outcome(UTC, nanos, name) == outcome(ELSEWHERE, nanos, name)


@given(st.integers(MIN_INT, MAX_INT))
@example(MIN_INT)
@example(MAX_INT)
@example(-1)
def test_the_wall_clock_of_utc_is_that_of_any_zone(nanos: int) -> None:
    for name in ("year", "second", "weekday", "to_string", "to_iso"):
        assert outcome(UTC, nanos, name) == outcome(ELSEWHERE, nanos, name)


def test_a_moved_instant_stays_in_its_zone() -> None:
    soli = Library(services={"timezone": "Asia/Tokyo"})
    start = soli.call("DateTime.from_unix", 1_700_000_000)
    for name, *arguments in (("add_days", 1), ("end_of_month",), ("beginning_of_day",)):
        assert soli.send(start, name, *arguments).zone is start.zone


def test_days_beyond_all_bounds_are_named_as_they_were() -> None:
    """-MIN_INT is no Int, so it stops at the greatest one."""
    start = UTC.call("DateTime.epoch")
    with pytest.raises(SoliError, match=r"subtract_days\(\): timestamp overflow") as least:
        UTC.send(start, "subtract_days", MIN_INT)
    assert str(MAX_INT * 86_400) in str(least.value)


SHAPES = (
    "2024-03-15", "2024-03-15T10:30:45", "2024-03-15 10:30:45", "2024-03-15T10:30:45Z",
    "2024-W01-1T10:30:45Z", "20240101T103045.123Z", "2024-12-31T24:00:00Z", "2024-12-31T24:00:00",
    "2024-02-30", "2023-02-29T00:00:00Z", "2024-12-31T23:59:60Z", "0000-01-01", "0001-01-01",
    "9999-12-31T23:59:59Z", "2024-03-15t10:30:45Z", "2024-03-15T10.30.45Z", "٢٠٢٤-03-15",
)  # fmt: skip


@st.composite
def dates(draw: st.DrawFn) -> str:
    """A date, or nearly one."""
    text = list(draw(st.sampled_from(SHAPES)))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(text)))
        text[at : at + draw(st.integers(0, 1))] = draw(st.sampled_from([*"0129-:TtZz +.W,٣\n", ""]))
    return "".join(text)


@given(dates())
@example("2024-12-31T24:00:00Z")
@example("2024-W01-1T10:30:45Z")
def test_what_c_reads_of_a_date_is_what_the_patterns_read(text: str) -> None:
    quick = datetime_texts.read_nanos(text)
    try:
        slow = (
            datetime_texts._rfc_3339(text) or datetime_texts._rfc_2822(text)
            if text.endswith("Z") or "+" in text
            else datetime_texts._naive(text)
        )
    except (ValueError, OverflowError):
        slow = None
    if text.endswith("Z") and slow is None and quick == 0:
        slow = 0  # the epoch itself is false
    assert quick == slow


PATTERNS = (
    "%Y-%m-%d", "%d.%m.%Y %H:%M:%S", "100%%", "%-d/%_m/%0e", "%B %e", "%F%t%T", "no code",
    "%j|%U|%W|%V", "%s.%f", "%%%Y%%", "%5", "%", "%-", "%Q", "%-B", "{}%H{0}", "%s%s",
)  # fmt: skip


@given(st.lists(st.sampled_from(PATTERNS), min_size=1, max_size=12), st.integers(MIN_INT, MAX_INT))
def test_a_pattern_reads_alike_kept_or_not(parts: list[str], nanos: int) -> None:
    """One that is too long to be kept gives the text of its parts."""
    texts = [outcome(UTC, nanos, "format", part) for part in parts]
    whole = outcome(UTC, nanos, "format", "".join(parts))
    wrong = [part for part in parts if part in ("%5", "%", "%-", "%Q", "%-B")]
    if not wrong:
        assert whole == "".join(map(str, texts))
    padded = outcome(UTC, nanos, "format", "-" * LONG_PATTERN + "".join(parts))
    assert str(padded).removeprefix("-" * LONG_PATTERN) == whole


@given(st.datetimes(datetime(1700, 1, 1), datetime(2200, 1, 1)))
def test_numbers_of_a_pattern_are_those_of_strftime(wall: datetime) -> None:
    """For the codes that mean the same on every platform."""
    pattern = "%Y %m %d %H %M %S %y %j"
    nanos = int((wall - datetime(1970, 1, 1)).total_seconds() // 1) * 10**9
    assert outcome(UTC, nanos, "format", pattern) == wall.strftime(pattern)


@given(
    st.datetimes(), st.sampled_from(["%Y-%m-%d", "%H:%M:%S", "%m-%d %H:%M", "%F %T", "%e-%m-%d"])
)
@example(datetime(1, 2, 3, 4, 5, 6), "%Y-%m-%d")
def test_a_clock_shows_what_python_shows(wall: datetime, pattern: str) -> None:
    assert clock_text(wall, "T") == wall.isoformat(timespec="seconds")
    cut = Plan(pattern).cut
    assert (cut is None) is ("%e" in pattern)
    shown = wall.strftime(pattern.replace("%Y", f"{wall.year:04d}").replace("%F", "%Y-%m-%d"))
    assert cut is None or wall.year < 1000 or clock_text(wall)[cut] == shown

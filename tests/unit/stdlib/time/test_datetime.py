"""DateTime and Duration (docs/spec §L15)."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from soli_lang.values.display import to_text
from soli_lang.values.semantics import compare, equals

from ..installed import Library


@pytest.fixture
def soli() -> Library:
    return Library()


def test_now_is_in_whole_seconds(soli: Library) -> None:
    """DateTime.now drops the fraction of the clock."""
    assert soli.call("DateTime.now").nanos == 1_700_000_000 * 10**9


def test_utc_keeps_the_fraction(soli: Library) -> None:
    """DateTime.utc has full precision."""
    assert soli.send(soli.call("DateTime.utc"), "millisecond") == 250


def test_microtime_counts_microseconds(soli: Library) -> None:
    """DateTime.microtime is the clock in microseconds."""
    assert soli.call("DateTime.microtime") == 1_700_000_000_250_000.0


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2023-11-14T22:13:20", "2023-11-14T22:13:20+00:00"),
        ("2023-11-14 22:13:20", "2023-11-14T22:13:20+00:00"),
        ("1970-01-02", "1970-01-02T00:00:00+00:00"),
        ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00+00:00"),
        ("2023-11-14T22:13:20.5Z", "2023-11-14T22:13:20.500+00:00"),
        ("2023-11-14T22:13:20.123456789+01:00", "2023-11-14T21:13:20.123456789+00:00"),
        ("Tue, 14 Nov 2023 22:13:20 +0200", "2023-11-14T20:13:20+00:00"),
        ("1969-12-31T23:59:59", "1969-12-31T23:59:59+00:00"),
    ],
)
def test_parse_reads_the_forms_of_the_specification(soli: Library, text: str, iso: str) -> None:
    """DateTime.parse reads ISO dates and times, RFC 3339 and RFC 2822."""
    assert soli.send(soli.call("DateTime.parse", text), "to_iso") == iso


@pytest.mark.parametrize(
    "text",
    [
        "nope",
        "",
        "2023-02-30",
        "2023-13-01",
        "2023-11-14T25:00:00",
        "2023-11-14T22:13:20-05:00",
        "2023-11-14T22:13:20+99:00",
        "9" * 1000,
        "\u0661970-01-01",
    ],
)
def test_parse_refuses_other_text(soli: Library, text: str) -> None:
    """Text that is no date is named in the error."""
    assert soli.failure("DateTime.parse", text) == f"Invalid datetime format: {text}"


def test_instants_outside_64_bits_are_refused(soli: Library) -> None:
    """An instant must fit 64 bits of nanoseconds."""
    assert soli.call("DateTime.from_unix", 9_223_372_036).nanos > 0
    message = "DateTime.from_unix(): timestamp overflow (9223372037)"
    assert soli.failure("DateTime.from_unix", 9_223_372_037) == message


def test_from_unix_cuts_fractions(soli: Library) -> None:
    """from_unix takes a Float and cuts it."""
    assert soli.send(soli.call("DateTime.from_unix", 5.9), "to_unix") == 5


def test_to_unix_cuts_toward_zero(soli: Library) -> None:
    """Half a second before the epoch is second 0."""
    instant = soli.call("DateTime.parse", "1969-12-31T23:59:59.5Z")
    assert soli.send(instant, "to_unix") == 0


def test_instants_compare_by_time(soli: Library) -> None:
    """Equality and order are those of the instants."""
    early, late = soli.call("DateTime.from_unix", 1), soli.call("DateTime.from_unix", 2)
    assert equals(early, soli.call("DateTime.from_unix", 1))
    assert not equals(early, late)
    assert compare("<", early, late)


def test_the_display_form_is_the_wall_clock(soli: Library) -> None:
    """str(d) and to_string read the wall clock."""
    instant = soli.call("DateTime.from_unix", 1_700_000_000)
    assert to_text(instant) == soli.send(instant, "to_string") == "2023-11-14 22:13:20"


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("year", 2023),
        ("month", 11),
        ("day", 14),
        ("hour", 22),
        ("minute", 13),
        ("second", 20),
        ("millisecond", 0),
        ("weekday", "Tuesday"),
    ],
)
def test_parts_of_an_instant(soli: Library, member: str, value: object) -> None:
    """Each part is a member."""
    assert soli.send(soli.call("DateTime.from_unix", 1_700_000_000), member) == value


@pytest.mark.parametrize(
    ("unit", "start", "end"),
    [
        ("minute", "2023-11-14T22:13:00", "2023-11-14T22:13:59.999"),
        ("hour", "2023-11-14T22:00:00", "2023-11-14T22:59:59.999"),
        ("day", "2023-11-14T00:00:00", "2023-11-14T23:59:59.999"),
        ("month", "2023-11-01T00:00:00", "2023-11-30T23:59:59.999"),
        ("year", "2023-01-01T00:00:00", "2023-12-31T23:59:59.999"),
    ],
)
def test_boundaries(soli: Library, unit: str, start: str, end: str) -> None:
    """A unit begins at its first instant and ends a millisecond before the next."""
    instant = soli.call("DateTime.from_unix", 1_700_000_000)
    assert soli.send(soli.send(instant, f"beginning_of_{unit}"), "to_iso") == f"{start}+00:00"
    assert soli.send(soli.send(instant, f"end_of_{unit}"), "to_iso") == f"{end}+00:00"


def test_moving_by_days_hours_and_minutes(soli: Library) -> None:
    """Amounts are cut to whole units; the original stays."""
    epoch = soli.call("DateTime.epoch")
    assert soli.send(soli.send(epoch, "add_days", 1.9), "to_unix") == 86400
    assert soli.send(soli.send(epoch, "add_hours", 2), "to_unix") == 7200
    assert soli.send(soli.send(epoch, "add_minutes", -1), "to_unix") == -60
    assert soli.send(soli.send(epoch, "subtract_days", 1), "to_unix") == -86400
    assert epoch.nanos == 0


def test_moving_by_something_else_fails(soli: Library) -> None:
    """The amount must be a number."""
    message = "Type error: DateTime.add_days() requires number"
    assert soli.send_failure(soli.call("DateTime.epoch"), "add_days", "1") == message


def test_the_host_chooses_the_zone() -> None:
    """Wall-clock members read the host's zone; to_iso stays in UTC."""
    soli = Library(services={"timezone": "Europe/Vienna"})
    instant = soli.call("DateTime.from_unix", 1_700_000_000)
    assert soli.send(instant, "to_string") == "2023-11-14 23:13:20"
    assert soli.send(instant, "hour") == 23
    assert soli.send(instant, "to_iso") == "2023-11-14T22:13:20+00:00"
    assert soli.send(instant, "format", "%z %:z %Z") == "+0100 +01:00 CET"


def test_a_day_may_have_23_hours() -> None:
    """The end of a day is right when the clocks change."""
    soli = Library(services={"timezone": ZoneInfo("Europe/Vienna")})
    instant = soli.call("DateTime.parse", "2024-03-31T12:00:00Z")
    start = soli.send(soli.send(instant, "beginning_of_day"), "to_iso")
    end = soli.send(soli.send(instant, "end_of_day"), "to_iso")
    assert (start, end) == ("2024-03-30T23:00:00+00:00", "2024-03-31T21:59:59.999+00:00")


# --- format ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hour", "text"),
    [("00", "12 AM am 12"), ("11", "11 AM am 11"), ("12", "12 PM pm 12"), ("23", "11 PM pm 11")],
)
def test_noon_and_midnight_are_twelve(soli: Library, hour: str, text: str) -> None:
    """The afternoon begins at noon."""
    instant = soli.call("DateTime.parse", f"2023-11-05T{hour}:00:00Z")
    assert soli.send(instant, "format", "%I %p %P %l") == text


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("%Y-%m-%d %H:%M:%S", "2023-11-05 09:03:07"),
        ("%B %b %A %a", "November Nov Sunday Sun"),
        ("%j %p %P %I %l %y %C", "309 AM am 09  9 23 20"),
        ("%F %T %R %D", "2023-11-05 09:03:07 09:03 11/05/23"),
        ("%-d/%-m %_d %0e", "5/11  5 05"),
        ("%z %Z %s %%", "+0000 UTC 1699174987 %"),
        ("%e|%k", " 5| 9"),
        ("%u %w %U %W %V %G %g", "7 0 45 44 44 2023 23"),
        ("%f %.3f %3f %6f %9f", "250000000 .250 250 250000 250000000"),
        ("%n%t", "\n\t"),
        ("%c", "Sun Nov  5 09:03:07 2023"),
        ("%+", "2023-11-05T09:03:07.250+00:00"),
        ("100% of %Y%", None),
        ("plain é", "plain é"),
    ],
)
def test_format_codes(soli: Library, pattern: str, text: str | None) -> None:
    """strftime codes mean the same everywhere; a wrong one is an error."""
    instant = soli.call("DateTime.parse", "2023-11-05T09:03:07.25Z")
    if text is None:
        assert "unknown format code" in soli.send_failure(instant, "format", pattern)
    else:
        assert soli.send(instant, "format", pattern) == text


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("fr", "mardi 14 novembre"),
        ("de", "Dienstag 14 November"),
        ("es", "martes 14 noviembre"),
        ("it", "martedì 14 novembre"),
        ("pt", "terça-feira 14 novembro"),
        ("ja", "火曜日 14 11月"),
        ("zh", "星期二 14 十一月"),
        ("fr-CA", "mardi 14 novembre"),
        ("xx", "Tuesday 14 November"),
    ],
)
def test_format_in_other_languages(soli: Library, locale: str, text: str) -> None:
    """Month and day names follow the locale; an unknown one is English."""
    instant = soli.call("DateTime.from_unix", 1_700_000_000)
    assert soli.send(instant, "format", "%A %d %B", locale) == text


def test_a_repeated_long_code_is_bounded() -> None:
    """A pattern cannot grow without the size limit noticing."""
    from soli_lang.base.limits import Limits

    soli = Library(limits=Limits(max_value_bytes=1000))
    instant = soli.call("DateTime.epoch")
    assert "value too large" in soli.send_failure(instant, "format", "%+" * 26)


# --- Duration -------------------------------------------------------------------------------------


def test_between_may_be_negative(soli: Library) -> None:
    """Duration.between is the second instant minus the first."""
    early, late = soli.call("DateTime.from_unix", 10), soli.call("DateTime.from_unix", 40)
    assert soli.send(soli.call("Duration.between", early, late), "total_seconds") == 30.0
    assert soli.send(soli.call("Duration.between", late, early), "total_seconds") == -30.0


def test_between_needs_instants(soli: Library) -> None:
    """Anything but a DateTime is refused."""
    assert soli.failure("Duration.between", 1, 2) == "Duration.between() requires DateTime"


def test_units_and_aliases(soli: Library) -> None:
    """of_weeks and weeks are the same."""
    for name in ("of_weeks", "weeks"):
        assert soli.send(soli.call(f"Duration.{name}", 1), "total_days") == 7.0
    assert soli.send(soli.call("Duration.of_days", 0.5), "total_hours") == 12.0
    assert soli.send(soli.call("Duration.of_minutes", 2), "total_minutes") == 2.0


def test_texts_of_a_duration(soli: Library) -> None:
    """to_string counts seconds; the display form shows the field."""
    span = soli.call("Duration.of_seconds", 90)
    assert soli.send(span, "to_string") == "90s"
    assert to_text(span) == "<Duration seconds: 90>"
    assert soli.send(span, "seconds") == 90.0


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 seconds"),
        (1, "1 second"),
        (90, "1 minute 30 seconds"),
        (-90, "1 minute 30 seconds"),
        (3600, "1 hour"),
        (3601, "1 hour"),
        (90_000, "1 day 1 hour"),
    ],
)
def test_humanize_names_two_units(soli: Library, seconds: int, text: str) -> None:
    """The largest unit and the next smaller one, unless that is 0."""
    assert soli.send(soli.call("Duration.of_seconds", seconds), "humanize") == text


def test_humanize_speaks_the_current_locale(soli: Library) -> None:
    """set_locale changes what humanize says, an argument goes before it."""
    span = soli.call("Duration.of_days", 3)
    soli.call("set_locale", "de")
    assert soli.send(span, "humanize") == "3 Tage"
    assert soli.send(span, "humanize", "fr") == "3 jours"

"""Durations as text and cron lines; pure, for job queues (docs/spec §L22.4)."""

from __future__ import annotations

import math

from soli_lang.base.errors import SoliPlainTypeError, SoliValueError
from soli_lang.native.native import Any_, Name, String, static
from soli_lang.values.display import to_text
from soli_lang.values.kinds import type_name
from soli_lang.values.values import Symbol, Value

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR
_UNITS = {
    1: ("s", "sec", "secs", "second", "seconds"),
    MINUTE: ("m", "min", "mins", "minute", "minutes"),
    HOUR: ("h", "hr", "hrs", "hour", "hours"),
    DAY: ("d", "day", "days"),
    7 * DAY: ("w", "week", "weeks"),
}
_SECONDS = {name: seconds for seconds, names in _UNITS.items() for name in names}
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def duration_seconds(value: Value) -> float:
    """Seconds of an Int, a Float, a Duration, or text such as `5 minutes`, `1h`, `30`.

    Raises SoliValueError `unknown duration unit: x` or `invalid duration number: x`.
    """
    if value.__class__ in (int, float):
        seconds = float(value)
    elif isinstance(value, str):
        seconds = _text_seconds(value)
    else:
        own = getattr(value, "seconds", None)
        if not isinstance(own, float):
            raise SoliPlainTypeError(f"expects a duration, got {type_name(value)}")
        seconds = own
    if not math.isfinite(seconds):
        raise SoliValueError(f"invalid duration number: {to_text(value)}")
    return seconds


def _text_seconds(text: str) -> float:
    bare = text.strip()
    number = bare.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ").rstrip()
    unit = bare[len(number) :].strip().lower()
    if unit and unit not in _SECONDS:
        raise SoliValueError(f"unknown duration unit: {unit}")
    if not number.replace(".", "", 1).lstrip("+-").isascii() or len(number) > 40:
        raise SoliValueError(f"invalid duration number: {number}")
    try:
        if "_" in number:
            raise ValueError
        return float(number) * _SECONDS[unit or "s"]
    except ValueError:
        raise SoliValueError(f"invalid duration number: {number}") from None


# --- cron lines: second minute hour day month weekday ---------------------------------------------


def hourly_line() -> str:
    """On the hour."""
    return "0 0 * * * *"


def daily_line(time: str) -> str:
    """Every day at `HH:MM`."""
    hour, minute = clock_time(time)
    return f"0 {minute} {hour} * * *"


def weekly_line(day: str, time: str) -> str:
    """Every week on *day* (`monday`, `Mon`) at `HH:MM`."""
    hour, minute = clock_time(time)
    return f"0 {minute} {hour} * * {weekday_name(day)}"


def every_line(seconds: float) -> str:
    """Every so many seconds, in whole minutes; whole hours and days get fields of their own."""
    if seconds < MINUTE:
        raise SoliValueError("Cron.every() minimum granularity is 1 minute")
    minutes = int(seconds // MINUTE)
    if minutes % (24 * 60) == 0:
        days = minutes // (24 * 60)
        return f"0 0 0 {_each(days)} * *"
    if minutes % 60 == 0:
        return f"0 0 {_each(minutes // 60)} * * *"
    return f"0 {_each(minutes)} * * * *"


def _each(count: int) -> str:
    return "*" if count == 1 else f"*/{count}"


def clock_time(text: str) -> tuple[int, int]:
    """Hour and minute of `HH:MM`. Raises SoliValueError."""
    hour, colon, minute = text.strip().partition(":")
    if colon and _is_number(hour) and _is_number(minute) and int(hour) < 24 and int(minute) < 60:
        return int(hour), int(minute)
    raise SoliValueError(f'invalid time "{text}" (expected HH:MM)')


def _is_number(text: str) -> bool:
    return 1 <= len(text) <= 2 and text.isascii() and text.isdigit()


def weekday_name(text: str) -> str:
    """`Mon` to `Sun`, from a name in any case or its first three letters."""
    name = text.strip()[:3].capitalize()
    if name not in _WEEKDAYS:
        raise SoliValueError(f'unknown weekday "{text}"')
    return name


@static("Cron", "hourly")
def hourly() -> str:
    """`0 0 * * * *`"""
    return hourly_line()


@static("Cron", "daily_at", String("string time"))
def daily_at(time: str) -> str:
    """`0 M H * * *`"""
    return daily_line(time)


@static("Cron", "weekly_at", Name("string day"), String("string time"))
def weekly_at(day: str | Symbol, time: str) -> str:
    """`0 M H * * Mon`"""
    return weekly_line(day.name if isinstance(day, Symbol) else day, time)


@static("Cron", "every", Any_)
def every(duration: Value) -> str:
    """A line for every *duration* (`"5 minutes"`, seconds, a Duration)."""
    return every_line(duration_seconds(duration))

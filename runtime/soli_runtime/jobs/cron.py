"""Cron lines: five fields, or six with the seconds first (docs/spec §L22.4). Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from soli_lang.base.errors import SoliValueError
from soli_lang.base.records import Record

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")

_FIELDS = (("second", 0, 59), ("minute", 0, 59), ("hour", 0, 23), ("day", 1, 31), ("month", 1, 12))

MAX_DAYS_AHEAD = 366 * 8 + 2
"""29 February may be eight years away."""


class Cron(Record, frozen=True):
    """A parsed line: which values each field allows."""

    seconds: frozenset[int]
    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    """0 is Sunday."""
    any_day: bool
    """True when the day field begins with `*`: then only the weekday decides, and the reverse."""
    any_weekday: bool

    def next_after(self, moment: datetime) -> datetime | None:
        """The first time after *moment* that the line allows; None when there is none."""
        start = moment.replace(microsecond=0) + timedelta(seconds=1)
        day = start.replace(hour=0, minute=0, second=0)
        for _ in range(MAX_DAYS_AHEAD):
            if self._allows_day(day):
                earliest = start if day.date() == start.date() else day
                found = self._time_from(earliest)
                if found is not None:
                    return found
            day += timedelta(days=1)
        return None

    def _allows_day(self, day: datetime) -> bool:
        if day.month not in self.months:
            return False
        in_days = day.day in self.days
        in_weekdays = day.isoweekday() % 7 in self.weekdays
        if self.any_day or self.any_weekday:
            return in_days and in_weekdays
        # As cron has always had it: when both are given, either is enough.
        return in_days or in_weekdays

    def _time_from(self, earliest: datetime) -> datetime | None:
        """The first allowed time of that day, not before *earliest*."""
        for hour in sorted(h for h in self.hours if h >= earliest.hour):
            after_hour = hour > earliest.hour
            for minute in sorted(self.minutes):
                if not after_hour and minute < earliest.minute:
                    continue
                after_minute = after_hour or minute > earliest.minute
                for second in sorted(self.seconds):
                    if after_minute or second >= earliest.second:
                        return earliest.replace(hour=hour, minute=minute, second=second)
        return None


def parse_cron(text: str) -> Cron:
    """The line *text*. Raises SoliValueError, naming the field."""
    fields = text.lower().split()
    if len(fields) == 5:
        fields.insert(0, "0")
    if len(fields) != 6:
        raise SoliValueError(f"cron: expected 5 or 6 fields, got {len(fields)}: '{text}'")
    seconds, minutes, hours, days, months = (
        _field(name, field, low, high)
        for (name, low, high), field in zip(_FIELDS, fields, strict=False)
    )
    return Cron(
        seconds=seconds,
        minutes=minutes,
        hours=hours,
        days=days,
        months=months,
        weekdays=frozenset(day % 7 for day in _field("weekday", fields[5], 0, 7)),
        any_day=fields[3].startswith(("*", "?")),
        any_weekday=fields[5].startswith(("*", "?")),
    )


def _field(name: str, text: str, low: int, high: int) -> frozenset[int]:
    values: set[int] = set()
    for part in text.split(","):
        values.update(_part(name, part, low, high))
    return frozenset(values)


def _part(name: str, part: str, low: int, high: int) -> range:
    span, slash, step_text = part.partition("/")
    step = _number(name, step_text, 1, high) if slash else 1
    if span in ("*", "?"):
        return range(low, high + 1, step)
    first_text, dash, last_text = span.partition("-")
    first = _number(name, first_text, low, high)
    if dash:
        last = _number(name, last_text, low, high)
    else:
        last = high if slash else first
    if last < first:
        raise SoliValueError(f"cron: {name} '{part}' ends before it begins")
    return range(first, last + 1, step)


def _number(name: str, text: str, low: int, high: int) -> int:
    names = {"month": _MONTHS, "weekday": _DAYS}.get(name, ())
    if text[:3] in names and text.isalpha():
        return names.index(text[:3]) + (1 if name == "month" else 0)
    if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
        raise SoliValueError(f"cron: {name} is from {low} to {high}, got '{text}'")
    return int(text)

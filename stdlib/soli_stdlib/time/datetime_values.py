"""DateTime: an instant in nanoseconds since 1970-01-01T00:00Z (docs/spec §L15).

Wall-clock members (`year` … `second`, `format`, `to_string`, boundaries) read the interpreter's
zone, UTC unless the host chooses another. Soli takes hour and minute in UTC and the rest local;
here all of them agree.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from soli_lang.base.errors import SoliOverflowError, SoliValueError
from soli_lang.machine.machine import Machine
from soli_lang.native.native import Number, String, method, static
from soli_lang.values.semantics import MAX_INT, MIN_INT

from ..ground import clock
from ..ground.arguments import truncated
from ..text.locales import ZONE, zone
from . import datetime_texts
from .calendar_names import ENGLISH, calendar_names
from .datetime_formats import Moment, clock_text, fraction_text, plan
from .utc_calendar import DAY, HOUR, MINUTE, SECOND, UTC_STARTS

MILLISECOND = 1_000_000
LONGEST_CODE = 20
"""Bytes of text that one character of a pattern can become, `%+` being the longest."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class DateTime:
    """An instant; the zone says how its wall clock reads."""

    # No `__init__`: whoever makes one fills it, which in a loop takes half the time.
    __slots__ = ("_wall", "nanos", "zone")

    soli_type = "DateTime"
    nanos: int
    zone: tzinfo
    _wall: datetime | None

    @property
    def seconds(self) -> int:
        """Whole Unix seconds, rounded down."""
        return self.nanos // SECOND

    @property
    def wall(self) -> datetime:
        """The wall clock in the zone, to the microsecond."""
        wall = self._wall
        if wall is None:
            wall = _EPOCH + timedelta(0, 0, self.nanos // 1000)
            if self.zone is not UTC:
                wall = wall.astimezone(self.zone)
            self._wall = wall
        return wall

    def iso(self) -> str:
        """RFC 3339 in UTC, with a fraction when it is not zero."""
        utc = self.wall if self.zone is UTC else self.wall.astimezone(UTC)
        return f"{clock_text(utc, 'T')}{fraction_text(self.nanos % SECOND)}+00:00"

    def soli_text(self) -> str:
        return clock_text(self._wall or self.wall)

    def soli_inspect(self) -> str:
        return self.soli_text()

    def soli_json(self) -> str:
        return self.iso()

    def soli_equals(self, other: Any) -> bool:
        return isinstance(other, DateTime) and self.nanos == other.nanos

    def soli_order(self) -> int:
        return self.nanos


TYPES: dict[str, tuple[type, ...]] = {"DateTime": (DateTime,)}


def datetime_at(nanos: int, zone: tzinfo) -> DateTime:
    """The instant *nanos*, which 64 bits hold."""
    made = DateTime()
    made.nanos = nanos
    made.zone = zone
    made._wall = None
    return made


def at_nanos(machine: Machine, nanos: int, user: str) -> DateTime:
    """The instant *nanos*. Raises SoliOverflowError outside 64 bits (years 1677 to 2262)."""
    if MIN_INT <= nanos <= MAX_INT:
        return datetime_at(nanos, zone(machine))
    raise _overflow(user, nanos)


def _overflow(user: str, nanos: int) -> SoliOverflowError:
    return SoliOverflowError(f"{user}(): timestamp overflow ({nanos // SECOND})")


# --- making ---------------------------------------------------------------------------------------


@static("DateTime", "now")
def now(machine: Machine) -> DateTime:
    """The current instant in whole seconds."""
    seconds = clock.now(machine)
    nanos = (int(seconds) if seconds >= 0 else int(seconds // 1)) * SECOND
    if MIN_INT <= nanos <= MAX_INT:
        made = DateTime()
        made.nanos = nanos
        made.zone = machine.library.get(ZONE) or zone(machine)
        made._wall = None
        return made
    raise _overflow("DateTime.now", nanos)


@static("DateTime", "utc")
def utc(machine: Machine) -> DateTime:
    """The current instant at the precision of the clock."""
    # A Float of today holds microseconds, not more.
    nanos = round(clock.now(machine) * 1_000_000) * 1000
    return at_nanos(machine, nanos, "DateTime.utc")


@static("DateTime", "parse", String)
def parse(machine: Machine, text: str) -> DateTime:
    """The instant that *text* names: ISO date or date and time (UTC), RFC 3339 or RFC 2822."""
    nanos = datetime_texts.read_nanos(text)
    if nanos is None:
        raise SoliValueError(f"Invalid datetime format: {text}")
    if MIN_INT <= nanos <= MAX_INT:
        made = DateTime()
        made.nanos = nanos
        made.zone = machine.library.get(ZONE) or zone(machine)
        made._wall = None
        return made
    raise _overflow("DateTime.parse", nanos)


@static("DateTime", "from_unix", Number)
def from_unix(machine: Machine, seconds: int | float) -> DateTime:
    """The instant *seconds* after the epoch."""
    nanos = (seconds if seconds.__class__ is int else truncated(seconds)) * SECOND
    if MIN_INT <= nanos <= MAX_INT:
        made = DateTime()
        made.nanos = nanos
        made.zone = machine.library.get(ZONE) or zone(machine)
        made._wall = None
        return made
    raise _overflow("DateTime.from_unix", nanos)


@static("DateTime", "epoch")
def epoch(machine: Machine) -> DateTime:
    """1970-01-01T00:00Z."""
    return datetime_at(0, zone(machine))


@static("DateTime", "microtime")
def microtime(machine: Machine) -> float:
    """Microseconds since the epoch."""
    return clock.now(machine) * 1_000_000.0


# --- reading --------------------------------------------------------------------------------------


@method("DateTime", "to_unix", bare=True)
def to_unix(instant: DateTime) -> int:
    """Seconds since the epoch, cut toward zero."""
    nanos = instant.nanos
    return nanos // SECOND if nanos >= 0 else -(-nanos // SECOND)


@method("DateTime", "to_iso", bare=True)
def to_iso(instant: DateTime) -> str:
    """RFC 3339 in UTC: `2023-11-14T22:13:20+00:00`."""
    return instant.iso()


@method("DateTime", "class", bare=True)
def class_(moment: DateTime) -> str:
    """The name of its type."""
    return moment.soli_type


@method("DateTime", "inspect", bare=True)
def inspect_(moment: DateTime) -> str:
    """Its form for programmers."""
    return moment.soli_inspect()


@method("DateTime", ("to_string", "to_s"), bare=True)
def to_string(instant: DateTime) -> str:
    """The wall clock: `YYYY-MM-DD HH:MM:SS`."""
    return instant.soli_text()


@method(
    "DateTime",
    "format",
    String(message="DateTime.format() requires string format"),
    String(message="DateTime.format() requires string locale").optional(),
)
def format_(machine: Machine, instant: DateTime, pattern: str, locale: str | None) -> str:
    """*pattern* with strftime codes replaced, names in the language of *locale*."""
    machine.check_length(LONGEST_CODE * len(pattern))
    planned = plan(pattern)
    if planned.cut is not None:
        return clock_text(instant._wall or instant.wall)[planned.cut]
    if planned.attributes is not None:
        return planned.template % planned.attributes(instant.wall)
    names = calendar_names(locale) if locale else ENGLISH
    return planned.text(Moment(instant.wall, instant.nanos % SECOND, instant.seconds, names))


@method("DateTime", "year", bare=True)
def year(instant: DateTime) -> int:
    """The year."""
    return (instant._wall or instant.wall).year


@method("DateTime", "month", bare=True)
def month(instant: DateTime) -> int:
    """The month, from 1 to 12."""
    return (instant._wall or instant.wall).month


@method("DateTime", "day", bare=True)
def day(instant: DateTime) -> int:
    """The day of the month."""
    return (instant._wall or instant.wall).day


@method("DateTime", "hour", bare=True)
def hour(instant: DateTime) -> int:
    """The hour, from 0 to 23."""
    return (instant._wall or instant.wall).hour


@method("DateTime", "minute", bare=True)
def minute(instant: DateTime) -> int:
    """The minute of the hour."""
    return (instant._wall or instant.wall).minute


@method("DateTime", "second", bare=True)
def second(instant: DateTime) -> int:
    """The second of the minute."""
    return (instant._wall or instant.wall).second


@method("DateTime", "millisecond", bare=True)
def millisecond(instant: DateTime) -> int:
    """The milliseconds of the second."""
    return instant.nanos % SECOND // MILLISECOND


@method("DateTime", "weekday", bare=True)
def weekday(instant: DateTime) -> str:
    """`Monday` to `Sunday`."""
    return ENGLISH.days[(instant._wall or instant.wall).weekday()]


# --- moving ---------------------------------------------------------------------------------------

_Amount = Number(message="DateTime.{name}() requires number")


def _mover(name: str, unit: int) -> Callable[..., DateTime]:
    user = f"DateTime.{name}"

    def move(instant: DateTime, amount: int | float) -> DateTime:
        whole = amount if amount.__class__ is int else truncated(amount)
        nanos = instant.nanos + whole * unit
        if MIN_INT <= nanos <= MAX_INT:
            moved = DateTime()
            moved.nanos = nanos
            moved.zone = instant.zone
            moved._wall = None
            return moved
        raise _overflow(user, nanos)

    move.__doc__ = (
        f"The instant *amount* {name.removeprefix('add_')} later; earlier, if it is negative."
    )
    return method("DateTime", name, _Amount)(move)


add_days = _mover("add_days", DAY)
add_hours = _mover("add_hours", HOUR)
add_minutes = _mover("add_minutes", MINUTE)


@method("DateTime", "subtract_days", _Amount)
def subtract_days(instant: DateTime, days: int | float) -> DateTime:
    """The instant *days* times 24 hours before."""
    whole = -days if days.__class__ is int and days > MIN_INT else truncated(-days)
    nanos = instant.nanos + whole * DAY
    if MIN_INT <= nanos <= MAX_INT:
        moved = DateTime()
        moved.nanos = nanos
        moved.zone = instant.zone
        moved._wall = None
        return moved
    raise _overflow("DateTime.subtract_days", nanos)


# --- boundaries -----------------------------------------------------------------------------------


def _start(wall: datetime, unit: str) -> datetime:
    """The first instant of the minute, hour, day, month or year that *wall* lies in."""
    start = wall.replace(second=0, microsecond=0)
    if unit == "minute":
        return start
    start = start.replace(minute=0)
    if unit == "hour":
        return start
    start = start.replace(hour=0, fold=0)
    if unit == "day":
        return start
    return start.replace(day=1) if unit == "month" else start.replace(month=1, day=1)


def _next_start(wall: datetime, unit: str) -> datetime:
    start = _start(wall, unit)
    if unit in ("minute", "hour"):
        step = timedelta(minutes=1) if unit == "minute" else timedelta(hours=1)
        return (start.astimezone(UTC) + step).astimezone(start.tzinfo)
    if unit == "day":
        return start + timedelta(days=1)
    months = start.year * 12 + start.month - 1 + (1 if unit == "month" else 12)
    return start.replace(year=months // 12, month=months % 12 + 1)


def _nanos_of(wall: datetime) -> int:
    since = wall.astimezone(UTC) - _EPOCH
    return (since.days * 86400 + since.seconds) * SECOND


def _beginning(unit: str) -> Callable[..., DateTime]:
    utc_start, _ = UTC_STARTS[unit]
    user = f"DateTime.beginning_of_{unit}"

    def beginning(instant: DateTime) -> DateTime:
        zone = instant.zone
        nanos = utc_start(instant.nanos) if zone is UTC else _nanos_of(_start(instant.wall, unit))
        if MIN_INT <= nanos <= MAX_INT:
            bound = DateTime()
            bound.nanos = nanos
            bound.zone = zone
            bound._wall = None
            return bound
        raise _overflow(user, nanos)

    beginning.__doc__ = f"The first instant of its {unit}."
    return method("DateTime", f"beginning_of_{unit}", bare=True)(beginning)


def _end(unit: str) -> Callable[..., DateTime]:
    _, utc_next = UTC_STARTS[unit]
    user = f"DateTime.end_of_{unit}"

    def end(instant: DateTime) -> DateTime:
        zone = instant.zone
        if zone is UTC:
            nanos = utc_next(instant.nanos) - MILLISECOND
        else:
            nanos = _nanos_of(_next_start(instant.wall, unit)) - MILLISECOND
        if MIN_INT <= nanos <= MAX_INT:
            bound = DateTime()
            bound.nanos = nanos
            bound.zone = zone
            bound._wall = None
            return bound
        raise _overflow(user, nanos)

    end.__doc__ = f"The last millisecond of its {unit}."
    return method("DateTime", f"end_of_{unit}", bare=True)(end)


beginning_of_minute = _beginning("minute")
beginning_of_hour = _beginning("hour")
beginning_of_day = _beginning("day")
beginning_of_month = _beginning("month")
beginning_of_year = _beginning("year")
end_of_minute = _end("minute")
end_of_hour = _end("hour")
end_of_day = _end("day")
end_of_month = _end("month")
end_of_year = _end("year")

"""`DateTime.format`: strftime codes that mean the same on every platform (docs/spec §L15)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import lru_cache
from operator import attrgetter

from soli_lang.base.errors import SoliTypeError

from .calendar_names import CalendarNames

PADDINGS = {"-": "", "_": " ", "0": "0"}


_CLOCK = "%04d-%02d-%02d %02d:%02d:%02d"
_CLOCK_NAMES = ("year", "month", "day", "hour", "minute", "second")
_CODE = len("%04d-")
_CUTS = {
    (_CLOCK[_CODE * first : _CODE * last - 1], *_CLOCK_NAMES[first:last]): slice(
        3 * first + 2 if first else 0, 3 * last + 1
    )
    for first in range(4)
    for last in range(first + 3, 7)
}
"""Templates of three or more neighbours of `clock_text`, and what they show -> where that is."""


class _Years(dict[int, str]):
    """Year -> its four digits."""

    def __missing__(self, year: int) -> str:
        text = self[year] = f"{year:04d}"
        return text


_YEARS = _Years()
_DIGITS = [f"{number:02d}" for number in range(60)]


def clock_text(wall: datetime, between: str = " ") -> str:
    """`2024-03-15 10:30:45`, in a quarter of the time of `isoformat`."""
    year, digits = _YEARS[wall.year], _DIGITS
    return (
        f"{year}-{digits[wall.month]}-{digits[wall.day]}{between}"
        f"{digits[wall.hour]}:{digits[wall.minute]}:{digits[wall.second]}"
    )


class Moment:
    """What a code can read: wall clock, nanoseconds within the second, Unix seconds, names."""

    __slots__ = ("names", "nanos", "seconds", "wall")

    def __init__(self, wall: datetime, nanos: int, seconds: int, names: CalendarNames) -> None:
        self.wall = wall
        self.nanos = nanos
        self.seconds = seconds
        self.names = names


class Plan:
    """A pattern that was read: a text with `%` places of Python's, and what they show."""

    __slots__ = ("attributes", "cut", "template", "values")

    def __init__(self, pattern: str) -> None:
        texts: list[str] = []
        self.values: list[Callable[[Moment], int | str]] = []
        _read(pattern, texts, self.values)
        self.template = "".join(texts)
        names = [_ATTRIBUTE_OF[value] for value in self.values if value in _ATTRIBUTE_OF]
        self.attributes = attrgetter(*names) if 0 < len(names) == len(self.values) else None
        """Reads from a wall clock what the template shows, if that has all of it."""
        self.cut = _CUTS.get((self.template, *names)) if self.attributes else None
        """The part of `clock_text` that the template shows, if it is one."""

    def text(self, moment: Moment) -> str:
        return self.template % tuple([value(moment) for value in self.values])


_kept_plan = lru_cache(maxsize=64)(Plan)
LONG_PATTERN = 64
"""Characters from which on nobody keeps what was read of a pattern."""


def plan(pattern: str) -> Plan:
    """*pattern*, read. Raises SoliTypeError for a code that does not exist."""
    return _kept_plan(pattern) if len(pattern) < LONG_PATTERN else Plan(pattern)


def _read(pattern: str, texts: list[str], values: list[Callable[[Moment], int | str]]) -> None:
    """Append what *pattern* says, as the attributes of `Plan` have it."""
    position, length = 0, len(pattern)
    while position < length:
        found = pattern.find("%", position)
        if found < 0:
            texts.append(pattern[position:])
            break
        texts.append(pattern[position:found])
        position = _read_code(pattern, found + 1, texts, values)


def _read_code(
    pattern: str, start: int, texts: list[str], values: list[Callable[[Moment], int | str]]
) -> int:
    """Append the code that begins at *start*, just after its `%`, and give where it ends."""
    for width in (3, 2):
        special = SPECIAL.get(pattern[start : start + width])
        if special is not None:
            texts.append("%s")
            values.append(special)
            return start + width
    letter = pattern[start : start + 1]
    if letter in PADDINGS and letter:
        _read_number(pattern[start + 1 : start + 2], PADDINGS[letter], texts, values)
        return start + 2
    if letter in TEXTS:
        texts.append("%s")
        values.append(TEXTS[letter])
    elif letter in COMPOSED:
        _read(COMPOSED[letter], texts, values)
    elif letter in _LITERALS:
        texts.append(_LITERALS[letter])
    else:
        _read_number(letter, None, texts, values)
    return start + 1


def _read_number(
    letter: str,
    padding: str | None,
    texts: list[str],
    values: list[Callable[[Moment], int | str]],
) -> None:
    entry = NUMBERS.get(letter)
    if entry is None:
        raise SoliTypeError(f"DateTime.format() unknown format code '%{letter}'")
    value, width, usual = entry
    fill = usual if padding is None else padding
    texts.append(f"%{fill.strip()}{width}d" if fill else "%d")
    values.append(value)


def _week(first_weekday: int) -> Callable[[Moment], int]:
    """Week of the year when weeks begin on *first_weekday* (Monday is 0), from 0."""

    def week(moment: Moment) -> int:
        wall = moment.wall
        days_since = (wall.weekday() - first_weekday) % 7
        return (wall.timetuple().tm_yday + 6 - days_since) // 7

    return week


def _hour_of_twelve(moment: Moment) -> int:
    return moment.wall.hour % 12 or 12


def _attribute(name: str) -> Callable[[Moment], int]:
    """What reads that attribute of the wall clock."""
    read = attrgetter(f"wall.{name}")
    _ATTRIBUTE_OF[read] = name
    return read


_ATTRIBUTE_OF: dict[Callable[[Moment], int | str], str] = {}
_YEAR = _attribute("year")
_MONTH = _attribute("month")
_DAY = _attribute("day")
_HOUR = _attribute("hour")

NUMBERS: dict[str, tuple[Callable[[Moment], int], int, str]] = {
    "Y": (_YEAR, 4, "0"),
    "C": (lambda m: m.wall.year // 100, 2, "0"),
    "y": (lambda m: m.wall.year % 100, 2, "0"),
    "q": (lambda m: (m.wall.month + 2) // 3, 1, "0"),
    "m": (_MONTH, 2, "0"),
    "d": (_DAY, 2, "0"),
    "e": (_DAY, 2, " "),
    "j": (lambda m: m.wall.timetuple().tm_yday, 3, "0"),
    "H": (_HOUR, 2, "0"),
    "k": (_HOUR, 2, " "),
    "I": (_hour_of_twelve, 2, "0"),
    "l": (_hour_of_twelve, 2, " "),
    "M": (_attribute("minute"), 2, "0"),
    "S": (_attribute("second"), 2, "0"),
    "f": (lambda m: m.nanos, 9, "0"),
    "s": (lambda m: m.seconds, 1, "0"),
    "u": (lambda m: m.wall.isoweekday(), 1, "0"),
    "w": (lambda m: m.wall.isoweekday() % 7, 1, "0"),
    "G": (lambda m: m.wall.isocalendar().year, 4, "0"),
    "g": (lambda m: m.wall.isocalendar().year % 100, 2, "0"),
    "V": (lambda m: m.wall.isocalendar().week, 2, "0"),
    "U": (_week(6), 2, "0"),
    "W": (_week(0), 2, "0"),
}
"""Code -> value, width, fill."""


def _offset(separator: str) -> Callable[[Moment], str]:
    return lambda moment: offset_text(moment.wall.utcoffset(), separator)


def offset_text(offset: timedelta | None, separator: str) -> str:
    """`+0530`, or `+05:30` with a separator."""
    minutes = round((offset or timedelta()).total_seconds() / 60)
    sign = "-" if minutes < 0 else "+"
    return f"{sign}{abs(minutes) // 60:02d}{separator}{abs(minutes) % 60:02d}"


def fraction_text(nanos: int) -> str:
    """`.5` as `.500`: three, six or nine digits, whichever is exact; nothing for zero."""
    if nanos == 0:
        return ""
    if nanos % 1_000_000 == 0:
        return f".{nanos // 1_000_000:03d}"
    if nanos % 1000 == 0:
        return f".{nanos // 1000:06d}"
    return f".{nanos:09d}"


TEXTS: dict[str, Callable[[Moment], str]] = {
    "B": lambda m: m.names.months[m.wall.month - 1],
    "b": lambda m: m.names.short_months[m.wall.month - 1],
    "h": lambda m: m.names.short_months[m.wall.month - 1],
    "A": lambda m: m.names.days[m.wall.weekday()],
    "a": lambda m: m.names.short_days[m.wall.weekday()],
    "p": lambda m: "AM" if m.wall.hour < 12 else "PM",
    "P": lambda m: "am" if m.wall.hour < 12 else "pm",
    "z": _offset(""),
    "Z": lambda m: m.wall.tzname() or "UTC",
}

_LITERALS = {"t": "\t", "n": "\n", "%": "%%"}
"""Codes that always give the same; a `%` of a template is written twice."""

COMPOSED = {
    "D": "%m/%d/%y",
    "x": "%m/%d/%y",
    "F": "%Y-%m-%d",
    "v": "%e-%b-%Y",
    "R": "%H:%M",
    "T": "%H:%M:%S",
    "X": "%H:%M:%S",
    "r": "%I:%M:%S %p",
    "c": "%a %b %e %H:%M:%S %Y",
    "+": "%Y-%m-%dT%H:%M:%S%.f%:z",
}

SPECIAL: dict[str, Callable[[Moment], str]] = {
    ":z": _offset(":"),
    "3f": lambda m: f"{m.nanos // 1_000_000:03d}",
    "6f": lambda m: f"{m.nanos // 1000:06d}",
    "9f": lambda m: f"{m.nanos:09d}",
    ".3f": lambda m: f".{m.nanos // 1_000_000:03d}",
    ".6f": lambda m: f".{m.nanos // 1000:06d}",
    ".9f": lambda m: f".{m.nanos:09d}",
    ".f": lambda m: fraction_text(m.nanos),
}
"""Codes of more than one character."""

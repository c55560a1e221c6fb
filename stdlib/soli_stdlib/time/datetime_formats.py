"""`DateTime.format`: strftime codes that mean the same on every platform (spec/stdlib.md §15)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from soli_lang.base.errors import SoliTypeError

from .calendar_names import CalendarNames

PADDINGS = {"-": "", "_": " ", "0": "0"}


class Moment:
    """What a code can read: wall clock, nanoseconds within the second, Unix seconds, names."""

    __slots__ = ("names", "nanos", "seconds", "wall")

    def __init__(self, wall: datetime, nanos: int, seconds: int, names: CalendarNames) -> None:
        self.wall = wall
        self.nanos = nanos
        self.seconds = seconds
        self.names = names


def format_moment(moment: Moment, pattern: str) -> str:
    """*pattern* with its `%` codes replaced.

    Raises SoliTypeError for a code that does not exist.
    """
    parts: list[str] = []
    position, length = 0, len(pattern)
    while position < length:
        found = pattern.find("%", position)
        if found < 0:
            parts.append(pattern[position:])
            break
        parts.append(pattern[position:found])
        text, position = _code(moment, pattern, found + 1)
        parts.append(text)
    return "".join(parts)


def _code(moment: Moment, pattern: str, start: int) -> tuple[str, int]:
    """The text of the code that begins at *start*, just after its `%`, and where it ends."""
    for width in (3, 2):
        special = SPECIAL.get(pattern[start : start + width])
        if special is not None:
            return special(moment), start + width
    letter = pattern[start : start + 1]
    if letter in PADDINGS and letter:
        return _number(moment, pattern[start + 1 : start + 2], PADDINGS[letter]), start + 2
    if letter in NUMBERS:
        return _number(moment, letter, None), start + 1
    if letter in TEXTS:
        return TEXTS[letter](moment), start + 1
    if letter in COMPOSED:
        return format_moment(moment, COMPOSED[letter]), start + 1
    raise SoliTypeError(f"DateTime.format() unknown format code '%{letter}'")


def _number(moment: Moment, letter: str, padding: str | None) -> str:
    entry = NUMBERS.get(letter)
    if entry is None:
        raise SoliTypeError(f"DateTime.format() unknown format code '%{letter}'")
    value, width, usual = entry
    fill = usual if padding is None else padding
    digits = str(value(moment))
    return digits.rjust(width, fill) if fill else digits


def _week(first_weekday: int) -> Callable[[Moment], int]:
    """Week of the year when weeks begin on *first_weekday* (Monday is 0), from 0."""

    def week(moment: Moment) -> int:
        wall = moment.wall
        days_since = (wall.weekday() - first_weekday) % 7
        return (wall.timetuple().tm_yday + 6 - days_since) // 7

    return week


def _hour_of_twelve(moment: Moment) -> int:
    return moment.wall.hour % 12 or 12


NUMBERS: dict[str, tuple[Callable[[Moment], int], int, str]] = {
    "Y": (lambda m: m.wall.year, 4, "0"),
    "C": (lambda m: m.wall.year // 100, 2, "0"),
    "y": (lambda m: m.wall.year % 100, 2, "0"),
    "q": (lambda m: (m.wall.month + 2) // 3, 1, "0"),
    "m": (lambda m: m.wall.month, 2, "0"),
    "d": (lambda m: m.wall.day, 2, "0"),
    "e": (lambda m: m.wall.day, 2, " "),
    "j": (lambda m: m.wall.timetuple().tm_yday, 3, "0"),
    "H": (lambda m: m.wall.hour, 2, "0"),
    "k": (lambda m: m.wall.hour, 2, " "),
    "I": (_hour_of_twelve, 2, "0"),
    "l": (_hour_of_twelve, 2, " "),
    "M": (lambda m: m.wall.minute, 2, "0"),
    "S": (lambda m: m.wall.second, 2, "0"),
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
    "t": lambda m: "\t",
    "n": lambda m: "\n",
    "%": lambda m: "%",
}

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

"""Dates written as text, read into nanoseconds since the epoch (docs/spec §L15)."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime, timedelta

from .calendar_names import ENGLISH

_SECOND = 1_000_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BARE_EPOCH = datetime(1970, 1, 1)
MAX_TEXT = 128
"""Characters; no date is longer."""

# Fixed patterns on a bounded text: no stranger's pattern, no backtracking to fear. `re` compiles
# them when they are first used: importing the library must cost little.
_NAIVE = r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:[T ]([0-9]{1,2}):([0-9]{2}):([0-9]{2}))?"
_RFC_3339 = (
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,18}))?"
    r"(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))"
)
_RFC_2822 = (
    r"(?:[A-Za-z]{3}, *)?([0-9]{1,2}) +([A-Za-z]{3}) +([0-9]{4}) +([0-9]{2}):([0-9]{2})"
    r"(?::([0-9]{2}))? +([+-])([0-9]{2})([0-9]{2})"
)


_USUAL = {
    "--": (10, _BARE_EPOCH),
    "--T::": (19, _BARE_EPOCH),
    "-- ::": (19, _BARE_EPOCH),
    "--T::Z": (20, _EPOCH),
}
"""What stands between the digits -> how long such a text is, and the epoch that is as it is.

`datetime.fromisoformat` reads these as we do, and others that are none of ours.
"""
_KNOWS_HOUR_24 = sys.version_info >= (3, 14)
"""Whether Python takes 24:00 for the beginning of the day after."""
_FIRST_BETWEEN = 4
_EACH_BETWEEN = 3
_OTHER = (-1, _EPOCH)


def read_nanos(text: str) -> int | None:
    """Nanoseconds since the epoch, None when *text* is no date that `DateTime.parse` takes."""
    if len(text) > MAX_TEXT:
        return None
    length, epoch = _USUAL.get(text[_FIRST_BETWEEN::_EACH_BETWEEN], _OTHER)
    if len(text) == length and not (_KNOWS_HOUR_24 and text[11:13] == "24"):
        try:
            since = datetime.fromisoformat(text) - epoch
            return (since.days * 86400 + since.seconds) * _SECOND
        except ValueError:
            pass
    try:
        if text.endswith("Z") or "+" in text:
            instant = _rfc_3339(text)
            return _rfc_2822(text) if instant is None else instant
        return _naive(text)
    except (ValueError, OverflowError):
        return None


def _naive(text: str) -> int | None:
    found = re.fullmatch(_NAIVE, text)
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups())
    return _nanos(datetime(year, month, day, hour, minute, second, tzinfo=UTC))


def _rfc_3339(text: str) -> int | None:
    found = re.fullmatch(_RFC_3339, text)
    if found is None:
        return None
    parts = found.groups()
    wall = datetime(*(int(part) for part in parts[:6]), tzinfo=UTC)  # type: ignore[misc, arg-type]
    fraction = int((parts[6] or "0")[:9].ljust(9, "0"))
    return _nanos(wall - _offset(*parts[7:])) + fraction


def _rfc_2822(text: str) -> int | None:
    found = re.fullmatch(_RFC_2822, text)
    if found is None:
        return None
    day, name, year, hour, minute, second, *offset = found.groups()
    month = ENGLISH.short_months.index(name.capitalize()) + 1
    wall = datetime(
        int(year), month, int(day), int(hour), int(minute), int(second or 0), tzinfo=UTC
    )
    return _nanos(wall - _offset(*offset))


def _offset(sign: str | None, hours: str | None, minutes: str | None) -> timedelta:
    if sign is None:
        return timedelta()
    if int(hours or 0) > 23 or int(minutes or 0) > 59:
        raise ValueError("offset out of range")
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    return -offset if sign == "-" else offset


def _nanos(instant: datetime) -> int:
    since = instant - _EPOCH
    return (since.days * 86400 + since.seconds) * _SECOND

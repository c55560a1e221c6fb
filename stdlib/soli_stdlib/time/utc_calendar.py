"""Minutes, hours, days, months and years of UTC, in nanoseconds since 1970-01-01T00:00Z.

All days are equally long there, so where they begin is arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import cache

SECOND = 1_000_000_000
"""Nanoseconds."""
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
_MEAN_MONTH = 146_097 * DAY // 4800
"""Of the 400 years after which the calendar repeats."""
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_FIRST_MONTH = (date(1677, 1, 1).toordinal() - _EPOCH_DAY) * DAY


@cache
def _months() -> list[int]:
    """The instants at which months begin in UTC: all that 64 bits of nanoseconds can name."""
    years = range(1677, 2264)
    days = (date(year, month, 1).toordinal() for year in years for month in range(1, 13))
    return [(day - _EPOCH_DAY) * DAY for day in days]


def _start_of_next_month(nanos: int, earlier: int = 0) -> int:
    """Where the month after *nanos* begins, or one *earlier*."""
    months = _months()
    # Months begin less than a month away from where equally long ones would.
    index = (nanos - _FIRST_MONTH) // _MEAN_MONTH
    if months[index] > nanos:
        return months[index - earlier]
    if months[index + 1] > nanos:
        return months[index + 1 - earlier]
    return months[index + 2 - earlier]


def _start_of_month(nanos: int) -> int:
    return _start_of_next_month(nanos, earlier=1)


def _start_of_year(nanos: int, later: int = 0) -> int:
    day = date.fromordinal(nanos // DAY + _EPOCH_DAY)
    return (date(day.year + later, 1, 1).toordinal() - _EPOCH_DAY) * DAY


def _start_of_next_year(nanos: int) -> int:
    return _start_of_year(nanos, later=1)


def _start_of_each(length: int) -> Callable[[int], int]:
    return lambda nanos: nanos - nanos % length


def _start_of_next(length: int) -> Callable[[int], int]:
    return lambda nanos: nanos - nanos % length + length


UTC_STARTS = {
    "minute": (_start_of_each(MINUTE), _start_of_next(MINUTE)),
    "hour": (_start_of_each(HOUR), _start_of_next(HOUR)),
    "day": (_start_of_each(DAY), _start_of_next(DAY)),
    "month": (_start_of_month, _start_of_next_month),
    "year": (_start_of_year, _start_of_next_year),
}
"""For each unit, nanoseconds to the start of the one that they lie in and of the next, in UTC:
there all days are equally long.
"""

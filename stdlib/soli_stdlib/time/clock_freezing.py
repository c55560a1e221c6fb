"""Unix time for programs and tests: `datetime_now`, `freeze_time`, `time_ago` (docs/spec §L15).

Frozen time holds for every clock that a program can read (docs/spec §L15); see `clock`.
"""

from __future__ import annotations

from soli_lang.base.errors import SoliPlainTypeError, SoliValueError
from soli_lang.machine.machine import Machine
from soli_lang.native.native import Any_, function
from soli_lang.values.kinds import type_name
from soli_lang.values.values import Value

from ..ground import clock
from ..text.locales import current_locale
from .calendar_names import time_words
from .datetime_texts import read_nanos

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR
WEEK = 7 * DAY
MONTH = 30 * DAY
YEAR = 365 * DAY
STEPS = (
    (MINUTE, "second", 1),
    (HOUR, "minute", MINUTE),
    (DAY, "hour", HOUR),
    (WEEK, "day", DAY),
    (MONTH, "week", WEEK),
    (YEAR, "month", MONTH),
)
"""(below this many seconds, count in this unit, of this many seconds)"""


@function("datetime_now")
def datetime_now(machine: Machine) -> int:
    """Unix seconds."""
    return int(clock.now(machine) // 1)


@function(("freeze_time", "travel_to"), Any_)
def freeze_time(machine: Machine, instant: Value) -> int:
    """Stop all clocks at *instant*: Unix seconds or a date that `DateTime.parse` takes."""
    if instant.__class__ is int:
        seconds = int(instant)
    elif isinstance(instant, str):
        nanos = read_nanos(instant)
        if nanos is None:
            raise SoliValueError(f"freeze_time(): invalid date string '{instant}'")
        seconds = nanos // 1_000_000_000
    else:
        raise SoliPlainTypeError(
            f"freeze_time() expects timestamp (int) or date string, got {type_name(instant)}"
        )
    clock.of(machine).freeze(float(seconds))
    return seconds


@function("unfreeze_time")
def unfreeze_time(machine: Machine) -> None:
    """Let time run again."""
    clock.of(machine).unfreeze()


@function("time_ago", Any_)
def time_ago(machine: Machine, instant: Value) -> str:
    """How long ago *instant* (Unix seconds, date text or DateTime) was: `3 minutes ago`."""
    elapsed = datetime_now(machine) - _seconds(instant)
    words = time_words(current_locale(machine))
    if elapsed < 0:
        return words.future
    for limit, unit, size in STEPS:
        if elapsed < limit:
            return words.ago.format(span=words.span(elapsed // size, unit))
    return words.ago.format(span=words.span(elapsed // YEAR, "year"))


def _seconds(instant: Value) -> int:
    if instant.__class__ is int:
        return int(instant)
    if isinstance(instant, str):
        return (read_nanos(instant) or 0) // 1_000_000_000
    nanos = getattr(instant, "nanos", None)
    if nanos is None:
        raise SoliPlainTypeError(
            f"time_ago() expects timestamp (int) or date string, got {type_name(instant)}"
        )
    return int(nanos // 1_000_000_000)

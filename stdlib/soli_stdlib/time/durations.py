"""Duration: a span of time in seconds (docs/spec §L15)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from soli_lang.base.errors import SoliPlainTypeError
from soli_lang.machine.machine import Machine
from soli_lang.native.native import Any_, Number, String, method, static
from soli_lang.values.display import float_text
from soli_lang.values.values import Value

from ..text.locales import current_locale
from .calendar_names import time_words
from .datetime_values import DateTime
from .utc_calendar import SECOND

SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}
_IN_WORDS = (
    ("day", 86400, "hour", 3600),
    ("hour", 3600, "minute", 60),
    ("minute", 60, "second", 1),
    ("second", 1, "second", 1),
)
"""Units and the next smaller ones, with their seconds."""


class Duration:
    """A span; negative when it runs backwards. Shows as an instance with one field `seconds`."""

    # No `__init__`: see DateTime.
    __slots__ = ("seconds",)

    soli_type = "Duration"
    seconds: float

    def soli_text(self) -> str:
        return f"<Duration seconds: {float_text(self.seconds)}>"

    def soli_inspect(self) -> str:
        return self.soli_text()

    def soli_json(self) -> dict[str, float]:
        return {"seconds": self.seconds}

    def soli_equals(self, other: Any) -> bool:
        return isinstance(other, Duration) and self.seconds == other.seconds

    def soli_order(self) -> float:
        return self.seconds


TYPES: dict[str, tuple[type, ...]] = {"Duration": (Duration,)}


@static("Duration", "between", Any_, Any_)
def between(start: Value, end: Value) -> Duration:
    """The span from *start* to *end*, two DateTimes."""
    if start.__class__ is not DateTime or end.__class__ is not DateTime:
        raise SoliPlainTypeError("Duration.between() requires DateTime")
    span = Duration()
    span.seconds = (end.nanos - start.nanos) / SECOND
    return span


def _maker(unit: str) -> Callable[..., Duration]:
    seconds = float(SECONDS[unit])

    def make(count: int | float) -> Duration:
        span = Duration()
        span.seconds = count * seconds
        return span

    make.__doc__ = f"A span of *count* {unit}s."
    return static("Duration", (f"of_{unit}s", f"{unit}s"), Number)(make)


of_seconds = _maker("second")
of_minutes = _maker("minute")
of_hours = _maker("hour")
of_days = _maker("day")
of_weeks = _maker("week")


@method("Duration", ("seconds", "total_seconds"), bare=True)
def total_seconds(span: Duration) -> float:
    """The whole span in seconds."""
    return span.seconds


@method("Duration", "total_minutes", bare=True)
def total_minutes(span: Duration) -> float:
    """The whole span in minutes."""
    return span.seconds / 60.0


@method("Duration", "total_hours", bare=True)
def total_hours(span: Duration) -> float:
    """The whole span in hours."""
    return span.seconds / 3600.0


@method("Duration", "total_days", bare=True)
def total_days(span: Duration) -> float:
    """The whole span in days."""
    return span.seconds / 86400.0


@method("Duration", ("to_string", "to_s"), bare=True)
def to_string(span: Duration) -> str:
    """`90s`"""
    return f"{float_text(span.seconds)}s"


@method("Duration", "class", bare=True)
def class_(span: Duration) -> str:
    """`Duration`."""
    return span.soli_type


@method("Duration", "inspect", bare=True)
def inspect_(span: Duration) -> str:
    """The form for programmers."""
    return span.soli_inspect()


@method(
    "Duration",
    "humanize",
    String(message="Duration.humanize() requires string locale").optional(),
    bare=True,
)
def humanize(machine: Machine, span: Duration, locale: str | None = None) -> str:
    """`1 minute 30 seconds`: the largest unit and the next smaller one; the sign is ignored."""
    return humanized(abs(span.seconds), locale or current_locale(machine))


def humanized(seconds: float, locale: str) -> str:
    """*seconds* (not negative) in words."""
    words = time_words(locale)
    rest = int(seconds) if math.isfinite(seconds) else 0
    for step in _IN_WORDS:
        if rest >= step[1]:
            break
    unit, size, smaller, smaller_size = step
    text = words.alone(rest // size, unit)
    few = rest % size // smaller_size
    return f"{text}{words.gap}{words.alone(few, smaller)}" if few else text

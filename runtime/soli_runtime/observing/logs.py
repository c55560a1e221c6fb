"""Structured log lines and counters, in one step: what is counted is logged and the reverse.

A line is `TIME LEVEL event key=value …` (or one JSON object). Never put message bodies, query
strings, cookies or tokens into fields (docs/spec §W9). Text that spans lines (a Soli
backtrace) follows the line, indented, so that a person can read it and `grep` still works.

A field may be a function of no arguments: it is called only if the line is written. Of like
warnings and errors only some are written each second (`log_floods`), all are counted.
"""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from math import floor
from typing import Any

from .floods import WINDOW_SECONDS, Floods
from .log_lines import LineWriter
from .printable import printable

LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40, "silent": 100}

_INFO = LEVELS["info"]

FLOODING = LEVELS["warning"]
"""The level from which like lines are held back; lines below it are what somebody asked for."""

_BARE = re.compile(r"[!#-<>-~]+\Z").match
"""What most values are: it needs no quotes."""

Write = Callable[[str], None]
CallLater = Callable[[float, Callable[[], None]], object]


class Log:
    """Writes structured lines and counts events by name.

    `clock` gives Unix seconds; `level` is the lowest level that is written (all are counted).
    """

    def __init__(
        self,
        write: Write,
        *,
        level: str = "info",
        as_json: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._write = write
        self._threshold = LEVELS[level]
        self._format = _json_line if as_json else _text_line
        self._short_requests = not as_json
        """Whether the line of a request may be written in one step."""
        self._clock = clock
        self._floods = Floods()
        self._call_later: CallLater | None = None
        self._flush_is_due = False
        self._who: dict[str, Any] = {}
        self._shown_who = ""
        self.counts: Counter[str] = Counter()
        """How often each event was logged, by its name."""

    def debug(self, event: str, **fields: Any) -> None:
        self._record("debug", event, fields)

    def info(self, event: str, **fields: Any) -> None:
        self._record("info", event, fields)

    def warning(self, event: str, **fields: Any) -> None:
        self._record("warning", event, fields)

    def error(self, event: str, **fields: Any) -> None:
        self._record("error", event, fields)

    def request(self, method: str, path: str, status: int, ms: float) -> None:
        """Log that a request was answered, *ms* milliseconds after it began.

        Of no other line there are as many: the usual one is made in one step.
        """
        if self._threshold > _INFO:
            self.counts["request"] += 1
            return
        if not self._short_requests or not _BARE(path) or not _BARE(method):
            self.info("request", method=method, path=path, status=status, ms=ms)
            return
        self.counts["request"] += 1
        now = _milliseconds(floor(self._clock() * 1000))
        line = f"{now} INFO request method={method} path={path} status={status} ms={ms}"
        self._write(f"{line}{self._shown_who}\n")

    def wants(self, level: str) -> bool:
        """Whether lines of *level* are written; ask before building costly fields."""
        return LEVELS[level] >= self._threshold

    def speak_as(self, **who: Any) -> None:
        """Let every line from now on end with these fields: which process it is of."""
        self._who = who
        self._shown_who = text_of("", who)

    def use_timer(self, call_later: CallLater | None) -> None:
        """Let floods be summed up on time; without a timer the next line does that."""
        self._call_later = call_later
        self._flush_is_due = False
        if isinstance(self._write, LineWriter):
            self._write.use_timer(call_later)

    def flush(self) -> None:
        """Sum up every flood that goes on (the end of a program)."""
        self._tell(self._clock(), self._floods.all())
        if isinstance(self._write, LineWriter):
            self._write.finish()

    def _record(self, level: str, event: str, fields: dict[str, Any]) -> None:
        self.counts[event] += 1
        number = LEVELS[level]
        if number < self._threshold:
            return
        now = self._clock()
        if number >= FLOODING:
            self._tell(now, self._floods.over(now))
            if not self._floods.allows(now, level, event, fields):
                self._ask_for_summary()
                return
        read = {name: value() if callable(value) else value for name, value in fields.items()}
        self._put(now, level, event, read)

    def _ask_for_summary(self) -> None:
        if self._call_later is not None and not self._flush_is_due:
            self._flush_is_due = True
            self._call_later(WINDOW_SECONDS, self._timer_came)

    def _timer_came(self) -> None:
        self._flush_is_due = False
        self._tell(self._clock(), self._floods.all())

    def _tell(self, now: float, floods: list[tuple[str, dict[str, Any]]]) -> None:
        for level, fields in floods:
            self._put(now, level, "repeated", fields)

    def _put(self, now: float, level: str, event: str, fields: dict[str, Any]) -> None:
        self._write(self._format(now, level, event, {**fields, **self._who}) + "\n")


@lru_cache(maxsize=4)
def _whole_seconds(now: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))


@lru_cache(maxsize=4)
def _milliseconds(now: int) -> str:
    return f"{_whole_seconds(now // 1000)}.{now % 1000:03d}Z"


def _timestamp(now: float) -> str:
    return _milliseconds(floor(now * 1000))


def _text_line(now: float, level: str, event: str, fields: dict[str, Any]) -> str:
    return f"{_timestamp(now)} {level.upper()} {text_of(event, fields)}"


def text_of(event: str, fields: dict[str, Any]) -> str:
    """`event key=value …`, and below it what spans lines."""
    parts = [event]
    below: list[str] = []
    for name, value in fields.items():
        text = value if value.__class__ is str else str(value)
        if _BARE(text):
            parts.append(f"{name}={text}")
        elif "\n" in text:
            below.extend("    " + line for line in printable(text, "\n\t").split("\n"))
        else:
            parts.append(f"{name}={_quoted(text)}")
    return "\n".join([" ".join(parts), *below])


def _quoted(text: str) -> str:
    if text and text.isprintable() and not set(text) & set(' "='):
        return text
    return _json(text)


def _json_line(now: float, level: str, event: str, fields: dict[str, Any]) -> str:
    line = {"time": _timestamp(now), "level": level, "event": event, **fields}
    return _json(line)


def _json(value: Any) -> str:
    """JSON for people, but for characters that could drive a terminal."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if text.isprintable() else json.dumps(value, default=str)


def silent() -> Log:
    """A log that only counts."""
    return Log(lambda text: None, level="silent")

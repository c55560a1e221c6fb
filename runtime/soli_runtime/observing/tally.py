"""What one service counts beyond its sockets: plain numbers, read by whoever shows them.

Counting is an increment of a dict or a list, with no clock, lock or library, so that it costs the
same whether somebody looks or not. Every label comes from the program or from this package, never
from a client: clients must not be able to make numbers that are kept for ever.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from soli_lang.base.errors import SoliError

HANDLER_BOUNDS = (
    *(0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05),
    *(0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0),
)
"""Seconds. An echo takes microseconds; a handler may compute for 1 s and wait for 30 s."""

LAG_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Seconds. Up to a millisecond is the precision of the loop's clock."""

INTERNAL = "internal"
"""The kind of an error that is none of Soli's: a fault in here."""


class Histogram:
    """How often a value fell between which bounds."""

    __slots__ = ("bounds", "counts", "sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = tuple(bounds)
        self.counts = [0] * (len(self.bounds) + 1)
        """Per bucket; the last is for what is above all bounds."""
        self.sum = 0.0

    def observe(self, value: float) -> None:
        """Count one value. A bound belongs to the bucket below it, as in Prometheus."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value

    def cumulative(self) -> Iterable[tuple[float, int]]:
        """Each bound, the last of which is infinity, and how many values are not above it."""
        total = 0
        for bound, count in zip((*self.bounds, float("inf")), self.counts, strict=True):
            total += count
            yield bound, total


class Tally:
    """The counts of one service since its start."""

    __slots__ = (
        "asks",
        "handler_errors",
        "handler_seconds",
        "held_back",
        "held_back_seconds",
        "invalid_messages",
        "jobs",
        "loop_lag",
        "refusals",
        "responses",
        "room_runs",
        "slow_readers",
    )

    def __init__(self) -> None:
        self.handler_errors: Counter[tuple[str, str]] = Counter()
        """By (`controller#action`, kind): the Soli class, `ActionError` or `internal`."""
        self.handler_seconds: dict[str, Histogram] = {}
        """By `controller#action`. Empty unless metrics are on."""
        self.held_back: Counter[str] = Counter()
        """Times that somebody waited for its turn for long, by reason (`ws.fair`)."""
        self.held_back_seconds: defaultdict[str, float] = defaultdict(float)
        """For how long, in all."""
        self.invalid_messages: Counter[tuple[str, str]] = Counter()
        """Messages that did not fit their declaration, by (`controller#action`, event)."""
        self.refusals: Counter[tuple[str, int]] = Counter()
        """Upgrades that were answered with an error, by (reason, HTTP status)."""
        self.slow_readers: Counter[str] = Counter()
        """HTTP connections closed because they were too slow: `answer` or `body`."""
        self.responses: Counter[int] = Counter()
        """HTTP responses by status; 101 is an upgrade."""
        self.asks: Counter[str] = Counter()
        """Replies to requests over sockets, by outcome: `ok`, `error`, `internal` (the handler
        failed) and `conflict` went out; `nobody` and `twice` did not: nobody had asked, or had
        one."""
        self.room_runs: Counter[str] = Counter()
        """Events whose room was not as they had seen it, by what became of them: `again` for each
        further run, `conflict` for those that failed."""
        self.jobs: Counter[tuple[str, str]] = Counter()
        """Runs by (job class, outcome): `done`, `failed`, `retried` or `cancelled`."""
        self.loop_lag = Histogram(LAG_BOUNDS)
        """Seconds by which the event loop was late. Empty unless metrics are on."""


def kind_of(error: BaseException) -> str:
    """The label of an error: one of few, whatever a client sends."""
    return error.kind if isinstance(error, SoliError) else INTERNAL

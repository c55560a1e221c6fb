"""`--metrics`: what a service counts, for Prometheus (docs/deployment.md, "Watching it").

Loaded only when it was asked for. The counters themselves are plain attributes that are kept
anyway; here they are read. What costs something per call, the handler's time, is measured by a
wrapper that exists only while metrics are on.
"""

from __future__ import annotations

import asyncio
import math
from bisect import bisect_left
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from functools import partial
from time import perf_counter
from typing import Any

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import choose_encoder

from ..routing.handler import Handler, Invoke
from .tally import HANDLER_BOUNDS, Histogram, Tally

LAG_SECONDS = 0.25
"""Between two looks at how late the event loop is."""


class Metrics:
    """The metrics of one service, in a registry of its own: several in one process do not mix."""

    def __init__(
        self,
        families: Callable[[], Awaitable[list[Metric]]],
        loop: asyncio.AbstractEventLoop,
        tally: Tally,
    ) -> None:
        self._families = families
        self._tally = tally
        self._lag = LoopLag(loop, tally.loop_lag)
        self._ends: list[Callable[[], None]] = []
        """What ends the measuring of each handler that is measured."""
        self._snapshot = _Snapshot()
        self._registry = CollectorRegistry()
        self._registry.register(self._snapshot)
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        GCCollector(registry=self._registry)

    def start(self) -> None:
        """Begin to measure."""
        self._lag.start()

    def watch(self, handlers: Iterable[Handler]) -> None:
        """Measure the time of *handlers*, and no longer that of others."""
        self._unwatch()
        times = self._tally.handler_seconds
        for handler in handlers:
            histogram = times.get(handler.name)
            if histogram is None:
                histogram = times[handler.name] = Histogram(HANDLER_BOUNDS)
            self._ends.append(handler.measure(partial(timed, histogram=histogram)))

    def stop(self) -> None:
        """Measure nothing any more."""
        self._lag.stop()
        self._unwatch()

    def _unwatch(self) -> None:
        for end in reversed(self._ends):
            end()
        self._ends.clear()

    async def page(self, accept: str) -> tuple[bytes, str]:
        """The page and its type, of those that the *accept* header names."""
        # Counters change on the loop only, so there they are read. The rest may take a while
        # (the collector of the process lists every open file), and the loop need not wait for it.
        self._snapshot.families = await self._families()
        encode, content_type = choose_encoder(accept)
        return await asyncio.to_thread(encode, self._registry), content_type


class _Snapshot:
    """The collector of our own families: as they were when the page was asked for."""

    def __init__(self) -> None:
        self.families: list[Metric] = []

    def collect(self) -> Iterable[Metric]:
        return self.families


class LoopLag:
    """Measures by how much a timer of the loop comes too late: what every connection waits."""

    def __init__(self, loop: asyncio.AbstractEventLoop, histogram: Histogram) -> None:
        self._loop = loop
        self._histogram = histogram
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        self._arm()

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self) -> None:
        due = self._loop.time() + LAG_SECONDS
        self._timer = self._loop.call_at(due, self._look, due)

    def _look(self, due: float) -> None:
        self._histogram.observe(max(0.0, self._loop.time() - due))
        self._arm()


def timed(
    invoke: Invoke, histogram: Histogram, clock: Callable[[], float] = perf_counter
) -> Invoke:
    """*invoke*, its time counted in *histogram*: seconds from call to return or error."""
    bounds, counts = histogram.bounds, histogram.counts

    def timed_invoke(argument: Any) -> Any:
        start = clock()
        try:
            return invoke(argument)
        finally:
            # `Histogram.observe`, written out: this is done for every message.
            seconds = clock() - start
            counts[bisect_left(bounds, seconds)] += 1
            histogram.sum += seconds

    return timed_invoke


def tallied(tally: Tally) -> Iterator[Metric]:
    yield by_label(
        "soli_upgrades_refused",
        "Upgrades answered with an error.",
        ["reason", "status"],
        tally.refusals,
    )
    yield by_label("soli_http_responses", "Responses by status.", ["status"], tally.responses)
    yield by_label(
        "soli_handler_errors",
        "Handlers that failed, and returns that could not be applied.",
        ["handler", "kind"],
        tally.handler_errors,
    )
    yield by_label("soli_jobs", "Runs of jobs.", ["job", "outcome"], tally.jobs)
    seconds = HistogramMetricFamily(
        "soli_handler_seconds", "Time from call to return, waiting included.", labels=["handler"]
    )
    for name, histogram in tally.handler_seconds.items():
        seconds.add_metric([name], _buckets(histogram), histogram.sum)
    yield seconds
    lag = HistogramMetricFamily("soli_loop_lag_seconds", "How late the event loop was.", labels=[])
    lag.add_metric([], _buckets(tally.loop_lag), tally.loop_lag.sum)
    yield lag


def by_label(name: str, text: str, labels: list[str], counts: Mapping[Any, int]) -> Metric:
    """A counter with one sample for each key of *counts*: a label's value, or a tuple of them."""
    family = CounterMetricFamily(name, text, labels=labels)
    for key, count in counts.items():
        parts = key if isinstance(key, tuple) else (key,)
        family.add_metric([str(part) for part in parts], count)
    return family


def _buckets(histogram: Histogram) -> list[tuple[str, float]]:
    return [
        ("+Inf" if bound == math.inf else repr(bound), count)
        for bound, count in histogram.cumulative()
    ]

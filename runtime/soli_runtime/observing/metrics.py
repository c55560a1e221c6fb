"""`--metrics`: what a service counts, for Prometheus (docs/deployment.md, "Watching it").

Loaded only when it was asked for. The counters themselves are plain attributes that are kept
anyway; here they are read. What costs something per call, the handler's time, is measured by a
wrapper that exists only while metrics are on.
"""

from __future__ import annotations

import asyncio
import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from functools import partial
from time import perf_counter
from typing import Any

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import choose_encoder

from ..routing.handler import Handler, Invoke
from .tally import HANDLER_BOUNDS, Histogram, Tally
from .together import Who, heard, together, told

LAG_SECONDS = 0.25
"""Between two looks at how late the event loop is."""


Others = Mapping[tuple[str, str], bytes | None]
"""By `worker` and `node`, what other processes told (`Metrics.told`); None: they were silent."""


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
        self.who: Who = {}
        """Labels of one of several processes."""
        self.ask_others: Callable[[], Awaitable[Others]] | None = None
        """Asks the other processes of this machine; None: there are none."""
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        GCCollector(registry=self._registry)

    def share(self, who: Who, ask_others: Callable[[], Awaitable[Others]] | None) -> None:
        """This is *who* of several processes; *ask_others* asks those of the same machine."""
        self.who, self.ask_others = who, ask_others

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
        own = await self._own()
        others: Others = {} if self.ask_others is None else await self.ask_others()
        encode, content_type = choose_encoder(accept)
        return await asyncio.to_thread(self._encoded, encode, own, others), content_type

    async def told(self) -> bytes:
        """What this process tells another that shows the metrics of both."""
        return told(await self._own())

    async def _own(self) -> list[Metric]:
        # Counters change on the loop only, so there they are read. The rest may take a while
        # (the collector of the process lists every open file), and the loop need not wait for it.
        families = await self._families()
        return families + await asyncio.to_thread(lambda: list(self._registry.collect()))

    def _encoded(self, encode: Callable[[Any], bytes], own: list[Metric], others: Others) -> bytes:
        if not self.who:
            return encode(_Page(own))
        pages: list[tuple[Who, list[Metric]]] = [(self.who, own)]
        up = {tuple(self.who.values()): 1}
        for (worker, node), text in others.items():
            families = _readable(text)
            up[worker, node] = int(families is not None)
            pages.append(({"worker": worker, "node": node}, families or []))
        if self.ask_others is not None:
            pages.append(({}, [_up(up)]))
        return encode(_Page(together(pages)))


def _readable(text: bytes | None) -> list[Metric] | None:
    try:
        return None if text is None else heard(text)
    except ValueError:
        return None


def _up(workers: Mapping[tuple[str, ...], int]) -> Metric:
    text = "Whether a worker of this machine answered; of one that did not nothing else is here."
    family = GaugeMetricFamily("soli_worker_up", text, labels=["worker", "node"])
    for who, value in workers.items():
        family.add_metric(who, value)
    return family


class _Page:
    """Families, for an encoder that asks a registry for them."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


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


def _of_rooms(tally: Tally) -> Iterator[Metric]:
    text = "Events that failed as the state of their room was changed by others each time."
    yield CounterMetricFamily("soli_room_conflicts", text, tally.room_runs["conflict"])
    text = "Runs of handlers once more, as the state of the room was changed meanwhile."
    yield CounterMetricFamily("soli_room_reruns", text, tally.room_runs["again"])


def _of_handlers(tally: Tally) -> Iterator[Metric]:
    yield by_label(
        "soli_handler_errors",
        "Handlers that failed, and returns that could not be applied.",
        ["handler", "kind"],
        tally.handler_errors,
    )
    yield by_label(
        "soli_invalid_messages",
        "Messages that did not fit what ws_message declares.",
        ["handler", "event"],
        tally.invalid_messages,
    )


def tallied(tally: Tally) -> Iterator[Metric]:
    yield by_label(
        "soli_upgrades_refused",
        "Upgrades answered with an error.",
        ["reason", "status"],
        tally.refusals,
    )
    by_reason: Counter[str] = Counter()
    for (reason, _), count in tally.refusals.items():
        by_reason[reason] += count
    yield by_label("soli_refused", "Upgrades refused, by reason.", ["reason"], by_reason)
    yield by_label("soli_http_responses", "Responses by status.", ["status"], tally.responses)
    yield from _of_handlers(tally)
    yield from _of_rooms(tally)
    text = "Replies to requests over sockets, by outcome."
    yield by_label("soli_asks", text, ["outcome"], tally.asks)
    text = "Times that a message, request or end waited for its turn for more than 0.25 s."
    yield by_label("soli_held_back", text, ["reason"], tally.held_back)
    text = "How long these waited, in all."
    yield by_label("soli_held_back_seconds", text, ["reason"], tally.held_back_seconds)
    text = "HTTP connections closed: an answer was read, or a body sent, too slowly."
    yield by_label("soli_slow_readers", text, ["reason"], tally.slow_readers)
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


def by_label(name: str, text: str, labels: list[str], counts: Mapping[Any, float]) -> Metric:
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

"""One process among several: its life in the log that they share.

`traffic` carries what its `LogBroker` asks for to Redis, and back; here it is kept going. When
anything fails all begins again, on new connections, where it was. Only when Redis does not know
this node any more, or entries are missing, the node begins anew under another name
(`LogBroker.begin`).
"""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from soli_lang.base.records import Record

from ..core.effects import Slices
from ..core.operations.arrivals import Arrivals
from ..observing.logs import Log
from ..settings import Settings
from ..settings.app_mark import AppMark
from .codec import VERSION
from .host import Bounds, Host, Surroundings
from .keeping import epoch_of, load
from .log import keys_of, script
from .log_broker import LogBroker
from .node_facts import Facts, machine_name
from .traffic import CALL_SECONDS, Lost, Traffic

MACHINE_VARIABLE = "SOLI_FAMILY"
"""The name that a parent gives to all of its workers."""
PRIVATE_VARIABLE = "SOLI_PRIVATE_BROKER"
"""Set by a parent where its workers meet in a Redis that ends with it."""
FIRST_PAUSE_SECONDS = 0.05
MAX_PAUSE_SECONDS = 0.5
"""Between two attempts to reach Redis: 0.05, 0.1, … up to this."""
DROP_SECONDS = 1.0
"""Between two looks for messages that waited for too long."""
GOODBYE_SECONDS = 2.0
"""For what is under way to be sent when the process ends."""


class OtherVersion(Exception):
    """Nodes that live speak otherwise in the log."""

    def __init__(self, spoken: int) -> None:
        super().__init__(
            f"the processes that run write version {spoken} of the log, and this Soli {VERSION}: "
            "stop them first, or give this one an --app-name of its own"
        )


class Lane(Record, frozen=True):
    """Which log a node writes and reads."""

    url: str
    mark: AppMark
    lease_seconds: float
    backlog_bytes: int
    grace_seconds: float = 0.0
    wait_seconds: float = 0.0
    is_private: bool = False
    """Whether what is there ends with the parent of these workers."""

    @property
    def prefix(self) -> str:
        """The name of the app, which separates it from others."""
        return self.mark.name


class Refs:
    """Decimal refs, unique and growing in all nodes: time of Redis, number of the node, counter."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._ahead = 0.0
        self._seat = 0
        self._last = (0, 0)

    def learn(self, seat: int, time_ms: int) -> None:
        """What the log says of this node and of the time."""
        self._seat = seat % 100_000
        self._ahead = time_ms - 1000 * self._now()

    def __call__(self) -> str:
        time_ms = int(1000 * self._now() + self._ahead)
        before, count = self._last
        self._last = (time_ms, 0) if time_ms > before else (before, count + 1)
        return f"{self._last[0]}{self._seat:05}{self._last[1]:05}"


class Node:
    """The connection of this process to the log. `start` first, `stop` last."""

    def __init__(self, lane: Lane, log: Log, loop: asyncio.AbstractEventLoop, host: Host) -> None:
        self._lane = lane
        self._host = host
        self._log = log
        self._loop = loop
        self._family = node_family(os.environ.get(MACHINE_VARIABLE), os.getpid())
        self._births = 0
        self._task: asyncio.Task[None] | None = None
        self._accounted = asyncio.Event()
        keys = keys_of(lane.prefix)
        self._traffic = Traffic(lane.url, keys, lane.backlog_bytes, loop)
        self.queued = self._traffic.queued
        """Something waits to be sent."""
        self._alive: frozenset[str] = frozenset()
        self._since: float | None = None
        """Since when the log is away."""
        self._heard = loop.time()
        """When Redis answered last."""
        self._asked = asyncio.Event()
        """Somebody wants to know how this node is."""
        self._facts: Facts
        self._worker: int | None = None
        self._ending: asyncio.TimerHandle | None = None
        self._dropping: asyncio.TimerHandle | None = None
        self._reported = 0
        self._run_id = b""
        """Which start of Redis it is."""
        self.refs = Refs(loop.time)
        self.broker: LogBroker

    def broker_of(self, arrivals: Arrivals) -> LogBroker:
        """The broker that this node carries for."""
        lane = self._lane
        bounds = Bounds(lane.backlog_bytes, lane.grace_seconds, lane.wait_seconds)
        self.broker = LogBroker(arrivals, Surroundings(self._host, self, self._loop, bounds))
        self._facts = Facts(arrivals, self.broker.replica)
        self._traffic.carry_for(self.broker)
        return self.broker

    def be_worker(self, number: int) -> None:
        """Tell others that this process has that number among those of its parent."""
        self._worker = number

    # What the broker tells (`Carrier`)

    def accounted(self) -> None:
        """A node gave its account."""
        self._accounted.set()

    def insert(self, slices: Slices) -> None:
        """What does not come from the log is to be carried out before its next entry."""
        self._traffic.insert(self.broker.in_slices(slices))

    def asked(self) -> None:
        """Somebody wants to know how this node is."""
        self._asked.set()

    def faulted(self, error: Exception) -> None:
        """An operation could not be applied: a fault of ours, or of a node of another version."""
        self._log.error("arrival_failed", error=f"{type(error).__name__}: {error}")

    @property
    def name(self) -> str:
        """What all names have in common that this process has, one after another."""
        return self._family.removesuffix(".")

    @property
    def is_away(self) -> bool:
        """Whether the log cannot be reached."""
        return self.broker.is_away

    @property
    def is_lost(self) -> bool:
        """Whether the log is away for longer than a lease: others believe that we are dead."""
        return self._loop.time() - self._heard > self._lane.lease_seconds

    @property
    def lane(self) -> Lane:
        """The log that it writes and reads."""
        return self._lane

    async def start(self) -> None:
        """Begin, and wait until all that others hold is known.

        Raises OtherVersion; RedisError, OSError and TimeoutError where Redis cannot be used.
        """
        await self._traffic.open()
        await self._begin()
        self._task = self._loop.create_task(self._run())
        self._drop_old()
        deadline = self._loop.time() + 4 * self._lane.lease_seconds / 3
        try:
            async with asyncio.timeout_at(deadline):
                await self._accounts()
        except TimeoutError:
            self._log.warning("broker_incomplete")  # who is silent for so long is dead soon
        self.broker.replica.end_learning()

    async def _accounts(self) -> None:
        """Wait for all that were there when this node began."""
        while not self._alive <= self.broker.replica.accounts.whole:
            self._accounted.clear()
            await self._accounted.wait()

    async def stop(self) -> None:
        """Send what waits, then tell the others that this node is gone."""
        if self._task is None:
            return
        rest: Any = self.broker.until_quiet()
        if rest is not None and not self.broker.is_away:
            await asyncio.wait((rest,), timeout=GOODBYE_SECONDS)
        self._task.cancel()
        await asyncio.wait((self._task,))
        for timer in (self._ending, self._dropping):
            if timer is not None:
                timer.cancel()
        if not self.broker.is_away:
            try:
                await reap(self._lane, self._family)
            except Exception as error:  # its lease ends
                self._log.warning("broker_goodbye_failed", error=str(error))

    # --- its life ------------------------------------------------------------------------------

    async def _begin(self) -> None:
        """Register under a new name. What others hold comes through the log."""
        await self._traffic.settle()
        self._births += 1
        name = f"{self._family}{self._births}"
        lease_ms = int(1000 * self._lane.lease_seconds)
        hello = ("hello", name, lease_ms, uuid.uuid4().hex, VERSION)
        answer = await self._traffic.ask(*hello)
        if answer[0] == b"VERSION":
            raise OtherVersion(int(answer[1]))
        epoch, last, now, seat, alive, self._run_id = answer
        await self._recall(epoch, int(last))
        self._traffic.begin(epoch, int(last))
        self._alive = frozenset(each.decode() for each in alive)
        self.refs.learn(int(seat), int(now))
        self.broker.lifecycle.begin(name)
        self._count_dropped()
        if self._ending is not None:
            self._ending.cancel()
        # Others may have to find out first that they must begin anew: they beat in that time.
        self._ending = self._loop.call_later(
            4 * self._lane.lease_seconds / 3, self.broker.lifecycle.end_unaccounted
        )

    async def _recall(self, epoch: bytes, last: int) -> None:
        """Know what rooms keep at entry *last*, and tell members what they missed meanwhile."""
        history = self.broker.history
        if not history.rules:
            return
        before = history.position
        rooms = await self._traffic.rooms_kept()
        await load(history, self._traffic.ask, rooms, epoch_of(epoch, self._run_id), last)
        if self._births > 1:
            for _ in self.broker.catch_up(before):
                await asyncio.sleep(0)

    async def _run(self) -> None:
        """Work as long as the process lives, whatever happens to Redis."""
        pause = 0.0
        must_begin = False
        traffic = self._traffic
        while True:
            try:
                if not traffic.is_open:
                    await traffic.open()
                if must_begin:
                    await self._begin()
                    must_begin = False
                await self._beat()
                self._is_back()
                pause = 0.0
                await self._work()
            except Lost as lost:
                self._log.warning("broker_resync", reason=str(lost))
                must_begin = True
                continue
            except asyncio.CancelledError:
                raise
            except Exception as error:
                self._is_gone(error)
            finally:
                traffic.close()
            pause = min(MAX_PAUSE_SECONDS, 2 * pause if pause else FIRST_PAUSE_SECONDS)
            await asyncio.sleep(pause)

    def _is_gone(self, error: Exception) -> None:
        if self._since is None:
            self._since = self._loop.time()
            self.broker.questions.go_away()
            self._log.error("broker_lost", error=f"{type(error).__name__}: {error}")

    def _is_back(self) -> None:
        if self._since is not None:
            self._log.info("broker_back", seconds=round(self._loop.time() - self._since, 1))
        self._since = None
        self.broker.questions.come_back()

    async def _work(self) -> None:
        """Until something fails; its error."""
        self._traffic.start()
        works = (self._traffic.until_failed(), self._keep())
        tasks = [self._loop.create_task(work) for work in works]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task.done():
                    task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _keep(self) -> None:
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._asked.wait(), self._lane.lease_seconds / 3)
            await self._beat()

    async def _beat(self) -> None:
        lease_ms = int(1000 * self._lane.lease_seconds)
        self._asked.clear()
        read = self._traffic.read
        facts = self._facts.told(self._worker, read)
        arguments = (self.broker.node, self._traffic.epoch, lease_ms, read, facts)
        answer, last, run_id, since = await self._traffic.ask("beat", *arguments)
        self._heard = self._loop.time()
        if answer != b"OK":
            raise Lost(answer.decode())
        # As it was then: more may have been read since Redis answered.
        if int(last) < read or (run_id != self._run_id and int(since) < read):
            raise Lost("Redis went back in time")
        if run_id != self._run_id:
            self._run_id = run_id
            self.broker.renew(epoch_of(self._traffic.epoch, run_id))

    def _drop_old(self) -> None:
        """Drop what waited for too long, whatever Redis does."""
        self._dropping = self._loop.call_later(DROP_SECONDS, self._drop_old)
        self.broker.outbox.drop_old()
        self._count_dropped()

    def _count_dropped(self) -> None:
        dropped = self.broker.outbox.dropped
        if dropped != self._reported:
            self._log.error("broker_dropped", messages=dropped - self._reported)
            self._reported = dropped


def node_family(machine: str | None, pid: int) -> str:
    """How the names begin that one process has, one after another."""
    return f"{machine or machine_name()}.{pid}."


def lane_of(settings: Settings, app: str, mark: AppMark | None = None) -> Lane | None:
    """The log that *settings* ask for, None without. *app* is the name of its folder.

    *mark*: by what the app is known again; without it any app's log is taken.
    """
    if settings.broker == "memory":
        return None
    if mark is None:
        mark = AppMark(settings.broker_prefix or settings.app_name or app, "", frozenset())
    return Lane(
        settings.broker,
        mark,
        settings.node_lease_seconds,
        settings.constants.broker_backlog_bytes,
        settings.presence_grace_seconds,
        settings.constants.broker_publish_ttl,
        PRIVATE_VARIABLE in os.environ,
    )


async def reap(lane: Lane, family: str) -> None:
    """Take back at once what a process held that is dead."""
    from redis.asyncio import Redis

    async with Redis.from_url(lane.url, protocol=2, socket_timeout=CALL_SECONDS) as client:
        await client.register_script(script())(keys_of(lane.prefix), ("reap", family))

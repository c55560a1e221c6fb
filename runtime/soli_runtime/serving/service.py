"""An app at work: what answers requests and upgrades on one event loop.

`Service` knows nothing of ports and signals; `server` opens those, `embed` mounts a service in
a host's own aiohttp application.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from soli_stdlib.json.text import json_codec

from soli_lang.base.records import Record

from ..calling.calls import Calls
from ..calling.greenlets import Runners
from ..calling.waiting import Waiting
from ..core.hub import Hub
from ..core.realtime import Realtime
from ..gate.request_turns import RequestTurns
from ..http.guards.identity import Authenticate
from ..loading.app import App
from ..observing.logs import Log
from ..observing.tally import Tally
from ..settings import Settings
from ..stores.errors import UNFIT, CannotOpen
from ..stores.waited import store_in
from ..ws.endpoint import Endpoint
from ..ws.protocol.frames import CloseCode
from ..ws.selftest import CannotTakeOver, check_takeover
from .authentication import HostAuthenticate
from .budgets import socket_limits
from .entrance import Entrance
from .life.departures import close_idle, come_back_after
from .life.kept import Kept
from .program import ServedProgram
from .sockets.connections import Connections
from .sockets.held_back import held_back
from .sockets.live import Live
from .sockets.transactions import Transactions
from .sockets.turns import Turns
from .sockets.upgrades import Upgrades
from .sockets.watched import UNWATCHED, unwatch, watch
from .state import SYSTEM, ServiceState, Sources

if TYPE_CHECKING:
    from ..cluster.node import Lane, Node
    from ..observing.observation import Observer
    from ..observing.traces import Trace

CANCELLING_TURNS = 4
"""Turns of the loop in which a cancelled call comes to its end: a task, its waiter, its runner."""


class Hosting(Record, frozen=True):
    """How a service is run."""

    inflates: bool = False
    """Whether bodies of requests come as they were sent, for us to inflate."""
    is_aside: bool = False
    """Whether it serves nobody, and is only a console beside those who do."""
    sources: Sources = SYSTEM


MOUNTED = Hosting()
"""By a host, who inflates bodies."""


class Service:
    """One app on the running event loop. `start` first, `stop` last.

    It consists of its `state`, its `connections`, what is `kept`, and the `program` that is loaded.
    """

    def __init__(
        self,
        app: App,
        settings: Settings,
        log: Log,
        waiting: Waiting,
        lane: Lane | None = None,
        hosting: Hosting = MOUNTED,
    ) -> None:
        machine = app.interpreter.machine
        self.loop = loop = asyncio.get_running_loop()
        self.is_aside = hosting.is_aside
        self.interrupt: Callable[[], bool] | None = None
        """Stops what was typed at the console and runs; False: there is nothing to stop."""
        self._host: HostAuthenticate | None = None
        tally = Tally()
        report = partial(held_back, log, tally)
        clock = hosting.sources.clock
        endpoint = Endpoint(socket_limits(settings), loop=loop, clock=clock, report=report)
        self._runners = Runners(settings.handler_suspend_seconds, endpoint.scheduler)
        turns = RequestTurns(endpoint.scheduler, endpoint.clock)
        inflates, sources = hosting.inflates, hosting.sources
        self.state = ServiceState(settings, log, turns, loop.time, tally, inflates, sources)
        encode = json_codec(machine).encode
        self.connections = Connections(endpoint, self.state, encode, lane)
        self.kept = Kept(store_in(machine), loop, log, self.connections.session_ended)
        self.kept.share_states(self.connections, lane, settings)
        self.program = self._program(app, waiting)
        self.connections.keep(self.program.rules)
        self.live = Live(
            self.hub,
            self.connections.delivery,
            self.connections.visitors,
            self.calls,
            self.state,
            UNWATCHED,
        )
        upgrades = Upgrades(endpoint, self.live, self.connections.admission, self.program)
        self.entrance = Entrance(self.state, upgrades, self.program)
        self.handle = self.entrance.handle
        """Answers one request: aiohttp's handler."""

    def _program(self, app: App, waiting: Waiting) -> ServedProgram:
        sessions = self.kept.sessions(app.interpreter.machine)
        on_end = self.connections.session_ended
        program = ServedProgram(app, self.state, self._runners, sessions, on_end, self._host)
        waiting.serve(program.calls.suspend)
        return program

    # What others ask for most

    @property
    def app(self) -> App:
        return self.program.app

    @property
    def calls(self) -> Calls:
        return self.program.calls

    @property
    def settings(self) -> Settings:
        return self.state.settings

    @property
    def log(self) -> Log:
        return self.state.log

    @property
    def endpoint(self) -> Endpoint:
        return self.connections.endpoint

    @property
    def hub(self) -> Hub:
        return self.connections.hub

    @property
    def node(self) -> Node | None:
        """None unless several processes meet."""
        return self.connections.node

    @property
    def realtime(self) -> Realtime:
        return self.connections.realtime

    def use_authenticate(self, authenticate: Authenticate, *, replaces_all: bool = False) -> None:
        """Let a host's function say who connects, in place of the program's.

        *replaces_all*: in place of its middleware, too.
        """
        self._host = HostAuthenticate(authenticate, replaces_all)
        self.program.answer_requests(self._host)
        self.entrance.follow(self.program)

    def watch(self, observer: Observer, begun: Callable[[Trace], None] | None = None) -> None:
        """Tell *observer* of every event, request and job from now on, each with what it caused.

        *begun* is called when one begins.
        """
        watch(self, observer, begun)

    def unwatch(self, observer: Observer) -> None:
        """Tell *observer* nothing any more."""
        unwatch(self, observer)

    @contextmanager
    def interrupted_by(self, stop: Callable[[], bool]) -> Iterator[None]:
        """Have Ctrl-C call *stop* meanwhile, and not stop the server."""
        self.interrupt = stop
        try:
            yield
        finally:
            self.interrupt = None

    # Its life

    async def start(self) -> None:
        """Get ready to serve: the program's calls are limited from here on. Raises CannotOpen."""
        state, node = self.state, self.node
        if state.settings.broker_prefix or state.settings.store_prefix:
            text = "--broker-prefix and --store-prefix end with this version"
            state.log.warning("app", text=text, hint="--app-name NAME names both")
        if self.kept.store is not None:
            await self.kept.open(self.hub.history, is_one_of_many=node is not None)
            state.needs.keep(self.kept.store.look)
        if node is not None:
            from .processes.meeting import start_node

            await start_node(node, state.log)
            state.needs.meet(node)
        try:
            await check_takeover()
        except CannotTakeOver as error:
            raise CannotOpen(str(error), UNFIT) from error
        state.log.use_timer(self.loop.call_later)
        if state.settings.metrics:
            self._measure()
        self.kept.age()
        self.begin()

    def _measure(self) -> None:
        # Here: they bring a library that others do without.
        from ..observing.metrics import Metrics
        from .metric_families import collected

        metrics = Metrics(lambda: collected(self), self.loop, self.state.tally)
        self.state.measure(metrics)
        metrics.start()

    def begin(self) -> None:
        """Serve the program: a part of `start`, and all that a service without sockets needs."""
        self.kept.look_after_states()
        self._begin()

    def _begin(self) -> None:
        self.connections.keep(self.program.rules)
        self._keep_state()
        self.program.begin(self.realtime, is_aside=self.is_aside)

    def _keep_state(self) -> None:
        rules = self.program.state_rules
        if rules:
            self.program.surround(Transactions(self.live, Turns(self.loop)).around)
        self.connections.keep_state(rules)

    def reload(self, app: App, waiting: Waiting) -> None:
        """Serve *app* from now on; connections stay, with the new handlers of the same name."""
        self.program.worker.stop()
        self.program = self._program(app, waiting)
        self.entrance.follow(self.program)
        self._begin()
        self.live.follow(self.calls, self.program.handlers)

    async def stop(self, code: int = CloseCode.GOING_AWAY) -> None:
        """Close every connection, let the disconnect handlers run, within the deadline."""
        state, endpoint = self.state, self.endpoint
        state.stop()
        endpoint.scheduler.end_rests()
        seconds = state.settings.shutdown_seconds
        self.live.stop(0.8 * seconds)
        deadline = self.loop.time() + seconds
        self.kept.stop()
        self.program.http.stop()
        self.program.worker.stop()
        await self.program.worker.ended(seconds / 3)
        # A successor listens already when the process is renewed.
        reason = come_back_after(int(code != CloseCode.SERVICE_RESTART))
        await close_idle(endpoint, seconds / 2, code, reason)
        await self._finish_running(min(seconds / 3, 0.4 * (deadline - self.loop.time())))
        left = deadline - self.loop.time()
        await endpoint.close_all(min(seconds / 3, 0.8 * left), code, reason)
        await self._handlers_done(deadline)
        await self._let_go()

    async def _let_go(self) -> None:
        """Give back what is kept, shared and measured elsewhere."""
        state = self.state
        if self.node is not None:
            await self.node.stop()
        self.connections.delivery.stop()
        state.needs.stop()
        await self.kept.close()
        if state.metrics is not None:
            state.metrics.stop()
        state.log.flush()
        state.log.use_timer(None)  # the log may outlive the loop

    async def _finish_running(self, seconds: float) -> None:
        """Let handlers that wait come to their end, and begin no others."""
        for connection in tuple(self.endpoint.connections):
            connection.pause_reading()
        if self._runners.suspended:
            await _until(self._runners.tell_when_idle, seconds)

    async def _handlers_done(self, deadline: float) -> None:
        """Wait until every conversation has had its disconnect event; then take calls back."""
        left = deadline - self.loop.time()
        if self.hub.seats and not await _until(self.live.tell_when_empty, left):
            self.log.warning("shutdown_cut", handlers=len(self.hub.seats))
        self._runners.cancel_all()
        for _ in range(CANCELLING_TURNS):
            await asyncio.sleep(0)


async def _until(register: Callable[[Callable[[], None]], None], seconds: float) -> bool:
    """Wait until the registered callback is called; False when it takes too long."""
    done = asyncio.Event()
    register(done.set)
    try:
        await asyncio.wait_for(done.wait(), max(0.0, seconds))
    except TimeoutError:
        return False
    return True

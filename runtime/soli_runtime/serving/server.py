"""`soli run`'s server: a port, signals, reloading. One process, one event loop, one app."""

from __future__ import annotations

import asyncio
import errno
import gc
import os
import signal
import socket
from collections.abc import Callable, Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from ..gate import open_files
from ..gate.first_request import Answers, GreetingServer
from ..gate.listening import Listening, listen, listen_on
from ..gate.origins import TrustedProxies
from ..gate.plain import PlainConnections
from ..gate.unread import Unread
from ..loading.launch import Launch, Launched
from ..observing.health import is_loopback
from ..observing.logs import Log
from ..observing.memory_growth import GrowthWatch
from ..settings import Settings
from ..ws.protocol.frames import CloseCode
from .life.reloading import Reload
from .processes.berth import BEAT_SECONDS, Berth
from .processes.siblings import Siblings
from .service import Hosting, Service

if TYPE_CHECKING:
    from ..cluster.node import Lane

GC_THRESHOLDS = (20_000, 20, 20)
"""Every event makes a few containers and drops them; looking for cycles every 700 is too often."""


class CannotListen(Exception):
    """The address is taken, or not ours. The text says which."""


def _is_root() -> bool:
    """Whether a hole in a program or in us would be the whole machine's."""
    return getattr(os, "geteuid", lambda: -1)() == 0


_MOST_DRAINING_SECONDS = 1.0
"""How long one that is renewed answers requests on the lines that it has."""


class Server:
    """Serves one app until it is told to stop."""

    def __init__(
        self,
        launched: Launched,
        settings: Settings,
        log: Log,
        berth: Berth | None = None,
        lane: Lane | None = None,
    ) -> None:
        self._berth = berth
        self._close_code = CloseCode.GOING_AWAY
        self._settings = settings
        self._log = log
        self._stop = asyncio.Event()
        self._runner: web.ServerRunner | None = None
        self._listening: Listening | None = None
        hosting = Hosting(inflates=True, is_aside=self.is_console)
        self.service = Service(launched.app, settings, log, launched.waiting, lane, hosting)
        self._who = self._named()
        if self._berth is not None and not self.is_console:
            log.speak_as(worker=self._berth.number, node=self._who["node"])
        elif self._who:
            log.speak_as(**self._who)
        self._siblings: Siblings | None = None
        self.address = ("", 0)

    async def start(self) -> None:
        """Accept connections. Raises CannotListen."""
        await self.service.start()
        if self.is_console:
            return
        await self._share_metrics()
        self.web_server = GreetingServer(
            Answers(self.service.handle, self.service.entrance.begin),
            seconds=self._settings.handshake_timeout,
            most=open_files.descriptors_for_some(self._settings.max_pending_connections),
            may_upgrade=self.service.entrance.may_upgrade,
            plain=self._plain_connections(),
            unread=self._unread(),
            log=self._log,
            access_log=None,
            keepalive_timeout=self._settings.keepalive_timeout,
            auto_decompress=False,
        )
        self._runner = web.ServerRunner(
            self.web_server,
            handle_signals=False,
            shutdown_timeout=1.0,
        )
        await self._runner.setup()
        settings = self._settings
        try:
            self._listening = await self._listen()
        except OSError as error:
            await self._runner.cleanup()
            raise CannotListen(_why_not(settings.host, settings.port, error)) from None
        self.address = self._listening.address
        if _is_root() and not is_loopback(self.address[0]):
            self._log.warning("serves_as_root", address=self.address[0])

    def _unread(self) -> Unread:
        settings, state = self._settings, self.service.state
        told = partial(state.too_slow, "answer")
        loop = asyncio.get_running_loop()
        constants = settings.constants
        unread = Unread(loop, constants.least_rate, constants.max_unread_bytes, told)
        state.count_unread(unread)
        return unread

    def _named(self) -> dict[str, str]:
        """Which of several processes this is, in its log and metrics; nothing if it is alone."""
        who: dict[str, str] = {}
        if self._berth is not None and not self.is_console:
            who["worker"] = str(self._berth.number)
        if self.service.node is not None:
            who["node"] = self.service.node.name
            if self._berth is not None and not self.is_console:
                self.service.node.be_worker(self._berth.number)
        elif self._berth is not None:
            who["node"] = str(os.getpid())
        return who

    async def _share_metrics(self) -> None:
        """Have the metrics of all workers of the machine in each."""
        metrics = self.service.state.metrics
        if metrics is None:
            return
        if self._berth is None:
            metrics.share(self._who, None)
            return
        self._siblings = Siblings(self._berth.folder, self._who)
        metrics.share(self._who, self._siblings.ask)
        await self._siblings.start(metrics.told, self._log)

    def _plain_connections(self) -> PlainConnections[RequestHandler]:
        settings = self._settings
        proxies = TrustedProxies(settings.trusted_proxies)
        most = open_files.descriptors_for_some(settings.max_http_connections)
        return PlainConnections(most, settings.max_http_connections_per_ip, proxies.trusts)

    async def _listen(self) -> Listening:
        if self._berth is not None:
            return await listen_on(self.web_server, self._berth.listeners())
        return await listen(self.web_server, self._settings.host, self._settings.port)

    @property
    def url(self) -> str:
        """`http://HOST:PORT` with the port that was really bound."""
        host, port = self.address
        shown = f"[{host}]" if ":" in host else host
        return f"http://{shown}:{port}"

    @property
    def is_worker(self) -> bool:
        """Whether a parent started this process as one of several."""
        return self._berth is not None

    @property
    def is_console(self) -> bool:
        """Whether it serves nobody: it is the prompt beside workers."""
        return self._berth is not None and self._berth.is_console

    def request_stop(self, code: int = CloseCode.GOING_AWAY) -> None:
        """Begin to stop; connections are closed with *code*. `run` returns when that is done."""
        self._close_code = code
        self._stop.set()

    async def wait(self) -> None:
        """Until `request_stop`."""
        await self._stop.wait()

    async def stop(self) -> None:
        """Stop accepting, close all connections, let handlers end; at most `shutdown-seconds`."""
        seconds = self._settings.shutdown_seconds
        if self._listening is not None:
            self._listening.close()
            if self._close_code == CloseCode.SERVICE_RESTART:
                # Open lines lead to this process, though its successor listens already.
                await self.web_server.drain(min(_MOST_DRAINING_SECONDS, seconds / 4))
        try:
            await asyncio.wait_for(self.service.stop(self._close_code), seconds + 0.5)
        except TimeoutError:
            self._log.warning("shutdown_timeout")
        if self._siblings is not None:
            self._siblings.stop()
        if self._runner is not None:
            await self._runner.cleanup()

    def adopt(self, launched: Launched) -> None:
        """Serve a newly loaded app; connections stay."""
        self.service.reload(launched.app, launched.waiting)


async def serve(
    launched: Launched,
    settings: Settings,
    log: Log,
    *,
    announce: Callable[[str], None],
    beside: Callable[[Service], Coroutine[Any, Any, None]] | None = None,
    berth: Berth | None = None,
    lane: Lane | None = None,
    how: Launch | None = None,
) -> int:
    """Serve until SIGTERM or SIGINT: which it was. *announce* gets the URL once connections are
    accepted. A console ends with *beside* (0).

    *beside* is run meanwhile, and cancelled at the end. One of several processes has a *berth*.
    *lane* is where they meet. SIGHUP loads the app of *how* anew, in place. Raises CannotListen,
    CannotOpen.
    """
    open_files.raise_limit()
    server = Server(launched, settings, log, berth, lane)
    await server.start()
    received = _install_signals(server)
    if how is not None and not server.is_worker:
        reload = Reload(server.service, how, log)
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, reload)
    # What lives until the end need not be looked at by every collection.
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    growth = GrowthWatch(asyncio.get_running_loop().call_later)
    growth.start()
    announce(server.url)
    if berth is not None and not server.is_console:
        _keep_beating(berth)
    tasks: list[asyncio.Task[None]] = []
    if beside is not None:
        tasks.append(asyncio.create_task(beside(server.service)))
        if server.is_console:
            tasks[0].add_done_callback(lambda task: server.request_stop())
    await server.wait()
    for task in tasks:
        task.cancel()
    growth.stop()
    if not server.is_console:
        log.info("stopping", connections=len(server.service.hub.seats))
    await server.stop()
    if not server.is_console:
        log.info("stopped")
    return received[0] if received else 0


def _keep_beating(berth: Berth) -> None:
    loop = asyncio.get_running_loop()

    def beat() -> None:
        berth.beat()
        loop.call_later(BEAT_SECONDS, beat)

    beat()


def _why_not(host: str, port: int, error: OSError) -> str:
    """What keeps us from an address. asyncio's own words hold a Python tuple."""
    where = f"cannot listen on {host}:{port}"
    if error.errno == errno.EADDRINUSE:
        return f"{where}: the port is in use; --port 0 takes one that is free"
    if isinstance(error, socket.gaierror) or error.errno is None:
        return f"{where}: {error.strerror or error}"
    return f"{where}: {os.strerror(error.errno)}"


def _install_signals(server: Server) -> list[int]:
    """Stop at SIGTERM and SIGINT. Those that came."""
    loop = asyncio.get_running_loop()
    received: list[int] = []

    def on_signal(number: int) -> None:
        interrupt = server.service.interrupt
        if number == signal.SIGINT and interrupt is not None and interrupt():
            return
        received.append(number)
        if len(received) > 1:
            os._exit(128 + number)
        server.request_stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, on_signal, number)
    if server.is_worker:  # its parent renews it: clients may come back at once
        loop.add_signal_handler(signal.SIGHUP, server.request_stop, CloseCode.SERVICE_RESTART)
    return received

"""The parent of several workers: starts them, replaces those that die, stops and renews them.

It serves nothing itself. Each worker has a berth, whose listening socket outlives it.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...gate.reuse_port import Berths, close, share
from ...observing.logs import Log
from .berth import BEAT_SECONDS, Berth

FAILED = 70
INTERRUPTED = 130
"""How a console ends in which Ctrl-C was pressed while nothing ran."""
CONSOLE_NUMBER = -1
MAX_DEATHS_AT_START = 3
"""Workers that may die before all were ready once; then the parent gives up."""
READY_SECONDS = 60.0
"""For a worker to load its program and accept."""
LIVED_SECONDS = 10.0
"""A worker that served for so long and dies is replaced at once."""
FIRST_PAUSE_SECONDS = 0.5
MAX_PAUSE_SECONDS = 30.0
"""Between two starts in a berth in which workers keep dying: 0.5, 1, 2, … up to this."""
MAX_MISSED_BEATS = 15
"""Of a worker, one every `BEAT_SECONDS`; after more it is taken for hung, and killed."""
KILL_SECONDS = 2.0
"""After `shutdown-seconds`: then a worker that still lives is killed."""

HOPELESS = frozenset({64, 65, 69, 78})
"""How a worker ends that would end the same way again (cli/exits)."""


class GaveUp(Exception):
    """The workers cannot be kept running. `status` is how the parent ends."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class ServerProcess:
    """One process in a berth."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.started = asyncio.get_running_loop().time()
        self.is_ready = False
        self.missed = 0
        """Beats that did not come, in a row."""

    @property
    def pid(self) -> int:
        return self.process.pid

    def signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.process.returncode is None:
            self.process.send_signal(number)


class Parent:
    """Keeps *count* workers serving one address. `run` returns when all have ended.

    *command* starts one worker (a `soli run`); *died* is called in the parent when a worker died,
    with its process id: what it owned elsewhere can be taken back at once. *with_console*: one
    more process has the terminal, and no berth; when it is left, the workers go on.
    """

    def __init__(
        self,
        command: Sequence[str],
        count: int,
        log: Log,
        *,
        environment: Mapping[str, str] = os.environ,
        shutdown_seconds: float = 10.0,
        died: Callable[[int], None] = lambda pid: None,
        with_console: bool = False,
    ) -> None:
        self._command = command
        self._count = count
        self._log = log
        self._environment = environment
        self._shutdown_seconds = shutdown_seconds
        self._died = died
        self._with_console = with_console
        self._console: asyncio.subprocess.Process | None = None
        self._berths: Berths = []
        self._folder = ""
        """Where the workers have sockets for each other; only their user may enter."""
        self._workers: dict[int, ServerProcess] = {}
        """By the number of their berth; one that is being replaced is not in it any more."""
        self._started: list[ServerProcess] = []
        """All that may still live."""
        self._stopping = asyncio.Event()
        self._renewing: asyncio.Task[None] | None = None
        self._deaths = 0
        self._were_ready = False

    async def run(self, host: str, port: int, announce: Callable[[str], None]) -> None:
        """Serve until SIGTERM or SIGINT. *announce* gets the URL once all workers accept.

        Raises OSError when the address is taken, GaveUp.
        """
        self._berths = share(host, port, self._count)
        self._folder = tempfile.mkdtemp(prefix="soli-")
        self._install_signals()
        keepers = [asyncio.create_task(self._keep(number)) for number in range(self._count)]
        watchdog = asyncio.create_task(self._end_hung())
        try:
            await self._first_start(keepers)
            if not self._stopping.is_set():
                announce(self._url())
                if self._with_console:
                    keepers.append(asyncio.create_task(self._attend_console()))
            await self._until_stopped(keepers)
        finally:
            self._stopping.set()
            for keeper in (watchdog, *keepers, *((self._renewing,) if self._renewing else ())):
                keeper.cancel()
            await self._end_all()
            close(self._berths)
            shutil.rmtree(self._folder, ignore_errors=True)

    # --- keeping one berth taken ----------------------------------------------------------------

    async def _keep(self, number: int) -> None:
        """Have a worker in this berth, one after another."""
        pause = 0.0
        while not self._stopping.is_set():
            try:
                worker = self._workers[number] = await self._start(number)
            except OSError as error:  # no process to be had: the system is at its limits
                pause = await self._after_refusal(number, error, pause)
                continue
            status = await worker.process.wait()
            while self._workers[number] is not worker:
                # It was replaced, and has ended as it was told to.
                worker = self._workers[number]
                status = await worker.process.wait()
            if self._stopping.is_set():
                return
            pause = await self._after_death(number, worker, status, pause)

    async def _after_death(
        self, number: int, worker: ServerProcess, status: int, pause: float
    ) -> float:
        """Log it, give up if that is due, wait; how long the wait was."""
        self._died(worker.pid)
        lived = asyncio.get_running_loop().time() - worker.started
        self._log.error("worker_died", worker=number, pid=worker.pid, status=status)
        if not self._were_ready:
            self._deaths += 1
            if status in HOPELESS:
                raise GaveUp(status, f"worker {number} could not start")
            if self._deaths >= MAX_DEATHS_AT_START:
                raise GaveUp(FAILED, f"{MAX_DEATHS_AT_START} workers died before they were ready")
        if worker.is_ready and lived >= LIVED_SECONDS:
            return 0.0
        await asyncio.sleep(pause)
        return _longer(pause)

    async def _after_refusal(self, number: int, error: OSError, pause: float) -> float:
        self._log.error("worker_not_started", worker=number, error=str(error))
        if not self._were_ready:
            raise GaveUp(FAILED, f"cannot start worker {number}: {error}")
        await asyncio.sleep(pause)
        return _longer(pause)

    async def _start(self, number: int) -> ServerProcess:
        """Begin a process in a berth; `is_ready` follows."""
        reading, writing = os.pipe()
        sockets = tuple(one.fileno() for one in self._berths[number])
        berth = Berth(number, os.getpid(), writing, sockets, self._folder)
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.DEVNULL,
                env={**self._environment, **berth.environment()},
                pass_fds=(writing, *berth.sockets),
                # Signals of the terminal are the parent's: it says when and in which order.
                start_new_session=True,
            )
        except OSError:
            os.close(reading)
            raise
        finally:
            os.close(writing)
        worker = ServerProcess(process)
        self._started = [one for one in self._started if one.process.returncode is None]
        self._started.append(worker)
        _when_written(reading, lambda: self._note_beat(number, worker))
        return worker

    def _note_beat(self, number: int, worker: ServerProcess) -> None:
        worker.missed = 0
        if not worker.is_ready:
            worker.is_ready = True
            self._log.info("worker_ready", worker=number, pid=worker.pid)

    async def _end_hung(self) -> None:
        """Kill workers whose event loop stands still; whoever dies is replaced.

        Beats are counted against this loop's own turns, so a machine that slept blames nobody.
        """
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            for worker in self._started:
                worker.missed += worker.is_ready
                if worker.missed > MAX_MISSED_BEATS and worker.process.returncode is None:
                    self._log.error("worker_hung", pid=worker.pid, seconds=worker.missed)
                    worker.missed = 0
                    worker.signal(signal.SIGKILL)

    # --- all of them ---------------------------------------------------------------------------

    async def _first_start(self, keepers: list[asyncio.Task[None]]) -> None:
        """Until every worker accepts. Raises GaveUp."""
        deadline = asyncio.get_running_loop().time() + READY_SECONDS
        while not self._stopping.is_set():
            _raise_failure(keepers)
            workers = list(self._workers.values())
            if len(workers) == self._count and all(worker.is_ready for worker in workers):
                self._were_ready = True
                return
            if asyncio.get_running_loop().time() > deadline:
                raise GaveUp(FAILED, f"the workers were not ready after {READY_SECONDS:g} s")
            await asyncio.sleep(0.01)

    async def _attend_console(self) -> None:
        """Have a console until it is left, or until all is to end with it."""
        berth = Berth(CONSOLE_NUMBER, os.getpid(), CONSOLE_NUMBER, (), self._folder)
        self._console = console = await asyncio.create_subprocess_exec(
            *self._command, env={**self._environment, **berth.environment()}
        )
        status = await console.wait()
        self._console = None
        self._died(console.pid)
        if status == INTERRUPTED:
            self._stopping.set()
        await self._stopping.wait()

    async def _until_stopped(self, keepers: list[asyncio.Task[None]]) -> None:
        stopped = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait((stopped, *keepers), return_when=asyncio.FIRST_COMPLETED)
            if not self._stopping.is_set():
                _raise_failure(keepers)
        finally:
            stopped.cancel()

    async def _end_all(self) -> None:
        """Let all workers drain, then kill those that do not end."""
        if self._console is not None and self._console.returncode is None:
            self._console.send_signal(signal.SIGTERM)
            self._started.append(ServerProcess(self._console))
        for worker in self._started:
            worker.signal(signal.SIGTERM)
        await self._ended(self._started)

    async def _ended(self, workers: list[ServerProcess]) -> None:
        waits = [asyncio.create_task(worker.process.wait()) for worker in workers]
        if not waits:
            return
        _, late = await asyncio.wait(waits, timeout=self._shutdown_seconds + KILL_SECONDS)
        if late:
            self._log.warning("workers_killed", count=len(late))
            for worker in workers:
                worker.signal(signal.SIGKILL)
            await asyncio.wait(late)

    # --- renewing ------------------------------------------------------------------------------

    def renew(self) -> None:
        """Replace all workers, one by one. Connections of the old ones are closed with 1012."""
        if self._renewing is None or self._renewing.done():
            self._renewing = asyncio.create_task(self._renew())

    async def _renew(self) -> None:
        asked = asyncio.get_running_loop().time()
        for number in range(self._count):
            old = await self._ready_in(number)
            if old is not None and old.started > asked:
                continue  # whoever was there has died; this one has read the files as they are now
            if old is None or not await self._replace(number, old):
                self._log.error("renewal_stopped", worker=number)
                return
        self._log.info("renewed", workers=self._count)

    async def _ready_in(self, number: int) -> ServerProcess | None:
        """The worker of a berth, when it serves: one that only begins may have read the old files.

        None: nobody is ready in time.
        """
        deadline = asyncio.get_running_loop().time() + READY_SECONDS
        while asyncio.get_running_loop().time() < deadline:
            worker = self._workers.get(number)
            if worker is not None and worker.is_ready and worker.process.returncode is None:
                return worker
            await asyncio.sleep(0.01)
        return None

    async def _replace(self, number: int, old: ServerProcess) -> bool:
        """Put another worker into a berth, and end the one there. False: the new one failed.

        One that dies meanwhile is replaced already, as whoever dies is.
        """
        new = await self._start(number)
        deadline = asyncio.get_running_loop().time() + READY_SECONDS
        while not new.is_ready:
            late = asyncio.get_running_loop().time() > deadline
            has_died = old.process.returncode is not None
            if late or has_died or new.process.returncode is not None:
                new.signal(signal.SIGKILL)
                await new.process.wait()
                return has_died
            await asyncio.sleep(0.01)
        self._workers[number] = new
        old.signal(signal.SIGHUP)
        await self._ended([old])
        return True

    # --- signals -------------------------------------------------------------------------------

    def _install_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._on_stop, number)
        loop.add_signal_handler(signal.SIGHUP, self.renew)

    def _on_stop(self, number: int) -> None:
        if number == signal.SIGINT and self._console is not None:
            return  # the terminal gave it to the console, too, which knows what was meant
        if self._stopping.is_set():
            for worker in self._started:
                worker.signal(signal.SIGKILL)
            os._exit(128 + number)
        self._stopping.set()

    def _url(self) -> str:
        host, port = self._berths[0][0].getsockname()[:2]
        return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def _longer(pause: float) -> float:
    return min(MAX_PAUSE_SECONDS, 2 * pause if pause else FIRST_PAUSE_SECONDS)


def _raise_failure(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        if task.done() and not task.cancelled():
            task.result()


def _when_written(descriptor: int, call: Callable[[], Any]) -> None:
    """Call whenever something can be read from a pipe, until its other end is closed."""
    loop = asyncio.get_running_loop()

    def look() -> None:
        if os.read(descriptor, 1024):
            call()
        else:
            loop.remove_reader(descriptor)
            os.close(descriptor)

    loop.add_reader(descriptor, look)

"""A parent, its workers, and the Redis in which they meet unless there is one."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

from soli_lang.base.records import Record

from ...cluster.node import MACHINE_VARIABLE, PRIVATE_VARIABLE, lane_of, node_family, reap
from ...cluster.node_facts import machine_name
from ...observing.logs import Log
from ...settings import ENVIRONMENT_PREFIX, IN_MEMORY, Settings
from .parent import FAILED, GaveUp, Parent
from .private_redis import NoRedis, PrivateRedis, find_binary

UNAVAILABLE = 69
"""How a command ends when something is not installed or cannot be reached."""
LOOK_SECONDS = 0.2
"""Between two looks at whether the private Redis still runs."""


class Failed(Record, frozen=True):
    """Why there are no workers, and how the command ends."""

    text: str
    status: int


def cannot_start(family: Family, announce: Callable[[str], None]) -> Failed | None:
    """Run *family* until it is told to stop: None; or why it could not go on."""
    try:
        asyncio.run(family.run(announce))
    except NoRedis as error:
        return Failed(str(error), UNAVAILABLE)
    except GaveUp as error:
        return Failed(str(error), error.status)
    except OSError as error:
        return Failed(f"cannot listen: {error.strerror or error}", FAILED)
    return None


class Family:
    """Workers that meet. *settings_in* reads the settings as a worker with an environment does."""

    def __init__(
        self,
        command: Sequence[str],
        settings: Settings,
        app: str,
        settings_in: Callable[[Mapping[str, str]], Settings],
        log: Log,
        *,
        with_console: bool = False,
    ) -> None:
        self._with_console = with_console
        self._command = command
        self._settings = settings
        self._app = app
        self._settings_in = settings_in
        self._log = log
        self._name = machine_name()
        self._reaping: set[asyncio.Task[None]] = set()

    async def run(self, announce: Callable[[str], None]) -> None:
        """Until SIGTERM or SIGINT. Raises NoRedis, GaveUp, OSError (see `Parent`)."""
        import redis.asyncio  # noqa: F401 -- takes a tenth of a second, which `_reap` has not

        settings = self._settings
        async with self._meeting_place() as given:
            environment = {**os.environ, **given, MACHINE_VARIABLE: self._name}
            self._settings = self._settings_in(environment)
            parent = Parent(
                self._command,
                settings.workers or os.cpu_count() or 1,
                self._log,
                environment=environment,
                shutdown_seconds=settings.shutdown_seconds,
                died=self._died,
                with_console=self._with_console,
            )
            await parent.run(settings.host, settings.port, announce)

    @asynccontextmanager
    async def _meeting_place(self) -> AsyncIterator[Mapping[str, str]]:
        """Settings that say where the workers meet, in addition to those that there are."""
        if self._settings.broker != IN_MEMORY:
            yield {}
            return
        server = PrivateRedis(find_binary())
        try:
            await server.start()
            self._log.info("redis_started", url=server.url)
            watch = asyncio.create_task(self._keep(server))
            try:
                yield {f"{ENVIRONMENT_PREFIX}BROKER": server.url, PRIVATE_VARIABLE: "1"}
            finally:
                watch.cancel()
        finally:
            server.stop()

    async def _keep(self, server: PrivateRedis) -> None:
        """Start the private Redis again when it died; the workers register anew."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if server.has_ended:
                self._log.error("redis_died")
                try:
                    await server.start()
                except NoRedis as error:
                    self._log.error("redis_not_started", error=str(error))

    def _died(self, pid: int) -> None:
        """Take back what a worker held: nobody has to wait for its lease."""
        task = asyncio.get_running_loop().create_task(self._reap(pid))
        self._reaping.add(task)
        task.add_done_callback(self._reaping.discard)

    async def _reap(self, pid: int) -> None:
        lane = lane_of(self._settings, self._app)
        if lane is None:
            return
        try:
            await reap(lane, node_family(self._name, pid))
        except Exception as error:  # its lease will end
            self._log.warning("reaping_failed", pid=pid, error=str(error))

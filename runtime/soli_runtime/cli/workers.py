"""`soli run --workers N`: the parent, and a Redis for its workers unless there is one."""

from __future__ import annotations

import asyncio
import os
import sys
import uuid
from contextlib import asynccontextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

from ..observing.log_lines import LineWriter
from ..observing.logs import Log
from ..serving.node import MACHINE_VARIABLE, lane_of, node_family, reap
from ..serving.private_redis import NoRedis, PrivateRedis, find_binary
from ..serving.workers import GaveUp, Parent
from ..settings import ENVIRONMENT_PREFIX, IN_MEMORY
from .exits import FAILED, OK, UNAVAILABLE, UsageError
from .run_options import RunOptions, run_options

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

LOOK_SECONDS = 0.2
"""Between two looks at whether the private Redis still runs."""


def run_workers(arguments: list[str], options: RunOptions) -> int:
    """Start the workers, keep them until they are to stop. The exit status."""
    _refuse_what_needs_one(options)
    if find_spec("redis") is None:
        sys.stderr.write("soli: --workers: install redis: pip install 'soli-lang[workers]'\n")
        return UNAVAILABLE
    log = Log(LineWriter(), level=options.effective_log_level, as_json=options.log_format == "json")
    try:
        return asyncio.run(_Family(arguments, options, log).run())
    except NoRedis as error:
        sys.stderr.write(f"soli: {error}\n")
        return UNAVAILABLE
    except GaveUp as error:
        sys.stderr.write(f"soli: {error}\n")
        return error.status
    except OSError as error:
        where = f"{options.settings.host}:{options.settings.port}"
        sys.stderr.write(f"soli: cannot listen on {where}: {error.strerror or error}\n")
        return FAILED


def _refuse_what_needs_one(options: RunOptions) -> None:
    needs = {
        "--dev": options.settings.dev,
        "--console": options.console,
        "--record": options.record is not None,
        "a program from standard input": options.from_input,
    }
    for what, is_asked in needs.items():
        if is_asked:
            raise UsageError(f"--workers: {what} needs a single process; leave one of them out")


class _Family:
    """A parent, its workers, and where they meet."""

    def __init__(self, arguments: list[str], options: RunOptions, log: Log) -> None:
        self._arguments = arguments
        self._options = options
        self._log = log
        self._name = uuid.uuid4().hex[:12]
        self._reaping: set[asyncio.Task[None]] = set()
        self._settings = options.settings

    async def run(self) -> int:
        async with self._meeting_place() as given:
            environment = {**os.environ, **given, MACHINE_VARIABLE: self._name}
            # As the workers will see it: where they meet, in which store.
            self._settings = run_options(self._arguments, environment).settings
            settings = self._options.settings
            parent = Parent(
                [sys.executable, "-m", "soli_runtime.cli", "run", *self._arguments],
                settings.workers or os.cpu_count() or 1,
                self._log,
                environment=environment,
                shutdown_seconds=settings.shutdown_seconds,
                died=self._died,
            )
            await parent.run(settings.host, settings.port, _announce)
        return OK

    @asynccontextmanager
    async def _meeting_place(self) -> AsyncIterator[Mapping[str, str]]:
        """Settings that say where the workers meet, in addition to those that there are."""
        if self._options.settings.broker != IN_MEMORY:
            yield {}
            return
        server = PrivateRedis(find_binary())
        try:
            await server.start()
            watch = asyncio.create_task(self._keep(server))
            try:
                yield {f"{ENVIRONMENT_PREFIX}BROKER": server.url}
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
        lane = lane_of(self._settings, self._options.app_name)
        if lane is None:
            return
        try:
            await reap(lane, node_family(self._name, pid))
        except Exception as error:  # its lease will end
            self._log.warning("reaping_failed", pid=pid, error=str(error))


def _announce(url: str) -> None:
    sys.stdout.write(f"listening on {url}\n")
    sys.stdout.flush()

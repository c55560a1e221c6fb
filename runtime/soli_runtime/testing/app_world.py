"""Loads the app that a spec file belongs to into the spec's interpreter, and serves it."""

from __future__ import annotations

import os
import sys
from typing import Any

from soli_lang.native.native import declarations, install

from ..loading.app import load
from ..loading.project import Project
from ..observing.logs import Log
from ..settings import Settings
from .app_server import AppServer
from .words import requests, sockets
from .words.clock import jobs_run
from .words.requests import Visitor
from .worlds import ROUTING_KEY, ROUTING_NAMES, World

TOLD_BY_THE_CLIENT = ("upgrade_refused", "closed_by_policy", "bad_request")


class AppWorld:
    """The app of one spec file, and everything the file opened to it."""

    def __init__(self, world: World, project: Project) -> None:
        self._world = world
        self._project = project
        self._settings = Settings.from_environment(os.environ)
        self._server: AppServer | None = None

    async def start(self) -> None:
        """Load and serve the app. Raises AppInvalid, SoliError."""
        world = self._world
        machine = world.machine
        for module in (requests, sockets):
            install(machine, declarations(module), sockets.TYPES)
        asking = {name: machine.globals[name] for name in ROUTING_NAMES}
        machine.globals.update(machine.library[ROUTING_KEY])
        await world.call(self._load)
        machine.globals.update(asking)
        assert self._server is not None
        limits = machine.limits
        await self._server.start()
        world.app_limits, machine.limits = machine.limits, limits
        machine.library[requests.LIBRARY_KEY] = Visitor(self._server)
        jobs, worker = jobs_run(machine), self._server.service.worker
        jobs.worker, worker.watch = worker, jobs.note

    def _load(self) -> None:
        app = load(self._project, self._world.interpreter)
        self._server = AppServer(app, self._settings, SpecLog(_write, level="warning"))

    async def test_ended(self, sockets_before: int) -> None:
        """Close what a test left open."""
        await sockets.open_sockets(self._world.machine).close_from(sockets_before)

    def sockets_open(self) -> int:
        """How many clients are open, for `test_ended`."""
        return sockets.open_sockets(self._world.machine).count

    async def stop(self) -> None:
        """Close all connections and stop serving."""
        await self.test_ended(0)
        if self._server is not None:
            await self._server.stop()


class SpecLog(Log):
    """What the app of a spec has to say to its author: errors and warnings."""

    def warning(self, event: str, **fields: Any) -> None:
        # Who was refused is told by `ws_connect` and the response; a spec often wants just that.
        if event not in TOLD_BY_THE_CLIENT:
            super().warning(event, **fields)


def _write(text: str) -> None:
    sys.stderr.write(text)

"""Loads the app that a spec file belongs to into the spec's interpreter, and serves it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from soli_lang.machine.machine import Machine
from soli_lang.native.native import declarations, install

from ..loading.app import App, load
from ..loading.project import Project
from ..observing.logs import Log
from ..settings import Settings
from .app_server import AppServer
from .words import requests, sockets
from .words.clock import jobs_run
from .words.requests import Visitor
from .worlds import ROUTING, ROUTING_NAMES, World

TOLD_BY_THE_CLIENT = ("upgrade_refused", "closed_by_policy", "bad_request")


async def load_into(world: World, project: Project) -> App:
    """Load an app into the interpreter of *world*, beside the words that ask it things.

    Raises InvalidApp, SoliError.
    """
    machine = world.machine
    for module in (requests, sockets):
        install(machine, declarations(module), sockets.TYPES)
    asking = {name: machine.globals[name] for name in ROUTING_NAMES}
    declaring = machine.library[ROUTING]
    machine.globals.update(declaring)
    loaded: list[App] = []
    try:
        await world.call(lambda: loaded.append(load(project, world.interpreter)))
    finally:
        machine.globals.update(asking)
    return loaded[0]


def count_jobs(machine: Machine, server: AppServer) -> None:
    """Let `run_jobs` and `travel_to` know the jobs of the app that *server* serves."""
    jobs, worker = jobs_run(machine), server.service.worker
    jobs.worker, worker.watch = worker, jobs.note


@contextmanager
def keeping_limits(world: World) -> Iterator[None]:
    """A service that begins meanwhile limits the app's handlers, and not the calls of *world*."""
    machine = world.machine
    limits = machine.limits
    yield
    world.app_limits = machine.limits
    machine.limit_calls(limits)


class AppWorld:
    """The app of one spec file, and everything the file opened to it."""

    def __init__(self, world: World, project: Project) -> None:
        self._world = world
        self._project = project
        self._settings = Settings.from_environment(os.environ)
        self._server: AppServer | None = None

    async def start(self) -> None:
        """Load and serve the app. Raises InvalidApp, SoliError."""
        world = self._world
        app = await load_into(world, self._project)
        self._server = AppServer(app, self._settings, SpecLog(_write, level="warning"))
        with keeping_limits(world):
            await self._server.start()
        world.machine.library[requests.VISITOR] = Visitor(self._server)
        count_jobs(world.machine, self._server)

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

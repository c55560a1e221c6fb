"""The app of one spec file, served to it."""

from __future__ import annotations

import os
import sys
from typing import Any

from ..loading.project import Project
from ..observing.logs import Log
from ..serving.local.app_loading import count_jobs, keeping_limits, load_into
from ..serving.local.app_server import AppServer
from ..settings import Settings
from ..words import requests
from ..words.clients import open_sockets
from ..words.requests import Visitor
from ..words.worlds import World

TOLD_BY_THE_CLIENT = ("upgrade_refused", "closed_by_policy", "bad_request")


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
        await open_sockets(self._world.machine).close_from(sockets_before)

    def sockets_open(self) -> int:
        """How many clients are open, for `test_ended`."""
        return open_sockets(self._world.machine).count

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

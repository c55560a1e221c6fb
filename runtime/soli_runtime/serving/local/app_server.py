"""The app under test, served on a Unix socket: real HTTP and WebSocket, but no port.

The spec file and the app share one interpreter and one event loop; while a test waits for an
answer its call is set aside and the app's handlers run, as they do in production.
"""

from __future__ import annotations

import asyncio
import socket
import tempfile
from http import HTTPStatus
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from ...calling.waiting import Waiting
from ...http.sessions import SessionStore
from ...loading.app import App
from ...observing.logs import Log
from ...settings import Settings
from ..service import Service

HOST = "127.0.0.1"
SWITCHING = HTTPStatus.SWITCHING_PROTOCOLS
HAS_UNIX_SOCKETS = hasattr(socket, "AF_UNIX")


class AppServer:
    """One app, its service, and a client session that reaches it. `start` first, `stop` last."""

    def __init__(self, app: App, settings: Settings, log: Log) -> None:
        self.app = app
        self.service = Service(app, settings, log, Waiting())
        self._folder = tempfile.TemporaryDirectory(prefix="soli-test-")
        self._runner = web.ServerRunner(
            web.Server(self.service.handle, access_log=None), handle_signals=False
        )
        self._client: aiohttp.ClientSession | None = None
        self._port = 0
        self.refusal = ""
        """What the app answered to the last upgrade that it refused."""

    async def start(self) -> None:
        """Serve."""
        await self.service.start()
        await self._runner.setup()
        if HAS_UNIX_SOCKETS:
            path = str(Path(self._folder.name) / "app")
            await web.UnixSite(self._runner, path).start()
            connector: aiohttp.BaseConnector = aiohttp.UnixConnector(path)
        else:
            await self.open_port()
            connector = aiohttp.TCPConnector()
        refusals = aiohttp.TraceConfig()
        refusals.on_request_end.append(self._note_answer)
        self._client = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=True,
            trace_configs=[refusals],
        )

    async def _note_answer(self, session: Any, context: Any, answer: Any) -> None:
        # aiohttp's client drops the body of a refused upgrade; this is the last chance to read it.
        response = answer.response
        if response.status != SWITCHING and "Upgrade" in answer.headers:
            self.refusal = (await response.text(errors="replace")).strip()

    @property
    def sessions(self) -> SessionStore:
        """The sessions of the program that is served."""
        return self.service.program.sessions

    @property
    def origin(self) -> str:
        """An origin from which the app lets pages connect, as the page that it serves would."""
        for entry in self.service.settings.allowed_origins:
            if entry != "*":
                host = entry.replace("*.", "www.")
                return host if "://" in host else f"https://{host}"
        return self.url("").removesuffix("/")

    async def stop(self) -> None:
        """Close every connection and let the app's handlers end."""
        if self._client is not None:
            await self._client.close()
        await self.service.stop()
        await self._runner.cleanup()
        self._folder.cleanup()

    async def open_port(self) -> str:
        """Serve on a free loopback port as well; its URL."""
        if not self._port:
            site = web.TCPSite(self._runner, HOST, 0)
            await site.start()
            self._port = next(
                address[1] for address in self._runner.addresses if isinstance(address, tuple)
            )
        return f"http://{HOST}:{self._port}"

    @property
    def client(self) -> aiohttp.ClientSession:
        assert self._client is not None
        return self._client

    def url(self, path: str, scheme: str = "http") -> str:
        """An URL of the app for `client`."""
        authority = f"{HOST}:{self._port}" if not HAS_UNIX_SOCKETS else "localhost"
        return f"{scheme}://{authority}/{path.removeprefix('/')}"

    def connection_ids(self) -> set[str]:
        """Ids of the WebSocket connections that the app knows."""
        return set(self.service.hub.seats)

    async def until_gone(self, connection_id: str, seconds: float) -> None:
        """Wait until the app has handled the end of a connection, but not longer than that."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + seconds
        seats = self.service.hub.seats
        while connection_id in seats and clock() < deadline:  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.001)

"""A real server on a free port of loopback, and real clients."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import websockets
from soli_runtime.loading.launch import Launch, launch
from soli_runtime.observing.logs import Log
from soli_runtime.serving.server import Server
from soli_runtime.stores.store import store_of

from ..support.settings import settings_of

SECONDS = 10
"""How long any single step may take before the test fails."""


class Site:
    """A served app, from the client's side."""

    def __init__(self, server: Server, lines: list[str]) -> None:
        self.server = server
        self.lines = lines
        """What was logged."""

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def counts(self) -> Any:
        return self.server.service.log.counts

    @property
    def realtime(self) -> Any:
        return self.server.service.realtime

    @property
    def log(self) -> str:
        return "".join(self.lines)

    def connect(self, path: str, **options: Any) -> Any:
        """A WebSocket client for *path*."""
        options.setdefault("proxy", None)
        return websockets.connect(self.url.replace("http", "ws", 1) + path, **options)

    async def request(self, method: str, path: str, **options: Any) -> Answer:
        """One HTTP request."""
        async with aiohttp.ClientSession() as session:
            options.setdefault("allow_redirects", False)
            async with session.request(method, self.url + path, **options) as response:
                return Answer(response.status, response.headers, await response.read())

    async def get(self, path: str, **options: Any) -> Answer:
        return await self.request("GET", path, **options)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Let the loop turn until *condition* holds."""
        async with asyncio.timeout(SECONDS):
            while not condition():  # noqa: ASYNC110 - conditions of many kinds, no event to wait for
                await asyncio.sleep(0.002)


class Answer:
    """What an HTTP request got."""

    def __init__(self, status: int, headers: Any, body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def write_files(root: Path, files: dict[str, str]) -> Path:
    """Write *files* below *root*; the path to run: the folder, or its only file."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return root / next(iter(files)) if "app.soli" in files else root


@asynccontextmanager
async def serving(
    root: Path,
    files: dict[str, str],
    *,
    authenticate: Any = None,
    private_network: bool = False,
    **settings: Any,
) -> AsyncIterator[Site]:
    """Serve an app made of *files* while the block runs."""
    settings.setdefault("port", 0)
    chosen = settings_of(**settings)
    how = Launch(
        write_files(root, files),
        chosen,
        private_network=private_network,
        store=store_of(chosen, root.name),
    )
    launched = launch(how)
    lines: list[str] = []
    server = Server(launched, chosen, Log(lines.append, level="debug"))
    if authenticate is not None:
        server.service.use_authenticate(authenticate)
    await server.start()
    try:
        yield Site(server, lines)
    finally:
        await server.stop()


def run(test: Callable[[], Awaitable[None]], seconds: float = 3 * SECONDS) -> None:
    """Run the body of a test on a loop of its own, for so long at most."""

    async def limited() -> None:
        async with asyncio.timeout(seconds):
            await test()

    asyncio.run(limited())


async def receive(client: Any) -> Any:
    """The next message."""
    return await asyncio.wait_for(client.recv(), SECONDS)


async def receive_json(client: Any) -> Any:
    """The next message, decoded."""
    return json.loads(await receive(client))

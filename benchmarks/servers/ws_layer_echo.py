"""The socket layer alone, with a Python handler: /echo sends back, /room sends to the room.

    python benchmarks/servers/ws_layer_echo.py PORT [--asyncio] [--compression]

What it costs to run Soli handlers comes on top of this.
"""

import argparse
import asyncio
import gc

from aiohttp import web
from soli_runtime.ws.connection import Connection
from soli_runtime.ws.endpoint import Endpoint
from soli_runtime.ws.limits import SocketLimits
from soli_runtime.ws.selftest import check_takeover
from soli_runtime.ws.upgrade import upgrade

ROOM = "room"


class Echo:
    """Sends every message back."""

    def on_open(self, connection: Connection) -> None:
        pass

    def on_message(self, connection: Connection, payload: str | bytes) -> None:
        connection.send(payload)

    def on_closed(self, connection: Connection, code: int, reason: str) -> None:
        pass


class Chat:
    """Sends every message to everybody in one room."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._fanout = endpoint.fanout

    def on_open(self, connection: Connection) -> None:
        self._fanout.join(ROOM, connection)

    def on_message(self, connection: Connection, payload: str | bytes) -> None:
        self._fanout.publish(ROOM, payload)

    def on_closed(self, connection: Connection, code: int, reason: str) -> None:
        pass


async def serve(options: argparse.Namespace) -> None:
    endpoint = Endpoint(SocketLimits(message_rate=options.rate, compression=options.compression))
    await check_takeover()
    echo, chat = Echo(), Chat(endpoint)

    async def handle_echo(request: web.Request) -> web.StreamResponse:
        return await upgrade(request, echo, endpoint)

    async def handle_room(request: web.Request) -> web.StreamResponse:
        return await upgrade(request, chat, endpoint)

    app = web.Application()
    app.router.add_get("/echo", handle_echo)
    app.router.add_get("/room", handle_room)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", options.port, backlog=4096)
    await site.start()
    gc.collect()
    gc.freeze()
    print("ready", flush=True)
    await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("--asyncio", action="store_true")
    parser.add_argument("--compression", action="store_true")
    parser.add_argument("--rate", type=float, default=1_000_000)
    options = parser.parse_args()
    if options.asyncio:
        asyncio.run(serve(options))
    else:
        import uvloop

        uvloop.run(serve(options))


if __name__ == "__main__":
    main()

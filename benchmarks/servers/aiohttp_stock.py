"""aiohttp as its documentation shows it: /echo sends back, /room sends to the room.

python benchmarks/servers/aiohttp_stock.py PORT
"""

import asyncio
import sys

import uvloop
from aiohttp import WSMsgType, web

MEMBERS = web.AppKey("members", set)


async def echo(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse(compress=False)
    await socket.prepare(request)
    async for message in socket:
        if message.type is WSMsgType.TEXT:
            await socket.send_str(message.data)
    return socket


async def room(request: web.Request) -> web.WebSocketResponse:
    members = request.app[MEMBERS]
    socket = web.WebSocketResponse(compress=False)
    await socket.prepare(request)
    members.add(socket)
    try:
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                for member in list(members):
                    await member.send_str(message.data)
    finally:
        members.discard(socket)
    return socket


async def serve(port: int) -> None:
    app = web.Application()
    app[MEMBERS] = set()
    app.router.add_get("/echo", echo)
    app.router.add_get("/room", room)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=4096).start()
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))

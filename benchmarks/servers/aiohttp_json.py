"""aiohttp as its documentation shows it: JSON of a route with one parameter.

python benchmarks/servers/aiohttp_json.py PORT
"""

import asyncio
import sys

import uvloop
from aiohttp import web


async def show(request: web.Request) -> web.Response:
    return web.json_response({"id": request.match_info["id"], "name": "an item"})


async def serve(port: int) -> None:
    app = web.Application()
    app.router.add_get("/json/{id}", show)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=4096).start()
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))

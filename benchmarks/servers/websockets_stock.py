"""`websockets` as its documentation shows it: /echo sends back, /room broadcasts.

python benchmarks/servers/websockets_stock.py PORT
"""

import asyncio
import sys

import uvloop
from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosed

members: set[ServerConnection] = set()


async def handle(connection: ServerConnection) -> None:
    request = connection.request
    assert request is not None, "the handler runs after the handshake"
    try:
        if request.path == "/echo":
            async for message in connection:
                await connection.send(message)
        else:
            members.add(connection)
            async for message in connection:
                broadcast(members, message)
    except ConnectionClosed:
        pass
    finally:
        members.discard(connection)


async def main(port: int) -> None:
    async with serve(handle, "127.0.0.1", port, compression=None, backlog=4096):
        print("ready", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))

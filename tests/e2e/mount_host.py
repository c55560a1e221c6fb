"""A host for `mount` in a process: `python -m tests.e2e.mount_host PORT APP`."""

from __future__ import annotations

import asyncio
import signal
import sys
import time

from aiohttp import web
from soli_runtime import Log, mount

from soli_lang import Capabilities


async def main(port: int, path: str) -> None:
    host = web.Application()
    log = Log(sys.stdout.write)
    mount(host, path, capabilities=Capabilities(clock=time.time), log=log)
    runner = web.AppRunner(host)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    print(f"listening on http://127.0.0.1:{port}", flush=True)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2]))

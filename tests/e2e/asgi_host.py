"""A host for `asgi` in a process: `python -m tests.e2e.asgi_host SERVER PORT APP [mounted]`.

With `mounted` the app lies below `/live` of a FastAPI application, which forwards no lifespan.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from typing import Any

from soli_runtime import ANONYMOUS, Answer, Log, Settings, asgi

from soli_lang import Capabilities


async def who_is_it(request: dict[str, Any]) -> Answer:
    name = request["query"].get("as")
    return {"id": name} if name else ANONYMOUS


def chosen() -> Settings:
    """Flags as of `soli run`, those that the tests use."""
    given = dict(zip(sys.argv, sys.argv[1:], strict=False))
    return Settings(
        message_rate=int(given.get("--message-rate", 1000)),
    )


def authenticate() -> Any:
    """The host's, unless the program's is to say who connects."""
    return None if "--program-authenticates" in sys.argv else who_is_it


def application(path: str, mounted: bool) -> Any:
    log = Log(sys.stdout.write)  # where `soli run` writes it
    granted = Capabilities(
        output=lambda text: print(text, end="", flush=True), clock=time.time, environment=os.environ
    )
    live = asgi(path, settings=chosen(), capabilities=granted, authenticate=authenticate(), log=log)
    if not mounted:
        return live
    from fastapi import FastAPI

    host = FastAPI()

    @host.get("/count")
    async def count() -> dict[str, int]:
        return {"connections": live.realtime.count()}

    host.mount("/live", live)
    return host


def run_uvicorn(app: Any, port: int) -> None:
    import uvicorn

    # It raises the signal that ended it again, when all is done.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    uvicorn.run(app, port=port, log_level="info", ws="websockets-sansio")


def run_hypercorn(app: Any, port: int) -> None:
    from hypercorn.asyncio import serve
    from hypercorn.config import Config

    async def main() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, stop.set)
        config = Config()
        config.bind = [f"127.0.0.1:{port}"]
        config.graceful_timeout = 5
        await serve(app, config, shutdown_trigger=stop.wait)

    asyncio.run(main())


if __name__ == "__main__":
    server, port, path = sys.argv[1:4]
    run = {"uvicorn": run_uvicorn, "hypercorn": run_hypercorn}[server]
    run(application(path, "mounted" in sys.argv), int(port))

"""`soli test` for an app that is one node of several: `python -m tests.support.specs_of_a_node`.

`soli test` itself knows one process only (docs/specs.md). Here the app under test meets others in
the Redis that SOLI_BROKER names, as `soli run --broker` lets it. What a spec did counts as handled
once the node has seen it come back from the log.
"""

from __future__ import annotations

import sys
from typing import Any

from soli_runtime import cli
from soli_runtime.cluster.node import lane_of
from soli_runtime.serving.local import app_server
from soli_runtime.serving.service import Service
from soli_runtime.words.clients import SocketClient


def service_of(app: Any, settings: Any, log: Any, waiting: Any) -> Service:
    lane = lane_of(settings, "specs")
    assert lane is not None, "SOLI_BROKER is not set"
    app.may_wait = True  # it was loaded as if it were alone
    return Service(app, settings, log, waiting, lane)


async def quiet(server: app_server.AppServer) -> None:
    node = server.service.node
    assert node is not None
    if (all_seen := node.broker.until_quiet()) is not None:
        await all_seen


settle_here = SocketClient._settle
until_gone_here = app_server.AppServer.until_gone


async def settle(client: SocketClient) -> None:
    await settle_here(client)
    await quiet(client.server)
    await settle_here(client)


async def until_gone(server: app_server.AppServer, connection_id: str, seconds: float) -> None:
    await until_gone_here(server, connection_id, seconds)
    await quiet(server)


if __name__ == "__main__":
    app_server.Service = service_of  # type: ignore[assignment, misc]
    app_server.AppServer.until_gone = until_gone  # type: ignore[method-assign]
    SocketClient._settle = settle  # type: ignore[method-assign]
    sys.exit(cli.main(["test", *sys.argv[1:]]))

"""Servers for the samples of the page, one per sample and test file.

With SOLI_PAGE_SERVER they are one per sample, and something else than one `soli run`: `uvicorn`
or `hypercorn` (tests/e2e/test_asgi.py), `workers` or `nodes` (tests/e2e/test_one_meaning.py).
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection

from ..support.constants import smaller
from ..support.live import LiveServer, answering, eventually, receive
from ..support.live import serve as serve_with_soli_run
from ..support.ports import free_port
from ..support.spread import SERVED, Nodes, everywhere

SAMPLES = Path(__file__).parent / "samples"
SERVER = os.environ.get("SOLI_PAGE_SERVER", "")
EMPTY = {
    "presence": ("/clients", "/presence/general"),
    "helpers.soli": ("/call/ws_clients", "/call/ws_list_presence"),
}
"""What a sample tells of its clients, for when servers are used again."""


def serve(path: Path, *flags: str) -> AbstractContextManager[LiveServer | Nodes]:
    """`soli run`, the same app as an ASGI application, or several processes."""
    if not SERVER:
        return serve_with_soli_run(path, *flags)
    if SERVER in SERVED:
        return SERVED[SERVER](path, *flags)
    host = [sys.executable, "-m", "tests.e2e.asgi_host", SERVER, str(free_port()), str(path)]
    return answering([*host, "--program-authenticates", *flags])


def told(ask: Callable[[], Any], expected: Any) -> None:
    """*ask* gives *expected*: at once, unless another process has to hear of something first."""
    if SERVER in SERVED:
        eventually(lambda: ask() == expected, f"still {ask()!r}, not {expected!r}")
    else:
        assert ask() == expected


def receive_until(client: ClientConnection, wanted: Any) -> Any:
    """*wanted*, once it comes. Of who came before, another process may tell a little later."""
    while True:
        message = receive(client)
        if message == wanted or (isinstance(wanted, dict) and json.loads(message) == wanted):
            return wanted


def _is_empty(server: LiveServer | Nodes, path: str) -> bool:
    return all(answer in ([], {"returned": []}) for answer in everywhere(server, path))


@pytest.fixture(scope=lambda fixture_name, config: "session" if SERVER else "module")
def serve_sample() -> Iterator[Callable[..., LiveServer | Nodes]]:
    """Serve a sample of the page by name; the same server for the same name and flags."""
    servers: dict[tuple[str, ...], LiveServer | Nodes] = {}
    with ExitStack() as stack:

        def start(name: str, *flags: str, **constants: float) -> LiveServer | Nodes:
            key = (name, *flags, *map(str, constants.items()))
            if key not in servers:
                with smaller(**constants):
                    servers[key] = stack.enter_context(serve(SAMPLES / name, *flags))
            return servers[key]

        yield start


@pytest.fixture
def fresh_sample(
    serve_sample: Callable[..., LiveServer | Nodes],
) -> Iterator[Callable[..., LiveServer | Nodes]]:
    """Serve a sample for one test alone: a server that others have left serves as new."""
    with ExitStack() as stack:

        def start(name: str, *flags: str, **constants: float) -> LiveServer | Nodes:
            if name not in EMPTY:
                with smaller(**constants):
                    return stack.enter_context(serve(SAMPLES / name, *flags))
            server = serve_sample(name, *flags, **constants)
            for path in EMPTY[name]:
                eventually(lambda path=path: _is_empty(server, path), f"{path} stays full")
            return server

        yield start

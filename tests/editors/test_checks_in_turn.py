"""Checks of many open texts keep nobody waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

pytest.importorskip("pygls")

from soli_runtime.tools.editing.protocol.server import SoliServer
from soli_runtime.tools.editing.protocol.starting import make_server

URIS = [f"file:///typed{number}.soli" for number in range(5)]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> SoliServer:
    """One that publishes into `published`."""
    server = make_server("1")
    monkeypatch.setattr(server, "published", [], raising=False)
    monkeypatch.setattr(server, "_publish", lambda uri, found: server.published.append(uri))
    return server


def run(server: SoliServer, steps: Callable[[], object]) -> list[str]:
    """What was published when all that *steps* began is over."""

    async def meanwhile() -> None:
        steps()
        while server._waiting or server._due or server._next is not None:  # noqa: ASYNC110
            await asyncio.sleep(0.001)

    asyncio.run(meanwhile())
    return server.published


def all_due(server: SoliServer) -> None:
    for uri in URIS:
        server.put(uri, "x = 1\n")
        server.check_soon(uri, 0)


def test_all_are_checked(server: SoliServer) -> None:
    assert run(server, lambda: all_due(server)) == URIS


def test_what_is_asked_is_heard_between_two_checks(server: SoliServer) -> None:
    """However many texts are due at once, as after a file was saved."""
    heard: list[int] = []

    def steps() -> None:
        all_due(server)
        loop = asyncio.get_running_loop()

        def ask() -> None:
            heard.append(len(server.published))
            if len(server.published) < len(URIS):
                loop.call_soon(ask)

        ask()

    run(server, steps)
    assert set(heard) == set(range(len(URIS) + 1))


def test_after_shutdown_nothing_is_checked(server: SoliServer) -> None:
    """Neither what is due nor what would be soon."""

    def steps() -> None:
        server.put(URIS[0], "x = 1\n")
        server.put(URIS[1], "x = 1\n")
        server._waiting[URIS[1]].cancel()
        server._is_due(URIS[1])
        server.protocol.fm.features["shutdown"](None)

    assert run(server, steps) == []


def test_a_text_that_was_closed_is_not_checked(server: SoliServer) -> None:
    """Its diagnostics are taken back, and that is all."""

    def steps() -> None:
        server.put(URIS[0], "x = 1\n")
        server._is_due(URIS[0])
        server.drop(URIS[0])

    assert run(server, steps) == [URIS[0]]

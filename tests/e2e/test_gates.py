"""What `soli routes` says runs before a handler, runs; and its answer decides, at every door."""

from __future__ import annotations

import asyncio
import itertools
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from ..support.live import SOLI, eventually
from .gated_app import DOORS, GATE_ANSWERS, GUARD_ANSWERS, files
from .support import write_files

GUARDED = ("GET /guarded", "POST /form", "GET /class", "WS /ws/guarded")
MEMBERS = ("GET /members", "GET /both", "WS /ws/plain", "WS /ws/guarded")
_numbers = itertools.count()


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_files(tmp_path_factory.mktemp("gated"), files())


@pytest.fixture(scope="module", params=DOORS)
def door(request: pytest.FixtureRequest, app: Path) -> Iterator[Any]:
    with DOORS[request.param](app) as server:
        yield server


@pytest.fixture(scope="module")
def words(app: Path) -> dict[str, list[str]]:
    """What `soli routes` says of each route."""
    shown = subprocess.run([SOLI, "routes", app], capture_output=True, text=True, check=True)
    rows = [line.split(maxsplit=4) for line in shown.stdout.splitlines()]
    return {f"{row[0]} {row[1]}": row[4].split(", ") if len(row) > 4 else [] for row in rows}


NO_RESPONSE = "authenticate: a Hash with a status that is no response"


class Seen:
    """What came of one request."""

    def __init__(self, status: int | None, said: Any, ran: list[str]) -> None:
        self.status = status
        """None: it was let through."""
        self.said = said
        self.ran = ran

    @property
    def before(self) -> list[str]:
        """What ran before the handler, which may ask the gate itself."""
        return self.ran[: self.ran.index("handler")] if "handler" in self.ran else self.ran


async def _went(session: aiohttp.ClientSession, route: str, query: str) -> tuple[int | None, Any]:
    method, path = route.split()
    if method != "WS":
        async with session.request(method, f"{path}?{query}", allow_redirects=False) as answer:
            passed = answer.status == 200
            return (None, await answer.json()) if passed else (answer.status, await answer.text())
    try:
        async with session.ws_connect(f"{path}?{query}", timeout=aiohttp.ClientWSTimeout(5)) as ws:
            return None, json.loads((await ws.receive(5)).data)
    except aiohttp.WSServerHandshakeError as refused:
        first = refused.history[0] if refused.history else refused  # it follows redirects
        return first.status, None


def went(server: Any, route: str, query: str) -> Seen:
    """Ask for a route, and then what ran."""
    number = next(_numbers)

    async def body() -> Seen:
        async with aiohttp.ClientSession(server.url) as session:
            status, said = await _went(session, route, f"id={number}&{query}")
            async with session.get(f"/ran/{number}") as answer:
                return Seen(status, said, await answer.json())

    return asyncio.run(body())


def routes_of(words: dict[str, list[str]]) -> list[str]:
    return [route for route in words if not route.startswith("GET /ran")]


def test_what_soli_routes_names_runs_in_that_order_and_nothing_else(
    door: Any, words: dict[str, list[str]]
) -> None:
    """For actions of files and classes, and for WebSockets."""
    assert len(words) == 9
    for route in routes_of(words):
        seen = went(door, route, "")
        assert (route, seen.before) == (route, words[route])
        assert "handler" in seen.ran


@pytest.mark.parametrize("answer", GUARD_ANSWERS)
@pytest.mark.parametrize("route", GUARDED)
def test_the_answer_of_a_middleware_decides(
    door: Any, words: dict[str, list[str]], route: str, answer: str
) -> None:
    """A stop has its status, what means nothing is a 500, and neither reaches the handler."""
    seen = went(door, route, f"guard={answer}")
    status = GUARD_ANSWERS[answer][1]

    assert seen.status == status
    assert ("handler" in seen.ran) == (status is None)
    assert seen.before == words[route]
    if answer in ("changed", "copy") and "WS" not in route:
        assert seen.said["mark"] in ("changed", "copied")


@pytest.mark.parametrize("answer", GATE_ANSWERS)
@pytest.mark.parametrize("route", MEMBERS)
def test_the_answer_of_the_gate_decides(door: Any, route: str, answer: str) -> None:
    """An identity or `anonymous()` lets in; a refusal has its status; the rest is a 500."""
    seen = went(door, route, f"gate={answer}")
    status = GATE_ANSWERS[answer][1]

    assert seen.status == status
    assert ("handler" in seen.ran) == (status is None)
    if status is None:
        who = {"number_id": 7, "stranger": None}.get(answer, "ada")
        assert seen.said["user"] == who


def test_a_failing_guard_is_told_in_the_log(door: Any) -> None:
    """With its name and what to do."""
    went(door, "GET /guarded", "guard=more_keys")
    went(door, "WS /ws/guarded", "guard=more_keys")
    went(door, "WS /ws/plain", "gate=reason")

    def log() -> str:
        return "\n".join(door.output)

    # Lines are written behind answers, and read by a thread.
    for count, line in ((2, "middleware_error middleware=guard"), (1, NO_RESPONSE)):
        eventually(lambda: log().count(line) >= count, line)  # noqa: B023 - asked at once
    assert "middleware 'guard': expected null, the request or a response" in log()

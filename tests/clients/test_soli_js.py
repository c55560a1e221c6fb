"""`clients/js/soli.js` in Node: alone, by its types, as a package, and against a live server."""

from __future__ import annotations

import asyncio
import json
import subprocess
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from soli_runtime import mount

from ..support.live import ROOT, serve
from ..support.ports import free_port

NODE_TOOLS = ROOT / "tests" / "node"
CLIENT = ROOT / "clients" / "js"


def node(*arguments: str | Path, cwd: Path = NODE_TOOLS) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(argument) for argument in arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_it_behaves_as_described() -> None:
    """States, queue, delays, resume and presence, with a socket that the test plays."""
    result = node("node", "--test", "soli_js.test.mjs")

    assert result.returncode == 0, result.stdout
    assert "# fail 0" in result.stdout


def test_its_types_are_those_of_the_code() -> None:
    """A program in TypeScript that uses all of it compiles, and what is wrong does not."""
    options = "--noEmit --strict --target es2022 --module nodenext --lib es2022,dom".split()
    result = node("node_modules/.bin/tsc", *options, "soli_js_types.ts")

    assert (result.stdout, result.returncode) == ("", 0)


def test_the_package_holds_the_client_and_nothing_else() -> None:
    """As `npm publish` in clients/js would send it."""
    result = node("npm", "pack", "--dry-run", "--json", cwd=CLIENT)
    files = {file["path"] for file in json.loads(result.stdout)[0]["files"]}

    assert files == {"package.json", "README.md", "soli.js", "soli.d.ts"}


@pytest.mark.parametrize(
    ("name", "content_type"),
    [("soli.js", "text/javascript; charset=utf-8"), ("soli.d.ts", None)],
)
def test_every_app_serves_it(name: str, content_type: str | None) -> None:
    """At `/_soli/`, whether or not the app has a page of its own."""
    with (
        serve(ROOT / "examples" / "rooms.soli") as server,
        urlopen(f"{server.url}/_soli/{name}", timeout=20) as answer,
    ):
        body, given = answer.read(), answer.headers["content-type"]

    assert body == (CLIENT / name).read_bytes()
    assert content_type in (None, given)


@pytest.mark.parametrize("path", ["/_soli/package.json", "/_soli/", "/_soli/../_soli/x.js"])
def test_nothing_else_is_served_there(path: str) -> None:
    """The folder of the client has more files than are meant for pages."""
    with serve(ROOT / "examples" / "rooms.soli") as server:
        with pytest.raises(HTTPError) as refused:
            urlopen(server.url + path, timeout=20)
        assert refused.value.code == 404
        refused.value.close()


COMING_BACK = """
import { WebSocket } from 'ws'
import { connect, Presence } from '%(client)s'
const live = connect('%(url)s', { WebSocket, firstDelay: 100 })
const presence = new Presence(live)
const say = (what) => console.log(JSON.stringify(what))
live.on('soli:state', (state) => {
  say(['state', state])
  if (state === 'waiting' && live.queued === 0) live.send({ vote: 'Tabs' })
})
live.on('counts', (rows) => say(['votes', rows[0].votes]))
presence.on('change', (users) => say(['people', users.map((one) => one.user_id), presence.isStale]))
"""


def test_it_comes_back_to_a_server_that_was_gone(tmp_path: Path) -> None:
    """Stale presence, a queued vote, and presence right again, against `examples/poll`."""
    port = free_port()
    script = tmp_path / "client.mjs"
    parts = {"client": CLIENT / "soli.js", "url": f"ws://127.0.0.1:{port}/ws/poll?name=Ada"}
    script.write_text(COMING_BACK % parts)
    (tmp_path / "node_modules").symlink_to(NODE_TOOLS / "node_modules")
    with _poll(port):
        process = subprocess.Popen(
            ["node", str(script)], cwd=tmp_path, stdout=subprocess.PIPE, text=True
        )
        heard = [_heard(process) for _ in range(3)]
    heard += [_heard(process) for _ in range(2)]
    with _poll(port):
        _read_until(process, ["votes", 1], heard)
        process.kill()
    process.communicate()

    assert sorted(heard[:3], key=str) == [
        ["people", ["ada"], False],
        ["state", "open"],
        ["votes", 0],
    ]
    assert sorted(heard[3:5], key=str) == [["people", ["ada"], True], ["state", "waiting"]]
    assert heard[-1] == ["votes", 1]
    assert ["people", ["ada"], False] in heard[5:]


def _poll(port: int) -> Any:
    return serve(ROOT / "examples" / "poll", "--port", str(port))


def _heard(process: subprocess.Popen[str]) -> Any:
    assert process.stdout is not None
    return json.loads(process.stdout.readline())


def _read_until(process: subprocess.Popen[str], last: Any, heard: list[Any]) -> None:
    while not heard or heard[-1] != last:
        heard.append(_heard(process))


def test_a_mounted_app_serves_it_below_its_prefix() -> None:
    """In a host's aiohttp application, too."""

    async def fetched() -> str:
        app = web.Application()
        mount(app, ROOT / "examples" / "echo", prefix="/live")
        async with TestClient(TestServer(app)) as client:
            answer = await client.get("/live/_soli/soli.js")
            return await answer.text()

    assert asyncio.run(fetched()) == (CLIENT / "soli.js").read_text("utf-8")

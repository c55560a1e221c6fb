"""`soli run --dev`: what is told to the terminal and to pages, and to whom."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import websockets
from soli_runtime.loading.launch import Launch
from soli_runtime.serving.dev.development import MAX_TOLD, Development
from soli_runtime.settings import Settings

from .support import Site, receive, receive_json, run, serving

APP = """router_websocket("/ws", "app#handle")
get("/", "app#show")
get("/part", "app#part")
get("/fails", "app#fails")
const HTML = { "Content-Type": "text/html" }
visits = {}
def handle(event)
  return { "join": "r" } if event["type"] == "connect"
  return {} if event["type"] == "disconnect"
  visits["n"] = 1
  return { "fly": 1 } if event["message"] == "unknown"
  return { "set_presence": { "channel": "x", "state": "away" } } if event["message"] == "away"
  return { "send": [1][7] } if event["message"] == "boom"
  { "broadcast_room": "old " + event["message"] }
end
def show
  { "status": 200, "headers": HTML, "body": "<!doctype html><body>hi</body>" }
end
def part
  { "status": 200, "headers": HTML, "body": "<li>one</li>" }
end
def fails
  throw "no luck"
end
"""
FILES = {"app.soli": APP, "public/page.html": "<!doctype html><p>page", "public/a.css": "p {}"}
SCRIPT = "/_soli/dev.js"


class Said(list[str]):
    """What the terminal shows."""

    @property
    def text(self) -> str:
        return "\n".join(self)


@asynccontextmanager
async def developing(
    root: Path, *, is_quiet: bool = False, **settings: Any
) -> AsyncIterator[tuple[Site, Said]]:
    """Serve the app as `--dev` does, files watched."""
    async with serving(root, FILES, dev=True, **settings) as site:
        said = Said()
        how = Launch(root / "app.soli", Settings(dev=True))
        development = Development(site.server.service, how, said.append, is_quiet=is_quiet)
        task = asyncio.create_task(development.run())
        await site.until(lambda: site.server.service.state.own_pages is not None)
        await watching()
        try:
            yield site, said
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def watching() -> None:
    """Until the task that was just begun follows files: it asks for that in its first steps."""
    for _ in range(10):
        await asyncio.sleep(0)


async def saved(root: Path, old: str, new: str) -> None:
    """Change the program."""
    path = root / "app.soli"
    path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")


async def next_of(client: Any, kind: str) -> Any:
    """The next message of a kind."""
    while True:
        message = await receive_json(client)
        if message["kind"] == kind:
            return message


def test_a_saved_file_is_live_and_connections_stay(tmp_path: Path) -> None:
    """Rooms too; what variables held is lost, and named."""

    async def body() -> None:
        async with (
            developing(tmp_path) as (site, said),
            site.connect("/ws") as client,
            site.connect("/_soli/dev") as page,
        ):
            await client.send("a")
            assert await receive(client) == "old a"
            await saved(tmp_path, "old ", "new ")
            assert (await next_of(page, "reloaded"))["lost"] == ["visits (app.soli)"]
            await client.send("b")
            assert await receive(client) == "new b"
        assert "reloaded; 1 connection kept" in said
        assert "  reset: visits (app.soli)" in said

    run(body)


def test_presence_outlives_a_reload(tmp_path: Path) -> None:
    """Somebody who is tracked stays so, and leaves when the connection does."""
    tracking = '{ "join": "r", "track": { "channel": "r", "user_id": "ada" } }'

    async def body() -> None:
        async with developing(tmp_path) as (site, _), site.connect("/_soli/dev") as page:
            await saved(tmp_path, '{ "join": "r" }', tracking)
            await next_of(page, "reloaded")
            async with site.connect("/ws") as client:
                assert "presence_state" in await receive(client)
                await saved(tmp_path, "old ", "new ")
                await next_of(page, "reloaded")
                assert site.realtime.presence_count("r") == 1
                await client.send("a")
                assert await receive(client) == "new a"
            await site.until(lambda: site.realtime.presence_count("r") == 0)

    run(body)


def test_what_was_not_changed_since_the_start_is_not_lost(tmp_path: Path) -> None:
    """Also when the file says something else now."""

    async def body() -> None:
        async with developing(tmp_path) as (site, _), site.connect("/_soli/dev") as page:
            await saved(tmp_path, "visits = {}", 'visits = { "n": 0 }')
            assert (await next_of(page, "reloaded"))["lost"] == []

    run(body)


def test_a_syntax_error_keeps_the_old_code(tmp_path: Path) -> None:
    """Said in the terminal, to pages, and to pages that come later; over when it is right."""

    async def body() -> None:
        async with (
            developing(tmp_path) as (site, said),
            site.connect("/ws") as client,
            site.connect("/_soli/dev") as page,
        ):
            await saved(tmp_path, "def show", "def show(")
            problem = await next_of(page, "problem")
            assert "app.soli:" in problem["text"]
            assert "^" in problem["text"]
            await client.send("a")
            assert await receive(client) == "old a"
            async with site.connect("/_soli/dev") as later:
                assert (await next_of(later, "problem"))["text"] == problem["text"]
            await saved(tmp_path, "def show(", "def show")
            await next_of(page, "reloaded")
            async with site.connect("/_soli/dev") as later:
                await next_of(later, "hello")
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(later.recv(), 0.2)
        assert problem["text"] in said.text

    run(body)


def test_a_failing_handler_is_shown_with_its_event(tmp_path: Path) -> None:
    """Source, caret and what the client had sent."""

    async def body() -> None:
        async with (
            developing(tmp_path) as (site, said),
            site.connect("/ws") as client,
            site.connect("/_soli/dev") as page,
        ):
            await client.send("boom")
            problem = await next_of(page, "problem")
            assert "[1][7]" in problem["text"]
            assert "^" in problem["text"]
            assert problem["event"] == "message /ws: boom"
            await site.get("/fails")
            problem = await next_of(page, "problem")
            assert (problem["title"], problem["event"]) == ("no luck", "GET /fails")
        assert "  the event was: message /ws: boom" in said

    run(body)


@pytest.mark.parametrize(
    ("message", "warning"),
    [
        ("unknown", "unknown action 'fly'"),
        ("away", "set_presence: this connection is not tracked in 'x'"),
    ],
)
def test_warnings_reach_the_terminal_and_the_page(
    tmp_path: Path, message: str, warning: str
) -> None:
    """In the terminal once, be it by the log or by us."""

    async def body() -> None:
        async with (
            developing(tmp_path) as (site, said),
            site.connect("/ws") as client,
            site.connect("/_soli/dev") as page,
        ):
            for _ in range(2):
                await client.send(message)
                assert (await next_of(page, "warning"))["text"] == warning
            shown = said.text + "".join(line for line in site.lines if " WARNING " in line)
            assert shown.count(warning) == 1

    run(body)


def test_a_warning_for_a_room_that_nobody_joined(tmp_path: Path) -> None:
    """`broadcast_room` before any `join`."""

    async def body() -> None:
        async with (
            developing(tmp_path) as (site, _),
            site.connect("/_soli/dev") as page,
        ):
            await saved(tmp_path, '{ "join": "r" }', '{ "broadcast_room": "x" }')
            await next_of(page, "reloaded")
            async with site.connect("/ws"):
                assert "has joined no room" in (await next_of(page, "warning"))["text"]

    run(body)


def test_each_event_is_one_line_unless_quiet(tmp_path: Path) -> None:
    """With what it did."""

    async def body(is_quiet: bool) -> list[str]:
        async with developing(tmp_path, is_quiet=is_quiet) as (site, said):
            async with site.connect("/ws") as client:
                await client.send("a")
                await receive(client)
            await site.get("/")
            await site.until(lambda: site.realtime.count() == 0)
            return list(said)

    lines = asyncio.run(body(False))
    assert [line.split()[1] for line in lines] == ["connect", "message", "disconnect", "GET"] or [
        line.split()[1] for line in lines
    ] == ["connect", "message", "GET", "disconnect"]
    assert "app#handle" in lines[1]
    assert lines[1].endswith("broadcast_room   1 sent")
    assert asyncio.run(body(True)) == []


def test_a_flood_of_events_is_summed_up(tmp_path: Path) -> None:
    """The terminal of a developer is no place for ten thousand lines a second."""

    async def body() -> None:
        async with developing(tmp_path) as (site, said), site.connect("/ws") as client:
            for _ in range(1500):
                await client.send("a")
            for _ in range(1500):
                await receive(client)
            assert len(said) < 1300
            await asyncio.sleep(1.1)
            await client.send("a")
            await receive(client)
        assert "events more within a second" in said.text

    run(body)


@pytest.mark.parametrize("is_quiet", [False, True])
def test_a_flood_of_failures_is_no_flood_of_messages(tmp_path: Path, is_quiet: bool) -> None:
    """Neither to pages nor to the terminal; the page is told on when it is over."""

    async def body() -> None:
        async with (
            developing(tmp_path, is_quiet=is_quiet) as (site, said),
            site.connect("/ws") as client,
            site.connect("/_soli/dev") as page,
        ):
            for _ in range(1000):
                await client.send("boom")
            for _ in range(1000):
                await receive(client)
            assert said.text.count("the event was") <= 10 * MAX_TOLD
            await asyncio.sleep(1.1)
            await client.send("away")
            problems = 0
            while (await receive_json(page))["kind"] != "warning":
                problems += 1
            assert problems <= 10 * MAX_TOLD

    run(body)


def test_pages_have_the_script_and_pieces_of_pages_have_not(tmp_path: Path) -> None:
    """HTML that a script fetches is not a page; what begins like one is."""

    async def body() -> None:
        async with developing(tmp_path) as (site, _):
            assert SCRIPT in (await site.get("/")).text
            assert (await site.get("/page.html")).text.count(SCRIPT) == 1
            assert SCRIPT not in (await site.get("/a.css")).text
            assert SCRIPT not in (await site.get("/part")).text
            shown = {"Sec-Fetch-Dest": "document"}
            assert SCRIPT in (await site.get("/part", headers=shown)).text
            fetched = {"Sec-Fetch-Dest": "empty"}
            assert SCRIPT not in (await site.get("/", headers=fetched)).text
            answer = await site.get("/")
            assert answer.text.endswith("</script></body>")
            assert int(answer.headers["Content-Length"]) == len(answer.body)
            assert (await site.request("HEAD", "/page.html")).status == 200
            old = {"If-None-Match": "*"}
            assert (await site.get("/page.html", headers=old)).status == 200

    run(body)


def test_nothing_of_it_is_there_without_dev(tmp_path: Path) -> None:
    """No script in pages, none to be had, no socket."""

    async def body() -> None:
        async with serving(tmp_path, FILES) as site:
            assert SCRIPT not in (await site.get("/")).text
            assert SCRIPT not in (await site.get("/page.html")).text
            assert (await site.get(SCRIPT)).status == 404
            assert (await site.get("/nowhere")).text == "not found\n"
            with pytest.raises(websockets.InvalidStatus):
                await site.connect("/_soli/dev")
            assert site.server.service.state.observation is None

    run(body)


@pytest.mark.parametrize(
    "headers", [{"X-Forwarded-For": "127.0.0.1"}, {"Host": "app.example"}, {"Via": "1.1 proxy"}]
)
def test_only_this_machine_sees_it(tmp_path: Path, headers: dict[str, str]) -> None:
    """What a proxy passes on, or a name that leads here, gets the page of the app alone."""

    async def body() -> None:
        async with developing(tmp_path, trusted_proxies=("127.0.0.1",)) as (site, _):
            assert SCRIPT not in (await site.get("/", headers=headers)).text
            assert (await site.get(SCRIPT, headers=headers)).status == 404
            assert (await site.get("/nowhere", headers=headers)).text == "not found\n"
            upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", **headers}
            assert (await site.get("/_soli/dev", headers=upgrade)).status == 403
            assert "no luck" in (await site.get("/fails")).text
            failed = await site.get("/fails", headers=headers)
            assert (failed.status, failed.text) == (500, "Internal Server Error")

    run(body)


def test_other_sites_do_not_get_at_the_socket(tmp_path: Path) -> None:
    """A page of a stranger in the developer's browser."""

    async def body() -> None:
        async with developing(tmp_path, allowed_origins=("*",)) as (site, _):
            with pytest.raises(websockets.InvalidStatus) as refused:
                await site.connect("/_soli/dev", origin="https://evil.example")
            assert refused.value.response.status_code == 403

    run(body)


def test_a_404_lists_the_routes(tmp_path: Path) -> None:
    """As a page for browsers, with the path as text."""

    async def body() -> None:
        async with developing(tmp_path) as (site, _):
            lines = (await site.get("/nowhere")).text
            assert "WEBSOCKET  /ws  app#handle" in lines
            accept = {"Accept": "text/html"}
            answer = await site.get("/%3Cb%3E/nowhere", headers=accept)
            assert answer.status == 404
            assert "<td>/part</td>" in answer.text
            assert "<b>" not in answer.text

    run(body)


def test_what_a_page_says_changes_nothing(tmp_path: Path) -> None:
    """Garbage, much of it, and closing in the middle."""

    async def body() -> None:
        async with developing(tmp_path) as (site, _):
            async with site.connect("/_soli/dev") as page:
                await next_of(page, "hello")
                await page.send("x" * 3000)
                await page.send(b"\x00")
                await page.send(json.dumps({"kind": "reload"}))
            async with site.connect("/_soli/dev") as page:
                await page.send("x" * 10_000)
                with pytest.raises(websockets.ConnectionClosed) as closed:
                    await next_of(page, "never")
                assert closed.value.rcvd is not None
                assert closed.value.rcvd.code == 1009
            async with site.connect("/_soli/dev") as page:
                await next_of(page, "hello")
            assert site.realtime.count() == 0

    run(body)


def test_files_that_cannot_be_watched_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system allows so many watches and no more; all else goes on."""

    def none_left(*arguments: Any, **options: Any) -> Any:
        raise OSError("no space left on device")

    monkeypatch.setattr("watchfiles.awatch", none_left)

    async def body() -> None:
        async with developing(tmp_path) as (site, said), site.connect("/_soli/dev") as page:
            await next_of(page, "hello")
            await site.get("/fails")
            assert (await next_of(page, "problem"))["title"] == "no luck"
            assert "file changes are no longer detected: no space left on device" in said

    run(body)


def test_a_view_is_shown_anew_and_a_broken_one_with_its_place(tmp_path: Path) -> None:
    """The page is loaded anew; the app is not."""
    files = {
        "config/routes.soli": 'get("/", "home#index")\n',
        "app/controllers/home_controller.soli": 'def index\n  render("index")\nend\n',
        "app/views/index.html.slv": "<!doctype html><p>first</p>",
    }

    async def body() -> None:
        async with serving(tmp_path, files, dev=True) as site:
            said = Said()
            how = Launch(tmp_path, Settings(dev=True))
            development = Development(site.server.service, how, said.append)
            task = asyncio.create_task(development.run())
            async with site.connect("/_soli/dev") as page:
                await next_of(page, "hello")
                await watching()
                view = tmp_path / "app/views/index.html.slv"
                view.write_text("<!doctype html><p>second</p>", "utf-8")
                await next_of(page, "reload")
                answer = await site.get("/")
                assert "second" in answer.text
                assert SCRIPT in answer.text
                view.write_text("<%= nothing %>", "utf-8")
                await next_of(page, "reload")
                answer = await site.get("/")
                assert answer.status == 500
                assert SCRIPT in answer.text
                assert "index.html.slv" in (await next_of(page, "problem"))["text"]
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            assert not any(line.startswith("reloaded") for line in said)

    run(body)

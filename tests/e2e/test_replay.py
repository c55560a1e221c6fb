"""`soli run --record FILE` and `soli replay FILE [PATH]`."""

from __future__ import annotations

import asyncio
import http.server
import json
import shutil
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import websockets
from soli_runtime.observing.redacting import redacted, redacted_text
from soli_runtime.recordings.entries import comparable
from soli_runtime.recordings.masks import STAND_IN

from ..support.live import ROOT, eventually
from .support import run
from .test_command_line import served, soli

CHAT = Path(__file__).parents[2] / "examples" / "chat"


@pytest.fixture
def app(tmp_path: Path) -> Path:
    shutil.copytree(CHAT, tmp_path / "chat")
    return tmp_path / "chat"


async def until_recorded(file: Path, events: int) -> None:
    """Until so many events stand in *file*: what happens next is recorded behind them."""

    def stand() -> bool:
        return file.read_text("utf-8").count("\n") > events

    await asyncio.to_thread(eventually, stand, f"never {events} events in {file}")


def recorded(app: Path) -> Path:
    """A recording of a session of three people, one of whom has two tabs."""
    file = app.parent / "session.jsonl"
    with served(app, "--record", str(file)) as (_, url):

        async def body() -> None:
            base = url.replace("http", "ws") + "/ws/room/general?token=s3cret&name="
            headers = {"Cookie": "soli_session=s3cret", "Authorization": "Bearer s3cret"}

            async def enter(name: str) -> Any:
                return await websockets.connect(
                    base + name, proxy=None, origin=url, additional_headers=headers
                )

            ada, bob, second = await enter("Ada"), await enter("Bob"), await enter("Ada")
            said = (
                (ada, {"event": "typing"}),
                (bob, {"event": "message", "text": "hello", "password": "s3cret"}),
                (second, {"event": "away"}),
                (ada, {"event": "message", "text": "x" * 3000}),
            )
            for events, (client, data) in enumerate(said, 3):
                await until_recorded(file, events)
                await client.send(json.dumps(data))
            await until_recorded(file, 7)
            await second.close()
            await bob.close(4001, "bye")
            ada.transport.abort()
            await until_recorded(file, 10)

        run(body)
    return file


def test_a_session_is_the_same_again_until_the_handler_is_changed(app: Path) -> None:
    """No difference in today's code; a broken handler is named, event by event."""
    file = recorded(app)
    kinds = [json.loads(line).get("kind") for line in file.read_text("utf-8").splitlines()[1:]]
    assert kinds.count("connect") == kinds.count("disconnect") == 3
    assert kinds.count("message") == 4
    same = soli("replay", str(file), str(app), cwd=app)
    assert (same.returncode, same.stdout) == (0, "10 events, no difference\n"), same.stderr
    controller = app / "app" / "controllers" / "chat_controller.soli"
    text = controller.read_text("utf-8")
    controller.write_text(text.replace('"state": "typing"', '"state": "typing!"'), "utf-8")
    other = soli("replay", str(file), cwd=app)
    assert other.returncode == 1
    assert "event 4: message of c1, /ws/room/general" in other.stdout
    assert '- set_presence {"channel": "room:general", "state": "typing"}' in other.stdout
    assert '+ set_presence {"channel": "room:general", "state": "typing!"}' in other.stdout
    assert "+ c2 ←  " in other.stdout
    assert "event 5" not in other.stdout.replace("event 5: message of c2", "")
    controller.write_text(text.replace("def handle(event)", 'def handle(event)\n  throw "no"'))
    failing = soli("replay", str(file), cwd=app)
    assert failing.returncode == 1
    assert "+ error    " in failing.stdout
    assert "no" in failing.stdout


def test_another_version_says_what_no_longer_matches(app: Path) -> None:
    """A route that is gone: each of its events is named, and why it cannot happen."""
    file = recorded(app)
    routes = app / "config" / "routes.soli"
    routes.write_text(routes.read_text("utf-8").replace("/ws/room/", "/ws/hall/"), "utf-8")
    seen = soli("replay", str(file), cwd=app)
    assert seen.returncode == 1
    assert "event 1: connect of c1, /ws/room/general" in seen.stdout
    assert "does not happen any more: ws_connect: the app refused" in seen.stdout
    assert "this client is not connected" in seen.stdout


def test_a_recording_is_its_owners_and_holds_no_secrets(app: Path) -> None:
    """Readable by nobody else; redacted by name; what `authenticate` returned is kept."""
    (app.parent / "session.jsonl").write_text("old")
    (app.parent / "session.jsonl").chmod(0o644)
    file = recorded(app)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    text = file.read_text("utf-8")
    assert "s3cret" not in text
    assert "old" not in text.splitlines()
    first = json.loads(text.splitlines()[2])
    assert first["user"]["name"] == "Ada"
    assert STAND_IN.fullmatch(first["query"].pop("token"))
    assert first["query"] == {"name": "Ada"}
    assert STAND_IN.fullmatch(first["headers"]["cookie"])
    assert first["headers"]["authorization"] != first["headers"]["cookie"]


EVERYTHING = """
class Later
  def self.perform(args)
    ws_broadcast("later #{args["n"]} #{Math.random()} #{clock()} #{KV.incr("jobs")}")
  end
end

ran = KV.get("ran") || "never"

def page(request)
  KV.set("page", "seen")
  ws_broadcast("page #{uuid_v4()}")
  { "status": 200, "body": session_id() || "none" }
end

def waiting(event)
  fetched = HTTP.get(getenv("ELSEWHERE"))
  { "broadcast": "waited for #{fetched}, then #{KV.get("turn")}" }
end

def handle(event)
  if event["type"] != "message"
    return { "send": "#{event["type"]} #{event["connection_id"]} #{uuid_v7()} #{ran}" }
  end
  message = event["message"]
  if message == "wait"
    waiting(event)
  elsif message == "turn"
    { "send": "turn #{KV.incr("turn")}" }
  elsif message == "job"
    { "send": Later.perform_later({ "n": 3 }) }
  elsif message == "store"
    KV.update("list") { |text| (text || "") + "x" }
    cached = Cache.fetch("c", 60) { uuid_v4() }
    { "send": [KV.get("list"), cached, KV.ttl("page"), KV.hgetall("none")] }
  elsif message == "file"
    { "send": slurp("note.txt") }
  else
    sorted = [1, 2, 3, 4, 5].shuffle
    {
      "send": [uuid_v4(), nanoid(), Math.random(), sorted, clock(), DateTime.now.to_s, hex()],
      "broadcast_others": event["headers"]["user-agent"] + event["headers"]["host"]
    }
  end
end

def hex()
  Crypto.random_hex(8)
end

get("/page", "app#page")
router_websocket("/ws", "app#handle")
"""


def test_a_replay_is_exact(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clock, ids, randomness, HTTP, `KV`, files, jobs, requests, and the order of what waited.

    Nothing of the world of then is there any more: no server to fetch from, no file, no store.
    """
    app, file = tmp_path / "app.soli", tmp_path / "session.jsonl"
    app.write_text(EVERYTHING)
    note = tmp_path / "note.txt"
    note.write_text("from the file")
    kept = ("--store", f"sqlite:{tmp_path}/kept.db")
    answered = threading.Event()
    with answering(answered) as elsewhere:
        more = ("--record", str(file), "--private-network", *kept)
        monkeypatch.setenv("ELSEWHERE", elsewhere)
        with served(app, *more) as (_, url):
            run(lambda: everything(url, answered))
        monkeypatch.delenv("ELSEWHERE")
    note.unlink()
    (tmp_path / "kept.db").unlink()
    entries = [json.loads(line) for line in file.read_text("utf-8").splitlines()[1:]]
    assert [entry["error"] for entry in entries if entry.get("error")] == []
    kinds = [entry["kind"] for entry in entries]
    assert {one: kinds.count(one) for one in kinds} == {
        "load": 1, "connect": 2, "message": 8, "job": 1, "request": 1, "disconnect": 2,
    }  # fmt: skip
    same = soli("replay", str(file), str(app), cwd=tmp_path)
    assert (same.returncode, same.stdout) == (0, "14 events, no difference\n"), same.stderr
    app.write_text(EVERYTHING.replace('KV.incr("turn")', 'KV.incrby("turn", 2)'))
    other = soli("replay", str(file), str(app), cwd=tmp_path)
    assert '- calls    KV.incr "turn"' in other.stdout
    assert '+ calls    KV.incrby "turn", 2' in other.stdout
    app.write_text(EVERYTHING.replace("Math.random()", "Math.random() + 1"))
    assert soli("replay", str(file), str(app), cwd=tmp_path).returncode == 1
    app.write_text(EVERYTHING.replace('HTTP.get(getenv("ELSEWHERE"))', 'HTTP.get("http://a.b")'))
    asks = soli("replay", str(file), str(app), cwd=tmp_path)
    assert "HTTP.get: the recording has no answer to this call" in asks.stdout


def test_what_depends_on_a_masked_value_is_no_difference(tmp_path: Path) -> None:
    """Equal values stay equal; a handler that looks into one does something else, which is said."""
    app, file = tmp_path / "app.soli", tmp_path / "session.jsonl"
    app.write_text("""
def handle(event)
  return {} if event["type"] != "message"
  data = json_parse(event["message"])
  return { "send": "number #{data["n"]}" } if data["n"] != null
  known = KV.get("mail") == data["mail"]
  KV.set("mail", data["mail"])
  return { "send": "long #{known}" } if len(data["mail"]) > 12
  { "send": "short #{known}" }
end
router_websocket("/ws", "app#handle")
""")
    with served(app, "--record", str(file), "--mask", "Mail,none") as (_, url):

        async def body() -> None:
            client = await websockets.connect(url.replace("http", "ws") + "/ws", proxy=None)
            for data in ({"mail": "ada@a.b"}, {"mail": "ada@ab.example.org"}, {"n": 1}, {"n": 1}):
                await client.send(json.dumps(data))
                await client.send(json.dumps(data))
                await asyncio.sleep(0.05)
            await client.close()
            await asyncio.sleep(0.2)

        run(body)
    assert "ada@" not in file.read_text("utf-8")
    same = soli("replay", str(file), str(app), cwd=tmp_path)
    assert same.returncode == 0, same.stderr
    # The stand-in of the short address is longer than twelve characters.
    assert same.stdout.endswith("10 events, no difference; 2 depend on masked values\n")
    assert "masked: event 2: message of c1, /ws" in same.stdout
    assert "- send     " in same.stdout
    app.write_text(app.read_text().replace('"number', '"numeral'))
    other = soli("replay", str(file), str(app), cwd=tmp_path)
    assert other.returncode == 1
    assert other.stdout.endswith("10 events, not as recorded; 2 depend on masked values\n")


async def everything(url: str, answered: threading.Event) -> None:
    """Two clients; one waits while the other goes on, which shows in what the first sends."""
    base = url.replace("http", "ws") + "/ws"
    first = await websockets.connect(base, proxy=None, origin=url)
    second = await websockets.connect(base, proxy=None, origin=url)
    await first.recv()
    await second.recv()
    await first.send("wait")
    await second.send("turn")
    assert await second.recv() == "turn 1"
    answered.set()
    assert await second.recv() == "waited for elsewhere, then 1"
    await first.recv()
    for text in ("turn", "job", "store", "file", "draw", "store"):
        await second.send(text)
        await asyncio.sleep(0.1)
    async with aiohttp.ClientSession() as client, client.get(f"{url}/page") as answer:
        assert answer.status == 200
    await asyncio.sleep(0.3)
    await first.close()
    await second.close()
    await asyncio.sleep(0.2)


@contextmanager
def answering(may_answer: threading.Event) -> Iterator[str]:
    """A server that says `elsewhere` once it may."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            may_answer.wait(10)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"elsewhere")

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_authenticate_is_not_called_again(app: Path) -> None:
    """Replay uses what it returned then: logins that are gone do not matter."""
    file = recorded(app)
    routes = app / "config" / "routes.soli"
    text = routes.read_text("utf-8")
    routes.write_text(
        text.replace("def authenticate(request)", 'def authenticate(request)\n  throw "gone"'),
        "utf-8",
    )
    assert soli("replay", str(file), cwd=app).stdout == "10 events, no difference\n"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is no recording"),
        ("hello\n", "1: no JSON"),
        ("[" * 100_000 + "\n", "1: no JSON"),
        ('{"soli_recording": 99}\n', "format 99; this version of Soli reads 1 and 2"),
        ('{"soli_recording": true}\n', "is no recording"),
        ('{"soli_recording": 2}\n{"kind": "load"}\n{"kind": "mess', "3: the last line is cut off"),
        ('{"soli_recording": 2}\n{"kind": "load", "asked": [["KV.get"]]}\n', "'asked' is not"),
        ('{"soli_recording": 2}\n{"kind": "load", "clock": ["x"]}\n', "'clock' is not"),
        ('{"soli_recording": 2}\n{"kind": "load", "seed": "zz"}\n', "'seed' is not"),
        (
            '{"soli_recording": 2}\n{"kind": "message", "connection": "c1", '
            '"path": "../../etc/passwd", "handler": "a#b", "did": [], "sent": []}\n',
            "'path' is not",
        ),
        ('{"soli_recording": 1}\n{"kind": "connect"}\n', "2: no event of a recording"),
        ('{"soli_recording": 1}\n[1]\n', "2: no event of a recording"),
        ('{"soli_recording": 1}\n{"kind": "message", "message": "\\ud800"}\n', "2: no JSON"),
        ("\udcff\n", "not UTF-8"),
    ],
)
def test_what_is_no_recording_is_said(app: Path, text: str, why: str) -> None:
    file = app.parent / "file"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    seen = soli("replay", str(file), str(app), cwd=app)
    assert seen.returncode == 64
    assert why in seen.stderr
    assert "Traceback" not in seen.stderr


def test_events_that_make_no_sense_are_differences(app: Path) -> None:
    """Messages of nobody, odd queries, binaries that are none: nothing fails but the replay."""
    event = {"path": "/ws/room/a", "handler": "x#y", "did": [], "sent": [], "connection": "c1"}
    lines = [
        {"soli_recording": 1},
        {**event, "kind": "message", "message": "to nobody"},
        {
            **event,
            "kind": "connect",
            "query": {"name": ["a", {"b": None}]},
            "headers": {"x-a": "b"},
        },
        {**event, "kind": "message", "binary": "%%%"},
        {**event, "kind": "disconnect", "code": "no"},
        {**event, "kind": "disconnect", "code": 7},
        {**event, "kind": "connect", "query": {}, "headers": {"x-a": "b\r\nc: d"}, "user": 5},
        {"full": "at most 5 bytes are kept"},
    ]
    file = app.parent / "file"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    seen = soli("replay", str(file), cwd=app)
    assert seen.returncode == 1, seen.stderr
    assert seen.stdout.endswith("6 events, not as recorded\n")
    assert "Traceback" not in seen.stderr


def test_what_phoenix_said_is_said_again(tmp_path: Path) -> None:
    """Arrays both ways, a topic that is left among them."""
    app = tmp_path / "app.soli"
    shutil.copy(ROOT / "tests" / "clients" / "phoenix.soli", app)
    file = tmp_path / "session.jsonl"
    with served(app, "--record", str(file)) as (_, url):

        async def body() -> None:
            base = url.replace("http", "ws") + "/ws/websocket?vsn=2.0.0&name="
            ada = await websockets.connect(base + "ada", proxy=None, origin=url)
            bob = await websockets.connect(base + "bob", proxy=None, origin=url)
            said = (
                (ada, "phx_join", {}),
                (bob, "phx_join", {}),
                (bob, "track", {}),
                (ada, "whisper", {"text": "hi"}),
                (bob, "phx_leave", {}),
                (ada, "say", {"text": "alone"}),
                (ada, "double", {"n": 4}),
                (ada, "double", {"n": []}),
            )
            for events, (client, event, payload) in enumerate(said, 2):
                await until_recorded(file, events)
                await client.send(json.dumps(["1", "2", "room:a", event, payload]))
            await until_recorded(file, 10)
            await ada.close()
            await bob.close()
            await until_recorded(file, 12)

        run(body)
    lines = file.read_text("utf-8")
    assert "phx_leave" in lines
    same = soli("replay", str(file), str(app), cwd=tmp_path)
    assert (same.returncode, same.stdout) == (0, "12 events, no difference\n"), same.stderr


def test_a_file_that_cannot_be_written_is_said_before_serving(app: Path) -> None:
    seen = soli("run", ".", "--record", "nowhere/file", cwd=app)
    assert seen.returncode == 64
    assert "--record" in seen.stderr
    assert "nowhere/file" in seen.stderr


def test_secrets_are_known_by_their_names() -> None:
    assert redacted({"Api_Key": 1, "a": [{"access_token": {"x": 1}}], "n": None}) == {
        "Api_Key": "[redacted]",
        "a": [{"access_token": "[redacted]"}],
        "n": None,
    }
    assert redacted_text('{"token":"x"}') == '{"token": "[redacted]"}'
    assert redacted_text("token") == "token"
    assert redacted_text('{"event": "a", "password": "a\\"b", "n": any}') == (
        '{"event": "a", "password": "[redacted]", "n": any}'
    )


def test_ids_and_times_do_not_differ() -> None:
    one = '{"id": "69c12a67-eed1-45f8-8cda-c29131cfb92a", "at": 1795640516.97, "phx_ref": "4"}'
    assert comparable(one) == '{"id": "ID", "at": TIME, "phx_ref": "REF"}'
    assert comparable("2026-01-02T03:04:05.1Z 12345") == "TIME 12345"

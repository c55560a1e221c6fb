"""A recording under the debugger: it goes back, to any event, and on with changed values."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.sync.client import connect

from ...support.dap_client import Body, DapClient, Refusal

APP = """\
router_websocket("/ws/room", "room#handle")
ws_keep_state("room")
let seen = 0
def handle(event)
  if event["type"] == "connect"
    return { "join": "room", "track": { "channel": "room", "user_id": ulid() } }
  end
  return {} if event["type"] != "message"
  seen += 1
  let text = event["message"]
  {
    "room_add": { "count": 1 },
    "broadcast_room": text + str(seen)
  }
end
"""
LAST = 11
"""The line of what the handler returns."""


@pytest.fixture
def app(tmp_path: Path) -> Path:
    path = tmp_path / "app.soli"
    path.write_text(APP)
    return path


@pytest.fixture
def recording(app: Path) -> Path:
    """Two clients that say two things each."""
    path = app.with_name("session.jsonl")
    command = [sys.executable, "-m", "soli_runtime.cli", "run", str(app), "--port", "0"]
    server = subprocess.Popen(
        [*command, "--record", str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert server.stdout is not None
    found = re.search(r"http://(\S+)", server.stdout.readline())
    assert found is not None
    url = f"ws://{found[1]}/ws/room"
    with connect(url) as one, connect(url) as other:
        for number in range(4):
            sender = (one, other)[number % 2]
            sender.send(f"m{number}-")
            while not str(one.recv(10)).startswith(f"m{number}-"):
                pass
    server.terminate()
    server.wait(15)
    server.stdout.close()
    return path


@pytest.fixture
def client(app: Path, recording: Path) -> Iterator[DapClient]:
    found = DapClient.stdio()
    found.launched(app, LAST, recording=str(recording))
    yield found
    found.end()


def stop(client: DapClient, reason: str) -> list[Body]:
    thread = client.stopped(reason=reason)["threadId"]
    client.thread = thread
    return client.stack(thread)


def count(client: DapClient, frame: int, when: str) -> int | None:
    """What the state of the room counts."""
    room = client.variables(frame, f"Rooms {when} the event")["room"]
    found = json.loads(room)["state"].get("count")
    return found if found is None else int(found)


def text(client: DapClient, frames: list[Body]) -> str:
    return client.variables(frames[0]["id"])["text"]


def test_it_goes_back_and_to_any_event(client: DapClient) -> None:
    frames = stop(client, "breakpoint")
    assert text(client, frames) == '"m0-"'
    events = client.ask("soli/events")
    assert [one["kind"] for one in events["events"]][:6] == ["connect"] * 2 + ["message"] * 4
    assert events["current"] == 2
    client.ask("continue", threadId=client.thread)
    frames = stop(client, "breakpoint")
    assert text(client, frames) == '"m1-"'
    assert (count(client, frames[0]["id"], "before"), count(client, frames[0]["id"], "after")) == (
        1,
        2,
    )
    client.ask("stepBack", threadId=client.thread)
    frames = stop(client, "step")
    assert frames[0]["line"] == LAST - 1
    assert "text" not in client.variables(frames[0]["id"])
    assert client.variables(frames[0]["id"], "File")["seen"] == "2"
    client.ask("reverseContinue", threadId=client.thread)
    frames = stop(client, "step")
    assert (frames[0]["line"], text(client, frames)) == (LAST, '"m0-"')
    client.ask("reverseContinue", threadId=client.thread)
    frames = stop(client, "goto")
    assert frames[0]["name"] == "event 0: connect of c1"
    assert client.variables(frames[0]["id"], "Rooms before the event") == {}
    client.ask("soli/goto", index=5)
    frames = stop(client, "goto")
    assert client.variables(frames[0]["id"], "Event")["message"] == '"m3-"'
    assert count(client, frames[0]["id"], "before") == 3
    client.ask("next", threadId=client.thread)
    assert stop(client, "step")[0]["name"] == "handle"
    for index in (99, -1, True, 1.5, None):
        with pytest.raises(Refusal, match="index has to be a number from 0"):
            client.ask("soli/goto", index=index)


def test_a_changed_value_has_its_consequences(client: DapClient, app: Path) -> None:
    frames = stop(client, "breakpoint")
    scopes = client.ask("scopes", frameId=frames[0]["id"])["scopes"]
    file = next(one["variablesReference"] for one in scopes if one["name"] == "File")
    client.ask("setVariable", variablesReference=file, name="seen", value="100")
    client.breakpoints(app)
    client.ask("continue", threadId=client.thread)
    client.event("terminated")
    assert '+ broadcast_room "m0-100"' in client.output
    assert '+ broadcast_room "m3-103"' in client.output


def test_it_ends_as_it_was_recorded(client: DapClient, app: Path) -> None:
    """Also after it was gone back in."""
    stop(client, "breakpoint")
    client.ask("soli/goto", index=4)
    stop(client, "goto")
    client.ask("soli/goto", index=1)
    stop(client, "goto")
    client.breakpoints(app)
    client.ask("continue", threadId=client.thread)
    assert client.event("exited") == {"exitCode": 0}
    assert "no difference" in client.output

"""Every example runs and does what it says."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection

from .support.live import ROOT, SOLI, LiveServer, receive, receive_json, serve

EXAMPLES = ROOT / "examples"
NAMES = ["hello.soli", "echo", "broadcast.soli", "rooms.soli", "chat", "poll", "board", "thread"]


def example(name: str) -> Iterator[LiveServer]:
    with serve(EXAMPLES / name) as server:
        yield server


@pytest.fixture(scope="module")
def chat() -> Iterator[LiveServer]:
    yield from example("chat")


@pytest.mark.parametrize("name", NAMES)
def test_an_example_passes_the_check(name: str) -> None:
    """`soli check` finds nothing wrong with it."""
    result = subprocess.run(
        [SOLI, "check", EXAMPLES / name], capture_output=True, text=True, timeout=60, check=False
    )

    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize("name", ["echo", "chat", "poll", "board", "thread"])
def test_the_specs_of_an_example_pass(name: str) -> None:
    """`soli test` runs the tests that the example has in Soli itself."""
    result = subprocess.run(
        [SOLI, "test", EXAMPLES / name], capture_output=True, text=True, timeout=60, check=False
    )

    assert result.stdout.rstrip().endswith("passed, 0 failed"), result.stdout + result.stderr


def test_no_example_is_forgotten() -> None:
    """Whoever adds an example adds a test here."""
    names = {path.name for path in EXAMPLES.iterdir() if path.name != "README.md"}

    assert names == {*NAMES, "fastapi"}  # tests/browser/test_fastapi_example.py


def test_hello_runs_to_its_end() -> None:
    """A program without routes prints and ends with status 0."""
    result = subprocess.run(
        [SOLI, "run", EXAMPLES / "hello.soli"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.splitlines()[:2] == ["Hello, world!", "Hello, Ada! (1815)"]


def test_echo_echoes() -> None:
    """The quick start of the page."""
    with serve(EXAMPLES / "echo") as server, server.connect("/ws/echo") as client:
        client.send("hello")

        assert receive(client) == "echo: hello"


def test_echo_serves_its_page() -> None:
    """`public/index.html` is at `/`."""
    with serve(EXAMPLES / "echo") as server:
        assert "<h1>Echo</h1>" in server.get_text("/")


def test_broadcast_reaches_everybody() -> None:
    """A message goes to all clients."""
    with (
        serve(EXAMPLES / "broadcast.soli") as server,
        server.connect("/ws/all") as one,
        server.connect("/ws/all") as other,
    ):
        one.send("hello, all")

        assert [receive(one), receive(other)] == ["hello, all"] * 2


def test_broadcast_serves_its_page() -> None:
    """The page is a string of the program."""
    with serve(EXAMPLES / "broadcast.soli") as server:
        assert server.get_text("/").startswith("<!doctype html>")
        assert server.content_type("/") == "text/html; charset=utf-8"


def test_rooms_are_apart() -> None:
    """A message stays in its room."""
    with (
        serve(EXAMPLES / "rooms.soli") as server,
        server.connect("/ws/room/tea") as tea,
        server.connect("/ws/room/coffee") as coffee,
    ):
        tea.send("milk?")
        receive(tea)
        coffee.send("sugar?")

        assert receive(coffee) == "sugar?"


def test_rooms_leads_to_the_lobby() -> None:
    """`/` redirects to the page of a room, whose name is escaped."""
    with serve(EXAMPLES / "rooms.soli") as server:
        assert "<h1>lobby</h1>" in server.get_text("/")
        assert "<h1>&lt;b&gt;</h1>" in server.get_text("/room/%3Cb%3E")
        assert server.content_type("/room/lobby") == "text/html; charset=utf-8"


def enter(server: LiveServer, name: str, room: str = "general") -> ClientConnection:
    return server.connect(f"/ws/room/{room}?name={name}")


def expect_event(client: ClientConnection, event: str) -> dict[str, Any]:
    """The next message of the kind *event*, letting others pass."""
    while True:
        message: dict[str, Any] = receive_json(client)
        if message["event"] == event:
            return message


def test_chat_greets_with_presence_and_history(chat: LiveServer) -> None:
    """A visitor gets who is there, then what was said."""
    with enter(chat, "Ada", "greeting") as ada:
        events = [receive_json(ada)["event"], receive_json(ada)["event"]]

    assert events == ["presence_state", "history"]


def test_chat_tells_who_said_what(chat: LiveServer) -> None:
    """A message carries its author, text and time."""
    with enter(chat, "Ada", "saying") as ada, enter(chat, "Bob", "saying") as bob:
        ada.send(json.dumps({"text": "  good morning "}))
        message = expect_event(bob, "message")

    assert (message["user_id"], message["name"], message["text"]) == ("ada", "Ada", "good morning")


def test_chat_remembers_the_latest_messages(chat: LiveServer) -> None:
    """A later visitor finds them, the last fifty."""
    with enter(chat, "Ada", "remembering") as ada:
        for number in range(60):
            ada.send(json.dumps({"text": f"message {number}"}))
        for _ in range(60):
            expect_event(ada, "message")
    with enter(chat, "Bob", "remembering") as bob:
        texts = [message["text"] for message in expect_event(bob, "history")["messages"]]

    assert texts == [f"message {number}" for number in range(10, 60)]


@pytest.mark.parametrize("query", ["", "?name=", "?name=%20", "?name=" + "x" * 41, "?name[]=Ada"])
def test_chat_refuses_whoever_has_no_name(chat: LiveServer, query: str) -> None:
    """Authentication fails with 401, before the upgrade."""
    with pytest.raises(InvalidStatus) as refusal, chat.connect(f"/ws/room/general{query}"):
        pass

    assert refusal.value.response.status_code == 401


@pytest.mark.parametrize("message", ["plain text", "[1]", '{"text": 5}', '{"text": " "}', b"\x00"])
def test_chat_ignores_what_it_does_not_understand(chat: LiveServer, message: str | bytes) -> None:
    """Odd messages are dropped; the connection lives on."""
    with enter(chat, "Ada", "odd") as ada:
        expect_event(ada, "history")
        ada.send(message)
        ada.send(json.dumps({"text": "still here"}))

        assert receive_json(ada)["text"] == "still here"


def test_chat_refuses_long_messages(chat: LiveServer) -> None:
    """One character over the limit is refused, to the sender alone."""
    with enter(chat, "Ada", "long") as ada:
        expect_event(ada, "history")
        ada.send(json.dumps({"text": "é" * 2001}))

        assert receive_json(ada)["event"] == "refused"


def test_chat_passes_on_messages_at_the_limit(chat: LiveServer) -> None:
    """Two thousand characters are fine."""
    with enter(chat, "Ada", "long-enough") as ada:
        ada.send(json.dumps({"text": "é" * 2000}))

        assert len(expect_event(ada, "message")["text"]) == 2000


def test_chat_counts_people_per_room(chat: LiveServer) -> None:
    """`/api/rooms` counts people, not connections."""
    with enter(chat, "Ada", "kitchen") as one, enter(chat, "ada", "kitchen") as two:
        expect_event(one, "history"), expect_event(two, "history")
        people = {room["name"]: room["people"] for room in chat.get("/api/rooms")}

    assert people["kitchen"] == 1

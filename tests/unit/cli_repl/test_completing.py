"""What Tab offers, and what it costs at the limit."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from soli_runtime.cli.repl.bench import Bench, BenchOptions
from soli_runtime.cli.repl.terminal.completing import SoliCompleter, paths
from soli_runtime.cli.repl.terminal.prompt import dedent, indentation, wants_more
from soli_runtime.loading.project import find_project

CHAT = Path(__file__).parents[3] / "examples" / "chat"


def tabbed(completer: SoliCompleter, text: str) -> list[str]:
    """What Tab shows after *text*."""
    found = completer.get_completions(Document(text), CompleteEvent())
    return [one.text for one in found]


def about(completer: SoliCompleter, text: str, name: str) -> str:
    """What the menu says beside one of them."""
    found = completer.get_completions(Document(text), CompleteEvent())
    return next(one.display_meta_text for one in found if one.text == name)


@pytest.fixture(scope="module")
def offered() -> Any:
    """Offers for the end of a text, in a session of the chat with some variables."""

    async def offers(text: str, only: str = "") -> Any:
        bench = Bench(BenchOptions(CHAT, find_project(CHAT)), lambda one: None, lambda one: None)
        await bench.start()
        try:
            await bench.evaluate('alice = ws_connect("/ws/room/a?name=Al")')
            await bench.evaluate(
                'data = { "name": "Al", "tags": ["a"], "age": 3, "deep": { "inner": 1 } }'
            )
            await bench.evaluate(
                "class Car\n  new()\n    this.km = 1\n  end\n  def drive\n  end\nend\ncar = Car.new"
            )
            completer = SoliCompleter(bench)
            return about(completer, text, only) if only else tabbed(completer, text)
        finally:
            await bench.stop()

    return lambda text, only="": asyncio.run(offers(text, only))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ali", "alice"),
        ("x = ws_con", "ws_connect"),
        ("whi", "while"),
        ("ws_", "ws_send"),
        ("pri", "print"),
        ("uui", "uuid_v4"),
        ("roo", "rooms"),
        ("alice.sil", "silent?"),
        ('data["na', '"name"]'),
        ('data["tags"].pu', "push"),
        ("data.na", "name"),
        ("car.dri", "drive"),
        ("car.k", "km"),
        ("Car.ne", "new"),
        ('"text".upc', "upcase"),
        ("[1, 2].fil", "filter"),
        (".pre", ".presence"),
        ("doc rece", "rememb"),
        ('File.read("app/controllers/ch', "app/controllers/chat_controller.soli"),
        ('ws_connect("/ws/ro', "/ws/room/"),
        ('ws_connect("/ws/ro', "/ws/room/a"),
        ('get("/a', "/api/rooms"),
        ('alice.send({ "te', "text"),
        ('alice.send({ "', "event"),
        ('alice.send({ "event": "ty', "typing"),
        ('alice.send({"event": "message", "', "text"),
        ('alice.ask("typ', "typing"),
        ('ws_list_presence("room', "room:a"),
        ('ws_presence_count("', "room:a"),
        ('ws_close_user("', "al"),
        ('ws_get_presence("room:a", "', "al"),
        ("ws_clients_in('", "room:a"),
        (".presence ro", "room:a"),
        (".use ch", "chat"),
        (".time fr", "freeze"),
        ('def handle(event)\n  { "bro', "broadcast_room"),
        ('def handle(event)\n  { "track": { "', "user_id"),
        ('def handle(event)\n  { "join": "', "room:a"),
        ('def handle(event)\n  event["mes', "message"),
        ('def handle(event)\n  event["type"] == "', "connect"),
        ('data["deep"]["in', '"inner"]'),
        ("help alice.rec", "receive_event"),
        ("help ws_bro", "ws_broadcast"),
        ("alice.silent", "silent?"),
    ],
)
def test_what_is_offered(
    offered: Any, text: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(CHAT)
    if expected == "rememb":
        assert expected not in offered(text)  # no builtin of that name
    else:
        assert expected in offered(text)


VOTES = """router_websocket("/ws", "app#handle")
ws_message("vote", { "choice": String, "at": { "x": Float } })
ws_message("leave", { "reason": String })
def handle(event)
  {}
end
"""


@pytest.mark.parametrize(
    ("text", "expected", "unexpected"),
    [
        ('alice.send({ "event": "', "vote", "choice"),
        ('alice.send({ "event": "vote", "payload": { "', "choice", "reason"),
        ('alice.send({ "event": "leave", "', "reason", "choice"),
        ('alice.send({ "payload": { "', "reason", "x"),
        ('def handle(event)\n  event["payload"]["', "choice", "x"),
        ('def handle(event)\n  event["payload"]["at"]["', "x", "choice"),
    ],
)
def test_declared_messages_are_offered(
    tmp_path: Path, text: str, expected: str, unexpected: str
) -> None:
    """Where they are sent and where they are handled."""
    (tmp_path / "app.soli").write_text(VOTES, "utf-8")

    async def offers() -> list[str]:
        bench = Bench(
            BenchOptions(tmp_path, find_project(tmp_path)), lambda one: None, lambda one: None
        )
        await bench.start()
        try:
            await bench.evaluate('alice = ws_connect("/ws")')
            return tabbed(SoliCompleter(bench), text)
        finally:
            await bench.stop()

    found = asyncio.run(offers())
    assert expected in found
    assert unexpected not in found


def test_strings_offer_no_names(offered: Any) -> None:
    """What is no key, room, user or path is nobody's business."""
    assert offered('x = "') == []
    assert offered('print("whi') == []
    assert "Array" not in offered('alice.send({ "')


def test_offers_say_what_they_are(offered: Any) -> None:
    """Some words beside each."""
    assert offered("ws_conn", "ws_connect") == "ws_connect(path: string, options: hash = null)"
    assert offered("alic", "alice") == "WebSocketClient"
    assert offered("say", "say") == "say(room, user, text)"
    assert offered(".rel", ".reload") == "reload the app's files; clients stay"
    assert offered('ws_list_presence("', "room:a") == "1 member"


def test_nothing_is_offered_for_what_is_not_known(offered: Any) -> None:
    """No method of just any type, and nothing is evaluated to find out."""
    assert offered("nothing_yet.up") == []
    assert offered("alice.close.up") == []


def test_long_lines_cost_little() -> None:
    """Only the end of a line is looked at."""

    class Nothing:
        names = None
        service = None

        def variables(self) -> dict[str, Any]:
            return {}

        machine = SimpleNamespace(globals={}, methods={})

    completer = SoliCompleter(Nothing())  # type: ignore[arg-type]
    for text in ("a." * 100_000, '"' + "\\" * 200_000, "a[0]" * 100_000 + ".x", "x" * 300_000):
        started = time.perf_counter()
        completer.offered(text)
        assert time.perf_counter() - started < 1


def test_files_that_cannot_be_read_offer_nothing() -> None:
    assert paths("/nowhere/at/all") == []


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("if true", True),
        ("x = [1,", True),
        ("x = 1", False),
        ("x = )", False),
        (".rooms", False),
        ("", False),
        ("if true\n\n", False),
    ],
)
def test_enter_goes_on_in_what_is_unfinished(text: str, more: bool) -> None:
    assert wants_more(text) is more


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("def f(x)\n  if x\n    1\n    end", "def f(x)\n  if x\n    1\n  end"),
        ("def f(x)\n  if x\n    1\n    else", "def f(x)\n  if x\n    1\n  else"),
        ("def f\n  end", "def f\nend"),
        ("x = {\n  a: 1,\n  }", "x = {\n  a: 1,\n}"),
        ("def f\n  try\n    g()\n    catch", "def f\n  try\n    g()\n  catch"),
        ("def f\n  send", "def f\n  send"),
        ("def f\n  x end", "def f\n  x end"),
        ("  end", "end"),
    ],
)
def test_words_that_close_a_block_move_to_it(typed: str, expected: str) -> None:
    buffer = Buffer()
    buffer.insert_text(typed)
    dedent(buffer)
    assert buffer.text == expected
    assert buffer.document.is_cursor_at_the_end


def test_the_next_line_is_indented() -> None:
    assert indentation("def f(x)") == "  "
    assert indentation("def f\n  list.each do") == "    "
    assert indentation("def f\n  x = 1") == "  "
    assert indentation("x = [\n  1,") == "  "

"""What Tab offers, and what it costs at the limit."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from soli_runtime.cli.repl.bench import Bench, BenchOptions
from soli_runtime.cli.repl.completing import SoliCompleter, paths
from soli_runtime.cli.repl.terminal import indentation, wants_more
from soli_runtime.loading.project import find_project

CHAT = Path(__file__).parents[3] / "examples" / "chat"


def tabbed(completer: SoliCompleter, text: str) -> list[str]:
    """What Tab shows after *text*."""
    found = completer.get_completions(Document(text), CompleteEvent())
    return [one.text for one in found]


@pytest.fixture(scope="module")
def offered() -> Any:
    """Offers for the end of a text, in a session of the chat with some variables."""

    async def offers(text: str) -> list[str]:
        bench = Bench(BenchOptions(CHAT, find_project(CHAT)), lambda one: None, lambda one: None)
        await bench.start()
        try:
            await bench.evaluate('alice = ws_connect("/ws/room/a?name=Al")')
            await bench.evaluate('data = { "name": "Al", "tags": ["a"], "age": 3 }')
            await bench.evaluate(
                "class Car\n  new()\n    this.km = 1\n  end\n  def drive\n  end\nend\ncar = Car.new"
            )
            return tabbed(SoliCompleter(bench), text)
        finally:
            await bench.stop()

    return lambda text: asyncio.run(offers(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ali", "alice"),
        ("x = ws_con", "ws_connect"),
        ("whi", "while"),
        ("ws_", "ws_send"),
        ("pri", "print"),
        ("uui", "uuid_v4"),
        ("rememb", "remember"),
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
        ('ws_connect("/ws/ro', "/ws/room/:room_id"),
    ],
)
def test_what_is_offered(
    offered: Any, text: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(CHAT)
    if text.startswith("doc"):
        assert expected not in offered(text)  # no builtin of that name
    else:
        assert expected in offered(text)


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
    assert paths("/nowhere/at/all", []) == []


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


def test_the_next_line_is_indented() -> None:
    assert indentation("def f(x)") == "  "
    assert indentation("  list.each do") == "    "
    assert indentation("  x = 1") == "  "

"""`process-variable`: variables that handlers change, which every process has for itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from soli_runtime.tools.checks import ProgramCheck

from soli_lang.base.source import Source

ROUTE = 'router_websocket("/ws/a", "a#handle")\n'


def changed(text: str) -> list[tuple[int, str]]:
    """(line, variable) of each finding in a single file."""
    source = Source("app.soli", text)
    found = ProgramCheck().check_source(Path("app.soli"), source)
    return [
        (source.position(one.span.start).line, one.message.split(" is a variable")[0])
        for one in found
        if one.code == "process-variable"
    ]


def handler(before: str, body: str, after: str = "") -> str:
    return f"{before}\ndef handle(event)\n  {body}\n  {{}}\nend\n{after}\n{ROUTE}"


@pytest.mark.parametrize(
    ("before", "body", "name"),
    [
        ("votes = {}", 'votes["a"] = 1', "votes"),
        ("let votes = {}", 'votes["a"]["b"] = 1', "votes"),
        ("total = 0", "total += 1", "total"),
        ("total = 0", "total++", "total"),
        ("last = null", 'last = event["message"]', "last"),
        ("names = []", 'names << "x"', "names"),
        ("names = []", 'names.push("x")', "names"),
        ("const SEEN = {}", 'SEEN.delete("x")', "SEEN"),
        ("seen = {}", "seen.clear", "seen"),
        ("total = 0", "[1, 2].each do |n| total += n end", "total"),
        ("cache = {}", 'cache["x"] ||= 1', "cache"),
        ("class Game\n  static rounds = 0\nend", "Game.rounds += 1", "Game.rounds"),
    ],
)
def test_what_a_handler_changes_is_found(before: str, body: str, name: str) -> None:
    line = before.count("\n") + 3
    assert changed(handler(before, body)) == [(line, name)]


def test_what_functions_change_that_the_handler_calls_is_found() -> None:
    after = "def add(name)\n  keep(name)\nend\ndef keep(name)\n  names << name\nend"
    assert changed(handler("names = []", 'add("x")', after)) == [(10, "names")]


def test_an_object_that_changes_itself_is_found() -> None:
    before = "class Game\n  def play(cell)\n    @last = cell\n  end\nend\ngame = new Game()"
    assert changed(handler(before, 'game.play("a")')) == [(8, "game")]


@pytest.mark.parametrize(
    ("before", "body"),
    [
        ("limit = 5", "print(limit)"),
        ("votes = {}", "votes.keys.each do |key| print(key) end"),
        ("names = [1]", "first = names.shift\n  print(first)"),  # gives all but the first
        ("x = 1", "fn = |x| do\n    x += 1\n  end\n  fn(2)"),
        ("", "votes = {}\n  votes[1] = 2"),
        ("class Game\n  def look\n    @last\n  end\nend\ngame = new Game()", "game.look"),
    ],
)
def test_what_a_handler_reads_or_has_for_itself_is_none(before: str, body: str) -> None:
    assert changed(handler(before, body)) == []


def test_what_no_handler_reaches_is_none() -> None:
    assert changed(handler("n = 0", "print(1)", "def never\n  n += 1\nend")) == []


def test_a_file_without_routes_has_none() -> None:
    assert changed("n = 0\ndef handle(event)\n  n += 1\n  {}\nend") == []


def test_each_variable_is_told_once_where_it_first_changes() -> None:
    assert changed(handler("n = 0", "n += 1\n  n += 1")) == [(3, "n")]


def test_an_action_is_pointed_to_kv() -> None:
    text = 'n = 0\ndef hit(req)\n  n += 1\n  "x"\nend\nget("/hit", "app#hit")\n'
    found = ProgramCheck().check_source(Path("app.soli"), Source("app.soli", text))
    (one,) = (one for one in found if one.code == "process-variable")
    assert one.message == "n is a variable of each process; keep it in KV"


def test_a_shared_file_that_controllers_use(tmp_path: Path) -> None:
    app = tmp_path / "app"
    (app / "controllers").mkdir(parents=True)
    (app / "models").mkdir()
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "routes.soli").write_text('router_websocket("/ws/a", "a#handle")\n')
    (app / "controllers" / "a_controller.soli").write_text(
        "def handle(event)\n  count_one\n  {}\nend\n"
    )
    shared = app / "models" / "counts.soli"
    shared.write_text("n = 0\ndef count_one\n  n += 1\nend\nm = 0\ndef unused\n  m += 1\nend\n")
    found = ProgramCheck().check_file(shared)
    assert [one.message for one in found if one.code == "process-variable"] == [
        "n is a variable of each process; keep it in the room"
    ]

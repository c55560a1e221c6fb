"""What is offered behind a dot, by the inferred type of what stands before it."""

from __future__ import annotations

from pathlib import Path

import pytest
from soli_runtime.tools.editing.completing import Completing
from soli_runtime.tools.editing.documents import Document
from soli_runtime.tools.editing.library import Library
from soli_runtime.tools.editing.projects import Projects
from soli_runtime.tools.editing.protocol.diagnosing import Diagnosing

PROGRAM = """router_websocket("/ws/:room", "a#handle")

class Person
  name: String
  age: Int = 0
  static count: Int = 0
  new(name)
    this.name = name
    @tags = []
  end
  def greeting
    "hi " + @name
  end
  static def anybody
    Person.new("Ada")
  end
end

class Pupil extends Person
  school: String
  def learn() 1 end
end

enum Color Red Green end

def somebody(name)
  Person.new(name)
end

def handle(event)
  room = event["params"]["room"]
  user = somebody("Ada")
  pupil = Pupil.new("Bob")
  names = ["a", "b"]
  point = { "x": 1, "y": "two" }
  text = room + "!"
  names.each |one|
    print(one)
  end
  {}
end
"""
LIBRARY = Library()


def offered(tmp_path: Path, written: str, before: str = "  {}\nend") -> dict[str, str]:
    """What is offered where *written* ends, which somebody just typed before *before*: name ->
    what is said of it."""
    path = tmp_path / "app.soli"
    path.write_text(PROGRAM, "utf-8")
    diagnosing = Diagnosing()
    old = Document(path, PROGRAM)
    diagnosing.diagnostics(old)
    at = PROGRAM.index(before)
    document = Document(path, f"{PROGRAM[:at]}{written}\n{PROGRAM[at:]}", old)
    completing = Completing(document, LIBRARY, Projects(), diagnosing.typed(document))
    return {one.text: one.detail for one in completing.offers(at + len(written))}


@pytest.mark.parametrize(
    ("written", "there", "missing"),
    [
        ("  user.", {"name", "age", "greeting", "tags"}, {"upcase", "learn", "push"}),
        ("  pupil.", {"name", "school", "learn", "greeting"}, {"upcase", "count"}),
        ("  names.", {"push", "map"}, {"upcase", "greeting"}),
        ("  names.first.", {"upcase"}, {"push", "greeting"}),
        ("  text.", {"upcase"}, {"push", "greeting"}),
        ("  point.", {"x", "y", "keys"}, {"upcase", "push"}),
        ('  point["', {"x", "y"}, {"upcase"}),
        ("  event.", {"type", "params", "message"}, {"upcase", "push"}),
        ('  event["params"]["', {"room"}, {"x"}),
        ("  Person.", {"anybody", "count", "new"}, {"upcase", "greeting"}),
        ("  Color.", {"Red", "Green"}, {"upcase"}),
        ("  Color.Red.", {"variant"}, {"upcase"}),
        ('  somebody("x").', {"greeting", "age"}, {"upcase", "push"}),
        ("  user.greeting.", {"upcase"}, {"push", "age"}),
        ("  room.", {"upcase"}, {"push", "age"}),
    ],
)
def test_the_members_of_its_type_are_offered_and_no_others(
    written: str, there: set[str], missing: set[str], tmp_path: Path
) -> None:
    found = offered(tmp_path, written).keys()

    assert there <= found
    assert found.isdisjoint(missing)


def test_parameters_of_blocks_and_this_are_known(tmp_path: Path) -> None:
    block = offered(tmp_path, "    one.", "    print(one)\n").keys()
    own = offered(tmp_path, "    @name.", '    "hi " + @name').keys()
    this = offered(tmp_path, "    this.", '    "hi " + @name').keys()

    assert "upcase" in block
    assert "push" not in block
    assert "upcase" in own
    assert "push" not in own
    assert {"name", "greeting"} <= this


def test_a_member_says_whose_it_is_and_a_key_what_it_has(tmp_path: Path) -> None:
    assert offered(tmp_path, "  pupil.")["greeting"] == "Person"
    assert offered(tmp_path, "  point.")["x"] == "Int"


def test_what_nobody_knows_has_all_methods(tmp_path: Path) -> None:
    assert {"upcase", "push"} <= offered(tmp_path, '  event["message"].to_h["a"].').keys()

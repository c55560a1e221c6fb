"""Renaming methods and fields: by the inferred types of what they are read of."""

from __future__ import annotations

from pathlib import Path

import pytest
from soli_runtime.tools.editing.documents import Document
from soli_runtime.tools.editing.everywhere.refusing import CannotRename
from soli_runtime.tools.editing.everywhere.renaming import Renaming, applied
from soli_runtime.tools.editing.everywhere.workspace import Workspace
from soli_runtime.tools.editing.library import Library
from soli_runtime.tools.editing.projects import Projects
from soli_runtime.tools.editing.protocol.diagnosing import Diagnosing

LIBRARY = Library()
DIAGNOSING = Diagnosing()
PROGRAM = """class Animal
  legs: Int = 4
  def noise() "?" end
  def speak
    this.noise.upcase + @legs.to_s
  end
end

class Dog extends Animal
  def noise
    super.noise + "woof"
  end
end

class Robot
  def noise() "beep" end
end

dog = Dog.new()
robot = new Robot()
print(dog.noise, robot.noise, dog.speak, dog.legs, [1].length)
"""


def rename(text: str, place: str, name: str, more: str = "") -> str:
    """*text*, once what stands at *place* is called *name*."""
    document = Document(Path("animals.soli"), text)
    other = Document(Path("other.soli"), more)
    workspace = Workspace(Projects(), lambda: [document, other] if more else [document])
    renaming = Renaming(workspace, LIBRARY, DIAGNOSING.types_of)
    found = renaming.renamed(document, text.index(place) + len(place) - 1, name)
    return next(applied(text, one.edits) for one in found if one.document is document)


@pytest.mark.parametrize("place", ["def noise", "this.noise", "super.noise", "print(dog.noise"])
def test_a_method_is_renamed_with_its_overrides_and_not_that_of_another_class(place: str) -> None:
    changed = rename(PROGRAM, place, "sound")

    expected = PROGRAM.replace("noise", "sound").replace('sound() "beep"', 'noise() "beep"')
    assert changed == expected.replace("robot.sound", "robot.noise")


@pytest.mark.parametrize("place", ["  legs", "@legs", "dog.legs"])
def test_a_field_is_renamed(place: str) -> None:
    assert rename(PROGRAM, place, "feet") == PROGRAM.replace("legs", "feet")


def test_a_call_of_what_nobody_knows_is_a_use_if_nothing_else_has_it() -> None:
    text = "class A\n  def greet() 1 end\nend\ndef f(x)\n  x.greet()\nend\nprint(f(A.new()))\n"

    assert rename(text, "def greet", "hail") == text.replace("greet", "hail")


@pytest.mark.parametrize(
    ("text", "place", "name", "reason"),
    [
        (PROGRAM, "def noise", "speak", "Animal has 'speak' already"),
        (PROGRAM, "def noise", "inspect", "every value has 'inspect' already"),
        (PROGRAM, "def noise", "end", "'end' is no name for a member"),
        (PROGRAM, "[1].length", "size", "'length' is a member of a builtin type here"),
        (PROGRAM + "def f(x) x.noise end\n", "def noise", "sound",
         "whose member animals.soli:22 means is known when the program runs; rename it by hand"),
        (PROGRAM + 'print(["a"].sort_by("noise"))\n', "def noise", "sound",
         "'noise' in animals.soli:22 may mean the member; rename both by hand"),
        (PROGRAM + "print([dog].map(&:noise))\n", "def noise", "sound",
         "'noise' in animals.soli:22 may mean the member; rename both by hand"),
        ('class N\n  text: String\nend\nprint(new N({ "text": "a" }).text)\n', "  text", "words",
         "'text' in animals.soli:4 may mean the member; rename both by hand"),
        ("class J\n  static def perform(x) x end\nend\n", "def perform", "run",
         "'perform' is called by its name from outside of the program"),
        ("class P\n  def a() 1 end\n  def method_missing(n, args) n end\nend\n", "def a", "b",
         "P may have members that its text does not show; rename by hand"),
    ],
)  # fmt: skip
def test_what_might_change_the_program_is_refused(
    text: str, place: str, name: str, reason: str
) -> None:
    with pytest.raises(CannotRename) as refused:
        rename(text, place, name)

    assert str(refused.value) == reason

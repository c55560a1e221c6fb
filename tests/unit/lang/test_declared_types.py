"""Declared types at run time: at calls from outside, and everywhere where the host asks for it."""

from __future__ import annotations

from typing import Any

import pytest
from soli_stdlib import install

from soli_lang import Interpreter, SoliError, render

TOTAL = """def total(n: Int, label: String = "a", rate: Float? = null) -> Int
  n
end

class Shape
end

class Square < Shape
  side: Int
end

interface Drawable
  def draw
end

enum Kind
  Round
  Flat
end

def shape(one: Shape?) -> Any
  one
end

def drawn(one: Drawable)
  one
end

def kind(one: Kind, many: Int[])
  many
end

def free(a, b: Any, f: Function)
  a
end

def square
  new Square()
end

def outer(n)
  total(n)
end

def own(n: Sqaure)
  n
end

def round
  Kind.Round
end
"""


@pytest.fixture(scope="module")
def program() -> Any:
    return Interpreter(install).load(TOTAL, "total.soli")


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("total", (1,)),
        ("total", (1, "b", 2.5)),
        ("total", (1, "b", 2)),
        ("total", (1, "b", None)),
        ("shape", (None,)),
        ("free", (1, [], lambda: 1)),
    ],
)
def test_what_fits_comes_in(program: Any, name: str, arguments: tuple[Any, ...]) -> None:
    """An Int is a Float, `T?` may be null, `Any` is anything."""
    interpreter = Interpreter(install)
    if name == "free":
        interpreter.define("host", arguments[2])
        arguments = (1, [], interpreter.machine.globals["host"])

    assert program.call(name, *arguments) == arguments[0]


@pytest.mark.parametrize(
    ("name", "arguments", "text"),
    [
        ("total", ("three",), "'total' takes Int as 'n', this is String"),
        ("total", (None,), "'total' takes Int as 'n', this is null"),
        ("total", (True,), "'total' takes Int as 'n', this is Bool"),
        ("total", (1, 2), "'total' takes String as 'label', this is Int"),
        ("total", (1, "a", "b"), "'total' takes Float? as 'rate', this is String"),
        ("shape", ({},), "'shape' takes Shape? as 'one', this is Hash"),
        ("drawn", (5,), "'drawn' takes Drawable as 'one', this is Int"),
        ("kind", ("Round", []), "'kind' takes Kind as 'one', this is String"),
        ("free", (1, 2, 3), "'free' takes Function as 'f', this is Int"),
        ("own", (3,), "'own' takes Sqaure as 'n', this is Int"),
    ],
)
def test_a_call_from_outside_is_checked(
    program: Any, name: str, arguments: tuple[Any, ...], text: str
) -> None:
    """At the declaration of the parameter; the function does not run."""
    with pytest.raises(SoliError, match="Type error") as caught:
        program.call(name, *arguments)

    assert caught.value.message == f"Type error: {text}"
    assert "total.soli:" in render(caught.value)


def test_objects_of_classes_below_and_of_interfaces_fit(program: Any) -> None:
    """Unlike for results, whose exact class is checked."""
    square = program.call("square")

    assert program.call("shape", square) is square
    assert program.call("drawn", square) is square
    assert program.call("kind", program.call("round"), [1]) == [1]
    with pytest.raises(SoliError, match="'kind' takes Kind as 'one', this is Square"):
        program.call("kind", square, [])


def test_calls_inside_are_not_checked(program: Any) -> None:
    """`total` is called with a text there, and fails by its result."""
    with pytest.raises(SoliError, match="expected to return Int, got string"):
        program.call("outer", "three")


EVERYWHERE = {
    "outer('a')": "'total' takes Int as 'n', this is String",
    "total(1, label: 5)": "'total' takes String as 'label', this is Int",
    "let n: Int = 'a'": "'n' is declared Int, this is String",
    "const N: Float = 'a'": "'N' is declared Float, this is String",
    "let n: Int = 1\nn = 2\nn = 2.5": "'n' is declared Int, this is Float",
    "let n: Int = 1\nn += 0.5": "'n' is declared Int, this is Float",
    "let n: Int = 1\n[1].each(|x| n = 'a')": "'n' is declared Int, this is String",
    "def f(n: Int)\n n = 'a'\nend\nf(1)": "'f' takes Int as 'n', this is String",
    "def f(n: Int = 'a')\n n\nend\nf()": "'f' takes Int as 'n', this is String",
    "g = |n: Int| { n }\n['a'].map(g)": "'<lambda>' takes Int as 'n', this is String",
    "s = new Square()\ns.side = 'a'": "'side' is declared Int, this is String",
    "s = new Square()\ns.side = null": "'side' is declared Int, this is null",
    "Square.new({ 'side': 'a' })": "'side' is declared Int, this is String",
    "class Cube < Square\nend\nCube.new({ 'side': 'a' })": "'side' is declared Int, this is String",
    "class A\n n: Int = 'a'\nend\nnew A()": "'n' is declared Int, this is String",
    "class A\n n: Int\n new(n)\n  @n = n\n end\nend\nnew A('a')": (
        "'n' is declared Int, this is String"
    ),
    "class A\n def set(n: Int)\n  n\n end\nend\nnew A().set('a')": (
        "'set' takes Int as 'n', this is String"
    ),
}


@pytest.mark.parametrize(("text", "error"), EVERYWHERE.items())
def test_a_host_may_have_all_types_checked(text: str, error: str) -> None:
    """Without that, none of these programs fails for its types."""
    checking = Interpreter(install, check_types=True)
    with pytest.raises(SoliError, match="Type error") as caught:
        checking.load(TOTAL + text, "all.soli")
    assert caught.value.message == f"Type error: {error}"
    assert caught.value.place[0] > 0

    if "total(" not in text and "outer" not in text:
        Interpreter(install).load(TOTAL + text)


RIGHT = """let n: Int = 1
n = n + 1
let f: Float = 1
let late: String? = null
late = "a"
s = new Square()
s.side = 5
t = Square.new({ "side": 6 })
def count(items: Int[]) -> Int
  items.length
end
"""


def test_right_programs_run_as_ever_with_checks() -> None:
    """A field without a value is null until it has one."""
    program = Interpreter(install, check_types=True).load(TOTAL + RIGHT)

    assert program.get("n") == 2
    assert program.call("count", [1, 2]) == 2
    assert program.get("s").fields["side"] == 5

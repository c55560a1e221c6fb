"""Fields, keys and small methods that are written out behave like those that are looked up."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest
from soli_stdlib import install

from soli_lang import Interpreter, LimitError, Limits, SoliError


def run(text: str, limits: Limits | None = None) -> Any:
    return Interpreter(install, limits=limits or Limits()).run(text)


@pytest.fixture
def deep_stack() -> Iterator[None]:
    """Room for all of Soli's depth."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(10_000)
    yield
    sys.setrecursionlimit(before)


RECEIVERS = """
class Named
  name: String
  new(name)
    @name = name
  end
end
class Computed
  def name
    "computed"
  end
end
class Silent
  def method_missing(name)
    "missing"
  end
end
"""


def test_one_place_reads_members_of_all_kinds_of_receivers() -> None:
    """A field, a key, a key that is not there, a method: each as if it were alone."""
    text = f"""{RECEIVERS}
def names(xs)
  xs.map(&:name)
end
names([Named("field"), {{ "name": "key" }}, {{}}, Computed(), Named])
"""
    assert run(text) == ["field", "key", None, "computed", "Named"]


@pytest.mark.parametrize("count", [3, 40])
def test_a_member_that_is_not_there_is_an_error_at_its_place(count: int) -> None:
    """In blocks that become loops, too."""
    with pytest.raises(SoliError, match="Cannot access property 'name' on int") as caught:
        run(f"xs = (0..{count}).map(|i| i)\nxs.map(&:name)")

    assert caught.value.place == (2, 9)


def test_a_field_named_like_a_small_method_is_the_field() -> None:
    """`length` is written out for texts; objects have their own."""
    text = """
class Rope
  length: Int = 7
  def first
    "mine"
  end
  def contains(part)
    part + "!"
  end
end
r = Rope()
[r.length, r.first, r.first(), r.contains("a"), "abc".length, [4].first]
"""
    assert run(text) == [7, "mine", "mine", "a!", 3, 4]


@pytest.mark.parametrize(
    ("access", "receiver", "kind", "method"),
    [
        ("x.length", '"abc"', "String", "length"),
        ("x.length()", '"abc"', "String", "length"),
        ("x.first", "[1]", "Array", "first"),
        ('x.starts_with?("a")', '"abc"', "String", "starts_with?"),
        ("x.abs", "-3", "Int", "abs"),
        ("x.label", '{ "label": 1 }', "Hash", "label"),
    ],
)
def test_a_method_that_a_program_adds_counts_at_old_places(
    access: str, receiver: str, kind: str, method: str
) -> None:
    """What was written out before the change gives way to it."""
    parameters = "(part)" if "(" in access and ")" in access and '"' in access else "()"
    text = f"""
def ask(x)
  {access}
end
before = ask({receiver})
{kind}.define_method("{method}", fn{parameters} {{ "mine" }})
[before == "mine", ask({receiver})]
"""
    assert run(text) == [False, "mine"]


def test_an_unset_variable_before_a_dot_is_an_error() -> None:
    """Its slot is read as it is; what it holds is looked at when nothing else fits."""
    text = "def f(a)\n  if a\n    late = 1\n  end\n  late.{}\nend\nf(false)"
    for access in ("name", "length", "trim()", 'starts_with?("a")'):
        with pytest.raises(SoliError, match="Undefined variable 'late'"):
            run(text.format(access))


def test_a_function_before_a_dot_is_called() -> None:
    """As by any bare name (docs/spec §6.6)."""
    text = """
def word
  "abc"
end
def f(g)
  [g.length, g.upcase(), g.starts_with?("a"), "abcd".starts_with?(g)]
end
f(word)
"""
    assert run(text) == [3, "ABC", True, True]


def test_receiver_and_argument_are_evaluated_once_and_in_order() -> None:
    """Whether or not the receiver is one that the method is written out for."""
    text = """
seen = []
def note(value)
  seen.push(value)
  value
end
[note("abc").starts_with?(note("a")), note({"a": 1}).has_key(note("a")), note([7]).get(note(0)),
 seen]
"""
    assert run(text) == [True, True, 7, ["abc", "a", {"a": 1}, "a", [7], 0]]


@pytest.mark.parametrize("access", ["starts_with?(1)", "contains(1)", "ends_with?(null)"])
def test_an_argument_of_another_type_is_the_usual_error(access: str) -> None:
    """Only what is written out is skipped; checks are made where it is not."""
    with pytest.raises(SoliError, match="expects a string argument"):
        run(f'x = "abc"\nx.{access}')


def test_long_texts_are_paid_for() -> None:
    """A small method of a large receiver is work: then it is not written out."""
    text = 'x = "a" * 64000\ni = 0\nwhile i < 100\n  y = x.upcase\n  i += 1\nend\ny.length'

    assert run(text, Limits(max_steps=150_000)) == 64_000
    with pytest.raises(LimitError, match="step limit"):
        run(text, Limits(max_steps=50_000))


def test_the_smallest_int_has_no_distance_from_zero() -> None:
    """`abs` is written out for all others."""
    with pytest.raises(SoliError, match="overflow"):
        run("x = -9223372036854775807 - 1\nx.abs")


@pytest.mark.usefixtures("deep_stack")
@pytest.mark.parametrize(
    "body",
    [
        "def a\n    @other.b\n  end\n  def b\n    @other.a\n  end",
        "def a\n    this.b\n  end\n  def b\n    this.a\n  end",
        "def a\n    this.contains(1)\n  end\n  def contains(x)\n    this.contains(x)\n  end",
        "def a\n    [this].map(&:a)\n  end",
    ],
)
def test_methods_that_only_read_members_end_at_the_limit_of_depth(body: str) -> None:
    """They have no frame and no place in the depth, but those they call have."""
    text = f"""
class Loop
  other: Any
  {body}
end
x = Loop()
x.other = x
x.a
"""
    with pytest.raises(LimitError, match=r"call stack too deep \(200 frames\)"):
        run(text, Limits(max_depth=200))


def test_a_method_that_ends_in_next_yields_null() -> None:
    """Called with parentheses, without, and from a callback."""
    text = """
class Gate
  def pass(x)
    next if x
    5
  end
  def shut
    next if true
    5
  end
end
g = Gate()
[g.pass(true), g.pass(false), g.shut, g.shut(), [g, g].map(&:shut)]
"""
    assert run(text) == [None, 5, None, None, [None, None]]


def test_safe_access_of_null_is_null() -> None:
    """`&.` asks nothing of null, and the same as `.` of all others."""
    text = 'def f(x)\n  [x&.length, x&.name, x&.nil?]\nend\n[f(null), f({ "name": 2 })]'

    assert run(text) == [[None, None, None], [1, 2, False]]
    assert run("x = null\n[x.nil?, x.nil? ?? 5]") == [True, 5]


def test_a_static_method_that_a_program_replaces_is_the_new_one_at_old_calls() -> None:
    text = """
def ask()
  [Math.floor(2.5), Math.floor(3.5)]
end
before = ask()
class Math
  static def floor(number)
    "own #{number}"
  end
end
[before, ask()]
"""
    assert run(text) == [[2, 3], ["own 2.5", "own 3.5"]]


RECEIVER_CALLS = """
class Pair
  def plus(n)
    "pair #{n}"
  end
end
def made()
  Pair()
end
def day()
  DateTime.from_unix(86400)
end
def text()
  "ab"
end
"""


@pytest.mark.parametrize(
    ("receiver", "call", "expected"),
    [
        ("Pair()", "plus(1)", "pair 1"),
        ("made", "plus(2)", "pair 2"),
        ("&made", "plus(3)", "pair 3"),
        ("day", "add_hours(1).to_unix", 90_000),
        ("&day", "add_hours(2).to_unix", 93_600),
        ("&text", 'contains("b")', True),
        ("{}", "plus(4)", "Cannot access"),
    ],
)
def test_a_receiver_that_holds_a_function_is_what_it_gives(
    receiver: str, call: str, expected: object
) -> None:
    """A bare name calls it, in a call of a method, too; however often that was something else."""
    given = f"[fn() {receiver[1:]} end]" if receiver[0] == "&" else f"[{receiver}]"
    text = f"""{RECEIVER_CALLS}
def ask(held)
  held.{call}
end
{given}.map(|one| ask(one))[0]
"""
    try:
        assert run(text) == expected
    except SoliError as error:
        assert str(expected) in str(error)  # noqa: PT017


def test_a_receiver_without_a_value_is_named() -> None:
    text = """
def ask()
  later.trim("x") if false
  found = later.starts_with("x")
  later = "x"
  found
end
ask()
"""
    with pytest.raises(SoliError, match="later"):
        run(text)


@pytest.mark.parametrize("call", ["center(9)", "capitalize"])
def test_a_method_that_a_program_replaces_is_the_new_one_at_old_calls(call: str) -> None:
    """Where only one builtin class has a method of that name, too."""
    name, takes = call.split("(")[0], "(n)" if "(" in call else "()"
    text = f"""
def ask(text)
  text.{call}
end
before = ask("ab")
String.define_method("{name}", fn{takes} "own" end)
[before.downcase.trim, ask("ab")]
"""
    assert run(text) == ["ab", "own"]

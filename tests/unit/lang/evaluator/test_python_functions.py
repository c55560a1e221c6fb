"""Functions of a program become functions of Python's, and nobody can tell."""

from __future__ import annotations

import builtins
import keyword
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from soli_runtime.builtins.library import install_library
from soli_stdlib import install

from soli_lang import Interpreter, SoliError
from soli_lang.base.source import Source
from soli_lang.syntax.parser import parse
from soli_lang.syntax.scanner.tokens import KEYWORDS

ROOT = Path(__file__).parents[4]


def run(text: str) -> Any:
    return Interpreter(install).run(text)


# --- names ---

INTERNAL = (
    "machine slots places fuel depth refuel make main f this_ item items items0 part start found "
    "t1 t2 v0 v1 c0 k0 p0 h1 pv0 e UNSET SKIP NEXT BREAK SPECIAL __builtins__ __class__ __debug__ "
    "__name__ __file__ __import__ exec eval globals locals type_ object fields special member"
).split()
PYTHONS = {*keyword.kwlist, *keyword.softkwlist, *dir(builtins), *INTERNAL} - {*KEYWORDS, "next"}


@pytest.mark.parametrize("name", sorted(PYTHONS))
def test_a_name_means_nothing_to_python(name: str) -> None:
    """Parameters, locals, captured ones, fields, methods and functions may have any."""
    text = f"""
def outer({name}, other = 2)
  {name}_1 = {name}
  add = fn(k) {{ {name} = {name} + k }}
  add(1)
  for {name}_2 in [1, 2]
    {name} += {name}_2
  end
  [{name}, {name}_1, "#{{{name}}}", defined("{name}")]
end
class Named
  new({name})
    @{name} = {name}
  end
  def get_{name}
    @{name}
  end
end
[outer(5), outer({name}: 1), Named.new(3).get_{name}, Named.new({name}: 4).{name}]
"""
    assert run(text) == [[9, 5, "9", True], [5, 1, "5", True], 3, 4]


def test_names_that_python_takes_for_the_same_are_two() -> None:
    """Python brings names into a normal form; ſ is then s, ﬁ is fi."""
    text = "def f(ſ, s, ﬁ, fi)\n  K = 5\n  [ſ, s, ﬁ, fi, K]\nend\nf(1, 2, 3, 4)"
    assert run(text) == [1, 2, 3, 4, 5]


def test_names_in_classes_are_not_mangled() -> None:
    """As Python does with `__name` in a class."""
    text = "class A\n  new\n    @__x = 1\n  end\n  def __m\n    @__x\n  end\nend\n"
    assert run(f"{text}[A.new().__x, A.new().__m]") == [1, 1]


@pytest.mark.parametrize("name", ["__import__", "open", "exec", "machine", "sys", "UNSET", "slots"])
def test_what_python_has_is_not_there(name: str) -> None:
    """A name that the program does not define is undefined, wherever it stands."""
    for text in (name, f"def f\n  {name}\nend\nf()", f"def f\n  {name}(1)\nend\nf()"):
        with pytest.raises(SoliError, match=f"Undefined variable '{name}'"):
            run(text)


# --- literals ---


@pytest.mark.parametrize(
    "literal",
    ["1", "1.0", "0", "0.0", '"1"', "true", "false", "null", "9223372036854775807", '""', "2.5D"],
)
def test_literals_that_python_takes_for_equal_stay_apart(literal: str) -> None:
    """1, 1.0 and true are one constant to a careless compiler."""
    kinds = "def f\n  [type(1), type(1.0), type(true), type(0), type(0.0), type(false)]\nend\nf()"
    assert run(kinds) == ["int", "float", "bool", "int", "float", "bool"]
    text = f"def f\n  x = {literal}\n  [type({literal}), {literal}, x == {literal}]\nend\nf()"
    kind, value, same = run(text)
    assert same is True
    assert type(value) is type(run(literal)), kind


@pytest.mark.parametrize(
    "code",
    ["1(2)", '"text"(1)', "null[0]", "1[0]", '"a"[1.5]', "1.5[0]", "[1](0)", "{}(1)", "true.x",
     "(1 == 1)(2)", '"x" * 1000000000000', "1 / 0", "5 % 0", "-null", "null + null"],
)  # fmt: skip
def test_what_python_warns_of_is_an_error_of_ours(code: str) -> None:
    """Python says of some of these, while it compiles, that they cannot work (warnings are errors
    here), and computes others in advance."""
    with pytest.raises(SoliError):
        run(f"def f\n  {code}\nend\nf()")
    assert run(f"def f\n  if false\n    {code}\n  end\n  4\nend\nf()") == 4


# --- what loading takes ---


def calls_of(work: Callable[[], Any]) -> int:
    """Calls of Python's functions and of C's while *work* is done."""
    count = 0

    def counted(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


def test_loading_the_chat_is_mostly_reading_it() -> None:
    """With a closure for each node, what comes after was three times as many calls as reading it;
    all was 56,000, and is 21,000."""
    text = (ROOT / "examples/chat/app/controllers/chat_controller.soli").read_text("utf-8")
    interpreter = Interpreter(install_library)
    interpreter.load("def warm\n  1\nend\nwarm()")
    reading = calls_of(lambda: parse(Source("chat", text)))
    assert calls_of(lambda: interpreter.load(text, "chat")) < 1.6 * reading


def test_functions_that_are_not_called_cost_little() -> None:
    """They are compiled when they are called first."""
    body = "  total = 0\n" + "  for x in xs\n    total += x * 2\n  end\n" * 20
    text = f"def f(xs)\n{body}  total\nend\n"
    interpreter = Interpreter(install_library)
    interpreter.load("def warm\n  1\nend\nwarm()")
    program = interpreter.load(text)
    reading = calls_of(lambda: parse(Source("f", text)))
    assert calls_of(lambda: interpreter.load(text)) < 2 * reading
    first = calls_of(lambda: program.call("f", [1]))
    assert calls_of(lambda: program.call("f", [1])) < first / 20


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("match 9 {\n[] => { return },\n_ => 1\n}", 1),
        ("match 1 { 1 => next, _ => 2 }", None),
        ("false ? next : 1", 1),
        ("true ? next : 1", None),
        ("2 && next", None),
        ("0 == 1 && next", False),
        ("x = { return 5 }", 5),
        ("[1, { return 2 }]", [1, 2]),
        ("next", None),
        ("return 5", 5),
    ],
)
def test_a_file_has_the_value_of_its_last_statement(text: str, value: Any) -> None:
    """Also where that might be left: what a REPL shows (docs/spec §5.3)."""
    assert run(text) == value

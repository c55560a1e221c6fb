"""Turns of a loop are paid for some at a time; what was not run is given back, however it ends."""

from __future__ import annotations

import pytest
from soli_stdlib import install

from soli_lang import Capabilities, Interpreter, Limits
from soli_lang.base.errors import LimitError
from soli_lang.machine.machine import TURNS

CALLS = 100
WAYS = {
    "the end": "for x in [1, 2, 3]\n  s += x\nend",
    "break": "for x in xs\n  s += x\n  break if x == 3\nend",
    "return": "for x in xs\n  s += x\n  return s if x == 3\nend",
    "throw": "try\n  for x in xs\n    s += x\n    throw s if x == 3\n  end\ncatch e\n  s\nend",
    "next": "for x in xs\n  next if x > 3\n  s += x\nend",
    "two loops": "for x in xs\n  while true\n    return s if s > 2\n    s += 1\n  end\nend",
}
WAYS |= {
    "a range": "for x in 0..3\n  s += x\nend",
    "break of a range": "for x in 0..60\n  s += x\n  break if x == 3\nend",
    "return from a range": "for x in 0..60\n  s += x\n  return s if x == 3\nend",
    "throw in a range": "try\n  for x in 0..9\n    throw s if x == 3\n  end\ncatch e\n  s\nend",
    "counting": "i = 0\nwhile i < 60\n  s += i\n  break if i == 3\n  i += 1\nend",
    "ranges": "for x in 0..2\n  for y in 0..60\n    return s if x > 0\n    break\n  end\nend",
    "leaves": "for x in 0..60\n  s = plus(s, x)\n  break if x == 2\nend",
}
WAYS["an error"] = "try\n  while true\n    s += 1\n    s.nope if s == 3\n  end\ncatch e\n  s\nend"


@pytest.mark.parametrize("way", WAYS)
def test_turns_that_were_not_run_are_given_back(way: str) -> None:
    """A call of a loop of three turns costs a handful of steps, not a hundred."""
    text = f"def plus(a, b) a + b end\ndef f(xs)\n  s = 0\n{WAYS[way]}\n  s\nend\n"
    text += f"def all(xs)\n  {'f(xs); ' * CALLS}0\nend"
    interpreter = Interpreter(install, limits=Limits(max_steps=1_000_000))
    program = interpreter.load(text)
    program.call("f", [1, 2, 3, 4, 5])  # written by now
    used = 0

    def measured() -> None:
        nonlocal used
        interpreter.machine.call(program.get("all"), [1, 2, 3, 4, 5])
        used = interpreter.machine.steps_used() or 0

    interpreter.machine.guarded(measured)
    assert CALLS * 3 < used < CALLS * 10


LOOPS = {
    "a range": "for i in 0..n\n  s = s + 1\nend",
    "a list": "for i in (0..n).map(|i| i)\n  s = s + 1\nend",
    "counting": "i = 0\nwhile i < n\n  s = s + 1\n  i += 1\nend",
    "leaves": "def plus(a, b) a + b end\nfor i in 0..n / 2\n  s = plus(s, i)\nend",
}


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("turns", [2, TURNS - 2, TURNS, TURNS + 2, 5 * TURNS, 3000])
def test_a_budget_ends_at_its_step(loop: str, turns: int) -> None:
    """A loop runs within a budget that is just enough, and not within one that is a step less."""
    text = f"def f(n)\n  s = 0\n{LOOPS[loop]}\n  s\nend\nf({turns})"

    def ends(steps: int) -> bool:
        try:
            Interpreter(install, limits=Limits(max_steps=steps)).run(text)
        except LimitError:
            return False
        return True

    low, high = 1, 10 * turns + 1000
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if ends(middle) else (middle + 1, high)
    assert turns < low < 20 + (turns if loop != "a list" else turns * 5 // 2)
    assert not ends(low - 1)


def test_an_endless_loop_ends_at_the_limit_in_any_shape() -> None:
    """In a function, at the top level, in a handler of errors, called by another loop."""
    for text in (
        "while true\nend",
        "def f()\n  while true\n  end\nend\nf()",
        "def f()\n  try\n    nope()\n  catch e\n    while true\n    end\n  end\nend\nf()",
        "def f()\n  for i in [1]\n    return i\n  end\nend\nfor x in 0..999999999\n  f()\nend",
        "def f(n)\n  for i in [1, 2]\n    throw i\n  end\nend\nwhile true\n  f(1) rescue 1\nend",
    ):
        interpreter = Interpreter(install, limits=Limits(max_steps=20_000, max_depth=50))
        with pytest.raises(LimitError, match="step limit exceeded"):
            interpreter.run(text)


CONSTANTS = """
def early() LIMIT end
print(early() rescue "not yet")
const LIMIT = 3
def f(i)
  while i < LIMIT
    i = i + 1
  end
  "#{i} #{-7 % LIMIT} #{LIMIT}"
end
print(early(), f(0))
"""


def test_a_constant_is_a_constant_of_pythons_once_it_has_its_value() -> None:
    """A function that is called before is written with the variable."""
    printed: list[str] = []

    Interpreter(install, capabilities=Capabilities(output=printed.append)).run(CONSTANTS)
    assert "".join(printed) == "not yet\n3 3 -1 3\n"


def test_a_name_that_is_declared_twice_is_no_constant() -> None:
    """Nor is one of a REPL's, whose inputs declare anew what those before have used."""
    run = Interpreter(install).run
    twice = "def f() N end\nconst N = 1\na = f()\nlet N = 2\n[a, f()]"
    assert run(twice) == [1, 2]
    session = Interpreter(install).session()
    session.run("const N = 1\ndef f() N end\nf()")
    session.run("let N = 2")
    assert session.run("f()") == 2

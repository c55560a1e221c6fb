"""Functions that are one piece of arithmetic are written where they are called, and still called
where that is not the same."""

from __future__ import annotations

from typing import Any

import pytest
from soli_stdlib import install

from soli_lang import Interpreter, SoliError
from soli_lang.evaluator.writers import leaves

MOST = 2**63 - 1
VALUES: list[Any] = [0, 1, -1, 7, MOST, -MOST - 1, 2.5, True, "ab", None, [1]]
BODIES = ["a + b", "a * 2 - b", "a % b", "a < b", "(a - b) % 3", "b", "b + 1", "return a * b"]


def outcome(run: Any, *given: Any) -> Any:
    """The result as Python writes it, or the error with its place and backtrace."""
    try:
        return repr(run.call("f", *given))
    except SoliError as error:
        return error.message, error.place, [str(frame) for frame in error.backtrace]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("is_local", [False, True])
def test_a_leaf_gives_what_a_call_gives(
    body: str, is_local: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever it is given; errors have the same place and backtrace."""
    text = f"def g(a, b) {body} end\ndef f(x, y)\n  g(x, y)\nend"
    if is_local:
        text = f"def f(x, y)\n  g = |a, b| {{ {body} }}\n  g(x, y)\nend"
    written = Interpreter(install).load(text, "leaves")
    outcome(written, 1, 1)
    monkeypatch.setattr(leaves, "leaf_of", lambda *_: None)
    plain = Interpreter(install).load(text, "leaves")

    for left in VALUES:
        for right in VALUES:
            assert outcome(written, left, right) == outcome(plain, left, right), (left, right)


def calls_of_python(text: str, argument: int) -> int:
    """How many of Python's functions a call of `f` calls."""
    import sys

    program = Interpreter(install).load(text)
    program.call("f", argument)
    count = 0

    def profile(frame: Any, event: str, arg: Any) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(profile)
    try:
        program.call("f", argument)
    finally:
        sys.setprofile(None)
    return count


LOOP = "def f(n)\n  s = 0\n  for i in 0..n\n    s = g(s, i)\n  end\n  s\nend"


@pytest.mark.parametrize(
    "text",
    [
        f"def g(a, b) a + b end\n{LOOP}",
        LOOP.replace("s = 0", "g = fn(a, b) a + b end\n  s = 0"),
        LOOP.replace("g(s, i)", "s + i % 3"),
        "def f(n)\n  s = 0\n  i = 0\n  while i < n\n    s += i\n    i += 1\n  end\n  s\nend",
    ],
)
def test_turns_and_leaves_call_nothing(text: str) -> None:
    """A thousand turns more are some calls that pay for many of them."""
    assert calls_of_python(text, 2000) - calls_of_python(text, 1000) < 60


def test_the_function_that_the_name_holds_now_is_called() -> None:
    """A name of the file may get another function, or one with other parameters, at any time."""
    program = Interpreter(install).load(
        f"def g(a, b) a + b end\n{LOOP}\ndef turn() g = |a, b| {{ a * b + 1 }} end"
    )
    assert program.call("f", 4) == 6
    program.call("turn")
    assert program.call("f", 4) == 16


def test_what_an_argument_calls_is_called_once_and_in_order() -> None:
    """A bare name calls a function; it may change what the name that is called holds."""
    text = (
        "log = []\ndef g(a, b) a + 1 end\ndef one\n  log << 1\n  1\nend\n"
        "def two\n  log << 2\n  g = |a, b| { 77 }\n  2\nend\n"
        "def f(n)\n  [g(one, two), g(n, one), log]\nend"
    )
    assert Interpreter(install).load(text).call("f", 5) == [2, 77, [1, 2, 1]]

"""What a host that embeds the interpreter meets."""

from __future__ import annotations

import sys

import pytest
from soli_stdlib import install

from soli_lang import Interpreter, LimitError, render

from ...support.recursion import PYTHONS_OWN, recursion_limit

AS_ADVISED = 10_000

PROGRAM = """
def down(n)
  return 0 if n == 0
  1 + down(n - 1)
end
"""


def test_a_host_with_pythons_own_recursion_limit_is_told_what_to_do() -> None:
    """The stack ends before Soli's limit; the error says that, and the remedy."""
    with recursion_limit(PYTHONS_OWN):
        program = Interpreter(install).load(PROGRAM)

        assert program.call("down", 150) == 150
        with pytest.raises(LimitError, match="Python's stack is used up") as caught:
            program.call("down", 999)
        text = render(caught.value)
        assert sys.getrecursionlimit() == PYTHONS_OWN

    assert "Python's recursion limit is 1000; `sys.setrecursionlimit(10_000)`" in text
    assert "in the program that embeds Soli" in text


def test_a_host_that_follows_the_advice_has_all_of_solis_depth() -> None:
    """Then it is Soli's own limit that ends a recursion, and names the function."""
    with recursion_limit(AS_ADVISED):
        program = Interpreter(install).load(PROGRAM)

        assert program.call("down", 900) == 900
        with pytest.raises(LimitError, match=r'too deep \(1000 frames\) in "down"'):
            program.call("down", 1_001)


def test_running_out_of_stack_leaves_the_interpreter_as_it_was() -> None:
    """The next call begins at depth 0 again."""
    with recursion_limit(PYTHONS_OWN):
        program = Interpreter(install).load(PROGRAM)
        for _ in range(3):
            with pytest.raises(LimitError):
                program.call("down", 999)

        assert program.call("down", 150) == 150


@pytest.mark.parametrize(
    "program",
    [
        *("n = 5\nreturn n", "return 5", "if true\n return 5\nend", "5"),
        *("for x in [5]\n return x\nend", "while true\n return 5\nend"),
        "try\n for x in [5]\n  return x if x == 5\n end\nfinally\n 1\nend",
    ],
)
def test_a_return_at_the_end_of_a_program_gives_its_value(program: str) -> None:
    assert Interpreter(install).run(program) == 5

"""Arithmetic of several operators gives what each operator by itself gives, for all operands."""

from __future__ import annotations

from itertools import product
from random import Random
from typing import Any

import pytest
from soli_stdlib import install

from soli_lang import Interpreter, SoliError
from soli_lang.evaluator.writers import operators

EXPRESSIONS = [
    "a * 2 + 1",
    "1 + a * 2",
    "3 - a - 1",
    "a + 1 + 2",
    "a - 1 - 2",
    "a + 1 - 2",
    "(a + b) * 3 - 1",
    "a * b + 1",
    "a - (b + 1)",
    "-3 * a - -5",
    "a % 3 == 0",
    "(a - b) % 5 != 0",
    "a % 3 == 1",
    "a % -3 == 0",
    "0 == a % 3",
    "(a + b) % 7",
    "(a - 1) * 2 % 5 + b",
    "a / 2 + b / 3",
    "a % b + a / b",
    "(a + 1) % (b + 1)",
    "a * 7919 % 1000 < b + 1",
    "a + b + a + b",
    "a * 0 + b",
    "a * 9223372036854775807 + 1",
    "a + 4611686018427387904 + 4611686018427387904",
    "a - a * 2 >= b",
    "a % 0 + 1",
    "a % -3 + 1",
]
MOST = 2**63 - 1


def made_up(chance: Random, levels: int) -> str:
    """An expression with as many levels of operators at most."""
    if not levels or chance.random() < 0.2:
        return chance.choice(["a", "b", "1", "2", "7", "-3", str(2**61), str(2**62), str(MOST)])
    sides = [made_up(chance, levels - 1) for _ in "lr"]
    return f"({sides[0]} {chance.choice('++--**%/')} {sides[1]})"


EXPRESSIONS += [made_up(Random(seed), 3) for seed in range(60)]
VALUES: list[Any] = [0, 1, -1, 7, MOST, -MOST - 1, 2**62 - 1, -(2**62), 2.5, True, "ab", None]


def outcome(run: Any, *given: Any) -> Any:
    """The result as Python writes it, or the error with its place."""
    try:
        found = run.call("f", *given)
    except SoliError as error:
        return error.message, error.place
    return repr(found)


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_a_tree_gives_what_its_operators_give(
    expression: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ints at the ends of their range and what is none, in both places."""
    text = f"def f(a, b)\n  {expression}\nend"
    written = Interpreter(install).load(text, "trees")
    outcome(written, 1, 1)
    monkeypatch.setattr(operators, "int_tree", lambda writer, node: None)
    plain = Interpreter(install).load(text, "plain")

    for given in product(VALUES, repeat=2):
        assert outcome(written, *given) == outcome(plain, *given), given


def test_variables_that_are_read_in_other_ways_are_part_of_a_tree() -> None:
    """Of the file, those that blocks change, and those that hold a function to be called."""
    text = """
n = 4
def f(x)
  k = 1
  change = fn() { k = k + 1 }
  change()
  [n * 2 + x, k * 2 + 1, x % 2 == k % 2]
end
def three
  3
end
[f(5), f(three), n * 2 + 1]
"""
    assert Interpreter(install).run(text) == [[13, 5, False], [11, 5, False], 9]


def test_the_right_side_is_read_after_a_function_on_the_left_was_called() -> None:
    """A variable or an entry that the function sets has what it was set to."""
    text = """
def go
  x = 1
  h = { "a": 1 }
  f = fn() x = 5; h["a"] = 7; 10 end
  [f + x, f + h["a"], x + h["a"]]
end
go()
"""
    assert Interpreter(install).run(text) == [15, 17, 12]

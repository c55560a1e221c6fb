"""Two ways to run a program agree in what `tests/oracle` cannot judge: steps, and ends of budgets.

`python -m tests.property.evaluators` compares many more.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from soli_lang import Capabilities, Interpreter, Limits
from soli_lang.base.source import Source, Span
from soli_lang.syntax.parser import parse
from soli_lang.tree import nodes

from .evaluators.comparing import Comparison, calls_blocks_often, random_program
from .evaluators.evaluators import CURRENT, PLAIN
from .evaluators.outcomes import Evaluator, World

PROGRAMS_PER_SEED = 12
SEEDS = range(8)


def programs(seed: int) -> list[nodes.Program]:
    first = seed * PROGRAMS_PER_SEED
    return [random_program(one) for one in range(first, first + PROGRAMS_PER_SEED)]


@pytest.mark.parametrize("seed", SEEDS)
def test_random_programs_end_in_the_same_way(seed: int) -> None:
    """With all the steps they want, and when these end early."""
    compared = Comparison(CURRENT, PLAIN, bytes_count=False)
    for node in programs(seed):
        # Of many items 64 are paid for at a time, so a budget may end that much earlier: what
        # came before that end is compared.
        loose = calls_blocks_often(node) or "(0..70)" in node.source.text
        found = compared.differences(node, loose=loose)
        if not found and not loose:
            found = compared.differences_under_budgets(node, Random(seed), 2)
        assert not found, f"{node.source.name}\n{node.source.text}\n{found}"


BUDGETED = """
class Thing
  new(n)
    @n = n
  end
  def down(k)
    return @n if k == 0
    this.down(k - 1)
  end
end
def walk(items, &block)
  total = 0
  for x in items
    try
      next if x == 2
      total += block(x)
    catch e
      total -= 1
    finally
      print(x)
    end
  end
  while total > 9
    total -= 3
  end
  total
end
print(walk([1, 2, "3", 4]) { |x| [x, x].map(|y| y * 2).sum })
print([x for x in 0..3 if Thing.new(x).down(2) == x])
print(match 3 { n if n > 2 => [1, 2].map(|m| m + n), _ => 0 })
"""


def test_every_budget_ends_at_the_same_step() -> None:
    """Whatever comes next when it is used up: a call, a turn, a block, a constructor."""
    compared = Comparison(CURRENT, PLAIN, bytes_count=False)
    node = parse(Source("budgeted", BUDGETED))
    assert not compared.differences(node)
    enough = compared.outcomes[1].steps
    assert enough is not None
    assert enough > 30
    for steps in range(1, enough + 1):
        assert not compared.differences(node, max_steps=steps)
        assert (compared.outcomes[1].kind == "LimitError") is (steps <= enough), steps


# --- the programs and the comparison themselves ---


def test_most_programs_get_somewhere() -> None:
    """Neither does each end at its first line, nor does none fail."""
    world = World(CURRENT)
    endings = [one.kind for node in programs(0) + programs(1) for one in world.run(node, (1, "a"))]
    assert len(endings) / 4 < sum(kind == "" for kind in endings) < len(endings)
    assert len(set(endings)) > 3


def test_one_evaluator_agrees_with_itself() -> None:
    """What is seen of a program depends on nothing but the program."""
    compared = Comparison(CURRENT, CURRENT)
    for node in programs(0):
        assert not compared.differences(node)
        assert not compared.differences_under_budgets(node, Random(1), 2)


Change = Callable[[nodes.Node], nodes.Node]


def _rewritten(value: Any, change: Change) -> Any:
    """*value* with *change* made to every node in it, inner ones first."""
    if value.__class__ is tuple:
        return tuple(_rewritten(item, change) for item in value)
    if not isinstance(value, nodes.Node):
        return value
    names = type(value).field_names
    return change(type(value)(*(_rewritten(getattr(value, name), change) for name in names)))


def _other_literal(node: nodes.Node) -> nodes.Node:
    is_two = isinstance(node, nodes.Literal) and node.value == 2
    return nodes.Literal(node.span, 3) if is_two else node


def _other_place(node: nodes.Node) -> nodes.Node:
    if not isinstance(node, nodes.Binary):
        return node
    longer = Span(node.span.start, node.span.end + 1)
    return nodes.Binary(longer, node.operator, node.left, node.right)


def _another_step(node: nodes.Node) -> nodes.Node:
    if not isinstance(node, nodes.While):
        return node
    turn = nodes.ArrayLiteral(node.span, (nodes.Literal(node.span, 1),))
    loop = nodes.For(node.span, "%", None, turn, nodes.Body(node.span, ()))
    return nodes.BlockStmt(node.span, nodes.Body(node.span, (loop, node)))


def _no_final(node: nodes.Node) -> nodes.Node:
    if not isinstance(node, nodes.Try):
        return node
    return nodes.Try(node.span, node.body, node.handlers, None)


def _other_frame(node: nodes.Node) -> nodes.Node:
    if not isinstance(node, nodes.Call):
        return node
    moved = Span(node.span.start + 1, node.span.end)
    return nodes.Call(moved, node.callee, node.arguments, node.block, node.is_command)


def _evaluator(change: Change) -> Evaluator:
    """One that runs each program with *change* made to it."""

    def make(capabilities: Capabilities, limits: Limits) -> Interpreter:
        interpreter = CURRENT.make(capabilities, limits)
        interpreter.instrument = lambda program: _rewritten(program, change)
        return interpreter

    return Evaluator(make)


@pytest.mark.parametrize(
    "change", [_other_literal, _other_place, _another_step, _no_final, _other_frame]
)
def test_a_fault_is_noticed(change: Change) -> None:
    """An evaluator that takes one kind of node for something else does not pass."""

    compared = Comparison(CURRENT, _evaluator(change))
    assert any(compared.differences(node) for seed in SEEDS for node in programs(seed))


def test_a_fault_is_noticed_before_a_limit() -> None:
    """Where steps are not compared, all that came before they were used up is."""
    node = parse(Source("endless", "print(2)\nprint(1)\nwhile true\nend"))
    assert not Comparison(CURRENT, PLAIN).differences(node, loose=True)
    assert Comparison(CURRENT, _evaluator(_other_literal)).differences(node, loose=True)

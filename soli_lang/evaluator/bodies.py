"""Bodies: statements in a block, for their effect or as the end of a function."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import nodes
from ..values import SKIP, UNSET, Value
from .compiler import Closure, Compiler, Effect, Frame, sequence
from .scopes import Block


def in_frame(block: Block, run: Closure) -> Closure:
    """*run* in a new frame when *block* has one of its own."""
    if block.frame is not block:
        return run
    pad = (UNSET,) * (block.size - 1)
    return lambda frame: run([frame, *pad])


def body_effect(compiler: Compiler, body: nodes.Body) -> Effect:
    block = compiler.scopes.of(body)
    effect = compiler.within(
        block, lambda: sequence([compiler.effect(statement) for statement in body.statements])
    )
    return Effect(in_frame(block, effect.run), signals=effect.signals)


def body_tail(compiler: Compiler, body: nodes.Body) -> Closure:
    block = compiler.scopes.of(body)
    return in_frame(block, compiler.within(block, lambda: tail_sequence(compiler, body.statements)))


def tail_sequence(compiler: Compiler, statements: Sequence[Any]) -> Closure:
    """Statements whose last one gives the value of the function."""
    if not statements:
        return lambda frame: None
    steps = [_tail_step(compiler, statement) for statement in statements[:-1]]
    return _compose(steps, compiler.tail(statements[-1]))


def _tail_step(compiler: Compiler, statement: Any) -> tuple[str, Any, Any]:
    """(`guard`, condition, what it returns), (`signal`, run, -) or (`plain`, run, -)."""
    if (
        statement.__class__ is nodes.If
        and statement.otherwise is None
        and statement.then.statements
        and statement.then.statements[-1].__class__ is nodes.Return
    ):
        condition = compiler.condition(statement.condition)
        return ("guard", condition, body_tail(compiler, statement.then))
    effect = compiler.effect(statement)
    return ("signal" if effect.signals else "plain", effect.run, None)


def _compose(steps: list[tuple[str, Any, Any]], last: Closure) -> Closure:
    """*steps*, then *last*: neighbours of one kind share a closure."""
    if not steps:
        return last
    kind = steps[0][0]
    count = 1
    while count < len(steps) and count < 3 and steps[count][0] == kind:
        count += 1
    rest = _compose(steps[count:], last)
    group = steps[:count]
    if kind == "guard":
        return _guards(group, rest)
    if kind == "plain":
        return _plains([step[1] for step in group], rest)
    run = steps[0][1]
    rest = _compose(steps[1:], last)

    def signalling(frame: Frame) -> Value:
        signal = run(frame)
        if signal is None:
            return rest(frame)
        return signal[0] if signal.__class__ is tuple else SKIP

    return signalling


def _guards(group: list[tuple[str, Any, Any]], rest: Closure) -> Closure:
    _, first, first_value = group[0]
    if len(group) == 1:

        def guard_one(frame: Frame) -> Value:
            return first_value(frame) if first(frame) else rest(frame)

        return guard_one
    _, second, second_value = group[1]
    if len(group) == 2:

        def guard_two(frame: Frame) -> Value:
            if first(frame):
                return first_value(frame)
            return second_value(frame) if second(frame) else rest(frame)

        return guard_two
    _, third, third_value = group[2]

    def guard_three(frame: Frame) -> Value:
        if first(frame):
            return first_value(frame)
        if second(frame):
            return second_value(frame)
        return third_value(frame) if third(frame) else rest(frame)

    return guard_three


def _plains(runs: list[Closure], rest: Closure) -> Closure:
    first = runs[0]
    if len(runs) == 1:

        def plain_one(frame: Frame) -> Value:
            first(frame)
            return rest(frame)

        return plain_one
    second = runs[1]
    if len(runs) == 2:

        def plain_two(frame: Frame) -> Value:
            first(frame)
            second(frame)
            return rest(frame)

        return plain_two
    third = runs[2]

    def plain_three(frame: Frame) -> Value:
        first(frame)
        second(frame)
        third(frame)
        return rest(frame)

    return plain_three

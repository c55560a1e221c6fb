"""Programs run in two ways, and what differs between the two."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from random import Random

from soli_lang import Limits
from soli_lang.base.source import Source
from soli_lang.syntax.parser import parse
from soli_lang.tree import nodes

from ...oracle.programs import program
from .outcomes import LIMITS, Evaluator, Outcome, World

ARGUMENTS = (3, "s", [1, 2], None, 2.5, {"n": 1}, True)
"""What functions are called with, each with several: none may rely on what came first."""
BLOCK = 64
"""Items that a builtin may pay for at a time, so that it pays a few too many (docs/spec §9.4)."""
_SHARED = re.compile(r"class_eval|define_method|alias_method|Cache|KV|(Hash|String|Array)\.")
"""What may change the interpreter for the programs that come after."""
_MANY = re.compile(r"\b(many|table|40)\b")


class Comparison:
    """Runs programs with two evaluators; `differences` says what one did and the other did not."""

    def __init__(
        self,
        first: Evaluator,
        second: Evaluator,
        limits: Limits = LIMITS,
        modules: dict[str, str] | None = None,
        *,
        bytes_count: bool = True,
    ) -> None:
        self._evaluators = (first, second)
        self._limits, self._modules = limits, modules
        self._bytes_count = bytes_count
        """Whether the bytes that are paid for must agree, too."""
        self._worlds = self._new_worlds()
        self.outcomes: list[Outcome] = []
        """How the last program ended, with the first evaluator."""

    def _new_worlds(self) -> list[World]:
        return [World(one, self._limits, self._modules) for one in self._evaluators]

    def differences(self, node: nodes.Program, *, loose: bool = False, **limits: int) -> str:
        """What differs, as lines; nothing when all is equal.

        *loose*: what builtins paid for their blocks may differ, by what comes of paying for `BLOCK`
        items at once, and where that ends a program. All before that end must be equal.
        """
        worlds = self._new_worlds() if _SHARED.search(node.source.text) else self._worlds
        found, others = (world.run(node, ARGUMENTS, **limits) for world in worlds)
        self.outcomes = found
        if loose:
            count = _before_limits(found, others)
            far = [one.printed for ones in (found, others) for one in ones[count : count + 1]]
            found, others = found[:count], others[:count]
            if not (_one_began(*far) and all(map(_paid_alike, found, others))):
                return f"{far or [[one.steps for one in ones] for ones in (found, others)]}"
            found, others = ([_unpaid(one) for one in ones] for ones in (found, others))
        if not self._bytes_count:
            found, others = ([replace(one, bytes=None) for one in ones] for ones in (found, others))
        if len(found) != len(others):
            return f"{found}\n{others}"
        return "".join(
            f"{one.differences(other)}\n"
            for one, other in zip(found, others, strict=True)
            if one != other and not (_is_too_deep(one) and _is_too_deep(other))
        )

    def differences_under_budgets(self, node: nodes.Program, chance: Random, count: int) -> str:
        """What differs when *count* budgets of steps, and as many of bytes, end early.

        After `differences` of the same program; budgets are of up to what it needed then.
        """
        steps = max(one.steps or 0 for one in self.outcomes)
        built = max(one.bytes or 0 for one in self.outcomes) if self._bytes_count else 0
        for limits in _budgets(chance, count, steps, built):
            found = self.differences(node, **limits)
            if found:
                return f"{limits}\n{found}"
        return ""


def _budgets(chance: Random, count: int, steps: int, built: int) -> Iterator[dict[str, int]]:
    if steps:
        ends = range(1, steps + 1)
        for end in ends if steps <= count else chance.sample(ends, count):
            yield {"max_steps": end}
    if built:
        for _ in range(min(count, 2)):
            yield {"max_call_bytes": chance.randrange(1, built + 1)}


def _before_limits(found: list[Outcome], others: list[Outcome]) -> int:
    """How many outcomes there are before the first that a limit ended with either evaluator."""
    ends = (
        at
        for at, pair in enumerate(zip(found, others, strict=False))
        if any(one.kind == "LimitError" for one in pair)
    )
    return next(ends, max(len(found), len(others)))


def _one_began(*printed: str) -> bool:
    """Whether the shortest text is the beginning of the others."""
    return all(text.startswith(min(printed, key=len)) for text in printed)


def _paid_alike(one: Outcome, other: Outcome) -> bool:
    """Whether one paid for at most `BLOCK` items where the other paid for one."""
    least, most = sorted((one.steps or 0, other.steps or 0))
    return most <= least * BLOCK


def _unpaid(outcome: Outcome) -> Outcome:
    return replace(outcome, steps=None, bytes=None)


def _is_too_deep(outcome: Outcome) -> bool:
    """Whether calls inside calls ended it. What calls nothing may take no place in their depth,
    so the last call may be one more."""
    return outcome.kind == "LimitError" and "call stack too deep" in outcome.error


def random_program(seed: int) -> nodes.Program:
    """The program of *seed*."""
    return parse(Source(f"seed {seed}", program(seed)))


def calls_blocks_often(node: nodes.Program) -> bool:
    """Whether builtins of *node* call blocks for more items than they do one at a time."""
    return _MANY.search(node.source.text) is not None

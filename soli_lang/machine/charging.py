"""What a builtin costs that cannot say so itself: declared `linear`, it pays by its arguments."""

from __future__ import annotations

from collections.abc import Callable

from ..values.values import Value
from .machine import Machine

SIZED = frozenset({str, bytes, list, dict})
BIG = 1024
"""Characters or items of an argument from which on a linear builtin costs steps."""


def paid(machine: Machine, code: Callable[..., Value]) -> Callable[..., Value]:
    """*code*, paid for before it runs: a step per 16 characters or items of its arguments."""

    def invoke(*values: Value) -> Value:
        for value in values:
            if value.__class__ in SIZED and len(value) > BIG:
                machine.spend(len(value) >> 4)
        return code(*values)

    return invoke

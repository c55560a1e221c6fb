"""Long work of one builtin that must not hold up anybody else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from soli_lang.machine.machine import Machine

Result = TypeVar("Result")

BLOCKING_SERVICE = "run_blocking"
"""Host service: takes a callable, returns an awaitable of its result (it runs elsewhere)."""

BLOCKING_STEPS = 10_000
"""What such work costs: enough that a loop of it soon looks at the clock and ends."""


def blocking(machine: Machine, work: Callable[[], Result], user: str) -> Result:
    """The result of *work*: elsewhere when the host can, else here and now.

    *work* must not touch the machine. Where it runs elsewhere, its time does not count as
    computing; in any case the call costs `BLOCKING_STEPS`.
    """
    machine.spend(BLOCKING_STEPS)
    elsewhere: Callable[[Callable[[], Result]], Awaitable[Any]] | None
    elsewhere = machine.capabilities.services.get(BLOCKING_SERVICE)
    if elsewhere is not None and machine.capabilities.suspend is not None:
        return machine.suspend(elsewhere(work), user)  # type: ignore[no-any-return]
    return work()

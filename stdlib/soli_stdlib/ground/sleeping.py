"""The one way in which builtins wait for time to pass."""

from __future__ import annotations

from soli_lang.machine.machine import Machine

MAX_SLEEP_SECONDS = 10.0**9
"""Longer sleeps are cut to this; the host ends them sooner."""


def sleep(machine: Machine, seconds: int | float, user: str) -> None:
    """Wait *seconds*; not at all for zero, negative numbers and NaN.

    Raises CapabilityError unless the host granted `sleep`. Waiting does not count as computing.
    """
    wait = machine.capabilities.require("sleep", user)
    if not seconds > 0:
        return
    saved = machine.save()
    try:
        wait(min(float(seconds), MAX_SLEEP_SECONDS))
    finally:
        machine.restore(saved)

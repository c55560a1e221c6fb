"""What is charged before any budget was started is not limited: loading an app, say."""

from __future__ import annotations

from soli_lang.base.limits import Capabilities, Limits
from soli_lang.machine.machine import Machine


def test_charges_outside_of_calls_are_not_limited() -> None:
    machine = Machine(Limits(), Capabilities())
    machine.spend(1_000_000)
    machine.spend(1_000_000)

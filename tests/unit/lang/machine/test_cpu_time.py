"""A limit of computing is CPU time: what a busy machine takes away is not the program's."""

from __future__ import annotations

import pytest

from soli_lang.base.errors import LimitError
from soli_lang.base.limits import Capabilities, Limits
from soli_lang.machine.machine import CHUNK, PATIENCE, Machine


class Clocks:
    """A wall clock, and the CPU time of this thread."""

    def __init__(self) -> None:
        self.wall = 100.0
        self.cpu = 5.0

    def pass_by(self, wall: float, cpu: float) -> None:
        self.wall += wall
        self.cpu += cpu


def started(clocks: Clocks, seconds: float = 0.1) -> Machine:
    """A call that has looked at the clock for the first time."""
    machine = Machine(
        Limits(max_seconds=seconds), Capabilities(), lambda: clocks.wall, lambda: clocks.cpu
    )
    machine.start_budget()
    machine.spend(CHUNK)
    return machine


def test_a_call_that_was_kept_from_computing_goes_on() -> None:
    """Ten times its limit by the wall clock, and half of it computed."""
    clocks = Clocks()
    machine = started(clocks)
    clocks.pass_by(1.0, 0.05)
    machine.spend(CHUNK)
    clocks.pass_by(0.5, 0.06)
    with pytest.raises(LimitError, match=r"time limit exceeded \(0.1 s of computing\)"):
        machine.spend(CHUNK)


def test_a_call_that_blocks_without_computing_ends_some_day() -> None:
    """It holds up the others all the same."""
    clocks = Clocks()
    machine = started(clocks)
    clocks.pass_by(0.1 * PATIENCE + 0.01, 0.0)
    with pytest.raises(LimitError):
        machine.check_time()


def test_waiting_keeps_what_is_left() -> None:
    """What others compute meanwhile, on the same thread, does not count."""
    clocks = Clocks()
    machine = started(clocks)
    clocks.pass_by(0.06, 0.06)
    saved = machine.save()
    clocks.pass_by(10.0, 3.0)
    machine.restore(saved)
    clocks.pass_by(0.03, 0.03)
    machine.check_time()
    clocks.pass_by(0.02, 0.02)
    with pytest.raises(LimitError):
        machine.check_time()


def test_a_call_can_be_ended_from_outside() -> None:
    """Also one that nobody limits, and one that waited meanwhile."""
    clocks = Clocks()
    for seconds in (0.0, 0.1):
        machine = started(clocks, seconds)
        machine.end_now()
        machine.restore(machine.save())
        clocks.pass_by(0.001, 0.001)
        with pytest.raises(LimitError):
            machine.check_time()

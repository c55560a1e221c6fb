"""A process of a simulated app: its interpreter with the program, and what serves it."""

from __future__ import annotations

import asyncio
from random import Random
from typing import TYPE_CHECKING, Any

from soli_stdlib.ground.waiting import BLOCKING_SERVICE
from soli_stdlib.stores.together import keep_together
from soli_stdlib.system import jail

from soli_lang.base.limits import Limits
from soli_lang.base.records import Record, changed
from soli_lang.interpreter import Interpreter
from soli_lang.machine.machine import Machine

from ....builtins.library import install_library
from ....calling.waiting import Waiting
from ....jobs.jobs import jobs_of
from ....loading.app import App, load
from ....loading.capabilities import granted
from ....loading.project import Project
from ....words.spec_files import SpecFiles
from ....words.worlds import environment_of_tests
from ...program import ServedProgram
from ...sockets.live import Live
from .late_keys import install_late_keys

if TYPE_CHECKING:
    from collections.abc import Callable

DENIED = frozenset({"network", "processes", "input"})
"""What would reach out of the simulation."""


class Surroundings(Record, frozen=True):
    """What the processes of one simulation have in common."""

    project: Project
    files: SpecFiles
    random: Random
    """For ids and samples."""
    unix_time: Callable[[], float]
    delays: Random | None = None
    """How late a store answers; None: what is kept is in memory, and there at once."""


class Loaded(Record, frozen=True):
    """A program that was just loaded."""

    app: App
    waiting: Waiting

    @property
    def machine(self) -> Machine:
        return self.app.interpreter.machine


class Process(Record):
    """One that serves; reloading gives it another program."""

    program: ServedProgram
    live: Live


def loaded(around: Surroundings, former: Machine | None) -> Loaded:
    """The app, in an interpreter of its own that keeps things where *former* does.

    Raises InvalidApp, SoliError.
    """
    waiting = Waiting()
    interpreter = Interpreter(
        install_library, capabilities=_capabilities(around, waiting), limits=Limits.off()
    )
    machine = interpreter.machine
    machine.library[jail.STAND_IN] = around.files
    if former is not None:
        keep_together(former, machine)
        jobs_of(machine).keep_in(jobs_of(former).store)
    waits = around.delays is not None
    if around.delays is not None:
        install_late_keys(machine, around.delays)
    return Loaded(load(around.project, interpreter, host_waits=waits), waiting)


def _capabilities(around: Surroundings, waiting: Waiting) -> Any:
    capabilities = granted(
        around.project.root,
        denied=DENIED,
        environment=environment_of_tests(around.project.root),
        suspend=waiting.suspend,
        sleep=waiting.sleep,
        services={BLOCKING_SERVICE: asyncio.to_thread},
        output=lambda text: None,
    )
    return changed(capabilities, clock=around.unix_time, random=around.random)

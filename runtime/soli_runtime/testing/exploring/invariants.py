"""What authors say must always be true: `invariant` in the specs of an app."""

from __future__ import annotations

from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from soli_stdlib.stores import key_value_store

from soli_lang.base.errors import Cancelled, SoliError, Thrown
from soli_lang.base.source import Source
from soli_lang.machine.machine import Machine
from soli_lang.values.values import Value

from ...core.realtime import REALTIME
from ...loading.project import Project
from ...serving.local.app_loading import load_into
from ...serving.local.simulated.simulation import Simulation
from ...serving.local.simulated.virtual_loop import VirtualLoop
from ...words.assertions import AssertionFailed, Difference
from ...words.dsl import fill
from ...words.worlds import TEST_SECONDS, World
from .judges.finding import Finding
from .mined.mining import spec_files
from .snapshot import Snapshot

INVARIANT = "invariant"
MOST_CHARACTERS = 100
"""Of each value of a comparison that did not hold."""


class Invariants:
    """The invariants of one spec file, in an interpreter of their own."""

    def __init__(self, project: Project, path: Path) -> None:
        self._world = World(project.root, seconds=TEST_SECONDS, output=lambda text: None)
        self._loop = VirtualLoop()
        self._snapshot = Snapshot()
        self._run(load_into(self._world, project))
        self._run(self._world.call(lambda: self._load(path)))
        self._machine: Machine = self._world.machine

    def _load(self, path: Path) -> Value:
        source = Source(str(path), path.read_text("utf-8"))
        suite = self._world.suite
        self._world.interpreter.compile(source).run()
        for group, body in suite.take_waiting():
            fill(self._world.machine, group, body)
        return None

    def _run(self, work: Coroutine[Any, Any, Any]) -> None:
        with self._loop.running():
            task = self._loop.create_task(work)
            self._loop.run_ready()
        task.result()

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._world.suite.invariants)

    def judge(self, world: Simulation) -> Finding | None:
        """The first that does not hold."""
        machine = self._machine
        machine.library[key_value_store.KEY] = key_value_store.store(world.machines[0])
        machine.library[REALTIME] = world.realtime
        for name, body in self._world.suite.invariants:
            told = self._snapshot.taken(world)
            with world.loop.running():
                why = self._why_not(body, told)
            if why is not None:
                return Finding(INVARIANT, name, f"invariant '{name}' does not hold{why}")
        return None

    def _why_not(self, body: Value, told: dict[str, Value]) -> str | None:
        """Why it does not hold, for the end of a sentence; None: it does."""
        machine = self._machine
        try:
            value = machine.guarded(machine.callback(body, 1), told)
        except Cancelled:
            return None
        except Thrown as error:
            return f": {error.text()}"
        except AssertionFailed as error:
            return f": {error.message}{_values(error.difference)}"
        except SoliError as error:
            return f": {error.message}"
        if value is None or value is False:
            return f": it is {'null' if value is None else 'false'}"
        return None

    def close(self) -> None:
        """Let go of its files."""
        self._world.close()


def _values(difference: Difference | None) -> str:
    if difference is None:
        return ""
    return f", {_short(difference.left)} and {_short(difference.right)}"


def _short(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]}..."


def invariants_of(project: Project) -> list[Invariants]:
    """Those of all spec files of an app. Raises SoliError and InvalidApp."""
    found = []
    for path in spec_files(project):
        if INVARIANT in path.read_text("utf-8", "replace"):
            invariants = Invariants(project, path)
            if invariants.count:
                found.append(invariants)
    return found

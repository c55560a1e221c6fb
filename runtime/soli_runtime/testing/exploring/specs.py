"""The words of specs for worlds, carried out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from soli_lang.base.errors import SoliError

from ...loading.app import InvalidApp
from ...loading.project import Project, ProjectError, find_project
from ...serving.local.simulated.clients import Ticket
from ...serving.local.simulated.simulation import Options
from .cases import BETWEEN_SECONDS
from .invariants import Invariants, invariants_of
from .judges.failures import failed
from .judges.finding import Finding
from .judges.growth import Sizes, growing, sizes
from .judges.leavings import left_over
from .judges.mirrors import wrong_mirror
from .judges.resuming import stands_back
from .judges.workers import difference
from .mined.messages import NAMES
from .playing import Judge, Played
from .steps import CONNECT, LEAVE, TAB, Step


class SpecWorlds:
    """Makes worlds of one app, and forgets them."""

    def __init__(self, project: Project | None, folder: Path) -> None:
        """*folder* is that of the spec; None: there is no app around it."""
        self._project = project
        self._folder = folder
        self._invariants: list[Invariants] | None = None
        self._worlds: list[SpecWorld] = []

    def begin(self, seed: int, workers: int, *, store: bool, app: str | None) -> SpecWorld:
        """A new world. Raises SoliError when the app cannot be loaded."""
        options = Options(seed, workers, store)
        try:
            if app is not None:
                self._project = find_project(self._folder / app)
            if self._project is None:
                raise SoliError("simulate: there is no app around this spec; say which: app")
            world = SpecWorld(self._project, options, self.judges())
        except (InvalidApp, ProjectError) as error:
            raise SoliError(f"simulate: {error}") from None
        self._worlds.append(world)
        return world

    def judges(self) -> list[Judge]:
        """The invariants of the app's specs."""
        if self._invariants is None:
            self._invariants = [] if self._project is None else invariants_of(self._project)
        return [one.judge for one in self._invariants]

    def stop(self) -> None:
        """Forget all worlds."""
        while self._worlds:
            self._worlds.pop().played.stop()

    def close(self) -> None:
        """Forget everything."""
        self.stop()
        for one in self._invariants or ():
            one.close()


class SpecWorld:
    """One world that a spec makes."""

    def __init__(self, project: Project, options: Options, invariants: list[Judge]) -> None:
        self.played = Played(project, options)
        self._invariants = invariants
        self._broken: Finding | None = None
        """The first invariant that did not hold after a step."""
        self._sizes: list[Sizes] = []

    def connect(self, options: Mapping[str, Any]) -> str:
        """A client connects; its name."""
        name = str(options.get("name") or self._new_name())
        if name in self.played.clients:
            raise SoliError(f"connect: there is a client named '{name}' already")
        if "tab" in options:
            self._do(Step(TAB, name, options["tab"]))
        else:
            ticket = Ticket(
                options["target"], options["headers"], options["session"], options["resume"]
            )
            self._do(Step(CONNECT, name, ticket))
        return name

    def _new_name(self) -> str:
        number = len(self.played.clients)
        again = number // len(NAMES)
        return NAMES[number % len(NAMES)] + (str(again + 1) if again else "")

    def act(self, kind: str, client: str, value: Any, *, waits: bool) -> None:
        """Something happens."""
        if kind == "settle":
            self.played.world.settle()
            self._look()
        else:
            self._do(Step(kind, client, value, waits))

    def _do(self, step: Step) -> None:
        self.played.step(step)
        if step.waits:
            self._look()

    def _look(self) -> None:
        if not self.played.world.is_read:
            return  # it is not quiet yet
        for judge in self._invariants:
            if self._broken is None:
                self._broken = judge(self.played.world)

    def received(self, client: str) -> list[str | bytes]:
        return self.played.clients[client].received()

    def refusal(self, client: str) -> str:
        return self.played.clients[client].refusal

    def closed(self, client: str) -> tuple[int, str] | None:
        return self.played.clients[client].closed

    def fault(self, judge: str) -> str | None:
        """What a judge says."""
        self.played.world.settle()
        found = self._judges[judge]()
        return None if found is None else found.text

    @property
    def _judges(self) -> dict[str, Callable[[], Finding | None]]:
        world = self.played.world
        return {
            "failures": lambda: failed(world),
            "mirrors": lambda: self.played.forgot or wrong_mirror(world),
            "left": self._left,
            "invariants": self._invariant,
        }

    def _left(self) -> Finding | None:
        self.played.world.leave_all()
        return left_over(self.played.world)

    def _invariant(self) -> Finding | None:
        self._look()
        return self._broken

    def difference(self, other: SpecWorld) -> str | None:
        """What clients of *other* got that ours did not, or failed there."""
        found = failed(other.played.world) if not self.played.world.faults else None
        found = found or difference(self.played.world, other.played.world)
        return None if found is None else found.text

    def stands_back(self, client: str) -> str | None:
        found = stands_back(self.played.world, self.played.clients[client])
        return None if found is None else found.text

    def end_round(self) -> None:
        """All leave, and time passes."""
        self._do(Step(LEAVE))
        self.played.world.pass_time(BETWEEN_SECONDS)
        self._sizes.append(sizes(self.played.world))

    def grown(self, rounds: int) -> str | None:
        name = growing(self._sizes, rounds)
        return None if name is None else f"{name} grows each time"

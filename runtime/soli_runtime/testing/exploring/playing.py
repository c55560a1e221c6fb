"""A world that steps are performed in, and judged after each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from ...loading.project import Project
from ...serving.local.simulated.simulation import Options, Simulation
from .judges.failures import failed
from .judges.finding import Finding
from .judges.leavings import left_over
from .judges.mirrors import still_present, wrong_mirror
from .judges.resuming import stands_back
from .steps import BACK_IS_WHOLE, LEAVE, MIRRORS, SEND, Clients, Step, perform

Judge = Callable[[Simulation], Finding | None]


class Played:
    """One world: what was done in it, and the first thing that is wrong there."""

    def __init__(
        self, project: Project, options: Options, invariants: Sequence[Judge] = ()
    ) -> None:
        self.world = Simulation(project, options)
        self.clients = Clients()
        self.count = 0
        """Steps that were performed."""
        self.forgot: Finding | None = None
        """The first client that left a room, and stayed present in it."""
        self._invariants = invariants
        self.world.start()

    def play(
        self, steps: Iterable[Step], is_over: Callable[[], bool] = lambda: False
    ) -> Finding | None:
        """Perform *steps* until something is wrong, or *is_over*."""
        for step in steps:
            if is_over():
                return None
            found = self.step(step)
            if found is not None:
                return found
        return None

    def step(self, step: Step) -> Finding | None:
        """Perform one; what is wrong now."""
        world = self.world
        wrong = None
        if step.kind == MIRRORS:
            world.settle()
            wrong = wrong_mirror(world)
        elif step.kind == BACK_IS_WHOLE:
            client = self.clients.get(step.client)
            wrong = None if client is None else stands_back(world, client)
        elif step.kind == SEND and step.waits and step.client in self.clients:
            client = self.clients[step.client]
            rooms = world.service.hub.rooms_of(client.id)
            perform(step, world, self.clients)
            wrong = still_present(world, client, rooms) if rooms else None
            self.forgot = self.forgot or wrong
        else:
            perform(step, world, self.clients)
        self.count += 1
        if wrong is not None:
            return wrong
        if world.faults:
            return failed(world)
        if step.kind == LEAVE:
            return left_over(world)
        if self._invariants and step.waits and world.is_read:
            for judge in self._invariants:
                found = judge(world)
                if found is not None:
                    return found
        return None

    def quiet(self) -> Finding | None:
        """Let all come to its end; what is wrong then."""
        self.world.settle()
        return failed(self.world) or wrong_mirror(self.world)

    def stop(self) -> None:
        """Forget it."""
        self.world.stop()

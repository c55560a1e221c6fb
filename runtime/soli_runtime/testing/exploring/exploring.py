"""Explores an app: round after round, until something is wrong or the time is over."""

from __future__ import annotations

import time
from collections.abc import Sequence
from random import Random

from soli_lang.base.records import Record

from ...loading.project import Project
from ...serving.local.simulated.simulation import Options
from .cases import BOUNDED_ROUNDS, Case, InManyRounds, InOneWorld, InTwoWorlds
from .growth_watch import GrowthWatch
from .judges.finding import Finding
from .judges.growth import own_state
from .judges.workers import difference
from .mined.mining import KEYS, WAITS, Mined, mined
from .playing import Judge, Played
from .rounds import Rounds
from .shrinking import Shrinking
from .steps import LEAVE, Step

SHRINKING_SECONDS = 14.0
"""Beyond the time that is given, in which a counterexample is made small; it hardly ever takes as
long."""
MOST_LOOKS = 6
"""At one thing that grows, in vain."""


class Counterexample(Record, frozen=True):
    """Steps that show that something is wrong."""

    case: Case
    steps: Sequence[Step]
    found: Finding


class Explored(Record, frozen=True):
    """What came of it."""

    count: int
    """Steps, each once however many worlds it was performed in."""
    seconds: float
    failure: Counterexample | None


class Exploration:
    """One app under one seed."""

    def __init__(
        self, project: Project, seed: int, seconds: float, invariants: Sequence[Judge] = ()
    ) -> None:
        self._project = project
        self._seed = seed
        self._seconds = seconds
        self._invariants = invariants
        self._started = time.perf_counter()
        self._count = 0
        self._looks: dict[str, int] = {}

    def run(self) -> Explored:
        """Explore. Raises InvalidApp, SoliError when the app cannot be loaded."""
        failure = self._first_failure()
        if failure is not None:
            failure = self._shrunk(failure)
        return Explored(self._count, time.perf_counter() - self._started, failure)

    def _first_failure(self) -> Counterexample | None:
        probe = Played(self._project, Options(seed=self._seed))
        found = mined(self._project, probe.world.processes[0].program.app)
        probe.stop()
        number = 0
        while not self.is_over and found.routes:
            failure = Episode(self, found, number).run()
            if failure is not None:
                return failure
            number += 1
        return None

    @property
    def is_over(self) -> bool:
        """Whether the time is."""
        return time.perf_counter() - self._started > self._seconds

    @property
    def deadline(self) -> float:
        """When a counterexample has to be small, on `perf_counter`'s scale."""
        return self._started + self._seconds + SHRINKING_SECONDS

    @property
    def project(self) -> Project:
        return self._project

    @property
    def seed(self) -> int:
        return self._seed

    @property
    def invariants(self) -> Sequence[Judge]:
        return self._invariants

    def counted(self, steps: int) -> None:
        """So many were performed."""
        self._count += steps

    def may_look(self, name: str) -> bool:
        """Whether it is worth a look that *name* grew; each look counts."""
        self._looks[name] = self._looks.get(name, 0) + 1
        return self._looks[name] <= MOST_LOOKS

    def _shrunk(self, failure: Counterexample) -> Counterexample:
        shrinking = Shrinking(failure.case, failure.steps, failure.found, self.deadline)
        shrinking.shrink()
        return Counterexample(failure.case, shrinking.steps, shrinking.found)


class Episode:
    """A number of rounds in one world, and in a second one as soon as that may differ."""

    def __init__(self, exploration: Exploration, found: Mined, number: int) -> None:
        self._exploration = exploration
        self._number = number
        self._random = random = Random(f"{exploration.seed}/{number}")
        self._mined = found
        store = KEYS in found.traits and number % 3 != 0
        self._options = Options(exploration.seed, 1, store)
        self._rounds = Rounds(found, random)
        self._done: list[list[Step]] = []
        self._one = Played(exploration.project, self._options, exploration.invariants)
        self._own = own_state(self._one.world.processes[0])
        self._two: Played | None = None
        self._growth = GrowthWatch(self._one.world)
        self._compared = 0
        """Clients of which is known that they got the same from both worlds."""

    def run(self) -> Counterexample | None:
        """Its first failure."""
        try:
            for _ in range(self._length):
                failure = self._round()
                if failure is not None:
                    return failure
                if self._exploration.is_over:
                    break
            return None
        finally:
            self._one.stop()
            if self._two is not None:
                self._two.stop()

    @property
    def _length(self) -> int:
        if KEYS in self._mined.traits:
            return 3  # what is kept decides what may happen: it begins anew more often
        return 12 if self._number < 6 else 40

    @property
    def _is_rough(self) -> bool:
        return self._number % 4 == 2

    def _round(self) -> Counterexample | None:
        length = self._random.randint(8, 30 if self._number < 4 else 160)
        overlaps = self._options.store or WAITS in self._mined.traits
        is_rough = self._is_rough and len(self._done) % 4 == 1
        steps = self._rounds.round(length, is_rough=is_rough, overlaps=overlaps)
        self._done.append(steps)
        before = self._one.count
        found = self._one.play(steps, lambda: self._exploration.is_over)
        self._exploration.counted(self._one.count - before)
        if found is not None:
            return self._in_one_world(found)
        if self._exploration.is_over:
            return None
        return self._in_two_worlds() or self._growing()

    def _in_one_world(self, found: Finding) -> Counterexample:
        exploration = self._exploration
        case = InOneWorld(exploration.project, self._options, exploration.invariants)
        return self._latest(case, found, self._one.count)

    def _latest(self, case: Case, found: Finding, count: int) -> Counterexample:
        """The latest rounds, as few as show the same."""
        steps = [step for steps in self._done for step in steps][:count]
        few = 1
        while few < len(self._done):
            left = sum(map(len, self._done[:-few]))
            again, _ = case.judge(steps[left:])
            if again is not None and again.is_like(found):
                return Counterexample(case, steps[left:], again)
            few *= 2
        return Counterexample(case, steps, found)

    # Two worlds

    def _in_two_worlds(self) -> Counterexample | None:
        exploration, done = self._exploration, self._done
        if self._two is None:
            if not self._may_differ():
                return None
            options = Options(exploration.seed, 2, self._options.store)
            self._two = Played(exploration.project, options)
            found = self._two.play(step for steps in done for step in steps)
        else:
            found = self._two.play(done[-1])
        found = found or difference(self._one.world, self._two.world, self._compared)
        self._compared = len(self._one.world.clients)
        if found is None:
            return None
        case = InTwoWorlds(exploration.project, self._options)
        steps = [step for steps in done for step in steps]
        again, _ = case.judge(steps)
        return None if again is None else self._latest(case, again, len(steps))

    def _may_differ(self) -> bool:
        """Whether the process knows something by itself, so that another one would not."""
        if self._number % 8 == 3:
            return True  # also of what is not looked at here, now and then
        return own_state(self._one.world.processes[0]) != self._own

    # Growth

    def _growing(self) -> Counterexample | None:
        if self._is_rough:
            return None
        for name in self._growth.suspects():
            if self._exploration.may_look(name):
                failure = self._grows(name)
                if failure is not None:
                    return failure
        return None

    def _grows(self, name: str) -> Counterexample | None:
        """Whether *name* grows for ever with the steps of this round."""
        exploration = self._exploration
        case = InManyRounds(exploration.project, self._options)
        steps = [step for step in self._done[-1] if step.kind != LEAVE]
        found, _ = case.judge(steps)
        if found is None or found.about != name:
            return None
        small = Shrinking(case, steps, found, exploration.deadline)
        small.shrink()
        many = InManyRounds(exploration.project, self._options, BOUNDED_ROUNDS)
        again, _ = many.judge(small.steps)
        if again is None or not again.is_like(found):
            exploration.may_look(name)
            return None
        return Counterexample(case, small.steps, found)

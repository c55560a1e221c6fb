"""Kinds of counterexamples: what has to be run to see that something is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from soli_lang.base.records import Record

from ...loading.project import Project
from ...serving.local.simulated.simulation import Options
from .judges.finding import Finding
from .judges.growth import KV, Sizes, growing, grown_key, kept_sizes, sizes
from .judges.workers import difference
from .playing import Judge, Played
from .steps import LEAVE, Step

GROWING_ROUNDS = 5
"""Rounds of the same steps, each of which has to add something."""
BOUNDED_ROUNDS = 1100
"""After so many even what is bounded has come to its bound, or is too large for a bound."""


class Case(Protocol):
    """How to judge a list of steps."""

    @property
    def options(self) -> Options: ...

    @property
    def project(self) -> Project: ...

    def judge(self, steps: Sequence[Step]) -> tuple[Finding | None, int]:
        """What is wrong when they are performed in a new world, and how many were."""
        ...


class InOneWorld(Record, frozen=True):
    """Something is wrong in the world itself."""

    project: Project
    options: Options
    invariants: Sequence[Judge] = ()

    def judge(self, steps: Sequence[Step]) -> tuple[Finding | None, int]:
        played = Played(self.project, self.options, self.invariants)
        try:
            found = played.play(steps) or played.quiet()
            return found, played.count
        finally:
            played.stop()


class InTwoWorlds(Record, frozen=True):
    """Two workers do something else than one process."""

    project: Project
    options: Options

    def judge(self, steps: Sequence[Step]) -> tuple[Finding | None, int]:
        one = Played(self.project, self.options)
        two = Played(self.project, Options(self.options.seed, 2, self.options.store))
        try:
            first = one.play(steps) or one.quiet()
            second = two.play(steps[: one.count]) or two.quiet()
            if first is not None:
                return None, one.count  # it is wrong without workers already
            if second is not None:
                text = f"with two workers only: {second.text}"
                return Finding("workers", second.about, text), one.count
            return difference(one.world, two.world), one.count
        finally:
            one.stop()
            two.stop()


class InManyRounds(Record, frozen=True):
    """Something grows each time that the same steps are performed."""

    project: Project
    options: Options
    rounds: int = GROWING_ROUNDS

    def judge(self, steps: Sequence[Step]) -> tuple[Finding | None, int]:
        played = Played(self.project, self.options)
        try:
            return self._grown(played, steps), played.count
        finally:
            played.stop()

    def _grown(self, played: Played, steps: Sequence[Step]) -> Finding | None:
        history: list[Sizes] = []
        kept: Sizes = {}
        for number in range(self.rounds + 2):
            if played.play(renamed(steps, number)) is not None:
                return None
            played.step(Step(LEAVE))
            played.world.pass_time(BETWEEN_SECONDS)
            before, kept = kept, kept_sizes(played.world)
            history.append(sizes(played.world))
            if number > GROWING_ROUNDS and growing(history, GROWING_ROUNDS) is None:
                return None
        name = growing(history, self.rounds)
        return None if name is None else grows(name, grown_key(before, kept))


BETWEEN_SECONDS = 2 * 86_400.0
"""Between rounds: what is kept for a time is over."""


def grows(name: str, key: str | None) -> Finding:
    """What is said of what grows; *key* is one of `KV` that grew in the last round."""
    text = f"{name} is larger each time that the same clients have come and gone"
    if name == KV and key is not None:
        text += f", by the key '{key}' for example"
    return Finding("grows", name, text)


def renamed(steps: Sequence[Step], number: int) -> list[Step]:
    """The steps for other clients of the same kind."""
    return [
        step._replace(
            client=f"{step.client}.{number}" if step.client else "",
            value=f"{step.value}.{number}" if step.kind == "tab" else step.value,
        )
        for step in steps
    ]

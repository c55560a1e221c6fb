"""Random programs by the thousand: how each is judged, and what is said of one that fails."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from soli_stdlib import MODULES
from soli_stdlib.types import collection_classes, error_classes

from soli_lang.machine.machine import Machine
from soli_lang.native.native import declarations, install

from .comparing import Skip, kind_of, verdict
from .programs import SCENES, program
from .reading import NO_PROGRAM, misread, rewritten
from .shrinking import shrunk

SHRINKING_SECONDS = 20.0
MOST_REFUSED = 1 / 10_000
"""The part of the programs that the templates may get wrong: what is no program judges nothing."""
PROGRESS_SECONDS = 300.0
"""Of CPU after which a long run says how far it is."""


@dataclass
class Failure:
    seed: int
    text: str
    """As small as it was made."""
    found: str

    def __str__(self) -> str:
        return f"--- seed {self.seed}\n{self.text}\n{self.found}"


@dataclass
class Campaign:
    """Programs of one seed after the other, until *seconds* of CPU are used up."""

    first_seed: int
    seconds: float
    most_failures: int = 1
    shrinks: bool = True
    count: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)
    refused: list[Failure] = field(default_factory=list)
    """Texts that are no programs, by a mistake of the templates or of the parser."""
    spent: float = 0.0

    def run(self, report: Callable[[str], None] = lambda text: None) -> list[Failure]:
        started, told = time.process_time(), 0.0
        while self.spent < self.seconds and not self._has_enough():
            self._judge(self.first_seed + self.count, report)
            self.count += 1
            self.spent = time.process_time() - started
            if self.spent - told > PROGRESS_SECONDS:
                told = self.spent
                report(self.summary())
        return self.failures

    @property
    def refuses_too_many(self) -> bool:
        """One alone may be chance, in however short a run."""
        return len(self.refused) > max(1, self.count * MOST_REFUSED)

    def _has_enough(self) -> bool:
        refused = len(self.refused) if self.refuses_too_many else 0
        return max(len(self.failures), refused) >= self.most_failures

    def _judge(self, seed: int, report: Callable[[str], None]) -> None:
        text = text_of(seed)
        found = judged(text, seed)
        if isinstance(found, Skip):
            self.skipped[found.rule] += 1
        elif found is not None and kind_of(found)[0] == NO_PROGRAM:
            self.refused.append(Failure(seed, text, found))
            if len(self.refused) == 1:
                report(str(self.refused[0]))
        elif found is not None:
            failure = self._failure(seed, text, found)
            self.failures.append(failure)
            report(str(failure))

    def _failure(self, seed: int, text: str, found: str) -> Failure:
        kind = kind_of(found)
        if not self.shrinks:
            return Failure(seed, text, found)

        def fails(candidate: str) -> bool:
            now = judged(candidate, seed)
            return isinstance(now, str) and kind_of(now)[:1] == kind[:1]

        small = shrunk(text, fails, SHRINKING_SECONDS)
        return Failure(seed, small, str(judged(small, seed)))

    def summary(self) -> str:
        rate = self.count / self.spent if self.spent else 0
        skipped = "; ".join(f"{count} skipped: {rule}" for rule, count in self.skipped.items())
        last = self.first_seed + self.count - 1
        first = f" (seed {self.refused[0].seed} first)" if self.refused else ""
        return (
            f"seeds {self.first_seed} to {last}: {self.count} programs, "
            f"{len(self.failures)} differ, {len(self.refused)} refused{first}, "
            f"{self.spent:.1f} s of CPU, {rate:.0f} a second" + (f"; {skipped}" if skipped else "")
        )


def text_of(seed: int) -> str:
    """The program of *seed*; every second one in other words than it was made in, and each scene in
    both, turn by turn."""
    text = program(seed)
    return rewritten(text, seed) if (seed + seed // len(SCENES)) % 2 else text


def judged(text: str, seed: int) -> str | Skip | None:
    """What is wrong with how *text* is read or run, why it is not judged, or nothing."""
    return misread(text, seed) or verdict(text, values_only)


VALUES = ("types", "globals", "json", "system")
"""Packages of the library that random programs have."""


def values_only(machine: Machine) -> None:
    """The library without services, for it is installed anew for each program."""
    error_classes.install(machine)
    collection_classes.install(machine)
    for module in MODULES:
        if module.__name__.split(".")[1] in VALUES:
            install(machine, declarations(module), getattr(module, "TYPES", None))

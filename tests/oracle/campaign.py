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
from .programs import program
from .reading import NO_PROGRAM, misread, rewritten
from .shrinking import shrunk

SHRINKING_SECONDS = 20.0
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
    spent: float = 0.0

    def run(self, report: Callable[[str], None] = lambda text: None) -> list[Failure]:
        started, told = time.process_time(), 0.0
        while (self.spent < self.seconds) and len(self.failures) < self.most_failures:
            self._judge(self.first_seed + self.count, report)
            self.count += 1
            self.spent = time.process_time() - started
            if self.spent - told > PROGRESS_SECONDS:
                told = self.spent
                report(self.summary())
        return self.failures

    def _judge(self, seed: int, report: Callable[[str], None]) -> None:
        text = text_of(seed)
        found = judged(text, seed)
        if isinstance(found, Skip):
            self.skipped[found.rule] += 1
        elif found is not None:
            failure = self._failure(seed, text, found)
            self.failures.append(failure)
            report(str(failure))

    def _failure(self, seed: int, text: str, found: str) -> Failure:
        kind = kind_of(found)
        if not self.shrinks or kind[0] == NO_PROGRAM:
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
        return (
            f"seeds {self.first_seed} to {last}: {self.count} programs, "
            f"{len(self.failures)} differ, {self.spent:.1f} s of CPU, {rate:.0f} a second"
            + (f"; {skipped}" if skipped else "")
        )


def text_of(seed: int) -> str:
    """The program of *seed*; every second one in other words than it was made in."""
    text = program(seed)
    return rewritten(text, seed) if seed % 2 else text


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

"""What became of a test, a file and a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path


class Status(Enum):
    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one test."""

    name: str
    full_name: str
    """With the names of its groups."""
    status: Status
    seconds: float = 0.0
    message: str = ""
    """Of a failure: its text and place. Of a skipped test: the reason."""
    detail: str = ""
    """Of a failure: differences, source line and backtrace, over several lines."""
    line: int = 0
    """Where the test is in its file, 0 when nobody knows."""


@dataclass(slots=True)
class FileReport:
    """What became of one spec file."""

    path: Path
    outcomes: list[Outcome] = field(default_factory=list)
    assertions: int = 0
    seconds: float = 0.0

    def end(self, seconds: float, assertions: int) -> None:
        """The file took *seconds*, and so many assertions held."""
        self.seconds, self.assertions = seconds, assertions

    def count(self, status: Status) -> int:
        return sum(1 for outcome in self.outcomes if outcome.status is status)

    @property
    def failures(self) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if outcome.status is Status.FAILED]


@dataclass(slots=True)
class RunReport:
    """What became of a run."""

    files: list[FileReport] = field(default_factory=list)
    seconds: float = 0.0

    def count(self, status: Status) -> int:
        return sum(report.count(status) for report in self.files)

    @property
    def assertions(self) -> int:
        return sum(report.assertions for report in self.files)

    @property
    def has_failed(self) -> bool:
        return any(report.failures for report in self.files)

    def last_line(self) -> str:
        """`N passed, M failed`, with `, K skipped` when there are any (docs/spec §L25.1)."""
        text = f"{self.count(Status.PASSED)} passed, {self.count(Status.FAILED)} failed"
        skipped = self.count(Status.SKIPPED)
        return f"{text}, {skipped} skipped" if skipped else text

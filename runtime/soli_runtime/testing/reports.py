"""A run for people (docs/spec §L25.4)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from .outcomes import FileReport, Outcome, RunReport, Status

Write = Callable[[str], None]

GREEN, RED, YELLOW, DIM, RESET = "\x1b[32m", "\x1b[31m", "\x1b[33m", "\x1b[2m", "\x1b[0m"
MIN_PATH_WIDTH = 40


def duration_text(seconds: float) -> str:
    """`950µs`, `12ms` or `1.23s`."""
    if seconds < 0.001:
        return f"{seconds * 1e6:.0f}µs"
    if seconds < 1:
        return f"{seconds * 1000:.0f}ms"
    return f"{seconds:.2f}s"


class TextReport:
    """Writes a line per file as files finish, and what failed; then the sums."""

    def __init__(
        self,
        write: Write,
        paths: list[Path],
        *,
        is_terminal: bool = False,
        has_colors: bool | None = None,
    ) -> None:
        self._write = write
        self._is_terminal = is_terminal
        self._has_colors = is_terminal if has_colors is None else has_colors
        self._count = len(paths)
        self._done = 0
        self._width = max([MIN_PATH_WIDTH, *(len(str(path)) for path in paths)])

    def file_begins(self, path: Path) -> None:
        """Show on a terminal what runs now."""
        if self._is_terminal:
            self._write(self._painted(DIM, f"  [{self._done + 1}/{self._count}] {path}") + "\r")

    def file_ended(self, report: FileReport) -> None:
        """The line of one file, and the box of what failed in it."""
        self._done += 1
        failed = bool(report.failures)
        mark = self._painted(RED, "✗") if failed else self._painted(GREEN, "✓")
        path = str(report.path).ljust(self._width)
        time = duration_text(report.seconds).rjust(8)
        clear = "\x1b[2K" if self._is_terminal else ""
        self._write(f"{clear}  {path} {time} {report.assertions:>6} {mark}\n")
        if failed:
            self._write(self._box(report))

    def run_ended(self, report: RunReport) -> None:
        """The sums. The last line is `N passed, M failed` (`, K skipped`)."""
        color, mark = (RED, "❌ ") if report.has_failed else (GREEN, "✓ ")
        self._write(f"\n{self._painted(color, mark)}\n")
        self._write(f"  {report.assertions} assertions\n")
        self._write(f"  Time: {duration_text(report.seconds)}\n")
        self._write(f"{report.last_line()}\n")

    def interrupted(self) -> None:
        """What stands in place of the sums after Ctrl-C."""
        self._write(f"\n{self._done} of {self._count} files ran\n")

    def _painted(self, color: str, text: str) -> str:
        return f"{color}{text}{RESET}" if self._has_colors else text

    def _box(self, report: FileReport) -> str:
        lines = [f"  ┌{'─' * (self._width + 18)}"]
        for outcome in report.failures:
            lines.extend(f"  │ {line}".rstrip() for line in self._failure(outcome))
        lines.append(f"  └{'─' * (self._width + 18)}")
        return "\n".join(lines) + "\n"

    def _failure(self, outcome: Outcome) -> list[str]:
        lines = [f"{self._painted(RED, '✗')} {outcome.full_name}"]
        first, *rest = outcome.message.split("\n")
        lines.append(f"  → {first}")
        lines.extend(f"    {line}" for line in rest)
        if outcome.detail:
            lines.extend(f"    {line}" for line in outcome.detail.split("\n"))
        return lines


def skipped_lines(report: RunReport) -> list[str]:
    """One line for each skipped test."""
    return [
        f"  - {outcome.full_name}" + (f" ({outcome.message})" if outcome.message else "")
        for file in report.files
        for outcome in file.outcomes
        if outcome.status is Status.SKIPPED
    ]

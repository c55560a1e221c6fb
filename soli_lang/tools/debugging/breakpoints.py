"""Breakpoints: where they stand, and whether one applies."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .files import ProgramFile

_HITS = re.compile(r"\s*(>=|<=|==|>|<|=|%)?\s*(\d{1,9})\s*")


@dataclass(slots=True)
class Breakpoint:
    """What was asked for, and what became of it."""

    id: int
    line: int
    """Where it was set."""
    condition: str = ""
    hit_condition: str = ""
    log_message: str = ""
    at: int | None = None
    """The line at which it stops; None: nowhere (yet)."""
    message: str = "the file is not loaded"
    hits: int = 0

    def place(self, file: ProgramFile | None) -> None:
        """Find its place in *file*; None: it is not loaded."""
        self.at = None
        if file is None:
            self.message = "the file is not loaded"
            return
        self.at = file.line_for(self.line)
        self.message = ""
        if self.at is None:
            self.message = f"there is no code at line {self.line}, nor after it"
        elif self.at != self.line:
            self.message = f"moved to line {self.at}: no statement begins at line {self.line}"

    def forget_hits(self) -> None:
        """The program begins anew."""
        self.hits = 0

    def is_due(self) -> bool:
        """Whether the condition on the number of hits holds, at one more. `5`, `>= 5`, `% 3`."""
        self.hits += 1
        found = _HITS.fullmatch(self.hit_condition)
        if found is None:
            return True
        sign, number = found[1], int(found[2])
        if sign == "%":
            return number > 0 and self.hits % number == 0
        return {
            ">=": self.hits >= number,
            "<=": self.hits <= number,
            ">": self.hits > number,
            "<": self.hits < number,
        }.get(sign, self.hits == number)


def hit_fault(text: str) -> str:
    """What is wrong with a condition on the number of hits; empty: nothing."""
    if not text or _HITS.fullmatch(text):
        return ""
    return f"'{text}' is no number of hits: write 5, >= 5 or % 3"

"""What a judge says."""

from __future__ import annotations

from typing import NamedTuple


class Finding(NamedTuple):
    """Something is wrong."""

    judge: str
    """Its name: `failure`, `refused`, `presence`, `state`, `left`, `grows`, `workers`, `resume` or
    `invariant`."""
    about: str
    """Of what: the same fault is the same text, whatever the steps that led to it."""
    text: str
    """For people."""

    def is_like(self, other: Finding | None) -> bool:
        """Whether it is the same fault."""
        return other is not None and (other.judge, other.about) == (self.judge, self.about)

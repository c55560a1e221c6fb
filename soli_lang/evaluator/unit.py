"""What all functions of one file share while they are written: machine, source, scopes."""

from __future__ import annotations

from typing import Any

from ..base.source import Source
from ..machine.machine import BYTES_PER_CLOSURE, STEPS_PER_CLOSURE, Machine, is_paid
from ..meaning.declared import Check
from .scopes import Scopes, Variable
from .watching import WATCHER


class Unit:
    """One file. *space* holds the helpers that written functions call, by name."""

    __slots__ = (
        "_is_paid", "checks", "machine", "scopes", "source", "space", "summaries", "watched",
        "watcher",
    )  # fmt: skip

    def __init__(
        self, machine: Machine, source: Source, scopes: Scopes, space: dict[str, Any]
    ) -> None:
        self.machine = machine
        self.source = source
        self.scopes = scopes
        self.space = space
        self.summaries = scopes.summaries
        self.checks: dict[Variable, Check] = {}
        """Of variables with a declared type, where these are checked."""
        self._is_paid = is_paid(source)
        self.watcher = machine.library.get(WATCHER)
        """Whoever debugs what is written; None: nobody."""
        self.watched = None if self.watcher is None else self.watcher.file(source)

    def leave_unwatched(self) -> None:
        """What is written is none of the program that is debugged."""
        self.watcher = self.watched = None

    def pay(self) -> None:
        """Charge what writing and compiling one node takes, roughly."""
        if self._is_paid:
            self.machine.spend(STEPS_PER_CLOSURE)
            self.machine.claim(BYTES_PER_CLOSURE)

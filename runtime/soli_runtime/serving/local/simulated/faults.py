"""What went wrong in an app without anybody having asked: its log, as far as that is told there."""

from __future__ import annotations

from typing import Any

from soli_lang.base.records import Record

from ....observing.logs import Log

FAILED = {
    "handler_error": "handler",
    "action_error": "handler",
    "authenticate_error": "path",
    "middleware_error": "middleware",
    "job_failed": "job",
}
"""Lines of the log that tell of a failure, and the field that says whose."""
OUTSIDE = "CapabilityError"
"""The kind of what a program may not do here: it says nothing of the program."""


class Fault(Record, frozen=True):
    """A failure that nobody handled, or a return that was refused."""

    event: str
    where: str
    """The handler, job or path."""
    kind: str
    text: str

    @property
    def headline(self) -> str:
        """Its first line."""
        return self.text.split("\n", 1)[0]

    @property
    def is_refusal(self) -> bool:
        """Whether the program ran well, and what it returned was refused."""
        return self.event == "action_error"


class FaultLog(Log):
    """Notes what failed; writes nothing."""

    def __init__(self) -> None:
        super().__init__(lambda text: None, level="error")
        self.faults: list[Fault] = []

    def debug(self, event: str, **fields: Any) -> None:
        pass

    info = warning = debug

    def error(self, event: str, **fields: Any) -> None:
        if event not in FAILED:
            return
        kind = str(fields.get("kind", "ActionError"))
        text = fields.get("error", "")
        if kind != OUTSIDE:
            told = text() if callable(text) else str(text)
            self.faults.append(Fault(event, str(fields.get(FAILED[event], "")), kind, told))

"""Why a request or an upgrade is refused, whoever refuses it, and what the client is told."""

from __future__ import annotations

from soli_lang.base.records import Record

LOWEST, HIGHEST = 400, 599
"""The statuses that a host's refusal may have."""


class Refusal(Record, frozen=True):
    """A request or an upgrade that is answered with an error.

    A host's `authenticate` returns one: `Refusal(401, "sign in first")`.
    """

    status: int
    text: str = ""
    """What the client is told."""
    retry_after: int | None = None
    """Seconds after which another try makes sense; None where nobody knows."""
    reason: str = "authenticate"
    """One word for the log and the counters: `origin`, `authenticate`, the name of a limit."""
    by: str = ""
    """Which middleware, where it was one."""

"""What watchers of a service get: one `Trace` per event, request, job or refusal.

A trace says what happened and all that it caused, in order. Traces are made only while somebody
watches (see `observation`); texts in them are as long as what they show, whoever keeps them cuts.
"""

from __future__ import annotations

import json
from typing import Any, TypeAlias

from soli_lang.base.records import Record, field
from soli_lang.values.display import inspect
from soli_lang.values.kinds import from_key
from soli_lang.values.values import Value

CONNECT, MESSAGE, DISCONNECT = "connect", "message", "disconnect"
REQUEST, REFUSAL, JOB = "request", "refusal", "job"
AUTHENTICATE = "authenticate"
"""What `authenticate` did before an upgrade that went on to `connect`, when that was anything."""
INPUT = "input"
"""What somebody typed at a prompt caused."""
OUTSIDE = "outside"
"""Nobody's doing that has a trace: host code, presence that refreshes device counts."""


def written(value: Value) -> str:
    """*value* on one line, as Soli writes it."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, dict):
        pairs = (f"{written(from_key(key))}: {written(item)}" for key, item in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list):
        return f"[{', '.join(written(item) for item in value)}]"
    return inspect(value)


class ActionTaken(Record, frozen=True):
    """One key of the Hash that a handler returned, applied."""

    key: str
    text: str
    """Its value as Soli writes it."""


class HelperCalled(Record, frozen=True):
    """A `ws_*` helper was called."""

    name: str
    text: str
    """Its arguments as Soli writes them."""


class Delivered(Record, frozen=True):
    """A message was queued for these connections."""

    payload: str | bytes
    recipients: tuple[str, ...]
    """Connection ids, each once."""


class Closing(Record, frozen=True):
    """The program began to close a connection."""

    connection_id: str
    code: int
    reason: str


class Warned(Record, frozen=True):
    """What the author should know: an unknown action, a broadcast without a room, …"""

    text: str
    is_logged: bool = False
    """Whether the log warns of it as well."""


class Printed(Record, frozen=True):
    """The program wrote this."""

    text: str


Part: TypeAlias = ActionTaken | HelperCalled | Delivered | Closing | Warned | Printed


class Trace(Record):
    """One thing that happened to an app, and what followed from it."""

    kind: str
    at: float = 0.0
    """Unix seconds of its begin."""
    path: str = ""
    handler: str = ""
    """`controller#action`, or the class of a job."""
    connection_id: str = ""
    method: str = ""
    """Of a request."""
    message: str | bytes | None = None
    """What a `message` event brought."""
    code: int = 0
    """Of a `disconnect`: the close code, 1006 when the line broke."""
    reason: str = ""
    """Of a `disconnect`; of a `refusal` what refused: `origin`, `authenticate`, …"""
    status: int = 0
    """HTTP status of a request or refusal."""
    text: str = ""
    """Of a refusal: what the client was told."""
    user: Value = None
    """Of a `connect`: what `authenticate` returned."""
    details: dict[str, Any] = field(default_factory=dict)
    """Of a `connect`: `params`, `query` and `headers`; of a `request` that an action answers:
    `request`, as it came; of a `job`: its `id`, `args` and `attempts`."""
    parts: list[Part] = field(default_factory=list)
    seconds: float = 0.0
    """From the begin of the handler to its end, waiting included."""
    steps: int | None = None
    """What the handler used of its budget; None where steps are not limited, or nothing ran."""
    error: BaseException | None = None
    """What the handler failed with, or why its return was refused; then no action was applied."""
    is_done: bool = False
    event: Value = None
    """What the handler got, where an observer wants to know what begins (`Observation.begun`)."""
    tape: Any = None
    """Where a recording writes down what the event is told from outside (`recordings`)."""

    @property
    def deliveries(self) -> list[Delivered]:
        """What it caused to be sent, in order."""
        return [part for part in self.parts if isinstance(part, Delivered)]

    @property
    def actions(self) -> list[ActionTaken]:
        """The actions that were applied, in order."""
        return [part for part in self.parts if isinstance(part, ActionTaken)]

    @property
    def cost(self) -> str:
        """Time and steps of a handler; empty where none ran."""
        if not self.handler:
            return ""
        took = f"{self.seconds * 1000:.1f} ms"
        return took if self.steps is None else f"{took}, {self.steps} step{'s' * (self.steps != 1)}"

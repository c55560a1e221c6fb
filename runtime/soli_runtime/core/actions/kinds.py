"""What a handler can ask for: one class for each action (docs/spec §W4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from soli_lang.base.errors import SoliError

from ..effects import Payload, RoomName
from ..state.changes import Diff, Step


class ActionError(SoliError):
    """A handler asked for something that cannot be; nothing of its return is applied.

    `key` is the action's key, None when the return itself is not a Hash.
    """

    kind = "TypeError"

    def __init__(self, key: str | None, message: str, *, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.key = key


@dataclass(slots=True)
class Join:
    rooms: tuple[RoomName, ...]


@dataclass(slots=True)
class Recall:
    """`history`: how many messages of the past one gets who joins."""

    count: int


@dataclass(slots=True)
class Volatile:
    """`volatile`: what the return sends may be left out for who is behind; None: it may not."""

    key: str | None


@dataclass(slots=True)
class Leave:
    rooms: tuple[RoomName, ...]


@dataclass(slots=True)
class Untrack:
    rooms: tuple[RoomName, ...]


@dataclass(slots=True)
class Track:
    """`state` is None when the hash gives none; `fields` is the application's own metadata."""

    room: RoomName
    key: str
    state: str | None
    fields: dict[str, Any]


@dataclass(slots=True)
class SetPresence:
    room: RoomName
    state: str | None
    fields: dict[str, Any]


@dataclass(slots=True)
class ChangeState:
    """`room_state`, `room_add`, `room_append`: a step of one change of the current room's state."""

    step: Step


@dataclass(slots=True)
class StateCommitted:
    """In place of those, once the change was made (`serving.sockets.transactions`)."""

    room: RoomName
    version: int
    diff: Diff
    is_told_first: bool
    """Whether messages for members follow, so that they must have heard of it before."""


@dataclass(slots=True)
class Reply:
    """`send`: to the connection whose event it was."""

    payload: Payload


@dataclass(slots=True)
class BroadcastRoom:
    payload: Payload


@dataclass(slots=True)
class BroadcastChannel:
    room: RoomName
    payload: Payload


@dataclass(slots=True)
class Broadcast:
    payload: Payload


@dataclass(slots=True)
class WithOptions:
    """One of the sends above that is not for the connection whose event it was, or is volatile.

    The *key* is None unless it is volatile, and empty for `"volatile": true`.
    """

    action: Reply | BroadcastRoom | BroadcastChannel | Broadcast
    to_others: bool
    key: str | None


@dataclass(slots=True)
class ReplyToRequest:
    """`reply`, `reply_error`: to the request that is handled; *response* is JSON.

    Whoever knows the request makes a `Reply` of it (`serving.sockets.requests`).
    """

    status: str
    response: str


@dataclass(slots=True)
class CloseConnection:
    code: int
    reason: str


@dataclass(slots=True)
class Unknown:
    """A key that is no action: a warning, not an error."""

    key: str
    suggestion: str | None

    @property
    def text(self) -> str:
        hint = f"; did you mean '{self.suggestion}'?" if self.suggestion else ""
        return f"unknown action '{self.key}'{hint}"


Action: TypeAlias = (
    Join
    | Recall
    | Volatile
    | Untrack
    | Track
    | SetPresence
    | ChangeState
    | StateCommitted
    | Reply
    | BroadcastRoom
    | BroadcastChannel
    | Broadcast
    | WithOptions
    | ReplyToRequest
    | Leave
    | CloseConnection
    | Unknown
)


class Replying(list[Action]):
    """Actions with a `ReplyToRequest` among them."""

    __slots__ = ()

"""Who is at the other end of each connection, found out before the upgrade.

A socket is let in once and lives for hours. What it was let in for, a login, may end before it: so
its visitor is known by session and by user, and its connection can be ended with them.
"""

from __future__ import annotations

from asyncio import AbstractEventLoop, TimerHandle
from collections.abc import Iterable
from typing import TYPE_CHECKING

from soli_lang.values.display import to_text
from soli_lang.values.values import Value

from ...gate.admission import Admission
from ...http.guards.identity import user_id_of

if TYPE_CHECKING:
    from ...http.sessions import Session
    from .conversations import Conversation

SESSION_ENDED = (1008, "session ended")
TOO_OLD = (1001, "maximum age")


class Visitor:
    """One client that connects. Made before the upgrade, so that no logout falls in between."""

    __slots__ = (
        "conversation",
        "is_over",
        "path",
        "remote_ip",
        "session",
        "session_id",
        "timer",
        "tracked_as",
        "user",
        "user_id",
        "was_opened",
    )

    def __init__(
        self,
        path: str,
        remote_ip: str = "",
        session_id: str | None = None,
        session: Session | None = None,
    ) -> None:
        """*session_id* is what its cookie says, *session* what belongs to that."""
        self.path = path
        self.remote_ip = remote_ip
        self.session_id = session_id
        self.session = session
        self.user: Value = None
        """What `authenticate` returned."""
        self.user_id: str | None = None
        """The `id` or `user_id` of that."""
        self.tracked_as: str | None = None
        """The `user_id` of its last `track`."""
        self.conversation: Conversation | None = None
        """While its connection is open."""
        self.was_opened = False
        self.timer: TimerHandle | None = None
        self.is_over = False
        """Whether the session ended before the connection was open."""


Index = dict[str, dict[Visitor, None]]


class Visitors:
    """Those of this process, whose connections get *max_seconds* old; 0: any age."""

    def __init__(
        self, admission: Admission, loop: AbstractEventLoop, max_seconds: float = 0.0
    ) -> None:
        self._admission = admission
        self._loop = loop
        self._max_seconds = max_seconds
        self._by_session: Index = {}
        self._by_user: Index = {}

    def comes(self, visitor: Visitor) -> None:
        """It was admitted, and is about to be let in."""
        if visitor.session_id is not None:
            self._by_session.setdefault(visitor.session_id, {})[visitor] = None

    def belongs_to(self, visitor: Visitor, user: Value) -> None:
        """`authenticate` said who it is: a Hash with `id` or `user_id`."""
        visitor.user = user
        key = user_id_of(user)
        if key is not None:
            visitor.user_id = to_text(key)
            self._by_user.setdefault(visitor.user_id, {})[visitor] = None

    def opened(self, visitor: Visitor, conversation: Conversation) -> None:
        """Its connection is open."""
        visitor.conversation, visitor.was_opened = conversation, True
        if visitor.is_over:
            self._loop.call_soon(_close, visitor, *SESSION_ENDED)
        if self._max_seconds:
            visitor.timer = self._loop.call_later(self._max_seconds, _close, visitor, *TOO_OLD)

    def tracked(self, visitor: Visitor, user_id: str) -> None:
        """It was tracked as that user."""
        if visitor.tracked_as not in (None, visitor.user_id, user_id):
            _drop(self._by_user, visitor.tracked_as, visitor)
        visitor.tracked_as = user_id
        self._by_user.setdefault(user_id, {})[visitor] = None

    def gone(self, visitor: Visitor) -> None:
        """Its connection is closed, or was never opened."""
        self._admission.release(visitor.remote_ip)
        if visitor.timer is not None:
            visitor.timer.cancel()
        visitor.conversation = None
        _drop(self._by_session, visitor.session_id, visitor)
        for user in {visitor.user_id, visitor.tracked_as}:
            _drop(self._by_user, user, visitor)

    def of_user(self, user_id: str) -> Iterable[str]:
        """Ids of the connections of a user, oldest first."""
        found = self._by_user.get(user_id, {})
        return [one.conversation.id for one in found if one.conversation is not None]

    def session_ended(self, session_id: str) -> None:
        """A session is no more: nor are its connections in this process."""
        for visitor in tuple(self._by_session.get(session_id, ())):
            visitor.is_over = True
            if visitor.conversation is not None:
                _close(visitor, *SESSION_ENDED)


def _close(visitor: Visitor, code: int, reason: str) -> None:
    conversation = visitor.conversation
    if conversation is not None and conversation.connection is not None:
        conversation.connection.close(code, reason)


def _drop(index: Index, key: str | None, visitor: Visitor) -> None:
    if key is not None and key in index:
        index[key].pop(visitor, None)
        if not index[key]:
            del index[key]

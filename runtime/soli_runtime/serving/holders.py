"""Whose each connection is: by its session and by its user, so that it can be ended with them.

A socket is let in once and lives for hours. What it was let in for, a login, may end before it.
"""

from __future__ import annotations

from asyncio import AbstractEventLoop, TimerHandle
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from soli_lang.values.display import to_text
from soli_lang.values.values import Value

from ..http.guards.identity import user_id_of

if TYPE_CHECKING:
    from .sockets.conversations import Conversation

SESSION_ENDED = (1008, "session ended")
TOO_OLD = (1001, "maximum age")


class Holder:
    """Who holds one connection. Made before the upgrade, so that no logout falls in between."""

    __slots__ = ("conversation", "is_over", "session_id", "timer", "tracked_as", "user")

    def __init__(self, session_id: str | None, user: str | None) -> None:
        self.session_id = session_id
        self.user = user
        self.tracked_as: str | None = None
        """The `user_id` of its last `track`."""
        self.conversation: Conversation | None = None
        self.timer: TimerHandle | None = None
        self.is_over = False
        """Whether the session ended before the connection was open."""


class Holders:
    """The holders of all connections of this process, which get *max_seconds* old; 0: any age."""

    def __init__(self, loop: AbstractEventLoop, max_seconds: float) -> None:
        self._loop = loop
        self._max_seconds = max_seconds
        self._by_session: dict[str, dict[Holder, None]] = {}
        self._by_user: dict[str, dict[Holder, None]] = {}
        self.end_elsewhere: Callable[[str], object] = lambda session_id: None
        """Ends a session's connections in other processes."""

    def hold(self, session_id: str | None) -> Holder:
        """A connection is about to be let in, with the session that its cookie names."""
        holder = Holder(session_id, None)
        if session_id is not None:
            self._by_session.setdefault(session_id, {})[holder] = None
        return holder

    def belongs_to(self, holder: Holder, user: Value) -> None:
        """`authenticate` said whose it is: a Hash with `id` or `user_id`."""
        key = user_id_of(user)
        if key is not None:
            holder.user = to_text(key)
            self._by_user.setdefault(holder.user, {})[holder] = None

    def opened(self, holder: Holder, conversation: Conversation) -> None:
        """It is open."""
        holder.conversation = conversation
        if holder.is_over:
            self._loop.call_soon(_close, holder, *SESSION_ENDED)
        if self._max_seconds:
            self._start_timer(holder)

    def tracked(self, holder: Holder, user_id: str) -> None:
        """It was tracked as that user."""
        if holder.tracked_as not in (None, holder.user, user_id):
            self._forget_user(holder, holder.tracked_as)
        holder.tracked_as = user_id
        self._by_user.setdefault(user_id, {})[holder] = None

    def gone(self, holder: Holder) -> None:
        """It is closed, or was never opened."""
        if holder.timer is not None:
            holder.timer.cancel()
        holder.conversation = None
        _drop(self._by_session, holder.session_id, holder)
        self._forget_user(holder, holder.user)
        self._forget_user(holder, holder.tracked_as)

    def of_user(self, user_id: str) -> list[str]:
        """Ids of the connections of a user, oldest first."""
        found = self._by_user.get(user_id, {})
        return [holder.conversation.id for holder in found if holder.conversation is not None]

    def session_ended(self, session_id: str) -> None:
        """A session is no more, by a logout or by its age: nor are its connections, anywhere."""
        self.session_ended_here(session_id)
        self.end_elsewhere(session_id)

    def session_ended_here(self, session_id: str) -> None:
        """The same for the connections of this process."""
        for holder in tuple(self._by_session.get(session_id, ())):
            holder.is_over = True
            if holder.conversation is not None:
                _close(holder, *SESSION_ENDED)

    def _start_timer(self, holder: Holder) -> None:
        holder.timer = self._loop.call_later(self._max_seconds, _close, holder, *TOO_OLD)

    def _forget_user(self, holder: Holder, user: str | None) -> None:
        _drop(self._by_user, user, holder)


def _close(holder: Holder, code: int, reason: str) -> None:
    conversation = holder.conversation
    if conversation is not None and conversation.connection is not None:
        conversation.connection.close(code, reason)


def _drop(index: dict[str, dict[Holder, None]], key: str | None, holder: Any) -> None:
    found = index.get(key) if key is not None else None
    if found is not None:
        found.pop(holder, None)
        if not found:
            del index[key]  # type: ignore[arg-type]

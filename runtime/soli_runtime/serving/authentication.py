"""Who is it: the session and the user of a request or an upgrade (docs/spec §W8).

The user is what a host's function says, else the `authenticate` of the route.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

from soli_lang.base.errors import SoliError
from soli_lang.values.values import Value

from ..builtins.http import Forbidden
from ..calling.calls import Calls, failure_text
from ..http.context import AuthenticationContext
from ..http.cookies import parse_cookies
from ..http.current import REQUEST
from ..http.requests import RawRequest, visitor_hash
from ..http.responses import Response, is_response_hash, response_of, text_response
from ..http.sessions import COOKIE, MemoryStore, Session, SessionStore
from ..json_codec import json_codec
from ..loading.app import Target
from ..observing.tally import kind_of
from ..routing.routes import Match
from .holders import Holders
from .state import ServiceState

Authenticate = Callable[[dict[str, Any]], Any]
"""A host's function: takes the request Hash, returns (or awaits) a user Hash, None, or a
`Response`."""


class Authentication:
    """Finds out who sent what, for one program; *host* stands in for what its routes name."""

    def __init__(
        self,
        state: ServiceState,
        calls: Calls,
        sessions: SessionStore,
        holders: Holders,
        host: Authenticate | None = None,
    ) -> None:
        self._state = state
        self._calls = calls
        self._sessions = sessions
        self._holders = holders
        self._host = host
        self._codec = json_codec(calls.machine)

    @property
    def is_hosts(self) -> bool:
        """Whether a host says who it is."""
        return self._host is not None

    def session_of(self, raw: RawRequest, *, tells: bool = True) -> Session:
        """The session that the request's cookie names. *tells*: the answer can set a cookie."""
        sessions = self._sessions
        create = sessions.create
        if isinstance(sessions, MemoryStore):
            create = partial(sessions.create, address=raw.remote_ip)
        return Session(
            sessions,
            session_cookie(raw),
            login_key=self._state.settings.login_key,
            tells=tells,
            on_end=self._holders.session_ended,
            create=create,
        )

    async def user_of(
        self, raw: RawRequest, match: Match[Target], session: Session
    ) -> Value | Response:
        """The user of a request, null for a stranger, or the response that refuses it."""
        function = match.target.authenticate
        if function is None and self._host is None:
            return None
        request = visitor_hash(raw, match.params)
        try:
            if self._host is not None:
                found = self._host(request)
                if asyncio.iscoroutine(found) or isinstance(found, asyncio.Future):
                    found = await found
            else:
                found = await self._asked(function, raw, request, session)
        except Forbidden as error:
            return text_response(403, error.message)
        except Exception as error:
            return self._failed(error, raw)
        return self._judged(found, raw)

    async def _asked(
        self, function: Value, raw: RawRequest, request: dict[str, Any], session: Session
    ) -> Value:
        """What the program's `authenticate` says."""
        key = (raw.remote_ip, "authenticate")
        if not await self._state.heavy.turn(key):
            return text_response(429, "too much work")
        context = AuthenticationContext(raw, request, session)
        invoke = self._calls.machine.callback(function, 1)
        return await self._calls.wait(
            invoke, request, {REQUEST: context}, partial(self._state.heavy.took, key)
        )

    def _judged(self, found: Value, raw: RawRequest) -> Value | Response:
        if isinstance(found, Response):
            return found
        if is_response_hash(found) and "status" in found:
            try:
                return response_of(found, self._codec.encode)
            except SoliError as error:
                return self._failed(error, raw)
        if found is None or isinstance(found, dict):
            return found
        # `false` as well: who writes it means a refusal, and gets one.
        wrong = SoliError("authenticate: expected a Hash, null (a stranger) or halt(401, …)")
        return self._failed(wrong, raw)

    def _failed(self, error: Exception, raw: RawRequest) -> Response:
        kind = kind_of(error)
        if self._state.observation is not None:
            self._state.observation.failed(error)
        self._state.tally.handler_errors["authenticate", kind] += 1
        self._state.log.error(
            "authenticate_error", kind=kind, path=raw.path, error=lambda: failure_text(error)
        )
        return self._state.error_response(error)


def session_cookie(raw: RawRequest) -> str | None:
    """What the request's session cookie holds."""
    return parse_cookies(raw.headers.get("cookie", "")).get(COOKIE)

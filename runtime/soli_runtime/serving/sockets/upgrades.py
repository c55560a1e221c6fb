"""Who is let in: from the request for a WebSocket to its conversation, or to a refusal."""

from __future__ import annotations

import sys
from collections.abc import Coroutine
from time import perf_counter
from typing import Any, NamedTuple, TypeAlias
from urllib.parse import unquote

from aiohttp import web

from ...core.events import Events, ProtocolEvents
from ...gate.admission import Admission
from ...gate.explanations import explained
from ...gate.open_files import descriptor_of
from ...gate.origins import Peer, origin_fault
from ...gate.refusals import Refusal
from ...gate.request_turns import RequestFlow
from ...http.guards.refusals import answer_to
from ...http.messages import raw_request, to_aiohttp
from ...http.queries import parse_query
from ...http.requests import RawRequest
from ...http.sessions import Session
from ...loading.app import Target
from ...routing.routes import WEBSOCKET, Match, NoMatch
from ...ws.endpoint import Endpoint
from ...ws.protocol.handshake import choose_protocol
from ...ws.upgrade import SWITCHED, upgrade, upgrade_at_once
from ..answering.begun import there
from ..authentication import session_cookie
from ..program import ServedProgram
from . import phoenix
from .conversations import Conversation
from .live import Live
from .refusals import Tellers, split_query
from .visitors import Visitor

Upgrading: TypeAlias = web.StreamResponse | Coroutine[Any, Any, web.StreamResponse]
"""`SWITCHED`, or what has to be waited for."""


LONG_CHARACTERS = 255
"""Of header values that are kept as they came: most others are the same for many connections."""


class Asked(NamedTuple):
    """A request for a WebSocket."""

    request: web.BaseRequest
    raw: RawRequest
    wants_to_hear: bool
    """Whether it wants to hear of a refusal (see `refusals`)."""

    @classmethod
    def by(cls, request: web.BaseRequest, peer: Peer) -> Asked:
        """What *request*, which came from *peer*, asks for."""
        wants_to_hear, raw = split_query(raw_request(request, peer, b""))
        return cls(request, raw, wants_to_hear)


class Upgrades:
    """Lets clients of one program in."""

    def __init__(
        self, endpoint: Endpoint, live: Live, admission: Admission, program: ServedProgram
    ) -> None:
        self._endpoint = endpoint
        self._live = live
        self._state = live.state
        self._visitors = live.visitors
        self._admission = admission
        self._program = program
        self._tellers = Tellers(endpoint, live.hub.seats)

    def follow(self, program: ServedProgram) -> None:
        """Let clients in to *program* from now on."""
        self._program = program

    def match(self, path: str, query: str) -> Match[Target] | NoMatch:
        """The route of an upgrade: Phoenix's client puts a segment of its own behind the path."""
        table = self._program.app.table
        if path.endswith(phoenix.SUFFIX) and f"vsn={phoenix.VERSION}" in query:
            found = table.match(WEBSOCKET, path.removesuffix(phoenix.SUFFIX) or "/")
            if isinstance(found, Match):
                return found
        return table.match(WEBSOCKET, path)

    def begin(self, request: web.BaseRequest, match: Match[Target], peer: Peer) -> Upgrading:
        """Upgrade *request*, or say why not: at once where nothing has to be waited for."""
        asked = Asked.by(request, peer)
        refusal = self._why_not(asked, peer)
        if refusal is not None:
            return self.refuse(refusal, asked)
        raw = asked.raw
        session = self._program.authentication.session_of(raw, tells=False)
        path, ip = sys.intern(unquote(raw.path)), sys.intern(peer.ip)
        visitor = Visitor(path, ip, session_cookie(raw), session)
        self._visitors.comes(visitor)
        if self._program.authentication.admits_all(match) and request.__class__ is web.BaseRequest:
            flow = self._opening(raw, match)
            if not self._state.turns.must_wait(flow, perf_counter()):
                return self._let_in_at_once(asked, match, visitor, flow)
        return self._let_in_later(asked, match, visitor, session)

    def _let_in_at_once(
        self, asked: Asked, match: Match[Target], visitor: Visitor, flow: RequestFlow
    ) -> Upgrading:
        try:
            conversation = self._conversation(asked.raw, match, visitor, flow)
            protocol = conversation.events.protocol
            request, headers = asked.request, asked.raw.headers
            answer = upgrade_at_once(request, headers, conversation, self._endpoint, protocol)
        finally:
            if not visitor.was_opened:
                self._visitors.gone(visitor)
        return answer if answer is SWITCHED else there(self._answered(answer, asked))

    async def _let_in_later(
        self, asked: Asked, match: Match[Target], visitor: Visitor, session: Session
    ) -> web.StreamResponse:
        try:
            return await self._let_in(asked, match, visitor, session)
        finally:
            if not visitor.was_opened:
                self._visitors.gone(visitor)

    def _why_not(self, asked: Asked, peer: Peer) -> Refusal | None:
        """Why not even the program is asked."""
        if self._state.needs.broker_is_lost:
            return Refusal(503, "the broker is down", reason="broker")
        fault = origin_fault(asked.raw.headers, peer, self._state.settings.allowed_origins)
        if fault is not None:
            return Refusal(403, fault, reason="origin")
        descriptor = descriptor_of(asked.request.transport)
        return self._admission.admit(peer.ip, self._state.now(), descriptor)

    async def _let_in(
        self, asked: Asked, match: Match[Target], visitor: Visitor, session: Session
    ) -> web.StreamResponse:
        authentication = self._program.authentication
        user = await authentication.admitted(asked.raw, match, session)
        if isinstance(user, Refusal):
            return await self.refuse(user, asked)
        self._visitors.belongs_to(visitor, user)
        flow = self._opening(asked.raw, match)
        await self._state.turns.turn(flow)
        conversation = self._conversation(asked.raw, match, visitor, flow)
        protocol = conversation.events.protocol
        answer = await upgrade(asked.request, conversation, self._endpoint, protocol=protocol)
        return self._answered(answer, asked)

    def _opening(self, raw: RawRequest, match: Match[Target]) -> RequestFlow:
        """To whose account connect events are put."""
        return self._state.turns.flow(raw.remote_ip, f"{match.target.handler.name} connect")

    def _answered(self, answer: web.StreamResponse, asked: Asked) -> web.StreamResponse:
        """Note a request that was no handshake."""
        if answer.status >= 400:
            refusal = Refusal(
                answer.status, "this is not a WebSocket handshake", reason="handshake"
            )
            self._note(refusal, asked.raw)
        return answer

    def _conversation(
        self, raw: RawRequest, match: Match[Target], visitor: Visitor, opening: RequestFlow
    ) -> Conversation:
        query = parse_query(raw.query_string)
        headers = {
            sys.intern(name): value if len(value) > LONG_CHARACTERS else sys.intern(value)
            for name, value in raw.headers.items()
        }
        connection_id, query, headers = self._state.seen(query, headers)
        parts = (connection_id, match.params, query, headers)
        offered = headers.get("sec-websocket-protocol", "")
        protocol = choose_protocol(offered, match.target.declared.protocols)
        events = Events(*parts) if protocol is None else ProtocolEvents(*parts, protocol)
        make = self._live.classes[query.get("vsn") == phoenix.VERSION]
        return make(self._live, match.target.handler, events, visitor, opening)

    async def refuse(self, refusal: Refusal, asked: Asked) -> web.StreamResponse:
        """The answer to an upgrade that is refused, whoever refuses it."""
        self._endpoint.counters.handshakes_refused += 1
        self._note(refusal, asked.raw)
        if asked.wants_to_hear and self._tellers.is_free:
            return await self._tellers.tell(refusal, asked.request)
        return to_aiohttp(answer_to(refusal))

    def _note(self, refusal: Refusal, raw: RawRequest) -> None:
        state, status, reason = self._state, refusal.status, refusal.reason
        trace = None if state.observation is None else state.observation.current()
        if trace is not None:
            trace.status, trace.reason, trace.text = status, refusal.by or reason, refusal.text
        state.tally.refusals[reason, status] += 1
        why = explained(reason, raw.headers, raw.remote_ip, state.settings.allowed_origins)
        if refusal.by:
            why["middleware"] = refusal.by
        state.log.warning(
            "upgrade_refused", status=status, reason=reason, path=raw.path, ip=raw.remote_ip, **why
        )

"""Where each request goes: to a page of ours, to an upgrade, to an action, or nowhere."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from aiohttp import web

from ..calling.calls import failure_text
from ..gate.explanations import ForwardingHint
from ..gate.first_request import is_upgrade
from ..gate.hosts import is_allowed_host
from ..gate.origins import Peer, TrustedProxies
from ..gate.refusals import Refusal
from ..http.messages import peer_of, plain, to_aiohttp
from ..http.responses import Response
from ..http.whole_responses import whole_answer
from ..observing.tally import kind_of
from ..routing.routes import Match
from ..ws.upgrade import SWITCHED
from .answering.begun import Begun, awaited, raised
from .program import ServedProgram
from .sockets.upgrades import Asked, Upgrades
from .state import ServiceState

OWN_SOCKETS = ("/_soli/dev", "/_soli/watch")
"""Paths at which development and the dashboard have WebSockets of their own."""


class Entrance:
    """The one way into a service."""

    def __init__(self, state: ServiceState, upgrades: Upgrades, program: ServedProgram) -> None:
        self._state = state
        self._upgrades = upgrades
        self._http = program.http
        self._proxies = TrustedProxies(
            state.settings.trusted_proxies, ForwardingHint(state.now, self._warn_of_proxy)
        )

    def follow(self, program: ServedProgram) -> None:
        """Have requests answered by *program* from now on."""
        self._http = program.http
        self._upgrades.follow(program)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request; the aiohttp handler."""
        state = self._state
        try:
            own = None if state.own_pages is None else await state.own_pages.answer(request)
            if own is not None:
                return own
            if state.observation is None:
                answer = await self._handle(request)
            else:
                answer = await state.observation.of_request(request, self._handle)
            state.tally.responses[answer.status] += 1
            return answer
        except Exception as error:
            return self._failed(error, request)

    def begin(self, request: web.BaseRequest) -> bytes | Coroutine[Any, Any, web.StreamResponse]:
        """Answer a request that came alone on a connection of our own which stays.

        Returns the answer as it goes over the line, or a coroutine for what has to be waited for.
        Empty: the line is a WebSocket's now.
        """
        state = self._state
        if state.observation is not None or state.own_pages is not None:
            return self.handle(request)
        try:
            begun = self._begin(request)
            if isinstance(begun, Response) and (whole := whole_answer(begun)) is not None:
                state.tally.responses[begun.status] += 1
                return whole
            if begun is SWITCHED:
                state.tally.responses[SWITCHED.status] += 1
                return b""
        except Exception as error:
            return self._ended(raised(error), request)
        return self._ended(awaited(begun), request)

    async def _ended(
        self, begun: Coroutine[Any, Any, web.StreamResponse], request: web.BaseRequest
    ) -> web.StreamResponse:
        try:
            answer = await begun
            self._state.tally.responses[answer.status] += 1
            return answer
        except Exception as error:
            return self._failed(error, request)

    def _failed(self, error: Exception, request: web.BaseRequest) -> web.StreamResponse:
        """A fault of ours outside of any handler: that request's, and nobody else's."""
        if isinstance(error, web.HTTPException):
            raise error  # aiohttp's way of answering
        if isinstance(error, ConnectionError):
            # The client went away meanwhile; aiohttp drops an answer that nobody reads.
            self._state.log.debug("client_gone", path=request.rel_url.raw_path)
            return plain(400, "connection lost")
        self._state.tally.responses[500] += 1
        self._state.log.error(
            "request_failed",
            kind=kind_of(error),
            path=request.rel_url.raw_path,
            error=failure_text(error),
        )
        return to_aiohttp(self._state.error_response(error))

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        return await awaited(self._begin(request))

    def _begin(self, request: web.BaseRequest) -> Begun:
        peer = peer_of(request, self._proxies)
        path = request.rel_url.raw_path
        if self._state.is_stopping:
            return self._refuse_late(request, path, peer)
        if not self._answers_for(peer.host, path):
            return self._refuse_host(request, path, peer)
        if is_upgrade(request):
            match = self._upgrades.match(path, request.rel_url.raw_query_string)
            if isinstance(match, Match):
                return self._upgrades.begin(request, match, peer)
            asked = Asked.by(request, peer)
            if asked.wants_to_hear:
                refusal = Refusal(404, "there is no WebSocket at this path", reason="path")
                return self._upgrades.refuse(refusal, asked)
        return self._http.begin(request, path, peer)

    def may_upgrade(self, request: web.BaseRequest) -> bool:
        """Whether a WebSocket may come of a request."""
        if not is_upgrade(request):
            return False
        path, query = request.rel_url.raw_path, request.rel_url.raw_query_string
        is_own = self._state.own_pages is not None and path in OWN_SOCKETS
        return is_own or isinstance(self._upgrades.match(path, query), Match)

    def _answers_for(self, host: str, path: str) -> bool:
        allowed = self._state.settings.allowed_hosts
        return is_allowed_host(host, allowed) or self._http.is_for_watchers(path)

    async def _refuse_late(
        self, request: web.BaseRequest, path: str, peer: Peer
    ) -> web.StreamResponse:
        text = "the server is stopping"
        page = await self._http.status_page(path)
        if page is not None:
            return page
        if is_upgrade(request):
            refusal = Refusal(503, text, reason="stopping")
            return await self._upgrades.refuse(refusal, Asked.by(request, peer))
        return plain(503, text)

    async def _refuse_host(
        self, request: web.BaseRequest, path: str, peer: Peer
    ) -> web.StreamResponse:
        text = "this server does not answer for that host"
        if is_upgrade(request):
            refusal = Refusal(421, text, reason="host")
            return await self._upgrades.refuse(refusal, Asked.by(request, peer))
        self._state.log.warning("request_refused", status=421, reason="host", path=path, ip=peer.ip)
        return plain(421, text)

    def _warn_of_proxy(self, address: str) -> None:
        hint = f"if that is your proxy, start with --trusted-proxies {address}"
        self._state.log.warning("forwarded_header_ignored", ip=address, hint=hint)

"""The way of a request to what answers it: an action, a file, a page of the server's own."""

from __future__ import annotations

import asyncio

from aiohttp import web

from ...calling.calls import Calls
from ...gate.forgery import SAFE_METHODS, is_forged
from ...gate.origins import Peer
from ...http.bodies.incoming import BodyRefused, Pace, is_bare, read_request
from ...http.files.own_files import PREFIX as OWN_FILES
from ...http.files.own_files import OwnFiles
from ...http.files.static_files import StaticFile, StaticFolder
from ...http.guards import cors
from ...http.hardening import hardening_of
from ...http.messages import plain, raw_request
from ...http.requests import RawRequest
from ...http.responses import Response, text_response
from ...loading.app import App, Target
from ...routing.declared import CorsRule
from ...routing.routes import WEBSOCKET, Match, NoMatch
from ..authentication import Authentication
from ..dev.own_pages import OwnPages
from ..state import ServiceState
from .begun import Begun, awaited, there
from .files import file_response
from .runs import ActionRuns
from .status_pages import StatusPages

MAX_PATTERNS_SHOWN = 5
"""Routes that an app without a page names where its page would be."""


class HttpActions:
    """Answers the requests of a service that are no upgrades."""

    def __init__(
        self, app: App, state: ServiceState, authentication: Authentication, calls: Calls
    ) -> None:
        self._app = app
        self._state = state
        machine = app.interpreter.machine
        public = app.project.public
        self._prefix = app.declarations.place.prefix
        self._status_pages = StatusPages(self._prefix, state)
        self._static = StaticFolder(public) if public is not None else None
        self._own_files = OwnFiles()
        self._hardening = hardening_of(machine)
        self._runs = ActionRuns(machine, state, authentication, calls)

    def is_for_watchers(self, path: str) -> bool:
        """Whether a path is the server's own, for those who may know it by its address only."""
        if self._status_pages.is_metrics(path):
            return True
        return path in self._status_pages and isinstance(
            self._app.table.match("GET", path), NoMatch
        )

    def stop(self) -> None:
        """End the responses that would go on for ever."""
        self._runs.stop()

    async def status_page(self, path: str) -> web.StreamResponse | None:
        """The answer to `/healthz` or `/readyz`; None: the path is neither."""
        return await self._status_pages.answer(path)

    def begin(self, request: web.BaseRequest, path: str, peer: Peer) -> Begun:
        """Answer one request. Raises what fails in here; what fails in an action is answered."""
        if self._status_pages.is_metrics(path):
            return self._status_pages.metrics(request, peer)
        rules = self._app.declarations.cors
        rule = cors.rule_for(rules, path) if rules else None
        if rule is not None and _is_preflight(request):
            return _preflight(rule, request)
        begun = self._begin(request, path, peer, rule)
        own = self._state.own_pages
        return begun if own is None else _dressed(own, request, begun)

    def _begin(
        self, request: web.BaseRequest, path: str, peer: Peer, rule: CorsRule | None
    ) -> Begun:
        match = self._app.table.match(request.method, path)
        if isinstance(match, NoMatch) or not match.pattern.is_literal:
            file = self._static_file(request, path)
            if file is not None:
                own = self._state.own_pages
                page = None if own is None else own.page_of(request, file)
                return there(file_response(file, request) if page is None else page)
        if isinstance(match, NoMatch):
            return self._no_route(request, path, match)
        if self._is_forged(request, path, peer, rule):
            self._state.log.warning(
                "request_refused", status=403, reason="origin", path=path, ip=peer.ip
            )
            return text_response(403, "this request came from another site\n")
        if is_bare(request):
            return self._runs.begin(request, raw_request(request, peer, b""), match, rule)
        return self._with_body(request, match, peer, rule)

    def _is_forged(
        self, request: web.BaseRequest, path: str, peer: Peer, rule: CorsRule | None
    ) -> bool:
        """Whether another site sent this with the rights of one of our users."""
        if request.method in SAFE_METHODS:
            return False
        settings = self._state.settings
        headers = {name.lower(): value for name, value in request.headers.items()}
        if not is_forged(request.method, headers, peer, settings.allowed_origins):
            return False
        origin = headers.get("origin")
        if rule is not None and origin is not None and cors.trusts_with_cookies(rule, origin):
            return False
        return not any(cors.covers(one, path) for one in self._app.declarations.open_to_others)

    def _static_file(self, request: web.BaseRequest, path: str) -> StaticFile | None:
        if not self._may_be_file(path) or request.method not in ("GET", "HEAD"):
            return None
        path = request.rel_url.path.removeprefix(self._prefix)
        own = self._own_files.find(path)
        if own is not None or self._static is None:
            return own
        return self._static.find(path)

    def _may_be_file(self, path: str) -> bool:
        """Whether a percent-encoded path is worth a look: all are where the app has a folder."""
        return self._static is not None or "%" in path or OWN_FILES in path

    async def _no_route(
        self, request: web.BaseRequest, path: str, match: NoMatch
    ) -> web.StreamResponse:
        if request.method in ("GET", "HEAD") and not match.allowed:
            page = await self.status_page(path)
            if page is not None:
                return page
        if match.is_websocket:
            answer = plain(426, "this is a WebSocket")
            answer.headers["Upgrade"] = "websocket"
            answer.headers["Connection"] = "Upgrade"
            return answer
        if match.allowed:
            answer = plain(405, "method not allowed")
            answer.headers["Allow"] = ", ".join(match.allowed)
            return answer
        if path == self._prefix + "/" and request.method in ("GET", "HEAD") and not self._has_page:
            return plain(200, self._without_page())
        own = self._state.own_pages
        found = None if own is None else own.not_found(request)
        return plain(404, "not found") if found is None else found

    @property
    def _has_page(self) -> bool:
        """Whether the app serves anything but WebSockets."""
        return self._static is not None or any(
            method != WEBSOCKET for method, _, _ in self._app.table
        )

    def _without_page(self) -> str:
        """What the address that `soli run` prints shows of an app that has no page."""
        patterns = [pattern for _, pattern, _ in self._app.table]
        shown = ", ".join(patterns[:MAX_PATTERNS_SHOWN])
        rest = len(patterns) - MAX_PATTERNS_SHOWN
        more = f" and {rest} more" if rest > 0 else ""
        return f"A Soli app: it serves WebSocket connections at {shown}{more}, and has no page."

    # --- bodies --------------------------------------------------------------------------------

    async def _with_body(
        self, request: web.BaseRequest, match: Match[Target], peer: Peer, rule: CorsRule | None
    ) -> web.StreamResponse:
        try:
            raw = await self._read(request, peer)
        except BodyRefused as refused:
            return self._body_refused(refused, request, peer)
        return await awaited(self._runs.begin(request, raw, match, rule))

    async def _read(self, request: web.BaseRequest, peer: Peer) -> RawRequest:
        try:
            async with asyncio.timeout(self._state.settings.message_timeout or None) as deadline:
                pace = Pace(deadline, self._state.settings.constants.least_rate)
                limit = self._hardening.max_body_bytes
                inflates = self._state.inflates
                return await read_request(request, peer, limit, pace, inflates=inflates)
        except TimeoutError:
            self._state.too_slow("body", peer.ip)
            raise BodyRefused(408, "too_slow", "the request body took too long") from None

    def _body_refused(
        self, refused: BodyRefused, request: web.BaseRequest, peer: Peer
    ) -> web.StreamResponse:
        """What is left of the body is not waited for: the connection closes behind the answer."""
        path, state = request.rel_url.raw_path, self._state
        state.tally.refusals[f"body_{refused.reason}", refused.status] += 1
        state.log.warning(
            "body_refused", reason=refused.reason, status=refused.status, path=path, ip=peer.ip
        )
        answer = plain(refused.status, str(refused))
        answer.force_close()
        return answer


async def _dressed(own: OwnPages, request: web.BaseRequest, begun: Begun) -> web.StreamResponse:
    return own.dressed(request, await awaited(begun))


def _is_preflight(request: web.BaseRequest) -> bool:
    return (
        request.method == "OPTIONS"
        and "Origin" in request.headers
        and "Access-Control-Request-Method" in request.headers
    )


def _preflight(rule: CorsRule, request: web.BaseRequest) -> Response:
    asked = request.headers.get("Access-Control-Request-Headers", "")
    return Response(204, cors.preflight_headers(rule, request.headers["Origin"], asked))

"""HTTP beside WebSockets: actions, static files, streams (docs/spec §W8)."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from aiohttp import web
from soli_stdlib.json.text import json_codec

from soli_lang.base.errors import SoliError, render
from soli_lang.values.values import Value

from ..builtins.http import Forbidden, final_response
from ..calling.calls import Calls, failure_text
from ..calling.greenlets import Runners
from ..gate.forgery import SAFE_METHODS, is_forged
from ..gate.origins import Peer
from ..http.bodies.incoming import BodyRefused, Pace, is_bare, read_request
from ..http.context import RequestContext
from ..http.current import REQUEST
from ..http.files.own_files import PREFIX as OWN_FILES
from ..http.files.own_files import OwnFiles
from ..http.files.static_files import StaticFile, StaticFolder, choose_part
from ..http.guards import cors
from ..http.guards.middleware import Stage, passed
from ..http.hardening import hardening_of
from ..http.messages import header_multidict, plain, raw_request, to_aiohttp
from ..http.requests import RawRequest, visitor_hash
from ..http.responses import Response, response_of, text_response
from ..http.sse import SSE_HEADERS, BlockStream, Out, Subscriber, TopicStream
from ..http.views import error_pages
from ..loading.app import App, Target
from ..observing import health as watching
from ..observing.tally import kind_of
from ..routing.declared import CorsRule
from ..routing.returns import at_definition
from ..routing.routes import WEBSOCKET, Match, NoMatch
from ..stores.errors import StoreAway
from .authentication import Authentication
from .state import ServiceState

if TYPE_CHECKING:
    from ..observing.observation import Observation
    from ..routing.handler import Handler, Invoke


MAX_PATTERNS_SHOWN = 5
"""Routes that an app without a page names where its page would be."""


class HttpActions:
    """Answers the requests of a service that are no upgrades."""

    def __init__(
        self, app: App, state: ServiceState, authentication: Authentication, calls: Calls
    ) -> None:
        self._app = app
        self._state = state
        self._authentication = authentication
        self._calls = calls
        self._machine = app.interpreter.machine
        self._codec = json_codec(self._machine)
        public = app.project.public
        self._prefix = app.declarations.place.prefix
        self._status_pages = {
            self._prefix + watching.HEALTH_PATH: self._health,
            self._prefix + watching.READY_PATH: self._readiness,
        }
        self._metrics_path = self._prefix + watching.METRICS_PATH
        self._static = StaticFolder(public) if public is not None else None
        self._own_files = OwnFiles()
        # Streams last as long as their client: no bound on how long they wait.
        self._stream_calls = Calls(self._machine, Runners())
        self._hardening = hardening_of(self._machine)
        self._streams: set[asyncio.Task[Any]] = set()

    def is_for_watchers(self, path: str) -> bool:
        """Whether a path is the server's own, for those who may know it by its address only."""
        if path == self._metrics_path:
            return self._state.metrics is not None
        return path in self._status_pages and isinstance(
            self._app.table.match("GET", path), NoMatch
        )

    def stop(self) -> None:
        """End the responses that would go on for ever."""
        self._stream_calls.runners.cancel_all()
        for task in self._streams:
            task.cancel()

    async def handle(self, request: web.BaseRequest, path: str, peer: Peer) -> web.StreamResponse:
        """Answer one request."""
        if path == self._metrics_path and self._state.metrics is not None:
            return await self._metrics(request, peer)
        rules = self._app.declarations.cors
        rule = cors.rule_for(rules, path) if rules else None
        if rule is not None and _is_preflight(request):
            return _preflight(rule, request)
        answer = await self._answer(request, path, peer, rule)
        own = self._state.own_pages
        return answer if own is None else own.dressed(request, answer)

    async def _answer(
        self, request: web.BaseRequest, path: str, peer: Peer, rule: CorsRule | None
    ) -> web.StreamResponse:
        match = self._app.table.match(request.method, path)
        if isinstance(match, NoMatch) or not match.pattern.is_literal:
            file = self._static_file(request, path)
            if file is not None:
                own = self._state.own_pages
                page = None if own is None else own.page_of(request, file)
                return _send_file(file, request) if page is None else page
        if isinstance(match, NoMatch):
            return await self._no_route(request, path, match)
        if self._is_forged(request, path, peer, rule):
            self._state.log.warning(
                "request_refused", status=403, reason="origin", path=path, ip=peer.ip
            )
            return plain(403, "this request came from another site")
        return await self._action(request, match, peer, rule)

    def _is_forged(
        self, request: web.BaseRequest, path: str, peer: Peer, rule: CorsRule | None
    ) -> bool:
        """Whether another site sent this with the rights of one of our users."""
        settings = self._state.settings
        if request.method in SAFE_METHODS:
            return False
        headers = {name.lower(): value for name, value in request.headers.items()}
        if not is_forged(request.method, headers, peer, settings.allowed_origins):
            return False
        origin = headers.get("origin")
        if rule is not None and origin is not None and cors.trusts_with_cookies(rule, origin):
            return False
        return not any(cors.covers(one, path) for one in self._app.declarations.open_to_others)

    def _static_file(self, request: web.BaseRequest, path: str) -> StaticFile | None:
        if request.method not in ("GET", "HEAD") or not self._may_be_file(path):
            return None
        path = request.rel_url.path.removeprefix(self._prefix)
        own = self._own_files.find(path)
        if own is not None or self._static is None:
            return own
        return self._static.find(path)

    def _may_be_file(self, path: str) -> bool:
        """Whether a percent-encoded path is worth a look: all are where the app has a folder."""
        return self._static is not None or "%" in path or OWN_FILES in path

    async def _metrics(self, request: web.BaseRequest, peer: Peer) -> web.StreamResponse:
        state = self._state
        headers = {name.lower(): value for name, value in request.headers.items()}
        token = state.settings.metrics_token
        if not watching.may_watch(token, request.remote or "", headers):
            state.log.warning("metrics_refused", ip=peer.ip)
            if not token:
                return plain(403, "metrics are available on this machine, or with the token")
            answer = plain(401, "this page needs a token")
            answer.headers["WWW-Authenticate"] = "Bearer"
            return answer
        assert state.metrics is not None
        page, content_type = await state.metrics.page(headers.get("accept", ""))
        return _uncached(Response(200, [("Content-Type", content_type)], page))

    async def status_page(self, path: str) -> web.StreamResponse | None:
        """The answer to `/healthz` or `/readyz`; None: the path is neither."""
        page = self._status_pages.get(path)
        if page is None:
            return None
        status, body = await page()
        return _uncached(Response(status, [("Content-Type", "application/json")], body))

    async def _health(self) -> tuple[int, bytes]:
        stops = self._state.is_stopping
        return watching.health(stops, None if stops else await self._state.needs.statuses())

    async def _readiness(self) -> tuple[int, bytes]:
        return watching.readiness(self._state.is_stopping, self._state.needs.broker_is_lost)

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

    # --- actions -------------------------------------------------------------------------------

    async def _action(
        self, request: web.BaseRequest, match: Match[Target], peer: Peer, rule: CorsRule | None
    ) -> web.StreamResponse:
        state = self._state
        try:
            raw = await self._read(request, peer)
        except BodyRefused as refused:
            return self._body_refused(refused, request, peer)
        context = RequestContext(
            raw, visitor_hash(raw, match.params), self._authentication.session_of(raw)
        )
        if self._authentication.may_ask(match):
            await self._authentication.prepare(context, match)
        started = time.perf_counter()
        response = await self._run(context, match.target)
        if rule is not None and "Origin" in request.headers:
            response.headers += cors.response_headers(rule, request.headers["Origin"])
        state.log.info(
            "request",
            method=raw.method,
            path=raw.path,
            status=response.status,
            ms=round((time.perf_counter() - started) * 1000, 1),
        )
        if context.stream is not None and response.status == 200:
            return await self._stream(request, context, response, match.target.handler.name)
        return to_aiohttp(response)

    async def _read(self, request: web.BaseRequest, peer: Peer) -> RawRequest:
        if is_bare(request):
            return raw_request(request, peer, b"")
        try:
            async with asyncio.timeout(self._state.settings.body_timeout or None) as deadline:
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

    async def _run(self, context: RequestContext, target: Target) -> Response:
        """The response of an action, whatever happens in it."""
        handler = target.handler
        flow = await self._state.turns.turn(context.raw.remote_ip, handler.name)
        unread = self._state.unread
        if unread is not None and unread.must_wait(flow.address, flow.answer_bytes):
            await unread.room()
        invoke = handler.invoke
        if target.stages:
            invoke = self._after(target.stages, invoke, context)
        wanted = handler.body_parts
        if target.stages:
            wanted += tuple(part for stage in target.stages for part in stage.body_parts)
        try:
            if self._state.observation is not None:
                invoke = self._observed(self._state.observation, invoke, handler.name)

            def begin(_: Value) -> Value:
                return invoke(context.request_with(wanted, self._machine))

            value = await self._calls.wait(begin, None, {REQUEST: context}, flow)
            ended = time.perf_counter()
            response = self._response_of(handler, context, value)
            self._state.turns.took(flow, ended, time.perf_counter())
            flow.answer_bytes = len(response.body)
            return response
        except Forbidden as error:
            return text_response(403, error.message)
        except Exception as error:
            if context.stage is not None:
                self._authentication.failed(context.stage, error, context.raw)
            else:
                self._log_failure("action_failed", handler.name, error, context)
            return self._failure(error, context.raw)

    def _after(self, stages: tuple[Stage, ...], invoke: Invoke, context: RequestContext) -> Invoke:
        """*invoke* once *stages* let the request go on."""

        def guarded(request: Value) -> Value:
            found = passed(self._machine, stages, request, context, self._codec.encode)
            return found if isinstance(found, Response) else invoke(found)

        return guarded

    def _observed(self, observation: Observation, invoke: Invoke, name: str) -> Invoke:
        trace = observation.current()
        if trace is None:
            return invoke  # the request began before anybody watched
        trace.handler = name
        return observation.measured(invoke, self._machine, trace)

    def _log_failure(
        self, event: str, handler: str, error: Exception, context: RequestContext
    ) -> None:
        kind, raw = kind_of(error), context.raw
        if self._state.observation is not None:
            self._state.observation.failed(error)
        self._state.tally.handler_errors[handler, kind] += 1
        self._state.log.error(
            event,
            handler=handler,
            kind=kind,
            method=raw.method,
            path=raw.path,
            error=lambda: failure_text(error),
        )

    def _response_of(self, handler: Handler, context: RequestContext, value: Value) -> Response:
        """The answer. Raises SoliError, placed at the action, for what cannot be one."""
        try:
            return final_response(context, self._response(context, value), self._hardening)
        except SoliError as error:
            raise at_definition(error, handler.function, handler.source) from None

    def _response(self, context: RequestContext, value: Value) -> Response:
        if isinstance(value, Response):
            return value  # of what came before the action
        if value is None and context.rendered is not None:
            return context.rendered
        return response_of(value, self._codec.encode)

    def _failure(self, error: Exception, raw: RawRequest) -> Response:
        # An error shows lines of the source: to this machine only, as the other pages of --dev.
        is_shown = self._state.shows_errors_to(raw.remote_ip, raw.headers)
        if not is_shown or isinstance(error, StoreAway):
            return self._state.error_response(error)
        if isinstance(error, SoliError):
            return error_pages.page(render(error))
        return error_pages.page(failure_text(error))

    # --- streams -------------------------------------------------------------------------------

    async def _stream(
        self, request: web.BaseRequest, context: RequestContext, response: Response, handler: str
    ) -> web.StreamResponse:
        plan = context.stream
        assert plan is not None
        headers = header_multidict(response)
        if isinstance(plan, TopicStream) or plan.is_sse:
            headers.update(SSE_HEADERS)
        else:
            headers["Content-Type"] = plan.content_type
        answer = web.StreamResponse(headers=headers)
        await answer.prepare(request)
        task = asyncio.current_task()
        assert task is not None
        self._streams.add(task)
        try:
            if isinstance(plan, TopicStream):
                await self._relay(answer, plan.topic)
            else:
                await self._run_block(answer, plan, context, handler)
        except (ConnectionError, asyncio.CancelledError):
            # The client is gone, or the server stops: nobody is left to tell.
            pass
        finally:
            self._streams.discard(task)
        return answer

    async def _relay(self, answer: web.StreamResponse, topic: str) -> None:
        ready = asyncio.Event()
        subscriber = Subscriber(ready.set)
        topics = self._state.topics
        topics.subscribe(topic, subscriber)
        try:
            while True:
                await ready.wait()
                ready.clear()
                while subscriber.frames:
                    await answer.write(subscriber.frames.popleft())
        finally:
            topics.unsubscribe(topic, subscriber)

    async def _run_block(
        self, answer: web.StreamResponse, plan: BlockStream, context: RequestContext, handler: str
    ) -> None:
        async def send(data: bytes) -> bool:
            try:
                await answer.write(data)
            except ConnectionError:
                return False
            return True

        out = Out(send, plan.is_sse)
        invoke = self._machine.callback(plan.block, 1)
        try:
            await self._stream_calls.wait(invoke, out, {REQUEST: context})
        except ConnectionError:
            raise
        except Exception as error:
            self._log_failure("stream_failed", handler, error, context)


def _uncached(response: Response) -> web.StreamResponse:
    response.headers.append(("Cache-Control", "no-store"))
    return to_aiohttp(response)


def _is_preflight(request: web.BaseRequest) -> bool:
    return (
        request.method == "OPTIONS"
        and "Origin" in request.headers
        and "Access-Control-Request-Method" in request.headers
    )


def _preflight(rule: CorsRule, request: web.BaseRequest) -> web.StreamResponse:
    asked = request.headers.get("Access-Control-Request-Headers", "")
    headers = cors.preflight_headers(rule, request.headers["Origin"], asked)
    return to_aiohttp(Response(204, headers))


def _send_file(file: StaticFile, request: web.BaseRequest) -> web.StreamResponse:
    headers = {name.lower(): value for name, value in request.headers.items()}
    part = choose_part(file, headers)
    response = Response(
        part.status,
        [
            ("ETag", file.etag),
            ("Last-Modified", file.last_modified),
            ("Accept-Ranges", "bytes"),
            ("Cache-Control", "no-cache"),
            ("X-Content-Type-Options", "nosniff"),
        ],
    )
    if part.status == 416:
        response.headers.append(("Content-Range", f"bytes */{file.size}"))
    elif part.status != 304:
        response.headers.append(("Content-Type", file.content_type))
        if part.status == 206:
            place = f"bytes {part.start}-{part.end - 1}/{file.size}"
            response.headers.append(("Content-Range", place))
        return _FileResponse(file, part.start, part.end, response)
    return to_aiohttp(response)


_CHUNK = 256 * 1024


class _FileResponse(web.StreamResponse):
    """Part of a file. Reading happens in a thread, sending under flow control."""

    def __init__(self, file: StaticFile, start: int, end: int, response: Response) -> None:
        super().__init__(status=response.status, headers=header_multidict(response))
        self._file = file
        self._from = start
        self._until = end
        self.content_length = end - start

    async def prepare(self, request: web.BaseRequest) -> Any:
        writer = await super().prepare(request)
        if request.method == "HEAD" or self._from == self._until:
            return writer
        with await asyncio.to_thread(self._file.path.open, "rb") as stream:
            stream.seek(self._from)
            left = self._until - self._from
            while left > 0:
                data = await asyncio.to_thread(stream.read, min(_CHUNK, left))
                if not data:
                    break  # the file shrank; the client sees a short answer
                left -= len(data)
                await self.write(data)
        return writer

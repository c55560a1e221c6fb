"""Actions that run: from a request that was read to the answer, once each.

The way is straight for a request that waits for nothing: context, call, answer, each made once. It
turns into a coroutine where somebody has to be waited for: a host that says who it is, a turn, the
call itself, a stream.
"""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any

from aiohttp import web
from soli_stdlib.json.text import json_codec

from soli_lang.base.errors import SoliError, render
from soli_lang.base.records import Record
from soli_lang.machine.machine import Machine
from soli_lang.values.values import Value

from ...builtins.http import Forbidden, final_response
from ...calling.calls import Calls, failure_text, nobody_waits
from ...calling.greenlets import Failure, Runner, is_over_limit
from ...gate.request_turns import RequestFlow
from ...http.context import RequestContext
from ...http.current import REQUEST
from ...http.guards import cors
from ...http.guards.middleware import Stage, passed
from ...http.hardening import hardening_of
from ...http.requests import RawRequest, visitor_hash
from ...http.responses import Response, response_of, text_response
from ...http.views import error_pages
from ...loading.app import Target
from ...observing.tally import kind_of
from ...routing.declared import CorsRule
from ...routing.returns import at_definition
from ...routing.routes import Match
from ...stores.errors import StoreAway
from ..authentication import Authentication
from ..state import ServiceState
from .begun import Begun, awaited
from .streams import Streams

if TYPE_CHECKING:
    from ...observing.observation import Observation
    from ...routing.handler import Handler, Invoke


class Run(Record):
    """One request on its way through an action."""

    request: web.BaseRequest
    context: RequestContext
    target: Target
    rule: CorsRule | None
    """Of other sites that may read the answer."""
    flow: RequestFlow
    began: float
    """When it began, for the log."""


class ActionRuns:
    """Runs the actions of one program."""

    def __init__(
        self, machine: Machine, state: ServiceState, authentication: Authentication, calls: Calls
    ) -> None:
        self._machine = machine
        self._state = state
        self._authentication = authentication
        self._calls = calls
        self._codec = json_codec(machine)
        self._hardening = hardening_of(machine)
        self._streams = Streams(machine, state, self._stream_failed)

    def stop(self) -> None:
        """End the streams."""
        self._streams.stop()

    def begin(
        self, request: web.BaseRequest, raw: RawRequest, match: Match[Target], rule: CorsRule | None
    ) -> Begun:
        """Answer *request*, which was read."""
        authentication, target = self._authentication, match.target
        context = RequestContext(raw, visitor_hash(raw, match.params), authentication.session_of)
        flow = self._state.turns.flow(raw.remote_ip, target.handler.name)
        run = Run(request, context, target, rule, flow, perf_counter())
        if authentication.asks_host:
            return self._run_prepared(run, match)
        authentication.let_ask(context, match)
        return self._run(run)

    async def _run_prepared(self, run: Run, match: Match[Target]) -> web.StreamResponse:
        await self._authentication.prepare(run.context, match)
        run.began = perf_counter()
        return await awaited(self._run(run))

    def _run(self, run: Run) -> Begun:
        flow, state = run.flow, self._state
        unread = state.unread
        if state.turns.must_wait(flow, run.began) or (
            unread is not None and unread.must_wait(flow.address, flow.answer_bytes)
        ):
            return self._run_in_turn(run)
        return self._call(run, run.began)

    async def _run_in_turn(self, run: Run) -> web.StreamResponse:
        flow, unread = run.flow, self._state.unread
        await self._state.turns.turn(flow)
        if unread is not None and unread.must_wait(flow.address, flow.answer_bytes):
            await unread.room()
        return await awaited(self._call(run, perf_counter()))

    def _call(self, run: Run, started: float) -> Begun:
        try:
            invoke = self._invoke(run)
        except Exception as error:
            return self._finished(run, Failure(error), started)
        context = run.context
        outcome = self._calls.run(invoke, context.request, {REQUEST: context}, nobody_waits)
        if outcome.__class__ is Runner:
            self._state.turns.took(run.flow, started, perf_counter())
            return self._call_ended(run, outcome)
        if is_over_limit(outcome):
            self._state.turns.ended_by_limit(run.flow)
        return self._finished(run, outcome, started)

    async def _call_ended(self, run: Run, runner: Runner) -> web.StreamResponse:
        outcome = await self._calls.ended(runner, run.flow)
        return await awaited(self._finished(run, outcome, perf_counter()))

    def _invoke(self, run: Run) -> Invoke:
        """What the call calls with the request: the action, behind what runs before it."""
        handler, stages, context = run.target.handler, run.target.stages, run.context
        invoke, wanted = handler.invoke, handler.body_parts
        if stages:
            invoke = self._after(stages, invoke, context)
            wanted += tuple(part for stage in stages for part in stage.body_parts)
        if self._state.observation is not None:
            invoke = self._observed(self._state.observation, invoke, run)
        if not wanted:
            return invoke
        return lambda _: invoke(context.request_with(wanted, self._machine))

    def _after(self, stages: tuple[Stage, ...], invoke: Invoke, context: RequestContext) -> Invoke:
        """*invoke* once *stages* let the request go on."""

        def guarded(request: Value) -> Value:
            found = passed(self._machine, stages, request, context, self._codec.encode)
            return found if isinstance(found, Response) else invoke(found)

        return guarded

    def _observed(self, observation: Observation, invoke: Invoke, run: Run) -> Invoke:
        trace = observation.current()
        if trace is None:
            return invoke  # the request began before anybody watched
        trace.handler = run.target.handler.name
        trace.details["request"] = run.context.raw
        return observation.measured(invoke, self._machine, trace)

    # --- answers -------------------------------------------------------------------------------

    def _finished(self, run: Run, outcome: Any, started: float) -> Begun:
        """The answer for what came of a call, which is put to the account from *started* on."""
        context, handler, raw = run.context, run.target.handler, run.context.raw
        response = self._answer(run, outcome)
        now = perf_counter()
        self._state.turns.took(run.flow, started, now)
        if run.rule is not None and "Origin" in run.request.headers:
            origin = run.request.headers["Origin"]
            response.headers += cors.response_headers(run.rule, origin)
        ms = round((now - run.began) * 1000, 1)
        self._state.log.request(raw.method, raw.path, response.status, ms)
        if context.stream is not None and response.status == 200:
            return self._streams.run(run.request, context, response, handler.name)
        return response

    def _answer(self, run: Run, outcome: Any) -> Response:
        """The response of an action, whatever happened in it."""
        context, handler = run.context, run.target.handler
        if isinstance(outcome, Failure):
            error = outcome.error
            assert isinstance(error, Exception), "calls catch no others"
            return self._failed(handler, context, error)
        try:
            response = self._response_of(handler, context, outcome)
        except Exception as error:
            return self._failed(handler, context, error)
        run.flow.answered(len(response.body))
        return response

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

    # --- failures ------------------------------------------------------------------------------

    def _failed(self, handler: Handler, context: RequestContext, error: Exception) -> Response:
        """What the client gets when an action, or what runs before it, failed."""
        if isinstance(error, Forbidden):
            return text_response(403, error.message)
        if context.stage is not None:
            self._authentication.failed(context.stage, error, context.raw)
        else:
            self._log_failure("action_failed", handler.name, error, context)
        return self._failure(error, context.raw)

    def _stream_failed(self, handler: str, error: Exception, context: RequestContext) -> None:
        self._log_failure("stream_failed", handler, error, context)

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

    def _failure(self, error: Exception, raw: RawRequest) -> Response:
        # An error shows lines of the source: to this machine only, as the other pages of --dev.
        is_shown = self._state.shows_errors_to(raw.remote_ip, raw.headers)
        if not is_shown or isinstance(error, StoreAway):
            return self._state.error_response(error)
        if isinstance(error, SoliError):
            return error_pages.page(render(error))
        return error_pages.page(failure_text(error))

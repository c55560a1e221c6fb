"""Who is it: the session and the user of a request or an upgrade (docs/spec §W8).

The user is what a host's function says, else the `authenticate` of the route.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from inspect import isawaitable
from typing import NamedTuple, NoReturn

from soli_stdlib.json.text import json_codec

from soli_lang.base.errors import SoliError
from soli_lang.values.values import Value

from ..builtins.http import Forbidden
from ..calling.calls import Calls, failure_text
from ..gate.refusals import Refusal
from ..http.context import AuthenticationContext
from ..http.current import REQUEST
from ..http.guards.identity import HOW_TO_ANSWER, Authenticate, Verdict, verdict_of
from ..http.guards.middleware import Context, Stage, passed
from ..http.guards.refusals import refusal_of
from ..http.requests import RawRequest, visitor_hash
from ..http.responses import Response, text_response
from ..http.sessions import COOKIE, Session, SessionStore
from ..loading.app import Target
from ..observing.tally import kind_of
from ..routing.declared import GATE
from ..routing.returns import at_definition
from ..routing.routes import Match
from .state import ServiceState


class HostAuthenticate(NamedTuple):
    """A host's function that says who sends requests, in place of the program's."""

    function: Authenticate
    replaces_all: bool = False
    """In place of its middleware, too."""


class Authentication:
    """Finds out who sent what, for one program; *host* stands in for what its routes name."""

    def __init__(
        self,
        state: ServiceState,
        calls: Calls,
        sessions: SessionStore,
        on_session_end: Callable[[str], None],
        host: HostAuthenticate | None = None,
    ) -> None:
        """*on_session_end* is called with the id of each session that is no more."""
        self._state = state
        self._calls = calls
        self._sessions = sessions
        self._login_key = state.settings.session_user_key
        self._on_end = on_session_end
        self._host = None if host is None else host.function
        self._replaces_all = host is not None and host.replaces_all
        self._machine = calls.machine
        self._codec = json_codec(calls.machine)

    def session_of(self, raw: RawRequest, *, tells: bool = True) -> Session:
        """The session that the request's cookie names. *tells*: the answer can set a cookie."""
        return Session(
            self._sessions,
            raw.cookies.get(COOKIE),
            login_key=self._login_key,
            tells=tells,
            on_end=self._on_end,
            address=raw.remote_ip,
        )

    # --- before an upgrade ---------------------------------------------------------------------

    def admits_all(self, match: Match[Target]) -> bool:
        """Whether nobody is asked before an upgrade."""
        return not match.target.stages and self._host is None

    async def admitted(
        self, raw: RawRequest, match: Match[Target], session: Session
    ) -> Value | Refusal:
        """The user of an upgrade, null for a stranger, or why it is refused."""
        if self.admits_all(match):
            return None
        stages = match.target.stages
        request = visitor_hash(raw, match.params)
        context = AuthenticationContext(raw, request, session)
        try:
            await self.prepare(context, match)
            if self._host is not None and self._replaces_all:
                stages = ()
            elif self._host is not None and not any(stage.is_gate for stage in stages):
                stages = (Stage(GATE), *stages)
            stopped = await self._passed(stages, context)
            return stopped if stopped is not None else context.user
        except Forbidden as error:
            refused = text_response(403, error.message)
            return refusal_of(refused, _reason(context.stage), by=context.stage or "")
        except Exception as error:
            self.failed(context.stage or GATE, error, raw)
            answer = self._state.error_response(error, raw.remote_ip, raw.headers)
            return refusal_of(answer, _reason(context.stage), by=context.stage or "")

    async def _passed(
        self, stages: tuple[Stage, ...], context: AuthenticationContext
    ) -> Refusal | None:
        """Run what comes before the upgrade; why it is refused."""
        if not any(stage.function is not None for stage in stages) and self._host is not None:
            return _refusal(context.ask())  # there is nothing of the program's to call
        flow = self._state.turns.flow(context.raw.remote_ip, GATE)
        await self._state.turns.turn(flow)

        def begin(request: Value) -> Value:
            return passed(self._machine, stages, request, context, self._codec.encode)

        outcome = await self._calls.wait(begin, context.request, {REQUEST: context}, flow)
        if not isinstance(outcome, Response):
            return None
        verdict = context.verdict
        if context.stage == GATE and isinstance(verdict, Refusal):
            return verdict
        return refusal_of(outcome, _reason(context.stage), by=context.stage or "")

    # --- who it is -----------------------------------------------------------------------------

    @property
    def asks_host(self) -> bool:
        """Whether a host says who sent a request, for whom one may have to wait (`prepare`)."""
        return self._host is not None

    def let_ask(self, context: Context, match: Match[Target]) -> None:
        """Let *context* find out by the program who sent its request."""
        if match.target.authenticate is not None:
            context.find_user = partial(self._ask, match.target, context, match.params)

    async def prepare(self, context: Context, match: Match[Target]) -> None:
        """Let *context* find out who sent its request; a host is asked at once."""
        if self._host is None:
            self.let_ask(context, match)
            return
        try:
            found = self._host(visitor_hash(context.raw, match.params))
            if isawaitable(found):
                found = await found
            verdict = verdict_of(found, self._codec.encode, by_host=True)
            context.find_user = lambda: verdict
        except Exception as error:
            context.find_user = partial(_raise, error)

    def _ask(self, target: Target, context: Context, params: dict[str, str]) -> Verdict:
        """What the program's `authenticate` says. Raises what it raises."""
        function, source = target.authenticate, target.gate_source
        request = visitor_hash(context.raw, params)
        rendered, stream = context.rendered, context.stream
        context.rendered = context.stream = None
        try:
            found = self._machine.callback(function, 1)(request)
            if context.stream is not None:
                raise SoliError(f"{GATE} may not stream", hint=HOW_TO_ANSWER)
            if context.rendered is not None:
                return refusal_of(context.rendered, GATE)
            return verdict_of(found, self._codec.encode)
        except Forbidden as error:
            return refusal_of(text_response(403, error.message), GATE)
        except SoliError as error:
            raise at_definition(error, function, source) from None
        finally:
            context.rendered, context.stream = rendered, stream

    def failed(self, stage: str, error: Exception, raw: RawRequest) -> None:
        """A gate or a middleware failed: that request is refused, and this is told."""
        kind = kind_of(error)
        if self._state.observation is not None:
            self._state.observation.failed(error)
        self._state.tally.handler_errors[stage, kind] += 1
        fields = {"kind": kind, "path": raw.path, "error": lambda: failure_text(error)}
        if stage == GATE:
            self._state.log.error("authenticate_error", **fields)
        else:
            self._state.log.error("middleware_error", middleware=stage, **fields)


def _raise(error: Exception) -> NoReturn:
    raise error


def _refusal(verdict: Verdict | None) -> Refusal | None:
    return verdict if isinstance(verdict, Refusal) else None


def _reason(stage: str | None) -> str:
    """The word of the log for a refusal by *stage*."""
    return GATE if stage in (None, GATE) else "middleware"


def session_cookie(raw: RawRequest) -> str | None:
    """What the request's session cookie holds."""
    return raw.cookies.get(COOKIE)

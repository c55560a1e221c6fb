"""A program at work: all that comes with it, and goes when another takes its place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from soli_stdlib.ground import clock as program_clock

from ..builtins.history import rules_of
from ..builtins.room_state import rules_of as state_rules_of
from ..calling.calls import Calls, failure_text
from ..calling.greenlets import Runners
from ..core.history.rules import Rule
from ..core.realtime import REALTIME, Realtime
from ..core.state.rules import StateRule
from ..http import sse
from ..http.sessions import SessionStore
from ..jobs.queue import maybe_await
from ..jobs.worker import Worker
from ..loading.app import App
from ..observing.tally import kind_of
from ..routing.handler import Handler, Invoke
from ..routing.routes import WEBSOCKET
from .answering import HttpActions
from .authentication import Authentication, HostAuthenticate
from .budgets import handler_limits
from .state import ServiceState


class ServedProgram:
    """One loaded program and what answers for it. `begin` first."""

    def __init__(
        self,
        app: App,
        state: ServiceState,
        runners: Runners,
        sessions: SessionStore,
        on_session_end: Callable[[str], None],
        host: HostAuthenticate | None = None,
    ) -> None:
        """*host* says who sends requests, in place of the program."""
        self.app = app
        self._state = state
        self.machine = app.interpreter.machine
        self.calls = Calls(self.machine, runners, may_wait=app.may_wait)
        self.sessions = sessions
        self._on_session_end = on_session_end
        self.worker: Worker
        """What runs its jobs, once it has begun."""
        self.answer_requests(host)

    def answer_requests(self, host: HostAuthenticate | None) -> None:
        """Have *host* say who sends them; None: the program's own gates."""
        self.authentication = Authentication(
            self._state, self.calls, self.sessions, self._on_session_end, host
        )
        self.http = HttpActions(self.app, self._state, self.authentication, self.calls)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """What rooms keep."""
        return rules_of(self.machine)

    @property
    def state_rules(self) -> tuple[StateRule, ...]:
        """Which rooms hold state."""
        return state_rules_of(self.machine)

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """Those of WebSockets, by name."""
        targets = [target for method, _, target in self.app.table if method == WEBSOCKET]
        return {target.handler.name: target.handler for target in targets}

    def surround(self, around: Callable[[Handler, Invoke], Invoke]) -> None:
        """Have events go through what *around* makes of what handlers call."""
        found = [target.handler for method, _, target in self.app.table if method == WEBSOCKET]
        for handler in dict.fromkeys(found):
            handler.surround(partial(around, handler))

    def begin(self, realtime: Realtime, *, is_aside: bool) -> None:
        """Serve: calls are limited from here on. *is_aside*: others run the jobs, and warn."""
        state = self._state
        self.app.declarations.close()
        # Jobs may wait for as long as they need to: nobody waits for them.
        job_calls = Calls(self.machine, Runners(), may_wait=self.app.may_wait)
        # The clock that the program reads: a spec that freezes time freezes the jobs' too.
        clock = program_clock.of(self.machine)
        self.worker = Worker(self.machine, job_calls, state.log, state.tally, clock.now)
        clock.tell(self.worker.jobs.changed)
        self.worker.observe(state.observation)
        if is_aside:
            self.worker.stop()
        else:
            self._warn()
            self.worker.start()
        self.machine.limit_calls(handler_limits(state.settings))
        self.machine.library[REALTIME] = realtime
        self.machine.library[sse.TOPICS] = state.topics
        if state.metrics is not None:
            state.metrics.watch(dict.fromkeys(target.handler for _, _, target in self.app.table))

    def _warn(self) -> None:
        for warning in self.app.warnings:
            source = warning.source
            at = f"{source.name}:{warning.place[0]}" if source is not None else ""
            self._state.log.warning("app", at=at, text=warning.message, hint=warning.hint)

    async def job_counts(self) -> Mapping[str, int]:
        """How many jobs there are of each status; nothing when their store cannot be asked."""
        try:
            return await maybe_await(self.worker.jobs.store.counts())
        except Exception as error:
            fields = {"kind": kind_of(error), "error": failure_text(error)}
            self._state.log.warning("job_queue_failed", **fields)
            return {}

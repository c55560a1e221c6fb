"""An app at work: what answers requests and upgrades on one event loop.

`Service` knows nothing of ports and signals; `server` opens those, `embed` mounts a service in
a host's own aiohttp application.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
import time
import uuid
from collections.abc import Callable, Mapping
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING

from aiohttp import web
from soli_stdlib.ground import clock as program_clock

from soli_lang.machine.machine import Machine
from soli_lang.values.values import Value

from ..builtins.history import rules_of
from ..calling.calls import Calls, failure_text
from ..calling.greenlets import Runners
from ..calling.waiting import Waiting
from ..core.events import Events, ProtocolEvents
from ..core.history.rings import History
from ..core.hub import Hub
from ..core.realtime import REALTIME, Realtime
from ..gate.admission import Admission
from ..gate.explanations import ForwardingHint, explained
from ..gate.first_request import is_upgrade
from ..gate.hosts import is_allowed_host
from ..gate.open_files import descriptor_of, descriptors_for_connections
from ..gate.origins import Peer, TrustedProxies, origin_fault
from ..gate.refusals import Refusal
from ..gate.request_turns import RequestTurns
from ..http import sse
from ..http.guards.identity import Authenticate
from ..http.guards.refusals import answer_to
from ..http.messages import peer_of, plain, raw_request, to_aiohttp
from ..http.requests import RawRequest, visitor_hash
from ..http.sessions import MemoryStore, Session, SessionStore
from ..jobs.queue import told
from ..jobs.worker import Worker
from ..json_codec import json_codec
from ..loading.app import App, Target
from ..observing.logs import Log
from ..observing.probes import HealthProbe
from ..observing.tally import kind_of
from ..routing.routes import WEBSOCKET, Match, NoMatch
from ..settings import Settings
from ..stores.history import HistoryStore, Mirror, began
from ..stores.waited import WaitedSessions, store_in
from ..ws import CloseCode, Endpoint, choose_path, choose_protocol, upgrade
from .answering import HttpActions
from .authentication import Authentication, session_cookie
from .budgets import handler_limits, socket_limits
from .held_back import held_back
from .holders import Holder, Holders
from .life.departures import close_idle, come_back_after
from .sockets import phoenix
from .sockets.channels import PhoenixConversation
from .sockets.conversations import Conversation
from .sockets.delivery import Delivery
from .sockets.live import Live, Visitor
from .sockets.refusals import Tellers, split_query
from .state import ServiceState

if TYPE_CHECKING:
    from ..jobs.jobs import Jobs
    from ..observing.metrics import Metrics
    from ..observing.observation import Observation, Observer
    from .nodes.node import Lane, Node

CANCELLING_TURNS = 4
"""Turns of the loop in which a cancelled call comes to its end: a task, its waiter, its runner."""

SESSION_CHECK_SECONDS = 30.0
"""The longest that a session which is too old may keep its connections."""


OWN_SOCKETS = ("/_soli/dev", "/_soli/watch")
"""Paths at which development and the dashboard have WebSockets of their own."""


class Service:
    """One app on the running event loop. `start` first, `stop` last."""

    def __init__(
        self,
        app: App,
        settings: Settings,
        log: Log,
        waiting: Waiting,
        lane: Lane | None = None,
    ) -> None:
        self.node: Node | None = None
        """None unless several processes meet."""
        self.app = app
        self.settings = settings
        self.log = log
        self.is_aside = False
        """Whether it serves nobody, and is only a console beside those who do."""
        self.interrupt: Callable[[], bool] | None = None
        """Stops what was typed at the console and runs; False: there is nothing to stop."""
        self.loop = asyncio.get_running_loop()
        machine = app.interpreter.machine
        self._machine = machine
        self._codec = json_codec(machine)
        self.endpoint = Endpoint(socket_limits(settings), loop=self.loop)
        self._runners = Runners(settings.handler_suspend_seconds, self.endpoint.scheduler)
        self.calls = self._calls_of(app)
        waiting.serve(self.calls.suspend)
        turns = RequestTurns(self.endpoint.scheduler, self.endpoint.clock)
        self.state = ServiceState(settings, log, turns)
        self.endpoint.scheduler.report = partial(held_back, self.state)
        self.tally = self.state.tally
        self.admission = Admission(
            settings, descriptors_for_connections(settings.max_http_connections)
        )
        self._proxies = TrustedProxies(
            settings.trusted_proxies, ForwardingHint(self.loop.time, self._warn_of_proxy)
        )
        # Jobs may wait for as long as they need to: nobody waits for them.
        self._job_calls = Calls(machine, Runners(), may_wait=app.may_wait)
        self._host_authenticate: Authenticate | None = None
        self._host_replaces_all = False
        self.holders = Holders(self.loop, settings.max_connection_age)
        self._ageing: asyncio.TimerHandle | None = None
        self._store = store_in(machine)
        self._mirror: Mirror | None = None
        """Writes down what rooms keep, where one process has a store."""
        self.sessions = self._sessions_of(machine)
        self._set_up_hub(lane)
        self._tellers = Tellers(self.endpoint, self.hub.seats)
        self._answer_requests()

    def _calls_of(self, app: App) -> Calls:
        return Calls(app.interpreter.machine, self._runners, may_wait=app.may_wait)

    def _sessions_of(self, machine: Machine) -> SessionStore:
        if self._store is None:
            return MemoryStore(self.loop.time, on_end=self.holders.session_ended)
        return WaitedSessions(machine, self._store.sessions)

    def _answer_requests(self) -> None:
        """Have requests answered by the program that `app` is now."""
        self.authentication = Authentication(
            *(self.state, self.calls, self.sessions, self.holders, self._host_authenticate),
            replaces_all=self._host_replaces_all,
        )
        self.http = HttpActions(self.app, self.state, self.authentication, self.calls)

    def _hub_of(self, lane: Lane | None) -> Hub:
        history = History(uuid.uuid4().hex[:16], time.time, self.settings.history_bytes)
        if lane is None:
            refs = itertools.count(1)
            return Hub.create(self.settings, lambda: str(next(refs)), history=history)
        # Here: they bring Redis.
        from .nodes.node import Node
        from .processes.meeting import ServiceHost

        self.node = Node(lane, self.log, self.loop, ServiceHost(self))
        return Hub.create(self.settings, self.node.refs, self.node.broker_of, history)

    def _follow_rules(self) -> None:
        """Keep what the program that is loaded says."""
        self.delivery.carry_out(self.hub.follow(rules_of(self._machine)))
        tell = self.delivery.tell_positions
        self.endpoint.fanout.turn_ends = tell if self.hub.history.rules else None

    def _set_up_hub(self, lane: Lane | None) -> None:
        settings = self.settings
        self.hub = self._hub_of(lane)
        self.delivery = Delivery(self.hub, self.endpoint.fanout, self.loop, self.log)
        self._follow_rules()
        self.realtime = Realtime(
            self.hub,
            self.delivery.carry_out,
            self._codec.encode,
            self.loop.time,
            self.holders.of_user,
        )
        if self.node is not None:
            elsewhere = self.node.broker.elsewhere
            self.realtime.close_users_with(elsewhere.close_user)
            self.holders.end_elsewhere = elsewhere.end_session
            self.state.topics.elsewhere = elsewhere
        self.live = Live(
            hub=self.hub,
            delivery=self.delivery,
            calls=self.calls,
            log=self.log,
            now=self.loop.time,
            encode_json=self._codec.encode,
            max_presence_bytes=settings.constants.max_presence_bytes,
            dev=settings.dev,
            tally=self.tally,
            on_gone=self._gone,
            holders=self.holders,
        )
        self.live.conversation_classes = (Conversation, PhoenixConversation)

    def use_authenticate(self, authenticate: Authenticate, *, replaces_all: bool = False) -> None:
        """Let a host's function say who connects, in place of the program's.

        *replaces_all*: in place of its middleware, too.
        """
        self._host_authenticate = authenticate
        self._host_replaces_all = replaces_all
        self._answer_requests()

    @property
    def observation(self) -> Observation | None:
        """None unless somebody watches (`watch`)."""
        return self.state.observation

    @property
    def metrics(self) -> Metrics | None:
        """None unless they are on."""
        return self.state.metrics

    def watch(self, observer: Observer) -> None:
        """Tell *observer* of every event, request and job from now on, each with what it caused."""
        from .watched import watch  # here: production does without

        watch(self, observer)
        self._worker.observe(self.observation)

    def unwatch(self, observer: Observer) -> None:
        """Tell *observer* nothing any more."""
        from .watched import unwatch

        unwatch(self, observer)
        self._worker.observe(self.observation)

    # --- the life of the service ---------------------------------------------------------------

    async def start(self) -> None:
        """Get ready to serve: the program's calls are limited from here on. Raises CannotOpen."""
        if self.settings.broker_prefix or self.settings.store_prefix:
            text = "--broker-prefix and --store-prefix end with this version"
            self.log.warning("app", text=text, hint="--app-name NAME names both")
        if self._store is not None:
            for warning in await self._store.open():
                self.log.warning("store", text=warning)
            self.state.needs.store = HealthProbe(self._store.look)
            await self._know_again(self._store.history)
        if self.node is not None:
            await self.node.start()
            self.state.needs.broker = self.node
        await choose_path(self.endpoint)
        self.log.use_timer(self.loop.call_later)
        if self.settings.metrics:
            # Here: they bring a library that others do without.
            from ..observing.metrics import Metrics
            from .families import families

            metrics = Metrics(lambda: families(self), self.loop, self.tally)
            self.state.metrics = metrics
            metrics.start()
        self._age_sessions()
        self._take_over()

    def _age_sessions(self) -> None:
        """End sessions when they are too old, whether or not anybody asks for them."""
        if isinstance(self.sessions, MemoryStore):
            soon = min(max(self.sessions.drop_old(), 0.05), SESSION_CHECK_SECONDS)
            self._ageing = self.loop.call_later(soon, self._age_sessions)

    def _take_over(self) -> None:
        """Make the loaded program one that serves."""
        machine = self._machine
        self.app.declarations.closed = True
        self._follow_rules()
        # The clock that the program reads: a spec that freezes time freezes the jobs' too.
        clock = program_clock.of(machine)
        self._worker = Worker(machine, self._job_calls, self.log, self.tally, clock.now)
        clock.tell(self._worker.jobs.changed)
        self._worker.observe(self.observation)
        for warning in () if self.is_aside else self.app.warnings:
            source = warning.source
            at = f"{source.name}:{warning.place[0]}" if source is not None else ""
            self.log.warning("app", at=at, text=warning.message, hint=warning.hint)
        if self.is_aside:
            self._worker.stop()  # others run what is put into the queue here
        else:
            self._worker.start()
        machine.limit_calls(handler_limits(self.settings))
        machine.library[REALTIME] = self.realtime
        machine.library[sse.TOPICS] = self.state.topics
        if self.metrics is not None:
            self.metrics.watch(dict.fromkeys(target.handler for _, _, target in self.app.table))

    def reload(self, app: App, waiting: Waiting) -> None:
        """Serve *app* from now on; connections stay, with the new handlers of the same name."""
        self.app = app
        self._machine = app.interpreter.machine
        self._codec = json_codec(self._machine)
        self.calls = self._calls_of(app)
        self._job_calls = Calls(self._machine, Runners(), may_wait=app.may_wait)
        waiting.serve(self.calls.suspend)
        self._worker.stop()
        if self._store is not None:
            self.sessions = self._sessions_of(self._machine)
        self._answer_requests()
        self._take_over()
        handlers = {
            target.handler.name: target.handler
            for method, _, target in app.table
            if method == WEBSOCKET
        }
        self.live.follow(self.calls, handlers)

    async def _know_again(self, store: HistoryStore) -> None:
        """Know what rooms kept in the life before. Raises CannotOpen."""
        if self.node is None:
            self._mirror = Mirror(self.hub.history, store, self.loop, self.log)
            await self._mirror.begin()
        else:
            # Nodes keep it in their log; what is in the store is not all from now on.
            await began(store, self.hub.history.epoch)

    async def stop(self, code: int = CloseCode.GOING_AWAY) -> None:
        """Close every connection, let the disconnect handlers run, within the deadline."""
        self.state.is_stopping = True
        self.endpoint.scheduler.end_rests()
        seconds = self.settings.shutdown_seconds
        self.live.stop_by = perf_counter() + 0.8 * seconds
        deadline = self.loop.time() + seconds
        if self._ageing is not None:
            self._ageing.cancel()
        self.http.stop()
        self._worker.stop()
        await self._worker.ended(seconds / 3)
        # A successor listens already when the process is renewed.
        reason = come_back_after(int(code != CloseCode.SERVICE_RESTART))
        await close_idle(self.endpoint, seconds / 2, code, reason)
        await self._finish_running(min(seconds / 3, 0.4 * (deadline - self.loop.time())))
        left = deadline - self.loop.time()
        await self.endpoint.close_all(min(seconds / 3, 0.8 * left), code, reason)
        await self._handlers_done(deadline)
        if self.node is not None:
            await self.node.stop()
        self.delivery.stop()
        if self.state.needs.store is not None:
            self.state.needs.store.stop()
        if self._mirror is not None:
            await self._mirror.end()
        if self._store is not None:
            await self._store.close()
        if self.metrics is not None:
            self.metrics.stop()
        self.log.flush()
        self.log.use_timer(None)  # the log may outlive the loop

    async def _finish_running(self, seconds: float) -> None:
        """Let handlers that wait come to their end, and begin no others."""
        for connection in tuple(self.endpoint.connections):
            connection.pause_reading()
        if self._runners.suspended:
            await _until(self._runners.tell_when_idle, seconds)

    async def _handlers_done(self, deadline: float) -> None:
        """Wait until every conversation has had its disconnect event; then take calls back."""
        left = deadline - self.loop.time()
        if self.hub.seats and not await _until(self.live.tell_when_empty, left):
            self.log.warning("shutdown_cut", handlers=len(self.hub.seats))
        self.calls.runners.cancel_all()
        for _ in range(CANCELLING_TURNS):
            await asyncio.sleep(0)

    def _gone(self, conversation: Conversation) -> None:
        self.admission.release(conversation.visitor.remote_ip)
        if conversation.visitor.holder is not None:
            self.holders.gone(conversation.visitor.holder)

    @property
    def worker(self) -> Worker:
        """What runs the jobs of the program that is served."""
        return self._worker

    @property
    def jobs(self) -> Jobs:
        """The jobs of the program that is served."""
        return self._worker.jobs

    async def job_counts(self) -> Mapping[str, int]:
        """How many jobs there are of each status; nothing when their store cannot be asked."""
        try:
            return await told(self._worker.jobs.store.counts())
        except Exception as error:
            self.log.warning("job_queue_failed", kind=kind_of(error), error=failure_text(error))
            return {}

    # --- requests ------------------------------------------------------------------------------

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request; the aiohttp handler."""
        try:
            pages = self.state.own_pages
            own = None if pages is None else await pages.answer(request)
            if own is not None:
                return own
            if self.observation is None:
                answer = await self._handle(request)
            else:
                answer = await self.observation.of_request(request, self._handle)
            self.tally.responses[answer.status] += 1
            return answer
        except ConnectionError:
            # The client went away meanwhile; aiohttp drops an answer that nobody reads.
            self.log.debug("client_gone", path=request.rel_url.raw_path)
            return plain(400, "connection lost")
        except web.HTTPException:
            raise  # aiohttp's way of answering
        except Exception as error:
            return self._failed(error, request)

    def _failed(self, error: Exception, request: web.BaseRequest) -> web.StreamResponse:
        """A fault of ours outside of any handler: that request's, and nobody else's."""
        self.tally.responses[500] += 1
        self.log.error(
            "request_failed",
            kind=kind_of(error),
            path=request.rel_url.raw_path,
            error=failure_text(error),
        )
        return to_aiohttp(self.state.error_response(error))

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        peer = peer_of(request, self._proxies)
        path = request.rel_url.raw_path
        if self.state.is_stopping:
            page = await self.http.status_page(path)
            if page is None and is_upgrade(request):
                refusal = Refusal(503, "the server is stopping", reason="stopping")
                return await self._refused(refusal, *self._upgrade_of(request, peer))
            return plain(503, "the server is stopping") if page is None else page
        if not self._answers_for(peer.host, path):
            return await self._refuse_host(request, path, peer)
        if is_upgrade(request):
            match = self._match(path, request.rel_url.raw_query_string)
            if isinstance(match, Match):
                return await self._websocket(request, match, peer)
            upgrade_of = self._upgrade_of(request, peer)
            if upgrade_of[2]:
                refusal = Refusal(404, "there is no WebSocket at this path", reason="path")
                return await self._refused(refusal, *upgrade_of)
        return await self.http.handle(request, path, peer)

    def may_upgrade(self, request: web.BaseRequest) -> bool:
        """Whether a WebSocket may come of a request."""
        if not is_upgrade(request):
            return False
        path, query = request.rel_url.raw_path, request.rel_url.raw_query_string
        is_own = self.state.own_pages is not None and path in OWN_SOCKETS
        return is_own or isinstance(self._match(path, query), Match)

    def _answers_for(self, host: str, path: str) -> bool:
        allowed = self.settings.allowed_hosts
        return is_allowed_host(host, allowed) or self.http.is_for_watchers(path)

    def _match(self, path: str, query: str) -> Match[Target] | NoMatch:
        """The route of an upgrade: Phoenix's client puts a segment of its own behind the path."""
        table = self.app.table
        if path.endswith(phoenix.SUFFIX) and f"vsn={phoenix.VERSION}" in query:
            found = table.match(WEBSOCKET, path.removesuffix(phoenix.SUFFIX) or "/")
            if isinstance(found, Match):
                return found
        return table.match(WEBSOCKET, path)

    def _upgrade_of(
        self, request: web.BaseRequest, peer: Peer
    ) -> tuple[RawRequest, web.BaseRequest, bool]:
        """What asks for a WebSocket, and whether it wants to hear of a refusal."""
        wants_to_hear, raw = split_query(raw_request(request, peer, b""))
        return raw, request, wants_to_hear

    async def _refuse_host(
        self, request: web.BaseRequest, path: str, peer: Peer
    ) -> web.StreamResponse:
        text = "this server does not answer for that host"
        if is_upgrade(request):
            refusal = Refusal(421, text, reason="host")
            return await self._refused(refusal, *self._upgrade_of(request, peer))
        self.log.warning("request_refused", status=421, reason="host", path=path, ip=peer.ip)
        return plain(421, text)

    async def _websocket(
        self, request: web.BaseRequest, match: Match[Target], peer: Peer
    ) -> web.StreamResponse:
        upgrade_of = raw, _, _ = self._upgrade_of(request, peer)
        if self.node is not None and self.node.is_lost:
            away = Refusal(503, "the broker is away", reason="broker")
            return await self._refused(away, *upgrade_of)
        fault = origin_fault(raw.headers, peer, self.settings.allowed_origins)
        if fault is not None:
            return await self._refused(Refusal(403, fault, reason="origin"), *upgrade_of)
        refusal = self.admission.admit(peer.ip, self.loop.time(), descriptor_of(request.transport))
        if refusal is not None:
            return await self._refused(refusal, *upgrade_of)
        conversation: Conversation | None = None
        holder = self.holders.hold(session_cookie(raw))
        try:
            session = self.authentication.session_of(raw, tells=False)
            user = await self.authentication.admitted(raw, match, session)
            if isinstance(user, Refusal):
                return await self._refused(user, *upgrade_of)
            self.holders.belongs_to(holder, user)
            conversation = self._conversation(match, raw, user, session, holder)
            protocol = conversation.events.protocol
            turns, opens = self.state.turns, f"{match.target.handler.name} connect"
            conversation.opening = turns, await turns.turn(raw.remote_ip, opens)
            answer = await upgrade(request, conversation, self.endpoint, protocol=protocol)
            if answer.status >= 400:
                text = "no WebSocket handshake"
                self._note_refusal(Refusal(answer.status, text, reason="handshake"), raw)
            return answer
        finally:
            if conversation is None or not conversation.was_opened:
                self.admission.release(peer.ip)
                self.holders.gone(holder)

    def _conversation(
        self,
        match: Match[Target],
        raw: RawRequest,
        user: Value,
        session: Session,
        holder: Holder,
    ) -> Conversation:
        visited = visitor_hash(raw, match.params)
        headers = {sys.intern(name): _interned(value) for name, value in raw.headers.items()}
        parts = (str(uuid.uuid4()), match.params, visited["query"], headers)
        offered = headers.get("sec-websocket-protocol", "")
        protocol = choose_protocol(offered, match.target.declared.protocols)
        events = Events(*parts) if protocol is None else ProtocolEvents(*parts, protocol)
        path, ip = sys.intern(visited["path"]), sys.intern(raw.remote_ip)
        visitor = Visitor(path, ip, user, session, holder)
        classes = self.live.conversation_classes
        make: type[Conversation] = classes[visited["query"].get("vsn") == phoenix.VERSION]
        return make(self.live, match.target.handler, events, visitor)

    async def _refused(
        self, refusal: Refusal, raw: RawRequest, request: web.BaseRequest, wants_to_hear: bool
    ) -> web.StreamResponse:
        """The answer to an upgrade that is refused, whoever refuses it."""
        self.endpoint.counters.handshakes_refused += 1
        self._note_refusal(refusal, raw)
        if wants_to_hear and self._tellers.is_free:
            return await self._tellers.tell(refusal, request)
        return to_aiohttp(answer_to(refusal))

    def _note_refusal(self, refusal: Refusal, raw: RawRequest) -> None:
        status, reason = refusal.status, refusal.reason
        trace = None if self.observation is None else self.observation.current()
        if trace is not None:
            trace.status, trace.reason, trace.text = status, refusal.by or reason, refusal.text
        self.tally.refusals[reason, status] += 1
        why = explained(reason, raw.headers, raw.remote_ip, self.settings.allowed_origins)
        if refusal.by:
            why["middleware"] = refusal.by
        self.log.warning(
            "upgrade_refused", status=status, reason=reason, path=raw.path, ip=raw.remote_ip, **why
        )

    def _warn_of_proxy(self, address: str) -> None:
        hint = f"if that is your proxy, start with --trusted-proxies {address}"
        self.log.warning("forwarded_header_ignored", ip=address, hint=hint)


async def _until(register: Callable[[Callable[[], None]], None], seconds: float) -> bool:
    """Wait until the registered callback is called; False when it takes too long."""
    done = asyncio.Event()
    register(done.set)
    try:
        await asyncio.wait_for(done.wait(), max(0.0, seconds))
    except TimeoutError:
        return False
    return True


def _interned(value: str) -> str:
    """Most header values are the same for many connections; keep one copy."""
    return sys.intern(value) if len(value) < 256 else value

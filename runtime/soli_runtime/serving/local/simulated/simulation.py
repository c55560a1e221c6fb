"""An app and its clients in memory, in one or several processes, under one seed.

Everything above sockets is what serves in production: conversations, hub, delivery, jobs, stores of
keys in memory. Time is that of a `VirtualLoop`; ids, samples and what programs read of the clock
come from the seed, so the same steps give the same bytes.

Several processes are several interpreters on one hub: their operations have one order, as those of
nodes have in the log, and what one of them knows by itself the others do not.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import Any
from urllib.parse import unquote

from soli_lang.base.records import Record

from ....core.events import Events
from ....core.realtime import Realtime
from ....core.state.memory import MemoryRoomStates
from ....core.wire import from_json
from ....gate.refusals import Refusal
from ....http.queries import parse_query
from ....http.requests import RawRequest
from ....http.sessions import COOKIE
from ....jobs.jobs import jobs_of
from ....loading.project import Project
from ....routing.routes import WEBSOCKET, Match
from ....settings import Settings
from ....words.spec_files import SpecFiles
from ...program import ServedProgram
from ...service import Hosting, Service
from ...sockets.live import Live
from ...sockets.transactions import Transactions
from ...sockets.turns import Turns
from ...sockets.visitors import Visitor
from ...sockets.watched import UNWATCHED
from ...state import Sources
from .clients import SimulatedClient, Ticket
from .faults import Fault, FaultLog
from .lines import Line, LineConnection
from .processes import Loaded, Process, Surroundings, loaded
from .virtual_loop import VirtualLoop

BEGIN = 1_893_456_000.0
"""When time begins in a simulation: 2030-01-01, in Unix seconds."""
SETTLING_SECONDS = 60.0
"""For how long handlers may wait until a step counts as done."""
SOON_SECONDS = 2.0
"""What presence tells within that time belongs to the step."""
ADDRESS = "127.0.0.1"
UNLIMITED: dict[str, Any] = {
    "message_rate": 0,
    "byte_rate": 0,
    "connect_rate": 0,
    "connect_rate_per_ip": 0,
    "max_connections_per_ip": 0,
    "slow_handler_cpu_percent": 0,
}
"""Limits of speed: in a simulation no time passes while anybody computes."""
HANDLER_CPU_SECONDS = 1.5
"""Ten times what a server grants. Its steps, which are the same on every machine, end a handler
that loops long before; this ends what computes within the library."""


class Options(Record, frozen=True):
    """How an app is simulated."""

    seed: int = 0
    workers: int = 1
    store: bool = False
    """Whether `KV` is in a store, which answers late."""


class Simulation:
    """See the module. `start` first, `stop` last."""

    def __init__(self, project: Project, options: Options) -> None:
        self.project = project
        self.options = options
        self.loop = VirtualLoop()
        self.clients: list[SimulatedClient] = []
        """All that there ever were."""
        self.present: dict[int, SimulatedClient] = {}
        """By number, those that connected since all left."""
        self.log = FaultLog()
        self._random = Random(f"soli {options.seed}")
        self._ids = Random(f"soli ids {options.seed}")
        self._around = self._surroundings()
        self._service: Service
        self._processes: list[Process] = []
        self._connected = 0

    def _surroundings(self) -> Surroundings:
        options = self.options
        delays = Random(f"soli delays {options.seed}") if options.store else None
        root = self.project.root
        return Surroundings(self.project, SpecFiles(root), self._random, self.unix_time, delays)

    def unix_time(self) -> float:
        """What programs read of the clock."""
        return BEGIN + self.loop.time()

    # Its life

    def start(self) -> None:
        """Load the app and serve it. Raises InvalidApp, SoliError."""
        with self.loop.running():
            self._serve(self._loaded(None))
        self.settle()

    def _loaded(self, former: Any) -> list[Loaded]:
        programs = [loaded(self._around, former)]
        for _ in range(1, self.options.workers):
            programs.append(loaded(self._around, programs[0].machine))
        return programs

    def _serve(self, programs: list[Loaded]) -> None:
        first, *others = programs
        sources = Sources(self.loop.time, self.unix_time, self._new_id)
        settings = Settings(**UNLIMITED, handler_cpu_seconds=HANDLER_CPU_SECONDS)
        service = Service(
            first.app, settings, self.log, first.waiting, None, Hosting(sources=sources)
        )
        self._service = service
        service.begin()
        self._processes = [Process(service.program, service.live)]
        self._processes += [self._beside(one) for one in others]

    def _beside(self, other: Loaded, live: Live | None = None) -> Process:
        """Another process of the same app."""
        service = self._service
        program = ServedProgram(
            other.app,
            service.state,
            service.calls.runners,
            service.program.sessions,
            service.connections.session_ended,
        )
        other.waiting.serve(program.calls.suspend)
        if live is None:
            live = Live(
                service.hub,
                service.connections.delivery,
                service.connections.visitors,
                program.calls,
                service.state,
                UNWATCHED,
            )
        if program.state_rules:
            program.surround(Transactions(live, Turns(self.loop.for_asyncio)).around)
        program.begin(service.realtime, is_aside=True)
        jobs_of(program.machine).serve(jobs_of(service.program.machine).changed)
        return Process(program, live)

    def _new_id(self) -> str:
        return f"{self._ids.getrandbits(128):032x}"

    def stop(self) -> None:
        """Forget all."""
        with self.loop.running():
            self._service.program.worker.stop()
            self._service.calls.runners.cancel_all()
            self.loop.run_ready()
        self.loop.close()
        self._around.files.close()

    def reload(self) -> None:
        """Load the program anew; connections stay, and what is kept."""
        with self.loop.running():
            first, *others = self._loaded(self._processes[0].program.machine)
            self._service.reload(first.app, first.waiting)
            processes = [Process(self._service.program, self._service.live)]
            for former, one in zip(self._processes[1:], others, strict=True):
                process = self._beside(one, former.live)
                former.live.follow(process.program.calls, process.program.handlers)
                processes.append(process)
            self._processes = processes
        self.settle()

    def restart(self) -> None:
        """End the process and start it again: what is kept stays, connections do not."""
        with self.acting():
            for client in self.present.values():
                client.read_on()
        self.settle()
        with self.acting():
            for client in self.present.values():
                client.drop()
        self.settle()
        with self.loop.running():
            former = self._service
            former.program.worker.stop()
            former.connections.delivery.stop()
            self._serve(self._loaded(former.program.machine))
        self.settle()

    # What clients do

    def connect(self, name: str, ticket: Ticket) -> SimulatedClient:
        """A new client connects."""
        session_id = None
        if ticket.session is not None:
            session_id = str(uuid.UUID(self._new_id()))
            with self.loop.running():
                self._service.program.sessions.create(session_id, dict(ticket.session))
        client = SimulatedClient(name, len(self.clients), ticket, session_id)
        self.clients.append(client)
        self.come(client)
        return client

    def tab(self, name: str, first: SimulatedClient) -> SimulatedClient:
        """A second client of the same visitor connects."""
        client = SimulatedClient(name, len(self.clients), first.ticket, first.session_id)
        self.clients.append(client)
        self.come(client)
        return client

    def leave_all(self) -> None:
        """All clients leave that are still there."""
        with self.acting():
            for client in self.present.values():
                client.close()
        self.settle()
        self.present.clear()

    def come(self, client: SimulatedClient) -> None:
        """A client connects, or comes back."""
        if client.is_open:
            return
        self.present[client.number] = client
        process = self._processes[self._connected % len(self._processes)]
        self._connected += 1
        client.refused("")
        with self.loop.running():
            self.loop.create_task(self._open(client, process))
            self.loop.run_ready()

    async def _open(self, client: SimulatedClient, process: Process) -> None:
        raw = self._request(client)
        program, service = process.program, self._service
        match = program.app.table.match(WEBSOCKET, raw.path)
        if not isinstance(match, Match):
            client.refused("404: there is no such route")
            return
        session = program.authentication.session_of(raw, tells=False)
        visitors = service.connections.visitors
        visitor = Visitor(unquote(raw.path), ADDRESS, client.session_id, session)
        refusal = service.connections.admission.admit(ADDRESS, self.loop.time())
        if refusal is not None:
            client.refused(f"{refusal.status}: {refusal.text}")
            return
        visitors.comes(visitor)
        try:
            user = await program.authentication.admitted(raw, match, session)
            if isinstance(user, Refusal):
                client.refused(f"{user.status}: {user.text}")
                return
            visitors.belongs_to(visitor, user)
            self._let_in(client, process, match, raw, visitor)
        finally:
            if not visitor.was_opened:
                visitors.gone(visitor)

    def _let_in(
        self, client: SimulatedClient, process: Process, match: Any, raw: RawRequest, visitor: Any
    ) -> None:
        connection_id = str(uuid.UUID(self._new_id()))
        query = parse_query(raw.query_string)
        events = Events(connection_id, match.params, query, raw.headers)
        make = process.live.classes[0]
        conversation = make(process.live, match.target.handler, events, visitor)
        connection = LineConnection(self._service.endpoint, conversation)
        line = Line(self.loop.for_asyncio)
        client.opened(connection_id, connection, line)
        line.carry(connection)

    def _request(self, client: SimulatedClient) -> RawRequest:
        path, _, query = client.target.partition("?")
        headers = {"host": "localhost", **client.ticket.headers}
        if client.session_id is not None:
            headers["cookie"] = f"{COOKIE}={client.session_id}"
        return RawRequest("GET", path, query, headers, remote_ip=ADDRESS)

    @contextmanager
    def acting(self) -> Iterator[None]:
        """Clients act meanwhile, within the loop."""
        with self.loop.running():
            yield
            self.loop.run_ready()

    # Time

    def settle(self) -> None:
        """Let what is under way come to its end."""
        loop = self.loop
        with loop.running():
            loop.run_ready()
            if not self._is_busy():
                return
            deadline = loop.time() + SETTLING_SECONDS
            while self._is_busy():
                at = loop.next_time()
                if at is None or at > deadline:
                    return
                loop.advance(at)

    def _is_busy(self) -> bool:
        service = self._service
        if service.calls.runners.suspended or service.program.worker.is_working:
            return True
        due = service.hub.due
        return due is not None and due <= self.loop.time() + SOON_SECONDS

    def pass_time(self, seconds: float) -> None:
        """So much time passes at once: what was due meanwhile comes late."""
        with self.loop.running():
            self.loop.jump(self.loop.time() + seconds)
        self.settle()

    # What is so

    @property
    def service(self) -> Service:
        return self._service

    @property
    def machines(self) -> list[Any]:
        """Those of the processes."""
        return [one.program.machine for one in self._processes]

    @property
    def processes(self) -> list[Process]:
        return self._processes

    @property
    def realtime(self) -> Realtime:
        return self._service.realtime

    def states(self) -> dict[str, Any]:
        """What rooms hold, as data, by their names."""
        kept = self._service.hub.states.kept
        assert isinstance(kept, MemoryRoomStates)
        return {room: from_json(kept.look(room).text) for room in kept.rooms()}

    @property
    def is_read(self) -> bool:
        """Whether all clients read what comes."""
        return not any(client.is_stalled for client in self.present.values())

    @property
    def faults(self) -> list[Fault]:
        return self.log.faults

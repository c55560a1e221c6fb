"""An app on the bench: loaded and served in this process without a port, with clients beside it.

The server and the clients are those of `soli test`, and so are the words (`testing`).
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from soli_stdlib.ground import clock

from soli_lang.base.records import Record, field
from soli_lang.interpreter import Interpreter, Session
from soli_lang.machine.machine import Machine
from soli_lang.values.values import Value

from ...calling.waiting import Waiting
from ...loading.launch import Outside
from ...loading.project import Project
from ...observing.logs import Log
from ...observing.observation import Observer
from ...observing.traces import INPUT, Printed, Trace
from ...serving.local.app_loading import count_jobs, keeping_limits, load_into
from ...serving.local.app_server import AppServer
from ...serving.service import Service
from ...settings import Settings
from ...words.clients import SOCKETS, SocketClient, open_sockets
from ...words.requests import VISITOR, Visitor
from ...words.worlds import World
from .evaluating import stoppable
from .names import AppNames, is_code

SETTLING_TURNS = 8
"""Turns of the loop after an input, in which what it set off (a job that is due) begins."""


if TYPE_CHECKING:
    from .saving import Saved


Judge = Callable[[Path, Project], Awaitable[str]]


class BenchOptions(Record, frozen=True):
    """What is put on the bench, and what it may do."""

    root: Path
    project: Project | None = None
    settings: Settings = field(default_factory=Settings)
    environment: Mapping[str, str] | None = field(default_factory=dict)
    """None: that of tests."""
    denied: frozenset[str] = frozenset()
    private_network: bool = False
    seconds: float = 0.0
    """How long one input may compute, and wait; 0: until Ctrl-C."""
    lends_names: bool = True
    """Whether inputs see what the app's files define, as specs do not."""
    outside: Outside | None = None
    """What stands before the world outside of the app; None: nothing."""
    watch: Callable[[Interpreter], None] | None = None
    """Watches what the app's interpreter runs; None: nobody does."""
    judge: Judge | None = None
    """Runs a spec: why it fails, empty when it does not. None: none can be saved."""


class Bench:
    """A session at the prompt, with its app when there is one. `start` first, `stop` last."""

    def __init__(
        self, options: BenchOptions, told: Observer, output: Callable[[str], None]
    ) -> None:
        self.options = options
        self._told = told
        self._output = output
        self._input: Trace | None = None
        self.server: AppServer | None = None
        self.names: AppNames | None = None
        self.redefined: list[str] = []
        """What the last input redefined of the app."""
        self._begin_world()

    def _begin_world(self) -> None:
        options = self.options
        self.world = World(
            options.root,
            seconds=options.seconds,
            output=self._print,
            environment=options.environment,
            denied=options.denied,
            private_network=options.private_network,
            outside=options.outside,
        )
        if options.watch is not None:
            options.watch(self.world.interpreter)
        if options.settings.check_types:
            self.world.check_types()
        self.session = Session(self.world.interpreter)

    @property
    def machine(self) -> Machine:
        return self.world.machine

    @property
    def service(self) -> Service | None:
        return None if self.server is None else self.server.service

    @property
    def clients(self) -> list[SocketClient]:
        """All clients that were connected, in order."""
        return [] if self.server is None else list(open_sockets(self.machine))

    async def start(self) -> None:
        """Load and serve the app. Raises InvalidApp, SoliError."""
        project = self.options.project
        if project is None:
            return
        outside = self.options.outside
        app = await load_into(self.world, project, may_wait=outside is not None)
        if outside is not None:
            outside.loaded()
        self.server = AppServer(app, self.options.settings, Log(_write, level="silent"))
        with keeping_limits(self.world):
            await self.server.start()
        count_jobs(self.machine, self.server)
        self.server.service.watch(self._told)
        self.machine.library[VISITOR] = Visitor(self.server)
        self.names = AppNames(app, self.session)

    async def stop(self) -> None:
        """Close all clients and stop serving."""
        if self.server is not None:
            self.server.service.unwatch(self._told)
            await open_sockets(self.machine).close_from(0)
            await self.server.stop()
            self.server = None

    # --- inputs --------------------------------------------------------------------------------

    async def evaluate(self, text: str) -> Value:
        """The value of an input. Raises SoliError, Interrupted."""
        names = self.names if self.options.lends_names else None
        if names is not None:
            names.lend()
        try:
            return await self.stoppable(self._call(lambda: self.session.run(text)))
        finally:
            if names is not None:
                self.redefined = [one for one in names.take_back() if is_code(names.value(one))]
            await self._settle()

    async def stoppable(self, work: Awaitable[Any]) -> Any:
        """The result of *work*, which Ctrl-C stops. Raises Interrupted then."""
        return await stoppable(self.machine, work)

    async def _call(self, code: Callable[[], Value]) -> Value:
        observation = None if self.service is None else self.service.state.observation
        if observation is None:
            return await self.world.call(code)
        trace = self._input = observation.begin(Trace(INPUT))
        try:
            with observation.attributing(trace):
                return await self.world.call(code)
        finally:
            self._input = None
            observation.finish(trace)

    async def _settle(self) -> None:
        if self.server is not None:
            for _ in range(SETTLING_TURNS):
                await asyncio.sleep(0)

    def _print(self, text: str) -> None:
        """What the program prints: in the trace of its event, or at once."""
        observation = None if self.service is None else self.service.state.observation
        trace = None if observation is None else observation.current()
        if trace is None or trace is self._input:
            self._output(text)
        else:
            trace.parts.append(Printed(text))

    # --- other code ----------------------------------------------------------------------------

    def watch(self, observer: Observer) -> bool:
        """Here everything is shown, as everybody is you."""
        return True

    async def reload(self) -> list[str]:
        """Load the app's files anew; clients stay connected, and variables that hold data.

        The variables of the app that begin anew. Raises InvalidApp, SoliError; then everything is
        as before.
        """
        server, old_world, old_session = self.server, self.world, self.session
        before = {} if self.names is None else self.names.data()
        assert server is not None
        assert self.options.project is not None
        self._begin_world()
        try:
            app = await load_into(self.world, self.options.project)
        except BaseException:
            self.world, self.session = old_world, old_session
            raise
        with keeping_limits(self.world):
            server.service.reload(app, Waiting())
        kept = old_world.machine.library
        self.machine.library[VISITOR] = kept[VISITOR]
        if SOCKETS in kept:
            self.machine.library[SOCKETS] = kept[SOCKETS]
        clock.of(self.machine).stand_as(clock.of(old_world.machine))
        count_jobs(self.machine, server)
        own = variables_of(old_session, self.names)
        self.names = AppNames(app, self.session)
        for name, value in own.items():
            if not is_code(value):
                self.session.file.set(name, value)
        self.session.count_on(old_session)
        now = self.names.data()
        return [name for name, value in before.items() if now.get(name) != value]

    async def fresh(self) -> None:
        """Start the app anew, without clients and variables. Raises InvalidApp, SoliError."""
        await self.stop()
        self.names = None
        self._begin_world()
        await self.start()

    async def save(self, name: str, inputs: list[tuple[str, bool]]) -> Saved:
        """Write a spec of *inputs*. Raises CannotSave, InvalidApp, SoliError."""
        from .saving import save

        return await save(self.options, name, inputs)

    def variables(self) -> dict[str, Value]:
        """The session's own variables."""
        return variables_of(self.session, self.names)

    def variable_of(self, connection_id: str) -> str | None:
        """The variable that holds the client with this id, or its place in one."""
        for client in self.clients:
            if client.id == connection_id:
                return self._place_of(client)
        return None

    def _place_of(self, value: Any) -> str | None:
        for name, held in self.variables().items():
            if held is value:
                return name
            if isinstance(held, list):
                for index, item in enumerate(held):
                    if item is value:
                        return f"{name}[{index}]"
            elif isinstance(held, dict):
                for key, item in held.items():
                    if item is value and isinstance(key, str):
                        return f'{name}["{key}"]'
        return None


def variables_of(session: Session, names: AppNames | None) -> dict[str, Value]:
    """The session's own variables, without those of the app."""
    lent = set() if names is None else set(names.names)
    file = session.file
    return {name: file.get(name) for name in file.names if name != "_" and name not in lent}


def _write(text: str) -> None:
    sys.stderr.write(text)

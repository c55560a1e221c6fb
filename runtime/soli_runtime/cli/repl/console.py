"""`--console`: the same dialogue in a serving process, whose clients are other people's."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any

from soli_lang.base.errors import Cancelled, SoliError
from soli_lang.interpreter import Session
from soli_lang.machine.keys import KeptDict, MachineKey
from soli_lang.machine.machine import Machine
from soli_lang.values.values import Value

from ...observing.observation import Observer
from ...observing.traces import INPUT, Trace
from ...serving.service import Service
from .bench import variables_of
from .colours import colours_for
from .evaluating import Interrupted
from .names import AppNames, is_code
from .piping import PipedLines
from .prompting import Prompting

if TYPE_CHECKING:
    from .saving import Saved

CONSOLE: MachineKey[Session] = MachineKey("console")
"""In `Machine.local` while an input runs."""
GREETING = "`help` tells more, `.watch` shows what clients do, Ctrl-D leaves the server alone.\n"
ELSEWHERE = "this is a server at work; 'soli repl PATH' has an app of its own to try things with"


class ServingBench:
    """A session in the program of a service. Inputs have the limits of handlers."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self.redefined: list[str] = []
        self._begin()

    def _begin(self) -> None:
        """A session in the code that is served now."""
        self._app = self._service.app
        self.session = Session(self._app.interpreter)
        self.names: AppNames | None = AppNames(self._app, self.session)

    def _follow(self) -> None:
        """After a reload by `--dev`: go on in the new code, with the variables that hold data."""
        if self._service.app is self._app:
            return
        own, former = self.variables(), self.session
        self._begin()
        for name, value in own.items():
            if not is_code(value):
                self.session.file.set(name, value)
        self.session.count_on(former)

    @property
    def machine(self) -> Machine:
        return self._app.interpreter.machine

    @property
    def service(self) -> Service:
        return self._service

    async def evaluate(self, text: str) -> Value:
        """The value of an input. Raises SoliError, Interrupted."""
        self._follow()
        names = self.names
        assert names is not None
        names.lend()
        try:
            return await self.stoppable(self._call(text))
        finally:
            self.redefined = [one for one in names.take_back() if is_code(names.value(one))]

    async def stoppable(self, work: Awaitable[Any]) -> Any:
        """The result of *work*, which Ctrl-C stops, and not the server. Raises Interrupted then."""
        task = asyncio.ensure_future(work)
        stopped: list[bool] = []

        def stop() -> bool:
            stopped.append(task.cancel())
            return True

        try:
            with self._service.interrupted_by(stop):
                return await task
        except (asyncio.CancelledError, Cancelled):
            if stopped:
                raise Interrupted from None
            task.cancel()
            raise

    async def _call(self, text: str) -> Value:
        service = self._service
        local: KeptDict = {CONSOLE: self.session}
        observation = service.state.observation
        if observation is None:
            return await service.calls.wait(self.session.run, text, local)
        trace = observation.begin(Trace(INPUT))
        try:
            with observation.attributing(trace):
                return await service.calls.wait(self.session.run, text, local)
        finally:
            observation.finish(trace)

    def watch(self, observer: Observer) -> bool:
        """Show what clients do, or show it no more; whether it is shown now."""
        if self._service.is_aside:
            raise SoliError(
                ".watch: clients are with the workers, this console is a process beside them",
                hint="serve with one process to watch: soli run PATH --console",
            )
        observation = self._service.state.observation
        if observation is not None and observer in observation.observers:
            self._service.unwatch(observer)
            return False
        self._service.watch(observer)
        return True

    async def reload(self) -> list[str]:
        raise SoliError(".reload: save the file, and serve with --dev", hint=ELSEWHERE)

    async def fresh(self) -> None:
        raise SoliError(".fresh: other people are connected", hint=ELSEWHERE)

    async def save(self, name: str, inputs: list[tuple[str, bool]]) -> Saved:
        raise SoliError(".save: the events of other clients cannot be repeated", hint=ELSEWHERE)

    def variables(self) -> dict[str, Value]:
        """The session's own variables."""
        return variables_of(self.session, self.names)

    def variable_of(self, connection_id: str) -> str | None:
        """No variable holds a client of somebody else's."""
        return None


async def run_console(service: Service) -> None:
    """Read, evaluate, print until the input ends. The server goes on after that."""
    bench = ServingBench(service)
    prompting = Prompting(bench, _write, colours_for(sys.stdout), with_messages=True)
    try:
        if sys.stdin.isatty():
            from .terminal.prompt import terminal

            _write(GREETING)
            await prompting.run(terminal(bench, _write))
        else:
            await prompting.run(PipedLines().read)
    finally:
        service.unwatch(prompting.told)


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()

"""The world outside of a program: as it is, written down; or as it was.

Both stand before what a program reaches (`reaching_out`, its clock, its randomness), from before
its files are loaded. A program that nobody records has nothing before it.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from random import Random, SystemRandom
from typing import Any

from soli_stdlib.stores import remote

from soli_lang.base.errors import SoliError, SoliIOError
from soli_lang.base.limits import Capabilities
from soli_lang.base.records import changed
from soli_lang.machine.machine import Machine
from soli_lang.native.native import NativeFunction
from soli_lang.values.values import Value

from ..observing.observation import under_way
from ..observing.traces import Trace
from .plain_values import NotPlain
from .reaching_out import LOOKS, NEW_IDS, OWN_STORE, SILENT, put_before
from .tapes import Answered, PlayedTape, Tape

INLINE = "now"
"""`perform_now`: the program's own code, which asks for itself."""


class EventRandom(Random):
    """Draws from the generator of the event under way, else from the operating system."""

    def __init__(self, of_event: Callable[[], Random | None]) -> None:
        self._of_event = of_event
        self._system = SystemRandom()
        super().__init__()

    def seed(self, *arguments: Any, **options: Any) -> None:
        """There is nothing to seed: each event has a seed of its own."""

    def random(self) -> float:
        return (self._of_event() or self._system).random()

    def getrandbits(self, k: int, /) -> int:
        return (self._of_event() or self._system).getrandbits(k)


class RecordedWorld:
    """The world as it is; what it tells an event is written down on the tape of that."""

    def __init__(self) -> None:
        self._ticks = 0
        self._loading: Tape | None = None
        """Of the program that is being loaded."""
        self.load: dict[str, Any] = {}
        """What the program was told while it was loaded, the last time."""
        self._played: PlayedWorld | None = None

    def play(self, played: PlayedWorld) -> None:
        """From now on *played* answers: nothing outside is reached any more."""
        self._played = played

    def begun(self, trace: Trace) -> None:
        """An event begins."""
        if trace.tape is None:
            trace.tape = Tape(self._tick())

    def ended(self, trace: Trace) -> None:
        """It is over: who waited meanwhile was overtaken."""
        self._tick()

    def _tick(self) -> int:
        self._ticks += 1
        return self._ticks

    def granted(self, capabilities: Capabilities) -> Capabilities:
        """*capabilities* with a clock and randomness that are written down."""
        self._loading = Tape(self._tick())
        clock = None if capabilities.clock is None else self._now
        return changed(capabilities, clock=clock, random=EventRandom(self._random))

    def install(self, machine: Machine) -> None:
        """Stand before what the program on *machine* reaches."""

        def answer(native: NativeFunction, way: str, *arguments: Value) -> Value:
            if self._played is not None:
                return self._played.answer(machine, native, way, arguments)
            tape = self._tape()
            if tape is None or tape.inside or _is_inline(native, arguments):
                return native.code(*arguments)
            return tape.ask(machine, native, arguments, lambda: self._ticks)

        put_before(machine, answer)

    def loaded(self) -> None:
        """The program is loaded: what happens from now on is in events."""
        if self._loading is not None:
            self.load = self._loading.entry()
            self._loading = None

    def _tape(self) -> Tape | None:
        trace = under_way()
        return self._loading if trace is None else trace.tape

    def _now(self) -> float:
        if self._played is not None:
            return self._played.now()
        tape = self._tape()
        return time.time() if tape is None else tape.time(time.time())

    def _random(self) -> Random | None:
        if self._played is not None:
            return self._played.random()
        tape = self._tape()
        return None if tape is None or tape.inside else tape.draw()


class PlayedWorld:
    """The world as it was. What it was not asked then it answers by itself, or refuses."""

    def __init__(self, tape_of: Callable[[Trace], PlayedTape | None], load: dict[str, Any]) -> None:
        """*load* is what the program was told while it was loaded."""
        self._tape_of = tape_of
        self._load = load
        self._loading: PlayedTape | None = None
        self._until: Callable[[Trace, int], Awaitable[None]] | None = None

    def wait_with(self, until: Callable[[Trace, int], Awaitable[None]]) -> None:
        """Let answers that came late come late: *until* waits for a tick."""
        self._until = until

    def granted(self, capabilities: Capabilities) -> Capabilities:
        """*capabilities* with the clock and the randomness of then."""
        clock = None if capabilities.clock is None else self.now
        return changed(capabilities, clock=clock, random=EventRandom(self.random))

    def install(self, machine: Machine) -> None:
        """Stand before what the program on *machine* reaches."""
        self._loading = PlayedTape(self._load, machine)

        def answer(native: NativeFunction, way: str, *arguments: Value) -> Value:
            return self.answer(machine, native, way, arguments)

        put_before(machine, answer)

    def answer(
        self, machine: Machine, native: NativeFunction, way: str, arguments: tuple[Value, ...]
    ) -> Value:
        """What the program on *machine* gets that calls *native*."""
        if _is_inline(native, arguments):
            return native.code(*arguments)
        tape = self._tape()
        if tape is not None and tape.inside:
            return native.code(*arguments)
        found = None if tape is None else tape.find(native.name, arguments)
        if found is not None:
            return self._given(machine, found, arguments)
        return self._made_up(machine, native, way, arguments, tape)

    def loaded(self) -> None:
        """The program is loaded."""
        self._loading = None

    def _given(self, machine: Machine, found: Answered, arguments: tuple[Value, ...]) -> Value:
        trace = under_way()
        if found.tick is not None and self._until is not None and trace is not None:
            machine.suspend(self._until(trace, found.tick), "replay")
        try:
            return found.give(arguments)
        except NotPlain as error:
            raise SoliError(f"the recording holds no answer: {error}") from None

    def _made_up(
        self,
        machine: Machine,
        native: NativeFunction,
        way: str,
        arguments: tuple[Value, ...],
        tape: PlayedTape | None,
    ) -> Value:
        """An answer to what was not asked then, without touching anything outside."""
        name = native.name
        if name.startswith(OWN_STORE) and remote.of(machine) is not None:
            return None  # what is kept elsewhere is out of reach
        if way is LOOKS or name.startswith(OWN_STORE):
            return native.code(*arguments) if tape is None else tape.look(native, arguments)
        if name.startswith(NEW_IDS):
            return "replayed-job"
        if name.startswith(SILENT):
            return None
        raise SoliIOError(f"{name}: the recording has no answer to this call")

    def _tape(self) -> PlayedTape | None:
        trace = under_way()
        return self._loading if trace is None else self._tape_of(trace)

    def now(self) -> float:
        """What the clock shows."""
        tape = self._tape()
        return time.time() if tape is None or tape.inside else tape.time()

    def random(self) -> Random | None:
        """What the event under way draws from."""
        tape = self._tape()
        return None if tape is None or tape.inside else tape.random


def _is_inline(native: NativeFunction, arguments: tuple[Value, ...]) -> bool:
    return native.name == "__job" and len(arguments) > 1 and arguments[1] == INLINE

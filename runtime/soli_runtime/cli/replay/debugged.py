"""A recording under the debugger: it can be gone back in.

Nothing is kept to go back to. A recording runs alike each time, so to be earlier is to begin again
and to stop earlier: statements are counted, and a place in time is a number of them, or the begin
of an event. What was changed by hand is gone then; going forward keeps it.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from typing import Any

from soli_lang.base.errors import Cancelled, SoliError
from soli_lang.tools.debugging.debugger import Stopped
from soli_lang.values.values import Value

from ...debugging.event_frames import EventFrame
from ...debugging.program import DebuggedProgram
from ...debugging.starting import Debugging
from ...recordings.entries import Entry
from ...recordings.reading import Recorded
from ..repl.bench import BenchOptions
from .replaying import Differences, Outcome, Replay, compared
from .scenes import scene_of

MOST_LOOKED_AHEAD = 2_000
"""Events that are run once before, so that it is known what follows from each."""
FOREVER = 2**62


def debugged_differences(options: BenchOptions, recorded: Recorded, file: str) -> Differences:
    """What differs in the run that came to the end. Raises InvalidApp, SoliError."""
    debugging = Debugging(all_wait=True)
    travel = Travel(debugging.program, recorded, file)
    debugging.program.remember(travel)
    debugging.report(os.environ)
    try:
        found = asyncio.run(travel.run(options, debugging))
    finally:
        debugging.end()
    return compared(found, is_whole=recorded.is_whole)


class Travel:
    """Where in a recording one is, and where one wants to be (a `Past`)."""

    def __init__(self, program: DebuggedProgram, recorded: Recorded, file: str) -> None:
        self._program = program
        self._recorded = recorded
        self._file = file
        self._tick = 0
        """Statements that ran since the recording began."""
        self.current = 0
        self._goal: tuple[str, int] | None = None
        """("tick" or "event", its number): where it goes; it stops nowhere else."""
        self._seen_until = 0
        """The statement before which stops are only noted in `_stops`; 0: they are made."""
        self._looks_until = 0
        """The same for the next run; 0: it is none of these."""
        self._stops: list[int] = []
        self._leaves = False
        """Whether this run is left behind."""
        self._has_stood = False
        self._scenes: dict[str, dict[int, Value]] = {"before": {}, "after": {}}
        program.debugger.count_by(self._count)

    async def run(self, options: BenchOptions, debugging: Debugging) -> list[Outcome]:
        """Run the recording, again and again, until it ends. Raises InvalidApp, SoliError."""
        if len(self._recorded.events) <= MOST_LOOKED_AHEAD:
            goal, self._goal, self._seen_until = self._goal, None, FOREVER
            await self._run_once(options, debugging)
            self._goal, self._seen_until = goal, 0
        while True:
            outcomes = await self._run_once(options, debugging)
            if self._looks_until:
                self._seen_until, self._looks_until = self._looks_until, 0
            elif self._seen_until:
                self._seen_until = 0
                stop = self._stops[-1] if self._stops else 0
                self._goal = ("tick", stop) if stop else ("event", 0)
            elif not self._leaves:
                return outcomes

    async def _run_once(self, options: BenchOptions, debugging: Debugging) -> list[Outcome]:
        self._tick, self._stops, self._leaves = 0, [], False
        self._program.debugger.begin_again()
        replay = _Watched(options, self._recorded, self)
        debugging.watch(replay.bench.world.interpreter)
        try:
            await replay.start()
            outcomes = list(await replay.run())
            if not self._leaves and not self._seen_until and self._is_lost():
                self._goal = None
                self._stand(replay, EventFrame(self._file, "the end", {}), "end")
            return outcomes
        except SoliError:
            if not self._leaves:
                raise
            return []  # it was left while files were loaded
        finally:
            await replay.stop()

    def _is_lost(self) -> bool:
        """Whether the end came before where one wanted to be, or nothing was seen at all."""
        return self._goal is not None or not self._has_stood

    # --- while it runs ---

    def _count(self) -> bool | None:
        self._tick += 1
        if self._leaves:
            raise Cancelled("gone back")
        if self._seen_until:
            if self._tick >= self._seen_until:
                self._leave()
                raise Cancelled("gone back")
            return None
        if self._goal is None:
            return None
        kind, number = self._goal
        if kind == "event" or self._tick < number:
            return False
        self._goal = None
        return True

    def passes(self) -> bool:
        if self._seen_until:
            self._stops.append(self._tick)
            return True
        self._has_stood = self._has_stood or self._goal is None
        return self._goal is not None or self._leaves

    def goes_on(self) -> None:
        if self._leaves:
            raise Cancelled("gone back")

    def before(self, replay: Replay, number: int, entry: Entry) -> bool:
        """An event is about to happen; False: this run is left behind."""
        if self._leaves:
            return False
        self.current = number
        self._scenes["before"][number] = scene_of(replay)
        if self._goal == ("event", number) and not self._seen_until:
            self._goal = None
            title = f"event {number}: {entry['kind']} of {entry['connection'] or entry['path']}"
            self._stand(replay, EventFrame(self._file, title, entry), "goto")
        return not self._leaves

    def after(self, replay: Replay, number: int) -> None:
        """An event has happened."""
        if not self._leaves:
            self._scenes["after"][number] = scene_of(replay)

    def _stand(self, replay: Replay, frame: EventFrame, reason: str) -> None:
        thread, machine = self._program.main_thread(), replay.bench.machine
        try:
            self._program.stand(Stopped(thread, machine, reason, [frame]))
        except Cancelled:
            return  # this run is left behind

    # --- what the client asks ---

    def begin(self, *, stops_on_entry: bool) -> None:
        if stops_on_entry and self._recorded.events:
            self._goal = ("event", 0)

    def events(self) -> list[dict[str, Any]]:
        return list(self._listed())

    def _listed(self) -> Iterator[dict[str, Any]]:
        for number, entry in enumerate(self._recorded.events):
            kept = ("kind", "connection", "path", "handler", "message", "at", "error")
            yield {"index": number, **{name: entry.get(name) for name in kept}}

    def scopes(self) -> list[tuple[str, Value]]:
        return [
            ("Rooms before the event", self._scenes["before"].get(self.current, {})),
            ("Rooms after the event", self._scenes["after"].get(self.current, {})),
        ]

    def back(self) -> None:
        self._go(self._tick - self._is_in_statement())

    def _is_in_statement(self) -> bool:
        standing = self._program.last_stop()
        found = [] if standing is None else standing.stopped.frames
        return bool(found) and not isinstance(found[0], EventFrame)

    def _go(self, tick: int) -> None:
        self._goal = ("tick", tick) if tick > 0 else ("event", 0)
        self._leave()

    def reverse(self) -> None:
        self._looks_until = self._tick + (not self._is_in_statement())
        self._leave()

    def go_to(self, number: int) -> None:
        is_ahead = number > self.current
        self._goal = ("event", number)
        if not is_ahead:
            self._leave()

    def step(self) -> None:
        self._goal = ("tick", self._tick + 1)

    def _leave(self) -> None:
        self._leaves = True


class _Watched(Replay):
    """A run that tells of its events."""

    def __init__(self, options: BenchOptions, recorded: Recorded, travel: Travel) -> None:
        super().__init__(options, recorded)
        self._travel = travel
        self._numbers = {id(entry): number for number, entry in enumerate(recorded.events)}

    async def _again(self, entry: Entry) -> str:
        number = self._numbers[id(entry)]
        if not self._travel.before(self, number, entry):
            return "it was left behind"
        why = await super()._again(entry)
        self._travel.after(self, number)
        return why

    def name_of(self, connection_id: str) -> str:
        """What the recording calls a connection."""
        return self._entries.name_of(connection_id)

"""One event of the past, run alone: in a service without sockets, in front of its scene.

Only in a process that was made for it (`trying`): programs are changed by what they run.
"""

from __future__ import annotations

import asyncio
import base64
from typing import Any

from soli_lang.base.errors import SoliError
from soli_lang.base.limits import Limits
from soli_lang.base.records import changed

from ....calling.waiting import Waiting
from ....core.actions.kinds import Join, Track
from ....core.events import Events
from ....jobs.queue import Job
from ....loading.app import App
from ....observing.logs import Log
from ....observing.traces import CONNECT, DISCONNECT, JOB, MESSAGE, Trace
from ....recordings.entries import Entries, Entry
from ....recordings.plain_values import value_of
from ....recordings.tapes import PlayedTape
from ....routing.handler import Handler
from ....settings import Settings
from ....ws.connection import Connection
from ...service import Hosting, Service
from ...sockets.conversations import Conversation
from ...sockets.visitors import Visitor
from .scenes import Variables

ASIDE = Hosting(is_aside=True)
TURNS = 8
"""Turns of the loop in which an event ends that waits for nothing."""
EVENT_SECONDS = 0.1
"""Of computing: a handler that takes longer is ended."""


class NoLine(asyncio.Transport):
    """A line to nobody."""

    def __init__(self) -> None:
        super().__init__()
        self._closed = False

    def write(self, data: Any) -> None:
        """Nobody is there."""

    def writelines(self, list_of_data: Any) -> None:
        """Nobody is there."""

    def get_write_buffer_size(self) -> int:
        return 0

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """There is no buffer."""

    def can_write_eof(self) -> bool:
        return False

    def close(self) -> None:
        self._closed = True

    def abort(self) -> None:
        self._closed = True

    def is_closing(self) -> bool:
        return self._closed

    def is_reading(self) -> bool:
        return True

    def pause_reading(self) -> None:
        """Nobody writes."""

    def resume_reading(self) -> None:
        """Nobody writes."""


class NotThere(Exception):
    """The event cannot happen in this version. The text says why."""


class Rehearsal:
    """One event in one version of an app."""

    def __init__(self, app: App, settings: Settings, entry: Entry, names: dict[str, str]) -> None:
        self._app = app
        self._entry = entry
        self._entries = Entries(names=dict(names))
        self._found: Entry | None = None
        self._service = Service(app, settings, Log(_write, level="silent"), Waiting(), None, ASIDE)
        self._places: dict[str, tuple[Conversation, Connection]] = {}

    async def run(self, variables: Variables) -> Entry:
        """What the event does. Raises NotThere."""
        service, entry = self._service, self._entry
        service.begin()
        machine = self._app.interpreter.machine
        limits: Limits = machine.limits
        most = min(limits.max_seconds or EVENT_SECONDS, EVENT_SECONDS)
        machine.limit_calls(changed(limits, max_seconds=most))
        self._set_scene()
        variables.restore(entry.get("vars") or {})
        service.watch(self._told, self._begun)
        try:
            await self._happen()
            for _ in range(TURNS):
                if self._found is not None:
                    break
                await asyncio.sleep(0)
        finally:
            service.unwatch(self._told)
            service.program.worker.stop()
        if self._found is None:
            raise NotThere("it does not end without waiting")
        return self._found

    # The scene

    def _set_scene(self) -> None:
        scene = self._entry.get("scene") or {}
        for place in scene.get("connections", ()):
            is_own = place["id"] == self._entry.get("whose")
            if not (is_own and self._entry["kind"] == CONNECT):
                self._seat(place)
        states = self._service.realtime.states
        for room, text in scene.get("states", {}).items():
            value = self._app_json(text)
            if value and self._service.hub.states.mirrors.rule_of(room) is not None:
                states.change(room, states.step("scene", "patch", value))

    def _app_json(self, text: str) -> Any:
        import orjson

        return orjson.loads(text) if text else None

    def _seat(self, place: dict[str, Any]) -> None:
        """Put a connection where it was, without a word to the program."""
        service, now = self._service, self._service.state.now()
        silent = Handler(place["handler"], lambda _: {})
        conversation, connection = self._connect(place, silent)
        wanted: list[Any] = [Join(tuple(place["rooms"]))] if place["rooms"] else []
        for room, key, state, fields in place["tracked"]:
            wanted.append(Track(room, key, state, value_of(fields)))
            service.connections.visitors.tracked(conversation.visitor, key)
        effects = service.hub.apply(place["id"], wanted, now)
        service.connections.delivery.carry_out(effects)
        conversation.follow(service.program.handlers)
        self._places[place["id"]] = conversation, connection

    def _connect(self, place: dict[str, Any], handler: Handler) -> tuple[Conversation, Connection]:
        service = self._service
        events = Events(
            place["id"],
            place["params"],
            value_of(place["query"]),
            {str(name): str(value) for name, value in place["headers"].items()},
        )
        visitor = Visitor(place["path"])
        service.connections.visitors.belongs_to(visitor, value_of(place["user"]))
        conversation = service.live.classes[0](service.live, handler, events, visitor)
        connection = Connection(service.endpoint, conversation)
        connection.start(NoLine())
        return conversation, connection

    # The event

    async def _happen(self) -> None:
        entry, service = self._entry, self._service
        kind, whose = entry["kind"], entry.get("whose", "")
        if kind == JOB:
            if entry["handler"] not in service.program.worker.jobs.classes:
                raise NotThere(f"there is no job class '{entry['handler']}'")
            args = value_of(entry.get("args"))
            await service.program.worker.run(Job(entry["id"], entry["handler"], args, 0.0))
        elif kind == CONNECT:
            self._connect(self._own_place(whose), self._handler())
        elif whose not in self._places:
            raise NotThere("its connection is not in the recording")
        elif kind == MESSAGE:
            self._handler()
            conversation, connection = self._places[whose]
            conversation.on_message(connection, _payload(entry))
        elif kind == DISCONNECT:
            self._handler()
            conversation, connection = self._places[whose]
            conversation.on_closed(connection, entry.get("code", 1006), entry.get("reason", ""))

    def _own_place(self, whose: str) -> dict[str, Any]:
        for place in (self._entry.get("scene") or {}).get("connections", ()):
            if place["id"] == whose:
                found: dict[str, Any] = place
                return found
        raise NotThere("its connection is not in the recording")

    def _handler(self) -> Handler:
        name = self._entry["handler"]
        handler = self._service.program.handlers.get(name)
        if handler is None:
            raise NotThere(f"no route leads to {name}")
        return handler

    # What came of it

    def _begun(self, trace: Trace) -> None:
        if self._is_it(trace):
            trace.tape = PlayedTape(self._entry, self._app.interpreter.machine)

    def _told(self, trace: Trace) -> None:
        if self._is_it(trace) and self._found is None:
            self._found = self._entries.entry(trace)

    def _is_it(self, trace: Trace) -> bool:
        entry = self._entry
        place = (entry["kind"], entry.get("whose", ""))
        return (trace.kind, trace.connection_id) == place


def _payload(entry: Entry) -> str | bytes:
    if "binary" in entry:
        return base64.b64decode(entry["binary"])
    return str(entry.get("message", ""))


def _write(text: str) -> None:
    """Nobody reads what is logged here."""


FAULTS = (SoliError, NotThere, KeyError, TypeError, ValueError, AttributeError)
"""What a scene that somebody else wrote can cause."""

"""What is true when an event begins: who is where, present as whom, and what variables hold.

An event of the past is run alone, in front of the scene that it had.
"""

from __future__ import annotations

import json
from itertools import islice
from typing import TYPE_CHECKING, Any

from soli_lang.base.errors import SoliError
from soli_lang.evaluator.scopes import FileScope
from soli_lang.values.objects import SoliClass
from soli_lang.values.values import UNSET, Function, Value

from ....loading.app import App
from ....recordings.plain_values import NotPlain, is_whole, plain, value_of

if TYPE_CHECKING:
    from ....core.hub import Hub
    from ....core.seats import Seat

MOST_CONNECTIONS = 50
"""Of a scene; the one whose event it is is always among them."""
MOST_ROOMS = 200
"""Rooms whose state a scene has."""
MOST_STATE_BYTES = 64 * 1024
"""Of one room's state; a larger one is left out."""
MOST_ITEMS = 1000
"""Of a variable; a larger Array or Hash is not kept, and is what it is when the event runs."""

Scene = dict[str, Any]


def scene_of(hub: Hub, connection_id: str) -> Scene:
    """The scene of an event of this connection (empty: of a job)."""
    own = hub.seats.get(connection_id)
    others = (seat for seat in hub.seats.values() if seat is not own)
    seats = [seat for seat in (own, *islice(others, MOST_CONNECTIONS)) if seat is not None]
    mirrors = hub.states.mirrors
    states = {
        room: mirror.told.text
        for room in islice(hub.rooms, MOST_ROOMS)
        if (mirror := mirrors.get(room)) is not None and mirror.told.size <= MOST_STATE_BYTES
    }
    return {"connections": [_connection(seat) for seat in seats], "states": states}


def _connection(seat: Seat) -> dict[str, Any]:
    conversation = seat.conversation
    events = conversation.events
    parts = events.connect()
    tracked = []
    for room in seat.tracked_rooms():
        tracking = seat.tracking(room)
        if tracking is not None:
            tracked.append([room, tracking.key, tracking.state, plain(tracking.fields)])
    return {
        "id": seat.connection_id,
        "path": conversation.visitor.path,
        "handler": conversation.handler.name,
        "user": plain(conversation.visitor.user),
        "params": parts["params"],
        "query": plain(parts["query"]),
        "headers": parts["headers"],
        "rooms": list(seat.rooms),
        "tracked": tracked,
    }


class Variables:
    """The variables of an app's files that hold data, as they were when it was loaded."""

    def __init__(self, app: App) -> None:
        self._files = {_shown(app, path): program.file for path, program in app.programs.items()}
        self._begin = dict(self._data())

    def changed(self) -> dict[str, Any]:
        """What is not as it was when the app was loaded."""
        begin = self._begin
        return {name: text for name, text in self._data() if begin.get(name) != text}

    def restore(self, kept: dict[str, Any]) -> None:
        """Let them be as they were at some time: as loaded, but for what is in *kept*."""
        for name, text in (self._begin | kept).items():
            found = self._find(name)
            if found is None or not isinstance(text, str):
                continue
            try:
                found[0].set(found[1], value_of(json.loads(text)))
            except (NotPlain, ValueError):
                continue

    def _find(self, name: str) -> tuple[FileScope, str] | None:
        path, _, variable = name.rpartition(":")
        file = self._files.get(path)
        if file is None or variable not in file.names or _is_code(file.get(variable)):
            return None
        return file, variable

    def _data(self) -> list[tuple[str, str]]:
        found = []
        for path, file in self._files.items():
            for name in tuple(file.names):
                text = _text(file.get(name))
                if text is not None:
                    found.append((f"{path}:{name}", text))
        return found


def _shown(app: App, path: Any) -> str:
    root = app.project.root
    return str(path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name)


def _is_code(value: Value) -> bool:
    return value is UNSET or isinstance(value, Function | SoliClass)


def _text(value: Value) -> str | None:
    """*value* as text; None for code, for objects, and for what is too large."""
    if _is_code(value) or (isinstance(value, list | dict | str) and len(value) > MOST_ITEMS):
        return None
    try:
        kept = plain(value)
        return json.dumps(kept) if is_whole(kept) else None
    except (SoliError, RecursionError, ValueError):
        return None

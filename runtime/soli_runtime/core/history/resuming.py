"""How clients ask for what they missed, and what they are told (docs/howto/history.md).

Who has not asked gets none of these messages.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ..effects import RoomName

QUERY = "resume"
"""The key of a query: `resume=1`, or `resume[]=ROOM@POSITION` for each room."""
MAX_POSITION_CHARACTERS = 100
MAX_ROOMS = 1000
"""Rooms that one client can come back to."""

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def asked(query: Mapping[str, Any]) -> dict[RoomName, str] | None:
    """The rooms that a client comes back to and its positions there; None: it has not opted in.

    An app may have a `resume` of its own in its queries: what has not our form is not for us.
    """
    value = query.get(QUERY)
    if value is None:
        return None
    if value == "1":
        return {}
    if type(value) is not list:
        return None
    pairs = [item.rpartition("@") for item in value if type(item) is str]
    found = {
        room: position
        for room, _, position in pairs[:MAX_ROOMS]
        if room and 0 < len(position) <= MAX_POSITION_CHARACTERS
    }
    return found or None


def places(position: str, seen: Callable[[str], int | None]) -> tuple[int | None, int | None]:
    """The places up to where whoever has *position* has seen a room: its messages, and its state.

    *seen* reads one that names one place, which then is both. None: that cannot be told.
    """
    messages, divided, state = position.partition("+")
    place = seen(messages)
    if not divided:
        return place, place
    epoch, _, _ = messages.rpartition(".")
    return place, seen(f"{epoch}.{state}") if state else None


def without_state(position: str) -> str:
    """*position* for somebody who knows nothing of what the room holds."""
    return f"{position}+"


class Told(NamedTuple):
    """What a message says of where a client is."""

    room: RoomName
    position: str
    is_alone: bool
    """Whether it says nothing else."""


def position_in(message: str) -> Told | None:
    """What a client takes from a message that it gets; None: nothing."""
    if not message.startswith('{"event":"'):
        return None
    try:
        decoded = json.loads(message)
    except ValueError:
        return None
    event, room, payload = (decoded.get(key) for key in ("event", "channel", "payload"))
    if event == "resumed" and isinstance(payload, dict):
        payload = payload.get("position")
    elif event != "position":
        return None
    if not isinstance(room, str) or not isinstance(payload, str):
        return None
    return Told(room, payload, event == "position")


def resumed(room: RoomName, recovered: bool, missed: int, position: str) -> str:
    """What comes before *missed* messages. They are all that was said, if *recovered*.

    *position* is where the client is when it reads this: before those messages.
    """
    payload = {"recovered": recovered, "missed": missed, "position": position}
    return _encode({"event": "resumed", "channel": room, "payload": payload})


def position_of(room: RoomName, position: str) -> str:
    """Up to where a client has seen *room* that gets this behind its messages."""
    return _encode({"event": "position", "channel": room, "payload": position})

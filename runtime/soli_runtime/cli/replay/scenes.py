"""How the rooms of a world stand, as values that a debugger shows."""

from __future__ import annotations

import json
from typing import Any

from soli_lang.values.values import Value


def scene_of(replay: Any) -> Value:
    """Each room: its members, presence, and state."""
    service = replay.bench.service
    if service is None:
        return {}
    hub = service.hub
    found: dict[str, Any] = {}
    for name, room in hub.rooms.items():
        members = [replay.name_of(one) for one in room.members]
        found[name] = {"members": members, "presence": {}, "state": _state(hub, name)}
    for name, attendance in hub.presence.roster.items():
        room_found = found.setdefault(name, {"members": [], "presence": {}, "state": None})
        room_found["presence"] = {
            user.key: [_meta(meta.body) for meta in user.metas.values()]
            for user in attendance.users.values()
        }
    return found


def _state(hub: Any, room: str) -> Value:
    mirror = hub.states.mirrors.get(room)
    return None if mirror is None else mirror.told.copy()


def _meta(body: str) -> Value:
    return json.loads(f"{{{body}}}")

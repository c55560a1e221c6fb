"""What clients make of presence and of room state is what is so."""

from __future__ import annotations

import json
from typing import Any

from ....serving.local.simulated.clients import SimulatedClient
from ....serving.local.simulated.simulation import Simulation
from .finding import Finding

PRESENCE, STATE = "presence", "state"
MARKS = ('"presence_', '"room_state"', '"room_diff"')


class Mirror:
    """What one client knows, from what it received on its line."""

    def __init__(self) -> None:
        self.users: dict[str, dict[str, set[str]]] = {}
        """Channel -> user -> refs of its connections."""
        self.states: dict[str, Any] = {}

    def hear(self, text: str) -> None:
        """A message came."""
        if not any(mark in text for mark in MARKS):
            return
        try:
            message = json.loads(text)
        except ValueError:
            return
        if not isinstance(message, dict) or not isinstance(message.get("payload"), dict):
            return
        channel, payload = message.get("channel", ""), message["payload"]
        event = message.get("event")
        if event == "presence_state":
            self.users[channel] = {user: _refs(found) for user, found in payload.items()}
        elif event == "presence_diff" and {"joins", "leaves"} <= payload.keys():
            self._diff(self.users.setdefault(channel, {}), payload)
        elif event == "room_state":
            self.states[channel] = payload
        elif event == "room_diff" and channel in self.states:
            self.states[channel] = _merged(self.states[channel], payload)
            self._append(self.states[channel], message)

    def _append(self, state: Any, message: dict[str, Any]) -> None:
        for key, items in message.get("append", {}).items():
            state[key] = [*state.get(key, []), *items][-message["keep"] :]

    def _diff(self, users: dict[str, set[str]], payload: dict[str, Any]) -> None:
        for user, found in payload["joins"].items():
            users.setdefault(user, set()).update(_refs(found))
        for user, found in payload["leaves"].items():
            left = users.get(user, set()) - _refs(found)
            if left:
                users[user] = left
            else:
                users.pop(user, None)


def _refs(found: Any) -> set[str]:
    return (
        {meta["phx_ref"] for meta in found.get("metas", ())} if isinstance(found, dict) else set()
    )


def _merged(state: Any, diff: Any) -> Any:
    """A state with a diff: null removes, Hashes are merged."""
    if not isinstance(state, dict) or not isinstance(diff, dict):
        return diff
    merged = dict(state)
    for key, value in diff.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = _merged(merged.get(key), value)
    return merged


def wrong_mirror(world: Simulation) -> Finding | None:
    """The first client that believes what is not so."""
    for client in world.present.values():
        seat = world.service.hub.seats.get(client.id)
        if client.is_open and seat is not None and not client.is_stalled:
            mirror = Mirror()
            for message in client.on_this_line():
                if isinstance(message, str):
                    mirror.hear(message)
            found = _wrong_users(world, client, seat, mirror) or _wrong_state(
                world, client, seat, mirror
            )
            if found is not None:
                return found
    return None


def still_present(
    world: Simulation, client: SimulatedClient, rooms: tuple[str, ...]
) -> Finding | None:
    """Whether *client*, which was in *rooms*, left one without ending its presence there."""
    seat = world.service.hub.seats.get(client.id)
    if seat is None:
        return None
    for room in rooms:
        if room not in seat.rooms and room in seat.tracked_rooms():
            text = f"{client.name} has left the room {room}, and is still present in it"
            return Finding(PRESENCE, f"left {room}", text)
    return None


def _wrong_users(
    world: Simulation, client: SimulatedClient, seat: Any, mirror: Mirror
) -> Finding | None:
    subscribed = [one.name for one in seat.subscribed()]
    if "" in mirror.users:  # messages without a channel are of the only one
        if len(mirror.users) > 1 or len(subscribed) != 1:
            return None
        mirror.users = {subscribed[0]: mirror.users[""]}
    for channel in subscribed:
        known = mirror.users.get(channel)
        if known is None:
            continue
        there = [user["user_id"] for user in world.service.hub.presence.roster.users(channel)]
        if sorted(known) != sorted(there):
            text = (
                f"{client.name} believes that {_listed(sorted(known))} are present in {channel}, "
                f"but {_listed(sorted(there))} are"
            )
            return Finding(PRESENCE, channel, text)
    return None


def _wrong_state(
    world: Simulation, client: SimulatedClient, seat: Any, mirror: Mirror
) -> Finding | None:
    states = world.service.hub.states
    for room in seat.rooms:
        rule = states.mirrors.rule_of(room)
        if rule is None or not rule.tell or room not in mirror.states:
            continue
        held = world.states().get(room, {})
        if mirror.states[room] != held:
            text = f"{client.name} believes that {room} holds {mirror.states[room]}, not {held}"
            return Finding(STATE, room, text)
    return None


def _listed(names: list[str]) -> str:
    return ", ".join(names) if names else "nobody"

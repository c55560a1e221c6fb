"""What members of a room that holds state are told (docs/spec §W16)."""

from __future__ import annotations

from collections.abc import Callable

from .. import wire
from ..effects import RoomName
from .changes import Diff
from .values import State, encoded


def room_state(room: RoomName, state: State) -> str:
    """All of it."""
    return f'{{"event":"room_state","channel":{wire.to_json(room)},"payload":{state.text}}}'


class DiffText(str):
    """A `room_diff` with items that were appended, which stand beside its payload."""

    __slots__ = ("whole",)

    whole: Callable[[], str]
    """The same with the Arrays as they result within the payload, for clients whose messages have
    no place beside it."""


def room_diff(room: RoomName, diff: Diff, after: State) -> str:
    """A change, by which a room has come to hold *after*."""
    text = _diff(room, encoded(diff.patch).decode())
    if not diff.append:
        return text
    append = encoded(diff.append).decode()
    found = DiffText(f'{text[:-1]},"append":{append},"keep":{diff.keep}}}')
    found.whole = lambda: _whole(room, diff, after)
    return found


def _whole(room: RoomName, diff: Diff, after: State) -> str:
    arrays = {key: after.value[key] for key in diff.append if key in after.value}
    return _diff(room, encoded({**diff.patch, **arrays}).decode())


def _diff(room: RoomName, payload: str) -> str:
    return f'{{"event":"room_diff","channel":{wire.to_json(room)},"payload":{payload}}}'

"""The state of a room: plain JSON values that nothing ever changes.

A change makes a new state, which shares with the old one what stays the same. So whoever read one
holds it at no cost, and a change that is refused half way has changed nothing.
"""

from __future__ import annotations

from typing import Any

from soli_lang.base.errors import SoliError

from ..effects import RoomName

Json = dict[str, Any]


class StateRefused(SoliError):
    """A change of a room's state that cannot be; nothing of it is done."""

    kind = "TypeError"


MOST_RUNS = 100
"""How often an update of a state tries when others keep changing it meanwhile."""


class ConflictError(SoliError):
    """A room's state was changed by others each time that somebody tried to."""

    kind = "ConflictError"


def gave_up(what: str, room: RoomName, runs: int) -> ConflictError:
    """The error for having tried often enough."""
    return ConflictError(f"{what}: the state of '{room}' was changed meanwhile, {runs} times")


def undeclared(room: RoomName) -> StateRefused:
    """The error for setting the state of a room that keeps none."""
    return StateRefused(
        f"no state is kept of '{room}'; declare it with ws_keep_state in the routes"
    )


class State:
    """What a room holds at one version. Do not change its `value`."""

    __slots__ = ("_text", "keys", "size", "value", "version")

    def __init__(self, version: int, value: Json, size: int, keys: int) -> None:
        self.version = version
        self.value = value
        self.size = size
        """Bytes as JSON."""
        self.keys = keys
        """In all Hashes of it."""
        self._text: str | None = None

    @classmethod
    def of(cls, version: int, value: Json) -> State:
        """The state that holds *value*."""
        return cls(version, value, size_of(value), keys_in(value))

    @property
    def text(self) -> str:
        """As JSON."""
        if self._text is None:
            self._text = encoded(self.value).decode()
        return self._text

    def copy(self) -> Json:
        """Its value, for somebody who may change it."""
        import orjson  # slow to import, see `soli_stdlib.json.text`

        found: Json = orjson.loads(self.text)
        return found

    def at(self, version: int) -> State:
        """The same under another version."""
        return State(version, self.value, self.size, self.keys)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, State)
            and (other.version, other.size) == (self.version, self.size)
            and other.text == self.text
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"State({self.version}, {self.text})"


EMPTY_SIZE = 2
EMPTY = State(0, {}, EMPTY_SIZE, 0)
"""What a room holds for which nothing was ever set."""


def encoded(value: Any) -> bytes:
    """JSON of plain values."""
    import orjson

    return orjson.dumps(value)


def size_of(value: Any) -> int:
    """Bytes of *value* as JSON."""
    kind = value.__class__
    if kind is bool:
        return 4 if value else 5
    if kind is int:
        return len(str(value))
    return len(encoded(value))


def keys_in(value: Any) -> int:
    """How many keys there are in all Hashes of *value*."""
    if value.__class__ is dict:
        return len(value) + sum(keys_in(item) for item in value.values())
    if value.__class__ is list:
        return sum(keys_in(item) for item in value)
    return 0

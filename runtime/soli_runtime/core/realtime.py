"""The realtime side of an app as one object: for builtins, jobs, the REPL and host code.

Every method must be called on the event loop's thread. Its effects are carried out before it
returns, so calls take effect in program order (docs/spec §W6). *actor* is the id of the
connection whose handler calls, if one does: what is sent to that one later comes after.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import TYPE_CHECKING, Any

from soli_lang.base.errors import SoliError
from soli_lang.machine.keys import MachineKey
from soli_lang.values.values import Value

from .answers import at_once
from .effects import Effect, Payload, SendOptions
from .payloads import EncodeJson, encode

if TYPE_CHECKING:
    from .history.rings import Past
    from .hub import Hub
    from .state.asking import AtOnce, StateCalls
    from .state.changes import Kind

REALTIME: MachineKey[Realtime] = MachineKey("realtime")
"""Where `Machine.library` holds the `Realtime` of a running app."""

MANY: MachineKey[bool] = MachineKey("many")
"""In `Machine.library` of a program that runs in several processes which meet."""


class Realtime:
    """Messages, rooms and presence of a running app. Non-String messages go out as JSON."""

    def __init__(
        self,
        hub: Hub,
        carry_out: Callable[[Iterable[Effect]], None],
        encode_json: EncodeJson,
        now: Callable[[], float],
        ids_of_user: Callable[[str], Iterable[str]] = lambda user_id: (),
    ) -> None:
        self.hub = hub
        self._now = now
        self.told: Callable[[Any], None] | None = None
        """Set while somebody watches; then this is of another class (`serving.sockets.watched`)."""
        self._ids_of_user = ids_of_user
        """Ids of the connections of a user; whoever lets connections in knows them."""
        self._close_user: Callable[[str, str, int], None] = self.close_user_here
        self._carry_out = carry_out
        self._encode_json = encode_json
        from .state.asking import StateCalls  # here: a script has no rooms

        self.states: StateCalls = StateCalls(hub, carry_out, now, encode_json)

    def payload(self, user: str, message: Value) -> Payload:
        """*message* as it goes out. Raises SoliError, naming *user*, when it has no JSON form."""
        try:
            return encode(message, self._encode_json)
        except SoliError as error:
            raise SoliError(
                f"{user}() could not serialize payload to JSON: {error.message}"
            ) from error

    # A *volatile* message is one of which a recipient that is behind gets only the newest of those
    # that have the same sender and key; that key is "" where none matters.

    def send(
        self,
        connection_id: str,
        message: Value,
        actor: str | None = None,
        *,
        volatile: str | None = None,
    ) -> None:
        """Send to one connection; unknown or gone: nothing."""
        payload = self.payload("ws_send", message)
        options = _options(actor, volatile)
        self._carry_out(self.hub.send(connection_id, payload, actor, options))

    def broadcast(
        self, message: Value, actor: str | None = None, *, volatile: str | None = None
    ) -> None:
        """Send to every connection."""
        payload = self.payload("ws_broadcast", message)
        self._carry_out(self.hub.broadcast(payload, actor, _options(actor, volatile)))

    def broadcast_others(
        self, message: Value, actor: str | None = None, *, volatile: str | None = None
    ) -> None:
        """Send to every connection but *actor*, which is one of this process."""
        payload = self.payload("ws_broadcast_others", message)
        options = SendOptions(actor, volatile, actor or "")
        self._carry_out(self.hub.broadcast(payload, actor, options))

    def broadcast_room(
        self,
        room: str,
        message: Value,
        user: str = "ws_broadcast_room",
        actor: str | None = None,
        *,
        volatile: str | None = None,
    ) -> None:
        """Send to every member of a room."""
        payload = self.payload(user, message)
        self._carry_out(self.hub.broadcast_room(room, payload, actor, _options(actor, volatile)))

    def broadcast_room_others(
        self, room: str, message: Value, actor: str | None = None, *, volatile: str | None = None
    ) -> None:
        """Send to every member of a room but *actor*, which is one of this process."""
        payload = self.payload("ws_broadcast_room_others", message)
        options = SendOptions(actor, volatile, actor or "")
        self._carry_out(self.hub.broadcast_room(room, payload, actor, options))

    def close(
        self, connection_id: str, reason: str = "", code: int = 1000, actor: str | None = None
    ) -> None:
        """Close one connection; unknown or gone: nothing."""
        self._carry_out(self.hub.close(connection_id, reason, code, actor))

    def close_user(self, user_id: str | int, reason: str = "", code: int = 1000) -> None:
        """Close the connections of one user, wherever they are; unknown: nothing."""
        self._close_user(str(user_id), reason, code)

    def close_user_here(self, user: str, reason: str, code: int) -> None:
        """The same for those that this process has."""
        for connection_id in self._ids_of_user(user):
            self.close(connection_id, reason, code)

    def close_users_with(self, close_user: Callable[[str, str, int], None]) -> None:
        """From now on *close_user* finds a user's connections: several processes have some."""
        self._close_user = close_user

    def watch(self, told: Callable[[Any], None] | None) -> None:
        """Tell *told* of what is called here; None: nobody."""
        self.told = told

    def join(self, connection_id: str, room: str) -> None:
        """Make a connection a member of a room. Raises SoliError for a bad name or too many."""
        self._carry_out(self.hub.join(connection_id, room, self._now()))

    def leave(self, connection_id: str, room: str) -> None:
        """Take a connection out of a room; not a member: nothing."""
        self._carry_out(self.hub.leave(connection_id, room, self._now()))

    def rooms_of(self, connection_id: str) -> list[str]:
        """The rooms of a connection, most recently joined last."""
        return list(self.hub.rooms_of(connection_id))

    def clients(self) -> list[str]:
        """Ids of all connections, oldest first."""
        return at_once(self.hub.clients())

    def clients_in(self, room: str) -> list[str]:
        """Ids of the members of a room."""
        return at_once(self.hub.clients_in(room))

    def count(self, room: str | None = None) -> int:
        """How many connections are open; with *room*, how many of them are members of it."""
        return at_once(self.hub.count() if room is None else self.hub.count_in(room))

    def list_presence(self, room: str) -> list[dict[str, Any]]:
        """`{"user_id", "metas"}` of every user in a room."""
        return at_once(self.hub.list_presence(room))

    def presence_count(self, room: str) -> int:
        """How many users are in a room."""
        return at_once(self.hub.presence_count(room))

    def history(self, room: str, count: int) -> list[Past]:
        """The last messages that are kept of a room, oldest first; at most *count*."""
        return at_once(self.hub.past(room, count))

    # The state of rooms. All of these may be awaited; they have to be where a store keeps it.

    def room_state(self, room: str) -> AtOnce | Coroutine[Any, Any, dict[str, Any]]:
        """A copy of what a room holds, an empty dict if nothing."""
        return self.states.for_hosts(self.states.look(room))

    def set_room_state(self, room: str, patch: dict[str, Any]) -> Awaitable[None]:
        """Merge a patch (RFC 7396) into a room's state. Raises SoliError for what cannot be."""
        return self._change_state("set_room_state", "patch", room, patch)

    def add_room_state(self, room: str, amounts: dict[str, Any]) -> Awaitable[None]:
        """Add numbers to those in a room's state. Raises SoliError for what cannot be."""
        return self._change_state("add_room_state", "add", room, amounts)

    def append_room_state(self, room: str, items: dict[str, Any]) -> Awaitable[None]:
        """Append an item to each Array in a room's state. Raises SoliError for what cannot be."""
        return self._change_state("append_room_state", "append", room, items)

    def update_room_state(
        self, room: str, change: Callable[[dict[str, Any]], dict[str, Any] | None]
    ) -> AtOnce | Coroutine[Any, Any, dict[str, Any]]:
        """Merge the patch that *change* makes of a room's state; the new state.

        *change* may be called again, where others change the state meanwhile. Raises SoliError.
        """
        return self.states.for_hosts(self.states.update(room, change))

    def _change_state(self, user: str, kind: Kind, room: str, value: Any) -> Awaitable[None]:
        answer = self.states.change(room, self.states.step(user, kind, value))
        return self.states.done if answer is None else answer

    def get_presence(self, room: str, user_id: str | int) -> dict[str, Any] | None:
        """One user of a room, None if not there."""
        return at_once(self.hub.get_presence(room, user_id))


def _options(actor: str | None, volatile: str | None) -> SendOptions | None:
    """Those of a message that is for all; an ordinary one has none."""
    return None if volatile is None else SendOptions(None, volatile, actor or "")

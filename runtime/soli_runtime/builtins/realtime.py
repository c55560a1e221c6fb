"""The `ws_*` builtins and their kin (docs/spec §W6 and §W7).

They work wherever a program runs: without a running server there are no connections, and
sending to nobody is no error.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, TypeVar

from soli_lang.base.errors import SoliError, SoliPlainTypeError, SoliValueError
from soli_lang.base.near_names import did_you_mean
from soli_lang.machine.machine import Machine
from soli_lang.native.native import Any_, Hash, Int, String, function
from soli_lang.values.kinds import from_key, type_name
from soli_lang.values.values import Value

from ..core.answers import Answer
from ..core.events import copy_value
from ..core.payloads import is_close_code, volatile_key
from ..core.realtime import REALTIME, Realtime
from ..http.current import CONNECTION, REQUEST
from ..http.sse import broadcast_to_topic

T = TypeVar("T")

_CONNECTION_ID = String(
    "string connection_id",
    hint='`event["connection_id"]` is the id of the connection that an event came from',
)
_CHANNEL = String("string channel")
_REASON = String("string reason")
_OPTIONS = Hash("hash options").optional()
VOLATILE = "volatile"


def realtime_of(machine: Machine) -> Realtime | None:
    """The realtime side of the running app; None where none runs."""
    return machine.library.get(REALTIME)


def answered(machine: Machine, user: str, answer: Answer[T]) -> T:
    """What a question gives; the program is set aside while other processes must be waited for."""
    if not isinstance(answer, Awaitable):
        return answer
    found: T = machine.suspend(answer, user)
    return found


def _acting(machine: Machine) -> str | None:
    """The connection whose event is handled."""
    conversation = machine.local.get(CONNECTION)
    return None if conversation is None else conversation.id


def _volatile(user: str, options: dict[Any, Value] | None) -> str | None:
    """The key of a volatile message; None for one that is not."""
    if not options:
        return None
    for key in options:
        if (name := from_key(key)) != VOLATILE:
            raise SoliValueError(
                f"{user}() has no option '{name}'", hint=did_you_mean(str(name), (VOLATILE,))
            )
    try:
        return volatile_key(next(iter(options.values())))
    except ValueError as error:
        raise SoliPlainTypeError(f"{user}() volatile: {error}") from None


# --- messages ----------------------------------------------------------------------------------


@function("ws_send", _CONNECTION_ID, Any_, _OPTIONS)
def ws_send(
    machine: Machine, connection_id: str, message: Value, options: dict[Any, Value] | None
) -> None:
    """Send a message to one connection. Unknown or gone: nothing happens.

    With `{ "volatile": true }` or `{ "volatile": KEY }` as the last argument, here and in the
    helpers that broadcast, a recipient that reads too slowly gets only the newest message of this
    sender and key instead of all.
    """
    volatile, realtime = _volatile("ws_send", options), realtime_of(machine)
    if realtime is not None:
        realtime.send(connection_id, message, _acting(machine), volatile=volatile)


@function("ws_broadcast", Any_, _OPTIONS)
def ws_broadcast(machine: Machine, message: Value, options: dict[Any, Value] | None) -> None:
    """Send a message to every connection. Options as in `ws_send`."""
    volatile, realtime = _volatile("ws_broadcast", options), realtime_of(machine)
    if realtime is not None:
        realtime.broadcast(message, _acting(machine), volatile=volatile)


@function("ws_broadcast_others", Any_, _OPTIONS)
def ws_broadcast_others(machine: Machine, message: Value, options: dict[Any, Value] | None) -> None:
    """Send a message to every connection but the one whose event is handled.

    Outside a WebSocket handler nobody is left out. Options as in `ws_send`.
    """
    volatile, realtime = _volatile("ws_broadcast_others", options), realtime_of(machine)
    if realtime is not None:
        realtime.broadcast_others(message, _acting(machine), volatile=volatile)


@function("ws_broadcast_room", _CHANNEL, Any_, _OPTIONS)
def ws_broadcast_room(
    machine: Machine, channel: str, message: Value, options: dict[Any, Value] | None
) -> None:
    """Send a message to every connection that joined *channel*. Options as in `ws_send`."""
    volatile, realtime = _volatile("ws_broadcast_room", options), realtime_of(machine)
    if realtime is not None:
        realtime.broadcast_room(channel, message, actor=_acting(machine), volatile=volatile)


@function("ws_broadcast_room_others", _CHANNEL, Any_, _OPTIONS)
def ws_broadcast_room_others(
    machine: Machine, channel: str, message: Value, options: dict[Any, Value] | None
) -> None:
    """Send a message to every connection that joined *channel* but the one whose event is handled.

    Outside a WebSocket handler nobody is left out. Options as in `ws_send`.
    """
    volatile, realtime = _volatile("ws_broadcast_room_others", options), realtime_of(machine)
    if realtime is not None:
        realtime.broadcast_room_others(channel, message, _acting(machine), volatile=volatile)


@function("broadcast", _CHANNEL, Any_)
def broadcast(machine: Machine, channel: str, payload: Value) -> int:
    """Send to the WebSocket members of *channel* and to the SSE subscribers of that topic.

    Returns how many SSE subscribers were reached.
    """
    realtime = realtime_of(machine)
    if realtime is None:
        return 0
    message = realtime.payload("broadcast", payload)
    realtime.broadcast_room(channel, message, "broadcast", _acting(machine))
    return broadcast_to_topic(machine, channel, message)


@function("ws_close", _CONNECTION_ID, _REASON, Int("int code").optional(1000))
def ws_close(machine: Machine, connection_id: str, reason: str, code: int) -> None:
    """Close a connection with a reason (cut to 123 bytes) and a code, 1000 if not given."""
    if not is_close_code(code):
        raise SoliValueError(f"ws_close() code: {code} is not a close code that may be sent")
    realtime = realtime_of(machine)
    if realtime is not None:
        realtime.close(connection_id, reason, code, _acting(machine))


@function("ws_close_user", Any_, _REASON, Int("int code").optional(1000))
def ws_close_user(machine: Machine, user_id: Value, reason: str, code: int) -> None:
    """Close all connections of a user: whom `authenticate` named so, or `track` last did.

    `authenticate` names a user by `id` or `user_id` of the Hash that it returns.
    """
    if type(user_id) not in (str, int):
        raise SoliPlainTypeError(
            f"ws_close_user() expects string or int user id, got {type_name(user_id)}"
        )
    if not is_close_code(code):
        raise SoliValueError(f"ws_close_user() code: {code} is not a close code that may be sent")
    realtime = realtime_of(machine)
    if realtime is not None:
        realtime.close_user(user_id, reason, code)


# --- rooms -------------------------------------------------------------------------------------


def _current(machine: Machine, user: str) -> Any:
    conversation = machine.local.get(CONNECTION)
    if conversation is None:
        raise SoliError(f"{user}() works only while a WebSocket event is handled")
    return conversation


@function("ws_join", _CHANNEL)
def ws_join(machine: Machine, channel: str) -> None:
    """Subscribe the current connection to *channel*."""
    conversation = _current(machine, "ws_join")
    realtime = realtime_of(machine)
    if realtime is not None:
        realtime.join(conversation.id, channel)


@function("ws_leave", _CHANNEL)
def ws_leave(machine: Machine, channel: str) -> None:
    """Unsubscribe the current connection from *channel*."""
    conversation = _current(machine, "ws_leave")
    realtime = realtime_of(machine)
    if realtime is not None:
        realtime.leave(conversation.id, channel)


# --- inspection --------------------------------------------------------------------------------


@function("ws_clients")
def ws_clients(machine: Machine) -> list[str]:
    """Ids of all connections."""
    realtime = realtime_of(machine)
    if realtime is None:
        return []
    return answered(machine, "ws_clients", realtime.hub.clients())


@function("ws_clients_in", _CHANNEL)
def ws_clients_in(machine: Machine, channel: str) -> list[str]:
    """Ids of the connections that joined *channel*."""
    realtime = realtime_of(machine)
    if realtime is None:
        return []
    return answered(machine, "ws_clients_in", realtime.hub.clients_in(channel))


@function("ws_count", _CHANNEL.optional())
def ws_count(machine: Machine, channel: str | None) -> int:
    """How many connections are open; with *channel*, how many of them joined it (0 if unknown)."""
    realtime = realtime_of(machine)
    if realtime is None:
        return 0
    hub = realtime.hub
    return answered(machine, "ws_count", hub.count() if channel is None else hub.count_in(channel))


@function("ws_list_presence", _CHANNEL)
def ws_list_presence(machine: Machine, channel: str) -> list[dict[str, Any]]:
    """All users in *channel*: `{"user_id": …, "metas": […]}` each, in order of first track."""
    realtime = realtime_of(machine)
    if realtime is None:
        return []
    return answered(machine, "ws_list_presence", realtime.hub.list_presence(channel))


@function("ws_presence_count", _CHANNEL)
def ws_presence_count(machine: Machine, channel: str) -> int:
    """How many users (not connections) are in *channel*."""
    realtime = realtime_of(machine)
    if realtime is None:
        return 0
    return answered(machine, "ws_presence_count", realtime.hub.presence_count(channel))


@function("ws_get_presence", _CHANNEL, Any_)
def ws_get_presence(machine: Machine, channel: str, user_id: Value) -> Value:
    """One user of *channel*, or null."""
    if type(user_id) is not str and type(user_id) is not int:
        got = type_name(user_id)
        raise SoliPlainTypeError(f"ws_get_presence() expects string or int user_id, got {got}")
    realtime = realtime_of(machine)
    if realtime is None:
        return None
    return answered(machine, "ws_get_presence", realtime.hub.get_presence(channel, user_id))


# --- who and where -----------------------------------------------------------------------------


@function("current_connection")
def current_connection(machine: Machine) -> Value:
    """The connection whose event is handled, as a Hash; null elsewhere."""
    conversation = machine.local.get(CONNECTION)
    if conversation is None:
        return None
    realtime = realtime_of(machine)
    described: dict[str, Value] = conversation.events.describe()
    described["path"] = conversation.visitor.path
    described["rooms"] = realtime.rooms_of(conversation.id) if realtime is not None else []
    described["user"] = conversation.visitor.user
    return described


@function("get_current_user")
def get_current_user(machine: Machine) -> Value:
    """What authentication found for this connection or request, or null.

    A program that defines a function of this name replaces it.
    """
    conversation = machine.local.get(CONNECTION)
    if conversation is not None:
        return copy_value(conversation.visitor.user)
    request = machine.local.get(REQUEST)
    return copy_value(request.user) if request is not None else None

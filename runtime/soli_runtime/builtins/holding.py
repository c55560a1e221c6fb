"""Builtins that write, as they are in a program that keeps the state of rooms.

An event there may have to run again, so what its handler writes waits for its commit. Programs
that keep no state have the builtins as they are declared, and pay nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from soli_lang.machine.machine import Machine
from soli_lang.native.native import NativeFunction, install, native_class
from soli_lang.values.values import Value

from ..core.events import copy_value
from ..core.state.attempts import holds

MESSAGES = {
    "ws_send": 1,
    "ws_broadcast": 0,
    "ws_broadcast_others": 0,
    "ws_broadcast_room": 1,
    "ws_broadcast_room_others": 1,
    "broadcast": 1,
    "ws_close": None,
    "ws_close_user": None,
    "ws_join": None,
    "ws_leave": None,
}
"""Helpers, and which of their arguments is the message."""

STORED = {
    "KV": (
        "append decr decrby delete del unlink expire expireat flushdb getdel getset hdel hincrby "
        "hincrbyfloat hset hsetnx incr incrby incrbyfloat lpop lpush lrem lset ltrim mset persist "
        "pexpire rename rpop rpoplpush rpush sadd set setnx smove spop srem update zadd zincrby "
        "zrem cmd"
    ),
    "Job": "cancel retry",
    "Webhook": "cancel",
}
"""Static methods that write. New jobs wait by themselves (`jobs.jobs`)."""


def hold_writes(machine: Machine) -> None:
    """Let writes of the program's handlers wait for the commits of their events."""
    for name, message in MESSAGES.items():
        native = machine.globals[name]
        _replace(machine, native, partial(_held_message, machine, native, message))
    for native in _stored(machine):
        _replace(machine, native, partial(_held, machine, native))


def _stored(machine: Machine) -> Iterator[NativeFunction]:
    for owner, names in STORED.items():
        statics = native_class(machine, owner).statics
        seen: set[str] = set()
        for name in names.split():
            native = statics.get(name)
            if isinstance(native, NativeFunction) and native.declaration is not None:
                first = native.declaration.names[0]
                if first not in seen:
                    seen.add(first)
                    yield native


def _replace(machine: Machine, native: NativeFunction, code: Callable[..., Value]) -> None:
    """The same builtin, under all its names, with other code."""
    install(machine, [native.declaration.answered_by(code)])


def _held_message(
    machine: Machine, native: NativeFunction, message: int | None, *arguments: Value
) -> Value:
    """Send now, or when the event is committed; what has no JSON form fails now."""
    prepared = list(arguments)

    def send() -> object:
        return native.code(*prepared)

    if not holds(machine, native.name, send, is_message=True):
        return native.code(*arguments)
    if message is not None and message < len(prepared):
        prepared[message] = _encoded(machine, native.name, prepared[message])
    return None


def _encoded(machine: Machine, user: str, value: Value) -> Value:
    from .realtime import realtime_of

    realtime = realtime_of(machine)
    return value if realtime is None else realtime.payload(user, value)


def _held(machine: Machine, native: NativeFunction, *arguments: Value) -> Value:
    """Write now, or when the event is committed."""
    copies = [copy_value(argument) for argument in arguments]
    if holds(machine, native.name, lambda: native.code(*copies)):
        return None
    return native.code(*arguments)

"""How a service stands at this moment, as plain data of bounded size."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from ...jobs.queue import maybe_await
from ...observing.redacting import redacted_text
from ...observing.traces import written

if TYPE_CHECKING:
    from ...core.hub import Hub
    from ..service import Service

MAX_ROWS = 100
"""Connections, rooms, channels, users of a channel and jobs that are listed."""

MAX_CELL = 300
"""Characters of one of them."""
MAX_STATE_BYTES = 2000
"""Of a larger state of a room the size is shown: writing many of them out takes its time."""


def snapshot(service: Service) -> dict[str, Any]:
    """Connections, rooms, presence and schedules. What is listed is what comes first."""
    hub = service.hub
    return {
        "kind": "state",
        "connections": [_connection(seat) for seat in islice(hub.seats.values(), MAX_ROWS)],
        "rooms": [
            [_cut(name), len(room.members), _state(hub, name)]
            for name, room in islice(hub.rooms.items(), MAX_ROWS)
        ],
        "presence": [
            [_cut(name), len(attendance.users), _users(attendance)]
            for name, attendance in islice(hub.presence.roster.items(), MAX_ROWS)
        ],
        "schedules": [
            _schedule(one)
            for one in islice(service.program.worker.jobs.schedules.values(), MAX_ROWS)
        ],
    }


def _state(hub: Hub, room: str) -> str:
    """What a room holds, as members know it; empty where it holds nothing."""
    mirror = hub.states.mirrors.get(room)
    if mirror is None or not mirror.told.value:
        return ""
    state = mirror.told
    return (
        _cut(redacted_text(state.text)) if state.size <= MAX_STATE_BYTES else f"{state.size} bytes"
    )


def routes(service: Service) -> list[list[str]]:
    """Method, pattern and handler."""
    table = islice(service.app.table, MAX_ROWS)
    return [[method, pattern, target.handler.name] for method, pattern, target in table]


def _connection(seat: Any) -> dict[str, Any]:
    conversation = seat.conversation
    visitor = None if conversation is None else conversation.visitor
    user = visitor.user if visitor is not None else None
    name = user.get("user_id", user.get("id")) if isinstance(user, dict) else None
    return {
        "id": seat.connection_id,
        "path": _cut("" if visitor is None else visitor.path),
        "handler": "" if conversation is None else conversation.handler.name,
        "user": "" if name is None else _cut(str(name)),
        "rooms": [_cut(room) for room in islice(seat.rooms, 10)],
        "waits": conversation is not None and conversation.runner is not None,
        "held": "" if conversation is None else conversation.held_back,
    }


def _users(attendance: Any) -> list[list[Any]]:
    return [
        [_cut(user.key), len(user.metas), _cut(f"{{{next(iter(user.metas.values())).body}}}")]
        for user in islice(attendance.users.values(), 20)
        if user.metas
    ]


async def jobs_listed(service: Service) -> list[list[Any]]:
    """The jobs added last: status, class, arguments, time and error."""
    try:
        found = await maybe_await(service.program.worker.jobs.store.list())
    except Exception:  # a store that cannot be asked is in the log already
        return []
    return [
        [job.status, job.name, _cut(written(job.args)), job.run_at, _cut(job.error or "")]
        for job in found[-MAX_ROWS:]
    ]


def _schedule(schedule: Any) -> list[Any]:
    kept = schedule.kept
    return [kept.name, kept.line, kept.job, kept.next_at]


async def counters_of(service: Service) -> dict[str, Any]:
    sockets, tally = service.endpoint.counters, service.state.tally
    return {
        "connections": len(service.hub.seats),
        "rooms": len(service.hub.rooms),
        "present": service.hub.presence.roster.total_users(),
        "opened": sockets.opened,
        "received": sockets.messages_in,
        "sent": sockets.messages_out,
        "received_bytes": sockets.bytes_in,
        "sent_bytes": sockets.bytes_out,
        "held": sum(tally.held_back.values()),
        "errors": sum(tally.handler_errors.values()),
        "refused": sum(tally.refusals.values()),
        "requests": sum(tally.responses.values()),
        "waiting": service.calls.runners.suspended,
        "jobs": dict(await service.program.job_counts()),
    }


def _cut(text: str) -> str:
    return text if len(text) <= MAX_CELL else f"{text[:MAX_CELL]}…"

"""Steps of connections that are tracked, and the frames that follow (docs/spec §W5)."""

from __future__ import annotations

from typing import Any

from .presence_clients import Bench


def meta(ref: int, state: str = "online", **fields: Any) -> dict[str, Any]:
    return {"phx_ref": str(ref), "state": state, **fields}


def snapshot(**users: list[dict[str, Any]]) -> dict[str, Any]:
    payload = {key: {"metas": metas} for key, metas in users.items()}
    return {"event": "presence_state", "payload": payload}


def diff(
    joins: dict[str, list[dict[str, Any]]] | None = None,
    leaves: dict[str, list[dict[str, Any]]] | None = None,
) -> dict[str, Any]:
    payload = {
        "joins": {key: {"metas": metas} for key, metas in (joins or {}).items()},
        "leaves": {key: {"metas": metas} for key, metas in (leaves or {}).items()},
    }
    return {"event": "presence_diff", "payload": payload}


def join(bench: Bench, *connection_ids: str, room: str = "r") -> None:
    for connection_id in connection_ids:
        bench.do(connection_id, {"join": room})


def track(bench: Bench, connection_id: str, user_id: str, **fields: Any) -> None:
    bench.do(connection_id, {"track": {"channel": "r", "user_id": user_id, **fields}})


def set_state(bench: Bench, connection_id: str, state: str, **fields: Any) -> None:
    bench.do(connection_id, {"set_presence": {"channel": "r", "state": state, **fields}})


def clear(bench: Bench) -> None:
    for inbox in bench.inboxes.values():
        inbox.take()

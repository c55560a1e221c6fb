"""HTTP sessions in Redis: a hash per session, a field per key, gone by themselves."""

from __future__ import annotations

from typing import Any

from soli_stdlib.json.text import decode, encode

from ...http.sessions import IDLE_SECONDS
from ..session_keys import former_name, stored_name
from .link import RedisLink


class RedisSessions:
    """Sessions of all processes that use the server."""

    def __init__(self, link: RedisLink, idle_seconds: float = IDLE_SECONDS) -> None:
        self._link = link
        self._milliseconds = round(idle_seconds * 1000)

    async def load(self, session_id: str) -> dict[str, Any] | None:
        found = await self._run("load", session_id)
        if not found:
            return None
        pairs = zip(found[::2], found[1::2], strict=True)
        return {field[1:]: decode(text) for field, text in pairs if field != "m"}

    async def create(self, session_id: str, data: dict[str, Any]) -> None:
        fields = [part for key, value in data.items() for part in (f"k{key}", encode(value))]
        await self._run("create", session_id, *fields)

    async def put(self, session_id: str, key: str, value: Any) -> bool:
        return bool(await self._run("put", session_id, f"k{key}", encode(value)))

    async def drop(self, session_id: str, key: str) -> None:
        await self._run("drop", session_id, f"k{key}")

    async def move(self, session_id: str, new_id: str) -> bool:
        return bool(await self._run("move", session_id, new_id=new_id))

    async def delete(self, session_id: str) -> None:
        await self._link.call("DEL", *self._keys(session_id))

    def _keys(self, session_id: str) -> list[str]:
        """The key of a session, and the one that older versions gave it."""
        names = stored_name(session_id), former_name(session_id)
        return [self._link.key("session", name) for name in names]

    async def _run(self, verb: str, session_id: str, *rest: str, new_id: str = "") -> Any:
        mine, former = self._keys(session_id)
        keys = [mine, self._keys(new_id)[0], former]
        return await self._link.run("sessions", keys, verb, self._milliseconds, *rest)

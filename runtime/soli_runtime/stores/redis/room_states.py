"""The state of rooms in Redis: per room a hash with its base, and a list of the changes since."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ..states.store import NO_LIMITS, NOBODY, News, Outcome, StateLimits, Writer, full
from .link import RedisLink

ROOMS_AT_ONCE = 500
"""Of one script; what is more goes with the next."""


class RedisStates:
    """See `StateStore`. Of all processes that use the server."""

    def __init__(self, link: RedisLink, limits: StateLimits = NO_LIMITS) -> None:
        self._link = link
        self._limits = limits
        names = ("ends", "totals", "room", "changes", "turns", "until")
        self._keys = [link.key("states", name) for name in names]

    async def load(self, room: str, known: int = 0) -> News:
        return _news(await self._run("load", _written(room), known))

    async def commit(
        self,
        room: str,
        known: int,
        changes: Sequence[str],
        seconds: float,
        *,
        is_checked: bool,
        writer: Writer = NOBODY,
    ) -> Outcome:
        asked = (_written(room), known, int(is_checked), _milliseconds(seconds))
        words = (*asked, writer.name, int(writer.keeps_turn), *self._limits, *changes)
        answer, *rest = await self._run("commit", *words)
        if answer in ("rooms", "bytes"):
            raise full(self._limits, answer == "rooms")
        told, weight = rest
        return Outcome(answer == "done", _news(told), answer == "taken", int(weight))

    async def compact(self, room: str, version: int, state: str) -> None:
        await self._run("compact", _written(room), version, state)

    async def touch(self, rooms: Sequence[tuple[str, float]]) -> None:
        for start in range(0, len(rooms), ROOMS_AT_ONCE):
            some = rooms[start : start + ROOMS_AT_ONCE]
            words = ((_written(room), _milliseconds(seconds)) for room, seconds in some)
            await self._run("touch", *(word for pair in words for word in pair))

    async def versions(self, rooms: Sequence[str]) -> list[int]:
        found: list[int] = []
        for start in range(0, len(rooms), ROOMS_AT_ONCE):
            some = rooms[start : start + ROOMS_AT_ONCE]
            found += map(int, await self._run("versions", *map(_written, some)))
        return found

    async def turn(self, room: str, name: str, seconds: float) -> bool:
        return bool(await self._run("turn", _written(room), name, _milliseconds(seconds)))

    async def give_back(self, room: str, name: str) -> None:
        await self._run("give_back", _written(room), name)

    async def _run(self, verb: str, *words: Any) -> Any:
        return await self._link.run("room_states", self._keys, verb, *words)


def _written(room: str) -> str:
    """*room* in ASCII: the link takes only what has a UTF-8 form."""
    return json.dumps(room)


def _milliseconds(seconds: float) -> int:
    return max(0, round(1000 * seconds))


def _news(told: Sequence[str]) -> News:
    base, has_state, state, *changes = told
    return News(int(base), state if has_state == "1" else None, changes)

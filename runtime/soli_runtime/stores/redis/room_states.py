"""The state of rooms in Redis: per room a hash with its base, and a list of the changes since."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ...cluster.redis_protocol import Word
from ..states.store import NO_LIMITS, NOBODY, News, Outcome, StateLimits, Writer, full
from .link import RedisLink
from .wired import WiredScript

ROOMS_AT_ONCE = 500
"""Of one script; what is more goes with the next."""


class RedisStates:
    """See `StateStore`. Of all processes that use the server."""

    def __init__(self, link: RedisLink, limits: StateLimits = NO_LIMITS) -> None:
        self._limits = limits
        names = ("ends", "totals", "room", "changes", "turns", "until", "calls")
        keys = [link.key("states", name) for name in names]
        self._calls = keys[-1]
        self._script = WiredScript(link, "room_states", keys, "greet")

    def detach(self) -> None:
        """Give back what belongs to the running event loop."""
        self._script.detach()

    def bound(self, limits: StateLimits) -> None:
        self._limits = limits

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
        words: list[Word] = [_written(room), known, int(is_checked), _milliseconds(seconds)]
        words += (writer.name, int(writer.keeps_turn), *self._limits, *changes)
        answer, *rest = await self._run("commit", *words)
        if answer in (b"rooms", b"bytes"):
            raise full(self._limits, answer == b"rooms")
        told, weight = rest
        return Outcome(answer == b"done", _news(told), answer == b"taken", int(weight))

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

    async def turn(self, room: str, name: str, seconds: float, patience: float = 0.0) -> bool:
        asked = _written(room), name, _milliseconds(seconds)
        if await self._run("turn", *asked):
            return True
        if patience:
            await self._script.wait(f"{self._calls}:{_written(room)}:{name}", patience)
            return bool(await self._run("turn", *asked))
        return False

    async def give_back(self, room: str, name: str) -> None:
        await self._run("give_back", _written(room), name)

    async def _run(self, verb: str, *words: Word) -> Any:
        return await self._script.run(verb, *words)


def _written(room: str) -> str:
    """*room* in ASCII: the link takes only what has a UTF-8 form."""
    return json.dumps(room)


def _milliseconds(seconds: float) -> int:
    return max(0, round(1000 * seconds))


def _news(told: Sequence[bytes]) -> News:
    base, has_state, state, *changes = told
    texts = [change.decode() for change in changes]
    return News(int(base), state.decode() if has_state == b"1" else None, texts)

"""The past of rooms in Redis: a sorted set per room, of messages by their place."""

from __future__ import annotations

import json
from typing import Any

from ...core.history.rings import Kept
from ..history import Change, End, Forgotten, Saved
from .link import RedisLink

ROOMS_AT_ONCE = 20
WORDS_AT_ONCE = 1000
"""Of one script; what is more goes with the next."""


class RedisHistory:
    """See `HistoryStore`."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link

    async def begin(self, epoch: str) -> Saved:
        place, ended = await self._run("begin", epoch)
        rooms = []
        names = await self._run("rooms")
        for start in range(0, len(names), ROOMS_AT_ONCE):
            asked = names[start : start + ROOMS_AT_ONCE]
            for name, found in zip(asked, await self._run("recall", *asked), strict=True):
                floor, *messages = found
                rooms.append((_read(name), int(floor), [_kept(one) for one in messages]))
        rooms.sort(key=lambda room: room[2][-1].place if room[2] else room[1])
        return Saved(int(place), End(*json.loads(ended)) if ended else None, rooms)

    async def save(self, epoch: str, place: int, changes: list[Change]) -> bool:
        words: list[Any] = []
        for change in changes:
            words += [_written(change.room), "" if change.floor is None else change.floor]
            words += [len(change.messages), *map(_element, change.messages)]
            if len(words) > WORDS_AT_ONCE:
                if not await self._save(epoch, place, words):
                    return False
                words = []
        return await self._save(epoch, place, words)

    async def _save(self, epoch: str, place: int, words: list[Any]) -> bool:
        answer = await self._run("save", epoch, place, *words)
        if answer < 0:
            raise Forgotten("the store lost what rooms kept")
        return bool(answer)

    async def finish(self, epoch: str, end: End) -> bool:
        return bool(await self._run("finish", epoch, end.place, json.dumps(end)) == 1)

    async def _run(self, verb: str, *words: Any) -> Any:
        keys = [self._link.key("history", name) for name in ("life", "floors", "room")]
        return await self._link.run("history", keys, verb, *words)


def _written(text: str) -> str:
    """*text* in ASCII: the link takes only what has a UTF-8 form."""
    return json.dumps(text)


def _read(text: str) -> str:
    return str(json.loads(text))


def _element(kept: Kept) -> str:
    # The link speaks text: bytes go as their Latin-1 characters.
    data = kept.data.decode("latin-1")
    return f"{kept.place} {kept.at!r} {'t' if kept.is_text else 'b'}{data}"


def _kept(element: str) -> Kept:
    place, at, rest = element.split(" ", 2)
    return Kept(int(place), rest[1:].encode("latin-1"), rest[0] == "t", float(at))

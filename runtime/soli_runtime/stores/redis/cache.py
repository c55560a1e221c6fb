"""The cache and the attempts of rate limiters in Redis."""

from __future__ import annotations

from uuid import uuid4

from .link import RedisLink


class RedisCache:
    """Texts by key; how many there may be is Redis' matter."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link

    def _key(self, key: str) -> str:
        return self._link.key("cache", key)

    async def get(self, key: str) -> str | None:
        found: str | None = await self._link.call("GET", self._key(key))
        return found

    async def set(self, key: str, text: str, seconds: float) -> None:
        await self._link.call("SET", self._key(key), text, "PX", max(1, round(seconds * 1000)))

    async def delete(self, key: str) -> bool:
        return bool(await self._link.call("DEL", self._key(key)))

    async def clear(self) -> None:
        await self._link.drop_all("cache")

    async def keys(self) -> list[str]:
        return [key async for page in self._link.names("cache") for key in page]

    async def left(self, key: str) -> float | None:
        left = int(await self._link.call("PTTL", self._key(key)))
        return None if left < 0 else left / 1000

    async def touch(self, key: str, seconds: float) -> bool:
        return bool(await self._link.call("PEXPIRE", self._key(key), round(seconds * 1000)))

    async def clear_expired(self) -> None:
        """They go by themselves."""


class RedisAttempts:
    """When attempts were made, by key, in Redis' time."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link

    async def attempt(self, key: str, limit: int, window: float) -> float | None:
        counted, _, wait = await self._run(key, str(limit), window)
        return None if counted else float(wait)

    async def recent(self, key: str, window: float) -> tuple[int, float]:
        _, count, wait = await self._run(key, "", window)
        return int(count), float(wait)

    async def _run(self, key: str, limit: str, window: float) -> list[str]:
        name = self._link.key("attempts", key)
        found: list[str] = await self._link.run("attempts", [name], limit, window, uuid4().hex)
        return found

    async def forget(self, key: str) -> None:
        await self._link.call("DEL", self._link.key("attempts", key))

    async def forget_all(self) -> None:
        await self._link.drop_all("attempts")

    async def forget_old(self) -> None:
        """They go by themselves."""

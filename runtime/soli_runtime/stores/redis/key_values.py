"""`KV` in Redis, whose commands it is made after: most are the command of the same name."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from soli_stdlib.stores.key_value_store import BAD_EXPIRY, floating
from soli_stdlib.text.wildcards import matches

from soli_lang.base.errors import SoliValueError
from soli_lang.values.display import float_text
from soli_lang.values.values import Value

from ..errors import StoreError
from .link import RedisLink

MAX_CHANGES = 100
"""How often a change is tried that others keep getting ahead of."""


class RedisKeyValues:
    """Keys of all processes that use the server."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link

    async def command(self, name: str, arguments: Sequence[Any]) -> Value:
        special = SPECIAL.get(name)
        if special is not None:
            return await special(self, *arguments)
        command, convert, when_empty = COMMANDS[name]
        if len(arguments) == 1 and when_empty is not None:
            count = await self.command(when_empty, arguments)
            return count if when_empty == "llen" else convert(())
        key, *rest = arguments
        return convert(await self._link.call(*command, self.key(key), *rest))

    def key(self, key: str) -> str:
        return self._link.key("kv", key)

    # --- texts ---------------------------------------------------------------------------------

    async def set(self, key: str, text: str, seconds: float | None = None) -> None:
        how = () if seconds is None else ("PX", max(1, round(seconds * 1000)))
        await self._link.call("SET", self.key(key), text, *how)

    async def set_if(self, key: str, before: str | None, text: str, seconds: float | None) -> bool:
        """Set *text* if *before* is there, None for nothing; whether it was."""
        left = "" if seconds is None else max(1, round(seconds * 1000))
        return await self._change("put", key, before, text, left)

    async def change(self, key: str, before: str | None, text: str | None) -> bool:
        """The same for a text that keeps its time to live; None removes it."""
        return await self._change("drop" if text is None else "keep", key, before, text or "")

    async def _change(self, what: str, key: str, before: str | None, *new: str | int) -> bool:
        was_there = int(before is not None)
        names = [self.key(key)]
        return bool(await self._link.run("changes", names, what, was_there, before or "", *new))

    async def append(self, key: str, text: str) -> int:
        return int(await self._link.run("texts", [self.key(key)], "append", text))

    async def strlen(self, key: str) -> int:
        return int(await self._link.run("texts", [self.key(key)], "strlen"))

    async def mget(self, *keys: str) -> list[str | None]:
        if not keys:
            return []
        return list(await self._link.call("MGET", *map(self.key, keys)))

    async def mset(self, *pairs: str) -> None:
        keys = map(self.key, pairs[::2])
        named = (part for pair in zip(keys, pairs[1::2], strict=True) for part in pair)
        await self._link.call("MSET", *named)

    async def incr(self, key: str) -> int:
        return await self.incrby(key, 1)

    async def decr(self, key: str) -> int:
        return await self.incrby(key, -1)

    async def incrby(self, key: str, amount: int) -> int:
        return int(await self._link.call("INCRBY", self.key(key), amount))

    async def decrby(self, key: str, amount: int) -> int:
        return int(await self._link.call("DECRBY", self.key(key), amount))

    async def incrbyfloat(self, key: str, amount: float) -> float:
        """Not INCRBYFLOAT, which writes numbers in another form than Soli."""
        name = self.key(key)
        return await self._changed(
            amount,
            lambda: self._link.call("GET", name),
            lambda old, new: self._link.run("texts", [name], "change", old, new),
        )

    async def hincrbyfloat(self, key: str, field: str, amount: float) -> float:
        name = self.key(key)
        return await self._changed(
            amount,
            lambda: self._link.call("HGET", name, field),
            lambda old, new: self._link.run("fields", [name], field, old, new),
        )

    async def _changed(
        self,
        amount: float,
        read: Callable[[], Awaitable[str | None]],
        write: Callable[[str, str], Awaitable[int]],
    ) -> float:
        for _ in range(MAX_CHANGES):
            text = await read()
            number = floating(text) + amount
            if await write(text or "", float_text(number)):
                return number
        raise StoreError("the store is busy: too many clients change the same number")

    # --- expiry --------------------------------------------------------------------------------

    async def expire(self, key: str, seconds: float) -> bool:
        return await self.pexpire(key, seconds * 1000)

    async def pexpire(self, key: str, milliseconds: float) -> bool:
        return bool(await self._link.call("PEXPIRE", self.key(key), _whole(milliseconds)))

    async def expireat(self, key: str, instant: float) -> bool:
        return bool(await self._link.call("PEXPIREAT", self.key(key), _whole(instant * 1000)))

    async def pttl(self, key: str) -> int | None:
        left = int(await self._link.call("PTTL", self.key(key)))
        return None if left < 0 else left

    async def ttl(self, key: str) -> int | None:
        left = await self.pttl(key)
        return None if left is None else math.ceil(left / 1000)

    # --- housekeeping --------------------------------------------------------------------------

    async def rename(self, key: str, new_key: str) -> None:
        await self._link.call("RENAME", self.key(key), self.key(new_key))

    async def dbsize(self) -> int:
        return sum([len(page) async for page in self._link.names("kv")])

    async def keys(self, pattern: str = "*") -> list[str]:
        pages = self._link.names("kv")
        return [key async for page in pages for key in page if matches(pattern, key)]

    async def flushdb(self) -> None:
        await self._link.drop_all("kv")

    # --- collections ---------------------------------------------------------------------------

    async def rpoplpush(self, source: str, target: str) -> str | None:
        names = (self.key(source), self.key(target))
        found: str | None = await self._link.call("LMOVE", *names, "RIGHT", "LEFT")
        return found

    async def smove(self, source: str, target: str, member: str) -> bool:
        return bool(await self._link.call("SMOVE", self.key(source), self.key(target), member))

    async def zcount(self, key: str, low: Bound, high: Bound) -> int:
        bounds = (_bound(low, "-inf"), _bound(high, "+inf"))
        return int(await self._link.call("ZCOUNT", self.key(key), *bounds))

    async def zrangebyscore(self, key: str, low: Bound, high: Bound) -> list[str]:
        bounds = (_bound(low, "-inf"), _bound(high, "+inf"))
        return list(await self._link.call("ZRANGEBYSCORE", self.key(key), *bounds))


Bound = tuple[float | None, bool]


def _bound(bound: Bound, otherwise: str) -> str:
    score, is_excluded = bound
    if score is None:
        return otherwise
    return f"{'(' if is_excluded else ''}{score!r}"


def _whole(milliseconds: float) -> int:
    if not abs(milliseconds) < 2**62:
        raise SoliValueError(BAD_EXPIRY)
    return round(milliseconds)


def _nothing(_: Any) -> None:
    return None


def _as_is(reply: Any) -> Any:
    return reply


def _or_none(convert: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda reply: None if reply is None else convert(reply)


def _number(reply: Any) -> int:
    return int(reply or 0)


def _bools(reply: Any) -> list[bool]:
    return [bool(one) for one in reply]


def _type(reply: Any) -> str:
    return str(reply)


COMMANDS: dict[str, tuple[tuple[str, ...], Callable[[Any], Any], str | None]] = {
    "get": (("GET",), _as_is, None), "delete": (("DEL",), bool, None),
    "exists": (("EXISTS",), bool, None), "setnx": (("SETNX",), bool, None),
    "getset": (("GETSET",), _as_is, None), "getdel": (("GETDEL",), _as_is, None),
    "persist": (("PERSIST",), bool, None), "type": (("TYPE",), _type, None),
    "hset": (("HSET",), int, None), "hsetnx": (("HSETNX",), bool, None),
    "hget": (("HGET",), _as_is, None), "hmget": (("HMGET",), list, "hlen"),
    "hgetall": (("HGETALL",), dict, None), "hdel": (("HDEL",), _number, "hlen"),
    "hexists": (("HEXISTS",), bool, None), "hkeys": (("HKEYS",), list, None),
    "hvals": (("HVALS",), list, None), "hlen": (("HLEN",), int, None),
    "hincrby": (("HINCRBY",), int, None),
    "lpush": (("LPUSH",), int, "llen"), "rpush": (("RPUSH",), int, "llen"),
    "lpop": (("LPOP",), _as_is, None), "rpop": (("RPOP",), _as_is, None),
    "llen": (("LLEN",), int, None), "lrange": (("LRANGE",), list, None),
    "lindex": (("LINDEX",), _as_is, None), "lset": (("LSET",), _nothing, None),
    "lrem": (("LREM",), int, None), "ltrim": (("LTRIM",), _nothing, None),
    "sadd": (("SADD",), _number, "scard"), "srem": (("SREM",), _number, "scard"),
    "smembers": (("SMEMBERS",), sorted, None), "sismember": (("SISMEMBER",), bool, None),
    "smismember": (("SMISMEMBER",), _bools, "scard"), "scard": (("SCARD",), int, None),
    "srandmember": (("SRANDMEMBER",), _as_is, None), "spop": (("SPOP",), _as_is, None),
    "zadd": (("ZADD",), int, None), "zrem": (("ZREM",), _number, "zcard"),
    "zscore": (("ZSCORE",), _or_none(float), None), "zincrby": (("ZINCRBY",), float, None),
    "zcard": (("ZCARD",), int, None),
}  # fmt: skip
"""The command in Redis, what makes Soli's value of its answer, and what is done when only the key
is given to a command that wants more: one that sees that the key holds the right kind."""

SPECIAL: dict[str, Callable[..., Awaitable[Any]]] = {
    name: getattr(RedisKeyValues, name)
    for name in (
        "set set_if change append strlen mget mset incr decr incrby decrby incrbyfloat "
        "hincrbyfloat expire pexpire expireat pttl ttl rename dbsize keys flushdb rpoplpush "
        "smove zcount zrangebyscore"
    ).split()
}

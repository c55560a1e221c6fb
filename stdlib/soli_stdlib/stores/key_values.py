"""The class `KV`: texts, counters, expiry and housekeeping (docs/spec §L21.2)."""

from __future__ import annotations

import math
from typing import Any

from soli_lang.base.errors import SoliArgumentError, SoliError, SoliPlainTypeError, SoliValueError
from soli_lang.machine.machine import Machine
from soli_lang.native.native import Any_, Int, Number, String, static
from soli_lang.values.display import float_text
from soli_lang.values.kinds import type_name
from soli_lang.values.values import Value

from ..ground import clock
from ..ground.arguments import truncated
from ..text.wildcards import matches
from .key_value_store import (
    BAD_EXPIRY,
    KINDS,
    Key,
    SortedMembers,
    change_text,
    entry_of,
    floating,
    held,
    integer,
    no_such_key,
    put_text,
    store,
    text_of,
    within_64_bits,
)

DESTRUCTIVE = frozenset(
    ("flushdb", "flushall", "keys", "config", "shutdown", "debug", "script", "eval", "monitor")
)
"""Commands that are refused unless the host enables them."""
ALLOW_SERVICE = "kv_destructive"
"""Host service: true enables the destructive commands."""


# --- texts ----------------------------------------------------------------------------------------


@static("KV", "get", Key)
def get(machine: Machine, key: str) -> str | None:
    """The text, null when there is none."""
    return held(machine, key, str)


@static("KV", ("delete", "unlink"), Key)
def delete(machine: Machine, key: str) -> bool:
    """Remove the key; whether it was there."""
    return entry_of(machine, key) is not None and store(machine).drop(key)


@static("KV", ("exists", "touch"), Key)
def exists(machine: Machine, key: str) -> bool:
    """Whether there is something under *key*."""
    return entry_of(machine, key) is not None


@static("KV", "setnx", Key, Any_)
def setnx(machine: Machine, key: str, value: Value) -> bool:
    """Store *value* unless the key is there; whether it was stored."""
    if entry_of(machine, key) is not None:
        return False
    put_text(machine, key, text_of(machine, value), None)
    return True


@static("KV", "getset", Key, Any_)
def getset(machine: Machine, key: str, value: Value) -> str | None:
    """Store *value*; what was there before."""
    before = held(machine, key, str)
    put_text(machine, key, text_of(machine, value), None)
    return before


@static("KV", "getdel", Key)
def getdel(machine: Machine, key: str) -> str | None:
    """Remove the key; what was there."""
    before = held(machine, key, str)
    store(machine).drop(key)
    return before


@static("KV", "append", Key, Any_)
def append(machine: Machine, key: str, value: Value) -> int:
    """Add to the end of the text; its new length."""
    added = text_of(machine, value)
    machine.check_length(len(held(machine, key, str) or "") + len(added))
    return len(change_text(machine, key, lambda text: (text or "") + added))


@static("KV", "strlen", Key)
def strlen(machine: Machine, key: str) -> int:
    """Characters of the text, 0 when there is none."""
    return len(held(machine, key, str) or "")


@static("KV", "mget", Key.rest())
def mget(machine: Machine, *keys: str) -> list[str | None]:
    """The text of each key; null for what is missing or no text."""
    entries = [entry_of(machine, key) for key in keys]
    return [
        entry.value if entry is not None and isinstance(entry.value, str) else None
        for entry in entries
    ]


@static("KV", "mset", Any_.rest())
def mset(machine: Machine, *pairs: Value) -> None:
    """`KV.mset(key, value, …)`"""
    if not pairs or len(pairs) % 2:
        raise SoliArgumentError("KV.mset() expects pairs of key and value")
    for key in pairs[::2]:
        if not isinstance(key, str):
            raise SoliPlainTypeError(f"KV.mset() expects string key, got {type_name(key)}")
    for key, value in zip(pairs[::2], pairs[1::2], strict=True):
        put_text(machine, key, text_of(machine, value), None)


# --- counters -------------------------------------------------------------------------------------


def _add(machine: Machine, key: str, amount: int) -> int:
    return int(change_text(machine, key, lambda text: str(within_64_bits(integer(text) + amount))))


@static("KV", "incr", Key)
def incr(machine: Machine, key: str) -> int:
    """Add 1 to the number in the text; a missing key counts as 0."""
    return _add(machine, key, 1)


@static("KV", "decr", Key)
def decr(machine: Machine, key: str) -> int:
    """Take 1 from the number under *key*, which begins as 0; the new number."""
    return _add(machine, key, -1)


@static("KV", "incrby", Key, Int)
def incrby(machine: Machine, key: str, amount: int) -> int:
    """Add *amount* to the number under *key*, which begins as 0; the new number."""
    return _add(machine, key, amount)


@static("KV", "decrby", Key, Int)
def decrby(machine: Machine, key: str, amount: int) -> int:
    """Take *amount* from the number under *key*, which begins as 0; the new number."""
    return _add(machine, key, -amount)


@static("KV", "incrbyfloat", Key, Number)
def incrbyfloat(machine: Machine, key: str, amount: int | float) -> float:
    """Add *amount* to the number under *key*, which begins as 0; the new number."""
    return float(change_text(machine, key, lambda text: float_text(floating(text) + amount)))


# --- expiry ---------------------------------------------------------------------------------------


def _expire_at(machine: Machine, key: str, instant: float) -> bool:
    if not math.isfinite(instant):
        raise SoliValueError(BAD_EXPIRY)
    entry = entry_of(machine, key)
    if entry is None:
        return False
    if instant <= clock.steady(machine):
        store(machine).drop(key)
    else:
        entry.expires_at = instant
    return True


@static("KV", "expire", Key, Number)
def expire(machine: Machine, key: str, seconds: int | float) -> bool:
    """Let the key go in *seconds*; whether it was there."""
    return _expire_at(machine, key, clock.steady(machine) + seconds)


@static("KV", "pexpire", Key, Number)
def pexpire(machine: Machine, key: str, milliseconds: int | float) -> bool:
    """Let the key go in *milliseconds*; whether it was there."""
    return _expire_at(machine, key, clock.steady(machine) + milliseconds / 1000)


@static("KV", "expireat", Key, Number)
def expireat(machine: Machine, key: str, instant: int | float) -> bool:
    """Let the key go at the Unix second *instant*."""
    return _expire_at(machine, key, instant - clock.now(machine) + clock.steady(machine))


def _left(machine: Machine, key: str) -> float | None:
    entry = entry_of(machine, key)
    if entry is None or entry.expires_at is None:
        return None
    return entry.expires_at - clock.steady(machine)


@static("KV", "ttl", Key)
def ttl(machine: Machine, key: str) -> int | None:
    """Seconds left, rounded up; null when the key is missing or stays."""
    left = _left(machine, key)
    return None if left is None else truncated(math.ceil(left))


@static("KV", "pttl", Key)
def pttl(machine: Machine, key: str) -> int | None:
    """Milliseconds left; null when the key is missing or stays."""
    left = _left(machine, key)
    return None if left is None else truncated(left * 1000)


@static("KV", "persist", Key)
def persist(machine: Machine, key: str) -> bool:
    """Let the key stay; whether it would have gone."""
    entry = entry_of(machine, key)
    if entry is None or entry.expires_at is None:
        return False
    entry.expires_at = None
    return True


# --- housekeeping ---------------------------------------------------------------------------------


@static("KV", "rename", Key, String("string key"))
def rename(machine: Machine, key: str, new_key: str) -> None:
    """Move what *key* holds to *new_key*, replacing what is there."""
    entry = entry_of(machine, key)
    if entry is None:
        raise no_such_key()
    everything = store(machine)
    everything.drop(key)
    everything.put(new_key, entry.value, entry.size, entry.expires_at)


@static("KV", "type", Key)
def type_(machine: Machine, key: str) -> str:
    """`string`, `hash`, `list`, `set`, `zset`, or `none`."""
    entry = entry_of(machine, key)
    if entry is None:
        return "none"
    return "zset" if isinstance(entry.value, SortedMembers) else KINDS[type(entry.value)]


@static("KV", "dbsize")
def dbsize(machine: Machine) -> int:
    """The number of live keys."""
    machine.spend(len(store(machine)))
    return sum(1 for _ in store(machine).keys(clock.steady(machine)))


@static("KV", "ping")
def ping() -> str:
    """The text `PONG`."""
    return "PONG"


@static("KV", "keys", String("string pattern").optional("*"))
def keys(machine: Machine, pattern: str) -> list[str]:
    """Keys that match a pattern with `*` and `?`; refused unless the host enables it."""
    may_destroy(machine, "keys")
    everything = store(machine)
    machine.spend(len(everything))
    machine.check_length(8 * len(everything))
    live = list(everything.keys(clock.steady(machine)))
    return [key for key in live if matches(pattern, key)]


@static("KV", "flushdb")
def flushdb(machine: Machine) -> None:
    """Remove everything; refused unless the host enables it."""
    may_destroy(machine, "flushdb")
    store(machine).clear()


def may_destroy(machine: Machine, command: str) -> None:
    """Refuse a destructive command unless the host enables it."""
    if command in DESTRUCTIVE and not machine.capabilities.services.get(ALLOW_SERVICE):
        raise SoliError(f"KV: '{command.upper()}' is denylisted as a destructive or admin command.")


@static("KV", "cmd", String("string verb"), Any_.rest())
def cmd(machine: Machine, verb: str, *arguments: Value) -> Value:
    """`KV.cmd("SET", "k", "v")`: the command as the method of the same name."""
    name = {"del": "delete"}.get(verb.lower(), verb.lower())
    may_destroy(machine, name)
    command: Any = machine.globals["KV"].statics.get(name)
    if command is None or name in ("cmd", "configure"):
        raise SoliValueError(f"KV: ERR unknown command '{verb}'")
    return command.soli_call(list(arguments), None, None)


@static("KV", "configure", Any_, Any_)
def configure(host: Value, token: Value) -> None:
    """Accepted and ignored: where `KV` is kept is the host's matter (`--store`)."""

"""The class `Cache`: values as JSON, each for a time (docs/spec §L21.1).

In memory, one per interpreter, unless the host keeps it (`remote`). When it is full, what was
used longest ago goes.
"""

from __future__ import annotations

import math

from soli_lang.base.errors import SoliArgumentError, SoliPlainTypeError, SoliValueError
from soli_lang.machine.keys import MachineKey
from soli_lang.machine.machine import Machine
from soli_lang.native.native import Any_, Int, String, function, static
from soli_lang.values.objects import is_callable
from soli_lang.values.values import Value

from ..ground import clock
from ..ground.arguments import expect, truncated
from ..json.plain import NotEncodable
from ..json.text import charge, decode, encode, pay_for_reading
from . import remote
from .expiring import Entry, ExpiringStore
from .remote import answered

DEFAULT_TTL = 3600
"""Seconds."""
MAX_ENTRIES = 10_000
MAX_BYTES = 64 * 1024 * 1024
"""Of all keys and values together."""
ENTRY_OVERHEAD = 200
"""Bytes that an entry takes beside its text, roughly."""

Store = ExpiringStore[str]
KEY: MachineKey[Store] = MachineKey("cache")
_Key = String("string key")


def kept(machine: Machine) -> Store:
    """What the cache of this interpreter keeps."""
    store = machine.library.get(KEY)
    if store is None:
        store = machine.library[KEY] = ExpiringStore()
    return store


def _find(machine: Machine, key: str) -> Entry[str] | None:
    return kept(machine).find(key, clock.steady(machine))


def _save(machine: Machine, key: str, value: Value, ttl: int, name: str) -> None:
    if ttl <= 0:
        delete(machine, key)
        return
    try:
        text = encode(value, min(machine.max_length, MAX_BYTES // 2))
    except NotEncodable as error:
        raise SoliPlainTypeError(f"{name}() cannot store value: {error.message}") from None
    charge(machine, text)
    size = len(key.encode()) + len(text.encode()) + ENTRY_OVERHEAD
    if size > MAX_BYTES:
        raise SoliValueError(
            f"{name}() value too large for the cache: {size} bytes (limit {MAX_BYTES})"
        )
    stores = remote.of(machine)
    if stores is not None:
        answered(machine, stores.cache.set(key, text, ttl), "Cache")
        return
    store, now = kept(machine), clock.steady(machine)
    store.put(key, text, size, now + ttl)
    if len(store) > MAX_ENTRIES or store.bytes_used > MAX_BYTES:
        machine.spend(len(store) >> 2)
        store.drop_expired(now)
    while len(store) > MAX_ENTRIES or store.bytes_used > MAX_BYTES:
        store.drop_oldest()


@static("Cache", "set", Any_.rest())
def set_(machine: Machine, *arguments: Value) -> None:
    """`Cache.set(key, value, ttl_seconds = 3600)`"""
    if not 2 <= len(arguments) <= 3:
        raise SoliArgumentError(f"Cache.set() expects 2-3 arguments, got {len(arguments)}")
    key, value, ttl = (*arguments, DEFAULT_TTL)[:3]
    expect(key, str, "Cache.set", "string key")
    expect(ttl, int, "Cache.set", "int ttl")
    _save(machine, key, value, ttl, "Cache.set")


@static("Cache", "get", _Key)
def get(machine: Machine, key: str) -> Value:
    """The value, null when there is none."""
    text = _text(machine, key)
    if text is None:
        return None
    pay_for_reading(machine, text)
    return decode(text, spend=machine.spend)


def _text(machine: Machine, key: str) -> str | None:
    stores = remote.of(machine)
    if stores is not None:
        return answered(machine, stores.cache.get(key), "Cache")
    entry = _find(machine, key)
    return entry.value if entry is not None else None


@static("Cache", "fetch", _Key, Any_.optional(), Any_.optional())
def fetch(machine: Machine, key: str, ttl: Value, block: Value) -> Value:
    """The cached value; else what the block yields, stored for *ttl* seconds."""
    if block is None and is_callable(ttl):
        ttl, block = DEFAULT_TTL, ttl
    if ttl is None:
        ttl = DEFAULT_TTL
    expect(ttl, int, "Cache.fetch", "int ttl")
    value = get(machine, key)
    if value is not None or block is None:
        return value
    value = machine.callback(block, 0)()
    _save(machine, key, value, ttl, "Cache.fetch")
    return value


@static("Cache", "delete", _Key)
def delete(machine: Machine, key: str) -> bool:
    """Remove the key; whether it was there."""
    stores = remote.of(machine)
    if stores is not None:
        return answered(machine, stores.cache.delete(key), "Cache")
    return _find(machine, key) is not None and kept(machine).drop(key)


@static("Cache", "has", _Key)
def has(machine: Machine, key: str) -> bool:
    """Whether there is a value that has not expired."""
    return _left(machine, key) is not None


def _left(machine: Machine, key: str) -> float | None:
    """Seconds that the key has left; None when it is not there."""
    stores = remote.of(machine)
    if stores is not None:
        return answered(machine, stores.cache.left(key), "Cache")
    entry = _find(machine, key)
    if entry is None or entry.expires_at is None:
        return None
    return entry.expires_at - clock.steady(machine)


@static("Cache", "clear")
def clear(machine: Machine) -> None:
    """Remove everything."""
    stores = remote.of(machine)
    if stores is not None:
        answered(machine, stores.cache.clear(), "Cache")
        return
    kept(machine).clear()


@static("Cache", "keys")
def keys(machine: Machine) -> list[str]:
    """The keys of all values that have not expired."""
    stores = remote.of(machine)
    if stores is not None:
        return answered(machine, stores.cache.keys(), "Cache")
    machine.spend(len(kept(machine)))
    machine.check_length(8 * len(kept(machine)))
    return list(kept(machine).keys(clock.steady(machine)))


@static("Cache", "size")
def size(machine: Machine) -> int:
    """The number of live keys."""
    return len(keys(machine))


@static("Cache", "ttl", _Key)
def ttl(machine: Machine, key: str) -> int | None:
    """Seconds the key has left, rounded up; null when it is not there."""
    left = _left(machine, key)
    return None if left is None else truncated(math.ceil(left))


@static("Cache", "touch", _Key, Int("int ttl"))
def touch(machine: Machine, key: str, seconds: int) -> bool:
    """Give the key *seconds* from now; whether it was there."""
    stores = remote.of(machine)
    if stores is not None:
        return answered(machine, stores.cache.touch(key, seconds), "Cache")
    entry = _find(machine, key)
    if entry is None:
        return False
    entry.expires_at = clock.steady(machine) + seconds
    return True


@static("Cache", "clear_expired")
def clear_expired(machine: Machine) -> None:
    """Remove what has expired; it is never seen anyway."""
    stores = remote.of(machine)
    if stores is not None:
        answered(machine, stores.cache.clear_expired(), "Cache")
        return
    machine.spend(len(kept(machine)))
    kept(machine).drop_expired(clock.steady(machine))


@static("Cache", "configure", Any_, Any_)
def configure(host: Value, token: Value) -> None:
    """Accepted and ignored: where the cache is kept is the host's matter (`--store`)."""


@function("cache")
def cache(machine: Machine) -> Value:
    """An object standing for `Cache`."""
    return machine.globals["Cache"]

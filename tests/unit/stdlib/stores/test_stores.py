"""Cache, KV and RateLimiter (docs/spec §L21)."""

from __future__ import annotations

from typing import Any

import pytest
from soli_stdlib.stores import cache, key_value_store, rate_limiter

from soli_lang.values.values import Symbol

from ..installed import Library, block


@pytest.fixture
def soli() -> Library:
    return Library()


# --- Cache ----------------------------------------------------------------------------------------


def test_cached_values_go_through_json(soli: Library) -> None:
    """Symbols come back as text, whole Floats stay Floats, later changes do not show."""
    value = {"a": [Symbol("s"), 1.0]}
    assert soli.call("Cache.set", "k", value) is None
    value["a"].clear()
    got = soli.call("Cache.get", "k")
    assert got == {"a": ["s", 1.0]}
    assert type(got["a"][1]) is float


def test_cached_values_expire(soli: Library) -> None:
    """A value is there until its time is over."""
    soli.call("Cache.set", "k", 1, 60)
    soli.time += 59.5
    assert soli.call("Cache.ttl", "k") == 1
    assert soli.call("Cache.has", "k") is True
    soli.time += 0.5
    assert soli.call("Cache.has", "k") is False
    assert soli.call("Cache.get", "k") is None
    assert soli.call("Cache.size") == 0


def test_an_hour_is_the_default(soli: Library) -> None:
    """Without a ttl a value stays 3600 seconds."""
    soli.call("Cache.set", "k", 1)
    assert soli.call("Cache.ttl", "k") == 3600


def test_fetch_runs_its_block_once(soli: Library) -> None:
    """The block's value is stored and returned; a stored null counts as absent."""
    results = [None, 5, 6]
    code = block(lambda: results.pop(0))
    assert [soli.call("Cache.fetch", "k", 60, code) for _ in range(3)] == [None, 5, 5]
    assert soli.call("Cache.fetch", "other") is None
    assert soli.call("Cache.fetch", "third", code) == 6


def test_cache_housekeeping(soli: Library) -> None:
    """delete, touch, keys, clear and clear_expired."""
    for key in ("a", "b", "c"):
        soli.call("Cache.set", key, key, 10)
    assert soli.call("Cache.delete", "a") is True
    assert soli.call("Cache.delete", "a") is False
    assert soli.call("Cache.touch", "b", 100) is True
    assert soli.call("Cache.touch", "a", 100) is False
    soli.time += 50
    soli.call("Cache.clear_expired")
    assert soli.call("Cache.keys") == ["b"]
    soli.call("Cache.clear")
    assert soli.call("Cache.size") == 0
    assert soli.call("cache") is soli.machine.globals["Cache"]
    assert soli.call("Cache.configure", "host", "token") is None


def test_cache_errors(soli: Library) -> None:
    """Wrong counts and kinds are named."""
    assert soli.failure("Cache.set", "k") == "Cache.set() expects 2-3 arguments, got 1"
    assert soli.failure("Cache.set", 1, 2) == "Cache.set() expects string key, got int"
    assert "Cannot convert Function" in soli.failure("Cache.set", "k", block(lambda: 1))


def test_a_full_cache_drops_what_was_used_longest_ago(
    soli: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the limit everything stays, one more pushes one out."""
    monkeypatch.setattr(cache, "MAX_ENTRIES", 3)
    for key in ("a", "b", "c"):
        soli.call("Cache.set", key, 1)
    soli.call("Cache.get", "a")
    assert soli.call("Cache.size") == 3
    soli.call("Cache.set", "d", 1)
    assert sorted(soli.call("Cache.keys")) == ["a", "c", "d"]


def test_the_cache_is_bounded_in_bytes(soli: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """Large values push older ones out."""
    monkeypatch.setattr(cache, "MAX_BYTES", 5000)
    soli.call("Cache.set", "a", "x" * 2000)
    soli.call("Cache.set", "b", "x" * 2000)
    soli.call("Cache.set", "c", "x" * 2000)
    assert soli.call("Cache.keys") == ["b", "c"]


def test_two_interpreters_share_nothing(soli: Library) -> None:
    """Stores belong to one interpreter."""
    soli.call("Cache.set", "k", 1)
    soli.call("KV.set", "k", 1)
    other = Library()
    assert other.call("Cache.get", "k") is None
    assert other.call("KV.get", "k") is None


# --- KV -------------------------------------------------------------------------------------------


def kv(soli: Library, name: str, *arguments: Any) -> Any:
    return soli.call(f"KV.{name}", *arguments)


def test_texts(soli: Library) -> None:
    """Values are stored in display form."""
    assert kv(soli, "set", "k", [1, "a"]) is None
    assert kv(soli, "get", "k") == "[1, a]"
    assert kv(soli, "get", "none") is None
    assert kv(soli, "setnx", "k", 1) is False
    assert kv(soli, "getset", "k", 1.0) == "[1, a]"
    assert kv(soli, "append", "k", "é") == 2
    assert kv(soli, "strlen", "k") == 2
    assert kv(soli, "getdel", "k") == "1é"
    assert kv(soli, "exists", "k") is False
    assert kv(soli, "mset", "a", 1, "b", 2) is None
    assert kv(soli, "mget", "a", "x", "b") == ["1", None, "2"]
    assert kv(soli, "delete", "a") is True
    assert kv(soli, "delete", "a") is False
    assert soli.failure("KV.get", 5) == "KV.get() expects string key, got int"


def test_counters(soli: Library) -> None:
    """Numbers come back as numbers and are stored as text."""
    assert kv(soli, "incr", "n") == 1
    assert kv(soli, "incrby", "n", 9) == 10
    assert kv(soli, "decr", "n") == 9
    assert kv(soli, "decrby", "n", 10) == -1
    assert kv(soli, "incrbyfloat", "n", 1.5) == 0.5
    assert kv(soli, "get", "n") == "0.5"
    message = "KV: ERR value is not an integer or out of range"
    assert soli.failure("KV.incr", "n") == message
    kv(soli, "set", "max", 2**63 - 1)
    assert soli.failure("KV.incr", "max") == message
    assert kv(soli, "get", "max") == "9223372036854775807"


def test_expiry(soli: Library) -> None:
    """Keys go when their time is over; counting keeps it."""
    kv(soli, "set", "k", 1, 60)
    kv(soli, "incr", "k")
    assert kv(soli, "ttl", "k") == 60
    assert kv(soli, "pexpire", "k", 1500) is True
    assert kv(soli, "pttl", "k") == 1500
    assert kv(soli, "persist", "k") is True
    assert kv(soli, "ttl", "k") is None
    assert kv(soli, "expire", "none", 5) is False
    assert kv(soli, "expireat", "k", soli.time + 5) is True
    soli.time += 5
    assert kv(soli, "get", "k") is None
    assert soli.failure("KV.set", "k", 1, 0) == "KV: ERR invalid expire time"


def test_no_time_is_too_long(soli: Library) -> None:
    """Times beyond 64 bits are cut, infinite ones refused."""
    kv(soli, "set", "k", 1, 1e300)
    assert kv(soli, "pttl", "k") == 2**63 - 1
    for seconds in (float("inf"), float("nan")):
        assert soli.failure("KV.set", "k", 1, seconds) == "KV: ERR invalid expire time"
        assert soli.failure("KV.expire", "k", seconds) == "KV: ERR invalid expire time"
    soli.call("Cache.set", "k", 1, 2**63 - 1)
    assert soli.call("Cache.ttl", "k") == 2**63 - 1


def test_kinds_and_renaming(soli: Library) -> None:
    """type names the kind; a command for another kind fails."""
    kv(soli, "rpush", "l", 1)
    kv(soli, "zadd", "z", 1, "m")
    kv(soli, "hset", "h", "f", 1)
    assert [kv(soli, "type", key) for key in "lzhx"] == ["list", "zset", "hash", "none"]
    assert "WRONGTYPE" in soli.failure("KV.get", "l")
    assert "WRONGTYPE" in soli.failure("KV.hget", "z", "m")
    assert "WRONGTYPE" in soli.failure("KV.rpoplpush", "l", "h")
    assert kv(soli, "llen", "l") == 1
    kv(soli, "rename", "l", "m")
    assert kv(soli, "dbsize") == 3
    assert soli.failure("KV.rename", "l", "m") == "KV: ERR no such key"


def test_hashes(soli: Library) -> None:
    """Fields of a hash."""
    assert [kv(soli, "hset", "h", "a", 1), kv(soli, "hset", "h", "a", 2)] == [1, 0]
    assert kv(soli, "hsetnx", "h", "a", 3) is False
    assert kv(soli, "hincrby", "h", "n", 5) == 5
    assert kv(soli, "hincrbyfloat", "h", "n", 0.5) == 5.5
    assert kv(soli, "hgetall", "h") == {"a": "2", "n": "5.5"}
    assert kv(soli, "hmget", "h", "n", "x") == ["5.5", None]
    assert kv(soli, "hkeys", "h") == ["a", "n"]
    assert kv(soli, "hvals", "h") == ["2", "5.5"]
    assert kv(soli, "hexists", "h", "a") is True
    assert kv(soli, "hdel", "h", "a", "n", "x") == 2
    assert kv(soli, "exists", "h") is False
    assert kv(soli, "hgetall", "h") == {}


def test_lists(soli: Library) -> None:
    """Both ends, ranges with both ends included, negative indexes."""
    assert kv(soli, "rpush", "l", "a", "b", "c") == 3
    assert kv(soli, "lpush", "l", "x", "y") == 5
    assert kv(soli, "lrange", "l", 0, -1) == ["y", "x", "a", "b", "c"]
    assert kv(soli, "lrange", "l", -2, 99) == ["b", "c"]
    assert kv(soli, "lrange", "l", 3, 1) == []
    assert kv(soli, "lindex", "l", -1) == "c"
    assert kv(soli, "lindex", "l", 9) is None
    kv(soli, "lset", "l", 0, "c")
    assert kv(soli, "lrem", "l", -1, "c") == 1
    assert kv(soli, "lrange", "l", 0, -1) == ["c", "x", "a", "b"]
    kv(soli, "ltrim", "l", 1, 2)
    assert kv(soli, "rpoplpush", "l", "m") == "a"
    assert kv(soli, "rpop", "l") == "x"
    assert kv(soli, "lpop", "l") is None
    assert kv(soli, "exists", "l") is False
    assert soli.failure("KV.lset", "l", 0, 1) == "KV: ERR no such key"
    assert soli.failure("KV.lset", "m", 5, 1) == "KV: ERR index out of range"


def test_sets(soli: Library) -> None:
    """Members of a set."""
    assert kv(soli, "sadd", "s", "b", "a", "a") == 2
    assert kv(soli, "smembers", "s") == ["a", "b"]
    assert kv(soli, "sismember", "s", "a") is True
    assert kv(soli, "smismember", "s", "a", "z") == [True, False]
    assert kv(soli, "smove", "s", "t", "a") is True
    assert kv(soli, "smove", "s", "t", "a") is False
    assert kv(soli, "srandmember", "t") == "a"
    assert kv(soli, "spop", "t") == "a"
    assert kv(soli, "scard", "t") == 0
    assert kv(soli, "srem", "s", "b", "z") == 1
    assert kv(soli, "spop", "s") is None


def test_sorted_sets(soli: Library) -> None:
    """Members by score; a bracket excludes the bound."""
    assert kv(soli, "zadd", "z", 3, "c", 1, "a", 2, "b") == 3
    assert kv(soli, "zadd", "z", 9, "c") == 0
    assert kv(soli, "zrangebyscore", "z", 1, "+inf") == ["a", "b", "c"]
    assert kv(soli, "zcount", "z", "(1", 9) == 2
    assert kv(soli, "zscore", "z", "c") == 9.0
    assert kv(soli, "zscore", "z", "x") is None
    assert kv(soli, "zincrby", "z", 0.5, "a") == 1.5
    assert kv(soli, "zrem", "z", "a", "x") == 1
    assert kv(soli, "zcard", "z") == 2
    assert soli.failure("KV.zadd", "z", "x", "m") == "KV: ERR value is not a valid float"


def test_destructive_commands_need_permission(soli: Library) -> None:
    """keys and flushdb are refused, also through cmd, unless the host allows them."""
    message = "KV: 'FLUSHDB' is denylisted as a destructive or admin command."
    assert soli.failure("KV.flushdb").startswith(message)
    assert soli.failure("KV.cmd", "flushdb").startswith(message)
    assert "'KEYS'" in soli.failure("KV.keys")
    allowed = Library(services={"kv_destructive": True})
    kv(allowed, "mset", "user:1", 1, "user:22", 2, "x", 3)
    assert kv(allowed, "keys", "user:?") == ["user:1"]
    assert kv(allowed, "keys", "*r:*2") == ["user:22"]
    kv(allowed, "flushdb")
    assert kv(allowed, "dbsize") == 0


def test_commands_by_name(soli: Library) -> None:
    """cmd runs the command of that name."""
    kv(soli, "cmd", "SET", "k", "v")
    assert kv(soli, "cmd", "get", "k") == "v"
    assert kv(soli, "cmd", "DEL", "k") is True
    assert kv(soli, "ping") == "PONG"
    assert soli.failure("KV.cmd", "NOPE") == "KV: ERR unknown command 'NOPE'"
    assert soli.failure("KV.pfadd", "k") == "KV.pfadd is not supported"


def test_a_full_store_refuses(soli: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the limit keys may change, one more is refused; what expired makes room."""
    monkeypatch.setattr(key_value_store, "MAX_KEYS", 2)
    kv(soli, "set", "a", 1)
    kv(soli, "set", "b", 1, 10)
    kv(soli, "set", "a", 2)
    assert soli.failure("KV.set", "c", 1).startswith("KV: store is full")
    assert soli.failure("KV.sadd", "c", 1).startswith("KV: store is full")
    soli.time += 10
    kv(soli, "set", "c", 1)
    assert kv(soli, "dbsize") == 2


def test_sizes_are_kept(soli: Library) -> None:
    """Whatever is added and removed again leaves no bytes behind."""
    kv(soli, "rpush", "l", "a", "b", "a")
    kv(soli, "lrem", "l", 0, "a")
    kv(soli, "lset", "l", 0, "longer")
    kv(soli, "rpop", "l")
    kv(soli, "hset", "h", "f", "x")
    kv(soli, "hset", "h", "f", "longer")
    kv(soli, "hdel", "h", "f")
    kv(soli, "sadd", "s", 1, 2)
    kv(soli, "srem", "s", 1, 2)
    kv(soli, "zadd", "z", 1, "m", 2, "m")
    kv(soli, "zrem", "z", "m")
    assert key_value_store.store(soli.machine).bytes_used == 0


# --- RateLimiter ----------------------------------------------------------------------------------


def limiter(soli: Library, limit: int = 2, window: int = 60, key: str = "k") -> Any:
    return soli.call("RateLimiter.new", {"key": key, "limit": limit, "window": window})


def test_attempts_beyond_the_limit_are_refused(soli: Library) -> None:
    """The window slides: an attempt counts for exactly its length."""
    made = limiter(soli)
    assert [soli.send(made, "allowed") for _ in range(3)] == [True, True, False]
    soli.time += 59.9
    assert soli.send(made, "allowed") is False
    soli.time += 0.1
    assert soli.send(made, "allowed") is True


def test_throttle_says_how_long_to_wait(soli: Library) -> None:
    """0 while attempts are allowed."""
    made = limiter(soli, limit=1)
    assert soli.send(made, "throttle") == 0
    soli.time += 20.5
    assert soli.send(made, "throttle") == 40


def test_status_counts_nothing(soli: Library) -> None:
    """Asking is free."""
    made = limiter(soli)
    soli.send(made, "allowed")
    soli.time += 10
    expected = {"allowed": True, "remaining": 1, "reset_in": 50, "limit": 2, "window": 60}
    assert soli.send(made, "status") == soli.send(made, "status") == expected
    headers = soli.send(made, "headers")
    assert list(headers.values()) == ["2", "1", "50"]


def test_a_limit_of_zero_allows_everything(soli: Library) -> None:
    """0 turns the limit off."""
    made = limiter(soli, limit=0)
    assert all(soli.send(made, "allowed") for _ in range(5))


def test_limiters_with_the_same_key_count_together(soli: Library) -> None:
    """The key decides, not the object; reset forgets it."""
    soli.send(limiter(soli, limit=1), "allowed")
    assert soli.send(limiter(soli, limit=1), "allowed") is False
    assert soli.send(limiter(soli, limit=1, key="other"), "allowed") is True
    assert soli.send(limiter(soli), "reset") is True
    assert soli.send(limiter(soli, limit=1), "allowed") is True
    assert soli.call("RateLimiter.reset_all") is True
    assert soli.call("RateLimiter.cleanup") is True


@pytest.mark.parametrize(
    ("trust", "forwarded", "same"), [(False, "9.9.9.9", True), (True, "1.1.1.1, 9.9.9.9", False)]
)
def test_limiters_by_address(trust: bool, forwarded: str, same: bool) -> None:
    """X-Forwarded-For counts only behind a trusted proxy, and then its last entry."""
    soli = Library(services={"trust_proxy": trust})
    plain = {"remote_addr": "10.0.0.1", "headers": {}}
    proxied = {"remote_addr": "10.0.0.1", "headers": {"x-forwarded-for": forwarded}}
    first = soli.call("rate_limiter_from_ip", plain, 1)
    second = soli.call("rate_limiter_from_ip", proxied, 1, 60)
    soli.send(first, "allowed")
    assert soli.send(second, "allowed") is not same


def test_rate_limiter_errors(soli: Library) -> None:
    """What is missing or of the wrong kind is named."""
    new = "RateLimiter.new"
    assert soli.failure(new, {"limit": 1, "window": 1}) == "RateLimiter instance missing key"
    assert soli.failure(new, {"key": "k", "window": 1}) == "RateLimiter instance missing limit"
    endless = {"key": "k", "limit": 1, "window": float("nan")}
    assert soli.failure(new, endless) == "RateLimiter.new() expects a positive window"
    by_ip = "rate_limiter_from_ip"
    assert soli.failure(by_ip, 5, 1) == "rate_limiter_from_ip() expects hash req, got int"
    assert soli.failure(by_ip, {}, "1") == "rate_limiter_from_ip() expects int limit, got string"
    removed = "throttle() has been removed. Use RateLimiter class instead."
    assert soli.call("throttle", 1, 2, 3) == removed


def test_attempts_are_bounded(soli: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many keys: those not used for longest are forgotten."""
    monkeypatch.setattr(rate_limiter, "MAX_KEYS", 2)
    for key in ("a", "b", "c"):
        soli.send(limiter(soli, limit=1, key=key), "allowed")
    assert soli.send(limiter(soli, limit=1, key="c"), "allowed") is False
    assert soli.send(limiter(soli, limit=1, key="a"), "allowed") is True


def test_attempts_of_one_key_are_bounded(soli: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """A huge limit does not remember more attempts than there is room for."""
    monkeypatch.setattr(rate_limiter, "MAX_ATTEMPTS", 3)
    made = limiter(soli, limit=100)
    for _ in range(5):
        soli.send(made, "allowed")
    assert soli.send(made, "status")["remaining"] == 97

"""KV, Cache and RateLimiter behave alike wherever they keep things."""

from __future__ import annotations

import itertools
import math
import threading
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from soli_stdlib.stores import remote, remote_key_values

from soli_lang.base.errors import SoliError
from soli_lang.values.values import SKIP, Symbol

from ....support.examples import examples
from ...stdlib.installed import Library, block
from .conftest import KINDS, Made

UNORDERED = {"hkeys", "hvals", "mget"}
RANDOM = {"srandmember", "spop"}

keys = st.sampled_from(["a", "b", "ä"])
fields = st.sampled_from(["f", "g", "é:*", ""])
texts = st.sampled_from(
    [
        "x",
        "y",
        "1",
        "-3",
        "2.5",
        "",
        "€",
        "zz",
        "\0",
        "007",
        "-0",
        "+1",
        " 1",
        "9223372036854775807",
    ]
)
small = st.integers(-4, 4)
numbers = st.sampled_from([0.5, -1.5, 3, 1e300])
bounds = st.sampled_from([None, 1, 2.5, "(1", "-inf", "+inf", "x", "(2.5"])
_LETTERS = {"k": fields, "t": texts, "n": small, "f": numbers, "b": bounds}


@st.composite
def commands(draw: Any) -> tuple[str, list[Any]]:
    """A command of `KV` with arguments that it might get."""
    names = {*remote_key_values.FORMS, *remote_key_values.CONDITIONAL} - RANDOM - _TIMED
    name = draw(st.sampled_from(sorted(names)))
    if name == "set":
        condition = draw(st.sampled_from([(), ({"if": None},), ({"if": "x"},), ({"if": "1"},)]))
        return name, [draw(keys), draw(texts), *condition]
    if name == "update":
        return name, [draw(keys), draw(blocks)]
    if name == "mset":
        return name, [part for _ in range(draw(st.integers(0, 2))) for part in draw(_pair)]
    if name == "mget":
        return name, draw(st.lists(keys, max_size=3))
    if name in ("dbsize", "keys", "flushdb"):
        return name, []
    form = remote_key_values.FORMS[name]
    kinds = form.rstrip("*")
    if name in ("rename", "rpoplpush"):
        return name, [draw(keys), draw(keys)]
    if name == "smove":
        return name, [draw(keys), draw(keys), draw(texts)]
    if name in ("incrbyfloat", "hincrbyfloat"):
        return name, [draw(keys), *([draw(fields)] if "k" in kinds else []), draw(numbers)]
    times = draw(st.integers(0, 2)) if form.endswith("*") else 1
    return name, [draw(keys), *(draw(_LETTERS[kind]) for kind in kinds * times)]


blocks = st.sampled_from(
    [block(lambda text: (text or "") + "x"), block(lambda text: None), block(lambda text: 5)]
)
_pair = st.tuples(keys, texts)
_TIMED = {"expire", "pexpire", "expireat", "ttl", "pttl", "persist"}


def outcome(library: Library, name: str, arguments: list[Any]) -> Any:
    """What a command gives or how it fails, without the order that only some stores keep."""
    library.machine.start_budget()
    try:
        found = library.call(f"KV.{name}", *arguments)
    except SoliError as error:
        return type(error), error.message
    return sorted(found) if name in ("hkeys", "hvals", "keys") else found


@pytest.mark.parametrize("kind", KINDS[1:])
@settings(
    max_examples=examples(30),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(commands(), min_size=5, max_size=30))
def test_any_commands_do_what_they_do_in_memory(
    made: Made, kind: str, steps: list[tuple[str, list[Any]]]
) -> None:
    """The same values, the same errors, the same state afterwards."""
    here, there = made.library(None), made.library(made.store(kind))
    for library in (here, there):
        library.machine.capabilities.services["kv_destructive"] = True  # type: ignore[index]
    for name, arguments in steps:
        assert outcome(here, name, arguments) == outcome(there, name, arguments), name
    for key in ("a", "b", "ä"):
        for name in ("type", "get", "hgetall", "smembers", "zcard", "ttl"):
            assert outcome(here, name, [key]) == outcome(there, name, [key])
        assert outcome(here, "lrange", [key, 0, -1]) == outcome(there, "lrange", [key, 0, -1])


@pytest.fixture(params=KINDS)
def soli(request: Any, made: Made) -> Library:
    """A program's builtins over a store of each kind, in real time."""
    library = made.library(made.store(request.param))
    if request.param != "sqlite":
        library.machine.capabilities.services["kv_destructive"] = True  # type: ignore[index]
    return library


def wait(soli: Library, seconds: float) -> None:
    """Let time pass for all kinds of stores."""
    time.sleep(seconds)
    soli.time += seconds


def lives(soli: Library, module: str, key: str, seconds: float) -> bool:
    """Whether a key has so long to live, but for what a busy machine may have taken since."""
    return seconds - 10 < soli.call(f"{module}.ttl", key) <= seconds


def expiring(soli: Library, seconds: float) -> list[Any]:
    """What commands give of keys that end in *seconds*, one of which is kept."""
    call = soli.call
    for key in ("k", "kept", "l"):
        call("KV.delete", key)
    call("KV.set", "k", 5, seconds)
    call("KV.set", "kept", 1, seconds)
    call("KV.rpush", "l", 1, 2)
    told = [call("KV.pexpire", "l", seconds * 1000), call("KV.persist", "kept")]
    told += [call("KV.persist", "kept"), call("KV.ttl", "kept"), call("KV.ttl", "k")]
    return [*told, 0 < call("KV.pttl", "l") <= seconds * 1000]


def test_keys_expire(soli: Library) -> None:
    """Texts and collections alike; `persist` keeps them; a new text has no end."""
    for seconds in (0.05, 0.5, 5):  # on a machine so busy that it was over before it was asked
        started = time.monotonic()
        told = expiring(soli, seconds)
        if time.monotonic() - started < seconds:
            break
    assert told == [True, True, False, None, math.ceil(seconds), True]
    wait(soli, seconds + 0.03)
    assert soli.call("KV.get", "k") is None
    assert soli.call("KV.llen", "l") == 0
    assert soli.call("KV.get", "kept") == "1"
    assert soli.call("KV.dbsize") == 1
    assert soli.call("KV.expire", "k", 5) is False
    assert soli.call("KV.expire", "kept", -1) is True
    assert soli.call("KV.exists", "kept") is False


def test_a_counter_keeps_its_expiry(soli: Library) -> None:
    """As every change of what is there does; `set` begins anew."""
    soli.call("KV.set", "n", 1, 100)
    for name, amount in (("incrby", 2), ("incrbyfloat", 0.5), ("append", "0")):
        soli.call(f"KV.{name}", "n", amount)
        assert lives(soli, "KV", "n", 100)
    assert soli.call("KV.get", "n") == "3.50"
    soli.call("KV.set", "n", 1)
    assert soli.call("KV.ttl", "n") is None


def test_a_text_is_set_on_a_condition(soli: Library) -> None:
    """The text that is there, or null for none; the answer says whether it was so."""
    assert soli.call("KV.set", "k", "a", {"if": None}) is True
    assert soli.call("KV.set", "k", "b", {"if": None}) is False
    assert soli.call("KV.set", "k", "b", {"if": "other"}) is False
    assert soli.call("KV.get", "k") == "a"
    assert soli.call("KV.set", "k", 5, {"if": "a", "ttl": 100}) is True
    assert soli.call("KV.get", "k") == "5"
    assert lives(soli, "KV", "k", 100)
    assert soli.call("KV.set", "k", 6, {"if": 5}) is True  # in display form, as what is stored
    assert soli.call("KV.ttl", "k") is None
    assert soli.call("KV.set", "k", "", {"if": 6}) is True
    assert soli.call("KV.set", "k", "x", {"if": None}) is False  # an empty text is there
    assert soli.call("KV.set", "k", "x", {Symbol("if"): "", "ttl": None}) is True
    assert soli.call("KV.set", "t", 1, {"ttl": 50}) is None
    assert lives(soli, "KV", "t", 50)


def test_options_of_set_that_are_none(soli: Library) -> None:
    """What is wrong, and nothing is stored."""
    soli.call("KV.rpush", "l", 1)
    failure = soli.failure
    assert failure("KV.set", "k", 1, "5") == "KV.set() expects int ttl, got string"
    assert failure("KV.set", "k", 1, {"ttl": "5"}) == 'KV.set() expects an int as "ttl", got string'
    assert failure("KV.set", "k", 1, {"ttl": 0, "if": None}) == "KV: ERR invalid expire time"
    wrong = "KV.set() has no option 'iff'"
    assert failure("KV.set", "k", 1, {"iff": None}) == wrong
    assert "WRONGTYPE" in failure("KV.set", "l", 1, {"if": "1"})
    assert soli.call("KV.exists", "k") is False


def test_an_update(soli: Library) -> None:
    """What the block gives is stored, the time to live stays; null removes the key."""
    add = block(lambda text: int(text or 0) + 1)
    assert soli.call("KV.update", "n", add) == "1"
    assert soli.call("KV.expire", "n", 100) is True
    assert soli.call("KV.update", "n", add) == "2"
    assert soli.call("KV.get", "n") == "2"
    assert lives(soli, "KV", "n", 100)
    assert soli.call("KV.update", "n", block(lambda text: SKIP)) == "2"
    assert soli.call("KV.update", "n", block(lambda text: None)) is None
    assert soli.call("KV.update", "n", block(lambda text: None)) is None
    assert soli.call("KV.exists", "n") is False
    soli.call("KV.rpush", "l", 1)
    assert "WRONGTYPE" in soli.failure("KV.update", "l", add)
    assert soli.failure("KV.update", "n") == "Wrong number of arguments: expected 2, got 1"
    assert soli.failure("KV.update", "n", 5) == "KV.update() expects function, got int"


def test_an_update_runs_again_when_others_were_faster(soli: Library) -> None:
    """With what they stored; not for ever."""
    seen: list[str | None] = []

    def interrupted(text: str | None) -> str:
        seen.append(text)
        if len(seen) < 3:
            soli.call("KV.set", "k", f"theirs {len(seen)}")
        return f"{text}, ours"

    assert soli.call("KV.update", "k", block(interrupted)) == "theirs 2, ours"
    assert seen == [None, "theirs 1", "theirs 2"]
    numbers = itertools.count()
    hopeless = block(lambda text: soli.call("KV.set", "k", next(numbers)) or "ours")
    assert soli.failure("KV.update", "k", hopeless) == (
        'KV.update("k") gave up: the value changed while the block ran, 100 times'
    )


@pytest.mark.parametrize("kind", KINDS[1:])
def test_of_those_who_want_one_thing_one_gets_it(made: Made, kind: str) -> None:
    """Threads with connections of their own: cells are taken once, and no count is lost."""
    prefix = f"race-{kind}"
    made.store(kind, prefix=prefix)
    taken: list[str] = []

    def play(name: str) -> None:
        there = made.elsewhere()
        mine = there.library(there.store(kind, prefix=prefix))
        for cell in range(60):
            if mine.call("KV.set", f"cell {cell}", name, {"if": None}):
                taken.append(f"cell {cell}")
            mine.call("KV.update", "moves", block(lambda text: int(text or 0) + 1))
        there.close()
        there.loop.close()

    players = [threading.Thread(target=play, args=(f"player {n}",)) for n in range(4)]
    for player in players:
        player.start()
    for player in players:
        player.join()
    assert sorted(taken) == sorted(f"cell {cell}" for cell in range(60))
    library = made.library(made.store(kind, prefix=prefix))
    assert library.call("KV.get", "moves") == "240"


@pytest.mark.parametrize("ttl", [0, -1, float("inf")])
def test_an_end_that_is_none_is_refused(soli: Library, ttl: float) -> None:
    assert soli.failure("KV.set", "k", 1, ttl) == "KV: ERR invalid expire time"


def test_an_instant_may_be_given(soli: Library) -> None:
    """In Unix seconds; one that is past removes the key."""
    soli.call("KV.set", "k", 1)
    is_here = remote.of(soli.machine) is None
    offset = 100 + (soli.time if is_here else time.time())
    assert soli.call("KV.expireat", "k", offset) is True
    assert 90 <= soli.call("KV.ttl", "k") <= 101  # its clock and ours round apart
    assert soli.call("KV.expireat", "k", 1) is True
    assert soli.call("KV.get", "k") is None
    assert soli.failure("KV.expireat", "k", float("inf")) == "KV: ERR invalid expire time"


def test_random_members(soli: Library) -> None:
    """One that is there; `spop` takes it."""
    soli.call("KV.sadd", "s", "a", "b", "c")
    assert soli.call("KV.srandmember", "s") in ("a", "b", "c")
    taken = [soli.call("KV.spop", "s") for _ in range(4)]
    assert sorted(taken[:3]) == ["a", "b", "c"]
    assert taken[3] is None
    assert soli.call("KV.srandmember", "s") is None
    assert soli.call("KV.exists", "s") is False


def test_commands_by_name_and_wrong_arguments(soli: Library) -> None:
    """`cmd` reaches the same store; mistakes are told in the same words."""
    soli.call("KV.cmd", "SET", "k", 7)
    assert soli.call("KV.get", "k") == "7"
    assert soli.failure("KV.get", 1) == "KV.get() expects string key, got int"
    assert soli.failure("KV.mset", "a") == "KV.mset() expects pairs of key and value"
    assert soli.failure("KV.mset", 1, 2) == "KV.mset() expects string key, got int"
    assert soli.failure("KV.zadd", "z", 1) == "KV.zadd() expects pairs of score and member"
    assert soli.failure("KV.zadd", "z", "x", "m") == "KV: ERR value is not a valid float"
    assert soli.failure("KV.cmd", "NOPE") == "KV: ERR unknown command 'NOPE'"


@pytest.mark.parametrize("kind", KINDS)
def test_destructive_commands_are_refused(made: Made, kind: str) -> None:
    """Wherever the keys are; nothing is removed."""
    soli = made.library(made.store(kind))
    soli.call("KV.set", "k", 1)
    refused = "KV: 'FLUSHDB' is denylisted as a destructive or admin command."
    assert soli.failure("KV.flushdb") == refused
    assert "'KEYS' is denylisted" in soli.failure("KV.keys")
    assert soli.call("KV.get", "k") == "1"


@pytest.mark.parametrize("kind", KINDS[1:])
def test_what_one_process_writes_another_reads(made: Made, kind: str) -> None:
    """Unless its app has another prefix or file."""
    one = made.library(made.store(kind, prefix="shared"))
    two = made.library(made.store(kind, prefix="shared"))
    stranger = made.library(made.store(kind, prefix="own"))
    one.call("KV.hset", "h", "f", 1)
    one.call("Cache.set", "c", [1])
    assert two.call("KV.hget", "h", "f") == "1"
    assert two.call("Cache.get", "c") == [1]
    assert stranger.call("KV.hget", "h", "f") is None
    assert stranger.call("Cache.get", "c") is None


@pytest.mark.parametrize("kind", KINDS[1:])
def test_text_without_a_utf8_form_is_refused(made: Made, kind: str) -> None:
    """And the store goes on."""
    soli = made.library(made.store(kind))
    assert "UTF-8" in soli.failure("KV.set", "k", "\ud800")
    soli.call("KV.set", "k", "fine")
    assert soli.call("KV.get", "k") == "fine"


# --- Cache ----------------------------------------------------------------------------------------


def test_the_cache(soli: Library) -> None:
    """Values go through JSON and stay for their time."""
    soli.call("Cache.set", "k", {"a": [1.0, None]})
    got = soli.call("Cache.get", "k")
    assert got == {"a": [1.0, None]}
    assert type(got["a"][0]) is float
    assert lives(soli, "Cache", "k", 3600)
    soli.call("Cache.set", "short", 1, 20)
    assert soli.call("Cache.touch", "short", 60) is True
    assert lives(soli, "Cache", "short", 60)
    assert soli.call("Cache.touch", "none", 60) is False
    assert sorted(soli.call("Cache.keys")) == ["k", "short"]
    assert soli.call("Cache.size") == 2
    assert soli.call("Cache.delete", "k") is True
    assert soli.call("Cache.delete", "k") is False
    soli.call("Cache.set", "short", 1, 0)
    assert soli.call("Cache.has", "short") is False
    assert soli.call("Cache.fetch", "f", block(lambda: 5)) == 5
    assert soli.call("Cache.fetch", "f", block(lambda: 6)) == 5
    soli.call("Cache.clear_expired")
    assert soli.call("Cache.has", "f") is True
    soli.call("Cache.clear")
    assert soli.call("Cache.keys") == []
    assert soli.failure("Cache.set", 1, 2) == "Cache.set() expects string key, got int"


# --- RateLimiter ----------------------------------------------------------------------------------


def test_a_limiter(soli: Library) -> None:
    """So many per window; then the seconds until there is room; `status` counts nothing."""
    limiter = soli.call("RateLimiter.new", {"key": "k", "limit": 2, "window": 10})
    other = soli.call("RateLimiter.new", {"key": "other", "limit": 1, "window": 10})
    assert soli.send(limiter, "status") == {
        "allowed": True, "remaining": 2, "reset_in": 0, "limit": 2, "window": 10,
    }  # fmt: skip
    assert [soli.send(limiter, "allowed") for _ in range(3)] == [True, True, False]
    assert 5 < soli.send(limiter, "throttle") <= 10
    assert soli.send(limiter, "headers")["X-RateLimit-Remaining"] == "0"
    assert soli.send(other, "allowed") is True
    assert soli.send(limiter, "reset") is True
    assert soli.send(limiter, "allowed") is True
    assert soli.call("RateLimiter.cleanup") is True
    assert soli.send(limiter, "status")["remaining"] == 1
    assert soli.call("RateLimiter.reset_all") is True
    assert soli.send(other, "status")["remaining"] == 1


def test_attempts_leave_the_window(soli: Library) -> None:
    """One by one, as they were made."""
    for window in (0.2, 1, 5):  # on a machine so busy that it was over before the last was made
        started = time.monotonic()
        options = {"key": f"k {window}", "limit": 2, "window": window}
        limiter = soli.call("RateLimiter.new", options)
        told = [soli.send(limiter, "allowed")]
        wait(soli, 0.6 * window)
        told += [soli.send(limiter, "allowed") for _ in range(2)]
        if time.monotonic() - started < window:
            break
    assert told == [True, True, False]
    wait(soli, 0.5 * window)
    assert soli.send(limiter, "status")["remaining"] >= 1
    assert soli.send(limiter, "allowed") is True


@pytest.mark.parametrize("kind", KINDS[1:])
def test_processes_share_a_limit(made: Made, kind: str) -> None:
    """That is what it is for."""
    libraries = [made.library(made.store(kind, prefix="limits")) for _ in range(2)]
    options = {"key": "k", "limit": 3, "window": 60}
    limiters = [library.call("RateLimiter.new", options) for library in libraries]
    pairs = list(zip(libraries, limiters, strict=True)) * 2
    assert [soli.send(limiter, "allowed") for soli, limiter in pairs] == [True, True, True, False]

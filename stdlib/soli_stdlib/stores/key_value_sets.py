"""Sets and sorted sets in `KV` (docs/spec §L21.2)."""

from __future__ import annotations

import math

from soli_lang.base.errors import SoliArgumentError, SoliValueError
from soli_lang.machine.machine import Machine
from soli_lang.native.native import Any_, Number, static
from soli_lang.values.values import Value

from ..ground import randomness
from .key_value_store import (
    NOT_A_FLOAT,
    Key,
    SortedMembers,
    floating,
    held,
    held_or_new,
    reserve,
    resized,
    size_of,
    text_of,
)

Members = set[str]


def _members(machine: Machine, key: str) -> Members:
    """The set under *key*, an empty one when there is none."""
    return held(machine, key, set) or set()


@static("KV", "sadd", Key, Any_.rest())
def sadd(machine: Machine, key: str, *values: Value) -> int:
    """Add members; how many are new."""
    new = {text_of(machine, value) for value in values} - _members(machine, key)
    if not new:
        return 0
    size = sum(map(size_of, new))
    reserve(machine, key, size)
    members: Members = held_or_new(machine, key, set)
    members |= new
    resized(machine, key, size)
    return len(new)


@static("KV", "srem", Key, Any_.rest())
def srem(machine: Machine, key: str, *values: Value) -> int:
    """Remove members; how many were there."""
    members = _members(machine, key)
    gone = {text_of(machine, value) for value in values} & members
    members -= gone
    resized(machine, key, -sum(map(size_of, gone)))
    return len(gone)


@static("KV", "smembers", Key)
def smembers(machine: Machine, key: str) -> list[str]:
    """All members, sorted so that programs behave alike every time."""
    members = _members(machine, key)
    machine.spend(len(members) // 4)
    machine.check_length(8 * len(members))
    return sorted(members)


@static("KV", "sismember", Key, Any_)
def sismember(machine: Machine, key: str, value: Value) -> bool:
    """Whether *member* is in the set under *key*."""
    return text_of(machine, value) in _members(machine, key)


@static("KV", "smismember", Key, Any_.rest())
def smismember(machine: Machine, key: str, *values: Value) -> list[bool]:
    """Whether each of the members is in the set under *key*."""
    members = _members(machine, key)
    return [text_of(machine, value) in members for value in values]


@static("KV", "scard", Key)
def scard(machine: Machine, key: str) -> int:
    """The number of members of the set under *key*."""
    return len(_members(machine, key))


@static("KV", "srandmember", Key)
def srandmember(machine: Machine, key: str) -> str | None:
    """A random member; null when there is none."""
    members = smembers(machine, key)
    machine.spend(len(members) // 16)
    return randomness.of(machine).choice(members) if members else None


@static("KV", "spop", Key)
def spop(machine: Machine, key: str) -> str | None:
    """Take a random member; null when there is none."""
    member = srandmember(machine, key)
    if member is not None:
        srem(machine, key, member)
    return member


@static("KV", "smove", Key, Key, Any_)
def smove(machine: Machine, source: str, target: str, value: Value) -> bool:
    """Move a member to another set; whether it was there."""
    if not _members(machine, source):
        return False
    _members(machine, target)
    if not srem(machine, source, value):
        return False
    sadd(machine, target, value)
    return True


# --- sorted sets ----------------------------------------------------------------------------------


def _scores(machine: Machine, key: str) -> SortedMembers:
    return held(machine, key, SortedMembers) or SortedMembers()


def _write(machine: Machine, key: str, member: str, score: float) -> bool:
    """Give *member* a score; whether it is new."""
    is_new = member not in _scores(machine, key)
    size = size_of(member) if is_new else 0
    reserve(machine, key, size)
    held_or_new(machine, key, SortedMembers)[member] = score
    resized(machine, key, size)
    return is_new


@static("KV", "zadd", Key, Any_.rest())
def zadd(machine: Machine, key: str, *pairs: Value) -> int:
    """`KV.zadd(key, score, member, …)`: how many members are new."""
    if not pairs or len(pairs) % 2:
        raise SoliArgumentError("KV.zadd() expects pairs of score and member")
    scores = [floating(score) for score in pairs[::2]]
    members = [text_of(machine, member) for member in pairs[1::2]]
    return sum(
        _write(machine, key, member, score) for member, score in zip(members, scores, strict=True)
    )


@static("KV", "zrem", Key, Any_.rest())
def zrem(machine: Machine, key: str, *values: Value) -> int:
    """Remove members; how many were there."""
    scores = _scores(machine, key)
    gone = {text_of(machine, value) for value in values} & scores.keys()
    for member in gone:
        del scores[member]
    resized(machine, key, -sum(map(size_of, gone)))
    return len(gone)


@static("KV", "zscore", Key, Any_)
def zscore(machine: Machine, key: str, value: Value) -> float | None:
    """The score of *member*, null when it is not there."""
    return _scores(machine, key).get(text_of(machine, value))


@static("KV", "zincrby", Key, Number, Any_)
def zincrby(machine: Machine, key: str, amount: int | float, value: Value) -> float:
    """Add to a member's score (0 when it is new); the new score."""
    member = text_of(machine, value)
    score = _scores(machine, key).get(member, 0.0) + amount
    if score != score:
        raise SoliValueError(NOT_A_FLOAT)
    _write(machine, key, member, score)
    return score


@static("KV", "zcard", Key)
def zcard(machine: Machine, key: str) -> int:
    """The number of members of the sorted set under *key*."""
    return len(_scores(machine, key))


def _bound(value: Value, default: float) -> tuple[float, bool]:
    """A score and whether it is excluded: `5`, `"(5"`, `"-inf"`, `"+inf"`."""
    if isinstance(value, str) and value.startswith("("):
        return floating(value[1:]), True
    return (default if value is None else floating(value)), False


def _between(machine: Machine, key: str, low: Value, high: Value) -> list[tuple[float, str]]:
    least, above = _bound(low, -math.inf)
    most, below = _bound(high, math.inf)
    scores = _scores(machine, key)
    machine.spend(len(scores) // 4)
    return [
        (score, member)
        for member, score in scores.items()
        if (score > least if above else score >= least)
        and (score < most if below else score <= most)
    ]


@static("KV", "zcount", Key, Any_, Any_)
def zcount(machine: Machine, key: str, low: Value, high: Value) -> int:
    """Members with a score from *low* to *high*."""
    return len(_between(machine, key, low, high))


@static("KV", "zrangebyscore", Key, Any_, Any_)
def zrangebyscore(machine: Machine, key: str, low: Value, high: Value) -> list[str]:
    """The members with a score from *low* to *high*, lowest score first."""
    found = _between(machine, key, low, high)
    machine.check_length(8 * len(found))
    return [member for _, member in sorted(found)]

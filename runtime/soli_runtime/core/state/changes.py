"""How the state of a room changes: merge patches (RFC 7396), sums, and items appended.

`applied` makes the next state of a change, and the `Diff` that members hear: a merge patch of
values as they result, and what was appended. `merged` is what whoever mirrors a state makes of a
diff, and `compose` joins two diffs into one.
"""

from __future__ import annotations

import math
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from soli_lang.values.semantics import MAX_INT, MIN_INT

from ..payloads import EncodeJson, type_word
from .incoming import BOUNDS, Bounds, Incoming
from .rules import StateRule
from .values import Json, State, StateRefused, keys_in, size_of

Kind: TypeAlias = Literal["patch", "add", "append"]
Step: TypeAlias = tuple[Kind, Json]

PATCH: Final = "patch"
ADD: Final = "add"
APPEND: Final = "append"

USERS: Final[dict[Kind, str]] = {
    "patch": "room_state",
    "add": "room_add",
    "append": "room_append",
}
"""How errors call the kinds of steps."""


def step_of(
    kind: Kind, value: Any, user: str, encode_json: EncodeJson, bounds: Bounds = BOUNDS
) -> Step:
    """What a program asks for. Raises StateRefused, naming *user*, an action or a helper."""
    incoming = Incoming(user, encode_json, bounds)
    if kind == PATCH:
        return kind, incoming.patch(value)
    return kind, incoming.amounts(value) if kind == ADD else incoming.items(value)


class Diff(NamedTuple):
    """What members hear of a change."""

    patch: Json
    """A merge patch of values as they result."""
    append: dict[str, list[Any]]
    """Behind it: items for the end of Arrays, of which the last `keep` stay."""
    keep: int


class Change(NamedTuple):
    """What is asked for in one step: all of it or nothing."""

    steps: tuple[Step, ...]

    @property
    def is_empty(self) -> bool:
        """Whether it asks for nothing."""
        return not any(value for _, value in self.steps)


class Inexpressible(Exception):
    """Two diffs that no single one says."""


_MISSING: Final = object()


def applied(
    state: State, change: Change, rule: StateRule, bounds: Bounds = BOUNDS
) -> tuple[State, Diff]:
    """The next state and what members hear. Raises StateRefused; *state* stays as it is."""
    work = _Work(state.size, state.keys)
    value, diff = state.value, Diff({}, {}, rule.keep)
    for kind, asked in change.steps:
        if kind == PATCH:
            value, done = work.patch(value, asked), Diff(asked, {}, rule.keep)
        elif kind == ADD:
            value, patch = work.add(value, asked, USERS[kind])
            done = Diff(patch, {}, rule.keep)
        else:
            value = work.append(value, {key: [item] for key, item in asked.items()}, rule.keep)
            done = Diff({}, {key: [item] for key, item in asked.items()}, rule.keep)
        diff = compose(diff, done) or Diff(between(state.value, value), {}, rule.keep)
    user = USERS[change.steps[-1][0]] if change.steps else USERS[PATCH]
    if work.size > rule.bytes and work.size > state.size:
        raise StateRefused(
            f"{user}: the room's state would have {work.size} bytes as JSON, at most {rule.bytes} "
            "are allowed (bytes of ws_keep_state)"
        )
    if bounds.keys and work.keys > bounds.keys and work.keys > state.keys:
        raise StateRefused(
            f"{user}: the room's state would have {work.keys} keys, at most {bounds.keys} are "
            "allowed"
        )
    return State(state.version + 1, value, work.size, work.keys), diff


def merged(state: State, diff: Diff) -> State:
    """The state behind *diff*, as whoever mirrors it has it."""
    work = _Work(state.size, state.keys)
    value = work.patch(state.value, diff.patch) if diff.patch else state.value
    if diff.append:
        value = work.append(value, diff.append, diff.keep)
    return State(state.version + 1, value, work.size, work.keys)


class _Work:
    """Makes one value of another, and counts its bytes and keys."""

    __slots__ = ("keys", "size")

    def __init__(self, size: int, keys: int) -> None:
        self.size = size
        self.keys = keys

    def patch(self, target: Json, patch: Json) -> Json:
        """*target* with a merge patch."""
        found = target.copy()
        for key, value in patch.items():
            old = found.get(key, _MISSING)
            if value is None:
                if old is not _MISSING:
                    del found[key]
                    self._gone(key, old)
            elif value.__class__ is dict and old.__class__ is dict:
                found[key] = self.patch(old, value)
            else:
                found[key] = new = without_nulls(value)
                self._replaced(key, old, new)
        self._emptied(target, found)
        return found

    def add(self, target: Json, amounts: Json, path: str) -> tuple[Json, Json]:
        """*target* with *amounts* added, and the patch that says what resulted."""
        found, patch = target.copy(), {}
        for key, amount in amounts.items():
            old, at = found.get(key, _MISSING), f"{path}.{key}"
            if amount.__class__ is dict:
                inner: Any = {} if old is _MISSING else old
                if inner.__class__ is not dict:
                    raise _holds_other(at, inner, "a Hash")
                if old is _MISSING:
                    self._replaced(key, _MISSING, inner)
                found[key], patch[key] = self.add(inner, amount, at)
            else:
                new = sum_of(at, 0 if old is _MISSING else old, amount)
                found[key] = patch[key] = new
                self._replaced(key, old, new)
        self._emptied(target, found)
        return found, patch

    def append(self, target: Json, items: dict[str, list[Any]], keep: int) -> Json:
        """*target* with items behind those that are there, of which the last *keep* stay."""
        found = target.copy()
        for key, more in items.items():
            old = found.get(key, _MISSING)
            if old is _MISSING:
                found[key] = new = more[-keep:]
                self._replaced(key, _MISSING, new)
                continue
            if old.__class__ is not list:
                raise _holds_other(f"{USERS[APPEND]}.{key}", old, "an Array")
            there: list[Any] = old
            found[key] = new = [*there, *more][-keep:]
            surplus = max(0, len(there) + len(more) - keep)
            for item in there[:surplus]:
                self._item(item, -1)
            for item in more[-keep:]:
                self._item(item, 1)
            self.size += (not new) - (not there)
        self._emptied(target, found)
        return found

    def _item(self, item: Any, sign: int) -> None:
        self.size += sign * (size_of(item) + 1)
        self.keys += sign * keys_in(item)

    def _emptied(self, before: Json, after: Json) -> None:
        """An object has a comma less than it has keys, unless it has none."""
        self.size += (not after) - (not before)

    def _gone(self, key: str, old: Any) -> None:
        self.size -= size_of(key) + size_of(old) + 2
        self.keys -= keys_in(old) + 1

    def _replaced(self, key: str, old: Any, new: Any) -> None:
        if old is not _MISSING:
            self._gone(key, old)
        self.size += size_of(key) + size_of(new) + 2
        self.keys += keys_in(new) + 1


def sum_of(path: str, number: Any, amount: Any) -> Any:
    """Their sum; Ints give an Int. Raises StateRefused."""
    if number.__class__ is not int and number.__class__ is not float:
        raise _holds_other(path, number, "a number")
    try:
        found = number + amount
    except OverflowError:
        found = math.inf
    if found.__class__ is int and not MIN_INT <= found <= MAX_INT:
        raise StateRefused(f"{path}: the sum has more than 64 bits")
    if found.__class__ is float and not math.isfinite(found):
        raise StateRefused(f"{path}: the sum is too large")
    return found


def _holds_other(path: str, value: Any, expected: str) -> StateRefused:
    got = type_word(value)
    return StateRefused(f"{path}: expected {expected} in the room's state, it holds {_a(got)}")


def _a(word: str) -> str:
    return f"{'an' if word[0] in 'AEIO' else 'a'} {word}"


def without_nulls(value: Any) -> Any:
    """*value* as a patch makes it where nothing was: keys that are null stay away."""
    if value.__class__ is not dict:
        return value
    return {key: without_nulls(item) for key, item in value.items() if item is not None}


def between(before: Json, after: Json) -> Json:
    """The merge patch that makes *after* of *before*."""
    patch: Json = {key: None for key in before if key not in after}
    for key, value in after.items():
        old = before.get(key, _MISSING)
        if old is value:
            continue
        if old.__class__ is dict and value.__class__ is dict:
            inner = between(old, value)
            if inner:
                patch[key] = inner
        elif old is _MISSING or not _is_same(old, value):
            patch[key] = value
    return patch


def _is_same(one: Any, other: Any) -> bool:
    """Whether both are the same JSON: 1, 1.0 and true are three values."""
    if one.__class__ is not other.__class__:
        return False
    if one.__class__ is list:
        return len(one) == len(other) and all(map(_is_same, one, other))
    if one.__class__ is dict:
        return one.keys() == other.keys() and all(_is_same(one[key], other[key]) for key in one)
    return bool(one == other)


def compose(first: Diff, second: Diff) -> Diff | None:
    """The diff that says both; None where there is none without the state before them."""
    if first.append and first.keep != second.keep:
        return None
    append = {key: items for key, items in first.append.items() if key not in second.patch}
    try:
        patch = _composed(first.patch, second.patch)
        for key, items in second.append.items():
            if key in patch:
                patch[key] = _appended(patch[key], items, second.keep)
            else:
                append[key] = [*append.get(key, ()), *items][-second.keep :]
    except Inexpressible:
        return None
    return Diff(patch, append, second.keep)


def _composed(first: Json, second: Json) -> Json:
    found = first.copy()
    for key, value in second.items():
        if value.__class__ is dict and key in first:
            if first[key].__class__ is not dict:
                # What was there before would have to go; that is another patch.
                raise Inexpressible
            found[key] = _composed(first[key], value)
        else:
            found[key] = value
    return found


def _appended(value: Any, items: list[Any], keep: int) -> list[Any]:
    if value is not None and value.__class__ is not list:
        raise Inexpressible
    return [*(value or ()), *items][-keep:]

"""Random changes of a room's state against a model that knows nothing of how they are made.

The model is a plain dict that is changed in place, and one `json.dumps` for what is counted.
"""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from soli_runtime.core.state.changes import Change, Diff, applied, between, compose, merged
from soli_runtime.core.state.mirrors import Mirror
from soli_runtime.core.state.rules import StateRule
from soli_runtime.core.state.values import EMPTY, State, StateRefused

KEEP = 3
RULE = StateRule("*", keep=KEEP, bytes=1 << 20)

keys = st.sampled_from(["a", "b", "c", 'ä"'])
leaves = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 3), st.sampled_from(["", "x", "é\n"]), st.just(0.5)
)
values = st.recursive(
    leaves,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=3)),
    max_leaves=8,
)
patches = st.dictionaries(keys, values, max_size=3)
amounts = st.recursive(
    st.integers(-2, 2) | st.just(0.5),
    lambda inner: st.dictionaries(keys, inner, max_size=2),
    max_leaves=4,
)
steps = st.one_of(
    st.tuples(st.just("patch"), patches),
    st.tuples(st.just("add"), st.dictionaries(keys, amounts, max_size=2)),
    st.tuples(st.just("append"), st.dictionaries(keys, values, max_size=2)),
)
changes = st.lists(steps, min_size=1, max_size=3)


def rfc_7396(target: Any, patch: Any) -> Any:
    """MergePatch, as the RFC has it in its section 2."""
    if not isinstance(patch, dict):
        return patch
    if not isinstance(target, dict):
        target = {}
    for name, value in patch.items():
        if value is None:
            target.pop(name, None)
        else:
            target[name] = rfc_7396(target.get(name), value)
    return target


class Impossible(Exception):
    pass


def add(target: dict[str, Any], numbers: dict[str, Any]) -> None:
    for name, number in numbers.items():
        if isinstance(number, dict):
            inner = target.setdefault(name, {})
            if not isinstance(inner, dict):
                raise Impossible
            add(inner, number)
        else:
            before = target.get(name, 0)
            if isinstance(before, bool) or not isinstance(before, int | float):
                raise Impossible
            target[name] = before + number


def append(target: dict[str, Any], items: dict[str, Any]) -> None:
    for name, item in items.items():
        before = target.setdefault(name, [])
        if not isinstance(before, list):
            raise Impossible
        before.append(copy.deepcopy(item))
        del before[:-KEEP]


def modelled(state: dict[str, Any], change: list[Any]) -> dict[str, Any]:
    found = copy.deepcopy(state)
    for kind, value in change:
        if kind == "patch":
            found = rfc_7396(found, copy.deepcopy(value))
        elif kind == "add":
            add(found, value)
        else:
            append(found, value)
    return found


def client(state: dict[str, Any], diff: Diff) -> dict[str, Any]:
    """What a client makes of a `room_diff`, told by the page: the patch, then the items."""
    found = rfc_7396(copy.deepcopy(state), copy.deepcopy(diff.patch))
    for name, items in diff.append.items():
        found[name] = [*found.get(name, []), *items][-diff.keep :]
    return found  # type: ignore[no-any-return]


def text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def size(value: Any) -> int:
    return len(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode())


@settings(max_examples=150, deadline=None)
@given(st.lists(changes, max_size=8))
def test_states_mirrors_and_clients_agree_with_a_model(history: list[Any]) -> None:
    """Value, size, number of keys; what refuses a change leaves all of them as they were."""
    state = mirror = EMPTY
    model: dict[str, Any] = {}
    told: dict[str, Any] = {}
    for change in history:
        try:
            wanted = modelled(model, change)
        except Impossible:
            before = state.text
            try:
                applied(state, Change(tuple(change)), RULE)
            except StateRefused:
                assert State.of(state.version, state.value).text == before
                continue
            raise AssertionError("a change was made that cannot be") from None
        state, diff = applied(state, Change(tuple(change)), RULE)
        mirror, told, model = merged(mirror, diff), client(told, diff), wanted
        assert text(state.value) == text(model) == text(mirror.value) == text(told)
        assert state.size == mirror.size == size(model)
        assert state.keys == mirror.keys == State.of(0, model).keys
        assert diff.append.keys().isdisjoint(diff.patch)


@settings(max_examples=150, deadline=None)
@given(st.lists(changes, min_size=2, max_size=6), st.integers(1, 3))
def test_joined_diffs_say_what_each_would_have_said(history: list[Any], apart: int) -> None:
    """However many are joined; where no single diff says it, the way around it does."""
    state, diffs = EMPTY, []
    for change in history:
        try:
            after, diff = applied(state, Change(tuple(change)), RULE)
        except StateRefused:
            continue
        diffs.append((state, diff, after))
        state = after
    told: dict[str, Any] = {}
    for start in range(0, len(diffs), apart):
        group = diffs[start : start + apart]
        before, joined, _ = group[0]
        whole: Diff | None = joined
        for _, diff, _ in group[1:]:
            whole = None if whole is None else compose(whole, diff)
        if whole is None:
            whole = Diff(between(before.value, group[-1][2].value), {}, KEEP)
        told = client(told, whole)
        assert text(told) == text(group[-1][2].value)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(changes, st.sampled_from([0.0, 0.001, 0.02, 0.3])), max_size=30),
    st.integers(0, 30),
)
def test_a_mirror_tells_all_in_time_and_remembers_for_who_comes_back(
    history: list[Any], seen: int
) -> None:
    """Never more than fifty in a second; who was away is told the rest, or that it is not known."""
    mirror = Mirror(RULE, EMPTY, 0)
    now, state, place = 0.0, EMPTY, 0
    client_state: dict[str, Any] = {}
    known: dict[int, str] = {0: "{}"}
    instants: list[float] = []
    for change, pause in history:
        now += pause
        if mirror.is_pending and mirror.may_tell(now):
            instants.append(now)
            client_state = heard(client_state, mirror.take("r"))
            known[mirror.told_place] = text(client_state)
        try:
            state, diff = applied(state, Change(tuple(change)), RULE)
        except StateRefused:
            continue
        place += 1
        assert mirror.change(state.version, diff, place)
        if mirror.may_tell(now):
            instants.append(now)
            client_state = heard(client_state, mirror.take("r"))
            known[mirror.told_place] = text(client_state)
    if mirror.is_pending:
        client_state = heard(client_state, mirror.take("r"))
        known[mirror.told_place] = text(client_state)
    assert text(client_state) == text(state.value)
    for start in instants:
        assert sum(start <= instant < start + 1 for instant in instants) <= 50
    for place_seen, before in known.items():
        diff_since = mirror.since(place_seen)
        if diff_since is not None:
            assert text(client(json.loads(before), diff_since)) == text(state.value)
    assert mirror.since(-1) is None
    assert mirror.since(None) is None


def heard(state: dict[str, Any], message: str) -> dict[str, Any]:
    read = json.loads(message)
    assert (read["event"], read["channel"]) == ("room_diff", "r")
    return client(state, Diff(read["payload"], read.get("append", {}), read.get("keep", 0)))

"""The state of rooms: `ws_keep_state`, `ws_room_state` and what changes it (docs/spec §W16)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from soli_lang.base.errors import SoliPlainTypeError, SoliValueError
from soli_lang.base.near_names import did_you_mean
from soli_lang.machine.keys import MachineKey
from soli_lang.machine.machine import Machine
from soli_lang.native.native import Any_, Callable_, Hash, String, function
from soli_lang.values.kinds import from_key
from soli_lang.values.values import SKIP, Value

from ..core.payloads import type_word
from ..core.state.attempts import ATTEMPT, Attempt
from ..core.state.rules import (
    DEFAULT_BYTES,
    DEFAULT_KEEP,
    DEFAULT_SECONDS,
    StateRule,
    with_rule,
)
from ..core.state.values import MOST_RUNS, State, StateRefused, gave_up
from ..routing.routes import RouteError
from .realtime import answered, realtime_of
from .routes import ROUTES

if TYPE_CHECKING:
    from ..core.state.asking import StateCalls
    from ..core.state.changes import Kind, Step

RULES: MachineKey[tuple[StateRule, ...]] = MachineKey("state rules")
"""In `Machine.library`, what the program declared."""

_OPTIONS: dict[str, tuple[Any, tuple[type, ...], str]] = {
    "bytes": (DEFAULT_BYTES, (int,), "an Int"),
    "seconds": (DEFAULT_SECONDS, (int, float), "an Int or a Float"),
    "keep": (DEFAULT_KEEP, (int,), "an Int"),
    "tell": (True, (bool,), "a Bool"),
}
_CHANNEL = String("string channel")


@function("ws_keep_state", String("string pattern"), Hash.optional())
def ws_keep_state(machine: Machine, pattern: str, options: Value) -> None:
    """Have the rooms hold state that *pattern* fits (`*`: any characters, `?`: one).

    Options: `bytes` of a room's state as JSON (262144), `seconds` for which it outlives the last
    member (3600), `keep`, the items that `room_append` keeps (1000), `tell`: whether members hear
    of it (true). The first pattern that fits a room counts. While the app loads only.
    """
    routes = machine.library.get(ROUTES)
    if routes is not None and routes.closed:
        raise RouteError("ws_keep_state() works only while the app loads")
    given = {from_key(name): value for name, value in (options or {}).items()}
    for name in given:
        if name not in _OPTIONS:
            raise SoliValueError(
                f"ws_keep_state() has no option '{name}'",
                hint=did_you_mean(str(name), tuple(_OPTIONS)),
            )
    rule = StateRule(pattern, **{name: _option(name, given) for name in _OPTIONS})
    if RULES not in machine.library:
        from .holding import hold_writes  # here: most programs do without

        hold_writes(machine)
    machine.library[RULES] = with_rule(rules_of(machine), rule)


def _option(name: str, given: dict[Any, Value]) -> Any:
    default, kinds, expected = _OPTIONS[name]
    value = given.get(name, default)
    if type(value) not in kinds:
        raise SoliPlainTypeError(
            f"ws_keep_state() {name}: expected {expected}, got {type_word(value)}"
        )
    return value


def rules_of(machine: Machine) -> tuple[StateRule, ...]:
    """What the program on *machine* declared."""
    return machine.library.get(RULES, ())


def _calls(machine: Machine) -> StateCalls | None:
    realtime = realtime_of(machine)
    return None if realtime is None else realtime.states


def _looked(machine: Machine, calls: StateCalls, user: str, channel: str) -> State:
    state = answered(machine, user, calls.look(channel))
    attempt = machine.local.get(ATTEMPT)
    if attempt is not None:
        attempt.saw(channel, state)
    return state


def _copied(machine: Machine, state: State) -> dict[str, Value]:
    machine.spend(1 + (state.size >> 6))
    machine.check_length(state.size)
    return state.copy()


@function("ws_room_state", _CHANNEL)
def ws_room_state(machine: Machine, channel: str) -> dict[str, Value]:
    """A copy of what the room *channel* holds, `{}` if nothing."""
    calls = _calls(machine)
    if calls is None:
        return {}
    return _copied(machine, _looked(machine, calls, "ws_room_state", channel))


@function("ws_set_room_state", _CHANNEL, Any_)
def ws_set_room_state(machine: Machine, channel: str, patch: Value) -> None:
    """Merge *patch* (RFC 7396: null removes a key) into what the room *channel* holds.

    In a WebSocket handler with the other changes of its event, and for one room only.
    """
    _change(machine, "ws_set_room_state", "patch", channel, patch)


@function("ws_add_room_state", _CHANNEL, Any_)
def ws_add_room_state(machine: Machine, channel: str, amounts: Value) -> None:
    """Add numbers to those that the room *channel* holds; what is missing counts as 0.

    In a WebSocket handler once its event is committed.
    """
    _change(machine, "ws_add_room_state", "add", channel, amounts)


@function("ws_append_room_state", _CHANNEL, Any_)
def ws_append_room_state(machine: Machine, channel: str, items: Value) -> None:
    """Append the value of each key of *items* to the Array that the room *channel* holds there.

    In a WebSocket handler once its event is committed.
    """
    _change(machine, "ws_append_room_state", "append", channel, items)


def _change(machine: Machine, user: str, kind: Kind, channel: str, value: Value) -> None:
    calls = _calls(machine)
    if calls is None:
        return
    step = calls.step(user, kind, value)
    attempt = machine.local.get(ATTEMPT)
    if attempt is None:
        answered(machine, user, calls.change(channel, step))
        return
    calls.check(channel, user)
    if kind == "patch":
        _set(attempt, user, channel)
    attempt.change(channel, step)


def _set(attempt: Attempt, user: str, channel: str) -> None:
    other = attempt.set(channel)
    if other is not None:
        raise StateRefused(
            f"{user}(): an event sets the state of one room, and this one sets those of "
            f"'{other}' and '{channel}'"
        )


@function("ws_update_room_state", _CHANNEL, Callable_)
def ws_update_room_state(machine: Machine, channel: str, block: Value) -> dict[str, Value]:
    """Merge what the block makes of what the room *channel* holds; what it holds then.

    Null, `next` and `{}` change nothing. Where others change the state meanwhile the block runs
    again; in a WebSocket handler the whole event does.
    """
    calls = _calls(machine)
    if calls is None:
        return {}
    run, user = machine.callback(block, 1, keep_skip=True), "ws_update_room_state"
    for _ in range(MOST_RUNS):
        state = _looked(machine, calls, user, channel)
        patch = run(_copied(machine, state))
        if patch is None or patch is SKIP:
            return _copied(machine, state)
        step = calls.step(user, "patch", patch)
        done = _merged(machine, calls, channel, step, state)
        if done is not None:
            return _copied(machine, done)
        machine.spend(1)
    raise gave_up(f"{user}()", channel, MOST_RUNS)


def _merged(
    machine: Machine, calls: StateCalls, channel: str, step: Step, state: State
) -> State | None:
    attempt = machine.local.get(ATTEMPT)
    if attempt is None:
        if not step[1]:
            return state
        return answered(machine, "ws_update_room_state", calls.commit(channel, step, state))
    calls.check(channel, "ws_update_room_state")
    _set(attempt, "ws_update_room_state", channel)
    attempt.change(channel, step)
    from ..core.state.changes import Diff, merged  # here: a script has no rooms

    return merged(state, Diff(step[1], {}, DEFAULT_KEEP))

"""What rooms keep, and what they said lately: `ws_keep_history`, `ws_history`."""

from __future__ import annotations

from typing import Any

from soli_lang.base.errors import SoliPlainTypeError, SoliValueError
from soli_lang.base.near_names import did_you_mean
from soli_lang.machine.keys import MachineKey
from soli_lang.machine.machine import Machine
from soli_lang.native.native import Hash, Int, String, function
from soli_lang.values.kinds import from_key
from soli_lang.values.values import Value

from ..core.history.rings import Past
from ..core.history.rules import DEFAULT_MESSAGES, DEFAULT_SECONDS, MAX_MESSAGES, Rule, with_rule
from ..core.payloads import type_word
from ..routing.routes import RouteError
from .realtime import answered, realtime_of
from .routes import ROUTES

RULES: MachineKey[tuple[Rule, ...]] = MachineKey("history rules")
"""In `Machine.library`, what the program declared."""


@function("ws_keep_history", String("string pattern"), Hash.optional())
def ws_keep_history(machine: Machine, pattern: str, options: Value) -> None:
    """Keep what is said to the rooms that *pattern* fits (`*`: any characters, `?`: one).

    Options: `messages` (100; at most 1000) and `seconds` (300). While the app loads only.
    """
    routes = machine.library.get(ROUTES)
    if routes is not None and routes.closed:
        raise RouteError("ws_keep_history() works only while the app loads")
    given = {from_key(name): value for name, value in (options or {}).items()}
    rule = Rule(
        pattern,
        _number(given.pop("messages", DEFAULT_MESSAGES), "messages", (int,)),
        _number(given.pop("seconds", DEFAULT_SECONDS), "seconds", (int, float)),
    )
    for name in given:
        raise SoliValueError(
            f"ws_keep_history() has no option '{name}'",
            hint=did_you_mean(str(name), ("messages", "seconds")),
        )
    machine.library[RULES] = with_rule(rules_of(machine), rule)


def _number(value: Value, name: str, kinds: tuple[type, ...]) -> Any:
    if type(value) not in kinds:
        expected = "an Int" if kinds == (int,) else "an Int or a Float"
        raise SoliPlainTypeError(
            f"ws_keep_history() {name}: expected {expected}, got {type_word(value)}"
        )
    return value


def rules_of(machine: Machine) -> tuple[Rule, ...]:
    """What the program on *machine* declared."""
    return machine.library.get(RULES, ())


@function("ws_history", String("string channel"), Int("int count").optional(DEFAULT_MESSAGES))
def ws_history(machine: Machine, channel: str, count: int) -> list[dict[str, Value]]:
    """The last messages that are kept of *channel*, oldest first: `{"position", "message", "at"}`.

    `message` is what was sent, text or Bytes; `at` is in Unix seconds.
    """
    if not 0 <= count <= MAX_MESSAGES:
        raise SoliValueError(f"ws_history() expects a count from 0 to {MAX_MESSAGES}, got {count}")
    realtime = realtime_of(machine)
    if realtime is None:
        return []
    past: list[Past] = answered(machine, "ws_history", realtime.hub.past(channel, count))
    characters = sum(len(one.payload) for one in past)
    machine.spend(len(past) + (characters >> 6))
    machine.check_length(characters)
    return [{"position": one.position, "message": one.payload, "at": one.at} for one in past]

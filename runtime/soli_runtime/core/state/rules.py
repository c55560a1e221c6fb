"""Which rooms hold state: what a program declares with `ws_keep_state`."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable

from soli_stdlib.text.wildcards import matches

from soli_lang.base.errors import SoliValueError
from soli_lang.base.records import Record

MAX_RULES = 100
"""Patterns of one program."""
MAX_PATTERN_CHARACTERS = 255
MAX_BYTES = 16 << 20
"""Bytes that a rule can let one room hold: every join sends them."""
MAX_KEPT = 10_000
"""Items that a rule can let `room_append` keep."""
DEFAULT_BYTES = 262_144
DEFAULT_SECONDS = 3600.0
DEFAULT_KEEP = 1000


class StateRule(Record, frozen=True):
    """What the rooms hold that *pattern* fits (`*`: any characters, `?`: one).

    Raises SoliValueError for what makes no sense.
    """

    pattern: str
    bytes: int = DEFAULT_BYTES
    """Of the state of one room, as JSON."""
    seconds: float = DEFAULT_SECONDS
    """After which a room without members holds nothing any more."""
    keep: int = DEFAULT_KEEP
    """Items that `room_append` keeps under a key."""
    tell: bool = True
    """Whether members hear of it."""

    def __post_init__(self) -> None:
        if not 1 <= len(self.pattern) <= MAX_PATTERN_CHARACTERS:
            raise SoliValueError(
                f"ws_keep_state() expects a pattern of 1 to {MAX_PATTERN_CHARACTERS} characters, "
                f"got {len(self.pattern)}"
            )
        if not 2 <= self.bytes <= MAX_BYTES:
            raise SoliValueError(
                f"ws_keep_state() bytes: expected an Int from 2 to {MAX_BYTES}, got {self.bytes}"
            )
        if not (self.seconds > 0 and math.isfinite(self.seconds)):
            raise SoliValueError(
                f"ws_keep_state() seconds: expected a number above 0, got {self.seconds}"
            )
        if not 1 <= self.keep <= MAX_KEPT:
            raise SoliValueError(
                f"ws_keep_state() keep: expected an Int from 1 to {MAX_KEPT}, got {self.keep}"
            )


def with_rule(rules: Iterable[StateRule], rule: StateRule) -> tuple[StateRule, ...]:
    """*rules* and *rule*, which takes the place of one with its pattern. Raises SoliValueError."""
    by_pattern = {one.pattern: one for one in rules}
    by_pattern[rule.pattern] = rule
    if len(by_pattern) > MAX_RULES:
        raise SoliValueError(
            f"ws_keep_state(): {len(by_pattern)} patterns, at most {MAX_RULES} are allowed"
        )
    return tuple(by_pattern.values())


def rule_of(rules: Iterable[StateRule], room: str) -> StateRule | None:
    """The rule of a room: the first whose pattern fits."""
    return next((rule for rule in rules if matches(rule.pattern, room)), None)


def written(rules: Iterable[StateRule]) -> str:
    """*rules* as a text; programs that keep the same have the same."""
    return json.dumps(
        [[one.pattern, one.bytes, float(one.seconds), one.keep, one.tell] for one in rules]
    )

"""Which rooms keep something, and how much: what a program declares with `ws_keep_history`."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable

from soli_stdlib.text.wildcards import matches

from soli_lang.base.errors import SoliValueError
from soli_lang.base.records import Record

MAX_MESSAGES = 1000
"""Messages that a room can keep."""
MAX_RULES = 100
"""Patterns of one program."""
MAX_PATTERN_CHARACTERS = 255
DEFAULT_MESSAGES = 100
DEFAULT_SECONDS = 300.0


class Rule(Record, frozen=True):
    """What is kept of the rooms that *pattern* fits (`*`: any characters, `?`: one).

    Raises SoliValueError for what makes no sense.
    """

    pattern: str
    messages: int = DEFAULT_MESSAGES
    seconds: float = DEFAULT_SECONDS

    def __post_init__(self) -> None:
        if not 1 <= len(self.pattern) <= MAX_PATTERN_CHARACTERS:
            raise SoliValueError(
                f"ws_keep_history() expects a pattern of 1 to {MAX_PATTERN_CHARACTERS} characters, "
                f"got {len(self.pattern)}"
            )
        if not 1 <= self.messages <= MAX_MESSAGES:
            raise SoliValueError(
                f"ws_keep_history() messages: expected an Int from 1 to {MAX_MESSAGES}, "
                f"got {self.messages}"
            )
        if not (self.seconds > 0 and math.isfinite(self.seconds)):
            raise SoliValueError(
                f"ws_keep_history() seconds: expected a number above 0, got {self.seconds}"
            )


def with_rule(rules: Iterable[Rule], rule: Rule) -> tuple[Rule, ...]:
    """*rules* and *rule*, which takes the place of one with its pattern. Raises SoliValueError."""
    by_pattern = {one.pattern: one for one in rules}
    by_pattern[rule.pattern] = rule
    if len(by_pattern) > MAX_RULES:
        raise SoliValueError(
            f"ws_keep_history(): {len(by_pattern)} patterns, at most {MAX_RULES} are allowed"
        )
    return tuple(by_pattern.values())


def rule_of(rules: Iterable[Rule], room: str) -> Rule | None:
    """The rule of a room: the first whose pattern fits."""
    return next((rule for rule in rules if matches(rule.pattern, room)), None)


def written(rules: Iterable[Rule]) -> str:
    """*rules* as a text; programs that keep the same have the same."""
    return json.dumps([[rule.pattern, rule.messages, float(rule.seconds)] for rule in rules])

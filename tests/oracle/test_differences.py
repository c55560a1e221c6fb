"""The language does what the specification says, as the definitional interpreter reads it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import SystemRandom

import pytest

from . import Outcome
from . import campaign as campaigns
from .campaign import Campaign
from .comparing import Skip, answered, difference, verdict
from .repository import texts

pytestmark = pytest.mark.timeout(900)  # seconds of CPU are few, but others may want it, too

SHARES = 2
"""Tests of fresh programs, so that two processes share them."""
SECONDS = 6.0
"""CPU that each has; `make harden` goes on for longer."""


@pytest.mark.parametrize("share", range(SHARES))
def test_fresh_programs_do_what_they_should(share: int) -> None:
    """The seeds are printed, and make the same programs again; CI has fresh ones, too."""
    campaign = Campaign(SystemRandom().randrange(1 << 40), SECONDS)
    failures = campaign.run()
    print(campaign.summary())
    assert not failures, f"{campaign.summary()}\n{failures[0]}"
    assert not campaign.refuses_too_many, f"{campaign.summary()}\n{campaign.refused[0]}"
    assert campaign.count > SECONDS  # one that takes a second would be a find, too


def test_what_is_no_program_is_counted_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """One text that the parser refuses is told, and fails nothing; many do."""
    monkeypatch.setattr(campaigns, "text_of", lambda seed: "1 +" if seed in (3, 7, 9) else "1")
    told: list[str] = []
    one, two = Campaign(0, 0, most_failures=1), Campaign(0, 60, most_failures=1)
    for seed in range(6):
        one._judge(seed, told.append)
    two.run(told.append)
    assert (one.failures, [failure.seed for failure in one.refused]) == ([], [3])
    assert not one.refuses_too_many
    assert (two.failures, [failure.seed for failure in two.refused]) == ([], [3, 7])
    assert two.refuses_too_many
    assert "0 differ, 2 refused (seed 3 first)" in two.summary()
    assert [text.startswith("--- seed 3\n1 +\nit is no program") for text in told] == [True, True]


def test_the_programs_of_this_repository_do_what_they_should() -> None:
    """Vectors, specs, errors, examples, what pages show. What is skipped is told with its rule."""
    skipped: Counter[str] = Counter()
    different = {}
    for name, text in texts():
        found = verdict(text)
        if isinstance(found, Skip):
            skipped[found.rule] += 1
        elif found is not None:
            different[name] = found
    print(dict(skipped))
    assert different == {}
    assert skipped.total() == 0


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("1 + 1", "value_shown"),
        ("print(1)\nnull", "output"),
        ("x", "error"),
        ("while true\nend", "limited"),
    ],
)
def test_every_field_of_an_outcome_counts(text: str, field: str) -> None:
    """What comes of a program is compared in all of its parts."""
    right = answered(text)
    wrong = {"value_shown": "int '3'", "output": "2\n", "error": None, "limited": False}
    changed = Outcome(**{**vars(right), field: wrong[field]})
    assert verdict(text) is None
    assert (difference(right, changed) or "").startswith(field)


def test_hints_count_save_for_near_names() -> None:
    """A near name is the evaluator's own, and goes before the hint that a message has by itself."""
    assert verdict("[1].to_f") is None
    right = answered("x = null\nx.foo")
    assert right.error is not None
    assert right.error.hint is not None
    changed = Outcome(**{**vars(right), "error": replace(right.error, hint="another")})
    assert (difference(right, changed) or "").startswith("hint")

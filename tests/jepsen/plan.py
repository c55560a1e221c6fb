"""Makes from a seed what clients do and what befalls the processes. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import NamedTuple

ROOMS = ("red", "blue")
KEPT = ("red",)
"""Rooms with a history: what is said there is not lost to who comes back, nor in a lapse."""
STATES = ("online", "typing", "away")

FAULTS = (
    "kill", "kill", "freeze", "freeze long", "stop redis", "stop redis long", "cut", "cut",
    "cut off", "cut off long", "restart", "restart empty", "restart older",
)  # fmt: skip
"""What may befall nodes and their Redis. `kill`: -9. `cut`: CLIENT KILL, again and again.

`cut off`: one node does not reach Redis any more. This, `freeze` and `stop redis` end within a
lease, the long ones after it.
"""
FAULTS_OF_WORKERS = (
    "kill", "kill", "freeze", "freeze long", "stop redis", "cut", "cut", "kill redis", "renew",
)  # fmt: skip
"""What may befall workers. `renew`: SIGHUP."""
LOSES = frozenset(("freeze long", "cut off long", "restart empty", "restart older", "kill redis"))
"""Faults in which messages may be lost that nobody's death explains."""
STEPS = {
    "say": 40, "tell": 10, "burst": 6, "leave": 5, "join": 8, "untrack": 5, "track": 8, "state": 6,
    "close": 3, "abort": 3, "ask": 4,
}  # fmt: skip


class Step(NamedTuple):
    kind: str
    client: int
    room: str
    number: int
    """Of messages, of a state, of the node to come back to: whatever the kind needs."""
    pause: float
    """Seconds before the next step."""


class Fault(NamedTuple):
    kind: str
    node: int
    after: float
    """Seconds before it."""
    share: float
    """From 0 to 1: how long it lasts, between the shortest and the longest."""


@dataclass(frozen=True)
class Round:
    """Steps and faults at the same time; all must be well when both are over."""

    steps: tuple[Step, ...]
    faults: tuple[Fault, ...]


def plan(
    seed: int, rounds: int, clients: int, *, steps: int = 60, faults: tuple[str, ...] = FAULTS
) -> list[Round]:
    """*rounds* rounds of *steps* steps each. Every kind of fault comes before any comes again."""
    random = Random(seed)
    kinds: list[str] = []
    made: list[Round] = []
    for _ in range(rounds):
        if not kinds:
            kinds = list(faults)
            random.shuffle(kinds)
        chosen = [kinds.pop()]
        if kinds and random.random() < 0.5:
            chosen.append(kinds.pop())
        made.append(
            Round(
                tuple(_step(random, clients) for _ in range(steps)),
                tuple(
                    Fault(kind, random.randrange(100), random.uniform(0, 0.3), random.random())
                    for kind in chosen
                ),
            )
        )
    return made


def _step(random: Random, clients: int) -> Step:
    (kind,) = random.choices(tuple(STEPS), tuple(STEPS.values()))
    pause = random.choice((0, 0, 0, 0.005, 0.02, 0.06))
    return Step(
        kind, random.randrange(clients), random.choice(ROOMS), random.randrange(1000), pause
    )

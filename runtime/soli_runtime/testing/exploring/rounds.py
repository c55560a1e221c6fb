"""Makes up what clients do: rounds of steps, after each of which all of them leave."""

from __future__ import annotations

from random import Random

from ...serving.local.simulated.clients import Ticket
from .mined.messages import NAMES, Messages
from .mined.mining import Mined
from .mined.tickets import Tickets
from .steps import (
    BACK,
    BACK_IS_WHOLE,
    CLOSE,
    CONNECT,
    DROP,
    LEAVE,
    MIRRORS,
    PASS,
    READ_ON,
    RELOAD,
    RESTART,
    SEND,
    STALL,
    TAB,
    Step,
)

MOST_OPEN = 5
LATER = (1.0, 60.0, 3600.0, 90_000.0)


class Rounds:
    """Rounds for one app, out of one generator of random numbers."""

    def __init__(self, mined: Mined, random: Random) -> None:
        self._random = random
        self._messages = Messages(mined, random)
        self._tickets = Tickets(mined, random)
        self._open: list[str] = []
        self._gone: list[str] = []
        self._stalled: list[str] = []
        self._clients = 0
        self._held: dict[str, Ticket] = {}
        """The ticket of each client."""

    def round(self, length: int, *, is_rough: bool, overlaps: bool) -> list[Step]:
        """About so many steps. *is_rough*: the app is loaded anew, and restarted; *overlaps*:
        some messages are sent while others are still handled."""
        self._open, self._gone, self._stalled = [], [], []
        steps = self._forgetting()
        storms = 0.5  # the first comes soon: what is kept is still empty then
        while len(steps) < length:
            if overlaps and len(self._open) > 1 and self._random.random() < storms:
                steps += self._storm()
                storms = 0.12
            steps.append(self._step(overlaps))
            last = steps[-1]
            if last.kind == BACK and self._held[last.client].resumes:
                steps.append(Step(BACK_IS_WHOLE, last.client))
        if is_rough:
            kind = self._random.choice((RELOAD, RESTART))
            steps.insert(self._random.randrange(length // 2, length), Step(kind))
        return [*self._leaving([*steps, Step(MIRRORS)]), Step(LEAVE)]

    def _forgetting(self) -> list[Step]:
        """Now and then so much time passes first that rooms are as they were at the beginning:
        where nobody may take back what was done, little would happen otherwise."""
        return [Step(PASS, value=LATER[-1])] if self._random.random() < 0.4 else []

    def _storm(self) -> list[Step]:
        """Everybody sends the same, and nobody waits."""
        said = self._messages.new()
        last = self._open[-1]
        return [Step(SEND, name, said, name == last) for name in self._open]

    def _leaving(self, steps: list[Step]) -> list[Step]:
        for name in self._open:
            steps.append(Step(self._random.choice((CLOSE, DROP)), name))
        return steps

    def _step(self, overlaps: bool) -> Step:
        random = self._random
        dice = random.random()
        if not self._open or (len(self._open) < 2 and dice < 0.7):
            return self._connect()
        if dice < 0.84:
            name = random.choice(self._open)
            waits = not overlaps or random.random() < 0.4
            return Step(SEND, name, self._messages.message(0.4 if overlaps else 0.15), waits)
        return self._other(random.random())

    def _other(self, dice: float) -> Step:
        random = self._random
        if dice < 0.35 and len(self._open) < MOST_OPEN:
            return self._connect()
        if dice < 0.45 and len(self._open) < MOST_OPEN:
            return self._tab()
        if dice < 0.62 and self._gone:
            name = self._gone.pop(random.randrange(len(self._gone)))
            self._open.append(name)
            return Step(BACK, name)
        if dice < 0.85:
            name = self._open.pop(random.randrange(len(self._open)))
            self._gone.append(name)
            return Step(DROP if random.random() < 0.6 else CLOSE, name)
        if dice < 0.92:
            return self._slow()
        return Step(PASS, value=random.choice(LATER))

    def _slow(self) -> Step:
        if self._stalled:
            return Step(READ_ON, self._stalled.pop())
        name = self._random.choice(self._open)
        self._stalled.append(name)
        return Step(STALL, name)

    # Clients

    def _new_name(self) -> str:
        number, self._clients = self._clients, self._clients + 1
        again = number // len(NAMES)
        return NAMES[number % len(NAMES)] + (str(again + 1) if again else "")

    def _connect(self) -> Step:
        name = self._new_name()
        self._open.append(name)
        ticket = self._tickets.ticket(name)
        self._held[name] = ticket
        return Step(CONNECT, name, ticket)

    def _tab(self) -> Step:
        first = self._random.choice(self._open)
        name = self._new_name()
        self._open.append(name)
        self._held[name] = self._held[first]
        return Step(TAB, name, first)

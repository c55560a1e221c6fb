"""Makes up what clients do: rounds of steps, after each of which all of them leave."""

from __future__ import annotations

import json
from collections.abc import Sequence
from random import Random
from typing import Any
from urllib.parse import quote

from ...serving.local.simulated.clients import Ticket
from .holes import Hole
from .mining import KEEPS, Mined
from .steps import (
    BACK,
    BACK_IS_WHOLE,
    CLOSE,
    CONNECT,
    DROP,
    LEAVE,
    PASS,
    READ_ON,
    RELOAD,
    RESTART,
    SEND,
    STALL,
    TAB,
    Step,
)

NAMES = ("ada", "bob", "cy", "dee", "eve", "fay")
MOST_OPEN = 5
NOT_JSON = (
    "",
    "{",
    '{"event":',
    "[]",
    "null",
    "42",
    '"text"',
    "[[[[]]]]",
    "hello",
    "\N{GRINNING FACE}",
)
BINARY = (b"", b"\x00\xff", b"\xff\xfe\xfd", b'{"event":"x"}', bytes(range(256)))
STRANGE = ("", " ", "0", "-1", "<b>", "é")
ODD: tuple[Any, ...] = (None, True, 0, -1, 2.5, "", [], {}, [1], {"a": 1}, 10**12)
LATER = (1.0, 60.0, 3600.0, 90_000.0)
HUGE = 70_000


def written(data: Any) -> str:
    """A message as clients write it."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


class Rounds:
    """Rounds for one app, out of one generator of random numbers."""

    def __init__(self, mined: Mined, random: Random) -> None:
        self._mined = mined
        self._random = random
        self._words = [word for word in mined.words if isinstance(word, str)] or ["hello"]
        self._numbers = [word for word in mined.words if not isinstance(word, str)] or [1]
        self._places = _places(mined)
        self._texts = list(mined.texts) + [one for one in mined.messages if isinstance(one, str)]
        self._knows_data = bool(mined.keys) or any(isinstance(one, dict) for one in mined.messages)
        self._share_of_texts = 0.4 if self._knows_data else 0.85
        self._said: str | bytes | None = None
        self._open: list[str] = []
        self._gone: list[str] = []
        self._stalled: list[str] = []
        self._clients = 0
        self._tickets: dict[str, Ticket] = {}

    def round(self, length: int, *, is_rough: bool, overlaps: bool) -> list[Step]:
        """About so many steps. *is_rough*: the app is loaded anew, and restarted; *overlaps*:
        some messages are sent while others are still handled."""
        self._open, self._gone, self._stalled = [], [], []
        steps: list[Step] = []
        while len(steps) < length:
            if overlaps and len(self._open) > 1 and self._random.random() < 0.12:
                steps += self._storm()
            steps.append(self._step(overlaps))
            last = steps[-1]
            if last.kind == BACK and self._tickets[last.client].resumes:
                steps.append(Step(BACK_IS_WHOLE, last.client))
        if is_rough:
            kind = self._random.choice((RELOAD, RESTART))
            steps.insert(self._random.randrange(length // 2, length), Step(kind))
        return [*self._leaving(steps), Step(LEAVE)]

    def _storm(self) -> list[Step]:
        """Everybody sends the same, and nobody waits."""
        said = self._new_message()
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
            return Step(SEND, name, self._message(0.4 if overlaps else 0.15), waits)
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
        ticket = self._ticket(name)
        self._tickets[name] = ticket
        return Step(CONNECT, name, ticket)

    def _tab(self) -> Step:
        first = self._random.choice(self._open)
        name = self._new_name()
        self._open.append(name)
        self._tickets[name] = self._tickets[first]
        return Step(TAB, name, first)

    def _ticket(self, name: str) -> Ticket:
        random, mined = self._random, self._mined
        person = name.rstrip("0123456789")
        made = random.choice(mined.targets) if mined.targets and random.random() < 0.6 else None
        target = self._filled_target(made, person) if made is not None else self._target(person)
        headers = {}
        for key in mined.headers:
            if random.random() < 0.5:
                headers[key.lower()] = self._text()
        session = None
        if mined.sessions and random.random() < 0.8:
            shape = random.choice(mined.sessions)
            session = {key: self._filled(value, person) for key, value in shape.items()}
        return Ticket(target, headers, session, KEEPS in mined.traits and random.random() < 0.5)

    def _filled_target(self, made: Any, person: str) -> str:
        parts = made if isinstance(made, tuple) else (made,)
        text = ""
        for part in parts:
            if isinstance(part, str):
                text += part
            elif isinstance(part, Hole):
                is_query = "?" in text
                text += person.title() if is_query else self._random.choice(self._places)
        return text if text.startswith("/") else f"/{text}"

    def _target(self, person: str) -> str:
        random = self._random
        pattern = random.choice(self._mined.routes)
        path = "/".join(self._segment(part) for part in pattern.split("/"))
        pairs = []
        for key in self._mined.queries:
            dice = random.random()
            if dice < 0.85:
                pairs.append(f"{quote(key)}={quote(self._query_value(person, dice))}")
        return path + ("?" + "&".join(pairs) if pairs else "")

    def _query_value(self, person: str, dice: float) -> str:
        if dice < 0.7:
            return person
        if dice < 0.78:
            return self._random.choice(self._words)
        return self._random.choice(STRANGE)

    def _segment(self, part: str) -> str:
        if part.startswith((":", "*", "{")):
            random = self._random
            return self._places[0] if random.random() < 0.7 else random.choice(self._places)
        return part

    # Messages

    def _message(self, again: float) -> str | bytes:
        """What one sends: *again* is how often it is what somebody sent just before."""
        random = self._random
        if self._said is None or random.random() >= again:
            self._said = self._new_message()
        return self._said

    def _new_message(self) -> str | bytes:
        random = self._random
        dice = random.random()
        if dice < 0.05:
            return random.choice(BINARY)
        if dice < 0.12:
            return random.choice(NOT_JSON)
        if dice < 0.125:
            return random.choice(("x" * HUGE, written({"huge": "x" * HUGE})))
        if self._texts and dice < self._share_of_texts:
            return random.choice(self._texts)
        if not self._knows_data or dice < 0.16:
            return random.choice(self._words)
        data = self._data()
        return data if isinstance(data, str) else written(data)

    def _data(self) -> Any:
        random, messages = self._random, self._mined.messages
        if messages and random.random() < 0.6:
            data = self._filled(random.choice(messages), random.choice(NAMES))
        else:
            data = self._made_up()
        if random.random() < 0.2:
            data = self._spoilt(data)
        return data

    def _made_up(self) -> dict[str, Any]:
        random = self._random
        data: dict[str, Any] = {}
        for key, values in self._mined.keys.items():
            if values and random.random() < 0.8:
                data[key] = random.choice(values)
            elif not values and random.random() < 0.6:
                data[key] = self._value()
        return data

    def _value(self) -> Any:
        random = self._random
        dice = random.random()
        if dice < 0.5:
            return random.choice(self._words)
        if dice < 0.7:
            return random.choice((*NAMES[:3], *self._places))
        return random.choice((*self._numbers, 1, 2, 3))

    def _spoilt(self, data: Any) -> Any:
        """*data* with a key that is missing, or whose value is of another kind."""
        random = self._random
        if not isinstance(data, dict) or not data:
            return random.choice(ODD)
        key = random.choice(list(data))
        changed = dict(data)
        if isinstance(changed[key], dict) and changed[key] and random.random() < 0.7:
            changed[key] = self._spoilt(changed[key])
        elif random.random() < 0.4:
            del changed[key]
        else:
            changed[key] = random.choice(ODD)
        return changed

    def _filled(self, made: Any, person: str) -> Any:
        if isinstance(made, dict):
            return {key: self._filled(value, person) for key, value in made.items()}
        if isinstance(made, list):
            return [self._filled(value, person) for value in made]
        if isinstance(made, tuple):
            return "".join(part if isinstance(part, str) else person for part in made)
        if isinstance(made, Hole):
            return self._of_kind(made, person)
        if isinstance(made, str) and self._random.random() < 0.15:
            return self._random.choice(self._words)
        return made

    def _of_kind(self, hole: Hole, person: str) -> Any:
        kinds: dict[str, Any] = {
            "Int": self._random.choice((0, 1, 2, 3, *self._numbers)),
            "Float": 1.5,
            "Bool": True,
            "Hash": {},
            "Array": [],
            "String": self._random.choice((*self._words, person)),
        }
        return kinds.get(hole.kind, person)

    def _text(self) -> str:
        return self._random.choice((*self._words, *STRANGE))


def _places(mined: Mined) -> Sequence[str]:
    """What may stand in a path for a parameter: what specs have there, else small numbers."""
    found: dict[str, None] = {}
    for made in mined.targets:
        if isinstance(made, str):
            path = made.partition("?")[0].split("/")
            for pattern in mined.routes:
                parts = pattern.split("/")
                if len(parts) == len(path):
                    for part, text in zip(parts, path, strict=True):
                        if part.startswith(":") and text:
                            found.setdefault(text)
    return tuple(found)[:3] or ("1", "2")

"""What made-up clients send: what the app understands, and what it does not expect."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from .filling import Filling
from .mining import Mined
from .tickets import places

NAMES = ("ada", "bob", "cy", "dee", "eve", "fay")
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
ODD: tuple[Any, ...] = (None, True, 0, -1, 2.5, "", [], {}, [1], {"a": 1}, 10**12)
HUGE = 70_000


def written(data: Any) -> str:
    """A message as clients write it."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


class Messages:
    """Made for one app."""

    def __init__(self, mined: Mined, random: Random) -> None:
        self._mined = mined
        self._random = random
        self._filling = Filling(mined, random)
        self._places = places(mined)
        self._texts = list(mined.texts) + [one for one in mined.messages if isinstance(one, str)]
        self._knows_data = bool(mined.keys) or any(isinstance(one, dict) for one in mined.messages)
        self._share_of_texts = 0.4 if self._knows_data else 0.85
        self._said: str | bytes | None = None

    def message(self, again: float) -> str | bytes:
        """What one sends: *again* is how often it is what somebody sent just before."""
        random = self._random
        if self._said is None or random.random() >= again:
            self._said = self.new()
        return self._said

    def new(self) -> str | bytes:
        """Another message."""
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
            return random.choice(self._filling.words)
        data = self._data()
        return data if isinstance(data, str) else written(data)

    def _data(self) -> Any:
        random, messages = self._random, self._mined.messages
        if messages and random.random() < 0.6:
            data = self._filling.filled(random.choice(messages), random.choice(NAMES))
        else:
            data = self._made_up()
        while random.random() < 0.2:
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
            return random.choice(self._filling.words)
        if dice < 0.7:
            return random.choice((*NAMES[:3], *self._places))
        return random.choice((*self._filling.numbers, 1, 2, 3))

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

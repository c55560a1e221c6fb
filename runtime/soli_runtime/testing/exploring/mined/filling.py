"""Fills the holes of mined shapes."""

from __future__ import annotations

from random import Random
from typing import Any

from .holes import Hole
from .mining import Mined


class Filling:
    """With words and numbers of one app."""

    def __init__(self, mined: Mined, random: Random) -> None:
        self._random = random
        self.words = [word for word in mined.words if isinstance(word, str)] or ["hello"]
        self.numbers = [word for word in mined.words if not isinstance(word, str)] or [1]

    def filled(self, made: Any, person: str) -> Any:
        """*made* as data; *person* stands where a text is open."""
        if isinstance(made, dict):
            return {key: self.filled(value, person) for key, value in made.items()}
        if isinstance(made, list):
            return [self.filled(value, person) for value in made]
        if isinstance(made, tuple):
            return "".join(part if isinstance(part, str) else person for part in made)
        if isinstance(made, Hole):
            return self._of_kind(made, person)
        if isinstance(made, str) and self._random.random() < 0.15:
            return self._random.choice(self.words)
        if type(made) is int and self._random.random() < 0.3:
            return self._number_near(made)
        return made

    def _number_near(self, number: int) -> int:
        """Another one: a bit more, or far less or more, as bids and places grow."""
        return self._random.choice((number + 1, number - 1, -number, number * 2, number * 1000))

    def _of_kind(self, hole: Hole, person: str) -> Any:
        kinds: dict[str, Any] = {
            "Int": self._random.choice((0, 1, 2, 3, *self.numbers)),
            "Float": 1.5,
            "Bool": True,
            "Hash": {},
            "Array": [],
            "String": self._random.choice((*self.words, person)),
        }
        return kinds.get(hole.kind, person)

"""What made-up clients connect with: routes with parameters and queries, sessions, headers."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any
from urllib.parse import quote

from ....serving.local.simulated.clients import Ticket
from .filling import Filling
from .holes import Hole
from .mining import KEEPS, Mined

STRANGE = (" ", "0", "-1", "<b>", "é")


class Tickets:
    """Made for one app."""

    def __init__(self, mined: Mined, random: Random) -> None:
        self._mined = mined
        self._random = random
        self._filling = Filling(mined, random)
        self._places = places(mined)

    def ticket(self, name: str) -> Ticket:
        """For the client of that name."""
        random, mined = self._random, self._mined
        person = name.rstrip("0123456789")
        made = random.choice(mined.targets) if mined.targets and random.random() < 0.6 else None
        target = self._filled_target(made, person) if made is not None else self._target(person)
        headers = {
            key: self._header(values, person)
            for key, values in mined.headers.items()
            if random.random() < 0.85
        }
        session = None
        if mined.sessions and random.random() < 0.8:
            shape = random.choice(mined.sessions)
            session = {key: self._filling.filled(value, person) for key, value in shape.items()}
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
            return self._random.choice(self._filling.words)
        return self._random.choice(STRANGE)

    def _segment(self, part: str) -> str:
        if part.startswith((":", "*", "{")):
            random = self._random
            return self._places[0] if random.random() < 0.7 else random.choice(self._places)
        return part

    def _header(self, values: list[Any], person: str) -> str:
        random = self._random
        if values and random.random() < 0.8:
            return str(self._filling.filled(random.choice(values), person))
        return person if random.random() < 0.6 else self._text()

    def _text(self) -> str:
        return self._random.choice((*self._filling.words, *STRANGE))


def places(mined: Mined) -> Sequence[str]:
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

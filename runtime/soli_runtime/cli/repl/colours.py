"""Colours of what the prompt writes: one for each client, and for what went wrong."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final, TextIO

CLIENTS: Final = ("36", "32", "33", "35", "34", "96", "92", "95")
"""Those of clients, in the order in which they came; red is for errors."""
_ERROR, _HEAD = "31", "1"


class Colours:
    """Paints text, or leaves it as it is."""

    def __init__(self, is_on: bool = False) -> None:
        self.is_on = is_on

    def client(self, number: int, text: str) -> str:
        """*text* in the colour of the client with that number; the first is 1."""
        return self._painted(CLIENTS[(number - 1) % len(CLIENTS)], text)

    def head(self, text: str) -> str:
        """The name of an event."""
        return self._painted(_HEAD, text)

    def error(self, text: str) -> str:
        """What went wrong."""
        return self._painted(_ERROR, text)

    def _painted(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.is_on and text else text


def colours_for(stream: TextIO, environment: Mapping[str, str] = os.environ) -> Colours:
    """Colours for a terminal that has some, unless NO_COLOR says that nobody wants them."""
    is_dumb = environment.get("TERM", "dumb") == "dumb"
    return Colours(stream.isatty() and not is_dumb and not environment.get("NO_COLOR"))

"""The prompt in colours: Soli, and the prompt's own `.commands`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pygments.token import Name  # type: ignore[import-untyped]

from ....tools.highlighting import SoliLexer

_COMMAND = re.compile(r"\.[a-z_]+")


class PromptLexer(SoliLexer):
    """What is typed at the prompt."""

    def get_tokens_unprocessed(self, text: str) -> Iterator[tuple[int, Any, str]]:
        """(offset, type, text) of all of *text*, without a gap."""
        command = _COMMAND.match(text)
        if command is None:
            yield from super().get_tokens_unprocessed(text)
            return
        begin = command.end()
        yield 0, Name.Decorator, command[0]
        for at, kind, written in super().get_tokens_unprocessed(text[begin:]):
            yield at + begin, kind, written

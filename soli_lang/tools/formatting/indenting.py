"""How far a line of an unfinished text is indented: what `format_source` gives it once it is whole.

For whoever types: nothing has to be a program yet.
"""

from __future__ import annotations

import re
from typing import Final

from ...base.errors import SoliSyntaxError
from ...base.source import Source
from .layout import INDENT, last_level
from .pieces import read_pieces

MAX_CHARACTERS: Final = 4000
"""Of a longer text only the part from the last definition at the margin is read."""

CLOSING_WORDS: Final = frozenset({"end", "else", "elsif", "catch", "rescue", "finally", "ensure"})
"""Words that stand where the construct that they close or go on with begins."""

_AT_MARGIN: Final = re.compile(r"^(?:export )?(?:def|fn|class|module|enum|describe|test)\b", re.M)


def indentation_of_last_line(text: str) -> str | None:
    """The white space before the last line of *text*, which has at least a word.

    None when nobody can tell: the text before it is no beginning of a program.
    """
    if len(text) > MAX_CHARACTERS:
        starts = [found.start() for found in _AT_MARGIN.finditer(text)]
        text = text[starts[-1] :] if starts else text[-MAX_CHARACTERS:]
    try:
        level = last_level(read_pieces(Source("", text)))
    except (SoliSyntaxError, IndexError, RecursionError):
        return None
    return None if level is None else INDENT * level


def indentation_of_next_line(text: str) -> str | None:
    """The white space of a line that begins below *text* with something new."""
    return indentation_of_last_line(text + "\nx")

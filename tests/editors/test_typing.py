"""Texts that change under the cursor: what is known of the version before must not show."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from soli_runtime.tools.editing.documents import Document
from soli_runtime.tools.editing.lines import Change, Lines, changed
from soli_runtime.tools.editing.scanning import scan

from soli_lang.syntax.scanner.tokens import Token

from ..support.corpus import vector_programs

TYPED = (
    *("x", " ", "\n", '"', "'", "#{", "}", "{", "(", ")", "[", "]", ":", "a:", "# ", "/*", "*/"),
    *("end", "\n  def f", '"""', ",\n", ":b", "\\", "%w[", "`", "😀", "r'", "@", ".", "?"),
)


def written(tokens: list[Token]) -> list[tuple[object, ...]]:
    return [
        (one.type, repr(one.value), one.start, one.end, one.newline, one.space) for one in tokens
    ]


@pytest.mark.parametrize("seed", range(6))
def test_tokens_are_those_of_the_whole_text(seed: int) -> None:
    """After any edits, for the text and for the part before any place of it."""
    dice = random.Random(seed)
    programs = [text for _, text in vector_programs()]
    for _ in range(60):
        text = "\n".join(dice.sample(programs, 3))
        document = Document(Path("x.soli"), text)
        for _ in range(12):
            start = dice.randrange(len(text) + 1)
            end = min(len(text), start + dice.choice((0, 0, 0, 1, 5, 40)))
            text = text[:start] + dice.choice(TYPED) + text[end:]
            document = Document(Path("x.soli"), text, document)
            offset = dice.choice((start, dice.randrange(len(text) + 1)))
            cursor = document.cursor(offset)
            fresh = Document(Path("x.soli"), text).cursor(offset)
            assert written(cursor.tokens) == written(fresh.tokens), (text, offset)
            if dice.random() < 0.3:
                assert written(document.tokens) == written(scan(text)), text


def test_a_key_on_a_line_of_its_own_stays_one() -> None:
    """`class:c` is a key behind `{` or a comma, and a word with a symbol elsewhere."""
    text = "x = {\n  class:c,\n  if:d }\n"
    before = Document(Path("x.soli"), text)
    assert before.tokens
    for at in (text.index(":c") + 2, text.index(":d") + 2):
        changed_text = f"{text[:at]}1{text[at:]}"
        document = Document(Path("x.soli"), changed_text, before)
        assert written(document.tokens) == written(scan(changed_text))


def test_changes_in_a_row_are_those_one_by_one() -> None:
    """Whatever the order, the line ends, the wide characters, and places that are none."""
    dice = random.Random(1)

    def place() -> tuple[int, int]:
        return dice.randrange(8), dice.randrange(6)

    def piece(letters: str, most: int) -> str:
        return "".join(dice.choice(letters) for _ in range(dice.randrange(most)))

    for _ in range(5000):
        text = piece("ab\n\r😀é", 30)
        changes = [Change(place(), place(), piece("x\n\r", 4)) for _ in range(dice.randrange(5))]
        expected = text
        for change in changes:
            lines = Lines(expected)
            start, end = sorted((lines.offset(*change.start), lines.offset(*change.end)))
            expected = expected[:start] + change.text + expected[end:]
        assert changed(Lines(text), changes) == expected, (text, changes)


def test_columns_are_utf_16() -> None:
    lines = Lines("a😀b\r\né\rz")
    assert [lines.offset(0, column) for column in (0, 1, 3, 4, 99)] == [0, 1, 2, 3, 3]
    assert [lines.position(offset) for offset in (2, 3, 5, 7)] == [(0, 3), (0, 4), (1, 0), (2, 0)]
    assert lines.offset(7, 0) == len(lines.text)
